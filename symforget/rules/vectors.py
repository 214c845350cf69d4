"""The whole model in R^d along one direction: integrals over the four Gaussians, and the rules that move them.

Fix a direction v with v^T Sigma^-1 v = 1 and write, for any vector w, its coordinate w_v = v^T Sigma^-1 w. The model's
components N(m_o, Sigma), N(m_n, Sigma) and the target's N(mu_o, Sigma), N(mu_n, Sigma) enter an integral over R^d
through their density values ``c_o``, ``c_n``, ``t_o``, ``t_n`` at x, and through the coordinate ``x`` of x; all that is
needed is

    moving m along v:  d N(x; m, Sigma) = N(x; m, Sigma) (x_v - m_v),
    moving x along v:  d N(x; m, Sigma) = -N(x; m, Sigma) (x_v - m_v),

because log N = const - |x - m|^2/2 in the norm of Sigma^-1. So one derivation serves every d, Sigma and v: the
component along v is v^T (gradient), for d = 1 and Sigma = 1 the gradient itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import (
    Abs,
    Derivative,
    Dummy,
    Expr,
    Lambda,
    Poly,
    PolynomialError,
    Pow,
    Symbol,
    Tuple,
    default_sort_key,
    diff,
    exp,
    expand,
    log,
    sech,
    sqrt,
    symbols,
    sympify,
)

from symforget.calculus import DensityIntegral, combined, is_homogeneous
from symforget.derivation import ACCEPTED, NOT_OVER_THE_LINE, Checked, Context, runs_over_the_line
from symforget.functions import normal
from symforget.rational import coefficients
from symforget.rules.intervals import differentiates_under_an_integral
from symforget.signs import is_nonnegative, is_positive, is_zero
from symforget.trees import carried_out

NOT_AN_EQUALITY = Checked(False, "this rule justifies an equality only")
NOT_WELL_DEFINED = Checked(False, "an integrand is not homogeneous of degree one in the densities")

c_o, c_n, t_o, t_n = symbols("c_o c_n t_o t_n", positive=True)
x = Symbol("x", real=True)
m_o, m_n, mu_o, mu_n = symbols("m_o m_n mu_o mu_n", real=True)
CENTRE = {c_o: m_o, c_n: m_n, t_o: mu_o, t_n: mu_n}
DENSITIES = tuple(CENTRE)


class IntegralOverSpace(DensityIntegral):
    """An integral over R^d, written through what its integrand sees of it; ``concrete`` makes it an expectation."""

    densities = DENSITIES


class SpaceIntegral(IntegralOverSpace):
    """The integral over R^d of f, an expression in the four density values and the coordinate x along v.

    f must be homogeneous of degree one in the densities. Derivatives in a mean's coordinate move that mean along v.
    """

    def __new__(cls, integrand: Any, centres: Any = None) -> SpaceIntegral:
        body = integrand if isinstance(integrand, Lambda) else Lambda((*DENSITIES, x), sympify(integrand))
        return Expr.__new__(cls, body, Tuple(*(CENTRE.values() if centres is None else centres)))

    @property
    def integrand(self) -> Expr:
        """f in the symbols c_o, c_n, t_o, t_n and x."""
        return self.args[0](*DENSITIES, x)  # type: ignore[operator]

    @property
    def centres(self) -> tuple[Expr, ...]:
        """The coordinates of the four means along v, in the order of DENSITIES."""
        return tuple(self.args[1])  # type: ignore[arg-type]

    def _eval_derivative(self, s: Symbol) -> Expr:
        f = self.integrand
        moved = diff(f, s)
        for density, centre in zip(DENSITIES, self.centres, strict=True):
            if s in centre.free_symbols:
                moved += diff(f, density) * density * (x - centre) * diff(centre, s)
        return SpaceIntegral(moved, self.centres)

    def on_a_line(self) -> Expr:
        """The integral for d = 1, Sigma = 1, as a standard normal expectation around m_o."""
        self.required_homogeneous()
        u = Dummy("u", real=True)
        first = self.centres[0]
        values = [exp((m - first) * u - (m - first) ** 2 / 2) for m in self.centres]
        return normal(self.args[0](*values, first + u), u)  # type: ignore[operator]

    def concrete(self) -> Expr:
        """What the legs that compute evaluate."""
        return self.on_a_line()

    def _sympystr(self, printer: Any) -> str:
        return f"Int({printer._print(self.integrand)})"

    def _latex(self, printer: Any) -> str:
        return rf"\int {printer._print(self.integrand)}\,dx"


def holds_a_point(*expressions: Expr) -> bool:
    """Whether they hold a density or the place x: outside an integral these mean nothing."""
    return any(e.has(*DENSITIES, x) for e in expressions)


def slope_along(f: Expr) -> Expr:
    """The derivative of f as x moves along v."""
    return diff(f, x) - sum((diff(f, c) * c * (x - centre) for c, centre in CENTRE.items()), sympify(0))


def homogeneous(f: Expr, degree: int) -> bool:
    """Whether f(s c_o, s c_n, s t_o, s t_n) = s^degree f."""
    return is_homogeneous(f, DENSITIES, degree)


def gathered(expr: Expr) -> Expr | None:
    """One integrand whose integral is the expression, or None if it is not affine in its integrals.

    A number is the integral of itself times c_o; polynomials in x times one density are integrated by their moments.
    A density or x outside the integrals is not a number: then None.
    """
    integrals = expr.atoms(SpaceIntegral)
    moved = any(e.centres != tuple(CENTRE.values()) for e in integrals)
    return None if moved else combined(expr, integrals, (*DENSITIES, x))


def integrates_to_zero(expr: Expr, context: Context) -> bool:
    """Whether the integrand is a combination of (polynomial in x) x (one density) with vanishing integral.

    The integrals used are those of N(x; m, Sigma) times 1 and x_v: 1 and m_v.
    """
    integrand = gathered(expr)
    if integrand is None:
        return False
    logs = {e: Dummy(real=True) for e in sorted(integrand.atoms(log), key=default_sort_key)}
    terms = coefficients(integrand.xreplace(logs), (*DENSITIES, x, *logs.values()))
    if terms is None:
        return False
    total: Expr = sympify(0)
    for powers, coefficient in terms.items():
        densities, degree, others = powers[:4], powers[4], powers[5:]
        if sum(densities) != 1 or any(others) or degree > 1:
            return False
        centre = CENTRE[DENSITIES[densities.index(1)]]
        total += coefficient * centre**degree
    return is_zero(total, context.domain)


@dataclass(frozen=True)
class Gathering:
    """Linearity: both sides are integrals of the same function, given int N = 1 and int x_v N = m_v."""

    reason: str = "linearity of the integral"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if integrates_to_zero(before - after, context):
            return ACCEPTED
        return Checked(False, "the integrands differ")


@dataclass(frozen=True)
class MoveMean:
    """Differentiate under the integral in a mean's coordinate; int N = 1, so constants times N may be dropped.

    The integrand must be mixtures of the components times polynomials in x and logarithms of ratios of mixtures:
    these grow at most linearly in |x|^2, so Gaussian tails dominate the derivative locally uniformly.
    """

    mean: Symbol
    reason: str = "differentiate under the integral"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if differentiates_under_an_integral(before, (SpaceIntegral,)):
            return Checked(False, "a derivative under another integral sign needs a rule of its own")
        for derivative in before.atoms(Derivative):
            if derivative.variables != (self.mean,):
                return Checked(False, f"a derivative is not in {self.mean}")
            for integral in derivative.expr.atoms(SpaceIntegral):
                if not dominated(integral.integrand, context):
                    return Checked(False, f"no integrable majorant is seen for {integral}")
        if integrates_to_zero(carried_out(before) - after, context):
            return ACCEPTED
        return Checked(False, "the derivative of the integrand is another one")


def dominated(f: Expr, context: Context) -> bool:
    """A combination of densities times polynomials in x times at most one log ratio of positive mixtures.

    Of degree one; below the line may stand one positive mixture, to no higher power than its own densities have above
    it, so that the quotient is bounded.
    """
    if not homogeneous(f, 1):
        return False
    logs = {e: Dummy(real=True) for e in sorted(f.atoms(log), key=default_sort_key)}
    if not all(_ratio_of_mixtures(e.args[0], context) for e in logs):
        return False
    below = {e.base for e in f.atoms(Pow) if e.exp.is_Integer and e.exp.is_negative and e.base.has(*DENSITIES)}
    if len(below) > 1 or not all(_mixture(base, context) for base in below):
        return False
    inverse = Dummy()
    quotients = {Pow(base, -k): inverse**k for base in below for k in range(1, 5)}
    try:
        polynomial = Poly(expand(f.xreplace({**logs, **quotients})), *DENSITIES, x, *logs.values(), inverse)
    except PolynomialError:
        return False
    own = [any(base.has(c) for base in below) for c in DENSITIES]
    return all(
        sum(powers[:4]) - powers[-1] == 1
        and powers[-1] <= sum(n for n, inside in zip(powers[:4], own, strict=True) if inside)
        and sum(powers[5:-1]) <= 1
        for powers in polynomial.monoms()
    )


def _ratio_of_mixtures(argument: Expr, context: Context) -> bool:
    above, below = argument.as_numer_denom()
    return all(_mixture(side, context) for side in (above, below))


def _mixture(side: Expr, context: Context) -> bool:
    """A combination of densities with nonnegative coefficients, at least one of them positive."""
    try:
        polynomial = Poly(expand(side), *DENSITIES)
    except PolynomialError:
        return False
    if not polynomial.is_homogeneous or polynomial.total_degree() != 1 or side.has(x):
        return False
    coefficients = polynomial.coeffs()
    return all(is_nonnegative(c, context.domain) for c in coefficients) and any(
        is_positive(c, context.domain) for c in coefficients
    )


@dataclass(frozen=True)
class SteinAlong:
    """Stein's identity in R^d along v: E[(x_v - m_v) g(x)] = E[d_v g(x)] for x ~ N(m, Sigma).

    ``density``: the symbol of N(m, Sigma). ``g``: smooth, homogeneous of degree zero in the densities: a combination of
    responsibilities and logarithms of ratios of mixtures, so that g and its slope grow at most quadratically.
    """

    density: Symbol
    g: Expr
    times: Any = 1
    reason: str = "Stein's identity"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if not homogeneous(self.g, 0) or not dominated(self.density * self.g, context):
            return Checked(False, "g is not shown to be smooth with moderate growth")
        centre = CENTRE[self.density]
        first = self.times * SpaceIntegral(self.density * (x - centre) * self.g)
        second = self.times * SpaceIntegral(self.density * slope_along(self.g))
        if integrates_to_zero(before - first, context) and integrates_to_zero(after - second, context):
            return ACCEPTED
        return Checked(False, "the step is not an exchange of E[(x - m) g] for E[d_v g]")


@dataclass(frozen=True)
class TriangleInequality:
    """|a u - b w| <= a + b for unit vectors u, w with inner product kappa and a, b >= 0, in any dimension.

    The step is times sqrt(a^2 + b^2 - 2 kappa a b) <= times (a + b): the squares differ by 2 a b (1 + kappa).
    """

    a: Expr
    b: Expr
    kappa: Expr
    times: Any = 1
    reason: str = "triangle inequality"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "<=":
            return Checked(False, "the triangle inequality gives <=")
        signs = (self.a, self.b, self.times, 1 + self.kappa, 1 - self.kappa)
        if not all(is_nonnegative(sympify(e), context.domain) for e in signs):
            return Checked(False, "lengths must be shown to be nonnegative, and kappa to lie in [-1, 1]")
        length = sqrt(self.a**2 + self.b**2 - 2 * self.kappa * self.a * self.b)
        if is_zero(before - self.times * length, context.domain) and is_zero(
            after - self.times * (self.a + self.b), context.domain
        ):
            return ACCEPTED
        return Checked(False, "the two sides are not the length and the sum of the lengths")


@dataclass(frozen=True)
class SechAboveBell:
    """E[sech(a z + b)] >= E[exp(-(a z + b)^2/2)], because cosh y = sum y^(2n)/(2n)! is at most
    sum y^(2n)/(2^n n!) = exp(y^2/2).

    ``argument``: y, an expression in ``z`` that is real for real z.
    """

    argument: Expr
    z: Symbol
    reason: str = "cosh y <= exp(y^2/2), term by term"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != ">=":
            return Checked(False, "this bound is a lower one")
        if not runs_over_the_line(self.z, context, before, after):
            return NOT_OVER_THE_LINE
        if not self.argument.is_real:
            return Checked(False, "the argument is not shown to be real")
        sides = (normal(sech(self.argument), self.z), normal(exp(-(self.argument**2) / 2), self.z))
        if all(is_zero(expand(s - e), context.domain) for s, e in zip((before, after), sides, strict=True)):
            return ACCEPTED
        return Checked(False, "the two sides are not E[sech y] and E[exp(-y^2/2)]")


@dataclass(frozen=True)
class AbsoluteFactor:
    """|h x| = h |x| for h >= 0."""

    factor: Expr
    reason: str = "a nonnegative factor comes out of the absolute value"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not isinstance(before, Abs):
            return Checked(False, "the step must open an absolute value")
        if not is_nonnegative(self.factor, context.domain):
            return Checked(False, f"{self.factor} is not shown to be nonnegative")
        values = [e for e in after.atoms(Abs) if is_zero(after - self.factor * e, context.domain)]
        if any(is_zero(before.args[0] - self.factor * e.args[0], context.domain) for e in values):
            return ACCEPTED
        return Checked(False, "the step does not take this factor out")
