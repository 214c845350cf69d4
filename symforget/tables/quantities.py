"""Quantities that only tables need: as SymPy functions with certified evaluators, and as exact integers."""

from __future__ import annotations

from typing import Any

from flint import arb, ctx
from sympy import Expr, Function, Rational, Symbol

from symforget.balls import compile_ball
from symforget.gate import information
from symforget.gate.ball import information as information_ball
from symforget.model import forward_kl
from symforget.precision import workprec
from symforget.tables.integrals import euclidean_fall_time, information_between, logit_fall_time

_b = Symbol("b", positive=True)
_delta = Symbol("delta", positive=True)

NAN = arb.nan()


def kl_gap(alpha: Expr, delta: Expr) -> Expr:
    """KL(p_o|p_n) - KL(p_o|p_alpha) + KL(p_n|p_alpha) = -G(0), the reverse-KL pull back from beta = 0."""
    return delta**2 / 2 - forward_kl(1 - alpha, delta) + forward_kl(alpha, delta)


LOWEST_LOGIT = 4000
COARSE_BITS = 5


def _pull(alpha: arb, delta: arb) -> arb:
    value: Any = compile_ball(kl_gap(_b, _delta), (_b, _delta))(alpha, delta)
    return value


class average_information(Function):
    """The mean of the Fisher information I(b, delta) over b between beta and alpha; I(alpha, delta) at beta = alpha.

    The reverse-KL gradient is G = (beta - alpha) average_information(beta, alpha, delta).
    """

    nargs = 3
    is_real = True

    @classmethod
    def eval(cls, beta: Expr, alpha: Expr, delta: Expr) -> Expr | None:
        return information(alpha, delta) if beta == alpha else None

    @classmethod
    def ball(cls, beta: arb, alpha: arb, delta: arb) -> arb:
        if beta.overlaps(alpha):
            return information_ball(beta.union(alpha), delta)  # the mean lies among the values
        return information_between(alpha, beta, delta) / (beta - alpha)


class time_in_logit(Function):
    """Time of the forward-KL flow of the logit from old weight `start` to `level`, at separation delta."""

    nargs = 3
    is_real = True

    @classmethod
    def ball(cls, start: arb, level: arb, delta: arb) -> arb:
        return logit_fall_time(start, level, delta)


class time_in_weight(Function):
    """Time of the forward-KL flow of beta itself from old weight `start` to `level`, at separation delta."""

    nargs = 3
    is_real = True

    @classmethod
    def ball(cls, start: arb, level: arb, delta: arb) -> arb:
        return euclidean_fall_time(start, level, delta)


class retained_odds(Function):
    """beta*/(1 - beta*) at the maximum of the entropic objective with a KL anchor; 0 where the old mass is lost.

    `retained_odds(alpha, gap, lam, delta)`: initial policy q_0 = p_alpha, gap = log(A_n/A_o) > 0, anchor strength lam.
    beta* is the root of F(beta) = lam G(beta) + (1 - rho)/(beta rho + 1 - beta), rho = exp(-gap), G' = I; F increases,
    so a change of sign certifies the root, and F(0) >= 0 certifies that there is none.
    """

    nargs = 4
    is_real = True

    @classmethod
    def ball(cls, alpha: arb, gap: arb, lam: arb, delta: arb) -> arb:
        slope = Stationarity(alpha, gap, lam, delta)
        at_zero = slope.at_zero()
        if at_zero >= 0:
            return arb(0)
        if not at_zero < 0:
            return NAN
        beta = slope.root()
        return beta / (1 - beta)


class Stationarity:
    """F of `retained_odds`, and its certified root."""

    def __init__(self, alpha: arb, gap: arb, lam: arb, delta: arb) -> None:
        self.alpha, self.lam, self.delta = alpha, lam, delta
        self.rho = (-gap).exp()

    def _reward(self, beta: arb) -> arb:
        return (1 - self.rho) / (1 - beta * (1 - self.rho))

    def at_zero(self) -> arb:
        """F(0), without an integral up to the edge of the information's domain."""
        return 1 - self.rho - self.lam * _pull(self.alpha, self.delta)

    def at(self, beta: arb) -> arb:
        return self.lam * information_between(self.alpha, beta, self.delta) + self._reward(beta)

    def derivative(self, beta: arb) -> arb:
        reward = self._reward(beta)
        return self.lam * information_ball(beta, self.delta) + reward * reward

    def root(self) -> arb:
        """An enclosure of the root in (0, alpha): found by bisection and Newton, certified by two signs."""
        bits = ctx.prec
        with workprec(32):
            guess = self._bisect()
        if guess is None:
            return NAN
        reached = COARSE_BITS
        while reached < bits:
            reached = min(2 * reached, bits)
            with workprec(reached + 24):
                guess = (guess - self.at(guess) / self.derivative(guess)).mid()
        return self._certified(guess)

    def _bisect(self) -> arb | None:
        """A point whose logit is within 2**-COARSE_BITS of the root's, or None where no sign can be had."""
        high = arb(0)
        low = arb(-1)
        centre = (self.alpha / (1 - self.alpha)).log().mid()

        def below(shift: arb) -> bool | None:
            value = self.at(_weight(centre + shift))
            return True if value < 0 else False if value > 0 else None

        while (sign := below(low)) is False:
            high, low = low, 2 * low
            if low < -LOWEST_LOGIT:
                return None
        while sign is not None and high - low > 2.0**-COARSE_BITS:
            middle = ((low + high) / 2).mid()
            sign = below(middle)
            low, high = (middle, high) if sign else (low, middle)
        return _weight(centre + (low + high) / 2).mid()

    def _certified(self, guess: arb) -> arb:
        slope = self.derivative(guess)
        error = (abs(self.at(guess)) / slope).upper() * 2 + abs(guess) * arb(2) ** -ctx.prec
        low, high = (guess - error).lower(), (guess + error).upper()
        if low > 0 and high < self.alpha and self.at(low) < 0 and self.at(high) > 0:
            return low.union(high)
        return NAN


def _weight(logit: arb) -> arb:
    return (1 / (1 + (-logit).exp())).mid()


def exact_batch(miss: Rational, eta: Rational) -> Rational | None:
    """N where miss**N is eta exactly, for rationals in (0, 1), else None.

    Reduced fractions have reduced powers, and a denominator of at least 2 bounds N.
    """
    p, q, a, b = int(miss.p), int(miss.q), int(eta.p), int(eta.q)
    power_p, power_q, n = p, q, 1
    while power_q < b:
        power_p, power_q, n = power_p * p, power_q * q, n + 1
    return Rational(n) if (power_p, power_q) == (a, b) else None
