"""Limits that fail at an end of the domain alone, and slopes of what has none: neither may count as proved."""

import pytest
from sympy import (
    Abs,
    Derivative,
    Eq,
    Ge,
    Integer,
    Integral,
    KroneckerDelta,
    Le,
    Limit,
    Lt,
    Max,
    Piecewise,
    Rational,
    Subs,
    atan,
    ceiling,
    cos,
    cosh,
    exp,
    log,
    oo,
    sech,
    sign,
    sinh,
    sqrt,
    symbols,
)

from symforget.calculus import SampleIntegral, dominated_derivative, mixture, p_n, p_o, reduce_to_gate
from symforget.derivation import Context, Derivation, closes
from symforget.domain import Interval
from symforget.functions import normal
from symforget.legs.symbolic import guarded
from symforget.rules import (
    Algebra,
    Antiderivative,
    ChainRule,
    Evaluate,
    FundamentalTheorem,
    Lemma,
    PutIn,
    SignOf,
    Squeeze,
    UnderIntegralSign,
    UnderTheExpectation,
    UnderTheIntegral,
)
from symforget.rules.flows import AtEveryPoint, Differentiate
from symforget.rules.intervals import check_all_steps
from symforget.rules.rewards import PutInReward, RewardIntegral, UnderTheRewardIntegral, y
from symforget.rules.space import PositiveExpectation

x, a, b, s, t, w, X, z = symbols("x a b s t w X z", real=True)
UNIT, CLOSED, HALF_OPEN, AROUND_ZERO = map(Interval.parse, ("(0, 1)", "[0, 1]", "[0, 1)", "(-1, 1)"))
LINE, HALF_LINE, BEYOND = map(Interval.parse, ("(-oo, oo)", "[0, oo)", "(0, oo)"))


def context(domain, lemma=None):
    return Context(domain or {}, lemma or (lambda claim, part: None), gaussian=False)


def proved(start, relation, end, rule, domain=None, lemma=None):
    """Whether the rule justifies the one step, so that the symbolic leg would count the statement as proved."""
    steps = {"=": "equals", "<=": "at_most", "<": "below", ">=": "at_least", ">": "above"}
    derivation = getattr(Derivation(start), steps[relation])(end, by=rule)
    known = context(domain, lemma)
    accepted = guarded(lambda: check_all_steps(derivation, known)).ok
    return accepted and closes(derivation, derivation.chain.proved, known).ok


@pytest.mark.parametrize(("interval", "ok"), [(CLOSED, False), (HALF_OPEN, True)])
def test_limits_are_those_at_closed_upper_ends_too(interval, ok):
    """At a = 1 there is no decay: the integral is 0 there, not 1, and the bounds stay 1."""
    F = -exp(-(1 - a) * s)
    integral = Integral((1 - a) * exp(-(1 - a) * s), (s, 0, oo))
    assert proved(integral, "=", Integer(1), Antiderivative(F, s, HALF_LINE), {a: interval}) is ok
    for f in (exp(-(1 - a) * X), 1 / (1 + (1 - a) * X)):
        between = Ge(f, 0, evaluate=False), Le(f, f, evaluate=False)
        within = (Le(abs(f), f, evaluate=False),)
        for premises in (between, within):
            known = context({a: interval, X: BEYOND})
            assert Squeeze().check(premises, Eq(Limit(f, X, oo), 0, evaluate=False), known).ok is ok
    assert proved(normal((1 - a) * exp(z), z), ">", Integer(0), PositiveExpectation(), {a: interval}) is ok


def test_limits_are_those_at_corners_too():
    """2 - a - b vanishes where both are 1, and nowhere else."""
    rate = 2 - a - b
    rule = Antiderivative(-exp(-rate * s), s, HALF_LINE)
    for interval in (CLOSED, HALF_OPEN):
        sides = Integral(rate * exp(-rate * s), (s, 0, oo)), "=", Integer(1)
        assert proved(*sides, rule, {a: CLOSED, b: interval}) is (interval == HALF_OPEN)


def test_an_integral_with_finite_limits_is_taken_at_closed_ends_too():
    assert proved(Integral(s, (s, 0, a)), "=", a**2 / 2, Antiderivative(s**2 / 2, s, CLOSED), {a: CLOSED})
    assert not proved(Integral(s, (s, 0, a)), "=", a**2, Antiderivative(s**2 / 2, s, CLOSED), {a: CLOSED})


