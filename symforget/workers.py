"""Work that may have to be killed: every task in its own process, with hard limits of time and memory."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from symforget.timelimit import signals_held

MEMORY_BYTES = 4 * 2**30

#: A task's work: a module-level function from the task to the messages it sends home, one by one.
Work = Callable[[Any], Iterator[Any]]


@dataclass(frozen=True)
class Outcome:
    """What came of one task: its messages so far, and why it was ended if it did not end by itself."""

    index: int
    messages: tuple[Any, ...]
    stopped: str
    seconds: float


@dataclass
class _Running:
    index: int
    process: Any
    connection: Connection
    started: float
    messages: list[Any] = field(default_factory=list)


def run_each(work: Work, tasks: Sequence[Any], jobs: int, seconds: float) -> Iterator[Outcome]:
    """Run every task in its own process, at most `jobs` at a time; yield outcomes as they come.

    A task that runs longer than `seconds` is killed; what it had sent is kept. If the consumer stops (closes
    the generator, or Ctrl-C arrives), every process still running is killed.
    """
    context = _context()
    waiting = deque(enumerate(tasks))
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                index, task = waiting.popleft()
                with signals_held():  # half started, a worker would be left alone and complain
                    running.append(_start(context, work, index, task))
            yield from _settle(running, seconds)
    finally:
        for one in running:
            _end(one)


def _context() -> Any:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    # SymPy is imported once, in the server that every worker is forked from.
    context.set_forkserver_preload(["__main__", "symforget.check"])
    _start_server()
    return context


def _start_server() -> None:
    """Start the server with Ctrl-C blocked, which it inherits: it ignores one only once it has imported everything."""
    from multiprocessing import forkserver, resource_tracker  # not everywhere

    resource_tracker.ensure_running()  # unblocks what it blocks, and is started with the server otherwise
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(context: Any, work: Work, index: int, task: Any) -> _Running:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, task, sender), daemon=True)
    process.start()
    sender.close()
    return _Running(index, process, receiver, time.monotonic())


def _child(work: Work, task: Any, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means
    _limit_memory()
    for message in work(task):
        sender.send(message)
    sender.close()


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _settle(running: list[_Running], seconds: float) -> Iterator[Outcome]:
    """Wait for news or for the next deadline, and yield the outcome of every task that has ended."""
    nearest = min(one.started for one in running) + seconds - time.monotonic()
    ready = wait([one.connection for one in running], timeout=max(nearest, 0))
    for one in list(running):
        ended = one.connection in ready and not _receive(one)
        late = time.monotonic() - one.started >= seconds
        if not (ended or late):
            continue
        running.remove(one)
        stopped = "" if ended else f"stopped at the time limit of {seconds:g} s"
        if ended:
            one.process.join(1.0)
            stopped = "" if one.process.exitcode == 0 else _death(one.process.exitcode)
        _end(one)
        yield Outcome(one.index, tuple(one.messages), stopped, time.monotonic() - one.started)


def _receive(one: _Running) -> bool:
    """Take in what has been sent; False once the task has closed its end."""
    try:
        while one.connection.poll():
            one.messages.append(one.connection.recv())
    except (EOFError, OSError):
        return False
    return True


def _end(one: _Running) -> None:
    if one.process.is_alive():
        one.process.kill()
    one.process.join(5.0)
    one.connection.close()


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        return f"the worker was ended by signal {-code}, as happens when memory runs out"
    return f"the worker ended with exit code {code}, as happens when memory runs out"
