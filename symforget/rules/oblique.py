"""The target mixture in R^d seen along one direction: its second variation, its moments, and eigenvalues from forms.

In whitened coordinates let v be a unit vector, kappa the cosine of its angle with mu_n - mu_o, and x the coordinate
along v from the midpoint of the means. With u the coordinate along mu_n - mu_o and w ~ N(0, 1) independent of it,

    x = kappa u + sqrt(1 - kappa^2) w,    t_o = N(u; -delta/2, 1),    t_n = N(u; delta/2, 1),

and the other directions integrate to one: a plane serves for every d >= 2, and kappa = 1 is d = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import (
    Dummy,
    Expr,
    Ge,
    Integer,
    Lambda,
    Le,
    Matrix,
    Pow,
    Symbol,
    binomial,
    cosh,
    default_sort_key,
    diag,
    exp,
    expand,
    expand_log,
    factorial,
    log,
    sech,
    sqrt,
    sympify,
)

from symforget.calculus import well_defined
from symforget.derivation import ACCEPTED, NOT_OVER_THE_LINE, Checked, Context, runs_over_the_line
from symforget.fisher import (
    fisher_condition_number,
    fisher_largest_eigenvalue,
    fisher_smallest_eigenvalue,
    overlap_entries,
    separate_entries,
)
from symforget.functions import normal
from symforget.instances import is_of_the_pair
from symforget.rational import affine_in, cancelled, coefficients, factored
from symforget.rules.algebra import hypothesis_met, value_allowed, variables_of
from symforget.rules.gaussian import combined_normal
from symforget.rules.vectors import (
    NOT_WELL_DEFINED,
    IntegralOverSpace,
    SpaceIntegral,
    c_n,
    c_o,
    dominated,
    holds_a_point,
    mu_n,
    mu_o,
    t_n,
    t_o,
    x,
)
from symforget.signs import is_positive, is_zero
from symforget.trees import mapped

NOT_AN_EQUALITY = Checked(False, "this rule justifies an equality only")


class ObliqueIntegral(IntegralOverSpace):
    """The integral over R^d of f(t_o, t_n, x): target densities, and x along a direction of cosine ``kappa``.

    f must be homogeneous of degree one in the densities and polynomial in x.
    """

    def __new__(cls, integrand: Any, kappa: Any, delta: Any) -> ObliqueIntegral:
        body = integrand if isinstance(integrand, Lambda) else Lambda((t_o, t_n, x), sympify(integrand))
        return Expr.__new__(cls, body, sympify(kappa), sympify(delta))

    @property
    def integrand(self) -> Expr:
        """f in the symbols t_o, t_n and x."""
        return self.args[0](t_o, t_n, x)  # type: ignore[operator]

    def concrete(self) -> Expr:
        """As a standard normal expectation over u, the other coordinate integrated by its moments."""
        self.required_homogeneous()
        kappa, delta = self.args[1:]
        u, w = Dummy("u", real=True), Dummy("w", real=True)
        old, new = exp(-delta * u / 2), exp(delta * u / 2)
        position = kappa * u + sqrt(1 - kappa**2) * w
        # E f(w) = sum of f^(2k)(0) E[w^(2k)]/(2k)! for polynomials; to expand would spoil the shape of the densities.
        moved, value, order = self.args[0](old, new, position), Integer(0), 0  # type: ignore[operator]
        while moved != 0:
            value += moved.subs(w, 0) * _moment(order) / factorial(order)
            moved, order = moved.diff(w, 2), order + 2
        return exp(-(delta**2) / 8) * normal(value, u)

    def _sympystr(self, printer: Any) -> str:
        return f"Int({printer._print(self.integrand)})"

    def _latex(self, printer: Any) -> str:
        return rf"\int {printer._print(self.integrand)}\,dx"


def _moment(n: int) -> Integer:
    """E[w^n] for w ~ N(0, 1)."""
    value = Integer(0 if n % 2 else 1)
    for k in range(1, n, 2):
        value *= k
    return value


def _polynomial_integral(integrand: Expr, centres: dict[Symbol, Expr]) -> Expr | None:
    """The integral of (polynomial in x) x (one density) terms, by the moments of N(centre, 1); None for other terms."""
    terms = coefficients(integrand, (*centres, x))
    if terms is None:
        return None
    total = Integer(0)
    for (*densities, degree), coefficient in terms.items():
        if sorted(densities) != [*(0 for _ in densities[1:]), 1]:
            return None
        centre = list(centres.values())[densities.index(1)]
        total += coefficient * sum(binomial(degree, n) * centre ** (degree - n) * _moment(n) for n in range(degree + 1))
    return total


class SecondDerivative(IntegralOverSpace):
    """d^2/de^2 at e = 0 of an integral over R^d whose weight and means move with e and pass through the target's."""

    def __new__(cls, moving: Any, variable: Symbol, centres: Any = None) -> SecondDerivative:
        # Not the integral itself: it is to be made concrete only once the derivative is taken.
        body = moving.args[0] if isinstance(moving, SpaceIntegral) else moving
        means = moving.args[1] if isinstance(moving, SpaceIntegral) else centres
        return Expr.__new__(cls, body, variable, means)

    @property
    def free_symbols(self) -> set[Any]:
        return (self.args[0].free_symbols | self.args[2].free_symbols) - {self.args[1]}

    @property
    def moving(self) -> SpaceIntegral:
        """The integral as a function of e."""
        return SpaceIntegral(self.args[0], self.args[2])

    @property
    def integrand(self) -> Expr:
        """What is integrated, as a function of e."""
        return self.moving.integrand

    def centres(self) -> tuple[Expr, ...]:
        """The four means at e = 0."""
        return tuple(c.xreplace({self.args[1]: Integer(0)}) for c in self.moving.centres)

    def at_zero(self) -> Expr:
        """The second derivative of the integrand at e = 0, where the model's densities are the target's."""
        variable: Any = self.args[1]
        twice: Any = self.moving.diff(variable).diff(variable)
        at_target = twice.integrand.xreplace({variable: Integer(0)}).xreplace({c_o: t_o, c_n: t_n})
        return mapped(at_target, log, lambda e: log(cancelled(e.args[0])))

    def concrete(self) -> Expr:
        """On a line, as one expectation."""
        return SpaceIntegral(self.at_zero(), self.centres()).on_a_line()

    def _sympystr(self, printer: Any) -> str:
        moving, variable = self.moving, self.args[1]
        return f"Subs(Derivative({printer._print(moving)}, ({variable}, 2)), {variable}, 0)"

    def _latex(self, printer: Any) -> str:
        moving, variable = (printer._print(a) for a in (self.moving, self.args[1]))
        return rf"\left. \frac{{d^2}}{{d {variable}^2}} {moving} \right|_{{{variable} = 0}}"


