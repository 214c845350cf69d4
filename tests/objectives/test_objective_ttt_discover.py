"""If these fail, eta or the normaliser is not the method's, or the transition is not where two routes put it."""

import numpy as np
import pytest
from flint import arb

from symforget.language import parse_expression
from symforget.objectives.ttt_discover import (
    PUBLISHED,
    Training,
    adaptive_eta,
    critical_anchor,
    entropic_advantages,
    tilt_divergence,
)
from symforget.precision import workprec
from symforget.tables.quantities import retained_odds
from symforget.trees import evaluated

LOG2 = float(PUBLISHED.budget)


def test_eta_spends_the_budget_exactly_where_it_can():
    rewards = np.random.default_rng(0).normal(size=(20, 64))
    shifted = rewards - rewards.max(axis=-1, keepdims=True)
    assert np.allclose(tilt_divergence(adaptive_eta(shifted, LOG2), shifted), LOG2, atol=1e-4)


@pytest.mark.parametrize(("winners", "reached"), [(31, True), (33, False), (60, False)])
def test_the_budget_is_out_of_reach_once_most_draws_earn_the_reward(winners, reached):
    """Claim ttt_discover/budget: reachable iff the share without the reward exceeds 1/2."""
    rewards = (np.arange(64) < winners).astype(float)[None, :]
    eta = adaptive_eta(rewards - 1, LOG2)
    assert (eta[0] < PUBLISHED.cap) is np.bool_(reached)


def test_advantages_leave_the_draw_itself_out():
    rewards = np.array([[0.0, 1.0, 2.0, 5.0]])
    eta = adaptive_eta(rewards - 5, LOG2)[0]
    weights = np.exp(eta * (rewards[0] - 5))
    expected = [w / np.delete(weights, i).mean() - 1 for i, w in enumerate(weights)]
    assert np.allclose(entropic_advantages(rewards, LOG2)[0], expected)


def test_a_group_of_equal_rewards_teaches_nothing():
    assert np.all(entropic_advantages(np.ones((3, 8)), LOG2) == 0)


def test_the_anchor_alone_returns_to_the_initial_policy():
    training = Training(4.0, 0.3, 1.0, group=32, step=1.0, budget=1e-12)
    assert abs(training.run(np.full(500, 0.6), 60, np.random.default_rng(0)).mean() - 0.3) < 0.01


@pytest.mark.parametrize(
    ("initial", "gap", "delta"),
    [
        pytest.param("0.5", "0.7", "4", marks=pytest.mark.slow),
        pytest.param("0.2", "2", "3", marks=pytest.mark.slow),
        ("0.8", "0.1", "1"),
    ],
)
def test_the_transition_separates_lost_from_retained(initial, gap, delta):
    """Certified opposite signs: at a strength below the enclosure nothing is kept, above it something is."""
    with workprec(150):
        arguments = arb(initial), arb(gap), arb(delta)
        critical = critical_anchor.ball(*arguments)
        below, above = critical.lower() * (1 - arb("1e-6")), critical.upper() * (1 + arb("1e-6"))
        assert retained_odds.ball(arguments[0], arguments[1], below, arguments[2]) == 0
        assert retained_odds.ball(arguments[0], arguments[1], above, arguments[2]) > 0


def test_the_even_start_has_a_closed_form():
    value = critical_anchor.ball(arb("0.5"), arb(2).log(), arb(4))
    assert value.overlaps(arb(1) / 16) and float(value.rad()) < 1e-12


def test_the_language_knows_the_transition():
    assert isinstance(evaluated(parse_expression("critical_anchor(1/3, 1, 3)", {})), critical_anchor)
