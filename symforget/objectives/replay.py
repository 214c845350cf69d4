"""Replay: its settings, objectives with flow and fixed point, importance weights, and its finite batches.

Two uses of stored old data. Forward KL: train on p_rho = rho p_o + (1-rho) p_n instead of p_n. Reverse KL: mix
replayed draws into the batch, behaviour b = (1-lam) q + lam p_o, and correct by the importance weight q/b. Everything
symbolic is in terms of the gate H as a function, so that it holds for any densities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb
from sympy import Derivative, Expr, Function, Rational, Symbol, cancel, factor, log, solve

from symforget.calculus import SampleIntegral, mixture, p_n, p_o, reduce_to_gate, responsibility_old
from symforget.model import alpha, beta, eta, lam, rho
from symforget.ranges import POSITIVE_INFINITY, ZERO, Range, Undefined
from symforget.simulate import log_add

Array = Any

draws = Symbol("N", positive=True)
"""The number of draws in a batch."""


_FIVE_PERCENT, _QUARTER = Rational(1, 20), Rational(1, 4)


@dataclass(frozen=True)
class Settings:
    """Shares of replayed data in use, for a mild and for a strong change of distribution."""

    weak_shift: Rational = _FIVE_PERCENT
    strong_shift: Rational = _QUARTER
    source: str = "A. Ibrahim et al., arXiv:2403.08763: 5 % replay from English to English, 25 % from English to German"


PUBLISHED = Settings()


def forward_loss(data: Expr = rho) -> SampleIntegral:
    """KL(p_rho|q_beta): the likelihood objective on data of which the share ``data`` is replayed."""
    trained_on = mixture(data)
    return SampleIntegral(trained_on * log(trained_on / mixture(beta)))


def reverse_loss() -> SampleIntegral:
    """KL(q_beta|p_alpha), the on-policy objective."""
    q = mixture(beta)
    return SampleIntegral(q * log(q / mixture(alpha)))


def behaviour() -> Expr:
    """The density b = (1-lam) q + lam p_o of a draw from a batch with the share lam of replay."""
    return (1 - lam) * mixture(beta) + lam * p_o


def old_share() -> Expr:
    """The old component's weight in the behaviour, beta + lam (1-beta): what b has in front of p_o."""
    return factor(behaviour().expand().coeff(p_o))


def importance_weight() -> Expr:
    """w = q/b."""
    return mixture(beta) / behaviour()


def reverse_draw() -> Expr:
    """What one draw contributes to the gradient in the logit: the score r_o - beta times log(q/p_alpha)."""
    return (responsibility_old(beta) - beta) * log(mixture(beta) / mixture(alpha))


def natural_field() -> Expr:
    """beta' of forward KL under the Fisher-Rao metric, derived: -(dL/dbeta)/I(beta), the gate cancelling."""
    slope = SampleIntegral(Derivative(forward_loss().integrand, beta).doit())
    information = SampleIntegral((p_o - p_n) ** 2 / mixture(beta))
    return cancel(-reduce_to_gate(slope, beta) / reduce_to_gate(information, beta))


def fixed_points() -> list[Expr]:
    """The weights at which the forward flow stands still, solved for."""
    return solve(natural_field(), beta)


def needed(missed: Expr, chance: Expr = eta) -> Expr:
    """The batch size at which the probability of no old draw is ``chance``, one draw missing it with ``missed``."""
    return log(1 / chance) / log(1 / missed)


