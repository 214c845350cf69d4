"""Limits inside a statement: found by SymPy, and held against certified values on the way to the point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import sympy
from flint import arb
from sympy import Dummy, Expr, Integer, Rational, Symbol, oo
from sympy.core.relational import Relational

from symforget.balls import compile_ball, to_ball, workprec
from symforget.domain import Interval
from symforget.ends import sympy_limit
from symforget.errors import InputError, PrecisionNotReached, TimeLimit
from symforget.integration import outermost_integrals, trusted_value
from symforget.proofs import defined_everywhere, opened
from symforget.timelimit import time_limit
from symforget.trees import evaluated, replaced
from symforget.witness import candidates

Domain = Mapping[Symbol, Interval]

BITS = 4000
DEFINED_SECONDS = 2.0
"""For showing that what stands in a limit is defined near the point, at each value of the parameters tried."""
_ON_THE_WAY = (8, 32, 128, 512)
"""How near the point is approached: to 2**k, or to a distance 2**-k of a finite point."""


@dataclass(frozen=True)
class LimitsDone:
    """The relation with values in place of limits, or None and the reason."""

    relation: Relational | None
    detail: str
    depends_on_parameters: bool = False


def carry_out_limits(relation: Relational, domain: Domain, seconds: float) -> LimitsDone:
    """Replace every limit by its value, if SymPy finds a finite one that certified values approach, in such a time."""
    try:
        with time_limit(seconds, "carrying out limits"):
            return _carried_out(relation, domain)
    except TimeLimit as stopped:
        return LimitsDone(None, str(stopped))


def _carried_out(relation: Relational, domain: Domain) -> LimitsDone:
    values: dict[Any, Expr] = {}
    for node in dict.fromkeys(e for e in sympy.preorder_traversal(relation) if isinstance(e, sympy.Limit)):
        if node.args[0].has(sympy.Limit):
            return LimitsDone(None, "a limit inside a limit is not treated")
        inside = _integrals_carried_out(node, domain)
        if inside is None:
            return LimitsDone(None, f"an integral in {_text(node)} has no value that can be relied on")
        value = _value(opened(evaluated(inside)), *node.args[1:])
        if value is None:
            return LimitsDone(None, f"SymPy finds no value of {_text(node)}")
        if not value.is_finite or value.has(oo, -oo, sympy.zoo, sympy.nan, sympy.AccumBounds):
            return LimitsDone(None, f"SymPy finds {value} for {_text(node)}, which is no number")
        if not approaches(node, inside, value, domain):
            return LimitsDone(None, f"certified values of {_text(node)} do not visibly approach SymPy's value {value}")
        values[node] = value
    shown = "; ".join(f"{_text(n)}: {v}" for n, v in values.items())
    told = f"{shown} (SymPy's; certified values approach it)"
    return LimitsDone(replaced(relation, values.get), told, any(node.free_symbols & domain.keys() for node in values))


def _text(node: Any) -> str:
    """A limit in words, its terms as written: SymPy would put numbers in order, and for that compute integrals."""
    return f"the limit of {sympy.sstr(node.args[0], order='none')} as {node.args[1]} -> {node.args[2]}"


def _integrals_carried_out(node: Any, domain: Domain) -> Expr | None:
    """What stands in the limit, with its integrals carried out; None if one of them is not to be relied on near by."""
    inside, variable, point = node.args[:3]
    local, around = _surroundings(variable, point)
    values: dict[Any, Expr] = {}
    for integral in outermost_integrals(inside):
        value = trusted_value(evaluated(replaced(integral, {variable: local}.get)), {**domain, local: around})
        if value is None:
            return None
        values[integral] = value.xreplace({local: variable})
    return replaced(inside, values.get) if values else inside


def _surroundings(variable: Symbol, point: Any) -> tuple[Symbol, Interval]:
    """A symbol and an interval for the variable of a limit near its point."""
    if point == oo:
        return Dummy(variable.name, positive=True), Interval(Integer(1), oo)
    if point == -oo:
        return Dummy(variable.name, negative=True), Interval(-oo, Integer(-1))
    reach = Rational(1, 8)
    return Dummy(variable.name, real=True), Interval(point - reach, point + reach)


def _value(inside: Expr, variable: Symbol, point: Any, direction: Any) -> Any:
    """SymPy's value; its algorithm fails with exceptions of every kind where it does not apply."""
    try:
        value = sympy_limit(inside, variable, point, str(direction))
    except TimeLimit:
        raise
    except Exception:
        return None
    return None if value is None or value.has(sympy.Limit) else value


def approaches(node: Any, inside: Expr, value: Expr, domain: Domain) -> bool:
    """Whether the expression is defined near the point and comes closer to the value, certified, from every side on
    which it is real.

    Args:
        inside: what stands in the limit, with its integrals carried out.
    """
    variable, point = node.args[1:3]
    if not isinstance(point, Rational) and point not in (oo, -oo):
        return False  # only rational points are approached along exact numbers
    directions = (1, -1) if point not in (oo, -oo) else (1,)
    parameters = [s for s in domain if s in node.free_symbols]
    seen = False
    for values in _some_points([domain[s] for s in parameters]):
        at = dict(zip(parameters, values, strict=True))
        for direction in directions:
            verdict = _comes_closer(inside, variable, point, direction, value, at)
            if verdict is None:
                continue
            near = {variable: _last_part(point, direction)}
            if not verdict or not defined_everywhere(replaced(node.args[0], at.get), near, DEFINED_SECONDS):
                return False
            seen = True
    return seen


def _some_points(intervals: list[Interval]) -> Iterator[tuple[Rational, ...]]:
    if not intervals:
        return iter([()])
    return iter(list(candidates(intervals, 8))[::3])


def _comes_closer(
    inside: Expr, variable: Symbol, point: Any, direction: int, value: Expr, at: Mapping[Symbol, Rational]
) -> bool | None:
    """Whether each distance from the value is at most half the one before, until rounding hides it; None if unknown."""
    try:
        function, wanted = compile_ball(inside, [*at, variable]), compile_ball(value, [*at])
        with workprec(BITS):
            numbers = [to_ball(v) for v in at.values()]
            goal = wanted(*numbers)
            places = [to_ball(_on_the_way(point, direction, k)) for k in _ON_THE_WAY]
            # Apart: as one expression they would be evaluated, and 0*log(-n) with them.
            distances = [abs(function(*numbers, place) - goal) for place in places]
    except (InputError, PrecisionNotReached, ArithmeticError):
        return None
    if not all(d.is_finite() for d in distances):
        return None
    hidden = arb(2) ** -(BITS // 2) * goal.abs_lower()
    return all(
        nearer == 0 or nearer.upper() < hidden or 2 * nearer.upper() < farther.lower()
        for farther, nearer in pairwise(distances)
    )


def _on_the_way(point: Any, direction: int, k: int) -> Any:
    if point in (oo, -oo):
        return Integer(2) ** k * (1 if point == oo else -1)
    return point + direction * Rational(1, 2**k)


def _last_part(point: Any, direction: int) -> Interval:
    """The open interval between the point and the last place on the way to it."""
    low, high = sorted((point, _on_the_way(point, direction, _ON_THE_WAY[-1])))
    return Interval(low, high, True, True)
