"""How a long table shows that it is getting on: a bar in a terminal, sparse lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

SECONDS_BEFORE_BAR = 2.0
SECONDS_BETWEEN_LINES = 10.0

Item = TypeVar("Item")


def counted(items: Iterable[Item], stream: TextIO, total: int, done: int = 0) -> Iterator[Item]:
    """The items, unchanged, with their count shown on `stream` once that takes long; `done` of `total`
    are there already."""
    return _with_bar(items, stream, total, done) if stream.isatty() else _with_lines(items, stream, total, done)


def _with_lines(items: Iterable[Item], stream: TextIO, total: int, done: int) -> Iterator[Item]:
    last = time.monotonic()
    for count, item in enumerate(items, done + 1):
        yield item
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES and count < total:
            last = time.monotonic()
            print(f"{count} of {total} rows", file=stream, flush=True)


def _with_bar(items: Iterable[Item], stream: TextIO, total: int, done: int) -> Iterator[Item]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    parts = (BarColumn(bar_width=30), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    bar = Progress(*parts, console=Console(file=stream), transient=True)
    task = bar.add_task("", total=total, completed=done)
    until, shown = time.monotonic() + SECONDS_BEFORE_BAR, False
    try:
        for item in items:
            yield item
            bar.update(task, advance=1)
            if not shown and time.monotonic() > until:
                shown = True
                bar.start()
    finally:
        if shown:
            bar.stop()
