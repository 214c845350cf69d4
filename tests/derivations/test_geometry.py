"""If these fail, a claim about the Fisher geometry is unproved, or cannot be refuted where it is false."""

import pytest
from sympy import Integer, Rational

from symforget.claims import Leg, Verdict
from symforget.collect import collect
from symforget.derivation import Context
from symforget.legs import certified, symbolic
from symforget.legs.points import statement_witness
from symforget.rules.oblique import ObliqueIntegral, ObliqueMoments
from symforget.rules.vectors import t_n, t_o, x
from symforget.verify import Options, run_twin

LIBRARY, ALL = collect(("geometry",))
PROVED = [("fisher", "Hessian"), ("fisher", "blocks")] + [
    ("conditioning", n)
    for n in ("form from below", "form from above", "smallest eigenvalue", "largest eigenvalue", "condition number")
]


def part_of(slug, name, constants=None):
    claim = LIBRARY.claim(f"geometry/{slug}", constants)
    part = next(p for p in claim.parts if p.name == name)
    return claim, part, Context(claim.domain, LIBRARY.lemmas_for(claim, part))


@pytest.mark.parametrize(("slug", "name"), PROVED)
def test_the_derivation_closes(slug, name):
    evidence = symbolic.run(*part_of(slug, name))
    assert evidence.verdict is Verdict.PROVED, evidence.detail


def test_the_box_is_certified():
    claim, part, context = part_of("conditioning-box", "smallest eigenvalue")
    (evidence,) = certified.run(claim, part, context, 15, False)
    assert evidence.verdict is Verdict.CERTIFIED


@pytest.mark.parametrize("claim_id", ALL)
def test_the_false_twin_is_refuted_with_a_witness(claim_id):
    twin = run_twin(LIBRARY, claim_id, Options(legs=frozenset({Leg.CERTIFIED}), quick=True))
    assert twin.verdict is Verdict.REFUTED and twin.witness is not None


@pytest.mark.parametrize(
    ("slug", "name", "constants"),
    [
        ("fisher", "blocks", {"overlapping": 2}),
        ("fisher", "blocks", {"offset": Integer(1)}),
        ("conditioning", "largest eigenvalue", {"top": Rational(1, 2)}),
        ("conditioning-box", "condition number", {"ratio": 5}),
    ],
)
def test_editing_a_constant_is_refuted(slug, name, constants):
    claim, part, _ = part_of(slug, name, constants)
    assert statement_witness(claim, part.statement) is not None


@pytest.mark.parametrize(("after", "accepted"), [(Rational(3, 2), True), (Rational(1), False)])
def test_moments_of_an_oblique_integral(after, accepted):
    kappa, separation = Integer(1), Integer(2)
    before = ObliqueIntegral(t_o * (x + 1) ** 2 + t_n / 2 + t_o * t_n / (t_o + t_n), kappa, separation)
    rest = ObliqueIntegral(t_o * t_n / (t_o + t_n), kappa, separation)
    assert ObliqueMoments().check(before, "=", after + rest, Context({}, lambda *_: None)).ok is accepted
