"""If these fail, replay's flow has another fixed point, or its batches are not drawn and weighted as described."""

import numpy as np
import pytest
from flint import arb
from sympy import Rational, simplify

from symforget.model import beta, eta, lam, rho
from symforget.objectives.replay import Batches, fixed_points, natural_field, starvation_batch
from symforget.ranges import Range


def test_the_fixed_point_is_the_share_of_old_data():
    assert fixed_points() == [rho]
    assert simplify(natural_field().diff(beta) + 1) == 0


def test_starvation_batch_is_where_the_probability_is_eta():
    size = starvation_batch(Rational(1, 10), Rational(1, 4), Rational(1, 100)).doit()
    assert float((Rational(3, 4) * Rational(9, 10)) ** size) == pytest.approx(0.01)
    ball = starvation_batch.ball(arb("0.1"), arb("0.25"), arb("0.01"))
    assert float(ball) == pytest.approx(float(size))


def test_its_range_holds_every_value():
    sides = [Range(arb(low), arb(high)) for low, high in (("0.1", "0.2"), ("0.25", "0.5"), ("0.01", "0.1"))]
    found = starvation_batch.range(*sides)
    for weight in ("0.1", "0.15", "0.2"):
        value = starvation_batch.ball(arb(weight), arb("0.3"), arb("0.05"))
        assert found.lo < value < found.hi


def test_its_derivative_against_a_difference():
    point = {beta: 0.1, lam: 0.2, eta: 0.05}
    size = starvation_batch(beta, lam, eta)
    for symbol in point:
        up, down = ({**point, symbol: point[symbol] + s * 1e-6} for s in (1, -1))
        difference = (size.doit().subs(up) - size.doit().subs(down)) / 2e-6
        assert float(size.diff(symbol).subs(point)) == pytest.approx(float(difference), rel=1e-6)


def test_importance_weights_are_bounded_and_average_to_one():
    batches = Batches(0.05, 0.25)
    weights = batches.importance(batches.positions((200_000,), np.random.default_rng(1)))
    assert weights.max() <= 1 / 0.75 + 1e-12
    assert abs(weights.mean() - 1) < 5 * weights.std() / np.sqrt(len(weights))
