"""Two sides of a relation at one point: enclosures, and a truth value that may be unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flint import arb
from sympy import Eq, Expr, Ge, Gt, Integral, Le, Lt, Ne, Rational, Symbol
from sympy.core.relational import Relational

from symforget.balls import BITS_PER_DIGIT, compile_ball, format_decimal, rounded, to_ball
from symforget.errors import InputError, PrecisionNotReached
from symforget.functions import normal
from symforget.precision import workprec
from symforget.trees import put_in


@dataclass(frozen=True)
class Enclosure:
    """A number between two exact decimals, equal where the number is exactly that decimal."""

    lower: str
    upper: str

    @classmethod
    def of(cls, ball: arb, digits: int) -> Enclosure:
        """Round a finite ball outwards to `digits` significant digits at each end."""
        ends = []
        for end, direction in ((ball.lower(), -1), (ball.upper(), 1)):
            ends.append("0" if end == 0 else format_decimal(*rounded(end, digits, direction)))
        return cls(*ends)

    @property
    def is_exact(self) -> bool:
        return self.lower == self.upper

    def __str__(self) -> str:
        return self.lower if self.is_exact else f"[{self.lower}, {self.upper}]"


@dataclass(frozen=True)
class Comparison:
    """What is known of a relation at a point.

    `truth` is True or False only if certified, and None otherwise: for an equality True means that the
    two sides are the same number for a reason that is exact (equal as expressions, or both exactly
    representable), never that their digits agree. `digits` counts the agreeing digits where they cannot
    be told apart. The enclosures are disjoint wherever the sides were told apart; they are None, and
    `reason` says why, where a side has no finite enclosure.
    """

    truth: bool | None
    left: Enclosure | None
    right: Enclosure | None
    digits: int = 0
    reason: str = ""


def sides_of(relation: Relational) -> tuple[Expr, Expr]:
    """The two sides. Raises InputError if SymPy has already reduced the relation to true or false."""
    if not isinstance(relation, Relational):
        raise InputError(f"{relation} is not a relation: build it with evaluate=False")
    return relation.lhs, relation.rhs


def _holds(relation: Relational, sign: int) -> bool:
    """Whether the relation holds, given the sign of left minus right."""
    kind = type(relation)
    accepted = {Eq: (0,), Ne: (-1, 1), Lt: (-1,), Le: (-1, 0), Gt: (1,), Ge: (0, 1)}
    if kind not in accepted:
        raise InputError(f"{relation} is not one of == != < <= > >=")
    return sign in accepted[kind]


def exact_sign(difference: Expr, point: Mapping[Symbol, Rational]) -> int | None:
    """The sign of an expression at a point if SymPy's exact evaluation makes it a rational number.

    An integral left as it is would never be one, and putting a point into it takes long.
    """
    if difference.has(Integral, normal):
        return None
    value = difference if difference.is_Rational else put_in(difference, point)
    if not value.is_Rational:  # named quantities are numbers in their closed forms only
        value = value.replace(lambda e: hasattr(e, "closed_form"), lambda e: e.closed_form())
    return int(value.is_positive) - int(value.is_negative) if value.is_Rational else None


def compare_at(relation: Relational, point: Mapping[Symbol, Rational], digits: int) -> Comparison:
    """Decide the relation at a point, working up to about `digits` significant digits of each side.

    Raises:
        InputError: not a relation, a symbol without a value, or no certified evaluator.
    """
    left, right = sides_of(relation)
    _holds(relation, 0)
    variables = tuple(sorted(point, key=lambda s: s.name))
    sides = [compile_ball(side, variables) for side in (left, right)]
    needed = int(digits * BITS_PER_DIGIT) + 8
    bits, seen, reason = min(64, max(53, needed + 16)), [arb.nan(), arb.nan()], "a side has no finite enclosure here"
    while True:
        with workprec(bits):
            args = [to_ball(point[v]) for v in variables]
            try:
                seen = [side(*args) for side in sides]
            except PrecisionNotReached as error:
                reason = str(error)
            if are_apart(seen):
                return told_apart(relation, seen, digits)
            accurate = all(s.is_finite() and s.rel_accuracy_bits() >= needed for s in seen)
            if bits >= 4 * needed + 256 or (accurate and isinstance(relation, Eq | Ne)):
                return _not_told_apart(relation, point, seen, digits, reason)
        bits = min(2 * bits, max(bits + 64, needed + 32)) if bits < needed else 2 * bits


def are_apart(sides: Sequence[arb]) -> bool:
    """Whether two balls are finite and disjoint."""
    return all(s.is_finite() for s in sides) and not sides[0].overlaps(sides[1])


def told_apart(relation: Relational, seen: Sequence[arb], digits: int) -> Comparison:
    """The comparison of two sides enclosed by balls that are apart, at the precision they were made with or more."""
    sign = 1 if seen[0] > seen[1] else -1
    shown, pair = digits, [Enclosure.of(s, digits) for s in seen]
    while not _disjoint(*pair):  # ends: the balls are disjoint, and outward rounding tends to them
        shown += max(1, shown // 2)
        pair = [Enclosure.of(s, shown) for s in seen]
    return Comparison(_holds(relation, sign), pair[0], pair[1])


def _disjoint(left: Enclosure, right: Enclosure) -> bool:
    return Rational(left.upper) < Rational(right.lower) or Rational(right.upper) < Rational(left.lower)


def _not_told_apart(
    relation: Relational, point: Mapping[Symbol, Rational], seen: list[arb], digits: int, reason: str
) -> Comparison:
    if not all(s.is_finite() for s in seen):
        return Comparison(None, None, None, 0, reason)
    left, right = (Enclosure.of(s, digits) for s in seen)
    sign = exact_sign(relation.lhs - relation.rhs, point)
    if sign == 0:
        return Comparison(_holds(relation, 0), left, right, digits, "both sides are exactly equal")
    gap, size = abs(seen[0] - seen[1]).upper(), seen[0].abs_upper().max(seen[1].abs_upper())
    agreed = digits
    if gap > 0 and size > 0:
        agreed = min(digits, max(0, int(float((size / gap).log().mid()) / 2.302585092994046)))
    return Comparison(None, left, right, agreed, f"the sides agree to {agreed} digits")
