"""A printed table against certified values: every decimal taken as exact, every cell judged at its own last place."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from sympy import Rational, S

from symforget.balls import format_decimal
from symforget.errors import InputError, PrecisionNotReached
from symforget.tables.axes import Value, Words, axis_text
from symforget.tables.evaluate import Values, evaluator, precisions
from symforget.tables.request import Request
from symforget.tables.rounding import DIRECTION, INFINITE, Kind, leading_place, to_digits, to_place

LARGEST_FILE = 200_000_000
LONGEST_NUMBER = 5000
_DECIMAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?")
_FRACTION = re.compile(r"[+-]?\d{1,1000}/\d{1,1000}")


class Judgement(StrEnum):
    """What is found of a printed cell."""

    CERTIFIED = "certified"
    LAST_PLACE = "wrong in the last place"
    WRONG = "wrong"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Finding:
    """One cell: where it stands (line of the file, point, column), what is printed and what would be right.

    `right` has as many digits as are printed, rounded as its column is; `certified` of the `digits` printed are right.
    """

    line: int
    point: str
    column: str
    printed: str
    right: str
    judgement: Judgement
    why: str
    digits: int
    certified: int


@dataclass(frozen=True)
class Comparison:
    """All findings of a printed table, rows that the table asked for does not have, and how many of its rows lack."""

    findings: tuple[Finding, ...]
    unknown_rows: tuple[str, ...]
    missing_rows: int

    @property
    def counts(self) -> Mapping[Judgement, int]:
        return Counter(finding.judgement for finding in self.findings)

    @property
    def offending(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.judgement is not Judgement.CERTIFIED)

    @property
    def holds(self) -> bool:
        """Whether every printed number is certified and belongs to the table."""
        return not self.offending and not self.unknown_rows


Line = tuple[int, tuple[str, ...]]
"""The number of a line in its file, and its cells."""


@dataclass(frozen=True)
class Printed:
    """A printed table: names of its columns, and rows with the number of their line in the file."""

    header: tuple[str, ...]
    rows: tuple[Line, ...]


@dataclass(frozen=True)
class Decimal:
    """A printed decimal m * 10**place, exactly; `digits` counts those from the first that is not 0."""

    mantissa: int
    place: int

    @property
    def digits(self) -> int:
        return len(str(abs(self.mantissa)))

    @property
    def value(self) -> Fraction:
        return self.mantissa * Fraction(10) ** self.place


def read_printed(text: str, name: str) -> Printed:
    """A table from CSV or from the first pipe table of a Markdown text.

    Raises:
        InputError: there is no table, or a row has too few or too many cells.
    """
    marked = [(i, line.strip()) for i, line in enumerate(text.splitlines(), 1) if line.strip().startswith("|")]
    rows = list(_markdown_rows(marked)) if marked else list(_csv_rows(text, name))
    if len(rows) < 2:
        raise InputError(f"{name}: no table with a header and a row is in it")
    header = tuple(cell.strip("`") for cell in rows[0][1])
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            raise InputError(f"{name}, line {line}: {len(cells)} cells where the header has {len(header)}")
    return Printed(header, tuple(rows[1:]))


def _markdown_rows(lines: Sequence[tuple[int, str]]) -> Iterator[Line]:
    for place, (line, text) in enumerate(lines):
        if place and line != lines[place - 1][0] + 1:
            return
        cells = tuple(cell.strip() for cell in text.strip("|").split("|"))
        if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            yield line, cells


def _csv_rows(text: str, name: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text))
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, tuple(cell.strip() for cell in cells)
    except csv.Error as error:
        raise InputError(f"{name}, line {reader.line_num}: {error}") from None


def read_decimal(text: str) -> Decimal | None:
    """The decimal a cell holds, exactly; None where it holds none."""
    match = _DECIMAL.fullmatch(text)
    if match is None or len(text) > LONGEST_NUMBER:
        return None
    sign, whole, rest, exponent = match.group(1), match.group(2), match.group(3) or "", match.group(4)
    if not whole + rest:
        return None
    mantissa = int(whole + rest)
    return Decimal(-mantissa if sign == "-" else mantissa, int(exponent or 0) - len(rest))


def compare(
    printed: Printed, request: Request, name: str, follow: Callable[[Iterable[Line]], Iterable[Line]] = iter
) -> Comparison:
    """Judge every cell of a printed table by the table asked for; its rows go through `follow`, which may show them.

    Columns are found by name: the axes that have more than one value must be there, other axes may be, and so may any
    of the table's columns; rows are found by the values of their axes, taken exactly.

    Raises:
        InputError: a column is unknown or named twice, an axis lacks, or there is nothing to compare.
    """
    columns = _columns(printed, request, name)
    index = {_key(request.point(i)): i for i in range(request.rows)}
    fixed = {axis: request.point(0)[axis] for axis, _ in request.axes}
    findings: list[Finding] = []
    unknown: list[str] = []
    met: set[int] = set()
    for line, cells in follow(printed.rows):
        point, where = _point(request, printed.header, cells, fixed)
        row = None if point is None else index.get(_key(point))
        if row is None:
            unknown.append(f"line {line}: {where}")
        else:
            met.add(row)
            findings += _row(request, row, line, where, {column: cells[place] for column, place in columns.items()})
    return Comparison(tuple(findings), tuple(unknown), request.rows - len(met))


def _key(point: Mapping[str, Value]) -> tuple[Value, ...]:
    return tuple(point.values())


def _columns(printed: Printed, request: Request, name: str) -> dict[int, int]:
    """Where each of the request's columns that is printed stands: its number among them -> its place in a row."""
    axes = [axis for axis, _ in request.axes]
    known = [*axes, *(column.name for column in request.spec.columns)]
    for place, head in enumerate(printed.header):
        if head not in known:
            raise InputError(f'{name}: table {request.name} has no column "{head[:40]}"; it has {", ".join(known)}')
        if head in printed.header[:place]:
            raise InputError(f'{name}: the column "{head}" is there twice')
    for axis in axes:
        if axis not in printed.header and len({request.point(i)[axis] for i in range(request.rows)}) > 1:
            raise InputError(f'{name}: there is no column "{axis}", and --{axis} has more than one value')
    found = {i: printed.header.index(c) for i, c in enumerate(request.columns) if c in printed.header}
    if not found:
        raise InputError(f"{name}: there is no column to compare, only axes")
    return found


