"""Rules for ordinary integrals and limits: evaluate, compare integrands, bound from two sides, squeeze."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sympy import (
    Abs,
    Add,
    Derivative,
    Eq,
    Expr,
    Ge,
    Gt,
    Integer,
    Integral,
    Le,
    Limit,
    Lt,
    Mul,
    Poly,
    PolynomialError,
    Pow,
    Symbol,
    Tuple,
    atan,
    cos,
    cosh,
    count_ops,
    erf,
    exp,
    expand,
    log,
    oo,
    sech,
    sin,
    sinh,
    tanh,
)
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.functions.elementary.trigonometric import TrigonometricFunction

from symforget.calculus import SampleIntegral
from symforget.derivation import (
    ACCEPTED,
    RELATIONS,
    Checked,
    Context,
    Derivation,
    check_step,
    clashes,
    closes,
    runs_from,
)
from symforget.domain import Interval
from symforget.ends import limit_at_end
from symforget.functions import normal
from symforget.integration import integrals_valued
from symforget.signs import at_closed_upper_ends, is_nonnegative, is_positive, is_zero, parametrise
from symforget.trees import carried_out, renamed
from symforget.vanishing import vanishes_as_rational

NOT_AN_EQUALITY = Checked(False, "this rule justifies an equality only")


@dataclass(frozen=True)
class Evaluate:
    """Carry out the derivatives, substitutions and elementary integrals of the last expression."""

    reason: str = "evaluate"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if differentiates_under_an_integral(before) or differentiates_under_an_integral(after):
            return Checked(False, "a derivative under an integral sign needs a rule that justifies it")
        left, right = (carried_out(side).as_dummy() for side in (before, after))
        if vanishes_as_rational(left - right):
            return ACCEPTED
        opened, wanted = (integrals_valued(_positive_variables(s, context), context.domain) for s in (left, right))
        if opened is None or wanted is None:
            return Checked(False, "no value of an integral can be relied on")
        if is_zero(opened - wanted, context.domain):
            return ACCEPTED
        return Checked(False, f"evaluating gives {opened}")


def differentiates_under_an_integral(expr: Expr, justified: tuple[type, ...] = ()) -> bool:
    """Whether a derivative is of an integral or expectation whose integrand depends on its variable.

    ``justified``: the kinds for which the rule that asks looks for a majorant.
    """
    return any(
        type(integral) not in justified and set(derivative.variables) & _parameters_of(integral)
        for derivative in expr.atoms(Derivative)
        for integral in derivative.expr.find(_is_integral)
    )


def _is_integral(expr: Any) -> bool:
    """An integral over the line, an expectation, or an integral over samples, which knows what it stands for."""
    return isinstance(expr, (Integral, normal, SampleIntegral)) or hasattr(expr, "concrete")


def _parameters_of(integral: Any) -> set[Any]:
    if isinstance(integral, Integral):
        return integral.function.free_symbols - set(integral.variables)
    return integral.free_symbols


def _positive_variables(expr: Expr, context: Context) -> Expr:
    """Let ordinary integrals know that their variable is positive where both limits are."""

    def positive(integral: Any) -> Any:
        variable, lower, upper = integral.limits[0]
        if is_nonnegative(lower, context.domain) and is_nonnegative(upper, context.domain):
            s = Symbol(variable.name, positive=True)
            return Integral(integral.function.xreplace({variable: s}), (s, lower, upper))
        return integral

    return expr.replace(lambda e: isinstance(e, Integral) and len(e.limits) == 1 and len(e.limits[0]) == 3, positive)


@dataclass(frozen=True)
class UnderIntegralSign:
    """Compare two integrals over the same interval through their integrands.

    ``integrands``: a derivation of the inequality between the integrands in the integration variable, checked on
    ``interval``, which must contain the range of integration; the lower limit must not exceed the upper one. For a
    strict inequality one integrand must be smooth on the range, ends included: two integrals may both be infinite.
    """

    integrands: Derivation
    variable: Symbol
    interval: Any
    reason: str = "compare the integrands"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if not isinstance(before, Integral) or not isinstance(after, Integral):
            return Checked(False, "both expressions must be integrals")
        if len(before.limits) != 1 or len(after.limits) != 1 or clashes(self.variable, context, before, after):
            return Checked(False, f"one integral on each side, in which {self.variable} is no parameter")
        (x, low, high), (y, low2, high2) = before.limits[0], after.limits[0]
        if (low, high) != (low2, high2) or not covers(self.interval, low, high, context):
            return Checked(False, "the limits differ or leave the stated interval")
        if not runs_from(self.variable, low, high, context):
            return Checked(False, f"{self.variable} is declared what it is not on the whole range")
        bounded = low != -oo and high != oo
        if relation in ("<", ">") and not bounded:
            return Checked(False, "a strict inequality needs finite limits")
        if relation in ("<", ">") and not is_positive(high - low, context.domain):
            return Checked(False, "a strict inequality needs limits that differ")
        inside = replace(context, domain={**context.domain, self.variable: self.interval})
        steps = check_all_steps(self.integrands, inside)
        if not steps.ok:
            return steps
        left, right = renamed(before.function, x, self.variable), renamed(after.function, y, self.variable)
        if relation in ("<", ">"):
            reached = {**inside.domain, self.variable: _with_ends_reached(self.interval, low, high, context)}
            if not any(is_smooth(f, reached) for f in (left, right)):
                return Checked(False, "neither integral is shown to be finite")
        return closes(self.integrands, RELATIONS[relation](left, right, evaluate=False), inside)


def check_all_steps(derivation: Derivation, context: Context) -> Checked:
    """The first failure among the steps of a derivation's chains, or acceptance."""
    for chain in derivation.chains:
        before = chain.start
        for step in chain.steps:
            checked = check_step(before, step, context)
            if not checked.ok:
                return Checked(False, f"{step.rule.reason}: {checked.detail}")
            before = step.expression
    return ACCEPTED


