"""If these fail, a derivation that no longer closes would hide behind another leg of its claim."""

from dataclasses import replace

import pytest

from symforget.claims import Evidence, Leg, Verdict
from symforget.reports import html, markdown
from symforget.reports.text import render
from symforget.verify import exit_code


@pytest.fixture
def open_derivation(good):
    """A claim certified on a box, whose derivation no longer closes."""
    (claim,) = good.claims
    evidence = (
        Evidence(Leg.SYMBOLIC, Verdict.UNDECIDED, "the chain does not give the statement", "upper"),
        Evidence(Leg.CERTIFIED, Verdict.CERTIFIED, "on a box", "upper", boxes=40),
    )
    return replace(good, claims=(replace(claim, verdict=Verdict.CERTIFIED, evidence=evidence),))


def test_a_derivation_that_does_not_close_fails_a_strict_run(open_derivation, good):
    assert exit_code(open_derivation, strict=True) == 1
    assert exit_code(open_derivation, strict=False) == 0
    assert exit_code(good, strict=True) == 0


def test_attempts_of_symforget_may_fail(open_derivation):
    (claim,) = open_derivation.claims
    assert exit_code(replace(open_derivation, claims=(replace(claim, attempts=True),)), strict=True) == 0


@pytest.mark.parametrize(
    "written",
    [lambda r: render(r, 120).plain, markdown.render, lambda r: html.render(r)["index.html"]],
    ids=["text", "markdown", "html"],
)
def test_reports_name_the_derivation_that_does_not_close(written, open_derivation, good):
    said = "the derivation of overlap/gate-bounds (upper) does not close"
    assert said in written(open_derivation)
    assert "does not close" not in written(good)
