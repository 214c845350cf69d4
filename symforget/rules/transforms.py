"""Rules that move between expectations and integrals: residues, Fubini, folding the line, scaling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    I,
    Integral,
    Max,
    Mul,
    Symbol,
    cancel,
    cos,
    cosh,
    exp,
    expand,
    oo,
    pi,
    sech,
    simplify,
    sin,
    sqrt,
    sympify,
)

from symforget.derivation import ACCEPTED, Checked, Context, Rule, clashes, runs_from
from symforget.ends import limit_at_end
from symforget.functions import normal
from symforget.integration import is_integrable
from symforget.rules.gaussian import NOT_AN_EQUALITY, combined_normal
from symforget.rules.intervals import is_smooth_on_line
from symforget.signs import is_nonnegative, is_positive, is_zero
from symforget.trees import mapped, renamed
from symforget.vanishing import vanishes_in_exponentials


def one_integral(expr: Expr) -> tuple[Expr, Symbol, Expr, Expr] | None:
    """(f, x, a, b) with the expression equal to the integral of f over x from a to b, constants taken inside.

    An expectation counts as the integral against the standard normal density. None if it is not a constant times one.
    """
    factor, rest = sympify(expr).as_independent(Integral, normal, as_Add=False)
    x = Dummy("x", real=True)
    if isinstance(rest, normal):
        return factor * rest.args[0](x) * exp(-(x**2) / 2) / sqrt(2 * pi), x, -oo, oo
    if isinstance(rest, Integral) and len(rest.limits) == 1 and len(rest.limits[0]) == 3:
        variable, low, high = rest.limits[0]
        return factor * rest.function.xreplace({variable: x}), x, low, high
    return None


def _same_end(left: Expr, right: Expr, context: Context) -> bool:
    return left == right or (
        left.is_finite is not False and right.is_finite is not False and is_zero(left - right, context.domain)
    )


@dataclass(frozen=True)
class AsIntegral:
    """An expectation is the integral against the standard normal density; constants pass the integral sign."""

    reason: str = "the expectation as an integral against the normal density"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        left, right = one_integral(before), one_integral(after)
        if relation != "=" or left is None or right is None:
            return Checked(False, "both sides must be a constant times one integral or expectation, and equal")
        (f, x, *ends), (g, y, *other) = left, right
        if not all(_same_end(a, b, context) for a, b in zip(ends, other, strict=True)):
            return Checked(False, "the limits differ")
        if is_zero(f - g.xreplace({y: x}), context.domain):
            return ACCEPTED
        return Checked(False, "the integrands differ")


@dataclass(frozen=True)
class Under:
    """An equality between integrands that the rule ``by`` gives for every value of the variable, under the sign.

    Both expressions are a constant times one expectation, or times one integral between the same limits.
    """

    by: Rule
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.reason:
            object.__setattr__(self, "reason", self.by.reason)

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        left, right = _stripped(before), _stripped(after)
        if relation != "=" or left is None or right is None or left[2:] != right[2:]:
            return Checked(False, "both sides must be one expectation, or one integral with the same limits")
        (f, x), (g, y) = left[:2], right[:2]
        inside = replace(context, domain={**context.domain, x: _Line()})
        return self.by.check(f, "=", g.xreplace({y: x}), inside)


def _stripped(expr: Expr) -> tuple[Expr, Symbol, Expr | None, Expr | None] | None:
    """As `one_integral`, with the normal density left out of an expectation, whose limits are None."""
    factor, rest = sympify(expr).as_independent(Integral, normal, as_Add=False)
    if isinstance(rest, normal):
        x = Dummy("x", real=True)
        return factor * rest.args[0](x), x, None, None
    return one_integral(expr)


@dataclass(frozen=True)
class Scaling:
    """Over the whole line, int f(x) dx = a int f(a s) ds for a > 0. ``by``: a."""

    by: Expr
    reason: str = "change of scale"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        left, right = one_integral(before), one_integral(after)
        if relation != "=" or left is None or right is None:
            return Checked(False, "both sides must be a constant times one integral or expectation, and equal")
        (f, x, *ends), (g, y, *other) = left, right
        if ends != [-oo, oo] or other != [-oo, oo] or not is_positive(self.by, context.domain):
            return Checked(False, "the scale must be positive and both integrals over the whole line")
        if not is_integrable(f, x, context.domain, False):
            return Checked(False, "the integral is not seen to converge")
        if is_zero(self.by * f.xreplace({x: self.by * y}) - g, context.domain):
            return ACCEPTED
        return Checked(False, "the integrand does not scale into this one")


@dataclass(frozen=True)
class Fubini:
    """E_u int g(u, w) dw = int E_u g(u, w) dw for g continuous with |g| <= C sech(c w), c > 0.

    The majorant is read off the factors of g: sech(c w), cosines and sines of real arguments, constants.
    """

    reason: str = "Fubini: the integrand is bounded by a multiple of sech(c w)"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        u, w = Dummy("u", real=True), Dummy("w", real=True)
        left = _expectation_of_integral(before, u, w)
        right = _integral_of_expectation(after, u, w)
        if left is None or right is None:
            return Checked(
                False, "an expectation of an integral over the line must become an integral of an expectation"
            )
        if not _dominated_by_sech(left, u, w):
            return Checked(False, "no majorant C sech(c w) was found")
        return ACCEPTED if is_zero(left - right, context.domain) else Checked(False, "the integrands differ")


def _expectation_of_integral(expr: Expr, u: Symbol, w: Symbol) -> Expr | None:
    if not isinstance(expr, normal):
        return None
    inner = one_integral(expr.args[0](u))
    return None if inner is None or inner[2:] != (-oo, oo) else inner[0].xreplace({inner[1]: w})


def _integral_of_expectation(expr: Expr, u: Symbol, w: Symbol) -> Expr | None:
    if not isinstance(expr, Integral):
        return None
    outer = one_integral(expr)
    return None if outer is None or outer[2:] != (-oo, oo) else combined_normal(outer[0].xreplace({outer[1]: w}), u)


def _dominated_by_sech(g: Expr, u: Symbol, w: Symbol) -> bool:
    factors = Mul.make_args(g)
    decaying = [f for f in factors if isinstance(f, sech) and _slope(f.args[0], w) is not None and not f.has(u)]
    bounded = all(
        f in decaying or (isinstance(f, (cos, sin)) and f.args[0].is_real) or not f.has(u, w) for f in factors
    )
    return bool(decaying) and bounded


def _slope(argument: Expr, w: Symbol) -> Expr | None:
    """c if the argument is c w with c > 0."""
    c = cancel(argument / w)
    return c if not c.has(w) and c.is_positive else None


@dataclass(frozen=True)
class PeriodicStrip:
    """int cos(w y) sech(c w) dw = (pi/c) sech(pi y/(2c)) over the line, for real y and c > 0, by residues.

    f(z) = exp(i y z) sech(c z) is multiplied by k = -exp(-pi y/c) under z -> z + i pi/c. Between the line and its shift
    cosh(c z) vanishes only at z_0 = i pi/(2c), and on the ends |f(+-R + i t)| <= exp(|y| t)/sinh(c R) -> 0, so that
    (1 - k) int f = 2 pi i Res(f, z_0); the integral of the odd part vanishes. Checked: the form of the integrand, the
    factor k, the pole and its residue.
    """

    reason: str = "residue at the one pole in the strip where the integrand repeats"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        for start, end in ((before, after), (after, before)):
            value = _line_integral_by_residue(start, context)
            if value is not None:
                same = is_zero(value - end, context.domain)
                return ACCEPTED if same else Checked(False, f"the residue gives {simplify(value)}")
        return Checked(False, "neither side is a constant times the integral of cos(w y) sech(c w) over the line")


def _line_integral_by_residue(expr: Expr, context: Context) -> Expr | None:
    """The value of a constant times the integral of cos(y w) sech(c w) over the line, or None."""
    integral = one_integral(expr)
    if integral is None or integral[2:] != (-oo, oo):
        return None
    g, w = integral[:2]
    factor, rest = g.as_independent(w, as_Add=False)
    found = _frequency_and_decay(rest, w)
    if found is None:
        return None
    y, c = found
    z = Dummy("z")
    f = exp(I * y * z) / cosh(c * z)
    period, k, pole = I * pi / c, -exp(-pi * y / c), I * pi / (2 * c)
    # Expanding makes exp(pi (z + i)) a multiple of exp(pi z).
    repeats = expand((f.xreplace({z: z + period}) / f - k).rewrite(exp))
    if not vanishes_in_exponentials(repeats) or cosh(c * pole) != 0:
        return None
    residue = exp(I * y * pole) / cosh(c * z).diff(z).xreplace({z: pole})
    return factor * 2 * pi * I * residue / (1 - k)


def _frequency_and_decay(g: Expr, w: Symbol) -> tuple[Expr, Expr] | None:
    """(y, c) if g = cos(y w) sech(c w) with y real, c > 0 (y = 0 where there is no cosine)."""
    decays = [f for f in Mul.make_args(g) if isinstance(f, sech)]
    waves = [f for f in Mul.make_args(g) if isinstance(f, cos)]
    if len(decays) != 1 or len(waves) > 1 or Mul(*decays, *waves) != g:
        return None
    c = _slope(decays[0].args[0], w)
    y = cancel(waves[0].args[0] / w) if waves else sympify(0)
    return None if c is None or y.has(w) or not y.is_real else (y, c)


@dataclass(frozen=True)
class FoldTheLine:
    """E[g(z)] = int_0^oo (g(z) + g(-z)) n(z) dz, n the standard normal density.

    Absolute values and maxima of exponentials are opened on z > 0, where the larger exponent decides.
    """

    reason: str = "split the line at 0"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        half = one_integral(after)
        z, at = Dummy("z", positive=True), Dummy("z", real=True)
        whole = combined_normal(before, at)
        if relation != "=" or half is None or whole is None or half[2:] != (0, oo):
            return Checked(False, "an expectation must become an integral from 0 to oo, and be equal")
        if not is_integrable(whole, at, context.domain, True):
            return Checked(False, "the expectation is not seen to exist")
        inside = {**context.domain, z: _HalfLine()}
        both = (whole.xreplace({at: z}) + whole.xreplace({at: -z})) * exp(-(z**2) / 2) / sqrt(2 * pi)
        opened = open_magnitudes(both, inside)
        if is_zero(opened - half[0].xreplace({half[1]: z}), inside):
            return ACCEPTED
        return Checked(False, "the folded integrand is another one")


class _HalfLine:
    lower, upper = sympify(0), oo
    lower_open = upper_open = True


def open_magnitudes(expr: Expr, domain: Mapping[Symbol, Any]) -> Expr:
    """Replace |c exp(a) - c exp(b)| and max(exp(a), exp(b)) by what they are where the sign of a - b shows."""

    def magnitude(e: Expr) -> Expr:
        sign = _sign_of_difference(e.args[0], domain)
        return e if sign == 0 else sign * e.args[0]

    def largest(e: Expr) -> Expr:
        for top in e.args:
            if all(is_nonnegative(top - other, domain) for other in e.args):
                return top
        return e

    opened = mapped(expr, Max, largest)
    return mapped(opened, Abs, magnitude)


def _sign_of_difference(e: Expr, domain: Mapping[Symbol, Any]) -> int:
    """The sign of e if it shows: by itself, or as c (exp(a) - exp(b)) with c > 0, from the sign of a - b."""
    for sign in (1, -1):
        if is_nonnegative(sign * e, domain):
            return sign
    terms = Add.make_args(e)
    if len(terms) != 2:
        return 0
    (c, f), (d, g) = (t.as_coeff_Mul() for t in terms)
    if c + d != 0 or not isinstance(f, exp) or not isinstance(g, exp):
        return 0
    gap = (f.exp - g.exp) * (1 if c.is_positive else -1)
    return 1 if is_nonnegative(gap, domain) else -1 if is_nonnegative(-gap, domain) else 0


@dataclass(frozen=True)
class SmoothAntiderivative:
    """int_a^b f = F(b) - F(a) with F' = f between and F continuous there; limits at infinite ends.

    ``F``: the antiderivative, an expression in ``x``, smooth between the limits: built of erf, exp, sums and products.
    """

    F: Expr
    x: Symbol
    reason: str = "fundamental theorem of calculus"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        integral = one_integral(before)
        if relation != "=" or integral is None:
            return Checked(False, "the last expression must be a constant times one integral, and equal")
        f, y, low, high = integral
        if clashes(self.x, context, before):
            return Checked(False, f"{self.x} is a parameter: name the variable of integration otherwise")
        if not runs_from(self.x, low, high, context):
            return Checked(False, f"{self.x} is declared what it is not on the whole range")
        if not is_smooth_on_line(self.F, self.x):
            return Checked(False, "F is not shown to be smooth on the whole line")
        if not is_zero(self.F.diff(self.x) - renamed(f, y, self.x), {**context.domain, self.x: _Line()}):
            return Checked(False, "the derivative of F is not the integrand")
        above, below = self._at(high), self._at(low)
        if above is None or below is None:
            return Checked(False, "an end's limit is not known for all parameters")
        value = above - below
        return ACCEPTED if is_zero(value - after, context.domain) else Checked(False, f"F gives {value}")

    def _at(self, end: Expr) -> Expr | None:
        return limit_at_end(self.F, self.x, end) if end.is_infinite else self.F.xreplace({self.x: end})


class _Line:
    lower, upper = -oo, oo
    lower_open = upper_open = True
