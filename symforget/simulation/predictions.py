"""The predicted curve: the same recursion with every expectation computed, not sampled (one dimension)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symforget.simulation.estimators import (
    Array,
    Group,
    State,
    features,
    groups,
    score_gradient,
    score_sums,
)
from symforget.simulation.scenarios import Estimator, Scenario
from symforget.simulation.training import Trajectories, updated

POINTS, REACH = 6001, 12.0


def predicted(scenario: Scenario) -> dict[str, Trajectories]:
    """Variant -> the trajectory (one replicate) under exact expectations, by the trapezoidal rule on a wide grid.

    It is the limit of large batches; for the estimator "as-coded" a batch of any size that can be run is far from it.
    """
    grid = _grid(scenario)
    f = features(grid[None, None, :])
    step = grid[1] - grid[0]
    done = {v.name: Trajectories.empty(scenario, 1) for v in scenario.variants}
    for group in groups(scenario):
        exact = _by_score(group)
        state = State.of(scenario.start, len(group.variants))
        for number in range(scenario.steps + 1):
            _record(group, done, number, state)
            mass = _density(group, state, grid) * step
            repeated = np.broadcast_to(f, (len(group.variants), *f.shape[1:]))
            sums = score_sums(exact, state, repeated, mass[:, None, :])
            state = updated(group, state, score_gradient(state, sums[:, :2]))
    return done


def _record(group: Group, done: dict[str, Trajectories], number: int, state: State) -> None:
    for i, variant in enumerate(group.variants):
        into = done[variant.name]
        into.weight[0, number] = state.weight[i]
        into.means[0, number], into.scales[0, number] = state.means[:, i], state.scales[:, i]


def _by_score(group: Group) -> Group:
    """The pathwise estimator and baselines have the score function's expectation."""
    estimator = Estimator.REVERSE if group.estimator is Estimator.PATHWISE else group.estimator
    return replace(group, variants=tuple(replace(v, estimator=estimator, baseline=False) for v in group.variants))


def _grid(scenario: Scenario) -> Array:
    both = (scenario.start, scenario.target)
    means = [m for s in both for m in (s.old_mean[0], s.new_mean[0])]
    scale = max(s for side in both for s in (side.old_scale, side.new_scale))
    return np.linspace(min(means) - REACH * scale, max(means) + REACH * scale, POINTS)


def _density(group: Group, state: State, grid: Array) -> Array:
    """The density that the estimator samples, shape (variants, grid)."""
    weight, means, scales = state.weight, state.means, state.scales
    if group.estimator is Estimator.FORWARD:
        weight = np.array([v.target_weight for v in group.variants])
        means, scales = group.target.means, group.target.scales
    if group.estimator is Estimator.AS_CODED:
        weight = np.zeros_like(weight)
    parts = [np.exp(-(((grid - m) / s[:, None]) ** 2) / 2) / s[:, None] for m, s in zip(means, scales, strict=True)]
    density = (weight[:, None] * parts[0] + (1 - weight[:, None]) * parts[1]) / np.sqrt(2 * np.pi)
    if group.estimator is Estimator.REPLAY:
        share = np.array([v.replay for v in group.variants])[:, None]
        mean, scale = group.target.means[0], group.target.scales[0][:, None]
        old = np.exp(-(((grid - mean) / scale) ** 2) / 2) / (scale * np.sqrt(2 * np.pi))
        density = (1 - share) * density + share * old
    return density
