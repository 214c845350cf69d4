"""Running claims: legs in parallel processes, verdicts combined through dependencies, false twins refuted."""

from __future__ import annotations

import gc
import platform
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import chain, zip_longest
from typing import Any, Protocol

from symforget.claims import (
    Claim,
    ClaimResult,
    DerivationResult,
    Evidence,
    Leg,
    Part,
    Report,
    TwinResult,
    Verdict,
    combine_part,
    weakest,
)
from symforget.collect import Library, collect, line_of, output_apart
from symforget.errors import InputError, SymforgetError
from symforget.processes import belong_to_parent, cheapest_context, end_now

ALL_LEGS = frozenset(Leg)


@dataclass(frozen=True)
class Options:
    """How to verify. ``digits``: of numeric agreement.

    ``quick``: a part is taken to hold once its derivation is checked; elsewhere fewer draws, and one measurement. False
    twins, which test the checks rather than the claims, are left out.
    """

    legs: frozenset[Leg] = ALL_LEGS
    digits: int = 30
    quick: bool = False
    jobs: int = 1
    seed: int = 0
    strict: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (("digits", 1, 10_000), ("jobs", 1, 256), ("seed", 0, 2**63 - 1)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"--{name} must be between {low} and {high}, got {value}")
        if not self.legs:
            raise InputError("--legs: name at least one leg")


class Progress(Protocol):
    """What a run tells about itself while it goes on."""

    def start(self, total: int) -> None: ...

    def finish(self, result: ClaimResult) -> None: ...

    def stop(self) -> None: ...


def verify(selectors: Iterable[str], options: Options, progress: Progress | None = None) -> Report:
    """Verify the selected claims and those they depend on; an interrupt keeps what is done."""
    started = time.perf_counter()
    chosen = tuple(selectors)
    library, wanted = collect(chosen)
    needed = with_dependencies(library, wanted)
    found: dict[str, ClaimResult] = {}
    results: dict[str, ClaimResult] = {}
    interrupted = False
    if progress is not None:
        progress.start(len(wanted))
    try:
        for result in run_all(chosen, library, _alone_first(library, needed), options):
            found[result.id] = result
            _settle(library, found, results, set(wanted), progress)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        if progress is not None:
            progress.stop()
    return Report(
        claims=tuple(results[i] for i in wanted if i in results),
        derivations=(),
        environment=environment(),
        options={"legs": sorted(options.legs), "digits": options.digits, "quick": options.quick, "seed": options.seed},
        interrupted=interrupted,
        seconds=time.perf_counter() - started,
        errors=tuple(library.broken.values()),
        answers=library.answers,
    )


def with_dependencies(library: Library, wanted: Iterable[str]) -> tuple[str, ...]:
    """The IDs and all they depend on, each after its dependencies; those in a broken file are left out.

    Raises:
        InputError: a dependency is unknown, or claims depend on each other in a circle.
    """
    order: list[str] = []
    state: dict[str, str] = {}

    def visit(claim_id: str, path: tuple[str, ...]) -> None:
        if state.get(claim_id) == "done":
            return
        if state.get(claim_id) == "open":
            circle = " -> ".join((*path[path.index(claim_id) :], claim_id))
            raise InputError(f"{_file(library, claim_id)}: claims depend on each other in a circle: {circle}")
        if claim_id not in library.entries:
            if library.is_broken(claim_id):
                return
            file = _file(library, path[-1])
            raise InputError(f"{file}: {path[-1]} depends on {claim_id}, which no derivation file states")
        state[claim_id] = "open"
        for dependency in library.entries[claim_id].spec.depends_on:
            visit(dependency, (*path, claim_id))
        state[claim_id] = "done"
        order.append(claim_id)

    for claim_id in wanted:
        visit(claim_id, ())
    return tuple(order)


def _file(library: Library, claim_id: str) -> str:
    return library.entries[claim_id].path.name


def _alone_first(library: Library, ids: Sequence[str]) -> tuple[str, ...]:
    """Claims that neither rest on others nor carry any come first: each has its verdict as soon as it was run."""
    carrying = {d for i in ids for d in library.entries[i].spec.depends_on}
    return tuple(sorted(ids, key=lambda i: i in carrying or bool(library.entries[i].spec.depends_on)))


def run_all(
    selectors: tuple[str, ...], library: Library, ids: tuple[str, ...], options: Options
) -> Iterator[ClaimResult]:
    """Results of `run_claim` as they come, from this process for one job, else from worker processes."""
    if options.jobs == 1 or len(ids) < 2:
        for claim_id in ids:
            yield run_claim(library, claim_id, options)
        return
    _worker["library"] = library
    pool = ProcessPoolExecutor(min(options.jobs, len(ids)), cheapest_context(), _start_worker, (selectors, options))
    with warnings.catch_warnings():  # the threads a copy would miss are idle ones of the BLAS
        warnings.filterwarnings("ignore", ".*multi-threaded.*fork", DeprecationWarning)
        futures = {pool.submit(_run_in_worker, claim_id): claim_id for claim_id in ids}
    try:
        yield from (_result_of(future, library, futures[future]) for future in as_completed(futures))
    finally:
        end_now(pool)


