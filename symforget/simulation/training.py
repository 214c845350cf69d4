"""The training loop: steps of one variant for a chunk of replicates, its memory, and chunks shared out to processes."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from symforget.errors import InputError
from symforget.processes import belong_to_parent, end_now
from symforget.simulation.draws import Noise
from symforget.simulation.estimators import estimates, workspace_bytes
from symforget.simulation.groups import Group, groups
from symforget.simulation.scenarios import Scenario
from symforget.simulation.state import Array, Gradient, State, Workspace

ENOUGH_REPLICATES, ENOUGH_DRAWS = 64, 65_536
"""Replicates trained together, and draws of theirs, at which what a step costs whatever their number hardly matters."""
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Settings:
    """``max_memory``: bytes that arrays of all processes together may take, results included."""

    replicates: int = 64
    seed: int = 0
    jobs: int = 1
    max_memory: int = 2**30

    def __post_init__(self) -> None:
        limits = (("replicates", 1, 10_000_000), ("seed", 0, 2**63 - 1), ("jobs", 1, 256))
        for name, low, high in limits:
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"--{name} must be between {low} and {high}, got {value}")


@dataclass(frozen=True)
class Trajectories:
    """What happened: ``weight`` (R, steps + 1), ``means`` (R, steps + 1, 2, d), ``scales`` (R, steps + 1, 2)."""

    weight: Array
    means: Array
    scales: Array

    @classmethod
    def empty(cls, scenario: Scenario, replicates: int) -> Trajectories:
        shape = (replicates, scenario.steps + 1)
        return cls(np.empty(shape), np.empty((*shape, 2, scenario.dimension)), np.empty((*shape, 2)))

    @classmethod
    def still(cls, scenario: Scenario, replicates: int) -> Trajectories:
        """Everything at the start at every step."""
        found, start = cls.empty(scenario, replicates), State.of(scenario.start, replicates, 1)
        found.weight[:] = start.weight
        found.means[:] = start.means.transpose(1, 2, 0, 3)
        found.scales[:] = start.scales.transpose(1, 2, 0)
        return found

    def put(self, rows: slice, other: Trajectories) -> None:
        """Copy the other's rows here."""
        self.weight[rows], self.means[rows], self.scales[rows] = other.weight, other.means, other.scales


@dataclass(frozen=True)
class Task:
    """Some replicates of every variant."""

    scenario: Scenario
    seed: int
    replicates: range


def generators(task: Task) -> list[np.random.Generator]:
    """One stream per replicate, depending on the seed and the replicate's number alone."""
    return [np.random.default_rng(np.random.SeedSequence([task.seed, r])) for r in task.replicates]


def train(task: Task) -> dict[str, Trajectories]:
    """Run every step of every variant for the task's replicates; variant name -> trajectories."""
    rngs, scenario, space = generators(task), task.scenario, Workspace()
    if scenario.by_methods:
        return _train_methods(scenario, rngs, space)
    work = groups(scenario)
    rates = Rates.of(work)
    state = State.of(scenario.start, len(rngs), len(scenario.variants))
    history = History.empty(scenario, len(rngs))
    history.record(0, state)
    with np.errstate(over="ignore", invalid="ignore"):  # a replicate that runs away may leave what floats hold
        for step in range(1, scenario.steps + 1):
            state = updated(scenario, rates, state, estimates(work, state, rngs, space))
            history.record(step, state)
    return history.trajectories(work)


def _train_methods(
    scenario: Scenario, rngs: Sequence[np.random.Generator], space: Workspace
) -> dict[str, Trajectories]:
    """The same for methods' updates; of the workspace only the noise is used."""
    from symforget.simulation.methods import sigmoid, trainer  # brings in SymPy, which nothing else here needs

    trainers = {v.name: trainer(scenario, v, len(rngs)) for v in scenario.variants}
    done = {name: Trajectories.still(scenario, len(rngs)) for name in trainers}
    for step in range(1, scenario.steps + 1):
        noise = Noise.drawn(1, scenario.batch, rngs, space)
        for name, method in trainers.items():
            method.step(noise.v, noise.affine[1])
            done[name].weight[:, step] = sigmoid(method.logit)
    return done


@dataclass(frozen=True)
class Rates:
    """Learning rates of every variant, shape (V,): of the new component, and, slowed, of weight and old component."""

    new: Array
    slowed: Array

    @classmethod
    def of(cls, work: Sequence[Group]) -> Rates:
        new, slow = (np.concatenate([g.per_variant(name) for g in work]) for name in ("rate", "slow"))
        return cls(new, new * slow)


