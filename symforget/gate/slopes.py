"""Partial derivatives of the functions of beta over boxes, in forms whose sign does not drown in the box.

The expressions `fdiff` gives are exact, but differences of nearly equal terms on a wide box. Here every
partial is built from two positive quantities (x = m + delta z, z ~ N(0, 1); docs/gate.md, section 7):

    A(m, delta) = E[sigmoid'(x)]                 E_o[r_o r_n] at m = l - delta^2/2, E_n[r_o r_n] at m = -l -
    delta^2/2 Q(delta, l) = E sech^3((delta u + l)/2) = S/2 - 2 S_2

    d E_o[r_n]/d beta = -A_o/(beta (1 - beta)),   d E_n[r_o]/d beta = A_n/(beta (1 - beta)),
    dH/d beta = (A_n - A_o)/(beta (1 - beta)),    dH/d delta = -(delta/4) exp(-delta^2/8) Q/sqrt(beta (1 -
    beta)).
"""

from __future__ import annotations

import math

from flint import arb

from symforget.gate.ball import information
from symforget.gate.boxes import GUARD, NAN, extra_bits
from symforget.gate.point import jet

_LOG2 = math.log(2)

# The range of a positive quantity, as its two ends: as one ball it would often reach zero in a product.
Positive = tuple[arb, arb]


def gate_partials(beta: arb, delta: arb) -> list[arb]:
    """[dH/d beta, dH/d delta] on a box with 0 < beta < 1, delta >= 0; non-finite balls elsewhere."""
    if not _inside(beta, delta):
        return [NAN, NAN]
    with extra_bits(GUARD):
        partials = [_gate_slope(beta, delta), -_hull(_gate_fall(beta, delta))]
    return [+p for p in partials]


def misassignment_old_partials(beta: arb, delta: arb) -> list[arb]:
    """The partials of E_o[r_n] = (1 - beta) H."""
    if not _inside(beta, delta):
        return [NAN, NAN]
    with extra_bits(GUARD):
        slope = _quotient(_overlap(_log_odds(beta), delta), _weight(beta))
        fall = _product((1 - beta.upper(), 1 - beta.lower()), _gate_fall(beta, delta))
        partials = [-_hull(slope), -_hull(fall)]
    return [+p for p in partials]


def misassignment_new_partials(beta: arb, delta: arb) -> list[arb]:
    """The partials of E_n[r_o] = beta H."""
    if not _inside(beta, delta):
        return [NAN, NAN]
    with extra_bits(GUARD):
        slope = _quotient(_overlap(-_log_odds(beta), delta), _weight(beta))
        fall = _product((beta.lower(), beta.upper()), _gate_fall(beta, delta))
        partials = [_hull(slope), -_hull(fall)]
    return [+p for p in partials]


def information_partials(beta: arb, delta: arb) -> list[arb]:
    """The partials of I = (1 - H)/(beta (1 - beta)); its slope in beta has the sign of beta - 1/2."""
    if not _inside(beta, delta):
        return [NAN, NAN]
    with extra_bits(GUARD):
        weight = _weight(beta)
        slope = -(_gate_slope(beta, delta) + (1 - 2 * beta) * information(beta, delta)) / _hull(weight)
        rise = _quotient(_gate_fall(beta, delta), weight)
        partials = [_towards_the_middle(slope, beta), _hull(rise)]
    return [+p for p in partials]


def _product(a: Positive, b: Positive) -> Positive:
    return a[0] * b[0], a[1] * b[1]


def _quotient(a: Positive, b: Positive) -> Positive:
    return a[0] / b[1], a[1] / b[0]


def _hull(a: Positive) -> arb:
    """One ball round a range; an end next to zero may be overhung by the rounding of the radius."""
    return a[0].union(a[1])


def _inside(beta: arb, delta: arb) -> bool:
    return beta.is_finite() and delta.is_finite() and beta > 0 and beta < 1 and delta.upper() >= 0


def _log_odds(beta: arb) -> arb:
    """log((1 - beta)/beta), which decreases: exact at the ends of a wide ball."""
    low, high = beta.lower(), beta.upper()
    return ((1 - low) / low).log().union(((1 - high) / high).log())


def _gate_slope(beta: arb, delta: arb) -> arb:
    """dH/d beta: H is convex in beta, so the slopes at the two ends of beta bound it for every delta."""
    low, high = _slope_at(beta.lower(), delta)[0], _slope_at(beta.upper(), delta)[1]
    return _towards_the_middle(low.lower().union(high.upper()), beta)