def _result_of(future: Future[ClaimResult], library: Library, claim_id: str) -> ClaimResult:
    try:
        return future.result()
    except BrokenProcessPool:
        return _failed(library, claim_id, "a worker process died, as happens when memory runs out")


_worker: dict[str, Any] = {}


def _start_worker(selectors: tuple[str, ...], options: Options) -> None:
    belong_to_parent()
    # Hardly anything here is garbage: to look for it as often as is usual takes a thirtieth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    if "library" not in _worker:
        _worker["library"] = collect(selectors)[0]
    _worker["options"] = options


def _run_in_worker(claim_id: str) -> ClaimResult:
    return run_claim(_worker["library"], claim_id, _worker["options"])


def run_claim(library: Library, claim_id: str, options: Options) -> ClaimResult:
    """Run every leg of one claim, and its false twin; what the claim depends on is taken as proved (see `settled`).

    What goes wrong inside is the claim's error, nobody else's.
    """
    started = time.perf_counter()
    try:
        claim = library.claim(claim_id)
        evidence = tuple(e for part in claim.parts for e in run_part(claim, part, library, options))
        result = _described(claim, evidence, None if options.quick else run_twin(library, claim_id, options))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a derivation file is the user's code, which may also call sys.exit
        text = str(error) if isinstance(error, SymforgetError) else f"{type(error).__name__}: {error}"
        result = _failed(library, claim_id, " ".join(text.split()).replace(f" {claim_id}:", "", 1))
    return replace(result, seconds=time.perf_counter() - started)


def _described(claim: Claim, evidence: tuple[Evidence, ...], twin: TwinResult | None) -> ClaimResult:
    from symforget.derivation import as_text

    result = ClaimResult(
        id=claim.id,
        title=claim.title,
        statements=tuple((p.name, as_text(p.statement)) for p in claim.parts),
        domain={str(s): str(i) for s, i in claim.domain.items()},
        kind=str(claim.kind),
        densities=str(claim.densities),
        hypotheses=claim.hypotheses,
        source=claim.source,
        sentences=claim.sentences,
        verdict=Verdict.UNDECIDED,
        detail="",
        evidence=evidence,
        depends_on=claim.depends_on,
        twin=twin,
    )
    return settled(result, {})


def _failed(library: Library, claim_id: str, why: str) -> ClaimResult:
    spec = library.entries[claim_id].spec
    return ClaimResult(claim_id, "", (), {}, "", "", "", "", spec.sentences, Verdict.ERROR, why, (), spec.depends_on)


def settled(result: ClaimResult, dependencies: Mapping[str, Verdict]) -> ClaimResult:
    """The result with its verdict: the weakest of its parts, each as sure as its legs and what it depends on allow."""
    if not result.statements:
        return result
    base = weakest(dependencies.values()) if dependencies else Verdict.PROVED
    parts = [combine_part([e for e in result.evidence if e.part == name], base) for name, _ in result.statements]
    verdict = weakest(v for v, _ in parts)
    detail = next((d for v, d in parts if v is verdict and d), "")
    if result.twin is not None and result.twin.verdict is not Verdict.REFUTED and verdict.holds:
        accepted = result.twin.verdict.holds
        verdict, detail = (Verdict.ERROR if accepted else Verdict.UNDECIDED), "its false twin was not refuted"
    shaky = [d for d, v in dependencies.items() if not v.holds]
    if shaky and verdict is Verdict.UNDECIDED:
        detail = f"depends on {shaky[0]}, which is {dependencies[shaky[0]]}"
    return replace(result, verdict=verdict, detail=detail)


def run_part(
    claim: Claim, part: Part, library: Library, options: Options, thorough: bool | None = None
) -> Iterator[Evidence]:
    """Evidence from every leg asked for; the certified leg always looks for a witness.

    ``thorough``: whether it looks long; by default only if this run has not proved the statement.
    """
    from symforget.derivation import Context
    from symforget.legs import certified, numeric, simulation, symbolic

    context = Context.of(claim, library.lemmas_for(claim, part))
    proved = False
    runs: dict[Leg, Callable[[], tuple[Evidence, ...]]] = {
        Leg.SYMBOLIC: lambda: (
            (symbolic.run(claim, part, context, spot=not options.quick),) if part.symbolic is not None else ()
        ),
        Leg.CERTIFIED: lambda: certified.run(
            claim, part, context, options.digits, options.quick, not proved if thorough is None else thorough
        ),
        Leg.NUMERIC: lambda: numeric.run(claim, part, options.digits, options.quick),
        Leg.SIMULATION: lambda: simulation.run(claim, part, options.seed, options.quick),
    }
    for leg in Leg:
        if leg in options.legs and not (options.quick and proved):
            for evidence in _timed(leg, part, runs[leg]):
                proved = proved or evidence.verdict is Verdict.PROVED
                yield evidence