@dataclass(frozen=True)
class History:
    """Every state so far: arrays of `State` with the steps as the last but the component's and the dimension's axes."""

    weight: Array
    means: Array
    scales: Array

    @classmethod
    def empty(cls, scenario: Scenario, replicates: int) -> History:
        shape = (len(scenario.variants), replicates, scenario.steps + 1)
        return cls(np.empty(shape), np.empty((*shape, 2, scenario.dimension)), np.empty((*shape, 2)))

    def record(self, step: int, state: State) -> None:
        self.weight[:, :, step] = state.weight.T
        self.means[:, :, step] = state.means.transpose(2, 1, 0, 3)
        self.scales[:, :, step] = state.scales.transpose(2, 1, 0)

    def trajectories(self, work: Sequence[Group]) -> dict[str, Trajectories]:
        """Variant name -> its trajectories, in the scenario's order."""
        columns = {v.name: g.first + i for g in work for i, v in enumerate(g.variants)}
        names = [v.name for v in work[0].scenario.variants]
        return {n: Trajectories(*(a[columns[n]] for a in (self.weight, self.means, self.scales))) for n in names}


def updated(scenario: Scenario, rates: Rates, state: State, ascent: Gradient) -> State:
    """One step of gradient ascent; the slow factor acts on the weight and on the old component."""
    both = np.stack([rates.slowed, rates.new])[:, None]
    new = state
    if "weight" in scenario.learn:
        new = replace(new, weight=_stepped_weight(scenario, state.weight, rates.slowed, ascent.weight))
    if "means" in scenario.learn:
        new = replace(new, means=state.means + both[..., None] * ascent.means)
    if "scales" in scenario.learn:
        new = replace(new, scales=np.maximum(state.scales + both * ascent.scales, scenario.smallest_scale))
    return new


def _stepped_weight(scenario: Scenario, weight: Array, rate: Array, ascent: Array) -> Array:
    if scenario.logit:
        logit = np.log(weight) - np.log1p(-weight) + rate * weight * (1 - weight) * ascent
        stepped = 1 / (1 + np.exp(-logit))
    else:
        stepped = weight + rate * ascent
    return np.clip(stepped, *scenario.weight_bounds)


def run(scenario: Scenario, settings: Settings) -> Iterator[tuple[range, dict[str, Trajectories]]]:
    """Train; yields the replicates in order, whatever the number of processes.

    Raises:
        InputError: the results, or one replicate's arrays, need more than the memory allowed.
    """
    size = chunk_size(scenario, settings)
    spans = [range(i, min(i + size, settings.replicates)) for i in range(0, settings.replicates, size)]
    tasks = [Task(scenario, settings.seed, span) for span in spans]
    done = map(train, tasks) if settings.jobs == 1 or len(tasks) == 1 else _in_processes(tasks, settings.jobs)
    for task, found in zip(tasks, done, strict=True):
        yield task.replicates, found


def collected(scenario: Scenario, settings: Settings, progress: Progress | None = None) -> dict[str, Trajectories]:
    """All trajectories: variant name -> every replicate's."""
    whole: dict[str, Trajectories] = {}
    for span, found in run(scenario, settings):
        if not whole:
            whole = {v.name: Trajectories.empty(scenario, settings.replicates) for v in scenario.variants}
        for name, piece in found.items():
            whole[name].put(slice(span.start, span.stop), piece)
        if progress is not None:
            progress(len(span))
    return whole


def result_bytes(scenario: Scenario, replicates: int) -> int:
    """Memory of the trajectories of so many replicates, all variants."""
    return len(scenario.variants) * replicates * (scenario.steps + 1) * (3 + 2 * scenario.dimension) * 8


def chunk_size(scenario: Scenario, settings: Settings) -> int:
    """How many replicates one process trains together: what memory allows, and no more than is of use.

    A process holds the arrays of its draws (counted as if of the whole chunk at a time) and its chunk's trajectories;
    of finished chunks at most three per process wait, pickled or not, to be put with the results, which are there from
    the beginning.

    Raises:
        InputError: the results, or one replicate's arrays, need more than the memory allowed.
    """
    results = result_bytes(scenario, settings.replicates)
    one = workspace_bytes(scenario) + 4 * result_bytes(scenario, 1)
    free = settings.max_memory - results
    if free < settings.jobs * one:
        raise InputError(
            f"--max-memory: this run needs at least {in_words(results + settings.jobs * one)} "
            f"({in_words(results)} for results); allow more, or fewer replicates, steps or jobs"
        )
    share = -(-settings.replicates // settings.jobs)
    useful = max(ENOUGH_REPLICATES, ENOUGH_DRAWS // scenario.batch)
    return int(max(1, min(useful, share, free // (settings.jobs * one))))


def in_words(count: int) -> str:
    """A number of bytes in the unit that suits it."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"


def _in_processes(tasks: list[Task], jobs: int) -> Iterator[dict[str, Trajectories]]:
    """Results in order; at most two tasks per process are under way, so that finished ones do not pile up."""
    pool = ProcessPoolExecutor(min(jobs, len(tasks)), multiprocessing.get_context("spawn"), belong_to_parent)
    waiting, flight = deque(tasks), deque()
    try:
        while waiting or flight:
            while waiting and len(flight) < 2 * jobs:
                flight.append(pool.submit(train, waiting.popleft()))
            yield flight.popleft().result()
    except BaseException:
        end_now(pool)
        raise
    pool.shutdown()
