"""SDFT: its settings, the flow of student and teacher with its fixed point and Jacobian, and its stochastic update.

The student samples on-policy and descends a KL divergence to a teacher; the teacher is an exponential moving average
(EMA) of the student, conditioned on a demonstration (I. Shenfeld et al., arXiv:2601.19897, algorithm 1). Here student
and teacher are mixtures of the same two densities: old weights beta and a = (1 - lam) beta_bar + lam c, where beta_bar
is the EMA, c the old mass of the demonstrator and lam the strength with which the demonstration anchors the teacher.
Everything symbolic is in terms of the gate H as a function, so that it holds for any densities.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from flint import arb
from sympy import Expr, Function, Integral, Matrix, Rational, Subs, Symbol, factor, simplify, sqrt

from symforget.calculus import H
from symforget.gate.ball import information as information_ball
from symforget.model import beta, lam
from symforget.trees import mapped

Array = Any

beta_bar = Symbol("beta_bar", positive=True)
"""The moving average of the student's old weight."""
c = Symbol("c", positive=True)
"""The old mass of the demonstrator."""
kappa = Symbol("kappa", positive=True)
"""The rate of the moving average, per unit of the student's time."""
k = Symbol("k", positive=True)
"""c (1-c) (1 - H(c)), the rate at which a student follows a fixed teacher of weight c."""
w = Symbol("w", positive=True)
"""The weight as a variable of integration."""


class Direction(StrEnum):
    """Which divergence the student descends: KL(teacher|student) or KL(student|teacher)."""

    FORWARD = "forward"
    REVERSE = "reverse"


@dataclass(frozen=True)
class Settings:
    """Published settings. ``ema_rate``: the student in one update of the teacher; ``sweep``: rates compared."""

    ema_rate: Rational
    sweep: tuple[Rational, ...]
    in_paper: Direction
    in_code: Direction
    source: str


PUBLISHED = Settings(
    ema_rate=Rational(1, 100),
    sweep=(Rational(1, 100), Rational(1, 50), Rational(1, 20)),
    in_paper=Direction.REVERSE,
    in_code=Direction.FORWARD,
    source="arXiv:2601.19897: reverse KL in the text, forward KL by default in the released code",
)


def teacher(average: Expr = beta_bar) -> Expr:
    """The teacher's old weight a = (1 - lam) beta_bar + lam c."""
    return (1 - lam) * average + lam * c


def information(weight: Expr) -> Expr:
    """The Fisher information of the weight through the gate, I = (1 - H)/(weight (1 - weight))."""
    return (1 - H(weight)) / (weight * (1 - weight))


def logit_speed(direction: Direction, student: Expr = beta, target: Expr | None = None) -> Expr:
    """phi' = -dL/dphi of the student's logit, the teacher held fixed; claim sdft/fields."""
    target = teacher() if target is None else target
    if direction is Direction.FORWARD:
        return -(student - target) * (1 - H(student))
    return -student * (1 - student) * Integral(information(w), (w, target, student))


def student_field(direction: Direction) -> Expr:
    """beta' = beta (1-beta) phi'."""
    return beta * (1 - beta) * logit_speed(direction)


AVERAGE_FIELD = kappa * (beta - beta_bar)
"""beta_bar' of the moving average."""


def follow_rate(weight: Expr = c) -> Expr:
    """c (1-c) (1 - H(c))."""
    return weight * (1 - weight) * (1 - H(weight))


def at_fixed_point(expression: Expr) -> Subs:
    """The value at beta = beta_bar = c, not carried out."""
    return Subs(expression, (beta, beta_bar), (c, c))


def jacobian(direction: Direction) -> Matrix:
    """The flow's Jacobian at beta = beta_bar = c in the variables (beta, beta_bar), by differentiation."""
    field, place = student_field(direction), {beta: c, beta_bar: c}
    first = [_settled(field.diff(x).xreplace(place)) for x in (beta, beta_bar)]
    return Matrix([first, [AVERAGE_FIELD.diff(beta), AVERAGE_FIELD.diff(beta_bar)]])


def _settled(expression: Expr) -> Expr:
    """Integrals of zero length removed, arguments of H simplified."""
    shorter = expression.replace(
        lambda e: isinstance(e, Integral), lambda e: 0 * e if simplify(e.limits[0][1] - e.limits[0][2]) == 0 else e
    )
    return factor(mapped(shorter, H, lambda e: H(simplify(e.args[0]))))


