"""The mpmath evaluator against the balls, and mpmath's own quadrature against both."""

from __future__ import annotations

import pytest
from flint import arb
from mpmath import mp

from symforget.gate import ball, multiprecision

from .conftest import bits


def to_arb(value: object) -> arb:
    return arb(mp.nstr(value, 60))


@pytest.mark.parametrize("delta", ["0", "1e-3", "0.2", "1", "3", "15", "100"])
@pytest.mark.parametrize("l", ["0", "2", "-40", "900"])
def test_s(delta: str, l: str) -> None:
    """False if the two implementations of the formulas differed anywhere beyond rounding."""
    with mp.workdps(40), bits(200):
        value = to_arb(multiprecision.gate_s(delta, l))
        assert abs(value / ball.gate_s(arb(delta), arb(l)) - 1).abs_upper() < 1e-38


@pytest.mark.parametrize("beta", ["0.3", "0.5", "1e-30", "0.999"])
@pytest.mark.parametrize("delta", ["1e-4", "1", "12"])
@pytest.mark.parametrize("name", ["gate", "misassignment_old", "misassignment_new", "information"])
def test_functions_of_the_weight(name: str, beta: str, delta: str) -> None:
    with mp.workdps(40), bits(260):
        value = to_arb(getattr(multiprecision, name)(beta, delta))
        exact = getattr(ball, name)(arb(beta), arb(delta))
        assert abs(value / exact - 1).abs_upper() < 1e-37


@pytest.mark.parametrize(("delta", "l"), [(0.5, 1.0), (2.0, -3.0), (6.0, 10.0)])
def test_quadrature_of_the_definition(delta: float, l: float) -> None:
    """False if the formulas did not compute the integral they stand for; mpmath.quad knows none of them."""
    with mp.workdps(30), bits(120):
        cuts = sorted({-20, -6, 0, 6, 20, -l / delta})
        direct = mp.quad(lambda u: mp.npdf(u) * mp.sech((delta * u + l) / 2), cuts)
        assert abs(to_arb(direct) / ball.gate_s(arb(delta), arb(l)) - 1).abs_upper() < 1e-25


def test_derivatives() -> None:
    with mp.workdps(25), bits(120):
        for k in range(4):
            value = to_arb(multiprecision.gate_s_derivative(k, 1.5, 0.75))
            exact = ball.gate_s_derivative(k, arb(1.5), arb(0.75))
            assert abs(value / exact - 1).abs_upper() < 1e-18
