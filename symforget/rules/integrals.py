"""Rules for integrals over the sample space: linearity, differentiation, reduction, pointwise and mean inequalities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sympy import (
    Derivative,
    Dummy,
    Expr,
    Integer,
    Integral,
    Mul,
    Symbol,
    oo,
    sqrt,
)

from symforget.calculus import (
    SampleIntegral,
    combined,
    dominated_derivative,
    integrate_densities,
    is_homogeneous,
    map_integrals,
    p_n,
    p_o,
    reduce_to_gate,
    split_integrals,
    unfold,
)
from symforget.derivation import ACCEPTED, MOVES_UNSEEN, Checked, Context
from symforget.domain import Interval
from symforget.ends import divides_by_zero
from symforget.instances import hides_the_pair, is_of_the_pair
from symforget.rules.intervals import differentiates_under_an_integral, is_smooth
from symforget.signs import is_nonnegative, is_zero
from symforget.trees import carried_out, renamed
from symforget.vanishing import vanishes_as_rational


def combined_integrand(expr: Expr) -> Expr | None:
    """One integrand whose integral is the expression, or None if it is not affine in the integrals."""
    expr = integrate_densities(expr)
    return combined(expr, expr.atoms(SampleIntegral), (p_o, p_n))


def integrates_to_zero(expr: Expr, context: Context) -> bool:
    """Whether a combination of integrals vanishes: its integrand is zero, or a multiple of p_o - p_n."""
    integrand = combined_integrand(expr)
    if integrand is not None and _multiple_of_gap(integrand):
        return True
    if integrand is not None and is_zero(integrand, context.domain):
        return True
    return is_zero(split_integrals(expr), context.domain)


def _multiple_of_gap(integrand: Expr) -> bool:
    """Whether the integrand is c (p_o - p_n), c free of the densities: the cheapest check, logarithms as they stand."""
    constant = integrand.xreplace({p_o: Integer(2), p_n: Integer(1)})
    return vanishes_as_rational(integrand - constant * (p_o - p_n))


@dataclass(frozen=True)
class SameIntegrand:
    """Linearity of the integral: both sides integrate the same function, given that p_o and p_n integrate to 1."""

    reason: str = "linearity of the integral"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return Checked(False, "this rule justifies an equality only")
        if not integrates_to_zero(before - after, context):
            return Checked(False, "the integrands differ")
        # A factor of int (p_o - p_n) = 0 may be anything, except that it must be a number.
        undefined = next((u for u in (_undefined(e, context) for e in (before, after)) if u), "")
        return Checked(False, undefined) if undefined else ACCEPTED


def _undefined(expr: Expr, context: Context) -> str:
    """A point of the domain where a root or a logarithm of the parameters has no real value, in words."""
    from symforget.wellposed import undefined_point

    domain = {s: i for s, i in context.domain.items() if s in expr.free_symbols and isinstance(i, Interval)}
    found = undefined_point(expr, domain)
    return "" if found is None else f"not defined where {found[1]} {found[2]} 0 fails, as at {found[0]}"


@dataclass(frozen=True)
class UnderTheIntegral:
    """Differentiation under the integral sign, after checking that the derivative has an integrable majorant."""

    parameter: Symbol
    reason: str = "differentiate under the integral"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return Checked(False, "this rule justifies an equality only")
        opened = unfold(before)
        if differentiates_under_an_integral(opened, (SampleIntegral,)):
            return Checked(False, "a derivative under another integral sign needs a rule of its own")
        for derivative in opened.atoms(Derivative):
            if any(variable != self.parameter for variable, _ in derivative.variable_count):
                return Checked(False, f"a derivative in another parameter than {self.parameter}")
            for integral in derivative.expr.atoms(SampleIntegral):
                if not self._dominated(integral.integrand, sum(n for _, n in derivative.variable_count), context):
                    return Checked(False, f"no integrable majorant was found for the derivative of {integral}")
        difference = carried_out(opened) - unfold(after)
        if integrates_to_zero(difference, context):
            return ACCEPTED
        return Checked(False, "the derivative of the integrand is another one")

    def _dominated(self, integrand: Expr, order: int, context: Context) -> bool:
        """Whether every one of the derivatives up to the order has an integrable majorant."""
        return all(
            dominated_derivative(integrand.diff(self.parameter, k) if k else integrand, self.parameter, context.domain)
            for k in range(order)
        )


@dataclass(frozen=True)
class ReduceToGate:
    """Rewrite rational integrands in the span of p_o, p_n and p_o p_n/q; their integrals are 1, 1 and H(weight)."""

    weight: Symbol
    reason: str = "reduce to {p_o, p_n, p_o p_n/q}"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return Checked(False, "this rule justifies an equality only")
        reduced = reduce_to_gate(before - after, self.weight)
        if is_zero(reduced, context.domain):
            return ACCEPTED
        return Checked(False, f"the reduced difference is {reduced}, not zero")


@dataclass(frozen=True)
class Pointwise:
    """An inequality between integrals because it holds between the integrands at every point.

    ``difference``: larger integrand minus smaller, in a form whose sign shows for all p_o, p_n > 0; it is checked to
    equal the difference of the integrands and to be nonnegative.
    """

    difference: Expr
    reason: str = "pointwise inequality"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "a pointwise inequality gives <= or >=")
        smaller, larger = (before, after) if relation == "<=" else (after, before)
        gap = unfold(larger) - unfold(smaller)
        if not integrates_to_zero(gap - SampleIntegral(self.difference), context):
            return Checked(False, "the stated difference is not the difference of the integrands")
        if is_nonnegative(self.difference, context.domain):
            return ACCEPTED
        return Checked(False, f"the sign of {self.difference} is not evident")


@dataclass(frozen=True)
class ArithmeticGeometricMean:
    """Pointwise x + y >= 2 sqrt(x y), used below the line: w/(x + y) <= w/(2 sqrt(x y)) for w >= 0.

    ``x``, ``y``: the two nonnegative summands; ``weight``: w. The difference of the integrands must be
    w (sqrt(x) - sqrt(y))^2 / (2 sqrt(x y) (x + y)), up to the constant ``times``.
    """

    x: Expr
    y: Expr
    weight: Expr
    times: Any = 1
    reason: str = "arithmetic-geometric mean"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if not all(is_nonnegative(e, context.domain) for e in (self.x, self.y, self.weight, self.times)):
            return Checked(False, "the means are of quantities not shown to be nonnegative")
        square = (sqrt(self.x) - sqrt(self.y)) ** 2
        gap = self.times * self.weight * square / (2 * sqrt(self.x * self.y) * (self.x + self.y))
        return Pointwise(gap, self.reason).check(before, relation, after, context)


@dataclass(frozen=True)
class CauchySchwarz:
    """(int sqrt(f g))^2 <= int f int g for nonnegative f, g, times a nonnegative constant.

    ``root``: the integrand on the left where it is not the nonnegative root but another h with h^2 = f g.
    """

    f: Expr
    g: Expr
    times: Any = 1
    root: Expr | None = None
    reason: str = "Cauchy-Schwarz"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "Cauchy-Schwarz gives <= or >=")
        if not all(is_nonnegative(e, context.domain) for e in (self.f, self.g, self.times)):
            return Checked(False, "the functions are not shown to be nonnegative")
        root = sqrt(self.f * self.g) if self.root is None else self.root
        if not all(is_homogeneous(e) for e in (self.f, self.g, root)):
            return Checked(False, "the functions are not homogeneous of degree one")
        if not is_zero(root**2 - self.f * self.g, context.domain):
            return Checked(False, f"the square of {root} is not the product of the functions")
        smaller, larger = (before, after) if relation == "<=" else (after, before)
        square = Mul(self.times, SampleIntegral(root) ** 2)
        product = Mul(self.times, SampleIntegral(self.f), SampleIntegral(self.g))
        for side, expected in ((smaller, square), (larger, product)):
            if not _same_products(unfold(side), unfold(expected), context):
                return Checked(False, f"{side} is not {expected}")
        return ACCEPTED


def _same_products(side: Expr, expected: Expr, context: Context) -> bool:
    """Equality of products of integrals, those with the same integrand given one name, densities integrating to 1."""
    names: list[tuple[SampleIntegral, Dummy]] = []

    def name(integral: SampleIntegral) -> Expr:
        for known, dummy in names:
            if is_zero(known.integrand - integral.integrand, context.domain):
                return dummy
        names.append((integral, Dummy("I", real=True)))
        return names[-1][1]

    return is_zero(map_integrals(integrate_densities(side - expected), name), context.domain)


def _is_in_closure(point: Any, interval: Any, context: Context) -> bool:
    gaps = (point - interval.lower, interval.upper - point)
    ends = (interval.lower, interval.upper)
    return all(e.is_infinite or is_nonnegative(g, context.domain) for g, e in zip(gaps, ends, strict=True))


@dataclass(frozen=True)
class FundamentalTheorem:
    """F(x) = int_a^x F'(s) ds when F(a) = 0; the integral is over ``variable`` in the next expression.

    ``derivative``: F'(s) as an expression in ``parameter``; it is checked against the derivative of the last
    expression (reduced to the gate), and the last expression to vanish at the lower end.
    """

    parameter: Symbol
    at: Expr
    derivative: Expr
    reason: str = "fundamental theorem of calculus"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not isinstance(after, Integral):
            return Checked(False, "the next expression must be an integral, equal to this one")
        (variable, lower, upper) = after.limits[0]
        if len(after.limits) != 1 or self.parameter in after.function.free_symbols - {variable}:
            return Checked(False, f"one integral up to {self.parameter}, which its integrand does not contain")
        if upper != self.parameter or not is_zero(lower - self.at, context.domain):
            return Checked(False, f"the limits must run from {self.at} to {self.parameter}")
        if is_of_the_pair(self.parameter) and hides_the_pair(before):
            return MOVES_UNSEEN
        interval = context.domain.get(self.parameter)
        if interval is None or not _is_in_closure(self.at, interval, context):
            return Checked(False, f"the way from {self.at} to {self.parameter} is not known to stay in the domain")
        if not self._explicit_part_is_smooth(before, interval, context):
            return Checked(False, f"what stands outside the integrals is not shown to be smooth from {self.at} on")
        if not self._continuous_at_the_end(before, interval, context):
            return Checked(False, f"the integrals are not seen to be continuous at {self.parameter} = {self.at}")
        if divides_by_zero(before, self.parameter, self.at):
            return Checked(False, f"the expression divides by 0 at {self.parameter} = {self.at}")
        if not integrates_to_zero(carried_out(before.subs(self.parameter, self.at)), context):
            return Checked(False, f"the expression does not vanish at {self.parameter} = {self.at}")
        slope = UnderTheIntegral(self.parameter).check(
            Derivative(before, self.parameter), "=", before.diff(self.parameter), context
        )
        if not slope.ok:
            return slope
        reduced = reduce_to_gate(before.diff(self.parameter), self.parameter)
        if not is_zero(reduced - self.derivative, context.domain):
            return Checked(False, f"the derivative is {reduced}")
        if not is_zero(renamed(after.function, variable, self.parameter) - self.derivative, context.domain):
            return Checked(False, "the integrand is not the derivative")
        return ACCEPTED

    def _explicit_part_is_smooth(self, before: Expr, interval: Any, context: Context) -> bool:
        """Whether the expression is a smooth function of its integrals and of the parameters, also at the lower end."""
        named = map_integrals(unfold(before), lambda integral: Dummy(real=True))
        opens = (
            interval.lower_open and self.at != interval.lower,
            interval.upper_open and self.at != interval.upper,
        )
        reached = {**context.domain, self.parameter: Interval(interval.lower, interval.upper, *opens)}
        return is_smooth(named, reached)

    def _continuous_at_the_end(self, before: Expr, interval: Any, context: Context) -> bool:
        """Inside the domain a function with a derivative is; at an end of it, if the integrands have a majorant there.

        That is sought among logarithms of ratios: int t p_o^3/(t p_o + p_n)^2 may tend to 2 for t -> 0, and is 0 there.
        """
        from symforget.rules.algebra import value_allowed
        from symforget.rules.divergences import UnderFiniteDivergence

        if value_allowed(self.at, interval, context):
            return True
        closed = Interval(interval.lower, interval.upper, interval.lower == -oo, interval.upper == oo)
        reached = replace(context, domain={**context.domain, self.parameter: closed})
        integrals = unfold(before).atoms(SampleIntegral)
        return all(UnderFiniteDivergence(self.parameter).has_majorant(i.integrand, reached) for i in integrals)