@dataclass(frozen=True)
class ChangeOfVariable:
    """int_a^b f(x) dx = int_A^B f(g(s)) g'(s) ds with g(A) = a, g(B) = b, for g smooth and monotone on the line.

    ``g``: the old variable as an expression in ``new``. Being monotone, it stays between a and b.
    """

    g: Expr
    new: Symbol
    reason: str = "change of variable"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not isinstance(before, Integral) or not isinstance(after, Integral):
            return Checked(False, "both expressions must be integrals, and equal")
        if len(before.limits) != 1 or len(after.limits) != 1 or clashes(self.new, context, before, after):
            return Checked(False, f"one integral on each side, in which {self.new} is no parameter")
        (x, low, high), (s, new_low, new_high) = before.limits[0], after.limits[0]
        ends = ((low, new_low), (high, new_high))
        if not all(is_zero(self.g.subs(self.new, n) - o, context.domain) for o, n in ends):
            return Checked(False, "the limits do not correspond")
        if not runs_from(self.new, new_low, new_high, context):
            return Checked(False, f"{self.new} is declared what it is not on the whole range")
        moved = renamed(before.function, x, self.g) * self.g.diff(self.new)
        with_variable = {**context.domain, self.new: _WholeLine()}
        slope = self.g.diff(self.new)
        monotone = is_nonnegative(slope, with_variable) or is_nonnegative(-slope, with_variable)
        if not (monotone and is_smooth(self.g, with_variable)):
            return Checked(False, "the new variable is not shown to be a smooth monotone function")
        if is_zero(moved - renamed(after.function, s, self.new), with_variable):
            return ACCEPTED
        return Checked(False, "the integrand does not transform into this one")


class _WholeLine:
    from sympy import oo as upper

    lower = -upper
    lower_open = upper_open = True


