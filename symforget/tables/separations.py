"""Separations at which a function of the separation passes a level: bisected, refined, certified by two signs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flint import arb, ctx
from sympy import Function

from symforget.fisher import fisher_condition_number
from symforget.precision import workprec

NAN = arb.nan()
FARTHEST, NEAREST = 64, arb(2) ** -12
COARSE_BITS, HALVINGS = 64, 24
GUARD_BITS = 24
WIDENINGS, WIDENING_BITS = 5, 8
"""An inexact weight moves the smallest eigenvalue by the condition number times as much: the signs need room."""

Decreasing = Callable[[arb], arb]


def crossing(f: Decreasing) -> arb:
    """A ball in which f passes from positive to negative, found downwards from FARTHEST; not finite if none is found.

    f is continuous, given by its balls at exact points; that it passes only once is not shown.
    """
    bits = ctx.prec
    with workprec(COARSE_BITS):
        bracket = _bracket(f)
        if bracket is None:
            return NAN
        low, high = bracket
        for _ in range(HALVINGS):
            middle = ((low + high) / 2).mid()
            value = f(middle)
            if not (value > 0 or value < 0):
                break
            low, high = (middle, high) if value > 0 else (low, middle)
    return _refined(f, low, high, bits)


def _bracket(f: Decreasing) -> tuple[arb, arb] | None:
    high = arb(FARTHEST)
    if not f(high) < 0:
        return None
    while high > NEAREST:
        low = (high / 2).mid()
        if f(low) > 0:
            return low, high
        high = low
    return None


def _refined(f: Decreasing, low: arb, high: arb, bits: int) -> arb:
    """The secant method at rising precision from a bracket, then a bracket as narrow as the precision allows."""
    points = [low, high]
    with workprec(bits + GUARD_BITS):
        values = [f(p).mid() for p in points]
        while abs(points[1] - points[0]) > abs(points[1]) * arb(2) ** (-bits // 2 - 4):
            if values[0] == values[1]:
                return NAN
            step = values[1] * (points[1] - points[0]) / (values[1] - values[0])
            points = [points[1], (points[1] - step).mid()]
            if not (points[1] > 0 and points[1] < 2 * FARTHEST):
                return NAN
            values = [values[1], f(points[1]).mid()]
        error = abs(points[1]) * arb(2) ** (2 - bits)
        centre = points[1] if values[0] == values[1] else _secant(points, values)
        for _ in range(WIDENINGS):
            left, right = (centre - error).mid(), (centre + error).mid()
            if f(left) > 0 and f(right) < 0:
                return left.union(right)
            error = error * 2**WIDENING_BITS
    return NAN


def _secant(points: list[arb], values: list[arb]) -> arb:
    return (points[1] - values[1] * (points[1] - points[0]) / (values[1] - values[0])).mid()


class separation_at_condition(Function):
    """A separation at which the condition number of the Fisher information passes a level, the largest found.

    `separation_at_condition(alpha, level)`; the information along mu_n - mu_o (d = 1), means whitened.
    """

    nargs = 2
    is_real = True

    @classmethod
    def ball(cls, alpha: arb, level: arb) -> arb:
        def excess(delta: arb) -> arb:
            ratio: Any = fisher_condition_number.ball(alpha, delta)
            return 1 - level / ratio

        return crossing(excess)


class sufficient_separation(Function):
    """The separation from which on the closed form of geometry/conditioning keeps the condition number below a level.

    `sufficient_separation(alpha, level)`: where (alpha (1-alpha) - tau) level = 1, tau = (3/2 + delta^2/4)
    sqrt(alpha (1-alpha)) exp(-delta^2/8), which decreases from delta = sqrt(2) on.
    """

    nargs = 2
    is_real = True

    @classmethod
    def ball(cls, alpha: arb, level: arb) -> arb:
        weight = alpha * (1 - alpha)

        def missing(delta: arb) -> arb:
            square = delta * delta
            tau = (arb(3) / 2 + square / 4) * weight.sqrt() * (-square / 8).exp()
            return 1 / level - weight + tau

        found = crossing(missing)
        return found if found * found > 2 else NAN
