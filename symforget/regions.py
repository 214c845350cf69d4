"""The trapping region of the joint gradient flow of reverse KL, and the largest drift of the old mean in it.

Whitened gradient flow of L = KL(q | p_alpha) in (phi, m_o, m_n); D = |m_o - mu_o| in the norm of Sigma^-1, w the unit
vector along mu_n - mu_o. The region of (alpha, delta, s), 1/2 < s < 1, is

    D <= r,    w.(m_n - mu_o) >= s delta,    beta/(1 - beta) >= alpha/2,

with r = constant exp(-s^2 delta^2/8) as in `radius`. It is invariant where delta r <= 1/2 and
(alpha/(1-alpha))^(s-1/2) exp(-(s-1/2)^2 delta^2/2) <= 1 - s (derivations/reverse_kl.py, drift-region).
"""

from __future__ import annotations

from flint import arb
from sympy import Expr, Function, Le, Rational, Symbol, exp, log, pi, sqrt
from sympy.core.relational import Relational

from symforget.balls import compile_ball
from symforget.model import alpha, delta
from symforget.ranges import ZERO

s = Symbol("s", positive=True)
"""How far along mu_n - mu_o the new mean is, as a share of delta."""

HALF = Rational(1, 2)
FRONT = sqrt(pi / 2)


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
