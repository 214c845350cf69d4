"""The statements about S, each checked through this implementation and through one that does not use the
identity.
"""

from __future__ import annotations

import pytest
from flint import acb, arb

from symforget.gate import ball
from symforget.gate.reference import integral

from .conftest import bits

DELTAS = ["0.4", "1.3", "2.5066", "4", "11"]
LS = ["0", "0.8", "-3", "20"]


def dual(delta: arb, l: arb) -> arb:
    """(sqrt(2 pi)/delta) E[sech(pi w/delta) cos(w l/delta)] by acb.integral; the tail beyond 30 is below
    exp(-450).
    """

    def integrand(w: acb, _: bool) -> acb:
        return (-w * w / 2).exp() * (acb.pi() * w / delta).sech() * (w * l / delta).cos()

    return acb.integral(integrand, -30, 30).real / delta + arb(0, arb(-440).exp())


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("l", LS)
def test_duality(delta: str, l: str) -> None:
    """False if S were not its dual form, by either route."""
    with bits(90):
        d, x = arb(delta), arb(l)
        other = dual(d, x)
        for value in (ball.gate_s(d, x), integral(d, x)):
            assert value.overlaps(other)
            assert abs(value - other).abs_upper() < 1e-20
        if x == 0:
            assert ball.gate_s(d, x).overlaps((2 * arb.pi()).sqrt() / d * ball.gate_s(2 * arb.pi() / d, x))


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("l", LS)
def test_sharp_bound(delta: str, l: str) -> None:
    with bits(90):
        d, x = arb(delta), arb(l)
        bound = arb(1).min((2 * arb.pi()).sqrt() / d)
        assert ball.gate_s(d, x) < bound
        assert integral(d, x) < bound


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("l", LS)
def test_heat_equation(delta: str, l: str) -> None:
    """False if dS/d(delta) were not delta d^2S/dl^2: difference quotients of the integral itself decide."""
    with bits(200):
        d, x, h = arb(delta), arb(l), arb(2) ** -40
        slope = (integral(d + h, x) - integral(d - h, x)) / (2 * h)
        by_heat = d * ball.gate_s_derivative(2, d, x)
        assert abs(slope - by_heat).abs_upper() < 1e-20
        assert abs(by_heat - d * integral(d, x, 2)).abs_upper() < 1e-50


def test_asymptotics() -> None:
    """False if S delta/sqrt(2 pi) did not tend to 1, with next term -(pi^2 + l^2)/(2 delta^2)."""
    with bits(90):
        l = arb(3)
        for delta in (100, 300, 900):
            d = arb(delta)
            for value in (ball.gate_s(d, l), integral(d, l)):
                rest = (value * d / (2 * arb.pi()).sqrt() - 1) * d * d
                assert abs(rest + (arb.pi() * arb.pi() + l * l) / 2).abs_upper() < 300 / delta**2 * 10
