"""False steps that a rule once accepted, or could be led to: if one passes, a false claim could count as proved."""

import pytest
from sympy import (
    Abs,
    Derivative,
    Dummy,
    Eq,
    Heaviside,
    Integer,
    Integral,
    Le,
    Lt,
    Min,
    Piecewise,
    Rational,
    Subs,
    Symbol,
    atan,
    exp,
    oo,
    sqrt,
    symbols,
)

from symforget.calculus import SampleIntegral, dominated_derivative, p_n, p_o
from symforget.derivation import Context, Derivation
from symforget.domain import Interval
from symforget.functions import normal
from symforget.rules import (
    Algebra,
    Antiderivative,
    Evaluate,
    Lemma,
    PointwiseExpectation,
    SignOf,
    SmallerOf,
    Times,
    TouchesZero,
    UnderIntegralSign,
    UnderTheExpectation,
)
from symforget.rules.flows import AtEveryPoint, Differentiate
from symforget.rules.gaussian import CompleteTheSquare, same_expectations
from symforget.rules.intervals import ChangeOfVariable

x, a, s = symbols("x a s", real=True)
z = Symbol("z", real=True)
UNIT = Interval.parse("(0, 1)")
TINY = Rational(1, 10**45)
CONTEXT = Context({x: UNIT, a: UNIT}, lambda claim, part: None)


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
    wide = Context({x: UNIT}, lambda claim, part: (lemma, narrow))
    assert refused(Lemma("group/slug"), x**2, "<", 31 * x / 37, wide)
    assert not refused(Lemma("group/slug"), x**2, "<", 31 * x / 37, Context(narrow, wide.lemma))


def test_a_lemma_is_not_used_with_a_variable_it_binds():
    lemma = Eq(Integral(x, (s, 0, 1)), x, evaluate=False)
    context = Context({x: UNIT, s: UNIT}, lambda claim, part: (lemma, {x: UNIT}))
    assert refused(Lemma("group/slug", at={x: s}), Integral(s, (s, 0, 1)), "=", s, context)


def test_a_rules_own_variable_is_no_parameter():
    line = Interval.parse("(-oo, oo)")
    below = Derivation(Integer(0)).at_most(Integer(0), by=Algebra())
    assert refused(UnderIntegralSign(below, a, UNIT), Integral(x - a, (x, 0, 1)), "<=", Integral(0, (x, 0, 1)))
    assert refused(ChangeOfVariable(a, a), Integral(a, (x, 0, 1)), "=", Integral(s, (s, 0, 1)))
    assert refused(Antiderivative(a**2 / 2, a, line), Integral(a, (s, 0, 1)), "=", Rational(1, 2))
    assert refused(PointwiseExpectation(Integer(0), a), a**2, "<=", normal(a * z, z))
    with_z = Context({z: UNIT}, CONTEXT.lemma)
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
    positive = Context({x: Interval.parse("(0, oo)")}, CONTEXT.lemma)
    y = Symbol("y", positive=True)
    half_line = Context({y: Interval.parse("(0, oo)")}, CONTEXT.lemma)
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
    assert not dominated_derivative(t**3 * p_o**3 / (t**2 * p_o + p_n) ** 2, a)
    assert not dominated_derivative(a * p_o**2 / p_n, a)
    assert dominated_derivative(p_o**2 / (a * p_o + (1 - a) * p_n), a)


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
