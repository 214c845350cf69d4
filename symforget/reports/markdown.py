"""The report of a run as Markdown, ready for a paper's supplement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from symforget.claims import ClaimResult, DerivationResult, Report
from symforget.reports.steps import step_count
from symforget.reports.summary import (
    Sentence,
    certified_where,
    counts_in_words,
    intervals_in_words,
    legs_in_brief,
    needs_attention,
    open_leg_in_words,
    point_in_words,
    separate_derivations,
    summarise,
    survived,
)


def render(report: Report) -> str:
    """A table of claims by group, then what needs attention, the paper's sentences and the versions used."""
    summary = summarise(report)
    sections = [
        ["# What was verified", "", _sentence_case(counts_in_words(summary)) + ".", *_interrupted(report)],
        *(_group(name, list(claims)) for name, claims in groupby(report.claims, _group_name)),
        _derivations(separate_derivations(report)),
        _attention(report),
        _sentences(summary.sentences),
        _environment(report),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _interrupted(report: Report) -> list[str]:
    return ["", "**The run was interrupted; the rest was not checked.**"] if report.interrupted else []


def _group_name(claim: ClaimResult) -> str:
    return claim.id.rpartition("/")[0] or "claims"


def _group(name: str, claims: Sequence[ClaimResult]) -> list[str]:
    header = ("Claim", "Statement", "Parameters", "Densities", "Verdict", "Evidence")
    return [f"## {_escape(name)}", "", *_table(header, (_row(claim) for claim in claims))]


def _row(claim: ClaimResult) -> tuple[str, ...]:
    statements = "<br>".join(_code(statement) for _, statement in claim.statements)
    return (
        f"{_code(claim.id)}<br>{_escape(claim.title)}",
        statements,
        _code(intervals_in_words(claim.domain)) if claim.domain else "none",
        _escape(claim.densities),
        f"**{_verdict(claim)}**",
        _escape(", ".join([*legs_in_brief(claim), *certified_where(claim)])),
    )


def _verdict(result: ClaimResult | DerivationResult) -> str:
    return f"{result.verdict} (as expected)" if result.expect is result.verdict else str(result.verdict)


def _derivations(derivations: Sequence[DerivationResult]) -> list[str]:
    if not derivations:
        return []
    rows = ((_code(d.id), step_count(d), f"**{_verdict(d)}**", _escape(d.repair)) for d in derivations)
    return ["## Derivations", "", *_table(("Derivation", "Steps", "Verdict", "Repair"), rows)]


def _attention(report: Report) -> list[str]:
    found = [claim for claim in report.claims if needs_attention(claim)]
    if not found and not report.errors:
        return []
    lines = ["## What needs attention", ""]
    for claim in found:
        lines.append(f"- {_code(claim.id)}: **{claim.verdict}**. {_escape(claim.detail)}".rstrip())
        for evidence in claim.evidence:
            if (witness := evidence.witness) is not None:
                where = f"{evidence.leg} leg, {witness.where}: {_code(witness.relation)} fails at"
                sides = f"left side in {_code(witness.left)}, right side in {_code(witness.right)}"
                lines.append(f"  - {where} {_code(point_in_words(witness.point))}; {sides}.")
        lines += [f"  - {open_leg_in_words(claim, e)}: {_escape(e.detail)}" for e in claim.open_legs]
        if survived(claim) and claim.twin is not None:
            lines.append(f"  - the false twin ({point_in_words(claim.twin.constants)}) was not refuted")
    return [*lines, *(f"- error: {_escape(error)}" for error in report.errors)]


def _sentences(sentences: Sequence[Sentence]) -> list[str]:
    if not sentences:
        return []
    rows = (
        (_escape(s.text), f"**{s.verdict}**" if s.verdict else s.checked, ", ".join(map(_code, s.claims)))
        for s in sentences
    )
    return [
        "## The paper's sentences",
        "",
        "Each with the weakest verdict among the claims that answer it, if all of them were checked.",
        "",
        *_table(("Sentence", "Verdict", "Claims"), rows),
    ]


def _environment(report: Report) -> list[str]:
    if not report.environment:
        return []
    versions = ", ".join(f"{name} {version}" for name, version in sorted(report.environment.items()))
    return ["## Versions", "", _escape(versions) + "."]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _escape(text: str) -> str:
    """Prose for a table cell: one line, with the characters that Markdown would read as markup escaped."""
    text = " ".join(text.split())
    return "".join("\\" + character if character in "\\|*_`<>[]$" else character for character in text)


def _code(text: str) -> str:
    """A code span for a table cell; a bar must be escaped there even inside code."""
    text = " ".join(text.split()).replace("|", "\\|")
    return f"``{text}``" if "`" in text else f"`{text}`"
