"""Derivations of false statements that once counted as proved: if one passes, so might a false claim."""

from types import SimpleNamespace

import pytest
from sympy import (
    Abs,
    Derivative,
    Eq,
    Integer,
    Integral,
    Le,
    Limit,
    Piecewise,
    Rational,
    Symbol,
    atan,
    exp,
    log,
    oo,
    sqrt,
    symbols,
    tanh,
)

from symforget.calculus import H, SampleIntegral, mixture, p_n, p_o, reduce_to_gate
from symforget.claims import Claim, Densities, Kind, Leg, Part, Verdict
from symforget.derivation import Checked, Context, Derivation, closes
from symforget.domain import Interval
from symforget.functions import normal
from symforget.legs import symbolic
from symforget.legs.certified import over
from symforget.legs.symbolic import guarded
from symforget.model import delta
from symforget.rules import (
    Algebra,
    Antiderivative,
    Definition,
    Differentiate,
    Evaluate,
    FoldTheLine,
    FundamentalTheorem,
    InExpectation,
    MoveMean,
    OnTheLine,
    Reflection,
    SameIntegrand,
    Scaling,
    SignOf,
    SmoothAntiderivative,
    Stein,
    Tilt,
    UnderIntegralSign,
    UnderTheExpectation,
    UnderTheIntegral,
)
from symforget.rules.divergences import UnderFiniteDivergence
from symforget.rules.flows import SlopeAtLeast
from symforget.rules.intervals import ChangeOfVariable, check_all_steps
from symforget.verify import Options, run_part

x, a, s, t, w = symbols("x a s t w", real=True)
z = Symbol("z", real=True)
UNIT, CLOSED, AROUND_ZERO = (Interval.parse(text) for text in ("(0, 1)", "[0, 1]", "[-1, 1]"))


def proved(start, relation, end, rule, domain=None, gaussian=False):
    """Whether the rule justifies the one step, so that the symbolic leg would count the statement as proved."""
    steps = {"=": "equals", "<=": "at_most", "<": "below", ">=": "at_least", ">": "above"}
    derivation = getattr(Derivation(start), steps[relation])(end, by=rule)
    context = Context(domain or {}, lambda claim, part: None, gaussian)
    if not guarded(lambda: check_all_steps(derivation, context)).ok:
        return False
    return closes(derivation, derivation.chain.proved, context).ok


def positive(name):
    return Symbol(name, positive=True)


@pytest.mark.parametrize(
    ("end", "rule"),
    [
        (Integer(0), Antiderivative(positive("s") ** 2 / 2, positive("s"), AROUND_ZERO)),
        (Integer(0), SmoothAntiderivative(positive("s") ** 2 / 2, positive("s"))),
        (Integral(t, (t, -1, 1)), ChangeOfVariable(positive("s"), positive("s"))),
    ],
)
def test_the_size_of_what_changes_its_sign_is_not_it_itself(end, rule):
    """int |x| dx over [-1, 1] is 1, but 0 to SymPy once x is named by a positive symbol."""
    assert not proved(Integral(Abs(x), (x, -1, 1)), "=", end, rule)


def test_integrals_are_compared_in_a_variable_that_runs_through_their_range():
    u = positive("u")
    same = Derivation(u).at_most(u + u**2, by=SignOf(u**2))
    sides = Integral(Abs(x), (x, -1, 1)), "<=", Integral(x + x**2, (x, -1, 1))
    assert not proved(*sides, UnderIntegralSign(same, u, AROUND_ZERO))
    sides = Integral(Abs(x), (x, 0, 1)), "<=", Integral(x + x**2, (x, 0, 1))
    assert proved(*sides, UnderIntegralSign(same, u, CLOSED))
    up = Derivation(u / Abs(u)).at_least(Integer(1), by=SignOf(Integer(0)))
    slope = SlopeAtLeast(up, u, AROUND_ZERO)
    assert not proved((1 - a) * Integral(x / Abs(x), (x, a, 1)), ">=", (1 - a) ** 2, slope, {a: AROUND_ZERO})


def test_the_variable_of_steins_identity_is_every_real_number():
    """E[z/(1 + z)] does not exist."""
    u = positive("u")
    assert not proved(normal(z / (1 + z), z), "=", normal(-1 / (1 + z) ** 2, z), Stein(1 / (1 + u), u))


