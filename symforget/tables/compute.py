"""Rows in order, in this process or in several, as they are done: memory does not grow with the table."""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain
from typing import Any, TypeVar

from symforget.errors import SymforgetError
from symforget.processes import belong_to_parent, end_now
from symforget.tables.evaluate import Row, row_at
from symforget.tables.request import Request

SECONDS_ALONE = 1.0
LARGEST_CHUNK = 64
CHUNKS_PER_PROCESS = 16

Task = TypeVar("Task")
Result = TypeVar("Result")


def rows(request: Request, jobs: int = 1, first: int = 0) -> Iterator[Row]:
    """The rows of a table from `first` on, in order; in `jobs` processes where that is worth starting them.

    An interrupt passes through; every row yielded before it is whole.
    """
    size = max(1, min(LARGEST_CHUNK, (request.rows - first) // (jobs * CHUNKS_PER_PROCESS)))
    chunks = (range(i, min(i + size, request.rows)) for i in range(first, request.rows, size))
    for chunk in in_order(partial(_rows_of, request), chunks, jobs):
        yield from chunk


def _rows_of(request: Request, indices: range) -> list[Row]:
    return [row_at(request, i) for i in indices]


def in_order(work: Callable[[Task], Result], tasks: Iterable[Task], jobs: int) -> Iterator[Result]:
    """work(task) for every task, in order: here for the first second, after that in `jobs` processes."""
    waiting = iter(tasks)
    until = time.monotonic() + SECONDS_ALONE
    for task in waiting:
        yield work(task)
        if jobs > 1 and time.monotonic() > until:
            break
    first = next(waiting, None)
    if first is not None:
        yield from _in_processes(work, chain([first], waiting), jobs)


def _in_processes(work: Callable[[Task], Result], tasks: Iterator[Task], jobs: int) -> Iterator[Result]:
    """At most two tasks per process are under way, so that a slow reader does not pile up results."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_start_worker, initargs=(work,))
    flight: deque[Future[Result]] = deque()
    try:
        for task in tasks:
            flight.append(pool.submit(_work_on, task))
            if len(flight) >= 2 * jobs + 1:
                yield flight.popleft().result()
        while flight:
            yield flight.popleft().result()
    except BrokenProcessPool:
        raise SymforgetError("a worker process died, as happens when memory runs out: use fewer --jobs") from None
    except BaseException:
        end_now(pool)
        raise
    pool.shutdown()


_worker: dict[str, Callable[[Any], Any]] = {}


def _start_worker(work: Callable[[Any], Any]) -> None:
    """What a process is given once: the work, with a table's whole request; the parent decides about interrupts."""
    belong_to_parent()
    _worker["work"] = work


def _work_on(task: Any) -> Any:
    return _worker["work"](task)
