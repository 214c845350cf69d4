"""Gradient estimators of the two-mode mixture from draws, for many mixtures at once.

With q = w N_o + (1-w) N_n, an estimator draws x and gives each draw a coefficient c, so that its estimate of the ascent
direction is the mean of c grad log q (r_o, r_n are the responsibilities):

    forward    x from the data: c = 1                                             descends -E log q
    reverse    x from q: c = log(p/q), the score function                          descends KL(q|p)
    replay     x from b = (1-lam) q + lam N_o(target): c = (q/b) log(p/q)          the same, unbiased
    as-coded   x from q's new component: c = (1/r_n) log(p_n/(s (1-w) N_n) + floor), as published
    pathwise   x = m + scale u in strata, one per component: log(q/p) differentiated along the path

As c grad log q = c r_o grad log(w N_o) + c r_n grad log((1-w) N_n), and both gradients are quadratic in x, a step needs
of its draws only sums of c r_o and c r_n times 1, x, |x|^2. No closed form of the theory is used anywhere.

Arrays are (R, V, ...), R replicates of V variants. All variants of a replicate see the same noise (common random
numbers), which leaves the law of each as it is and makes their differences sharper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from symforget.simulation.draws import Noise, Sampled
from symforget.simulation.groups import Group, groups
from symforget.simulation.scenarios import Estimator, Scenario
from symforget.simulation.state import SMALLEST_WEIGHT, Array, Gradient, State, Workspace

BLOCK = 4096
"""Draws of one replicate that are held at a time; fixed, so that a stream is used alike whatever the memory."""
DRAWS_AT_ONCE = 131_072
"""Draws of all replicates and variants worked on at a time: fewer cost calls, more do not fit a processor's caches."""
ARRAYS_PER_DRAW = 12
"""Arrays of one number per draw that are held at a time at most, features apart."""
LARGEST_LOG = 700.0


