"""Integrals over the sample space that contain a reward r(x) besides the two densities, and the rules for them.

The reward is bounded and counted from its least value in units of its oscillation: it is osc(r) times y(x) with y in
[0, 1], and need not be a function of the densities. A claim whose statement holds such integrals is evaluated on two
letters: p_o = (a, 1-a), p_n = (b, 1-b), y = (y_1, y_2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import (
    Add,
    Derivative,
    Dummy,
    Expr,
    Integer,
    Lambda,
    LambertW,
    Mul,
    Poly,
    PolynomialError,
    Pow,
    Symbol,
    diff,
    exp,
    expand,
    log,
    preorder_traversal,
    symbols,
    sympify,
)

from symforget.calculus import DensityIntegral, combined, dominated_derivative, p_n, p_o
from symforget.derivation import ACCEPTED, NOT_OVER_THE_LINE, Checked, Context, runs_over_the_line
from symforget.domain import Interval
from symforget.functions import normal
from symforget.instances import a, b
from symforget.rational import cancelled
from symforget.rules.gaussian import same_expectations
from symforget.rules.intervals import differentiates_under_an_integral
from symforget.rules.touching import Given, opened
from symforget.signs import is_nonnegative, is_positive, is_zero
from symforget.trees import differentiates_a_kink, mapped, put_at_points

NOT_AN_EQUALITY = Checked(False, "this rule justifies an equality only")

y = Symbol("y", nonnegative=True)
"""The reward at a point, from its least value in units of its oscillation: in [0, 1]."""
y_1, y_2 = symbols("y_1 y_2", nonnegative=True)
"""The same on two letters; a claim with reward integrals gives them the domain [0, 1]."""
_UNIT = Interval.parse("[0, 1]")


class RewardIntegral(DensityIntegral):
    """The integral over the sample space of f(p_o, p_n, y), homogeneous of degree one in (p_o, p_n)."""

    def __new__(cls, integrand: Any) -> RewardIntegral:
        body = integrand if isinstance(integrand, Lambda) else Lambda((p_o, p_n, y), sympify(integrand))
        return Expr.__new__(cls, body)

    @property
    def integrand(self) -> Expr:
        """f as an expression in p_o, p_n and y."""
        return self.args[0](p_o, p_n, y)  # type: ignore[operator]

    def _eval_derivative(self, s: Symbol) -> Expr:
        return RewardIntegral(diff(self.integrand, s))

    def _eval_is_positive(self) -> bool | None:
        return True if self.integrand.is_positive else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.integrand.is_nonnegative else None

    def concrete(self) -> Expr:
        """The sum over two letters with rewards of their own."""
        self.required_homogeneous()
        f = self.args[0]
        return f(a, b, y_1) + f(1 - a, 1 - b, y_2)  # type: ignore[operator]

    def _sympystr(self, printer: Any) -> str:
        return f"Int({printer._print(self.integrand)})"

    def _latex(self, printer: Any) -> str:
        return rf"\int {printer._print(self.integrand)}\,dx"


def vanishes(expr: Expr, context: Context) -> bool:
    """Whether a combination of integrals is zero for every reward: its integrand is a multiple of p_o - p_n."""
    integrand = combined(expr, expr.atoms(RewardIntegral), (p_o, p_n, y))
    if integrand is None:
        return False
    constant = cancelled(integrand.xreplace({p_o: Integer(1), p_n: Integer(0)}))
    constant = Integer(0) if constant.has(y) else constant
    return is_zero(integrand - constant * (p_o - p_n), {**context.domain, y: _UNIT})


@dataclass(frozen=True)
class LinearInReward:
    """Linearity of the integral: both sides integrate the same function, given that p_o and p_n integrate to 1."""

    reason: str = "linearity of the integral"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        return ACCEPTED if vanishes(before - after, context) else Checked(False, "the integrands differ")


@dataclass(frozen=True)
class PointwiseReward:
    """An inequality between integrals because it holds between the integrands, whatever y in [0, 1] is there.

    ``difference``: larger integrand minus smaller, in a form whose sign shows; ``given`` as in `PointwiseGiven`.
    """

    difference: Expr
    given: Given = ()
    reason: str = "pointwise inequality"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", ">="):
            return Checked(False, "a pointwise inequality gives <= or >=")
        inside = replace(context, domain={**context.domain, y: _UNIT})
        meant = opened(self.difference, self.given, inside)
        if isinstance(meant, Checked):
            return meant
        smaller, larger = (before, after) if relation == "<=" else (after, before)
        if not vanishes(larger - smaller - RewardIntegral(meant), context):
            return Checked(False, "the stated difference is not the difference of the integrands")
        if is_nonnegative(self.difference, inside.domain):
            return ACCEPTED
        return Checked(False, f"the sign of {self.difference} is not evident")


@dataclass(frozen=True)
class UnderTheRewardIntegral:
    """Differentiation under the integral sign; the majorant must hold for every reward, whose values y are in [0, 1].

    What depends on y must depend on it continuously there, so that it is bounded: only powers, exponentials and
    logarithms may hold it, the bases of powers that are not natural ones and the arguments of logarithms positive.
    """

    parameter: Symbol
    reason: str = "differentiate under the integral"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if differentiates_under_an_integral(before, (RewardIntegral,)):
            return Checked(False, "a derivative under another integral sign needs a rule of its own")
        for derivative in before.atoms(Derivative):
            if derivative.variables != (self.parameter,) or not isinstance(derivative.expr, RewardIntegral):
                return Checked(False, f"only first derivatives of integrals in {self.parameter} are carried out")
            f, inside = derivative.expr.integrand, {**context.domain, y: _UNIT}
            tame = all(_continuous_in_reward(e, inside) for e in preorder_traversal(diff(f, self.parameter)))
            if not tame or differentiates_a_kink(derivative) or not dominated_derivative(f, self.parameter, inside):
                return Checked(False, f"no integrable majorant was found for {derivative}")
        done = mapped(before, Derivative, lambda e: e.doit(deep=False))
        return ACCEPTED if vanishes(done - after, context) else Checked(False, "the derivative is another one")


def _continuous_in_reward(e: Any, domain: Mapping[Symbol, Any]) -> bool:
    """Whether a node of an integrand is continuous in y, given that its arguments are; densities are positive."""
    if not e.has(y) or not e.args or isinstance(e, (Add, Mul, exp)):
        return True
    if isinstance(e, log):
        return is_positive(e.args[0], domain)
    if not isinstance(e, Pow):
        return False
    return (e.exp.is_Integer and e.exp.is_nonnegative) or is_positive(e.base, domain)


@dataclass(frozen=True)
class PutInReward:
    """Carry out the substitutions of the last expression; both sides then integrate the same function."""

    reason: str = "put the point in"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        done = put_at_points(before)
        return ACCEPTED if vanishes(done - after, context) else Checked(False, f"putting the point in gives {done}")


@dataclass(frozen=True)
class ProductLogarithm:
    """Both sides are equal by W(x) exp(W(x)) = x, for Lambert's W at positive arguments."""

    reason: str = "W(x) exp(W(x)) = x"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        difference = expand(before - after, power_exp=True)
        for value in sorted(difference.atoms(LambertW), key=str):
            name, argument = Dummy("W", positive=True), value.args[0]
            if not argument.is_positive:
                return Checked(False, f"{argument} is not shown to be positive")
            powers = {e: e.exp.coeff(value) for e in difference.atoms(exp) if e.has(value)}
            if not all(c.is_Integer and e.exp == c * value for e, c in powers.items()):
                return Checked(False, "the exponentials of W do not separate")
            difference = difference.xreplace({e: (argument / name) ** c for e, c in powers.items()})
            difference = difference.xreplace({value: name})
        return ACCEPTED if is_zero(difference, context.domain) else Checked(False, "the two sides differ")


