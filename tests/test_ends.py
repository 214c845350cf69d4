"""Values at the ends of intervals; a wrong one would let a false inequality or limit pass."""

import pytest
import sympy

from symforget.ends import divides_by_zero, value_at_end

chi2 = sympy.Symbol("chi2", positive=True)


@pytest.mark.parametrize(
    ("expression", "end", "value"),
    [
        ("exp(-x**2)*x**3", sympy.oo, 0),
        ("x/(1 + x**2)", sympy.oo, 0),
        ("(2*x + 1)/(x - 3)", sympy.oo, 2),
        ("tanh(x) - 1", sympy.oo, 0),
        ("x**x", 0, None),
        ("x*log(x)", 0, 0),
        ("x*log(x)*log(1 + 1/x)", 0, 0),
        ("x*exp(1/x)", 0, None),
        ("log(x)/x", 0, None),
        ("x - exp(x)", sympy.oo, None),
        ("(1 + 1/x)**x", sympy.oo, None),
        ("x**(1/x)", sympy.oo, None),
        ("exp(-1/x)", 0, None),
        ("sin(x)", sympy.oo, None),
    ],
)
def test_ends_are_told_by_continuity_only_where_that_suffices(expression, end, value):
    x = sympy.Symbol("x", positive=True)
    assert value_at_end(sympy.sympify(expression, {"x": x}), x, end) == value


def test_a_pole_that_cancels_is_not_lost_where_a_factor_is_0():
    """SymPy's 0*(1 - (zoo*a + zoo)/Q) is 0 for an `a` of which it knows too little."""
    x, a = sympy.Symbol("x", positive=True), sympy.Symbol("a", real=True)
    assert value_at_end(x**2 * (1 - (a / x + 1 / x**2) / chi2), x, 0) == -1 / chi2
    assert value_at_end(x**2 * (1 - (a / x + 1 / x**3) / chi2), x, 0) is None


def test_a_leading_coefficient_that_may_be_0_tells_nothing():
    x, a = sympy.Symbol("x", positive=True), sympy.Symbol("a", real=True)
    assert value_at_end(x / (a * x**2 + 1), x, sympy.oo) is None
    assert value_at_end(x / ((1 + a**2) * x**2 + 1), x, sympy.oo) == 0


def test_a_division_by_0_is_seen_also_where_the_whole_has_a_limit():
    x = sympy.Symbol("x", real=True)
    assert divides_by_zero((x**2 - 1) / (x - 1), x, 1)
    assert not divides_by_zero((x**2 - 1) / (x - 1), x, 0)
    assert divides_by_zero(x / sympy.sqrt(2 * x**2 + x), x, 0)
    assert not divides_by_zero(1 / chi2 + x, x, 0)
