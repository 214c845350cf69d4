"""If these fail, a claim could be stated with a kind, a section or a dependency that means nothing."""

import pytest
from sympy import Symbol

from symforget.authoring import claim, eq, le, read_docstring
from symforget.claims import Part
from symforget.errors import InputError

x = Symbol("x", positive=True)
TEXT = "Title.\n\nGuarantee: g.\nHypotheses: h.\nSource: s.\n"


def stated(*statements, **options):
    def some_claim(c=1):
        return [Part(s, name=str(n)) for n, s in enumerate(statements)]

    some_claim.__doc__ = TEXT
    return claim(domain={x: "(0, oo)"}, kind="identity", false_twin={"c": 2}, **options)(some_claim)


def test_an_identity_holds_an_equation():
    with pytest.raises(InputError, match="no part of it is an equation"):
        stated(le(x, x + 1)).build("f")
    assert stated(eq(x, x), le(x, x + 1)).build("f").kind == "identity"


def test_an_empty_section_is_refused():
    with pytest.raises(InputError, match='says nothing after "Guarantee:"'):
        read_docstring(TEXT.replace(" g.", ""), "f/a")


def test_an_unknown_section_is_refused():
    with pytest.raises(InputError, match='"Remarks:" is no section'):
        read_docstring(TEXT + "Remarks: r.\n", "f/a")
    assert read_docstring(TEXT.replace("Title.\n", "Title.\n\nNote: prose above the sections is free.\n"), "f/a")


def test_one_dependency_needs_no_list():
    assert stated(eq(x, x), depends_on="overlap/misassignment").depends_on == ("overlap/misassignment",)
