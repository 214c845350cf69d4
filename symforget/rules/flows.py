"""Rules for gradients and speeds along a flow: another coordinate, slopes bounded below, reciprocals of speeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sympy import (
    Derivative,
    Dummy,
    Eq,
    Expr,
    Ge,
    Integral,
    Le,
    Min,
    Subs,
    Symbol,
    default_sort_key,
    exp,
    log,
    nan,
    oo,
    sympify,
    zoo,
)

from symforget.calculus import H, SampleIntegral, mixture, p_n, p_o
from symforget.derivation import (
    ACCEPTED,
    RELATIONS,
    Checked,
    Context,
    Derivation,
    Rule,
    clashes,
    closes,
    densities_differ,
    runs_from,
)
from symforget.domain import Interval
from symforget.instances import is_of_the_pair
from symforget.rules.algebra import value_allowed, variables_of
from symforget.rules.integrals import integrates_to_zero
from symforget.rules.intervals import check_all_steps, differentiates_under_an_integral
from symforget.signs import is_nonnegative, is_positive, is_zero
from symforget.tower import lowest_terms
from symforget.trees import carried_out, differentiates_a_kink, mapped, put_at_points, renamed


@dataclass(frozen=True)
class ChainRule:
    """From dF/dx = R for every x in its interval: d/ds F(g(s)) = g'(s) R(g(s)), where g maps into that interval.

    ``variable``: x. ``inner``: g(s), an expression in ``new``. The last premise of the right form is used.
    """

    variable: Symbol
    inner: Expr
    new: Symbol
    reason: str = "chain rule"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not isinstance(statement, Eq) or not isinstance(statement.lhs, Derivative):
            return Checked(False, "the statement is not a derivative, set equal to something")
        if statement.lhs.variables != (self.new,) or not _maps_into(self.inner, self.variable, context):
            return Checked(False, f"{self.inner} may leave the interval of {self.variable}")
        if differentiates_a_kink(Derivative(self.inner, self.new)):
            return Checked(False, f"{self.inner} is not seen to have a derivative")
        for premise in reversed(premises):
            if isinstance(premise, Eq) and self._follows(premise, statement, context):
                return ACCEPTED
        return Checked(False, "no premise gives this by the chain rule")

    def _follows(self, premise: Any, statement: Any, context: Context) -> bool:
        if not isinstance(premise.lhs, Derivative) or premise.lhs.variables != (self.variable,):
            return False
        if premise.lhs.expr.has(self.new) or premise.rhs.has(self.new):
            return False
        bound = variables_of(premise.lhs.expr) | variables_of(premise.rhs)
        if bound & (self.inner.free_symbols | {self.variable}):
            return False
        outer = premise.lhs.expr.subs(self.variable, self.inner)
        slope = self.inner.diff(self.new) * _simple_limits(premise.rhs.subs(self.variable, self.inner))
        return integrates_to_zero(outer - statement.lhs.expr, context) and is_zero(
            slope - _simple_limits(statement.rhs), context.domain
        )


def _maps_into(inner: Expr, variable: Symbol, context: Context) -> bool:
    interval = context.domain.get(variable)
    if interval is None:
        return False
    low = not interval.lower.is_finite or is_positive(inner - interval.lower, context.domain)
    return low and (not interval.upper.is_finite or is_positive(interval.upper - inner, context.domain))


def _simple_limits(expr: Expr) -> Expr:
    def simple(integral: Any) -> Any:
        limits = [(limit[0], *map(lowest_terms, limit[1:])) for limit in integral.limits]
        return Integral(integral.function, *limits)

    return mapped(expr, Integral, simple)


def _simple_weights(expr: Expr) -> Expr:
    """Every gate at its weight in lowest terms."""
    return mapped(expr, H, lambda h: H(lowest_terms(h.args[0])))


@dataclass(frozen=True)
class SlopeAtLeast:
    """(x - a) int_a^x f(b) db >= c (x - a)^2 whichever of a, x is larger, because f >= c between them.

    ``slope``: a derivation of f(b) >= c in ``variable``, valid on ``interval``, which must contain a and x.
    ``times``: a nonnegative factor on both sides.
    """

    slope: Derivation
    variable: Symbol
    interval: Interval
    times: Any = 1
    reason: str = "integrate the lower bound of the slope"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        integrals = sorted(before.atoms(Integral), key=default_sort_key)
        if relation != ">=" or len(integrals) != 1 or len(integrals[0].limits) != 1:
            return Checked(False, "the step must bound one integral from below")
        if clashes(self.variable, context, before, after):
            return Checked(False, f"{self.variable} is a parameter: name the variable of integration otherwise")
        (b, a, x) = integrals[0].limits[0]
        if not _inside((a, x), self.interval, context) or not is_nonnegative(self.times, context.domain):
            return Checked(False, "the range of integration may leave the stated interval")
        if not runs_from(self.variable, a, x, context):
            return Checked(False, f"{self.variable} is declared what it is not on the whole range")
        inside = replace(context, domain={**context.domain, self.variable: self.interval})
        steps = check_all_steps(self.slope, inside)
        if not steps.ok:
            return steps
        proved = self.slope.chain.proved
        bound = proved.rhs if proved is not None else None
        if bound is None or bound.has(self.variable):
            return Checked(False, "the bound of the slope must be one constant")
        integrand = renamed(integrals[0].function, b, self.variable)
        shown = closes(self.slope, RELATIONS[">="](integrand, bound, evaluate=False), inside)
        if not shown.ok:
            return shown
        factor = sympify(self.times) * (x - a)
        if is_zero(before - factor * integrals[0], context.domain) and is_zero(
            after - factor * bound * (x - a), context.domain
        ):
            return ACCEPTED
        return Checked(False, "the step is not (x - a) int_a^x f >= c (x - a)^2")


def _inside(points: tuple[Expr, ...], interval: Any, context: Context) -> bool:
    return all(
        context.domain.get(p) == interval
        or (is_nonnegative(p - interval.lower, context.domain) and is_nonnegative(interval.upper - p, context.domain))
        for p in points
    )


@dataclass(frozen=True)
class Reciprocal:
    """x/f <= x/g where f/x >= g/x > 0: a larger speed takes less time.

    ``speed``: a derivation of ``f x >= g x`` (both sides multiplied by x, so that it may have either sign), whose
    right side must be a positive multiple of x^2; the step is then x/f <= x/g. Where x = 0, both are 0/0.
    """

    distance: Expr
    speed: Derivation
    reason: str = "a larger speed takes less time"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "<=":
            return Checked(False, "the step must be <=")
        steps = check_all_steps(self.speed, context)
        if not steps.ok:
            return steps
        proved = self.speed.chain.proved
        if proved is None or self.speed.chain.relation not in (">=", ">", "="):
            return Checked(False, "the derivation of the speed must give a lower bound")
        rate = lowest_terms(proved.rhs / self.distance**2)
        if not is_positive(rate, context.domain):
            return Checked(False, f"{rate} is not shown to be positive")
        # Not multiplied out: where x = 0, that would leave the two sides free.
        if is_zero(before - self.distance**2 / proved.lhs, context.domain) and is_zero(
            after - self.distance**2 / proved.rhs, context.domain
        ):
            return ACCEPTED
        return Checked(False, "the two sides are not the distance over the two speeds")


@dataclass(frozen=True)
class Times:
    """Both sides of a step that ``rule`` justifies, times a factor (nonnegative unless the step is an equality)."""

    factor: Expr
    rule: Rule

    @property
    def reason(self) -> str:
        return self.rule.reason

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        shown = {"=": _is_finite, "<": is_positive, ">": is_positive}.get(relation, is_nonnegative)
        if not shown(self.factor, context.domain):
            return Checked(False, f"{self.factor} is not shown to be a factor that keeps {relation}")
        inner_before, inner_after = before / self.factor, after / self.factor
        return self.rule.check(inner_before, relation, inner_after, context)


def _is_finite(factor: Any, domain: Any) -> bool:
    return not sympify(factor).has(oo, -oo, zoo, nan) and factor != 0


@dataclass(frozen=True)
class AtEveryPoint:
    """An equality between the values of two expressions at a point, because ``rule`` gives it for every value.

    Both sides are ``Subs(expression, variable, point)`` with the same variable, a parameter of the claim, and point.
    """

    rule: Rule

    @property
    def reason(self) -> str:
        return self.rule.reason

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not isinstance(before, Subs) or not isinstance(after, Subs):
            return Checked(False, "both expressions must be values at a point, and equal")
        if before.variables != after.variables or before.point != after.point:
            return Checked(False, "the points differ")
        if any(v not in context.domain for v in before.variables):
            return Checked(False, "the variable has no domain on which the rule could be checked")
        for variable, value in zip(before.variables, before.point, strict=True):
            if not value_allowed(value, context.domain[variable], context):
                return Checked(False, f"{value} may lie outside the domain of {variable}")
        return self.rule.check(before.expr, relation, after.expr, context)


@dataclass(frozen=True)
class PutIn:
    """Carry out the substitutions of the last expression, where integrals from a point to itself vanish.

    No derivative is carried out: for one under an integral sign, `AtEveryPoint` has to justify it first.
    """

    reason: str = "put the point in"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return Checked(False, "this rule justifies an equality only")
        if differentiates_under_an_integral(before):
            return Checked(False, "a derivative under an integral sign needs a rule that justifies it")
        done = put_at_points(before)
        done, after = (_simple_weights(e) for e in (done, after))
        done = _simple_limits(done).replace(
            lambda e: isinstance(e, Integral) and e.limits[0][1] == e.limits[0][2], lambda e: sympify(0)
        )
        if integrates_to_zero(done - after, context):
            return ACCEPTED
        return Checked(False, f"putting the point in gives {done}")


@dataclass(frozen=True)
class Differentiate:
    """Carry out the derivatives of the last expression, integrals by their limits; no integral is evaluated."""

    reason: str = "differentiate"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return Checked(False, "this rule justifies an equality only")
        if differentiates_under_an_integral(before) or differentiates_under_an_integral(after):
            return Checked(False, "a derivative under an integral sign needs a rule that justifies it")
        difference = carried_out(before) - carried_out(after)
        names = {e: Dummy(real=True) for e in sorted(difference.atoms(Integral, Derivative), key=default_sort_key)}
        if is_zero(difference.xreplace(names), context.domain):
            return ACCEPTED
        return Checked(False, "the derivative is another one")


@dataclass(frozen=True)
class Multiple:
    """The statement is an inequality already derived, both sides times a nonnegative factor, up to moving terms."""

    times: Any
    reason: str = "multiply by a nonnegative factor"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not is_nonnegative(sympify(self.times), context.domain):
            return Checked(False, f"{self.times} is not shown to be nonnegative")
        wanted = _gap(statement)
        for premise in premises:
            gap = _gap(premise)
            if wanted is not None and gap is not None and is_zero(wanted - self.times * gap, context.domain):
                return ACCEPTED
        return Checked(False, "the statement is not this multiple of a premise")


def _gap(relation: Any) -> Expr | None:
    """Larger side minus smaller side of a weak inequality."""
    if isinstance(relation, Le):
        return relation.rhs - relation.lhs
    return relation.lhs - relation.rhs if isinstance(relation, Ge) else None


@dataclass(frozen=True)
class MeanAboveMinimum:
    """(1 - theta) x + theta y >= min(x, y) for 0 <= theta <= 1."""

    theta: Symbol
    x: Expr
    y: Expr
    reason: str = "a mean is at least the smaller of its terms"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != ">=":
            return Checked(False, "the step must be >=")
        interval = context.domain.get(self.theta)
        if interval is None or interval.lower < 0 or interval.upper > 1:
            return Checked(False, f"{self.theta} is not confined to [0, 1]")
        mean = (1 - self.theta) * self.x + self.theta * self.y
        if after == Min(self.x, self.y) and is_zero(before - mean, context.domain):
            return ACCEPTED
        return Checked(False, "the step is not (1 - theta) x + theta y >= min(x, y)")


@dataclass(frozen=True)
class SlowestOnTheWay:
    """The time of the logit flow from ``start`` towards ``target`` down to a fraction r of the logit's distance.

    With b = sigmoid(phi_target + u (phi_start - phi_target)), the distance x = phi - phi_target obeys
    x' = -b (1-b) G(b), G(b) = int_{phi_target}^{phi} (1 - H(sigmoid(s))) ds (reverse_kl/gradient). On the way b is a
    mean of the two weights, so b (1-b) >= c and 1 - H >= k there, if premises say so for every mean; hence G has the
    sign of x and |G| >= k |x|, the speed is at least c k |x|, and the time at most log(1/r)/(c k).

    ``theta``: the symbol by which the premises write a mean, (1-theta) target + theta start, theta in [0, 1].
    ``gap``: weight -> G as it stands in the statement, (E_o - E_n)[log q_b/q_target]. ``u``, ``r``: variable and lower
    end of the time integral. Starts other than the target are meant.
    """

    theta: Symbol
    start: Symbol
    target: Symbol
    gap: Callable[[Expr], Expr]
    u: Symbol
    r: Symbol
    c: Expr
    k: Expr
    reason: str = "compare the speed with its least value on the way"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not all(_in_unit(context.domain.get(s)) for s in (self.start, self.target, self.r)):
            return Checked(False, "weights and r must be confined to [0, 1]")
        way = context.domain.get(self.theta)
        if way is None or way.lower != 0 or way.upper != 1 or is_of_the_pair(self.theta):
            return Checked(False, f"{self.theta} does not run through [0, 1]: the premises speak of a part of the way")
        if not densities_differ(context) or not all(_least_is_positive(e, context) for e in (self.c, self.k)):
            return Checked(False, "c and k are not shown to be positive")
        weight = Dummy("w", positive=True)
        meant = SampleIntegral((p_o - p_n) * log(mixture(weight) / mixture(self.target)))
        if self.gap(weight) != meant:
            return Checked(False, "G is not (E_o - E_n)[log q_b/q_target]")
        mean = (1 - self.theta) * self.target + self.theta * self.start
        needed = ((mean * (1 - mean), self.c), (1 - H(mean), self.k))
        for quantity, bound in needed:
            if bound.has(self.theta) or not any(_at_least(p, quantity, bound, context) for p in premises):
                return Checked(False, f"no premise gives {quantity} >= {bound}")
        if not isinstance(statement, Le) or not is_zero(
            statement.rhs - log(1 / self.r) / (self.c * self.k), context.domain
        ):
            return Checked(False, "the bound is not log(1/r)/(c k)")
        return ACCEPTED if statement.lhs == self.time() else Checked(False, "the left side is not that time")

    def time(self) -> Expr:
        """int_r^1 Delta/(b (1-b) G(b)) du with Delta the distance of the logits."""
        here, there = (log(w / (1 - w)) for w in (self.target, self.start))
        b = 1 / (1 + exp(-here - self.u * (there - here)))
        return Integral((there - here) / (b * (1 - b) * self.gap(b)), (self.u, self.r, 1))


def _least_is_positive(bound: Expr, context: Context) -> bool:
    """Whether each term of a minimum is positive, 0 < H < 1 at weights in (0, 1) for densities that differ."""
    weights = [h.args[0] for h in bound.atoms(H)]
    if not all(is_positive(w, context.domain) and is_positive(1 - w, context.domain) for w in weights):
        return False
    overlaps = {h: Dummy("overlap", positive=True) for h in bound.atoms(H)}
    inside = {**context.domain, **dict.fromkeys(overlaps.values(), Interval.parse("(0, 1)"))}
    terms = bound.args if isinstance(bound, Min) else (bound,)
    return all(is_positive(term.xreplace(overlaps), inside) for term in terms)


def _in_unit(interval: Any) -> bool:
    return interval is not None and interval.lower >= 0 and interval.upper <= 1


def _at_least(premise: Any, quantity: Expr, bound: Expr, context: Context) -> bool:
    if not isinstance(premise, Ge):
        return False
    left, right = (_simple_weights(e) for e in (premise.lhs, quantity))
    return premise.rhs == bound and is_zero(left - right, context.domain)
