"""If these fail, a claim about reverse KL is unproved, survives a false constant, or contradicts mpmath or NumPy."""

import mpmath
import numpy as np
import pytest
from shipped import numeric_evidence, shipped
from sympy import Rational, sqrt

from symforget.claims import Leg, Verdict
from symforget.derivation import Context
from symforget.legs import certified, numeric, symbolic
from symforget.verify import Options, run_claim, run_twin

LIBRARY, ALL = shipped("reverse_kl")
NAMES = "gradient unique-optimum local-rate global-rate force-law old-mean-gate exponential-decay"
PROVED = [f"reverse_kl/{name}" for name in NAMES.split()]
QUICK = [name for name in PROVED if name != "reverse_kl/force-law"]


def context_of(claim, part):
    return Context.of(claim, LIBRARY.lemmas_for(claim, part))


def refuted(claim_id, *names, **constants):
    """Whether the claim with these constants is refuted by a certified witness, in one of these parts or in any."""
    claim = LIBRARY.claim(claim_id, constants)
    assert {*names} <= {part.name for part in claim.parts}
    return any(
        e.verdict is Verdict.REFUTED and e.witness is not None
        for part in claim.parts
        if not names or part.name in names
        for e in certified.run(claim, part, context_of(claim, part), 10, quick=True, thorough=True)
    )


def test_the_group_is_complete():
    assert set(ALL) >= set(PROVED)


@pytest.mark.parametrize("claim_id", PROVED)
@pytest.mark.slow
def test_every_part_is_proved_step_by_step(claim_id):
    claim = LIBRARY.claim(claim_id)
    for part in claim.parts:
        evidence = symbolic.run(claim, part, context_of(claim, part))
        assert evidence.verdict is Verdict.PROVED, f"{part.name}: {evidence.detail}"


@pytest.mark.parametrize("claim_id", QUICK)
def test_the_false_twin_is_refuted_with_a_witness(claim_id):
    twin = run_twin(LIBRARY, claim_id, Options(digits=10, quick=True))
    assert twin.verdict is Verdict.REFUTED and twin.witness is not None


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", PROVED)
def test_every_leg_holds_at_full_settings(claim_id):
    outcome = run_claim(LIBRARY, claim_id, Options())
    assert outcome.verdict is not Verdict.ERROR and outcome.twin is not None and outcome.twin.verdict is Verdict.REFUTED
    bad = [e for e in outcome.evidence if not e.verdict.holds]
    assert not bad, bad


MUTATIONS = [
    ("reverse_kl/gradient", "slope of G", {"constant": 2}),
    ("reverse_kl/unique-optimum", "strict convexity", {"constant": 5}),
    ("reverse_kl/local-rate", "natural-gradient flow", {"natural": -2}),
    ("reverse_kl/local-rate", "logit flow", {"factor": 2}),
    ("reverse_kl/local-rate", "effect of overlap", {"half": Rational(1, 16)}),
    ("reverse_kl/global-rate", "least b(1-b)", {"worst": Rational(5, 4)}),
    ("reverse_kl/old-mean-gate", "Bhattacharyya", {"half": Rational(1, 4)}),
    ("reverse_kl/old-mean-gate", "sharp", {"width": sqrt(2)}),
    ("reverse_kl/exponential-decay", "exponent bound", {"exponent": -Rational(1, 2)}),
    ("reverse_kl/exponential-decay", "prefactor bound", {"prefactor": Rational(1, 4)}),
]


@pytest.mark.parametrize(("claim_id", "part", "constants"), MUTATIONS)
def test_an_edited_constant_is_refuted(claim_id, part, constants):
    assert refuted(claim_id, part, **constants)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["restoring", "model_gate", "target_gate"])
def test_an_edited_force_is_refuted(name):
    assert refuted("reverse_kl/force-law", **{name: Rational(11, 10)})


def test_a_wrong_rate_disagrees_with_the_measured_one():
    claim = LIBRARY.claim("reverse_kl/local-rate", {"factor": Rational(999, 1000)})
    part = next(p for p in claim.parts if p.name == "logit flow")
    (letters, _) = numeric.run(claim, part, 10)
    assert letters.verdict is Verdict.UNDECIDED and "DISAGREEMENT" in letters.detail


