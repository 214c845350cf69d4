"""Balls of the gate's functions over whole argument balls: monotonicity and Taylor forms round point values.

`ball.gate(beta, delta)` and its siblings work at `flint.ctx.prec`, enclose the value at every point of their argument
balls however wide, and return a non-finite ball where they cannot. The inequalities used, proved in docs/gate.md:

    S is even in l and decreases in |l|; delta S increases and exp(-delta^2/8) S decreases in delta > 0
    |d log S/dl| <= 1/2, |d log S/d delta| <= delta/4
    H decreases in delta and is convex and symmetric in beta; (1 - beta) H decreases in beta
    I increases in delta and is convex and symmetric in beta
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flint import acb, arb, ctx

from symforget.gate.bounds import derivative_bound, strip_constant
from symforget.gate.point import complex_jet, jet

_GUARD = 12
_NAN, _COMPLEX_NAN = arb.nan(), acb(arb.nan(), arb.nan())


@contextmanager
def _extra_bits(bits: int) -> Iterator[None]:
    old = ctx.prec
    ctx.prec = old + bits
    try:
        yield
    finally:
        ctx.prec = old


def _is_thin(relative_change: arb) -> bool:
    """Whether the values on a ball differ so little that one point value and a Lipschitz bound say it all."""
    return relative_change < arb(2) ** (6 - ctx.prec)


def _spread(value: arb, relative_change: arb) -> arb:
    """The ball that holds value * exp(t) for all |t| <= relative_change < 1."""
    return value + value * (relative_change.upper() * 2) * arb(0, 1)


def _hull(a: arb, b: arb) -> arb:
    return a.union(b)


def _real_delta(delta: Any) -> arb:
    """|delta| as a real ball; non-finite if delta is not real."""
    if isinstance(delta, acb):
        delta = delta.real if delta.imag.is_zero() else _NAN
    return abs(delta)


# ---------------------------------------------------------------------------------------------------- S and S_k


def gate_s(delta: arb | acb, l: arb | acb) -> arb | acb:
    """S(delta, l) for real delta and for l real, or complex with |Im l| < pi."""
    delta = _real_delta(delta)
    if isinstance(l, acb):
        return _complex_derivative(0, delta, l)
    if not (delta.is_finite() and l.is_finite()):
        return _NAN
    with _extra_bits(_GUARD):
        return +_real_s(delta, l)


def gate_s_derivative(k: int | arb, delta: arb | acb, l: arb | acb) -> arb | acb:
    """The k-th derivative of S in l, same arguments."""
    k = _order(k)
    if k == 0:
        return gate_s(delta, l)
    delta = _real_delta(delta)
    if isinstance(l, acb):
        return _complex_derivative(k, delta, l)
    if not (delta.is_finite() and l.is_finite()):
        return _NAN
    with _extra_bits(_GUARD):
        return _taylor(delta, l, k)[k]


def gate_s_jet(delta: arb, l: arb, order: int) -> list[arb]:
    """[S, S_1, ..., S_order], the derivatives in l, from one pass over the nodes; real balls of any width."""
    delta = _real_delta(delta)
    if not (delta.is_finite() and l.is_finite()):
        return [_NAN] * (order + 1)
    with _extra_bits(_GUARD):
        return _taylor(delta, l, order)


def _order(k: Any) -> int:
    if isinstance(k, int):
        return k
    value = k.unique_fmpz() if isinstance(k, arb) else k.real.unique_fmpz()
    if value is None or value < 0:
        raise ValueError(f"gate_s_derivative: the order must be a non-negative integer, not {k}")
    return int(value)


def _real_s(delta: arb, l: arb) -> arb:
    """S on a box; delta >= 0 up to the overhang of its ball."""
    change = l.rad() / 2 + delta.rad() * delta.upper() / 4
    middle = delta.mid()
    if _is_thin(change):
        return _spread(jet(middle, abs(l.mid()), 0)[0], change)
    nearest, farthest = l.abs_lower(), l.abs_upper()
    if _is_thin(delta.rad() * delta.upper() / 4):
        change = delta.rad() * delta.upper() / 4
        far, near = jet(middle, farthest, 0)[0], jet(middle, nearest, 0)[0]
        return _hull(_spread(far, change), _spread(near, change))
    return _hull(_s_along_delta(delta, farthest, lower=True), _s_along_delta(delta, nearest, lower=False))


def _s_along_delta(delta: arb, l: arb, lower: bool) -> arb:
    """A lower (upper) bound of S(., l) on the interval delta, at one exact l; returned as an exact ball."""
    left, right = delta.abs_lower(), delta.abs_upper()
    spread = (right * right - left * left) / 4
    if spread < 1:
        enclosure = _heat_taylor(left, right, l)
        return enclosure.lower() if lower else enclosure.upper()
    at_left, at_right = jet(left, l, 0)[0], jet(right, l, 0)[0]
    decay = (-spread / 2).exp()
    if lower:
        return (at_left * left / right).lower().max((at_right * decay).lower())
    upper = (at_left / decay).upper()
    return upper.min((at_right * right / left).upper()) if left > 0 else upper


def _heat_taylor(left: arb, right: arb, l: arb) -> arb:
    """S(delta, l) for left <= delta <= right by Taylor's formula in delta^2/2, in which S obeys the heat equation."""
    middle = ((left + right) / 2).mid()
    s, _, s2, *_ = jet(middle, l, 2)
    time = _hull(left * left, right * right) / 2 - middle * middle / 2
    largest = s.upper() * (time.abs_upper() / 4).exp()
    fourth = derivative_bound(4, largest, left)
    return s + time * s2 + time * time * fourth / 2 * arb(0, 1)


