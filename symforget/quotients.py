"""Quotients of polynomials over the rationals, in FLINT: just what deciding whether one is zero needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx


@dataclass(frozen=True, slots=True)
class Quotient:
    """above/below in lowest terms, two `fmpq_mpoly` of one context."""

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
        above = self.above * theirs + other.above * mine
        # Whatever cancels divides what the denominators share.
        shared = above.gcd(common)
        return Quotient(above // shared, mine * theirs * (common // shared))

    def __mul__(self, other: Quotient) -> Quotient:
        first, second = self.above.gcd(other.below), other.above.gcd(self.below)
        return Quotient(
            (self.above // first) * (other.above // second), (self.below // second) * (other.below // first)
        )

    def __pow__(self, exponent: int) -> Quotient:
        if exponent >= 0:
            return Quotient(self.above**exponent, self.below**exponent)
        if self.is_zero:
            raise ZeroDivisionError
        return Quotient(self.below**-exponent, self.above**-exponent)


class Field:
    """Q(g0, g1, ...) with ``count`` generators; in the lexical order a generator stands above those after it."""

    def __init__(self, count: int) -> None:
        self._context = fmpq_mpoly_ctx.get([f"g{i}" for i in range(max(count, 1))], Ordering.lex)
        self._one = self._context.constant(1)
        self.generators = tuple(Quotient(g, self._one) for g in self._context.gens()[:count])

    def constant(self, p: int, q: int) -> Quotient:
        return Quotient(self._context.constant(fmpq(p, q)), self._one)
