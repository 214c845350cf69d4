"""The audit of symforget by its own claims: every mutant of every statement judged, in parallel, and counted."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from symforget.auditing.judgement import Judgement, Outcome, judge
from symforget.claims import Part, Verdict
from symforget.collect import Library, collect
from symforget.derivation import Context
from symforget.errors import InputError
from symforget.mutate import Mutant, most_mutants, mutants
from symforget.processes import belong_to_parent, end_now

CHUNK = 12
"""Mutants that a worker judges before it reports."""


@dataclass(frozen=True)
class Task:
    """Some of the mutants of one part of a claim: `CHUNK` at most, from ``first`` on among ``most`` of them."""

    claim: str
    part: str
    first: int
    most: int | None = None


@dataclass(frozen=True)
class Judged:
    """A task that is done, as the display of progress takes it; a worker that died leaves an error."""

    task: Task
    judgements: tuple[Judgement, ...]
    error: str = ""

    @property
    def id(self) -> str:
        return f"{self.task.claim} {self.task.part}".strip()

    @property
    def verdict(self) -> Verdict:
        wrong = self.error or any(j.outcome is Outcome.WRONGLY_ACCEPTED for j in self.judgements)
        return Verdict.ERROR if wrong else Verdict.SUPPORTED

    @property
    def expect(self) -> None:
        return None


class Progress(Protocol):
    """What an audit tells about itself while it goes on."""

    def start(self, total: int) -> None: ...

    def finish(self, result: Any) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Row:
    """The counts of one group of claims; ``claims`` and ``parts`` are those whose statements were mutated."""

    group: str
    claims: int
    parts: int
    outcomes: Mapping[Outcome, int]

    @property
    def mutants(self) -> int:
        return sum(self.outcomes.values())


@dataclass(frozen=True)
class Audit:
    """The result of an audit. ``judgements`` are in the order of the files whatever the number of processes."""

    judgements: tuple[Judgement, ...]
    environment: Mapping[str, str]
    interrupted: bool = False
    seconds: float = 0.0
    errors: tuple[str, ...] = ()
    most: int | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """One row for every group, then the total."""
        groups = list(dict.fromkeys(j.claim.split("/")[0] for j in self.judgements))
        rows = [_row(g, [j for j in self.judgements if j.claim.split("/")[0] == g]) for g in groups]
        return (*rows, _row("all", self.judgements))

    def of(self, outcome: Outcome) -> tuple[Judgement, ...]:
        """The mutants with one outcome."""
        return tuple(j for j in self.judgements if j.outcome is outcome)


def audit(selectors: Iterable[str], jobs: int = 1, most: int | None = None, progress: Progress | None = None) -> Audit:
    """Mutate every statement of the selected claims and judge every mutant; an interrupt keeps what is done.

    Args:
        selectors: groups, claims or files, all shipped claims by default.
        jobs: processes.
        most: how many mutants of each part are judged, all of them by default.
        progress: is told what is done.

    Raises:
        InputError: a selector matches nothing, or ``jobs`` is out of range.
    """
    if not 1 <= jobs <= 256:
        raise InputError(f"--jobs must be between 1 and 256, got {jobs}")
    if most is not None and most < 1:
        raise InputError(f"--most must be at least 1, got {most}")
    started = time.monotonic()
    chosen = tuple(selectors)
    library, wanted = collect(chosen)
    tasks = tuple(task for claim_id in wanted for task in _tasks(library, claim_id, most))
    done: dict[Task, Judged] = {}
    interrupted = False
    if progress is not None:
        progress.start(len(tasks))
    try:
        for judged in _run_all(chosen, tasks, jobs):
            done[judged.task] = judged
            if progress is not None:
                progress.finish(judged)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        if progress is not None:
            progress.stop()
    found = [done[t] for t in tasks if t in done]
    return Audit(
        judgements=tuple(j for one in found for j in one.judgements),
        environment=_environment(),
        interrupted=interrupted,
        seconds=time.monotonic() - started,
        most=most,
        errors=(*library.broken.values(), *(f"{one.id}: {one.error}" for one in found if one.error)),
    )


def exit_code(result: Audit, strict: bool) -> int:
    """0 none wrongly accepted, 1 one was (or with ``strict`` is undecided), 2 interrupted, else as for `verify`."""
    if result.interrupted:
        return 2
    if result.errors and not result.judgements:
        return 4
    bad = [Outcome.WRONGLY_ACCEPTED, *([Outcome.UNDECIDED] if strict else [])]
    if result.errors or any(result.of(outcome) for outcome in bad):
        return 1
    return 0 if result.judgements else 5


def _row(group: str, judgements: Iterable[Judgement]) -> Row:
    found = list(judgements)
    outcomes = {o: sum(j.outcome is o for j in found) for o in Outcome}
    return Row(group, len({j.claim for j in found}), len({(j.claim, j.part) for j in found}), outcomes)


def _tasks(library: Library, claim_id: str, most: int | None) -> Iterator[Task]:
    for part in library.claim(claim_id).parts:
        count = most or most_mutants(part.statement)  # some tasks at the end may turn out empty
        yield from (Task(claim_id, part.name, first, most) for first in range(0, count, CHUNK))


def _run_all(selectors: tuple[str, ...], tasks: tuple[Task, ...], jobs: int) -> Iterator[Judged]:
    if jobs == 1 or len(tasks) < 2:
        _start_worker(selectors, quiet=False)
        for task in tasks:
            yield _run(task)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), context, _start_worker, (selectors,))
    futures = {pool.submit(_run, task): task for task in tasks}
    try:
        yield from (_outcome_of(future, futures[future]) for future in as_completed(futures))
    finally:
        end_now(pool)


def _outcome_of(future: Future[Judged], task: Task) -> Judged:
    try:
        return future.result()
    except BrokenProcessPool:
        return Judged(task, (), "a worker process died, as happens when memory runs out")


_worker: dict[str, Library] = {}


def _start_worker(selectors: tuple[str, ...], quiet: bool = True) -> None:
    if quiet:
        belong_to_parent()
    _worker["library"] = collect(selectors)[0]
    _mutants_of.cache_clear()


@lru_cache(maxsize=4)
def _mutants_of(claim_id: str, name: str, most: int | None) -> tuple[Any, Part, tuple[Mutant, ...]]:
    claim = _worker["library"].claim(claim_id)
    part = next(p for p in claim.parts if p.name == name)
    return claim, part, tuple(mutants(part.statement, most))


def _run(task: Task) -> Judged:
    """Judge the mutants of a task. What goes wrong inside is the task's error, nobody else's."""
    try:
        claim, part, found = _mutants_of(task.claim, task.part, task.most)
        context = Context.of(claim, _worker["library"].lemmas_for(claim, part))
        chosen = found[task.first : task.first + CHUNK]
        return Judged(task, tuple(judge(claim, part, mutant, context) for mutant in chosen))
    except KeyboardInterrupt:
        raise
    except Exception as error:  # one task's defect must not take the audit down, nor go unseen
        return Judged(task, (), " ".join(f"{type(error).__name__}: {error}".split()))


def _environment() -> dict[str, str]:
    from symforget.verify import environment

    return environment()
