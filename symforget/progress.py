"""How a run shows that it is getting on: a live bar in a terminal, sparse plain lines anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from symforget.claims import ClaimResult, Verdict

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

SECONDS_BETWEEN_LINES = 10.0


def progress_for(stream: TextIO, counted: str = "claims checked") -> PlainProgress | LiveProgress:
    """The display that suits a stream: control characters go to terminals only. ``counted``: what is counted."""
    return LiveProgress(stream) if stream.isatty() else PlainProgress(stream, counted=counted)


def alarm(result: ClaimResult) -> str | None:
    """What is worth saying at once about a finished claim: a verdict neither positive nor expected."""
    if result.verdict.holds or result.expect is result.verdict:
        return None
    return f"{result.verdict}: {result.id}"


class PlainProgress:
    """Lines without control characters: every alarm, and where the run stands at most once in ten seconds."""

    def __init__(
        self, stream: TextIO, clock: Callable[[], float] = time.monotonic, counted: str = "claims checked"
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._counted = counted
        self._total = 0
        self._done = 0
        self._last = 0.0

    def start(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._last = self._clock()

    def finish(self, result: ClaimResult) -> None:
        self._done += 1
        if (text := alarm(result)) is not None:
            self._say(text)
        if self._clock() - self._last >= SECONDS_BETWEEN_LINES and self._done < self._total:
            self._last = self._clock()
            self._say(f"{self._done} of {self._total} {self._counted}")

    def stop(self) -> None:
        """Nothing is left on the screen that would have to go."""

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class LiveProgress:
    """A bar with count, time and the claim finished last; it vanishes when the run ends, alarms stay."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        bar = Progress(
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(file=self._stream),
            transient=True,
        )
        self._bar, self._task = bar, bar.add_task("", total=total)
        bar.start()

    def finish(self, result: ClaimResult) -> None:
        if self._bar is None or self._task is None:
            return
        if (text := alarm(result)) is not None:
            style = "yellow" if result.verdict is Verdict.UNDECIDED else "bold red"
            self._bar.console.print(text, style=style, markup=False, highlight=False)
        self._bar.update(self._task, advance=1, description=result.id)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
