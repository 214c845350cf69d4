"""The two-mode mixture: its symbols, and the named quantities of a Gaussian pair as SymPy functions.

Old mode p_o = N(mu_o, Sigma), new mode p_n = N(mu_n, Sigma) at Mahalanobis distance delta;
q_beta = beta p_o + (1 - beta) p_n, and p_alpha likewise. Every formula of the derivatives follows from
the reduction of integrals over p_o, p_n and p_o p_n/q (derivations/overlap.py) and Stein's identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import acb, arb
from sympy import Dummy, Expr, Function, Integral, S, Symbol, erf, exp, log, oo, pi, sqrt, together
from sympy.printing.latex import LatexPrinter

from symforget.balls import BallFunction, compile_ball
from symforget.functions import normal
from symforget.gate.symbolic import gate, information
from symforget.operations import to_range
from symforget.ranges import POSITIVE_INFINITY, ZERO, Range, Undefined
from symforget.trees import mapped

beta = Symbol("beta", positive=True)
"""The model's old weight, in (0, 1)."""
alpha = Symbol("alpha", positive=True)
"""The target's old weight, in (0, 1)."""
delta = Symbol("delta", positive=True)
"""The separation of the modes: their Mahalanobis distance."""
phi = Symbol("phi", real=True)
"""The logit of beta."""
l = Symbol("l", real=True)
"""The log odds log((1 - beta)/beta) of the new mode."""
FALLING = tuple(delta**-k for k in range(2, 18, 2))
"""Gauge functions in which the overlap of well separated modes expands, by its dual form."""
t = Symbol("t", nonnegative=True)
"""Time along a flow."""
eta = Symbol("eta", positive=True)
rho = Symbol("rho", positive=True)
lam = Symbol("lambda", nonnegative=True)
z = Symbol("z", real=True)
"""The standard normal variable of an expectation."""


class _Quantity(Function):
    """A named quantity: real, with a LaTeX head of its own."""

    head = ""
    is_real = True

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        inside = ", ".join(printer._print(a) for a in self.args)
        return rf"{self.head}{power}\left({inside}\right)"

    def closed_form(self) -> Expr:
        """The quantity in terms of elementary functions, expectations or integrals."""
        raise NotImplementedError

    def doit(self, **hints: Any) -> Expr:
        return self.func(*(a.doit(**hints) for a in self.args)).closed_form()

    def _eval_evalf(self, prec: int) -> Expr | None:
        return self.closed_form()._eval_evalf(prec) if not self.free_symbols else None


class _Elementary(_Quantity):
    def _eval_rewrite_as_exp(self, *args: Expr, **hints: Any) -> Expr:
        return self.closed_form()


class bhattacharyya(_Elementary):
    """BC = integral of sqrt(p_o p_n) = exp(-delta**2/8)."""

    nargs = 1
    head = r"\mathrm{BC}"
    is_positive = True

    def closed_form(self) -> Expr:
        return exp(-(self.args[0] ** 2) / 8)

    def fdiff(self, argindex: int = 1) -> Expr:
        return -self.args[0] * self / 4

    @classmethod
    def ball(cls, delta: arb | acb) -> arb | acb:
        return (-(delta * delta) / 8).exp()

    @classmethod
    def range(cls, delta: Range) -> Range:
        return (-delta.integer_power(2) / 8).exp()


class total_variation(_Elementary):
    """TV = 2 Phi(delta/2) - 1 = erf(delta/(2 sqrt 2))."""

    nargs = 1
    head = r"\mathrm{TV}"

    def closed_form(self) -> Expr:
        return erf(self.args[0] / (2 * sqrt(2)))

    def _eval_rewrite_as_erf(self, *args: Expr, **hints: Any) -> Expr:
        return self.closed_form()

    def fdiff(self, argindex: int = 1) -> Expr:
        return exp(-(self.args[0] ** 2) / 8) / sqrt(2 * pi)

    @classmethod
    def ball(cls, delta: arb | acb) -> arb | acb:
        return (delta / (2 * arb(2).sqrt())).erf()

    @classmethod
    def range(cls, delta: Range) -> Range:
        return (delta / (2 * arb(2).sqrt())).erf()


