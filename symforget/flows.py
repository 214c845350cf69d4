"""Flows on a line at high precision: the time between two distances, and the rate measured from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import mpmath

Speed = Callable[[Any], Any]
HALVINGS = 10


def travel_time(speed: Speed, far: Any, near: Any, digits: int) -> Any:
    """The time of x' = -speed(x) from ``far`` down to ``near``: int dx/speed(x), in log x by Gauss-Legendre.

    Args:
        speed: a function of x with the sign of x, smooth between the two distances and nearly proportional to x.
        far, near: two distances of the same sign.
    """
    with mpmath.workdps(digits + 10):
        middle, half = mpmath.log(far * near) / 2, mpmath.log(far / near) / 2
        nodes = _gauss_legendre(digits // 2 + 6, mpmath.mp.prec)
        distances = [(mpmath.exp(middle + half * node), weight) for node, weight in nodes]
        return half * mpmath.fsum(weight * x / speed(x) for x, weight in distances)


@lru_cache(maxsize=16)
def _gauss_legendre(count: int, precision: int) -> tuple[tuple[Any, Any], ...]:
    """Nodes and weights on [-1, 1], by Newton's method from the usual starting values."""
    found = []
    for k in range(1, count + 1):
        x = mpmath.cos(mpmath.pi * (mpmath.mpf(k) - mpmath.mpf(1) / 4) / (count + mpmath.mpf(1) / 2))
        for _ in range(precision.bit_length() + 2):
            value, slope = _legendre(count, x)
            x -= value / slope
        found.append((x, 2 / ((1 - x * x) * _legendre(count, x)[1] ** 2)))
    return tuple(found)


def _legendre(n: int, x: Any) -> tuple[Any, Any]:
    """P_n(x) and its derivative, by the three-term recurrence."""
    before, value = mpmath.mpf(1), x
    for k in range(2, n + 1):
        before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
    return value, n * (x * value - before) / (x * x - 1)


def local_rate(speed: Speed, start: Any, digits: int, halvings: int = HALVINGS) -> tuple[Any, Any]:
    """The rate k in x(t) ~ exp(-k t) measured along the flow x' = -speed(x), and its estimated error.

    The mean rate log 2/T over each halving of the distance, extrapolated (Neville) in the distance to zero.
    """
    with mpmath.workdps(digits + 10):
        row: list[Any] = []
        error = mpmath.inf
        for j in range(halvings):
            far = mpmath.mpf(start) / 2**j
            new = [mpmath.log(2) / travel_time(speed, far, far / 2, digits)]
            for k, previous in enumerate(row, start=1):
                new.append(new[-1] + (new[-1] - previous) / (2**k - 1))
            if row:
                error = abs(new[-1] - row[-1])
            row = new
        return row[-1], error
