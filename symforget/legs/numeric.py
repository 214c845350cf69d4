"""The numeric leg: agreement in mpmath, limits by extrapolation, measured rates; all of it supports, none decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mpmath
from sympy import Eq, Expr, Ge, Gt, Le, Limit, Lt, Rational, Symbol, sympify

from symforget import mp
from symforget.claims import Claim, Evidence, Leg, Part, Verdict
from symforget.instances import GaussianPair, Instance
from symforget.legs.points import concrete

SPARE_DIGITS = 5
"""Digits of a run that a measurement may lose."""

_COARSEST = mpmath.mpf("1e-3")


@dataclass(frozen=True)
class Agreement:
    """Both sides by mpmath at points: equal to the digits asked for, or in the stated order."""

    points: tuple[Mapping[Symbol, Rational], ...]
    instance: Instance | None = None


@dataclass(frozen=True)
class Extrapolation:
    """A limit by exact fits: f(x) = v + c_1 s_1(x) + ... + c_n s_n(x) at n + 1 points going to the limit.

    ``scale``: the gauge functions s_k in the statement's limit variable, largest first. ``start`` and ``ratio`` give
    the points start * ratio^j. The error is the change in v when the last gauge function is dropped.
    ``at``: values of the other parameters. ``tolerance``: relative error that counts as agreement.
    """

    scale: tuple[Expr, ...]
    start: Rational
    ratio: Rational
    at: Mapping[Symbol, Rational]
    tolerance: str = "1e-3"
    instance: Instance | None = None


@dataclass(frozen=True)
class Measurement:
    """A quantity measured by integrating a flow (or otherwise), compared with the statement's right side.

    ``measure(point, digits)`` returns value and estimated error as mpmath numbers.
    """

    measure: Callable[[Mapping[Symbol, Rational], int], tuple[Any, Any]]
    at: Mapping[Symbol, Rational]
    what: str
    tolerance: str = "1e-3"
    instance: Instance | None = None


def agree(*points: Mapping[Symbol, Any], instance: Instance | None = None) -> Agreement:
    """Agreement at points given by exact numbers or text."""
    return Agreement(tuple({s: Rational(v) for s, v in p.items()} for p in points), instance)


def extrapolate(
    *scale: Any, start: Any, ratio: Any, at: Mapping[Symbol, Any] | None = None, tolerance: str = "1e-3", **options: Any
) -> Extrapolation:
    """An extrapolation along start * ratio^j with the given gauge functions."""
    point = {s: Rational(v) for s, v in (at or {}).items()}
    gauges = tuple(sympify(s) for s in scale)
    return Extrapolation(gauges, Rational(start), Rational(ratio), point, tolerance, **options)


def run(claim: Claim, part: Part, digits: int, quick: bool = False) -> tuple[Evidence, ...]:
    """One item of evidence for each numeric check of the part; ``quick``: for the first of them."""
    return tuple(_RUN[type(check)](part, check, digits) for check in part.numeric[: 1 if quick else None])


def _run_agreement(part: Part, check: Agreement, digits: int) -> Evidence:
    made = concrete(part.statement, check.instance)
    reached = []
    for point in check.points:
        left, right = (mp.evaluate(side, point, digits) for side in (made.lhs, made.rhs))
        if not _in_order(made, left, right, digits):
            where = ", ".join(f"{s} = {v}" for s, v in point.items())
            detail = f"DISAGREEMENT at {where}: {mpmath.nstr(left, 12)} against {mpmath.nstr(right, 12)}"
            return Evidence(Leg.NUMERIC, Verdict.UNDECIDED, detail, part.name)
        reached.append(_agreeing_digits(left, right, digits))
    noun = "agree" if isinstance(made, Eq) else "hold"
    detail = f"both sides {noun} at {len(check.points)} points"
    return Evidence(
        Leg.NUMERIC, Verdict.SUPPORTED, detail, part.name, digits=min(reached) if isinstance(made, Eq) else digits
    )


def _in_order(relation: Any, left: Any, right: Any, digits: int) -> bool:
    """Whether the relation holds up to the quadrature's own error."""
    slack = mpmath.mpf(10) ** (-digits) * max(abs(left), abs(right))
    if isinstance(relation, Eq):
        return abs(left - right) <= slack
    if isinstance(relation, (Le, Lt)):
        return left <= right + slack
    return isinstance(relation, (Ge, Gt)) and left >= right - slack


