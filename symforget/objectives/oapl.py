"""OAPL: its settings, target and regression loss, the optimum with two temperatures, and its stochastic update.

Squared regression of the log-ratio to a lagged policy on the advantage (arXiv:2602.19362): the loss is
E_{pi_v}[(beta_2 log(pi/pi_v) - (r - V))^2] with V = beta_1 log E_{pi_v} exp(r/beta_1), pi_v the policy as it was at the
last of the synchronisations, which come every L steps. Here pi_v is the mixture p_alpha, the reward osc(r) y with y in
[0, 1]. With beta_1 = beta_2 = tau the loss is zero at pi_v exp(r/tau)/Z.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Expr, Integral, LambertW, Rational, Symbol, exp, log

from symforget.calculus import SampleIntegral, mixture, p_n, p_o
from symforget.functions import normal
from symforget.model import _Divergence, alpha, beta, delta, z
from symforget.rules.rewards import RewardIntegral, y
from symforget.trees import mapped

Array = Any

R = Symbol("R", positive=True)
"""osc(r)/tau, the oscillation of the reward in units of the temperature."""
tau = Symbol("tau", positive=True)
"""The temperature, where beta_1 = beta_2."""
beta_1, beta_2 = Symbol("beta_1", positive=True), Symbol("beta_2", positive=True)
"""The temperatures of the value V and of the log-ratio."""
kappa = Symbol("kappa", positive=True)
"""The multiplier of the normalisation."""
V = Symbol("V", real=True)
"""The value that is subtracted from the reward."""
K = Symbol("K", positive=True)
"""The number of synchronisations."""
b = Symbol("b", positive=True)
"""The old weight towards which the reward points, where r = tau log(q_b/p_alpha) + const."""

_SHARP = Rational(1, 1000)


@dataclass(frozen=True)
class Settings:
    """Published settings: temperature of the value, temperature of the log-ratio, steps between synchronisations."""

    value_temperature: int = 1
    ratio_temperature: Rational = _SHARP
    lag: int = 50
    source: str = "arXiv:2602.19362: two distinct temperatures, policy synchronised every L = 50 steps"


PUBLISHED = Settings()


def tilt(times: Expr | int = 1) -> Expr:
    """exp(times r/tau) at a point."""
    return exp(times * R * y)


def tilted_mass(density: Expr, times: Expr | int = 1) -> RewardIntegral:
    """The expectation of the tilt under a density: A_o for p_o, A_n for p_n, Z for p_alpha."""
    return RewardIntegral(density * tilt(times))


def target_odds(times: Expr | int = 1) -> Expr:
    """alpha*/(1-alpha*): the odds of the old mode in the target, after ``times`` synchronisations."""
    return alpha / (1 - alpha) * tilted_mass(p_o, times) / tilted_mass(p_n, times)


def residual_loss(height: Expr = R) -> RewardIntegral:
    """The loss of q_beta, E_{p_alpha}[(tau log(q_beta/p_alpha) - (r - V))^2], r = height y."""
    residual = tau * log(mixture(beta) / mixture(alpha)) - (height * y - V)
    return RewardIntegral(mixture(alpha) * residual**2)


def realisable_loss() -> SampleIntegral:
    """The loss of q_beta where r = tau log(q_b/p_alpha) + const: tau^2 E_{p_alpha}[log(q_beta/q_b)^2]."""
    return SampleIntegral(tau**2 * mixture(alpha) * log(mixture(beta) / mixture(b)) ** 2)


def curvature() -> SampleIntegral:
    """The Hessian of the realisable loss at its fixed point beta = b."""
    return SampleIntegral(2 * tau**2 * mixture(alpha) * (p_o - p_n) ** 2 / mixture(b) ** 2)


def optimal_log_ratio(advantage: Expr) -> Expr:
    """u = log(pi/pi_v) at the constrained optimum: A/beta_2 - W((kappa/beta_2) exp(A/beta_2)); two temperatures."""
    return advantage / beta_2 - LambertW(kappa / beta_2 * exp(advantage / beta_2))


class oapl_odds(_Divergence):
    """Odds of the old mode in OAPL's target: `oapl_odds(alpha, R, delta)` for the reward R tau r_n(x).

    A Gaussian pair, the reward being R tau times the posterior of the new mode under the lagged policy (a soft
    classifier); R times the number of synchronisations for several. 0 < alpha < 1, R >= 0, delta >= 0.
    """

    nargs = 3
    head = r"\mathrm{odds}_{\mathrm{OAPL}}"
    slots = (alpha, R, delta)
    is_positive = True

    def closed_form(self) -> Expr:
        weight, _, separation = self.args
        return weight / (1 - weight) * self._mass(-separation / 2) / self._mass(separation / 2)

    def _mass(self, centre: Expr) -> Expr:
        weight, height, separation = self.args
        log_odds = log(weight / (1 - weight)) - separation * (centre + z)
        return normal(exp(height / (1 + exp(log_odds))), z)

    def _eval_rewrite_as_Integral(self, *args: Expr, **hints: Any) -> Expr:
        return mapped(self.closed_form(), normal, lambda e: e.rewrite(Integral))

    def fdiff(self, argindex: int = 1) -> Expr:
        slope = type(self)(*self.slots).closed_form().diff(self.slots[argindex - 1])
        return slope.xreplace(dict(zip(self.slots, self.args, strict=True)))


@dataclass(frozen=True)
class Training:
    """OAPL of a policy over two modes far apart, rewarded by which mode it draws: many independent policies at once.

    ``group``: rollouts per synchronisation, from which V is estimated; ``lag``: gradient steps on them before the next;
    ``gap``: reward of the new mode minus that of the old, in units of the temperature. The temperature is 1.
    """

    gap: float
    group: int = 4096
    lag: int = PUBLISHED.lag
    step: float = 1.0

    def run(self, start: float, synchronisations: int, policies: int, rng: np.random.Generator) -> Array:
        """The old weights of ``policies`` policies after the synchronisations."""
        logit = np.full(policies, np.log(start) - np.log1p(-start))
        for _ in range(synchronisations):
            logit = self._regressed(logit, rng)
        return 1 / (1 + np.exp(-logit))

    def _regressed(self, lagged: Array, rng: np.random.Generator) -> Array:
        """The logit after ``lag`` steps down the squared loss on one group of rollouts of the lagged policy."""
        weight = 1 / (1 + np.exp(-lagged))
        old = rng.binomial(self.group, weight) / self.group
        logit = lagged
        for _ in range(self.lag):
            logit = self.moved(logit, weight, old)
        return logit

    def moved(self, logit: Array, weight: Array, old: Array) -> Array:
        """One step down the squared loss; ``weight``: of the lagged policy, ``old``: share of old ones in its group."""
        value = np.log(old + (1 - old) * np.exp(self.gap))
        now = 1 / (1 + np.exp(-logit))
        on_old = np.log(now / weight) + value
        on_new = np.log((1 - now) / (1 - weight)) - (self.gap - value)
        return logit - self.step * 2 * (old * on_old * (1 - now) - (1 - old) * on_new * now)


@dataclass(frozen=True)
class FirstStep:
    """The gradient of the loss at pi = pi_v on a group of rollouts of a Gaussian pair, rewarded by a soft classifier.

    ``height``: the reward is ``height`` r_n(x); ``weight``: old weight of the policy. V is estimated from the group.
    """

    weight: float
    height: float
    delta: float
    temperature: float = 1.0

    def gradients(self, group: int, rng: np.random.Generator) -> Array:
        """For each rollout of a group 2 tau (tau log(pi/pi_v) - (r - V)) times the score of the logit."""
        old = rng.random(group) < self.weight
        x = rng.standard_normal(group) + self.delta * np.where(old, -0.5, 0.5)
        responsibility = 1 / (1 + (1 - self.weight) / self.weight * np.exp(self.delta * x))
        reward = self.height * (1 - responsibility)
        value = self.temperature * np.log(np.exp(reward / self.temperature).mean())
        log_ratio = np.zeros(group)  # pi = pi_v
        residual = self.temperature * log_ratio - (reward - value)
        return 2 * self.temperature * residual * (responsibility - self.weight)

    def value_error(self, group: int, probability: float) -> float:
        """Bound of 2 tau |V_group - V| |mean score|, both by the bounded-differences inequality."""
        spread = self.temperature**2 * np.expm1(self.height / self.temperature)
        return float(2 * spread * np.log(4 / probability) / (2 * group))
