"""What every report says in brief: counts by verdict, the paper's sentences, a leg's findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symforget.claims import ClaimResult, DerivationResult, Evidence, Leg, Report, Verdict, weakest
from symforget.paper import SENTENCES


@dataclass(frozen=True)
class Sentence:
    """A sentence of the paper and the claims that answer it: those that were checked, of how many there are.

    ``verdict``: the weakest among them, if all were checked; else None.
    """

    text: str
    verdict: Verdict | None
    claims: tuple[str, ...]
    stated: int

    @property
    def checked(self) -> str:
        """How far a sentence without a verdict was checked: ``1 of 10 claims checked``."""
        return f"{len(self.claims)} of {plural(self.stated, 'claim')} checked"


@dataclass(frozen=True)
class Summary:
    """Counts of a run, of claims and of derivations that are no claim's symbolic leg.

    The mappings hold every verdict, strongest first, also those that did not occur. ``twins_left``: whether the run was
    a quick one, which leaves false twins out.
    """

    claims: int
    verdicts: Mapping[Verdict, int]
    expected_refutations: int
    derivations: Mapping[Verdict, int]
    open_legs: tuple[str, ...]
    twins: int
    twins_refuted: int
    twins_left: bool
    sentences: tuple[Sentence, ...]


def summarise(report: Report) -> Summary:
    """Count claims by verdict, count the false twins, and group the claims by the sentence they answer."""
    twins = [claim.twin for claim in report.claims if claim.twin is not None]
    return Summary(
        claims=len(report.claims),
        verdicts=_count(claim.verdict for claim in report.claims),
        expected_refutations=sum(claim.expect is claim.verdict is Verdict.REFUTED for claim in report.claims),
        derivations=_count(derivation.verdict for derivation in separate_derivations(report)),
        open_legs=tuple(open_leg_in_words(claim, e) for claim in report.claims for e in claim.open_legs),
        twins=len(twins),
        twins_refuted=sum(twin.verdict is Verdict.REFUTED for twin in twins),
        twins_left=report.options.get("quick") is True,
        sentences=group_sentences(report),
    )


def _count(found: Iterable[Verdict]) -> dict[Verdict, int]:
    verdicts = list(found)
    return {verdict: verdicts.count(verdict) for verdict in Verdict}


def group_sentences(report: Report) -> tuple[Sentence, ...]:
    """The sentences that claims of a run answer: the paper's in its order, then others as claims name them."""
    found: dict[str, list[ClaimResult]] = {key: [] for key in SENTENCES}
    for claim in report.claims:
        for key in claim.sentences:
            found.setdefault(key, []).append(claim)
    return tuple(_sentence(key, claims, report) for key, claims in found.items() if claims)


def _sentence(key: str, claims: list[ClaimResult], report: Report) -> Sentence:
    ids = tuple(claim.id for claim in claims)
    stated = {*ids, *report.answers.get(key, ())}
    verdict = weakest(claim.verdict for claim in claims) if len(stated) == len(ids) else None
    return Sentence(sentence_text(key), verdict, ids, len(stated))


def sentence_text(key: str) -> str:
    """The paper's sentence that a key stands for; a reader's own claims may give a sentence itself."""
    return SENTENCES.get(key, key)


def survived(claim: ClaimResult) -> bool:
    """Whether the claim's false twin was not refuted, so that its check may be one that cannot fail."""
    return claim.twin is not None and claim.twin.verdict is not Verdict.REFUTED


def needs_attention(claim: ClaimResult) -> bool:
    """Whether a reader must look at it: it does not hold, is not as expected, a leg is open, or its twin survived."""
    if claim.expect is not None and claim.as_expected:
        return survived(claim)
    return not claim.as_expected or not claim.verdict.holds or bool(claim.open_legs) or survived(claim)


def separate_derivations(report: Report) -> tuple[DerivationResult, ...]:
    """The derivations that are no claim's symbolic leg: those a reader's own file states by themselves."""
    claims = {claim.id for claim in report.claims}
    return tuple(derivation for derivation in report.derivations if derivation.id not in claims)


