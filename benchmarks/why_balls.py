"""Why ordinary quadrature is not enough: the mass of (1/2) N(0, 1) + (1/2) N(mu, 1), which is 1, by four routes.

Prints a Markdown table: the value each route returns and the error it claims. Run: python benchmarks/why_balls.py
"""

from __future__ import annotations

import math
import warnings

import mpmath
from scipy.integrate import quad
from sympy import Integral, Rational, Symbol, exp, oo, pi, sqrt

from symforget.balls import evaluate

SEPARATIONS = (10, 20, 40, 80, 160)
DIGITS = 15


def by_scipy(mu: int) -> tuple[str, str]:
    """QUADPACK's adaptive Gauss-Kronrod rule over the whole line."""

    def density(x: float) -> float:
        return (math.exp(-(x**2) / 2) + math.exp(-((x - mu) ** 2) / 2)) / math.sqrt(8 * math.pi)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value, error = quad(density, -math.inf, math.inf)
    return f"{value:.9f}", f"{error:.0e}"


def by_mpmath(mu: int) -> tuple[str, str]:
    """mpmath's tanh-sinh rule over the whole line, at its default precision."""
    with mpmath.workdps(DIGITS):
        value, error = mpmath.quad(
            lambda x: (mpmath.npdf(x) + mpmath.npdf(x, mu)) / 2, [-mpmath.inf, mpmath.inf], error=True
        )
    return mpmath.nstr(value, 9, strip_zeros=False), mpmath.nstr(error, 1)


def by_balls(mu: int) -> tuple[str, str]:
    """The certified integral: an enclosure, tails included."""
    x = Symbol("x", real=True)
    mass = Integral((exp(-(x**2) / 2) + exp(-((x - Rational(mu)) ** 2) / 2)) / sqrt(8 * pi), (x, -oo, oo))
    ball = evaluate(mass, {}, DIGITS)
    return f"{float(ball.mid()):.9f}", f"{float(ball.rad()):.0e}, certified"


def interval_exp_failure(bits: int = 10) -> str | None:
    """A number whose exponential lies outside the interval that mpmath.iv.exp returns, if one is met."""
    previous, mpmath.iv.prec = mpmath.iv.prec, bits
    try:
        for k in range(1, 2000):
            enclosure = mpmath.iv.exp(mpmath.iv.mpf(k) / 64)
            with mpmath.workdps(60):
                value = mpmath.exp(mpmath.mpf(k) / 64)
                if not mpmath.mpf(enclosure.a) <= value <= mpmath.mpf(enclosure.b):
                    ends = ", ".join(mpmath.nstr(mpmath.mpf(e), 12) for e in (enclosure.a, enclosure.b))
                    return f"exp({k}/64) = {mpmath.nstr(value, 12)} is not in [{ends}]"
    finally:
        mpmath.iv.prec = previous
    return None


def main() -> None:
    print("| mu | scipy.integrate.quad | claimed error | mpmath.quad | claimed error | symforget | radius |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for mu in SEPARATIONS:
        print("|", " | ".join([str(mu), *by_scipy(mu), *by_mpmath(mu), *by_balls(mu)]), "|")
    failure = interval_exp_failure()
    print()
    print(f"mpmath.iv.exp, 10 bits: {failure or 'enclosed every value tried'}.")


if __name__ == "__main__":
    main()
