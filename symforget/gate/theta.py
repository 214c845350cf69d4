"""S by its theta formula: an identity with O(sqrt(digits)) terms and no discretisation error.

With p = exp(-delta^2/2), q = exp(-2 pi^2/delta^2), theta(p) = sum over all integers n of p^(n^2), and

    K(p, k) = sum_{j >= 0} p^(j^2) (1 + y_j)/(k + y_j + 1/y_j),   y_j = p^(2j+1),

    theta(p) S(delta, l) = 4 exp(delta^2/8) cosh(l/2) K(p, 2 cosh l)
                         + (8 pi/delta^2) exp((pi^2 - l^2)/(2 delta^2)) cos(pi l/delta^2) K(q, 2 cos(2 pi
                         l/delta^2))

for all delta > 0 and all complex l. The sums are trapezoidal sums of the definition and of the dual form;
docs/gate.md proves the identity and bounds the neglected terms.
"""

from __future__ import annotations

import math
from itertools import accumulate, repeat
from operator import add, mul
from typing import Any

from flint import arb

from symforget.gate.bounds import log_cauchy, log_exact_tail, log_sech_derivative, log_sum
from symforget.gate.variable import Variable, ball_of_log

_SWITCH = 2 * math.pi
_ZERO, _ONE = arb(0), arb(1)


def cost(d: float, nats: float) -> float:
    """About how many terms the formula takes."""
    return math.sqrt(2 * nats) * (1 / d + d / _SWITCH) + 4


def _nodes(base: arb, count: int) -> tuple[list[arb], list[arb], list[arb]]:
    """The first `count` weights and positions of K(base, .), and base^(j^2) for j = 0 .. count."""
    square = base * base
    y = list(accumulate(repeat(square, count - 1), mul, initial=base))
    inverse = accumulate(repeat(1 / square, count - 1), mul, initial=1 / base)
    powers = list(accumulate(y, mul, initial=_ONE))
    # base^(j^2) y_j = base^((j+1)^2), so the numerators are sums of neighbours.
    return list(map(add, powers, powers[1:])), list(map(add, y, inverse)), powers


def _count(nats: float, rate: float) -> int:
    """The least n >= 1 with n^2 rate >= nats."""
    return max(1, math.ceil(math.sqrt(max(nats, 0.0) / rate)))


def _normaliser(powers: list[arb], rate: float) -> arb:
    """theta(base) from base^(j^2), j < n; what is left, 2 sum_{j >= n} base^(j^2), is below 2.2 base^(n^2)."""
    return 2 * sum(powers, _ZERO) - 1 + ball_of_log(0.8 - len(powers) ** 2 * rate)


def derivatives(delta: arb, l: Variable, nats: float, log_s: float) -> list[Any]:
    """[S, S_1, ...] at an exact delta > 0, with truncation errors of about exp(log_s - nats); log_s <= log
    S.
    """
    d = float(delta)
    rate, dual_rate = d * d / 2, 2 * math.pi**2 / (d * d)
    # The bounds carry exp(d^2/4) for the first sum and the prefactor of the second.
    first_count = _count(nats + d * d / 4 + 3, rate)
    reach = -_log_dual_prefactor(d, l) + log_s
    second_count = _count(nats - reach + 3, dual_rate) if nats - reach > -dual_rate / 4 else 0
    if rate >= dual_rate:
        first_count = max(first_count, _count(nats, rate) - 1)
    else:
        second_count = max(second_count, _count(nats, dual_rate) - 1, 1)

    square = delta * delta
    pi = arb.pi()
    inverse = 1 / square
    weights, positions, first_powers = _nodes((-square / 2).exp(), first_count)
    half = (l.value * l.wrap(arb(0.5))).exp()
    cosh = half + l.wrap(arb(1)) / half
    total = cosh * l.stieltjes(weights, positions, cosh * cosh - l.wrap(arb(2))) * l.wrap((square / 8).exp() * 2)
    second_powers = first_powers
    if second_count:
        weights, positions, second_powers = _nodes((-2 * pi * pi * inverse).exp(), second_count)
        cosine = (l.value * l.wrap(inverse)).cos_pi()
        gaussian = ((l.wrap(pi * pi) - l.value * l.value) * l.wrap(inverse / 2)).exp()
        kappa = cosine * cosine * l.wrap(arb(4)) - l.wrap(arb(2))
        total = total + gaussian * cosine * l.stieltjes(weights, positions, kappa) * l.wrap(8 * pi * inverse)
    if rate >= dual_rate:
        normaliser = _normaliser(first_powers, rate)
    else:
        normaliser = _normaliser(second_powers, dual_rate) * (2 * pi * inverse).sqrt()
    value = total / l.wrap(normaliser)
    return l.derivatives(value, _log_errors(d, l, first_count, second_count))


def _log_dual_prefactor(d: float, l: Variable) -> float:
    """log of an upper bound of (4 pi/delta^2) |exp(-l^2/(2 delta^2))| on the disc of `radius` round l."""
    inner = max(0.0, l.real - l.radius)
    outer = l.imaginary + l.radius
    return math.log(4 * math.pi / (d * d)) + (outer * outer - inner * inner) / (2 * d * d)


def _log_errors(d: float, l: Variable, first: int, second: int) -> list[float]:
    """Upper bounds of the logs of the neglected parts of S, S_1, ...

    First sum: 2 sech(l/2) exp(delta^2/8) sum_{m >= first} p^(m^2), times what the k-th derivative adds.
    Second: prefactor * sum_{j >= second} q^((j + 1/2)^2)/sinh(a_j), a_j = (2 pi^2 (j + 1/2) - pi |Im
    l|)/delta^2.
    """
    tail = math.log(2) + d * d / 8 - first * first * d * d / 2 + math.log1p(1 / (first * d * d))
    dual_rate = 2 * math.pi**2 / (d * d)
    s = second + 0.5
    a = dual_rate * s - math.pi * (l.imaginary + l.radius) / (d * d)
    dual = _log_dual_prefactor(d, l) - s * s * dual_rate + log_exact_tail(2 * (s + 0.5) * dual_rate, a)
    return [log_sum(tail + log_sech_derivative(k, l), dual + log_cauchy(k, l)) for k in range(l.order + 1)]
