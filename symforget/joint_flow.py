"""The joint gradient flow of reverse KL in the weight and both means, on the line of the means: vector fields.

Whitened coordinates along mu_n - mu_o with mu_o = 0, mu_n = delta: the flow from means on that line stays on it,
in any dimension. With g = m_n - m_o, l = -phi, l_alpha = log((1-alpha)/alpha),

    phi' = -beta (1-beta) G,   G = phi + l_alpha + (m_o^2 - (m_n - delta)^2)/2 + A(l, g) - A(l_alpha + delta m_o, delta)
                                   - A(-l, g) + A(-l_alpha + delta (delta - m_n), delta),
    m_o' = -beta (m_o + e_q g - e_p delta)/variance,
    m_n' = -(1-beta) (m_n - delta - e_q' g + e_p' delta)/variance,

A(l, d) = E log(1 + exp(X)) and the gates e = E sigmoid(X), X = l - d^2/2 + d z, at the arguments of A in turn (the
force law). ``variance`` is 1 for the whitened flow; the flow in the means themselves has the variance of Sigma along
mu_n - mu_o where that is an eigenvector of Sigma.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np

from symforget.flows import State

Field = Callable[[Sequence[Any]], State]
Expectations = Callable[[Sequence[tuple[Any, Any]]], tuple[Sequence[Any], Sequence[Any]]]
"""A(l, d) and the gate for each of several (l, d)."""


def exact_field(alpha: Any, delta: Any, digits: int, variance: Any = 1) -> Field:
    """The field on (phi, m_o, m_n) in mpmath, each expectation to about ``digits`` digits by the trapezoidal rule."""

    def field(state: Sequence[Any]) -> State:
        with mpmath.workdps(digits + 10):
            return _assembled(state, mpmath.mpf(alpha), mpmath.mpf(delta), variance, mpmath, _softs_and_gates(digits))

    return field


def float_field(alpha: float, delta: float, variance: float = 1) -> Field:
    """The same field in double precision, to about 14 digits."""

    def field(state: Sequence[Any]) -> State:
        return _assembled(state, alpha, delta, variance, np, _float_softs_and_gates)

    return field


def _assembled(
    state: Sequence[Any], alpha: Any, delta: Any, variance: Any, lib: Any, expectations: Expectations
) -> State:
    phi, old, new = state
    odds, gap, behind = lib.log((1 - alpha) / alpha), new - old, delta - new
    weights = 1 / (1 + lib.exp(-phi)), 1 / (1 + lib.exp(phi))
    soft, gates = expectations([(-phi, gap), (odds + delta * old, delta), (phi, gap), (-odds + delta * behind, delta)])
    slope = phi + odds + (old * old - behind * behind) / 2 + soft[0] - soft[1] - soft[2] + soft[3]
    return [
        -weights[0] * weights[1] * slope,
        -weights[0] * (old + gates[0] * gap - gates[1] * delta) / variance,
        weights[1] * (behind + gates[2] * gap - gates[3] * delta) / variance,
    ]


def _step(distance: Any, digits: int, pi: Any) -> Any:
    """The trapezoidal step: the nearest singularity lies pi/distance off the line, and exp(-z^2/2) grows there."""
    return 2 * pi * min(pi / max(abs(distance), 1), 3) / (digits * 2.302585093)


def _centre(log_odds: Any, distance: Any) -> Any:
    """Where the gate's integrand is largest: nodes round it keep the relative accuracy of a small gate."""
    return min(max(distance / 2 - log_odds / distance, 0 * distance), distance) if distance > 0 else 0 * distance


def _softs_and_gates(digits: int) -> Expectations:
    def soft_and_gate(log_odds: Any, distance: Any) -> tuple[Any, Any]:
        step = mpmath.mpf(_step(distance, digits + 4, mpmath.pi))
        centre, soft, gate = _centre(log_odds, distance), mpmath.mpf(0), mpmath.mpf(0)
        reach = int(mpmath.sqrt(2 * (digits + 4) * mpmath.log(10)) / step) + 1
        for k in range(-reach, reach + 1):
            z = centre + k * step
            at = log_odds - distance**2 / 2 + distance * z
            weight, small = mpmath.exp(-z * z / 2), mpmath.exp(-abs(at))
            soft += weight * (max(at, 0) + mpmath.log1p(small))
            gate += weight * ((1 if at > 0 else small) / (1 + small))
        scale = step / mpmath.sqrt(2 * mpmath.pi)
        return scale * soft, scale * gate

    def expectations(pairs: Sequence[tuple[Any, Any]]) -> tuple[Sequence[Any], Sequence[Any]]:
        soft, gates = zip(*(soft_and_gate(*pair) for pair in pairs), strict=True)
        return soft, gates

    return expectations


def _float_softs_and_gates(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """All pairs at once, each with its own step and centre: most of the time goes into calls, not into numbers."""
    log_odds, distance = np.array(pairs, dtype=float).T[:, :, None]
    step = np.array([[_step(d, 18, np.pi)] for _, d in pairs])
    centre = np.array([[_centre(l, d)] for l, d in pairs])
    reach = int(9 / step.min()) + 1
    z = centre + step * np.arange(-reach, reach + 1)
    at, bell = log_odds - distance**2 / 2 + distance * z, -z * z / 2
    small = np.log1p(np.exp(-np.abs(at)))
    gate = np.exp(bell + np.minimum(at, 0) - small).sum(axis=1)
    soft = (np.exp(bell) * (np.maximum(at, 0) + small)).sum(axis=1)
    scale = step[:, 0] / np.sqrt(2 * np.pi)
    return (scale * soft).tolist(), (scale * gate).tolist()


def largest_float_drift(
    share: float, delta: float, alpha: float = 0.5, weight: float = 0.9, time: float = 3.5, tolerance: float = 1e-11
) -> float:
    """log sup D + (share delta)^2/8 for m_n = mu_o + share (mu_n - mu_o) at first, in double precision.

    Whitened flow from m_o = mu_o, by SciPy's DOP853 with m_o in units of exp(-(share delta)^2/8); sup D is sought among
    the turning points of m_o up to ``time``. A hundred times the tolerance changes it by less than 1e-8.

    Raises:
        ArithmeticError: m_o does not turn in that time.
    """
    from scipy.integrate import solve_ivp  # takes most of a second to load, and few callers come here

    field, unit = float_field(alpha, delta), math.exp(-((share * delta) ** 2) / 8)

    def scaled(_: float, state: Sequence[Any]) -> State:
        phi, old, new = field((state[0], state[1] * unit, state[2]))
        return [phi, old / unit, new]

    start = [math.log(weight / (1 - weight)), 0.0, share * delta]
    found = solve_ivp(
        scaled,
        (0, time),
        start,
        method="DOP853",
        rtol=tolerance,
        atol=tolerance / 100,
        events=lambda t, state: scaled(t, state)[1],
    )
    turns = [abs(state[1]) for state in found.y_events[0][1:]] or [abs(s[1]) for s in found.y_events[0]]
    if not turns or max(turns) == 0:
        raise ArithmeticError(f"the old mean does not turn within time {time} at separation {delta}")
    return math.log(max(turns))
