"""How a computation is stopped: when its time is up, and where an interrupt has to wait."""

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

_HELD = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGALRM") if hasattr(signal, name))


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

    ended = False

    def stop(signum: int, frame: FrameType | None) -> None:
        if not ended:
            raise TimeLimit(f"{what} was stopped after {seconds:g} s")

    started = time.monotonic()
    outer_left, _ = signal.getitimer(signal.ITIMER_REAL)
    if 0 < outer_left <= seconds:
        yield  # the limit outside fires first, and its own handler names it
        return
    previous, precision = signal.getsignal(signal.SIGALRM), ctx.prec
    try:
        # Armed inside both `try`s: the alarm may come at any line from here on, `ended = True` not excepted.
        try:
            signal.signal(signal.SIGALRM, stop)
            signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6), _AGAIN)
            yield
        finally:
            ended = True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        ctx.prec = precision  # the alarm may fall between a change of precision and the `try` that would undo it
        if outer_left > 0:
            left = max(outer_left - (time.monotonic() - started), 1e-6)
            signal.setitimer(signal.ITIMER_REAL, left, _AGAIN)


_arrived: list[int] | None = None
"""The signals that have come while they are held; None while they are not."""


@contextmanager
def signals_held() -> Iterator[list[int]]:
    """Let Ctrl-C and alarms wait until the body of the `with` statement has ended; they then act as ever.

    For work that an exception must not leave halfway: between Python and a C library that calls it back, the exception
    of a signal handler can be dropped, and the library goes on with a value that nobody computed. The list yielded
    fills with the signals that have come, so that the body can hurry; bodies inside one another share it. Off the main
    thread no signal arrives.
    """
    global _arrived
    if threading.current_thread() is not threading.main_thread():
        yield []
        return
    if _arrived is not None:
        yield _arrived
        return
    arrived: list[int] = []

    def note(signum: int, frame: FrameType | None) -> None:
        arrived.append(signum)

    # Looked up before any is replaced, so that at no moment one could be lost. None: not Python's to replace.
    handlers = [(s, handler) for s in _HELD if (handler := signal.getsignal(s)) is not None]
    try:
        for signum, _ in handlers:
            signal.signal(signum, note)
        _arrived = arrived
        yield arrived
    finally:
        _arrived = None
        for signum, handler in handlers:
            signal.signal(signum, handler)
        for signum, _ in handlers:  # an alarm last: its exception would keep an interrupt from being raised
            if signum in arrived:
                signal.raise_signal(signum)
