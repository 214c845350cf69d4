"""Exact symbolic facts on a domain: an expression vanishes, or has one sign, for every point of it.

The device is a change of parameters: a symbol in (0, 1) becomes x/(1 + x), one in (a, oo) becomes a + x, one in (a, b)
becomes a + (b - a) x/(1 + x), with x > 0 (x >= 0 where the lower end is closed). Square roots of 1 - beta then
open, and a quotient of polynomials with coefficients of one sign has that sign. A False answer means "not shown".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar

from sympy import (
    Abs,
    Add,
    Basic,
    Dummy,
    Expr,
    Max,
    Min,
    Mul,
    Pow,
    Symbol,
    atan,
    cos,
    cosh,
    erf,
    exp,
    expand,
    expand_log,
    expand_power_base,
    log,
    oo,
    powdenest,
    powsimp,
    sech,
    sin,
    sinh,
    sympify,
    tanh,
    together,
)

from symforget import tower
from symforget.rational import cancelled, factored
from symforget.signset import is_shown
from symforget.trees import LEFT_ALONE, mapped, simplified
from symforget.vanishing import differs_from_zero_somewhere, vanishes_as_rational, vanishes_in_exponentials

if TYPE_CHECKING:
    from symforget.domain import Interval

CONTINUOUS = (Add, Mul, exp, log, sin, cos, sinh, cosh, tanh, sech, erf, atan, Abs, Max, Min)
"""Functions that are continuous wherever they have a value, whatever they are of."""

Answer = TypeVar("Answer")


def remembered(ask: Callable[[Expr, Mapping[Symbol, Any]], Answer]) -> Callable[[Any, Mapping[Symbol, Any]], Answer]:
    """The same question, answered once: parts of a claim share many steps, and rules ask each other again."""

    @lru_cache(maxsize=20_000)
    def answered(expr: Expr, domain: tuple[tuple[Symbol, Any], ...]) -> Answer:
        return ask(expr, dict(domain))

    @wraps(ask)
    def asked(expr: Any, domain: Mapping[Symbol, Any]) -> Answer:
        return answered(sympify(expr), tuple(domain.items()))

    return asked


def parametrise(domain: Mapping[Symbol, Interval]) -> dict[Symbol, Expr]:
    """For every symbol an expression in a fresh positive (or nonnegative) symbol that runs through its interval.

    A closed upper end is not reached by x/(1 + x): continuity covers it for equalities and weak inequalities between
    `CONTINUOUS` functions. What is neither is asked again there, by `at_closed_upper_ends`.
    A symbol on the whole line becomes a real symbol.
    """
    return {s: _parametrise_one(s, interval) for s, interval in domain.items()}


@lru_cache(maxsize=4096)
def _running_through(symbol: Symbol, low: Expr, high: Expr, closed: bool) -> Expr:
    """The symbol through its parameter, always the same one, so that what SymPy remembers of it stays of use."""
    if low == -oo and high == oo:
        return Dummy(symbol.name, real=True)
    x = Dummy(symbol.name, nonnegative=True) if closed else Dummy(symbol.name, positive=True)
    if low == -oo:
        return high - x
    return low + x if high == oo else low + (high - low) * x / (1 + x)


def _parametrise_one(symbol: Symbol, interval: Any) -> Expr:
    low, high = interval.lower, interval.upper
    return _running_through(symbol, low, high, not (interval.lower_open if low != -oo else interval.upper_open))


@remembered
def open_up(expr: Expr, domain: Mapping[Symbol, Any]) -> Expr:
    """The expression in the positive parameters, with sums below roots and logarithms over one denominator."""
    return mapped(expr.xreplace(parametrise(domain)), Pow, _with_factored_base)


def _with_factored_base(power: Pow) -> Expr:
    root_of_sum = power.base.is_Add and not power.exp.is_Integer
    return Pow(factored(power.base), power.exp) if root_of_sum else power


@remembered
def is_zero(expr: Expr, domain: Mapping[Symbol, Any]) -> bool:
    """Whether the expression is identically zero on the domain, shown by exact simplification."""
    if expr == 0 or vanishes_as_rational(expr):
        return True
    if expr.has(*LEFT_ALONE):
        return is_zero(expr.xreplace({e: Dummy() for e in expr.atoms(*LEFT_ALONE)}), domain)
    if not _is_continuous(expr) and not at_closed_upper_ends(is_zero, expr, domain):
        return False
    if vanishes_in_exponentials(expr):
        return True
    opened = _without_absolute_values(open_up(expr, domain))
    if vanishes_in_exponentials(opened):
        return True
    if differs_from_zero_somewhere(opened):
        return False
    return vanishes_in_exponentials(tower.opened(opened)) or any(stage(opened) == 0 for stage in _STAGES)


def _without_absolute_values(opened: Expr) -> Expr:
    """|e| replaced by e or -e where e is seen to have one sign, parameters being positive, else with e factored."""

    def value(size: Expr) -> Expr:
        inside = factored(size.args[0])
        return next((sign * inside for sign in (1, -1) if is_shown(sign * inside, strict=False)), Abs(inside))

    return mapped(opened, Abs, value) if opened.has(Abs) else opened


def _powers(expr: Expr) -> Expr:
    return expand(powsimp(expand(expand_power_base(powdenest(expr, force=False))), deep=True))


def _exponents_in_lowest_terms(expr: Expr) -> Expr:
    """Products of exponentials as one, its exponent in lowest terms."""
    return mapped(powsimp(expand(expr)), exp, lambda e: exp(cancelled(e.exp)))


def _exponentials(expr: Expr) -> Expr:
    return simplified(expand(together(expr.rewrite(exp))))


def _logarithms(expr: Expr) -> Expr:
    return expand(expand_log(expr, deep=True))


_STAGES = (
    _exponents_in_lowest_terms,
    expand,
    cancelled,
    _powers,
    _logarithms,
    lambda e: simplified(_logarithms(e)),
    simplified,
    _exponentials,
)


@remembered
def is_nonnegative(expr: Expr, domain: Mapping[Symbol, Any]) -> bool:
    """Whether the expression is >= 0 on the domain, shown factor by factor."""
    if not _is_continuous(expr) and not at_closed_upper_ends(is_nonnegative, expr, domain):
        return False
    return _sign_shown(open_up(expr, domain), strict=False)


@remembered
def is_positive(expr: Expr, domain: Mapping[Symbol, Any]) -> bool:
    """Whether the expression is > 0 on the domain, shown factor by factor.

    The change of parameters does not reach a closed upper end, where continuity gives >= only: there it is shown apart.
    """
    return _sign_shown(open_up(expr, domain), strict=True) and at_closed_upper_ends(is_positive, expr, domain)


def at_closed_upper_ends(asked: Callable[[Any, Any], bool], expr: Basic, domain: Mapping[Symbol, Any]) -> bool:
    """The same question wherever a symbol is at a closed upper end, which the change of parameters does not reach.

    ``asked``: must ask this itself, so that corners are reached.
    """
    ends = [(s, i.upper) for s, i in domain.items() if s in expr.free_symbols and not i.upper_open and i.lower != -oo]
    return all(asked(expr.subs(s, end), {k: i for k, i in domain.items() if k != s}) for s, end in ends)


@lru_cache(maxsize=50_000)
def _is_continuous(expr: Basic) -> bool:
    """Whether the expression is continuous wherever it has a value, as 0**x is not."""
    if isinstance(expr, Pow) and not isinstance(expr, exp):
        kept = not expr.exp.free_symbols or bool(expr.base.is_positive)
    else:
        kept = not expr.args or isinstance(expr, CONTINUOUS)
    return kept and all(_is_continuous(argument) for argument in expr.args)


def _sign_shown(expr: Expr, strict: bool) -> bool:
    forms = (lambda: expr, lambda: factored(expr), lambda: together(expr))
    return any(is_shown(form := make(), strict) or _same_sign_factors(form, strict) for make in forms)


def _same_sign_factors(expr: Expr, strict: bool) -> bool:
    """A product whose factors are each shown, after expanding numerator and denominator."""
    above, below = expr.as_numer_denom()
    return all(_factor_shown(f, strict) for part in (above, below) for f in Mul.make_args(part))


def _factor_shown(f: Expr, strict: bool) -> bool:
    return any(is_shown(form(f), strict) for form in (lambda e: e, cancelled, expand))
