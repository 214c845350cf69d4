"""The value towards which an expression tends at an end of an interval, where continuity alone tells it."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Mul, Pow, Symbol, oo

from symforget.rational import fraction
from symforget.signset import unveil_numbers, veil_numbers


def value_at_end(expression: Any, x: Symbol, end: Any) -> Any:
    """The limit of the expression as x tends to `end` (a number, oo or -oo), or None if this is not enough.

    Every part is given its value at the end, in the arithmetic of the extended reals; forms such as 0*oo,
    oo - oo, 0**0 and 1/0 give None, except that an exponential decay outweighs a rational factor, and a zero a
    logarithm. A finite result means that all parts tend to their values, so that the limit is the value.
    """
    veiled = veil_numbers(sympy.sympify(expression))
    return unveil_numbers(_value_at_end(veiled, x, sympy.sympify(end)))


def _value_at_end(expression: Any, x: Symbol, end: Any) -> Any:
    if expression == x:
        return end
    if not expression.args or x not in expression.free_symbols:
        return expression
    if isinstance(expression, Mul):
        return _of_product(expression, x, end)
    values = [_value_at_end(part, x, end) for part in expression.args]
    if any(value is None for value in values):
        return None
    if isinstance(expression, Pow) and _is_undetermined_power(expression, *values):
        return None
    return _determined(expression.func(*values))


def limit_at_end(expression: Any, x: Symbol, end: Any, direction: str = "+") -> Any:
    """The limit for all values of the parameters: by continuity, else SymPy's for each term apart; None if unknown.

    SymPy's limit of a term with parameters is that for parameters in general: of 1/(1 + a x) it is 0, also for a = 0.
    So a term must be a factor without x times a function of x alone.
    """
    value = value_at_end(expression, x, end)
    if value is not None:
        return value
    if expression.free_symbols == {x}:
        return sympy_limit(sympy.simplify(expression), x, end, direction)
    total = sympy.Integer(0)
    for term in sympy.Add.make_args(sympy.expand(sympy.expand_log(expression))):
        value = value_at_end(term, x, end)
        if value is None:
            factor, rest = term.as_independent(x, as_Add=False)
            if rest.free_symbols - {x}:
                return None
            part = sympy_limit(rest, x, end, direction)
            value = sympy.nan if part is None else factor * part
        if not _is_finite(value) or value.has(sympy.Limit):
            return None
        total += value
    return total


def sympy_limit(expression: Any, x: Symbol, end: Any, direction: str) -> Any:
    """SymPy's limit, with the signs of numbers found by balls: to it 1 - erf(40) is 0. None if they do not decide."""
    return unveil_numbers(sympy.limit(veil_numbers(expression), x, end, direction))


def divides_by_zero(expression: Any, x: Symbol, point: Any) -> bool:
    """Whether some part of the expression is 1/0 at a point: the whole may have a limit there, but no value.

    SymPy's substitution need not tell: 0*(1 - (zoo*a + zoo)/b) is 0 where it knows too little of a.
    """
    parts = (e for e in expression.atoms(Pow) if e.exp.could_extract_minus_sign() and x in e.base.free_symbols)
    return any(sympy.expand(e.base.subs(x, point)) == 0 for e in parts)


def _of_product(product: Any, x: Symbol, end: Any) -> Any:
    rational = Mul(*(f for f in product.args if f.is_rational_function(x)))
    others = [f for f in product.args if not f.is_rational_function(x)]
    values = [_value_at_end(factor, x, end) for factor in others]
    if _outweighs_logarithms(rational, others, values, x, end):
        return sympy.Integer(0)
    if any(v is None for v in values):
        return None
    if _decays_exponentially(others, values, end):
        return sympy.Integer(0)
    value = _of_rational(rational, x, end)
    return None if value is None else _determined(Mul(value, *values))


def _of_rational(rational: Any, x: Symbol, end: Any) -> Any:
    """The value of a rational function at a finite end; at an infinite one, from its leading terms.

    What it is divided by must have a leading coefficient known not to be 0: at 0 another term would lead.
    """
    nested = any(p.exp.could_extract_minus_sign() for sum_ in rational.atoms(sympy.Add) for p in sum_.atoms(Pow))
    parts = fraction(rational) if nested else sympy.fraction(rational)
    if end not in (oo, -oo):
        above, below = (sympy.expand(part.subs(x, end)) for part in parts)
        return _determined(above / below) if below.is_nonzero else None
    above, below = (sympy.Poly(part, x) for part in parts)
    if not below.LC().is_nonzero:
        return None
    degree = above.degree() - below.degree()
    leading = above.LC() / below.LC()
    if degree < 0:
        return sympy.Integer(0)
    return leading if degree == 0 else _determined(leading * end**degree)


def _outweighs_logarithms(rational: Any, factors: list[Any], values: list[Any], x: Symbol, end: Any) -> bool:
    """Whether the rational factor vanishes at a finite end, and what has no finite value there is log(rational)."""
    without_value = [f for f, v in zip(factors, values, strict=True) if v is None or not _is_finite(v)]
    if end in (oo, -oo) or not without_value:
        return False
    logarithms = (isinstance(f, sympy.log) and f.args[0].is_rational_function(x) for f in without_value)
    return all(logarithms) and _of_rational(rational, x, end) == 0


def _decays_exponentially(factors: list[Any], values: list[Any], end: Any) -> bool:
    """Whether some factor is exp(g) with g -> -oo a rational function, all others tending to finite values."""
    if end not in (oo, -oo) or not all(_is_finite(value) for value in values):
        return False
    return any(
        isinstance(factor, sympy.exp) and value == 0 and _grows(factor.exp)
        for factor, value in zip(factors, values, strict=True)
    )


def _grows(exponent: Any) -> bool:
    return bool(exponent.free_symbols) and all(exponent.is_polynomial(s) for s in exponent.free_symbols)


def _is_undetermined_power(power: Any, base: Any, exponent: Any) -> bool:
    """0**0, 1**oo and oo**0 as limits; a constant exponent is harmless unless it divides by what may be 0."""
    if power.exp == exponent and exponent.could_extract_minus_sign() and base.is_nonzero is not True:
        return not base.is_infinite
    return power.exp != exponent and not (_is_finite(base) and base.is_positive and _is_finite(exponent))


def _determined(value: Any) -> Any:
    if value in (oo, -oo):
        return value
    return value if _is_finite(value) else None


def _is_finite(value: Any) -> bool:
    return not value.has(sympy.nan, sympy.zoo, oo, -oo, sympy.I, sympy.AccumBounds)
