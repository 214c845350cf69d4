"""If these fail, an estimator is biased, or a run depends on how it was shared out."""

from dataclasses import replace

import numpy as np
import pytest

from symforget.simulation import scenarios
from symforget.simulation.draws import Noise
from symforget.simulation.estimators import BLOCK, estimates
from symforget.simulation.groups import groups
from symforget.simulation.predictions import predicted
from symforget.simulation.scenarios import Estimator, Mixture, Scenario, Variant
from symforget.simulation.state import State, Workspace
from symforget.simulation.training import Settings, collected

START = Mixture(0.6, (-1.0,), (1.5,), 1.0, 0.8)
TARGET = Mixture(0.5, (-1.2,), (2.0,), 1.1, 0.7)


def scenario(*variants: Variant, batch: int = 4000) -> Scenario:
    return Scenario("test", "test", "", START, TARGET, 3, batch, variants, reward_scale=0.1, reward_floor=1e-12)


def density(x, mixture, weight):
    parts = [
        np.exp(-(((x - m[0]) / s) ** 2) / 2) / s / np.sqrt(2 * np.pi)
        for m, s in ((mixture.old_mean, mixture.old_scale), (mixture.new_mean, mixture.new_scale))
    ]
    return weight * parts[0] + (1 - weight) * parts[1]


GRID = np.linspace(-14, 14, 20001)


def loss(parameters: np.ndarray, forward: bool, target_weight: float) -> float:
    """KL in the direction, by quadrature on a grid: it knows nothing of gradients."""
    w, m, n, s, t = parameters
    q = density(GRID, Mixture(w, (m,), (n,), s, t), w)
    p = density(GRID, TARGET, target_weight)
    first, second = (p, q) if forward else (q, p)
    return float(np.sum(first * np.log(first / second)) * (GRID[1] - GRID[0]))


def descent(forward: bool, target_weight: float) -> np.ndarray:
    at = np.array([START.weight, START.old_mean[0], START.new_mean[0], START.old_scale, START.new_scale])
    h = 1e-5
    return -np.array(
        [
            (loss(at + h * e, forward, target_weight) - loss(at - h * e, forward, target_weight)) / (2 * h)
            for e in np.eye(5)
        ]
    )