def _slope_at(beta: arb, delta: arb) -> Positive:
    """Lower and upper bound of (A_n - A_o)/(beta (1 - beta)) at one beta; |d log A/d delta| <= 2 delta at fixed l."""
    delta = abs(delta)
    middle = delta.mid()
    l = ((1 - beta) / beta).log()
    half = middle * middle / 2
    m_old, m_new = abs(l - half), abs(l + half)
    change = (2 * delta.rad() * delta.upper() + m_old.rad() + m_new.rad()).upper()
    less, more = (-change).exp(), change.exp()
    old, new = _overlap_at(m_old.mid(), middle), _overlap_at(m_new.mid(), middle)
    weight = beta * (1 - beta)
    return (new * less - old * more) / weight, (new * more - old * less) / weight


def _weight(beta: arb) -> Positive:
    """beta (1 - beta), from its values at the ends where it is monotone."""
    low, high = beta.lower(), beta.upper()
    ends = low * (1 - low), high * (1 - high)
    largest = arb(0.25) if low <= 0.5 and high >= 0.5 else ends[0].max(ends[1])
    return ends[0].min(ends[1]), largest


def _towards_the_middle(slope: arb, beta: arb) -> arb:
    """The slope in beta of a convex function symmetric about 1/2: at most 0 below 1/2, at least 0 above."""
    if beta <= 0.5 and not slope < 0:
        return slope.lower().min(arb(0)).union(arb(0))
    if beta >= 0.5 and not slope > 0:
        return slope.upper().max(arb(0)).union(arb(0))
    return slope


def _overlap(l: arb, delta: arb) -> Positive:
    """A(l - delta^2/2, delta): even in m and decreasing in |m|; |d log A/d delta| <= delta at fixed m."""
    delta = abs(delta)
    m = l - _square(delta) / 2
    middle = delta.mid()
    nearest, farthest = _overlap_at(m.abs_lower(), middle), _overlap_at(m.abs_upper(), middle)
    change = delta.rad() * delta.upper()
    return farthest * (-change).exp(), nearest * change.exp()


def _overlap_at(m: arb, delta: arb) -> arb:
    """A at exact m >= 0 and delta: exp(l/2 - delta^2/8) (S/2 + S_1)/2 at l = delta^2/2 - m.

    At this sign of m the two terms never cancel by more than a power of delta.
    """
    square = delta * delta
    with extra_bits(_bits_of(delta)):
        l = square / 2 - m
        s, slope, *_ = jet(delta, l.mid(), 1)
        # |d log|/dl| of the whole is at most 1: the rounding of l costs its radius.
        value = (l.mid() / 2 - square / 8).exp() * (s / 2 + slope) / 2
        return value * (l.rad() * arb(0, 1)).exp()


def _gate_fall(beta: arb, delta: arb) -> Positive:
    """-dH/d delta: |d log(BC Q)/d delta| <= 2 delta at fixed l, and Q decreases in |l|."""
    delta = abs(delta)
    l = abs(_log_odds(beta))
    middle = delta.mid()
    change = 2 * delta.rad() * delta.upper()
    bhattacharyya = (-middle * middle / 8).exp() / 4
    smallest = _third_power(middle, l.abs_upper()) * bhattacharyya * (-change).exp()
    largest = _third_power(middle, l.abs_lower()) * bhattacharyya * change.exp()
    weight = _weight(beta)
    roots = weight[0].sqrt(), weight[1].sqrt()
    return _product((delta.abs_lower(), delta.abs_upper()), _quotient((smallest, largest), roots))


def _third_power(delta: arb, l: arb) -> arb:
    """Q at an exact point, with the bits added that S/2 - 2 S_2 loses for l beyond delta^2."""
    lost = max(0.0, float(l) - float(delta) ** 2) / _LOG2
    if not lost < 1e6:
        return arb(0).union(arb(1))
    with extra_bits(math.ceil(lost) + _bits_of(delta)):
        s, _, s_2 = jet(delta, l, 2)
        return s / 2 - 2 * s_2


def _bits_of(delta: arb) -> int:
    return 8 + 4 * max(0, math.ceil(math.log2(1 + min(float(delta), 1e9))))


def _square(delta: arb) -> arb:
    low, high = delta.abs_lower(), delta.abs_upper()
    return (low * low).union(high * high)
