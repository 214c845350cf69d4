"""A reward is any y in [0, 1]: what divides by it, or takes its root or logarithm, may have no majorant at y = 0."""

import pytest
from sympy import Derivative, Rational, exp, log, sin, sqrt, symbols

from symforget.calculus import p_n, p_o
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.rules.rewards import RewardIntegral, UnderTheRewardIntegral, y

t, a = symbols("t a", real=True)


def accepted(f, domain):
    known = Context({t: Interval.parse(domain)}, lambda claim, part: None, gaussian=False)
    step = Derivative(RewardIntegral(f), t), "=", RewardIntegral(f.diff(t))
    return UnderTheRewardIntegral(t).check(*step, known).ok


@pytest.mark.parametrize(
    "f",
    [
        t**3 * p_o / (t**2 + y) ** 2,
        p_o * sqrt(t**2 + y),
        p_o * (t**2 + y) * log(t**2 + y),
        t**3 * p_o**3 / ((t**2 + y) * p_o + p_n) ** 2,
    ],
)
def test_a_slope_passes_no_integral_where_small_rewards_leave_it_unbounded(f):
    """The integral of t^3 p_o/(t^2 + y)^2 has slope 1 at t = 0 if y is uniform under p_o; the integrand's is 0."""
    assert not accepted(f, "(-1, 1)")
    assert accepted(f, "(1/2, 1)")


def test_a_slope_passes_where_the_reward_enters_continuously():
    assert accepted(p_o * exp(t * y) + p_n * y**2 * t, "(-1, 1)")
    assert accepted(p_o**2 * exp(t * y) / (p_o * exp(y) + p_n), "(-1, 1)")
    assert not accepted(p_o * sin(t / (y + Rational(1, 2))), "(-1, 1)"), "only powers, exponentials and logarithms"
