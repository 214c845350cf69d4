"""The report of a run as pages to be read in a browser: an index, and a page for every claim and derivation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from symforget.claims import ClaimResult, DerivationResult, Evidence, Leg, Report, Verdict, WitnessRecord
from symforget.reports.steps import Line, labelled, step_count
from symforget.reports.summary import (
    certified_where,
    counts_in_words,
    extent,
    intervals_in_words,
    legs_in_brief,
    needs_attention,
    open_leg_in_words,
    point_in_words,
    sentence_text,
    separate_derivations,
    summarise,
    survived,
)

Node = str | Element
INDEX, STYLE = "index.html", "style.css"


def render(report: Report) -> dict[str, str]:
    """Path in the report's folder -> text. No page needs a script, or anything from elsewhere."""
    results = {claim.id: claim for claim in report.claims}
    pages = {INDEX: _page("What was verified", _index(report), home=""), STYLE: CSS}
    for claim in report.claims:
        pages[_path(claim)] = _page(claim.id, _claim_page(claim, results), home="../")
    for derivation in separate_derivations(report):
        pages[_path(derivation)] = _page(derivation.id, _derivation_page(derivation), home="../")
    return pages


def _path(result: ClaimResult | DerivationResult) -> str:
    """IDs may hold slashes but no tilde, so that every ID has a path of its own, one folder down."""
    folder = "claims" if isinstance(result, ClaimResult) else "derivations"
    return f"{folder}/{result.id.replace('/', '~')}.html"


def _element(tag: str, *content: Node, **attributes: str) -> Element:
    """An element; text and elements in order. ``kind`` is the attribute `class`, a word that Python keeps."""
    made = Element(tag, {"class" if name == "kind" else name: value for name, value in attributes.items()})
    for node in content:
        if isinstance(node, Element):
            made.append(node)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + node
        else:
            made.text = (made.text or "") + node
    return made


def _page(title: str, body: Iterable[Node], home: str) -> str:
    head = _element(
        "head",
        _element("meta", charset="utf-8"),
        _element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        _element("title", f"{title} - symforget"),
        _element("link", rel="stylesheet", href=home + STYLE),
    )
    way_back = [_element("nav", _element("a", "All claims", href=home + INDEX))] if home else []
    page = _element("html", head, _element("body", *way_back, *body), lang="en")
    return f"<!doctype html>\n{ElementTree.tostring(page, encoding='unicode', method='html')}\n"


def _verdict(verdict: Verdict, expected: Verdict | None = None) -> Element:
    as_expected = " (as expected)" if expected is verdict else ""
    return _element("span", f"{verdict}{as_expected}", kind=f"verdict {verdict}")


def _table(header: Sequence[str], rows: Iterable[Sequence[Node | Sequence[Node]]]) -> Element:
    def cells(tag: str, row: Sequence[Node | Sequence[Node]]) -> Element:
        return _element("tr", *(_element(tag, *([c] if isinstance(c, Node) else c)) for c in row))

    body = _element("tbody", *(cells("td", row) for row in rows))
    return _element("div", _element("table", _element("thead", cells("th", header)), body), kind="wide")


def _fields(pairs: Iterable[tuple[str, Node | Sequence[Node]]]) -> Element:
    """A list of names and what is said under each; empty ones are left out."""
    nodes: list[Node] = []
    for name, said in pairs:
        content = [said] if isinstance(said, Node) else list(said)
        if any(node != "" for node in content):
            nodes += [_element("dt", name), _element("dd", *content)]
    return _element("dl", *nodes)


def _index(report: Report) -> Iterable[Node]:
    summary = summarise(report)
    counted = counts_in_words(summary)
    yield _element("h1", "What was verified")
    yield _element("p", f"{counted[:1].upper()}{counted[1:]}.", kind="counts")
    if report.interrupted:
        yield _element("p", "The run was interrupted; the rest was not checked.", kind="verdict undecided")
    yield from _attention(report)
    results = {claim.id: claim for claim in report.claims}
    if summary.sentences:
        yield _element("h2", "The paper's sentences")
        yield _element("p", "Each with the weakest verdict among the claims that answer it, if all were checked.")
        rows = (
            (s.text, _verdict(s.verdict) if s.verdict else s.checked, _links(s.claims, results, ""))
            for s in summary.sentences
        )
        yield _table(("Sentence", "Verdict", "Claims"), rows)
    for group, claims in groupby(report.claims, lambda claim: claim.id.rpartition("/")[0] or "claims"):
        yield _element("h2", group)
        yield _table(("Verdict", "Claim", "Says", "Evidence"), map(_row, claims))
    derivations = separate_derivations(report)
    if derivations:
        yield _element("h2", "Derivations")
        rows = (
            (_verdict(d.verdict, d.expect), _element("a", d.id, href=_path(d)), step_count(d), d.repair)
            for d in derivations
        )
        yield _table(("Verdict", "Derivation", "Steps", "Repair"), rows)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(report.environment.items()))
    yield _element("footer", versions)


def _row(claim: ClaimResult) -> tuple[Node | Sequence[Node], ...]:
    says = claim.title or "; ".join(statement for _, statement in claim.statements)
    link = _element("a", claim.id, href=_path(claim))
    return (
        _verdict(claim.verdict, claim.expect),
        link,
        says,
        ", ".join([*legs_in_brief(claim), *certified_where(claim)]),
    )


