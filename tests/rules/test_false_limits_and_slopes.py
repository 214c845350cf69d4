"""Limits that fail at an end of the domain alone, and slopes of what has none: neither may count as proved."""

import pytest
from sympy import (
    Eq,
    Ge,
    Integer,
    Integral,
    KroneckerDelta,
    Le,
    Limit,
    Lt,
    Rational,
    ceiling,
    cos,
    exp,
    log,
    oo,
    symbols,
)

from symforget.derivation import Context, Derivation, closes
from symforget.domain import Interval
from symforget.functions import normal
from symforget.legs.symbolic import guarded
from symforget.rules import Algebra, Antiderivative, Lemma, Squeeze
from symforget.rules.intervals import check_all_steps
from symforget.rules.space import PositiveExpectation

x, a, b, s, t, w, X, z = symbols("x a b s t w X z", real=True)
UNIT, CLOSED, HALF_OPEN, AROUND_ZERO = map(Interval.parse, ("(0, 1)", "[0, 1]", "[0, 1)", "(-1, 1)"))
LINE, HALF_LINE, BEYOND = map(Interval.parse, ("(-oo, oo)", "[0, oo)", "(0, oo)"))


def context(domain, lemma=None):
    return Context(domain or {}, lemma or (lambda claim, part: None))


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