@dataclass(frozen=True)
class SteinLogistic:
    """E[z g(z)] = E[g'(z)] for z ~ N(0, 1) and g a smooth function of logistic functions of z.

    ``g``: built by sums, products and exponentials from 1/(1 + exp(affine in z)), which lie in (0, 1) and have bounded
    derivatives, so that g and g' are bounded.
    """

    g: Expr
    z: Symbol
    reason: str = "Stein's identity"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if not runs_over_the_line(self.z, context, before, after):
            return NOT_OVER_THE_LINE
        if not self._bounded():
            return Checked(False, "g is not shown to be a smooth function of logistic functions")
        for side, integrand in ((before, self.z * self.g), (after, self.g.diff(self.z))):
            same = same_expectations(side, normal(integrand, self.z), context)
            if not same.ok:
                return same
        return ACCEPTED

    def _bounded(self) -> bool:
        named = self.g.replace(self._logistic, lambda e: Dummy("s", positive=True))
        return not named.has(self.z) and all(
            isinstance(e, (Add, Mul, exp)) or not e.args or (e.is_Pow and e.exp.is_Integer and e.exp.is_positive)
            for e in preorder_traversal(named)
        )

    def _logistic(self, e: Expr) -> bool:
        """1/(1 + exp(affine in z)), real."""
        if not (e.is_Pow and e.exp == -1 and e.base.is_Add):
            return False
        (exponent,) = [t.exp for t in (e.base - 1,) if isinstance(t, exp)] or [None]
        try:
            return exponent is not None and bool(exponent.is_real) and Poly(exponent, self.z).degree() <= 1
        except PolynomialError:
            return False
