"""The balls of S at points: each contains the value found without the identities they rest on, and is
narrow.
"""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from flint import acb, arb, fmpq

from symforget.gate import ball, theta, trapezoid
from symforget.gate.point import jet
from symforget.gate.reference import integral, log_lower_bound
from symforget.gate.variable import Variable

from .conftest import bits, random_points, working_bits


def check_point(delta: float, l: float, digits: int) -> None:
    with bits(working_bits(digits)):
        value = ball.gate_s(arb(delta), arb(l))
        other = integral(arb(delta), arb(l))
        context = f"S({delta!r}, {l!r}) to {digits} digits: {value} against {other}"
        assert value.overlaps(other), context
        assert other.rel_accuracy_bits() > digits * 3.32, f"the reference itself is too wide: {context}"
        assert value.rel_accuracy_bits() >= digits * math.log2(10), context


@pytest.mark.parametrize("chunk", range(3))
def test_ball_contains_the_integral_at_random_points(chunk: int) -> None:
    """False if the theta formula, a trapezoidal sum, a residue or one of their error bounds were wrong
    anywhere.
    """
    for point in random_points(90, seed=7)[chunk::3]:
        check_point(*point)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(20))
def test_ball_contains_the_integral_at_ten_thousand_points(chunk: int) -> None:
    """The acceptance test of the gate; no exception is allowed."""
    for point in random_points(10_000, seed=2026)[chunk::20]:
        check_point(*point)


def exact_misassignment(m: int, s: Fraction) -> arb:
    """E_o[r_n] at l = s^2/2 + m s^2 as a finite sum of exponentials (f(0) = 1/2 and the recursion of f)."""
    square = arb(fmpq(s.numerator, s.denominator)) * arb(fmpq(s.numerator, s.denominator))
    value = arb(1) / 2
    for j in range(abs(m)):
        value = 1 - (-square * j - square / 2).exp() * value
    return value if m >= 0 else 1 - value


@pytest.mark.parametrize("s", [Fraction(1, 10), Fraction(1, 2), Fraction(1), Fraction(7, 3), Fraction(40)])
@pytest.mark.parametrize("m", [0, 1, 2, 5])
def test_exact_values(s: Fraction, m: int) -> None:
    """False if S missed a value that is known in closed form: l in delta^2/2 + delta^2 Z."""
    with bits(300):
        delta = arb(fmpq(s.numerator, s.denominator))
        l = delta * delta * (fmpq(2 * m + 1, 2))
        golden = 2 * (delta * delta / 8 - l / 2).exp() * exact_misassignment(m, s)
        value = ball.gate_s(delta, l)
        assert value.overlaps(golden)
        assert value.rel_accuracy_bits() > 270


@pytest.mark.parametrize("delta", [0.3, 0.6, 1.0, 2.5, 7.0, 14.0])
@pytest.mark.parametrize("l", [0.0, 1.5, 12.0, 60.0])
def test_the_methods_agree_where_several_apply(delta: float, l: float) -> None:
    """False if one of the four formulas held only where it is the one in use."""
    with bits(200):
        d, variable = arb(delta), Variable(arb(l), 2)
        nats, log_s = 130.0, log_lower_bound(delta, l)
        values = [theta.derivatives(d, variable, nats, log_s)]
        if delta < 3:
            values.append(trapezoid.narrow(d, variable, nats))
        if delta > 1:
            values.append(trapezoid.wide(d, variable, nats, log_s))
        residues = trapezoid.crossings(delta, variable, nats, log_s)
        if residues:
            values.append(trapezoid.crossed(d, variable, residues))
        assert len(values) > 1
        for other in values[1:]:
            for k, (a, b) in enumerate(zip(values[0], other, strict=True)):
                assert a.overlaps(b)
                scale = math.exp(log_s)
                assert a.rad() < 1e-45 * scale * 10**k and b.rad() < 1e-45 * scale * 10**k


@pytest.mark.parametrize("delta", ["0.01", "0.7", "2.4", "9", "33", "500"])
@pytest.mark.parametrize("l", ["0", "-0.3", "5", "-81"])
def test_jets_contain_the_integrals_of_the_derivatives(delta: str, l: str) -> None:
    """False if a derivative in l, its sign for negative l, or its error bound were wrong."""
    with bits(130):
        d, x = arb(delta).mid(), arb(l).mid()
        for k, value in enumerate(ball.gate_s_jet(d, x, 5)):
            other = integral(d, x, k)
            assert value.overlaps(other)
            if k % 2 == 0 or x != 0:
                assert value.rel_accuracy_bits() > 60


@pytest.mark.parametrize("delta", ["0", "0.2", "1", "6", "50"])
@pytest.mark.parametrize("l", [(0.5, 1.0), (-3.0, 2.9), (20.0, -3.1), (0.0, 3.0)])
def test_complex_l(delta: str, l: tuple[float, float]) -> None:
    """False if the continuation to the strip |Im l| < pi or its error bounds were wrong."""
    with bits(100):
        d, z = arb(delta).mid(), acb(*l)
        for k in range(3):
            value = ball.gate_s_derivative(k, d, z)
            other = integral(d, z, k)
            assert value.overlaps(other)
            assert value.rel_accuracy_bits() > 60


def test_beyond_the_strip_nothing_is_claimed() -> None:
    """False if a ball were given where the continuation cannot be vouched for."""
    assert not ball.gate_s(arb(1), acb(0, 3.2)).is_finite()
    assert not ball.gate_s(arb(1), acb(0, arb(3, 0.2))).is_finite()
    assert not ball.gate_s(acb(1, 1), arb(0)).is_finite()
    assert not ball.gate_s(arb.nan(), arb(0)).is_finite()
    assert not ball.gate_s(arb("1e12"), arb(0)).is_finite()


def test_thousand_digits_and_ten_thousand() -> None:
    """False if the term counts or guard bits did not grow with the precision."""
    for digits in (1000, 10_000):
        with bits(working_bits(digits)):
            delta = arb(3)
            value = ball.gate_s(delta, delta * delta * 3 / 2)
            golden = 2 * (-arb(45) / 8).exp() * exact_misassignment(1, Fraction(3))
            assert value.overlaps(golden)
            assert value.rel_accuracy_bits() > digits * math.log2(10) - 1


@pytest.mark.parametrize("delta", ["1e-400", "1e-30", "0.001", "1e6"])
def test_extreme_separations(delta: str) -> None:
    """False if S lost its digits, or its containment, where delta underflows doubles or is huge."""
    with bits(120):
        value = ball.gate_s(arb(delta), arb(1))
        assert value.rel_accuracy_bits() > 100
        if arb(delta) < 1e-20:
            assert abs(value - (arb(1) / 2).sech()).abs_upper() < 1e-33
        if arb(delta) > 1e5:
            assert abs(value * arb(delta) / (2 * arb.pi()).sqrt() - 1).abs_upper() < 1e-10


def test_order_zero_jet_is_the_value() -> None:
    with bits(80):
        assert jet(arb(2), arb(1), 0)[0].overlaps(jet(arb(2), arb(1), 3)[0])