def test_limits_and_sums_are_not_carried_out_for_parameters_in_general():
    """1/(1 + a s) tends to 0 for s -> oo, except for a = 0."""
    f = Limit(1 / (1 + a * s), s, oo)
    for rule in (Evaluate(), Differentiate(), UnderTheIntegral(a)):
        assert not proved(f, "=", Integer(0), rule, {a: CLOSED})
        assert proved(Derivative(a**2, a), "=", 2 * a, rule, {a: CLOSED})


def test_only_the_integral_that_a_rule_looks_at_is_differentiated_under():
    """The jump of atan(1/(s - a)) moves with a; so does that of a step, whose expectation does not stay the same."""
    jump = atan(1 / (s - a))
    for rule in (UnderTheIntegral(a), UnderFiniteDivergence(a), MoveMean(a)):
        moved, slope = Derivative(Integral(jump, (s, 0, 2)), a), Integral(jump.diff(a), (s, 0, 2))
        assert not proved(moved, "=", slope, rule, {a: UNIT})
        moved, slope = Derivative(normal(jump, s), a), normal(jump.diff(a), s)
        assert not proved(moved, "=", slope, rule, {a: UNIT})
    by_its_end = Derivative(Integral(s**2, (s, 0, a)), a)
    assert proved(by_its_end, "=", a**2, UnderTheIntegral(a), {a: UNIT})


def test_no_symbol_is_put_where_it_is_bound():
    """1 + x int t dt, integrated over x, is 5/4; with t for x it would become 1 + int t^2 dt."""
    inner, captured = 1 + Integral(x * t, (t, 0, 1)), 1 + Integral(t**2, (t, 0, 1))
    before, after = Integral(inner, (x, 0, 1)), Integral(captured, (s, 0, 1))
    assert not proved(before, "=", after, ChangeOfVariable(t, t), {a: UNIT})
    assert proved(before, "=", Integral(inner.xreplace({x: s}), (s, 0, 1)), ChangeOfVariable(a, a))
    for variable, integrand, end in ((t, captured, after), (a, inner.xreplace({x: a}), before)):
        same = Derivation(integrand).at_least(integrand, by=SignOf(Integer(0)))
        assert proved(before, ">=", end, UnderIntegralSign(same, variable, CLOSED)) is (end == before)
    slope = Derivation(captured).at_least(captured, by=SignOf(Integer(0)))
    sides = (x - a) * Integral(1 + Integral(s * t, (t, 0, 1)), (s, a, x)), ">=", (x - a) ** 2 * captured
    assert not proved(*sides, SlopeAtLeast(slope, t, CLOSED), {x: UNIT, a: UNIT})


def test_simplification_carries_out_no_limits_unasked():
    """The limit of w^2 at 1/2 is 1/4, not w^2; SymPy's, with w put through a parameter, is what stands there."""
    gate = SampleIntegral(p_o**2 / mixture(w))
    for f, rule in ((w**2, Algebra()), (w**2 * a, Algebra()), (gate, SameIntegrand()), (gate, Definition())):
        limit = Limit(f, w, Rational(1, 2))
        assert not proved(limit, "=", f, rule, {w: UNIT, a: UNIT})
        assert proved(limit + a + w, "=", (limit * (1 - a) + w) + a * (limit + 1), rule, {w: UNIT, a: UNIT})


def test_a_choice_by_the_value_of_an_expectation_is_not_affine_in_it():
    choice = Piecewise((1, Eq(normal(z**2, z), 1)), (0, True))
    assert not proved(choice, "=", Integer(0), InExpectation())
    assert proved(2 * normal(z**2, z), "=", normal(2 * z**2, z), InExpectation())


def test_what_holds_for_gaussian_densities_is_not_proved_for_all():
    coefficient = SampleIntegral(sqrt(p_o * p_n))
    on_the_line = exp(-(delta**2) / 8)
    for densities in Densities:
        part = Part(
            Eq(coefficient, on_the_line, evaluate=False),
            symbolic=Derivation(coefficient).equals(on_the_line, by=OnTheLine()),
        )
        domain = {delta: Interval.parse("(0, oo)")}
        claim = Claim("group/slug", "", (part,), domain, Kind.IDENTITY, densities, "", "", "")
        found = symbolic.run(claim, part, Context.of(claim, lambda claim, part: None), spot=False)
        assert (found.verdict is Verdict.PROVED) is (densities is Densities.GAUSSIAN)


