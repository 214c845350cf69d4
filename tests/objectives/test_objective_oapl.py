"""If these fail, OAPL's training does not reach its target, or the odds are not those of the tilted modes."""

import mpmath
import numpy as np
import pytest
from sympy import Rational

from symforget.objectives.oapl import PUBLISHED, Training, oapl_odds


def test_one_synchronisation_reaches_the_tilted_odds():
    found = Training(gap=0.5, group=1_000_000, lag=200).run(0.4, 1, 50, np.random.default_rng(0))
    odds = 0.4 / 0.6 * np.exp(-0.5)
    assert np.allclose(found, odds / (1 + odds), atol=2e-3)


def test_the_odds_against_quadrature():
    weight, height, separation = mpmath.mpf(1) / 3, mpmath.mpf(2), mpmath.mpf(2)

    def mass(centre):
        def tilted(u):
            new = 1 / (1 + weight / (1 - weight) * mpmath.exp(-separation * (u + centre)))
            return mpmath.npdf(u) * mpmath.exp(height * new)

        return mpmath.quad(tilted, mpmath.linspace(-12, 12, 13))

    expected = weight / (1 - weight) * mass(-separation / 2) / mass(separation / 2)
    assert float(oapl_odds(Rational(1, 3), 2, 2).evalf()) == pytest.approx(float(expected), rel=1e-10)


def test_the_published_temperatures_are_distinct():
    assert PUBLISHED.value_temperature > PUBLISHED.ratio_temperature > 0 and PUBLISHED.lag == 50