@dataclass(frozen=True)
class Antiderivative:
    """int_a^b f(x) dx = F(b) - F(a), with F' = f checked and F shown to be smooth between the limits.

    ``F``: an expression in ``variable``, built from powers, exponentials, arc tangents and logarithms, whose bases
    below the line and logarithms' arguments are positive on ``interval``, which must contain the range of
    integration. At infinite ends `limit_at_end` finds the limits of F.
    """

    F: Expr
    variable: Symbol
    interval: Any
    reason: str = "antiderivative"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        scale, integral = before.as_independent(Integral, as_Add=False)
        if not isinstance(integral, Integral) or len(integral.limits) != 1 or len(integral.limits[0]) != 3:
            return Checked(False, "the last expression is not a constant times one definite integral")
        x, low, high = integral.limits[0]
        if clashes(self.variable, context, before):
            return Checked(False, f"{self.variable} is a parameter: name the variable of integration otherwise")
        if not covers(self.interval, low, high, context):
            return Checked(False, "the limits leave the stated interval")
        if not runs_from(self.variable, low, high, context):
            return Checked(False, f"{self.variable} is declared what it is not on the whole range")
        reached = _with_ends_reached(self.interval, low, high, context)
        inside = {**context.domain, self.variable: reached}
        if not is_smooth(self.F, inside):
            return Checked(False, "the antiderivative is not shown to be smooth")
        if not is_zero(self.F.diff(self.variable) - renamed(integral.function, x, self.variable), inside):
            return Checked(False, "its derivative is not the integrand")
        if self._has_value(Tuple(after, scale, self.F, low, high), context.domain):
            return ACCEPTED
        return Checked(False, "the difference between its ends is not shown to be this for all parameters")

    def _has_value(self, step: Tuple, domain: Any) -> bool:
        """Whether ``after`` is scale times F's difference between low and high, limits at infinite ends."""
        after, scale, F, low, high = step.xreplace(parametrise(domain))
        above, below = self._at(F, high), self._at(F, low)
        if above is None or below is None or not is_zero(scale * (above - below) - after, {}):
            return False
        return at_closed_upper_ends(self._has_value, step, domain)

    def _at(self, F: Expr, end: Expr) -> Expr | None:
        return limit_at_end(F, self.variable, end) if end.is_infinite else F.xreplace({self.variable: end})


def _with_ends_reached(interval: Any, low: Expr, high: Expr, context: Context) -> Any:
    """The interval with an open finite end closed where a limit is not seen to keep away from it."""

    def stays_open(end: Any, is_open: bool, gap: Expr) -> bool:
        return is_open and (not end.is_finite or is_positive(gap, context.domain))

    opens = (
        stays_open(interval.lower, interval.lower_open, low - interval.lower),
        stays_open(interval.upper, interval.upper_open, interval.upper - high),
    )
    return Interval(interval.lower, interval.upper, *opens)


def covers(interval: Any, low: Expr, high: Expr, context: Context) -> bool:
    """Whether lower end <= low <= high <= upper end for all parameters; an infinite end holds every limit."""
    if low == oo or high == -oo or (low == -oo and interval.lower != -oo) or (high == oo and interval.upper != oo):
        return False
    gaps = [] if low == -oo or high == oo else [high - low]
    if interval.lower.is_finite:
        gaps.append(low - interval.lower)
    if interval.upper.is_finite:
        gaps.append(interval.upper - high)
    return all(is_nonnegative(gap, context.domain) for gap in gaps)


def is_smooth(F: Expr, domain: Any) -> bool:
    """Powers, exponentials and logarithms of real expressions, with what they divide by or take roots of positive."""
    if not F.args:
        return True
    if isinstance(F, log):
        return is_positive(F.args[0], domain) and is_smooth(F.args[0], domain)
    if isinstance(F, Pow) and not isinstance(F, exp) and not (F.exp.is_Integer and F.exp.is_nonnegative):
        shown = F.exp.is_number and F.exp.is_real and is_positive(F.base, domain)
        return bool(shown) and is_smooth(F.base, domain)
    return isinstance(F, (Add, Mul, Pow, exp, atan)) and all(is_smooth(arg, domain) for arg in F.args)


def is_smooth_on_line(F: Expr, x: Symbol) -> bool:
    """Sums, products and positive powers of x and of exp, erf, cos, sin, cosh, sinh, tanh, sech of polynomials."""
    if not F.has(x) or x == F:
        return True
    if F.is_Add or F.is_Mul:
        return all(is_smooth_on_line(arg, x) for arg in F.args)
    if F.is_Pow and F.exp.is_Integer and F.exp.is_positive:
        return is_smooth_on_line(F.base, x)
    try:
        return isinstance(F, (exp, erf, cos, sin, cosh, sinh, tanh, sech)) and Poly(F.args[0], x).degree() >= 0
    except PolynomialError:
        return False


