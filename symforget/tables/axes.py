"""What the axes of a table may be, and how their values are read, enumerated and printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sympy import Integer, Rational, Symbol

from symforget.domain import Interval
from symforget.errors import InputError

MOST_VALUES = 100_000
LONGEST_DECIMAL = 24

_NUMBER = re.compile(r"[+-]?(\d{1,1000}(\.\d{0,1000})?|\.\d{1,1000})([eE][+-]?\d{1,4})?")

Value = Rational | str
"""A number of a numeric axis, or a word of an axis of words."""


@dataclass(frozen=True)
class Axis:
    """A numeric axis: `domain` says where its values may lie, `default` is read as the user's text is."""

    name: str
    symbol: Symbol
    domain: Interval
    default: str
    meaning: str
    latex: str
    whole: bool = False


@dataclass(frozen=True)
class Words:
    """An axis of words, such as the geometry of a flow; all of them are the default."""

    name: str
    words: tuple[str, ...]
    meaning: str
    latex: str

    @property
    def default(self) -> str:
        return ",".join(self.words)


@dataclass(frozen=True)
class Same:
    """The values of an axis that follows another one: `--dq delta`."""

    axis: str


AnyAxis = Axis | Words
Values = tuple[Value, ...] | Same


def read_values(axis: AnyAxis, text: str, others: Mapping[str, AnyAxis]) -> Values:
    """The values that a text gives to an axis: "1,2,5/2", "1:12:1" (start, stop, step) or the name of another axis.

    Raises:
        InputError: one line naming the axis, the text and what is wrong with it.
    """
    parts = [part.strip() for part in text.split(",")]
    if isinstance(axis, Words):
        return _distinct([_word(axis, part) for part in parts])
    if isinstance(others.get(text.strip()), Axis) and text.strip() != axis.name:
        return Same(text.strip())
    values: list[Rational] = []
    for part in parts:
        for value in _range(axis, part):
            _require_inside(axis, value)
            values.append(value)
        _require_few(axis, text, len(values))
    return _distinct(values)


def _require_few(axis: Axis, text: str, count: int) -> None:
    if count > MOST_VALUES:
        raise InputError(f"--{axis.name} {_short(text)}: more than {MOST_VALUES} values")


def _distinct(values: list) -> tuple:
    return tuple(dict.fromkeys(values))


def _word(axis: Words, text: str) -> str:
    if text not in axis.words:
        raise InputError(f'--{axis.name}: "{_short(text)}" is none of {", ".join(axis.words)}')
    return text


def _range(axis: Axis, text: str) -> Iterator[Rational]:
    fields = text.split(":")
    if len(fields) == 1:
        yield _number(axis, text, text)
        return
    if len(fields) not in (2, 3):
        raise InputError(f'--{axis.name}: "{_short(text)}" is neither a number nor start:stop:step')
    start, stop = _number(axis, fields[0], text), _number(axis, fields[1], text)
    step = _number(axis, fields[2], text) if len(fields) == 3 else Integer(1)
    if step == 0 or (stop - start) * step < 0:
        raise InputError(f'--{axis.name}: the step of "{_short(text)}" does not lead from its start to its stop')
    count = int((stop - start) // step) + 1
    _require_few(axis, text, count)
    for k in range(count):
        yield start + k * step


def _number(axis: Axis, text: str, whole: str) -> Rational:
    parts = [part.strip() for part in text.split("/")]
    if len(parts) > 2 or not all(_NUMBER.fullmatch(part) for part in parts):
        where = "" if text == whole else f' in "{_short(whole)}"'
        raise InputError(
            f'--{axis.name}: "{_short(text.strip())}"{where} is not a number; write 1,2,5/2 or start:stop:step'
        )
    values = [Rational(part) for part in parts]
    if values[-1] == 0 and len(parts) == 2:
        raise InputError(f'--{axis.name}: "{_short(text)}" divides by zero')
    return values[0] / values[1] if len(parts) == 2 else values[0]


def _require_inside(axis: Axis, value: Rational) -> None:
    if not axis.domain.contains(value):
        raise InputError(f"--{axis.name}: {axis_text(value)} lies outside {axis.domain}")
    if axis.whole and not value.is_Integer:
        raise InputError(f"--{axis.name}: {axis_text(value)} is not a whole number")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def axis_text(value: Value) -> str:
    """A value of an axis, exactly: a decimal where that is short, else a fraction."""
    if isinstance(value, str):
        return value
    numerator, denominator = int(value.p), int(value.q)
    twos = (denominator & -denominator).bit_length() - 1
    rest, fives = denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1:
        return str(value)
    figures = str(abs(numerator) * 10**places // denominator)
    sign = "-" if numerator < 0 else ""
    if places > LONGEST_DECIMAL:
        return f"{sign}{figures}e-{places}"
    if not places:
        zeros = len(figures) - len(figures.rstrip("0"))
        return f"{sign}{figures[:-zeros]}e{zeros}" if zeros > LONGEST_DECIMAL else sign + figures
    figures = figures.rjust(places + 1, "0")
    return f"{sign}{figures[:-places]}.{figures[-places:]}"
