"""Quotients of polynomials agree with SymPy's field of fractions, and stay in lowest terms."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy import QQ, cancel, symbols
from sympy.polys.fields import field

from symforget.quotients import Field

NUMBERS = st.integers(-4, 4)
TREES = st.recursive(
    st.one_of(st.sampled_from(["x", "y"]), NUMBERS),
    lambda inner: st.tuples(st.sampled_from("+*^"), inner, inner, st.sampled_from([2, 3, -1, -2])),
    max_leaves=8,
)


def value(tree, leaf):
    if not isinstance(tree, tuple):
        return leaf(tree)
    operation, left, right, exponent = tree
    a = value(left, leaf)
    if operation == "^":
        return a**exponent
    b = value(right, leaf)
    return a + b if operation == "+" else a * b


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_the_arithmetic_is_that_of_the_field(tree):
    ours, theirs = Field(2), field("x,y", QQ)
    names = {"x": 0, "y": 1}
    try:
        found = value(tree, lambda e: ours.generators[names[e]] if isinstance(e, str) else ours.constant(e, 1))
        expected = value(tree, lambda e: theirs[1 + names[e]] if isinstance(e, str) else theirs[0](e))
    except ZeroDivisionError:
        assume(False)
    x, y = symbols("x y")
    shown = [str(p).replace("g0", "x").replace("g1", "y").replace("^", "**") for p in (found.above, found.below)]
    quotient = eval(shown[0], {"x": x, "y": y}) / eval(shown[1], {"x": x, "y": y})
    assert cancel(quotient - expected.as_expr()) == 0
    assert found.is_zero == (expected == 0)
    assert found.above.gcd(found.below).is_constant() or found.is_zero


def test_one_over_zero_is_an_error():
    zero = Field(1).constant(0, 1)
    with pytest.raises(ZeroDivisionError):
        zero**-1
