"""The sign of an expression on a box: by its range, mean values, monotonicity and contacts with zero."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from flint import arb
from sympy import Expr, Rational, Symbol, oo

from symforget.balls import BallFunction, Trace, compile_ball, to_ball
from symforget.contacts import Contact, Touch, find_contacts, find_touch
from symforget.domain import Interval
from symforget.errors import InputError, PrecisionNotReached
from symforget.precision import workprec
from symforget.ranges import NEGATIVE_INFINITY, ONE, POSITIVE_INFINITY, ZERO, Range, Undefined

POSITIVE, NON_NEGATIVE, UNKNOWN, NON_POSITIVE, NEGATIVE = 2, 1, 0, -1, -2

FAILURES_BEFORE_CONTACTS = 12
"""Contacts cost symbolic work: they are looked for only once so many boxes have resisted."""

BITS = 64
"""Precision of the boxes."""

Box = tuple[Range, ...]
Found = TypeVar("Found")


def to_range(interval: Interval) -> Range:
    """The range of an interval: its ends, rounded outwards where they are not dyadic."""
    lo = NEGATIVE_INFINITY if interval.lower == -oo else to_ball(interval.lower).lower()
    hi = POSITIVE_INFINITY if interval.upper == oo else to_ball(interval.upper).upper()
    return Range(lo, hi, interval.lower_open, interval.upper_open)


def sign_of(r: Range) -> int:
    """What a range says of the sign of everything in it."""
    if r.lo > ZERO or (r.lo == ZERO and r.lo_open):
        return POSITIVE
    if r.hi < ZERO or (r.hi == ZERO and r.hi_open):
        return NEGATIVE
    if r.lo == ZERO:
        return NON_NEGATIVE
    return NON_POSITIVE if r.hi == ZERO else UNKNOWN


def product_sign(a: int, b: int) -> int:
    """The sign of a product: strict only if both factors are."""
    if a == UNKNOWN or b == UNKNOWN:
        return UNKNOWN
    strength = min(abs(a), abs(b))
    return strength if (a > 0) == (b > 0) else -strength


class _View:
    """An expression on one box: its value and slopes, each enclosed when first asked for."""

    def __init__(self, function: BallFunction, box: Box) -> None:
        self.function, self.box = function, box

    @cached_property
    def trace(self) -> Trace | None:
        """The evaluation; None where the expression cannot be vouched for."""
        return _vouched(lambda: self.function.trace(self.box))

    @property
    def sign(self) -> int:
        return UNKNOWN if self.trace is None else sign_of(self.trace.value)

    @cached_property
    def slopes(self) -> list[Range] | None:
        """The partial derivatives; None where they cannot be vouched for."""
        trace = self.trace
        return None if trace is None else _vouched(trace.slopes)


class Margin:
    """An expression and what is known about its sign on boxes inside `domain`.

    Args:
        expr: the expression; its symbols are among `symbols`.
        domain: the interval of each symbol, whose exact ends may be contacts with zero.
        late: whether the time is up; then no symbolic work is begun.
        depth: how many more times contacts of derivatives may be looked for.
    """

    def __init__(
        self,
        expr: Expr,
        symbols: tuple[Symbol, ...],
        domain: tuple[Interval, ...],
        late: Callable[[], bool],
        depth: int = 2,
    ) -> None:
        self.expr, self.symbols, self.domain = expr, symbols, domain
        self.late, self.depth = late, depth
        self.function = compile_ball(expr, symbols)
        self.failures = 0
        self._latest: _View | None = None
        self._latest_point: tuple[list[arb], Range | None] | None = None
        self.suspects: list[list[Rational]] = []

    def sign(self, box: Box, wanted: int = NON_NEGATIVE) -> int:
        """POSITIVE, NON_NEGATIVE, ...: certified for every point of the box; UNKNOWN if not shown.

        Effort beyond the range of the expression is made only for a sign of at least `wanted`
        (or at most, where `wanted` is negative).
        """
        found = self._view(box).sign
        if _is_enough(found, wanted) or found == (NEGATIVE if wanted > 0 else POSITIVE):
            return found
        for attempt in (self._by_slopes, self._by_contacts):
            better = attempt(box, wanted)
            if _is_enough(better, wanted):
                return better
        self.failures += 1
        return found

    def is_defined(self, box: Box) -> bool:
        """Whether the expression is shown to be defined throughout the box."""
        return self._view(box).trace is not None

    def at(self, point: list[arb]) -> Range | None:
        """The value at a point; None where it is undefined. It is kept for the next question about the same point."""
        if self._latest_point is None or any(p != q for p, q in zip(point, self._latest_point[0], strict=True)):
            self._latest_point = (point, _vouched(lambda: self.function.call([Range(p, p) for p in point])))
        return self._latest_point[1]

    def _view(self, box: Box) -> _View:
        """What is known on the box, kept for the next question about it."""
        if self._latest is None or self._latest.box is not box:
            self._latest = _View(self.function, box)
        return self._latest

    def _by_slopes(self, box: Box, wanted: int) -> int:
        view = self._view(box)
        if view.slopes is None:
            return UNKNOWN
        upwards = wanted > 0
        face, strict = _extreme_face(box, view.slopes, upwards)
        sign = view.sign if face == box else _View(self.function, face).sign
        if strict and sign == (NON_NEGATIVE if upwards else NON_POSITIVE):
            sign = POSITIVE if upwards else NEGATIVE
        if _is_enough(sign, wanted):
            return sign
        return self._by_mean_value(face, view.slopes)

    def _by_mean_value(self, box: Box, slopes: list[Range]) -> int:
        """The sign of f(c) + sum of slopes times (x - c), for a bounded box."""
        if not all(r.is_bounded() for r in box):
            return UNKNOWN
        centre = [((r.lo + r.hi) / 2).mid() for r in box]
        total = self.at(centre)
        if total is None:
            return UNKNOWN
        for r, c, slope in zip(box, centre, slopes, strict=True):
            if r.lo != r.hi:
                total = total + slope * Range((r.lo - c).lower(), (r.hi - c).upper())
        return sign_of(total)

    def _by_contacts(self, box: Box, wanted: int) -> int:
        if self.depth == 0 or self.failures < FAILURES_BEFORE_CONTACTS:
            return UNKNOWN
        for contact, derivative in self._contacts:
            sign = _quietly(lambda c=contact, d=derivative: self._contact_sign(c, d, box, wanted))
            if _is_enough(sign, wanted):
                return sign
        weak = NON_NEGATIVE if wanted > 0 else NON_POSITIVE
        for touch in self._touches if wanted == weak else ():
            if _quietly(lambda t=touch: self._touch_sign(t, box, weak)) == weak:
                return weak
        return UNKNOWN

    def _touch_sign(self, touch: Touch, box: Box, weak: int) -> int:
        hull = tuple(r.union(Range.of(to_ball(p))) for r, p in zip(box, touch.point, strict=True))
        self.function.call(hull)
        return weak if touch.is_minimum_on(self.symbols, hull, weak) else UNKNOWN

    def _contact_sign(self, contact: Contact, derivative: Margin, box: Box, wanted: int) -> int:
        here = box[contact.index]
        curve = contact.curve_range(self.symbols, box)
        hull = (*box[: contact.index], here.union(curve), *box[contact.index + 1 :])
        self.function.call(hull)  # Taylor's theorem needs f on the whole of the hull
        off = self._side(contact, here) or sign_of(here - curve)
        even = POSITIVE if abs(off) == 2 else NON_NEGATIVE
        power = even if contact.order % 2 == 0 else off
        if power == UNKNOWN:
            return UNKNOWN
        needed = wanted if power > 0 else -wanted
        return product_sign(power, derivative.sign(hull, needed))

    @cached_property
    def _whole(self) -> Box:
        with workprec(BITS):
            return tuple(to_range(interval) for interval in self.domain)

    def _side(self, contact: Contact, here: Range) -> int:
        """On which side of an end of the domain the range lies; 0 if the contact is no end or the range leaves it.

        A box reaches beyond the domain where another contact's curve does.
        """
        whole = self._whole[contact.index]
        if contact.side == 0 or here.lo < whole.lo or here.hi > whole.hi:
            return 0
        away = here.lo > whole.lo or here.lo_open if contact.side > 0 else here.hi < whole.hi or here.hi_open
        return contact.side if away else (1 if contact.side > 0 else -1)

    @cached_property
    def _contacts(self) -> list[tuple[Contact, Margin]]:
        found = []
        for contact in find_contacts(self.expr, self.symbols, self.domain, self.suspects):
            try:
                margin = Margin(contact.derivative, self.symbols, self.domain, self.late, self.depth - 1)
            except InputError:
                continue
            margin.failures = FAILURES_BEFORE_CONTACTS
            found.append((contact, margin))
            if self.late():
                break
        return found

    @cached_property
    def _touches(self) -> list[Touch]:
        touches = (find_touch(self.expr, self.symbols, self.domain, tuple(p)) for p in self.suspects)
        return [touch for touch in touches if touch is not None]

    def suspect(self, point: list[Rational]) -> None:
        """Name a point at which the expression may touch zero; the contacts are looked for anew."""
        if point not in self.suspects:
            self.suspects.append(point)
            for known in ("_contacts", "_touches"):
                self.__dict__.pop(known, None)

    def widest(self, box: Box) -> int:
        """The variable whose cut promises most: the largest slope times width."""
        unbounded = [i for i, r in enumerate(box) if not r.is_bounded()]
        if unbounded:
            return unbounded[0]
        widths = [r.hi - r.lo for r in box]
        effects = [w / (ONE + abs(r).lo) for w, r in zip(widths, box, strict=True)]
        slopes = self._view(box).slopes
        if slopes is not None and all(s.is_bounded() for s in slopes):
            effects = [w * abs(s).hi for w, s in zip(widths, slopes, strict=True)]
        largest = 0
        for i in range(1, len(box)):
            if effects[i] > effects[largest]:
                largest = i
        return largest


def _is_enough(sign: int, wanted: int) -> bool:
    return sign >= wanted if wanted > 0 else sign <= wanted


def _vouched(attempt: Callable[[], Found]) -> Found | None:
    """What an attempt finds; None where the expression cannot be vouched for."""
    try:
        return attempt()
    except (Undefined, PrecisionNotReached):
        return None


def _quietly(attempt: Callable[[], int]) -> int:
    """The sign an attempt finds; UNKNOWN where the expression cannot be vouched for."""
    found = _vouched(attempt)
    return UNKNOWN if found is None else found


def _extreme_face(box: Box, slopes: list[Range], lowest: bool) -> tuple[Box, bool]:
    """The face where f is least (or greatest), by the signs of its slopes; whether f differs off it.

    A variable in which f grows is fixed at its lower (or upper) end, and so on. The second answer is
    true if some fixed end is open and the slope towards it strict: then the value there is not attained.
    """
    face, strict = [], False
    for r, slope in zip(box, slopes, strict=True):
        sign = sign_of(slope) if lowest else -sign_of(slope)
        if sign >= NON_NEGATIVE and r.lo.is_finite():
            face.append(Range(r.lo, r.lo))
            strict = strict or (r.lo_open and sign == POSITIVE)
        elif sign <= NON_POSITIVE and r.hi.is_finite():
            face.append(Range(r.hi, r.hi))
            strict = strict or (r.hi_open and sign == NEGATIVE)
        else:
            face.append(r)
    return tuple(face), strict
