"""Wrapping and formula breaking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symforget.reports.layout import columns, formula, paragraph


def test_formula_breaks_at_its_relation_first() -> None:
    text = "misassignment_old(beta, delta) <= sqrt((1 - beta)/beta)*exp(-delta**2/8)/2"
    assert formula(text, 60).splitlines() == [
        "misassignment_old(beta, delta)",
        "    <= sqrt((1 - beta)/beta)*exp(-delta**2/8)/2",
    ]


@pytest.mark.parametrize("width", range(30, 90, 7))
def test_formula_never_breaks_a_power(width: int) -> None:
    """If it failed, ``x**2`` could be read as ``x*`` and ``*2``."""
    broken = formula("alpha**2*beta**3*gamma**4*delta**5*epsilon**6*zeta**7*eta**8*theta**9", width)
    assert "*\n" not in broken.replace(" ", "") and "\n**" not in broken.replace(" ", "")


@given(st.text("ab12()+-*/<=, ", max_size=200), st.integers(20, 100))
def test_breaking_changes_nothing_but_white_space(text: str, width: int) -> None:
    """If it failed, a formula would lose or gain a character by being printed."""
    assert "".join(formula(text, width, "  ").split()) == "".join(text.split())


def test_paragraph_has_a_hanging_indent() -> None:
    assert (
        paragraph("one two three four five six seven", 30, "    ", "a   ")
        == "a   one two three four five\n    six seven"
    )


def test_columns_are_aligned_and_the_last_is_not_padded() -> None:
    assert columns([("a", "bb", "c"), ("aaa", "b", "cc")]) == ["a    bb  c", "aaa  b   cc"]
