"""Gradient estimators of the two-mode mixture from draws, for many mixtures at once.

With q = w N_o + (1-w) N_n, an estimator draws x and gives two coefficients A, B per draw, so that its estimate of the
ascent direction is the mean of A grad log(w N_o) + B grad log((1-w) N_n):

    forward    x from the data: c = 1                                             descends -E log q
    reverse    x from q: c = log(p/q), the score function                          descends KL(q|p)
    replay     x from b = (1-lam) q + lam N_o(target): c = (q/b) log(p/q)          the same, unbiased
    as-coded   x from q's new component: c = (q/((1-w) N_n)) log(p_n/(s (1-w) N_n) + floor), as published
    pathwise   x = m + scale u in strata, one per component: log(q/p) differentiated along the path

with A = c r_o, B = c r_n (r_o, r_n the responsibilities). No closed form of the theory is used anywhere.

A row is one mixture: V variants times R replicates, the replicate running faster. All variants of a replicate see the
same noise (common random numbers), which leaves the law of each as it is and makes their differences sharper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from symforget.simulation.scenarios import Estimator, Mixture, Scenario, Variant

Array = NDArray[np.float64]
BLOCK = 8192
"""Draws of one replicate that are held at a time; fixed, so that a stream is used alike whatever the memory."""
LARGEST_LOG = 700.0


@dataclass(frozen=True)
class State:
    """Parameters of n mixtures: ``weight`` (n,), ``means`` (2, n, d), ``scales`` (2, n); the old component first."""

    weight: Array
    means: Array
    scales: Array

    @classmethod
    def of(cls, mixture: Mixture, rows: int) -> State:
        """The same mixture in every row."""
        means = np.array([mixture.old_mean, mixture.new_mean], dtype=float)
        scales = np.array([mixture.old_scale, mixture.new_scale], dtype=float)
        repeated = (np.repeat(values[:, None], rows, axis=1) for values in (means, scales))
        return cls(np.full(rows, mixture.weight), *repeated)

    def log_density(self, k: int) -> Array:
        """log N_k(x) = a + b.x + c |x|^2 up to the common constant, as (n, d + 2): a, b, c."""
        mean, precision = self.means[k], self.scales[k] ** -2
        form = np.empty((mean.shape[0], mean.shape[1] + 2))
        form[:, 1:-1] = precision[:, None] * mean
        form[:, -1] = -precision / 2
        form[:, 0] = -mean.shape[1] * np.log(self.scales[k]) - (form[:, 1:-1] * mean).sum(axis=1) / 2
        return form


@dataclass(frozen=True)
class Gradient:
    """An ascent direction, in the shapes of `State`; ``weight`` is the derivative in the weight itself."""

    weight: Array
    means: Array
    scales: Array


@dataclass(frozen=True)
class Noise:
    """Standard normal ``u`` (R, d, N) and uniform ``v`` (R, N), one stream per replicate."""

    u: Array
    v: Array

    @classmethod
    def drawn(cls, dimension: int, count: int, rngs: Sequence[np.random.Generator]) -> Noise:
        noise = cls(np.empty((len(rngs), dimension, count)), np.empty((len(rngs), count)))
        for rng, u, v in zip(rngs, noise.u, noise.v, strict=True):
            rng.standard_normal(out=u)
            rng.random(out=v)
        return noise


@dataclass(frozen=True)
class Group:
    """Variants that one pass of array operations serves: same estimator, same use of baseline, floor and old target."""

    scenario: Scenario
    variants: tuple[Variant, ...]

    @cached_property
    def target(self) -> State:
        return State.of(self.scenario.target, 1)

    @property
    def estimator(self) -> Estimator:
        return self.variants[0].estimator

    def per_row(self, values: Sequence[float], rows: int) -> Array:
        """A number for each variant as one for each row."""
        return np.repeat(np.array(values, dtype=float), rows // len(self.variants))


def groups(scenario: Scenario) -> list[Group]:
    """The scenario's variants by what they have in common, in order of first appearance."""
    found: dict[tuple[Estimator, bool, bool, bool], list[Variant]] = {}
    for v in scenario.variants:
        found.setdefault((v.estimator, v.baseline, v.floored, v.target_weight > 0), []).append(v)
    return [Group(scenario, tuple(variants)) for variants in found.values()]


