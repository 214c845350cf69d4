"""Limits inside a statement: found by SymPy, and held against certified values on the way to the point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sympy
from flint import arb
from sympy import Expr, Integer, Rational, Symbol, oo
from sympy.core.relational import Relational

from symforget.balls import compile_ball, to_ball, workprec
from symforget.domain import Interval
from symforget.errors import InputError, PrecisionNotReached, TimeLimit
from symforget.timelimit import time_limit
from symforget.trees import evaluated, replaced
from symforget.witness import candidates

Domain = Mapping[Symbol, Interval]

BITS = 1500
_ON_THE_WAY = (8, 32, 128)
"""How near the point is approached: to 2**k, or to a distance 2**-k of a finite point."""


@dataclass(frozen=True)
class LimitsDone:
    """The relation with values in place of limits, or None and the reason."""

    relation: Relational | None
    detail: str
    depends_on_parameters: bool = False


def carry_out_limits(relation: Relational, domain: Domain, seconds: float) -> LimitsDone:
    """Replace every limit by its value, if SymPy finds a finite one that certified values approach."""
    values: dict[Any, Expr] = {}
    for node in sorted(relation.atoms(sympy.Limit), key=str):
        if node.args[0].has(sympy.Limit):
            return LimitsDone(None, "a limit inside a limit is not treated")
        value = _value(node, seconds)
        if value is None:
            return LimitsDone(None, f"SymPy finds no value of {node}")
        if not value.is_finite or value.has(oo, -oo, sympy.zoo, sympy.nan, sympy.AccumBounds):
            return LimitsDone(None, f"SymPy finds {value} for {node}, which is no number")
        if not approaches(node, value, domain):
            return LimitsDone(None, f"certified values of {node} do not visibly approach SymPy's value {value}")
        values[node] = value
    shown = "; ".join(f"limit of {n.args[0]} as {n.args[1]} -> {n.args[2]}: {v}" for n, v in values.items())
    told = f"{shown} (SymPy's; certified values approach it)"
    return LimitsDone(replaced(relation, values.get), told, any(node.free_symbols & domain.keys() for node in values))


def _value(node: Any, seconds: float) -> Any:
    """SymPy's value; its algorithm fails with exceptions of every kind where it does not apply."""
    try:
        with time_limit(seconds):
            value = evaluated(node).doit()
    except TimeLimit:
        return None
    except Exception:
        return None
    return None if value.has(sympy.Limit) else value


def approaches(node: Any, value: Expr, domain: Domain) -> bool:
    """Whether the expression comes closer to the value, certified, from every side on which it is real."""
    inside, variable, point = node.args[:3]
    if not isinstance(point, Rational) and point not in (oo, -oo):
        return False  # only rational points are approached along exact numbers
    directions = (1, -1) if point not in (oo, -oo) else (1,)
    parameters = [s for s in domain if s in node.free_symbols]
    seen = False
    for values in _some_points([domain[s] for s in parameters]):
        at = dict(zip(parameters, values, strict=True))
        for direction in directions:
            verdict = _comes_closer(inside, variable, point, direction, value, at)
            if verdict is False:
                return False
            seen = seen or verdict is True
    return seen


def _some_points(intervals: list[Interval]) -> Iterator[tuple[Rational, ...]]:
    if not intervals:
        return iter([()])
    return iter(list(candidates(intervals, 8))[::3])


def _comes_closer(
    inside: Expr, variable: Symbol, point: Any, direction: int, value: Expr, at: Mapping[Symbol, Rational]
) -> bool | None:
    """Whether each distance from the value is at most half the one before; None where there is none."""
    try:
        function = compile_ball(inside - value, [*at, variable])
        distances = [_distance(function, at, _on_the_way(point, direction, k)) for k in _ON_THE_WAY]
    except (InputError, PrecisionNotReached, ArithmeticError):
        return None
    if not all(d.is_finite() for d in distances):
        return None
    tiny = arb(2) ** -30
    return all(nearer.upper() < tiny or 2 * nearer.upper() < farther.lower() for farther, nearer in pairwise(distances))


def _distance(function: Any, at: Mapping[Symbol, Rational], place: Any) -> Any:
    with workprec(BITS):
        return abs(function(*(to_ball(v) for v in at.values()), to_ball(place)))


def _on_the_way(point: Any, direction: int, k: int) -> Any:
    if point in (oo, -oo):
        return Integer(2) ** k * (1 if point == oo else -1)
    return point + direction * Rational(1, 2**k)
