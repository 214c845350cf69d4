"""The stated error bounds themselves: with very few terms the neglected parts are visible, and must be covered."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from flint import acb, arb

from symforget.gate import theta, trapezoid
from symforget.gate.reference import integral, log_lower_bound
from symforget.gate.variable import Variable

from .conftest import bits

LS = [0.7, 4.0, -25.0, (3.0, -2.7), (0.0, 3.0)]
NATS = [2.0, 12.0]


def point(l: float | tuple[float, float]) -> arb | acb:
    return acb(*l) if isinstance(l, tuple) else arb(l)


@cache
def reference(delta: float, l: Any, order: int) -> arb | acb:
    """The derivative of S in l of this order, from its integral."""
    with bits(150):
        return integral(arb(delta), point(l), order)


def check(method: Callable[[arb, Variable, float, float], list[Any]], delta: float, l: Any) -> None:
    """At 120 bits of rounding and `nats` of truncation the ball holds the integral, however few terms there are."""
    with bits(120):
        z = point(l)
        log_s = log_lower_bound(delta, float(z.real) if isinstance(z, acb) else l)
        exact = [reference(delta, l, k) for k in range(3)]
        for nats in NATS:
            for order in (0, 2):
                values = method(arb(delta), Variable(z, order), nats, log_s)
                for k, value in enumerate(values):
                    context = f"S_{k}({delta}, {l}), order {order}, {nats} nats: {value} against {exact[k]}"
                    assert value.overlaps(exact[k]), context


@pytest.mark.parametrize("delta", [0.5, 2.5, 9.0])
@pytest.mark.parametrize("l", LS)
def test_theta_formula(delta: float, l: Any) -> None:
    """False if the tails of the two sums, or of theta, exceeded their bounds."""
    check(theta.derivatives, delta, l)


@pytest.mark.parametrize("delta", [0.05, 0.4, 2.0])
@pytest.mark.parametrize("l", LS)
def test_trapezoid_on_the_definition(delta: float, l: Any) -> None:
    """False if the strip bound or the tail bound were too small."""
    check(lambda d, v, nats, _: trapezoid.narrow(d, v, nats), delta, l)


@pytest.mark.parametrize("delta", [2.0, 6.0, 20.0, 150.0])
@pytest.mark.parametrize("l", [*LS, 0.0, 2.0, 18.0, 200.0])
def test_dual_sum_and_its_poles(delta: float, l: Any) -> None:
    """False if a pole were missed or counted twice, or the strip bound beside one were too small."""
    check(trapezoid.wide, delta, l)


@pytest.mark.parametrize("delta", [0.3, 1.0, 12.0])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("l", [*LS, 100.0])
def test_residues_alone(delta: float, count: int, l: Any) -> None:
    """False if the rest after some residues exceeded its bound, which holds for every number of them."""
    with bits(150):
        z = point(l)
        for order in (0, 2):
            for k, value in enumerate(trapezoid.crossed(arb(delta), Variable(z, order), count)):
                assert value.overlaps(reference(delta, l, k)), f"S_{k}({delta}, {l}) by {count} residues"


def test_a_halved_bound_is_noticed() -> None:
    """False if the checks above could not fail: without its error ball a truncated value misses the integral."""
    with bits(120):
        value = theta.derivatives(arb(2.5), Variable(arb(0.7), 0), 5.0, log_lower_bound(2.5, 0.7))[0]
        assert not value.mid().overlaps(integral(arb(2.5), arb(0.7)))
