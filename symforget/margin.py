"""The sign of an expression on a box: by its range, mean values, monotonicity and contacts with zero."""

from __future__ import annotations

from functools import cached_property

from flint import arb
from sympy import Expr, Symbol

from symforget.balls import compile_ball
from symforget.domain import Interval
from symforget.errors import PrecisionNotReached
from symforget.ranges import ZERO, Range, Undefined

POSITIVE, NON_NEGATIVE, UNKNOWN, NON_POSITIVE, NEGATIVE = 2, 1, 0, -1, -2

Box = tuple[Range, ...]


def sign_of(r: Range) -> int:
    """What a range says of the sign of everything in it."""
    if r.lo > ZERO or (r.lo == ZERO and r.lo_open):
        return POSITIVE
    if r.hi < ZERO or (r.hi == ZERO and r.hi_open):
        return NEGATIVE
    if r.lo == ZERO:
        return NON_NEGATIVE
    return NON_POSITIVE if r.hi == ZERO else UNKNOWN


class Margin:
    """An expression and what is known about its sign on boxes inside `domain`."""

    def __init__(
        self, expr: Expr, symbols: tuple[Symbol, ...], domain: tuple[Interval, ...], deadline: float
    ) -> None:
        self.expr, self.symbols, self.domain, self.deadline = expr, symbols, domain, deadline
        self.function = compile_ball(expr, symbols)

    def sign(self, box: Box, wanted: int = NON_NEGATIVE) -> int:
        """POSITIVE, NON_NEGATIVE, ...: certified for every point of the box; UNKNOWN if not shown.

        `wanted` tells when to stop looking for more: a sign at least as strong as it is enough.
        """
        try:
            found = sign_of(self.function.call(box))
        except (Undefined, PrecisionNotReached):
            return UNKNOWN
        if found >= wanted or found == NEGATIVE:
            return found
        return self._by_slopes(box, found, wanted)

    def _by_slopes(self, box: Box, found: int, wanted: int) -> int:
        try:
            _, slopes = self.function.gradient(*box)
        except (Undefined, PrecisionNotReached):
            return found
        face, strict = _lowest_face(box, slopes)
        try:
            sign = sign_of(self.function.call(face))
            if sign == NON_NEGATIVE and strict:
                sign = POSITIVE
            if sign >= wanted:
                return sign
            centred = sign_of(self._mean_value(face, slopes))
        except (Undefined, PrecisionNotReached):
            return found
        if centred >= wanted:
            return centred
        return max(found, sign, centred) if max(found, sign, centred) > 0 else found

    def _mean_value(self, box: Box, slopes: list[Range]) -> Range:
        """f(c) + sum of slopes times (x - c), for a bounded box."""
        if not all(r.is_bounded() for r in box):
            raise Undefined("a mean value over an unbounded box")
        centre = [((r.lo + r.hi) / 2).mid() for r in box]
        total = self.function.call([Range(c, c) for c in centre])
        for r, c, slope in zip(box, centre, slopes, strict=True):
            if r.lo != r.hi:
                total = total + slope * Range((r.lo - c).lower(), (r.hi - c).upper())
        return total

    def middle_sign(self, box: Box) -> int:
        """The sign at the middle of the box."""
        from symforget.prover import middle

        points = [middle(r) for r in box]
        try:
            return sign_of(self.function.call([Range(p, p) for p in points]))
        except (Undefined, PrecisionNotReached):
            return UNKNOWN

    def widest(self, box: Box) -> int:
        """The variable whose cut promises most: the largest slope times width."""
        unbounded = [i for i, r in enumerate(box) if not r.is_bounded()]
        if unbounded:
            return unbounded[0]
        widths = [r.hi - r.lo for r in box]
        try:
            _, slopes = self.function.gradient(*box)
        except (Undefined, PrecisionNotReached):
            slopes = []
        if slopes and all(s.is_bounded() for s in slopes):
            effects = [w * abs(s).hi for w, s in zip(widths, slopes, strict=True)]
        else:
            effects = [w / (1 + abs(r).lo) for w, r in zip(widths, box, strict=True)]
        return max(range(len(box)), key=lambda i: float(effects[i].mid()))

    @cached_property
    def _unused(self) -> arb:
        return ZERO


def _lowest_face(box: Box, slopes: list[Range]) -> tuple[Box, bool]:
    """The face where f is least, by the signs of its slopes, and whether f is larger off it.

    A variable in which f grows is fixed at its lower end, one in which f falls at its upper end. The
    second answer is true if some fixed end is open and the slope towards it strict.
    """
    face, strict = [], False
    for r, slope in zip(box, slopes, strict=True):
        sign = sign_of(slope)
        if sign >= NON_NEGATIVE and r.lo.is_finite():
            face.append(Range(r.lo, r.lo))
            strict = strict or (r.lo_open and sign == POSITIVE)
        elif sign <= NON_POSITIVE and r.hi.is_finite():
            face.append(Range(r.hi, r.hi))
            strict = strict or (r.hi_open and sign == NEGATIVE)
        else:
            face.append(r)
    return tuple(face), strict
