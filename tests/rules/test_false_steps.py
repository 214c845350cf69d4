"""False steps that a rule once accepted, or could be led to: if one passes, a false claim could count as proved."""

import pytest
from sympy import (
    Abs,
    Derivative,
    Dummy,
    Eq,
    Ge,
    Heaviside,
    Integer,
    Integral,
    Le,
    Limit,
    Lt,
    Min,
    Piecewise,
    Rational,
    Subs,
    Symbol,
    atan,
    exp,
    log,
    oo,
    sech,
    sqrt,
    symbols,
)

from symforget.calculus import BC, SampleIntegral, dominated_derivative, p_n, p_o
from symforget.derivation import Context, Derivation
from symforget.domain import Interval
from symforget.functions import normal
from symforget.rules import (
    Algebra,
    Antiderivative,
    ChainRule,
    Evaluate,
    FundamentalTheorem,
    Gathering,
    LargestExponential,
    Lemma,
    PointwiseExpectation,
    SameIntegrand,
    SignOf,
    SmallerOf,
    Squeeze,
    Stein,
    Tilt,
    Times,
    TouchesZero,
    UnderIntegralSign,
    UnderTheExpectation,
)
from symforget.rules.flows import AtEveryPoint, Differentiate
from symforget.rules.gaussian import CompleteTheSquare, same_expectations
from symforget.rules.intervals import ChangeOfVariable
from symforget.rules.rewards import LinearInReward, RewardIntegral, y
from symforget.rules.space import PointwiseInSpace, PositiveExpectation, _vanishes_in_space
from symforget.rules.vectors import SpaceIntegral, c_n, c_o, m_o
from symforget.rules.vectors import x as point

x, a, s = symbols("x a s", real=True)
z = Symbol("z", real=True)
UNIT = Interval.parse("(0, 1)")
TINY = Rational(1, 10**45)
CONTEXT = Context({x: UNIT, a: UNIT}, lambda claim, part: None, gaussian=False)


def refused(rule, before, relation, after, context=CONTEXT):
    return not rule.check(before, relation, after, context).ok


def test_a_sign_gives_no_equality():
    assert refused(SignOf(TINY), 1 + TINY, "=", Integer(1))
    assert not refused(SignOf(TINY), 1 + TINY, ">", Integer(1))


def test_a_strict_step_times_what_may_be_0_is_not_strict():
    factor = (x - Rational(3, 17)) ** 2
    assert refused(Times(factor, SignOf(Integer(1))), Integer(0), "<", factor)
    assert not refused(Times(factor, SignOf(Integer(1))), Integer(0), "<=", factor)


def test_an_equality_is_not_shown_by_dividing_by_infinity():
    assert refused(Times(oo, Algebra()), Integer(1), "=", Integer(2))


def test_a_lemma_holds_on_its_own_domain_only_also_for_symbols_left_as_they_are():
    narrow = {x: Interval.parse("(0, 31/37)")}
    lemma = Lt(x**2, 31 * x / 37, evaluate=False)
    wide = Context({x: UNIT}, lambda claim, part: (lemma, narrow), gaussian=False)
    assert refused(Lemma("group/slug"), x**2, "<", 31 * x / 37, wide)
    assert not refused(Lemma("group/slug"), x**2, "<", 31 * x / 37, Context(narrow, wide.lemma, gaussian=False))


def test_a_lemma_is_not_used_with_a_variable_it_binds():
    lemma = Eq(Integral(x, (s, 0, 1)), x, evaluate=False)
    context = Context({x: UNIT, s: UNIT}, lambda claim, part: (lemma, {x: UNIT}), gaussian=False)
    assert refused(Lemma("group/slug", at={x: s}), Integral(s, (s, 0, 1)), "=", s, context)


def test_a_rules_own_variable_is_no_parameter():
    line = Interval.parse("(-oo, oo)")
    below = Derivation(Integer(0)).at_most(Integer(0), by=Algebra())
    assert refused(UnderIntegralSign(below, a, UNIT), Integral(x - a, (x, 0, 1)), "<=", Integral(0, (x, 0, 1)))
    assert refused(ChangeOfVariable(a, a), Integral(a, (x, 0, 1)), "=", Integral(s, (s, 0, 1)))
    assert refused(Antiderivative(a**2 / 2, a, line), Integral(a, (s, 0, 1)), "=", Rational(1, 2))
    assert refused(PointwiseExpectation(Integer(0), a), a**2, "<=", normal(a * z, z))
    with_z = Context({z: UNIT}, CONTEXT.lemma, gaussian=False)
    w = Dummy("w", real=True)
    assert not same_expectations(normal(z * w, w), z**2, with_z).ok
    assert refused(CompleteTheSquare(), normal(exp(z * w / 4), w), "=", sqrt(2), with_z)


