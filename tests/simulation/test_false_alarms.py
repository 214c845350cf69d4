"""If these fail, the simulation leg cries wolf on true formulas, or would not see an error of 2 %."""

from dataclasses import replace

import numpy as np
import pytest

from symforget.claims import Verdict
from symforget.collect import collect
from symforget.instances import GaussianPair
from symforget.legs import simulation
from symforget.legs.simulation import Experiment, SampleMean, judge

LIBRARY, ALL = collect(())
CHECKS = [
    (claim, part, number)
    for claim in map(LIBRARY.claim, ALL)
    for part in claim.parts
    for number, check in enumerate(part.simulation)
    if isinstance(check, (SampleMean, Experiment))
]
IDS = [f"{claim.id}:{part.name}:{number}" for claim, part, number in CHECKS]
RUNS, REDUCED = 1000, 500


@pytest.fixture
def prepared_once(monkeypatch):
    """What depends on the check alone, not on the seed, is computed once: the prediction and the compiled integrand."""
    for name in ("_integrand_over", "lambdify"):
        monkeypatch.setattr(simulation, name, remembered(getattr(simulation, name)))
    monkeypatch.setattr(simulation.mp, "evaluate", remembered(simulation.mp.evaluate))
    instance = remembered(GaussianPair())
    monkeypatch.setattr(simulation, "GaussianPair", lambda: instance)


def remembered(function):
    known = {}

    def call(*arguments, **options):
        key = repr((arguments, options))
        if key not in known:
            known[key] = function(*arguments, **options)
        return known[key]

    return call


@pytest.mark.slow
@pytest.mark.parametrize(("claim", "part", "number"), CHECKS, ids=IDS)
def test_a_thousand_runs_on_true_formulas_give_no_false_alarm(claim, part, number, prepared_once):
    """Runs of this one check, each with its own seed and few draws; "too coarse" is no alarm."""
    check = part.simulation[number]
    # An experiment may share its draws out to batches, of which at least a few must be left.
    check = replace(check, draws=max(REDUCED, check.draws // 50 if isinstance(check, Experiment) else 0))
    if isinstance(check, Experiment):
        predicted = check.predict()
        check = replace(check, predict=lambda: predicted)
    lone = replace(part, simulation=(check,))
    for seed in range(RUNS):
        for found in simulation.run(claim, lone, seed, False):
            assert "DISAGREEMENT" not in found.detail, (seed, found.detail)


@pytest.mark.slow
@pytest.mark.parametrize(("claim", "part", "number"), CHECKS, ids=IDS)
def test_a_quantity_off_by_two_per_cent_is_detected(claim, part, number, monkeypatch):
    """At full size: the prediction times 1.02 disagrees, and so does the prediction times 0.98."""
    lone = replace(part, simulation=(part.simulation[number],))
    estimates = []
    monkeypatch.setattr(
        simulation,
        "judge",
        lambda part, estimate, predicted, *rest: (
            estimates.append((estimate, predicted)) or judge(part, estimate, predicted, *rest)
        ),
    )
    (found,) = simulation.run(claim, lone, 0, False)
    assert found.verdict is Verdict.SUPPORTED, found.detail
    ((estimate, predicted),) = estimates
    for factor in (1.02, 0.98):
        assert "DISAGREEMENT" in judge(lone, estimate, np.asarray(predicted) * factor, "scaled", False).detail


def test_every_simulated_check_is_among_those_tested():
    assert len(CHECKS) > 20
