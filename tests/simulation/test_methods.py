"""If these fail, a method's simulated training is not the method's, or does not end where the theory says."""

from dataclasses import replace

import numpy as np
import pytest

from symforget.errors import InputError
from symforget.simulation import scenarios
from symforget.simulation.predictions import predicted
from symforget.simulation.training import Settings, collected

METHODS = ("oapl", "sdft", "ttt_discover")


def odds(weight):
    return weight / (1 - weight)


def settings_of(variant: scenarios.Variant) -> scenarios.Method:
    assert variant.method is not None
    return variant.method


@pytest.mark.parametrize("name", METHODS)
def test_large_batches_follow_the_predicted_curve(name):
    run = scenarios.load(name).resized(steps=60, batch=4096)
    done = collected(run, Settings(replicates=8))
    for variant, expected in predicted(run).items():
        assert np.abs(done[variant].weight.mean(axis=0) - expected.weight[0]).max() < 0.006, variant
        assert np.abs(expected.weight[0, -1] - run.start.weight) > 0.02 or "no anchor" in variant


def test_sdft_ends_at_the_demonstrators_old_mass():
    run = scenarios.load("sdft").resized(steps=1500)
    for variant in run.variants:
        end = predicted(run.only([variant.name]))[variant.name].weight[0, -1]
        if settings_of(variant).strength == 0:
            assert end == pytest.approx(run.start.weight, abs=1e-6)
        else:
            assert end == pytest.approx(variant.target_weight, abs=8e-3)


def test_every_synchronisation_of_oapl_multiplies_the_odds_by_the_gap():
    run = scenarios.load("oapl").resized(steps=800)
    run = replace(run, variants=tuple(replace(v, method=replace(settings_of(v), lag=200)) for v in run.variants))
    for variant in run.variants:
        weight = predicted(run)[variant.name].weight[0]
        for k in range(5):
            expected = odds(run.start.weight) * np.exp(-k * settings_of(variant).gap)
            assert odds(weight[200 * k]) == pytest.approx(expected, rel=1e-3)


def test_ttt_discover_ends_where_its_objective_is_stationary():
    """J = log E_q[exp(eta R)] - lam KL(q|q_0) by quadrature, eta by the budget at the end and then held fixed."""
    run = scenarios.load("ttt_discover").only(["anchor 2"])
    end = float(predicted(run)["anchor 2"].weight[0, -1])
    x = np.linspace(-10, 13, 40_001)
    old, new = (np.exp(-((x - m[0]) ** 2) / 2) / np.sqrt(2 * np.pi) for m in (run.start.old_mean, run.start.new_mean))
    reward = (x > run.start.new_mean[0] / 2).astype(float)

    def mean(values, weight):
        return np.sum((weight * old + (1 - weight) * new) * values) * (x[1] - x[0])

    def divergence(eta):
        tilt = np.exp(eta * reward)
        return mean(tilt * eta * reward, end) / mean(tilt, end) - np.log(mean(tilt, end))

    def objective(weight, eta):
        ratio = (weight * old + (1 - weight) * new) / (run.start.weight * old + (1 - run.start.weight) * new)
        return np.log(mean(np.exp(eta * reward), weight)) - 2 * mean(np.log(ratio), weight)

    # So few draws are without the reward that no eta spends the budget: it runs to the cap.
    assert divergence(50.0) < np.log(2)
    slope = (objective(end + 1e-4, 50.0) - objective(end - 1e-4, 50.0)) / 2e-4
    assert abs(slope) < 5e-3 and 0.25 < end < 0.35


@pytest.mark.slow
def test_without_an_anchor_ttt_discover_loses_the_old_mass_and_a_stronger_one_keeps_more():
    found = predicted(scenarios.load("ttt_discover").resized(steps=1200))
    ends = [float(t.weight[0, -1]) for t in found.values()]
    assert ends[0] < 2e-3 and ends == sorted(ends)


@pytest.mark.parametrize("name", METHODS)
def test_a_replicate_is_the_same_whatever_replicates_are_trained_beside_it(name):
    run = scenarios.load(name).resized(steps=4)
    whole, other = (collected(run, Settings(replicates=count)) for count in (6, 3))
    for variant, found in other.items():
        np.testing.assert_array_equal(found.weight, whole[variant].weight[: len(found.weight)])


GOOD = scenarios.DIRECTORY.joinpath("sdft.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("batch = 32", "batch = 1", "a batch between 2 and"),
        ("batch = 32", "batch = 100000", "a batch between 2 and"),
        ('learn = ["weight"]', 'learn = ["weight", "means"]', "train the weight alone"),
        ('estimator = "sdft-forward"', 'estimator = "forward"', 'unknown key "strength"'),
        ("strength = 0.5", "lag = 50", 'unknown key "lag"'),
        ("strength = 0.5", "slow = 0.5", 'unknown key "slow"'),
        ("ema_rate = 0.05", "ema_rate = 1.5", '"ema_rate" must lie between 0 and 1'),
        ("new_mean = 3.0", "new_mean = 4.0", "the same means in start and target"),
        ("target_weight = 0.4", "", '"target_weight" is missing'),
    ],
)
def test_a_method_scenario_that_says_what_it_may_not_is_refused_in_one_line(tmp_path, old, new, said):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        scenarios.load(str(path))
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_methods_and_other_estimators_cannot_be_mixed(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        GOOD + '\n[[variant]]\nname = "x"\nestimator = "forward"\ntarget_weight = 0\nrate = 0.1\n', encoding="utf-8"
    )
    with pytest.raises(InputError, match="cannot be variants beside other estimators"):
        scenarios.load(str(path))
