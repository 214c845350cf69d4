"""Rules for inequalities between integrals over R^d: logarithms under them, responsibilities, lengths, exponents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import (
    Abs,
    Add,
    Derivative,
    Dummy,
    Expr,
    Integer,
    Mul,
    Symbol,
    cosh,
    default_sort_key,
    exp,
    expand,
    log,
    oo,
    pi,
    sqrt,
    sympify,
    together,
)

from symforget.derivation import ACCEPTED, NOT_OVER_THE_LINE, Checked, Context, runs_from, runs_over_the_line
from symforget.domain import Interval
from symforget.ends import value_at_end
from symforget.functions import normal
from symforget.rational import coefficients, factored, fraction
from symforget.rules.gaussian import same_expectations
from symforget.rules.intervals import is_smooth
from symforget.rules.touching import POSITIVE, opened
from symforget.rules.vectors import DENSITIES, SpaceIntegral, gathered, x
from symforget.signs import is_nonnegative, is_positive, is_zero, open_up
from symforget.trees import mapped

_LINE = Interval.parse("(-oo, oo)")


@dataclass(frozen=True)
class IncreasingFromZero:
    """f(y) >= 0 for y > 0, because f tends to 0 at 0 and f' >= 0; f is smooth beyond.

    ``slope``: f' in a form whose sign shows for y > 0.
    """

    f: Expr
    y: Symbol
    slope: Expr

    def shown(self, context: Context) -> Checked:
        """Whether it is so: smooth, zero at the start, the slope as stated, its sign."""
        inside = {**context.domain, self.y: POSITIVE}
        if not runs_from(self.y, Integer(0), oo, context):
            return Checked(False, f"{self.y} is declared what not every positive number is")
        if not is_smooth(self.f, inside) or value_at_end(self.f, self.y, Integer(0)) != 0:
            return Checked(False, f"{self.f} is not shown to be smooth and to vanish at 0")
        if not is_zero(self.f.diff(self.y) - self.slope, inside):
            return Checked(False, f"{self.slope} is not the derivative")
        if not is_nonnegative(self.slope, inside):
            return Checked(False, f"the sign of {self.slope} is not evident")
        return ACCEPTED

    def at(self, argument: Expr) -> Expr:
        """f at a positive argument."""
        return self.f.xreplace({self.y: argument})


@dataclass(frozen=True)
class PointwiseInSpace:
    """An inequality between integrals over R^d because it holds between the integrands at every point.

    ``difference``: larger integrand minus smaller, in the densities and the names in ``given``, in a form whose sign
    shows; every name stands for a quantity shown to be nonnegative: (name, why, at which positive argument).
    """

    difference: Expr
    given: tuple[tuple[Symbol, Any, Expr], ...]
    reason: str = "pointwise inequality"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "a pointwise inequality gives <= or >=")
        meant = opened(self.difference, self.given, context)
        if isinstance(meant, Checked):
            return meant
        if not all(_integrable(e.integrand) for e in (before - after).atoms(SpaceIntegral)):
            return Checked(False, "an integral is not seen to exist")
        smaller, larger = (before, after) if relation == "<=" else (after, before)
        if not _vanishes_in_space(larger - smaller - SpaceIntegral(meant), context):
            return Checked(False, "the stated difference is not the difference of the integrands")
        if is_nonnegative(self.difference, context.domain):
            return ACCEPTED
        return Checked(False, f"the sign of {self.difference} is not evident")


def _integrable(f: Expr) -> bool:
    """A combination of products of powers of densities, nonnegative and of degree one in all, times logarithms.

    Such products are integrable (Hoelder), and logarithms of what is algebraic in densities grow like |x|^2 only.
    """
    logs = {e: Dummy("log", real=True) for e in f.atoms(log)}
    if not all(e.args[0].is_algebraic_expr(*DENSITIES) for e in logs):
        return False
    for term in Add.make_args(expand(f.xreplace(logs))):
        powers = term.as_powers_dict()
        degrees = [powers.get(c, Integer(0)) for c in DENSITIES]
        rest = term / Mul(*(c**degree for c, degree in zip(DENSITIES, degrees, strict=True)))
        if rest.has(*DENSITIES) or sum(degrees) != 1 or not all(d.is_nonnegative for d in degrees):
            return False
    return True


def _vanishes_in_space(expr: Expr, context: Context) -> bool:
    """Whether the integrand is a combination of single densities whose constant coefficients add up to zero.

    Logarithms are written as sums over the factors of their arguments, which must all be positive.
    """
    integrand = gathered(expr)
    if integrand is None or integrand.has(x):
        return False
    plain = open_up(integrand, context.domain)
    squares = {s: Dummy(s.name, positive=True) ** 2 for s in plain.free_symbols if s.is_positive}
    roots = [squares[c].base for c in DENSITIES if c in squares]
    names: dict[Expr, Dummy] = {}
    try:
        split = mapped(plain.xreplace(squares), log, lambda e: _split(e.args[0], names))
    except _NotPositive:
        return False
    terms = coefficients(split, tuple(roots))
    if not terms or not roots:
        return terms == {}
    if any(sorted(powers) != [0] * (len(roots) - 1) + [2] for powers in terms):
        return False
    varying = {name for factor, name in names.items() if factor.free_symbols & set(roots)}
    return not any(c.free_symbols & varying for c in terms.values()) and is_zero(sum(terms.values(), Integer(0)), {})


class _NotPositive(ValueError):
    pass


def _split(argument: Expr, names: dict[Expr, Dummy]) -> Expr:
    """log of a product as the sum of names for the logarithms of its factors; each must be seen to be positive."""
    total: Expr = Integer(0)
    for side, sign in zip(fraction(argument), (1, -1), strict=True):
        for factor, power in factored(side).as_powers_dict().items():
            base = factor.expand()
            if not base.is_positive:
                raise _NotPositive(str(base))
            if base != 1:
                total += sign * power * names.setdefault(base, Dummy("log"))
    return total


@dataclass(frozen=True)
class Length:
    """|y| + y >= 0 (``sign`` 1) or |y| - y >= 0 (``sign`` -1) for real y."""

    y: Expr
    sign: int = 1

    def value(self, context: Context) -> Expr | None:
        """The nonnegative expression, or None where it is not shown to be one."""
        return Abs(self.y) + self.sign * self.y if self.y.is_real and self.sign in (1, -1) else None


@dataclass(frozen=True)
class Share:
    """int f >= 0 for f >= 0, or with ``of`` a density: 1 - int f >= 0 for f <= that density."""

    integral: SpaceIntegral
    of: Symbol | None = None

    def value(self, context: Context) -> Expr | None:
        """The nonnegative expression, or None where it is not shown to be one."""
        f = self.integral.integrand
        if f.has(x):
            return None
        if self.of is None:
            return self.integral if is_nonnegative(f, context.domain) else None
        shown = self.of in DENSITIES and is_nonnegative(together(self.of - f), context.domain)
        return 1 - self.integral if shown else None


@dataclass(frozen=True)
class SignInSpace:
    """The difference of the two sides is an expression in ``given`` names with an evident sign.

    ``difference``: larger side minus smaller; ``given``: name -> `Length` or `Share`, what it stands for.
    """

    difference: Expr
    given: Mapping[Symbol, Length | Share]
    reason: str = "evident sign"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "the names stand for nonnegative quantities: only <= or >= follows")
        values = {}
        for name, why in self.given.items():
            value = why.value(context)
            if value is None or not name.is_nonnegative or name in context.domain:
                return Checked(False, f"{name} is not shown to stand for something nonnegative")
            values[name] = value
        gap = (after - before if relation == "<=" else before - after) - self.difference.xreplace(values)
        parts = {e: Dummy(real=True) for e in sorted(gap.atoms(SpaceIntegral, Derivative, Abs), key=default_sort_key)}
        if not is_zero(gap.xreplace(parts), context.domain):
            return Checked(False, "the stated difference is not the difference of the two sides")
        if is_nonnegative(self.difference, context.domain):
            return ACCEPTED
        return Checked(False, f"the sign of {self.difference} is not evident")


@dataclass(frozen=True)
class RaiseExponents:
    """sum c exp(a) <= sum C exp(b) because 0 <= c <= C and a <= b in every term.

    ``terms``: (c, a, C, b) each.
    """

    terms: tuple[tuple[Any, Any, Any, Any], ...]
    reason: str = "larger exponents and coefficients"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "<=":
            return Checked(False, "this rule bounds from above")
        sums = [Integer(0), Integer(0)]
        for c, a, larger, b in (tuple(map(sympify, term)) for term in self.terms):
            for quantity in (c, larger - c, b - a):
                if not is_nonnegative(quantity, context.domain):
                    return Checked(False, f"{quantity} is not shown to be nonnegative")
            sums = [sums[0] + c * exp(a), sums[1] + larger * exp(b)]
        for side, expected in zip((before, after), sums, strict=True):
            if not is_zero(side - expected, context.domain):
                return Checked(False, f"{side} is not the sum {expected}")
        return ACCEPTED


@dataclass(frozen=True)
class SigmoidBelowPower:
    """E sigmoid(y) <= E exp(k y) for 0 <= k <= 1: exp(k y) + exp((k - 1) y) >= 1, since one exponent is not negative.

    ``y``: an expression in ``z``, real for real z.
    """

    y: Expr
    power: Expr
    z: Symbol
    reason: str = "sigmoid(y) <= exp(k y) for 0 <= k <= 1"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "<=":
            return Checked(False, "this rule bounds from above")
        if not runs_over_the_line(self.z, context, before, after):
            return NOT_OVER_THE_LINE
        if not open_up(self.y, context.domain).is_real or self.power.has(self.z):
            return Checked(False, "y must be real and the power constant")
        if not all(is_nonnegative(k, context.domain) for k in (self.power, 1 - self.power)):
            return Checked(False, f"{self.power} is not confined to [0, 1]")
        sides = (normal(1 / (1 + exp(-self.y)), self.z), normal(exp(self.power * self.y), self.z))
        for side, expected in zip((before, after), sides, strict=True):
            same = same_expectations(side, expected, context)
            if not same.ok:
                return same
        return ACCEPTED


@dataclass(frozen=True)
class LogOfTwoBells:
    """E log((exp(a + b) + exp(a - b))/2) = E[a] + E log cosh b, for a and b that are real for real z."""

    a: Expr
    b: Expr
    z: Symbol
    reason: str = "log((exp(a + b) + exp(a - b))/2) = a + log cosh b"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return Checked(False, "this rule justifies an equality only")
        if not runs_over_the_line(self.z, context, before, after):
            return NOT_OVER_THE_LINE
        if not all(open_up(e, context.domain).is_real for e in (self.a, self.b)):
            return Checked(False, "a and b must be real")
        opened = normal(self.a, self.z) + normal(log(cosh(self.b)), self.z)
        closed = [e for e in before.atoms(normal) if self._is_left_side(e.args[0](self.z), context)]
        return same_expectations(before.xreplace(dict.fromkeys(closed, opened)), after, context)

    def _is_left_side(self, body: Expr, context: Context) -> bool:
        if not isinstance(body, log):
            return False
        bells = (2 * body.args[0]).expand(power_exp=False).as_coefficients_dict()
        if len(bells) != 2 or set(bells.values()) != {1} or not all(isinstance(e, exp) for e in bells):
            return False
        first, second = (e.exp for e in bells)
        return is_zero(first + second - 2 * self.a, context.domain) and any(
            is_zero(first - second - sign * 2 * self.b, context.domain) for sign in (1, -1)
        )


@dataclass(frozen=True)
class LogCoshBelow:
    """E log cosh(k (z + y)) <= k sqrt(2/pi) (1 + y^2/2) for k >= 0 and real y, z ~ N(0, 1).

    log cosh x <= |x|; and E|z + y| is even in y with the curvature 2 exp(-y^2/2)/sqrt(2 pi) <= sqrt(2/pi), its value at
    y = 0. ``k``, ``y``: the parameters.
    """

    k: Expr
    y: Expr
    z: Symbol
    reason: str = "log cosh x <= |x|, and E|z + y| <= sqrt(2/pi) (1 + y^2/2)"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "<=":
            return Checked(False, "this rule bounds from above")
        if not runs_over_the_line(self.z, context, before, after):
            return NOT_OVER_THE_LINE
        if not open_up(self.y, context.domain).is_real or self.y.has(self.z) or self.k.has(self.z):
            return Checked(False, "y must be real and free of the normal variable, like k")
        if not is_nonnegative(self.k, context.domain):
            return Checked(False, f"{self.k} is not shown to be nonnegative")
        same = same_expectations(before, normal(log(cosh(self.k * (self.z + self.y))), self.z), context)
        if not same.ok:
            return same
        if is_zero(after - self.k * sqrt(2 / pi) * (1 + self.y**2 / 2), context.domain):
            return ACCEPTED
        return Checked(False, "the bound is not k sqrt(2/pi) (1 + y^2/2)")


@dataclass(frozen=True)
class PositiveExpectation:
    """E[g(z)] > 0 for z ~ N(0, 1), because g is positive for every real z."""

    reason: str = "the expectation of something positive"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in (">", ">=") or after != 0 or not isinstance(before, normal):
            return Checked(False, "the step must be E[g] > 0")
        z = Dummy("z", real=True)
        if is_positive(before.args[0](z), {**context.domain, z: _LINE}):  # type: ignore[operator]
            return ACCEPTED
        return Checked(False, f"{before} is not shown to be the expectation of something positive")
