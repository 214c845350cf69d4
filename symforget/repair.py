"""What a wrong step may have been meant to say: a single edit of it that makes it right."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import sympy
from sympy import Expr, Rational, Symbol
from sympy.core.relational import Relational

from symforget.balls import compile_ball, to_ball, workprec
from symforget.domain import Interval
from symforget.errors import InputError, PrecisionNotReached
from symforget.mutate import edits_of, scalings_of
from symforget.trees import evaluated
from symforget.witness import candidates

Domain = Mapping[Symbol, Interval]

POINTS = 6
BITS = 200


def suggestion(relation: Relational, domain: Domain, seconds: float) -> str:
    """A right side one edit away from the wrong one that makes the relation hold; "" if none is found.

    Only equalities are repaired. A repair is offered if both sides then agree to some fifty digits at several
    points; that is no proof, so it is worded as a question. The first one found, in a fixed order, is taken.
    """
    if not isinstance(relation, sympy.Eq):
        return ""
    deadline = time.monotonic() + seconds
    points = _points(relation, domain)
    wanted = _values(relation.lhs, points)
    if wanted is None:
        return ""
    for description, candidate in _candidates(relation.rhs):
        if time.monotonic() > deadline:
            break
        found = _values(candidate, points)
        if found is not None and all(_agree(a, b) for a, b in zip(wanted, found, strict=True)):
            return f"should it be {evaluated(candidate)}? ({description})"
    return ""


def _candidates(expression: Any) -> Iterator[tuple[str, Expr]]:
    yield "sign changed", sympy.Mul(sympy.Integer(-1), expression, evaluate=False)
    for factor in (Rational(1, 2), Rational(2)):
        yield f"factor {factor} missing", sympy.Mul(factor, expression, evaluate=False)
    yield from edits_of(expression)
    yield from scalings_of(expression)
    for symbol in sorted(expression.free_symbols, key=str):
        yield f"factor {symbol} missing", sympy.Mul(symbol, expression, evaluate=False)
        yield f"factor 1/{symbol} missing", sympy.Mul(expression, 1 / symbol, evaluate=False)


def _points(relation: Relational, domain: Domain) -> list[dict[Symbol, Rational]]:
    """Sample points that are not the simplest ones, where wrong formulas agree by accident."""
    symbols = [s for s in domain if s in relation.free_symbols]
    if not symbols:
        return [{}]
    spread = list(candidates([domain[s] for s in symbols], 40))[-POINTS:]
    return [dict(zip(symbols, values, strict=True)) for values in spread]


def _values(expression: Expr, points: list[dict[Symbol, Rational]]) -> list[Any] | None:
    symbols = list(points[0])
    try:
        function = compile_ball(expression, symbols)
        with workprec(BITS):
            values = [function(*(to_ball(point[s]) for s in symbols)) for point in points]
    except (InputError, PrecisionNotReached, ArithmeticError, ValueError, TypeError):
        return None
    return values if all(v.is_finite() for v in values) else None


def _agree(one: Any, other: Any) -> bool:
    with workprec(BITS):
        size = one.abs_upper().max(other.abs_upper())
        return bool(abs(one - other).upper() <= size * to_ball(Rational(1, 2**160)))
