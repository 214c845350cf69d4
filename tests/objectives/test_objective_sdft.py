"""If these fail, the update rule of SDFT is not the method's, or its rate is not what a derivation elsewhere gives."""

import mpmath
import numpy as np
import pytest
from flint import arb
from sympy import Rational, simplify

from symforget.calculus import H
from symforget.language import parse_expression
from symforget.objectives.sdft import PUBLISHED, Direction, Training, c, jacobian, kappa, lam, sdft_slow_rate
from symforget.trees import evaluated


@pytest.mark.parametrize("direction", Direction)
def test_the_jacobian_by_differentiation_is_the_same_in_both_directions(direction):
    rate = c * (1 - c) * (1 - H(c))
    expected = [-rate, rate * (1 - lam), kappa, -kappa]
    assert all(simplify(found - e) == 0 for found, e in zip(jacobian(direction), expected, strict=True))


def test_the_slow_rate_is_the_smaller_eigenvalue_of_the_matrix():
    with mpmath.workdps(30):

        def integrand(x):
            odds = mpmath.exp(2 * x - 2)
            return mpmath.npdf(x) * odds / (mpmath.mpf("0.3") + mpmath.mpf("0.7") * odds)

        gap = mpmath.quad(integrand, [-10, -5, 0, 5, 12])
        follow = mpmath.mpf("0.21") * (1 - gap)
        rates = mpmath.eig(mpmath.matrix([[follow, -follow / 2], [mpmath.mpf("-0.01"), mpmath.mpf("0.01")]]))[0]
        expected = min(rates, key=abs)
    found = sdft_slow_rate.ball(arb("0.3"), arb("0.5"), arb("0.01"), arb(2))
    assert abs(float(found) - float(mpmath.re(expected))) < 1e-10


def test_the_language_knows_the_rate():
    value = evaluated(parse_expression("sdft_slow_rate(3/10, 1/2, 1/100, 2)", {}))
    assert isinstance(value, sdft_slow_rate) and value.args[2] == PUBLISHED.ema_rate


def test_rates_in_use_are_the_published_ones():
    assert PUBLISHED.sweep == (Rational(1, 100), Rational(1, 50), Rational(1, 20))


@pytest.mark.parametrize("direction", Direction)
def test_the_teacher_is_an_average_of_the_new_student(direction):
    """One update moves the average by the EMA rate towards the student after its own step."""
    training = Training(2.0, 0.3, 0.5, direction, ema_rate=0.25, step=0.5, batch=4)
    student, average = training.run(np.full(50, 0.6), np.full(50, 0.4), 1, np.random.default_rng(1))
    assert np.allclose(average, 0.75 * 0.4 + 0.25 * student) and student.std() > 0


@pytest.mark.parametrize("direction", Direction)
def test_without_an_anchor_equal_students_and_averages_stay_in_the_mean(direction):
    training = Training(2.0, 0.3, 0.0, direction, ema_rate=0.05, step=0.1, batch=16)
    student, _ = training.run(np.full(4000, 0.6), np.full(4000, 0.6), 20, np.random.default_rng(2))
    assert abs(student.mean() - 0.6) < 0.003