def replicates_at_once(scenario: Scenario) -> int:
    """How many replicates' draws are worked on together."""
    largest = max(len(g.variants) for g in groups(scenario))
    return max(1, DRAWS_AT_ONCE // (min(BLOCK, scenario.batch) * largest))


def workspace_bytes(scenario: Scenario) -> int:
    """Memory of one replicate's arrays that have an entry for every draw, at most."""
    largest = max(len(g.variants) for g in groups(scenario))
    dimension = scenario.dimension
    per_draw = dimension + 2 + largest * (ARRAYS_PER_DRAW + 2 * dimension)
    return 8 * per_draw * min(BLOCK, scenario.batch)


@dataclass(frozen=True)
class Pass:
    """One pass over a batch for all replicates of a group: where its draws come from, and what is evaluated there.

    ``forms``: (R, V, k, d + 2), quadratic forms in the order in which `_coefficients` wants them.
    """

    group: Group
    sampled: Sampled
    forms: Array
    half: int | None = None

    def part(self, rows: slice) -> Pass:
        """Some replicates."""
        return Pass(self.group, self.sampled.part(rows), self.forms[rows], self.half)

    def sums(self, noise: Noise, space: Workspace) -> Array:
        """Sums over the draws of the coefficients times each feature, as `weighted_sums` says."""
        if self.half is not None:  # the old component's stratum has the first half of the draws, the new one's the last
            size = _per_stratum(noise.v.shape[1])
            noise = noise.part(slice(0, size) if self.half == 0 else slice(-size, None))
        return weighted_sums(self.group, self.forms, self.sampled.features(noise, space), space)


def passes(group: Group, state: State, weighted: Array) -> list[Pass]:
    """What a group has to do in a step; ``weighted``: `State.weighted` of its state."""
    forms = _forms(group, weighted)
    if group.estimator is Estimator.PATHWISE:
        strata = (Sampled.of([(state.means[k], state.scales[k])]) for k in (0, 1))
        return [Pass(group, stratum, forms, k) for k, stratum in enumerate(strata)]
    return [Pass(group, sampled(group, state), forms)]


def estimates(work: Sequence[Group], state: State, rngs: Sequence[np.random.Generator], space: Workspace) -> Gradient:
    """One estimate for every replicate and variant from a batch of draws, some replicates and draws at a time."""
    scenario, size = work[0].scenario, replicates_at_once(work[0].scenario)
    weighted = state.weighted()
    parts = [state.part(g.columns) for g in work]
    todo = [p for g, own in zip(work, parts, strict=True) for p in passes(g, own, weighted[:, :, g.columns])]
    totals: list[list[Array]] = [[] for _ in todo]
    for start in range(0, len(rngs), size):
        rows = slice(start, start + size)
        here = [p.part(rows) for p in todo]
        for total, found in zip(totals, _batch_sums(here, scenario, rngs[rows], space), strict=True):
            total.append(found)
    found = iter(t[0] if len(t) == 1 else np.concatenate(t) for t in totals)
    return Gradient.joined([_gradient(g, own, found) for g, own in zip(work, parts, strict=True)])


def _batch_sums(
    todo: Sequence[Pass], scenario: Scenario, rngs: Sequence[np.random.Generator], space: Workspace
) -> list[Array]:
    totals: list[Array] = []
    for count in _blocks(scenario.batch):
        noise = Noise.drawn(scenario.dimension, count, rngs, space)
        found = [p.sums(noise, space) for p in todo]
        totals = [a + b for a, b in zip(totals, found, strict=True)] if totals else found
    return totals


def _blocks(batch: int) -> Iterator[int]:
    for start in range(0, batch, BLOCK):
        yield min(BLOCK, batch - start)


def _per_stratum(count: int) -> int:
    """How many of a block's draws each of the pathwise estimator's two strata has."""
    return count // 2 or 1


def sampled(group: Group, state: State) -> Sampled:
    """What the estimator samples; of the pathwise one, what its strata make together."""
    old, new = ((state.means[k], state.scales[k]) for k in (0, 1))
    if group.estimator is Estimator.AS_CODED:
        return Sampled.of([new])
    if group.estimator in (Estimator.REVERSE, Estimator.PATHWISE):
        return Sampled.of([new, old], [state.weight])
    shown = group.target.repeated(len(state.weight))
    if group.estimator is Estimator.REPLAY:
        share = np.broadcast_to(group.replay, state.weight.shape)
        kept = (shown.means[0], shown.scales[0])
        return Sampled.of([new, old, kept], [share + (1 - share) * state.weight, share])
    shown = shown.part(slice(0, 1)) if group.sharing else shown
    old, new = ((shown.means[k], shown.scales[k]) for k in (0, 1))
    return Sampled.of([new, old], [shown.weight]) if group.sees_old else Sampled.of([new])


def _forms(group: Group, weighted: Array) -> Array:
    """The quadratic forms that `_coefficients` evaluates, stacked: (R, V, k, d + 2)."""
    old, new = weighted
    if group.estimator is Estimator.FORWARD:
        wanted = [new - old]
    elif group.estimator is Estimator.AS_CODED:
        wanted = [group.scaled_new_mode - new, old - new]
    else:
        target = group.target_forms
        wanted = [(target[0] if group.sees_old else group.mode_forms[1]) - old, new - old]
        wanted += [target[1] - target[0]] if group.sees_old else []
        wanted += [group.mode_forms[0] - old] if group.estimator is Estimator.REPLAY else []
    forms = np.empty((*old.shape[:-1], len(wanted), old.shape[-1]))
    for k, form in enumerate(wanted):
        forms[:, :, k] = form
    return forms


def weighted_sums(group: Group, forms: Array, f: Array, space: Workspace, mass: Array | None = None) -> Array:
    """Sums at the draws with features f (d + 2, R, V or 1, N) of coefficients times features, (R, V, k, d + 2).

    The coefficients are c and c r_o; as coded c r_n and c r_o; with a baseline also 1 and r_o; of the pathwise
    estimator log(p/q), r_o, 1 and the target's r_o. ``forms``: `_forms`. ``mass``: (R, V, N), of the draws.
    """
    coefficients = _coefficients(group, forms, f, space)
    if mass is not None:
        coefficients *= mass
    found = _products(coefficients, f)
    if group.place_of_one is None:
        return found
    one = f.sum(axis=-1).transpose(1, 2, 0) if mass is None else _products(mass[None], f)[:, :, 0]
    sums = np.empty((*found.shape[:2], found.shape[2] + 1, found.shape[3]))
    sums[:, :, : group.place_of_one] = found[:, :, : group.place_of_one]
    sums[:, :, group.place_of_one] = one
    sums[:, :, group.place_of_one + 1 :] = found[:, :, group.place_of_one :]
    return sums


def _products(coefficients: Array, f: Array) -> Array:
    """Sums of coefficients (k, R, V, N) times features (d + 2, R, V or 1, N): (R, V, k, d + 2)."""
    by_row, transposed = coefficients.transpose(1, 2, 0, 3), f.transpose(1, 2, 3, 0)
    if len(coefficients) == 1 and f.shape[2] == 1:  # one product of matrices serves all variants
        return np.matmul(by_row.swapaxes(1, 2), transposed).swapaxes(1, 2)
    return np.matmul(by_row, transposed)


def _values(f: Array, forms: Array, space: Workspace) -> Array:
    """Quadratic forms (R, V, k, d + 2) at every draw: (k, R, V, N)."""
    replicates, variants, count, _ = forms.shape
    values, by_row = space.array("values", count, replicates, variants, f.shape[-1]), f.transpose(1, 2, 0, 3)
    if count == 1 and f.shape[2] == 1:
        np.matmul(forms.swapaxes(1, 2), by_row, out=values.transpose(1, 0, 2, 3))
    else:
        np.matmul(forms, by_row, out=values.transpose(1, 2, 0, 3))
    return values


def _coefficients(group: Group, forms: Array, f: Array, space: Workspace) -> Array:
    """The coefficients but for 1, (k, R, V, N)."""
    values = _values(f, forms, space)
    if group.estimator is Estimator.FORWARD:
        _one_plus_exp(values)
        return np.divide(1, values, out=values)
    if group.estimator is Estimator.AS_CODED:
        return _published(group, values)
    return _rewarded(group, values, space.array("spare", *values.shape[1:]))


def _limited(y: Array) -> Array | float:
    """Cut y off, in place, where exp would overflow; returns what was cut off."""
    if not y.max() > LARGEST_LOG:
        return 0.0
    excess = np.maximum(y - LARGEST_LOG, 0)
    y -= excess
    return excess


def _one_plus_exp(y: Array) -> Array | float:
    """1 + exp(y) in place; returns what is to be added to its log."""
    excess = _limited(y)
    np.exp(y, out=y)
    y += 1
    return excess


def _published(group: Group, pair: Array) -> Array:
    """With the reward as coded divided by r_n: c r_n, which is the reward itself, and c r_o = reward r_o/r_n."""
    reward, odds = pair
    _limited(pair)
    np.exp(pair, out=pair)
    reward += group.scenario.reward_floor
    np.log(reward, out=reward)
    odds *= reward
    return pair


def _rewarded(group: Group, values: Array, spare: Array) -> Array:
    """c and c r_o, with a baseline also r_o; of the pathwise estimator c, r_o and the target's r_o. In place of values.

    c = log(p/q), importance-weighted for replay. q = w N_o (1 + 1/odds), and p likewise if it has an old mode.
    """
    reward, share = values[:2]
    reward -= _one_plus_exp(share)
    np.divide(1, share, out=share)
    if group.sees_old:
        reward += _one_plus_exp(values[2])
        np.multiply(values[2], share, out=spare)
        _add_log(group, reward, spare, spare)
    else:
        _add_log(group, reward, share, spare)
    if group.estimator is Estimator.REPLAY:
        _reweight(group, values[-1], share, reward)
    if group.estimator is Estimator.PATHWISE:
        return _with_target_share(group, values, spare)
    if group.baseline:
        spare[:] = share
    share *= reward
    return np.stack([reward, share, spare]) if group.baseline else values[:2]


def _with_target_share(group: Group, values: Array, spare: Array) -> Array:
    if not group.sees_old:
        spare[:] = 0
        return np.stack([*values[:2], spare])
    np.divide(1, values[2], out=values[2])
    return values[:3]


def _add_log(group: Group, reward: Array, factor: Array, spare: Array) -> None:
    """Add log factor to the log density ratio, or make of the two the reward with the published floor and scale."""
    scenario = group.scenario
    if group.variants[0].floored:
        _limited(reward)
        np.exp(reward, out=reward)
        reward *= factor
        reward /= scenario.reward_scale
        reward += scenario.reward_floor
        np.log(reward, out=reward)
    else:
        reward += np.log(factor, out=spare)


def _reweight(group: Group, old_odds: Array, share: Array, reward: Array) -> None:
    """Multiply by q/b = 1/((1-lam) + lam N_o(target)/q); ``old_odds``: log of N_o(target) to w N_o."""
    lam = group.replay[:, None]
    _limited(old_odds)
    np.exp(old_odds, out=old_odds)
    old_odds *= share
    old_odds *= lam
    old_odds += 1 - lam
    reward /= old_odds


def _gradient(group: Group, state: State, sums: Iterator[Array]) -> Gradient:
    """The ascent direction from the sums over the batch, of which a group takes as many as it has passes."""
    batch = group.scenario.batch
    if group.estimator is Estimator.PATHWISE:
        draws = sum(map(_per_stratum, _blocks(batch)))
        return _path_gradient(group, state, [next(sums) / draws for _ in (0, 1)])
    means = next(sums) / batch
    if group.baseline and batch > 1:
        # Leave-one-out: subtracting the mean reward of the other draws is unbiased.
        centred = means[:, :, :2] - means[:, :, :1, :1] * means[:, :, 2:]
        means = centred * (batch / (batch - 1))
    return score_gradient(group, state, means)


def score_gradient(group: Group, state: State, means: Array) -> Gradient:
    """The ascent direction from the means over draws of what `weighted_sums` sums."""
    old, other = means[:, :, 1], means[:, :, 0]
    found = np.stack([old, other if group.estimator is Estimator.AS_CODED else other - old])
    zeroth, first, second = found[..., 0], found[..., 1:-1], found[..., -1]
    both = np.maximum(np.stack([state.weight, 1 - state.weight]), SMALLEST_WEIGHT)
    weight = zeroth[0] / both[0] - zeroth[1] / both[1]
    about = first - zeroth[..., None] * state.means
    squares = second - ((first + about) * state.means).sum(-1)
    precision = state.scales**-2
    scales = (squares * precision - state.means.shape[-1] * zeroth) / state.scales
    return Gradient(weight, about * precision[..., None], scales)


def _path_gradient(group: Group, state: State, strata: Sequence[Array]) -> Gradient:
    """-grad KL(q|p) from each stratum's means of log(p/q), r_o, 1 and the target's r_o, times 1, x, |x|^2."""
    reward, pulls, along = [], [], []
    for k, means in enumerate(strata):
        rewarded, model, one, target = means.transpose(2, 0, 1, 3)
        slope = _slope(group.target, target, one, state, k)
        minus = _slope(state, model, one, state, k)
        reward.append(rewarded[..., 0])
        pulls.append(slope[0] - minus[0])
        along.append(slope[1] - minus[1])
    share = np.stack([state.weight, 1 - state.weight])
    return Gradient(reward[0] - reward[1], share[..., None] * np.stack(pulls), share * np.stack(along))


def _slope(mixture: State, old: Array, one: Array, state: State, k: int) -> tuple[Array, Array]:
    """Means of the gradient g of a mixture's log density in x, and of g.u with u = (x - m_k)/scale_k.

    ``old``, ``one``: means of r_o and 1 times the features.
    """
    total, along = 0.0, 0.0
    for j, share in enumerate((old, one - old)):
        zeroth, first, second = share[..., :1], share[..., 1:-1], share[..., -1]
        precision = mixture.scales[j] ** -2
        pull = mixture.means[j] * zeroth - first
        total = total + precision[..., None] * pull
        # (m_j - x).(x - m_k) = m_j.x - |x|^2 - (m_j - x).m_k
        inner = (mixture.means[j] * first).sum(-1) - second - (pull * state.means[k]).sum(-1)
        along = along + precision * inner / state.scales[k]
    return np.asarray(total), np.asarray(along)
