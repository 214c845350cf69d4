"""How an enclosure becomes a printed number: to nearest, upwards or downwards, and only where it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from flint import arb, fmpz

from symforget.balls import exact_fraction, format_decimal

UNDECIDED = "?"
INFINITE = "inf"
ENCLOSURE_DIGITS = 5


class Kind(StrEnum):
    """What a column holds, which decides the direction of rounding."""

    VALUE = "value"
    UPPER = "upper bound"
    LOWER = "lower bound"
    INTEGER = "least integer"


DIRECTION = {Kind.VALUE: 0, Kind.UPPER: 1, Kind.LOWER: -1, Kind.INTEGER: 1}


@dataclass(frozen=True, slots=True)
class Cell:
    """A printed number and decimals, each exact, between which the quantity lies; "?" where the number is undecided."""

    text: str
    lower: str
    upper: str

    @property
    def decided(self) -> bool:
        return self.text != UNDECIDED


INFINITY = Cell(INFINITE, INFINITE, INFINITE)


def to_place(x: Fraction, place: int, direction: int) -> int:
    """The multiple of 10**place below (-1), nearest to (0, ties to even) or above (1) the exact x, divided by it."""
    numerator, denominator = _scaled(x, place)
    floor, rest = divmod(numerator, denominator)
    if direction == 0:
        half = 2 * rest
        up = half > denominator or (half == denominator and floor % 2 == 1)
    else:
        up = direction > 0 and rest != 0
    return int(floor) + up


def _scaled(x: Fraction, place: int) -> tuple[fmpz, fmpz]:
    """Numerator and denominator of x/10**place, not reduced; FLINT's integers: they may have a million digits."""
    power = fmpz(10) ** abs(place)
    numerator, denominator = fmpz(x.numerator), fmpz(x.denominator)
    return (numerator, denominator * power) if place > 0 else (numerator * power, denominator)


def to_digits(x: Fraction, digits: int, direction: int) -> tuple[int, int]:
    """(m, e) with m 10**e the exact x rounded to `digits` significant digits; directions as in `to_place`."""
    if x == 0:
        return 0, 0
    place = leading_place(x) - digits + 1
    mantissa = to_place(x, place, direction)
    return (mantissa // 10, place + 1) if abs(mantissa) == 10**digits else (mantissa, place)


def leading_place(x: Fraction) -> int:
    """The e with 10**e <= |x| < 10**(e + 1), for x other than 0."""
    e = int((x.numerator.bit_length() - x.denominator.bit_length()) * 0.30102999566398114) - 1
    numerator, denominator = _scaled(abs(x), e)
    while numerator >= 10 * denominator:
        denominator, e = 10 * denominator, e + 1
    while numerator < denominator:
        numerator, e = 10 * numerator, e - 1
    return e


def ends(ball: arb) -> tuple[Fraction, Fraction]:
    """Rationals between which a finite ball lies, no closer than the current precision.

    Raises:
        PrecisionNotReached: an end is too large or too small to be written out.
    """
    if ball.is_exact():
        x = exact_fraction(ball)
        return x, x
    return exact_fraction(ball.lower()), exact_fraction(ball.upper())


def cell_between(lower: Fraction, upper: Fraction, digits: int, kind: Kind) -> Cell:
    """The cell of a quantity that lies between two rationals (equal where it is known exactly)."""
    outside = ENCLOSURE_DIGITS + digits
    low = format_decimal(*to_digits(lower, outside, -1))
    high = format_decimal(*to_digits(upper, outside, 1))
    return Cell(_decided(lower, upper, digits, kind), low, high)


def _decided(lower: Fraction, upper: Fraction, digits: int, kind: Kind) -> str:
    if kind is Kind.INTEGER:
        least = to_place(lower, 0, 1)
        return str(least) if least == to_place(upper, 0, 1) else UNDECIDED
    if lower != upper and lower <= 0 <= upper:
        return UNDECIDED
    first = to_digits(lower, digits, DIRECTION[kind])
    return format_decimal(*first) if first == to_digits(upper, digits, DIRECTION[kind]) else UNDECIDED