@dataclass(frozen=True)
class SecondVariation:
    """d^2/de^2 of int q log(q/p) at e = 0, where the model passes through the target: int (dq/de)^2/p.

    The last expression is the `SecondDerivative` of int q log(q/p). What is left of it besides the next one are
    polynomials in x times one density, integrated by their moments. Differentiation passes under the integral because
    the integrand is a mixture, with weights shown to be nonnegative for every real e, times the logarithm of a ratio of
    mixtures.
    """

    reason: str = "differentiate twice under the integral; log(q/p) = 0 at the target and int q = 1"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not isinstance(before, SecondDerivative) or not isinstance(after, SpaceIntegral):
            return Checked(False, "the step must be a second derivative at a point, equal to an integral")
        if not runs_over_the_line(before.args[1], context, before, after):
            return Checked(False, f"{before.args[1]} is a parameter, or stands for some real numbers only")
        if not dominated(before.moving.integrand, context):
            return Checked(False, "no integrable majorant is seen")
        if before.centres() != (mu_o, mu_n, mu_o, mu_n) or after.integrand.has(c_o, c_n):
            return Checked(False, "the means are not the target's at 0")
        rest = _polynomial_integral(before.at_zero() - after.integrand, {t_o: mu_o, t_n: mu_n})
        if rest is not None and is_zero(rest, context.domain):
            return ACCEPTED
        return Checked(False, "the second derivative of the integrand is another one")


@dataclass(frozen=True)
class ObliqueMoments:
    """Linearity: both sides integrate the same function, polynomials times one density by their moments."""

    reason: str = "linearity; the moments of the two Gaussians"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        difference = before - after
        integrals = sorted(difference.atoms(ObliqueIntegral), key=default_sort_key)
        frames = {e.args[1:] for e in integrals}
        if len(frames) != 1:
            return Checked(False, "the integrals are not along one direction")
        affine = affine_in(difference, integrals)
        if affine is None:
            return Checked(False, "not affine in the integrals")
        constant, multiples = affine
        if holds_a_point(constant, *multiples.values()):
            return Checked(False, "a density or a place stands outside the integrals")
        ((kappa, delta),) = frames
        integrand = sum((c * e.integrand for e, c in multiples.items()), Integer(0))
        total = _polynomial_integral(integrand, {t_o: -kappa * delta / 2, t_n: kappa * delta / 2})
        if total is not None and is_zero(total + constant, context.domain):
            return ACCEPTED
        return Checked(False, "the integrands differ")


