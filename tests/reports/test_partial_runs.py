"""If these fail, a run over a part of the claims would be taken for one over all of them."""

import json
from dataclasses import replace

import pytest
from jsonschema import validate

from symforget.claims import Verdict
from symforget.reports import html, markdown
from symforget.reports.json import document, schema
from symforget.reports.summary import counts_in_words, summarise
from symforget.reports.text import render
from symforget.verify import Options, verify


@pytest.fixture
def partial(good):
    """A run that got to one of the two claims that answer a sentence."""
    return replace(good, answers={"gated": ("overlap/gate-bounds", "overlap/closed-forms")})


@pytest.fixture
def whole(good):
    """A run that got to all there are."""
    return replace(good, answers={"gated": ("overlap/gate-bounds",)})


def sentence(report):
    (found,) = summarise(report).sentences
    return found


def test_a_sentence_has_a_verdict_only_if_all_its_claims_were_checked(partial, whole):
    assert sentence(partial).verdict is None
    assert sentence(whole).verdict is Verdict.PROVED


@pytest.mark.parametrize(
    "written",
    [lambda r: render(r, 120).plain, markdown.render, lambda r: html.render(r)["index.html"]],
    ids=["text", "markdown", "html"],
)
def test_reports_say_how_many_claims_of_a_sentence_were_checked(partial, whole, written):
    assert "1 of 2 claims checked" in written(partial)
    assert "claims checked" not in written(whole)


def test_json_has_no_verdict_for_a_sentence_that_was_checked_in_part(partial, whole):
    for report, verdict, stated in ((partial, None, 2), (whole, "proved", 1)):
        written = json.loads(json.dumps(document(report)))
        validate(written, schema())
        (found,) = written["summary"]["sentences"]
        assert (found["verdict"], found["stated"]) == (verdict, stated)


def test_one_claim_of_the_theory_does_not_settle_a_sentence():
    report = verify(["overlap/gate-bounds"], Options(quick=True))
    assert sentence(report).verdict is None
    assert sentence(report).stated == 10


def test_a_claim_that_met_an_error_still_answers_its_sentence(tmp_path):
    path = tmp_path / "broken_claim.py"
    path.write_text(
        "from symforget.authoring import claim\n"
        '@claim(domain={}, kind="identity", sentence="gated", false_twin={"c": 2})\n'
        "def raises(c=1):\n"
        '    """T.\n\n    Guarantee: g.\n    Hypotheses: h.\n    Source: s.\n    """\n'
        "    raise ValueError\n"
    )
    report = verify([str(path)], Options())
    assert sentence(report).claims == ("broken_claim/raises",)


def test_a_run_of_some_legs_says_so_over_its_sentences(whole):
    every = replace(whole, options={"legs": ["certified", "numeric", "simulation", "symbolic"]})
    some = replace(whole, options={"legs": ["symbolic"]})
    assert "answer each (legs: symbolic):" in render(some, 120).plain
    assert "answer each:" in render(every, 120).plain


def test_a_quick_run_says_that_false_twins_are_left_to_a_full_one():
    """They test the checks: a report must not pass for one in which they were refuted."""
    quick, full = (verify(["overlap/misassignment"], Options(quick=quick)) for quick in (True, False))
    assert quick.claims[0].twin is None and quick.claims[0].verdict is Verdict.PROVED
    assert counts_in_words(summarise(quick)) == "1 claim: 1 proved; false twins left to a full run"
    assert counts_in_words(summarise(full)) == "1 claim: 1 proved; 1 of 1 false twins refuted"