def test_a_double_integral_is_not_taken_for_its_inner_one():
    twice = Integral(1, (x, 0, 1), (s, 0, 5))
    same = Derivation(Integer(1)).at_most(Integer(1), by=Algebra())
    u = Symbol("u", real=True)
    closed = Interval.parse("[0, 1]")
    assert refused(UnderIntegralSign(same, u, closed), twice, "<=", Integral(1, (x, 0, 1)))


def test_the_value_at_a_point_is_that_of_a_point_of_the_domain():
    point = (Subs(Abs(x), x, -5), Subs(x, x, -5))
    positive = Context({x: Interval.parse("(0, oo)")}, CONTEXT.lemma, gaussian=False)
    y = Symbol("y", positive=True)
    half_line = Context({y: Interval.parse("(0, oo)")}, CONTEXT.lemma, gaussian=False)
    assert refused(AtEveryPoint(Algebra()), point[0], "=", point[1], positive)
    assert refused(AtEveryPoint(Algebra()), Subs(sqrt(y**2), y, -5), "=", Subs(y, y, -5), half_line)


def test_a_derivative_does_not_pass_under_an_integral_by_itself():
    jump = Integral(atan(1 / (x - a)), (x, 0, 2))
    for rule in (Differentiate(), Evaluate()):
        moved = Derivative(jump, a)
        assert refused(rule, moved, "=", jump.func(jump.function.diff(a), *jump.limits))
    by_its_end = Derivative(Integral(s**2, (s, 0, a)), a)
    assert not refused(Differentiate(), by_its_end, "=", a**2)


@pytest.mark.parametrize("step", [Piecewise((0, z < a), (1, True)), Heaviside(z - a)])
def test_no_derivative_of_a_function_with_a_jump_is_taken_under_the_expectation(step):
    assert refused(UnderTheExpectation(a), Derivative(normal(step, z), a), "=", Integer(0))


def test_a_majorant_needs_both_densities_below_the_line():
    """On p_o/p_n with a heavy tail the integral of p_o^3/(t^2 p_o + p_n)^2 t^3 has slope 1/2 at t = 0, not 0."""
    t = a - Rational(1, 2)
    assert not dominated_derivative(t**3 * p_o**3 / (t**2 * p_o + p_n) ** 2, a, {a: UNIT})
    assert not dominated_derivative(a * p_o**2 / p_n, a, {a: UNIT})
    assert dominated_derivative(p_o**2 / (a * p_o + (1 - a) * p_n), a, {a: UNIT})


def test_an_antiderivative_is_smooth_at_the_ends_it_reaches():
    """int_0^1 A/(s + A)^2 ds = 1/(1 + A) fails where A = (a - 3/17)^2 is 0."""
    A = (a - Rational(3, 17)) ** 2
    F = -A / (s + A)
    rule = Antiderivative(F, s, Interval.parse("(0, 1]"))
    assert refused(rule, Integral(A / (s + A) ** 2, (s, 0, 1)), "=", 1 / (1 + A))
    assert not refused(Antiderivative(s**2, s, Interval.parse("[0, 1]")), Integral(2 * s, (s, 0, 1)), "=", Integer(1))


def test_the_smaller_of_two_bounds_is_not_taken_under_an_integral():
    statement = Le(Integer(1), SampleIntegral(Min(p_o, p_n)), evaluate=False)
    premises = tuple(Le(Integer(1), SampleIntegral(p), evaluate=False) for p in (p_o, p_n))
    assert not SmallerOf().check(premises, statement, CONTEXT).ok


def test_what_touches_zero_on_the_line_is_shown_for_every_real_number():
    y = Symbol("y", positive=True)
    assert not TouchesZero(y**2 * (y + 1), y, 2, 6 * y + 2).shown().ok