def _taylor(delta: arb, l: arb, order: int) -> list[arb]:
    """[S, ..., S_order] on a box, by the second-order Taylor formula along segments from its centre.

    With x the change of l and t that of delta^2/2, (d/ds)^n of S_k along the segment is (x d + t d^2)^n S_k.
    """
    centre_delta, centre_l = delta.mid(), l.mid()
    exact = delta.rad() == 0 and l.rad() == 0
    point = _signed_jet(centre_delta, centre_l, order + (0 if exact else 2))
    if exact:
        return point
    x, r = l - centre_l, l.rad()
    left, right = delta.abs_lower(), delta.abs_upper()
    t = _hull(left * left, right * right) / 2 - centre_delta * centre_delta / 2
    t_max = t.abs_upper()
    change = (r / 2 + t_max / 4).upper()
    largest = (point[0].upper() * change.exp()).upper().min(arb(1))
    if left > 1:
        largest = largest.min(((2 * arb.pi()).sqrt() / left).upper())
    values = []
    for k in range(order + 1):
        m = [derivative_bound(k + i, largest, left) for i in range(5)]
        rest = (r * r * m[2] + 2 * r * t_max * m[3] + t_max * t_max * m[4]) / 2
        value = point[k] + x * point[k + 1] + t * point[k + 2] + rest.upper() * arb(0, 1)
        values.append(_clip(value, m[0]))
    if not _is_thin(change):
        values[0] = values[0].intersection(_real_s(delta, l))
    return values


def _clip(value: arb, bound: arb) -> arb:
    """value, known to be at most `bound` in absolute value."""
    return value if value.abs_upper() <= bound else value.intersection(bound * arb(0, 1))


def _signed_jet(delta: arb, l: arb, order: int) -> list[arb]:
    values = jet(delta, abs(l), order)
    return [-v if k % 2 and l < 0 else v for k, v in enumerate(values)]


def _complex_derivative(k: int, delta: arb, l: acb) -> acb:
    """S_k on a complex ball of l: the value at its centre and a bound of S_(k+1).

    |sech^(n)((x + iy)/2)| <= C_n sech(x/2)/cos(y/2)^(n+1) for |y| < pi.
    """
    if not (delta.is_finite() and l.is_finite()):
        return _COMPLEX_NAN
    if l.imag.is_zero():
        return acb(gate_s_derivative(k, delta, l.real))
    with _extra_bits(_GUARD):
        if not l.imag.abs_upper() < arb.pi():
            return _COMPLEX_NAN
        centre = l.mid()
        value = complex_jet(delta.mid(), centre, k)[k]
        slack = (l.imag.abs_upper() / 2).cos()
        size = _real_s(delta, l.real).abs_upper()

        def bound(n: int) -> arb:
            result = size * strip_constant(n) / slack
            for _ in range(n):
                result /= slack
            return result.upper()

        radius = (l - centre).abs_upper() * bound(k + 1)
        if delta.rad() > 0:
            radius += delta.rad() * delta.abs_upper() * bound(k + 2)
        error = radius.upper() * arb(0, 1)
        return value + acb(error, error)


# ------------------------------------------------------------------------------------------- functions of beta


def _complement(beta: arb) -> arb:
    """1 - beta without rounding."""
    with _extra_bits(max(0, beta.mid().bits() - ctx.prec) + 64):
        return 1 - beta


def _ends(ball: arb) -> tuple[arb, arb]:
    """The exact ends of a ball; a ball that overhangs zero by its rounding is left as it is."""
    return ball.lower(), ball.upper()


def _near_and_far(beta: arb) -> tuple[arb, arb]:
    """The smaller of (beta, 1 - beta) at the points of the ball nearest to and farthest from 1/2."""
    low, high = _ends(beta)
    far = low.min(_complement(high))
    half = arb(0.5)
    near = half if low <= half and high >= half else (high if high < half else _complement(low))
    return near, far


def _log_odds(b: arb) -> arb:
    return (_complement(b) / b).log()


def _gate_at(b: arb, delta: arb) -> arb:
    """H at an exact weight 0 <= b <= 1/2 and an exact delta >= 0."""
    if b == 0 or delta == 0:
        return arb(1)
    l = _log_odds(b)
    coefficient = (-delta * delta / 8).exp() / (2 * (b * _complement(b)).sqrt())
    return coefficient * _real_s(delta, l)


