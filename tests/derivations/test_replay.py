"""If these fail, a claim about replay is unproved, cannot be refuted where it is false, or contradicts a direct sum."""

import numpy as np
import pytest
from shipped import shipped
from sympy import Rational

from symforget.claims import Leg, Verdict
from symforget.legs import simulation
from symforget.legs.points import statement_witness
from symforget.verify import Options, run_claim, run_twin

LIBRARY, ALL = shipped("replay")
NAMES = """
forward-gradient forward-needs-data forward-residual reverse-unbiased starvation bounded-variance
"""


def test_the_group_is_complete():
    assert tuple(f"replay/{n}" for n in NAMES.split()) == ALL


LONG = ("replay/forward-residual",)


@pytest.mark.parametrize(
    "claim_id", [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in ALL]
)
def test_every_claim_is_proved_and_its_twin_refuted(claim_id):
    result = run_claim(LIBRARY, claim_id, Options(legs=frozenset({Leg.SYMBOLIC}), quick=True))
    symbolic = [e for e in result.evidence if e.leg is Leg.SYMBOLIC]
    assert symbolic and all(e.verdict is Verdict.PROVED for e in symbolic), [e.detail for e in symbolic]
    twin = run_twin(LIBRARY, claim_id, Options(legs=frozenset({Leg.SYMBOLIC, Leg.CERTIFIED}), quick=True))
    assert twin.verdict is Verdict.REFUTED and twin.witness is not None


MUTATIONS = [
    ("forward-gradient", {"floor": 8}),
    ("forward-gradient", {"rate": 2}),
    ("forward-needs-data", {"constant": 2}),
    ("forward-residual", {"pinsker": 4}),
    ("forward-residual", {"half": 1}),
    ("reverse-unbiased", {"constant": Rational(1, 2)}),
    ("starvation", {"uniform": Rational(1, 2)}),
    ("bounded-variance", {"constant": 2}),
]


@pytest.mark.parametrize(("slug", "constants"), MUTATIONS)
def test_editing_a_constant_is_refuted(slug, constants):
    claim = LIBRARY.claim(f"replay/{slug}", constants)
    assert any(statement_witness(claim, part.statement) is not None for part in claim.parts)


@pytest.mark.parametrize(
    ("slug", "part", "broken"),
    [
        ("forward-gradient", "gradient", {"constant": Rational(11, 10)}),
        ("forward-needs-data", "gradient", {"constant": Rational(11, 10)}),
        ("starvation", "batch", {"power": Rational(11, 10)}),
        pytest.param("bounded-variance", "relative variance", {"constant": Rational(11, 10)}, marks=pytest.mark.slow),
        ("bounded-variance", "counting on-policy", {"constant": Rational(11, 10)}),
    ],
)
def test_the_simulation_sees_a_broken_formula(slug, part, broken):
    for constants, wanted in ((None, Verdict.SUPPORTED), (broken, Verdict.UNDECIDED)):
        claim = LIBRARY.claim(f"replay/{slug}", constants)
        (chosen,) = (p for p in claim.parts if p.name == part)
        found = simulation.run(claim, chosen, 0, False)
        assert found and all(e.verdict is wanted for e in found)


def test_the_residual_bounds_on_letters_by_direct_sums():
    """The bounds of KL(p_alpha|p_rho) hold for random pairs of densities on five letters."""
    rng = np.random.default_rng(5)
    for _ in range(200):
        old, new = rng.dirichlet(np.ones(5), size=2)
        alpha, rho = rng.uniform(0.01, 0.99, size=2)
        at_alpha, at_rho = (w * old + (1 - w) * new for w in (alpha, rho))
        loss = at_alpha @ np.log(at_alpha / at_rho)
        fisher = [((old - new) ** 2 / p).sum() for p in (at_alpha, at_rho)]
        variation = np.abs(old - new).sum() / 2
        assert 2 * variation**2 * (rho - alpha) ** 2 <= loss + 1e-15
        assert loss <= (rho - alpha) ** 2 * (fisher[0] + 2 * fisher[1]) / 6 + 1e-15
