"""The audit tells false mutants from true ones, and notices a rule or a prover that accepts what is false."""

from dataclasses import replace

import pytest
from sympy import Derivative, Integral, Limit, Min, Rational, Symbol, cos, diag, exp, log, oo, sin, sqrt, tan

from symforget import prover
from symforget.audit import Audit, audit, exit_code
from symforget.auditing import acceptance
from symforget.auditing.judgement import Judgement, Outcome, judge
from symforget.auditing.limits import follows_as_a_limit, limit_witness
from symforget.auditing.poles import negative_logarithm, periodic, pole
from symforget.auditing.truth import implied
from symforget.auditing.witnesses import is_a_statement, long_witness, spot_witness, undefined_witness
from symforget.authoring import eq, ge, gt, le, lt
from symforget.calculus import BC, TV, H, SampleIntegral, mixture, p_n, p_o
from symforget.claims import Claim, Densities, Kind, Part
from symforget.derivation import ACCEPTED, Context, Derivation
from symforget.domain import Interval
from symforget.errors import InputError
from symforget.functions import normal
from symforget.legs.certified import over
from symforget.legs.simulation import Median, MedianOverRuns
from symforget.mutate import Mutant, mutants
from symforget.reports.audit import json, markdown, render
from symforget.rules import Algebra
from symforget.rules.covariant import MixtureIntegral, coordinates
from symforget.rules.vectors import t_o

x = Symbol("x", positive=True)
l, z = Symbol("l", real=True), Symbol("z", real=True)
beta = Symbol("beta", positive=True)


def claim_of(part: Part, densities: str = "none", **domain: str) -> Claim:
    intervals = {s: Interval.parse(domain[s.name]) for s in (x, l, beta) if s.name in domain}
    return Claim("test/claim", "", (part,), intervals, Kind.IDENTITY, Densities(densities), "", "", "")


def outcome(part: Part, mutant, densities: str = "none", **domain: str) -> Judgement:
    claim = claim_of(part, densities, **domain)
    return judge(claim, part, Mutant("edit", mutant), Context.of(claim, lambda *_: None))


class Gullible:
    """A rule that accepts every step."""

    reason = "because I say so"

    def check(self, before, relation, after, context):
        return ACCEPTED


# ---- what is wrongly accepted is noticed ----


def test_a_rule_that_accepts_anything_is_found_out():
    """If it failed, the audit could not fail either."""
    statement = eq((x + 1) ** 2, x**2 + 2 * x + 1)
    honest = Part(statement, symbolic=Derivation(statement.lhs).equals(statement.rhs, by=Algebra()))
    gullible = Part(statement, symbolic=Derivation(statement.lhs).equals(statement.rhs, by=Gullible()))
    for mutant in (eq(statement.lhs, x**2 + 3 * x + 1), eq((x + 2) ** 2, statement.rhs)):
        assert outcome(honest, mutant, x="(0, oo)").outcome is Outcome.REFUTED
        found = outcome(gullible, mutant, x="(0, oo)")
        assert found.outcome is Outcome.WRONGLY_ACCEPTED
        assert found.witness is not None


def test_a_reversed_relation_is_put_to_the_rules_too():
    statement = le(x, x + 1)
    part = Part(statement, symbolic=Derivation(x).at_most(x + 1, by=Gullible()))
    assert outcome(part, ge(x, x + 1), x="(0, oo)").outcome is Outcome.WRONGLY_ACCEPTED


def test_a_prover_that_certifies_anything_is_found_out(monkeypatch):
    """If it failed, a false certificate would go unseen wherever a witness lies in the box."""
    statement = le(x * (1 - x), Rational(1, 4))
    part = Part(statement, certified=(over({x: "[0, 1]"}, instance=None),))
    false = le(x * (1 - x), Rational(1, 8))
    assert outcome(part, false, x="[0, 1]").outcome is Outcome.REFUTED
    monkeypatch.setattr(prover, "certify", lambda relation, box, *args, **options: prover.Certified(dict(box), 1))
    assert outcome(part, false, x="[0, 1]").outcome is Outcome.WRONGLY_ACCEPTED


def test_a_witness_outside_the_box_accuses_nobody():
    """If it failed, a true certificate on a part of the domain would count as a defect."""
    statement = le(x, 5)
    part = Part(statement, certified=(over({x: "[0, 1]"}, instance=None),))
    assert outcome(part, le(x, 4), x="(0, 5]").outcome is Outcome.REFUTED


