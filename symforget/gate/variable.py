"""l as a number or as a power series: what lets one formula give S alone or S with its derivatives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import repeat
from operator import add, mul, truediv
from typing import Any

from flint import acb, acb_series, arb, arb_series

_LOG2 = math.log(2)
_ZERO = arb(0)


@lru_cache(maxsize=4096)
def tiny(bits: int) -> arb:
    """The ball [-2^-bits, 2^-bits]."""
    return arb(0, arb((1, -bits)))


def ball_of_log(nats: float) -> arb:
    """A ball round 0 whose radius is at least exp(nats); nats may carry a relative rounding error of
    1e-12.
    """
    if not nats < 1e15:
        return arb(0, arb.pos_inf())
    return tiny(-math.ceil(nats / _LOG2 + abs(nats) * 1e-11 + 0.5))


class Variable:
    """l + x to order x^order about an exact real or complex point; order 0 is the plain number.

    `value` enters formulas; `wrap` turns a constant into a factor for it; `real` = |Re l| and `imaginary` =
    |Im l| are floats for bounds (Re l is made non-negative: S is even). `radius` is that of the disc round
    l over which Cauchy's inequality bounds the neglected parts: 0 when no derivative is asked for.
    """

    def __init__(self, l: arb | acb, order: int) -> None:
        complex_ = isinstance(l, acb)
        real = l.real if complex_ else l
        self.reflected = bool(real < 0)
        if self.reflected:
            l, real = -l, -real
        self.order = order
        self.point = l
        self.real = float(real)
        self.imaginary = abs(float(l.imag)) if complex_ else 0.0
        self.complex = complex_
        self.radius = min(1.0, (math.pi - self.imaginary) / 2) if order else 0.0
        self._series: Any = acb_series if complex_ else arb_series
        self.value: Any = self._series([l, 1], order + 1) if order else l

    def wrap(self, constant: Any) -> Any:
        """A constant as a factor or summand of `value`."""
        return self._series([constant], self.order + 1) if self.order else constant

    def constant(self, quantity: Any) -> Any:
        """The constant term of a quantity made from `value`."""
        return quantity[0] if self.order else quantity

    def compose(self, coefficients: Sequence[Any], inner: Any) -> Any:
        """sum_i coefficients[i] (inner - inner(0))^i."""
        if not self.order:
            return coefficients[0]
        step = inner - self.wrap(inner[0])
        result = self.wrap(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            result = result * step + self.wrap(c)
        return result

    def stieltjes(self, weights: Sequence[arb], positions: Sequence[arb], kappa: Any) -> Any:
        """sum of weight/(kappa + position)."""
        start = self.constant(kappa)
        terms = list(map(truediv, weights, map(add, positions, repeat(start))))
        sums = [sum(terms, _ZERO)]
        if not self.order:
            return sums[0]
        ratios = [-1 / (start + position) for position in positions]
        for _ in range(self.order):
            terms = list(map(mul, terms, ratios))
            sums.append(sum(terms, _ZERO))
        return self.compose(sums, kappa)

    def derivatives(self, quantity: Any, log_errors: Sequence[float]) -> list[Any]:
        """[f, f', ..., f^(order)] with |error of f^(k)| <= exp(log_errors[k])."""
        if not self.order and not self.complex:
            return [quantity + ball_of_log(log_errors[0])]
        coefficients = [quantity[k] for k in range(self.order + 1)] if self.order else [quantity]
        result = []
        for k, (c, log_error) in enumerate(zip(coefficients, log_errors, strict=True)):
            error = ball_of_log(log_error)
            value = c * math.factorial(k) + (acb(error, error) if self.complex else error)
            result.append(-value if self.reflected and k % 2 else value)
        return result