def bytes_per_draw(scenario: Scenario) -> int:
    """Memory that one draw of one replicate takes at most, the largest group being worked on."""
    largest = max(len(g.variants) for g in groups(scenario))
    return 8 * (scenario.dimension + 1 + largest * (12 + 5 * scenario.dimension))


def estimates(todo: Sequence[tuple[Group, State]], rngs: Sequence[np.random.Generator]) -> list[Gradient]:
    """One estimate per group and row from a batch of draws, in blocks of BLOCK draws."""
    scenario = todo[0][0].scenario
    totals: list[Array] = []
    for count in _blocks(scenario.batch):
        noise = Noise.drawn(scenario.dimension, count, rngs)
        found = [_sums(group, state, noise) for group, state in todo]
        totals = [a + b for a, b in zip(totals, found, strict=True)] if totals else found
    return [_gradient(group, state, t) for (group, state), t in zip(todo, totals, strict=True)]


def _blocks(batch: int) -> Iterator[int]:
    """The batch in blocks of even length, so that each can be halved."""
    for start in range(0, batch, BLOCK):
        yield min(BLOCK, batch - start)


def _sums(group: Group, state: State, noise: Noise) -> Array:
    if group.estimator is Estimator.PATHWISE:
        return _path_sums(group, state, noise)
    return score_sums(group, state, features(drawn(group, state, noise)))


def drawn(group: Group, state: State, noise: Noise) -> Array:
    """Draws from what the estimator samples, shape (n, d, N)."""
    rows = len(state.weight)
    if group.estimator is Estimator.AS_CODED:
        return _moved(state.means[1], state.scales[1], noise)
    if group.estimator is Estimator.FORWARD:
        weight = group.per_row([v.target_weight for v in group.variants], rows)
        return _mixed(State(weight, group.target.means, group.target.scales), noise, noise.v)
    if group.estimator is Estimator.REVERSE:
        return _mixed(state, noise, noise.v)
    # One uniform number decides twice: below lam the draw is a replayed one, above it chooses the component.
    share = group.per_row([v.replay for v in group.variants], rows).reshape(-1, len(noise.v))[..., None]
    from_model = _mixed(state, noise, (noise.v - share) / (1 - share))
    replayed = (noise.v < share).reshape(rows, 1, -1)
    return np.where(replayed, _moved(group.target.means[0], group.target.scales[0], noise, rows), from_model)


