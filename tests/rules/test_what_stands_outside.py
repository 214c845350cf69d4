"""Factors and points that rules once let stand where they mean nothing, or with a value that was not looked at."""

import pytest
from sympy import Abs, Integer, KroneckerDelta, Rational, sqrt, symbols

from symforget.derivation import Context, Derivation
from symforget.domain import Interval
from symforget.rules import SignOf, TriangleInequality
from symforget.rules.covariant import AlongAndAcross, GramIntegral
from symforget.rules.flows import Reciprocal
from symforget.rules.linear import SizesAtLeast
from symforget.rules.oblique import ObliqueIntegral, ObliqueMoments
from symforget.rules.vectors import t_n, t_o
from symforget.rules.vectors import x as place

d, k, s = symbols("d kappa s", real=True)
UNIT = Interval.parse("(0, 1)")
CONTEXT = Context(
    {d: UNIT, k: UNIT, place: UNIT, s: Interval.parse("(-1, 1)")}, lambda claim, part: None, gaussian=False
)


@pytest.mark.parametrize("sign", [0, 2])
def test_a_sign_is_1_or_minus_1(sign):
    """With signs of 0 every weight counted as none, so that |s| >= 5 s passed."""
    assert not SizesAtLeast((s,), (5,), (sign,)).check(Abs(s), ">=", 5 * s, CONTEXT).ok
    assert SizesAtLeast((s,), (Rational(1, 2),), (1,)).check(Abs(s), ">=", s / 2, CONTEXT).ok


def test_a_place_outside_an_integral_is_not_integrated():
    integral, moment = ObliqueIntegral(t_o, k, d), ObliqueIntegral(place * t_o, k, d)
    ones = ObliqueIntegral(t_n, k, d)
    assert not ObliqueMoments().check(place * integral + ones, "=", moment + 1, CONTEXT).ok
    assert ObliqueMoments().check(2 * integral + ones, "=", Integer(3), CONTEXT).ok
    whole = GramIntegral(t_o, (1, 0, 1), (0, 0), d)
    assert not AlongAndAcross().check(t_o * whole, "=", t_o * integral, CONTEXT).ok
    assert AlongAndAcross().check(2 * whole, "=", 2 * integral, CONTEXT).ok


def test_an_inner_product_of_unit_vectors_is_at_most_1():
    """For kappa = 3 the root of 1 + 1/9 - 2 is not real."""
    a, b = Integer(1), Rational(1, 3)

    def bounded(kappa):
        length = sqrt(a**2 + b**2 - 2 * kappa * a * b)
        return TriangleInequality(a, b, kappa).check(length, "<=", a + b, CONTEXT).ok

    assert not bounded(Integer(3))
    assert bounded(Integer(1))
    assert bounded(k)


def test_a_speed_says_nothing_of_the_time_over_no_distance():
    """Multiplied out, s^2 hides whatever stands at s = 0."""
    speed = Derivation(2 * s**2).at_least(s**2, by=SignOf(s**2))
    rule = Reciprocal(s, speed)
    assert not rule.check(Rational(1, 2) + 5 * KroneckerDelta(s, 0), "<=", Integer(1), CONTEXT).ok
    assert rule.check(Rational(1, 2), "<=", Integer(1), CONTEXT).ok
