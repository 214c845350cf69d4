"""JUnit XML."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from symforget.claims import Evidence, Leg, Report, Verdict
from symforget.reports.junit import render


def test_every_claim_is_a_test_case_of_its_group(mixed: Report) -> None:
    suite = ElementTree.fromstring(render(mixed)).find("testsuite")
    assert suite is not None
    cases = [(case.get("classname"), case.get("name")) for case in suite.findall("testcase")]
    assert cases == [
        ("overlap", "gate-bounds"),
        ("overlap", "closed-forms"),
        ("forward_kl", "em"),
        ("forward_kl", "raises"),
        ("replay", "twin"),
        ("reader", "wrong-on-purpose"),
        ("derivation", "gradient"),
        ("collection", "error 1"),
    ]


def test_outcomes_are_those_of_the_claims(mixed: Report) -> None:
    """If it failed, a continuous-integration service would pass a run that refuted something, or fail a good one."""
    suite = ElementTree.fromstring(render(mixed)).find("testsuite")
    assert suite is not None
    outcome = {case.get("name"): [child.tag for child in case] for case in suite.findall("testcase")}
    assert outcome["gate-bounds"] == outcome["wrong-on-purpose"] == ["system-out"]
    assert outcome["closed-forms"] == outcome["twin"] == ["failure"]
    assert outcome["em"] == outcome["gradient"] == ["skipped"]
    assert outcome["raises"] == outcome["error 1"] == ["error"]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "8", "failures": "2", "errors": "2", "skipped": "2"}


OPEN = Evidence(Leg.SYMBOLIC, Verdict.UNDECIDED, "step 2: the rule refuses", "upper", seconds=0.5)


@pytest.mark.parametrize(("strict", "outcome"), [(False, "skipped"), (True, "failure")])
def test_a_leg_left_open_is_a_case_of_its_own_beside_the_claim_that_passes(
    good: Report, strict: bool, outcome: str
) -> None:
    """If it failed, a derivation that no longer closes would show nowhere in a service that hides what passes."""
    claim = replace(good.claims[0], evidence=(*good.claims[0].evidence[2:], OPEN))
    suite = ElementTree.fromstring(render(replace(good, claims=(claim,)), strict)).find("testsuite")
    assert suite is not None
    passes, left_open = suite.findall("testcase")
    assert [child.tag for child in passes] == ["system-out"]
    assert (left_open.get("name"), left_open.get("time")) == ("gate-bounds (symbolic leg, part upper)", "0.500")
    (found,) = left_open
    assert (found.tag, found.text) == (outcome, "step 2: the rule refuses")
    assert found.get("message") == "undecided: the derivation of overlap/gate-bounds (upper) does not close"


def test_strict_makes_failures_of_what_is_undecided(mixed: Report) -> None:
    """If it failed, a run that ends with exit code 1 could have no failure in its file."""
    suite = ElementTree.fromstring(render(mixed, strict=True)).find("testsuite")
    assert suite is not None
    outcome = {case.get("name"): [child.tag for child in case] for case in suite.findall("testcase")}
    assert outcome["em"] == outcome["gradient"] == ["failure"]
    assert (suite.get("failures"), suite.get("skipped")) == ("4", "0")


def test_failure_carries_the_witness(mixed: Report) -> None:
    failure = ElementTree.fromstring(render(mixed)).find(".//testcase[@name='closed-forms']/failure")
    assert failure is not None and failure.text is not None
    assert "beta = 3/10, delta = 2" in failure.text
    assert "[0.3678794411, 0.3678794412]" in failure.text


def test_characters_that_xml_cannot_hold_are_replaced(mixed: Report) -> None:
    """If it failed, one control character in a message would make the whole file unreadable."""
    error = ElementTree.fromstring(render(mixed)).find(".//testcase[@name='raises']/error")
    assert error is not None
    assert error.get("message") == "error: ZeroDivisionError: <x> & ? y"


def test_a_derivation_refuted_as_expected_is_no_failure(mixed: Report) -> None:
    """If it failed, a file that says where it is wrong on purpose could never pass."""
    for expect, failures in ((Verdict.REFUTED, 0), (None, 1)):
        wrong = replace(mixed.derivations[0], verdict=Verdict.REFUTED, expect=expect)
        suite = ElementTree.fromstring(render(Report((), (wrong,), {}, {}))).find("testsuite")
        assert suite is not None
        assert len(suite.findall("testcase/failure")) == failures
