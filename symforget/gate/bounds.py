"""Inequalities for S and its derivatives that hold on whole boxes; proofs in docs/gate.md.

Everything here bounds from above, in floats rounded generously or in balls; nothing is an estimate.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from flint import arb

from symforget.gate.reference import tanh_polynomial


@lru_cache(maxsize=64)
def sech_constant(k: int) -> Fraction:
    """c_k with |(d/dx)^k sech(x/2)| <= c_k sech(x/2) for all real x.

    The derivative is sech(x/2) P_k(tanh(x/2)) with P_k of parity k, and a polynomial on [0, 1] is bounded by the largest
    of its Bernstein coefficients, here of degree raised by 32.
    """
    coefficients, scale = tanh_polynomial(k)
    degree = k + 32
    bernstein = (
        sum(
            (
                Fraction(math.comb(j, i), math.comb(degree, i)) * c
                for i, c in enumerate(coefficients[: j + 1])
            ),
            Fraction(),
        )
        for j in range(degree + 1)
    )
    return max(abs(b) for b in bernstein) / scale


@lru_cache(maxsize=64)
def strip_constant(k: int) -> float:
    """C_k >= sum of |coefficients| of P_k, so that |sech^(k)| <= C_k |sech|/cos(y/2)^k at imaginary part y < pi."""
    coefficients, scale = tanh_polynomial(k)
    return float(Fraction(sum(map(abs, coefficients)), scale)) * (1 + 2**-40)


def odd_factorial(n: int) -> int:
    """(n - 1)!!, an upper bound of E|w|^n for w ~ N(0, 1) (equality for even n)."""
    return math.prod(range(n - 1, 0, -2))


def derivative_bound(n: int, s_upper: arb, delta_lower: arb) -> arb:
    """M >= |S_n(delta, l)| wherever S <= s_upper and |delta| >= delta_lower.

    |S_n| <= c_n S from the definition, and |S_n| <= sqrt(2 pi) E|w|^n / delta^(n+1) from the dual form.
    """
    c = sech_constant(n)
    bound = s_upper * c.numerator / c.denominator
    if delta_lower > 1:
        dual = (2 * arb.pi()).sqrt() * odd_factorial(n)
        for _ in range(n + 1):
            dual /= delta_lower
        bound = bound.min(dual)
    return bound.upper()
