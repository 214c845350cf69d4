"""If these fail, two different expressions could be called equal, or an equality of exponentials missed."""

import pytest
from sympy import I, Rational, cos, cosh, exp, pi, sech, sin, sinh, sqrt, symbols, tanh

from symforget.vanishing import vanishes_as_rational, vanishes_in_exponentials

x, y = symbols("x y", positive=True)


@pytest.mark.parametrize(
    "expr",
    [
        sech(x) - 2 / (exp(x) + exp(-x)),
        cosh(x) ** 2 - sinh(x) ** 2 - 1,
        1 - sech(x) - 2 * sinh(x / 2) ** 2 * sech(x),
        1 - cos(x) - 2 * sin(x / 2) ** 2,
        tanh(x / 2) - (exp(x) - 1) / (exp(x) + 1),
        exp(x * y / 3) * exp(Rational(2, 3) * x * y) * (1 + exp(-y)) - exp(x * y) - exp(y * (x - 1)),
        exp(y) / (1 + sqrt(x)) - exp(y) * (1 - sqrt(x)) / (1 - x),
    ],
)
def test_identities_of_exponentials(expr):
    assert vanishes_in_exponentials(expr)


@pytest.mark.parametrize(
    "expr",
    [
        exp(x) - exp(x / 2),
        sech(x) - sech(2 * x),
        cosh(x) ** 2 + sinh(x) ** 2 - 1,
        sqrt(x) * exp(y) - x * exp(y),
        cos(x) - sin(x),
        exp(I * pi * x) + 1,
        1 / (exp(x) - exp(x / 2) ** 3) - 1,
    ],
)
def test_what_does_not_vanish_is_not_said_to(expr):
    assert not vanishes_in_exponentials(expr)
    assert not vanishes_as_rational(expr)
