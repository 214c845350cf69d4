"""Regions of the joint gradient flow of reverse KL: one that traps the old mean, one that starves the new mode.

Whitened gradient flow of L = KL(q | p_alpha) in (phi, m_o, m_n); D = |m_o - mu_o| in the norm of Sigma^-1, w the unit
vector along mu_n - mu_o. The region of (alpha, delta, s), 1/2 < s < 1, is

    D <= r,    w.(m_n - mu_o) >= s delta,    beta/(1 - beta) >= alpha/2,

with r = constant exp(-s^2 delta^2/8) as in `radius`. It is invariant where delta r <= 1/2 and
(alpha/(1-alpha))^(s-1/2) exp(-(s-1/2)^2 delta^2/2) <= 1 - s (derivations/reverse_kl.py, drift-region).

Starvation (new-mode-starvation): from m_n halfway, alpha = 1/2, the flow lets the odds o = beta/(1-beta) rise from 9
to 121 while m_n stays behind mu_o + delta/2 + y(o) and D <= 1/50.
"""

from __future__ import annotations

from flint import arb, ctx
from sympy import Expr, Function, Gt, Le, Rational, Symbol, exp, log, pi, sqrt
from sympy.core.relational import Relational

from symforget.balls import compile_ball
from symforget.gate.symbolic import gate_s
from symforget.model import alpha, delta
from symforget.ranges import ZERO

s = Symbol("s", positive=True)
"""How far along mu_n - mu_o the new mean is, as a share of delta."""

HALF = Rational(1, 2)
FRONT = sqrt(pi / 2)
MOST_ROUNDS = 2000


def front(old_weight: Expr, constant: Expr = FRONT) -> Expr:
    """The factor before exp(-s^2 delta^2/8) in the radius."""
    return constant * exp(Rational(1, 4)) * (sqrt(2 / old_weight) + sqrt((1 - old_weight) / old_weight))


def radius(old_weight: Expr, separation: Expr, share: Expr, constant: Expr = FRONT) -> Expr:
    """The drift that is never exceeded, r."""
    return front(old_weight, constant) * exp(-(share**2) * separation**2 / 8)


def conditions(old_weight: Expr, separation: Expr, share: Expr) -> tuple[Relational, Relational]:
    """What makes the region invariant: a small radius, and a new mean that is pulled forward at its face."""
    lean = share - HALF
    pull = exp(lean * log(old_weight / (1 - old_weight)) - lean**2 * separation**2 / 2)
    small = Le(separation * radius(old_weight, separation, share), HALF, evaluate=False)
    return small, Le(pull, 1 - share, evaluate=False)


class largest_drift(Function):
    """sup D over all times and all whitened gradient flows of reverse KL that start in the region of (alpha, delta, s).

    Its ball runs from zero to the radius where the region's conditions hold, else it is not finite.
    """

    nargs = 3
    is_real = True
    is_nonnegative = True

    @classmethod
    def ball(cls, old_weight: arb, separation: arb, share: arb) -> arb:
        symbols, point = (alpha, delta, s), (old_weight, separation, share)
        inside = old_weight > 0 and old_weight < 1 and separation >= 1 and 2 * share > 1 and share < 1
        if not inside:
            return arb.nan()
        for condition in conditions(*symbols):
            left, right = (compile_ball(side, symbols).call(point) for side in (condition.lhs, condition.rhs))
            if not left <= right:
                return arb.nan()
        top: arb = compile_ball(radius(*symbols), symbols).call(point)  # type: ignore[assignment]
        return ZERO.union(top.upper())


class drift_bound(Function):
    """The least r for which a region of `largest_drift` with the flow's own start in it is invariant; inf if none is.

    `drift_bound(alpha, beta, delta, d_q)`: whitened flow from the weight beta, m_o = mu_o and m_n at distance d_q along
    mu_n - mu_o. With f = min(d_q, delta - 1/delta), from which m_n does not fall back, and
    o = min(beta/(1-beta), alpha/2), below which the odds do not fall, r is the least solution of

        r = sqrt(pi/2) [exp(-(f - r)^2/8)/sqrt(o) + sqrt((1-alpha)/alpha) exp(delta r/2 - delta^2/8)].
    """

    nargs = 4
    is_real = True
    is_positive = True

    @classmethod
    def ball(cls, old_weight: arb, weight: arb, separation: arb, distance: arb) -> arb:
        inside = 0 < old_weight < 1 and 0 < weight < 1 and separation > 0 and distance > 0
        return _Face(old_weight, weight, separation, distance).radius() if inside else arb.nan()


class drift_bound_exponent(Function):
    """log(drift_bound)/delta^2; inf where there is no bound."""

    nargs = 4
    is_real = True

    @classmethod
    def ball(cls, old_weight: arb, weight: arb, separation: arb, distance: arb) -> arb:
        r = drift_bound.ball(old_weight, weight, separation, distance)
        return r if r == arb.pos_inf() else r.log() / (separation * separation)