# ---- what is false is refuted, what is true is not ----


@pytest.mark.parametrize(
    ("mutant", "densities"),
    [
        (le(H(beta), BC / (4 * sqrt(beta * (1 - beta)))), "any"),
        (ge(H(beta), BC), "any"),
        (ge(1 - H(beta), 8 * beta * (1 - beta) * TV**2), "any"),
    ],
)
def test_false_bounds_for_any_densities_have_witnesses(mutant, densities):
    claim = claim_of(Part(mutant), densities, beta="(0, 1)")
    assert spot_witness(claim, mutant) or long_witness(claim, mutant)


def test_a_root_of_a_negative_number_refutes():
    """If it failed, a bound without a meaning would count as not refuted."""
    mutant = le(x, sqrt(-1 - x))
    found = undefined_witness(claim_of(Part(mutant), x="(0, 1)"), mutant)
    assert found is not None
    assert "no real" in found.where
    assert undefined_witness(claim_of(Part(mutant), x="(0, 1)"), le(x, sqrt(1 + x))) is None


UNIT = {beta: Interval.parse("(0, 1)"), x: Interval.parse("(0, oo)")}
UPPER = le(H(beta), BC / (2 * sqrt(beta * (1 - beta))))

IMPLIED = [
    (UPPER, le(H(beta), BC / sqrt(beta * (1 - beta)))),
    pytest.param(UPPER, le(H(beta), BC / (2 * beta * sqrt(1 - beta))), marks=pytest.mark.slow),
    (UPPER, le(H(beta), 1 + BC / (2 * sqrt(beta * (1 - beta))))),
    (ge(H(beta), BC**2), ge(H(beta), BC**4)),
    (ge(H(beta), BC**2), ge(1 + H(beta), BC**2)),
    (le(x, exp(x)), le(x, exp(2 * x))),
    (lt(0, x), lt(0, x / 2)),
    (ge(H(beta), BC**2), ge(H(beta) / beta, BC**2)),
    (ge(H(beta), BC**2), ge(H(beta), beta * BC**2)),
    (le(H(beta), BC), le(beta * H(beta), BC)),
    (le(H(beta), BC), le(H(beta), BC / beta)),
]
b = Symbol("b", positive=True)
SPREAD = ge(SampleIntegral((p_o - p_n) ** 2 / mixture(beta)), 4 * TV**2)
TIME = le(Integral(1 / (b**2 * (1 - H(b))), (b, beta / 2, beta)), 1 / TV**2)
IMPLIED += [
    (SPREAD, ge(SampleIntegral((p_o + p_n) ** 2 / mixture(beta)), 4 * TV**2)),
    (TIME, le(Integral(1 / (b * (1 - H(b))), (b, beta / 2, beta)), 1 / TV**2)),
    (TIME, le(Integral(1 / (b**2 * (2 - H(b))), (b, beta / 2, beta)), 1 / TV**2)),
]
SQUARE = SampleIntegral((p_o - p_n) ** 2 / mixture(beta))
IMPLIED += [(ge(x, x - beta * SQUARE), ge(x, x - SQUARE))]
SLOPE = Derivative(SampleIntegral(p_n * log(p_n / mixture(beta))), beta)
NOT_IMPLIED = [
    (ge(H(beta), BC**2 - 1), ge(H(beta) / beta - 2, BC**2 - 1)),
    (ge(BC - H(beta), BC - 1), ge((BC - H(beta)) / beta, BC - 1)),
    (le(BC - 1, BC - H(beta)), le((BC - 1) * beta, BC - H(beta))),
    (ge(H(beta), BC**2), ge(beta * H(beta), BC**2)),
    (le(H(beta), BC), le(H(beta), beta * BC)),
    (ge(x, x - beta * SLOPE), ge(x, x - SLOPE)),
    (ge(1 + SLOPE, 0), ge(SLOPE, 0)),
    (ge(SLOPE, -1), ge(Derivative(2 * SLOPE.expr, beta), -1)),
    (ge(x, -SLOPE), ge(x, -Derivative(2 * SLOPE.expr, beta))),
    (SPREAD, ge(SampleIntegral((p_o - p_n / 2) ** 2 / mixture(beta)), 4 * TV**2)),
    pytest.param(TIME, le(Integral(1 / (b**3 * (1 - H(b))), (b, beta / 2, beta)), 1 / TV**2), marks=pytest.mark.slow),
    (TIME, le(Integral(1 / (b**2 * (1 - H(b))), (b, beta / 3, beta)), 1 / TV**2)),
    (TIME, ge(Integral(1 / (b**2 * (1 - H(b))), (b, beta / 2, beta)), 1 / TV**2)),
    (UPPER, le(H(beta), BC**2 / (2 * sqrt(beta * (1 - beta))))),
    (UPPER, le(2 * H(beta), BC / (2 * sqrt(beta * (1 - beta))))),
    (UPPER, ge(H(beta), BC / (2 * sqrt(beta * (1 - beta))))),
    (ge(H(beta), BC**2), ge(H(beta), BC)),
    (ge(H(beta), BC**2), ge(H(beta / 2) - Rational(1, 2), BC**2)),
    (le(x, exp(x)), le(x, exp(-x))),
    (eq(exp(x), exp(x)), eq(exp(x), exp(-x))),
]


