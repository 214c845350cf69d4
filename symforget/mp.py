"""SymPy expression -> mpmath number by quadrature of the defining integrals: the numeric leg's own route.

It shares nothing with the ball evaluators: named functions are replaced by the integrals that define them
(``rewrite(Integral)``; elementary ones by their closed form), and these are computed by mpmath. Its errors are
estimates, so it supports and never decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import mpmath
from sympy import Add, Derivative, Dummy, Expr, Function, Integral, Lambda, Max, Min, Mul, Subs, Symbol, lambdify, oo

from symforget.functions import normal
from symforget.gate.symbolic import gate, gate_s

_EXTREMA = {"Max": max, "Min": min}


def evaluate(expr: Expr, point: Mapping[Symbol, Any], digits: int) -> mpmath.mpf:
    """The expression at a point, computed with ``digits`` + 10 working digits.

    Args:
        expr: any expression in functions mpmath knows, expectations, integrals, and functions that rewrite to them.
        point: a number for every free symbol.

    Raises:
        NotImplementedError: a function has neither an mpmath counterpart nor a defining integral.
    """
    with mpmath.workdps(digits + 10):
        values = {s: mpmath.mpf(int(v.p)) / int(v.q) if hasattr(v, "p") else mpmath.mpf(v) for s, v in point.items()}
        symbols = tuple(sorted(values, key=str))
        return _compile(expr, symbols)(*(values[s] for s in symbols))


@lru_cache(maxsize=1024)
def _compile(expr: Expr, symbols: tuple[Symbol, ...]) -> Callable[..., Any]:
    """A function of the symbols' values; every inner integral becomes a function of its own, computed once."""
    holes: dict[Expr, tuple[Dummy, Callable[..., Any]]] = {}

    def hole(inside: Any, compiled: Callable[..., Callable[..., Any]]) -> Dummy:
        if inside not in holes:
            holes[inside] = (Dummy(f"integral_{len(holes)}"), _remembering(compiled(inside, symbols)))
        return holes[inside][0]

    opened = _fill(expr, hole)
    names = [*symbols, *(name for name, _ in holes.values())]
    plain = lambdify(names, opened, modules=[_EXTREMA, "mpmath"], cse=True)
    inner = [f for _, f in holes.values()]
    return lambda *values: plain(*values, *(f(*values) for f in inner))


def _remembering(f: Callable[..., Any]) -> Callable[..., Any]:
    """The same integral at the same point and precision, computed once: limits of one quantity share their points."""

    @lru_cache(maxsize=64)
    def at(precision: int, *values: Any) -> Any:
        return f(*values)

    return lambda *values: at(mpmath.mp.prec, *values)


def _fill(expr: Expr, hole: Callable[..., Dummy]) -> Expr:
    if isinstance(expr, Derivative):
        return _fill(expr.doit(), hole)
    if isinstance(expr, normal):
        return hole(expr, _expectation)
    if isinstance(expr, Integral):
        return hole(expr, _integral)
    if isinstance(expr, Function) and not _known(expr):
        return hole(expr, lambda f, symbols: _compile(_defining_integral(f), symbols))
    if not expr.args or isinstance(expr, Lambda):
        return expr
    return expr.func(*(_fill(a, hole) for a in expr.args))


def _known(expr: Function) -> bool:
    """Whether `lambdify` has an mpmath counterpart for it, or the function brings its own."""
    return type(expr).__module__.startswith("sympy.") or isinstance(expr, (Max, Min)) or hasattr(type(expr), "_imp_")


@lru_cache(maxsize=1024)
def _defining_integral(expr: Function) -> Expr:
    """The function one step closer to its defining integral."""
    candidates = (expr.rewrite(Integral), expr.doit(deep=False), expr.rewrite(gate), expr.rewrite(gate_s))
    opened = next((c for c in candidates if c != expr), None)
    if opened is None:
        raise NotImplementedError(f"{type(expr).__name__} has no defining integral that mpmath could compute")
    return opened


def _along(integrand: Expr, x: Symbol, symbols: tuple[Symbol, ...]) -> Callable[..., Callable[[Any], Any]]:
    """From the symbols' values to a function of x alone, for which all that does not hold x is computed once."""
    constants: dict[Expr, Dummy] = {}
    varying = _set_apart(integrand, x, constants)
    g = _compile(varying, (x, *symbols, *constants.values()))
    fixed = [_compile(constant, symbols) for constant in constants]

    def at(*values: Any) -> Callable[[Any], Any]:
        known = (*values, *(f(*values) for f in fixed))
        return lambda s: g(s, *known)

    return at


