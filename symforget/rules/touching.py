"""Rules for inequalities that hold because a convex function touches zero at one: logarithms and powers of ratios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Dummy, Expr, Integer, Symbol, expand, log, oo, together

from symforget.calculus import SampleIntegral, p_n, p_o, unfold
from symforget.derivation import ACCEPTED, Checked, Context, runs_from
from symforget.domain import Interval
from symforget.rational import cancelled
from symforget.rules.integrals import combined_integrand
from symforget.rules.intervals import is_smooth
from symforget.signs import is_nonnegative, is_positive, is_zero
from symforget.trees import mapped
from symforget.vanishing import vanishes_as_rational

POSITIVE = Interval.parse("(0, oo)")


@dataclass(frozen=True)
class ConvexTouching:
    """f(y) >= 0 for y > 0, because f(1) = f'(1) = 0 and f'' >= 0.

    ``curvature``: f'' in a form whose sign shows for y > 0 and all parameters of the claim.
    """

    f: Expr
    y: Symbol
    curvature: Expr

    def shown(self, context: Context) -> Checked:
        """Whether it is so: smooth on the positive numbers, the contact at 1, the curvature as stated, its sign."""
        inside = {**context.domain, self.y: POSITIVE}
        if not runs_from(self.y, Integer(0), oo, context):
            return Checked(False, f"{self.y} is declared what not every positive number is")
        if not is_smooth(self.f, inside):
            return Checked(False, f"{self.f} is not shown to be smooth for positive {self.y}")
        for k in range(2):
            if not is_zero(self.f.diff(self.y, k).subs(self.y, 1), context.domain):
                return Checked(False, f"derivative {k} of {self.f} does not vanish at 1")
        if not is_zero(self.f.diff(self.y, 2) - self.curvature, inside):
            return Checked(False, f"{self.curvature} is not the second derivative")
        if not is_nonnegative(self.curvature, inside):
            return Checked(False, f"the sign of {self.curvature} is not evident")
        return ACCEPTED

    def at(self, argument: Expr) -> Expr:
        """f at a positive argument."""
        return self.f.xreplace({self.y: argument})


Given = tuple[tuple[Symbol, Any, Expr], ...]
"""Names for quantities shown to be nonnegative: (name, `ConvexTouching` or `Bernoulli`, at which positive argument)."""


def opened(difference: Expr, given: Given, context: Context) -> Expr | Checked:
    """The difference with every name replaced by what it stands for, or why that is not allowed."""
    for name, why, argument in given:
        shown = why.shown(context)
        if not shown.ok:
            return shown
        if not name.is_nonnegative or not is_positive(argument, context.domain):
            return Checked(False, f"{name} must be declared nonnegative and its argument shown to be positive")
        if name in context.domain:
            return Checked(False, f"{name} is a parameter: name the quantity otherwise")
    return difference.xreplace({name: why.at(argument) for name, why, argument in given})


@dataclass(frozen=True)
class PointwiseGiven:
    """An inequality between integrals because it holds between the integrands at every point.

    ``difference``: larger integrand minus smaller, in p_o, p_n and the names in ``given``, in a form whose sign shows.
    """

    difference: Expr
    given: Given
    reason: str = "pointwise inequality"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "a pointwise inequality gives <= or >=")
        meant = opened(self.difference, self.given, context)
        if isinstance(meant, Checked):
            return meant
        smaller, larger = (before, after) if relation == "<=" else (after, before)
        if not _integrates_to_zero(unfold(larger) - unfold(smaller) - SampleIntegral(meant)):
            return Checked(False, "the stated difference is not the difference of the integrands")
        if is_nonnegative(self.difference, context.domain):
            return ACCEPTED
        return Checked(False, f"the sign of {self.difference} is not evident")


def _integrates_to_zero(expr: Expr) -> bool:
    """Whether the integrand is a constant times p_o - p_n once log(x/y) is written log x - log y.

    The constant is the integrand's value at p_o = 1, p_n = 0; logarithms are generators of the field.
    """
    integrand = combined_integrand(expr)
    if integrand is None:
        return False
    names: dict[Expr, Dummy] = {}

    def split(logarithm: Any) -> Expr:
        above, below = (expand(side) for side in together(logarithm.args[0]).as_numer_denom())
        return names.setdefault(above, Dummy("above")) - names.setdefault(below, Dummy("below"))

    plain = mapped(integrand, log, split)
    constant = cancelled(plain.xreplace({p_o: Integer(1), p_n: Integer(0)}))
    return not constant.has(*names.values()) and vanishes_as_rational(plain - constant * (p_o - p_n))


@dataclass(frozen=True)
class SignGiven:
    """The difference of the two sides is an expression in ``given`` names with an evident sign.

    ``difference``: the larger side minus the smaller one.
    """

    difference: Expr
    given: Given
    reason: str = "evident sign"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "the names stand for nonnegative quantities: only <= or >= follows")
        meant: Any = opened(self.difference, self.given, context)
        if isinstance(meant, Checked):
            return meant
        gap = after - before if relation == "<=" else before - after
        if not is_zero(gap - meant, context.domain):
            return Checked(False, "the stated difference is not the difference of the two sides")
        if is_nonnegative(self.difference, context.domain):
            return ACCEPTED
        return Checked(False, f"the sign of {self.difference} is not evident")


@dataclass(frozen=True)
class Bernoulli:
    """v^c - 1 - c (v - 1) >= 0 for v > 0 and a constant c >= 1: convex in v, touching zero at v = 1."""

    exponent: Expr

    def shown(self, context: Context) -> Checked:
        """Whether the exponent is shown to be at least one."""
        if is_nonnegative(self.exponent - 1, context.domain):
            return ACCEPTED
        return Checked(False, f"{self.exponent} is not shown to be at least 1")

    def at(self, argument: Expr) -> Expr:
        """The difference at a positive argument."""
        return argument**self.exponent - 1 - self.exponent * (argument - 1)