def _point(
    request: Request, header: Sequence[str], cells: Sequence[str], fixed: Mapping[str, Value]
) -> tuple[dict[str, Value] | None, str]:
    """The point that a row's axes name, if they can be read; and those axes in words."""
    point, said = dict(fixed), []
    readable = True
    for axis in request.spec.axes:
        if axis.name not in header:
            continue
        cell = cells[header.index(axis.name)]
        value = cell if isinstance(axis, Words) else _number(cell)
        if value is None:
            readable = False
        else:
            point[axis.name] = value
        said.append(f"{axis.name} = {cell if value is None or isinstance(value, str) else axis_text(value)}")
    return (point if readable else None), ", ".join(said)


def _number(cell: str) -> Rational | None:
    if _FRACTION.fullmatch(cell):
        numerator, denominator = map(int, cell.split("/"))
        return Rational(numerator, denominator) if denominator else None
    decimal = read_decimal(cell)
    if decimal is None or abs(decimal.place) > LONGEST_NUMBER:
        return None
    return Rational(decimal.value.numerator, decimal.value.denominator)


def _row(request: Request, row: int, line: int, where: str, cells: Mapping[int, str]) -> Iterator[Finding]:
    point = request.point(row)
    known: dict[int, Values] = {}
    for column, text in cells.items():
        judgement, right, why, digits, certified = Judge(request, point, column, known).judge(text)
        yield Finding(line, where, request.columns[column], text, right, judgement, why, digits, certified)


Judged = tuple[Judgement, str, str, int, int]