def counts_in_words(summary: Summary) -> str:
    """For example ``57 claims: 40 proved, 15 certified, 2 supported; 57 of 57 false twins refuted``."""
    counted = ", ".join(
        f"{count} {verdict}{_expected(summary, verdict)}" for verdict, count in summary.verdicts.items() if count
    )
    words = f"{plural(summary.claims, 'claim')}: {counted or 'none checked'}"
    if derivations := sum(summary.derivations.values()):
        counted = ", ".join(f"{count} {verdict}" for verdict, count in summary.derivations.items() if count)
        words += f"; {plural(derivations, 'derivation')}: {counted}"
    if summary.twins:
        words += f"; {summary.twins_refuted} of {summary.twins} false twins refuted"
    elif summary.twins_left and summary.claims:
        words += "; false twins left to a full run"
    return words


def _expected(summary: Summary, verdict: Verdict) -> str:
    if verdict is not Verdict.REFUTED or not summary.expected_refutations:
        return ""
    if summary.expected_refutations == summary.verdicts[verdict]:
        return " as expected"
    return f" ({summary.expected_refutations} as expected)"


def open_leg_in_words(claim: ClaimResult, evidence: Evidence) -> str:
    """Which leg of a claim that holds otherwise showed nothing."""
    what = "the derivation" if evidence.leg is Leg.SYMBOLIC else f"the {evidence.leg} leg"
    fate = "does not close" if evidence.leg is Leg.SYMBOLIC else "is undecided"
    part = f" ({evidence.part})" if evidence.part else ""
    return f"{what} of {claim.id}{part} {fate}"


def plural(count: int, noun: str) -> str:
    """``1 claim``, ``2 claims``; the boxes of branch and bound are the only noun with another plural."""
    ending = "" if count == 1 else "es" if noun.endswith("x") else "s"
    return f"{count} {noun}{ending}"


def legs_in_brief(claim: ClaimResult) -> tuple[str, ...]:
    """One short phrase per leg that was run, in the order of the legs, then the twin's fate."""
    by_leg = {leg: [evidence for evidence in claim.evidence if evidence.leg is leg] for leg in Leg}
    phrases = tuple(_leg_in_brief(leg, found) for leg, found in by_leg.items() if found)
    return (*phrases, _twin_in_brief(claim)) if claim.twin is not None else phrases


def certified_where(claim: ClaimResult) -> tuple[str, ...]:
    """The region, for a claim that is certified: it may be smaller than the domain stated."""
    return (claim.detail,) if claim.verdict is Verdict.CERTIFIED and claim.detail else ()


def _leg_in_brief(leg: Leg, found: list[Evidence]) -> str:
    verdict = weakest(evidence.verdict for evidence in found)
    if leg is Leg.SYMBOLIC or not verdict.holds:
        return f"{leg} {verdict}"
    return f"{leg} {extent(found) or 'ok'}"


def extent(found: list[Evidence]) -> str:
    """How far the evidence reaches: all boxes examined, and the fewest digits to which anything agrees."""
    boxes = sum(evidence.boxes or 0 for evidence in found)
    digits = [evidence.digits for evidence in found if evidence.digits is not None]
    reach = [plural(boxes, "box")] if boxes else []
    return ", ".join([*reach, plural(min(digits), "digit")] if digits else reach)


def _twin_in_brief(claim: ClaimResult) -> str:
    assert claim.twin is not None
    return "twin NOT refuted" if survived(claim) else "twin refuted"


def intervals_in_words(domain: Mapping[str, str]) -> str:
    """``beta in (0, 1), delta in [1/2, 8]``, or ``no parameters``."""
    return ", ".join(f"{name} in {interval}" for name, interval in domain.items()) or "no parameters"


def point_in_words(point: Mapping[str, str]) -> str:
    """``beta = 3/10, delta = 2``, or ``no parameters``."""
    return ", ".join(f"{name} = {value}" for name, value in point.items()) or "no parameters"
