"""Flows at high precision: where they lead, the time between two distances, measured rates and limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import isqrt
from typing import Any

import mpmath

Speed = Callable[[Any], Any]
State = list[Any]


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


def local_rate(speed: Speed, start: Any, digits: int) -> tuple[Any, Any]:
    """The rate k in x(t) ~ exp(-k t) measured along the flow x' = -speed(x), and its estimated error.

    The mean rate log 2/T over each halving of the distance, extrapolated (Neville) in the distance to zero: after n
    halvings the error is about 2**(-n**2/2) times the n-th power of the first distance.
    """
    halvings = isqrt(4 * digits) + 1
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


def follow(field: Speed, start: Any, time: Any, digits: int, steps: int = 16) -> tuple[Any, Any]:
    """x(time) of x' = field(x) on a line, x(0) = start, and its estimated error; see `follow_system`."""
    (x,), error = follow_system(lambda state: [field(state[0])], [start], time, digits, steps)
    return x, error


def follow_system(
    field: Callable[[State], State], start: State, time: Any, digits: int, steps: int = 16
) -> tuple[State, Any]:
    """x(time) of x' = field(x), x(0) = start, and its estimated error: extrapolation of the midpoint rule.

    Every one of the ``steps`` is done by the modified midpoint rule with 2, 4, 6, ... substeps, extrapolated in the
    square of their length until two successive values agree to ``digits`` digits (Gragg, Bulirsch, Stoer).

    Args:
        field: from a list of numbers to the list of their speeds.

    Returns:
        the state, and the sum over the steps of the last change in the largest coordinate.

    Raises:
        ArithmeticError: a step did not settle; ask for more steps.
    """
    with mpmath.workdps(digits + 10):
        x, error = [mpmath.mpf(value) for value in start], mpmath.mpf(0)
        length = mpmath.mpf(time) / steps
        for _ in range(steps):
            x, change = _extrapolated_step(field, x, length, mpmath.mpf(10) ** -digits)
            error += change
        return x, error


def _extrapolated_step(field: Callable[[State], State], x: State, length: Any, tolerance: Any) -> tuple[State, Any]:
    slope, row = field(x), []
    for j in range(1, 25):
        new = [_midpoints(field, x, slope, length, 2 * j)]
        for k, previous in enumerate(row, start=1):
            ratio = (mpmath.mpf(j) / (j - k)) ** 2
            new.append([a + (a - b) / (ratio - 1) for a, b in zip(new[-1], previous, strict=True)])
        if row:
            change = max(abs(a - b) for a, b in zip(new[-1], row[-1], strict=True))
            if change <= tolerance * max(abs(a) for a in new[-1]):
                return new[-1], change
        row = new
    where = ", ".join(mpmath.nstr(value, 8) for value in x)
    raise ArithmeticError(f"the flow did not settle at x = {where}; ask for more steps")


def _midpoints(field: Callable[[State], State], x: State, slope: State, length: Any, count: int) -> State:
    h = length / count
    before, now = x, [a + h * v for a, v in zip(x, slope, strict=True)]
    for _ in range(count - 1):
        before, now = now, [a + 2 * h * v for a, v in zip(before, field(now), strict=True)]
    return [(a + b + h * v) / 2 for a, b, v in zip(before, now, field(now), strict=True)]


def limit_of_fit(values: Sequence[Any], gauges: Sequence[Sequence[Any]]) -> tuple[Any, Any]:
    """v in f = v + c_1 s_1 + ... + c_n s_n through the last n + 1 values, and its change with s_n left out.

    ``values``: f at points going to the limit; ``gauges``: for every point the gauge functions there, largest first.
    """

    def constant(terms: int) -> Any:
        rows = [[mpmath.mpf(1), *row[:terms]] for row in gauges[-terms - 1 :]]
        return mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix(list(values[-terms - 1 :])))[0]

    terms = len(gauges[-1])
    full = constant(terms)
    return full, abs(full - constant(terms - 1))
