"""Where an expression touches zero, exactly: ends, points and curves, with the order of contact.

If f and its first k - 1 derivatives in x vanish identically on x = g(other variables), then by Taylor's
theorem f(x) = f^(k)(xi)/k! (x - g)**k with xi between g and x. So on a box the sign of f is that of
f^(k) on the hull of the box and the curve, times the sign of (x - g)**k: what no enclosure of f can show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flint import arb
from sympy import Derivative, Expr, Heaviside, Integer, Integral, Rational, Symbol, nan, oo, zoo
from sympy import sign as sign_function

from symforget.balls import compile_ball, to_ball
from symforget.domain import Interval
from symforget.errors import InputError, PrecisionNotReached, TimeLimit
from symforget.precision import workprec
from symforget.ranges import Range
from symforget.timelimit import time_limit
from symforget.trees import put_in, simplified

HIGHEST_ORDER = 8
SIMPLIFY_SECONDS = 2.0


@dataclass(frozen=True)
class Contact:
    """f vanishes to order `order` on variable number `index` = `curve`; `derivative` is that derivative.

    `side` is 1 or -1 where the curve is a lower or upper end of the domain (2 or -2 if that end is open),
    and 0 where f goes on beyond the curve.
    """

    index: int
    curve: Expr
    order: int
    derivative: Expr
    side: int

    def curve_range(self, symbols: Sequence[Symbol], box: Sequence[Range]) -> Range:
        """The range of the curve over the box."""
        return compile_ball(self.curve, tuple(symbols)).call(list(box))


def find_contacts(
    f: Expr, symbols: tuple[Symbol, ...], domain: tuple[Interval, ...], points: Sequence[Sequence[Rational]]
) -> Iterator[Contact]:
    """The contacts of f with zero among the ends of the domain, simple curves, and the given points."""
    for index, x in enumerate(symbols):
        for curve, side in _curves(index, symbols, domain, points):
            yield from reversed(_contacts(f, symbols, domain, index, x, curve, side))


def _curves(
    index: int,
    symbols: tuple[Symbol, ...],
    domain: tuple[Interval, ...],
    points: Sequence[Sequence[Rational]],
) -> list[tuple[Expr, int]]:
    interval = domain[index]
    curves: dict[Expr, int] = {}
    if interval.lower != -oo:
        curves[interval.lower] = 2 if interval.lower_open else 1
    if interval.upper != oo:
        curves[interval.upper] = -2 if interval.upper_open else -1
    simple = [Integer(0), Integer(1), Rational(1, 2), *(p[index] for p in points)]
    others = [y for j, y in enumerate(symbols) if j != index]
    within = [c for c in simple if interval.contains(c)]
    for curve in [
        *within,
        *others,
        *(1 - y for y in others),
        *(-y for y in others),
        *(1 / y for y in others),
    ]:
        curves.setdefault(curve, 0)
    return list(curves.items())


@lru_cache(maxsize=1024)
def _contacts(
    f: Expr,
    symbols: tuple[Symbol, ...],
    domain: tuple[Interval, ...],
    index: int,
    x: Symbol,
    curve: Expr,
    side: int,
) -> tuple[Contact, ...]:
    """One contact for each order: Taylor's theorem may stop at any term whose predecessors vanish.

    Kept, since contacts are looked for anew whenever a point is suspected.
    """
    derivative, found = f, []
    for order in range(1, HIGHEST_ORDER + 1):
        if not vanishes_on(derivative, x, curve, symbols, domain):
            break
        derivative = derivative.diff(x)
        if derivative.has(Derivative, Heaviside, sign_function):
            break
        found.append(Contact(index, curve, order, derivative, side))
    return tuple(found)


@dataclass(frozen=True)
class Touch:
    """A point at which f and its gradient vanish exactly, and the Hessian of f."""

    point: tuple[Rational, ...]
    hessian: tuple[tuple[Expr, ...], ...]

    def is_minimum_on(self, symbols: tuple[Symbol, ...], hull: Sequence[Range], sign: int) -> bool:
        """Whether sign times f is at least 0 on a box containing the point: a definite Hessian throughout."""
        entries = [[compile_ball(e, symbols).call(list(hull)) * sign for e in row] for row in self.hessian]
        return _is_positive_definite(entries)


@lru_cache(maxsize=1024)
def find_touch(
    f: Expr, symbols: tuple[Symbol, ...], domain: tuple[Interval, ...], point: tuple[Rational, ...]
) -> Touch | None:
    """The touch of f with zero at a point, if f and its gradient vanish there exactly; kept as contacts are."""
    if not _may_touch(f, symbols, point):
        return None
    there = dict(zip(symbols, point, strict=True))
    slopes = [f.diff(x) for x in symbols]
    if any(g.has(Derivative, Heaviside, sign_function) for g in slopes):
        return None
    for g in (f, *slopes):
        rest = g.subs(there)
        if not vanishes_on(rest, symbols[0], symbols[0], symbols, domain):
            return None
    return Touch(point, tuple(tuple(g.diff(x) for x in symbols) for g in slopes))


def _may_touch(f: Expr, symbols: tuple[Symbol, ...], point: Sequence[Rational]) -> bool:
    """Whether f and its gradient are enclosed at the point by balls that hold zero: else nothing is differentiated."""
    with workprec(64):
        try:
            value, slopes = compile_ball(f, symbols).gradient(*(to_ball(p) for p in point))
        except (InputError, PrecisionNotReached):
            return False
    return all(v.contains(0) for v in (value, *slopes))


def _is_positive_definite(matrix: list[list[Range]]) -> bool:
    """Whether every symmetric matrix within the entries is positive definite: pivots of elimination."""
    size = len(matrix)
    for k in range(size):
        pivot = matrix[k][k]
        if not pivot.lo > 0:
            return False
        for i in range(k + 1, size):
            factor = matrix[i][k] / pivot
            for j in range(k + 1, size):
                matrix[i][j] = matrix[i][j] - factor * matrix[k][j]
    return True


def vanishes_on(f: Expr, x: Symbol, curve: Expr, symbols: tuple[Symbol, ...], domain: tuple[Interval, ...]) -> bool:
    """Whether f is identically zero on x = curve: by exact simplification, after tests in balls."""
    if not _may_vanish(f, x, curve, symbols, domain):
        return False
    try:
        restricted = _without_empty_integrals(put_in(f, {x: curve}))
    except (ValueError, ZeroDivisionError, RecursionError):
        return False
    if restricted == 0:
        return True
    if restricted.is_Rational or restricted.has(oo, -oo, zoo, nan):
        return False
    if not _vanishes_at_samples(restricted, symbols, domain):
        return False
    try:
        with time_limit(SIMPLIFY_SECONDS, "simplifying"):
            return simplified(restricted) == 0
    except (TimeLimit, RuntimeError, ValueError, TypeError, AttributeError, NotImplementedError):
        return False


def _without_empty_integrals(f: Expr) -> Expr:
    def is_empty(e: Expr) -> bool:
        return isinstance(e, Integral) and len(e.limits[0]) == 3 and e.limits[0][1] == e.limits[0][2]

    return f.replace(is_empty, lambda e: Integer(0))


_SAMPLES = (Rational(3, 7), Rational(5, 11), Rational(8, 13))
_SPREAD = (Rational(3, 7), Rational(1, 13), Rational(12, 13))


def _vanishes_at_samples(f: Expr, symbols: tuple[Symbol, ...], domain: tuple[Interval, ...]) -> bool:
    with workprec(128):
        for sample in _SAMPLES:
            point = [to_ball(_inside(interval, sample)) for interval in domain]
            try:
                value = compile_ball(f, symbols)(*point)
            except (InputError, PrecisionNotReached):
                return False
            if not (value.is_finite() and value.contains(0) and value.abs_upper() < arb(2) ** -60):
                return False
    return True


def _may_vanish(f: Expr, x: Symbol, curve: Expr, symbols: tuple[Symbol, ...], domain: tuple[Interval, ...]) -> bool:
    """Whether f has a value at a sample of the curve, and none that is certainly not zero.

    Most curves are settled so, without putting them in: a contact where f has no value is of no use.
    """
    values = [_at_sample(f, x, curve, symbols, domain, sample) for sample in _SPREAD]
    seen = [v for v in values if v is not None and v.is_finite()]
    return bool(seen) and all(v.contains(0) for v in seen)


def _at_sample(
    f: Expr, x: Symbol, curve: Expr, symbols: tuple[Symbol, ...], domain: tuple[Interval, ...], sample: Rational
) -> arb | None:
    with workprec(64):
        point = [to_ball(_inside(interval, sample)) for interval in domain]
        try:
            place = compile_ball(curve, symbols)(*point)
            moved = [place if s == x else value for s, value in zip(symbols, point, strict=True)]
            return compile_ball(f, symbols)(*moved)
        except (InputError, PrecisionNotReached):
            return None


def _inside(interval: Interval, sample: Rational) -> Rational:
    low, high = interval.lower, interval.upper
    if low == -oo and high == oo:
        return sample
    if low == -oo:
        return high - sample
    return low + 2 * sample if high == oo else low + (high - low) * sample
