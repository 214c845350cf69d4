"""A whole table from Python: `table("misassignment", delta="1:12:1", digits=50)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symforget.errors import InputError
from symforget.tables.compute import rows
from symforget.tables.evaluate import Row
from symforget.tables.formats import FORMATS, Document, render
from symforget.tables.request import DEFAULT_DIGITS, Request, request


@dataclass(frozen=True)
class Table:
    """A finished table; `rows[i]` belongs to `request.point(i)`, its cells to `request.columns`."""

    request: Request
    rows: tuple[Row, ...]

    def render(self, format: str = "text", standalone: bool = False, caption: str = "", label: str = "") -> str:
        """The table as text, latex, csv, markdown or json.

        Raises:
            InputError: there is no such format.
        """
        if format not in FORMATS:
            raise InputError(f'there is no format "{format}"; the formats are {", ".join(FORMATS)}')
        return "".join(render(Document(self.request, self.rows, len(self.rows), standalone, caption, label), format))

    def __str__(self) -> str:
        return self.render()


def table(
    name: str, *, digits: int = DEFAULT_DIGITS, columns: Sequence[str] | None = None, jobs: int = 1, **axes: object
) -> Table:
    """Compute a table. Axes are given as on the command line (`delta="1,2,5/2"`), or as one number.

    Raises:
        InputError: an unknown table, axis or column, or a bad value; a float is one, since it is not exact.
    """
    for axis, value in axes.items():
        if isinstance(value, float):
            raise InputError(f"{axis}: {value!r} is a binary float; write it as text, to be taken exactly")
    asked = request(name, {axis: str(value) for axis, value in axes.items()}, digits, columns)
    return Table(asked, tuple(rows(asked, jobs)))
