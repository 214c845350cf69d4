"""Relations over boxes: certified, refuted by a witness, or undecided, by branch and bound in ranges.

On every box the sign of (larger side) - (smaller side) is sought by `signs_on_boxes.Margin`; a box that
resists is cut in two, and its middle is tried as a counterexample.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from flint import arb
from sympy import Eq, Expr, Ge, Gt, Le, Lt, Ne, Rational, Symbol, oo
from sympy.core.relational import Relational

from symforget.balls import to_ball
from symforget.comparison import Comparison, Enclosure, compare_at
from symforget.domain import Domain, Interval
from symforget.errors import InputError
from symforget.margin import NEGATIVE, NON_NEGATIVE, POSITIVE, Box, Margin
from symforget.precision import workprec
from symforget.ranges import NEGATIVE_INFINITY, POSITIVE_INFINITY, Range
from symforget.witness import Witness, exact_rational, find_witness, witness_near

__all__ = [
    "Certified",
    "Comparison",
    "Enclosure",
    "Refuted",
    "Undecided",
    "Verdict",
    "Witness",
    "certify",
    "compare_at",
    "find_witness",
]

BITS = 64
DEEP = 40
"""From this depth of subdivision on, boxes are treated at twice the precision."""


@dataclass(frozen=True)
class Certified:
    """The relation holds at every point of the box."""

    box: Mapping[Symbol, Interval]
    boxes: int


@dataclass(frozen=True)
class Refuted:
    """The relation fails at the witness."""

    witness: Witness
    boxes: int = 0


@dataclass(frozen=True)
class Undecided:
    """Neither; `remaining` are boxes on which the relation was not shown, where it may fail."""

    reason: str
    boxes: int
    remaining: tuple[Mapping[Symbol, Interval], ...] = ()


Verdict = Certified | Refuted | Undecided


def certify(relation: Relational, box: Domain, max_boxes: int = 20_000, timeout: float = 30.0) -> Verdict:
    """Decide a relation over a box by branch and bound.

    The box may have open and infinite ends: they are treated as such, with nothing assumed there.
    An equality is never `Certified`.

    Args:
        relation: an unevaluated SymPy relational whose symbols are all in `box`.
        box: an interval for each symbol.
        max_boxes: how many boxes may be examined.
        timeout: seconds of wall-clock time, kept to within about one box.

    Raises:
        InputError: a symbol has no interval, or something has no certified evaluator.
    """
    missing = sorted(s.name for s in relation.free_symbols - set(box))
    if missing:
        raise InputError(f"no interval is given for {', '.join(missing)}")
    started = time.monotonic()
    box = {s: i for s, i in box.items() if s in relation.free_symbols}
    witness = find_witness(relation, box, tries=400, timeout=min(timeout / 4, 5.0))
    if witness is not None:
        return Refuted(witness)
    if isinstance(relation, Eq):
        return Undecided("an equality is not certified by enclosures, which can only agree to N digits", 0)
    left = timeout - (time.monotonic() - started)
    return _Run(relation, box, max_boxes, time.monotonic() + left).verdict()


def _margin_of(relation: Relational, box: Domain) -> tuple[Expr, int]:
    """The expression whose sign decides the relation, and the sign it must have."""
    if isinstance(relation, Le | Lt):
        return relation.rhs - relation.lhs, NON_NEGATIVE if isinstance(relation, Le) else POSITIVE
    if isinstance(relation, Ge | Gt):
        return relation.lhs - relation.rhs, NON_NEGATIVE if isinstance(relation, Ge) else POSITIVE
    if isinstance(relation, Ne):
        difference = relation.lhs - relation.rhs
        middle = {s: _middle_of(i) for s, i in box.items()}
        return (
            -difference
            if compare_at(Lt(relation.lhs, relation.rhs, evaluate=False), middle, 8).truth
            else difference
        ), POSITIVE
    raise InputError(f"{relation} is not one of == != < <= > >=")


def _middle_of(interval: Interval) -> Rational:
    low, high = interval.lower, interval.upper
    if low == -oo and high == oo:
        return Rational(0)
    if low == -oo:
        return high - 1
    return low + 1 if high == oo else (low + high) / 2


class _Run:
    """One branch and bound: a heap of boxes, those that look worst first."""

    def __init__(self, relation: Relational, box: Domain, max_boxes: int, deadline: float) -> None:
        self.relation, self.box, self.max_boxes, self.deadline = relation, box, max_boxes, deadline
        self.symbols = tuple(sorted(box, key=lambda s: s.name))
        expr, self.wanted = _margin_of(relation, box)
        self.margin = Margin(expr, self.symbols, tuple(box[s] for s in self.symbols), deadline)
        self.boxes, self.order = 0, count(1)

    def verdict(self) -> Verdict:
        with workprec(BITS):
            queue: list[tuple[int, int, Box]] = [(0, 0, tuple(to_range(self.box[s]) for s in self.symbols))]
        resisting: list[Box] = []
        while queue:
            if self.boxes >= self.max_boxes or time.monotonic() > self.deadline:
                return self._undecided(resisting, queue)
            depth, _, ranges = heapq.heappop(queue)
            self.boxes += 1
            with workprec(BITS if depth < DEEP else 2 * BITS):
                sign = self.margin.sign(ranges, self.wanted)
                if sign >= self.wanted:
                    continue
                if self._may_fail(ranges, sign):
                    witness = self._witness(ranges)
                    if witness is not None:
                        return Refuted(witness, self.boxes)
                for part in self._cut(ranges):
                    heapq.heappush(queue, (depth + 1, next(self.order), part))
        return Certified(dict(self.box), self.boxes)

    def _may_fail(self, ranges: Box, sign: int) -> bool:
        return sign <= NEGATIVE or self.margin.middle_sign(ranges) <= NEGATIVE

    def _witness(self, ranges: Box) -> Witness | None:
        middle = {s: exact_rational(middle(r)) for s, r in zip(self.symbols, ranges, strict=True)}
        return witness_near(self.relation, {s: self.box[s] for s in self.symbols}, middle)

    def _cut(self, ranges: Box) -> Sequence[Box]:
        i = self.margin.widest(ranges)
        r, m = ranges[i], middle(ranges[i])
        lower, upper = Range(r.lo, m, r.lo_open, False), Range(m, r.hi, False, r.hi_open)
        return [(*ranges[:i], part, *ranges[i + 1 :]) for part in (lower, upper)]

    def _undecided(self, resisting: list[Box], queue: list[tuple[int, int, Box]]) -> Undecided:
        limit = "boxes" if self.boxes >= self.max_boxes else "time"
        left = [ranges for _, _, ranges in sorted(queue, key=lambda item: -item[0])]
        remaining = tuple(self._as_intervals(ranges) for ranges in left[:64])
        return Undecided(f"the limit of {limit} was met with {len(left)} boxes left", self.boxes, remaining)

    def _as_intervals(self, ranges: Box) -> Mapping[Symbol, Interval]:
        return {s: _interval(r, self.box[s]) for s, r in zip(self.symbols, ranges, strict=True)}


def to_range(interval: Interval) -> Range:
    """The range of an interval: its ends, rounded outwards where they are not dyadic."""
    lo = NEGATIVE_INFINITY if interval.lower == -oo else to_ball(interval.lower).lower()
    hi = POSITIVE_INFINITY if interval.upper == oo else to_ball(interval.upper).upper()
    return Range(lo, hi, interval.lower_open, interval.upper_open)


def _interval(r: Range, whole: Interval) -> Interval:
    low = -oo if not r.lo.is_finite() else max(exact_rational(r.lo), whole.lower)
    high = oo if not r.hi.is_finite() else min(exact_rational(r.hi), whole.upper)
    return Interval(low, high, r.lo_open and low == whole.lower, r.hi_open and high == whole.upper)


def middle(r: Range) -> arb:
    """Where a range is cut: half-way; on a half-line at twice the finite end (at least one beyond it)."""
    if r.is_bounded():
        return ((r.lo + r.hi) / 2).mid()
    if r.lo.is_finite():
        return (r.lo * 2).max(r.lo + 1).mid()
    return (r.hi * 2).min(r.hi - 1).mid() if r.hi.is_finite() else arb(0)
