"""If these fail, a run would misreport what its legs found, or one bad file would spoil the rest."""

import json
import textwrap

import pytest

from symforget.claims import Leg, Verdict
from symforget.collect import collect, load
from symforget.errors import InputError
from symforget.verify import Options, exit_code, run_claim, verify, with_dependencies

HEADER = '''
"""A derivation file for a test."""
from sympy import Rational, Symbol, sqrt
from symforget.authoring import claim, eq, ge, le
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.legs.certified import Boxes, at, over
from symforget.legs.numeric import agree
from symforget.rules import Algebra, Lemma, SignOf
x = Symbol("x", positive=True)
y = Symbol("y", positive=True)
'''

MEANS = '''
@claim(domain={x: "(0, oo)", y: "(0, oo)"}, kind="upper bound", false_twin={"factor": 3})
def means(factor=2):
    """The geometric mean is at most the arithmetic mean.

    Guarantee: **tight**, at x = y.
    Hypotheses: x, y > 0.
    Source: a test.
    """
    return Part(
        le(factor * sqrt(x * y), x + y),
        symbolic=Derivation(factor * sqrt(x * y)).at_most(x + y, by=SignOf((sqrt(x) - sqrt(y)) ** 2)),
    )
'''

BORROWED = '''
@claim(domain={x: "(0, oo)"}, kind="upper bound", depends_on=["DEPENDENCY"], false_twin={"factor": 3})
def borrowed(factor=2):
    """The same with y = 1.

    Guarantee: **tight**.
    Hypotheses: x > 0.
    Source: a test.
    """
    return Part(
        le(factor * sqrt(x), x + 1),
        symbolic=Derivation(2 * sqrt(x)).at_most(x + 1, by=Lemma("DEPENDENCY", at={y: 1})),
    )
'''


@pytest.fixture
def write(tmp_path):
    def write(name, *claims):
        path = tmp_path / f"{name}.py"
        path.write_text(HEADER + "\n".join(textwrap.dedent(c) for c in claims))
        return str(path)

    return write


def run(path, *options, **named):
    return verify([path], Options(**named))


def test_a_true_claim_is_proved_and_its_false_twin_refuted_with_a_witness(write):
    report = run(write("small", MEANS))
    (result,) = report.claims
    assert result.verdict is Verdict.PROVED
    assert result.twin.verdict is Verdict.REFUTED
    assert result.twin.witness.point.keys() == {"x", "y"}
    assert exit_code(report, strict=True) == 0


def test_an_edited_constant_in_the_statement_is_refuted(write):
    report = run(write("small", MEANS.replace("factor=2", "factor=Rational(5, 2)")))
    (result,) = report.claims
    assert result.verdict is Verdict.REFUTED
    assert result.witness.where == "statement"
    assert exit_code(report, strict=False) == 1


def test_an_edited_constant_in_a_step_is_refuted_at_that_step(write):
    wrong = MEANS.replace(".at_most(x + y,", ".equals(x + 2 * y, by=Algebra()).at_most(x + y,")
    (result,) = run(write("small", wrong)).claims
    assert result.verdict is Verdict.REFUTED
    assert "step 2" in result.witness.where


def test_a_step_that_is_true_but_not_shown_is_undecided(write):
    vague = MEANS.replace("SignOf((sqrt(x) - sqrt(y)) ** 2)", "SignOf(x + y - 2 * sqrt(x * y) + 0 * x)")
    (result,) = run(write("small", vague)).claims
    assert result.verdict in (Verdict.UNDECIDED, Verdict.PROVED)
    wrong_rule = MEANS.replace("SignOf((sqrt(x) - sqrt(y)) ** 2)", "SignOf((sqrt(x) + sqrt(y)) ** 2)")
    (result,) = run(write("small", wrong_rule)).claims
    assert result.verdict is Verdict.UNDECIDED
    assert "stated difference" in result.detail


def test_a_claim_is_no_surer_than_what_it_depends_on(write):
    unproved = MEANS.replace("symbolic=", "certified=(at({x: 1, y: 2}),) if True else ").replace(
        "SignOf((sqrt(x) - sqrt(y)) ** 2)),", "SignOf(x)),"
    )
    report = run(write("small", unproved, BORROWED.replace("DEPENDENCY", "small/means")))
    verdicts = {r.id: r.verdict for r in report.claims}
    assert verdicts == {"small/means": Verdict.SUPPORTED, "small/borrowed": Verdict.SUPPORTED}


def test_a_lemma_is_used_only_inside_its_domain(write):
    outside = BORROWED.replace("DEPENDENCY", "small/means").replace("{y: 1}", "{y: -1}")
    (_, result) = run(write("small", MEANS, outside)).claims
    assert result.verdict is Verdict.UNDECIDED
    assert "lemma's domain" in result.detail


def test_an_unknown_dependency_and_a_circle_are_named(write):
    with pytest.raises(InputError, match="small/borrowed depends on small/nothing"):
        run(write("small", BORROWED.replace("DEPENDENCY", "small/nothing")))
    library = load([])
    assert with_dependencies(library, ()) == ()
    with pytest.raises(InputError, match="in a circle"):
        run(write("small", BORROWED.replace("DEPENDENCY", "small/borrowed")))


