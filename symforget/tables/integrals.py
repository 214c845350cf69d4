"""Integrals over the old weight b of the Fisher information and of what the flows make of it, in the logit of b.

With b complex, theta = |arg((1 - b)/b)| < pi, Q = |b| p_o + |1 - b| p_n and c = cos(theta/2): |q_b| >= c Q, hence

    |I'(b)| <= integral |p_o - p_n|^3/|q_b|^2 <= I(a) / (c^2 min(|b|, |1-b|) (|b| + |1-b|)),  a = |b|/(|b| + |1-b|),

and I(a) <= min(chi^2, 1/(a (1-a))). So a ball of radius r costs I a relative error of the order of
r/min(|b|, |1 - b|), however small the separation.
"""

from __future__ import annotations

from collections.abc import Callable

from flint import acb, arb, ctx

from symforget.gate.ball import gate_s, information
from symforget.precision import workprec
from symforget.quadrature import integrate

NAN = acb(arb.nan(), arb.nan())
GUARD_BITS = 20


def information_on(b: acb, delta: arb) -> acb:
    """I(b, delta) at every point of a complex ball off (-oo, 0] and [1, oo); non-finite elsewhere."""
    middle = b.mid()
    with workprec(ctx.prec + _bits_below_one(middle) + GUARD_BITS):
        value = acb(information(middle, delta))
    if b.is_exact():
        return +value
    near, far = abs(b), abs(1 - b)
    cosine = ((abs(b.arg()) + abs((1 - b).arg())) / 2).upper().cos()
    if not (cosine > 0 and near > 0 and far > 0):
        return NAN
    near, far = near.lower(), far.lower()
    total = near + far
    # (|b| + |1-b|)/(|b| |1-b|) and chi^2/(|b| + |1-b|), the two bounds of I(a)/(|b| + |1-b|), fall in |b| and |1-b|.
    size = (total / (near * far)).min((delta * delta).expm1() / total)
    slope = size / (cosine * cosine * near.min(far))
    error = (abs(b - middle) * slope).upper() * arb(0, 1)
    return value + acb(error, error)


def _bits_below_one(b: acb) -> int:
    """How many bits 1 - H loses beside 1, at least: about log2(1/min(|b|, |1 - b|))."""
    small = abs(b).lower().min(abs(1 - b).lower())
    if not small > 0:
        return 0
    mantissa, exponent = small.man_exp()
    return max(0, -int(exponent) - int(mantissa).bit_length())


def _over_logit(integrand: Callable[[acb, acb], acb], start: arb, end: arb, delta: arb) -> arb:
    """The integral of integrand(b, I(b)) over the logit of b from that of `start` to that of `end`."""

    def at(s: acb, _analytic: bool) -> acb:
        b = 1 / (1 + (-s).exp())
        return integrand(b, information_on(b, delta))

    return integrate(at, _logit(start), _logit(end)).real


def information_between(start: arb, end: arb, delta: arb) -> arb:
    """The integral of I(b) over b from `start` to `end`, both in (0, 1): that of 1 - H over the logit.

    Here the integrand need not stay away from 0, so the plain difference serves, and is cheaper than `information_on`.
    """
    scale = (-delta * delta / 8).exp()

    def visible(s: acb, _analytic: bool) -> acb:
        value = 1 - gate_s(delta, s) * (s / 2).cosh() * scale
        return acb(value)

    return integrate(visible, _logit(start), _logit(end)).real


def _logit(b: arb) -> arb:
    return (b / (1 - b)).log()


def logit_fall_time(start: arb, level: arb, delta: arb) -> arb:
    """Time of b' = -b^3 (1 - b)^2 I(b) from `start` to `level`."""
    return _over_logit(lambda b, i: 1 / (b * b * (1 - b) * i), level, start, delta)


def euclidean_fall_time(start: arb, level: arb, delta: arb) -> arb:
    """Time of b' = -b I(b) from `start` to `level`."""
    return _over_logit(lambda b, i: (1 - b) / i, level, start, delta)
