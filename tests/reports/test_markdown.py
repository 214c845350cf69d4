"""The Markdown report."""

from __future__ import annotations

import re
from dataclasses import replace

from symforget.claims import Report
from symforget.reports.markdown import render


def cells(line: str) -> list[str]:
    """The cells of a table's row, as Markdown reads them."""
    return re.split(r"(?<!\\)\|", line.strip())[1:-1]


def test_every_row_has_as_many_cells_as_its_header(mixed: Report) -> None:
    """If it failed, a bar in a title or a statement would shift the columns of the table."""
    width = 0
    rows = 0
    for line in render(mixed).splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        width = width or len(cells(line))
        rows += 1
        assert len(cells(line)) == width, line
    assert rows > 10


def test_claim_row_has_statement_verdict_and_evidence(good: Report) -> None:
    row = next(line for line in render(good).splitlines() if "overlap/gate-bounds" in line)
    assert "`H(beta) >= BC**2`" in row
    assert "**proved**" in row
    assert "certified 1240 boxes" in row and "twin refuted" in row


def test_refuted_claim_is_listed_with_its_witness(mixed: Report) -> None:
    assert "fails at `beta = 3/10, delta = 2`; left side in `[0.6065306597, 0.6065306598]`" in render(mixed)


def test_good_run_has_no_section_on_what_needs_attention(good: Report, mixed: Report) -> None:
    assert "needs attention" not in render(good)
    assert "needs attention" in render(mixed)


def test_interrupted_run_is_marked(good: Report) -> None:
    """If it failed, a supplement could pass off a part of the claims as all of them."""
    assert "interrupted" in render(replace(good, interrupted=True))
