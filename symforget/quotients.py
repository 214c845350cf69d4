"""Quotients of polynomials over the rationals, in FLINT: just what deciding whether one is zero needs."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx

LARGEST = 10**5
"""What is multiplied out: products of two terms in one product, and terms times exponent in one power."""


class TooLarge(ArithmeticError):
    """A product or power is not multiplied out: no alarm would stop FLINT at it."""


@dataclass(frozen=True, slots=True)
class Quotient:
    """above/below in lowest terms, two `fmpq_mpoly` of one context.

    Raises, in all of its arithmetic:
        TooLarge: see `LARGEST`.
    """

    above: Any
    below: Any

    @property
    def is_zero(self) -> bool:
        return self.above.is_zero()

    @property
    def is_polynomial(self) -> bool:
        return self.below.is_constant()

    def __add__(self, other: Quotient) -> Quotient:
        common = self.below.gcd(other.below)
        mine, theirs = self.below // common, other.below // common
        above = _product(self.above, theirs) + _product(other.above, mine)
        # Whatever cancels divides what the denominators share.
        shared = above.gcd(common)
        return Quotient(above // shared, _product(_product(mine, theirs), common // shared))

    def __mul__(self, other: Quotient) -> Quotient:
        first, second = self.above.gcd(other.below), other.above.gcd(self.below)
        return Quotient(
            _product(self.above // first, other.above // second), _product(self.below // second, other.below // first)
        )

    def __pow__(self, exponent: int) -> Quotient:
        if exponent >= 0:
            return Quotient(_power(self.above, exponent), _power(self.below, exponent))
        if self.is_zero:
            raise ZeroDivisionError
        return Quotient(_power(self.below, -exponent), _power(self.above, -exponent))


def _product(first: Any, second: Any) -> Any:
    if len(first) * len(second) > LARGEST:
        raise TooLarge
    return first * second


def _power(base: Any, exponent: int) -> Any:
    others = max(len(base) - 1, 0)
    if exponent > LARGEST or exponent * comb(exponent + others, others) > LARGEST:
        raise TooLarge
    return base**exponent


class Field:
    """Q(g0, g1, ...) with ``count`` generators; in the lexical order a generator stands above those after it."""

    def __init__(self, count: int) -> None:
        self._context = fmpq_mpoly_ctx.get([f"g{i}" for i in range(max(count, 1))], Ordering.lex)
        self._one = self._context.constant(1)
        self.generators = tuple(Quotient(g, self._one) for g in self._context.gens()[:count])

    def constant(self, p: int, q: int) -> Quotient:
        return Quotient(self._context.constant(fmpq(p, q)), self._one)
