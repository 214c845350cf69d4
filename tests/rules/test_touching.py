"""If these fail, a rule of convex contact or of reward integrals accepts a false step or refuses a true one."""

import pytest
from sympy import LambertW, Rational, Symbol, exp, log, sympify

from symforget.calculus import SampleIntegral, mixture, p_n, p_o
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.functions import normal
from symforget.model import alpha, rho, z
from symforget.rules.rewards import LinearInReward, PointwiseReward, ProductLogarithm, RewardIntegral, SteinLogistic, y
from symforget.rules.touching import Bernoulli, ConvexTouching, PointwiseGiven, SignGiven

v, n, c = Symbol("v", positive=True), Symbol("n", nonnegative=True), Symbol("c", positive=True)
UNIT = Interval.parse("(0, 1)")
CONTEXT = Context({alpha: UNIT, rho: UNIT, c: Interval.parse("[1, oo)")}, lambda claim, part: None, gaussian=False)
ENTROPY = ConvexTouching(v - 1 - log(v), v, 1 / v**2)
R = Symbol("R", positive=True)


@pytest.mark.parametrize(
    ("f", "curvature"),
    [
        (v - log(v), 1 / v**2),
        (2 * (v - 1) - log(v), 1 / v**2),
        (v - 1 - log(v), 2 / v**2),
        (log(v) - v + 1, -1 / v**2),
        ((v - 1) ** 2 / (v - 2) ** 2, ((v - 1) ** 2 / (v - 2) ** 2).diff(v, 2)),
    ],
)
def test_what_does_not_touch_from_above_is_refused(f, curvature):
    assert not ConvexTouching(f, v, curvature).shown(CONTEXT).ok


def test_contact_and_power_are_shown():
    assert ENTROPY.shown(CONTEXT).ok and Bernoulli(c).shown(CONTEXT).ok
    assert not Bernoulli(c - Rational(1, 2)).shown(CONTEXT).ok


@pytest.mark.parametrize(("bound", "ok"), [(0, True), (Rational(1, 10), False)])
def test_gibbs_inequality_and_no_more(bound, ok):
    p, r = mixture(alpha), mixture(rho)
    rule = PointwiseGiven(p * n, ((n, ENTROPY, r / p),))
    assert rule.check(SampleIntegral(p * log(p / r)), ">=", sympify(bound), CONTEXT).ok is ok


def test_a_sign_needs_a_positive_argument_and_the_right_direction():
    given = ((n, ENTROPY, 1 - alpha),)
    assert SignGiven(n, given).check(-log(1 - alpha), ">=", alpha, CONTEXT).ok
    assert not SignGiven(n, given).check(-log(1 - alpha), "<=", alpha, CONTEXT).ok
    assert not SignGiven(n, ((n, ENTROPY, alpha - 1),)).check(-log(alpha - 1), ">=", 2 - alpha, CONTEXT).ok


def test_rewards_lie_between_zero_and_one():
    mean = RewardIntegral(p_o * y)
    assert PointwiseReward(p_o * (1 - y)).check(mean, "<=", 1, CONTEXT).ok
    assert not PointwiseReward(p_o * (Rational(1, 2) - y)).check(mean, "<=", Rational(1, 2), CONTEXT).ok
    assert LinearInReward().check(RewardIntegral(mixture(alpha)), "=", 1, CONTEXT).ok
    assert not LinearInReward().check(mean, "=", RewardIntegral(p_n * y), CONTEXT).ok


def test_lambert_and_stein():
    assert ProductLogarithm().check(c * exp(-LambertW(c)), "=", LambertW(c), CONTEXT).ok
    assert not ProductLogarithm().check(c * exp(-LambertW(c)), "=", 2 * LambertW(c), CONTEXT).ok
    g = exp(R / (1 + exp(-z)))
    assert SteinLogistic(g, z).check(normal(z * g, z), "=", normal(g.diff(z), z), CONTEXT).ok
    assert not SteinLogistic(g, z).check(normal(z * g, z), "=", normal(2 * g.diff(z), z), CONTEXT).ok
    assert (
        not SteinLogistic(exp(z**2), z).check(normal(z * exp(z**2), z), "=", normal(2 * z * exp(z**2), z), CONTEXT).ok
    )
