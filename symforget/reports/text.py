"""The report of a run as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.text import Text

from symforget.claims import ClaimResult, DerivationResult, Evidence, Leg, Report, Verdict, WitnessRecord
from symforget.reports.colours import STYLES
from symforget.reports.layout import formula, paragraph
from symforget.reports.steps import THEREFORE, labelled, step_count
from symforget.reports.summary import (
    Summary,
    counts_in_words,
    extent,
    legs_in_brief,
    needs_attention,
    point_in_words,
    separate_derivations,
    summarise,
    survived,
)

GAP = "  "
VERDICT_WIDTH = max(len(verdict) for verdict in Verdict)
LABEL_WIDTH = 11
NARROWEST_TITLE = 40


def render(report: Report, width: int) -> Text:
    """The whole report, wrapped to ``width`` columns; colours only repeat what the words say."""
    summary = summarise(report)
    sections: tuple[list[Text], ...] = (
        _claim_lines(report.claims, width),
        _derivation_lines(separate_derivations(report), width),
        _attention(report, width),
        _sentences(report, summary, width),
        _closing(report, summary, width),
    )
    return Text("\n\n").join(Text("\n").join(lines) for lines in sections if lines)


def summary_line(report: Report) -> str:
    """The last line of the report by itself."""
    seconds = f"; {report.seconds:.1f} s" if report.seconds else ""
    ending = "; interrupted, the rest was not checked" if report.interrupted else ""
    return f"{counts_in_words(summarise(report))}{seconds}{ending}"


def _labelled(verdict: Verdict, rest: str, style: str = "") -> Text:
    """A line that begins with its verdict, padded to the common width."""
    return Text.assemble((f"{verdict:<{VERDICT_WIDTH}}", STYLES[verdict]), GAP, (rest, style))


def _claim_lines(claims: Iterable[ClaimResult], width: int) -> list[Text]:
    """A line per claim where titles and legs fit beside each other, else the legs below, for all alike."""
    rows = [(claim, " · ".join(legs_in_brief(claim))) for claim in claims]
    if not rows:
        return []
    id_width = max(len(claim.id) for claim, _ in rows)
    title_width = max(len(_title(claim)) for claim, _ in rows)
    longest = max(len(legs) for _, legs in rows)
    margin = VERDICT_WIDTH + len(GAP)
    if margin + id_width + len(GAP) + title_width + len(GAP) + longest <= width:
        return [line for row in rows for line in _beside(*row, id_width, title_width, width)]
    # The legs move left, all of them alike, if the longest fits on one line that way.
    legs_indent = min(margin + id_width + len(GAP), max(width - longest, margin + len(GAP)))
    return [line for row in rows for line in _stacked(*row, id_width, legs_indent, width)]


def _title(claim: ClaimResult) -> str:
    """The title, or for want of one the statement; and whether a refutation is as expected or of a step only."""
    title = claim.title or "; ".join(statement for _, statement in claim.statements)
    if claim.only_a_step_fails:
        title += " (a step of its derivation is false)"
    return f"{title} (as expected)" if claim.expect is claim.verdict else title


def _beside(claim: ClaimResult, legs: str, id_width: int, title_width: int, width: int) -> list[Text]:
    row = f"{claim.id:<{id_width}}{GAP}{_title(claim):<{title_width}}{GAP}{legs}".rstrip()
    return [_labelled(claim.verdict, row), *_note(claim, VERDICT_WIDTH + len(GAP) + id_width + len(GAP), width)]


def _stacked(claim: ClaimResult, legs: str, id_width: int, legs_indent: int, width: int) -> list[Text]:
    """The title beside the ID where there is room for it, the legs below it; on a narrow screen all below the ID."""
    indent = " " * (VERDICT_WIDTH + len(GAP) + id_width + len(GAP))
    if len(indent) + NARROWEST_TITLE <= width:
        first = f"{claim.id:<{id_width}}{GAP}"
        lines = [_labelled(claim.verdict, first + paragraph(_title(claim), width, indent).lstrip())]
    else:
        indent = " " * (VERDICT_WIDTH + 2 * len(GAP))
        lines = [_labelled(claim.verdict, claim.id), Text(paragraph(_title(claim), width, indent))]
    if legs:
        lines.append(Text(_wrap_phrases(legs, width, " " * min(legs_indent, len(indent))), "dim"))
    return [*lines, *_note(claim, min(legs_indent, len(indent)), width)]


def _note(claim: ClaimResult, indent: int, width: int) -> list[Text]:
    """What support consists in, and the region that was certified: the verdict by itself does not say."""
    if claim.verdict not in (Verdict.SUPPORTED, Verdict.CERTIFIED):
        return []
    details = [e.detail for e in claim.evidence if e.verdict is claim.verdict and e.detail]
    shown = dict.fromkeys(details if claim.verdict is Verdict.CERTIFIED else details[:1])
    return [Text(paragraph(detail, width, " " * indent), "dim") for detail in shown]


def _wrap_phrases(phrases: str, width: int, indent: str) -> str:
    """Wrap ``a · b · c`` at the dots only, so that a phrase stays in one piece."""
    lines = [""]
    for phrase in phrases.split(" · "):
        joined = f"{lines[-1]} · {phrase}" if lines[-1] else phrase
        if len(indent) + len(joined) > width and lines[-1]:
            lines.append(phrase)
        else:
            lines[-1] = joined
    return "\n".join(indent + line for line in lines)


def _derivation_lines(derivations: Iterable[DerivationResult], width: int) -> list[Text]:
    lines: list[Text] = []
    for derivation in derivations:
        expected = " (as expected)" if derivation.expect is derivation.verdict else ""
        lines.append(_labelled(derivation.verdict, f"derivation {derivation.id}: {step_count(derivation)}{expected}"))
        if not derivation.verdict.holds:
            lines += [Text(line) for line in _weak_steps(derivation, width)]
    return lines


def _weak_steps(derivation: DerivationResult, width: int) -> Iterable[str]:
    for line in labelled(derivation):
        step = line.step
        if step.verdict.holds:
            continue
        label = "conclusion" if line.label == THEREFORE else f"step {line.label}"
        yield _field(label, f"{step.relation} {step.expression}".strip(), width, formula)
        if step.reason:
            yield _field("reason", step.reason, width)
        telling = step.detail if step.witness is None else ""
        yield _field("found", f"{step.verdict}: {telling}" if telling else str(step.verdict), width)
        yield from _witness(step.witness, width)
    if derivation.repair:
        yield _field("repair", derivation.repair, width)


def _attention(report: Report, width: int) -> list[Text]:
    """What does not hold, with its evidence; errors met outside any claim come last."""
    lines: list[Text] = []
    for claim in filter(needs_attention, report.claims):
        lines += [Text(), *_expanded(claim, width)] if lines else _expanded(claim, width)
    lines += [Text()] if lines and report.errors else []
    lines += [_labelled(Verdict.ERROR, paragraph(error, width - 11, " " * 11, "")) for error in report.errors]
    return lines


def _expanded(claim: ClaimResult, width: int) -> list[Text]:
    wanted = f" (expected {claim.expect})" if claim.expect not in (None, claim.verdict) else ""
    heading = _labelled(claim.verdict, f"{claim.id}{wanted}", "bold")
    fields: list[str] = []
    for name, statement in claim.statements:
        fields.append(_field("states", f"{name}: {statement}" if name else statement, width, formula))
    if claim.detail:
        fields.append(_field("because", claim.detail, width))
    for evidence in claim.evidence:
        if not claim.verdict.holds or evidence in claim.open_legs:
            fields += _evidence(evidence, claim, width)
    if survived(claim):
        fields += _surviving_twin(claim, width)
    return [heading, *map(Text, fields)]


def _evidence(evidence: Evidence, claim: ClaimResult, width: int) -> Iterable[str]:
    """What a leg found; a leg that holds gets one line, since the reader looks for the one that does not."""
    part = f", part {evidence.part}" if evidence.part else ""
    reach = f", {found}" if (found := extent([evidence])) else ""
    said = f": {evidence.detail}" if evidence.detail and evidence.detail != claim.detail else ""
    yield _field("leg", f"{evidence.leg}{part}, {evidence.verdict}{reach}{said}", width)
    yield from _witness(evidence.witness, width)


def _witness(witness: WitnessRecord | None, width: int) -> Iterable[str]:
    if witness is None:
        return
    yield _field("expected", f"{witness.relation} ({witness.where})", width, formula)
    yield _field("but at", point_in_words(witness.point), width)
    yield _field("left side", _enclosed(witness.left), width, formula)
    yield _field("right side", _enclosed(witness.right), width, formula)


def _enclosed(side: str) -> str:
    """``in [a, b]`` for an enclosure, and an exact value by itself."""
    return f"in {side}" if side.startswith("[") else side


def _surviving_twin(claim: ClaimResult, width: int) -> Iterable[str]:
    assert claim.twin is not None
    changed = f"the claim with {point_in_words(claim.twin.constants)} made false"
    yield _field(
        "false twin",
        f"{changed} was not refuted but {claim.twin.verdict}: {claim.twin.detail}".rstrip(": "),
        width,
    )


def _field(label: str, text: str, width: int, wrap: Callable[[str, int, str, str], str] = paragraph) -> str:
    """A labelled entry of an expanded claim; a label longer than its column gets a line of its own."""
    indent = " " * (2 + LABEL_WIDTH)
    if len(label) < LABEL_WIDTH:
        return wrap(text, width, indent, f"  {label:<{LABEL_WIDTH}}")
    return f"  {label}\n{wrap(text, width, indent, indent)}"


def _sentences(report: Report, summary: Summary, width: int) -> list[Text]:
    if not summary.sentences:
        return []
    indent = " " * (VERDICT_WIDTH + len(GAP))
    legs = report.options.get("legs", Leg)
    limited = f" (legs: {', '.join(legs)})" if len(legs) < len(Leg) else ""
    heading = f"The paper's sentences, with the weakest verdict among the claims that answer each{limited}:"
    lines = [Text(paragraph(heading, width), "bold")]
    for sentence in summary.sentences:
        said, claims = paragraph(sentence.text, width, indent), ", ".join(sentence.claims)
        if sentence.verdict is None:
            lines.append(Text(said))
            claims = f"{sentence.checked}: {claims}"
        else:
            lines.append(_labelled(sentence.verdict, said.lstrip()))
        lines.append(Text(paragraph(claims, width, indent + GAP), "dim"))
    return lines


def _closing(report: Report, summary: Summary, width: int) -> list[Text]:
    unexpected = any(not result.as_expected for result in (*report.claims, *report.derivations))
    worst = unexpected or report.errors or report.interrupted
    open_legs = [_labelled(Verdict.UNDECIDED, said) for said in summary.open_legs]
    return [*open_legs, Text(paragraph(summary_line(report), width), "bold red" if worst else "bold")]
