"""How a computation is stopped when its time is up."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flint import ctx

from symforget.errors import TimeLimit

_AGAIN = 0.5
"""Seconds after which the alarm is repeated: Python drops an exception raised in a destructor or a gc callback."""


_alarms: list[int] = []


def alarms() -> int:
    """How many alarms have rung in this process: what was computed while one rang may be wrong, if it was dropped."""
    return len(_alarms)


@contextmanager
def time_limit(seconds: float, what: str = "the computation") -> Iterator[None]:
    """Run the body of the `with` statement for at most `seconds` of wall-clock time.

    Limits nest: the earliest deadline wins, and the limit outside is re-armed with what is left of
    it. The alarm is checked between Python bytecodes, so a single call into C (one long integer
    power, one FLINT evaluation) ends before it is obeyed. Off the main thread, and where the system
    has no interval timer, no alarm can be set: run the work in a process of its own there.

    Raises:
        TimeLimit: the body took longer.
        RuntimeError: called where no alarm can be set.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        raise RuntimeError("time_limit needs the main thread of a process on a system with interval timers")

    def stop(signum: int, frame: FrameType | None) -> None:
        _alarms.append(signum)
        raise TimeLimit(f"{what} was stopped after {seconds:g} s")

    started = time.monotonic()
    outer_left, _ = signal.getitimer(signal.ITIMER_REAL)
    if 0 < outer_left <= seconds:
        yield  # the limit outside fires first, and its own handler names it
        return
    previous = signal.signal(signal.SIGALRM, stop)
    precision = ctx.prec
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6), _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        ctx.prec = precision  # the alarm may fall between a change of precision and the `try` that would undo it
        if outer_left > 0:
            signal.setitimer(signal.ITIMER_REAL, max(outer_left - (time.monotonic() - started), 1e-6))
