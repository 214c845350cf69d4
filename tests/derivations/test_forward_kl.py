"""If these fail, a claim about forward KL is unproved, cannot be refuted where it is false, or contradicts mpmath."""

import mpmath
import numpy as np
import pytest
from shipped import numeric_evidence, shipped
from sympy import Rational, sqrt

from symforget import model
from symforget.balls import evaluate
from symforget.claims import Leg, Verdict
from symforget.derivation import Context
from symforget.flows import follow, limit_of_fit
from symforget.gate import multiprecision
from symforget.legs import simulation, symbolic
from symforget.legs.points import statement_witness
from symforget.verify import Options, run_claim, run_twin

LIBRARY, ALL = shipped("forward_kl")
NAMES = [
    "gradient",
    "unique-optimum",
    "logit-flow",
    "euclidean-flow",
    "natural-flow",
    "em",
    "time-to-forget",
    "old-mean-pull",
]
LONG = ("logit-flow", "old-mean-pull")


def claims(*slow):
    return [pytest.param(n, marks=pytest.mark.slow if n in slow else ()) for n in NAMES]


def test_the_group_is_complete():
    assert set(ALL) == {f"forward_kl/{n}" for n in NAMES}


@pytest.mark.parametrize("slug", claims(*LONG))
@pytest.mark.slow
def test_every_derivation_closes(slug):
    claim = LIBRARY.claim(f"forward_kl/{slug}")
    for part in claim.parts:
        if part.symbolic is not None:
            evidence = symbolic.run(claim, part, Context.of(claim, LIBRARY.lemmas_for(claim, part)))
            assert evidence.verdict is Verdict.PROVED, f"{part.name}: {evidence.detail}"


def test_the_limit_of_the_time_is_squeezed():
    """The one part of logit-flow that needs all of its chains."""
    claim = LIBRARY.claim("forward_kl/logit-flow")
    part = next(p for p in claim.parts if p.name == "limit")
    assert symbolic.run(claim, part, Context.of(claim, LIBRARY.lemmas_for(claim, part))).verdict is Verdict.PROVED


@pytest.mark.parametrize("slug", claims())
def test_the_false_twin_is_refuted_with_a_witness(slug):
    twin = run_twin(LIBRARY, f"forward_kl/{slug}", Options(legs=frozenset({Leg.CERTIFIED}), quick=True))
    assert twin.verdict is Verdict.REFUTED and twin.witness is not None


MUTATIONS = [
    ("gradient", "gate", {"constant": -1}),
    ("gradient", "lower bound", {"floor": 8}),
    ("unique-optimum", "log-convexity", {"power": Rational(1, 2)}),
    ("logit-flow", "rate", {"limit": Rational(1, 2)}),
    ("euclidean-flow", "time", {"constant": 8}),
    ("natural-flow", "field", {"rate": Rational(1, 2)}),
    ("em", "update", {"power": 2}),
    ("time-to-forget", "slope", {"sign": -1}),
    ("old-mean-pull", "any densities", {"small": sqrt(3) / 6}),
    ("old-mean-pull", "whitened norm", {"large": Rational(1, 2)}),
]


@pytest.mark.parametrize(("slug", "name", "constants"), MUTATIONS, ids=[f"{m[0]} {m[1]}" for m in MUTATIONS])
def test_editing_a_constant_is_refuted(slug, name, constants):
    claim = LIBRARY.claim(f"forward_kl/{slug}", constants)
    part = next(p for p in claim.parts if p.name == name)
    assert statement_witness(claim, part.statement, thorough=True) is not None


@pytest.mark.parametrize("slug", ["logit-flow", "natural-flow"])
def test_measured_limits_and_flows_agree(slug):
    found = numeric_evidence(f"forward_kl/{slug}", 30)
    assert found and all(e.verdict is Verdict.SUPPORTED for e in found), [e.detail for e in found]