@dataclass(frozen=True)
class InThePlane:
    """x = kappa u + sqrt(1 - kappa^2) w with independent u, w: integrate over w; u is measured from the midpoint.

    ``weight``: the old weight alpha in (0, 1), ``u``: a name for the line's coordinate. Both sides become rational in
    r = sqrt((1 - alpha)/alpha) and exp(delta u/2), where sech((delta u + log((1-alpha)/alpha))/2) opens.
    """

    weight: Symbol
    u: Symbol
    reason: str = "x = kappa u + sqrt(1 - kappa^2) w, w ~ N(0, 1) independent of u; E[w] = 0, E[w^2] = 1"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        interval = context.domain.get(self.weight)
        if interval is None or interval.lower < 0 or interval.upper > 1:
            return Checked(False, f"{self.weight} is not confined to (0, 1)")
        if not runs_over_the_line(self.u, context, before, after):
            return NOT_OVER_THE_LINE
        if not well_defined(before):
            return NOT_WELL_DEFINED
        line = mapped(before, ObliqueIntegral, lambda e: e.concrete())
        integrand = combined_normal(line - after, self.u)
        if integrand is None:
            return Checked(False, "not affine in the expectations")
        if self._vanishes(integrand):
            return ACCEPTED
        return Checked(False, "the integrands differ")

    def _vanishes(self, integrand: Expr) -> bool:
        ratio = Dummy("r", positive=True)
        opened = integrand.xreplace({self.weight: 1 / (1 + ratio**2)})
        opened = mapped(opened, log, lambda e: expand_log(log(factored(e.args[0]))))
        opened = mapped(opened, sech, lambda e: 1 / cosh(expand(e.args[0])))
        opened = mapped(opened, cosh, lambda e: (exp(e.args[0]) + exp(-e.args[0])) / 2)
        opened = mapped(opened, exp, lambda e: expand(exp(expand(e.exp))))
        roots = {e: factored(e.base) ** e.exp for e in opened.atoms(Pow) if e.exp.is_Rational and not e.exp.is_Integer}
        return cancelled(opened.xreplace(roots)) == 0


@dataclass(frozen=True)
class OnTheAxis:
    """An integral along a direction v is one along mu_n - mu_o (kappa = 1) where the means are -delta/2 and delta/2."""

    reason: str = "take v along mu_n - mu_o, and measure from the midpoint"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=" or not isinstance(before, SpaceIntegral) or not isinstance(after, ObliqueIntegral):
            return Checked(False, "the step must turn an integral along v into one along mu_n - mu_o")
        kappa, delta = after.args[1:]
        centred = before.centres[2:] == (-delta / 2, delta / 2) and kappa == 1
        if not centred or before.integrand.has(c_o, c_n) or before.integrand != after.integrand:
            return Checked(False, "the integrands or the means differ")
        return ACCEPTED


@dataclass(frozen=True)
class SmallestValue:
    """y^T F y >= lambda_min |y|^2 for the 3 x 3 block F: what the smallest eigenvalue of a symmetric matrix is.

    ``y``: three symbols that the matrix does not contain.
    """

    y: tuple[Symbol, Symbol, Symbol]
    reason: str = "the smallest eigenvalue is the least value of the form on unit vectors"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        found = list(after.atoms(fisher_smallest_eigenvalue))
        if relation != ">=" or len(found) != 1 or found[0].has(*self.y):
            return Checked(False, "the step must bound the form from below by one smallest eigenvalue")
        from symforget.fisher import along

        vector = Matrix(self.y)
        form, square = (vector.T * along(*found[0].args) * vector)[0], (vector.T * vector)[0]
        if is_zero(before - form, context.domain) and is_zero(after - found[0] * square, context.domain):
            return ACCEPTED
        return Checked(False, "the two sides are not the form and the smallest eigenvalue times |y|^2")


