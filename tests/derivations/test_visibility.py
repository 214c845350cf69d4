"""If these fail, a claim on visibility is unproved, cannot be refuted where it is false, or simulations disagree."""

import numpy as np
import pytest
from shipped import shipped
from sympy import Rational

from symforget.claims import Leg, Verdict
from symforget.derivation import Context
from symforget.legs import simulation, symbolic
from symforget.legs.points import statement_witness
from symforget.legs.simulation import FAILURE_PROBABILITY, at_least_heads
from symforget.simulation import scenarios
from symforget.verify import Options, run_claim, run_twin

LIBRARY, ALL = shipped("visibility")
NAMES = ["two-by-two", "regimes", "chen2025"]


def test_the_group_is_complete():
    assert set(ALL) == {f"visibility/{n}" for n in NAMES}


@pytest.mark.parametrize("slug", NAMES)
@pytest.mark.slow
def test_every_derivation_closes(slug):
    claim = LIBRARY.claim(f"visibility/{slug}")
    for part in claim.parts:
        if part.symbolic is not None:
            evidence = symbolic.run(claim, part, Context.of(claim, LIBRARY.lemmas_for(claim, part)))
            assert evidence.verdict is Verdict.PROVED, f"{part.name}: {evidence.detail}"


@pytest.mark.parametrize("slug", NAMES)
def test_the_false_twin_is_refuted_with_a_witness(slug):
    twin = run_twin(LIBRARY, f"visibility/{slug}", Options(legs=frozenset({Leg.CERTIFIED}), quick=True))
    assert twin.verdict is Verdict.REFUTED and twin.witness is not None


MUTATIONS = [
    ("two-by-two", "forward, new only", {"unseen": Rational(1, 10)}),
    ("two-by-two", "forward, true mixture", {"seen": Rational(1, 2)}),
    ("two-by-two", "forward, new only: optimum", {"constant": 8}),
    ("two-by-two", "forward, true mixture: optimum", {"constant": 8}),
    ("regimes", "natural rate", {"natural": Rational(1, 2)}),
    ("regimes", "local rate, forward", {"curvature": 2}),
    ("chen2025", "as coded is neutral", {"importance": 2}),
]


@pytest.mark.parametrize(("slug", "name", "constants"), MUTATIONS, ids=[f"{m[0]} {m[1]}" for m in MUTATIONS])
def test_editing_a_constant_is_refuted(slug, name, constants):
    claim = LIBRARY.claim(f"visibility/{slug}", constants)
    part = next(p for p in claim.parts if p.name == name)
    assert statement_witness(claim, part.statement) is not None


@pytest.mark.slow
@pytest.mark.parametrize("slug", NAMES)
def test_the_verdict_of_the_whole_claim(slug):
    outcome = run_claim(LIBRARY, f"visibility/{slug}", Options())
    assert outcome.verdict is not Verdict.ERROR
    for part in LIBRARY.claim(f"visibility/{slug}").parts:
        found = [e for e in outcome.evidence if e.part == part.name]
        assert found and all(e.verdict.holds for e in found), [(part.name, e.detail) for e in found]


def evidence(slug, constants=None, seed=0):
    claim = LIBRARY.claim(f"visibility/{slug}", constants)
    return {e.part: e for part in claim.parts for e in simulation.run(claim, part, seed, False)}


def test_the_four_cells_are_seen_in_stochastic_gradients():
    found = evidence("two-by-two")
    assert len(found) == 4 and all(e.verdict is Verdict.SUPPORTED for e in found.values()), found


def test_gradients_towards_another_weight_disagree():
    found = evidence("two-by-two", {"unseen": Rational(1, 20)})
    assert all("DISAGREEMENT" in found[name].detail for name in ("forward, new only", "reverse, new only"))


@pytest.mark.slow
def test_the_published_contrast_and_its_causes_are_supported_whatever_the_seed():
    for seed in range(5):
        found = evidence("chen2025", seed=seed)
        assert len(found) == 4 and all(e.verdict is Verdict.SUPPORTED for e in found.values()), (seed, found)


@pytest.mark.parametrize(
    ("part", "false"),
    [
        ("published contrast", {"contrast": Rational(1, 2)}),
        pytest.param("what is sampled", {"sampling": Rational(9, 10)}, marks=pytest.mark.slow),
        pytest.param("the slow factor", {"slow": Rational(9, 10)}, marks=pytest.mark.slow),
        pytest.param("the full target", {"visible": Rational(1, 2)}, marks=pytest.mark.slow),
    ],
)
def test_an_ordering_that_is_false_is_never_supported(part, false):
    """With a threshold beyond what happens, the comparison disagrees."""
    claim = LIBRARY.claim("visibility/chen2025", false)
    (compared,) = (p for p in claim.parts if p.name == part)
    (found,) = simulation.run(claim, compared, 0, False)
    assert "DISAGREEMENT" in found.detail


def test_the_sign_test_is_exact():
    assert at_least_heads(30, 30) == 2.0**-30 <= FAILURE_PROBABILITY < at_least_heads(29, 29)
    assert at_least_heads(0, 5) == 1 and at_least_heads(3, 5) == 0.5


def test_the_flow_of_reverse_kl_to_the_new_mode_forgets():
    """Theory: beta' = -(beta (1-beta))^2 int_0^beta I; dL/dbeta by quadrature of KL(q_beta|p_n) on Gaussians."""
    x, step = np.linspace(-14, 14, 4001, retstep=True)
    old, new = (np.exp(-((x + shift) ** 2) / 2) / np.sqrt(2 * np.pi) for shift in (1, -1))

    def divergence(beta):
        mixed = beta * old + (1 - beta) * new
        return step * np.sum(mixed * np.log(mixed / new))

    def information(beta):
        return step * np.sum((old - new) ** 2 / (beta * old + (1 - beta) * new))

    h, weight = 1e-5, 0.3
    slope = (divergence(weight + h) - divergence(weight - h)) / (2 * h)
    # w = weight t^4 spreads the points where I rises steeply as w -> 0
    nodes, masses = np.polynomial.legendre.leggauss(80)
    t = (1 + nodes) / 2
    integral = sum(m / 2 * 4 * weight * v**3 * information(weight * v**4) for v, m in zip(t, masses, strict=True))
    assert slope > 0 and abs(slope - integral) < 1e-6


def test_the_published_importance_weight_has_an_infinite_second_moment():
    """q_o^2/q_n, which it integrates, grows without end: the published old mode is wider than sqrt(2) times the new."""
    start = scenarios.load("chen2025").start
    assert start.old_scale**2 > 2 * start.new_scale**2

    def exponent(x):
        old, new = ((x - m[0]) / s for m, s in ((start.old_mean, start.old_scale), (start.new_mean, start.new_scale)))
        return new**2 / 2 - old**2

    assert 0 < exponent(-1e2) < exponent(-1e3) < exponent(-1e4) and exponent(1e4) > exponent(1e3) > 0
