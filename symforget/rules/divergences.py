"""Differentiation under the integral where logarithms of density ratios are unbounded but integrable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Derivative, Dummy, Expr, Poly, PolynomialError, Symbol, default_sort_key, diff, log, together

from symforget.calculus import SampleIntegral, is_homogeneous, p_n, p_o, unfold
from symforget.derivation import Checked, Context
from symforget.rational import coefficients
from symforget.rules.integrals import integrates_to_zero
from symforget.rules.intervals import differentiates_under_an_integral
from symforget.signs import is_nonnegative, is_positive
from symforget.trees import carried_out


@dataclass(frozen=True)
class UnderFiniteDivergence:
    """A first derivative taken under the integral, KL(p_o|p_n) and KL(p_n|p_o) being finite.

    That they are is a hypothesis, which a claim whose derivation uses this rule must state; a claim knows its
    hypotheses as text only, so that no rule can ask for it. For Gaussian densities both are finite.

    The derivative of the integrand must be c_0 + sum c_i log(y_i) with c_i polynomial in the parameter, linear in the
    densities, and y_i a ratio of combinations a p_o + b p_n with a, b >= 0, a + b > 0 on (0, 1). Then
    |log y_i| <= C + |log(p_o/p_n)| with C locally uniform, which is integrable against p_o and p_n if and only if both
    divergences are finite. c_0 must be linear in the densities too.
    """

    parameter: Symbol
    reason: str = "differentiate under the integral, the divergences between the modes being finite"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return Checked(False, "this rule justifies an equality only")
        interval = context.domain.get(self.parameter)
        if interval is None or interval.lower < 0 or interval.upper > 1:
            return Checked(False, f"{self.parameter} is not known to stay in (0, 1)")
        opened = unfold(before)
        if differentiates_under_an_integral(opened, (SampleIntegral,)):
            return Checked(False, "a derivative under another integral sign needs a rule of its own")
        for derivative in opened.atoms(Derivative):
            if derivative.variable_count != ((self.parameter, 1),):
                return Checked(False, f"not a first derivative in {self.parameter}")
            for integral in derivative.expr.atoms(SampleIntegral):
                if not self.has_majorant(diff(integral.integrand, self.parameter), context):
                    return Checked(False, f"no integrable majorant was found for the derivative of {integral}")
        if integrates_to_zero(carried_out(opened) - unfold(after), context):
            return Checked(True)
        return Checked(False, "the derivative of the integrand is another one")

    def has_majorant(self, slope: Expr, context: Context) -> bool:
        """Whether the expression is of the form above, for parameters in their domain, closed ends included."""
        logs = sorted(slope.atoms(log), key=default_sort_key)
        names = [Dummy() for _ in logs]
        plain = slope.xreplace(dict(zip(logs, names, strict=True)))
        if not is_homogeneous(slope) or plain.has(log):
            return False
        terms = coefficients(plain, (*names, p_o, p_n, self.parameter))
        if terms is None:
            return False
        count = len(names)
        linear = all(sum(m[:count]) <= 1 and sum(m[count : count + 2]) == 1 for m in terms)
        return linear and all(self._ratio(entry.args[0], context) for entry in logs)

    def _ratio(self, argument: Expr, context: Context) -> bool:
        return all(_combination(side, context.domain) for side in together(argument).as_numer_denom())


def _combination(side: Expr, domain: Mapping[Symbol, Any]) -> bool:
    """a p_o + b p_n with a, b >= 0 and a + b > 0 for all parameters."""
    try:
        polynomial = Poly(side, p_o, p_n)
    except PolynomialError:
        return False
    if any(sum(m) != 1 for m in polynomial.monoms()):
        return False
    a, b = (polynomial.coeff_monomial(p) for p in (p_o, p_n))
    return is_nonnegative(a, domain) and is_nonnegative(b, domain) and is_positive(a + b, domain)
