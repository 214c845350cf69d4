"""Which signs an expression can take, read off its structure and its symbols' assumptions.

A set of signs is three bits: NEGATIVE, ZERO, POSITIVE. Sums and products combine the sets of their arguments; nothing
is expanded or compared, so that the answer comes in one pass where SymPy's assumptions may wander through the whole
expression many times. The empty set stands for "not known to be a real number".
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from sympy import Abs, Add, Dummy, Expr, Heaviside, Max, Min, Mul, Piecewise, Pow, exp, log, nan, oo, sign, zoo

NEGATIVE, ZERO, POSITIVE = 1, 2, 4
REAL = NEGATIVE | ZERO | POSITIVE
UNKNOWN = 0
_BITS = (64, 256, 1024, 4096)


@lru_cache(maxsize=50_000)
def possible_signs(expr: Expr) -> int:
    """The signs the expression can take where its symbols are what they assume; UNKNOWN if it may not be real."""
    if isinstance(expr, Add):
        signs = _of_sum([possible_signs(arg) for arg in expr.args])
        return _assumed(expr) if signs == REAL and not expr.free_symbols else signs
    if isinstance(expr, Mul):
        return _of_product([possible_signs(arg) for arg in expr.args])
    if isinstance(expr, exp):
        return POSITIVE if possible_signs(expr.exp) else UNKNOWN
    if isinstance(expr, Pow):
        return _of_power(expr)
    return _assumed(expr)


def is_shown(expr: Expr, strict: bool) -> bool:
    """Whether the expression is > 0 (``strict``) or >= 0 wherever its symbols are what they assume."""
    signs = possible_signs(expr)
    return signs == POSITIVE or (not strict and signs in (ZERO, ZERO | POSITIVE))


def _of_sum(parts: list[int]) -> int:
    if UNKNOWN in parts:
        return UNKNOWN
    together = 0
    for part in parts:
        together |= part
    if together & NEGATIVE and together & POSITIVE:
        return REAL
    if NEGATIVE in parts or POSITIVE in parts:  # one term is never zero, and no other has the opposite sign
        return together & ~ZERO
    return together


def _of_product(parts: list[int]) -> int:
    if UNKNOWN in parts:
        return UNKNOWN
    signs = POSITIVE
    for part in parts:
        flipped = _negated(signs) if part & NEGATIVE else 0
        signs = flipped | (signs if part & POSITIVE else 0) | (ZERO if part & ZERO else 0) | (signs & ZERO)
    return signs


def _negated(signs: int) -> int:
    return (POSITIVE if signs & NEGATIVE else 0) | (signs & ZERO) | (NEGATIVE if signs & POSITIVE else 0)


def _of_power(expr: Pow) -> int:
    base, exponent = expr.args
    signs = possible_signs(base)
    if signs == POSITIVE:
        return POSITIVE if possible_signs(exponent) else UNKNOWN
    if exponent.is_Integer and signs and (exponent.is_positive or not signs & ZERO):
        return signs if int(exponent) % 2 else (signs & ZERO) | (POSITIVE if signs & ~ZERO else 0)
    if signs in (ZERO, ZERO | POSITIVE) and exponent.is_Rational and exponent.is_positive:
        return signs
    return _assumed(expr)


def _assumed(expr: Expr) -> int:
    """SymPy's own answer for a symbol or a function; a number's sign is found by balls.

    SymPy takes the signs of numbers from a few digits: it says that log(cos(10**-60)) is positive. Numbers inside the
    expression are therefore hidden from it behind symbols of their sign.
    """
    if expr.is_Rational:
        return ZERO if expr == 0 else POSITIVE if expr > 0 else NEGATIVE  # type: ignore[operator]
    if not expr.free_symbols:
        found = _of_number(expr)
        if found is not None:
            return found
    expr = expr.xreplace({n: _hidden(n) for n in _numbers_in(expr)})
    if expr.is_positive:
        return POSITIVE
    if expr.is_negative:
        return NEGATIVE
    if expr.is_zero:
        return ZERO
    if expr.is_nonnegative:
        return ZERO | POSITIVE
    if expr.is_nonpositive:
        return ZERO | NEGATIVE
    return REAL if expr.is_real else UNKNOWN


def _of_number(expr: Expr) -> int | None:
    """The sign of a number by balls; REAL where they do not tell it from 0, None for what has no evaluator."""
    from symforget.balls import compile_ball
    from symforget.errors import InputError, PrecisionNotReached
    from symforget.precision import workprec

    try:
        number = compile_ball(expr, ())
        for bits in _BITS:
            with workprec(bits):
                value = number()
            if value > 0 or value < 0:
                return POSITIVE if value > 0 else NEGATIVE
        return REAL if value.is_finite() else UNKNOWN
    except InputError:
        return None
    except (PrecisionNotReached, ArithmeticError):
        return UNKNOWN


def _numbers_in(expr: Expr) -> set[Expr]:
    """The largest parts without symbols that are numbers and not rational."""
    found: set[Expr] = set()
    for part in expr.args:
        if not isinstance(part, Expr) or part.is_Rational:
            continue
        if not part.free_symbols and part.is_number:
            found.add(part)
        else:
            found |= _numbers_in(part)
    return found


_numbers: dict[Dummy, Expr] = {}
"""What stands behind every veil."""


@cache
def _hidden(number: Expr) -> Dummy:
    signs = possible_signs(number)
    if signs in (POSITIVE, NEGATIVE):
        veil = Dummy("n", positive=signs == POSITIVE, negative=signs == NEGATIVE)
    else:
        veil = Dummy("n", real=True) if signs else Dummy("n")
    _numbers[veil] = number
    return veil


def veil_numbers(expr: Expr) -> Expr:
    """The expression with symbols in the place of its irrational numbers, of the sign that balls find.

    For what SymPy decides from a few digits of a number. A power of a number becomes an exponential.
    """
    expr = expr.replace(_is_power_of_irrational, lambda e: exp(e.exp * _hidden(log(e.base))))
    return expr.xreplace({n: _hidden(n) for n in _numbers_in(expr)})


def _is_power_of_irrational(e: Expr) -> bool:
    base = e.base if isinstance(e, Pow) and not isinstance(e, exp) else None
    return base is not None and bool(e.exp.free_symbols) and not base.free_symbols and not base.is_Rational


def unveil_numbers(expr: Any) -> Any:
    """The numbers back in their places; None where SymPy would then look at their signs once more."""
    veils = expr.free_symbols & _numbers.keys() if isinstance(expr, Expr) else ()
    if veils and expr.has(oo, -oo, zoo, nan, sign, Abs, Max, Min, Heaviside, Piecewise):
        return None
    return expr.xreplace({v: _numbers[v] for v in veils}) if veils else expr
