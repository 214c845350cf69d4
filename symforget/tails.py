"""Explicit bounds for the tail of an integral over a half-line, read off the expression tree.

A bound is a quadratic (A, B, C): log |u(z)| <= A + B t + C t**2 for every z = R + t, t >= 0. Products add
such bounds, sums take the larger coefficients and add log n, exp(v) needs an upper bound of v itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from flint import arb, ctx
from sympy import Abs, Add, Dummy, Expr, Max, Min, Mul, Pow, Rational, Symbol, cosh, exp, log, sech, sinh
from sympy.printing.str import StrPrinter

from symforget.balls import compile_ball
from symforget.errors import InputError
from symforget.ranges import POSITIVE_INFINITY, Range, Undefined


class NoTailBound(ArithmeticError):
    """No rigorous bound of the tail was found; the text names the part that resisted."""


class _Names(StrPrinter):
    """SymPy's printer, but a variable that stands for a bound one has its name."""

    def _print_Dummy(self, expr: Dummy) -> str:
        return expr.name


def _shown(expr: Expr) -> str:
    """The beginning of an expression, as a reader is shown it."""
    return _Names().doprint(expr)[:60]


class Quadratic(NamedTuple):
    """A + B t + C t**2 as an upper bound for t >= 0; the coefficients are exact balls."""

    a: arb
    b: arb
    c: arb

    def plus(self, other: Quadratic) -> Quadratic:
        return Quadratic(*((x + y).upper() for x, y in zip(self, other, strict=True)))

    def times(self, factor: arb) -> Quadratic:
        """The bound scaled by a factor >= 0."""
        return Quadratic(*((x * factor).upper() for x in self))

    @property
    def decays(self) -> bool:
        """Whether exp of it falls exponentially, so that its integral converges."""
        return self.c <= 0 and self.b < 0

    def larger(self, other: Quadratic) -> Quadratic:
        return Quadratic(*(x.max(y) for x, y in zip(self, other, strict=True)))


def _constant(a: arb) -> Quadratic:
    return Quadratic(a.upper(), arb(0), arb(0))


def tail_integral(log_bound: Quadratic) -> arb | None:
    """An upper bound of the integral of exp(A + B t + C t**2) over t >= 0, or None where it diverges."""
    if log_bound.decays:
        return (log_bound.a.exp() / -log_bound.b).upper()
    return None


@lru_cache(maxsize=4096)
def _quadratic_coefficients(v: Expr, variable: Symbol) -> tuple[Expr, ...] | None:
    """Coefficients of 1, x and x^2 if v is a polynomial of degree 2 at most; asked anew for every reach tried."""
    polynomial = v.as_poly(variable)
    if polynomial is None or polynomial.degree() > 2:
        return None
    return tuple(polynomial.coeff_monomial(variable**k) for k in range(3))


