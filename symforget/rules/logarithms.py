"""Rules for integrands with a logarithm or an exponential that has an evident sign or bound."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Symbol, exp, log

from symforget.calculus import SampleIntegral, is_homogeneous, unfold
from symforget.derivation import ACCEPTED, NOT_OVER_THE_LINE, Checked, Context, runs_over_the_line
from symforget.functions import normal
from symforget.rules.gaussian import same_expectations
from symforget.rules.integrals import integrates_to_zero
from symforget.signs import is_nonnegative, is_positive, is_zero


@dataclass(frozen=True)
class LogarithmSign:
    """An inequality between integrals whose integrands differ by weight (y - 1) log y >= 0.

    ``weight``: nonnegative; ``y``: positive; both for all p_o, p_n > 0. Both factors (y - 1) and log y have the sign of
    y - 1. The step's difference (larger side minus smaller) must be the integral of the product.
    """

    weight: Expr
    y: Expr
    reason: str = "(y - 1) log y >= 0"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "a pointwise inequality gives <= or >=")
        if not is_nonnegative(self.weight, context.domain) or not is_positive(self.y, context.domain):
            return Checked(False, "weight and argument must be shown to be nonnegative and positive")
        product = self.weight * (self.y - 1) * log(self.y)
        if not is_homogeneous(product):
            return Checked(False, "the product is not homogeneous of degree one")
        smaller, larger = (before, after) if relation == "<=" else (after, before)
        if integrates_to_zero(unfold(larger) - unfold(smaller) - SampleIntegral(product), context):
            return ACCEPTED
        return Checked(False, "the integrands do not differ by weight (y - 1) log y")


@dataclass(frozen=True)
class LargestExponential:
    """E[weight exp(y)] <= exp(top) E[weight] for z ~ N(0, 1), where weight >= 0 and y <= top for every z.

    ``weight``, ``y``: expressions in ``z``, real for real z; ``room``: top - y in a form whose sign shows.
    """

    weight: Expr
    y: Expr
    top: Expr
    room: Expr
    z: Symbol
    reason: str = "the exponential is at most its largest value"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "<=":
            return Checked(False, "this rule bounds from above")
        if not runs_over_the_line(self.z, context, before, after):
            return NOT_OVER_THE_LINE
        if self.top.has(self.z) or not is_zero(self.top - self.y - self.room, context.domain):
            return Checked(False, f"{self.room} is not the room below the largest exponent")
        if not is_nonnegative(self.weight, context.domain) or not is_nonnegative(self.room, context.domain):
            return Checked(False, "the weight or the room is not shown to be nonnegative")
        sides = (normal(self.weight * exp(self.y), self.z), exp(self.top) * normal(self.weight, self.z))
        for side, expected in zip((before, after), sides, strict=True):
            same = same_expectations(side, expected, context)
            if not same.ok:
                return same
        return ACCEPTED
