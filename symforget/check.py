"""A run over a reader's claims file: every claim and derivation in its own process, a report at the end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import sympy
from sympy.core.relational import Relational

from symforget.checking import Limits, examine
from symforget.claims import (
    ClaimResult,
    DerivationResult,
    Evidence,
    Leg,
    Report,
    StepResult,
    Verdict,
    combine_part,
    weakest,
)
from symforget.claimsfile import ReaderClaim, ReaderDerivation, load
from symforget.errors import InputError, SymforgetError
from symforget.repair import suggestion
from symforget.workers import Outcome, run_each

GRACE_SECONDS = 0.5
"""How long after its own limit a worker is killed."""


@dataclass(frozen=True)
class Options:
    """How to check. ``limits`` hold for each claim, and for each derivation as a whole."""

    limits: Limits = field(default_factory=Limits)
    jobs: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.jobs <= 256:
            raise InputError(f"--jobs must be between 1 and 256, got {self.jobs}")


class Progress(Protocol):
    """What a run tells about itself while it goes on."""

    def start(self, total: int) -> None: ...

    def finish(self, result: ClaimResult) -> None: ...

    def stop(self) -> None: ...


def run_file(path: Path | str, options: Options, progress: Progress | None = None) -> Report:
    """Check every claim and derivation of a file; an interrupt keeps what is done.

    Raises InputError for a file that cannot be read, before anything is run.
    """
    started = time.monotonic()
    content = load(path)
    items: list[ReaderClaim | ReaderDerivation] = [*content.claims, *content.derivations]
    if progress is not None:
        progress.start(len(content.claims))
    done: dict[int, ClaimResult | DerivationResult] = {}
    interrupted = False
    tasks = [(item, options.limits) for item in items]
    try:
        for outcome in run_each(work, tasks, options.jobs, options.limits.seconds + GRACE_SECONDS):
            result = _result(items[outcome.index], outcome)
            done[outcome.index] = result
            if progress is not None and isinstance(result, ClaimResult):
                progress.finish(result)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        if progress is not None:
            progress.stop()
    results = [done[index] for index in sorted(done)]
    return Report(
        claims=tuple(r for r in results if isinstance(r, ClaimResult)),
        derivations=tuple(r for r in results if isinstance(r, DerivationResult)),
        environment=_environment(),
        options=_as_data(options),
        interrupted=interrupted,
        seconds=time.monotonic() - started,
    )


def work(task: tuple[ReaderClaim | ReaderDerivation, Limits]) -> Iterator[Any]:
    """What a worker does: evidence for a claim; (step, evidence) and at last a repair for a derivation."""
    item, limits = task
    if isinstance(item, ReaderClaim):
        relation, domain = item.relation()
        yield from _guarded(relation, domain, limits)
        return
    relations, domain = item.relations()
    deadline = time.monotonic() + limits.seconds
    refuted: Relational | None = None
    for number, relation in enumerate(relations):
        share = max((deadline - time.monotonic()) / (len(relations) - number + 1), 0.1)
        used = {s: domain[s] for s in domain if s in relation.free_symbols}
        limited = Limits(share, limits.digits, limits.max_boxes, limits.legs)
        for evidence in _guarded(relation, used, limited):
            yield number, evidence
            if evidence.verdict is Verdict.REFUTED and refuted is None:
                refuted = relation
    if refuted is not None:
        yield "repair", suggestion(refuted, domain, deadline - time.monotonic())


def _guarded(relation: Relational, domain: Mapping[Any, Any], limits: Limits) -> Iterator[Evidence]:
    """Evidence; an error that no stage foresaw becomes evidence too."""
    try:
        yield from examine(relation, domain, limits)
    except (MemoryError, RecursionError) as error:
        yield Evidence(Leg.CERTIFIED, Verdict.UNDECIDED, f"stopped: {type(error).__name__}, the claim is too large")
    except SymforgetError as error:
        yield Evidence(Leg.CERTIFIED, Verdict.ERROR, str(error))
    except Exception as error:  # one claim's defect must not take the run down, nor go unseen
        yield Evidence(Leg.CERTIFIED, Verdict.ERROR, f"defect of symforget: {type(error).__name__}: {error}")


def _result(item: ReaderClaim | ReaderDerivation, outcome: Outcome) -> ClaimResult | DerivationResult:
    if isinstance(item, ReaderClaim):
        return _claim_result(item, outcome)
    return _derivation_result(item, outcome)


def _claim_result(item: ReaderClaim, outcome: Outcome) -> ClaimResult:
    evidence = _as_written((*outcome.messages, *_stopped(outcome)), item.statement)
    verdict, detail = combine_part(evidence, Verdict.PROVED)
    if verdict is Verdict.CERTIFIED:
        detail = next(e.detail for e in evidence if e.verdict is Verdict.CERTIFIED)
    relation, _ = item.relation()
    return ClaimResult(
        id=item.id,
        title=item.title,
        statements=(("", item.statement),),
        domain=dict(item.domain),
        kind=_kind(relation),
        densities="Gaussian",
        hypotheses="",
        source=item.source,
        sentences=(),
        verdict=verdict,
        detail=detail,
        evidence=evidence,
        expect=item.expect,
        seconds=outcome.seconds,
        attempts=True,
    )


def _derivation_result(item: ReaderDerivation, outcome: Outcome) -> DerivationResult:
    relations, _ = item.relations()
    found: dict[int, list[Evidence]] = {}
    repair = ""
    for key, message in outcome.messages:
        if key == "repair":
            repair = message
        else:
            found.setdefault(key, []).append(message)
    steps = [_first_step(item, relations[0])]
    for number, relation in enumerate(relations):
        evidence = found.get(number, []) or [*_stopped(outcome)]
        text = " ".join((item.steps[number][1], *item.steps[number + 1]))
        steps.append(_step_result(number + 2, item, relation, _as_written(evidence, text)))
    verdict = weakest(step.verdict for step in steps)
    return DerivationResult(item.id, verdict, tuple(steps), _repair_text(steps, repair), item.expect)


def _repair_text(steps: list[StepResult], repair: str) -> str:
    wrong = next((n for n, step in enumerate(steps, start=1) if step.verdict is Verdict.REFUTED), None)
    return f"step {wrong} is the first that is wrong; {repair}" if wrong and repair else ""


def _first_step(item: ReaderDerivation, relation: Any) -> StepResult:
    return StepResult("", item.steps[0][1], sympy.latex(relation.lhs), "", Verdict.PROVED, "start")


def _step_result(number: int, item: ReaderDerivation, relation: Any, evidence: tuple[Evidence, ...]) -> StepResult:
    verdict, _ = combine_part(evidence, Verdict.PROVED)
    witness = next((e.witness for e in evidence if e.witness is not None), None)
    telling = [e.detail for e in evidence if e.verdict is verdict] or [e.detail for e in evidence]
    sign, text = item.steps[number - 1]
    return StepResult(
        relation=sign,
        expression=text,
        latex=sympy.latex(relation.rhs),
        reason="",
        verdict=verdict,
        detail=f"step {number}: {telling[0]}" if telling else f"step {number}: not examined",
        witness=witness,
    )


def _as_written(evidence: Iterable[Evidence], text: str) -> tuple[Evidence, ...]:
    """The evidence with witnesses that quote the relation in its author's words."""
    return tuple(e if e.witness is None else replace(e, witness=replace(e.witness, relation=text)) for e in evidence)


def _stopped(outcome: Outcome) -> tuple[Evidence, ...]:
    if not outcome.stopped:
        return ()
    return (Evidence(Leg.CERTIFIED, Verdict.UNDECIDED, outcome.stopped, seconds=outcome.seconds),)


def _kind(relation: Relational) -> str:
    if relation.has(sympy.Limit):
        return "limit"
    if isinstance(relation, sympy.Eq):
        return "identity"
    return "inequality"


def _environment() -> dict[str, str]:
    from symforget.verify import environment

    return environment()


def _as_data(options: Options) -> dict[str, Any]:
    limits = options.limits
    return {
        "digits": limits.digits,
        "jobs": options.jobs,
        "legs": sorted(limits.legs),
        "max_boxes": limits.max_boxes,
        "timeout": limits.seconds,
    }
