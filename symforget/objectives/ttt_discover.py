"""TTT-Discover: its settings, the entropic objective with a KL anchor, its field and transition, its stochastic update.

J = log E_q[exp(eta R)] - lam KL(q|q_0) is ascended at test time (TTT-Discover, arXiv:2601.16175). With q = q_beta and
q_0 = p_alpha mixtures of the same two densities, the reward enters through A_o = E_o[exp(eta R)] and
A_n = E_n[exp(eta R)] alone. Everything symbolic is in terms of the gate H as a function: it holds for any densities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb
from sympy import Expr, Function, Integral, Rational, Symbol, log

from symforget.balls import compile_ball
from symforget.calculus import H, SampleIntegral, mixture, p_n, p_o
from symforget.model import alpha, beta, delta, forward_kl, lam

Array = Any

A_o, A_n = Symbol("A_o", positive=True), Symbol("A_n", positive=True)
"""E_o[exp(eta R)] and E_n[exp(eta R)]."""
ratio = Symbol("rho", positive=True)
"""A_o/A_n, below one where the new mode earns more."""
w = Symbol("w", positive=True)
"""The weight as a variable of integration."""


@dataclass(frozen=True)
class Settings:
    """Published settings. ``budget``: KL(tilted|q) that sets eta; ``anchor``: lam; ``cap``: where doubling eta ends."""

    budget: Expr
    anchor: Rational
    cap: float
    bisections: int
    source: str


PUBLISHED = Settings(
    budget=log(2),
    anchor=Rational(1, 10),
    cap=1e6,
    bisections=60,
    source="arXiv:2601.16175 and its code: adaptive eta by doubling and bisection, leave-one-out normaliser",
)


def information(weight: Expr) -> Expr:
    """The Fisher information of the weight through the gate, I = (1 - H)/(weight (1 - weight))."""
    return (1 - H(weight)) / (weight * (1 - weight))


def reward_pull(weight: Expr = beta) -> Expr:
    """Minus the slope of log E_q[exp(eta R)] divided through by A_n: (1 - rho)/(1 - (1 - rho) weight)."""
    return (1 - ratio) / (1 - (1 - ratio) * weight)


def anchor_pull(weight: Expr = beta) -> Expr:
    """-G(weight) = int_weight^alpha I(w) dw, the pull of the anchor towards the initial weight alpha."""
    return Integral(information(w), (w, weight, alpha))


def slope(weight: Expr = beta, strength: Expr = lam) -> Expr:
    """dJ/dbeta, claim ttt_discover/gradient."""
    return strength * anchor_pull(weight) - reward_pull(weight)


def anchor_that_keeps(weight: Expr) -> Expr:
    """The anchor strength at which the given weight is the maximum of J: where the two pulls balance."""
    return reward_pull(weight) / anchor_pull(weight)


PULL_AT_ZERO = SampleIntegral((p_o - p_n) * log(mixture(alpha) / p_n))
"""-G(0) = KL(p_o|p_n) - KL(p_o|q_0) + KL(p_n|q_0), the anchor's pull where the old mass is gone."""

CRITICAL = (1 - ratio) / PULL_AT_ZERO
"""The anchor strength below which the old mass is lost."""


def gaussian_pull_at_zero(initial: Expr, separation: Expr) -> Expr:
    """-G(0) of a Gaussian pair: KL(p_o|q_0) is KL(p_n|q_0) with the weights exchanged."""
    return separation**2 / 2 - forward_kl(1 - initial, separation) + forward_kl(initial, separation)


class critical_anchor(Function):
    """The least anchor strength that retains old mass: `critical_anchor(alpha, gap, delta)`, for a Gaussian pair.

    Initial old weight alpha in (0, 1), gap = log(A_n/A_o) > 0, separation delta > 0. For strengths above it the
    maximum of the objective has beta > 0, for others beta = 0.
    """

    nargs = 3
    is_real = True

    @classmethod
    def ball(cls, initial: arb, gap: arb, separation: arb) -> arb:
        pull: Any = compile_ball(gaussian_pull_at_zero(alpha, delta), (alpha, delta))(initial, separation)
        return -(-gap).expm1() / pull