def _agreeing_digits(left: Any, right: Any, digits: int) -> int:
    gap = abs(left - right)
    if gap == 0:
        return digits
    return min(digits, int(mpmath.floor(-mpmath.log10(gap / max(abs(left), abs(right))))))


def _run_extrapolation(part: Part, check: Extrapolation, digits: int) -> Evidence:
    limit = next(side for side in (part.statement.lhs, part.statement.rhs) if isinstance(side, Limit))
    f, variable, _, _ = limit.args
    predicted = part.statement.rhs if limit is part.statement.lhs else part.statement.lhs
    made, target = (_instance(check)(e) for e in (f, predicted))
    working = digits + 10
    full, fewer = _fitted(made, variable, check, working)
    error = abs(full - fewer)
    expected = mp.evaluate(target, check.at, working)
    return _compare(part, full, error, expected, check.tolerance, "extrapolated", digits)


def _instance(check: Any) -> Any:
    return check.instance or GaussianPair()


def _fitted(f: Expr, variable: Symbol, check: Extrapolation, digits: int) -> tuple[Any, Any]:
    """The constant terms of the fits with all gauge functions and with all but the last.

    Each passes through as many points as it has terms, the last ones.
    """
    count = len(check.scale) + 1
    points = [{**check.at, variable: check.start * check.ratio**j} for j in range(count)]
    with mpmath.workdps(digits + 15):
        rows = [[mpmath.mpf(1), *(mp.evaluate(s, p, digits) for s in check.scale)] for p in points]
        values = [mp.evaluate(f, p, digits) for p in points]
        full = mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix(values))[0]
        fewer = mpmath.lu_solve(mpmath.matrix([row[:-1] for row in rows[1:]]), mpmath.matrix(values[1:]))[0]
    return full, fewer


def _run_measurement(part: Part, check: Measurement, digits: int) -> Evidence:
    with mpmath.workdps(digits + 10):
        value, error = check.measure(check.at, digits)
    expected = mp.evaluate(_instance(check)(part.statement.rhs), check.at, digits)
    return _compare(part, value, error, expected, check.tolerance, check.what, digits)


def _compare(part: Part, value: Any, error: Any, expected: Any, tolerance: str, what: str, digits: int) -> Evidence:
    """Support if the measurement meets the prediction within its own error or tolerance, and the error is small.

    The tolerance is what the digits asked for allow, SPARE_DIGITS apart, if that is more.
    """
    with mpmath.workdps(digits + 10):
        off, size = abs(value - expected), max(abs(expected), mpmath.mpf("1e-30"))
        allowed = size * max(mpmath.mpf(tolerance), min(_COARSEST, mpmath.mpf(10) ** (SPARE_DIGITS - digits)))
        reached = digits if off == 0 else min(digits, int(mpmath.floor(-mpmath.log10(off / abs(expected or 1)))))
    printed = max(15, reached)
    shown = (mpmath.nstr(value, printed), mpmath.nstr(error, 3))
    detail = f"{what} {shown[0]} +- {shown[1]}, predicted {mpmath.nstr(expected, printed)}"
    if error > allowed:
        return Evidence(Leg.NUMERIC, Verdict.UNDECIDED, f"error too large: {detail}", part.name, interval=shown)
    if off > allowed:
        return Evidence(Leg.NUMERIC, Verdict.UNDECIDED, f"DISAGREEMENT: {detail}", part.name, interval=shown)
    return Evidence(Leg.NUMERIC, Verdict.SUPPORTED, detail, part.name, digits=max(reached, 0), interval=shown)


_RUN: dict[type, Callable[[Part, Any, int], Evidence]] = {
    Agreement: _run_agreement,
    Extrapolation: _run_extrapolation,
    Measurement: _run_measurement,
}
