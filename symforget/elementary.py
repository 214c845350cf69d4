"""Inequalities for sech and cos between their Taylor polynomials at 0, each with what proves it."""

from __future__ import annotations

from sympy import Symbol, cos, sech, sin, sinh

from symforget.rules.bounds import TouchesZero

x = Symbol("x", real=True)

ONE_MINUS_SECH = 2 * sinh(x / 2) ** 2 * sech(x)
"""1 - sech x, written so that its sign shows."""
ONE_MINUS_COS = 2 * sin(x / 2) ** 2
"""1 - cos x, written so that its sign shows."""

SECH_ABOVE_PARABOLA = TouchesZero(x**2 / 2 - 1 + sech(x), x, 2, ONE_MINUS_SECH * (1 + 2 * sech(x) + 2 * sech(x) ** 2))
"""sech x >= 1 - x^2/2."""
COS_ABOVE_PARABOLA = TouchesZero(x**2 / 2 - 1 + cos(x), x, 2, ONE_MINUS_COS)
"""cos x >= 1 - x^2/2."""
SECH_BELOW_QUARTIC = TouchesZero(
    1 - x**2 / 2 + 5 * x**4 / 24 - sech(x),
    x,
    4,
    ONE_MINUS_SECH * (5 + 4 * sech(x) + 4 * sech(x) ** 2 + 24 * sech(x) ** 3 + 24 * sech(x) ** 4),
)
"""sech x <= 1 - x^2/2 + 5 x^4/24."""
COS_BELOW_QUARTIC = TouchesZero(1 - x**2 / 2 + x**4 / 24 - cos(x), x, 4, ONE_MINUS_COS)
"""cos x <= 1 - x^2/2 + x^4/24."""
