"""The gate's SymPy functions: exact derivatives, special values, printing and certified numerical evaluation.

Setting: two Gaussian modes at Mahalanobis distance delta, old weight beta, l = log((1 - beta)/beta).

    gate_s(delta, l)                S = E_{u ~ N(0,1)} sech((delta u + l)/2)
    gate_s_derivative(k, delta, l)  its k-th derivative in l
    gate(beta, delta)               H = integral of p_o p_n / q_beta = BC/(2 sqrt(beta (1 - beta))) S(delta,
    l) misassignment_old(beta, delta)  E_o[r_n] = (1 - beta) H
    misassignment_new(beta, delta)  E_n[r_o] = beta H
    information(beta, delta)        I = (1 - H)/(beta (1 - beta)), the Fisher information of beta

Derivatives in delta come from the heat equation dS/d(delta) = delta d^2 S/dl^2.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sympy import (
    Dummy,
    Expr,
    Function,
    Integral,
    S,
    exp,
    log,
    oo,
    pi,
    sech,
    sqrt,
)
from sympy.core.function import ArgumentIndexError

from symforget.errors import PrecisionNotReached


def _real_args(expr: Function) -> bool | None:
    return True if all(a.is_extended_real for a in expr.args) else None


class _Certified(Function):
    """A function whose numerical value comes from balls: `evalf` returns correct digits or leaves it
    symbolic.
    """

    @classmethod
    def ball(cls, *args: Any) -> Any:
        raise NotImplementedError

    def _eval_evalf(self, prec: int) -> Expr | None:
        from symforget.gate.evalf import evalf_by_balls

        if not all(a.is_number for a in self.args):
            return None
        try:
            return evalf_by_balls(type(self).ball, self.args, prec)
        except PrecisionNotReached:
            return None

    def _print_call(self, printer: Any, name: str, args: tuple[Any, ...], power: Any) -> str:
        inner = ", ".join(printer._print(a) for a in args)
        head = name if power is None else f"{{{name}}}^{{{power}}}"
        return rf"{head}\left({inner}\right)"


class gate_s(_Certified):
    """S(delta, l) = E_{u ~ N(0,1)} sech((delta u + l)/2), for real delta; even in l and in delta; 0 < S <= 1.

    >>> from sympy import Symbol
    >>> gate_s(0, Symbol("l"))
    sech(l/2)
    """

    nargs = 2

    @classmethod
    def eval(cls, delta: Expr, l: Expr) -> Expr | None:
        if delta.is_zero:
            return sech(l / 2)
        if l in (oo, -oo):
            return S.Zero
        if l.could_extract_minus_sign():
            return cls(delta, -l)
        return None

    @classmethod
    def ball(cls, delta: Any, l: Any) -> Any:
        from symforget.gate import ball

        return ball.gate_s(delta, l)

    def fdiff(self, argindex: int = 1) -> Expr:
        delta, l = self.args
        if argindex == 1:
            return delta * gate_s_derivative(2, delta, l)
        if argindex == 2:
            return gate_s_derivative(1, delta, l)
        raise ArgumentIndexError(self, argindex)

    def _eval_is_real(self) -> bool | None:
        return _real_args(self)

    def _eval_is_positive(self) -> bool | None:
        return True if all(a.is_real for a in self.args) else None

    def _eval_rewrite_as_Integral(self, delta: Expr, l: Expr, **_: Any) -> Expr:
        u = Dummy("u", real=True)
        return Integral(exp(-(u**2) / 2) / sqrt(2 * pi) * sech((delta * u + l) / 2), (u, -oo, oo))

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return self._print_call(printer, "S", self.args, exp)


class gate_s_derivative(_Certified):
    """The k-th derivative of S(delta, l) in l, k = 0, 1, 2, ...; of parity (-1)^k in l."""

    nargs = 3

    @classmethod
    def eval(cls, k: Expr, delta: Expr, l: Expr) -> Expr | None:
        if k.is_number and not (k.is_Integer and k.is_nonnegative):
            raise ValueError(f"gate_s_derivative: the order must be a non-negative integer, not {k}")
        if k.is_zero:
            return gate_s(delta, l)
        if l in (oo, -oo):
            return S.Zero
        if not k.is_Integer:
            return None
        if l.is_zero and k.is_odd:
            return S.Zero
        if delta.is_zero:
            return sech_derivative(k, l)
        if l.could_extract_minus_sign():
            return (-1) ** k * cls(k, delta, -l)
        return None

    @classmethod
    def ball(cls, k: Any, delta: Any, l: Any) -> Any:
        from symforget.gate import ball

        return ball.gate_s_derivative(k, delta, l)

    def fdiff(self, argindex: int = 1) -> Expr:
        k, delta, l = self.args
        if argindex == 2:
            return delta * gate_s_derivative(k + 2, delta, l)
        if argindex == 3:
            return gate_s_derivative(k + 1, delta, l)
        raise ArgumentIndexError(self, argindex)

    def _eval_is_real(self) -> bool | None:
        return _real_args(self)

    def _eval_rewrite_as_Integral(self, k: Expr, delta: Expr, l: Expr, **_: Any) -> Expr | None:
        if not k.is_Integer:
            return None
        u = Dummy("u", real=True)
        derivative = sech_derivative(k, delta * u + l)
        return Integral(exp(-(u**2) / 2) / sqrt(2 * pi) * derivative, (u, -oo, oo))

    def _latex(self, printer: Any, exp: Any = None) -> str:
        k, *rest = self.args
        name = rf"\partial_l^{{{printer._print(k)}}} S"
        text = self._print_call(printer, name, tuple(rest), None)
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


_X = Dummy("x")


def sech_derivative(k: Expr, at: Expr) -> Expr:
    """The k-th derivative of sech(x/2) in x, at a point; k = 0, 1, 2, ..."""
    return _sech_derivative(k).xreplace({_X: at})


@lru_cache(maxsize=64)
def _sech_derivative(k: Expr) -> Expr:
    return sech(_X / 2).diff(_X, k)


def _half_coefficient(beta: Expr, delta: Expr) -> Expr:
    """BC/(2 sqrt(beta (1 - beta)))."""
    return exp(-(delta**2) / 8) / (2 * sqrt(beta * (1 - beta)))


def _log_odds(beta: Expr) -> Expr:
    """l = log((1 - beta)/beta)."""
    return log((1 - beta) / beta)


class _OfWeight(_Certified):
    """What the functions of (beta, delta) share."""

    nargs = 2

    @classmethod
    def ball_partials(cls, beta: Any, delta: Any) -> list[Any]:
        """Balls of the partial derivatives in (beta, delta) on a real box, tighter in beta than those of `fdiff`."""
        from symforget.gate import slopes

        return getattr(slopes, f"{cls.__name__}_partials")(beta, delta)

    def _eval_is_real(self) -> bool | None:
        beta, delta = self.args
        inside = beta.is_nonnegative and (1 - beta).is_nonnegative
        return True if inside and delta.is_real else None

    def _eval_is_nonnegative(self) -> bool | None:
        return self._eval_is_real()

    def _eval_rewrite_as_gate_s(self, beta: Expr, delta: Expr, **_: Any) -> Expr:
        h = _half_coefficient(beta, delta) * gate_s(delta, _log_odds(beta))
        return self._of_gate(beta, h)

    def _eval_rewrite_as_gate(self, beta: Expr, delta: Expr, **_: Any) -> Expr:
        return self._of_gate(beta, gate(beta, delta))

    @staticmethod
    def _of_gate(beta: Expr, h: Expr) -> Expr:
        raise NotImplementedError


class gate(_OfWeight):
    """H(beta, delta), the integral of p_o p_n / q_beta: 1 at beta = 0, at beta = 1 and at delta = 0."""

    @classmethod
    def eval(cls, beta: Expr, delta: Expr) -> Expr | None:
        return S.One if delta.is_zero or beta.is_zero or (1 - beta).is_zero else None

    @classmethod
    def ball(cls, beta: Any, delta: Any) -> Any:
        from symforget.gate import ball

        return ball.gate(beta, delta)

    @staticmethod
    def _of_gate(beta: Expr, h: Expr) -> Expr:
        return h

    def fdiff(self, argindex: int = 1) -> Expr:
        beta, delta = self.args
        coefficient, l = _half_coefficient(beta, delta), _log_odds(beta)
        if argindex == 1:
            slope = -coefficient * gate_s_derivative(1, delta, l) / (beta * (1 - beta))
            return slope - self * (1 - 2 * beta) / (2 * beta * (1 - beta))
        if argindex == 2:
            return delta * (coefficient * gate_s_derivative(2, delta, l) - self / 4)
        raise ArgumentIndexError(self, argindex)

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return self._print_call(printer, "H", self.args, exp)


class misassignment_old(_OfWeight):
    """E_o[r_n] = (1 - beta) H(beta, delta): how often the old mode is taken for the new one."""

    @classmethod
    def eval(cls, beta: Expr, delta: Expr) -> Expr | None:
        return 1 - beta if delta.is_zero or beta.is_zero or (1 - beta).is_zero else None

    @classmethod
    def ball(cls, beta: Any, delta: Any) -> Any:
        from symforget.gate import ball

        return ball.misassignment_old(beta, delta)

    @staticmethod
    def _of_gate(beta: Expr, h: Expr) -> Expr:
        return (1 - beta) * h

    def fdiff(self, argindex: int = 1) -> Expr:
        beta, delta = self.args
        slope = (1 - beta) * gate(beta, delta).fdiff(argindex)
        return slope - gate(beta, delta) if argindex == 1 else slope

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return self._print_call(printer, r"\varepsilon_o", self.args, exp)


class misassignment_new(_OfWeight):
    """E_n[r_o] = beta H(beta, delta): how often the new mode is taken for the old one."""

    @classmethod
    def eval(cls, beta: Expr, delta: Expr) -> Expr | None:
        return beta if delta.is_zero or beta.is_zero or (1 - beta).is_zero else None

    @classmethod
    def ball(cls, beta: Any, delta: Any) -> Any:
        from symforget.gate import ball

        return ball.misassignment_new(beta, delta)

    @staticmethod
    def _of_gate(beta: Expr, h: Expr) -> Expr:
        return beta * h

    def fdiff(self, argindex: int = 1) -> Expr:
        beta, delta = self.args
        slope = beta * gate(beta, delta).fdiff(argindex)
        return slope + gate(beta, delta) if argindex == 1 else slope

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return self._print_call(printer, r"\varepsilon_n", self.args, exp)


class information(_OfWeight):
    """I(beta, delta) = (1 - H)/(beta (1 - beta)); exp(delta^2) - 1 at beta = 0 and at beta = 1, 0 at delta
    = 0.
    """

    @classmethod
    def eval(cls, beta: Expr, delta: Expr) -> Expr | None:
        if delta.is_zero:
            return S.Zero
        if beta.is_zero or (1 - beta).is_zero:
            return exp(delta**2) - 1
        return None

    @classmethod
    def ball(cls, beta: Any, delta: Any) -> Any:
        from symforget.gate import ball

        return ball.information(beta, delta)

    @staticmethod
    def _of_gate(beta: Expr, h: Expr) -> Expr:
        return (1 - h) / (beta * (1 - beta))

    def fdiff(self, argindex: int = 1) -> Expr:
        beta, delta = self.args
        weight = beta * (1 - beta)
        slope = -gate(beta, delta).fdiff(argindex) / weight
        return slope - self * (1 - 2 * beta) / weight if argindex == 1 else slope

    def _latex(self, printer: Any, exp: Any = None) -> str:
        return self._print_call(printer, "I", self.args, exp)
