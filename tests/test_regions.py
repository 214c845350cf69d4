"""Would fail if an enclosure of the drift claimed more than the conditions of its region allow, or the flow left it."""

import math

import numpy as np
import pytest
from flint import arb
from scipy.integrate import solve_ivp

from symforget.balls import to_ball
from symforget.joint_flow import float_field
from symforget.regions import drift_bound, drift_bound_exponent, largest_drift


def at(function, *values):
    return function.ball(*(to_ball(v) if isinstance(v, int) else arb(v) for v in values))


def test_the_largest_drift_is_enclosed_only_where_the_region_traps():
    ball = at(largest_drift, 0.5, 10, 0.75)
    r = math.sqrt(math.pi / 2) * math.exp(0.25 - 0.75**2 * 100 / 8) * (2 + 1)
    assert float(ball.upper()) == pytest.approx(r, rel=1e-8) and ball.contains(0)
    for outside in ((0.5, 5, 0.75), (0.5, 10, 0.5), (0.001, 10, 0.75), (1, 10, 0.75), (0.5, 10, 0.999999)):
        assert not at(largest_drift, *outside).is_finite()


@pytest.mark.parametrize(("alpha", "beta", "delta", "d_q"), [(0.5, 0.9, 8, 8), (0.5, 0.9, 10, 7), (0.25, 0.125, 9, 8)])
def test_the_bound_holds_along_the_flow(alpha, beta, delta, d_q):
    bound = float(at(drift_bound, alpha, beta, delta, d_q).upper())
    field = float_field(alpha, float(delta))
    start = [math.log(beta / (1 - beta)), 0, d_q]
    found = solve_ivp(lambda t, y: field(y), (0, 40), start, method="LSODA", rtol=1e-9, atol=1e-12)
    assert 0.02 * bound < np.abs(found.y[1]).max() < bound


def test_no_bound_where_the_modes_overlap_or_the_new_mean_is_not_ahead():
    for point in ((0.5, 0.9, 2, 2), (0.5, 0.9, 10, 1), (0.5, 0.9, 10, 5)):
        assert at(drift_bound, *point) == arb.pos_inf() and at(drift_bound_exponent, *point) == arb.pos_inf()
    assert not at(drift_bound, 1.5, 0.9, 10, 10).is_finite()


def test_the_exponent_is_that_of_the_bound():
    bound, exponent = (at(f, 0.5, 0.9, 10, 9) for f in (drift_bound, drift_bound_exponent))
    assert (bound.log() / 100).overlaps(exponent) and exponent < 0
