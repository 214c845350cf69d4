"""Worker processes: how they start, what an interrupt means to them, and that none outlives the run it works for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from typing import Any


def cheapest_context() -> Any:
    """How worker processes start: as a copy of this one where that is safe (Linux, one thread), since it costs nothing.

    Elsewhere each worker imports everything anew, which takes about a second.
    """
    copying = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if copying else "spawn")


def belong_to_parent() -> None:
    """To be called in a worker first: an interrupt is its parent's to answer, and the worker ends when that is gone.

    A parent that is killed cannot tell its workers, which would wait for work for ever.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a copy of the parent has its parent's way with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_after, args=(parent.sentinel,), daemon=True).start()


def _leave_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def end_now(pool: ProcessPoolExecutor) -> None:
    """Stop at once: an executor's own shutdown would wait for the work that is being done."""
    workers = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.terminate()
