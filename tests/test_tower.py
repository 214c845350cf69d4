"""Opening logarithms and powers keeps the value, and lets what vanishes vanish; what does not vanish never does."""

import pytest
from sympy import Symbol, cosh, exp, log, sqrt, symbols

from symforget import tower
from symforget.vanishing import vanishes_in_exponentials

x, y = symbols("x y", positive=True)
r = Symbol("r", real=True)

SHAPES = [
    log(x**2 * y / (1 + x)),
    log(-r / (x - 2 * x * y)),
    exp(2 * log(x) / 3 - log(1 + y) + r),
    (x / (1 + x)) ** (log(y) / log((1 + x) / x)),
    sqrt((x**2 + 2 * x + 1) / y),
    (x * y) ** r,
    cosh(log(x) / 2) + log(exp(r) * y),
    log(12) + log(exp(r) + 1),
]


@pytest.mark.parametrize("expr", SHAPES, ids=str)
def test_opening_keeps_the_value(expr):
    point = {x: 0.7, y: 2.3, r: -0.4}
    assert abs(complex((tower.opened(expr) - expr).subs(point))) < 1e-12


IDENTITIES = [
    log(x**2 * y / (1 + x)) - 2 * log(x) - log(y) + log(1 + x),
    (x / (1 + x)) ** (log(y) / log((1 + x) / x)) - 1 / y,
    sqrt(x**2 + x) / sqrt(1 + x) - sqrt(x),
    1 / sqrt(x) - sqrt(x + x**2) / (x * sqrt(1 + x)),
    x / (sqrt(1 + x) + 1) - sqrt(1 + x) + 1,
    log(exp(r) / (1 + exp(r))) + log(1 + exp(-r)),
]


@pytest.mark.parametrize("expr", IDENTITIES, ids=str)
def test_what_vanishes_does_so_once_opened(expr):
    assert vanishes_in_exponentials(tower.opened(expr))


FALSE = [
    log(x**2 * y / (1 + x)) - 2 * log(x) - log(y) + log(1 + 2 * x),
    (x / (1 + x)) ** (log(y) / log((1 + x) / x)) - y,
    sqrt(x**2 + x) / sqrt(1 + x) - x,
    x / (sqrt(1 + x) + 1) - sqrt(1 + x) - 1,
    sqrt(x**2) * r - abs(r) * x,
    sqrt(r**2) - r,
    log(r**2) - 2 * log(r),
    sqrt(1 + x) + sqrt(1 + y) - sqrt(2 + x + y),
]


@pytest.mark.parametrize("expr", FALSE, ids=str)
def test_what_does_not_vanish_never_does(expr):
    assert not vanishes_in_exponentials(tower.opened(expr))
