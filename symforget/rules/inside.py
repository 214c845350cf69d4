"""Rules that act inside an expression: equals for equals, affine and monotone functions of both sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Dummy, Expr, Gt, Lambda

from symforget.derivation import ACCEPTED, RELATIONS, Checked, Context, Derivation, Rule
from symforget.domain import Interval
from symforget.rules.intervals import check_all_steps, is_smooth
from symforget.signs import is_nonnegative, is_positive, is_zero
from symforget.trees import bound_symbols

_V = Dummy("v", positive=True)


@dataclass(frozen=True)
class Replace:
    """Equals for equals: one side of the step is the other with ``old`` replaced by ``new``, equal by the rule ``by``.

    ``old`` may not contain a variable bound in the expression, since ``by`` is checked for free parameters only.
    """

    old: Expr
    new: Expr
    by: Rule
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.reason:
            object.__setattr__(self, "reason", self.by.reason)

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return Checked(False, "this rule justifies an equality only")
        for whole, other in ((before, after), (after, before)):
            if not whole.has(self.old) or not _same(whole.xreplace({self.old: self.new}), other, context):
                continue
            if (self.old.free_symbols | self.new.free_symbols) & bound_symbols(whole):
                return Checked(False, f"{self.old} contains a bound variable")
            return self.by.check(self.old, "=", self.new, context)
        return Checked(False, f"replacing {self.old} does not give this")


@dataclass(frozen=True)
class Affine:
    """Both sides of a step that ``rule`` justifies, times ``factor`` (of one sign), plus ``shift``."""

    rule: Rule
    factor: Expr | int = 1
    shift: Expr | int = 0

    @property
    def reason(self) -> str:
        return self.rule.reason

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if is_positive(self.factor, context.domain):
            inner = relation
        elif is_positive(-self.factor, context.domain):
            inner = _REVERSED[relation]
        else:
            return Checked(False, f"the sign of {self.factor} is not evident")
        return self.rule.check(self._inside(before), inner, self._inside(after), context)

    def _inside(self, side: Expr) -> Expr:
        return (side - self.shift) / self.factor


@dataclass(frozen=True)
class Monotone:
    """From 0 < x R y to f(x) R f(y) for f increasing on the positive numbers, reversed for f decreasing.

    ``function``: f as a Lambda of one variable, with parameters of the claim; ``inner``: a derivation of x R y (or of
    x = y), single chain; ``positive``: a derivation of x > 0 or of y > 0, whichever is the smaller of the two, needed
    where that is not evident.
    """

    function: Lambda
    inner: Derivation
    positive: Derivation | None = None
    reason: str = "monotone function"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        inner = self.inner.chain.proved
        if inner is None or self.inner.earlier or self.inner.conclusion is not None:
            return Checked(False, "the inner derivation is not one chain")
        if not _same(self.function(inner.lhs), before, context) or not _same(self.function(inner.rhs), after, context):
            return Checked(False, "the two sides are not the function of the inner ones")
        for step in (self._steps(context), self._positivity(inner, context)):
            if not step.ok:
                return step
        return self._direction(inner, relation, context)

    def _steps(self, context: Context) -> Checked:
        return check_all_steps(self.inner, context)

    def _positivity(self, inner: Any, context: Context) -> Checked:
        smaller = inner.lhs if isinstance(inner, (RELATIONS["<="], RELATIONS["<"])) else inner.rhs
        if is_positive(smaller, context.domain):
            return ACCEPTED
        if self.positive is None or self.positive.conclusion is not None or self.positive.earlier:
            return Checked(False, f"{smaller} is not shown to be positive")
        shown = self.positive.chain.proved
        if not isinstance(shown, Gt) or shown.rhs != 0 or not _same(shown.lhs, smaller, context):
            return Checked(False, f"the derivation given does not prove {smaller} > 0")
        return check_all_steps(self.positive, context)

    def _direction(self, inner: Any, relation: str, context: Context) -> Checked:
        v = _V
        wider = {**context.domain, v: Interval.parse("(0, oo)")}
        if not is_smooth(self.function(v), wider):
            return Checked(False, "the function is not shown to be smooth on the positive numbers")
        slope = self.function(v).diff(v)
        signs = [sign for sign in (1, -1) if is_nonnegative(sign * slope, wider)]
        if not signs:
            return Checked(False, "the function is not shown to be monotone")
        given = next(symbol for symbol, kind in RELATIONS.items() if type(inner) is kind)
        derived = given if signs[0] == 1 else _REVERSED[given]
        if derived in ("<", ">") and not is_positive(signs[0] * slope, wider):
            derived += "="
        if relation in (derived, derived[0] + "=") or (derived == "=" and relation in ("<=", ">=")):
            return ACCEPTED
        return Checked(False, f"the inner relation gives {derived}, not {relation}")


_REVERSED = {"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _same(left: Expr, right: Expr, context: Context) -> bool:
    return is_zero(left - right, context.domain)
