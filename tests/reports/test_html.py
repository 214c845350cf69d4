"""The report as pages for a browser."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from symforget.claims import Report
from symforget.reports.html import INDEX, render

EMPTY = {"meta", "link", "br"}


class Page(HTMLParser):
    """What a browser makes of a page: its links, its text, and whether every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.said: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name == "href" and value]
        assert tag != "script"
        self.open += [] if tag in EMPTY else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.said).split())


def page_of(report: Report, claim_id: str) -> Page:
    return Page(render(report)[f"claims/{claim_id.replace('/', '~')}.html"])


def test_every_link_leads_to_a_page_of_the_report(mixed: Report) -> None:
    """If it failed, a report put on a server would have dead links, or ask for something from elsewhere."""
    pages = render(mixed)
    for name, text in pages.items():
        if name.endswith(".html"):
            for link in Page(text).links:
                assert posixpath.normpath(posixpath.join(posixpath.dirname(name), link)) in pages, (name, link)
    assert len(pages) == 2 + len(mixed.claims) + len(mixed.derivations)


def test_index_counts_and_names_every_claim_and_what_needs_attention(mixed: Report) -> None:
    index = Page(render(mixed)[INDEX])
    assert all(claim.id in index.text for claim in mixed.claims)
    assert "6 claims: 2 proved, 1 undecided, 2 refuted (1 as expected), 1 error" in index.text
    assert "needs attention" in index.text
    assert "broken.py: SyntaxError (line 3)" in index.text
    assert "refuted (as expected)reader/wrong-on-purpose" in index.text


def test_good_run_has_nothing_that_needs_attention(good: Report) -> None:
    index = Page(render(good)[INDEX])
    assert "needs attention" not in index.text
    assert "1 claim: 1 proved; 1 of 1 false twins refuted." in index.text


def test_claim_page_has_statement_evidence_and_the_twins_witness(good: Report) -> None:
    page = page_of(good, "overlap/gate-bounds")
    assert "H(beta) >= BC**2" in page.text and "certifiedlowercertified1200 boxes" in page.text
    assert "The same claim with constant = 1/4 is refuted by the certified leg." in page.text
    assert "But atbeta = 3/10, delta = 2" in page.text


def test_refuted_claim_shows_its_witness_and_a_surviving_twin_is_said(mixed: Report) -> None:
    assert "Witness against the statement" in page_of(mixed, "overlap/closed-forms").text
    assert "was not refuted" in page_of(mixed, "replay/twin").text


def test_dependencies_are_linked_in_both_directions(mixed: Report) -> None:
    assert "overlap~gate-bounds.html" in " ".join(page_of(mixed, "forward_kl/em").links)
    assert "forward_kl~em.html" in " ".join(page_of(mixed, "overlap/gate-bounds").links)


def test_markup_in_what_users_write_is_shown_and_not_obeyed(mixed: Report) -> None:
    """If it failed, a claims file could bring a script into the reviewer's browser."""
    hostile = replace(mixed.claims[0], title="<script>alert(1)</script>", statements=(("<b>", "x < 1 & y > 2"),))
    report = replace(mixed, claims=(hostile,), errors=("<img src=x>",))
    assert "<script>alert(1)</script>" in Page(render(report)[INDEX]).text
    assert "x < 1 & y > 2" in page_of(report, hostile.id).text


@pytest.mark.parametrize("claim_id", ["a/../../outside", "a/b", "index"])
def test_every_page_stays_in_the_reports_folder(good: Report, claim_id: str) -> None:
    """If it failed, the ID of a stranger's claim could choose which file is overwritten."""
    report = replace(good, claims=(replace(good.claims[0], id=claim_id),))
    for name in render(report):
        assert ".." not in name.split("/") and name.count("/") <= 1


def test_interrupted_run_is_marked_and_no_time_is_told(good: Report) -> None:
    """If it failed, part of the claims would pass for all, or two equal runs would give different pages."""
    assert "interrupted" in Page(render(replace(good, interrupted=True))[INDEX]).text
    later = replace(good, seconds=99.0, claims=(replace(good.claims[0], seconds=7.0),))
    assert render(later) == render(good)


def test_derivation_page_has_every_step_with_its_reason(mixed: Report) -> None:
    page = Page(render(mixed)["derivations/gradient.html"])
    assert "by Cauchy-Schwarz & p_o; the rule refuses" in page.text and "Repair: divide by 2" in page.text
