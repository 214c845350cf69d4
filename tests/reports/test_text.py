"""The report in a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symforget.claims import Evidence, Leg, Report, Verdict
from symforget.reports.text import render, summary_line


def test_one_line_per_claim_where_there_is_room(good: Report) -> None:
    """If it failed, verdict, ID, title, legs and twin would not be found together."""
    first = render(good, 180).plain.splitlines()[0]
    assert first == (
        "proved     overlap/gate-bounds  The gate lies below the Bhattacharyya bound  "
        "symbolic proved · certified 1240 boxes · numeric 30 digits · simulation ok · twin refuted"
    )


@pytest.mark.parametrize("width", [50, 66, 80, 100, 120, 160])
def test_no_line_is_wider_than_the_screen(mixed: Report, width: int) -> None:
    """If it failed, the terminal would break lines in the middle of words."""
    too_wide = [line for line in render(mixed, width).plain.splitlines() if len(line) > width]
    assert [line for line in too_wide if not line.startswith("The paper's sentences")] == []


def test_failure_is_shown_with_leg_witness_and_what_was_expected(mixed: Report) -> None:
    """If it failed, a reader could not tell where and by how much a refuted claim fails."""
    text = render(mixed, 120).plain
    block = text.split("\n\nrefuted    overlap/closed-forms\n")[1].split("\n\n")[0]
    assert "leg        certified, refuted" in block
    assert "expected   bhattacharyya(delta) = exp(-delta**2/4) (statement)" in block
    assert "but at     beta = 3/10, delta = 2" in block
    assert "left side  in [0.6065306597, 0.6065306598]" in block
    assert "right side in [0.3678794411, 0.3678794412]" in block


def test_expected_refutation_is_not_raised_as_a_failure(mixed: Report) -> None:
    text = render(mixed, 120).plain
    assert "Overlaps in closed form (as expected)" in text
    assert "\n\nrefuted    reader/wrong-on-purpose\n" not in text


def test_support_says_what_it_consists_in(good: Report) -> None:
    """If it failed, ``supported`` would not say whether it rests on twelve points or on a measured rate."""
    evidence = Evidence(Leg.CERTIFIED, Verdict.SUPPORTED, "holds, certified, at 12 points")
    claim = replace(good.claims[0], verdict=Verdict.SUPPORTED, evidence=(evidence,))
    for width in (80, 160):
        assert "holds, certified, at 12 points" in render(replace(good, claims=(claim,)), width).plain


def test_claim_without_title_shows_its_statement(good: Report) -> None:
    claim = replace(good.claims[0], title="", statements=(("", "x <= 1"),))
    assert "overlap/gate-bounds  x <= 1" in render(replace(good, claims=(claim,)), 160).plain


def test_surviving_twin_is_named_although_the_claim_holds(mixed: Report) -> None:
    """If it failed, a check that cannot fail would pass for evidence."""
    text = render(mixed, 200).plain
    assert "twin NOT refuted" in text
    assert "the claim with rate = 2*rho made false was not refuted but undecided: no leg refuted it" in text


def test_last_lines_group_claims_by_sentence_and_count_verdicts(mixed: Report) -> None:
    """If it failed, a sentence answered by a refuted claim could look better than its weakest claim."""
    sentences, counts = render(mixed, 160).plain.split("\n\n")[-2:]
    lines = [line.strip() for line in sentences.splitlines()]
    gated = next(i for i, line in enumerate(lines) if "overlap-gated" in line)
    assert lines[gated].startswith("refuted ")
    assert lines[gated + 1] == "overlap/gate-bounds, overlap/closed-forms"
    assert lines[1].startswith("undecided  Forward KL trained on data")
    assert counts == (
        "6 claims: 2 proved, 1 undecided, 2 refuted (1 as expected), 1 error; "
        "1 derivation: 1 undecided; 3 of 4 false twins refuted; 12.3 s"
    )


def test_step_that_did_not_close_is_numbered_as_its_check_numbers_it(mixed: Report) -> None:
    text = render(mixed, 120).plain
    assert "undecided  derivation gradient: 1 step\n  step 2     <= BC/2\n" in text
    assert "found      undecided: the rule refuses" in text


def test_verdicts_are_words_and_plain_text_has_no_control_characters(mixed: Report) -> None:
    """If it failed, colour would carry meaning alone, or a file would hold escape sequences."""
    assert not any(ord(character) < 32 and character != "\n" for character in render(mixed, 120).plain)


def test_interrupted_run_says_that_the_rest_was_not_checked(good: Report) -> None:
    assert "interrupted, the rest was not checked" in summary_line(replace(good, interrupted=True))
    assert "interrupted" not in summary_line(good)


def test_run_without_claims_has_a_report() -> None:
    assert render(Report((), (), {}, {}), 80).plain == "0 claims: none checked"


def test_an_expected_refutation_of_a_derivation_is_said_to_be_expected(mixed: Report) -> None:
    """If it failed, a file that marks a derivation as wrong on purpose would look as if it had failed."""
    wrong = replace(mixed.derivations[0], verdict=Verdict.REFUTED, expect=Verdict.REFUTED)
    text = render(replace(mixed, derivations=(wrong,)), 120).plain
    assert "derivation gradient: 1 step (as expected)" in text


def test_a_certified_claim_names_its_region(good: Report) -> None:
    """If it failed, a reader would take a verdict on a box for one on the whole domain."""
    evidence = Evidence(Leg.CERTIFIED, Verdict.CERTIFIED, "for all x in [1/20, 8] (nothing is claimed beyond)", boxes=5)
    claim = replace(good.claims[0], verdict=Verdict.CERTIFIED, evidence=(evidence,))
    assert "for all x in [1/20, 8] (nothing is claimed beyond)" in render(replace(good, claims=(claim,)), 120).plain
