"""How text is fitted to a width: hanging paragraphs, and formulas broken where a person would break them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

OPENING, CLOSING = "([{", ")]}"
RELATIONS = ("==", "!=", "<=", ">=", "<", ">", "=")


def paragraph(text: str, width: int, indent: str = "", first: str | None = None) -> str:
    """Wrap prose to ``width``; ``indent`` stands before each line, ``first`` before the first."""
    return textwrap.fill(
        " ".join(text.split()),
        max(width, len(indent) + 20),
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def formula(text: str, width: int, indent: str = "", first: str | None = None) -> str:
    """Break a formula before the least nested operator that fits, so that brackets stay together."""
    start = indent if first is None else first
    room = max(width - len(indent) - CONTINUATION, 20)
    lines: list[str] = []
    rest = text.strip()
    while len(rest) > room:
        cut = _break_point(rest, room)
        if cut is None:
            break
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    lines.append(rest)
    return start + ("\n" + indent + " " * CONTINUATION).join(lines)


CONTINUATION = 4


def _break_point(text: str, room: int) -> int | None:
    """The best place in ``room`` characters: least nested, then weakest operator, then furthest right."""
    candidates = list(_operators(text, room))
    return min(candidates, key=lambda c: (c[1], c[2], -c[0]))[0] if candidates else None


def _operators(text: str, room: int) -> Iterable[tuple[int, int, int]]:
    """Position, nesting and strength (0 relation, 1 sum, 2 comma, 3 product) of possible breaks."""
    depth, least = 0, min(room // 3, 12)
    for position, character in enumerate(text[: room + 1]):
        depth += (character in OPENING) - (character in CLOSING)
        if position < least:
            continue
        if character == " " and text[position + 1 :].startswith(RELATIONS):
            yield position, depth, 0
        elif character == " " and text[position + 1 : position + 3] in ("+ ", "- "):
            yield position, depth, 1
        elif character == " " and text[position - 1] == ",":
            yield position, depth, 2
        elif character in "*/" and text[position - 1] != "*" and text[position + 1 : position + 2] != "*":
            yield position, depth, 3


def columns(rows: Iterable[tuple[str, ...]], gap: str = "  ") -> list[str]:
    """Rows as aligned lines; the last cell of a row is not padded."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        gap.join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)), row[-1]]).rstrip()
        for row in cells
    ]
