"""The gate in mpmath: high precision for the numeric leg, without guarantee and without balls.

Same functions as `symforget.gate.ball`, for mpmath numbers, at `mpmath.mp.prec`. A second implementation of
the formulas, sharing no code with the balls: the theta formula, and the trapezoidal rule on the definition
for small delta.
"""

from __future__ import annotations

from typing import Any

from mpmath import mp, mpf

_GUARD = 30
_SMALL_DELTA = 0.4


def gate_s(delta: Any, l: Any) -> Any:
    """S(delta, l), l real or complex with |Im l| < pi."""
    delta, l = abs(mp.mpmathify(delta)), mp.mpmathify(l)
    if mp.re(l) < 0:
        l = -l
    extra = _GUARD + 2 * max(0, mp.mag(delta)) + max(0, mp.mag(l) if l else 0)
    with mp.workprec(mp.prec + extra):
        value = _narrow(delta, l) if delta < _SMALL_DELTA else _theta(delta, l)
    return +value


def _narrow(delta: Any, l: Any) -> Any:
    """The trapezoidal rule for E sech((delta u + l)/2), whose error is exp(-2 pi a/h + a^2/2) on a strip
    |Im u| < a.
    """
    if delta == 0:
        return mp.sech(l / 2)
    nats = mp.prec * mp.ln2 + 10
    a = min(mp.sqrt(2 * nats), (mp.pi - abs(mp.im(l))) * 0.9 / delta)
    h = 2 * mp.pi * a / (nats + a * a / 2)
    x = mp.exp(-l)
    fall = mp.exp(-h * h)
    weight, ratio = mp.mpf(1), mp.exp(-h * h / 2)
    grow = mp.exp(delta * h / 2)
    up, down = mp.mpf(1), mp.mpf(1)
    total = (1 / (1 + x) ** 2) / 2
    for _ in range(int((mp.sqrt(2 * nats) + 1) / h) + 1):
        weight, ratio = weight * ratio, ratio * fall
        up, down = up * grow, down / grow
        cosh = (up + down) / 2
        total += weight * cosh / ((1 - x) ** 2 + 4 * x * cosh * cosh)
    return total * 4 * mp.exp(-l / 2) * (1 + x) * h / mp.sqrt(2 * mp.pi)


def _theta(delta: Any, l: Any) -> Any:
    """The theta formula; see `symforget.gate.theta`."""
    square = delta * delta
    p, q = mp.exp(-square / 2), mp.exp(-2 * mp.pi**2 / square)
    cosine = mp.cos(mp.pi * l / square)
    first = 4 * mp.exp(square / 8) * mp.cosh(l / 2) * _half_sum(p, 2 * mp.cosh(l))
    gaussian = mp.exp((mp.pi**2 - l * l) / (2 * square))
    second = 8 * mp.pi / square * gaussian * cosine * _half_sum(q, 4 * cosine * cosine - 2)
    return (first + second) / mp.jtheta(3, 0, p)


def _half_sum(base: Any, kappa: Any) -> Any:
    """sum_{j >= 0} base^(j^2) (1 + y)/(kappa + y + 1/y), y = base^(2j+1)."""
    y, weight, total = base, mpf(1), mpf(0)
    # Terms fall like base^(j^2) times at most 1/base^(1/4) that the prefactor holds.
    smallest = mp.ldexp(1, -mp.prec - 20) * base
    while weight > smallest:
        total += weight * y * (1 + y) / (1 + y * (kappa + y))
        weight *= y
        y *= base * base
    return total


def gate_s_derivative(k: int, delta: Any, l: Any) -> Any:
    """The k-th derivative of S in l, by mpmath's numerical differentiation."""
    return mp.diff(lambda x: gate_s(delta, x), l, k) if k else gate_s(delta, l)


def gate(beta: Any, delta: Any) -> Any:
    """H(beta, delta)."""
    beta, delta = mp.mpmathify(beta), mp.mpmathify(delta)
    if beta in (0, 1) or delta == 0:
        return mpf(1)
    extra = _GUARD + max(0, 2 * mp.mag(delta)) + abs(mp.mag(beta)).bit_length()
    with mp.workprec(mp.prec + extra):
        weight = beta * (1 - beta)
        value = mp.exp(-delta * delta / 8) / (2 * mp.sqrt(weight)) * gate_s(delta, mp.log((1 - beta) / beta))
    return +value


def misassignment_old(beta: Any, delta: Any) -> Any:
    """E_o[r_n] = (1 - beta) H."""
    return (1 - mp.mpmathify(beta)) * gate(beta, delta)


def misassignment_new(beta: Any, delta: Any) -> Any:
    """E_n[r_o] = beta H."""
    return mp.mpmathify(beta) * gate(beta, delta)


def information(beta: Any, delta: Any) -> Any:
    """I(beta, delta) = (1 - H)/(beta (1 - beta)), with the bits added that 1 - H loses."""
    beta, delta = mp.mpmathify(beta), mp.mpmathify(delta)
    if delta == 0:
        return mpf(0)
    if beta in (0, 1):
        return mp.expm1(delta * delta)
    lost = -2 * min(0, mp.mag(delta)) - mp.mag(beta) - mp.mag(1 - beta) + _GUARD
    with mp.workprec(mp.prec + max(_GUARD, lost)):
        value = (1 - gate(beta, delta)) / (beta * (1 - beta))
    return +value