@dataclass(frozen=True)
class Growth:
    """Bounds of expressions in `variable` on [start, oo), the other symbols ranging over `parameters`."""

    variable: Symbol
    start: arb
    parameters: Mapping[Symbol, Range]

    def range(self, expr: Expr) -> Range:
        """The range over the half-line; raises Undefined."""
        symbols = tuple(sorted(expr.free_symbols, key=lambda s: s.name))
        half_line = Range(self.start, POSITIVE_INFINITY)
        inputs = [half_line if s == self.variable else self.parameters[s] for s in symbols]
        function = compile_ball(expr, symbols)
        return function.call(inputs) if inputs else Range.of(function())

    def magnitude(self, u: Expr) -> Quadratic:
        """A bound of log |u|."""
        if u == self.variable:
            return Quadratic(self.start.log().upper(), (1 / self.start).upper(), arb(0))
        if not u.has(self.variable):
            return self._bounded(u)
        if isinstance(u, exp):
            return self.upper(u.exp)
        if isinstance(u, Mul):
            return self._sum([self.magnitude(f) for f in u.args])
        if isinstance(u, Add | Max | Min):
            return self._largest([self.magnitude(f) for f in u.args], len(u.args))
        if isinstance(u, Abs):
            return self.magnitude(u.args[0])
        if isinstance(u, cosh | sinh):
            return self.upper(Abs(u.args[0]))
        if isinstance(u, sech):
            return self._reciprocal(cosh(u.args[0])).plus(_constant(arb(2).log()))
        if isinstance(u, log):
            return self._of_log(u.args[0])
        if isinstance(u, Pow) and isinstance(u.exp, Rational):
            return self._of_power(u.base, u.exp)
        return self._bounded(u)

    def upper(self, v: Expr) -> Quadratic:
        """A bound of v itself (not of its logarithm)."""
        coefficients = _quadratic_coefficients(v, self.variable)
        if coefficients is not None:
            return self._of_polynomial(coefficients)
        if isinstance(v, Add):
            return self._sum([self.upper(term) for term in v.args])
        if isinstance(v, Mul):
            factor, rest = v.as_independent(self.variable)
            size = self.range(factor)
            if isinstance(rest, Abs):
                rest = self._opened(rest)
            # -g is asked for as -g again: it must be told by its range.
            if rest not in (v, -v) and size.is_bounded() and (size.lo >= 0 or size.hi <= 0):
                return self._scaled(size, rest)
        if isinstance(v, log):
            self.range(v)
            return self.magnitude(v.args[0])
        if isinstance(v, Abs):
            inner = v.args[0]
            return self.upper(inner).larger(self.upper(-inner))
        if isinstance(v, Pow) and v.exp == Rational(1, 2):
            self.range(v)
            return self.upper((1 + v.base) / 2)
        high = self._range_or_fail(v).hi
        if not high.is_finite():
            raise NoTailBound(f"no bound for {_shown(v)} as {self.variable.name} grows")
        return _constant(high)

    def _opened(self, magnitude: Expr) -> Expr:
        """|g| without its bars where g has one sign on the half-line."""
        inside = magnitude.args[0]
        found = self._range_or_fail(inside)
        return inside if found.lo >= 0 else -inside if found.hi <= 0 else magnitude

    def _scaled(self, size: Range, rest: Expr) -> Quadratic:
        bound = self.upper(rest if size.lo >= 0 else -rest)
        smallest, largest = (size.lo, size.hi) if size.lo >= 0 else (-size.hi, -size.lo)
        # A negative coefficient is an upper bound only with the smallest factor.
        return Quadratic(*((x * (largest if x > 0 else smallest)).upper() for x in bound))

    def _of_polynomial(self, coefficients: Sequence[Expr]) -> Quadratic:
        c0, c1, c2 = (self.range(c) for c in coefficients)
        r = Range.of(self.start)
        shifted = (c0 + c1 * r + c2 * r * r, c1 + c2 * r * 2, c2)
        if not all(c.is_bounded() for c in shifted):
            raise NoTailBound("a coefficient is unbounded")
        return Quadratic(*(c.hi for c in shifted))

    def _of_log(self, v: Expr) -> Quadratic:
        self._range_or_fail(log(v))
        above, below = self.magnitude(v), self._reciprocal(v)
        p = Quadratic(above.a.max(below.a).max(arb(1)), above.b.max(below.b), above.c.max(below.c))
        b, c = p.b.max(arb(0)), p.c.max(arb(0))
        return Quadratic(p.a.log().upper(), (b / p.a).upper(), (c / p.a).upper())

    def _of_power(self, base: Expr, exponent: Rational) -> Quadratic:
        self._range_or_fail(Pow(base, exponent))
        size = arb(abs(int(exponent.p))) / int(exponent.q)
        return (self.magnitude(base) if exponent > 0 else self._reciprocal(base)).times(size)

    def _reciprocal(self, v: Expr) -> Quadratic:
        """A bound of log |1/v|."""
        if isinstance(v, exp):
            return self.upper(-v.exp)
        if isinstance(v, Mul):
            return self._sum([self._reciprocal(f) for f in v.args])
        if isinstance(v, Pow) and isinstance(v.exp, Rational):
            return self.magnitude(Pow(v.base, -v.exp))
        if isinstance(v, cosh):
            inner = v.args[0]
            # cosh w >= exp(w)/2 and cosh w >= exp(-w)/2; the larger exponent decays for w of one sign.
            w = self.range(inner)
            decay = self.upper(-inner) if w.lo >= 0 or not w.hi <= 0 else self.upper(inner)
            return decay.plus(_constant(arb(2).log()))
        found = self._range_or_fail(v)
        low = found.lo if found.lo > 0 else -found.hi
        if low > 0:
            return _constant(-low.log())
        if isinstance(v, Add) and all(self._range_or_fail(term).lo >= 0 for term in v.args):
            for term in v.args:
                try:
                    return self._reciprocal(term)
                except NoTailBound:
                    continue
        raise NoTailBound(f"{_shown(v)} is not bounded away from 0 as {self.variable.name} grows")

    def _bounded(self, u: Expr) -> Quadratic:
        found = self._range_or_fail(u)
        size = found.hi.max(-found.lo)
        if not size.is_finite():
            raise NoTailBound(f"no bound for {_shown(u)} as {self.variable.name} grows")
        return _constant(size.max(arb(2) ** (-8 * ctx.prec)).log())

    def _range_or_fail(self, u: Expr) -> Range:
        try:
            return self.range(u)
        except Undefined as error:
            raise NoTailBound(f"{_shown(u)}: {error}, as {self.variable.name} grows") from None
        except InputError as error:
            raise NoTailBound(str(error)) from None

    @staticmethod
    def _sum(bounds: list[Quadratic]) -> Quadratic:
        total = bounds[0]
        for bound in bounds[1:]:
            total = total.plus(bound)
        return total

    @staticmethod
    def _largest(bounds: list[Quadratic], count: int) -> Quadratic:
        largest = bounds[0]
        for bound in bounds[1:]:
            largest = largest.larger(bound)
        return largest.plus(_constant(arb(count).log()))