@dataclass(frozen=True)
class Training:
    """TTT-Discover on a Gaussian pair with reward 1 on the new mode's side of the midpoint, 0 on the old one's.

    ``delta``: separation. ``initial``: alpha. ``strength``: lam. ``group``: draws that share one eta.
    """

    delta: float
    initial: float
    strength: float
    group: int = 64
    step: float = 0.5
    budget: float = float(PUBLISHED.budget)

    def run(self, start: Array, steps: int, rng: np.random.Generator) -> Array:
        """Old weights of independent policies after ``steps`` updates, each from one group of draws."""
        logit = np.log(start) - np.log1p(-start)
        for _ in range(steps):
            logit = logit + self.step * self.gradients(1 / (1 + np.exp(-logit)), rng)
        return 1 / (1 + np.exp(-logit))

    def gradients(self, weight: Array, rng: np.random.Generator) -> Array:
        """One leave-one-out estimate of dJ/dphi for every policy."""
        shape = (*np.shape(weight), self.group)
        uniform = rng.random(shape)
        return self.gradients_from(weight, uniform, rng.standard_normal(shape))

    def gradients_from(self, weight: Array, uniform: Array, normal: Array) -> Array:
        """The same from the noise of one group of draws, shape (..., group)."""
        weight = np.asarray(weight, dtype=float)[..., None]
        log_odds = self.delta * (normal + self.delta * (0.5 - (uniform < weight)))
        advantage = entropic_advantages((log_odds > 0).astype(float), self.budget)
        return self.contributions(weight, log_odds, advantage).mean(axis=-1)

    def contributions(self, weight: Array, log_odds: Array, advantage: Array) -> Array:
        """Advantage and the anchor's log density ratio times the score; ``log_odds``: log p_n/p_o at the draw."""
        responsibility = 1 / (1 + (1 - weight) / weight * np.exp(log_odds))
        density_ratio = self.initial / weight * responsibility
        density_ratio += (1 - self.initial) / (1 - weight) * (1 - responsibility)
        return (advantage + self.strength * np.log(density_ratio)) * (responsibility - weight)


def entropic_advantages(rewards: Array, budget: float) -> Array:
    """exp(eta r_i)/Z_(-i) - 1 in groups along the last axis, Z_(-i) the mean of exp(eta r_j) over the others.

    eta is set group by group so that the tilted weights have divergence ``budget`` from uniform ones; where even the
    cap does not reach it, eta is the cap. A group of equal rewards has no advantages.
    """
    shifted = rewards - rewards.max(axis=-1, keepdims=True)
    values, counts = _tallied(shifted)
    eta = adaptive_eta(values, budget, counts)
    weights = np.exp(eta[..., None] * shifted)
    others = (weights.sum(axis=-1, keepdims=True) - weights) / (rewards.shape[-1] - 1)
    return np.where(shifted.min(axis=-1, keepdims=True) == 0, 0.0, weights / (others + 1e-12) - 1)


def _tallied(shifted: Array) -> tuple[Array, Array]:
    """The values that occur in groups along the last axis and how often each does; few if rewards are 0 or 1."""
    low = shifted.min()
    if np.all((shifted == 0) | (shifted == low)):
        highest = (shifted == 0).sum(axis=-1)
        counts = np.stack([highest, shifted.shape[-1] - highest], axis=-1)
        return np.broadcast_to([0.0, low], counts.shape), counts
    return shifted, np.ones(shifted.shape[-1])


def adaptive_eta(shifted: Array, budget: float, counts: Array | float = 1.0) -> Array:
    """eta with KL(softmax(eta r)|uniform) = budget for each group, by doubling to the cap and bisection.

    ``shifted``: rewards less the group's largest one, shape (..., values); ``counts``: how often each of them occurs.
    """
    counts = np.broadcast_to(counts, shifted.shape)
    groups, often = (a.reshape(-1, shifted.shape[-1]) for a in (shifted, counts))
    eta = np.full(len(groups), PUBLISHED.cap)
    within = tilt_divergence(eta, groups, often) >= budget
    groups, often = groups[within], often[within]
    low, high = np.zeros(len(groups)), np.ones(len(groups))
    while np.any(short := tilt_divergence(high, groups, often) < budget):
        high = np.where(short, 2 * high, high)
    for _ in range(PUBLISHED.bisections):
        if np.all(high - low < 1e-6 * high):
            break
        middle = (low + high) / 2
        below = tilt_divergence(middle, groups, often) < budget
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    eta[within] = high
    return eta.reshape(shifted.shape[:-1])


def tilt_divergence(eta: Array, shifted: Array, counts: Array | float = 1.0) -> Array:
    """KL(softmax(eta r)|uniform) of each group."""
    exponents = eta[..., None] * shifted
    weights = counts * np.exp(exponents)
    total = weights.sum(axis=-1)
    return (weights * exponents).sum(axis=-1) / total - np.log(
        total / np.broadcast_to(counts, shifted.shape).sum(axis=-1)
    )
