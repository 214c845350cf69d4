"""Integrals over the sample space for any pair of densities: what may be integrated, differentiated and reduced.

An integrand is a function f(p_o, p_n) of the two density values, positively homogeneous of degree one, so that its
integral does not depend on the reference measure. With q = beta p_o + (1-beta) p_n and the score v = (p_o - p_n)/q,

    p_o = q (1 + (1-beta) v),    p_n = q (1 - beta v),

so a rational integrand with powers of q alone below the line is q times a polynomial in v, and its integral is a
combination of the score's moments m_j = E_q[v^j]:

    m_0 = 1,  m_1 = 0,  m_2 = I(beta) = (1 - H)/(beta (1-beta)),  m_(j+1) = -(dm_j/dbeta)/(j - 1).

Everything of degree two therefore reduces to the overlap gate H(beta) = int p_o p_n/q, for any densities.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, ClassVar

from sympy import (
    Abs,
    Add,
    Dummy,
    Expr,
    Function,
    Integer,
    Lambda,
    Max,
    Min,
    Symbol,
    default_sort_key,
    diff,
    exp,
    expand,
    log,
    sqrt,
    symbols,
    sympify,
    together,
)

from symforget.errors import InputError
from symforget.rational import affine_in, cancelled, coefficients, factored
from symforget.signs import is_positive
from symforget.trees import NOT_SMOOTH, mapped, simplified
from symforget.vanishing import vanishes_as_rational

p_o, p_n = symbols("p_o p_n", positive=True)


class DensityIntegral(Expr):
    """An integral over the sample space of an expression in the values of ``densities`` there, of degree one in them.

    Of another degree it would depend on the reference measure. Rules make integrals of single terms, which may be of
    any degree; a claim, and what is made concrete, may not hold such: see `required_homogeneous`.
    """

    is_commutative = True
    is_real = True
    is_extended_real = True
    densities: ClassVar[tuple[Symbol, ...]] = (p_o, p_n)
    integrand: Any

    def is_well_defined(self) -> bool:
        """Whether the integrand is seen to be homogeneous of degree one in the densities."""
        return is_homogeneous(self.integrand, self.densities)

    def required_homogeneous(self) -> None:
        """Check that the integral is well defined.

        Raises:
            InputError: the integrand is not seen to be homogeneous of degree one in the densities.
        """
        if not self.is_well_defined():
            raise InputError(
                f"the integral of {self.integrand} over the sample space depends on the measure it is taken with: the "
                f"integrand must be homogeneous of degree one in {', '.join(map(str, self.densities))}"
            )


def well_defined(*expressions: Expr) -> bool:
    """Whether every integral over the sample space in them is."""
    return all(integral.is_well_defined() for e in expressions for integral in e.atoms(DensityIntegral))


class SampleIntegral(DensityIntegral):
    """The integral of f(p_o(x), p_n(x)) over the sample space; ``args[0]`` is the Lambda of f."""

    def __new__(cls, integrand: Any) -> SampleIntegral:
        body = integrand if isinstance(integrand, Lambda) else Lambda((p_o, p_n), sympify(integrand))
        return Expr.__new__(cls, body)

    @property
    def integrand(self) -> Expr:
        """f as an expression in the symbols p_o and p_n."""
        function = self.args[0]
        return function.expr if function.variables == (p_o, p_n) else function(p_o, p_n)  # type: ignore

    def at(self, old: Expr, new: Expr) -> Expr:
        """f with the two densities replaced by the given values."""
        return self.args[0](old, new)  # type: ignore[operator]

    def _eval_derivative(self, s: Symbol) -> Expr:
        return SampleIntegral(diff(self.integrand, s))

    def _eval_is_positive(self) -> bool | None:
        return True if self.integrand.is_positive else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.integrand.is_nonnegative else None

    def _sympystr(self, printer: Any) -> str:
        return f"Int({printer._print(named_mixtures(self.integrand))})"

    def _latex(self, printer: Any) -> str:
        return rf"\int {printer._print(named_mixtures(self.integrand))}\,dx"


class H(Function):
    """The overlap gate H(beta) = int p_o p_n/q_beta of any pair of densities; 0 < H <= 1 for beta in [0, 1]."""

    nargs = 1

    def _eval_is_positive(self) -> bool | None:
        weight = self.args[0]
        return True if weight.is_nonnegative and together(1 - weight).is_nonnegative else None

    def _eval_is_real(self) -> bool:
        return True

    def integral(self) -> SampleIntegral:
        """The integral that defines the gate."""
        return SampleIntegral(p_o * p_n / mixture(self.args[0]))


class DensityFunctional(Symbol):
    """A number that belongs to the pair of densities, known by name: BC, TV, chi2 or chi2_old.

    BC = int sqrt(p_o p_n) (Bhattacharyya coefficient), TV = (1/2) int |p_o - p_n| (total variation distance),
    chi2 = int (p_o - p_n)^2/p_n (chi-square divergence of p_o from p_n) = E_n[(p_o/p_n - 1)^2],
    chi2_old = E_o[(p_o/p_n - 1)^2], the same square averaged over the old mode.

    All but BC are zero where p_o = p_n. A claim that needs p_o != p_n says so in its domain, by one of `IF_DIFFERENT`.
    """

    __slots__ = ()

    @property
    def definition(self) -> Expr:
        return _DEFINITIONS[self.name]


BC = DensityFunctional("BC", positive=True)
TV = DensityFunctional("TV", nonnegative=True)
chi2 = DensityFunctional("chi2", nonnegative=True)
chi2_old = DensityFunctional("chi2_old", nonnegative=True)
_DEFINITIONS: dict[str, Expr] = {
    "BC": SampleIntegral(sqrt(p_o * p_n)),
    "TV": SampleIntegral(Abs(p_o - p_n)) / 2,
    "chi2": SampleIntegral((p_o - p_n) ** 2 / p_n),
    "chi2_old": SampleIntegral(p_o * (p_o - p_n) ** 2 / p_n**2),
}


IF_DIFFERENT: Mapping[Symbol, str] = {TV: "(0, 1)", chi2: "(0, oo)", chi2_old: "(0, oo)"}
"""What each of these runs through for positive p_o != p_n: stated for one of them, it is that hypothesis."""


def mixture(weight: Expr) -> Expr:
    """The density q = weight p_o + (1 - weight) p_n."""
    return weight * p_o + (1 - weight) * p_n


NOTATION = "Int(f) is the integral of f over the sample space, q(w) = w p_o + (1 - w) p_n"


def named_mixtures(integrand: Expr) -> Expr:
    """The integrand with every mixture w p_o + (1 - w) p_n written q(w), for printing only."""

    def named(e: Expr) -> Expr:
        weight = e.coeff(p_o)
        return Function("q")(weight) if expand(e - mixture(weight)) == 0 else e

    return integrand.replace(lambda e: e.is_Add and e.has(p_o) and e.has(p_n), named)


def responsibility_old(weight: Expr) -> Expr:
    """r_o = weight p_o/q, the posterior probability of the old component."""
    return weight * p_o / mixture(weight)


def responsibility_new(weight: Expr) -> Expr:
    """r_n = (1 - weight) p_n/q = 1 - r_o."""
    return (1 - weight) * p_n / mixture(weight)


def E_o(value: Expr) -> SampleIntegral:
    """Expectation under p_o."""
    return SampleIntegral(p_o * value)


def E_n(value: Expr) -> SampleIntegral:
    """Expectation under p_n."""
    return SampleIntegral(p_n * value)


@lru_cache(maxsize=2048)
def unfold(expr: Expr) -> Expr:
    """Replace H, BC, TV and chi2 by the integrals that define them."""
    opened = mapped(expr, H, lambda e: e.integral()) if expr.has(H) else expr
    return opened.xreplace({s: s.definition for s in opened.atoms(DensityFunctional)})


@lru_cache(maxsize=2048)
def is_homogeneous(integrand: Expr, densities: tuple[Symbol, ...] = (p_o, p_n), degree: int = 1) -> bool:
    """Whether f(s p_o, s p_n) = s^degree f(p_o, p_n) for s > 0; degree one makes its integral well defined."""
    if integrand == 0 or _degree(integrand, frozenset(densities)) == degree:
        return True
    s = Dummy("s", positive=True)
    scaled = integrand.xreplace({p: s * p for p in densities})
    scaled = mapped(scaled, log, lambda e: log(cancelled(e.args[0])))
    plain = mapped(integrand, log, lambda e: log(cancelled(e.args[0])))
    difference = scaled / s**degree - plain
    return vanishes_as_rational(difference) or simplified(difference) == 0


def _degree(e: Expr, densities: frozenset[Symbol]) -> Expr | None:
    """The degree of homogeneity in the densities, read off the structure; None if the structure does not show one."""
    if e in densities:
        return Integer(1)
    if not e.free_symbols & densities:
        return Integer(0)
    degrees = [_degree(arg, densities) for arg in e.args]
    if None in degrees:
        return None
    if e.is_Mul:
        return Add(*degrees)
    if e.is_Pow and not isinstance(e, exp):
        base, exponent = degrees
        return base * e.exp if exponent == 0 and (e.exp.is_Rational or base == 0) else None
    if e.is_Add or isinstance(e, (Abs, Max, Min)):
        return degrees[0] if len(set(degrees)) == 1 else None
    return Integer(0) if not any(degrees) and isinstance(e, Function) else None


def score_polynomial(integrand: Expr, weight: Expr) -> dict[int, Expr] | None:
    """f/q as a polynomial in the score v = (p_o - p_n)/q, degree -> coefficient, or None if it is not one."""
    v = Dummy("v", real=True)
    at_unit_mixture = integrand.xreplace({mixture(weight): Integer(1), p_o: 1 + (1 - weight) * v, p_n: 1 - weight * v})
    found = coefficients(at_unit_mixture, (v,))
    return None if found is None else {degree: value for (degree,), value in found.items()}


def score_moment(order: int, weight: Symbol) -> Expr:
    """E_q[v^order] through the gate and its derivatives."""
    if order < 2:
        return sympify(1 - order)
    moment = (1 - H(weight)) / (weight * (1 - weight))
    for j in range(2, order):
        moment = -diff(moment, weight) / (j - 1)
    return moment


def reduce_integral(integral: SampleIntegral, weight: Symbol) -> Expr | None:
    """The integral through 1, H and derivatives of H, or None if the integrand is not in their span.

    ``weight``: the symbol beta of the mixture q whose powers stand below the line.
    """
    if not is_homogeneous(integral.integrand):
        return None
    polynomial = score_polynomial(integral.integrand, weight)
    if polynomial is None:
        return None
    return sum((c * score_moment(j, weight) for j, c in polynomial.items()), start=sympify(0))


@lru_cache(maxsize=2048)
def reduce_to_gate(expr: Expr, weight: Symbol) -> Expr:
    """Replace every integral that reduces by its value through H; the others stay."""

    def value(integral: SampleIntegral) -> Expr:
        reduced = reduce_integral(integral, weight)
        return integral if reduced is None else reduced

    return map_integrals(expr, value)


def map_integrals(expr: Expr, value: Callable[[SampleIntegral], Expr]) -> Expr:
    """The expression with ``value`` in place of every integral over the sample space, inner ones first."""
    found = {}
    for integral in expr.atoms(SampleIntegral):
        inner = integral.integrand
        found[integral] = value(SampleIntegral(map_integrals(inner, value)) if inner.has(SampleIntegral) else integral)
    return expr.xreplace(found)


@lru_cache(maxsize=2048)
def integrate_densities(expr: Expr) -> Expr:
    """Replace every integral of a combination a p_o + b p_n, with constants a and b, by a + b."""

    def value(integral: SampleIntegral) -> Expr:
        combination = integral.integrand.as_poly(p_o, p_n) if _may_be_polynomial(integral.integrand) else None
        if combination is None or not combination.is_homogeneous or combination.total_degree() != 1:
            return integral
        return sum(combination.coeffs(), start=sympify(0))

    return map_integrals(expr, value)


def _may_be_polynomial(e: Expr) -> bool:
    """Whether nothing but sums, products and natural powers holds a density."""
    if e.is_Add or e.is_Mul or (e.is_Pow and e.exp.is_Integer and e.exp.is_positive):
        return all(_may_be_polynomial(arg) for arg in e.args)
    return e in (p_o, p_n) or not e.has(p_o, p_n)


def combined(expr: Expr, integrals: Collection[Any], inside: tuple[Symbol, ...]) -> Expr | None:
    """One integrand whose integral is the expression, or None if it is not affine in the integrals.

    A constant c counts as the integral of c times the first of the symbols ``inside``, a density. These mean something
    under the integral alone: an expression that has one outside is no constant, and the answer None.
    """
    affine = affine_in(expr, sorted(integrals, key=default_sort_key))
    if affine is None:
        return None
    constant, multiples = affine
    if any(e.has(*inside) for e in (constant, *multiples.values())):
        return None
    return constant * inside[0] + sum((c * integral.integrand for integral, c in multiples.items()), Integer(0))


def split_integrals(expr: Expr) -> Expr:
    """Linearity: every integral as a sum over its expanded terms, constants outside, densities integrated."""

    def split(integral: SampleIntegral) -> Expr:
        total: Expr = sympify(0)
        for term in integral.integrand.expand().as_ordered_terms():
            constant, rest = term.as_independent(p_o, p_n, as_Add=False)
            total += constant * SampleIntegral(rest)
        return total

    return integrate_densities(map_integrals(expr, split))


Known = tuple[tuple[Symbol, Any], ...]
"""The intervals of some parameters."""


def dominated_derivative(integrand: Expr, parameter: Symbol, domain: Mapping[Symbol, Any]) -> bool:
    """Whether differentiation in ``parameter`` may pass under the integral, for parameters in their domain.

    It may if the derivative's absolute value has an integrable majorant near every parameter value; of a parameter
    without a domain nothing is known but what its symbol is declared to be. For a derivative of sums, products and
    rational powers of (p_o, p_n), homogeneous of degree one, with nothing below the line but factors that are positive
    combinations of the densities, |df| <= C (p_o + p_n) with C locally uniform: on the segment p_o + p_n = 1 it is
    continuous, and it is homogeneous. Logarithms of such combinations are admitted when their argument is homogeneous
    of degree zero and they are multiplied by what keeps them bounded: this is checked by the derivative being
    continuous on the closed segment, ends included. No other function may hold a density.
    """
    known = {s: i for s, i in domain.items() if s in integrand.free_symbols}
    return _dominated_derivative(integrand, parameter, tuple(known.items()))


@lru_cache(maxsize=2048)
def _dominated_derivative(integrand: Expr, parameter: Symbol, known: Known) -> bool:
    if integrand.has(*NOT_SMOOTH):
        return False
    derivative = together(diff(integrand, parameter))
    if not is_homogeneous(derivative) or derivative.has(*NOT_SMOOTH, Abs, Max, Min):
        return False
    if not _of_known_growth(derivative):
        return False
    w = Dummy("w", nonnegative=True)
    on_segment = derivative.xreplace({p_o: w, p_n: 1 - w})
    if on_segment.atoms(log, exp, Abs):
        return all(_tame_logarithm(term, known) for term in expand(derivative).as_ordered_terms())
    return _denominator_positive(derivative, known)


def _of_known_growth(e: Expr) -> bool:
    """Whether nothing but sums, products, rational powers and logarithms holds a density."""
    if e in (p_o, p_n) or not e.has(p_o, p_n):
        return True
    known = e.is_Add or e.is_Mul or isinstance(e, log) or (e.is_Pow and e.exp.is_Rational)
    return known and all(_of_known_growth(argument) for argument in e.args)


@lru_cache(maxsize=2048)
def _denominator_positive(expr: Expr, known: Known) -> bool:
    """Whether no density stands below the line but in positive combinations; nothing is cancelled before."""
    below = factored(together(expr).as_numer_denom()[1])
    bases = [part.as_base_exp()[0] for part in below.as_ordered_factors()] if below.is_Mul else [below.as_base_exp()[0]]
    return all(_positive_combination(base, known) or _positive_combination(-base, known) for base in bases)


def _positive_combination(base: Expr, known: Known) -> bool:
    """Free of the densities, or a p_o + b p_n with a, b > 0 whenever every parameter is in its domain.

    A weight that may be 0 would not do: p_o^2/p_n has no bound on the segment p_o + p_n = 1.
    """
    if not base.has(p_o, p_n):
        return True
    polynomial = expand(base).as_poly(p_o, p_n)
    if polynomial is None or polynomial.total_degree() != 1 or polynomial.coeff_monomial(1) != 0:
        return False
    weights = [polynomial.coeff_monomial(p) for p in (p_o, p_n)]
    return all(is_positive(w, dict(known)) for w in weights)


def _tame_logarithm(term: Expr, known: Known) -> bool:
    """A logarithm of a ratio of mixtures of both densities is bounded; times a density it is dominated."""
    outside, inside = term.as_independent(log, as_Add=False)
    if not inside.has(log):
        return _denominator_positive(outside, known)
    if not isinstance(inside, log):
        return False
    return _is_ratio_of_mixtures(inside.args[0], known) and _denominator_positive(outside, known)


@lru_cache(maxsize=2048)
def _is_ratio_of_mixtures(argument: Expr, known: Known) -> bool:
    above, below = together(argument).as_numer_denom()
    mixtures = _positive_combination(above, known) and _positive_combination(below, known)
    return mixtures and above.has(p_o) == below.has(p_o)
