"""Inequalities for S and its derivatives that hold on whole boxes; proofs in docs/gate.md.

Everything here bounds from above, in floats rounded generously or in balls; nothing is an estimate.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from flint import arb

from symforget.gate.reference import tanh_polynomial
from symforget.gate.variable import Variable


@lru_cache(maxsize=64)
def sech_constant(k: int) -> Fraction:
    """c_k with |(d/dx)^k sech(x/2)| <= c_k sech(x/2) for all real x.

    The derivative is sech(x/2) P_k(tanh(x/2)) with P_k of parity k, and a polynomial on [0, 1] is bounded
    by the largest of its Bernstein coefficients, here of degree raised by 32.
    """
    coefficients, scale = tanh_polynomial(k)
    degree = k + 32
    bernstein = (
        sum(
            (Fraction(math.comb(j, i), math.comb(degree, i)) * c for i, c in enumerate(coefficients[: j + 1])),
            Fraction(),
        )
        for j in range(degree + 1)
    )
    return max(abs(b) for b in bernstein) / scale


@lru_cache(maxsize=64)
def strip_constant(k: int) -> float:
    """C_k >= sum of |coefficients| of P_k, so that |sech^(k)| <= C_k |sech|/cos(y/2)^k at imaginary part y
    < pi.
    """
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


def log_sum(*logs: float) -> float:
    """log of the sum of exponentials, rounded up by its use of the largest."""
    return max(logs) + math.log(len(logs))


def log_sech_derivative(k: int, l: Variable) -> float:
    """log of a bound of |(d/dl)^k sech(l/2)| that also bounds every average of it: C_k sech(Re l/2)/cos(Im
    l/2)^(k+1).
    """
    log_sech = math.log(2) - l.real / 2
    if not k and not l.imaginary:
        return log_sech
    return log_sech + math.log(strip_constant(k)) - (k + 1) * math.log(_cosine(l.imaginary))


def _cosine(imaginary: float) -> float:
    """A lower bound of cos(y/2) for 0 <= y < pi: a chord below the arc near pi, the rounded value
    elsewhere.
    """
    return math.cos(imaginary / 2) * (1 - 1e-9) if imaginary < 3.1 else (math.pi - imaginary) / math.pi * (1 - 1e-9)


def log_cauchy(k: int, l: Variable) -> float:
    """log of k!/radius^k: f^(k)(l) is at most that times the largest |f| on the disc."""
    return math.lgamma(k + 1) - k * math.log(l.radius) if k else 0.0


def log_exact_tail(decay: float, a: float) -> float:
    """log of 1/((1 - exp(-decay)) sinh(a)), rounded up; infinite for a <= 0."""
    if a <= 0:
        return math.inf
    log_sinh = math.log(math.sinh(a)) if a < 30 else a - 0.7
    return math.log1p(1 / decay) - log_sinh