class chi_square(_Elementary):
    """chi^2(p_o|p_n) = exp(delta**2) - 1."""

    nargs = 1
    head = r"\chi^2"

    def closed_form(self) -> Expr:
        return exp(self.args[0] ** 2) - 1

    def fdiff(self, argindex: int = 1) -> Expr:
        return 2 * self.args[0] * exp(self.args[0] ** 2)

    @classmethod
    def ball(cls, delta: arb | acb) -> arb | acb:
        return (delta * delta).expm1() if isinstance(delta, arb) else (delta * delta).exp() - 1

    @classmethod
    def range(cls, delta: Range) -> Range:
        return delta.integer_power(2).increasing(arb.expm1, arb(-1), POSITIVE_INFINITY)


class _Divergence(_Quantity):
    """A quantity defined by an expectation, evaluated through it or through integrals that converge faster."""

    slots: Sequence[Symbol] = ()

    def quadrature_form(self) -> Expr:
        """What is evaluated in balls; equal to the closed form wherever that has a value."""
        return self.closed_form()

    def _eval_rewrite_as_normal(self, *args: Expr, **hints: Any) -> Expr:
        return self.closed_form()

    def _eval_rewrite_as_Integral(self, *args: Expr, **hints: Any) -> Expr:
        return mapped(self.closed_form(), normal, lambda e: e.rewrite(Integral))

    @classmethod
    def _compiled(cls) -> BallFunction:
        return compile_ball(cls(*cls.slots).quadrature_form(), cls.slots)

    @classmethod
    def ball(cls, *args: arb | acb) -> arb | acb:
        """By certified quadrature."""
        return cls._compiled().call(args)

    @classmethod
    def _at(cls, *args: arb) -> Range:
        return to_range(cls._compiled().call(args))


def _from_the_middle(below: Expr, above: Expr, separation: Expr) -> Expr:
    """E f(z) for z ~ N(0, 1) as two integrals outwards from z = separation/2, where the two densities are equal.

    With x = z - separation/2, ``below`` is f written in exp(separation x), ``above`` in exp(-separation x): the one of
    the two that is small there, since a quotient of large balls is wide.
    """
    density = exp(-((z + separation / 2) ** 2) / 2) / sqrt(2 * pi)
    return Integral(below * density, (z, -oo, 0)) + Integral(above * density, (z, 0, oo))


def _is_weight(x: Expr) -> bool:
    """Whether it is seen to lie in [0, 1]."""
    return bool(x.is_nonnegative and together(1 - x).is_nonnegative)


class forward_kl(_Divergence):
    """KL(p_n | q_beta) = -E log(1 - beta + beta exp(delta z - delta**2/2)), for 0 <= beta <= 1."""

    nargs = 2
    head = r"\mathrm{KL}_{\mathrm{fwd}}"
    slots = (beta, delta)

    def _eval_is_nonnegative(self) -> bool | None:
        return True if _is_weight(self.args[0]) else None

    @classmethod
    def eval(cls, beta: Expr, delta: Expr) -> Expr | None:
        """At the ends: KL(p_n | p_n) = 0, KL(p_n | p_o) = delta**2/2."""
        return {S.Zero: S.Zero, S.One: delta**2 / 2}.get(beta)

    def closed_form(self) -> Expr:
        b, d = self.args
        return -normal(log(1 - b + b * exp(d * z - d**2 / 2)), z)

    def quadrature_form(self) -> Expr:
        b, d = self.args
        small, large = exp(d * z), exp(-d * z)
        return -_from_the_middle(log(1 - b + b * small), log((1 - b) * large + b) + d * z, d)

    def fdiff(self, argindex: int = 1) -> Expr:
        b, d = self.args
        if argindex == 1:
            return (1 - gate(b, d)) / (1 - b)
        # delta E_n[r_o**2], with E_n[r_o r_n] = beta (1 - beta) (H + beta H_beta).
        return d * b**2 * (gate(b, d) - (1 - b) * gate(b, d).fdiff(1))

    @classmethod
    def range(cls, beta: Range, delta: Range) -> Range:
        """By monotonicity: increasing in beta (1 - H >= 0) and in delta (E_n[r_o**2] >= 0)."""
        _require_weight(beta)
        _require_separation(delta)
        low = cls._at(beta.lo, delta.lo).lo.max(ZERO)
        if delta.hi.is_finite():
            high = cls._at(beta.hi, delta.hi).hi
        else:
            high = (-(Range(beta.hi, beta.hi) * -1 + 1).log()).hi if beta.hi < 1 else POSITIVE_INFINITY
        return Range(low, high)


