"""S by trapezoidal sums where delta is too small or too large for the theta formula to be short.

`narrow` sums the definition E sech((delta u + l)/2); `wide` sums the dual form on the contour through the
saddle point and adds the residues of the poles it crossed and of those next to it; `crossed` is the
residues alone, for l far beyond delta^2/2. docs/gate.md proves the formulas and the bounds of
discretisation and truncation.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import accumulate, repeat
from operator import add, mul, sub
from typing import Any

from flint import arb, ctx

from symforget.gate.bounds import log_cauchy, log_exact_tail, log_sech_derivative, log_sum, strip_constant
from symforget.gate.variable import Variable

_ONE = arb(1)


@lru_cache(maxsize=32)
def _gaussian(bits: int, step: tuple[int, int], count: int, offset: bool) -> tuple[arb, ...]:
    """exp(-u^2/2) at u = j h, or (j + 1/2) h with `offset`, j = 0 .. count - 1; h = step[0]/2^step[1],
    `bits` = ctx.prec.
    """
    h = arb(step[0]) / 2 ** step[1]
    first = h / 2 if offset else arb(0)
    ratios = _powers((-h * (first + h / 2)).exp(), (-h * h).exp(), count - 1)
    return tuple(accumulate(ratios, mul, initial=(-first * first / 2).exp()))


def _dyadic(h: float) -> tuple[int, int]:
    """h rounded down to six significant bits, so that few different steps occur, as numerator and power of
    two.
    """
    mantissa, exponent = math.frexp(h)
    return math.floor(mantissa * 64), 6 - exponent


def _powers(first: arb, ratio: arb, count: int) -> list[arb]:
    """first * ratio^j for j = 0 .. count - 1."""
    return list(accumulate(repeat(ratio, count - 1), mul, initial=first))


# ------------------------------------------------------------------------------------------------ small delta


def _narrow_strip(d: float, l: Variable, nats: float) -> tuple[float, float]:
    """(a, h): half-width of a strip free of poles, and the step for which its discretisation error is
    exp(-nats).
    """
    room = (math.pi - l.imaginary) / d
    gaussian = math.sqrt(2 * nats)
    a = min(gaussian, 0.95 * room)
    return a, 2 * math.pi * a / (nats + a * a / 2)


def narrow_cost(d: float, l: Variable, nats: float) -> float:
    _, h = _narrow_strip(d, l, nats)
    return (math.sqrt(2 * nats) + d / 2) / h


def narrow(delta: arb, l: Variable, nats: float) -> list[Any]:
    """[S, S_1, ...] from the definition; delta > 0 exact; errors relative to sech(l/2)."""
    d = max(float(delta), 1e-150)
    # What derivatives and the distance of the strip from the pole may add to the error bound.
    nats += 3 + d * d / 4 + (l.order + 1) * 3 + math.lgamma(l.order + 1)
    a, h = _narrow_strip(d, l, nats)
    step = _dyadic(h)
    h = step[0] / 2 ** step[1]
    count = math.ceil((math.sqrt(2 * nats) + d / 2) / h) + 1
    weights = _gaussian(ctx.prec, step, count, False)

    growth = (delta * step[0] / 2 ** (step[1] + 1)).exp()
    sums = list(map(add, _powers(_ONE, growth, count), _powers(_ONE, 1 / growth, count)))
    nodes = list(map(mul, weights, sums))
    nodes[0] = nodes[0] / 2
    half = (l.value * l.wrap(arb(0.5))).exp()
    cosh = half + l.wrap(arb(1)) / half
    scale = arb(step[0]) / 2 ** step[1] * 2 / (2 * arb.pi()).sqrt()
    value = cosh * l.stieltjes(nodes, list(map(mul, sums, sums)), cosh * cosh - l.wrap(arb(4))) * l.wrap(scale)
    return l.derivatives(value, _narrow_errors(d, l, a, h, count))


def _narrow_errors(d: float, l: Variable, a: float, h: float, count: int) -> list[float]:
    """Discretisation on the lines Im u = +-a, and truncation beyond count terms a side, for each
    derivative.
    """
    reach = (count - 1) * h - d / 2
    truncation = d * d / 8 - reach * reach / 2
    exponent = 2 * math.pi * a / h
    # |cos(Im/2)| >= (pi - Im)/pi for the imaginary part |Im l| + d a of the argument of sech.
    distance = (math.pi - l.imaginary - d * a) / math.pi * (1 - 1e-9)
    strip = math.log(4) - l.real / 2 + d * d / 8 + a * a / 2 - exponent - math.log1p(-math.exp(-exponent))
    return [
        log_sum(
            truncation + log_sech_derivative(k, l),
            strip + math.log(strip_constant(k)) - (k + 1) * math.log(distance),
        )
        for k in range(l.order + 1)
    ]


# ------------------------------------------------------------------------------------------------ large delta


def crossings(d: float, l: Variable, nats: float, log_s: float) -> int:
    """The least number K of residues after which the rest is below exp(log_s - nats); 0 if there is none.

    After K residues the rest is at most sqrt(2 pi)/delta exp(delta^2 K^2/2 - K |Re l| + |Im l|^2/(2
    delta^2)).
    """
    goal = nats - log_s + _log_rest(0, d, l) + 1
    x, rate = l.real - l.radius, d * d / 2
    discriminant = x * x - 4 * rate * goal
    if discriminant <= 0:
        return 0
    k = math.ceil(2 * goal / (x + math.sqrt(discriminant)))
    return k if k * (x - rate * k) >= goal else 0


def _log_rest(k: int, d: float, l: Variable) -> float:
    y = l.imaginary + l.radius
    return math.log(2.51 / d) + k * (k * d * d / 2 - (l.real - l.radius)) + y * y / (2 * d * d)


def crossed(delta: arb, l: Variable, count: int) -> list[Any]:
    """[S, S_1, ...] as the sum of `count` residues of the dual form."""
    errors = [_log_rest(count, max(float(delta), 1e-150), l) + log_cauchy(k, l) for k in range(l.order + 1)]
    return l.derivatives(_residues(delta, l, count), errors)


def _residues(delta: arb, l: Variable, count: int) -> Any:
    """sum_{m < count} 2 (-1)^m exp(delta^2 (m + 1/2)^2/2 - (m + 1/2) l)."""
    square = delta * delta
    term = (l.wrap(square / 8) - l.value * l.wrap(arb(0.5))).exp() * l.wrap(arb(2))
    if count == 1:
        return term
    total = term
    ratio = (l.wrap(square) - l.value).exp()
    growth = l.wrap(square.exp())
    for m in range(1, count):
        term = term * ratio
        ratio = ratio * growth
        total = total - term if m % 2 else total + term
    return total


def wide_cost(nats: float) -> float:
    return nats / math.pi + 4


def wide(delta: arb, l: Variable, nats: float, log_s: float) -> list[Any]:
    """[S, S_1, ...] from the dual form on the line Im w = l/delta; delta > 1 exact; errors about exp(log_s
    - nats).
    """
    d = float(delta)
    square = delta * delta
    inverse = 1 / square
    crossed_poles = round(l.real / (d * d))
    offset = l.value * l.wrap(inverse) - l.wrap(arb(crossed_poles))
    rho = l.real / (d * d) - crossed_poles
    nats += max(0.0, _log_scale(d, l) - log_s) + math.log(d) + 4
    step = _dyadic(math.pi * math.sqrt(2 / nats))
    h = step[0] / 2 ** step[1]
    count = math.ceil(math.sqrt(2 * nats) / h) + 1

    cosine = offset.cos_pi()
    h_ball = arb(step[0]) / 2 ** step[1]
    weights, positions = _wide_nodes(delta, h_ball, _gaussian(ctx.prec, step, count, True))
    total = cosine * l.stieltjes(weights, positions, cosine * cosine * l.wrap(arb(4))) * l.wrap(4 * h_ball)
    poles, errors = _near_poles(delta, l, offset, rho, h, h_ball)
    if poles is not None:
        total = total + poles
    gaussian = (l.value * l.value * l.wrap(-inverse / 2)).exp()
    remainder = gaussian * total * l.wrap((-1 if crossed_poles % 2 else 1) / delta)
    value = remainder + _residues(delta, l, crossed_poles) if crossed_poles else remainder

    v = (count - 0.5) * h
    lowest = math.pi * (v / d - (l.imaginary + l.radius) / (d * d))
    truncation = 1.0 - v * v / 2 + log_exact_tail(60.0, lowest)
    scale = _log_scale(d, l)
    log_error = scale + log_sum(truncation, *errors)
    return l.derivatives(value, [log_error + log_cauchy(k, l) for k in range(l.order + 1)])


def _log_scale(d: float, l: Variable) -> float:
    """log of a bound of |exp(-l^2/(2 delta^2))|/delta on the disc of `radius` round l."""
    inner, outer = max(0.0, l.real - l.radius), l.imaginary + l.radius
    return (outer * outer - inner * inner) / (2 * d * d) - math.log(d)


def _wide_nodes(delta: arb, h: arb, weights: tuple[arb, ...]) -> tuple[list[arb], list[arb]]:
    """The lists of w C and of D^2 with C = 2 cosh a, D = 2 sinh a, a = pi (j + 1/2) h/delta."""
    growth = (arb.pi() * h / (2 * delta)).exp()
    decay = 1 / growth
    up = _powers(growth, growth * growth, len(weights))
    down = _powers(decay, decay * decay, len(weights))
    differences = list(map(sub, up, down))
    return list(map(mul, weights, map(add, up, down))), list(map(mul, differences, differences))


def _near_poles(delta: arb, l: Variable, offset: Any, rho: float, h: float, h_ball: arb) -> tuple[Any, list[float]]:
    """The residues of the poles within reach of the step, and logs of the discretisation errors on both
    sides.

    A pole at distance y = delta (m + 1/2 -+ offset) adds 2 delta (-1)^m exp(y^2/2)/(1 + exp(2 pi y/h)).
    """
    d = float(delta)
    reach = 2 * math.pi / h
    total, errors = None, []
    for side in (-1, 1):
        a, count = _line(d, reach, 0.5 + side * rho)
        for m in range(count):
            y = (l.wrap(arb(m + 0.5)) + offset * l.wrap(arb(side))) * l.wrap(delta)
            decay = (y * l.wrap(-2 * arb.pi() / h_ball)).exp()
            term = (y * y * l.wrap(arb(0.5))).exp() * decay / (decay + l.wrap(arb(1)))
            term = term * l.wrap(2 * delta if m % 2 == 0 else -2 * delta)
            total = term if total is None else total + term
        # |sech| <= 1/|cos Y| <= delta/(2 distance) on the line, less what the disc moves the poles by.
        distance = min(abs(a - d * (m + 0.5 + side * rho)) for m in (count - 1, count)) - l.radius / d
        exponent = reach * a
        clearance = math.log(max(d / (2 * distance), 1.0)) if distance > 0 else math.inf
        errors.append(1.0 + a * a / 2 - exponent - math.log1p(-math.exp(-exponent)) + clearance)
    return total, errors


def _line(d: float, reach: float, first: float) -> tuple[float, int]:
    """(a, n): a line Im v = a near `reach` and clear of the poles delta (first + m), n of which lie below
    it.
    """
    clear = min(1.0, d / 4)
    m = max(0, round(reach / d - first))
    pole = d * (m + first)
    if abs(reach - pole) >= clear:
        return reach, m + 1 if reach > pole else m
    a = pole - clear if reach < pole and pole - clear > 0 else pole + clear
    return a, m + 1 if a > pole else m