def _links(ids: Sequence[str], results: Mapping[str, ClaimResult], home: str) -> list[Node]:
    """The claims by name, a link where the run has a page for it."""
    nodes: list[Node] = []
    for claim_id in ids:
        known = results.get(claim_id)
        link = claim_id if known is None else _element("a", claim_id, href=home + _path(known))
        nodes += [", ", link] if nodes else [link]
    return nodes


def _attention(report: Report) -> Iterable[Node]:
    found = [claim for claim in report.claims if needs_attention(claim)]
    if not found and not report.errors:
        return
    yield _element("h2", "What needs attention")
    said = [(c, "; ".join([*filter(None, [c.detail]), *(open_leg_in_words(c, e) for e in c.open_legs)])) for c in found]
    items = [_element("li", _verdict(c.verdict), " ", _element("a", c.id, href=_path(c)), f" {why}") for c, why in said]
    yield _element("ul", *items, *(_element("li", _verdict(Verdict.ERROR), f" {error}") for error in report.errors))


def _claim_page(claim: ClaimResult, results: Mapping[str, ClaimResult]) -> Iterable[Node]:
    yield _element("h1", claim.id)
    yield _element("p", _verdict(claim.verdict, claim.expect), f" {claim.title}", kind="title")
    if claim.detail:
        yield _element("p", claim.detail)
    for name, statement in claim.statements:
        yield _element("figure", *([_element("figcaption", name)] if name else []), _element("code", statement))
    used_by = [other.id for other in results.values() if claim.id in other.depends_on]
    yield _fields(
        (
            ("Parameters", intervals_in_words(claim.domain)),
            ("Densities", claim.densities),
            ("Kind", claim.kind),
            ("Hypotheses", claim.hypotheses),
            ("Source", claim.source),
            ("Answers", [node for key in claim.sentences for node in (_element("q", sentence_text(key)), " ")]),
            ("Depends on", _links(claim.depends_on, results, "../")),
            ("Used by", _links(used_by, results, "../")),
        )
    )
    if claim.evidence:
        yield _element("h2", "Evidence")
        yield _table(("Leg", "Part", "Verdict", "Reach", "What was found"), map(_evidence, claim.evidence))
    yield from _witnesses(claim)
    yield from _twin(claim)
    if any(e.leg is Leg.SYMBOLIC and e.verdict.holds for e in claim.evidence):
        yield _element("p", "The derivation, step by step: ", _element("code", f"symforget derive {claim.id}"))


def _evidence(found: Evidence) -> tuple[Node | Sequence[Node], ...]:
    return str(found.leg), found.part, _verdict(found.verdict), extent([found]), found.detail


def _witnesses(claim: ClaimResult) -> Iterable[Node]:
    for evidence in claim.evidence:
        if evidence.witness is not None:
            yield _element("h2", f"Witness against the {evidence.witness.where}")
            yield _witness(evidence.witness)


def _witness(witness: WitnessRecord) -> Element:
    return _fields(
        (
            ("Expected", _element("code", witness.relation)),
            ("But at", point_in_words(witness.point)),
            ("Left side in", _element("code", witness.left)),
            ("Right side in", _element("code", witness.right)),
        )
    )


def _twin(claim: ClaimResult) -> Iterable[Node]:
    """The false twin and what refuted it, by which a reader sees that the check can fail."""
    if claim.twin is None:
        return
    yield _element("h2", "False twin")
    fate = "was not refuted" if survived(claim) else f"is refuted by the {claim.twin.leg} leg"
    changed = _element("code", point_in_words(claim.twin.constants))
    yield _element("p", "The same claim with ", changed, f" {fate}.")
    if claim.twin.witness is not None:
        yield _witness(claim.twin.witness)
    elif claim.twin.detail:
        yield _element("p", claim.twin.detail)


def _derivation_page(derivation: DerivationResult) -> Iterable[Node]:
    yield _element("h1", derivation.id)
    yield _element("p", _verdict(derivation.verdict, derivation.expect), f" {step_count(derivation)}", kind="title")
    if derivation.repair:
        yield _element("p", f"Repair: {derivation.repair}")
    yield _table(("", "", "Expression", "Reason", "Verdict"), map(_step, labelled(derivation)))
    for line in labelled(derivation):
        if line.step.witness is not None:
            yield _element("h2", "Witness against the conclusion" if line.concludes else f"Witness, step {line.label}")
            yield _witness(line.step.witness)


def _step(line: Line) -> tuple[Node | Sequence[Node], ...]:
    step = line.step
    told = "" if step.verdict.holds else step.detail
    why = "" if line.starts else "; ".join(filter(None, (step.reason, told)))
    verdict = "" if line.starts else _verdict(step.verdict)
    return line.label, step.relation, _element("code", step.expression), why, verdict


CSS = """\
:root { color-scheme: light dark; --line: #8884; --good: #17752f; --some: #0b6a8f; --open: #8a6100; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --good: #6fd28a; --some: #6cc7ea; --open: #e3b341; --bad: #ff8a80; }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; }
h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid var(--line); }
.counts, .title { font-size: 1.1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
td:has(.verdict) { white-space: nowrap; }
code { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
figure { margin: 1rem 0; padding: .6rem 1rem; border-left: 3px solid var(--line); }
figcaption { font-size: .9rem; opacity: .75; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; }
dt { font-weight: 600; }
dd { margin: 0; }
footer { margin-top: 3rem; font-size: .85rem; opacity: .75; }
.verdict { font-weight: 600; }
.proved, .certified { color: var(--good); }
.supported { color: var(--some); }
.undecided { color: var(--open); }
.refuted, .error { color: var(--bad); }
"""
