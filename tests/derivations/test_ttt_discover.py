"""If these fail, a TTT-Discover claim is unproved or never refuted, or the simulation is deaf to a wrong formula."""

import pytest
from sympy import Rational

from symforget.claims import Leg, Verdict
from symforget.collect import collect
from symforget.legs import simulation
from symforget.legs.points import statement_witness
from symforget.verify import Options, run_claim, run_twin

LIBRARY, ALL = collect(("ttt_discover",))
NAMES = ["gradient", "critical-anchor", "no-anchor", "retained-odds", "jacobian", "budget", "drift"]


def test_the_group_is_complete():
    assert set(ALL) == {f"ttt_discover/{n}" for n in NAMES}


@pytest.mark.parametrize("slug", NAMES)
@pytest.mark.slow
def test_every_part_with_a_derivation_is_proved(slug):
    outcome = run_claim(LIBRARY, f"ttt_discover/{slug}", Options(legs=frozenset({Leg.SYMBOLIC})))
    assert outcome.verdict is not Verdict.ERROR and outcome.evidence
    assert all(e.verdict is Verdict.PROVED for e in outcome.evidence), [e.detail for e in outcome.evidence]
    assert outcome.twin is not None and outcome.twin.verdict is Verdict.REFUTED and outcome.twin.witness is not None


MUTATIONS = [
    ("gradient", {"tilted": 2}),
    ("gradient", {"floor": 64}),
    ("critical-anchor", {"sharp": 2}),
    ("critical-anchor", {"even": 4}),
    ("no-anchor", {"loss": Rational(1, 2)}),
    ("retained-odds", {"reach": 4}),
    ("jacobian", {"factor": Rational(1, 2)}),
    ("budget", {"bits": 3}),
    ("drift", {"push": 2}),
]


@pytest.mark.parametrize(("slug", "constants"), MUTATIONS, ids=[f"{s} {next(iter(c))}" for s, c in MUTATIONS])
def test_editing_a_constant_is_refuted(slug, constants):
    claim = LIBRARY.claim(f"ttt_discover/{slug}", constants)
    assert any(statement_witness(claim, part.statement) is not None for part in claim.parts)


def simulated(slug, constants):
    claim = LIBRARY.claim(f"ttt_discover/{slug}", constants)
    return [e for part in claim.parts if part.simulation for e in simulation.run(claim, part, 7, False)]


@pytest.mark.parametrize(
    ("slug", "wrong"),
    [("gradient", {"anchored": Rational(6, 5)}), ("gradient", {"tilted": Rational(21, 20)})],
)
def test_the_method_itself_objects_to_a_wrong_formula(slug, wrong):
    right, objected = simulated(slug, {}), simulated(slug, wrong)
    assert right and all(e.verdict is Verdict.SUPPORTED for e in right), [e.detail for e in right]
    assert all(e.verdict is Verdict.UNDECIDED and "DISAGREEMENT" in e.detail for e in objected)


def test_the_false_twin_is_refuted_by_the_search_alone():
    for slug in NAMES:
        twin = run_twin(LIBRARY, f"ttt_discover/{slug}", Options(legs=frozenset({Leg.CERTIFIED}), quick=True))
        assert twin.verdict is Verdict.REFUTED and twin.leg is Leg.CERTIFIED