@pytest.mark.parametrize(("original", "mutant"), IMPLIED)
def test_weaker_statements_are_seen_to_follow(original, mutant):
    assert implied(original, mutant, UNIT)


@pytest.mark.parametrize(("original", "mutant"), NOT_IMPLIED)
def test_what_does_not_follow_is_not_said_to(original, mutant):
    """If it failed, a false mutant could count as true."""
    assert not implied(original, mutant, UNIT)


def test_limits_are_refuted_by_uniqueness_or_along_the_sequence():
    """If it failed, a wrong limit would pass unjudged, or a right one would be refuted."""
    f = (x + l) / x
    original = eq(Limit(f, x, oo), 1)
    claim = claim_of(Part(original), x="(0, oo)", l="(-oo, oo)")
    for false in (eq(Limit(f, x, oo), 2), eq(Limit(2 * f, x, oo), 1), eq(Limit(f / x, x, oo), 1)):
        found = limit_witness(claim, original, false)
        assert found is not None
        assert Rational(found.point.get("x", 1)) > 0  # on the side from which the limit is approached
    for true in (eq(Limit((x + 2 * l) / x, x, oo), 1), eq(Limit((x - l) / x, x, oo), 1)):
        assert limit_witness(claim, original, true) is None


def test_a_factor_that_tends_to_one_leaves_a_limit_as_it_was():
    f = x / (1 + x) * H(beta)
    original = eq(Limit(f, x, oo), H(beta))
    domain = {x: Interval.parse("(0, oo)"), beta: Interval.parse("(0, 1)")}
    assert follows_as_a_limit(original, eq(Limit(f / (1 + 1 / x), x, oo), H(beta)), domain)
    for false in (f / 2, f * x, f * beta, f + 1, f * H(beta)):
        assert not follows_as_a_limit(original, eq(Limit(false, x, oo), H(beta)), domain)
    assert not follows_as_a_limit(original, eq(Limit(f, x, oo), 2 * H(beta)), domain)


def test_a_term_that_tends_to_zero_leaves_a_limit_as_it_was():
    """If it failed, a constant forgotten inside a logarithm that is divided by x would count as undecided, or x too."""
    domain = {x: Interval.parse("(0, oo)"), beta: Interval.parse("(0, 1)")}
    f = log(beta * exp(-x) * H(beta)) / x
    original = eq(Limit(f, x, oo), -1)
    assert follows_as_a_limit(original, eq(Limit(log(exp(-x) * H(beta)) / x, x, oo), -1), domain)
    assert follows_as_a_limit(original, eq(Limit(f + beta / x, x, oo), -1), domain)
    for false in (f + beta, log(beta * exp(-x / 2) * H(beta)) / x, log(beta * exp(-x) * H(beta))):
        assert not follows_as_a_limit(original, eq(Limit(false, x, oo), -1), domain)


def test_a_limit_of_what_is_not_real_is_refuted():
    original = eq(Limit(log(1 + x), x, 0, "+"), 0)
    claim = claim_of(Part(original), x="(0, 1)")
    found = limit_witness(claim, original, eq(Limit(log(-1 - x), x, 0, "+"), 0))
    assert found is not None and "no real" in found.where
    turns_real = limit_witness(claim, original, eq(Limit(log(Rational(1, 100) - x), x, 0, "+"), 0))
    assert turns_real is None or "no real" not in turns_real.where


