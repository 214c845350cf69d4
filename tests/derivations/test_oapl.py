"""If these fail, a claim about OAPL is unproved, cannot be refuted where it is false, or contradicts an optimiser."""

import mpmath
import numpy as np
import pytest
from scipy.optimize import minimize
from shipped import shipped
from sympy import Rational

from symforget.claims import Leg, Verdict
from symforget.legs import simulation
from symforget.legs.points import statement_witness
from symforget.verify import Options, run_claim, run_twin

LIBRARY, ALL = shipped("oapl")
NAMES = "target-odds retention global-minimiser first-step drift-gated drift-ungated two-temperatures"
EXACT = Options(legs=frozenset({Leg.SYMBOLIC, Leg.CERTIFIED}), quick=True)


def test_the_group_is_complete():
    assert tuple(f"oapl/{n}" for n in NAMES.split()) == ALL


LONG = ("oapl/global-minimiser",)


@pytest.mark.parametrize(
    "claim_id", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in ALL]
)
def test_every_claim_is_proved_and_its_twin_refuted(claim_id):
    symbolic = Options(legs=frozenset({Leg.SYMBOLIC}), quick=True)
    result = run_claim(LIBRARY, claim_id, symbolic)
    assert result.verdict is Verdict.PROVED, result.detail
    assert all(e.verdict is Verdict.PROVED for e in result.evidence), [e.detail for e in result.evidence]
    twin = run_twin(LIBRARY, claim_id, EXACT)
    assert twin.verdict is Verdict.REFUTED and twin.witness is not None


MUTATIONS = [
    ("target-odds", {"factor": 3}),
    ("retention", {"rate": -1}),
    ("first-step", {"constant": -2}),
    ("drift-ungated", {"constant": -1}),
    ("two-temperatures", {"constant": 3}),
    ("two-temperatures", {"ceiling": -1}),
]


@pytest.mark.parametrize(("slug", "constants"), MUTATIONS)
def test_editing_a_constant_is_refuted(slug, constants):
    claim = LIBRARY.claim(f"oapl/{slug}", constants)
    assert any(statement_witness(claim, part.statement) is not None for part in claim.parts)


@pytest.mark.parametrize(
    ("slug", "broken"),
    [
        ("target-odds", {"factor": Rational(11, 10)}),
        ("retention", {"rate": Rational(11, 10)}),
        ("first-step", {"constant": Rational(11, 5)}),
    ],
)
def test_the_simulation_sees_a_broken_formula(slug, broken):
    for constants, wanted in ((None, Verdict.SUPPORTED), (broken, Verdict.UNDECIDED)):
        claim = LIBRARY.claim(f"oapl/{slug}", constants)
        found = [e for part in claim.parts for e in simulation.run(claim, part, 0, False)]
        assert found and all(e.verdict is wanted for e in found)


@pytest.mark.parametrize("temperatures", [(1.0, 0.25), (1.0, 0.1)])
def test_the_optimum_with_two_temperatures_against_an_optimiser(temperatures):
    """Lambert's formula, kappa from the normalisation, against a minimiser of the loss over three letters' softmax."""
    first, second = temperatures
    masses, rewards = np.array([0.5, 0.3, 0.2]), np.array([0.0, 0.6, 1.0])
    goals = rewards - first * np.log(masses @ np.exp(rewards / first))

    def ratios(kappa):
        return [mpmath.exp(a / second - mpmath.lambertw(kappa / second * mpmath.exp(a / second)).real) for a in goals]

    def missing(kappa):
        return mpmath.fsum(m * x for m, x in zip(masses, ratios(kappa), strict=True)) - 1

    kappa = mpmath.findroot(missing, (1e-6, 2), solver="anderson")
    assert kappa > 0

    def loss(logits):
        policy = np.exp(logits - logits.max())
        policy /= policy.sum()
        return masses @ (second * np.log(policy / masses) - goals) ** 2

    found = minimize(
        loss, np.log(masses), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-16, "maxiter": 5000}
    )
    policy = np.exp(found.x - found.x.max())
    policy /= policy.sum()
    predicted = masses * np.array([float(x) for x in ratios(kappa)])
    assert np.allclose(policy, predicted, atol=2e-6)
    assert predicted[0] <= masses[0] * np.exp(goals[0] / second)
