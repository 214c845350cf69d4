"""Rules for ordinary integrals and limits, and for steps inside an expression: true steps pass, false ones do not."""

import pytest
from sympy import Abs, Integer, Integral, Lambda, Limit, Symbol, atan, exp, log, oo, pi

from symforget.authoring import eq, le
from symforget.calculus import H
from symforget.derivation import Context, Derivation
from symforget.domain import Interval
from symforget.functions import normal
from symforget.gate.symbolic import gate, gate_s
from symforget.rules.algebra import Algebra, SignOf
from symforget.rules.inside import Affine, Monotone, Replace
from symforget.rules.intervals import Antiderivative, Evaluate, Squeeze, TwoSided, UnderIntegralSign

x, y, s, v = (Symbol(n, positive=True) for n in "xysv")
u = Symbol("u", real=True)
UNIT = Interval.parse("(0, 1)")
LINE = Interval.parse("(-oo, oo)")
CONTEXT = Context({x: UNIT, y: Interval.parse("(0, oo)")}, lambda claim, part: None, gaussian=False)


def accepted(rule, before, relation, after):
    return rule.check(before, relation, after, CONTEXT).ok


@pytest.mark.parametrize(
    ("F", "integral", "value", "interval", "holds"),
    [
        (-1 / s, Integral(1 / s**2, (s, x, 1)), 1 / x - 1, "(0, 1]", True),
        (-1 / s, Integral(1 / s**2, (s, x, 1)), 2 / x - 1, "(0, 1]", False),
        (-1 / s, Integral(1 / s**3, (s, x, 1)), 1 / x - 1, "(0, 1]", False),
        (log(s), Integral(1 / s, (s, x, 2)), log(2) - log(x), "(0, 1]", False),
        (atan(u), Integral(1 / (1 + u**2), (u, -oo, oo)), pi, "(-oo, oo)", True),
        (atan(u), Integral(1 / (1 + u**2), (u, -oo, oo)), 2 * pi, "(-oo, oo)", False),
        # The antiderivative jumps at 0: the value it gives, -2, is not that of the (divergent) integral.
        (-1 / u, Integral(1 / u**2, (u, -1, 1)), Integer(-2), "(-oo, oo)", False),
    ],
)
def test_an_antiderivative_must_be_one_and_smooth_and_cover_the_range(F, integral, value, interval, holds):
    variable = u if F.has(u) else s
    assert accepted(Antiderivative(F, variable, Interval.parse(interval)), integral, "=", value) is holds


def test_integrands_are_compared_on_a_range_in_the_right_order():
    steps = Derivation(s).at_most(2 * s, by=SignOf(s))
    rule = UnderIntegralSign(steps, s, UNIT)
    assert accepted(rule, Integral(s, (s, x, 1)), "<=", Integral(2 * s, (s, x, 1)))
    assert not accepted(rule, Integral(s, (s, 1, x)), "<=", Integral(2 * s, (s, 1, x)))
    assert not accepted(rule, Integral(s, (s, x, 2)), "<=", Integral(2 * s, (s, x, 2)))
    assert not accepted(rule, Integral(s, (s, x, 1)), ">=", Integral(2 * s, (s, x, 1)))


def test_a_strict_comparison_needs_a_range_of_positive_length():
    rule = UnderIntegralSign(Derivation(s).below(2 * s, by=SignOf(s)), s, UNIT)
    assert accepted(rule, Integral(s, (s, x / 2, x)), "<", Integral(2 * s, (s, x / 2, x)))
    assert not accepted(rule, Integral(s, (s, x, x)), "<", Integral(2 * s, (s, x, x)))


def test_a_monotone_function_keeps_or_turns_the_relation():
    inner = Derivation(y).at_most(2 * y, by=SignOf(y))
    falling, rising = Monotone(Lambda(v, 1 / v), inner), Monotone(Lambda(v, x * v**2), inner)
    assert accepted(falling, 1 / y, ">=", 1 / (2 * y))
    assert not accepted(falling, 1 / y, "<=", 1 / (2 * y))
    assert accepted(rising, x * y**2, "<=", 4 * x * y**2)
    assert not accepted(rising, x * y**2, ">=", 4 * x * y**2)


def test_a_function_with_a_pole_is_not_monotone():
    """1/(1 - v) has a positive slope on either side of its pole, and falls from oo to -oo across it."""
    rule = Monotone(Lambda(v, 1 / (1 - v)), Derivation(y).at_most(2 * y, by=SignOf(y)))
    assert not accepted(rule, 1 / (1 - y), "<=", 1 / (1 - 2 * y))


