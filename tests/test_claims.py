"""If these fail, a verdict would not follow from the evidence."""

import pytest

from symforget.claims import Evidence, Leg, Verdict, WitnessRecord, combine_part, strongest, weakest

P, C, S, U, R, E = (
    Verdict.PROVED,
    Verdict.CERTIFIED,
    Verdict.SUPPORTED,
    Verdict.UNDECIDED,
    Verdict.REFUTED,
    Verdict.ERROR,
)


def evidence(leg, verdict, where=None):
    witness = WitnessRecord(where, "x < y", {"x": "1"}, "2", "1") if where else None
    return Evidence(leg, verdict, f"{leg} says {verdict}", witness=witness)


def verdict_of(*found, dependencies=P):
    return combine_part(found, dependencies)[0]


def test_order_of_strength():
    assert weakest([P, S, C]) is S
    assert weakest([P, R, U]) is R
    assert strongest([S, C]) is C
    assert weakest([]) is U


def test_the_strongest_leg_decides():
    assert verdict_of(evidence(Leg.SYMBOLIC, P), evidence(Leg.NUMERIC, S)) is P
    assert verdict_of(evidence(Leg.CERTIFIED, C), evidence(Leg.SYMBOLIC, U)) is C


def test_a_proof_is_no_surer_than_what_it_rests_on():
    assert verdict_of(evidence(Leg.SYMBOLIC, P), dependencies=S) is S
    assert verdict_of(evidence(Leg.SYMBOLIC, P), evidence(Leg.CERTIFIED, C), dependencies=U) is C
    assert verdict_of(evidence(Leg.SYMBOLIC, P), dependencies=R) is U


def test_a_witness_refutes():
    assert verdict_of(evidence(Leg.CERTIFIED, R, "statement"), evidence(Leg.NUMERIC, S)) is R


def test_legs_that_contradict_each_other_are_an_error_of_the_tool():
    assert verdict_of(evidence(Leg.SYMBOLIC, P), evidence(Leg.CERTIFIED, R, "statement")) is E


def test_a_false_step_refutes_the_derivation_even_where_the_statement_is_certified():
    assert verdict_of(evidence(Leg.SYMBOLIC, R, "step 2 of the derivation"), evidence(Leg.CERTIFIED, C)) is R


@pytest.mark.parametrize("leg", [Leg.NUMERIC, Leg.SIMULATION])
def test_a_disagreement_in_numbers_is_loud_but_never_refutes(leg):
    assert verdict_of(evidence(Leg.SYMBOLIC, P), evidence(leg, U)) is U


def test_no_evidence_is_undecided_and_an_error_is_an_error():
    assert verdict_of() is U
    assert verdict_of(evidence(Leg.SYMBOLIC, P), evidence(Leg.NUMERIC, E)) is E
