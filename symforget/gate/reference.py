"""The gate's integral by certified quadrature: the second, independent certified route.

It uses nothing but the definition S_k(delta, l) = E_{u ~ N(0,1)} (d/dl)^k sech((delta u + l)/2), an explicit
bound of the two tails, and the lower bound of S needed to ask for a relative accuracy. Slow (milliseconds);
every fast route is tested against it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import overload

from flint import acb, arb, ctx

from symforget.quadrature import integrate


@lru_cache(maxsize=64)
def tanh_polynomial(k: int) -> tuple[tuple[int, ...], int]:
    """(c, d) with (d/dx)^k sech(x/2) = sech(x/2) * sum_i c[i] tanh(x/2)^i / d, in integers.

    From (s P(t))' = s (-t P/2 + (1 - t^2) P'/2) with s = sech(x/2), t = tanh(x/2); d = 2^k.
    """
    coefficients = [1]
    for _ in range(k):
        following = [0] * (len(coefficients) + 1)
        for i, c in enumerate(coefficients):
            following[i + 1] -= c * (1 + i)
            if i:
                following[i - 1] += c * i
        coefficients = following
    return tuple(coefficients), 2**k


def sech_derivative(k: int, x: acb) -> acb:
    """(d/dx)^k sech(x/2) for a complex ball; non-finite where the ball meets a pole."""
    half = x / 2
    value = half.sech()
    if k == 0:
        return value
    coefficients, scale = tanh_polynomial(k)
    t = half.tanh()
    polynomial = acb(0)
    for c in reversed(coefficients):
        polynomial = polynomial * t + c
    return value * polynomial / scale


def log_lower_bound(delta: float, l: float) -> float:
    """A lower bound of log S(delta, l), less a margin of 1 for rounding.

    S >= sech(l/2) exp(-delta^2/8) because H >= BC^2; S >= exp(delta^2/8 - l/2) for l >= delta^2/2 because
    there E_o[r_n] >= 1/2; S >= exp(-l^2/(2 delta^2)) S(delta, 0), and S(delta, 0) >= 0.4 min(1, sqrt(2
    pi)/delta).
    """
    l = abs(l)
    eighth = delta * delta / 8
    tail = (eighth if l >= 4 * eighth else -eighth) - l / 2
    if delta == 0 or l > 1e100 * delta:
        return tail - 1
    centre = -((l / delta) ** 2) / 2 + math.log(0.4 * min(1.0, 2.5 / delta))
    return max(tail, centre) - 1


@overload
def integral(delta: arb, l: arb, k: int = 0) -> arb: ...
@overload
def integral(delta: arb, l: acb, k: int = 0) -> acb: ...
def integral(delta: arb, l: arb | acb, k: int = 0) -> arb | acb:
    """S_k(delta, l) for delta >= 0 and |Im l| < pi, to about `ctx.prec` bits relative to S, by certified
    quadrature.

    Encloses the value for all points of the balls; meant for thin ones. delta up to 1e3 and |l| up to 1e4.
    """
    bits, old = ctx.prec, ctx.prec
    z = acb(l)
    try:
        ctx.prec = bits + 30
        if delta.is_zero():
            value = sech_derivative(k, z)
            return value if isinstance(l, acb) else value.real
        slack = (z.imag / 2).cos()
        if not slack > 0:
            raise ValueError("the integral is defined for |Im l| < pi")
        log_s = log_lower_bound(float(delta.upper()), float(abs(z.real).upper()))
        # |sech^(k)(x/2)| <= k!/cos(Im(x)/2)^(k+1), so the tails beyond `reach` weigh at most that times
        # exp(-reach^2/2).
        nats = (bits + 10) * math.log(2) - log_s + math.lgamma(k + 1)
        reach = math.ceil(math.sqrt(2 * nats))
        tail = math.factorial(k) * (-arb(reach) * reach / 2).exp()
        for _ in range(k + 1):
            tail /= slack
        tolerance = arb(2) ** math.floor(-(nats - math.lgamma(k + 1)) / math.log(2))
        density = 1 / (2 * arb.pi()).sqrt()

        def integrand(u: acb, _: bool) -> acb:
            # Meromorphic: at a pole the ball of sech is non-finite by itself, so the flag has nothing to add.
            return (-u * u / 2).exp() * density * sech_derivative(k, delta * u + z)

        centre = float(z.real.mid())
        centres = {-centre / float(delta.mid()), -math.copysign(float(delta.mid()) / 2, centre)}
        cuts = sorted({-float(reach), float(reach), *(c for c in centres if abs(c) < reach)})
        total = acb(0)
        for lower, upper in pairwise(cuts):
            total += integrate(integrand, arb(lower), arb(upper), bits + 10, 2_000_000, tolerance)
        if isinstance(l, acb):
            return total + acb(tail * arb(0, 1), tail * arb(0, 1))
        return total.real + tail * arb(0, 1)
    finally:
        ctx.prec = old