def test_a_monotone_step_needs_positive_arguments():
    inner = Derivation(x - 1).at_most(x, by=SignOf(Integer(1)))
    assert not accepted(Monotone(Lambda(v, 1 / v), inner), 1 / (x - 1), ">=", 1 / x)


def test_a_false_inner_step_is_not_carried_out():
    inner = Derivation(2 * y).at_most(y, by=SignOf(y))
    assert not accepted(Monotone(Lambda(v, 1 / v), inner), 1 / (2 * y), ">=", 1 / y)


def test_equals_for_equals_in_both_directions():
    rule = Replace(1 - x**2, (1 - x) * (1 + x), Algebra())
    assert accepted(rule, 1 / (1 - x**2), "=", 1 / ((1 - x) * (1 + x)))
    assert accepted(rule, 1 / ((1 - x) * (1 + x)), "=", 1 / (1 - x**2))
    assert not accepted(Replace(x, 2 * x, Algebra()), 1 / (1 + x), "=", 1 / (1 + 2 * x))
    assert not accepted(rule, H(x) * (1 - x**2), "=", H(x))


def test_a_bound_variable_is_not_replaced():
    """s is bound: that H(s) = H(x) at one value would say nothing about the integral."""
    integral = Integral(H(s), (s, 0, x))
    assert not accepted(Replace(H(s), H(s) + 0, Algebra()), integral, "=", integral)


def test_affine_steps_turn_with_the_sign_of_the_factor():
    rule = SignOf(y)
    assert accepted(Affine(rule, 1 + x, 3), (1 + x) * y + 3, "<=", (1 + x) * 2 * y + 3)
    assert accepted(Affine(rule, -1, 1), 1 - y, ">=", 1 - 2 * y)
    assert not accepted(Affine(rule, -1, 1), 1 - y, "<=", 1 - 2 * y)
    assert not accepted(Affine(rule, x - y), (x - y) * y, "<=", (x - y) * 2 * y)


def test_evaluating_leaves_an_integral_it_cannot_do():
    integral = Integral(H(s), (s, 0, x))
    assert accepted(Evaluate(), integral.diff(x), "=", H(x))
    assert not accepted(Evaluate(), integral.diff(x), "=", 2 * H(x))


FUNCTION = H(x)
ABOVE, BELOW = le(FUNCTION, 1 + x), le(1 - 2 * x, FUNCTION)


def test_two_halves_make_a_bound():
    assert TwoSided().check((ABOVE, BELOW), le(Abs(FUNCTION - 1), 2 * x), CONTEXT).ok
    assert not TwoSided().check((ABOVE, BELOW), le(Abs(FUNCTION - 1), x), CONTEXT).ok
    assert not TwoSided().check((ABOVE,), le(Abs(FUNCTION - 1), 2 * x), CONTEXT).ok


def test_squeezed_from_both_sides_or_by_a_gap():
    limit = eq(Limit(FUNCTION, x, 0, "+"), 1)
    assert Squeeze().check((ABOVE, BELOW), limit, CONTEXT).ok
    assert Squeeze().check((le(Abs(FUNCTION - 1), 2 * x),), limit, CONTEXT).ok
    assert not Squeeze().check((ABOVE,), limit, CONTEXT).ok
    assert not Squeeze().check((ABOVE, BELOW), eq(Limit(FUNCTION, x, 0, "+"), 2), CONTEXT).ok
    assert not Squeeze().check((ABOVE, BELOW), eq(Limit(FUNCTION, x, 0, "-"), 1), CONTEXT).ok


@pytest.mark.parametrize("bound", [gate(x, 1), normal(x * u**2, u), H(x), Integral(s, (s, 0, x)), gate_s(x, 1)])
def test_no_squeeze_between_bounds_whose_limits_sympy_cannot_know(bound):
    """If it failed, whatever SymPy makes of a function of ours would count as its limit."""
    limit = eq(Limit(FUNCTION, x, 0, "+"), 1)
    below, above = le(1 - bound + bound, FUNCTION), le(FUNCTION, 1 + bound)
    assert not Squeeze().check((above, below), limit, CONTEXT).ok
    assert not Squeeze().check((le(Abs(FUNCTION - 1), bound),), limit, CONTEXT).ok


def test_no_squeeze_at_a_point_the_premises_do_not_reach():
    assert not Squeeze().check((le(H(x), exp(x)), le(1 - x, H(x))), eq(Limit(H(x), x, -1, "+"), 1), CONTEXT).ok
