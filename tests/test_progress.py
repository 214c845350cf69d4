"""The progress displays."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest

from symforget.claims import ClaimResult, Verdict
from symforget.progress import LiveProgress, PlainProgress, alarm, progress_for


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 0.0
    stream: io.StringIO = field(default_factory=io.StringIO)

    def __call__(self) -> float:
        return self.now


def result(name: str, verdict: Verdict = Verdict.PROVED, expect: Verdict | None = None) -> ClaimResult:
    return ClaimResult(name, name, (), {}, "", "", "", "", (), verdict, "", (), expect=expect)


def test_display_suits_the_stream() -> None:
    """If it failed, control characters would end up in log files."""
    assert isinstance(progress_for(io.StringIO()), PlainProgress)
    assert isinstance(progress_for(Terminal()), LiveProgress)


def test_plain_lines_are_sparse() -> None:
    """If it failed, a log would hold a line for every claim, or none in an hour."""
    clock = Clock()
    plain = PlainProgress(clock.stream, clock)
    plain.start(100)
    for number in range(100):
        clock.now += 1.0
        plain.finish(result(f"g/{number}"))
    plain.stop()
    assert clock.stream.getvalue().splitlines() == [f"{n} of 100 claims checked" for n in range(10, 100, 10)]


def test_plain_display_tells_of_a_refutation_at_once() -> None:
    clock = Clock()
    plain = PlainProgress(clock.stream, clock)
    plain.start(2)
    plain.finish(result("g/false", Verdict.REFUTED))
    assert clock.stream.getvalue() == "refuted: g/false\n"


@pytest.mark.parametrize("verdict", [Verdict.PROVED, Verdict.CERTIFIED, Verdict.SUPPORTED])
def test_claim_that_holds_raises_no_alarm(verdict: Verdict) -> None:
    assert alarm(result("g/true", verdict)) is None


def test_expected_refutation_raises_no_alarm() -> None:
    assert alarm(result("g/twin", Verdict.REFUTED, Verdict.REFUTED)) is None
    assert alarm(result("g/twin", Verdict.REFUTED)) == "refuted: g/twin"


def test_live_display_stops_cleanly_and_keeps_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it failed, a bar would be left on the screen, or a refutation lost with it."""
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    live = LiveProgress(screen)
    live.start(2)
    live.finish(result("g/[bold]false", Verdict.REFUTED))
    live.stop()
    live.stop()
    assert "refuted: g/[bold]false" in screen.getvalue()
