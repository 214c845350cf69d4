"""If these fail, the simulation leg cries wolf on true formulas, or would not see an error of 2 %."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pytest
from shipped import shipped
from sympy import Gt

from symforget.claims import Claim, Part, Verdict
from symforget.instances import GaussianPair
from symforget.legs import simulation
from symforget.legs.simulation import Experiment, Median, MedianOverRuns, SampleMean, judge

RUNS, FEWER, FEWEST = 1000, 80, 1000
"""Runs of the whole leg on true formulas, with so many times fewer draws than at full size (sample means: FEWEST)."""
ROOM = 0.7
"""Share of its half-width within which an estimate must lie, so that the bias of batches leaves room for chance."""


@dataclass(frozen=True)
class Lone:
    """One check of the library, as the only one of its part."""

    claim: Claim
    part: Part
    number: int

    @property
    def check(self) -> SampleMean | Experiment | Median:
        return self.part.simulation[self.number]

    @property
    def id(self) -> str:
        return f"{self.claim.id}:{self.part.name}:{self.number}"

    def run(self, seed: int, check: SampleMean | Experiment | Median | None = None):
        (found,) = simulation.run(self.claim, replace(self.part, simulation=(check or self.check,)), seed, False)
        return found


def lone_checks() -> list[Lone]:
    library, ids = shipped()
    parts = ((claim, part) for claim in map(library.claim, ids) for part in claim.parts)
    return [Lone(claim, part, number) for claim, part in parts for number in range(len(part.simulation))]


ALL = lone_checks()
MEANS = [lone for lone in ALL if not isinstance(lone.check, Median)]
MEDIANS = [lone for lone in ALL if isinstance(lone.check, Median)]


def runs_of(lone: Lone) -> np.ndarray:
    """What single runs give, times the number before the median in the statement."""
    scale, median = lone.part.statement.lhs.as_independent(MedianOverRuns, as_Add=False)
    check = lone.check
    assert isinstance(check, Median)
    return float(scale) * np.asarray(median.per_run(np.random.default_rng(8), check.replicates))


def with_runs(lone: Lone, pick: Callable[[np.random.Generator, int], np.ndarray]) -> Lone:
    """The same statement about a median of other runs."""
    median = type("picked", (MedianOverRuns,), {"nargs": 0, "per_run": lambda self, rng, count: pick(rng, count)})
    statement = Gt(median(), lone.part.statement.rhs, evaluate=False)
    return replace(lone, part=replace(lone.part, statement=statement))


def prepared(lone: Lone):
    """A median's runs are picked from some made beforehand."""
    if isinstance(lone.check, Median):
        population = runs_of(lone)
        return with_runs(lone, lambda rng, count: rng.choice(population, count))
    return lone


def reduced(lone: Lone):
    """The check with few draws, its prediction computed once."""
    check = lone.check
    if isinstance(check, Median):
        return check
    if isinstance(check, SampleMean):
        return replace(check, draws=FEWEST)
    predicted = check.predict()
    return replace(check, draws=check.draws // FEWER, predict=lambda: predicted)


@contextmanager
def prepared_once() -> Iterator[None]:
    """What depends on the check alone, not on the seed, is computed once: the prediction and the compiled integrand."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_integrand_over", "lambdify", "evaluate"):
            patch.setattr(simulation, name, remembered(getattr(simulation, name)))
        instance = remembered(GaussianPair())
        patch.setattr(simulation, "GaussianPair", lambda: instance)
        yield


def remembered(function: Callable) -> Callable:
    known = {}

    def call(*arguments, **options):
        key = repr((arguments, options))
        if key not in known:
            known[key] = function(*arguments, **options)
        return known[key]

    return call


def alarms(lone_ones: list[Lone], seeds: range) -> list[str]:
    """What runs of the leg with these seeds object to; "too coarse" and "not shown" are no objections."""
    checks = [(prepared(lone), reduced(lone)) for lone in lone_ones]
    with prepared_once():
        found = ((lone, seed, lone.run(seed, check)) for seed in seeds for lone, check in checks)
        return [f"{lone.id}, seed {seed}: {e.detail}" for lone, seed, e in found if "DISAGREEMENT" in e.detail]


def detects(lone: Lone, monkeypatch: pytest.MonkeyPatch) -> None:
    """At full size the prediction is supported, and times 1.02 or 0.98 it is objected to."""
    estimates = []
    monkeypatch.setattr(
        simulation,
        "judge",
        lambda part, estimate, predicted, *rest: (
            estimates.append((estimate, predicted)) or judge(part, estimate, predicted, *rest)
        ),
    )
    found = lone.run(0)
    assert found.verdict is Verdict.SUPPORTED, found.detail
    ((estimate, predicted),) = estimates
    assert np.all(np.abs(estimate.mean - predicted) <= ROOM * estimate.half_width), found.detail
    for factor in (1.02, 0.98):
        assert "DISAGREEMENT" in judge(lone.part, estimate, np.asarray(predicted) * factor, "scaled", False).detail


@pytest.mark.slow
def test_a_thousand_runs_of_the_whole_leg_on_true_formulas_give_no_false_alarm():
    assert alarms(ALL, range(RUNS)) == []


def test_some_runs_of_the_whole_leg_give_no_false_alarm():
    assert alarms(MEANS, range(1)) == []


@pytest.mark.slow
@pytest.mark.parametrize("lone", MEANS, ids=lambda lone: lone.id)
def test_a_quantity_off_by_two_per_cent_is_detected(lone, monkeypatch):
    detects(lone, monkeypatch)


@pytest.mark.parametrize("lone", MEANS[::9], ids=lambda lone: lone.id)
def test_some_quantities_off_by_two_per_cent_are_detected(lone, monkeypatch):
    detects(lone, monkeypatch)


@pytest.mark.parametrize("lone", MEANS, ids=lambda lone: lone.id)
def test_few_draws_see_a_quantity_that_is_twice_as_large(lone, monkeypatch):
    """So that the reduced size of the runs above is one at which something could be objected to."""
    monkeypatch.setattr(
        simulation, "judge", lambda part, e, predicted, *rest: judge(part, e, np.asarray(predicted) * 2, *rest)
    )
    with prepared_once():
        assert "DISAGREEMENT" in lone.run(0, reduced(lone)).detail


@pytest.mark.slow
@pytest.mark.parametrize("lone", MEDIANS, ids=lambda lone: lone.id)
def test_a_median_above_what_it_is_said_to_exceed_is_supported_and_one_below_is_objected_to(lone):
    bound, values = float(lone.part.statement.rhs), runs_of(lone)
    assert with_runs(lone, lambda *_: values).run(0).verdict is Verdict.SUPPORTED
    below = with_runs(lone, lambda *_: 2 * bound - values).run(0)
    assert "DISAGREEMENT" in below.detail


def test_every_group_that_speaks_of_expectations_is_among_those_tested():
    groups = {lone.claim.id.split("/")[0] for lone in ALL}
    assert groups == {
        "overlap", "forward_kl", "reverse_kl", "geometry", "replay", "sdft", "ttt_discover", "oapl", "visibility",
    }  # fmt: skip
    assert len(MEANS) > 40 and MEDIANS