def test_a_claim_cannot_be_its_own_lemma(write):
    """A proof that used its own statement would prove anything."""
    circular = MEANS.replace("SignOf((sqrt(x) - sqrt(y)) ** 2)", 'Lemma("small/means")')
    (result,) = run(write("small", circular)).claims
    assert not result.verdict.holds
    assert "small/means has no part" in result.detail


def test_a_lemma_must_be_declared(write):
    silent = BORROWED.replace('depends_on=["DEPENDENCY"], ', "").replace("DEPENDENCY", "small/means")
    (_, result) = run(write("small", MEANS, silent)).claims
    assert not result.verdict.holds
    assert "not among the claims it depends on" in result.detail


def test_a_false_twin_that_holds_is_an_error_of_the_claim(write):
    lazy = MEANS.replace('false_twin={"factor": 3}', 'false_twin={"factor": 2}')
    (result,) = run(write("small", lazy)).claims
    assert result.verdict is Verdict.ERROR
    assert "twin" in result.detail


def test_a_rule_that_accepts_what_the_balls_refute_is_an_error(write):
    credulous = (
        "from dataclasses import dataclass\n"
        "from symforget.derivation import ACCEPTED\n"
        "@dataclass(frozen=True)\nclass Trust:\n    reason: str = 'trust me'\n"
        "    def check(self, *_):\n        return ACCEPTED\n"
    )
    wrong = MEANS.replace("by=SignOf((sqrt(x) - sqrt(y)) ** 2)", "by=Trust()").replace(
        "factor=2", "factor=Rational(5, 2)"
    )
    (result,) = run(write("small", credulous, wrong)).claims
    assert result.verdict is Verdict.ERROR


def test_a_file_that_raises_is_named_and_the_rest_is_unharmed(write):
    broken = write("broken", "1 / 0")
    good = write("small", MEANS)
    report = verify([broken, good], Options())
    assert [r.id for r in report.claims] == ["small/means"]
    assert report.claims[0].verdict is Verdict.PROVED
    assert report.errors == ("broken.py: ZeroDivisionError: division by zero (line 12)",)
    assert exit_code(report, strict=False) == 1


def test_a_claim_that_needs_a_broken_file_is_undecided_and_says_so(write):
    broken = write("broken", "1 / 0")
    needing = write("small", MEANS, BORROWED.replace("DEPENDENCY", "broken/means"))
    results = {r.id: r for r in verify([broken, needing], Options()).claims}
    assert results["small/means"].verdict is Verdict.PROVED
    assert results["small/borrowed"].verdict is Verdict.UNDECIDED
    assert "broken/means" in results["small/borrowed"].detail


def test_a_claim_that_raises_is_an_error_and_the_rest_is_unharmed(write):
    bad = MEANS.replace("def means", "def bad").replace("return Part(", "raise RuntimeError('no')\n    return Part(")
    results = {r.id: r for r in run(write("small", bad, MEANS)).claims}
    assert results["small/bad"].verdict is Verdict.ERROR
    assert results["small/bad"].detail == "small.py: RuntimeError: no (line 21)"
    assert results["small/means"].verdict is Verdict.PROVED


def test_a_contradictory_domain_is_named(write):
    (result,) = run(write("small", MEANS.replace('x: "(0, oo)"', 'x: "(2, 1)"'))).claims
    assert result.verdict is Verdict.ERROR
    assert "domain of x" in result.detail


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ({"digits": -3}, "--digits must be between 1 and 10000, got -3"),
        ({"jobs": 0}, "--jobs"),
        ({"legs": frozenset()}, "--legs"),
    ],
)
def test_options_out_of_range_are_refused(named, text):
    with pytest.raises(InputError, match=text):
        Options(**named)


def test_unknown_selectors_are_refused_with_a_suggestion():
    with pytest.raises(InputError, match='did you mean "overlap/misassignment"'):
        collect(["overlap/misasignment"])
    with pytest.raises(InputError, match="no such file"):
        collect(["nowhere.py"])


def comparable(report):
    """The JSON of a report without its timings."""
    from symforget.reports.json import document

    def strip(value):
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k != "seconds"}
        return [strip(v) for v in value] if isinstance(value, list) else value

    return json.dumps(strip(document(report)))


def test_the_number_of_jobs_changes_nothing_but_the_time(write):
    path = write("small", MEANS, BORROWED.replace("DEPENDENCY", "small/means"))
    assert comparable(run(path, seed=3, jobs=1)) == comparable(run(path, seed=3, jobs=2))


def test_only_the_legs_asked_for_are_run(write):
    (result,) = run(write("small", MEANS), legs=frozenset({Leg.SYMBOLIC})).claims
    assert {e.leg for e in result.evidence} == {Leg.SYMBOLIC}


def test_running_one_claim_records_its_time():
    library, _ = collect(["overlap/gate-bounds"])
    outcome = run_claim(library, "overlap/gate-bounds", Options(legs=frozenset({Leg.SYMBOLIC})))
    assert outcome.seconds > 0
    assert all(e.seconds > 0 for e in outcome.evidence)
