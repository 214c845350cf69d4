"""Rules for planar linear systems: the roots of s^2 - T s + D through their sum T and product D."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Abs, Add, Expr, Integer, Max, Symbol, sqrt, sympify

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


def _sizes(expr: Expr) -> list[Expr]:
    """The x, y, ... of Max(|x|, |y|, ...) or |x|; what is nonnegative is its own size."""
    terms = expr.args if isinstance(expr, Max) else (expr,)
    return [t.args[0] if isinstance(t, Abs) else t for t in terms if isinstance(t, Abs) or t.is_nonnegative]


def _is_size(expr: Expr) -> bool:
    return len(_sizes(expr)) == (len(expr.args) if isinstance(expr, Max) else 1)


def _same_size(x: Expr, y: Expr, context: Context) -> bool:
    return is_zero(x - y, context.domain) or is_zero(x + y, context.domain)


@dataclass(frozen=True)
class SizeOfMean:
    """|(1 - theta) x + theta y| <= max(|x|, |y|) for theta in [0, 1]."""

    theta: Symbol
    x: Expr
    y: Expr
    reason: str = "the size of a mean is at most the larger size"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        interval = context.domain.get(self.theta)
        if relation != "<=" or interval is None or interval.lower < 0 or interval.upper > 1:
            return Checked(False, f"the step must be <= with {self.theta} confined to [0, 1]")
        mean = (1 - self.theta) * self.x + self.theta * self.y
        if not isinstance(before, Abs) or not _same_size(before.args[0], mean, context):
            return Checked(False, "the last expression is not the size of that mean")
        return ACCEPTED if after == Max(Abs(self.x), Abs(self.y)) else Checked(False, "not the larger of the two sizes")


@dataclass(frozen=True)
class SizesBelow:
    """max(|x|, |y|, ...) < c (or <= c), because c - x, c + x, c - y, ... are shown to be positive (nonnegative)."""

    reason: str = "every size is below it"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<", "<=") or not _is_size(before):
            return Checked(False, "this rule bounds sizes from above")
        shown = is_positive if relation == "<" else is_nonnegative
        for x in _sizes(before):
            if not (shown(after - x, context.domain) and shown(after + x, context.domain)):
                return Checked(False, f"the size of {x} is not shown to be below {after}")
        return ACCEPTED


@dataclass(frozen=True)
class SizesAtLeast:
    """max(|x|, |y|, ...) >= w_1 x + w_2 y + ..., where |w_1| + |w_2| + ... <= 1.

    ``terms``: the x, y, ... taken from the last expression, ``weights``: the w_k, ``signs``: their signs, 1 or -1.
    """

    terms: tuple[Expr, ...]
    weights: tuple[Expr, ...]
    signs: tuple[int, ...]
    reason: str = "the largest size is at least any mean of them"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != ">=" or not _is_size(before):
            return Checked(False, "this rule bounds sizes from below")
        if not all(sign in (1, -1) for sign in self.signs):
            return Checked(False, "a sign is 1 or -1")
        if not all(any(_same_size(t, x, context) for x in _sizes(before)) for t in self.terms):
            return Checked(False, "a term is not among the sizes")
        sizes = [sign * sympify(w) for sign, w in zip(self.signs, self.weights, strict=True)]
        room = 1 - sum(sizes, Integer(0))
        if not all(is_nonnegative(w, context.domain) for w in sizes) or not (
            is_zero(room, context.domain) or is_nonnegative(room, context.domain)
        ):
            return Checked(False, "the weights have other signs, or add up to more than one")
        total = sum((w * t for w, t in zip(self.weights, self.terms, strict=True)), Integer(0))
        return ACCEPTED if is_zero(after - total, context.domain) else Checked(False, "the sum is another one")


@dataclass(frozen=True)
class SameSize:
    """max(|x|, |y|, ...) = v, because every x, y, ... is v or -v, and v >= 0."""

    reason: str = "all have the same size"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not _is_size(before) or not is_nonnegative(after, context.domain):
            return Checked(False, "the step must set the largest size equal to something nonnegative")
        for x in _sizes(before):
            if not _same_size(x, after, context):
                return Checked(False, f"the size of {x} is another one")
        return ACCEPTED
