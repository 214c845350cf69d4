"""If these fail, the rates measured near the target are those of another objective, or not rates at all."""

import mpmath
import numpy as np
import pytest

from symforget.nearby import descent_factor, flow_rate, joint_gradient


def divergence(state, a, d):
    """KL(q|p_alpha) by mpmath's quadrature."""
    phi, o, n = state
    beta = 1 / (1 + (1 - a) / a * mpmath.exp(-phi))

    def integrand(x):
        q = beta * mpmath.npdf(x, o) + (1 - beta) * mpmath.npdf(x, d + n)
        return q * mpmath.log(q / (a * mpmath.npdf(x) + (1 - a) * mpmath.npdf(x, d)))

    return mpmath.quad(integrand, range(-9, 13, 3))


def test_the_gradient_is_the_difference_quotient_of_the_divergence():
    a, d, state, size = mpmath.mpf(3) / 10, 3, (0.2, -0.3, 0.4), mpmath.mpf(10) ** -7
    with mpmath.workdps(18):
        for k, slope in enumerate(joint_gradient(0.3, 3.0)(np.array(state))):
            ends = [divergence([x + sign * size * (i == k) for i, x in enumerate(state)], a, d) for sign in (1, -1)]
            assert float((ends[0] - ends[1]) / (2 * size)) == pytest.approx(slope, rel=1e-8)


def test_the_gradient_is_linear_far_down():
    gradient, direction = joint_gradient(0.3, 3.0), np.array([1.0, -2.0, 0.5])
    near, nearer = (gradient(direction * size) / size for size in (1e-8, 1e-40))
    assert np.abs(near - nearer).max() < 1e-7


def test_the_estimated_error_covers_what_is_known_without_overlap():
    rate, error = flow_rate(0.5, 20.0, (0.05, 0.02, 0.0), 1e-8)
    assert abs(rate - 0.25) <= 2 * error + 1e-6
    factor, error = descent_factor(0.5, 20.0, 1.0, (0.05, 0.02, 0.0), 80)
    assert abs(factor - 0.75) <= 2 * error + 1e-6


def test_steps_beyond_the_limit_do_not_converge():
    assert descent_factor(0.5, 20.0, 3.9, (0.01, 0.01, 0.0), 200)[0] < 0.999
    assert descent_factor(0.5, 20.0, 4.1, (0.01, 0.01, 0.0), 200)[0] > 0.999