def test_the_chain_rule_puts_nothing_in_that_is_bound_there():
    """d/ds int s b^2 db is 1/3, not b int b db."""
    b, t = symbols("b t", real=True)
    context = Context({x: UNIT, b: UNIT, t: UNIT}, CONTEXT.lemma, gaussian=False)
    premise = Eq(Derivative(Integral(x * b, (b, 0, 1)), x), Integral(b, (b, 0, 1)), evaluate=False)
    wrong = Eq(Derivative(Integral(t * b**2, (b, 0, 1)), t), b * Integral(b, (b, 0, 1)), evaluate=False)
    assert not ChainRule(x, b * t, t).check((premise,), wrong, context).ok
    right = Eq(Derivative(Integral(t**2 * b, (b, 0, 1)), t), 2 * t * Integral(b, (b, 0, 1)), evaluate=False)
    assert ChainRule(x, t**2, t).check((premise,), right, context).ok


def test_a_density_or_a_reward_outside_its_integral_is_no_constant():
    assert refused(SameIntegrand(), Integer(1), "=", p_n / p_o)
    assert refused(Gathering(), point * SpaceIntegral(c_o), "=", SpaceIntegral(point * c_o))
    assert not refused(Gathering(), m_o * SpaceIntegral(c_o), "=", SpaceIntegral(point * c_o))
    assert refused(LinearInReward(), y * RewardIntegral(p_o), "=", RewardIntegral(y * p_o))
    assert refused(LinearInReward(), y, "=", RewardIntegral(y * p_o))


def test_the_variable_of_an_expectation_is_every_real_number():
    """E[exp(-z)] is sqrt(e), not at most 1."""
    v = Symbol("v", positive=True)
    start = normal(exp(-v), v)
    assert refused(LargestExponential(Integer(1), -v, Integer(0), v, v), start, "<=", Integer(1))
    bounded = LargestExponential(Integer(1), -(z**2), Integer(0), z**2, z)
    assert not refused(bounded, normal(exp(-(z**2)), z), "<=", Integer(1))
    assert refused(
        bounded, normal(exp(-(z**2)), z), "<=", Integer(1), Context({z: UNIT}, CONTEXT.lemma, gaussian=False)
    )
    for variable, ok in ((v, False), (z, True)):
        sides = normal(exp(a * variable) * variable, variable), exp(a**2 / 2) * normal(variable + a, variable)
        assert refused(Tilt(a, variable, variable), sides[0], "=", sides[1]) is not ok


def test_steins_identity_needs_a_power_whose_exponent_stays():
    """cosh(z)^(1 + z^2) grows like exp(|z|^3): neither side exists."""
    g = sech(z) ** (-1 - z**2)
    assert refused(Stein(g, z), normal(z * g, z), "=", normal(g.diff(z), z))
    g = 1 / (1 + exp(z))
    assert not refused(Stein(g, z), normal(z * g, z), "=", normal(g.diff(z), z))


def test_only_logarithms_that_grow_like_a_square_are_integrated():
    """int c_n log(1 + exp(exp(c_o/c_n))) is infinite."""
    for inside, ok in ((exp(exp(c_o / c_n)), False), (sqrt(c_o / c_n), True)):
        f = c_n * log(1 + inside)
        assert refused(PointwiseInSpace(f, ()), SpaceIntegral(f), ">=", Integer(0)) is not ok


def test_a_logarithm_in_space_is_split_into_those_of_positive_factors_only():
    gap = c_o - c_n
    assert not _vanishes_in_space(SpaceIntegral(c_o * (log(gap**2) - 2 * log(gap))), CONTEXT)
    assert _vanishes_in_space(SpaceIntegral(c_o * (log(c_n**2) - 2 * log(c_n))), CONTEXT)


def test_a_power_of_a_negative_number_is_no_bell():
    assert refused(CompleteTheSquare(), normal(Integer(-2) ** z, z), "=", exp(log(Integer(-2)) ** 2 / 2))
    assert not refused(CompleteTheSquare(), normal(Integer(2) ** z, z), "=", exp(log(Integer(2)) ** 2 / 2))


def test_a_jump_at_a_closed_end_is_seen():
    """-Heaviside(x - 1) is 0 below 1 and -1 at 1."""
    closed = Context({x: Interval.parse("[0, 1]")}, CONTEXT.lemma, gaussian=False)
    half_open = Context({x: Interval.parse("[0, 1)")}, CONTEXT.lemma, gaussian=False)
    step = Heaviside(x - 1, 1)
    for context, ok in ((closed, False), (half_open, True)):
        assert refused(Algebra(), step, "=", Integer(0), context) is not ok
        assert refused(SignOf(-step), step, "<=", Integer(0), context) is not ok