def _set_apart(expr: Expr, x: Symbol, constants: dict[Expr, Dummy]) -> Expr:
    """The expression with a name for each largest part that does not hold x; ``constants`` collects them."""
    if not expr.has(x):
        plain = expr.is_Rational or expr.is_Symbol
        return expr if plain else constants.setdefault(expr, Dummy(f"constant_{len(constants)}"))
    if not expr.args or isinstance(expr, (normal, Integral, Derivative, Subs)):
        return expr
    if isinstance(expr, (Add, Mul)):
        free, varying = expr.as_independent(x)
        if free not in (0, 1) and varying.func is expr.func:
            return expr.func(_set_apart(free, x, constants), _set_apart(varying, x, constants))
    return expr.func(*(_set_apart(arg, x, constants) for arg in expr.args))


def _expectation(expr: normal, symbols: tuple[Symbol, ...]) -> Callable[..., Any]:
    z = Dummy("z", real=True)
    along = _along(expr.args[0](z), z, symbols)

    def value(*values: Any) -> Any:
        g = along(*values)
        return over_the_line(lambda x: g(x) * _bell(x, mpmath.mp.prec))

    return value


@lru_cache(maxsize=50_000)
def _bell(x: Any, precision: int) -> Any:
    """The standard normal density, remembered: all expectations at one precision meet on the same dyadic nodes."""
    return mpmath.exp(-x * x / 2) / _root_of_two_pi(precision)


@lru_cache(maxsize=64)
def _root_of_two_pi(precision: int) -> Any:
    """sqrt(2 pi) at a working precision in bits, which is the current one."""
    return mpmath.sqrt(2 * mpmath.pi)


def over_the_line(f: Callable[[Any], Any]) -> Any:
    """The integral of f over the line: the trapezoidal rule with halved steps, or mpmath's quad where that is slow.

    For f analytic near the line and decaying fast the error is like exp(-c/step): halving the step squares it, so the
    last change may be as large as the root of what is wanted. A kink shows as slow convergence, and the panels of quad
    then end at 0, where kinks of ours are.
    """
    tolerance = mpmath.ldexp(1, -mpmath.mp.prec // 2 - 2)
    step = mpmath.mpf(1) / 2
    total = _sum_outward(f, step, 0)
    while step > mpmath.mpf(1) / 32:
        refined = (total + _sum_outward(f, step, step / 2)) / 2
        step /= 2
        if abs(refined - total) <= tolerance * abs(refined):
            return refined
        total = refined
    reach = mpmath.sqrt(2 * mpmath.mp.prec) + 4
    return mpmath.quad(f, [-mpmath.inf, *(k * reach / 6 for k in range(-12, 13)), mpmath.inf])


def _sum_outward(f: Callable[[Any], Any], step: Any, shift: Any) -> Any:
    """step * sum of f(shift + k step), k running outward from 0 on both sides until the terms are negligible."""
    total = f(shift)
    for sign in (1, -1):
        k, small = 1, 0
        while small < 2 / step and k < 400 / step:
            term = f(shift + sign * k * step)
            total += term
            small = small + 1 if abs(term) <= mpmath.eps * abs(total) else 0
            k += 1
    return total * step


def _integral(expr: Integral, symbols: tuple[Symbol, ...]) -> Callable[..., Any]:
    if len(expr.limits) != 1 or len(expr.limits[0]) != 3:
        raise NotImplementedError(f"only single definite integrals are computed numerically, not {expr}")
    variable, lower, upper = expr.limits[0]
    x = Dummy(variable.name, real=True)
    along = _along(expr.function.xreplace({variable: x}), x, symbols)
    low, high = (_compile(end, symbols) for end in (lower, upper))

    def value(*values: Any) -> Any:
        start, stop, g = low(*values), high(*values), along(*values)
        if lower == -oo and upper == oo:
            return over_the_line(g)
        if lower == -oo or upper == oo:
            return mpmath.quad(g, _panels_to_infinity(lower, upper, start, stop))
        return mpmath.quad(g, [start + (stop - start) * k / 4 for k in range(5)])

    return value


def _panels_to_infinity(lower: Expr, upper: Expr, start: Any, stop: Any) -> list[Any]:
    reach = mpmath.sqrt(2 * mpmath.mp.prec) + 4
    if upper == oo:
        return [start, *(start + k * reach / 6 for k in range(1, 13)), mpmath.inf]
    return [-mpmath.inf, *(stop - k * reach / 6 for k in range(12, 0, -1)), stop]