def test_another_unit_changes_nothing_unless_the_domain_has_an_end():
    """If it failed, E sigmoid(2 x z) = 1/2 would count as undecided, or a false statement as true."""
    half_line, unit = {x: Interval.parse("(0, oo)")}, {x: Interval.parse("(0, 1)")}
    original = eq(normal(1 / (1 + exp(-x * z)), z), Rational(1, 2))
    assert implied(original, eq(normal(1 / (1 + exp(-2 * x * z)), z), Rational(1, 2)), half_line)
    below = le(x**2, x)
    assert not implied(below, le(4 * x**2, 2 * x), unit)


def test_names_may_be_exchanged_on_both_sides_only():
    y = Symbol("y", positive=True)
    same, other = Interval.parse("(0, 1)"), Interval.parse("(0, 2)")
    original = ge(x + 2 * y, Min(x, y))
    mutant = ge(y + 2 * x, Min(x, y))
    assert "exchanged" in implied(original, mutant, {x: same, y: same})
    assert "exchanged" not in implied(original, mutant, {x: same, y: other})


@pytest.mark.parametrize(
    ("body", "diverges"),
    [
        (1 / (1 - exp(x * z)), True),
        (1 / (z - x) ** 2, True),
        (z / (1 - exp(x * z)), False),  # the zero above the line takes the pole away
        ((z - x) / (z**2 - x**2), True),  # at -x it does not
        (1 / (1 + z**2), False),
        (1 / tan(z), True),  # at 0, not at pi/2, where tan changes its sign as well
        (sin(z) / tan(z), False),
        (1 / (1 + exp(x * z)), False),
    ],
)
def test_poles_inside_an_integral_are_certified(body, diverges):
    assert (pole(eq(normal(body, z), 1), {x: Rational(4, 3)}) is not None) is diverges


def test_the_logarithm_of_a_negative_number_under_an_integral_is_no_value():
    at = {x: Rational(4, 3)}
    assert negative_logarithm(eq(normal(log(1 - x * z), z), 1), at) is not None
    assert negative_logarithm(eq(normal(log(1 + x * z**2), z), 1), at) is None
    assert negative_logarithm(eq(Integral(log(z - x), (z, 2, 3)), 1), at) is None
    assert negative_logarithm(eq(Integral(log(z - x), (z, 1, 3)), 1), at) is not None


@pytest.mark.parametrize(
    ("body", "diverges"),
    [
        (cos(2 * z / 3), True),
        (1 + sin(z) ** 2, True),
        (cos(x * z), True),
        (cos(z) ** 2 + sin(z) ** 2 - 1, False),
        (cos(z) * exp(-(z**2)), False),
        (cos(z**2), False),  # converges
        (sin(z) / z, False),  # likewise
        (cos(z) + cos(sqrt(2) * z), False),  # no period: not decided
    ],
)
def test_a_periodic_integrand_has_no_integral_over_the_line(body, diverges):
    at = {x: Rational(4, 3)}
    assert (periodic(eq(Integral(body, (z, -oo, oo)), 1), at) is not None) is diverges
    assert periodic(eq(Integral(body, (z, 0, 1)), 1), at) is None


def test_an_integral_over_three_dimensions_is_compared_at_numbers():
    """If it failed, mutants of it would be undecided, or its true original would be refuted."""
    _, across, _ = coordinates(3)
    mean = (x / 2, 0, 0)
    spread = MixtureIntegral(t_o * across**2, diag(1, l, 1), [-m for m in mean], mean, x)
    original = eq(spread, l**-2)
    claim = claim_of(Part(original), x="(0, oo)", l="(0, oo)")
    assert spot_witness(claim, original) is None
    found = spot_witness(claim, eq(spread, 2 / l**2))
    assert found is not None and set(found.point) == {"x", "l"}


class median_of_uniform(MedianOverRuns):
    """The median of uniform numbers between 0 and the argument, an integer."""

    nargs = 1

    @property
    def exists(self):
        return self.args[0].is_Integer

    def per_run(self, rng, replicates):
        return float(self.args[0]) * rng.random(replicates)