@pytest.mark.slow
def test_gradient_agrees_with_a_difference_quotient_of_the_divergence():
    # d/dphi of KL(q|p_alpha) for two unit Gaussians at distance 2, against the double integral of the statement.
    target, separation, logit = mpmath.mpf("0.7"), mpmath.mpf(2), mpmath.mpf(-1)

    def divergence(phi):
        w = 1 / (1 + mpmath.exp(-phi))

        def integrand(x):
            old, new = mpmath.npdf(x), mpmath.npdf(x - separation)
            q, p = w * old + (1 - w) * new, target * old + (1 - target) * new
            return q * mpmath.log(q / p)

        return mpmath.quad(integrand, mpmath.linspace(-9, 11, 6))

    def one_minus_gate(s):
        w = 1 / (1 + mpmath.exp(-s))

        def integrand(x):
            old, new = mpmath.npdf(x), mpmath.npdf(x - separation)
            return old * new / (w * old + (1 - w) * new)

        return 1 - mpmath.quad(integrand, mpmath.linspace(-9, 11, 6))

    w = 1 / (1 + mpmath.exp(-logit))
    stated = w * (1 - w) * mpmath.quad(one_minus_gate, [mpmath.log(target / (1 - target)), logit], maxdegree=4)
    step = mpmath.mpf("1e-4")
    measured = (divergence(logit + step) - divergence(logit - step)) / (2 * step)
    assert abs(measured - stated) < 1e-8


def test_force_law_in_the_plane_agrees_with_differences_of_the_divergence():
    # Full vectors and a covariance that is not the identity, on a grid; nothing of the claim's own code is used.
    covariance = np.array([[1.0, 0.4], [0.4, 0.7]])
    precision = np.linalg.inv(covariance)
    axis = np.linspace(-9, 11, 401)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    cell = (axis[1] - axis[0]) ** 2
    beta, alpha = 0.3, 0.6
    m_n, mu_o, mu_n = np.array([1.5, 0.5]), np.array([0.0, 0.0]), np.array([1.0, 1.5])

    def density(mean):
        y = grid - mean
        scale = 2 * np.pi * np.sqrt(np.linalg.det(covariance))
        return np.exp(-0.5 * np.einsum("...i,ij,...j", y, precision, y)) / scale

    target = alpha * density(mu_o) + (1 - alpha) * density(mu_n)

    def divergence(mean):
        model = beta * density(mean) + (1 - beta) * density(m_n)
        return float((model * np.log((model + 1e-300) / (target + 1e-300))).sum() * cell)

    m_o, h = np.array([0.4, -0.3]), 1e-4
    measured = [(divergence(m_o + h * e) - divergence(m_o - h * e)) / (2 * h) for e in np.eye(2)]
    component = density(m_o)
    e_q = float((component * (1 - beta) * density(m_n) / (beta * component + (1 - beta) * density(m_n))).sum() * cell)
    e_p = float((component * (1 - alpha) * density(mu_n) / target).sum() * cell)
    stated = beta * precision @ ((m_o - mu_o) + e_q * (m_n - m_o) - e_p * (mu_n - mu_o))
    assert np.allclose(measured, stated, atol=1e-6)


def test_a_part_for_every_flow_and_leg():
    claim = LIBRARY.claim("reverse_kl/force-law")
    assert {p.name for p in claim.parts} == {"old mean", "new mean"}
    assert all(p.checks(leg) for p in claim.parts for leg in Leg)


@pytest.mark.parametrize(
    "claim_id",
    [
        pytest.param("overlap/asymptotics", marks=pytest.mark.slow),
        "forward_kl/logit-flow",
        "forward_kl/natural-flow",
        pytest.param("reverse_kl/local-rate", marks=pytest.mark.slow),
        pytest.param("reverse_kl/exponential-decay", marks=pytest.mark.slow),
    ],
)
def test_rates_and_exponents_are_measured_to_thirty_digits(claim_id):
    measured = [e for e in numeric_evidence(claim_id, 30) if e.interval is not None]
    assert measured and max(e.digits for e in measured) >= 29 and all(e.verdict.holds for e in measured)