@dataclass(frozen=True)
class ExtremeEigenvalue:
    """A bound of an extreme eigenvalue from the same bound of the quadratic form (Rayleigh, Courant and Fischer).

    From y^T M y >= m |y|^2 (or <=) for all y: the smallest eigenvalue of M is >= m (the largest is <= m). ``matrix``:
    M, the block of the Fisher information that the statement's function speaks of; ``y``: the three free symbols.
    """

    matrix: Any
    y: tuple[Symbol, Symbol, Symbol]
    reason: str = "an extreme eigenvalue is the extreme value of the quadratic form on unit vectors"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        kinds = {Ge: fisher_smallest_eigenvalue, Le: fisher_largest_eigenvalue}
        kind = kinds.get(type(statement))
        if kind is None or not isinstance(statement.lhs, kind):
            return Checked(False, "the statement does not bound an extreme eigenvalue from its own side")
        if not all(str(context.domain.get(s)) == "(-oo, oo)" for s in self.y):
            return Checked(False, "the form is not bounded for every vector")
        from symforget.fisher import along

        if statement.rhs.has(*self.y) or along(*statement.lhs.args) != Matrix(self.matrix):
            return Checked(False, "the matrix is not the one of the statement")
        vector = Matrix(self.y)
        form, square = (vector.T * self.matrix * vector)[0], (vector.T * vector)[0]
        for premise in premises:
            if type(premise) is not type(statement):
                continue
            if is_zero(premise.lhs - form, context.domain) and is_zero(
                premise.rhs - statement.rhs * square, context.domain
            ):
                return ACCEPTED
        return Checked(False, "no premise bounds the quadratic form")


@dataclass(frozen=True)
class TestVector:
    """The largest eigenvalue is at least v^T M v for a unit vector v, hence at least what bounds the form there.

    ``matrix``: M, the block the statement's function speaks of; ``y``: the free symbols; ``vector``: v, exact numbers.
    """

    __test__ = False

    matrix: Any
    y: tuple[Symbol, Symbol, Symbol]
    vector: tuple[int, int, int]
    reason: str = "the largest eigenvalue is at least the quadratic form at a unit vector"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not isinstance(statement, Ge) or not isinstance(statement.lhs, fisher_largest_eigenvalue):
            return Checked(False, "the statement does not bound the largest eigenvalue from below")
        from symforget.fisher import along

        if along(*statement.lhs.args) != Matrix(self.matrix) or sum(v**2 for v in self.vector) != 1:
            return Checked(False, "the matrix is not the one of the statement, or the vector has another length")
        if not all(str(context.domain.get(s)) == "(-oo, oo)" for s in self.y):
            return Checked(False, "the form is not bounded for every vector")
        column = Matrix(self.y)
        form, values = (column.T * self.matrix * column)[0], dict(zip(self.y, self.vector, strict=True))
        for premise in premises:
            if not isinstance(premise, Ge) or not is_zero(premise.lhs - form, context.domain):
                continue
            if is_zero(premise.rhs.subs(values) - statement.rhs, context.domain):
                return ACCEPTED
        return Checked(False, "no premise bounds the form so at that vector")


@dataclass(frozen=True)
class RatioOfEigenvalues:
    """lambda_max/lambda_min m <= M from lambda_min >= m and lambda_max <= M, as lambda_min > 0.

    The information is positive definite for alpha in (0, 1) and delta > 0: its scores are linearly independent.
    """

    reason: str = "condition number = largest over smallest eigenvalue, both positive"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not isinstance(statement, Le):
            return Checked(False, "the statement is not an upper bound")
        ratios = list(statement.lhs.atoms(fisher_condition_number))
        if len(ratios) != 1:
            return Checked(False, "the statement does not speak of one condition number")
        weight, delta = ratios[0].args
        if not all(is_positive(e, context.domain) for e in (weight, 1 - weight, delta)):
            return Checked(False, "the weight is not confined to (0, 1), or the separation may vanish")
        low, high = (f(*ratios[0].args) for f in (fisher_smallest_eigenvalue, fisher_largest_eigenvalue))
        lows = [p.rhs for p in premises if isinstance(p, Ge) and p.lhs == low]
        highs = [p.rhs for p in premises if isinstance(p, Le) and p.lhs == high]
        for m in lows:
            for top in highs:
                if is_zero(statement.lhs - ratios[0] * m, context.domain) and statement.rhs == top:
                    return ACCEPTED
        return Checked(False, "no premises bound both eigenvalues so")


