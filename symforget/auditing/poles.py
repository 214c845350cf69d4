"""Poles inside integrals: a certified reason why a mutant has no value at a point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flint import arb
from sympy import Dummy, Expr, Integral, Pow, Rational, Symbol, cos, log, oo, sin

from symforget.balls import compile_ball, to_ball
from symforget.functions import normal
from symforget.precision import workprec

BITS, HALVINGS = 256, 160
UNEVENLY = arb(15) / 32
"""Where brackets are cut: a zero half-way, met at once but not exactly, would not be told from its neighbours."""
_LINE = [Rational(k, 3) for k in range(-24, 25)]


@dataclass(frozen=True)
class Pole:
    """A zero of ``base``, which stands below the line, between two values of the variable of integration."""

    base: Expr
    variable: Symbol
    near: Rational


def pole(relation: Any, point: Mapping[Symbol, Rational]) -> Pole | None:
    """A pole of order one or more inside the range of an integral of the relation, at a point of its parameters.

    Below the line stands a function that takes both signs, and so vanishes in between; what it divides is enclosed
    away from 0 there. The integral of the absolute value is then infinite.
    """
    for integral in sorted(relation.atoms(Integral, normal), key=str):
        body, variable, places = _opened(integral, point)
        free = body.free_symbols - {variable} - point.keys()
        if free or not places or body.has(Integral, normal):
            continue
        for power in sorted(body.atoms(Pow), key=str):
            if power.exp.is_Integer and power.exp.is_negative and power.base.has(variable):
                found = _zero(power.base, body / power, variable, places, point)
                if found is not None:
                    return Pole(power.base, variable, found)
    return None


def negative_logarithm(relation: Any, point: Mapping[Symbol, Rational]) -> Pole | None:
    """A logarithm below an integral sign whose argument is certainly negative somewhere in the range of integration."""
    for integral in sorted(relation.atoms(Integral, normal), key=str):
        body, variable, places = _opened(integral, point)
        for logarithm in sorted(body.atoms(log), key=str):
            inside = logarithm.args[0]
            if not inside.has(variable) or inside.has(Integral, normal) or inside.free_symbols - {variable, *point}:
                continue
            with workprec(BITS):
                function, fixed = compile_ball(inside, [*point, variable]), [to_ball(v) for v in point.values()]
                for place, sign in _signs(function, fixed, places):
                    if sign < 0:
                        return Pole(inside, variable, place)
    return None


def periodic(relation: Any, point: Mapping[Symbol, Rational]) -> Expr | None:
    """A periodic integrand, not identically zero, of an integral over an infinite range; None if there is none.

    A polynomial in sines and cosines of rational multiples of the variable has a period P, and its integral up to T + P
    exceeds that up to T by the same c for every T. Were there a limit, c would be 0; then the integral up to T would be
    periodic, hence constant, and the integrand zero.
    """
    for integral in sorted(relation.atoms(Integral), key=str):
        (variable, *ends), *more = integral.limits
        if more or not {oo, -oo}.intersection(ends):
            continue
        body = integral.function.xreplace(dict(point))
        waves = {e: Dummy() for e in body.atoms(sin, cos) if (e.args[0] / variable).is_Rational}
        rest = body.xreplace(waves)
        if body.free_symbols - {variable} or rest.has(variable) or not rest.is_polynomial(*waves.values()):
            continue
        with workprec(BITS):
            function = compile_ball(body, [variable])
            if any(not function(to_ball(place)).contains(0) for place in (Rational(0), Rational(1, 3))):
                return body
    return None


def _opened(integral: Any, point: Mapping[Symbol, Rational]) -> tuple[Expr, Symbol, list[Rational]]:
    if isinstance(integral, normal):
        return integral.body, integral.variable, _LINE
    (variable, *ends), *more = integral.limits
    if more or len(ends) != 2:
        return integral.function, variable, []
    low, high = (end if end in (oo, -oo) else end.xreplace(dict(point)) for end in ends)
    if low in (oo, -oo) or high in (oo, -oo):
        return integral.function, variable, [v for v in _LINE if low < v < high]
    if not (isinstance(low, Rational) and isinstance(high, Rational)):
        return integral.function, variable, []
    return integral.function, variable, [low + (high - low) * Rational(k, 30) for k in range(31)]


def _zero(
    base: Expr, above: Expr, variable: Symbol, places: list[Rational], point: Mapping[Symbol, Rational]
) -> Rational | None:
    """Where the base vanishes and what stands above it does not, or None."""
    symbols = [*point, variable]
    with workprec(BITS):
        fixed = [to_ball(v) for v in point.values()]
        below, rest = (compile_ball(e, symbols) for e in (base, above))
        signs = list(_signs(below, fixed, places))
        for (left, one), (right, other) in pairwise(signs):
            if one * other < 0:
                low, high = _narrowed(below, fixed, left, right, one)
                near_zero = abs(below(*fixed, low)) < arb(2) ** -(HALVINGS // 2)  # not a jump, nor a pole of its own
                if near_zero and not rest(*fixed, low.union(high)).contains(0):
                    return (left + right) / 2
    return None


def _signs(function: Any, fixed: list[arb], places: list[Rational]) -> Iterator[tuple[Rational, int]]:
    for place in places:
        value = function(*fixed, to_ball(place))
        if value > 0 or value < 0:
            yield place, 1 if value > 0 else -1


def _narrowed(function: Any, fixed: list[arb], left: Rational, right: Rational, sign: int) -> tuple[arb, arb]:
    """Two points with different signs, or as near to that as the precision lets one tell."""
    low, high = to_ball(left), to_ball(right)
    for _ in range(HALVINGS):
        middle = (low + (high - low) * UNEVENLY).mid()
        value = function(*fixed, middle) * sign
        if value > 0:
            low = middle
        elif value < 0:
            high = middle
        else:
            break
    return low, high
