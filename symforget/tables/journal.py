"""How finished rows are kept: a file of lines to which rows are only ever added, and which can be taken up again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from symforget.errors import InputError
from symforget.tables.evaluate import Row
from symforget.tables.request import Request
from symforget.tables.rounding import Cell

SCHEMA = "symforget-table-rows/1"


def journal_path(output: Path) -> Path:
    """Where the rows of a table that is to become `output` are kept until it is complete."""
    return output.with_name(output.name + ".partial")


class Journal:
    """Rows on disk: `add` one, iterate over all of them as often as wanted. Use as a context manager."""

    def __init__(self, request: Request, file: IO[str], rows: int) -> None:
        self.request, self.rows = request, rows
        self._file = file

    @classmethod
    def create(cls, request: Request, file: IO[str]) -> Journal:
        """A journal without rows in an empty file open for reading and writing."""
        file.write(_heading(request) + "\n")
        file.flush()
        return cls(request, file, 0)

    @classmethod
    def resume(cls, request: Request, path: Path) -> Journal:
        """Take up the rows of an interrupted run; an unfinished last line is dropped.

        Raises:
            InputError: there is no such file, or it belongs to another table, other axes, columns or digits.
        """
        try:
            file = path.open("r+", encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(f"--resume: cannot read {path}: {error.strerror}") from None
        try:
            if file.readline() != _heading(request) + "\n":
                raise InputError(f"--resume: {path} belongs to another table: {_difference(path, request)}")
            rows, end = 0, file.tell()
            while (line := file.readline()).endswith("\n") and _row(line, request) is not None:
                rows, end = rows + 1, file.tell()
            if rows > request.rows:
                raise InputError(f"--resume: {path} holds {rows} rows, more than the {request.rows} of this table")
            file.seek(end)
            file.truncate()
        except (UnicodeDecodeError, InputError) as error:
            file.close()
            raise error if isinstance(error, InputError) else InputError(f"--resume: {path} is no text") from None
        return cls(request, file, rows)

    def add(self, row: Row) -> None:
        """Write a row, so that it survives whatever happens next."""
        self._file.write(json.dumps([[cell.text, cell.lower, cell.upper] for cell in row]) + "\n")
        self._file.flush()
        self.rows += 1

    def __iter__(self) -> Iterator[Row]:
        self._file.seek(0)
        self._file.readline()
        for _ in range(self.rows):
            row = _row(self._file.readline(), self.request)
            if row is None:
                raise InputError("the file of finished rows was changed while it was in use")
            yield row
        self._file.seek(0, 2)

    def close(self) -> None:
        self._file.close()


def _heading(request: Request) -> str:
    return json.dumps({"schema": SCHEMA, **request.as_data()})


def _row(line: str, request: Request) -> Row | None:
    """The row a line holds, or None where it holds none."""
    try:
        row = tuple(Cell(*map(str, cell)) for cell in json.loads(line))
    except (ValueError, TypeError):
        return None
    return row if len(row) == len(request.columns) else None


def _difference(path: Path, request: Request) -> str:
    """What a file says of itself where it differs from the request."""
    try:
        with path.open(encoding="utf-8") as file:
            found = json.loads(file.readline())
        if found.get("schema") != SCHEMA:
            return "it holds no rows of a table"
        wanted = request.as_data()
        for key in ("table", "digits", "columns"):
            if found[key] != wanted[key]:
                return f"its {key} is {found[key]}, not {wanted[key]}"
        for axis, values in wanted["axes"].items():
            if found["axes"].get(axis) != values:
                return f"its values of {axis} are others"
    except (ValueError, KeyError, AttributeError, OSError):
        pass
    return "it holds no rows of this table"
