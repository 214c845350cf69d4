"""The search for a point where a relation fails: exact, simple, and as striking as can be had."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import product
from math import log2

from flint import arb
from sympy import Eq, Expr, Ge, Gt, Integer, Integral, Le, Lt, Ne, Rational, Symbol, oo
from sympy.core.relational import Relational

from symforget.balls import BallFunction, compile_ball, exact_fraction, to_ball
from symforget.comparison import Comparison, Enclosure, are_apart, compare_at, exact_sign, sides_of, told_apart
from symforget.domain import Domain, Interval
from symforget.errors import PrecisionNotReached
from symforget.functions import normal
from symforget.precision import workprec

DIGITS = 8
BITS, QUADRATURE_BITS, MORE_BITS = 64, 48, 160
"""Precision at which a point is looked at; less where each bit costs time, and more where an inequality is close."""
AFTER_FIRST = 150
"""How many further points are tried for a more striking witness once one is found, where a point costs little."""


@dataclass(frozen=True)
class Witness:
    """A point at which a relation fails.

    `point` gives exact rationals; the enclosures of the two sides are disjoint, except that a strict
    inequality or `!=` may fail by exact equality.
    """

    point: Mapping[str, Rational]
    left: Enclosure
    right: Enclosure


def find_witness(
    relation: Relational,
    domain: Domain,
    tries: int = 2000,
    timeout: float = 5.0,
    descend: bool = True,
) -> Witness | None:
    """Look for a point of `domain` at which the relation certainly fails; None if none was met.

    The same arguments visit the same points in the same order (simple rationals first, then a Halton
    sequence, then a descent from the points where the relation is nearest to failing); only the
    timeout depends on the clock. All of == != < <= > >= are handled.
    """
    search = _Search(relation, domain, time.monotonic() + timeout)
    for count, point in enumerate(candidates(list(domain.values()), tries)):
        search.visit(point)
        if search.is_over(count):
            break
    if descend and not search.found:
        search.descend()
    return search.best()


def witness_at(relation: Relational, point: Mapping[Symbol, Rational], digits: int = DIGITS) -> Witness | None:
    """The witness at a given point, or None if the relation does not certainly fail there."""
    return _as_witness(compare_at(relation, point, digits), point)


def _as_witness(comparison: Comparison, point: Mapping[Symbol, Rational]) -> Witness | None:
    if comparison.truth is not False or comparison.left is None or comparison.right is None:
        return None
    return Witness({s.name: v for s, v in point.items()}, comparison.left, comparison.right)


def witness_near(
    relation: Relational, domain: Domain, point: Mapping[Symbol, Rational], timeout: float = 2.0
) -> Witness | None:
    """A simple witness near a point at which the relation is known or thought to fail."""
    search = _Search(relation, domain, time.monotonic() + timeout)
    search.simplify([point[s] for s in domain])
    return search.best()


def complexity(value: Rational) -> float:
    """How hard a rational is to read: bits of numerator and denominator."""
    return log2(1 + abs(int(value.p))) + 2 * log2(int(value.q))


@dataclass(frozen=True)
class _Look:
    """The two sides at a point, and the relative margin by which the relation holds there, ``sure`` of its sign."""

    values: tuple[Rational, ...]
    sides: tuple[arb, arb]
    margin: float
    sure: bool


@dataclass
class _Search:
    relation: Relational
    domain: Domain
    deadline: float
    found: list[tuple[float, _Look]] = field(default_factory=list)
    nearest: list[tuple[float, tuple[Rational, ...]]] = field(default_factory=list)
    first_at: int | None = None

    def __post_init__(self) -> None:
        self.symbols = list(self.domain)
        self.sides = [compile_ball(side, self.symbols) for side in sides_of(self.relation)]
        by_quadrature = self.relation.has(Integral, normal)
        self.after_first = 0 if by_quadrature else AFTER_FIRST
        self.bits = QUADRATURE_BITS if by_quadrature else BITS

    @cached_property
    def difference(self) -> Expr:
        left, right = sides_of(self.relation)
        return left - right

    @cached_property
    def gap(self) -> BallFunction:
        return compile_ball(self.difference, self.symbols)

    def out_of_time(self) -> bool:
        return time.monotonic() > self.deadline

    def is_over(self, count: int) -> bool:
        if self.found and self.first_at is None:
            self.first_at = count
        return self.out_of_time() or (self.first_at is not None and count >= self.first_at + self.after_first)

    def visit(self, values: Sequence[Rational]) -> float | None:
        """Try a point. Returns the relative margin by which the relation holds, None if unknown."""
        if not all(i.contains(v) for i, v in zip(self.domain.values(), values, strict=True)):
            return None
        # Sides that agree at first are taken to be equal: looking further would double the work on true equalities.
        look = self._look(values, self.bits)
        if not (look and look.sure) and not isinstance(self.relation, Eq):
            look = self._look(values, MORE_BITS)
        if look is None:
            return None
        simplicity = sum(complexity(v) for v in values)
        if look.sure and look.margin < 0:
            self.found.append((log2(min(1.0, -look.margin) + 1e-300) - simplicity, look))
        elif not look.sure and self._fails_exactly(values):
            self.found.append((-simplicity, look))
        else:
            self._remember(look.margin, values)
        return look.margin

    def _look(self, values: Sequence[Rational], bits: int) -> _Look | None:
        with workprec(bits):
            args = [to_ball(v) for v in values]
            try:
                left, right = (side(*args) for side in self.sides)
                gap = left - right
                if gap.contains(0) and not isinstance(self.relation, Eq):
                    gap = self.gap(*args)  # the difference as one expression may cancel exactly
            except PrecisionNotReached:
                return None
            if not (gap.is_finite() and left.is_finite() and right.is_finite()):
                return None
            size = left.abs_upper().max(right.abs_upper())
            relative = float((gap.mid() / size).mid()) if size > 0 else 0.0
            return _Look(tuple(values), (left, right), self._signed(relative), bool(gap > 0 or gap < 0))

    def _signed(self, relative: float) -> float:
        """Positive where the relation holds."""
        if isinstance(self.relation, Lt | Le):
            return -relative
        if isinstance(self.relation, Gt | Ge):
            return relative
        return -abs(relative) if isinstance(self.relation, Eq) else abs(relative)

    def _fails_exactly(self, values: Sequence[Rational]) -> bool:
        if not isinstance(self.relation, Lt | Gt | Ne):
            return False
        return exact_sign(self.difference, dict(zip(self.symbols, values, strict=True))) == 0

    def _remember(self, margin: float, values: Sequence[Rational]) -> None:
        self.nearest.append((margin, tuple(values)))
        if len(self.nearest) > 64:
            self.nearest = sorted(self.nearest)[:16]

    def descend(self) -> None:
        """Pattern search downhill from the points where the relation is nearest to failing."""
        if isinstance(self.relation, Eq) or not self.symbols:
            return
        for margin, values in sorted(self.nearest)[:6]:
            self._downhill(margin, list(values))
            if self.found or self.out_of_time():
                return

    def _downhill(self, margin: float, values: list[Rational]) -> None:
        steps = [_first_step(i, v) for i, v in zip(self.domain.values(), values, strict=True)]
        for _ in range(40):
            improved = False
            for i, step in enumerate(steps):
                for move in (step, -step):
                    trial = [*values[:i], values[i] + move, *values[i + 1 :]]
                    reached = self.visit(trial)
                    if self.found:
                        self.simplify(list(self.found[-1][1].values))
                        return
                    if reached is not None and reached < margin:
                        margin, values, improved = reached, trial, True
                        break
            if self.out_of_time() or not (improved or max(steps) > Rational(1, 10**7)):
                return
            if not improved:
                steps = [s / 4 for s in steps]

    def simplify(self, values: list[Rational]) -> None:
        """Visit rationals of growing denominator near a point, until several fail the relation."""
        self.visit(values)
        already = len(self.found)
        denominators = [
            1,
            2,
            3,
            4,
            5,
            6,
            8,
            10,
            12,
            16,
            20,
            25,
            32,
            50,
            64,
            100,
            128,
            256,
            1000,
            10**4,
            10**5,
            10**6,
        ]
        for bound in denominators:
            self.visit([Rational(v).limit_denominator(bound) for v in values])
            if len(self.found) >= already + 4 or self.out_of_time():
                return

    def best(self) -> Witness | None:
        for _, look in sorted(self.found, key=lambda item: -item[0])[:8]:
            witness = self._witness(look)
            if witness is not None:
                return witness
        return None

    def _witness(self, look: _Look) -> Witness | None:
        point = dict(zip(self.symbols, look.values, strict=True))
        if not are_apart(look.sides):
            return witness_at(self.relation, point)
        with workprec(MORE_BITS):  # at fewer than the balls were made with their ends might meet
            return _as_witness(told_apart(self.relation, look.sides, DIGITS), point)


def _first_step(interval: Interval, value: Rational) -> Rational:
    if interval.lower != -oo and interval.upper != oo:
        return (interval.upper - interval.lower) / 16
    return max(abs(value), Rational(1)) / 4


_SIMPLE = (
    "0 1 1/2 2 -1 3 1/3 4 1/4 -1/2 -2 2/3 3/4 5 3/2 1/5 1/10 9/10 6 8 10 -3 1/8 7/8 -10 1/100 99/100 20 100 1/1000 50"
)


@lru_cache(maxsize=512)
def simple_values(interval: Interval, count: int) -> tuple[Rational, ...]:
    """The first `count` simple rationals of the interval: well-known ones, its ends, then dyadic parts."""
    values = [Rational(v) for v in _SIMPLE.split()]
    ends = [e for e in (interval.lower, interval.upper) if e not in (oo, -oo)]
    if len(ends) == 2:
        width = ends[1] - ends[0]
        values += ends
        values += [ends[0] + width * Rational(k, n) for n in (2, 4, 3, 8, 16) for k in range(1, n)]
    elif ends:
        sign = 1 if interval.upper == oo else -1
        values += [ends[0], *(ends[0] + sign * Rational(v) for v in _SIMPLE.split())]
    inside = [v for v in values if interval.contains(v)]
    return tuple(sorted(dict.fromkeys(inside), key=complexity)[:count])


def candidates(intervals: Sequence[Interval], tries: int) -> Iterator[tuple[Rational, ...]]:
    """Points of a box: a product of simple values by rising total rank, then Halton points."""
    if not intervals:
        yield ()
        return
    axes = [simple_values(i, 24) for i in intervals]
    grid = _by_rank([len(a) for a in axes], tries // 2)
    for ranks in grid:
        yield tuple(axis[r] for axis, r in zip(axes, ranks, strict=True))
    for index in range(1, tries - tries // 2 + 1):
        yield tuple(_far_and_wide(i, index, _PRIMES[k % len(_PRIMES)]) for k, i in enumerate(intervals))


_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97)


def _by_rank(sizes: list[int], limit: int) -> Iterator[tuple[int, ...]]:
    given = 0
    for reach in range(max(sizes)):
        for ranks in product(*(range(min(reach + 1, n)) for n in sizes)):
            if max(ranks) == min(reach, max(ranks)) and max(ranks) == reach:
                yield ranks
                given += 1
                if given >= limit:
                    return


@lru_cache(maxsize=16_384)
def _far_and_wide(interval: Interval, index: int, base: int) -> Rational:
    return _spread(interval, halton(index, base))


def halton(index: int, base: int) -> Rational:
    """The index-th member of the van der Corput sequence in a base, in (0, 1)."""
    numerator, denominator = 0, 1
    while index:
        index, digit = divmod(index, base)
        denominator *= base
        numerator = numerator * base + digit
    return Rational(numerator, denominator)


def _spread(interval: Interval, u: Rational) -> Rational:
    """Map (0, 1) into the interval; the far parts of an infinite one are visited too."""
    u = Rational(round(Fraction(u.p, u.q) * 1024) or 1, 1024) if u < 1 else u
    low, high = interval.lower, interval.upper
    if low != -oo and high != oo:
        return low + (high - low) * u
    tail = u / (1 - u) if u < 1 else Integer(1000)
    if low != -oo:
        return low + 2 * tail
    if high != oo:
        return high - 2 * tail
    return 4 * (2 * u - 1) / (1 - (2 * u - 1) ** 2) if 0 < u < 1 else Integer(0)


def exact_rational(x: arb) -> Rational:
    """The rational an exact ball holds."""
    value = exact_fraction(x)
    return Rational(value.numerator, value.denominator)
