"""Rules for inequalities between expectations of functions of a standard normal variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Eq, Expr, Ge, Gt, Le, Lt, Min, Symbol

from symforget.calculus import SampleIntegral
from symforget.derivation import ACCEPTED, NOT_OVER_THE_LINE, Checked, Context, any_real, clashes, runs_over_the_line
from symforget.rules.gaussian import combined_normal
from symforget.rules.intervals import is_smooth_on_line
from symforget.signs import is_nonnegative, is_zero
from symforget.trees import bound_symbols


@dataclass(frozen=True)
class TouchesZero:
    """f(x) >= 0 for real x: f and its derivatives below an even order vanish at 0, and that one is >= 0.

    Integrating an even number of times from 0 keeps the sign on both sides. ``derivative``: the derivative
    of order ``order``, in a form whose sign shows.
    """

    f: Expr
    x: Symbol
    order: int
    derivative: Expr

    def shown(self) -> Checked:
        """Whether it is so: zeros at 0, the derivative as stated, and its sign."""
        if self.order < 2 or self.order % 2 or not any_real(self.x):
            return Checked(False, "the order must be even and the variable any real number")
        if not is_smooth_on_line(self.f, self.x):
            return Checked(False, f"{self.f} is not shown to be smooth on the whole line")
        for k in range(self.order):
            if self.f.diff(self.x, k).subs(self.x, 0) != 0:
                return Checked(False, f"derivative {k} of {self.f} does not vanish at 0")
        if not is_zero(self.f.diff(self.x, self.order) - self.derivative, {}):
            return Checked(False, f"{self.derivative} is not the derivative of order {self.order}")
        if not is_nonnegative(self.derivative, {}):
            return Checked(False, f"the sign of {self.derivative} is not evident")
        return ACCEPTED

    def at(self, argument: Expr) -> Expr:
        """f at a real argument."""
        return self.f.xreplace({self.x: argument})


@dataclass(frozen=True)
class PointwiseExpectation:
    """An inequality between expectations because it holds between the integrands for every real z.

    ``difference``: larger integrand minus smaller as an expression in ``z``, in a form whose sign shows.
    Names in ``given`` stand for quantities shown to be nonnegative: (name, why, at which real argument).
    """

    difference: Expr
    z: Symbol
    given: tuple[tuple[Symbol, TouchesZero, Expr], ...] = ()
    reason: str = "pointwise inequality under the expectation"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "a pointwise inequality gives <= or >=")
        if not runs_over_the_line(self.z, context, before, after):
            return NOT_OVER_THE_LINE
        for name, why, argument in self.given:
            shown = why.shown()
            if not shown.ok:
                return shown
            if not name.is_nonnegative or not argument.is_real:
                return Checked(False, f"{name} must be declared nonnegative and its argument real")
            if clashes(name, context, before, after):
                return Checked(False, f"{name} is a parameter: name the quantity otherwise")
        smaller, larger = (before, after) if relation == "<=" else (after, before)
        gap = combined_normal(larger - smaller, self.z)
        if gap is None:
            return Checked(False, "not affine in the expectations")
        opened = self.difference.xreplace({name: why.at(argument) for name, why, argument in self.given})
        if not is_zero(gap - opened, context.domain):
            return Checked(False, "the stated difference is not the difference of the integrands")
        if is_nonnegative(self.difference, context.domain):
            return ACCEPTED
        return Checked(False, f"the sign of {self.difference} is not evident")


@dataclass(frozen=True)
class SmallerOf:
    """x <= F(min(a, b)) from x <= F(a) and x <= F(b): the minimum is one of the two."""

    reason: str = "the smaller of the two bounds"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not isinstance(statement, Le) or len(statement.rhs.atoms(Min)) != 1:
            return Checked(False, "the statement is not an upper bound with one minimum in it")
        (minimum,) = statement.rhs.atoms(Min)
        if bound_symbols(statement.rhs) & minimum.free_symbols or any(
            e.has(Min) for e in statement.rhs.atoms(SampleIntegral)
        ):
            return Checked(False, "the minimum is taken under an integral, where it is now one and now the other")
        for choice in minimum.args:
            wanted = statement.rhs.xreplace({minimum: choice})
            if not any(_is_upper_bound(p, statement.lhs, wanted, context) for p in premises):
                return Checked(False, f"no chain gives the bound {wanted}")
        return ACCEPTED


def _is_upper_bound(premise: Any, left: Expr, right: Expr, context: Context) -> bool:
    side = premise.reversed if isinstance(premise, (Ge, Gt)) else premise
    same = is_zero(side.lhs - left, context.domain) and is_zero(side.rhs - right, context.domain)
    return same and isinstance(side, (Eq, Le, Lt))
