"""Derivations as text."""

from __future__ import annotations

from symforget.claims import DerivationResult
from symforget.reports.steps import labelled, render


def test_lines_are_numbered_from_the_start_and_the_conclusion_is_not(derivation: DerivationResult) -> None:
    assert [line.label for line in labelled(derivation)] == ["1", "2", "so"]


def test_chain_of_two_starts_is_no_conclusion(derivation: DerivationResult) -> None:
    """If it failed, the start of a second chain would be printed as what follows from the first."""
    start, step, _ = derivation.steps
    two = DerivationResult("x", derivation.verdict, (start, step, start, step))
    assert [line.label for line in labelled(two)] == ["1", "2", "3", "4"]
    assert [line.starts for line in labelled(two)] == [True, False, True, False]


def test_derivation_reads_from_start_to_conclusion(derivation: DerivationResult) -> None:
    assert render(derivation, 80).plain.splitlines() == [
        "   1     Int(p_n*p_o/q)",
        "   2  <= BC/2",
        "             proved: by Cauchy-Schwarz & p_o",
        "",
        "  so     Int(p_n*p_o/q) <= BC/2",
        "             proved: done",
        "",
        "proved: 1 step checked",
    ]


def test_false_step_shows_where_it_fails(broken_derivation: DerivationResult) -> None:
    """If it failed, a refuted step would look like one that merely did not close."""
    text = " ".join(render(broken_derivation, 100).plain.split())
    assert "refuted: by Cauchy-Schwarz & p_o" in text
    assert "fails at beta = 3/10, delta = 2: left side in [0.6065306597, 0.6065306598]" in text
    assert text.endswith("refuted: 1 step checked; not closed: step 2, the conclusion")
