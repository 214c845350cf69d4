"""Balls over wide boxes: they contain the values at the points inside, and are tight enough for branch and
bound.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from flint import acb, arb
from mpmath import mp, mpf

from symforget.gate import ball
from symforget.gate.bounds import odd_factorial, sech_constant
from symforget.gate.reference import sech_derivative

from .conftest import bits

BETA_FUNCTIONS = ["gate", "misassignment_old", "misassignment_new", "information"]


def interval(low: float, high: float) -> arb:
    return arb(low).union(arb(high))


def corners_and_centre(a: arb, b: arb) -> list[tuple[arb, arb]]:
    return list(itertools.product((a.lower(), a.mid(), a.upper()), (b.lower(), b.mid(), b.upper())))


def random_boxes(count: int, seed: int) -> list[tuple[arb, arb]]:
    """(beta, delta) boxes of widths from 1e-6 to about 1."""
    rng = np.random.default_rng(seed)
    boxes = []
    for _ in range(count):
        low, high = np.sort(rng.uniform(0.01, 0.99, 2))
        shrink = 10 ** rng.uniform(-6, 0)
        delta = 10 ** rng.uniform(-2, 2)
        boxes.append((interval(low, low + (high - low) * shrink), interval(delta, delta * (1 + shrink))))
    return boxes


@pytest.mark.parametrize("name", BETA_FUNCTIONS)
def test_boxes_of_weights_contain_their_points(name: str) -> None:
    """False if a monotonicity in beta or delta that the boxes rest on did not hold."""
    function = getattr(ball, name)
    with bits(53):
        for beta, delta in random_boxes(60, seed=3):
            box = function(beta, delta)
            for point in corners_and_centre(beta, delta):
                assert box.contains(function(*point).mid())


@pytest.mark.parametrize("name", BETA_FUNCTIONS)
def test_boxes_of_weights_are_the_exact_range(name: str) -> None:
    """False if a box were wider than the values it takes: branch and bound would then never close a bound."""
    function = getattr(ball, name)
    with bits(53):
        for beta, delta in random_boxes(30, seed=4):
            box = function(beta, delta)
            points = [function(*p).mid() for p in corners_and_centre(beta, delta)]
            nearest = arb(0.5) if beta.contains(arb(0.5)) else None
            if nearest is not None:
                points += [function(nearest, d).mid() for d in (delta.lower(), delta.upper())]
            width = max(points) - min(points)
            assert 2 * box.rad() <= width * 1.0001 + box.abs_upper() * 1e-8


@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_boxes_of_s_contain_their_points(k: int) -> None:
    """False if the Taylor form, its remainder or the monotone bounds of S missed a value."""
    rng = np.random.default_rng(5 + k)
    with bits(60):
        for _ in range(60):
            size = 10 ** rng.uniform(-6, 0.7)
            delta, l = abs(10 ** rng.uniform(-2, 2)), rng.normal(0, 5)
            a, b = interval(delta, delta + size * rng.random()), interval(l, l + size * rng.random())
            box = ball.gate_s_derivative(k, a, b)
            for point in corners_and_centre(a, b):
                assert box.contains(ball.gate_s_derivative(k, *point).mid())


@pytest.mark.parametrize("k", [0, 1, 2])
@pytest.mark.parametrize("centre", [(1.0, 0.5), (4.0, -2.0), (0.05, 3.0), (30.0, 100.0)])
def test_boxes_of_s_shrink_with_their_arguments(k: int, centre: tuple[float, float]) -> None:
    """False if the enclosure did not approach the true range to first order (mean-value forms do)."""
    delta, l = centre
    with bits(80):
        for size in (1e-3, 1e-5):
            box = ball.gate_s_derivative(k, arb(delta, size), arb(l, size))
            slope = abs(ball.gate_s_derivative(k + 1, arb(delta), arb(l)))
            slope += delta * abs(ball.gate_s_derivative(k + 2, arb(delta), arb(l)))
            assert box.rad() < 1.01 * size * slope + 100 * size * size * ball.gate_s(arb(delta), arb(l))


def test_a_ball_of_delta_round_zero() -> None:
    """False if a separation interval that touches or crosses zero broke an enclosure."""
    with bits(60):
        box = ball.gate_s(arb(0, 0.5), arb(1))
        for delta in (0.0, 0.1, 0.5):
            assert box.contains(ball.gate_s(arb(delta), arb(1)).mid())
        assert box.rad() < 0.05
        assert ball.gate(arb(0.3), arb(0, 0.1)).contains(arb(1))
        assert ball.information(arb(0.3), arb(0, 0.1)).contains(arb(0))


def test_huge_boxes_stay_within_the_bounds_of_s() -> None:
    """False if an enclosure on a huge box forgot that 0 < S <= min(1, sqrt(2 pi)/delta)."""
    with bits(53):
        assert ball.gate_s(arb(5, 100), arb(3, 100)).abs_upper() < 1.001
        assert ball.gate_s(interval(50, 5000), arb(0, 1e6)).abs_upper() < 0.0502
        assert ball.gate_s_derivative(2, interval(0, 9), arb(0, 10)).abs_upper() < 0.2501


def test_weights_at_and_beyond_the_ends() -> None:
    """False if a value were claimed where q_beta may vanish, or refused at the ends 0 and 1 themselves."""
    with bits(60):
        assert ball.gate(arb(0), arb(2)) == 1
        assert ball.information(arb(0), arb(2)).overlaps(arb(4).expm1())
        assert ball.misassignment_old(arb(1), arb(2)) == 0
        assert not ball.gate(arb(0, 0.1), arb(2)).is_finite()
        assert not ball.gate(arb(1.5), arb(2)).is_finite()
        assert not ball.gate(acb(-1, arb(0, 0.1)), arb(2)).is_finite()


def test_extreme_weights_keep_their_digits() -> None:
    """False if beta = 1e-100 or 1 - 1e-100 lost digits, in H, in E_n[r_o] or in 1 - H."""
    with bits(400):
        tiny = arb(10) ** -100
        for delta in (arb(0.001), arb(1), arb(30), arb(1000)):
            for name in BETA_FUNCTIONS:
                for beta in (tiny, 1 - tiny):
                    value = getattr(ball, name)(beta, delta)
                    assert value.rel_accuracy_bits() > 40, (name, beta, delta)
        new = ball.misassignment_new(tiny, arb(1))
        assert abs(new / tiny - 1) < 1e-90
        assert ball.information(tiny, arb(1)).overlaps(ball.information(1 - tiny, arb(1)))


def test_information_near_equal_modes() -> None:
    """False if I lost its digits where 1 - H cancels: I -> delta^2 as delta -> 0."""
    with bits(60):
        for exponent in (5, 50, 200):
            delta = arb(10) ** -exponent
            ratio = ball.information(arb(1) / 3, delta) / (delta * delta)
            assert abs(ratio - 1) < 1e-9
            assert ratio.rel_accuracy_bits() > 25


@pytest.mark.parametrize("name", BETA_FUNCTIONS)
def test_complex_weights_continue_the_real_ones(name: str) -> None:
    """False if the complex balls were not an analytic continuation: the Cauchy-Riemann quotients would
    differ.
    """
    function = getattr(ball, name)
    with bits(120):
        delta, beta, step = arb(2), acb(arb(1) / 4, arb(1) / 8), arb(2) ** -30
        along = (function(beta + step, delta) - function(beta - step, delta)) / (2 * step)
        across = (function(beta + acb(0, step), delta) - function(beta - acb(0, step), delta)) / acb(0, 2 * step)
        assert abs(along - across).abs_upper() < 1e-15
        near_real = function(acb(arb(1) / 4, arb(10) ** -30), delta)
        assert (near_real.real - function(arb(1) / 4, delta)).abs_upper() < 1e-28


def test_complex_balls_contain_their_points() -> None:
    with bits(80):
        for name in BETA_FUNCTIONS:
            function = getattr(ball, name)
            box = function(acb(arb(0.3, 0.02), arb(0.2, 0.02)), arb(2, 0.01))
            for x, y, d in itertools.product((0.28, 0.32), (0.18, 0.22), (1.99, 2.01)):
                assert box.contains(function(acb(x, y), arb(d)).mid()), name


def test_certified_integral_through_the_gate() -> None:
    """False if acb.integral could not use the gate: the integral of I(b) db is (E_o - E_n)
    log(q_beta/q_alpha).
    """
    with bits(60):
        value = acb.integral(lambda b, _: ball.information(b, arb(2)), arb(1) / 4, arb(3) / 4).real
        assert value.rel_accuracy_bits() > 40

        def integrand(u: mpf) -> mpf:
            old, new = mp.npdf(u, -1, 1), mp.npdf(u, 1, 1)
            return (old - new) * mp.log((3 * old + new) / (old + 3 * new))

        direct = mp.quad(integrand, mp.linspace(-12, 12, 13))
        assert abs(value - arb(mp.nstr(direct, 17))).abs_upper() < 1e-13


@pytest.mark.parametrize("k", range(1, 9))
def test_constants_of_sech(k: int) -> None:
    """False if c_k did not bound |sech^(k)| by c_k sech on a fine grid, or were more than 2 % too large."""
    ratios = []
    with bits(60):
        for i in range(4001):
            x = acb(Fraction(i, 200).numerator) / Fraction(i, 200).denominator
            ratios.append(abs((sech_derivative(k, x) / sech_derivative(0, x)).real).mid())
    largest, constant = float(max(ratios)), float(sech_constant(k))
    assert largest <= constant * (1 + 1e-12)
    assert constant <= 1.25 * largest


def test_absolute_moments() -> None:
    assert [odd_factorial(n) for n in range(7)] == [1, 1, 1, 2, 3, 8, 15]
