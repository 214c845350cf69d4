"""Regions that a flow cannot leave: what must be shown on their faces, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Abs, Derivative, Eq, Ge, Le, Rational, Symbol, exp, log, pi, sqrt

from symforget.derivation import ACCEPTED, Checked, Context
from symforget.domain import Interval
from symforget.functions import normal
from symforget.gate.symbolic import gate_s
from symforget.model import alpha, beta, delta, l, z
from symforget.regions import TOP, conditions, largest_drift, least_new_weight, radius, s, starvation_conditions
from symforget.rules.algebra import value_allowed
from symforget.rules.vectors import SpaceIntegral, c_n, c_o, m_n, m_o, mu_n, mu_o, t_n, t_o
from symforget.signs import is_zero

MODEL, TARGET = beta * c_o + (1 - beta) * c_n, alpha * t_o + (1 - alpha) * t_n
FULL_KL = SpaceIntegral(MODEL * log(MODEL / TARGET))
GATE_Q, GATE_P = SpaceIntegral(c_o * (1 - beta) * c_n / MODEL), SpaceIntegral(c_o * (1 - alpha) * t_n / TARGET)
NEW_GATE_Q, NEW_GATE_P = SpaceIntegral(c_n * beta * c_o / MODEL), SpaceIntegral(c_n * alpha * t_o / TARGET)

d_q = Symbol("d_q", positive=True)
"""Distance of the current means."""
h = Symbol("h", real=True)
"""How far the old mean is towards the new mode: w.(m_o - mu_o)."""
v, share_of_odds, beyond, short = (Symbol(name, nonnegative=True) for name in ("v", "omega", "a", "b"))
"""Room in the region: r = v/delta; (1-beta)/beta = 2 omega^2/alpha; distances beyond and short of a face."""


_AHEAD = Symbol("epsilon", real=True)


def misassigned(separation: Any, odds: Any) -> Any:
    """E_o[r_n] at a separation and log odds of the new mode."""
    return exp(odds / 2 - separation**2 / 8) * gate_s(separation, odds) / 2


def faces() -> Mapping[str, Any]:
    """What must be known for the region to be invariant, by the names of the parts that state it.

    Along the line from mu_o to m_o, D = m_o - mu_o, "distance" is D' <= -beta (D - F), with F the force through the two
    gates; "moved gate" (a misassignment probability is (1/2) exp(l/2 - delta^2/8) S at shifted log odds) and "gated
    force" bound F, "force in the region" by the radius, wherever D <= v/delta, the new mean lies at or beyond s delta
    and the odds are at least alpha/2. Along mu_n - mu_o, "new mean" and "pull on the new mean" (with "moved gate", the
    modes exchanged) have m_n move on where it is s delta along. "weight" and "least weight" have the odds grow
    where they are alpha/2: with D^2/2 = int c_o log(c_o/t_o), exp(-d_q^2/8) = int sqrt(c_o c_n), and
    sqrt(2/alpha) exp(-d_q^2/8) <= sqrt(2/pi) r by "force in the region".
    """
    front, slack = sqrt(pi / 2), exp(Rational(1, 4))
    odds_q, odds_p = log((1 - beta) / beta), log((1 - alpha) / alpha)
    weights = sqrt((1 - beta) / beta), sqrt((1 - alpha) / alpha)
    nearest, lean, r = s * delta - v / delta + beyond, s - Rational(1, 2), Symbol("r", nonnegative=True)
    return {
        "distance": Le(
            -Derivative(FULL_KL, m_o),
            -beta * (m_o - mu_o - GATE_Q * Abs(m_n - m_o) - GATE_P * Abs(mu_n - mu_o)),
            evaluate=False,
        ),
        "moved gate": Eq(
            gate_s(delta, l + delta * h),
            2
            * exp(delta**2 / 8 - (l + delta * h) / 2)
            * normal(1 / (1 + exp(-(l - delta**2 / 2 + delta * z) - delta * h)), z),
            evaluate=False,
        ),
        "gated force": Le(
            d_q * misassigned(d_q, odds_q) + delta * misassigned(delta, odds_p + delta * h),
            front * (weights[0] * exp(-(d_q**2) / 8) + weights[1] * exp(delta * h / 2 - delta**2 / 8)),
            evaluate=False,
        ),
        "force in the region": Le(
            front
            * (
                sqrt(2 / alpha) * share_of_odds * exp(-(nearest**2) / 8)
                + weights[1] * exp(delta * (v / delta - short) / 2 - delta**2 / 8)
            ),
            front * slack * (sqrt(2 / alpha) + weights[1]) * exp(-(s**2) * delta**2 / 8),
            evaluate=False,
        ),
        "new mean": Ge(
            -Derivative(FULL_KL, m_n),
            (1 - beta) * (mu_n - m_n - NEW_GATE_P * (mu_n - mu_o) - NEW_GATE_Q * (Abs(m_n - m_o) - (m_n - m_o))),
            evaluate=False,
        ),
        "pull on the new mean": Le(
            misassigned(delta, -odds_p + delta * ((1 - s) * delta - beyond)),
            exp(lean * log(alpha / (1 - alpha)) - lean**2 * delta**2 / 2),
            evaluate=False,
        ),
        "weight": Le(
            Derivative(FULL_KL, beta),
            log(beta / ((1 - beta) * alpha))
            + SpaceIntegral(c_o * log(c_o / t_o))
            + weights[0] * SpaceIntegral(sqrt(c_o * c_n)),
            evaluate=False,
        ),
        "least weight": Le(r**2 / 2 + sqrt(2 / pi) * r, log(2), evaluate=False),
    }


_NEEDED = {
    beta: "(0, 1)",
    **dict.fromkeys((m_o, m_n, mu_o, mu_n, h, l, _AHEAD), "(-oo, oo)"),
    **dict.fromkeys((beyond, short), "[0, oo)"),
    d_q: "(0, oo)",
    v: "[0, 1/2]",
    share_of_odds: "[0, 1]",
    Symbol("r", nonnegative=True): "[0, 1/2]",
}
"""Where the faces are used, by symbol; the others take the values of the statement."""


def _holds_where_needed(
    stated: Any, domain: Mapping[Symbol, Any], values: Mapping[Symbol, Any], context: Context
) -> bool:
    """Whether a lemma's domain holds everything at which it is used."""
    used = [symbol for symbol in stated.free_symbols if symbol in domain]
    needed = {symbol: Interval.parse(_NEEDED[symbol]) for symbol in used if symbol in _NEEDED}
    inside = replace(context, domain={**context.domain, **needed})
    return all(value_allowed(values.get(symbol, symbol), domain[symbol], inside) for symbol in used)