def _moved(means: Array, scales: Array, noise: Noise, rows: int = 0) -> Array:
    """scale u + mean for each row; means (n, d) or (1, d)."""
    replicates, dimension, count = noise.u.shape
    rows = rows or len(means)
    x = np.empty((rows // replicates, replicates, dimension, count))
    shape = (-1, replicates) if len(means) == rows else (1, 1)
    np.multiply(noise.u, scales.reshape(*shape, 1, 1), out=x)
    x += means.reshape(*shape, dimension, 1)
    return x.reshape(rows, dimension, count)


def _mixed(mixture: State, noise: Noise, v: Array) -> Array:
    """Draws of a mixture: of its old component wherever ``v`` is below the weight."""
    rows, replicates = len(mixture.weight), len(noise.v)
    if not mixture.weight.any():
        return _moved(mixture.means[1], mixture.scales[1], noise, rows)
    old = (v < mixture.weight.reshape(-1, replicates, 1)).reshape(rows, 1, -1)
    sides = (_moved(mixture.means[k], mixture.scales[k], noise, rows) for k in (0, 1))
    return np.where(old, *sides)


def features(x: Array) -> Array:
    """1, x_1 .. x_d, |x|^2 for every draw, shape (n, d + 2, N)."""
    rows, dimension, count = x.shape
    f = np.empty((rows, dimension + 2, count))
    f[:, 0] = 1
    f[:, 1:-1] = x
    np.multiply(x[:, 0], x[:, 0], out=f[:, -1])
    for k in range(1, dimension):
        f[:, -1] += x[:, k] * x[:, k]
    return f


def score_sums(group: Group, state: State, f: Array, mass: Array | float = 1.0) -> Array:
    """Sums over the draws of A and of B times each feature, shape (n, 2 or 4, d + 2).

    With a baseline, the same of the plain score follow. ``mass``: weights of the draws.
    """
    with np.errstate(over="ignore"):
        coefficients = _coefficients(group, state, f)
    if not isinstance(mass, float):
        coefficients *= mass
    return np.matmul(coefficients, f.transpose(0, 2, 1))


def _coefficients(group: Group, state: State, f: Array) -> Array:
    """A, B (and r_o, r_n for the baseline) for every draw, shape (n, 2 or 4, N)."""
    odds_form = _with_constant(state.log_density(0) - state.log_density(1), _logit(state.weight))
    if group.estimator is Estimator.FORWARD:
        return _shares(_values(f, odds_form)[0])
    if group.estimator is Estimator.AS_CODED:
        return _published(group, state, f, odds_form)
    reward, shares = _rewards(group, state, f, odds_form)
    if group.variants[0].baseline:
        return np.concatenate([shares * reward[:, None], shares], axis=1)
    shares *= reward[:, None]
    return shares


def _values(f: Array, *forms: Array) -> Array:
    """Quadratic forms at every draw: shape (number of forms, n, N)."""
    stacked = np.stack([np.broadcast_to(form, (f.shape[0], f.shape[1])) for form in forms], axis=1)
    return np.moveaxis(np.matmul(stacked, f), 1, 0)


def _with_constant(form: Array, constant: Array | float) -> Array:
    shifted = np.array(form)
    shifted[:, 0] += constant
    return shifted


def _logit(weight: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(weight) - np.log1p(-weight)


def _log_other(weight: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log1p(-weight)


def _shares(log_odds: Array) -> Array:
    """r_o and r_n, shape (n, 2, N)."""
    shares = np.empty((log_odds.shape[0], 2, log_odds.shape[1]))
    old, new = shares[:, 0], shares[:, 1]
    np.negative(log_odds, out=old)
    np.exp(old, out=old)
    old += 1
    np.divide(1, old, out=old)
    np.subtract(1, old, out=new)
    return shares


def _softplus(y: Array) -> Array:
    """log(1 + exp(y)) to 1e-13 absolutely, as y + log(1 + exp(-y)); exp(-700) is nothing beside 1."""
    y = np.maximum(y, -LARGEST_LOG)
    tail = np.negative(y)
    np.exp(tail, out=tail)
    tail += 1
    np.log(tail, out=tail)
    tail += y
    return tail


def _target_odds(group: Group, weights: Array) -> Array:
    """The form of log odds of the old mode in targets with these weights."""
    form = group.target.log_density(0) - group.target.log_density(1)
    return _with_constant(np.repeat(form, len(weights), axis=0), _logit(weights))


def _published(group: Group, state: State, f: Array, odds_form: Array) -> Array:
    """The reward as coded; the weight q/((1-w) N_n) is 1/r_n, so that A = reward r_o/r_n and B = reward."""
    scenario = group.scenario
    shift = -np.log(scenario.reward_scale) - _log_other(state.weight)
    ratio_form = _with_constant(group.target.log_density(1) - state.log_density(1), shift)
    log_odds, log_ratio = _values(f, odds_form, ratio_form)
    pair = np.empty((f.shape[0], 2, f.shape[2]))
    old, reward = pair[:, 0], pair[:, 1]
    np.exp(np.minimum(log_ratio, LARGEST_LOG), out=reward)
    reward += scenario.reward_floor
    np.log(reward, out=reward)
    np.exp(np.minimum(log_odds, LARGEST_LOG), out=old)
    old *= reward
    return pair


def _rewards(group: Group, state: State, f: Array, odds_form: Array) -> tuple[Array, Array]:
    """log(p/q), importance-weighted for replay, and the responsibilities (n, 2, N).

    q = (1-w) N_n (1 + odds) with log(1 + odds) = log odds - log r_o, and likewise p.
    """
    target = group.target
    forms = [odds_form, _with_constant(target.log_density(1) - state.log_density(1), -_log_other(state.weight))]
    weights = group.per_row([v.target_weight for v in group.variants], len(state.weight))
    if weights.any():
        forms.append(_target_odds(group, weights))
    if group.estimator is Estimator.REPLAY:
        forms.append(_with_constant(target.log_density(0) - state.log_density(1), -_log_other(state.weight)))
    values = _values(f, *forms)
    log_odds = np.maximum(values[0], -LARGEST_LOG)
    shares = _shares(log_odds)
    model = np.subtract(log_odds, np.log(shares[:, 0]), out=log_odds)
    reward = values[1] - model
    if weights.any():
        reward += _softplus(values[2])
        reward += _log_other(weights)[:, None]
    if group.variants[0].floored:
        reward = _floored(group.scenario, reward)
    if group.estimator is Estimator.REPLAY:
        share = group.per_row([v.replay for v in group.variants], len(weights))[:, None]
        reward /= (1 - share) + share * np.exp(np.minimum(values[-1] - model, LARGEST_LOG))
    return reward, shares


def _floored(scenario: Scenario, reward: Array) -> Array:
    """log(exp(reward)/reward_scale + reward_floor)."""
    ratio = np.exp(np.minimum(reward, LARGEST_LOG)) / scenario.reward_scale
    return np.log(ratio + scenario.reward_floor)


def _gradient(group: Group, state: State, sums: Array) -> Gradient:
    """The ascent direction from the sums over the batch."""
    batch = group.scenario.batch
    if group.estimator is Estimator.PATHWISE:
        return _path_gradient(state, sums / (batch // 2 or 1))
    found = sums[:, :2] / batch
    if group.variants[0].baseline and batch > 1:
        # Leave-one-out: subtracting the mean reward of the other draws is unbiased.
        reward = found[:, :, 0].sum(axis=1)
        found = (found - reward[:, None, None] * sums[:, 2:] / batch) * (batch / (batch - 1))
    return score_gradient(state, found)


def score_gradient(state: State, means: Array) -> Gradient:
    """The ascent direction from means over draws of A, B times 1, x, |x|^2: shape (n, 2, d + 2)."""
    found = means.transpose(1, 0, 2)
    zeroth, first, second = found[..., 0], found[..., 1:-1], found[..., -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = zeroth[0] / state.weight - zeroth[1] / (1 - state.weight)
    about = first - zeroth[..., None] * state.means
    squared = second - ((first + about) * state.means).sum(-1)
    precision = state.scales**-2
    dimension = state.means.shape[2]
    scales = (squared * precision - dimension * zeroth) / state.scales
    return Gradient(weight, about * precision[..., None], scales)


def _path_sums(group: Group, state: State, noise: Noise) -> Array:
    """For each stratum the sums of log(p/q), of its gradient in x, and of that times u: shape (n, 2, d + 2)."""
    half = noise.u.shape[2] // 2 or 1
    sums = np.empty((len(state.weight), 2, state.means.shape[2] + 2))
    for k in (0, 1):
        part = Noise(noise.u[:, :, -half:] if k else noise.u[:, :, :half], noise.v[:, :half])
        x = _moved(state.means[k], state.scales[k], part)
        f = features(x)
        odds_form = _with_constant(state.log_density(0) - state.log_density(1), _logit(state.weight))
        with np.errstate(over="ignore"):
            reward, shares = _rewards(group, state, f, odds_form)
            slope = _target_slope(group, f, x) - _slope(state, shares, x)
        u = (x - state.means[k][:, :, None]) / state.scales[k][:, None, None]
        sums[:, k, 0], sums[:, k, 1:-1] = reward.sum(-1), slope.sum(-1)
        sums[:, k, -1] = np.einsum("ndi,ndi->n", slope, u)
    return sums


def _target_slope(group: Group, f: Array, x: Array) -> Array:
    target = group.target
    weights = group.per_row([v.target_weight for v in group.variants], len(f))
    return _slope(target, _shares(_values(f, _target_odds(group, weights))[0]), x)


def _slope(state: State, shares: Array, x: Array) -> Array:
    """The gradient of log q in x, shape (n, d, N)."""
    pulls = [(state.means[k][:, :, None] - x) / state.scales[k][:, None, None] ** 2 for k in (0, 1)]
    return shares[:, :1] * pulls[0] + shares[:, 1:] * pulls[1]


def _path_gradient(state: State, means: Array) -> Gradient:
    """-grad KL(q|p) from the strata's means."""
    share = np.stack([state.weight, 1 - state.weight])
    found = means.transpose(1, 0, 2)
    return Gradient(found[0, :, 0] - found[1, :, 0], share[..., None] * found[..., 1:-1], share * found[..., -1])
