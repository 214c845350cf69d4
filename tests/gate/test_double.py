"""Double precision against the balls: a few units in the last place everywhere, in and beyond the range of
doubles.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from flint import arb

from symforget.gate import ball, double

from .conftest import bits

TOLERANCE = {"gate": 1.5e-15, "misassignment_old": 1.5e-15, "misassignment_new": 1.5e-15, "information": 4e-15}


def sample(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """beta in [1e-300, 1 - 1e-16], delta in [0, 200], both on linear and on logarithmic scales."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, count)
    beta = np.choose(
        kind,
        [10 ** rng.uniform(-300, -0.31, count), rng.random(count), 1 - 10 ** rng.uniform(-16, -0.31, count)],
    )
    delta = np.where(rng.random(count) < 0.5, rng.uniform(0, 200, count), 10 ** rng.uniform(-4, 2.3, count))
    # Where the formulas change over: l close to delta^2/2.
    edge = np.clip(np.sqrt(np.abs(2 * np.log((1 - beta) / beta))) * (1 + rng.normal(0, 0.02, count)), 0, 200)
    return beta, np.where(rng.random(count) < 0.3, edge, delta)


def relative_error(value: float, exact: arb) -> float:
    return float(abs(arb(value) / exact - 1).mid())


@pytest.mark.parametrize("name", TOLERANCE)
def test_relative_error(name: str) -> None:
    """False if some region of (beta, delta) lost digits to cancellation, to an exponent or to few terms."""
    beta, delta = sample(1500, seed=11)
    values = getattr(double, name)(beta, delta)
    with bits(140):
        for b, d, v in zip(beta, delta, values, strict=True):
            exact = getattr(ball, name)(arb(float(b)), arb(float(d)))
            if exact < 1e-290:
                assert v < 1e-289
            elif exact > 1e300:
                assert v > 1e299
            else:
                assert relative_error(float(v), exact) < TOLERANCE[name], (name, b, d)


def test_s_and_its_logarithm() -> None:
    rng = np.random.default_rng(12)
    delta = 10 ** rng.uniform(-4, 2.5, 800)
    l = rng.uniform(-1, 1, 800) * rng.choice([1, 30, 1000, 1e4], 800)
    with bits(140):
        for d, x, s, log_s in zip(delta, l, double.gate_s(delta, l), double.log_gate_s(delta, l), strict=True):
            exact = ball.gate_s(arb(float(d)), arb(float(x)))
            if exact > 1e-290:
                assert relative_error(float(s), exact) < 2e-15, (d, x)
            log_exact = exact.log()
            allowed = 1e-15 * max(1.0, abs(float(log_exact)))
            assert abs(float((arb(float(log_s)) - log_exact).mid())) < allowed, (d, x)


def test_log_gate_where_h_underflows_and_where_it_is_close_to_one() -> None:
    beta, delta = sample(600, seed=13)
    with bits(200):
        for b, d, v in zip(beta, delta, double.log_gate(beta, delta), strict=True):
            h = ball.gate(arb(float(b)), arb(float(d)))
            exact = h.log()
            if h > 0.5:
                loss = ball.information(arb(float(b)), arb(float(d))) * float(b) * (1 - arb(float(b)))
                exact = (-loss).log1p()
            if d > 0:
                assert relative_error(float(v), exact) < 6e-15, (b, d)


def test_special_arguments() -> None:
    """False if an end of the domain gave nan, or a point outside it a number."""
    assert (
        double.gate(0.0, 3.0) == 1
        and double.gate(1.0, 3.0) == 1
        and double.gate(0.3, 0.0) == pytest.approx(1, abs=3e-16)
    )
    assert double.misassignment_old(1.0, 3.0) == 0 and double.misassignment_new(0.0, 3.0) == 0
    assert double.information(0.4, 0.0) == 0
    assert double.information(0.0, 1.0) == pytest.approx(math.expm1(1.0), rel=2e-15)
    assert double.information(0.0, 3.0) == pytest.approx(math.expm1(9.0), rel=2e-15)
    for beta in (-0.1, 1.1, math.nan):
        assert math.isnan(double.gate(beta, 1.0))
    assert math.isnan(double.gate(0.5, math.nan))
    assert double.gate(0.2, -3.0) == double.gate(0.2, 3.0)


def test_shapes_and_silence() -> None:
    """False if broadcasting broke, scalars came back as arrays, or a floating-point warning escaped."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grid = double.gate(np.linspace(0.1, 0.9, 5)[:, None], np.array([0.0, 1.0, 200.0]))
        assert grid.shape == (5, 3)
        assert isinstance(double.gate(0.5, 1.0), float)
        assert double.gate(np.empty(0), 1.0).shape == (0,)
        double.information(1e-300, 200.0)
