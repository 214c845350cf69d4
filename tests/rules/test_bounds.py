"""If these fail, a false inequality between expectations could count as proved."""

import pytest
from sympy import Eq, Integer, Le, Lt, Min, cos, exp, sech, sin, sinh, sqrt, symbols

from symforget import elementary
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.functions import normal
from symforget.model import delta, l
from symforget.rules import PointwiseExpectation, SmallerOf, TouchesZero

u = symbols("u", real=True)
t = symbols("t", nonnegative=True)
x = elementary.x
DOMAIN = {delta: "(0, oo)", l: "(-oo, oo)"}
CONTEXT = Context({s: Interval.parse(text) for s, text in DOMAIN.items()}, lambda claim, part: None, gaussian=True)
GAP = elementary.ONE_MINUS_SECH.subs(x, delta * u)


def accepts(rule, before, relation, after):
    return rule.check(before, relation, after, CONTEXT).ok


@pytest.mark.parametrize(
    "fact",
    [
        elementary.SECH_ABOVE_PARABOLA,
        elementary.COS_ABOVE_PARABOLA,
        elementary.SECH_BELOW_QUARTIC,
        elementary.COS_BELOW_QUARTIC,
    ],
)
def test_the_elementary_inequalities_hold_and_are_shown(fact):
    assert fact.shown().ok
    assert all(fact.f.subs(x, v).evalf() >= 0 for v in (-3, Integer(1) / 10, 1, 7))
    assert not TouchesZero(-fact.f, x, fact.order, -fact.derivative).shown().ok


def test_touching_zero_needs_all_lower_derivatives_an_even_order_and_the_sign():
    assert not TouchesZero(x**2 + x, x, 2, Integer(2)).shown().ok
    assert not TouchesZero(x**2 / 2 - 1 + cos(x), x, 2, 2 - 2 * cos(x)).shown().ok
    assert not TouchesZero(x**3, x, 3, Integer(6)).shown().ok
    assert not TouchesZero(x**2 - x**2 / sqrt(x**2), x, 2, Integer(2)).shown().ok  # x^2 - |x|
    assert not TouchesZero(x**2 / 2 + cos(x) * 2 - 2, x, 2, 1 - 2 * cos(x)).shown().ok


def test_pointwise_bounds_of_expectations():
    assert accepts(PointwiseExpectation(GAP, u), normal(sech(delta * u), u), "<=", Integer(1))
    assert accepts(PointwiseExpectation(GAP, u), Integer(1), ">=", normal(sech(delta * u), u))
    assert not accepts(PointwiseExpectation(GAP, u), normal(sech(delta * u), u), "<", Integer(1))
    assert not accepts(PointwiseExpectation(GAP, u), normal(sech(delta * u), u), "<=", Integer(2))
    assert not accepts(PointwiseExpectation(-GAP, u), Integer(1), "<=", normal(sech(delta * u), u))
    assert not accepts(PointwiseExpectation(sinh(u), u), Integer(0), "<=", normal(sinh(u), u))


def test_given_facts_are_checked_where_they_are_used():
    parabola = elementary.COS_ABOVE_PARABOLA
    before, after = normal(cos(delta * u), u), normal(1 - delta**2 * u**2 / 2, u)
    assert accepts(PointwiseExpectation(t, u, ((t, parabola, delta * u),)), before, ">=", after)
    assert not accepts(PointwiseExpectation(t, u, ((t, parabola, 2 * delta * u),)), before, ">=", after)
    assert not accepts(PointwiseExpectation(t, u), before, ">=", after)
    false = TouchesZero(cos(x) - 1 + x**2 / 4, x, 2, Integer(1) / 2 - cos(x))
    less = normal(1 - delta**2 * u**2 / 4, u)
    assert not accepts(PointwiseExpectation(t, u, ((t, false, delta * u),)), before, ">=", less)
    signed = symbols("t", real=True)
    assert not accepts(PointwiseExpectation(signed, u, ((signed, parabola, delta * u),)), before, ">=", after)


def test_the_smaller_of_two_bounds():
    statement = Le(sin(l), exp(l) * Min(1, sqrt(2) / delta), evaluate=False)
    one, two = Le(sin(l), exp(l), evaluate=False), Lt(sin(l), exp(l) * sqrt(2) / delta, evaluate=False)
    assert SmallerOf().check((one, two), statement, CONTEXT).ok
    assert SmallerOf().check((one.reversed, two), statement, CONTEXT).ok
    assert not SmallerOf().check((one,), statement, CONTEXT).ok
    assert not SmallerOf().check((one, Eq(cos(l), exp(l) * sqrt(2) / delta, evaluate=False)), statement, CONTEXT).ok
    reversed_sense = Le(exp(l), sin(l), evaluate=False)
    assert not SmallerOf().check((reversed_sense, two), statement, CONTEXT).ok