@dataclass(frozen=True)
class TwoSided:
    """|f - v| <= gap from f <= v + g and f >= v - h with g <= gap and h <= gap."""

    reason: str = "from both sides"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not isinstance(statement, Le) or not isinstance(statement.lhs, Abs):
            return Checked(False, "the statement is not |f - v| <= gap")
        inside, gap = statement.lhs.args[0], statement.rhs
        sides = [side for p in premises if (side := upper_side(p)) is not None]
        for sign in (1, -1):
            if not self._bounds(sign * inside, gap, sides, context):
                return Checked(False, f"no premise bounds {sign * inside} from above by the gap")
        return ACCEPTED

    def _bounds(self, quantity: Expr, gap: Expr, sides: list[tuple[Expr, Expr]], context: Context) -> bool:
        """Whether some ``smaller <= larger`` says quantity <= gap, or something stronger by an evident sign."""
        rooms = sorted((expand(gap - quantity - (larger - smaller)) for smaller, larger in sides), key=count_ops)
        return any(map(vanishes_as_rational, rooms)) or any(is_nonnegative(room, context.domain) for room in rooms)


def upper_side(premise: Any) -> tuple[Expr, Expr] | None:
    """(smaller, larger) of an inequality; None for anything else."""
    if isinstance(premise, (Le, Lt)):
        return premise.lhs, premise.rhs
    return (premise.rhs, premise.lhs) if isinstance(premise, (Ge, Gt)) else None


_ELEMENTARY = (exp, log, erf, atan, Abs, HyperbolicFunction, TrigonometricFunction)


def is_elementary(expr: Expr) -> bool:
    """Whether SymPy knows every function in the expression well enough to find its limits: no gate, no expectation."""
    known = not expr.args or expr.is_Add or expr.is_Mul or expr.is_Pow or isinstance(expr, _ELEMENTARY)
    return known and all(is_elementary(argument) for argument in expr.args if isinstance(argument, Expr))


@dataclass(frozen=True)
class Squeeze:
    """Conclude lim f = v from |f - v| <= gap with gap -> 0, or from lower <= f <= upper with both tending to v.

    The premises' chains must hold for every value of the limit variable in the claim's domain, which reaches the
    limit point. The bounds must be elementary functions, whose limits are found by `limit_at_end`.
    """

    reason: str = "squeeze"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not isinstance(statement, Eq) or not isinstance(statement.lhs, Limit):
            return Checked(False, "the statement is not a limit")
        f, x, point, _ = statement.lhs.args
        interval = context.domain.get(x)
        if interval is None or point not in (interval.lower, interval.upper):
            return Checked(False, f"the limit point is not an end of the domain of {x}")
        from_above = point == interval.lower
        if point.is_finite and str(statement.lhs.args[3]) != ("+" if from_above else "-"):
            return Checked(False, "the limit is not taken from inside the domain")
        sides = [side for p in premises if (side := upper_side(p)) is not None]
        if any(self._gap_closes(side, f - statement.rhs, statement.lhs, context) for side in sides):
            return ACCEPTED
        above = any(self._meets(f, lo, hi, statement, context) for lo, hi in sides)
        below = any(self._meets(f, hi, lo, statement, context) for lo, hi in sides)
        if above and below:
            return ACCEPTED
        return Checked(False, "no premises hold f between bounds that tend to the limit")

    def _gap_closes(self, side: tuple[Expr, Expr], difference: Expr, at: Any, context: Context) -> bool:
        smaller, gap = side
        if not isinstance(smaller, Abs):
            return False
        same = any(is_zero(smaller.args[0] - sign * difference, context.domain) for sign in (1, -1))
        return same and is_elementary(gap) and _tends_to(gap, Integer(0), at, context)

    def _meets(self, f: Expr, side: Expr, bound: Expr, statement: Any, context: Context) -> bool:
        """Whether the premise has f on this side, and its other side tends to the limit."""
        if not is_elementary(bound) or not is_zero(f - side, context.domain):
            return False
        return _tends_to(bound, statement.rhs, statement.lhs, context)


def _tends_to(bound: Expr, value: Expr, at: Any, context: Context) -> bool:
    """Whether the bound has this limit for all values of the parameters."""
    _, x, point, direction = at.args

    def has_limit(both: Tuple, domain: Any) -> bool:
        f, limit = both.xreplace(parametrise(domain))
        found = limit_at_end(f, x, point, str(direction))
        return found is not None and is_zero(found - limit, {}) and at_closed_upper_ends(has_limit, both, domain)

    return has_limit(Tuple(bound, value), {s: i for s, i in context.domain.items() if s != x})
