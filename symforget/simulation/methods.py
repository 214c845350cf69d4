"""Training by the methods' own updates: SDFT, TTT-Discover and OAPL on the weight of a Gaussian pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from symforget.objectives import oapl, sdft, ttt_discover
from symforget.simulation.scenarios import Estimator, Method, Scenario, Variant
from symforget.simulation.state import Array

POINTS, REACH = 2001, 10.0


class Trainer(Protocol):
    """One variant's policies while they are trained: ``logit`` (R,), changed by every step."""

    logit: Array

    def step(self, uniform: Array, normal: Array) -> None:
        """One update of every replicate from the noise of its batch, (R, N) each."""
        ...

    def expected(self) -> None:
        """The same update with every expectation computed: the limit of large batches."""
        ...


def trainer(scenario: Scenario, variant: Variant, replicates: int) -> Trainer:
    """The method of a variant, its policies at the scenario's start."""
    weight = scenario.start.weight
    logit = np.full(replicates, np.log(weight) - np.log1p(-weight))
    return _TRAINERS[variant.estimator](scenario, variant, variant.method, logit)


def positions(weight: Array, separation: float) -> tuple[Array, Array]:
    """log p_n/p_o on a grid, and the policy's mass there: (R, POINTS) for weights (R,); the trapezoidal rule."""
    u = np.linspace(-separation / 2 - REACH, separation / 2 + REACH, POINTS)
    old, new = (np.exp(-((u + side * separation) ** 2) / 2) for side in (0.5, -0.5))
    weight = weight[:, None]
    mass = (weight * old + (1 - weight) * new) * (u[1] - u[0]) / np.sqrt(2 * np.pi)
    return np.broadcast_to(separation * u, mass.shape), mass


def sigmoid(logit: Array) -> Array:
    return 1 / (1 + np.exp(-logit))


@dataclass
class _Sdft:
    training: sdft.Training
    logit: Array
    average: Array

    @classmethod
    def of(cls, scenario: Scenario, variant: Variant, method: Method, logit: Array) -> _Sdft:
        forward = variant.estimator is Estimator.SDFT_FORWARD
        direction = sdft.Direction.FORWARD if forward else sdft.Direction.REVERSE
        training = sdft.Training(
            scenario.separation,
            variant.target_weight,
            method.strength,
            direction,
            method.ema_rate,
            variant.rate,
            scenario.batch,
        )
        return cls(training, logit, sigmoid(logit))

    def step(self, uniform: Array, normal: Array) -> None:
        self.logit, self.average = self.training.updated(self.logit, self.average, uniform, normal)

    def expected(self) -> None:
        student = sigmoid(self.logit)
        log_odds, mass = positions(student, self.training.delta)
        target = self.training.teacher(self.average)
        gradient = (mass * self.training.gradients(student[:, None], target[:, None], log_odds)).sum(axis=-1)
        self.logit, self.average = self.training.moved(self.logit, self.average, gradient)


@dataclass
class _TttDiscover:
    training: ttt_discover.Training
    logit: Array

    @classmethod
    def of(cls, scenario: Scenario, variant: Variant, method: Method, logit: Array) -> _TttDiscover:
        start = scenario.start.weight
        training = ttt_discover.Training(scenario.separation, start, method.strength, scenario.batch, variant.rate)
        return cls(training, logit)

    def step(self, uniform: Array, normal: Array) -> None:
        self.logit = self.logit + self.training.step * self.training.gradients_from(
            sigmoid(self.logit), uniform, normal
        )

    def expected(self) -> None:
        """With eta set by the whole population; the leave-one-out normaliser becomes the expectation."""
        weight = sigmoid(self.logit)
        log_odds, mass = positions(weight, self.training.delta)
        rewards = np.where(log_odds > 0, 0.0, -1.0)
        values = np.broadcast_to([0.0, -1.0], (len(weight), 2))
        share = np.stack([(mass * (rewards == 0)).sum(axis=-1), (mass * (rewards < 0)).sum(axis=-1)], axis=-1)
        eta = ttt_discover.adaptive_eta(values, self.training.budget, share)
        weights = np.exp(eta[:, None] * rewards)
        advantage = weights / (mass * weights).sum(axis=-1, keepdims=True) - 1
        pull = self.training.contributions(weight[:, None], log_odds, advantage)
        self.logit = self.logit + self.training.step * (mass * pull).sum(axis=-1)


@dataclass
class _Oapl:
    training: oapl.Training
    logit: Array
    lagged: Array
    old: Array
    count: int = 0

    @classmethod
    def of(cls, scenario: Scenario, variant: Variant, method: Method, logit: Array) -> _Oapl:
        training = oapl.Training(method.gap, scenario.batch, method.lag, variant.rate)
        return cls(training, logit, sigmoid(logit), np.empty_like(logit))

    def step(self, uniform: Array, normal: Array) -> None:
        self._moved(lambda: (uniform < sigmoid(self.logit)[:, None]).mean(axis=-1))

    def expected(self) -> None:
        self._moved(lambda: sigmoid(self.logit))

    def _moved(self, rollouts: Any) -> None:
        """A step of regression on the present group; after ``lag`` of them a new group from the policy as it is."""
        if self.count % self.training.lag == 0:
            self.lagged, self.old = sigmoid(self.logit), rollouts()
        self.count += 1
        self.logit = self.training.moved(self.logit, self.lagged, self.old)


_TRAINERS: dict[Estimator, Any] = {
    Estimator.SDFT_FORWARD: _Sdft.of,
    Estimator.SDFT_REVERSE: _Sdft.of,
    Estimator.TTT_DISCOVER: _TttDiscover.of,
    Estimator.OAPL: _Oapl.of,
}