def test_limits_hold_for_every_value_of_the_parameters():
    """int a/(1 + a s)^2 ds over (0, oo) is 1, but 0 for a = 0; 1/(1 + a X) tends to 1 there."""
    X, positive = Symbol("X", real=True), Interval.parse("(0, oo)")
    for text, ok in (("[0, 1]", False), ("(0, 1]", True)):
        context = Context({a: Interval.parse(text), X: positive}, CONTEXT.lemma, gaussian=False)
        rule = Antiderivative(-1 / (1 + a * s), s, Interval.parse("[0, oo)"))
        assert refused(rule, Integral(a / (1 + a * s) ** 2, (s, 0, oo)), "=", Integer(1), context) is not ok
        f = Limit(1 / (1 + a * X), X, oo)
        below, above = Ge(f.args[0], 0, evaluate=False), Le(f.args[0], f.args[0], evaluate=False)
        assert Squeeze().check((below, above), Eq(f, 0, evaluate=False), context).ok is ok
    middle = (a - Rational(1, 2)) ** 2
    rule = Antiderivative(-1 / (1 + middle * s), s, Interval.parse("[0, oo)"))
    assert refused(rule, Integral(middle / (1 + middle * s) ** 2, (s, 0, oo)), "=", Integer(1))


def test_a_derivative_does_not_pass_under_an_integral_over_samples_by_itself():
    f = (a - Rational(1, 2)) ** 3 * p_o**3 / ((a - Rational(1, 2)) ** 2 * p_o + p_n) ** 2
    for rule in (Differentiate(), Evaluate()):
        assert refused(rule, Derivative(SampleIntegral(f), a), "=", SampleIntegral(f.diff(a)))


def test_kinks_and_exponentials_of_densities_have_no_majorant():
    assert not dominated_derivative(Abs(p_o - a * p_n), a, {a: UNIT})
    assert not dominated_derivative(p_o * a**3 * exp(2 * p_o / p_n - a**2 * exp(p_o / p_n)), a, {a: UNIT})


def test_an_integral_keeps_its_outer_limits():
    twice = Integral(1, (x, 0, 1), (s, 0, 5))
    assert refused(Evaluate(), twice, "=", Integer(1))


def test_a_variable_of_a_rule_or_a_name_is_no_parameter():
    n = Symbol("n", nonnegative=True)
    context = Context({z: UNIT, n: Interval.parse("(2, 3)")}, CONTEXT.lemma, gaussian=False)
    w = Dummy("w", real=True)
    assert refused(PositiveExpectation(), normal(w, w), ">", Integer(0), context)
    given = ((n, TouchesZero(s**2, s, 2, Integer(2)), a),)
    assert refused(PointwiseExpectation(n - 2, a, given), Integer(2), "<=", normal(w**2, w), context)


def test_a_majorant_is_one_for_the_parameters_of_the_claim():
    """For a in (-1, 1) the weight a^2 below the line may be 0, where the slope does not pass under the integral."""
    f = a**3 * p_o**3 / (a**2 * p_o + p_n) ** 2
    assert dominated_derivative(f, a, {a: UNIT})
    assert not dominated_derivative(f, a, {a: Interval.parse("(-1, 1)")})


def test_a_lemma_is_taken_at_real_values_of_its_own_parameters():
    line = {x: Interval.parse("(-oo, oo)")}
    context = Context({a: UNIT}, lambda claim, part: (Ge(x**2, 0, evaluate=False), line), gaussian=False)
    assert refused(Lemma("group/slug", at={x: log(a - Rational(1, 2))}), log(a - Rational(1, 2)) ** 2, ">=", 0, context)
    assert not refused(Lemma("group/slug", at={x: log(a)}), log(a) ** 2, ">=", Integer(0), context)
    other = Context({a: UNIT}, lambda claim, part: (Ge(BC, 0, evaluate=False), {}), gaussian=False)
    assert refused(Lemma("group/slug", at={BC: -a}), -a, ">=", Integer(0), other)


def test_the_way_of_an_integral_of_a_slope_is_inside_the_domain():
    upper = Context({x: Interval.parse("(1/2, 1)")}, CONTEXT.lemma, gaussian=False)
    F = 1 / (x - Rational(1, 2)) + 2
    assert refused(
        FundamentalTheorem(x, Integer(0), F.diff(x)), F, "=", Integral(F.diff(x).subs(x, s), (s, 0, x)), upper
    )
    step = Heaviside(x - Rational(1, 2))
    assert refused(FundamentalTheorem(x, Integer(0), Integer(0)), step, "=", Integral(0, (s, 0, x)))