class KnowsTheDensities:
    """A conclusion that needs Gaussian densities."""

    reason = "the densities are Gaussian"

    def check(self, premises, statement, context):
        return Checked(context.gaussian, "the densities are any")


@pytest.mark.parametrize("densities", list(Densities))
def test_what_is_concluded_from_boxes_for_gaussian_densities_is_not_certified_for_all(densities):
    part = Part(
        Le(x, 1, evaluate=False),
        certified=(over({x: "[0, 1/2]"}, relations=(Le(x, 1, evaluate=False),), by=KnowsTheDensities()),),
    )
    claim = Claim("group/slug", "", (part,), {x: CLOSED}, Kind.UPPER_BOUND, densities, "", "", "")
    library = SimpleNamespace(lemmas_for=lambda *_: None)
    (found,) = run_part(claim, part, library, Options(legs=frozenset({Leg.CERTIFIED})), thorough=False)
    assert (found.verdict is Verdict.CERTIFIED) is (densities is Densities.GAUSSIAN)


@pytest.mark.parametrize(("growth", "ok"), [(z**2 / 2, False), (z**2 / 4, True)])
def test_only_expectations_that_exist_are_tilted_reflected_and_folded(growth, ok):
    """E[exp(z^2/2) (tanh(z + a) - tanh(z))] is 2 a/sqrt(2 pi), but 0 if the two terms are taken apart and tilted."""
    f = exp(growth) * tanh(z)
    tilted = exp(a**2 / 2) * normal((exp(-a * z) * f).xreplace({z: z + a}), z)
    assert proved(normal(f, z), "=", tilted, Tilt(a, exp(-a * z) * f, z), {a: UNIT}) is ok
    assert proved(normal(f, z), "=", -normal(f, z), Reflection(normal(f, z))) is ok
    assert proved(normal(f, z), "=", Integral(0, (s, 0, oo)), FoldTheLine()) is ok
    moved = Derivative(normal(f + a * z, z), a)
    assert proved(moved, "=", normal(z, z), UnderTheExpectation(a), {a: UNIT}) is ok


@pytest.mark.parametrize(("f", "ok"), [(1 / (1 + x**2), True), (1 / sqrt(1 + x**2), False), (tanh(x) ** 2, False)])
def test_only_an_integral_that_converges_is_scaled(f, ok):
    """int f(x) - 2 f(2 x) dx is -2 log 2 for the second f, as its halves are not."""
    scaled = Integral(2 * f.xreplace({x: 2 * s}), (s, -oo, oo))
    assert proved(Integral(f, (x, -oo, oo)), "=", scaled, Scaling(Integer(2))) is ok


def test_the_gate_is_positive_between_0_and_1_only():
    """H(3) = -3/125 for p_o = (1/10, 9/10) and p_n = (9/10, 1/10)."""
    for text, ok in (("(0, 5)", False), ("(-1, 1)", False), ("[0, 1]", True)):
        assert proved(H(w), ">", Integer(0), SignOf(H(w)), {w: Interval.parse(text)}) is ok
        assert proved(H(1 - w), ">", Integer(0), SignOf(H(1 - w)), {w: Interval.parse(text)}) is (text == "[0, 1]")
    assert not proved(H(Integer(3)), ">", Integer(0), SignOf(H(Integer(3))))
    assert proved(H(Rational(1, 3)), ">", Integer(0), SignOf(H(Rational(1, 3))))


def test_an_integral_of_a_slope_starts_where_the_function_is_continuous():
    """int w p_o^3/q(w)^2 is 0 for w = 0, but tends to 2 where P_n(p_o/p_n > t) = 1/t^2 for large t."""
    heavy, light = w * p_o**3 / mixture(w) ** 2, p_n * log(p_n / mixture(w))
    for f, start, ok in ((heavy, 0, False), (light, 0, True), (light - light.subs(w, a), a, True)):
        slope = reduce_to_gate(SampleIntegral(f).diff(w), w)
        integral = Integral(slope.subs(w, s), (s, start, w))
        assert proved(SampleIntegral(f), "=", integral, FundamentalTheorem(w, start, slope), {w: UNIT, a: UNIT}) is ok
