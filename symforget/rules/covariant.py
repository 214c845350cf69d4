"""The information for any covariance in any dimension: integrals seen through linear functionals, and whitened.

Let a and b be vectors in R^d (shifts of the two means) and w_v = v^T Sigma^-1 w. Then x_a and x_b, measured from the
midpoint of the means, have under both modes the covariances a_a, a_b, b_b, and the coordinate u along mu_n - mu_o has
with them the covariances a_e = a_(mu_n - mu_o)/delta and b_e. So

    x_a = a_e u + p,    x_b = b_e u + q,    t_o = N(u; -delta/2, 1),    t_n = N(u; delta/2, 1),

with (p, q) independent of u, of mean zero and covariances a_a - a_e^2, a_b - a_e b_e, b_b - b_e^2, whatever d and Sigma
are: six numbers are all that the information along (y_0, a, b) sees of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import (
    Dummy,
    Expr,
    Integer,
    Lambda,
    Matrix,
    Symbol,
    Tuple,
    default_sort_key,
    exp,
    sympify,
)

from symforget.calculus import well_defined
from symforget.derivation import ACCEPTED, Checked, Context, Rule
from symforget.fisher import whitened_information
from symforget.functions import normal
from symforget.rational import affine_in
from symforget.rules.oblique import ObliqueIntegral
from symforget.rules.vectors import NOT_WELL_DEFINED, IntegralOverSpace, holds_a_point, t_n, t_o, x
from symforget.signs import is_zero
from symforget.vanishing import vanishes_as_rational

NOT_AN_EQUALITY = Checked(False, "this rule justifies an equality only")

LARGEST_EVALUATED = 2
"""Beyond, with the inverse of a symbolic W, the integrand is too large to be worth a bound of its tails."""

x_a, x_b = Symbol("x_a", real=True), Symbol("x_b", real=True)


def _second_moments(f: Expr, names: Sequence[Symbol], covariance: Any) -> Expr:
    """E[f] for f quadratic in jointly Gaussian names of mean zero, from differences of f, which keep its shape.

    Raises:
        NotImplementedError: f is not seen to be quadratic in them.
    """
    if _degree(f, set(names)) > 2:
        raise NotImplementedError("only quadratic functions of the coordinates across are integrated")

    def at(**places: int) -> Expr:
        return f.xreplace({name: Integer(places.get(name.name, 0)) for name in names})

    centre = at()
    value = centre
    for i, a in enumerate(names):
        value += covariance[i][i] * (at(**{a.name: 1}) + at(**{a.name: -1}) - 2 * centre) / 2
        for j, b in enumerate(names[:i]):
            if covariance[i][j] != 0:
                mixed = at(**{a.name: 1, b.name: 1}) - at(**{a.name: 1}) - at(**{b.name: 1}) + centre
                value += covariance[i][j] * mixed
    return value


def _degree(f: Expr, names: set[Symbol]) -> float:
    """An upper bound of the degree of f in the names; infinite where it is no polynomial."""
    if not f.free_symbols & names:
        return 0
    if f in names:
        return 1
    if f.is_Add:
        return max(_degree(e, names) for e in f.args)
    if f.is_Mul:
        return sum(_degree(e, names) for e in f.args)
    if f.is_Pow and f.exp.is_Integer and f.exp.is_positive:
        return int(f.exp) * _degree(f.base, names)
    return float("inf")


class GramIntegral(IntegralOverSpace):
    """The integral over R^d of f(t_o, t_n, x_a, x_b), f homogeneous of degree one in the densities.

    ``gram``: (a_a, a_b, b_b), ``along``: (a_e, b_e); f is at most quadratic in the coordinates.
    """

    def __new__(cls, integrand: Any, gram: Any, along: Any, delta: Any) -> GramIntegral:
        body = integrand if isinstance(integrand, Lambda) else Lambda((t_o, t_n, x_a, x_b), sympify(integrand))
        return Expr.__new__(cls, body, Tuple(*gram), Tuple(*along), sympify(delta))

    @property
    def integrand(self) -> Expr:
        """f in the symbols t_o, t_n, x_a and x_b."""
        return self.args[0](t_o, t_n, x_a, x_b)  # type: ignore[operator]

    def at(self, old: Expr, new: Expr, u: Expr) -> Expr:
        """f at two density values and the coordinate u along the means, integrated over the directions across."""
        (a_a, a_b, b_b), (a_e, b_e) = self.args[1], self.args[2]  # type: ignore[misc]
        p, q = Dummy("p", real=True), Dummy("q", real=True)
        covariance = ((a_a - a_e**2, a_b - a_e * b_e), (a_b - a_e * b_e, b_b - b_e**2))
        moved = self.args[0](old, new, a_e * u + p, b_e * u + q)  # type: ignore[operator]
        return _second_moments(moved, (p, q), covariance)

    def concrete(self) -> Expr:
        """As one standard normal expectation over u."""
        return _on_the_line(self, self.args[3])

    def _sympystr(self, printer: Any) -> str:
        return f"Int({printer._print(self.integrand)})"

    def _latex(self, printer: Any) -> str:
        return rf"\int {printer._print(self.integrand)}\,dx"


class MixtureIntegral(IntegralOverSpace):
    """The integral over R^n of f(t_o, t_n, x_1, ..., x_n) for modes of means mu_o, mu_n and Sigma^-1 = W^T W.

    ``whitening``: W, with W (mu_n - mu_o) = delta e_1; every covariance and every pair of means have such a W. f is
    homogeneous of degree one in the densities and at most quadratic in the coordinates.
    """

    def __new__(cls, integrand: Any, whitening: Any, old: Any, new: Any, delta: Any) -> MixtureIntegral:
        body = integrand
        if not isinstance(integrand, Lambda):
            body = Lambda((t_o, t_n, *coordinates(len(old))), sympify(integrand))
        return Expr.__new__(cls, body, Tuple(*Matrix(whitening)), Tuple(*old), Tuple(*new), sympify(delta))

    @property
    def integrand(self) -> Expr:
        """f in the symbols t_o, t_n and x_1, ..., x_n."""
        return self.args[0](t_o, t_n, *coordinates(len(self.args[2].args)))  # type: ignore[operator]

    @property
    def whitening(self) -> Matrix:
        """W."""
        n = len(self.args[2].args)
        return Matrix(n, n, self.args[1].args)

    @property
    def midpoint(self) -> Matrix:
        """(mu_o + mu_n)/2."""
        return (Matrix(self.args[2].args) + Matrix(self.args[3].args)) / 2

    def at(self, old: Expr, new: Expr, u: Expr) -> Expr:
        """f at two density values and the coordinate u along the means, integrated over the directions across."""
        n = len(self.args[2].args)
        if n > LARGEST_EVALUATED and self.free_symbols:
            many = f"integrals over more than {LARGEST_EVALUATED} dimensions"
            raise NotImplementedError(f"{many} are evaluated at given numbers only")
        across = [Dummy(f"z_{k}", real=True) for k in range(1, n)]
        w = self.whitening
        place = self.midpoint + w.adjugate() * Matrix([u, *across]) / w.det()
        moved = self.args[0](old, new, *place)  # type: ignore[operator]
        return _second_moments(moved, across, [[Integer(i == j) for j in range(n)] for i in range(n)])

    def concrete(self) -> Expr:
        """As one standard normal expectation over u."""
        return _on_the_line(self, self.args[4])

    def _sympystr(self, printer: Any) -> str:
        return f"Int({printer._print(self.integrand)})"

    def _latex(self, printer: Any) -> str:
        return rf"\int {printer._print(self.integrand)}\,dx"


class InformationForm(Expr):
    """v^T F v, F the whole whitened information in R^n (`fisher.whitened_information`), v of length 1 + 2n."""

    is_commutative = True
    is_real = True
    is_extended_real = True

    def __new__(cls, vector: Any, alpha: Any, delta: Any) -> InformationForm:
        return Expr.__new__(cls, Tuple(*vector), sympify(alpha), sympify(delta))

    def concrete(self) -> Expr:
        """In the overlap moments."""
        vector = Matrix(self.args[0].args)
        matrix = whitened_information(self.args[1], self.args[2], (len(vector) - 1) // 2)  # type: ignore[arg-type]
        return (vector.T * matrix * vector)[0]

    def _sympystr(self, printer: Any) -> str:
        return f"F[{', '.join(printer._print(v) for v in self.args[0].args)}]"

    def _latex(self, printer: Any) -> str:
        return rf"F\left[{', '.join(printer._print(v) for v in self.args[0].args)}\right]"


def coordinates(n: int) -> tuple[Symbol, ...]:
    """x_1, ..., x_n."""
    return tuple(Symbol(f"x_{k}", real=True) for k in range(1, n + 1))


def _on_the_line(integral: GramIntegral | MixtureIntegral, delta: Expr) -> Expr:
    integral.required_homogeneous()
    u = Dummy("u", real=True)
    return exp(-(delta**2) / 8) * normal(integral.at(exp(-delta * u / 2), exp(delta * u / 2), u), u)


@dataclass(frozen=True)
class ThroughFunctionals:
    """An integral over R^n that sees x only through x_a and x_b, for a whitening W: their covariances are inner
    products of W a and W b, and the first coordinate of W x is the one along mu_n - mu_o.

    ``a``, ``b``: the vectors; ``pulls``: a^T Sigma^-1 (x - mu_o) and b^T Sigma^-1 (x - mu_n) as they stand in the
    integrand, through which alone it sees x. W^T W = Sigma^-1 makes (W a)^T (W b) = a^T Sigma^-1 b, and
    W (x - midpoint) is standard Gaussian round -+delta e_1/2.
    """

    a: tuple[Expr, ...]
    b: tuple[Expr, ...]
    pulls: tuple[Expr, Expr]
    reason: str = "linear functionals of a Gaussian are Gaussian; cov(a^T S x, b^T S x) = a^T S b with S = Sigma^-1"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not isinstance(before, MixtureIntegral) or not isinstance(after, GramIntegral):
            return Checked(False, "the step must turn an integral over R^n into one over linear functionals")
        whitening = before.whitening
        a, b = (whitening * Matrix(v) for v in (self.a, self.b))
        gap = whitening * (Matrix(before.args[3].args) - Matrix(before.args[2].args))
        shift = [before.args[4], *(Integer(0) for _ in range(len(a) - 1))]
        wanted = [(g, s) for g, s in zip(gap, shift, strict=True)]
        wanted += list(zip(after.args[1].args, (a.dot(a), a.dot(b), b.dot(b)), strict=True))
        wanted += list(zip(after.args[2].args, (a[0], b[0]), strict=True))
        if after.args[3] != before.args[4] or not all(vanishes_as_rational(p - q) for p, q in wanted):
            return Checked(False, "the covariances are other ones, or W does not turn mu_n - mu_o into delta e_1")
        white = whitening * (Matrix(coordinates(len(a))) - before.midpoint)
        shifts = before.args[4] * a[0] / 2, -before.args[4] * b[0] / 2
        functionals = a.dot(white), b.dot(white)
        if not all(vanishes_as_rational(p - f - c) for p, f, c in zip(self.pulls, functionals, shifts, strict=True)):
            return Checked(False, "the functionals in the integrand are other ones")
        named = dict(zip(self.pulls, (x_a + shifts[0], x_b + shifts[1]), strict=True))
        seen = before.integrand.xreplace(named)
        if not seen.has(*coordinates(len(a))):
            same = vanishes_as_rational(seen - after.integrand)
        else:
            opened = after.integrand.xreplace(dict(zip((x_a, x_b), functionals, strict=True)))
            same = vanishes_as_rational(before.integrand - opened)
        return ACCEPTED if same else Checked(False, "the integrands differ")


@dataclass(frozen=True)
class WriteOut:
    """The form of the whole information is what its blocks give."""

    reason: str = "write the blocks of F out"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not isinstance(after, InformationForm):
            return Checked(False, "the next expression must be a form of the information")
        same = is_zero(before - after.concrete(), context.domain)
        return ACCEPTED if same else Checked(False, "the blocks give another form")


@dataclass(frozen=True)
class AlongAndAcross:
    """Linearity, with the coordinates across mu_n - mu_o integrated on both sides by their second moments."""

    reason: str = "u and the coordinates across are independent; the latter have mean zero"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        difference = before - after
        integrals = sorted(difference.atoms(GramIntegral, ObliqueIntegral), key=default_sort_key)
        if len({e.args[-1] for e in integrals}) != 1:
            return Checked(False, "the separations differ")
        affine = affine_in(difference, integrals)
        if affine is None:
            return Checked(False, "not affine in the integrals")
        constant, multiples = affine
        if not is_zero(constant, context.domain) or holds_a_point(constant, *multiples.values()):
            return Checked(False, "not linear in the integrals")
        if not well_defined(before, after):
            return NOT_WELL_DEFINED
        u = Dummy("u", real=True)
        terms = (c * _across(e, u) for e, c in multiples.items())
        if vanishes_as_rational(sum(terms, Integer(0))):
            return ACCEPTED
        return Checked(False, "the integrands differ")


def _across(integral: GramIntegral | ObliqueIntegral, u: Symbol) -> Expr:
    """The integrand in t_o, t_n and u, the coordinates across integrated."""
    if isinstance(integral, GramIntegral):
        return integral.at(t_o, t_n, u)
    kappa, w = integral.args[1], Dummy("w", real=True)
    moved = integral.integrand.xreplace({x: kappa * u + w})
    return _second_moments(moved, (w,), ((1 - kappa**2,),))


@dataclass(frozen=True, init=False)
class InTurn:
    """Several equalities in one step: each expression follows from the one before it by its own rule."""

    steps: tuple[tuple[Expr, Rule], ...]

    def __init__(self, *steps: tuple[Any, Rule]) -> None:
        object.__setattr__(self, "steps", steps)

    @property
    def reason(self) -> str:
        return "; ".join(dict.fromkeys(rule.reason for _, rule in self.steps))

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        for expression, rule in self.steps:
            checked = rule.check(before, "=", sympify(expression), context)
            if not checked.ok:
                return checked
            before = sympify(expression)
        return ACCEPTED if before == after else Checked(False, "the last expression of the list is not the next one")