def _information_at(b: arb, delta: arb) -> arb:
    """I at an exact weight 0 <= b <= 1/2 and an exact delta >= 0.

    (1 - b)^2 I = E_o[r_o]/b - 1 with E_o[r_o]/b = exp(3 delta^2/8) S(delta, l - delta^2)/(2 sqrt(b (1 - b))), and this
    difference is at least TV^2, so that only small delta costs bits.
    """
    if delta == 0:
        return arb(0)
    with _extra_bits(_bits_lost_near_zero(delta)):
        square = delta * delta
        if b == 0:
            return square.expm1()
        rest = _complement(b)
        ratio = (3 * square / 8).exp() * _real_s(delta, abs(_log_odds(b) - square)) / (2 * (b * rest).sqrt())
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
    return math.ceil(math.log2(size)) + max(0, 2 * (int(exponent) + int(mantissa).bit_length())) + _GUARD


def _valid(beta: arb, delta: arb) -> bool:
    return beta.is_finite() and delta.is_finite() and beta.lower() >= 0 and beta.upper() <= 1


def _over_corners(at: Callable[[arb, arb], arb], low: tuple[arb, arb], high: tuple[arb, arb]) -> arb:
    """The hull of the values at the two corners between which a monotone function lies."""
    with _extra_bits(max(_argument_bits(*low), _argument_bits(*high))):
        return _hull(at(*low), at(*high))


def _delta_ends(delta: arb) -> tuple[arb, arb]:
    return delta.abs_lower(), delta.abs_upper()


def gate(beta: arb | acb, delta: arb | acb) -> arb | acb:
    """H(beta, delta) for 0 <= beta <= 1 and real delta; or complex beta off (-oo, 0] and [1, oo)."""
    delta = _real_delta(delta)
    if isinstance(beta, acb):
        return _complex_gate(beta, delta)
    if not _valid(beta, delta):
        return _NAN
    near, far = _near_and_far(beta)
    left, right = _delta_ends(delta)
    return +_over_corners(_gate_at, (near, right), (far, left))


def misassignment_old(beta: arb | acb, delta: arb | acb) -> arb | acb:
    """E_o[r_n] = (1 - beta) H, same arguments as `gate`."""
    if isinstance(beta, acb):
        return (1 - beta) * gate(beta, delta)
    delta = _real_delta(delta)
    if not _valid(beta, delta):
        return _NAN

    def at(weight: arb, d: arb) -> arb:
        rest = _complement(weight)
        return rest * _gate_at(weight.min(rest), d)

    low, high = _ends(beta)
    left, right = _delta_ends(delta)
    return +_over_corners(at, (high, right), (low, left))


def misassignment_new(beta: arb | acb, delta: arb | acb) -> arb | acb:
    """E_n[r_o] = beta H, same arguments as `gate`."""
    if isinstance(beta, acb):
        return beta * gate(beta, delta)
    return misassignment_old(_complement(beta), delta)


def information(beta: arb | acb, delta: arb | acb) -> arb | acb:
    """I(beta, delta) = (1 - H)/(beta (1 - beta)), same arguments as `gate`; accurate where H is close to 1."""
    delta = _real_delta(delta)
    if isinstance(beta, acb):
        return _complex_information(beta, delta)
    if not _valid(beta, delta):
        return _NAN
    near, far = _near_and_far(beta)
    left, right = _delta_ends(delta)
    return +_over_corners(_information_at, (near, left), (far, right))


def _complex_gate(beta: acb, delta: arb) -> acb:
    """H = BC cosh(l/2) S at complex beta: the value at the centre, and a bound of dH/dbeta.

    With theta = |arg((1-beta)/beta)| < pi, |q_beta| >= cos(theta/2) Q, Q = |beta| p_o + |1-beta| p_n, so that
    |dH/dbeta| <= integral p_o p_n (p_o + p_n)/(cos(theta/2) Q)^2 <= (1/|beta| + 1/|1-beta|)/(cos^2(theta/2) (|beta| + |1-beta|)).
    """
    if beta.imag.is_zero():
        return acb(gate(beta.real, delta))
    if not (beta.is_finite() and delta.is_finite()):
        return _COMPLEX_NAN
    with _extra_bits(_GUARD):
        rest = 1 - beta
        if not _off_the_cuts(beta):
            return _COMPLEX_NAN
        cosine = (_angle_bound(beta) / 2).cos()
        if not cosine > 0:
            return _COMPLEX_NAN
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
    return coefficient * _complex_derivative(0, delta, l)


def _complex_information(beta: acb, delta: arb) -> acb:
    """(1 - H)/(beta (1 - beta)) with the bits that the difference loses added beforehand."""
    if beta.imag.is_zero():
        return acb(information(beta.real, delta))
    if not (beta.is_finite() and delta.is_finite()):
        return _COMPLEX_NAN
    lost = _bits_lost_near_zero(delta.mid()) if delta.mid() != 0 else 0
    with _extra_bits(lost):
        return (1 - _complex_gate(beta, delta)) / (beta * (1 - beta))
