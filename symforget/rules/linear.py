"""Rules for planar linear systems: the roots of s^2 - T s + D through their sum T and product D."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Abs, Add, Expr, sqrt

from symforget.derivation import ACCEPTED, Checked, Context
from symforget.signs import is_nonnegative, is_positive, is_zero


@dataclass(frozen=True)
class SmallerRoot:
    """The smaller root (T - sqrt(T^2 - 4 D))/2 of p(s) = s^2 - T s + D against a bound b.

    The root is at most b where p(b) <= 0 (b lies between the roots); it is at least b where p(b) >= 0 and b <= T/2 (b
    lies on the smaller root's side). ``total``: T; ``product``: D; ``discriminant``: T^2 - 4 D as a sum of
    terms whose signs show; ``value``: p(b) for a lower bound and -p(b) for an upper one, in a form whose sign shows.
    """

    total: Expr
    product: Expr
    discriminant: Expr
    value: Expr
    reason: str = "the sign of the characteristic polynomial at the bound"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "this rule bounds the smaller root by <= or >=")
        real = _real_roots(self.total, self.product, self.discriminant, context)
        if not real.ok:
            return real
        root = (self.total - sqrt(self.total**2 - 4 * self.product)) / 2
        if not is_zero(before - root, context.domain):
            return Checked(False, f"the last expression is not the smaller root {root}")
        at_bound = after**2 - self.total * after + self.product
        if not is_zero((at_bound if relation == ">=" else -at_bound) - self.value, context.domain):
            return Checked(False, f"{self.value} is not the polynomial at the bound")
        if not is_nonnegative(self.value, context.domain):
            return Checked(False, f"the sign of {self.value} is not evident")
        if relation == ">=" and not is_nonnegative(self.total - 2 * after, context.domain):
            return Checked(False, "the bound is not shown to be at most half the sum of the roots")
        return ACCEPTED


@dataclass(frozen=True)
class InsideUnitDisc:
    """The larger modulus (|T| + sqrt(T^2 - 4 D))/2 of two real roots is below one (criterion of Schur, Cohn and Jury).

    It is where p(1) > 0, p(-1) > 0 and D < 1. ``discriminant``, ``at_one``, ``at_minus_one``, ``room``: T^2 - 4 D,
    p(1), p(-1) and 1 - D in forms whose signs show.
    """

    total: Expr
    product: Expr
    discriminant: Expr
    at_one: Expr
    at_minus_one: Expr
    room: Expr
    reason: str = "p(1) > 0, p(-1) > 0 and determinant < 1 (criterion of Schur, Cohn and Jury)"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<", "<=") or after != 1:
            return Checked(False, "this rule shows that a modulus is below one")
        real = _real_roots(self.total, self.product, self.discriminant, context)
        if not real.ok:
            return real
        modulus = (Abs(self.total) + sqrt(self.total**2 - 4 * self.product)) / 2
        if before != modulus:
            return Checked(False, f"the last expression is not {modulus}")
        values = (1 - self.total + self.product, 1 + self.total + self.product, 1 - self.product)
        for value, shown in zip(values, (self.at_one, self.at_minus_one, self.room), strict=True):
            if not is_zero(value - shown, context.domain):
                return Checked(False, f"{shown} is not {value}")
            if not is_positive(shown, context.domain):
                return Checked(False, f"{shown} is not shown to be positive")
        return ACCEPTED


def _real_roots(total: Expr, product: Expr, discriminant: Expr, context: Context) -> Checked:
    if not is_zero(total**2 - 4 * product - discriminant, context.domain):
        return Checked(False, f"{discriminant} is not the discriminant")
    if not all(is_nonnegative(term, context.domain) for term in Add.make_args(discriminant)):
        return Checked(False, f"the sign of a term of {discriminant} is not evident")
    return ACCEPTED