def linear_flow() -> Matrix:
    """The Jacobian of either direction, with k for c (1-c) (1 - H(c))."""
    return Matrix([[-k, k * (1 - lam)], [kappa, -kappa]])


def slow_rate() -> Expr:
    """The smaller of the two rates of the linear flow."""
    total, product = -linear_flow().trace(), linear_flow().det()
    return (total - sqrt(total**2 - 4 * product)) / 2


g = Symbol("g", positive=True)
"""Step size times k."""
epsilon = Symbol("epsilon", positive=True)
"""The EMA rate: weight of the student in one update of the teacher."""


def linear_iteration(step: Expr = g) -> Matrix:
    """One iteration, linearised at the fixed point: a gradient step of the student, then the EMA of the new student."""
    student = Matrix([[1 - step, step * (1 - lam)]])
    return Matrix([student, epsilon * student + Matrix([[0, 1 - epsilon]])])


class sdft_slow_rate(Function):
    """The rate at which SDFT approaches the demonstrator's old mass: `sdft_slow_rate(c, lam, kappa, delta)`.

    The smaller eigenvalue rate of the flow at beta = beta_bar = c for a Gaussian pair; the same in both directions.
    0 < c < 1, 0 <= lam <= 1, kappa > 0, delta >= 0.
    """

    nargs = 4
    is_real = True

    @classmethod
    def ball(cls, old_mass: arb, strength: arb, ema: arb, delta: arb) -> arb:
        """By 2 det/(T + sqrt(T^2 - 4 det)), T minus the trace, in which nothing cancels."""
        weight = old_mass * (1 - old_mass)
        follow = weight * weight * information_ball(old_mass, delta)
        difference = follow - ema
        square = difference * difference + 4 * follow * ema * (1 - strength)
        return 2 * follow * ema * strength / (follow + ema + square.max(arb(0)).sqrt())


@dataclass(frozen=True)
class Training:
    """SDFT on a Gaussian pair: many independent students, each with its own batches and its own EMA teacher.

    ``delta``: separation. ``demonstrator``: c. ``strength``: lam. ``ema_rate``, ``step``, ``batch``: of every update.
    """

    delta: float
    demonstrator: float
    strength: float
    direction: Direction
    ema_rate: float = float(PUBLISHED.ema_rate)
    step: float = 1.0
    batch: int = 16

    def run(self, start: Array, average: Array, steps: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Weights of students and averages after ``steps`` updates; ``start``, ``average``: arrays of one shape."""
        logit, average = np.log(start) - np.log1p(-start), np.array(average, dtype=float)
        shape = (*logit.shape, self.batch)
        for _ in range(steps):
            uniform = rng.random(shape)
            logit, average = self.updated(logit, average, uniform, rng.standard_normal(shape))
        return 1 / (1 + np.exp(-logit)), average

    def updated(self, logit: Array, average: Array, uniform: Array, normal: Array) -> tuple[Array, Array]:
        """The student's logit and its average after one update from the noise of one batch, shape (..., batch)."""
        student = (1 / (1 + np.exp(-logit)))[..., None]
        from_old = uniform < student
        log_odds = self.delta * (normal + self.delta * (0.5 - from_old))
        return self.moved(logit, average, self.gradients(student, self.teacher(average)[..., None], log_odds).mean(-1))

    def moved(self, logit: Array, average: Array, gradient: Array) -> tuple[Array, Array]:
        """A step of the student down the gradient, then the EMA of the new student."""
        logit = logit - self.step * gradient
        return logit, average + self.ema_rate * (1 / (1 + np.exp(-logit)) - average)

    def teacher(self, average: Array) -> Array:
        """The teacher's old weight."""
        return (1 - self.strength) * average + self.strength * self.demonstrator

    def gradients(self, student: Array, target: Array, log_odds: Array) -> Array:
        """One estimate of dL/dphi for every draw from the student; ``log_odds``: log p_n/p_o at the draw.

        Forward: -(p_a/q) times the score of phi (the teacher's cross-entropy, reweighted to the student's draws);
        reverse: the score times log(q/p_a).
        """
        responsibility = 1 / (1 + (1 - student) / student * np.exp(log_odds))
        ratio = target / student * responsibility + (1 - target) / (1 - student) * (1 - responsibility)
        score = responsibility - student
        return -ratio * score if self.direction is Direction.FORWARD else -score * np.log(ratio)
