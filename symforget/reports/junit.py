"""JUnit XML, in which continuous-integration services read test results: a claim is a test case.

So is a leg left open: a service counts and lists skipped cases, and reads no output of those that pass.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from symforget.claims import ClaimResult, DerivationResult, Evidence, Report, Verdict
from symforget.reports.steps import labelled
from symforget.reports.summary import (
    certified_where,
    legs_in_brief,
    open_leg_in_words,
    point_in_words,
    separate_derivations,
    survived,
)

# Characters that XML 1.0 cannot hold even when escaped.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, strict: bool = False) -> str:
    """The report as one suite: refuted claims are failures, undecided ones skipped with their reason.

    ``strict``: what is undecided is a failure too, as for the exit code.
    """
    suite = Element("testsuite", name="symforget")
    properties = SubElement(suite, "properties")
    for name, value in sorted(report.environment.items()):
        SubElement(properties, "property", name=name, value=_clean(value))
    for claim in report.claims:
        _claim_case(suite, claim, strict)
        for evidence in claim.open_legs:
            _open_leg_case(suite, claim, evidence, strict)
    for derivation in separate_derivations(report):
        _derivation_case(suite, derivation, strict)
    for number, error in enumerate(report.errors, 1):
        case = SubElement(suite, "testcase", classname="collection", name=f"error {number}", time="0")
        SubElement(case, "error", message=_clean(error), type="error")
    _count(suite, report.seconds)
    root = Element("testsuites", suite.attrib)
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False).join((HEADER, "\n"))


HEADER = '<?xml version="1.0" encoding="utf-8"?>\n'


def _claim_case(suite: Element, claim: ClaimResult, strict: bool) -> None:
    case = _case_of(suite, claim, "", claim.seconds)
    message = _clean(f"{claim.verdict}: {claim.detail or claim.title}")
    if claim.verdict is Verdict.ERROR:
        SubElement(case, "error", message=message, type="error").text = _clean(_account(claim))
    elif not claim.as_expected or survived(claim):
        kind = "survived" if claim.as_expected else str(claim.verdict)
        said = message if not claim.as_expected else "the false twin was not refuted"
        SubElement(case, "failure", message=said, type=kind).text = _clean(_account(claim))
    elif claim.verdict is Verdict.UNDECIDED:
        _undecided(case, message, _account(claim), strict)
    else:
        said = " · ".join([*legs_in_brief(claim), *certified_where(claim)])
        SubElement(case, "system-out").text = _clean(f"{claim.verdict}: {said}")


def _open_leg_case(suite: Element, claim: ClaimResult, evidence: Evidence, strict: bool) -> None:
    part = f", part {evidence.part}" if evidence.part else ""
    case = _case_of(suite, claim, f" ({evidence.leg} leg{part})", evidence.seconds)
    _undecided(case, _clean(f"undecided: {open_leg_in_words(claim, evidence)}"), evidence.detail, strict)


def _case_of(suite: Element, claim: ClaimResult, leg: str, seconds: float) -> Element:
    group, _, slug = claim.id.rpartition("/")
    return SubElement(
        suite, "testcase", classname=group or "claims", name=_clean(f"{slug}{leg}"), time=f"{seconds:.3f}"
    )


def _undecided(case: Element, message: str, account: str, strict: bool) -> None:
    """What was not shown: skipped or, where a run fails by it, a failure."""
    outcome = SubElement(case, "failure" if strict else "skipped", message=message, type=str(Verdict.UNDECIDED))
    outcome.text = _clean(account)


def _account(claim: ClaimResult) -> str:
    """The statements, what every leg found and every witness, one a line."""
    lines = [f"states: {statement}" for _, statement in claim.statements]
    for evidence in claim.evidence:
        part = f", part {evidence.part}" if evidence.part else ""
        lines.append(f"{evidence.leg}{part}, {evidence.verdict}: {evidence.detail}".rstrip(": "))
        if evidence.witness is not None:
            lines += [f"expected: {evidence.witness.relation}", str(evidence.witness)]
    if claim.twin is not None and survived(claim):
        lines.append(f"false twin, {point_in_words(claim.twin.constants)}: {claim.twin.verdict}, {claim.twin.detail}")
    return "\n".join(lines)


def _derivation_case(suite: Element, derivation: DerivationResult, strict: bool) -> None:
    case = SubElement(suite, "testcase", classname="derivation", name=derivation.id, time="0")
    weak = [line for line in labelled(derivation) if not line.step.verdict.holds]
    account = "\n".join(
        f"step {line.label}, {line.step.relation} {line.step.expression}: {line.step.verdict}, "
        f"{line.step.witness or line.step.detail}"
        for line in weak
    )
    if derivation.expect is not None and derivation.as_expected:
        SubElement(case, "system-out").text = _clean(f"{derivation.verdict} as expected: {account}")
    elif derivation.verdict is Verdict.UNDECIDED and derivation.as_expected:
        _undecided(case, _clean(f"undecided: {account}"), account, strict)
    elif not derivation.as_expected:
        tag = "error" if derivation.verdict is Verdict.ERROR else "failure"
        SubElement(case, tag, message=str(derivation.verdict), type=str(derivation.verdict)).text = _clean(account)


def _count(suite: Element, seconds: float) -> None:
    """The totals that readers of the format expect as attributes of the suite."""
    suite.set("tests", str(len(suite.findall("testcase"))))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("time", f"{seconds:.3f}")


def _clean(text: str) -> str:
    return FORBIDDEN.sub("?", text)
