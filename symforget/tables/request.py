"""What is asked for: a table, the values on its axes, its columns and digits; and the rows that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from symforget.errors import InputError
from symforget.tables.axes import Axis, Same, Value, Values, Words, axis_text, read_values
from symforget.tables.catalogue import Column, Spec, spec

MOST_ROWS = 10_000_000
MOST_DIGITS = 1000
DEFAULT_DIGITS = 10


@dataclass(frozen=True, eq=False)
class Request:
    """One table, wholly determined; `axes` holds the values of every axis in the order of the table's axes.

    Requests are told apart by identity: comparing them value by value for every row would cost more than the rows.
    """

    name: str
    axes: tuple[tuple[str, Values], ...]
    columns: tuple[str, ...]
    digits: int

    def __reduce__(self) -> tuple[Any, ...]:
        return Request, (self.name, self.axes, self.columns, self.digits)

    @cached_property
    def spec(self) -> Spec:
        return spec(self.name)

    @cached_property
    def shown(self) -> tuple[Column, ...]:
        known = {column.name: column for column in self.spec.columns}
        return tuple(known[name] for name in self.columns)

    @cached_property
    def rows(self) -> int:
        """How many rows there are."""
        return prod(len(values) for _, values in self.axes if not isinstance(values, Same))

    def point(self, row: int) -> dict[str, Value]:
        """The values of the axes in a row, counted from 0; the first axis varies slowest."""
        values: dict[str, Value] = {}
        for name, choices in reversed(self.axes):
            if not isinstance(choices, Same):
                row, place = divmod(row, len(choices))
                values[name] = choices[place]
        return {
            name: values[choices.axis] if isinstance(choices, Same) else values[name] for name, choices in self.axes
        }

    def words(self, point: Mapping[str, Value]) -> tuple[str, ...]:
        """The words among the values of a point, which choose the formulas of its row."""
        return tuple(str(point[axis.name]) for axis in self.spec.axes if isinstance(axis, Words))

    def as_data(self) -> dict[str, Any]:
        """Plain data that determines the request, for JSON and for telling whether a file belongs to it."""
        axes = {
            name: f"= {values.axis}" if isinstance(values, Same) else [axis_text(value) for value in values]
            for name, values in self.axes
        }
        return {"table": self.name, "axes": axes, "columns": list(self.columns), "digits": self.digits}


def request(
    name: str,
    axes: Mapping[str, str | None] | None = None,
    digits: int = DEFAULT_DIGITS,
    columns: Sequence[str] | None = None,
) -> Request:
    """A request from text; axes that are not given take their defaults.

    Raises:
        InputError: an unknown table, axis or column, a bad value, or numbers out of range.
    """
    table = spec(name)
    given = {axis: text for axis, text in (axes or {}).items() if text is not None}
    for axis in given:
        if table.axis(axis) is None:
            known = ", ".join(a.name for a in table.axes)
            raise InputError(f"table {name} has no axis {axis}; its axes are {known}")
    if not 1 <= digits <= MOST_DIGITS:
        raise InputError(f"--digits must be between 1 and {MOST_DIGITS}, got {digits}")
    others = {axis.name: axis for axis in table.axes}
    values = tuple((a.name, read_values(a, given.get(a.name, a.default), others)) for a in table.axes)
    asked = Request(name, values, _columns(table, columns), digits)
    _check(asked)
    return asked


def _columns(table: Spec, names: Sequence[str] | None) -> tuple[str, ...]:
    known = [column.name for column in table.columns]
    for name in names or ():
        if name not in known:
            raise InputError(f'table {table.name} has no column "{name[:40]}"; its columns are {", ".join(known)}')
    return tuple(dict.fromkeys(names)) if names else tuple(known)


def _check(asked: Request) -> None:
    values = dict(asked.axes)
    for name, choices in asked.axes:
        if isinstance(choices, Same) and isinstance(values[choices.axis], Same):
            raise InputError(f"--{name} {choices.axis}: {choices.axis} itself follows another axis")
        if isinstance(choices, Same):
            _check_inside(asked.spec, name, choices.axis, values[choices.axis])
    if asked.rows > MOST_ROWS:
        raise InputError(f"table {asked.name}: {asked.rows} rows; at most {MOST_ROWS} are made at a time")
    for low, high in asked.spec.below:
        if isinstance(values[low], Same) or isinstance(values[high], Same):
            raise InputError(f"--{low} must lie below --{high}")
        largest, smallest = max(values[low]), min(values[high])  # type: ignore[type-var,arg-type]
        if not largest < smallest:  # type: ignore[operator]
            raise InputError(
                f"--{low} must lie below --{high}: {axis_text(largest)} does not lie below {axis_text(smallest)}"
            )


def _check_inside(table: Spec, name: str, other: str, values: Values) -> None:
    axis = table.axis(name)
    if not isinstance(axis, Axis) or isinstance(values, Same):
        return
    for value in values:
        if not axis.domain.contains(value):  # type: ignore[arg-type]
            raise InputError(f"--{name} {other}: {axis_text(value)} lies outside {axis.domain}")
