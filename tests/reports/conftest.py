"""Reports built by hand, with every kind of verdict in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symforget.claims import (
    ClaimResult,
    DerivationResult,
    Evidence,
    Leg,
    Report,
    StepResult,
    TwinResult,
    Verdict,
    WitnessRecord,
)

WITNESS = WitnessRecord(
    where="statement",
    relation="bhattacharyya(delta) = exp(-delta**2/4)",
    point={"beta": "3/10", "delta": "2"},
    left="[0.6065306597, 0.6065306598]",
    right="[0.3678794411, 0.3678794412]",
)
TWIN = TwinResult({"constant": "1/4"}, Verdict.REFUTED, Leg.CERTIFIED, WITNESS, "")
PROVED = ClaimResult(
    id="overlap/gate-bounds",
    title="The gate lies below the Bhattacharyya bound",
    statements=(("lower", "H(beta) >= BC**2"), ("upper", "H(beta) <= BC/(2*sqrt(beta)*sqrt(1 - beta))")),
    domain={"beta": "(0, 1)"},
    kind="upper bound",
    densities="any",
    hypotheses="any two densities",
    source="controlled by the Bhattacharyya coefficient",
    sentences=("gated",),
    verdict=Verdict.PROVED,
    detail="",
    evidence=(
        Evidence(Leg.SYMBOLIC, Verdict.PROVED, "3 steps", "lower", seconds=0.25),
        Evidence(Leg.SYMBOLIC, Verdict.PROVED, "4 steps", "upper"),
        Evidence(Leg.CERTIFIED, Verdict.CERTIFIED, "", "lower", boxes=1200),
        Evidence(Leg.CERTIFIED, Verdict.CERTIFIED, "", "upper", boxes=40),
        Evidence(Leg.NUMERIC, Verdict.SUPPORTED, "", "lower", digits=34),
        Evidence(Leg.NUMERIC, Verdict.SUPPORTED, "", "upper", digits=30),
        Evidence(Leg.SIMULATION, Verdict.SUPPORTED, "", "lower", interval=("0.1", "0.2")),
    ),
    twin=TWIN,
    seconds=1.5,
)
REFUTED = replace(
    PROVED,
    id="overlap/closed-forms",
    title="Overlaps in closed form",
    statements=(("", "bhattacharyya(delta) = exp(-delta**2/4)"),),
    verdict=Verdict.REFUTED,
    detail="fails at delta = 2",
    evidence=(Evidence(Leg.CERTIFIED, Verdict.REFUTED, "fails at delta = 2", witness=WITNESS),),
)
UNDECIDED = replace(
    PROVED,
    id="forward_kl/em",
    title="EM steps | sideways",
    verdict=Verdict.UNDECIDED,
    detail="stopped after 10000 boxes",
    sentences=("collapse",),
    evidence=(Evidence(Leg.CERTIFIED, Verdict.UNDECIDED, "stopped after 10000 boxes", boxes=10000),),
    depends_on=("overlap/gate-bounds",),
)
ERROR = replace(
    PROVED,
    id="forward_kl/raises",
    title="forward_kl/raises",
    verdict=Verdict.ERROR,
    detail="ZeroDivisionError: <x> & \x0b y",
    evidence=(),
    twin=None,
    sentences=(),
)
SURVIVED = replace(
    PROVED,
    id="replay/twin",
    title="A check that may be unable to fail",
    sentences=("A sentence of a reader's own.",),
    twin=TwinResult({"rate": "2*rho"}, Verdict.UNDECIDED, None, None, "no leg refuted it"),
)
EXPECTED = replace(REFUTED, id="reader/wrong-on-purpose", expect=Verdict.REFUTED, sentences=(), twin=None)
ENVIRONMENT = {"symforget": "0.1.0", "flint": "3.3.1"}
OPTIONS = {"legs": ["certified", "symbolic"], "digits": 30, "quick": False, "seed": 7, "jobs": 2}


def steps(*verdicts: Verdict) -> tuple[StepResult, ...]:
    """A chain of one step, and its conclusion, with the verdicts given."""
    step, closing = verdicts
    return (
        StepResult("", "Int(p_n*p_o/q)", r"\int \frac{p_{n} p_{o}}{q}", "start", Verdict.PROVED),
        StepResult("<=", "BC/2", r"\frac{BC}{2}", "by Cauchy-Schwarz & p_o", step, "the rule refuses"),
        StepResult("", "Int(p_n*p_o/q) <= BC/2", r"\int \frac{p_{n} p_{o}}{q} \leq \frac{BC}{2}", "done", closing),
    )


@pytest.fixture
def good() -> Report:
    """A run in which everything holds."""
    return Report((PROVED,), (), ENVIRONMENT, OPTIONS, seconds=12.34)


@pytest.fixture
def mixed() -> Report:
    """A run in which everything that can go wrong goes wrong once."""
    derivation = DerivationResult(
        "gradient", Verdict.UNDECIDED, steps(Verdict.UNDECIDED, Verdict.PROVED), "divide by 2"
    )
    claims = (PROVED, REFUTED, UNDECIDED, ERROR, SURVIVED, EXPECTED)
    return Report(
        claims, (derivation,), ENVIRONMENT, OPTIONS, seconds=12.34, errors=("broken.py: SyntaxError (line 3)",)
    )


@pytest.fixture
def derivation() -> DerivationResult:
    """A derivation whose steps all close."""
    return DerivationResult("overlap/gate-bounds (upper)", Verdict.PROVED, steps(Verdict.PROVED, Verdict.PROVED))


@pytest.fixture
def broken_derivation() -> DerivationResult:
    """A derivation with a step that is false at a point."""
    chain = steps(Verdict.REFUTED, Verdict.UNDECIDED)
    failing = replace(chain[1], witness=replace(WITNESS, where="step 1 of the derivation"))
    return DerivationResult("overlap/closed-forms", Verdict.REFUTED, (chain[0], failing, chain[2]))