@pytest.mark.parametrize("jump", [Integer(0) ** (1 - x), KroneckerDelta(x, 1), ceiling(x) - 1, Integer(0) ** x])
def test_no_identity_is_continued_past_a_jump(jump):
    assert not proved(jump, "=", Integer(0), Algebra(), {x: CLOSED})
    assert proved(x * (1 - x) - x, "=", -(x**2), Algebra(), {x: CLOSED})


def test_nothing_is_put_in_at_an_end_where_it_has_no_value():
    """exp(x) > 0 for every x; but 1 - a = exp(log(1 - a)) is 0 at a = 1."""
    rule, statement = Lemma("group/slug", at={x: log(1 - a)}), Lt(0, exp(x), evaluate=False)
    for interval, ok in ((CLOSED, False), (HALF_OPEN, True)):
        step = 1 - a, ">", Integer(0), rule, {a: interval}
        assert proved(*step, lambda claim, part: (statement, {x: LINE})) is ok


def test_the_sign_of_a_number_below_an_expectation_is_found_by_balls():
    """log cos 10^-60 is about -10^-120 / 2, and 0 to SymPy's first digits."""
    for tiny, ok in ((log(cos(Rational(1, 10**60))), False), (Rational(1, 10**60), True)):
        assert proved(normal(tiny * exp(z), z), ">", Integer(0), PositiveExpectation()) is ok


@pytest.mark.parametrize(
    ("moved", "point", "value", "rule"),
    [
        (SampleIntegral(t**3 * p_o**3 / (t**2 * p_o + p_n) ** 2), 0, 0, PutIn()),
        (Integral(atan(1 / (s - t)), (s, 0, 2)), 1, Integral(atan(1 / (s - t)).diff(t).subs(t, 1), (s, 0, 2)), PutIn()),
        (normal(Piecewise((0, z < t), (1, True)), z), 0, 0, PutIn()),
        (RewardIntegral(t**3 * p_o / (t**2 + y) ** 2), 0, 0, PutInReward()),
        pytest.param(Max(t, 1 - t), Rational(1, 2), 0, PutIn(), marks=pytest.mark.slow),
    ],
)
def test_putting_a_point_in_takes_no_derivatives(moved, point, value, rule):
    """d/dt int t^3 p_o^3/(t^2 p_o + p_n)^2 at 0 is 1/2 where P_n(p_o/p_n > r) = 1/r^2 for large r, for instance."""
    assert not proved(Subs(Derivative(moved, t), t, point), "=", value, rule)


def test_a_point_is_put_in_where_a_rule_has_taken_the_derivative():
    slope = SampleIntegral(t * p_o)
    start = Subs(Derivative(slope, t), t, w)
    known = context({t: UNIT, w: UNIT})
    taken = Derivation(start).equals(Subs(SampleIntegral(p_o), t, w), by=AtEveryPoint(UnderTheIntegral(t)))
    assert check_all_steps(taken.equals(1, by=PutIn()), known).ok
    reward = Subs(Derivative(RewardIntegral(t * y * p_o), t), t, w)
    value = RewardIntegral(y * p_o)
    taken = Derivation(reward).equals(Subs(value, t, w), by=AtEveryPoint(UnderTheRewardIntegral(t)))
    assert check_all_steps(taken.equals(value, by=PutInReward()), known).ok


@pytest.mark.parametrize("rule", [PutIn(), Evaluate(), Differentiate()])
def test_no_point_is_put_where_its_symbol_means_something_else(rule):
    """The integral of x s over x in [0, 1] is x/2 at s = x, not the integral of x^2; x + 2 w is w + 2 x for (w, x)."""
    for value, wrong in (
        (Subs(Integral(x * s, (x, 0, 1)), s, x), Integral(x**2, (x, 0, 1))),
        (Subs(x + 2 * w, (x, w), (w, x)), 3 * x),
    ):
        assert not proved(value, "=", wrong, rule)
    assert proved(Subs(x + 2 * w, (x, w), (a, b)), "=", a + 2 * b, rule)
    assert proved(Subs(s**2, s, x), "=", x**2, rule)


