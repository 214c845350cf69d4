"""If these fail, a claim about the Fisher geometry is unproved, or cannot be refuted where it is false."""

import pytest
from shipped import shipped
from sympy import Integer, Rational

from symforget.claims import Leg, Verdict
from symforget.derivation import Context
from symforget.legs import certified, numeric, symbolic
from symforget.legs.points import statement_witness
from symforget.rules.oblique import ObliqueIntegral, ObliqueMoments
from symforget.rules.vectors import t_n, t_o, x
from symforget.verify import Options, run_twin

LIBRARY, ALL = shipped("geometry")
PROVED = [
    *(("fisher", n) for n in ("Hessian", "blocks")),
    *(("conditioning", n) for n in ("trace", "form from below", "form from above", "smallest eigenvalue")),
    *(("conditioning", n) for n in ("largest eigenvalue", "largest eigenvalue from below", "condition number")),
    ("conditioning-box", "condition number"),
    *(("covariant", n) for n in ("d = 1", "any dimension", "d = 2", "d = 3")),
    *(("gradient-descent", n) for n in ("slowest mode", "below the limit", "beyond the limit", "best step")),
    *(("gradient-descent", n) for n in ("no better step", "joint, below the limit", "joint curvature")),
    *(("gradient-descent", n) for n in ("curvature of the weight", "forward KL on new data")),
    *(("local-convergence", n) for n in ("Jacobian", "rate")),
]


def part_of(slug, name, constants=None):
    claim = LIBRARY.claim(f"geometry/{slug}", constants)
    part = next(p for p in claim.parts if p.name == name)
    return claim, part, Context.of(claim, LIBRARY.lemmas_for(claim, part))


LONG = [("fisher", "Hessian"), ("fisher", "blocks"), ("conditioning", "trace"), ("covariant", "d = 1")]


@pytest.mark.parametrize(
    ("slug", "name"), [pytest.param(*part, marks=pytest.mark.slow if part in LONG else ()) for part in PROVED]
)
def test_the_derivation_closes(slug, name):
    evidence = symbolic.run(*part_of(slug, name), spot=False)
    assert evidence.verdict is Verdict.PROVED, evidence.detail


def test_every_part_is_proved_or_certified():
    """A part without a derivation must have a check that can certify it."""
    for claim_id in ALL:
        for part in LIBRARY.claim(claim_id).parts:
            proved = (claim_id.removeprefix("geometry/"), part.name) in PROVED
            assert proved == (part.symbolic is not None) and (proved or part.certified), (claim_id, part.name)


def certificates(slug, name):
    claim, part, context = part_of(slug, name)
    return certified.run(claim, part, context, 15, False)


@pytest.mark.slow
def test_the_box_is_certified():
    (evidence,) = certificates("conditioning-box", "smallest eigenvalue")
    assert evidence.verdict is Verdict.CERTIFIED


@pytest.mark.parametrize("part", LIBRARY.claim("geometry/conditioning-ends").parts, ids=lambda p: p.name)
def test_the_ends_are_certified(part):
    (evidence,) = certificates("conditioning-ends", part.name)
    assert evidence.verdict is Verdict.CERTIFIED


@pytest.mark.parametrize(
    ("slug", "name"), [("gradient-descent", "best step"), ("local-convergence", "rate"), ("covariant", "d = 2")]
)
def test_what_is_measured_agrees(slug, name):
    claim, part, _ = part_of(slug, name)
    found = numeric.run(claim, part, 15)
    assert found and all(e.verdict is Verdict.SUPPORTED for e in found)


@pytest.mark.slow
def test_another_rate_is_not_what_is_measured():
    claim, part, _ = part_of("local-convergence", "rate", {"slowest": Rational(101, 100)})
    assert all(e.verdict is Verdict.UNDECIDED for e in numeric.run(claim, part, 15))


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
        ("conditioning", "largest eigenvalue from below", {"constant": Rational(1, 10), "growth": Rational(1, 100)}),
        ("conditioning-box", "condition number", {"floor": Rational(1, 5)}),
        ("covariant", "d = 1", {"scale": Rational(1, 2)}),
        ("gradient-descent", "below the limit", {"limit": Rational(5, 2)}),
        ("gradient-descent", "beyond the limit", {"limit": Integer(1)}),
        ("gradient-descent", "best step", {"best": Integer(1)}),
        ("gradient-descent", "joint curvature", {"top": Rational(1, 2)}),
        ("gradient-descent", "curvature of the weight", {"curvature": Rational(1, 5)}),
        ("local-convergence", "Jacobian", {"slope": Integer(2)}),
        ("local-convergence", "rate", {"slowest": Rational(5, 4)}),
    ],
)
def test_editing_a_constant_is_refuted(slug, name, constants):
    claim, part, _ = part_of(slug, name, constants)
    assert statement_witness(claim, part.statement, thorough=True) is not None


@pytest.mark.parametrize(("after", "accepted"), [(Rational(3, 2), True), (Rational(1), False)])
def test_moments_of_an_oblique_integral(after, accepted):
    kappa, separation = Integer(1), Integer(2)
    before = ObliqueIntegral(t_o * (x + 1) ** 2 + t_n / 2 + t_o * t_n / (t_o + t_n), kappa, separation)
    rest = ObliqueIntegral(t_o * t_n / (t_o + t_n), kappa, separation)
    assert (
        ObliqueMoments().check(before, "=", after + rest, Context({}, lambda *_: None, gaussian=False)).ok is accepted
    )