class _Face:
    """The conditions of `drift_bound` at one point."""

    def __init__(self, old_weight: arb, weight: arb, separation: arb, distance: arb) -> None:
        self.old_weight, self.separation = old_weight, separation
        self.nearest = distance.min(separation - 1 / separation)
        self.odds = (weight / (1 - weight)).min(old_weight / 2)
        self.tail = ((1 - old_weight) / old_weight).sqrt() * (-separation * separation / 8).exp()

    def force(self, r: arb) -> arb:
        gap = self.nearest - r
        own = (-gap * gap / 8).exp() / self.odds.sqrt()
        return (arb.pi() / 2).sqrt() * (own + self.tail * (self.separation * r / 2).exp())

    def radius(self) -> arb:
        """The least fixed point of the force, by iteration from below, and certified from above."""
        r = last = arb(0)
        for _ in range(MOST_ROUNDS):
            r, last = self.force(r).mid(), r
            if not r < self.nearest:
                return arb.pos_inf()
            if abs(r - last) <= r * arb(2) ** (8 - ctx.prec):
                break
        margin = arb(2) ** (-(ctx.prec // 2))
        low, high = (r * (1 - margin)).mid(), (r * (1 + margin)).mid()
        if not (self.force(high) < high and self.force(low) > low):
            return arb.pos_inf() if self.force(high) > high else arb.nan()
        return low.union(high) if self._holds(high) else arb.pos_inf()

    def _holds(self, r: arb) -> bool:
        """Whether the new mean is pulled on at its face, ahead of the old one, and the odds grow at theirs."""
        separation, ahead = self.separation, self.nearest
        shifted = (self.old_weight / (1 - self.old_weight)).log() + separation * (separation - ahead)
        gate: arb = gate_s.ball(separation, shifted)
        pull = (shifted / 2 - separation * separation / 8).exp() * gate / 2
        gap = ahead - r
        grown = (self.odds / self.old_weight).log() + r * r / 2 + (-gap * gap / 8).exp() / self.odds.sqrt()
        return bool(separation * pull <= separation - ahead and gap > 0 and grown <= 0)


odds = Symbol("o", positive=True)
"""beta/(1 - beta), the odds of the old mode."""
START, TOP = Rational(9), Rational(121)
BARRIER = (Rational(17, 500), Rational(9, 5000))
STRAY = Rational(1, 50)


def ahead_of_halfway(old_odds: Expr) -> Expr:
    """The barrier: how far beyond halfway the new mean can be at most when the odds have risen to these."""
    rise = old_odds / START
    return BARRIER[0] * (rise - 1) + BARRIER[1] * (rise**2 - 1)


def rise_of_logit(old_odds: Expr, ahead: Expr, separation: Expr) -> Expr:
    """A lower bound of -dL/dbeta at alpha = 1/2 with the new mean 0 <= y <= ``ahead`` beyond halfway, D <= STRAY."""
    divergence = ahead**2 / 2 + separation**2 / 8 - separation / sqrt(2 * pi) * (1 + ahead**2 / 2)
    gated = exp(-((separation / 2 - STRAY) ** 2) / 8) / sqrt(old_odds)
    return divergence - log(2 * old_odds) - STRAY**2 / 2 - gated


def starvation_conditions(separation: Expr) -> tuple[Relational, Relational, Relational]:
    """What keeps the new mean behind the barrier while the odds rise from START to TOP, and the old mean in place."""
    y = ahead_of_halfway(odds)
    gap, behind = separation / 2 + y - STRAY, separation / 2 - y
    push = sqrt(pi / 2) * sqrt(odds) * exp(-(gap**2) / 8)
    pull = separation * exp(separation * behind / 2 - separation**2 / 8) * gate_s(separation, separation * behind) / 2
    rise = rise_of_logit(odds, y, separation)
    slope = (odds * y.diff(odds)) * odds / (1 + odds)
    nearest = exp(-((separation / 2 - STRAY) ** 2) / 8) / sqrt(odds)
    stray = sqrt(pi / 2) * (nearest + exp(separation * STRAY / 2 - separation**2 / 8))
    return (
        Le(behind + push - pull, slope * rise, evaluate=False),
        Gt(rise, 0, evaluate=False),
        Le(stray, STRAY, evaluate=False),
    )


class least_new_weight(Function):
    """inf (1 - beta) over all times of the whitened flow from beta = 9/10, m_o = mu_o, m_n halfway, at alpha = 1/2."""

    nargs = 1
    is_real = True
    is_nonnegative = True

    @classmethod
    def ball(cls, separation: arb) -> arb:
        return ZERO.union(arb(1) / 10)


class flow_drift(Function):
    """sup D over all times of the whitened flow of reverse KL at alpha = 1/2 from beta = 9/10, m_o = mu_o.

    `flow_drift(s, delta)`: the new mean starts at mu_o + s (mu_n - mu_o). It has no closed form and no enclosure; the
    joint flow is integrated to measure it (symforget.joint_flow).
    """

    nargs = 2
    is_real = True
    is_positive = True
