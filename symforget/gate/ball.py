"""Balls of the gate's functions of the old weight beta; with `gate_s` and its kin the certified face of the
package.

`ball.gate(beta, delta)` and its siblings work at `flint.ctx.prec`, enclose the value at every point of
their argument balls however wide, and return a non-finite ball where they cannot. The inequalities used,
proved in docs/gate.md:

    H decreases in delta and is convex and symmetric in beta; (1 - beta) H decreases in beta
    I increases in delta and is convex and symmetric in beta
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import overload

from flint import acb, arb, ctx

from symforget.gate.boxes import (
    COMPLEX_NAN,
    GUARD,
    NAN,
    complex_derivative,
    extra_bits,
    gate_s,
    gate_s_derivative,
    gate_s_jet,
    real_delta,
    s_on_box,
)

__all__ = [
    "gate",
    "gate_s",
    "gate_s_derivative",
    "gate_s_jet",
    "information",
    "misassignment_new",
    "misassignment_old",
]


def _complement(beta: arb) -> arb:
    """1 - beta without rounding."""
    with extra_bits(max(0, beta.mid().bits() - ctx.prec) + 64):
        return 1 - beta


def _near_and_far(beta: arb) -> tuple[arb, arb]:
    """The smaller of (beta, 1 - beta) at the points of the ball nearest to and farthest from 1/2."""
    low, high = beta.lower(), beta.upper()
    far = low.min(_complement(high))
    half = arb(0.5)
    near = half if low <= half and high >= half else (high if high < half else _complement(low))
    return near, far


def _log_odds(b: arb) -> arb:
    return (_complement(b) / b).log()


def _gate_at(b: arb, delta: arb) -> arb:
    """H at an exact weight 0 <= b <= 1/2 and an exact delta >= 0; or on a thin ball of weights inside (0, 1)."""
    if b == 0 or delta == 0:
        return arb(1)
    l = _log_odds(b)
    coefficient = (-delta * delta / 8).exp() / (2 * (b * _complement(b)).sqrt())
    return coefficient * s_on_box(delta, l)


def _information_at(b: arb, delta: arb) -> arb:
    """I at an exact weight 0 <= b <= 1/2 and an exact delta >= 0.

    (1 - b)^2 I = E_o[r_o]/b - 1 with E_o[r_o]/b = exp(3 delta^2/8) S(delta, l - delta^2)/(2 sqrt(b (1 -
    b))), and this difference is at least TV^2, so that only small delta costs bits.
    """
    if delta == 0:
        return arb(0)
    with extra_bits(_bits_lost_near_zero(delta)):
        square = delta * delta
        if b == 0:
            return square.expm1()
        rest = _complement(b)
        ratio = (3 * square / 8).exp() * s_on_box(delta, abs(_log_odds(b) - square)) / (2 * (b * rest).sqrt())
        return (ratio - 1) / (rest * rest)


def _bits_lost_near_zero(delta: arb) -> int:
    """Bits that a difference of the order of delta^2 between numbers of the order of 1 loses."""
    mantissa, exponent = delta.man_exp()
    return max(0, -2 * (int(exponent) + mantissa.bit_length()) + 2)


def _argument_bits(b: arb, delta: arb) -> int:
    """Bits that exp(-delta^2/8), sqrt(b) and S(delta, l) lose to the size of their exponents."""
    size = 1.0
    if b > 0:
        mantissa, exponent = b.man_exp()
        size += abs(int(exponent) + mantissa.bit_length())
    mantissa, exponent = delta.man_exp() if delta != 0 else (0, 0)
    return math.ceil(math.log2(size)) + max(0, 2 * (int(exponent) + int(mantissa).bit_length())) + GUARD


def _valid(beta: arb, delta: arb) -> bool:
    return beta.is_finite() and delta.is_finite() and beta.lower() >= 0 and beta.upper() <= 1


def _is_thin_weight(beta: arb) -> bool:
    """Whether a weight is exact but for rounding, as the nodes of a quadrature are: then its ends need not be told."""
    return not beta.is_exact() and bool(beta.rad() < beta.lower().min(1 - beta.upper()) * arb(2) ** (8 - ctx.prec))


def _over_corners(at: Callable[[arb, arb], arb], low: tuple[arb, arb], high: tuple[arb, arb]) -> arb:
    """The hull of the values at the two corners between which a monotone function lies."""
    if low[0] == high[0] and low[1] == high[1]:
        with extra_bits(_argument_bits(*low)):
            return at(*low)
    with extra_bits(max(_argument_bits(*low), _argument_bits(*high))):
        return at(*low).union(at(*high))


def _delta_ends(delta: arb) -> tuple[arb, arb]:
    return delta.abs_lower(), delta.abs_upper()


@overload
def gate(beta: arb, delta: arb | acb) -> arb: ...
@overload
def gate(beta: acb, delta: arb | acb) -> acb: ...
def gate(beta: arb | acb, delta: arb | acb) -> arb | acb:
    """H(beta, delta) for 0 <= beta <= 1 and real delta; or complex beta off (-oo, 0] and [1, oo)."""
    delta = real_delta(delta)
    if isinstance(beta, acb):
        return _complex_gate(beta, delta)
    if not _valid(beta, delta):
        return NAN
    if delta.is_exact() and _is_thin_weight(beta):
        with extra_bits(GUARD):
            value = _gate_at(beta, delta)
        return +value
    near, far = _near_and_far(beta)
    left, right = _delta_ends(delta)
    return +_over_corners(_gate_at, (near, right), (far, left))


@overload
def misassignment_old(beta: arb, delta: arb | acb) -> arb: ...
@overload
def misassignment_old(beta: acb, delta: arb | acb) -> acb: ...
def misassignment_old(beta: arb | acb, delta: arb | acb) -> arb | acb:
    """E_o[r_n] = (1 - beta) H, same arguments as `gate`."""
    if isinstance(beta, acb):
        return (1 - beta) * gate(beta, delta)
    delta = real_delta(delta)
    if not _valid(beta, delta):
        return NAN

    def at(weight: arb, d: arb) -> arb:
        rest = _complement(weight)
        return rest * _gate_at(weight.min(rest), d)

    left, right = _delta_ends(delta)
    return +_over_corners(at, (beta.upper(), right), (beta.lower(), left))


@overload
def misassignment_new(beta: arb, delta: arb | acb) -> arb: ...
@overload
def misassignment_new(beta: acb, delta: arb | acb) -> acb: ...
def misassignment_new(beta: arb | acb, delta: arb | acb) -> arb | acb:
    """E_n[r_o] = beta H, same arguments as `gate`."""
    if isinstance(beta, acb):
        return beta * gate(beta, delta)
    delta = real_delta(delta)
    if not _valid(beta, delta):
        return NAN

    def at(weight: arb, d: arb) -> arb:
        return weight * _gate_at(weight.min(_complement(weight)), d)

    left, right = _delta_ends(delta)
    return +_over_corners(at, (beta.lower(), right), (beta.upper(), left))


@overload
def information(beta: arb, delta: arb | acb) -> arb: ...
@overload
def information(beta: acb, delta: arb | acb) -> acb: ...
def information(beta: arb | acb, delta: arb | acb) -> arb | acb:
    """I(beta, delta) = (1 - H)/(beta (1 - beta)), same arguments as `gate`; accurate where H is close to
    1.
    """
    delta = real_delta(delta)
    if isinstance(beta, acb):
        return _complex_information(beta, delta)
    if not _valid(beta, delta):
        return NAN
    near, far = _near_and_far(beta)
    left, right = _delta_ends(delta)
    return +_over_corners(_information_at, (near, left), (far, right))


def _complex_gate(beta: acb, delta: arb) -> acb:
    """H = BC cosh(l/2) S at complex beta: the value at the centre, and a bound of dH/dbeta.

    With theta = |arg((1-beta)/beta)| < pi, |q_beta| >= cos(theta/2) Q, Q = |beta| p_o + |1-beta| p_n, so that
    |dH/dbeta| <= integral p_o p_n (p_o + p_n)/(cos(theta/2) Q)^2 <= (1/|beta| + 1/|1-beta|)/(cos^2(theta/2)
    (|beta| + |1-beta|)).
    """
    if beta.imag.is_zero():
        return acb(gate(beta.real, delta))
    if not (beta.is_finite() and delta.is_finite()):
        return COMPLEX_NAN
    with extra_bits(GUARD):
        rest = 1 - beta
        if not _off_the_cuts(beta):
            return COMPLEX_NAN
        cosine = (_angle_bound(beta) / 2).cos()
        if not cosine > 0:
            return COMPLEX_NAN
        small, other = beta.abs_lower(), rest.abs_lower()
        value = _complex_gate_at(beta.mid(), delta)
        slope = (1 / small + 1 / other) / (cosine * cosine * (small + other))
        error = ((beta - beta.mid()).abs_upper() * slope).upper() * arb(0, 1)
        return value + acb(error, error)


def _off_the_cuts(beta: acb) -> bool:
    return beta.imag > 0 or beta.imag < 0 or (beta.real > 0 and beta.real < 1)


def _angle_bound(beta: acb) -> arb:
    """An upper bound of |arg((1 - beta)/beta)| on the ball."""
    return (abs(beta.arg()) + abs((1 - beta).arg())).upper()


def _complex_gate_at(beta: acb, delta: arb) -> acb:
    """H at an exact complex beta."""
    if delta.is_zero():
        return acb(1)
    rest = 1 - beta
    l = rest.log() - beta.log()
    coefficient = (-delta * delta / 8).exp() * (l / 2).cosh()
    return coefficient * complex_derivative(0, delta, l)


def _complex_information(beta: acb, delta: arb) -> acb:
    """(1 - H)/(beta (1 - beta)) with the bits that the difference loses added beforehand."""
    if beta.imag.is_zero():
        return acb(information(beta.real, delta))
    if not (beta.is_finite() and delta.is_finite()):
        return COMPLEX_NAN
    lost = _bits_lost_near_zero(delta.mid()) if delta.mid() != 0 else 0
    with extra_bits(lost):
        return (1 - _complex_gate(beta, delta)) / (beta * (1 - beta))