class reverse_kl(_Divergence):
    """KL(q_beta | p_alpha), for beta in [0, 1] and alpha in (0, 1)."""

    nargs = 3
    head = r"\mathrm{KL}_{\mathrm{rev}}"
    slots = (beta, alpha, delta)

    def _eval_is_nonnegative(self) -> bool | None:
        return True if all(map(_is_weight, self.args[:2])) else None

    @classmethod
    def eval(cls, beta: Expr, alpha: Expr, delta: Expr) -> Expr | None:
        """Zero where the two mixtures are one."""
        same = beta == alpha or (delta.is_zero and _is_weight(alpha))
        return S.Zero if same and _is_weight(beta) else None

    def closed_form(self) -> Expr:
        b, a, d = self.args
        e = exp(d * z - d**2 / 2)
        under_old = log((b + (1 - b) * e) / (a + (1 - a) * e))
        under_new = log((b * e + 1 - b) / (a * e + 1 - a))
        return b * normal(under_old, z) + (1 - b) * normal(under_new, z)

    def quadrature_form(self) -> Expr:
        b, a, d = self.args
        small, large = exp(d * z), exp(-d * z)
        below = b * log((b + (1 - b) * small) / (a + (1 - a) * small))
        below += (1 - b) * log((b * small + 1 - b) / (a * small + 1 - a))
        above = b * log((b * large + 1 - b) / (a * large + 1 - a))
        above += (1 - b) * log((b + (1 - b) * large) / (a + (1 - a) * large))
        return _from_the_middle(below, above, d)

    def fdiff(self, argindex: int = 1) -> Expr:
        b, a, d = self.args
        if argindex == 1:
            x = Dummy("b", positive=True)
            return Integral(information(x, d), (x, a, b))
        if argindex == 2:
            return (a - b) * information(a, d)
        pull = (1 - b) * (a * gate(a, d) - b * gate(b, d))
        return d * (pull + (1 - a) * (b - a) * (gate(a, d) + a * gate(a, d).fdiff(1)))

    @classmethod
    def range(cls, beta: Range, alpha: Range, delta: Range) -> Range:
        """By monotonicity: in delta (data processing), and in |beta - alpha| from either side."""
        _require_weight(beta)
        _require_weight(alpha)
        _require_separation(delta)
        low = ZERO
        if beta.hi < alpha.lo:
            low = cls._at(beta.hi, alpha.lo, delta.lo).lo.max(ZERO)
        elif alpha.hi < beta.lo:
            low = cls._at(beta.lo, alpha.hi, delta.lo).lo.max(ZERO)
        if not delta.hi.is_finite():
            return Range(low, POSITIVE_INFINITY)
        corners = (cls._at(beta.lo, alpha.hi, delta.hi), cls._at(beta.hi, alpha.lo, delta.hi))
        return Range(low, corners[0].hi.max(corners[1].hi))


class time_to_forget(_Divergence):
    """Time of the forward-KL logit flow from old weight beta0 down to beta1: int db/(b^2 (1-b) (1-H))."""

    nargs = 3
    head = r"T_{\mathrm{forget}}"
    slots = (Symbol("beta_0", positive=True), Symbol("beta_1", positive=True), delta)

    def closed_form(self) -> Expr:
        start, end, d = self.args
        b = Dummy("b", positive=True)
        return Integral(1 / (b**2 * (1 - b) * (1 - gate(b, d))), (b, end, start))

    def doit(self, **hints: Any) -> Expr:
        return self.closed_form()

    def fdiff(self, argindex: int = 1) -> Expr:
        start, end, d = self.args
        if argindex in (1, 2):
            b, sign = ((start, 1), (end, -1))[argindex - 1]
            return sign / (b**2 * (1 - b) * (1 - gate(b, d)))
        b = Dummy("b", positive=True)
        slope = gate(b, d).fdiff(2)
        return Integral(slope / (b**2 * (1 - b) * (1 - gate(b, d)) ** 2), (b, end, start))

    def _eval_evalf(self, prec: int) -> Expr | None:
        return self.closed_form().evalf(int(prec * 0.30103)) if not self.free_symbols else None


def _require_weight(x: Range) -> None:
    if x.lo < 0 or x.hi > 1:
        raise Undefined("a weight outside [0, 1]")


def _require_separation(x: Range) -> None:
    if x.lo < 0:
        raise Undefined("a negative separation")
