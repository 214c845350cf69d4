"""The partial derivatives over boxes: they contain the exact derivatives at the points inside, and know their sign."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp
from flint import arb

from symforget.gate import ball, slopes, symbolic

from .conftest import bits

NAMES = ["gate", "misassignment_old", "misassignment_new", "information"]
BETA, DELTA = sp.symbols("beta delta")


def exact_partial(name: str, index: int, beta: arb, delta: arb) -> arb:
    """The derivative by a central difference of the certified function; its error is about 1e-30."""
    function, h = getattr(ball, name), arb(2) ** -60
    with bits(400):
        if index == 0:
            return (function(beta + h, delta) - function(beta - h, delta)) / (2 * h)
        return (function(beta, delta + h) - function(beta, delta - h)) / (2 * h)


@pytest.mark.parametrize("name", NAMES)
def test_boxes_contain_the_derivatives_at_their_points(name: str) -> None:
    """False if a representation, a sign, or a Lipschitz constant of the logarithms were wrong."""
    rng = np.random.default_rng(21)
    with bits(70):
        for _ in range(40):
            size = 10 ** rng.uniform(-5, -0.3)
            b, d = rng.uniform(0.02, 0.98), 10 ** rng.uniform(-1, 1.3)
            beta = arb(b, size * min(b, 1 - b) * rng.random())
            delta = arb(d, size * d * rng.random())
            partials = getattr(slopes, f"{name}_partials")(beta, delta)
            points = itertools.product((beta.lower(), beta.mid(), beta.upper()), (delta.lower(), delta.upper()))
            for x, y in points:
                for index, box in enumerate(partials):
                    value = exact_partial(name, index, x, y)
                    slack = arb(0, 1e-17) * (1 + abs(value))
                    assert (box + slack).overlaps(value), (name, index, b, d, size)


@pytest.mark.parametrize("name", NAMES)
def test_partials_are_those_of_sympy(name: str) -> None:
    """False if the balls and `fdiff` disagreed about what the derivative is."""
    expr = getattr(symbolic, name)(BETA, DELTA)
    point = {BETA: sp.Rational(1, 5), DELTA: sp.Rational(3, 2)}
    with bits(100):
        partials = getattr(symbolic, name).ball_partials(arb(1) / 5, arb(1.5))
        for box, x in zip(partials, (BETA, DELTA), strict=True):
            exact = arb(str(expr.diff(x).subs(point).evalf(28)))
            assert abs(box - exact).abs_upper() < 1e-24


def test_signs_are_seen_on_wide_boxes() -> None:
    """False if a box as wide as branch and bound meets left the sign of a monotone function open."""
    with bits(64):
        for beta, delta in (
            (arb(0.3, 0.05), arb(2, 0.1)),
            (arb(0.05, 0.02), arb(2, 0.3)),
            (arb(0.01, 0.005), arb(4, 0.2)),
        ):
            old, new = slopes.misassignment_old_partials(beta, delta), slopes.misassignment_new_partials(beta, delta)
            assert old[0] < 0 and new[0] > 0 and old[1] < 0 and new[1] < 0
            assert slopes.gate_partials(beta, delta)[0] < 1e-6
            assert slopes.gate_partials(beta, delta.mid())[0] < 0
            assert slopes.information_partials(beta, delta)[1] > 0


def test_outside_nothing_is_claimed() -> None:
    with bits(64):
        for name in NAMES:
            for beta in (arb(0, 0.1), arb(1.2), arb.nan()):
                assert not any(p.is_finite() for p in getattr(slopes, f"{name}_partials")(beta, arb(1)))
