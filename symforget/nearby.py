"""Reverse KL of the whole model near its target, in doubles: information by summation, gradient, flow, measured rates.

The state is the displacement (phi - phi_alpha, m_o - mu_o, m_n - mu_n), means whitened, modes delta apart. The gradient

    dL/dphi = beta (1-beta) int (c_o - c_n) log(q/p),   dL/dm_o = beta int c_o (x - m_o) log(q/p),   dL/dm_n likewise

is computed in doubles from log(q/p) = log1p((q - p)/p), q - p from the displacement by expm1: its relative error is
about 1e-14 however small the displacement is. The trapezoidal rule converges like exp(-2 pi^2/(delta step)).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

__all__ = ["descent_factor", "flow_rate", "form_by_sum", "joint_gradient"]

REACH = 10.0
STEPS_PER_UNIT = 2.0
"""Quadrature nodes per unit length are this times delta, and at least ten."""


def joint_gradient(alpha: float, delta: float) -> Callable[[Any], Vector]:
    """The gradient of KL(q|p_alpha) as a function of the displacement, shape (3,) -> (3,)."""
    from scipy.special import expit, logit  # SciPy takes most of a second to load, and few callers come here

    count = int((2 * REACH + delta) * max(10.0, STEPS_PER_UNIT * delta))
    x, step = np.linspace(-REACH - delta / 2, REACH + delta / 2, count, retstep=True)
    old, new = x + delta / 2, x - delta / 2
    t_o, t_n = (np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi) for y in (old, new))
    p = alpha * t_o + (1 - alpha) * t_n

    def gradient(displacement: Any) -> Vector:
        phi, o, n = displacement
        beta = expit(logit(alpha) + phi)
        # beta - alpha = alpha (1-alpha) (e^phi - 1)/(1 + alpha (e^phi - 1))
        gain = alpha * (1 - alpha) * np.expm1(phi) / (1 + alpha * np.expm1(phi))
        grown_o, grown_n = np.expm1(o * old - o * o / 2), np.expm1(n * new - n * n / 2)
        change = gain * (t_o - t_n) + beta * t_o * grown_o + (1 - beta) * t_n * grown_n
        weighted = np.log1p(change / p) * step
        c_o, c_n = t_o * (1 + grown_o), t_n * (1 + grown_n)
        return np.array(
            [
                beta * (1 - beta) * (weighted @ (c_o - c_n)),
                beta * (weighted @ (c_o * (old - o))),
                (1 - beta) * (weighted @ (c_n * (new - n))),
            ]
        )

    return gradient


def flow_rate(alpha: float, delta: float, start: Any, smallest: float, tolerance: float = 1e-12) -> tuple[float, float]:
    """The rate at which the gradient flow from ``start`` approaches the target, and its estimated error.

    The mean rate of the distance over the last of three equal times, and its difference from the one before.
    ``smallest``: the distance to go down to; relative errors of the integrator (order 8) are ``tolerance``.
    """
    from scipy.integrate import solve_ivp

    gradient = joint_gradient(alpha, delta)
    arrived: Any = lambda _, y: np.linalg.norm(y) - smallest  # noqa: E731
    arrived.terminal = True
    found = solve_ivp(
        lambda _, y: -gradient(y),
        (0.0, 1e5),
        np.asarray(start, dtype=float),
        method="DOP853",
        rtol=tolerance,
        atol=smallest * tolerance,
        events=arrived,
        dense_output=True,
    )
    end = float(found.t[-1])
    times = np.linspace(end / 2, end, 4)
    distances = np.log([np.linalg.norm(found.sol(t)) for t in times])
    rates = -np.diff(distances) / (times[1] - times[0])
    return float(rates[-1]), float(abs(rates[-1] - rates[-2]))


def descent_factor(alpha: float, delta: float, step: float, start: Any, steps: int) -> tuple[float, float]:
    """The factor by which gradient descent with this step shrinks the distance in the end, and its estimated error.

    The geometric mean over the last quarter of the steps, and its difference from the quarter before.
    """
    gradient = joint_gradient(alpha, delta)
    state, distances = np.asarray(start, dtype=float), []
    for _ in range(steps + 1):
        distances.append(np.log(np.linalg.norm(state)))
        state = state - step * gradient(state)
    quarter = steps // 4
    before, now = (np.exp((distances[k] - distances[k - quarter]) / quarter) for k in (steps - quarter, steps))
    return float(now), float(abs(now - before))


def form_by_sum(
    alpha: float, mu_o: Vector, mu_n: Vector, covariance: Vector, direction: tuple[float, Vector, Vector], per_unit: int
) -> float:
    """E_p[(y.s)^2] along (y_0, a, b) by the trapezoidal rule in R^d, in the coordinates of the covariance themselves.

    The scores are r_o - alpha, r_o Sigma^-1 (x - mu_o), r_n Sigma^-1 (x - mu_n), from the densities as they stand: no
    whitening, no overlap moment enters. ``per_unit``: nodes per standard deviation; the error falls exponentially with
    it. ``direction``: y_0, a, b; ``mu_o``, ``mu_n``, a, b: shape (d,), ``covariance``: (d, d).
    """
    spread = np.sqrt(np.diag(covariance))
    low, high = np.minimum(mu_o, mu_n) - REACH * spread, np.maximum(mu_o, mu_n) + REACH * spread
    axes = [np.linspace(a, b, int((b - a) / s * per_unit) + 1) for a, b, s in zip(low, high, spread, strict=True)]
    x = np.stack([grid.ravel() for grid in np.meshgrid(*axes, indexing="ij")], axis=-1)
    precision = np.linalg.inv(covariance)
    old, new = (x - m for m in (mu_o, mu_n))
    norm = np.sqrt(np.linalg.det(precision) / (2 * np.pi) ** len(mu_o))
    p_o, p_n = (norm * np.exp(-np.einsum("ni,ij,nj->n", y, precision, y) / 2) for y in (old, new))
    p = alpha * p_o + (1 - alpha) * p_n
    r_o = np.divide(alpha * p_o, p, out=np.zeros_like(p), where=p > 0)
    first, a, b = direction
    scores = first * (r_o - alpha) + r_o * (old @ precision @ a) + (1 - r_o) * (new @ precision @ b)
    cell = np.prod([axis[1] - axis[0] for axis in axes])
    return float(cell * (p @ scores**2))