def averaged(variant: Variant, replicates: int = 200, batch: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over replicates of one gradient estimate: weight, two means, two scales."""
    rngs = [np.random.default_rng([7, r]) for r in range(replicates)]
    found = estimates(groups(scenario(variant, batch=batch)), State.of(START, replicates, 1), rngs, Workspace())
    rows = np.stack([found.weight, *found.means[..., 0], *found.scales])[..., 0]
    return rows.mean(axis=1), rows.std(axis=1) / np.sqrt(replicates)


@pytest.mark.parametrize("target_weight", [0.0, 0.5])
@pytest.mark.parametrize(
    ("estimator", "extra"),
    [
        (Estimator.FORWARD, {}),
        (Estimator.REVERSE, {}),
        (Estimator.REVERSE, {"baseline": True}),
        (Estimator.PATHWISE, {}),
        (Estimator.REPLAY, {"replay": 0.3}),
    ],
)
def test_every_estimator_is_unbiased_for_the_divergence_it_names(estimator, extra, target_weight):
    mean, error = averaged(Variant("v", estimator, target_weight, 1.0, **extra))
    expected = descent(estimator is Estimator.FORWARD, target_weight)
    assert np.all(np.abs(mean - expected) < 5 * error + 1e-6), (mean, expected, error)
    assert np.all(error < 0.05)


def test_a_baseline_makes_the_score_function_less_noisy():
    _, plain = averaged(Variant("v", Estimator.REVERSE, 0.0, 1.0), batch=64)
    _, better = averaged(Variant("v", Estimator.REVERSE, 0.0, 1.0, baseline=True), batch=64)
    assert better[0] < plain[0]


def test_the_published_reward_is_that_of_a_plain_loop():
    """As coded, one draw at a time: samples of the right component, weight q/q2, reward log(p2/(0.1 q2) + 1e-12)."""
    variant = Variant("v", Estimator.AS_CODED, 0.0, 1.0)
    work = groups(scenario(variant, batch=50))
    found = estimates(work, State.of(START, 1, 1), [np.random.default_rng(3)], Workspace())
    noise = Noise.drawn(1, 50, [np.random.default_rng(3)], Workspace())
    x = START.new_mean[0] + START.new_scale * noise.affine[1, 0]
    q, q2 = density(x, START, START.weight), density(x, START, 0.0) * (1 - START.weight)
    reward = np.log(density(x, TARGET, 0.0) / (0.1 * q2) + 1e-12)
    old, new = (q - q2) / q, q2 / q
    weight = np.mean(q / q2 * reward * (old / START.weight - new / (1 - START.weight)))
    old_mean = np.mean(q / q2 * reward * old * (x - START.old_mean[0]) / START.old_scale**2)
    new_scale = np.mean(
        q / q2 * reward * new * ((x - START.new_mean[0]) ** 2 / START.new_scale**3 - 1 / START.new_scale)
    )
    got = [found.weight[0, 0], found.means[0, 0, 0, 0], found.scales[1, 0, 0]]
    np.testing.assert_allclose(got, [weight, old_mean, new_scale], rtol=1e-10)


def test_many_draws_follow_the_predicted_curve():
    """Weights only, large batches: the sampled run stays within sampling error of exact expectations."""
    run = replace(scenarios.load("weights").resized(steps=40, batch=8000))
    done = collected(run, Settings(replicates=4))
    for name, expected in predicted(run).items():
        assert np.abs(done[name].weight.mean(axis=0) - expected.weight[0]).max() < 0.01, name


def test_in_several_dimensions_only_the_line_between_the_modes_matters():
    """The same run in d = 1 and, embedded and rotated, in d = 3, agree in the weight within sampling error."""
    variant = Variant("v", Estimator.REVERSE, 0.5, 0.5, baseline=True)
    flat = replace(scenario(variant, batch=20_000), steps=10, learn=("weight",))
    axis = np.array([2.0, -1.0, 2.0]) / 3
    lifted = [
        replace(side, old_mean=tuple(side.old_mean[0] * axis), new_mean=tuple(side.new_mean[0] * axis))
        for side in (replace(START, new_scale=1.0), replace(TARGET, old_scale=1.0, new_scale=1.0))
    ]
    line = replace(flat, start=replace(START, new_scale=1.0), target=replace(TARGET, old_scale=1.0, new_scale=1.0))
    space = replace(flat, start=lifted[0], target=lifted[1])
    weights = [collected(s, Settings(replicates=4))["v"].weight[:, -1].mean() for s in (line, space)]
    assert abs(weights[0] - weights[1]) < 0.01 and abs(weights[0] - START.weight) > 0.02


@pytest.mark.parametrize("settings", [{"jobs": 2}, {"max_memory": 6_000_000}, {"replicates": 7}])
def test_a_replicate_is_the_same_however_the_run_is_shared_out(settings):
    run = scenarios.load("chen2025").resized(steps=5, batch=200)
    whole = collected(run, Settings(replicates=40))
    other = collected(run, Settings(**({"replicates": 40} | settings)))
    for name, found in other.items():
        count = len(found.weight)
        np.testing.assert_array_equal(found.weight, whole[name].weight[:count])
        np.testing.assert_array_equal(found.means, whole[name].means[:count])
        np.testing.assert_array_equal(found.scales, whole[name].scales[:count])


def test_another_seed_is_another_run():
    run = scenarios.load("replay").resized(steps=2)
    first, second = (collected(run, Settings(replicates=2, seed=s)) for s in (0, 1))
    assert not np.array_equal(first["reverse, on-policy"].weight, second["reverse, on-policy"].weight)


def test_a_batch_of_several_blocks_has_every_draw():
    variant = Variant("v", Estimator.FORWARD, 1.0, 1.0)
    run = replace(scenario(variant, batch=2 * BLOCK + 100), steps=1, learn=("weight",))
    done = collected(run, Settings(replicates=1))
    assert 0.6 < done["v"].weight[0, 1] < 0.75