@dataclass(frozen=True)
class ForTheSpectrum:
    """A statement for all 0 < low <= low + excess, taken at the extreme eigenvalues of the Fisher information.

    ``claim``, ``part``: the statement; ``low``, ``excess``: its symbols, with domains (0, oo) and [0, oo). The
    information is positive definite, so that they may be replaced by the smallest eigenvalue, and by the largest less
    that. ``weight``, ``separation``: the symbols of alpha and delta.
    """

    claim: str
    part: str
    low: Symbol
    excess: Symbol
    weight: Symbol
    separation: Symbol
    reason: str = "the extreme eigenvalues of the information are ordered and positive"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        general, domain = context.lemma(self.claim, self.part)
        if is_of_the_pair(self.low) or is_of_the_pair(self.excess):
            return Checked(False, "the lemma does not hold for all values of what belongs to the densities")
        if [str(domain.get(s)) for s in (self.low, self.excess)] != ["(0, oo)", "[0, oo)"]:
            return Checked(False, "the lemma's symbols have other domains")
        others = general.free_symbols & domain.keys() - {self.low, self.excess}
        if not all(value_allowed(s, domain[s], context) for s in others) or not hypothesis_met(domain, context):
            return Checked(False, "the lemma holds on a smaller domain")
        if variables_of(general) & {self.low, self.excess, self.weight, self.separation}:
            return Checked(False, "the lemma binds a symbol that is replaced")
        if not (_confined(self.weight, 1, context) and _confined(self.separation, None, context)):
            return Checked(False, "the weight and the separation are not confined to (0, 1) and (0, oo)")
        small, large = (
            f(self.weight, self.separation) for f in (fisher_smallest_eigenvalue, fisher_largest_eigenvalue)
        )
        at = {self.low: small, self.excess: large - small}
        if type(general) is not type(statement):
            return Checked(False, "the relation is another one")
        sides = zip((general.lhs, general.rhs), (statement.lhs, statement.rhs), strict=True)
        if all(g.xreplace(at) == s or is_zero(g.xreplace(at) - s, context.domain) for g, s in sides):
            return ACCEPTED
        return Checked(False, "the statement is not the lemma at the extreme eigenvalues")


def _confined(symbol: Symbol, upper: int | None, context: Context) -> bool:
    """Whether a symbol lies in (0, upper), or is positive."""
    interval = context.domain.get(symbol)
    if interval is None or interval.lower < 0 or (interval.lower == 0 and not interval.lower_open):
        return False
    return upper is None or interval.upper < upper or bool(interval.upper == upper and interval.upper_open)


@dataclass(frozen=True)
class MirrorImage:
    """A statement about the spectrum for all weights of an interval [a, 1 - a], from the same for those up to 1/2.

    x -> -x about the midpoint exchanges the modes: alpha -> 1 - alpha, phi -> -phi, m_o <-> -m_n. The overlap moments
    K_0, K_2 stay and K_1 changes its sign (u -> -u), so the block goes over into P F P^T, P the signed permutation;
    this is checked entry by entry.
    """

    weight: Symbol
    reason: str = "exchanging the modes turns alpha into 1 - alpha and leaves the spectrum alone"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        whole, half = context.domain.get(self.weight), context.box.get(self.weight)
        if statement not in premises or whole is None or half is None:
            return Checked(False, "the statement itself is not certified on a half")
        short = not half.is_compact or half.lower > whole.lower or 2 * half.upper < 1
        if whole.lower + whole.upper != 1 or short:
            return Checked(False, "the half and its mirror image do not cover the interval")
        kinds = (fisher_smallest_eigenvalue, fisher_largest_eigenvalue, fisher_condition_number)
        hidden = {e: Dummy() for e in statement.atoms(*kinds) if e.args[0] == self.weight}
        if any(e.args[1].has(self.weight) for e in hidden) or statement.xreplace(hidden).has(self.weight):
            return Checked(False, "the statement sees the weight otherwise than through the spectrum")
        return ACCEPTED if _mirrored() else Checked(False, "the block does not go over into itself")


def _mirrored() -> bool:
    """Whether F at 1 - alpha with -K_1 is P F P^T."""
    weight, separation, k0, k1, k2 = (Dummy() for _ in range(5))

    def block(w: Expr, odd: Expr) -> Matrix:
        return diag(*separate_entries(w)) - Matrix(overlap_entries(separation, k0, odd, k2))

    exchange = Matrix([[-1, 0, 0], [0, 0, -1], [0, -1, 0]])
    return (block(1 - weight, -k1) - exchange * block(weight, k1) * exchange.T).expand() == Matrix.zeros(3)