@pytest.mark.slow
@pytest.mark.parametrize("slug", NAMES)
def test_the_verdict_of_the_whole_claim(slug):
    """With every leg: nothing contradicts anything, and no part is left undecided."""
    outcome = run_claim(LIBRARY, f"forward_kl/{slug}", Options())
    assert outcome.verdict is not Verdict.ERROR
    for part in LIBRARY.claim(f"forward_kl/{slug}").parts:
        verdicts = {e.verdict for e in outcome.evidence if e.part == part.name}
        assert verdicts & {Verdict.PROVED, Verdict.CERTIFIED}, (part.name, verdicts)
        assert not verdicts & {Verdict.ERROR, Verdict.REFUTED}


def test_the_pull_is_seen_in_samples():
    """In d = 1, 2, 5 with a random covariance: along mu_n - m_o, of size delta E_n[r_o^2], nothing across."""
    claim = LIBRARY.claim("forward_kl/old-mean-pull")
    found = [e for part in claim.parts for e in simulation.run(claim, part, 0, True)]
    assert len(found) == 3 and all(e.verdict is Verdict.SUPPORTED for e in found), [e.detail for e in found]


def test_a_pull_away_from_the_new_mode_disagrees_with_samples():
    claim = LIBRARY.claim("forward_kl/old-mean-pull", {"toward": -1})
    part = next(p for p in claim.parts if p.simulation)
    assert all("DISAGREEMENT" in e.detail for e in simulation.run(claim, part, 0, True))


def test_the_time_to_forget_is_that_of_the_flow_followed():
    """The certified time, fed to an integration of the ODE that knows nothing of it, leads to the final weight."""
    start, end = Rational(1, 2), Rational(1, 10)
    ball = evaluate(model.time_to_forget(start, end, model.delta), {model.delta: Rational(2)}, 15)

    def field(weight):
        return -(weight**2) * (1 - weight) * (1 - multiprecision.gate(weight, 2))

    reached, _ = follow(field, mpmath.mpf(1) / 2, mpmath.mpf(ball.mid().str(20, radius=False)), 15)
    assert abs(reached - mpmath.mpf(1) / 10) < mpmath.mpf(10) ** -13


def test_the_bound_of_the_pull_is_below_the_rougher_one_everywhere():
    """min(3 sqrt(3) delta/8, sqrt(pi/2)) < delta/2 + sqrt(2/pi), as the docstring says."""
    separations = np.linspace(0, 20, 2001)
    sharp = np.minimum(3 * np.sqrt(3) / 8 * separations, np.sqrt(np.pi / 2))
    assert np.all(sharp < separations / 2 + np.sqrt(2 / np.pi))


@pytest.mark.parametrize(
    ("weight", "separation", "sharp"), [(0.75, 0.01, 3 * 3**0.5 / 8 * 0.01), (0.5, 60, (mpmath.pi / 2) ** 0.5)]
)
def test_the_bound_of_the_pull_is_attained_at_both_ends(weight, separation, sharp):
    """delta E_n[r_o^2]/((1/2) sqrt(beta/(1-beta)) BC) = delta E[sech^2(y) exp(-y)]/2 at y = (delta u + l)/2."""
    shift = mpmath.log((1 - weight) / weight)

    def value(u):
        y = (separation * u + shift) / 2
        return mpmath.npdf(u) * 2 / (mpmath.exp(y) * (mpmath.exp(y) + mpmath.exp(-y)) ** 2)

    panels = [k / mpmath.mpf(max(separation, 4)) for k in range(-60, 61, 4)]
    size = separation * mpmath.quad(value, panels)
    assert size <= sharp and size > 0.99 * sharp


def test_a_fit_through_gauges_finds_the_limit_and_an_honest_error():
    xs = [mpmath.mpf(2) ** -k for k in range(3, 9)]
    values = [1 + 3 * h + 5 * h**2 * mpmath.log(h) + h**3 for h in xs]
    limit, error = limit_of_fit(values, [[h, h**2 * mpmath.log(h), h**2] for h in xs])
    assert abs(limit - 1) <= error < mpmath.mpf("1e-3")


@pytest.mark.parametrize("digits", [1, 8, 20])
def test_measured_limits_ask_no_more_than_the_digits_of_the_run(digits):
    """With --digits 8 the fit of the logit flow's time was singular; a tolerance of 25 digits would ask too much."""
    found = numeric_evidence("forward_kl/logit-flow", digits)
    assert found and all(e.verdict is Verdict.SUPPORTED for e in found)
