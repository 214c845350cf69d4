"""The gate in double precision, vectorised over NumPy arrays, to a few units in the last place.

Everything comes from F(delta, l) = exp(|l|/2 - delta^2/8) S(delta, l)/2, which for l >= 0 is E_o[r_n]
itself: no exponential is left to over- or underflow, and beta near 0 or 1 costs nothing. F is computed as G
exp(-E) with E in two doubles, by the same formulas as the balls (trapezoidal sum, theta formula, dual sum),
their terms counted for 2^-56.

Errors are measured against the balls by tests and benchmarks, not proved; for a guarantee use
`symforget.gate.ball`. Arguments broadcast; beta in [0, 1], delta real; outside that the result is nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_CHUNK = 4096
# log 2 as a double of 32 significant bits, so that its multiples by exponents are exact, and the rest.
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
_NARROW, _WIDE = 0.75, 10.0
_SPLIT = 2.0**27 + 1


class _Pair(NamedTuple):
    """An unevaluated sum of two doubles."""

    high: Array
    low: Array


def _two_sum(a: Array, b: Array) -> _Pair:
    s = a + b
    t = s - a
    return _Pair(s, (a - (s - t)) + (b - t))


def _square(a: Array) -> _Pair:
    """a^2 exactly (Dekker); |a| < 1e150."""
    c = _SPLIT * a
    high = c - (c - a)
    low = a - high
    square = a * a
    return _Pair(square, ((high * high - square) + 2 * high * low) + low * low)


def _product(a: Array, b: Array) -> _Pair:
    """a b exactly (Dekker)."""
    c, d = _SPLIT * a, _SPLIT * b
    ah, bh = c - (c - a), d - (d - b)
    al, bl = a - ah, b - bh
    product = a * b
    return _Pair(product, ((ah * bh - product) + ah * bl + al * bh) + al * bl)


def _add(a: _Pair, b: _Pair) -> _Pair:
    s = _two_sum(a.high, b.high)
    return _two_sum(s.high, s.low + (a.low + b.low))


def _scale(a: _Pair, power_of_two: float) -> _Pair:
    return _Pair(a.high * power_of_two, a.low * power_of_two)


def _exp(a: _Pair) -> Array:
    return np.exp(a.high) * (1 + a.low)


def _square_pair(a: _Pair) -> _Pair:
    s = _square(a.high)
    return _Pair(s.high, s.low + 2 * a.high * a.low)


def _divide(a: _Pair, b: Array) -> _Pair:
    quotient = a.high / b
    back = _product(quotient, b)
    return _Pair(quotient, ((a.high - back.high) - back.low + a.low) / b)


# --------------------------------------------------------------------------------------------------- F


class _Scaled(NamedTuple):
    """F = mantissa * exp(-exponent)."""

    mantissa: Array
    exponent: _Pair


def _plain(value: Array) -> _Scaled:
    zero = np.zeros_like(value)
    return _Scaled(value, _Pair(zero, zero))


def _trapezoid(delta: Array, x: Array, step: float, count: int, sinh_squared: bool) -> Array:
    """exp(l/2) times the trapezoidal sum of E[g sech((delta u + l)/2)], x = exp(-l).

    g = 4 sinh^2(delta u/2) if `sinh_squared`, else 1.
    """
    total = np.zeros_like(delta) if sinh_squared else 0.5 / (1 + x) ** 2
    complement = (1 - x) ** 2
    quadruple = 4 * x
    sinh_1 = np.sinh(delta * (0.5 * step))
    cosh_1 = np.sqrt(1 + sinh_1 * sinh_1)
    sinh, cosh = sinh_1, cosh_1
    for j in range(1, count):
        term = math.exp(-0.5 * (step * j) ** 2) * cosh / (complement + quadruple * (cosh * cosh))
        total += term * (4 * sinh * sinh) if sinh_squared else term
        if j % 6 == 0:
            sinh = np.sinh(delta * (0.5 * step * (j + 1)))
            cosh = np.sqrt(1 + sinh * sinh)
        else:
            # The addition formulas add positive numbers only, so that no digit of a small sinh is lost.
            sinh, cosh = sinh * cosh_1 + cosh * sinh_1, cosh * cosh_1 + sinh * sinh_1
    return total * (1 + x) * (4 * step / math.sqrt(2 * math.pi))


def _narrow(delta: Array, _: _Pair, x: Array) -> _Scaled:
    """F for delta < 0.75, from the definition."""
    return _plain(0.5 * np.exp(-delta * delta / 8) * _trapezoid(delta, x, 0.5, 19, False))


def _theta(first: int, second: int) -> Callable[[Array, _Pair, Array], _Scaled]:
    """F by the theta formula with so many terms in its two sums."""

    def evaluate(delta: Array, l: _Pair, x: Array) -> _Scaled:
        exact = _square(delta)
        square = exact.high
        p = _exp(_scale(exact, -0.5))
        step = p * p
        y, power = p, p
        sum_ = np.zeros_like(delta)
        theta = np.ones_like(delta)
        for _ in range(first):
            theta += 2 * power
            sum_ += power * (1 + y) / ((x + y) * (1 + x * y))
            y = y * step
            power = power * y
        main = (1 + x) * sum_

        z, z_square = _saddle_square(delta, l)
        # cos(pi l/delta^2), through z to keep its digits where it is small.
        turns = z.high / delta
        cosine = np.sin(math.pi * (turns - 2 * np.rint(turns / 2)))
        cosine_squared = 4 * cosine * cosine
        rate = 2 * math.pi**2 / square
        q = np.exp(-rate)
        step = q * q
        y, power = q, np.exp(-0.75 * rate)
        dual = np.zeros_like(delta)
        for j in range(second):
            rest = -np.expm1(-(2 * j + 1) * rate) if j == 0 else 1 - y
            dual += power * (1 + y) / (rest * rest + cosine_squared * y)
            y = y * step
            power = power * y
        dual *= (4 * math.pi) * cosine / square
        return _plain((main + _exp(_scale(z_square, -0.5)) * dual) / theta)

    return evaluate


def _saddle_square(delta: Array, l: _Pair) -> tuple[_Pair, _Pair]:
    """z = delta/2 - l/delta and z^2, each in two doubles."""
    z = _divide(_add(_scale(_square(delta), 0.5), _Pair(-l.high, -l.low)), delta)
    return z, _square_pair(z)


_WIDE_STEP = 0.7
_WIDE_WEIGHTS = [math.exp(-0.5 * ((j + 0.5) * _WIDE_STEP) ** 2) for j in range(13)]


def _wide(delta: Array, l: _Pair, _: Array) -> _Scaled:
    """F for delta >= 10: T(delta, z) for l below delta^2/2, 1 - T(delta, -z) above."""
    z, z_square = _saddle_square(delta, l)
    distance = np.abs(z.high)
    reach = 2 * math.pi / _WIDE_STEP
    sine = np.sin(math.pi * np.minimum(distance / delta, 1.0))
    floor = sine * sine
    total = np.zeros_like(delta)
    sinh = np.sinh((0.5 * math.pi * _WIDE_STEP) / delta)
    cosh = np.sqrt(1 + sinh * sinh)
    sinh_2, cosh_2 = 2 * sinh * cosh, 1 + 2 * sinh * sinh
    for weight in _WIDE_WEIGHTS:
        total += weight * cosh / (sinh * sinh + floor)
        sinh, cosh = sinh * cosh_2 + cosh * sinh_2, cosh * cosh_2 + sinh * sinh_2
    total *= _WIDE_STEP * sine / delta
    # Beyond z = delta all of T is negligible; the second pole's distance is kept from going negative there.
    for y in (distance, np.maximum(delta - distance, 0.0)):
        near = y < reach
        y = np.where(near, y, reach)
        total += np.where(near, np.exp(y * (0.5 * y - reach)) / (1 + np.exp(-reach * y)), 0.0)
    exponent = _scale(z_square, 0.5)
    below = z.high >= 0
    complement = 1 - total * _exp(_Pair(-exponent.high, -exponent.low))
    return _Scaled(
        np.where(below, total, complement),
        _Pair(np.where(below, exponent.high, 0.0), np.where(below, exponent.low, 0.0)),
    )


_ZONES: list[tuple[float, float, Callable[[Array, _Pair, Array], _Scaled]]] = [
    (0.0, _NARROW, _narrow),
    (_NARROW, 1.5, _theta(12, 3)),
    (1.5, 4.0, _theta(7, 6)),
    (4.0, _WIDE, _theta(4, 15)),
    (_WIDE, math.inf, _wide),
]


def _gathered(delta: Array, l: _Pair, x: Array) -> _Scaled:
    """F at l >= 0 with x = exp(-l), each point by the formula of its zone of delta."""
    mantissa = np.full_like(delta, np.nan)
    high, low = np.zeros_like(delta), np.zeros_like(delta)
    for lower, upper, formula in _ZONES:
        zone = np.flatnonzero((delta >= lower) & (delta < upper))
        if zone.size == 0:
            continue
        value = formula(delta[zone], _Pair(l.high[zone], l.low[zone]), x[zone])
        mantissa[zone] = value.mantissa
        high[zone], low[zone] = value.exponent
    return _Scaled(mantissa, _Pair(high, low))


def _finish(value: _Scaled, shift: _Pair | None = None) -> Array:
    """F exp(shift)."""
    exponent = _Pair(-value.exponent.high, -value.exponent.low)
    return value.mantissa * _exp(exponent if shift is None else _add(shift, exponent))


def _log(value: _Scaled, shift: _Pair) -> Array:
    """log(F) + shift."""
    exponent = _add(shift, _Pair(-value.exponent.high, -value.exponent.low))
    return exponent.high + (np.log(value.mantissa) + exponent.low)


# ------------------------------------------------------------------------------------------ public functions


def _vectorised(compute: Callable[[Array, Array], Array]) -> Callable[..., Any]:
    """Broadcast two arguments, run `compute` on cache-sized pieces, give a float back for floats."""

    def function(first: ArrayLike, second: ArrayLike) -> Any:
        a, b = np.broadcast_arrays(np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64))
        shape = a.shape
        a, b = a.ravel(), b.ravel()
        result = np.empty(a.size)
        with np.errstate(all="ignore"):
            for start in range(0, a.size, _CHUNK):
                piece = slice(start, start + _CHUNK)
                result[piece] = compute(a[piece], b[piece])
        return result.reshape(shape) if shape else float(result[0])

    function.__name__ = compute.__name__.lstrip("_")
    function.__doc__ = compute.__doc__
    return function


def _pair(value: Array) -> _Pair:
    return _Pair(value, np.zeros_like(value))


def _s_parts(delta: Array, l: Array) -> tuple[_Scaled, _Pair]:
    delta, l = np.abs(delta), np.abs(l)
    value = _gathered(delta, _pair(l), np.exp(-l))
    return value, _add(_scale(_square(delta), 0.125), _pair(-l / 2))


@_vectorised
def gate_s(delta: Array, l: Array) -> Array:
    """S(delta, l) = E sech((delta u + l)/2); underflows to 0 below 5e-324, where `log_gate_s` goes on."""
    value, shift = _s_parts(delta, l)
    return 2 * _finish(value, shift)


@_vectorised
def log_gate_s(delta: Array, l: Array) -> Array:
    """log S(delta, l)."""
    value, shift = _s_parts(delta, l)
    return _log(value, shift) + math.log(2)


class _Weight(NamedTuple):
    """What a weight enters the formulas by: b = min(beta, 1 - beta), 1 - b, l = log((1 - b)/b) and
    exp(-l).
    """

    smaller: Array
    larger: Array
    l: _Pair
    x: Array


def _weight(beta: Array) -> _Weight:
    b = np.where(beta <= 0.5, beta, 1 - beta)
    b = np.where(b >= 0, b, np.nan)
    mantissa, exponent = np.frexp(b)
    low = mantissa < math.sqrt(0.5)
    mantissa = np.where(low, 2 * mantissa, mantissa)
    power = -(exponent - low).astype(np.float64)
    rest = power * _LN2_LOW - np.log(mantissa) + np.log1p(-b)
    l = _two_sum(power * _LN2_HIGH, rest)
    positive = b > 0
    # At b = 0 any large l gives the limit; a finite one keeps infinities out of the sums.
    l = _Pair(np.where(positive, l.high, 1e9), np.where(positive, l.low, 0.0))
    return _Weight(b, 1 - b, l, b / (1 - b))


def _smaller_side(beta: Array, delta: Array) -> tuple[_Weight, _Scaled]:
    """F = (1 - b) H at b = min(beta, 1 - beta)."""
    w = _weight(beta)
    return w, _gathered(np.abs(delta), w.l, w.x)


@_vectorised
def gate(beta: Array, delta: Array) -> Array:
    """H(beta, delta)."""
    w, value = _smaller_side(beta, delta)
    return _finish(value) / w.larger


@_vectorised
def log_gate(beta: Array, delta: Array) -> Array:
    """log H(beta, delta), accurate where H is close to 1 and where it underflows."""
    w, value = _smaller_side(beta, delta)
    log_h = _log(value, _pair(-np.log1p(-w.smaller)))
    return np.where(log_h < -0.5, log_h, np.log1p(-w.smaller * w.larger * _information(beta, delta)))


@_vectorised
def misassignment_old(beta: Array, delta: Array) -> Array:
    """E_o[r_n] = (1 - beta) H."""
    w, value = _smaller_side(beta, delta)
    return _finish(value) * np.where(beta <= 0.5, 1.0, w.smaller / w.larger)


@_vectorised
def misassignment_new(beta: Array, delta: Array) -> Array:
    """E_n[r_o] = beta H."""
    w, value = _smaller_side(beta, delta)
    return _finish(value) * np.where(beta <= 0.5, w.smaller / w.larger, 1.0)


def _information(beta: Array, delta: Array) -> Array:
    """I(beta, delta) = (1 - H)/(beta (1 - beta)), without the cancellation near H = 1; inf where it
    overflows.
    """
    delta = np.abs(delta)
    w = _weight(beta)
    result = np.full_like(delta, np.nan)
    near = np.flatnonzero(delta < 1.25)
    if near.size:
        d, x, rest = delta[near], w.x[near], w.larger[near]
        result[near] = 0.5 * np.exp(-d * d / 8) / rest * _trapezoid(d, x, 0.32, 36, True)
    far = np.flatnonzero(delta >= 1.25)
    if far.size:
        result[far] = _far_information(
            delta[far],
            _Weight(w.smaller[far], w.larger[far], _Pair(w.l.high[far], w.l.low[far]), w.x[far]),
        )
    return result


def _far_information(delta: Array, w: _Weight) -> Array:
    """(1 - b)^2 I = R/b - 1, R = E_o[r_o], by f(m) + f(-m) = 1 and the recursion of f when l > delta^2/2.

    R = 1 - F(l) for l <= delta^2/2; F(delta^2 - l) for l up to delta^2; exp(delta^2 - l) F(l - delta^2)
    beyond.
    """
    square = _square(delta)
    beyond = _add(w.l, _Pair(-square.high, -square.low))
    close = w.l.high <= square.high / 2
    past = beyond.high > 0
    sign = np.where(past, 1.0, -1.0)
    high = np.where(close, w.l.high, sign * beyond.high)
    low = np.where(close, w.l.low, sign * beyond.low)
    value = _gathered(delta, _Pair(high, low), np.exp(-high) * (1 - low))
    shift = _Pair(np.where(past, square.high, w.l.high), np.where(past, square.low, w.l.low))
    ratio = np.where(close, (1 - _finish(value)) / w.smaller, _finish(value, shift) / w.larger)
    return (ratio - 1) / (w.larger * w.larger)


information = _vectorised(_information)