def test_simulation_objects_to_what_its_own_runs_deny_and_to_nothing_else():
    """If it failed, a mutant could count as objected to on the strength of runs that it does not speak of."""
    median = median_of_uniform(8)
    part = Part(gt(median, Rational(1, 100)), simulation=(Median("uniform numbers"),))
    for said, expected in [
        (gt(median, Rational(79, 10)), Outcome.OBJECTED),
        (gt(median_of_uniform(0), Rational(1, 100)), Outcome.OBJECTED),  # other runs, the same bound
        (gt(-median, Rational(1, 100)), Outcome.OBJECTED),
        (gt(median, Rational(1, 10)), Outcome.UNDECIDED),  # borne out: no objection, and no proof
        (gt(median, 4), Outcome.UNDECIDED),  # too near to tell
        (gt(2 * median, Rational(1, 100)), Outcome.STILL_TRUE),
        (gt(median_of_uniform(Rational(1, 2)), 1), Outcome.MEANINGLESS),
    ]:
        found = outcome(part, said)
        assert found.outcome is expected, said
        assert found.witness is None
        assert ("DISAGREEMENT" in found.how) is (expected is Outcome.OBJECTED)


def test_what_depends_on_the_reference_measure_is_no_statement():
    whole = SampleIntegral(p_o * p_n / mixture(beta))
    assert is_a_statement(le(whole, 1))
    assert not is_a_statement(le(SampleIntegral(p_o / mixture(beta)), 1))
    part = Part(le(whole, 1))
    assert (
        outcome(part, le(SampleIntegral(p_o / mixture(beta)), 1), "any", beta="(0, 1)").outcome is Outcome.MEANINGLESS
    )


def test_a_sample_of_mutants_is_spread_over_the_statement():
    """If it failed, a sampled audit would see one end of every statement only."""
    statement = eq((x + 1) * (x + 2) * (x + 3), 6 + 11 * x + 6 * x**2 + x**3)
    every, some = list(mutants(statement)), list(mutants(statement, most=8))
    assert len(some) == 8
    assert {m.relation for m in some} < {m.relation for m in every}
    assert {m.description.split("(on the ")[1] for m in some} == {"left)", "right)"}
    assert len(list(mutants(statement, most=10_000))) == len(every)


# ---- the run ----


@pytest.fixture(scope="module")
def found() -> Audit:
    return audit(["overlap/gate-bounds"], most=4)


def test_the_shipped_bounds_survive_the_audit(found):
    assert not found.errors
    assert not found.of(Outcome.WRONGLY_ACCEPTED)
    assert found.of(Outcome.REFUTED)
    assert found.of(Outcome.STILL_TRUE)
    assert exit_code(found, strict=False) == 0


@pytest.mark.slow
def test_processes_do_not_change_the_result(found):
    """If it failed, the table in the documentation could not be made again."""

    def plain(result: Audit):
        return [(j.claim, j.part, j.edit, j.outcome, j.how, j.witness) for j in result.judgements]

    assert plain(audit(["overlap/gate-bounds"], jobs=2, most=4)) == plain(found)


def test_a_wrong_acceptance_fails_the_command(found):
    wrong = replace(found.judgements[0], outcome=Outcome.WRONGLY_ACCEPTED)
    bad = replace(found, judgements=(wrong, *found.judgements[1:]))
    assert exit_code(bad, strict=False) == 1
    assert exit_code(replace(found, judgements=()), strict=False) == 5
    assert exit_code(replace(bad, interrupted=True), strict=False) == 2
    assert "wrongly accepted:" in render(bad)


def test_the_reports_count_what_was_judged(found):
    total = len(found.judgements)
    assert f"{total} mutants of 1 claims" in render(found)
    assert f"| all | 1 | 3 | {total} |" in markdown(found)
    assert '"schema": "symforget/audit/1"' in json(found)


def test_unknown_selectors_and_numbers_out_of_range_are_refused():
    with pytest.raises(InputError, match="did you mean"):
        audit(["overlap/gate-bound"])
    with pytest.raises(InputError, match="--most"):
        audit(["overlap/gate-bounds"], most=0)


def test_acceptance_looks_at_the_step_that_has_changed():
    """If it failed, a mutant of the left side would be tested by the right side's rule alone."""
    statement = eq((x + 1) ** 2, x**2 + 2 * x + 1)
    chain = Derivation(statement.lhs).equals(x**2 + 2 * x + 1, by=Algebra()).equals(1 + x * (x + 2), by=Gullible())
    part = Part(eq(statement.lhs, 1 + x * (x + 2)), symbolic=chain)
    context = Context({x: Interval.parse("(0, oo)")}, lambda *_: None, gaussian=False)
    assert acceptance.accepted_by_rules(part, eq(x**2, part.statement.rhs), context) == ""
    assert acceptance.accepted_by_rules(part, eq(part.statement.lhs, x), context) == Gullible.reason