class starvation_batch(Function):
    """The batch needed to see the old mode: `starvation_batch(beta, lam, eta)`.

    The batch size at which no draw comes from the old component with probability eta, the student's old weight being
    beta and the share of replay lam: log(1/eta)/log(1/((1-lam)(1-beta))). 0 <= beta, lam < 1, not both 0, 0 < eta < 1.
    """

    nargs = 3
    is_real = True

    def closed_form(self) -> Expr:
        weight, share, chance = self.args
        return needed((1 - share) * (1 - weight), chance)

    def doit(self, **hints: Any) -> Expr:
        return self.func(*(a.doit(**hints) for a in self.args)).closed_form()

    def _eval_rewrite_as_log(self, *args: Expr, **hints: Any) -> Expr:
        return self.closed_form()

    def _eval_evalf(self, prec: int) -> Expr | None:
        return self.closed_form()._eval_evalf(prec) if not self.free_symbols else None

    def fdiff(self, argindex: int = 1) -> Expr:
        return (
            self.func(*_SLOTS)
            .closed_form()
            .diff(_SLOTS[argindex - 1])
            .xreplace(dict(zip(_SLOTS, self.args, strict=True)))
        )

    @classmethod
    def ball(cls, weight: arb, share: arb, chance: arb) -> arb:
        """log(eta)/(log1p(-lam) + log1p(-beta)), in which nothing cancels."""
        return chance.log() / ((-share).log1p() + (-weight).log1p())

    @classmethod
    def range(cls, weight: Range, share: Range, chance: Range) -> Range:
        """By monotonicity: it falls in each argument."""
        if weight.lo < ZERO or share.lo < ZERO or not (weight.hi < 1 and share.hi < 1):
            raise Undefined("a share outside [0, 1)")
        if not (chance.lo > ZERO and chance.hi < 1):
            raise Undefined("a probability outside (0, 1)")
        low = cls.ball(weight.hi, share.hi, chance.hi)
        high = cls.ball(weight.lo, share.lo, chance.lo) if weight.lo > ZERO or share.lo > ZERO else POSITIVE_INFINITY
        return Range(low.lower(), high.upper() if high.is_finite() else POSITIVE_INFINITY)


_SLOTS = (beta, lam, eta)


@dataclass(frozen=True)
class Batches:
    """Finite batches of a student with two Gaussian modes, a share of each batch being replayed old data.

    ``student``: its old weight; ``replay``: the probability lam that a draw comes from the store of old data;
    ``delta``: the separation. Positions are whitened coordinates along mu_n - mu_o from the midpoint.
    """

    student: float
    replay: float
    delta: float = 2.0

    def labels(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Which draws come from the old component: replayed, or the student's own."""
        replayed = rng.random(shape) < self.replay
        return replayed | (rng.random(shape) < self.student)

    def positions(self, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Draws from the behaviour."""
        side = np.where(self.labels(shape, rng), -0.5, 0.5)
        return rng.standard_normal(shape) + self.delta * side

    def log_mixture(self, x: Array, weight: float) -> Array:
        """log(weight p_o + (1-weight) p_n), up to a constant common to all weights."""
        old, new = (-0.5 * (x + side * self.delta) ** 2 for side in (0.5, -0.5))
        with np.errstate(divide="ignore"):
            return log_add(np.log(weight) + old, np.log1p(-weight) + new)

    def responsibility(self, x: Array) -> Array:
        """r_o of the student."""
        old = np.log(self.student) - 0.5 * (x + 0.5 * self.delta) ** 2
        return np.exp(old - self.log_mixture(x, self.student))

    def importance(self, x: Array) -> Array:
        """q/b from log densities: b is (1-lam) q plus lam times the density of the stored data."""
        student = self.log_mixture(x, self.student)
        with np.errstate(divide="ignore"):
            stored = np.log(self.replay) - 0.5 * (x + 0.5 * self.delta) ** 2
        return np.exp(student - log_add(np.log1p(-self.replay) + student, stored))

    def starved(self, batches: int, size: int, rng: np.random.Generator) -> Array:
        """For each batch whether no draw came from the old component."""
        return ~self.labels((batches, size), rng).any(axis=1)

    def estimated_mass(self, batches: int, size: int, rng: np.random.Generator) -> Array:
        """The old mass as each batch estimates it: the mean of importance weight times responsibility."""
        x = self.positions((batches, size), rng)
        return (self.importance(x) * self.responsibility(x)).mean(axis=1)

    def counted_mass(self, batches: int, size: int, rng: np.random.Generator) -> Array:
        """The old mass as the share of draws from the old component."""
        return self.labels((batches, size), rng).mean(axis=1)

    def reverse_gradient(self, target: float, count: int, rng: np.random.Generator) -> Array:
        """For each draw its importance-weighted contribution to the gradient of KL(q|p_target) in the logit."""
        x = self.positions((count,), rng)
        score = self.responsibility(x) - self.student
        return self.importance(x) * score * (self.log_mixture(x, self.student) - self.log_mixture(x, target))

    def likelihood_gradient(self, data: float, corrected: bool, count: int, rng: np.random.Generator) -> Array:
        """For each draw from p_data the gradient of -log q in the logit; ``corrected``: weighted by p_n/p_data."""
        x = Batches(data, 0.0, self.delta).positions((count,), rng)
        new = -0.5 * (x - 0.5 * self.delta) ** 2
        weight = np.exp(new - self.log_mixture(x, data)) if corrected else 1.0
        return weight * (self.student - self.responsibility(x))
