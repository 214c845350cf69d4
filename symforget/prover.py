"""Relations over boxes: certified, refuted by a witness, or undecided, by branch and bound in ranges.

On every box the sign of (larger side) - (smaller side) is sought by `margin.Margin`; a box that
resists is cut in two, and its middle is tried as a counterexample.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count

from flint import arb
from sympy import Eq, Expr, Ge, Gt, Le, Lt, Ne, Rational, Symbol, oo
from sympy.core.relational import Relational

from symforget.comparison import Comparison, Enclosure, compare_at, sides_of
from symforget.domain import Domain, Interval
from symforget.errors import InputError
from symforget.forms import Form, forms
from symforget.margin import BITS, NON_NEGATIVE, NON_POSITIVE, POSITIVE, UNKNOWN, Box, Margin, sign_of, to_range
from symforget.precision import workprec
from symforget.ranges import Range
from symforget.trees import bound_symbols
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
    "certify_domain",
    "compare_at",
    "find_witness",
]

BOXES_BEFORE_MORE_FORMS = 8
FRUITLESS_AFTER = 16
QUICK_TRIES = 40
LONG_TRIES = 400
SUSPECT_AT = (40, 120, 400, 1200, 4000)
"""After so many boxes the point nearest to failing is examined as a point of contact."""
DEEPEST = 40
NUMBER_DIGITS = 15
MOST_RESISTING = 24
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


def certify(
    relation: Relational,
    box: Domain,
    max_boxes: int = 20_000,
    timeout: float = 30.0,
    search: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Verdict:
    """Decide a relation over a box by branch and bound.

    The box may have open and infinite ends: they are treated as such, with nothing assumed there.
    An equality is never `Certified`.

    Args:
        relation: an unevaluated SymPy relational whose symbols are all in `box`.
        box: an interval for each symbol.
        max_boxes: how many boxes may be examined.
        timeout: seconds, kept to within about one box.
        search: whether a counterexample is looked for before and after; without, only the middles of boxes
            are tried, for callers that have made the search themselves.
        clock: what the seconds of the branch and bound are counted by; with `time.process_time` its verdict does
            not depend on what else the machine does.

    Raises:
        InputError: a symbol has no interval, or something has no certified evaluator.
    """
    sides_of(relation)
    missing = sorted(s.name for s in relation.free_symbols - set(box))
    if missing:
        raise InputError(f"no interval is given for {', '.join(missing)}")
    box = {s: i for s, i in box.items() if s in relation.free_symbols}
    if len({s.name for s in box}) < len(box):
        raise InputError("two symbols have one name")
    caught = sorted(s.name for s in bound_symbols(relation) & box.keys())
    if caught:
        raise InputError(f"{caught[0]} is a parameter and bound by an integral, a limit or a function too")
    deadline = clock() + timeout
    if not box:
        return _decide_numbers(relation)
    if isinstance(relation, Eq):
        return _decide_equality(relation, box, timeout if search else 0.0)
    if not search:
        return _Run(relation, box, max_boxes, lambda: clock() > deadline).verdict()
    found = find_witness(relation, box, QUICK_TRIES, timeout / 10, descend=False)
    run = _Run(relation, box, max_boxes, lambda: clock() > deadline - timeout / 5)
    verdict: Verdict = Undecided("", 0) if found else run.verdict()
    if isinstance(verdict, Certified):
        return verdict
    # Whether or not a counterexample is known already: look for the most striking one.
    left = max(0.1, (deadline - clock()) / 2)
    better = find_witness(relation, box, tries=LONG_TRIES, timeout=left)
    if better is not None:
        return Refuted(better, verdict.boxes)
    return Refuted(found) if found else verdict


def _decide_numbers(relation: Relational) -> Verdict:
    """A relation between numbers: there is nothing to cut, and an equality may be certain only by being refuted."""
    comparison = compare_at(relation, {}, NUMBER_DIGITS)
    if comparison.truth is False and comparison.left is not None and comparison.right is not None:
        return Refuted(Witness({}, comparison.left, comparison.right))
    if comparison.truth is True and not isinstance(relation, Eq):
        return Certified({}, 0)
    return Undecided(comparison.reason or "the two sides were not told apart", 0)


def _decide_equality(relation: Relational, box: Domain, seconds: float) -> Verdict:
    witness = find_witness(relation, box, tries=LONG_TRIES, timeout=seconds) if seconds else None
    if witness is not None:
        return Refuted(witness)
    return Undecided("an equality is not certified by enclosures, which can only agree to N digits", 0)


def certify_domain(relation: Relational, domain: Domain, max_boxes: int = 20_000, timeout: float = 30.0) -> Verdict:
    """Decide a relation over a domain with open or infinite ends, as far as that can be done.

    The whole domain is tried first. Where it resists, the ends are drawn in: the verdict is then
    `Certified` with the smaller, compact region as its `box`, the largest of a fixed series that was
    certified; or the `Undecided` of the whole domain.
    """
    deadline = time.monotonic() + timeout
    regions = [r for r in (drawn_in(domain, level) for level in range(len(_LEVELS))) if r != dict(domain)]
    share = timeout / 2 if regions else timeout
    whole = certify(relation, domain, max_boxes, share)
    if not isinstance(whole, Undecided) or isinstance(relation, Eq):
        return whole
    for i, region in enumerate(regions):
        left = deadline - time.monotonic()
        verdict = certify(relation, region, max_boxes, left / (len(regions) - i)) if left > 0 else whole
        if not isinstance(verdict, Undecided):
            return verdict
    return whole


_LEVELS = ((Rational(1, 1000), 32), (Rational(1, 100), 16), (Rational(1, 20), 8), (Rational(1, 5), 4))


def drawn_in(domain: Domain, level: int) -> dict[Symbol, Interval]:
    """The domain with each open end drawn in by a share of the width, each infinite one cut off."""
    share, reach = _LEVELS[level]
    return {s: _drawn_in(i, share, reach) for s, i in domain.items()}


def _drawn_in(interval: Interval, share: Rational, reach: int) -> Interval:
    low, high = interval.lower, interval.upper
    width = high - low if oo not in (high, -low) else Rational(1)
    if low == -oo:
        low = high - reach if high != oo else Rational(-reach)
    elif interval.lower_open:
        low = low + width * share
    if high == oo:
        high = low + reach if interval.lower != -oo else Rational(reach)
    elif interval.upper_open:
        high = high - width * share
    return Interval(low, high)


def _sides(relation: Relational, box: Domain) -> tuple[Expr, Expr, int]:
    """The side that must be larger, the smaller one, and the sign their difference must have."""
    if isinstance(relation, Le | Lt):
        return relation.rhs, relation.lhs, NON_NEGATIVE if isinstance(relation, Le) else POSITIVE
    if isinstance(relation, Ge | Gt):
        return relation.lhs, relation.rhs, NON_NEGATIVE if isinstance(relation, Ge) else POSITIVE
    if isinstance(relation, Ne):
        # On a connected box two continuous sides differ throughout only if one stays the larger.
        below = Lt(relation.lhs, relation.rhs, evaluate=False)
        is_below = compare_at(below, {s: _middle_of(i) for s, i in box.items()}, 8).truth
        sides = (relation.rhs, relation.lhs) if is_below else (relation.lhs, relation.rhs)
        return *sides, POSITIVE
    raise InputError(f"{relation} is not one of == != < <= > >=")


def _with_assumptions(symbol: Symbol, interval: Interval) -> Symbol:
    """The symbol with what its interval says of its sign, for exact simplification."""
    if interval.lower >= 0:
        strict = interval.lower > 0 or interval.lower_open
        return Symbol(symbol.name, positive=True) if strict else Symbol(symbol.name, nonnegative=True)
    if interval.upper <= 0:
        strict = interval.upper < 0 or interval.upper_open
        return Symbol(symbol.name, negative=True) if strict else Symbol(symbol.name, nonpositive=True)
    return Symbol(symbol.name, real=True)


def _middle_of(interval: Interval) -> Rational:
    low, high = interval.lower, interval.upper
    if low == -oo and high == oo:
        return Rational(0)
    if low == -oo:
        return high - 1
    return low + 1 if high == oo else (low + high) / 2


class _Run:
    """One branch and bound: a heap of boxes, the largest first."""

    def __init__(self, relation: Relational, box: Domain, max_boxes: int, late: Callable[[], bool]) -> None:
        self.relation, self.max_boxes, self.late = relation, max_boxes, late
        self.symbols = tuple(sorted(box, key=lambda s: s.name))
        self.box = {s: box[s] for s in self.symbols}
        domain = tuple(self.box.values())
        stated = [_with_assumptions(s, i) for s, i in self.box.items()]
        known = dict(zip(self.symbols, stated, strict=True))
        larger, smaller, self.wanted = _sides(relation, box)
        larger, smaller = larger.xreplace(known), smaller.xreplace(known)

        @cache
        def margin(expr: Expr) -> Margin:  # parts that several forms share are evaluated once
            return Margin(expr, tuple(stated), domain, late)

        self.plain = margin(larger - smaller)
        self.more_forms = forms(larger, smaller, margin)
        self.forms = [next(self.more_forms)]
        self.boxes, self.order = 0, count(1)
        self.nearest: tuple[arb, Box] | None = None
        self.deepest = DEEPEST * len(self.symbols)

    def verdict(self) -> Verdict:
        with workprec(BITS):
            queue: list[tuple[int, int, Box]] = [(0, 0, tuple(to_range(i) for i in self.box.values()))]
        resisting: list[Box] = []
        while queue:
            if self.boxes >= self.max_boxes or self.late():
                return self._undecided([*resisting, *(r for _, _, r in reversed(queue))])
            depth, _, ranges = heapq.heappop(queue)
            self.boxes += 1
            with workprec(BITS if depth < DEEP else 2 * BITS):
                if self._is_shown(ranges, depth):
                    continue
                witness = self._counterexample(ranges)
                if witness is not None:
                    return Refuted(witness, self.boxes)
                if depth >= self.deepest:
                    resisting.append(ranges)
                    if len(resisting) >= MOST_RESISTING:
                        return self._undecided([*resisting, *(r for _, _, r in queue)])
                    continue
                for part in self._cut(ranges):
                    heapq.heappush(queue, (depth + 1, next(self.order), part))
        if resisting:
            return self._undecided(resisting)
        return Certified(dict(self.box), self.boxes)

    def _is_shown(self, ranges: Box, depth: int) -> bool:
        for i, form in enumerate(self.forms):
            if self._is_promising(form, depth) and form.decides(ranges, self.wanted):
                if i:  # neighbouring boxes mostly yield to the same form
                    self.forms.insert(0, self.forms.pop(i))
                return True
        if self.boxes > BOXES_BEFORE_MORE_FORMS:
            self.forms.extend(self.more_forms)
        return False

    def _is_promising(self, form: Form, depth: int) -> bool:
        """A form that decides none of the boxes, where others decide many, is tried at some depths only."""
        return form.decided > 0 or depth % 4 == 0 or sum(other.decided for other in self.forms) < FRUITLESS_AFTER

    def _counterexample(self, ranges: Box) -> Witness | None:
        points = [middle(r) for r in ranges]
        value = self.plain.at(points)
        self._watch(ranges, value)
        sign = UNKNOWN if value is None else sign_of(value)
        if sign > NON_POSITIVE or (sign == NON_POSITIVE and self.wanted == NON_NEGATIVE):
            return None
        values = [exact_rational(p) for p in points]
        return witness_near(self.relation, self.box, dict(zip(self.symbols, values, strict=True)))

    def _watch(self, ranges: Box, difference: Range | None) -> None:
        """Remember where the two sides come nearest, and at times name that point as one of contact."""
        if difference is not None and all(r.is_bounded() for r in ranges):
            size = abs(difference).hi
            if self.nearest is None or size < self.nearest[0]:
                self.nearest = (size, ranges)
        if self.boxes not in SUSPECT_AT or self.nearest is None:
            return
        point = []
        for r in self.nearest[1]:
            low, high = exact_rational(r.lo), exact_rational(r.hi)
            # Exactly zero in the middle: that is the point. Else the simplest one in or next to the box.
            exact = self.nearest[0] == 0
            point.append((low + high) / 2 if exact else simplest_between(2 * low - high, 2 * high - low))
        for form in self.forms:
            for factor in form.factors:
                factor.suspect(point)

    def _cut(self, ranges: Box) -> Sequence[Box]:
        i = self.plain.widest(ranges)
        r, m = ranges[i], middle(ranges[i])
        lower, upper = Range(r.lo, m, r.lo_open, False), Range(m, r.hi, False, r.hi_open)
        return [(*ranges[:i], part, *ranges[i + 1 :]) for part in (lower, upper)]

    def _undecided(self, left: Sequence[Box]) -> Undecided:
        if self.boxes >= self.max_boxes:
            reason = f"the limit of {self.max_boxes} boxes was met with {len(left)} left"
        elif self.late():
            reason = f"the time limit was met with {len(left)} boxes left"
        else:
            reason = f"{len(left)} boxes, some very small, resisted: the two sides may touch there"
        return Undecided(reason, self.boxes, tuple(self._as_intervals(ranges) for ranges in left[:64]))

    def _as_intervals(self, ranges: Box) -> Mapping[Symbol, Interval]:
        return {s: _interval(r, self.box[s]) for s, r in zip(self.symbols, ranges, strict=True)}


def _interval(r: Range, whole: Interval) -> Interval:
    low = -oo if not r.lo.is_finite() else max(_short(exact_rational(r.lo), -1), whole.lower)
    high = oo if not r.hi.is_finite() else min(_short(exact_rational(r.hi), 1), whole.upper)
    return Interval(low, high, r.lo_open and low == whole.lower, r.hi_open and high == whole.upper)


def _short(value: Rational, direction: int) -> Rational:
    """The value moved outwards to a multiple of 10**-6: what is reported is to be read."""
    scaled = value * 10**6
    return Rational(scaled.floor() if direction < 0 else scaled.ceiling(), 10**6)


def middle(r: Range) -> arb:
    """Where a range is cut: half-way; on a half-line at twice the finite end (at least one beyond it)."""
    if r.is_bounded():
        return ((r.lo + r.hi) / 2).mid()
    if r.lo.is_finite():
        return (r.lo * 2).max(r.lo + 1).mid()
    return (r.hi * 2).min(r.hi - 1).mid() if r.hi.is_finite() else arb(0)


def simplest_between(low: Rational, high: Rational) -> Rational:
    """The fraction with the smallest denominator (then numerator) in the closed interval [low, high]."""
    if low <= 0 <= high:
        return Rational(0)
    if high < 0:
        return -simplest_between(-high, -low)
    whole = low.floor()
    if whole == low or whole + 1 <= high:
        return whole if whole == low else whole + 1
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))
