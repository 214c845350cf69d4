"""Points and enclosures shared by the tests of the gate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from flint import arb, ctx


@contextmanager
def bits(precision: int) -> Iterator[None]:
    old = ctx.prec
    ctx.prec = precision
    try:
        yield
    finally:
        ctx.prec = old


@pytest.fixture(autouse=True)
def precision_is_restored() -> Iterator[None]:
    """Every certified function gives the global precision back, whatever happens in it."""
    old = ctx.prec
    yield
    assert ctx.prec == old
    ctx.prec = old


def dyadic(value: float) -> arb:
    """A float as an exact ball."""
    return arb(value)


def random_points(count: int, seed: int) -> list[tuple[float, float, int]]:
    """(delta, l, digits): delta log-uniform in [1e-3, 1e3], l up to +-1e4 on several scales, digits in
    15..200.
    """
    rng = np.random.default_rng(seed)
    delta = 10 ** rng.uniform(-3, 3, count)
    scale = rng.choice([1.0, 10.0, 100.0, 1e3, 1e4], count)
    l = rng.uniform(-1, 1, count) * scale
    # A third of the points lies where the formulas change over: l near a multiple of delta^2/2.
    close = rng.random(count) < 1 / 3
    multiple = rng.integers(0, 5, count) * delta**2 / 2
    l = np.where(close & (multiple < 1e4), multiple + rng.normal(0, 1, count), l)
    digits = rng.integers(15, 201, count)
    return [(float(d), float(x), int(n)) for d, x, n in zip(delta, np.clip(l, -1e4, 1e4), digits, strict=True)]


def working_bits(digits: int) -> int:
    return math.ceil(digits * math.log2(10)) + 4
