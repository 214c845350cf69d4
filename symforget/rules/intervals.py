"""Rules for ordinary integrals and limits: evaluate, compare integrands, change the variable, squeeze."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sympy import Abs, Eq, Expr, Ge, Integral, Le, Limit, Symbol, limit

from symforget.derivation import ACCEPTED, RELATIONS, Checked, Context, Derivation, closes
from symforget.signs import is_nonnegative, is_zero

NOT_AN_EQUALITY = Checked(False, "this rule justifies an equality only")


@dataclass(frozen=True)
class Evaluate:
    """Carry out the derivatives, substitutions and elementary integrals of the last expression."""

    reason: str = "evaluate"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        opened = _positive_variables(before, context).doit()
        if is_zero(opened - _positive_variables(after, context).doit(), context.domain):
            return ACCEPTED
        return Checked(False, f"evaluating gives {opened}")


def _positive_variables(expr: Expr, context: Context) -> Expr:
    """Let ordinary integrals know that their variable is positive where both limits are."""

    def positive(integral: Any) -> Any:
        variable, lower, upper = integral.limits[0]
        if is_nonnegative(lower, context.domain) and is_nonnegative(upper, context.domain):
            s = Symbol(variable.name, positive=True)
            return Integral(integral.function.xreplace({variable: s}), (s, lower, upper))
        return integral

    return expr.replace(lambda e: isinstance(e, Integral) and len(e.limits[0]) == 3, positive)


@dataclass(frozen=True)
class UnderIntegralSign:
    """Compare two integrals over the same interval through their integrands.

    ``integrands``: a derivation of the inequality between the integrands in the integration variable, checked on
    ``interval``, which must contain the range of integration; the lower limit must not exceed the upper one.
    """

    integrands: Derivation
    variable: Symbol
    interval: Any
    reason: str = "compare the integrands"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if not isinstance(before, Integral) or not isinstance(after, Integral):
            return Checked(False, "both expressions must be integrals")
        (x, low, high), (y, low2, high2) = before.limits[0], after.limits[0]
        if (low, high) != (low2, high2) or not self._covers(low, high, context):
            return Checked(False, "the limits differ or leave the stated interval")
        inside = replace(context, domain={**context.domain, self.variable: self.interval})
        steps = check_all_steps(self.integrands, inside)
        if not steps.ok:
            return steps
        left, right = before.function.xreplace({x: self.variable}), after.function.xreplace({y: self.variable})
        return closes(self.integrands, RELATIONS[relation](left, right, evaluate=False), inside)

    def _covers(self, low: Expr, high: Expr, context: Context) -> bool:
        return all(
            is_nonnegative(gap, context.domain)
            for gap in (low - self.interval.lower, self.interval.upper - high)
        )


def check_all_steps(derivation: Derivation, context: Context) -> Checked:
    """The first failure among the steps of a derivation's chains, or acceptance."""
    for chain in derivation.chains:
        before = chain.start
        for step in chain.steps:
            checked = step.rule.check(before, step.relation, step.expression, context)
            if not checked.ok:
                return Checked(False, f"{step.rule.reason}: {checked.detail}")
            before = step.expression
    return ACCEPTED


@dataclass(frozen=True)
class ChangeOfVariable:
    """int_a^b f(x) dx = int_A^B f(g(s)) g'(s) ds with g(A) = a, g(B) = b and g differentiable between.

    ``g``: the old variable as an expression in ``new``.
    """

    g: Expr
    new: Symbol
    reason: str = "change of variable"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not isinstance(before, Integral) or not isinstance(after, Integral):
            return Checked(False, "both expressions must be integrals, and equal")
        (x, low, high), (s, new_low, new_high) = before.limits[0], after.limits[0]
        ends = ((low, new_low), (high, new_high))
        if not all(is_zero(self.g.subs(self.new, n) - o, context.domain) for o, n in ends):
            return Checked(False, "the limits do not correspond")
        moved = before.function.xreplace({x: self.g}) * self.g.diff(self.new)
        with_variable = {**context.domain, self.new: _WholeLine()}
        if is_zero(moved - after.function.xreplace({s: self.new}), with_variable):
            return ACCEPTED
        return Checked(False, "the integrand does not transform into this one")


class _WholeLine:
    from sympy import oo as upper

    lower = -upper
    lower_open = upper_open = True


@dataclass(frozen=True)
class Squeeze:
    """Conclude lim f = v from |f - v| <= gap, where SymPy finds that gap tends to zero.

    The premise must be the single chain |f - v| <= gap (or the same with <).
    """

    reason: str = "squeeze"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not isinstance(statement, Eq) or not isinstance(statement.lhs, Limit):
            return Checked(False, "the statement is not a limit")
        f, x, point, direction = statement.lhs.args
        for premise in premises:
            side = premise if isinstance(premise, Le) else premise.reversed if isinstance(premise, Ge) else None
            if side is None or not isinstance(side.lhs, Abs):
                continue
            inside = side.lhs.args[0]
            same = any(is_zero(inside - sign * (f - statement.rhs), context.domain) for sign in (1, -1))
            if same and limit(side.rhs, x, point, str(direction)) == 0:
                return ACCEPTED
        return Checked(False, "no premise bounds |f - limit| by something that tends to zero")


