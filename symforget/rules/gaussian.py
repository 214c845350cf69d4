"""Rules for Gaussian expectations: the whitened line, completing the square, Stein's identity."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import (
    Derivative,
    Dummy,
    Expr,
    Integer,
    Limit,
    Mul,
    Poly,
    PolynomialError,
    Subs,
    Symbol,
    cancel,
    cos,
    cosh,
    default_sort_key,
    exp,
    expand,
    expand_log,
    log,
    sech,
    sin,
    sinh,
    sqrt,
    tanh,
)
from sympy.concrete.expr_with_limits import ExprWithLimits

from symforget.calculus import SampleIntegral, map_integrals, unfold, well_defined
from symforget.derivation import ACCEPTED, NOT_OVER_THE_LINE, Checked, Context, runs_over_the_line
from symforget.functions import normal
from symforget.gate.symbolic import gate_s, gate_s_derivative, sech_derivative
from symforget.instances import on_whitened_line
from symforget.integration import is_integrable
from symforget.rational import affine_in
from symforget.signs import is_zero
from symforget.trees import NOT_SMOOTH, differentiates_a_kink, mapped

_Z, _U = (Dummy(name, real=True) for name in "zu")
"""Variables of our own, so that no parameter of a claim can be one of them."""

NOT_AN_EQUALITY = Checked(False, "this rule justifies an equality only")
_NOT_SEEN_TO_EXIST = Checked(False, "the expectation is not seen to exist")


@dataclass(frozen=True)
class OnTheLine:
    """For a Gaussian pair, int f(p_o, p_n) = exp(-delta^2/8) E_u[f(exp(-delta u/2), exp(delta u/2))], u ~ N(0, 1).

    u is the whitened coordinate along mu_n - mu_o, measured from the midpoint; the other directions integrate to one.
    """

    reason: str = "whitened coordinate along mu_n - mu_o, from the midpoint"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if not context.gaussian:
            return Checked(False, "the claim is not for Gaussian densities only")
        opened = unfold(before)
        if not well_defined(opened):
            return Checked(False, "an integrand is not homogeneous of degree one in the densities")
        line = map_integrals(opened, on_whitened_line)
        return same_expectations(line, after, context)


@dataclass(frozen=True)
class InExpectation:
    """Linearity of the expectation: both sides are expectations of the same function of one normal z."""

    reason: str = "the same function under the expectation"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        return same_expectations(before, after, context) if relation == "=" else NOT_AN_EQUALITY


@dataclass(frozen=True)
class GateAsExpectation:
    """S(delta, l) is by definition E[sech((delta u + l)/2)], and its derivatives in l are those of the integrand.

    The derivatives may pass under the expectation because every derivative of sech is bounded.
    """

    reason: str = "S(delta, l) = E sech((delta u + l)/2)"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        return same_expectations(_gate_opened(before), _gate_opened(after), context)


def _gate_opened(expr: Expr) -> Expr:
    def expectation(order: Expr, separation: Expr, shift: Expr) -> Expr:
        return normal(sech_derivative(order, separation * _U + shift), _U)

    opened = mapped(expr, gate_s, lambda e: expectation(Integer(0), *e.args))
    return mapped(opened, gate_s_derivative, lambda e: expectation(*e.args) if e.args[0].is_Integer else e)


@dataclass(frozen=True)
class UnderTheExpectation:
    """d/dp E[g(z)] = E[dg/dp] where dg/dp is smooth with at most exponential growth in z, locally uniformly in p.

    Applied to every derivative in ``parameter`` of an expectation in the last expression.
    """

    parameter: Symbol
    reason: str = "differentiate under the expectation"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        z = _Z
        for derivative in before.atoms(Derivative):
            inside = derivative.expr
            if set(derivative.variables) != {self.parameter} or not isinstance(inside, normal):
                return Checked(False, f"only derivatives of expectations in {self.parameter} are carried out")
            if inside.has(*NOT_SMOOTH) or differentiates_a_kink(derivative):
                return Checked(False, f"{inside} is of a function that is not smooth")
            if not is_integrable(inside.args[0](z), z, context.domain, True):
                return _NOT_SEEN_TO_EXIST
            for order in range(1, len(derivative.variables) + 1):
                if not _tame(expand(inside.args[0](z).diff(self.parameter, order)), z):
                    return Checked(False, f"no integrable majorant was found for {derivative}")
        opened = mapped(before, Derivative, lambda e: e.doit(deep=False))
        return same_expectations(opened, after, context)


def same_expectations(left: Expr, right: Expr, context: Context) -> Checked:
    """Whether two expressions affine in normal expectations agree, by comparing integrands as functions of one z."""
    z = _Z
    integrand = combined_normal(left - right, z)
    if integrand is None:
        return Checked(False, "not affine in the expectations")
    if is_zero(integrand, context.domain):
        return ACCEPTED
    return Checked(False, "the integrands differ")


def combined_normal(expr: Expr, z: Symbol) -> Expr | None:
    """g(z) with E[g(z)] equal to the expression, or None if it is not affine in its normal expectations.

    An expectation inside an integral, a derivative or a limit may depend on what is bound there: then None.
    """
    if any(e.has(normal) for e in expr.atoms(ExprWithLimits, Derivative, Limit, Subs, SampleIntegral)):
        return None
    affine = affine_in(expr, sorted(expr.atoms(normal), key=default_sort_key))
    if affine is None:
        return None
    constant, multiples = affine
    return constant + sum((c * expectation.args[0](z) for expectation, c in multiples.items()), Integer(0))


@dataclass(frozen=True)
class CompleteTheSquare:
    """E[exp(quadratic in z)] in closed form: E[exp(a z^2 + b z + c)] = exp(c + b^2/(2 (1 - 2a)))/sqrt(1 - 2a), a < 1/2.

    Applied to every expectation of the last expression whose integrand is a sum of such exponentials.
    """

    reason: str = "complete the square"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        closed = mapped(before, normal, _sum_of_gaussian_integrals)
        if closed.has(normal):
            return Checked(False, "an integrand is not a sum of exponentials of quadratics")
        return ACCEPTED if is_zero(closed - after, context.domain) else Checked(False, f"the square gives {closed}")


def _sum_of_gaussian_integrals(expectation: normal) -> Expr:
    z = _Z
    total: Expr = 0 * z
    # cos and sin are sums of exponentials with imaginary exponents, for which the formula holds as well.
    opened = mapped(expectation.args[0](z), (cos, sin, cosh, sinh), lambda e: e.rewrite(exp))
    for term in expand(opened).as_ordered_terms():
        value = _gaussian_integral(term, z)
        if value is None:
            return expectation
        total += value
    return total


def _gaussian_integral(term: Expr, z: Symbol) -> Expr | None:
    constant, rest = term.as_independent(z, as_Add=False)
    if not all(isinstance(f, exp) or (f.is_Pow and f.base.is_positive) for f in Mul.make_args(rest) if rest != 1):
        return None
    try:
        exponent = Poly(expand(expand_log(log(rest), force=True)), z) if rest != 1 else Poly(0, z)
    except PolynomialError:
        return None
    a, b, c = (exponent.coeff_monomial(z**k) for k in (2, 1, 0))
    if exponent.degree() > 2 or (a != 0 and not (1 - 2 * a).is_positive):
        return None
    return constant * exp(c + b**2 / (2 * (1 - 2 * a))) / sqrt(1 - 2 * a)


@dataclass(frozen=True)
class Stein:
    """Stein's identity E[z g(z)] = E[g'(z)] for z ~ N(0, 1) and g smooth with g, g' of at most exponential growth.

    ``g``: the function, an expression in ``z``. The last expression must contain E[z g] and the next one E[g'] in
    its place.
    """

    g: Expr
    z: Symbol
    reason: str = "Stein's identity"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if not runs_over_the_line(self.z, context, before, after):
            return NOT_OVER_THE_LINE
        if not _tame(self.g, self.z):
            return Checked(False, "g is not shown to be smooth with moderate growth")
        exchanged = normal(self.z * self.g, self.z) - normal(self.g.diff(self.z), self.z)
        difference = before - after
        for sign in (1, -1):
            coefficient = _coefficient(difference, exchanged, sign, self.z)
            if coefficient is not None:
                same = same_expectations(difference, sign * coefficient * exchanged, context)
                if same.ok:
                    return same
        return Checked(False, "the step is not an exchange of E[z g] for E[g']")


def _coefficient(difference: Expr, exchanged: Expr, sign: int, z: Symbol) -> Expr | None:
    """The factor with which the exchange stands in the difference, if it does: the ratio of the integrands anywhere."""
    found = combined_normal(difference, z)
    target = combined_normal(exchanged, z)
    if found is None or target is None:
        return None
    for value in (0, 1):
        below = target.subs(z, value)
        if below != 0:
            return cancel(sign * found.subs(z, value) / below)
    return None


def _tame(g: Expr, z: Symbol) -> bool:
    """Built from polynomials, exponentials of affine functions, and bounded smooth functions of real arguments."""
    if not g.has(z) or g == z:
        return True
    if g.is_Add or g.is_Mul:
        return all(_tame(arg, z) for arg in g.args)
    if g.is_Pow and isinstance(g.exp, Integer) and g.exp > 0:
        return _tame(g.base, z)
    affine = isinstance(g, (exp, cosh, sin, cos, tanh, sech)) and g.args[0].is_polynomial(z)
    if affine and Poly(g.args[0], z).degree() <= 1:
        return True
    if isinstance(g, exp) and _bounded(g.exp, z):
        return True
    return g.is_Pow and _positive_denominator(g, z)


def _bounded(g: Expr, z: Symbol) -> bool:
    """Built from constants and 1/(positive constant + positive smooth terms): smooth and bounded on the line."""
    if not g.has(z):
        return True
    if g.is_Add or g.is_Mul:
        return all(_bounded(arg, z) for arg in g.args)
    if not (g.is_Pow and g.exp.is_Integer and g.exp.is_negative and g.base.is_Add and _tame(g.base, z)):
        return False
    terms = g.base.args
    return all(t.is_positive for t in terms) and any(not t.has(z) for t in terms)


def _positive_denominator(g: Expr, z: Symbol) -> bool:
    """1/(sum of positive exponentials) to a power: smooth, and at most of exponential growth."""
    return bool(g.exp.is_negative and not g.exp.has(z) and g.base.is_positive and _tame(g.base, z))


@dataclass(frozen=True)
class Reflection:
    """E[g(z)] = E[g(-z)]: the standard normal law is symmetric. ``expectation``: the one that is reflected."""

    expectation: Expr
    reason: str = "z -> -z"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        z = _Z
        if not isinstance(self.expectation, normal):
            return Checked(False, "there is no expectation to reflect")
        if not is_integrable(self.expectation.args[0](z), z, context.domain, True):
            return _NOT_SEEN_TO_EXIST
        reflected = normal(self.expectation.args[0](-z), z)
        return same_expectations(before.xreplace({self.expectation: reflected}), after, context)


@dataclass(frozen=True)
class Tilt:
    """E[exp(a z) g(z)] = exp(a^2/2) E[g(z + a)] for real a: the density of N(a, 1) is exp(a z - a^2/2) that of N(0, 1).

    ``by``: a; ``g``: an expression in ``z``. One of the two expressions holds E[exp(a z) g(z)].
    """

    by: Expr
    g: Expr
    z: Symbol
    reason: str = "exponential tilting"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if not runs_over_the_line(self.z, context, before, after):
            return NOT_OVER_THE_LINE
        if self.by.has(self.z) or not self.by.is_real:
            return Checked(False, "the tilt must be real and free of the normal variable")
        tilted = exp(self.by * self.z) * self.g
        if not is_integrable(tilted, self.z, context.domain, True):
            return _NOT_SEEN_TO_EXIST
        shifted = exp(self.by**2 / 2) * normal(self.g.xreplace({self.z: self.z + self.by}), self.z)
        outcome = Checked(False, f"there is no E[exp({self.by} {self.z}) g] in either expression")
        for start, end in ((before, after), (after, before)):
            found = [e for e in start.atoms(normal) if is_zero(e.args[0](self.z) - tilted, context.domain)]
            if found:
                outcome = same_expectations(start.xreplace(dict.fromkeys(found, shifted)), end, context)
            if outcome.ok:
                break
        return outcome