def _timed(leg: Leg, part: Part, run: Callable[[], tuple[Evidence, ...]]) -> Iterator[Evidence]:
    started = time.perf_counter()
    try:
        with output_apart():
            found = run()
    except Exception as error:  # what a leg cannot survive is that leg's error, shown with the claim
        line = line_of(error)
        place = f" (line {line} of the derivation file)" if line else ""
        text = " ".join(f"{leg} leg: {type(error).__name__}: {error}{place}".split())
        found = (Evidence(leg, Verdict.ERROR, text, part.name),)
    seconds = time.perf_counter() - started
    yield from (replace(e, seconds=seconds / len(found)) for e in found)


def run_twin(library: Library, claim_id: str, options: Options) -> TwinResult:
    """The claim with its false constants, put through the same legs until one refutes one of its parts.

    The search for a witness comes first, since it usually suffices: on every part that the false constants change,
    those without integrals before those with.
    """
    from symforget.legs.points import holds_integrals

    constants = library.entries[claim_id].spec.false_twin
    shown = {k: str(v) for k, v in constants.items()}
    twin = library.claim(claim_id, constants)
    search = replace(options, legs=frozenset({Leg.CERTIFIED}))
    everything = replace(options, legs=ALL_LEGS)
    own = library.claim(claim_id).parts
    changed = [t for t, part in zip_longest(twin.parts, own) if t and (not part or t.statement != part.statement)]
    bare = sorted((replace(p, certified=()) for p in changed), key=lambda p: holds_integrals(p.statement))
    rounds = chain(
        ((part, search, False) for part in bare),
        ((part, search, True) for part in bare),
        ((part, everything, True) for part in twin.parts),
    )
    verdicts = []
    for part, chosen, thorough in rounds:
        found = list(run_part(twin, part, library, chosen, thorough))
        refuting = next((e for e in found if e.verdict is Verdict.REFUTED), None)
        if refuting is not None:
            return TwinResult(shown, Verdict.REFUTED, refuting.leg, refuting.witness, refuting.detail)
        verdicts.append(combine_part(found, Verdict.PROVED)[0])
    return TwinResult(shown, weakest(verdicts[2 * len(bare) :]), None, None, "the false twin was not refuted")


def _settle(
    library: Library,
    found: Mapping[str, ClaimResult],
    results: dict[str, ClaimResult],
    wanted: set[str],
    progress: Progress | None,
) -> None:
    """Give what was found its verdict where everything it depends on has one."""
    for claim_id, result in found.items():
        dependencies = result.depends_on
        if claim_id in results or any(d not in results and d in library.entries for d in dependencies):
            continue
        known = {d: results[d].verdict if d in results else Verdict.ERROR for d in dependencies}
        results[claim_id] = settled(result, known)
        if progress is not None and claim_id in wanted:
            progress.finish(results[claim_id])
        return _settle(library, found, results, wanted, progress)


def derive(claim_id: str, files: Iterable[str] = ()) -> tuple[DerivationResult, ...]:
    """The checked derivation of each part of a claim that has one; ``files``: derivation files beside the shipped ones.

    Raises:
        InputError: no such claim, or it has no derivation.
    """
    from symforget.derivation import Context
    from symforget.legs.symbolic import check_derivation

    library, _ = collect(files)
    claim = library.claim(claim_id)
    found = []
    for part in claim.parts:
        if part.symbolic is not None:
            context = Context.of(claim, library.lemmas_for(claim, part))
            with output_apart():
                steps = check_derivation(claim, part, context)
            name = f"{claim.id}" + (f" ({part.name})" if part.name else "")
            found.append(DerivationResult(name, weakest(s.verdict for s in steps), steps))
    if not found:
        raise InputError(f"{claim_id} has no derivation; its other legs: symforget show {claim_id}")
    return tuple(found)


def exit_code(report: Report, strict: bool) -> int:
    """As pytest's: 0 all hold, 1 something fails (``strict``: or a leg is undecided), 2 interrupted, 5 nothing ran."""
    if report.interrupted:
        return 2
    if report.errors:
        return 4 if not report.claims else 1
    if not report.claims and not report.derivations:
        return 5
    bad = (Verdict.REFUTED, Verdict.ERROR, *((Verdict.UNDECIDED,) if strict else ()))
    results = (*report.claims, *report.derivations)
    failed = any(r.verdict is not r.expect if r.expect else r.verdict in bad for r in results)
    failed = failed or (strict and any(claim.open_legs for claim in report.claims))
    return 1 if failed else 0


def environment() -> dict[str, str]:
    """Versions that a result may depend on; nothing that names a machine or a moment."""
    import flint
    from sympy.external.gmpy import GROUND_TYPES

    packages = {name: version(name) for name in ("sympy", "mpmath", "numpy", "scipy", "python-flint")}
    return {
        "symforget": version("symforget"),
        "python": platform.python_version(),
        **packages,
        "flint": flint.__FLINT_VERSION__,
        "ground_types": GROUND_TYPES,
    }
