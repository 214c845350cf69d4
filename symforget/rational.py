"""Rational expressions in one form, by FLINT: over one denominator in lowest terms, or factored over the rationals.

As SymPy's `cancel` and `factor` of `together`, in a fraction of the time. Whatever is not a sum, a product or a power
counts as a generator; a power b^(c t) with rational c is one of a generator for b and t, so that exp(x) is known to be
the square of exp(x/2), and x that of sqrt(x). Each form equals the expression wherever that has a value; what divides
by something identically zero is nan, and what is too large to be multiplied out stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from math import gcd, lcm
from typing import Any

from sympy import Add, Expr, Integer, Mul, Pow, Rational, default_sort_key, ilcm, nan

from symforget.quotients import Field, Quotient, TooLarge
from symforget.trees import fold


@lru_cache(maxsize=20_000)
def fraction(expr: Expr) -> tuple[Expr, Expr]:
    """Numerator and denominator in lowest terms, expanded, with whole coefficients."""
    reading = _read(expr)
    if reading is None:
        return nan, Integer(1)
    above, below = reading.value.above, reading.value.below
    front, divisor = _content(above), _content(below)
    constant = front / divisor
    return reading.written(above, constant.p / front), reading.written(below, constant.q / divisor)


def cancelled(expr: Expr) -> Expr:
    """One fraction in lowest terms, numerator and denominator expanded."""
    above, below = fraction(expr)
    return above / below


@lru_cache(maxsize=20_000)
def factored(expr: Expr) -> Expr:
    """One fraction in lowest terms, numerator and denominator factored over the rationals."""
    reading = _read(expr)
    if reading is None or reading.value.is_zero:
        return nan if reading is None else Integer(0)
    (front, above), (divisor, below) = map(reading.factors, (reading.value.above, reading.value.below))
    product = Mul(*above, *(1 / factor for factor in below))
    constant = front / divisor
    return Mul(constant, product, evaluate=False) if product.is_Add and constant != 1 else constant * product


@lru_cache(maxsize=20_000)
def coefficients(expr: Expr, variables: tuple[Expr, ...]) -> dict[tuple[int, ...], Expr] | None:
    """Monomial in the variables -> its coefficient, not zero; None for what is no polynomial in them."""
    reading = _read(expr, variables)
    if reading is None or not reading.is_polynomial_in(variables):
        return None
    terms: dict[tuple[int, ...], list[Expr]] = {}
    for exponents, term in reading.terms(reading.value.above, len(variables)):
        terms.setdefault(exponents, []).append(term)
    below = reading.written(reading.value.below, Integer(1))
    return {exponents: Add(*found) / below for exponents, found in terms.items()}


def affine_in(expr: Expr, parts: Collection[Expr]) -> tuple[Expr, dict[Expr, Expr]] | None:
    """The constant and each part's coefficient where the expression is affine in the parts, else None.

    A part must stand outside all other functions, or inside another part.
    """
    found = coefficients(expr, tuple(parts))
    if found is None or any(sum(exponents) > 1 for exponents in found):
        return None
    unit = {exponents.index(1): value for exponents, value in found.items() if any(exponents)}
    constant = found.get((0,) * len(parts), Integer(0))
    return constant, {part: unit.get(i, Integer(0)) for i, part in enumerate(parts)}


class _Reading:
    """An expression as a quotient of polynomials in its generators, and such polynomials as expressions again.

    ``whole``: the expression itself is the one generator.
    """

    value: Quotient

    def __init__(self, expr: Expr, first: tuple[Expr, ...] = (), whole: bool = False) -> None:
        powers = {expr: (expr, Integer(1), Integer(1))} if whole else {e: _as_power(e) for e in _leaves(expr)}
        steps: dict[tuple[Expr, Expr], int] = {}
        for base, exponent, coefficient in powers.values():
            steps[base, exponent] = ilcm(steps.get((base, exponent), 1), coefficient.q)
        self._roots = {(base, exponent): Pow(base, exponent / q) for (base, exponent), q in steps.items()}
        others = sorted(set(self._roots.values()) - set(first), key=default_sort_key)
        self._generators = (*first, *others)
        field = Field(len(self._generators))
        known = dict(zip(self._generators, field.generators, strict=True))

        def leaf(e: Expr) -> Quotient:
            if isinstance(e, Rational):
                return field.constant(int(e.p), int(e.q))
            base, exponent, coefficient = powers[e]
            return known[self._roots[base, exponent]] ** int(coefficient * steps[base, exponent])

        self.value = leaf(expr) if whole else fold(expr, leaf, lambda base, exponent: base**exponent, lambda x: x)

    def is_polynomial_in(self, variables: tuple[Expr, ...]) -> bool:
        """Whether the first generators, the variables, stand in no other generator and not below the line."""
        others = self._generators[len(variables) :]
        hidden = any(g.has(*variables) for g in others) if variables else False
        powers = any(self._roots.get(_as_power(v)[:2], v) != v for v in variables)
        return not hidden and not powers and not any(self.value.below.degrees()[: len(variables)])

    def terms(self, polynomial: Any, skip: int = 0) -> Iterator[tuple[tuple[int, ...], Expr]]:
        """The exponents of the first ``skip`` generators in each term, and the term without these."""
        for exponents, c in polynomial.to_dict().items():
            powers = (g ** int(k) for g, k in zip(self._generators[skip:], exponents[skip:], strict=False) if k)
            yield tuple(map(int, exponents[:skip])), Mul(_rational(c), *powers)

    def written(self, polynomial: Any, times: Rational) -> Expr:
        """The polynomial times a number as an expanded expression."""
        return Add(*(term * times for _, term in self.terms(polynomial)))

    def factors(self, polynomial: Any) -> tuple[Rational, list[Expr]]:
        """A number, and the irreducible factors with their powers: whole coefficients, the leading one positive."""
        constant, found = polynomial.factor()
        return _rational(constant), [self.written(factor, Integer(1)) ** int(k) for factor, k in found]


def _read(expr: Expr, first: tuple[Expr, ...] = ()) -> _Reading | None:
    """The expression read; None if it divides by what is identically zero."""
    try:
        return _Reading(expr, first)
    except ZeroDivisionError:
        return None
    except TooLarge:
        return _Reading(expr, first, whole=True)


def _as_power(leaf: Expr) -> tuple[Expr, Expr, Rational]:
    """(b, t, c) with b^(c t) the leaf and c rational."""
    base, exponent = leaf.as_base_exp()
    coefficient, rest = exponent.as_coeff_Mul(rational=True)
    return base, rest, coefficient


def _leaves(expr: Expr) -> set[Expr]:
    """What is neither a number nor a sum, a product or an integer power of other such things."""
    found: set[Expr] = set()
    waiting = [expr]
    while waiting:
        e = waiting.pop()
        if isinstance(e, (Add, Mul)):
            waiting += e.args
        elif isinstance(e, Pow) and e.exp.is_Integer and not e.base.is_Number:
            waiting.append(e.base)
        elif not isinstance(e, Rational):
            found.add(e)
    return found


def _rational(number: Any) -> Rational:
    return Rational(int(number.p), int(number.q))


def _content(polynomial: Any) -> Rational:
    """The rational number that leaves coprime whole coefficients, the leading one positive; 1 for zero."""
    if polynomial.is_zero():
        return Rational(1)
    coefficients = polynomial.coeffs()
    size = Rational(gcd(*(int(c.p) for c in coefficients)), lcm(*(int(c.q) for c in coefficients)))
    return size if polynomial.leading_coefficient() > 0 else -size
