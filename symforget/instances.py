"""Concrete density pairs: statements for any densities made numbers, on Gaussians or on a two-letter alphabet.

A claim for any densities holds in particular on these. The Gaussian pair has separation delta; on the two-letter
alphabet p_o = (a, 1 - a) and p_n = (b, 1 - b), so that every integral is a finite sum and every value exact. Reports
call a and b what they are, p_o(1) and p_n(1), the probabilities of the first letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sympy import (
    Basic,
    Derivative,
    Dummy,
    Expr,
    Integral,
    Rational,
    Subs,
    Symbol,
    exp,
    oo,
    pi,
    sqrt,
)

from symforget.calculus import (
    BC,
    TV,
    DensityFunctional,
    DensityIntegral,
    H,
    SampleIntegral,
    chi2,
    chi2_old,
    map_integrals,
    p_n,
    p_o,
    unfold,
)
from symforget.trees import BINDING, mapped, nodes, own_variables

# Named as no bound variable of a derivation would be, so that none is captured.
a, b = Symbol("p_o(1)", positive=True), Symbol("p_n(1)", positive=True)


class Instance(Protocol):
    """A family of density pairs."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    def __call__(self, expr: Any) -> Any:
        """The expression or relation with every integral over the sample space made concrete."""
        ...


@dataclass(frozen=True)
class GaussianPair:
    """N(0, I) and N(delta e_1, I) up to an affine map; only the separation matters.

    ``closed`` uses the closed forms of BC, TV, chi2 and the gate's own evaluator; otherwise every functional is
    unfolded to its defining integral, which is then computed by certified quadrature.
    """

    closed: bool = True
    name: str = "Gaussian pair"

    def __call__(self, expr: Any) -> Any:
        return instantiate(expr, self._integral, self._functionals() if self.closed else {}, self.closed and self._gate)

    def _functionals(self) -> Mapping[Basic, Expr]:
        from symforget import model

        return {
            BC: model.bhattacharyya(model.delta),
            TV: model.total_variation(model.delta),
            chi2: model.chi_square(model.delta),
            chi2_old: exp(3 * model.delta**2) - 2 * exp(model.delta**2) + 1,
        }

    def _gate(self, weight: Expr) -> Expr:
        from symforget import model
        from symforget.gate.symbolic import gate

        return gate(weight, model.delta)

    def _integral(self, integral: SampleIntegral) -> Expr:
        return on_whitened_line(integral)


def on_whitened_line(integral: SampleIntegral) -> Expr:
    """The integral for a Gaussian pair as BC times a normal expectation.

    With u the whitened coordinate along mu_n - mu_o from the midpoint, p_o and p_n are N(0, 1)(u) exp(-delta^2/8)
    times exp(-delta u/2) and exp(delta u/2); the common factor comes out by homogeneity.

    Raises:
        InputError: the integrand is not homogeneous of degree one.
    """
    from symforget import model
    from symforget.functions import normal

    integral.required_homogeneous()
    u = Dummy("u", real=True)
    values = integral.at(exp(-model.delta * u / 2), exp(model.delta * u / 2))
    return exp(-(model.delta**2) / 8) * normal(values, u)


@dataclass(frozen=True)
class DensitiesOnTheLine:
    """N(-delta/2, 1) and N(delta/2, 1) by their densities, every functional an ordinary integral over the line.

    It shares no closed form and no change of variable with `GaussianPair`.
    """

    name: str = "densities of a Gaussian pair"

    def __call__(self, expr: Any) -> Any:
        return instantiate(unfold(expr), self._integral, {}, None)

    def _integral(self, integral: SampleIntegral) -> Expr:
        from symforget import model

        x = Dummy("x", real=True)
        old, new = (exp(-((x + s * model.delta / 2) ** 2) / 2) / sqrt(2 * pi) for s in (1, -1))
        return Integral(integral.at(old, new), (x, -oo, oo))


@dataclass(frozen=True)
class TwoLetterPair:
    """p_o = (a, 1 - a), p_n = (b, 1 - b): the smallest pair of densities, evaluated exactly."""

    old: Expr = a
    new: Expr = b
    name: str = "two-letter alphabet"

    def __call__(self, expr: Any) -> Any:
        return instantiate(unfold(expr), self._integral, {}, None)

    def _integral(self, integral: SampleIntegral) -> Expr:
        return integral.at(self.old, self.new) + integral.at(1 - self.old, 1 - self.new)


def instantiate(expr: Any, integral: Any, functionals: Mapping[Basic, Expr], gate: Any) -> Any:
    """Replace functionals, gate and integrals; then carry out what derivatives are left."""
    opened = expr.xreplace(dict(functionals))
    if gate and opened.has(H):
        opened = mapped(opened, H, lambda e: gate(e.args[0]))
    return carry_out(map_integrals(unfold(opened), integral))


def carry_out(expr: Any) -> Any:
    """Do the derivatives, make what can be made concrete so, and put in the points at which values are wanted."""
    if expr.has(Derivative):
        expr = mapped(expr, Derivative, lambda e: e.doit(deep=False))
    expr = mapped(expr, Basic, lambda e: e.concrete() if hasattr(e, "concrete") else e)
    return mapped(expr, Subs, lambda e: e.doit(deep=False)) if expr.has(Subs) else expr


@lru_cache(maxsize=4096)
def moves_unseen(expr: Any) -> bool:
    """Whether a derivative, limit, substitution or integral is in what the densities determine, and of what they do.

    For Gaussian densities H, BC and integrals over the sample space depend on delta; SymPy takes them for constants. TV
    and its like are numbers that belong to the densities, not variables.
    """
    binding = (e for e in nodes(expr) if isinstance(e, BINDING))
    return any(any(map(is_of_the_pair, own_variables(e))) and hides_the_pair(e) for e in binding)


def is_of_the_pair(symbol: Any) -> bool:
    """Whether a symbol is fixed with the pair of densities: the separation of Gaussian ones, or TV and its like."""
    from symforget.model import delta

    return symbol == delta or isinstance(symbol, DensityFunctional)


def hides_the_pair(expr: Any) -> bool:
    """Whether the expression depends on p_o and p_n, and so, for Gaussian ones, on delta."""
    return needs_instance(expr) or any(i.densities == (p_o, p_n) for i in expr.atoms(DensityIntegral))


def needs_instance(expr: Any) -> bool:
    """Whether the expression speaks of a density pair that has not been named."""
    return bool(expr.atoms(DensityFunctional, H, SampleIntegral)) if hasattr(expr, "atoms") else False


SPOT_PAIRS = (
    TwoLetterPair(Rational(1, 4), Rational(2, 3)),
    TwoLetterPair(Rational(9, 10), Rational(1, 5)),
)