@dataclass(frozen=True)
class TrappingRegion:
    """largest_drift <= r, because on no face of the region the flow points outwards (Nagumo).

    The region is the product of a ball for m_o, a half-space for m_n and a half-line for the logit, so that it suffices
    to look at each face by itself, everything else anywhere in the region; the vector field is smooth. ``claim``: the
    claim whose parts show what `faces` lists. The premises are the region's conditions.
    """

    claim: str
    reason: str = "no face of the region lets the flow out"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not isinstance(statement, Le) or not isinstance(statement.lhs, largest_drift):
            return Checked(False, "the statement does not bound the largest drift")
        at = statement.lhs.args
        if not is_zero(statement.rhs - radius(*at), context.domain):
            return Checked(False, "the bound is not the region's radius")
        for needed in conditions(*at):
            if needed not in premises:
                return Checked(False, f"the condition {needed} is missing")
        for name, expected in faces().items():
            stated, domain = context.lemma(self.claim, name)
            if stated != expected:
                return Checked(False, f"the part {name} does not state what the region needs")
            if not _holds_where_needed(expected, domain, dict(zip((alpha, delta, s), at, strict=True)), context):
                return Checked(False, f"the part {name} does not hold in the whole region")
        return ACCEPTED


def starvation_faces() -> Mapping[str, Any]:
    """What must be known for the barrier to hold, by the names of the parts that state it.

    "direction" bounds dL/dbeta, "halfway divergence" the KL(c_n|p) in it for alpha = 1/2 and means on the line.
    """
    ahead = _AHEAD
    bells = (exp(z**2 / 2 - (z + ahead + sign * delta / 2) ** 2 / 2) for sign in (1, -1))
    return {
        "direction": Le(
            Derivative(FULL_KL, beta),
            log(beta / ((1 - beta) * alpha))
            + SpaceIntegral(c_o * log(c_o / t_o))
            + sqrt((1 - beta) / beta) * SpaceIntegral(sqrt(c_o * c_n))
            - SpaceIntegral(c_n * log(c_n / TARGET)),
            evaluate=False,
        ),
        "halfway divergence": Ge(
            -normal(log(sum(bells) / 2), z),
            delta**2 / 8 + ahead**2 / 2 - delta / sqrt(2 * pi) * (1 + ahead**2 / 2),
            evaluate=False,
        ),
    }


@dataclass(frozen=True)
class StarvationBarrier:
    """least_new_weight(delta) <= 1/(1 + TOP), because the new mean stays behind the barrier until the odds are TOP.

    On the line, with y = m_n - (mu_o + mu_n)/2: along the flow d(log o)/dt = beta (1-beta) (-dL/dbeta) and
    dy/dt = (1-beta) (delta/2 - y + e_q' (m_n - m_o) - e_p' delta). Where D <= STRAY and 0 <= y, the second bracket is
    at most the left side of the first condition at y on the barrier (drift-region: gated force, moved gate), and
    -dL/dbeta at least `rise_of_logit` anywhere behind it ("direction", "halfway divergence"; it decreases in y for
    delta >= 3). So y cannot cross the barrier, the odds rise, and D <= STRAY by the third condition. y cannot fall
    below 0, where e_p' = 1/2 and only the push away from m_o is left. ``claim``: whose parts state `starvation_faces`.
    """

    claim: str
    reason: str = "behind the barrier the odds rise and the new mean is slower"

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked:
        if not isinstance(statement, Le) or not isinstance(statement.lhs, least_new_weight):
            return Checked(False, "the statement does not bound the least new weight")
        (separation,) = statement.lhs.args
        if not (separation.is_Rational and separation >= 3) or statement.rhs != 1 / (1 + TOP):
            return Checked(False, "the bound is not that of the barrier, or the separation is not a number >= 3")
        for needed in starvation_conditions(separation):
            if needed not in premises:
                return Checked(False, f"the condition {needed} is missing")
        for name, expected in starvation_faces().items():
            stated, domain = context.lemma(self.claim, name)
            if stated != expected:
                return Checked(False, f"the part {name} does not state what the barrier needs")
            if not _holds_where_needed(expected, domain, {alpha: Rational(1, 2), delta: separation}, context):
                return Checked(False, f"the part {name} does not hold on the whole way")
        return ACCEPTED