class Judge:
    """Certified values of one cell, as close as a judgement needs them; `known` is shared by the cells of a row."""

    def __init__(self, request: Request, point: Mapping[str, Value], column: int, known: dict[int, Values]) -> None:
        self.known = known
        self.evaluator = evaluator(request, request.words(point))
        self.point, self.column = point, column
        self.kind: Kind = request.shown[column].kind
        self.direction = DIRECTION[self.kind]
        self.digits = request.digits
        self.infinite = self.evaluator.formulas[column].expr is S.Infinity

    def judge(self, text: str) -> Judged:
        """Judgement, what would be right, why, how many digits are printed, and how many of them are right."""
        printed = read_decimal(text)
        if self.infinite:
            if text == INFINITE:
                return Judgement.CERTIFIED, INFINITE, "", 0, 0
            return Judgement.WRONG, INFINITE, "the value is infinite", printed.digits if printed else 0, 0
        try:
            if printed is None:
                return Judgement.WRONG, self._rounded(self.digits), "not a decimal number", 0, 0
            return self._judge(printed)
        except PrecisionNotReached:
            shown = printed.digits if printed else 0
            return Judgement.UNDECIDED, "", "the precision within reach does not decide it", shown, 0

    def _judge(self, printed: Decimal) -> Judged:
        if self._is_far(printed):
            right = self._rounded(printed.digits)
            return Judgement.WRONG, right, "", printed.digits, _common(printed, right)
        mantissa = self._decide(printed.digits, lambda x: to_place(x, printed.place, self.direction))
        right = format_decimal(mantissa, printed.place)
        if mantissa == printed.mantissa:
            return Judgement.CERTIFIED, right, "", printed.digits, printed.digits
        if mantissa == 0 or printed.mantissa == 0:  # the last place says nothing of the size
            return Judgement.WRONG, self._rounded(max(printed.digits, self.digits)), "", printed.digits, 0
        off = printed.mantissa - mantissa
        common = _common(printed, right)
        if abs(off) == 1 and self.kind is not Kind.INTEGER:
            return Judgement.LAST_PLACE, right, self._last_place(off), printed.digits, common
        return Judgement.WRONG, right, "", printed.digits, common

    def _last_place(self, off: int) -> str:
        if self.direction == 0:
            return "not rounded to nearest"
        return "rounded inwards: no bound" if off * self.direction < 0 else "a bound, but not the closest"

    def _is_far(self, printed: Decimal) -> bool:
        """Whether the value differs from what is printed by more than ten units of the last place, surely."""
        unit = Fraction(10) ** printed.place
        for lower, upper in self._enclosures(printed.digits):
            if lower > printed.value + 10 * unit or upper < printed.value - 10 * unit:
                return True
            if upper - lower < unit:
                return False
        raise PrecisionNotReached("the enclosure stays wide")

    def _rounded(self, digits: int) -> str:
        if self.kind is Kind.INTEGER:
            return str(self._decide(digits, lambda x: to_place(x, 0, 1)))

        def to_text(x: Fraction) -> str:
            return format_decimal(*to_digits(x, digits, self.direction))

        return self._decide(digits, to_text)

    def _decide(self, digits: int, rounding: Callable):
        """What the rounding makes of the value, once it makes the same of both ends of an enclosure."""
        for lower, upper in self._enclosures(digits):
            low, high = rounding(lower), rounding(upper)
            if low == high:
                return low
        raise PrecisionNotReached("the rounding stays undecided")

    def _enclosures(self, digits: int) -> Iterator[tuple[Fraction, Fraction]]:
        """Ever closer rationals between which the value lies; after the first step the value itself, if it is one."""
        for attempt, bits in enumerate(precisions(max(digits, self.digits))):
            if attempt == 1 and (exact := self.evaluator.exact(self.column, self.point)) is not None:
                yield exact, exact
            if bits not in self.known:
                self.known[bits] = Values(self.evaluator, self.point, bits)
            try:
                yield self.evaluator.between(self.column, self.known[bits])
            except PrecisionNotReached:
                continue


def _common(printed: Decimal, right: str) -> int:
    """How many leading digits of the printed number agree with the right one, at the same places."""
    other = read_decimal(right)
    if other is None or printed.mantissa * other.mantissa <= 0:
        return 0
    if leading_place(printed.value) != leading_place(other.value):
        return 0
    pairs = zip(str(abs(printed.mantissa)), str(abs(other.mantissa)), strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), printed.digits)
