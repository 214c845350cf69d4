"""If these fail, a claim about overlap is unproved, cannot be refuted where it is false, or contradicts mpmath."""

from dataclasses import replace

import mpmath
import pytest
from shipped import shipped
from sympy import Limit, Rational, exp, pi, sqrt

from symforget.calculus import H
from symforget.claims import Leg, Verdict
from symforget.derivation import Context
from symforget.legs import certified, symbolic
from symforget.legs.points import statement_witness
from symforget.model import beta, delta, l
from symforget.verify import Options, run_claim, run_twin

LIBRARY, ALL = shipped("overlap")
NAMES = """
misassignment reduction gate-bounds closed-forms information-bound factorisation duality sharp-bound asymptotics
heat-equation exact-values
"""


def sech_mean(d, shift):
    """S(d, shift) by mpmath from its definition."""
    return mpmath.quad(lambda u: mpmath.npdf(u) * mpmath.sech((d * u + shift) / 2), mpmath.linspace(-14, 14, 15))


def test_the_group_is_complete():
    assert tuple(f"overlap/{n}" for n in NAMES.split()) == ALL


@pytest.mark.parametrize("claim_id", ALL)
@pytest.mark.slow
def test_every_part_is_proved_step_by_step(claim_id):
    claim = LIBRARY.claim(claim_id)
    for part in claim.parts:
        evidence = symbolic.run(claim, part, Context.of(claim, LIBRARY.lemmas_for(claim, part)))
        assert evidence.verdict is Verdict.PROVED, f"{part.name}: {evidence.detail}"


@pytest.mark.parametrize("claim_id", ALL)
def test_the_false_twin_is_refuted_with_a_witness(claim_id):
    twin = run_twin(LIBRARY, claim_id, Options(legs=frozenset({Leg.SYMBOLIC, Leg.CERTIFIED}), quick=True))
    assert twin.verdict is Verdict.REFUTED and twin.witness is not None


MUTATIONS = [
    ("misassignment", {"new_factor": beta / 2}),
    ("reduction", {"new_square": (1 - beta * H(beta)) / (1 + beta)}),
    ("gate-bounds", {"power": 1}),
    ("closed-forms", {"divergence": delta**2}),
    ("closed-forms", {"chi_square": exp(delta**2)}),
    ("closed-forms", {"total_variation": 1 - exp(-(delta**2) / 8)}),
    ("factorisation", {"log_odds": 0}),
    ("duality", {"scale": sqrt(pi)}),
    ("sharp-bound", {"at_small": Rational(1, 2)}),
    ("sharp-bound", {"half": Rational(1, 4)}),
    ("asymptotics", {"fourth": (pi**2 + l**2) ** 2 / 8}),
    ("heat-equation", {"first": -1}),
    ("heat-equation", {"second": Rational(1, 2)}),
    ("exact-values", {"total": 2}),
]


@pytest.mark.parametrize(("slug", "constants"), MUTATIONS, ids=[f"{s} {next(iter(c))}" for s, c in MUTATIONS])
def test_editing_a_constant_is_refuted(slug, constants):
    claim = LIBRARY.claim(f"overlap/{slug}", constants)
    witnesses = (statement_witness(claim, part.statement, thorough=True) for part in claim.parts)
    assert any(w is not None for w in witnesses)


@pytest.mark.parametrize("claim_id", ALL)
def test_true_statements_have_no_witness(claim_id):
    claim = LIBRARY.claim(claim_id)
    assert all(statement_witness(claim, p.statement) is None for p in claim.parts if not p.statement.has(Limit))


@pytest.mark.parametrize(("d", "shift"), [(0.5, 0.0), (2.0, 1.0), (6.0, -3.0)])
def test_the_dual_form_against_mpmath(d, shift):
    dual = mpmath.quad(
        lambda w: mpmath.npdf(w) * mpmath.sech(mpmath.pi * w / d) * mpmath.cos(w * shift / d),
        mpmath.linspace(-14, 14, 57),
    )
    assert mpmath.almosteq(sech_mean(d, shift), mpmath.sqrt(2 * mpmath.pi) / d * dual, rel_eps=1e-12)


@pytest.mark.parametrize(("d", "shift"), [(4.0, 0.0), (10.0, 2.0), (30.0, -1.0)])
def test_the_expansion_brackets_s(d, shift):
    ratio = sech_mean(d, shift) * d / mpmath.sqrt(2 * mpmath.pi)
    low = 1 - (mpmath.pi**2 + shift**2) / (2 * d**2)
    high = low + (5 * mpmath.pi**4 + 6 * mpmath.pi**2 * shift**2 + shift**4) / (8 * d**4)
    assert low < ratio < high


@pytest.mark.parametrize("d", [0.5, 2.0, 5.0])
def test_golden_values_of_s(d):
    assert mpmath.almosteq(sech_mean(d, d**2 / 2), mpmath.exp(-(d**2) / 8), rel_eps=1e-12)
    next_value = mpmath.exp(-5 * d**2 / 8) * (2 - mpmath.exp(-(d**2) / 2))
    assert mpmath.almosteq(sech_mean(d, 3 * d**2 / 2), next_value, rel_eps=1e-10)


def test_equality_in_the_bounds_on_two_letters():
    """The extremal pairs the docstrings name: BC^2 = H at beta = 1/2 on (a, 1-a), (1-a, a); I = 4 TV^2 at uniform q."""
    a, b = Rational(1, 5), Rational(4, 5)
    half = Rational(1, 2)
    q = (half * a + half * b, half * b + half * a)
    gate = a * b / q[0] + a * b / q[1]
    assert gate == (2 * sqrt(a * b)) ** 2
    information = (a - b) ** 2 * (1 / q[0] + 1 / q[1])
    assert information == 4 * (b - a) ** 2


def test_a_derivation_with_a_false_step_is_not_proved():
    """A step edited in the middle of a chain is found even where the statement stays true."""
    claim = LIBRARY.claim("overlap/factorisation")
    (part,) = claim.parts
    steps = list(part.symbolic.steps)
    steps[1] = replace(steps[1], expression=2 * steps[1].expression)
    broken = replace(part, symbolic=replace(part.symbolic, steps=tuple(steps)))
    evidence = symbolic.run(claim, broken, Context.of(claim, LIBRARY.lemmas_for(claim, part)))
    assert evidence.verdict is Verdict.REFUTED and evidence.witness is not None


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", ALL)
def test_every_leg_of_every_claim(claim_id):
    outcome = run_claim(LIBRARY, claim_id, Options())
    assert outcome.verdict is not Verdict.ERROR
    assert outcome.twin is not None and outcome.twin.verdict is Verdict.REFUTED
    for evidence in outcome.evidence:
        assert evidence.verdict.holds, f"{evidence.part} {evidence.leg}: {evidence.detail}"


def test_boxes_are_certified_where_the_gate_alone_is_evaluated():
    claim = LIBRARY.claim("overlap/sharp-bound")
    part = claim.parts[0]
    found = certified.run(claim, part, Context.of(claim, LIBRARY.lemmas_for(claim, part)), 15, False)
    assert [e.verdict for e in found] == [Verdict.CERTIFIED]
