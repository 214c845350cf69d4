"""If these fail, a claim on SDFT or TTT-Discover is unproved or never refuted, or the simulation deaf to an error."""

from functools import cache

import pytest
from shipped import shipped
from sympy import Rational

from symforget.claims import Leg, Verdict
from symforget.legs import simulation
from symforget.legs.points import statement_witness
from symforget.verify import Options, run_claim, run_twin

LIBRARY, ALL = shipped("sdft", "ttt_discover")
SLUGS = {
    "sdft": "fields fixed-points jacobian retention neutral discrete-ema drift",
    "ttt_discover": "gradient critical-anchor no-anchor retained-odds jacobian budget drift",
}


def test_the_groups_are_complete():
    assert set(ALL) == {f"{group}/{slug}" for group, slugs in SLUGS.items() for slug in slugs.split()}


@pytest.mark.parametrize("claim_id", ALL)
@pytest.mark.slow
def test_every_part_with_a_derivation_is_proved(claim_id):
    outcome = run_claim(LIBRARY, claim_id, Options(legs=frozenset({Leg.SYMBOLIC})))
    assert outcome.verdict is not Verdict.ERROR and outcome.evidence
    assert all(e.verdict is Verdict.PROVED for e in outcome.evidence), [e.detail for e in outcome.evidence]
    assert outcome.twin is not None and outcome.twin.verdict is Verdict.REFUTED and outcome.twin.witness is not None


MUTATIONS = [
    ("sdft/fields", {"floor": 8}),
    ("sdft/fixed-points", {"floor": 16}),
    ("sdft/jacobian", {"low": 2}),
    ("sdft/jacobian", {"high": Rational(1, 2)}),
    ("sdft/retention", {"steep": 64}),
    ("sdft/neutral", {"share": -1}),
    ("sdft/discrete-ema", {"memory": Rational(1, 2)}),
    ("sdft/discrete-ema", {"limit": 1}),
    ("sdft/drift", {"toward": -1}),
    ("ttt_discover/gradient", {"tilted": 2}),
    ("ttt_discover/gradient", {"floor": 64}),
    ("ttt_discover/critical-anchor", {"sharp": 2}),
    ("ttt_discover/critical-anchor", {"even": 4}),
    ("ttt_discover/no-anchor", {"loss": Rational(1, 2)}),
    ("ttt_discover/retained-odds", {"reach": 4}),
    ("ttt_discover/jacobian", {"factor": Rational(1, 2)}),
    ("ttt_discover/budget", {"bits": 3}),
    ("ttt_discover/drift", {"push": 2}),
]


@pytest.mark.parametrize(("claim_id", "constants"), MUTATIONS, ids=[f"{i} {next(iter(c))}" for i, c in MUTATIONS])
def test_editing_a_constant_is_refuted(claim_id, constants):
    claim = LIBRARY.claim(claim_id, constants)
    assert any(statement_witness(claim, part.statement) is not None for part in claim.parts)


@cache
def simulated_right(claim_id):
    return simulated(claim_id, {})


def simulated(claim_id, constants):
    claim = LIBRARY.claim(claim_id, constants)
    return [e for part in claim.parts if part.simulation for e in simulation.run(claim, part, 7, False)]


@pytest.mark.parametrize(
    ("claim_id", "wrong"),
    [
        ("sdft/fields", {"constant": Rational(21, 20)}),
        pytest.param("sdft/fixed-points", {"target": Rational(21, 20)}, marks=pytest.mark.slow),
        ("ttt_discover/gradient", {"anchored": Rational(6, 5)}),
        ("ttt_discover/gradient", {"tilted": Rational(21, 20)}),
    ],
)
def test_the_method_itself_objects_to_a_wrong_formula(claim_id, wrong):
    right, objected = simulated_right(claim_id), simulated(claim_id, wrong)
    assert right and all(e.verdict is Verdict.SUPPORTED for e in right), [e.detail for e in right]
    assert all(e.verdict is Verdict.UNDECIDED and "DISAGREEMENT" in e.detail for e in objected)


@pytest.mark.parametrize("claim_id", ALL)
def test_the_false_twin_is_refuted_by_the_search_alone(claim_id):
    twin = run_twin(LIBRARY, claim_id, Options(legs=frozenset({Leg.CERTIFIED}), quick=True))
    assert twin.verdict is Verdict.REFUTED and twin.leg is Leg.CERTIFIED