@pytest.mark.parametrize(
    ("slope", "value", "interval"),
    [
        (Subs(Derivative(Abs(x), x), x, 0), 0, None),
        (Subs(Derivative(Max(x, 1 - x), x), x, Rational(1, 2)), 0, None),
        (Derivative(Piecewise((0, x < Rational(1, 2)), (1, True)), x), 0, UNIT),
        (Derivative(Subs(Abs(s), s, x), x), sign(x), AROUND_ZERO),
        (Derivative(KroneckerDelta(x, 0), x), 0, AROUND_ZERO),
        (Derivative(Integral(sign(s), (s, -1, x)), x), sign(x), AROUND_ZERO),
    ],
)
def test_what_has_a_kink_or_jump_has_no_slope_there(slope, value, interval):
    for rule in (Evaluate(), Differentiate()):
        assert not proved(slope, "=", value, rule, interval and {x: interval})
        assert proved(Derivative(x**2 * Abs(a), x), "=", 2 * x * Abs(a), rule, {x: AROUND_ZERO, a: AROUND_ZERO})
        assert proved(Derivative(Integral(Abs(s), (s, -1, x)), x), "=", Abs(x), rule, {x: AROUND_ZERO})


def test_an_expectation_has_no_slope_where_a_factor_has_a_kink():
    rule, known = UnderTheExpectation(a), {a: AROUND_ZERO, b: AROUND_ZERO}
    assert not proved(Derivative(normal(Abs(a) * z**2, z), a), "=", normal(sign(a) * z**2, z), rule, known)
    assert proved(Derivative(normal(Abs(b) * a * z**2, z), a), "=", normal(Abs(b) * z**2, z), rule, known)


def test_the_chain_rule_needs_an_inner_slope():
    """|s| + s^2 has none at s = 0."""
    premise = (Eq(Derivative(x + x**2, x), 1 + 2 * x, evaluate=False),)
    for inner, slope, ok in ((Abs(s), sign(s) * (1 + 2 * Abs(s)), False), (s**2 / 2, s + s**3, True)):
        statement = Eq(Derivative(inner + inner**2, s), slope, evaluate=False)
        known = context({x: LINE, s: AROUND_ZERO})
        assert ChainRule(x, inner, s).check(premise, statement, known).ok is ok


KL = SampleIntegral(p_n * log(p_n / mixture(x)))
HALF = Rational(1, 2)


@pytest.mark.parametrize(
    ("F", "ok"),
    [
        (atan(1 / (x - HALF)) + atan(2), False),
        (1 / (x - HALF) + 2, False),
        (KL + atan(1 / (x - HALF)) + atan(2), False),
        (KL + 1 / (x + HALF) - 2, True),
        (sign(x - HALF) + 1, False),
        (log(1 - x) - KL, True),
    ],
)
def test_an_integral_of_a_slope_leads_past_no_jump_or_pole(F, ok):
    """On the other side of 1/2, what was jumped over is missing."""
    slope = reduce_to_gate(F.diff(x), x)
    rule = FundamentalTheorem(x, Integer(0), slope)
    assert proved(F, "=", Integral(slope.subs(x, s), (s, 0, x)), rule, {x: UNIT}) is ok


def test_no_majorant_is_seen_where_an_unbounded_function_holds_the_densities():
    v = sinh(p_o / p_n)
    for grows in (v**2 * sech(t**2 * v), cos(t * p_o / p_n)):
        assert not dominated_derivative(p_o * t**3 * grows, t, {t: AROUND_ZERO})
    for tame in (cosh(t) * p_o, sqrt(p_o * p_n) * t**2):
        assert dominated_derivative(tame, t, {t: AROUND_ZERO})
    assert not dominated_derivative(p_o * p_n / (sqrt(p_o * p_n) + t**2 * p_o), t, {t: AROUND_ZERO})


def test_infinity_is_not_below_infinity():
    """Both integrals are oo from 0 on, and numbers from w > 0 on."""
    compare = UnderIntegralSign(Derivation(1 / t).below(2 / t, by=SignOf(1 / t)), t, Interval.parse("(0, 1]"))
    for low, ok in ((Integer(0), False), (w, True)):
        assert proved(Integral(1 / s, (s, low, 1)), "<", Integral(2 / s, (s, low, 1)), compare, {w: UNIT}) is ok
    finite = UnderIntegralSign(Derivation(t**3).below(1 / t, by=SignOf((1 - t**4) / t)), t, UNIT)
    assert proved(Integral(s**3, (s, 0, 1)), "<", Integral(1 / s, (s, 0, 1)), finite)
