"""How a table is printed: aligned text, LaTeX, CSV, Markdown and JSON."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from symforget.tables.axes import Words, axis_text
from symforget.tables.evaluate import Row
from symforget.tables.latex import latex
from symforget.tables.request import Request
from symforget.tables.rounding import UNDECIDED, Kind

SCHEMA = "symforget-table/1"
WIDTH = 120


@dataclass(frozen=True)
class Document:
    """A table ready to be printed; `rows` can be gone through more than once, and may be fewer than asked for."""

    request: Request
    rows: Iterable[Row]
    finished: int
    standalone: bool = False
    caption: str = ""
    label: str = ""

    @property
    def complete(self) -> bool:
        return self.finished == self.request.rows


def header(request: Request) -> list[str]:
    """The names of axes and columns."""
    return [axis.name for axis in request.spec.axes] + list(request.columns)


def lines(document: Document) -> Iterator[list[str]]:
    """Every row as texts: the values of the axes, then the cells."""
    for i, row in enumerate(document.rows):
        point = document.request.point(i)
        yield [axis_text(point[axis.name]) for axis in document.request.spec.axes] + [cell.text for cell in row]


def rounding_note(request: Request) -> str:
    """How the numbers were rounded, in words, for every kind of column the table has."""
    kinds = {column.kind for column in request.shown}
    digits = "1 significant digit" if request.digits == 1 else f"{request.digits} significant digits"
    said = []
    if Kind.VALUE in kinds:
        said.append(f"values correctly rounded to {digits} (ties to even)")
    if Kind.UPPER in kinds:
        said.append(f"upper bounds rounded up{'' if Kind.VALUE in kinds else f' to {digits}'}")
    if Kind.LOWER in kinds:
        said.append(f"lower bounds rounded down{'' if kinds & {Kind.VALUE, Kind.UPPER} else f' to {digits}'}")
    if Kind.INTEGER in kinds:
        said.append("whole numbers exact")
    return f"Every digit is certified: {', '.join(said)}."


def notes(document: Document) -> list[str]:
    """What must be said below a table: the rounding, what is undecided, and that rows are missing."""
    said = [rounding_note(document.request)]
    if any(UNDECIDED in (cell.text for cell in row) for row in document.rows):
        said.append(f'"{UNDECIDED}": the digits could not be decided within the limits of precision.')
    if not document.complete:
        said.append(f"Interrupted: {document.finished} of {document.request.rows} rows.")
    return said


def text(document: Document) -> Iterator[str]:
    """Aligned text, numbers on their decimal points."""
    request = document.request
    heads = header(request)
    kinds = ["", *[""] * (len(request.spec.axes) - 1), *(_short_kind(column.kind) for column in request.shown)]
    numeric = [not isinstance(axis, Words) for axis in request.spec.axes] + [True] * len(request.columns)
    before, after = [0] * len(heads), [0] * len(heads)
    for line in lines(document):
        for i, cell in enumerate(line):
            whole, rest = _split(cell)
            before[i], after[i] = max(before[i], len(whole)), max(after[i], len(rest))
    widths = [max(b + a, len(h), len(k)) for b, a, h, k in zip(before, after, heads, kinds, strict=True)]

    def aligned(i: int, cell: str) -> str:
        if not numeric[i]:
            return cell.ljust(widths[i])
        whole, rest = _split(cell)
        return (whole.rjust(before[i]) + rest.ljust(after[i])).rjust(widths[i])

    yield f"{request.name}: {request.spec.title}\n\n"
    for row in (heads, kinds) if any(kinds) else (heads,):
        padded = [h.rjust(w) if n else h.ljust(w) for h, w, n in zip(row, widths, numeric, strict=True)]
        yield "  ".join(padded).rstrip() + "\n"
    for line in lines(document):
        yield "  ".join(aligned(i, cell) for i, cell in enumerate(line)).rstrip() + "\n"
    yield "\n"
    for column in request.shown:
        yield f"{column.name}: {column.meaning}\n"
    yield "\n" + textwrap.fill(" ".join(notes(document)), WIDTH) + "\n"


def _short_kind(kind: Kind) -> str:
    return {Kind.UPPER: "upper", Kind.LOWER: "lower"}.get(kind, "")


def _split(cell: str) -> tuple[str, str]:
    """What stands before and after the place where numbers are aligned."""
    for mark in (".", "e", "/"):
        if mark in cell:
            place = cell.index(mark)
            return cell[:place], cell[place:]
    return cell, ""


def as_csv(document: Document) -> Iterator[str]:
    """CSV with a header of names; numbers as printed, nothing else."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for line in _with_header(document):
        writer.writerow(line)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _with_header(document: Document) -> Iterator[list[str]]:
    yield header(document.request)
    yield from lines(document)


def markdown(document: Document) -> Iterator[str]:
    """A pipe table under its title, with what its columns are and how they were rounded."""
    request = document.request
    yield f"**{request.spec.title}** (`{request.name}`)\n\n"
    words = [isinstance(axis, Words) for axis in request.spec.axes] + [False] * len(request.columns)
    for i, line in enumerate(_with_header(document)):
        yield "| " + " | ".join(line) + " |\n"
        if i == 0:
            yield "|" + "|".join("---" if word else "---:" for word in words) + "|\n"
    yield "\n"
    for column in request.shown:
        kind = "" if column.kind is Kind.VALUE else f" ({column.kind})"
        yield f"- `{column.name}`: {column.meaning}{kind}\n"
    yield "\n" + " ".join(notes(document)) + "\n"


def as_json(document: Document) -> Iterator[str]:
    """JSON: every number as a string, with decimals, each exact, between which the quantity lies."""
    request = document.request
    about = {
        "schema": SCHEMA,
        **request.as_data(),
        "title": request.spec.title,
        "caption": request.spec.caption,
        "rounding": rounding_note(request),
        "complete": document.complete,
        "columns": [
            {"name": column.name, "kind": str(column.kind), "latex": column.latex, "meaning": column.meaning}
            for column in request.shown
        ],
    }
    yield json.dumps(about, indent=1, ensure_ascii=False)[:-2] + ',\n "rows": ['
    for i, row in enumerate(document.rows):
        point = {name: axis_text(value) for name, value in request.point(i).items()}
        cells = {
            column.name: {"text": cell.text, "lower": cell.lower, "upper": cell.upper}
            for column, cell in zip(request.shown, row, strict=True)
        }
        yield ("" if i == 0 else ",") + "\n  " + json.dumps({"point": point, "cells": cells}, ensure_ascii=False)
    yield "\n ]\n}\n"


def as_latex(document: Document) -> Iterator[str]:
    """LaTeX for booktabs and siunitx."""
    note = " ".join(notes(document))
    return latex(
        document.request,
        lambda: lines(document),
        document.caption or f"{document.request.spec.caption} {note}",
        document.label,
        document.standalone,
        document.finished,
    )


FORMATS: dict[str, Callable[[Document], Iterator[str]]] = {
    "text": text,
    "latex": as_latex,
    "csv": as_csv,
    "markdown": markdown,
    "json": as_json,
}


def render(document: Document, format: str) -> Iterator[str]:
    """The table in pieces of text."""
    return FORMATS[format](document)


def undecided(rows: Iterable[Sequence]) -> int:
    """How many cells could not be decided."""
    return sum(not cell.decided for row in rows for cell in row)
