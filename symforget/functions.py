"""Functions of the expression language that SymPy lacks: Phi and the Gaussian expectation."""

# SymPy's annotations give Basic or Expr for what is a number or a symbol at run time.
# pyright: reportArgumentType=false

from __future__ import annotations

from functools import lru_cache
from itertools import count
from typing import Any

import mpmath
from flint import acb, arb
from sympy import (
    Dummy,
    Expr,
    Function,
    Integral,
    Lambda,
    Rational,
    S,
    Symbol,
    erf,
    exp,
    lambdify,
    oo,
    pi,
    sqrt,
    sympify,
)
from sympy.printing.latex import LatexPrinter

from symforget.ranges import ONE, ZERO, Range
from symforget.trees import mapped, put_in


class Phi(Function):
    """The standard normal distribution function, Phi(x) = (1 + erf(x/sqrt 2))/2 for real x."""

    nargs = 1

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        exact = {S.Zero: S.Half, oo: S.One, -oo: S.Zero}
        return exact.get(x)

    def fdiff(self, argindex: int = 1) -> Expr:
        return exp(-(self.args[0] ** 2) / 2) / sqrt(2 * pi)

    def _eval_rewrite_as_erf(self, x: Expr, **hints: Any) -> Expr:
        return (1 + erf(x / sqrt(2))) / 2

    def _eval_evalf(self, prec: int) -> Expr:
        with mpmath.workprec(prec + 10):
            return Expr._from_mpmath(mpmath.ncdf(self.args[0]._to_mpmath(prec + 10)), prec)

    def _eval_is_positive(self) -> bool | None:
        return self.args[0].is_real

    def _eval_is_real(self) -> bool | None:
        return self.args[0].is_extended_real

    def _latex(self, printer: LatexPrinter, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"\Phi{power}\left({printer._print(self.args[0])}\right)"

    @classmethod
    def ball(cls, x: arb | acb) -> arb | acb:
        """Phi as erfc(-x/sqrt 2)/2, which keeps its relative accuracy in the lower tail; entire."""
        return (-x / arb(2).sqrt()).erfc() / 2

    @classmethod
    def range(cls, x: Range) -> Range:
        """Phi of a range, by monotonicity."""
        image = x.increasing(cls.ball, ZERO, ONE)
        image.lo_open = image.lo_open or image.lo == ZERO
        return image


_LEVELS = 10**9
"""Beyond the indices that SymPy gives to dummies, which start at random below 10^7."""


class _BoundVariable(Dummy):
    """The variable of an expectation: printed by its name, z, or z_2, z_3, ... where expectations are nested."""

    __slots__ = ()

    def _sympystr(self, printer: Any) -> str:
        return self.name

    def _latex(self, printer: LatexPrinter) -> str:
        return printer._print(Symbol(self.name))


@lru_cache(maxsize=64)
def _bound_variable(level: int) -> Dummy:
    # One fixed dummy for each depth of nesting: equal expectations compare equal, and no symbol of a
    # reader's can be captured.
    return _BoundVariable("z" if level == 1 else f"z_{level}", dummy_index=_LEVELS + level, real=True)


class normal(Expr):
    """E[expr] for z ~ N(0, 1): `normal(expr, z)`; its one argument is `Lambda(z, expr)`.

    >>> from sympy import Symbol
    >>> z, delta = Symbol("z"), Symbol("delta", positive=True)
    >>> normal(delta**2 * z**2, z).doit()
    delta**2
    """

    is_commutative = True

    def __new__(cls, body: Any, variable: Symbol | None = None) -> Expr:
        function = sympify(body) if variable is None else Lambda(variable, sympify(body))
        if not isinstance(function, Lambda) or len(function.variables) != 1:
            raise TypeError("normal(expr, z): z is the one symbol bound by the expectation")
        old, inner = function.variables[0], function.expr
        if old not in inner.free_symbols:
            return inner
        taken = inner.free_symbols - {old}
        if inner.has(normal):
            inner, old = _with_own_levels(inner, old)
            taken |= {e.variable for e in inner.atoms(normal)}
        new = _level_above(_depth(inner), taken)
        return Expr.__new__(cls, Lambda(new, put_in(inner, {old: new}) if old != new else inner))

    @property
    def variable(self) -> Symbol:
        """The bound standard normal variable."""
        return self.args[0].variables[0]

    @property
    def body(self) -> Expr:
        """The expression whose expectation is taken."""
        return self.args[0].expr

    @property
    def integrand(self) -> Expr:
        """The body times the standard normal density."""
        return self.body * exp(-(self.variable**2) / 2) / sqrt(2 * pi)

    def _eval_derivative(self, s: Symbol) -> Expr:
        return normal(self.body.diff(s), self.variable)

    def _eval_is_extended_real(self) -> bool | None:
        return self.body.is_extended_real

    def _eval_is_extended_positive(self) -> bool | None:
        return True if self.body.is_extended_positive else None

    def _eval_is_extended_nonnegative(self) -> bool | None:
        return True if self.body.is_extended_nonnegative else None

    def _eval_rewrite_as_Integral(self, *args: Any, **hints: Any) -> Expr:
        return Integral(self.integrand, (self.variable, -oo, oo))

    def doit(self, **hints: Any) -> Expr:
        """Carry the expectation out where SymPy can: the value, or the expectation unchanged."""
        body = self.body.doit(**hints)
        polynomial = body.as_poly(self.variable)
        if polynomial is not None:
            return sum((c * _moment(n) for (n,), c in polynomial.terms()), S.Zero)
        value = normal(body, self.variable).rewrite(Integral).doit(**hints)
        return normal(body, self.variable) if value.has(Integral) else value

    def _eval_evalf(self, prec: int) -> Expr | None:
        if self.free_symbols or self.body.has(normal, Integral):
            return None  # quadrature within quadrature would not end in any useful time
        with mpmath.workprec(prec + 10):
            f = lambdify(self.variable, self.integrand, [{"Phi": mpmath.ncdf}, "mpmath"])
            reach = mpmath.sqrt(2 * (prec + 20))
            points = [k * reach / 4 for k in range(-8, 9)]
            try:
                return Expr._from_mpmath(mpmath.quad(f, points), prec)
            except NameError:
                return None  # a function that mpmath does not have

    def _latex(self, printer: LatexPrinter, **options: Any) -> str:
        z, body = (printer._print(part) for part in (self.variable, self.body))
        return rf"\mathbb{{E}}_{{{z} \sim N(0, 1)}}\left[{body}\right]"

    def _sympystr(self, printer: Any) -> str:
        return f"normal({printer._print(self.body)}, {printer._print(self.variable)})"


@lru_cache(maxsize=4096)
def _depth(expr: Expr) -> int:
    """How many expectations are nested in the expression."""
    return max((1 + _depth(e.body) for e in expr.atoms(normal)), default=0)


def _level_above(depth: int, taken: set[Any]) -> Dummy:
    """The variable of an expectation that has so many nested in it.

    Where it is opened inside another one, whose variable is free there, the first that is not taken, free or bound;
    once the outer one is made anew, so is the inner one.
    """
    return next(v for v in map(_bound_variable, count(depth + 1)) if v not in taken)


def _with_own_levels(inner: Expr, old: Symbol) -> tuple[Expr, Symbol]:
    """What is inside an expectation, each nested one with the variable of its depth, and a fresh variable outside."""
    fresh = Dummy("z", real=True)
    return mapped(put_in(inner, {old: fresh}), normal, lambda e: normal(*e.args)), fresh


def _moment(n: int) -> Rational:
    """E[z**n] for z ~ N(0, 1): (n-1)!! for even n, else 0."""
    value = S.One
    for k in range(1, n, 2):
        value *= k
    return value if n % 2 == 0 else S.Zero
