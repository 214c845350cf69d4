"""The predicted curve: the same recursion with every expectation computed, not sampled (one dimension)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symforget.simulation.draws import Sampled, squared
from symforget.simulation.estimators import passes, score_gradient, weighted_sums
from symforget.simulation.groups import Group, groups
from symforget.simulation.scenarios import Estimator, Scenario
from symforget.simulation.state import Array, Gradient, State, Workspace
from symforget.simulation.training import History, Rates, Trajectories, updated

POINTS, REACH = 6001, 12.0


def predicted(scenario: Scenario) -> dict[str, Trajectories]:
    """Variant -> the trajectory (one replicate) under exact expectations, by the trapezoidal rule on a wide grid.

    It is the limit of large batches; for the estimator "as-coded" a batch of any size that can be run is far from it.
    """
    if scenario.by_methods:
        return _by_methods(scenario)
    work, grid, space = groups(scenario), _grid(scenario), Workspace()
    rates = Rates.of(work)
    state = State.of(scenario.start, 1, len(scenario.variants))
    history = History.empty(scenario, 1)
    history.record(0, state)
    for step in range(1, scenario.steps + 1):
        found = [_expected(_by_score(g), state.part(g.columns), grid, space) for g in work]
        state = updated(scenario, rates, state, Gradient.joined(found))
        history.record(step, state)
    return history.trajectories(work)


def _by_methods(scenario: Scenario) -> dict[str, Trajectories]:
    from symforget.simulation.methods import sigmoid, trainer

    done = {}
    for variant in scenario.variants:
        method, found = trainer(scenario, variant, 1), Trajectories.still(scenario, 1)
        for step in range(1, scenario.steps + 1):
            method.expected()
            found.weight[:, step] = sigmoid(method.logit)
        done[variant.name] = found
    return done


def _by_score(group: Group) -> Group:
    """The pathwise estimator and baselines have the score function's expectation."""
    estimator = Estimator.REVERSE if group.estimator is Estimator.PATHWISE else group.estimator
    variants = tuple(replace(v, estimator=estimator, baseline=False) for v in group.variants)
    return replace(group, variants=variants)


def _expected(group: Group, state: State, grid: Array, space: Workspace) -> Gradient:
    f = np.empty((3, 1, 1, len(grid)))
    f[0], f[1] = 1, grid
    (todo,) = passes(group, state, state.weighted())
    mass = _density(todo.sampled, grid) * (grid[1] - grid[0])
    return score_gradient(group, state, weighted_sums(group, todo.forms, squared(f), space, mass))


def _grid(scenario: Scenario) -> Array:
    both = (scenario.start, scenario.target)
    means = [m for s in both for m in (s.old_mean[0], s.new_mean[0])]
    scale = max(s for side in both for s in (side.old_scale, side.new_scale))
    return np.linspace(min(means) - REACH * scale, max(means) + REACH * scale, POINTS)


def _density(sampled: Sampled, grid: Array) -> Array:
    """The density of the draws, (1, G, grid): v lies below a threshold with that probability."""
    ends = [
        np.ones(sampled.maps.shape[2:4]),
        *(t[..., 0] for t in sampled.thresholds),
        np.zeros(sampled.maps.shape[2:4]),
    ]
    density = np.zeros((*sampled.maps.shape[2:4], len(grid)))
    for (component,), high, low in zip(sampled.maps, ends, ends[1:], strict=False):
        mean, scale = component[..., :1], component[..., 1:]
        density += (high - low)[..., None] * np.exp(-(((grid - mean) / scale) ** 2) / 2) / (scale * np.sqrt(2 * np.pi))
    return density
