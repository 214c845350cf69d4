"""What a run came to: accuracies, Drop and Gain, the old mass, and how sure a median over replicates is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np

from symforget.simulation.scenarios import Scenario
from symforget.simulation.state import Array
from symforget.simulation.training import Trajectories

BAND = (0.05, 0.95)
FAILURE_PROBABILITY = 1e-9


@dataclass(frozen=True)
class Spread:
    """Over replicates: the median, the band from the 5 % to the 95 % quantile, and an interval for the true median.

    ``interval`` holds with probability 1 - FAILURE_PROBABILITY whatever the distribution (order statistics), or is
    None with too few replicates. Replicates without the quantity (a Gain never reached) are counted in ``missing``.
    """

    median: float
    band: tuple[float, float]
    interval: tuple[float, float] | None
    missing: int = 0


@dataclass(frozen=True)
class Outcome:
    """A variant's outcomes by name, in order of printing."""

    variant: str
    values: Mapping[str, Spread]


def overlap(first: tuple[Array | float, ...], second: tuple[Array | float, ...]) -> Array:
    """The integral of min(a N(m, s^2), b N(n, t^2)) over the line, for ``first`` = (a, m, s), ``second`` = (b, n, t).

    The densities cross at most twice; between crossings one of them is the smaller throughout.
    """
    from scipy.special import ndtr  # takes a quarter of a second, and few callers come here

    (a, m, s), (b, n, t) = (tuple(np.asarray(v, dtype=float) for v in side) for side in (first, second))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        square = (1 / t**2 - 1 / s**2) / 2
        linear = m / s**2 - n / t**2
        constant = (n**2 / t**2 - m**2 / s**2) / 2 + np.log(a * t) - np.log(b * s)
        q = -(linear + np.copysign(np.sqrt(linear**2 - 4 * square * constant), linear)) / 2
        roots = np.stack(np.broadcast_arrays(q / square, constant / q))
    roots = np.sort(np.where(np.isnan(roots), np.inf, roots), axis=0)
    total = np.zeros(roots.shape[1:])
    below = (np.zeros(total.shape), np.zeros(total.shape))
    for end in (*roots, np.full(total.shape, np.inf)):
        upto = (a * ndtr((end - m) / s), b * ndtr((end - n) / t))
        total += np.maximum(np.minimum(upto[0] - below[0], upto[1] - below[1]), 0)
        below = upto
    return total


def accuracies(scenario: Scenario, done: Trajectories) -> tuple[Array, Array]:
    """Acc(old) and Acc(new) at every step, shape (R, steps + 1): the overlap with the target's mode, as a share of it.

    One dimension only. Chen et al. integrate on a grid of 500 points over [-8, 8]; here the integral is exact.
    """
    target = scenario.target
    old = overlap(
        (target.weight, target.old_mean[0], target.old_scale),
        (done.weight, done.means[:, :, 0, 0], done.scales[..., 0]),
    )
    new = overlap(
        (1 - target.weight, target.new_mean[0], target.new_scale),
        (1 - done.weight, done.means[:, :, 1, 0], done.scales[..., 1]),
    )
    return old / target.weight, new / (1 - target.weight)


@dataclass(frozen=True)
class DropAndGain:
    """Drop = Acc_0(old) - Acc(old) and Gain = Acc(new) - Acc_0(new), shape (R, steps + 1)."""

    drop: Array
    gain: Array

    @classmethod
    def of(cls, scenario: Scenario, done: Trajectories) -> DropAndGain:
        old, new = accuracies(scenario, done)
        return cls(old[:, :1] - old, new - new[:, :1])

    def first_step(self, level: float) -> Array:
        """The first step at which the Gain is at least ``level``; nan where it never is."""
        reached = self.gain >= level
        return np.where(reached.any(axis=1), reached.argmax(axis=1), np.nan)

    def drop_at(self, level: float) -> Array:
        """The Drop at that step; nan where the Gain is never reached."""
        step = self.first_step(level)
        chosen = np.where(np.isnan(step), 0, step).astype(int)
        return np.where(np.isnan(step), np.nan, self.drop[np.arange(len(step)), chosen])


def spread(values: Array) -> Spread:
    """The spread of one number per replicate; nan marks a replicate without it."""
    there = np.sort(values[~np.isnan(values)])
    if not len(there):
        return Spread(float("nan"), (float("nan"), float("nan")), None, len(values))
    low, middle, high = np.quantile(there, (BAND[0], 0.5, BAND[1]))
    rank = median_rank(len(there))
    interval = (float(there[rank - 1]), float(there[-rank])) if rank else None
    return Spread(float(middle), (float(low), float(high)), interval, len(values) - len(there))


def median_rank(count: int, probability: float = FAILURE_PROBABILITY) -> int:
    """The largest r such that [x_(r), x_(n+1-r)] misses the median with at most this probability; 0 if there is none.

    Each side is missed if fewer than r of n fair coins fall on it: P = sum_(j < r) C(n, j)/2^n, exactly.
    """
    allowed, tail, rank = int(probability / 2 * 2**64) * 2**count, 0, 0
    while rank < count // 2:
        tail += comb(count, rank) << 64
        if tail > allowed:
            break
        rank += 1
    return rank


def outcomes(scenario: Scenario, done: Mapping[str, Trajectories]) -> list[Outcome]:
    """Every variant's outcomes: Drop and Gain in one dimension, the old mass and the drift of the old mean always."""
    return [Outcome(name, _outcomes_of(scenario, found)) for name, found in done.items()]


def _outcomes_of(scenario: Scenario, done: Trajectories) -> dict[str, Spread]:
    values: dict[str, Spread] = {}
    if scenario.dimension == 1 and "means" in scenario.learn:
        both = DropAndGain.of(scenario, done)
        level = f"{scenario.level:g}"
        values[f"step of gain {level}"] = spread(both.first_step(scenario.level))
        values[f"drop at gain {level}"] = spread(both.drop_at(scenario.level))
        values["drop"], values["gain"] = spread(both.drop[:, -1]), spread(both.gain[:, -1])
    values["old mass"] = spread(done.weight[:, -1])
    if "means" in scenario.learn:
        values["old drift"] = spread(drift(done)[:, -1])
    return values


def drift(done: Trajectories) -> Array:
    """The old mean's distance from where it started, in units of the old scale at the start; shape (R, steps + 1)."""
    moved = done.means[:, :, 0] - done.means[:, :1, 0]
    return np.linalg.norm(moved, axis=-1) / done.scales[:, :1, 0]
