"""For Gaussian densities H, BC and integrals over the sample space depend on delta, which SymPy does not see."""

import pytest
from sympy import Derivative, Eq, Integer, Integral, Le, Limit, Rational, Subs, exp, oo, symbols

from symforget.authoring import claim, eq
from symforget.calculus import BC, TV, H, SampleIntegral, p_n, p_o
from symforget.claims import Part
from symforget.derivation import Context, Derivation
from symforget.domain import Interval
from symforget.errors import InputError
from symforget.model import delta
from symforget.rules import Evaluate, FundamentalTheorem, Lemma, OnTheLine, SignOf, UnderIntegralSign, UnderTheIntegral
from symforget.rules.flows import AtEveryPoint, Differentiate
from symforget.rules.intervals import check_all_steps
from symforget.rules.rewards import RewardIntegral, y

s, w = symbols("s w", real=True)
UNIT, POSITIVE = Interval.parse("(0, 1)"), Interval.parse("(0, oo)")
OVERLAP = SampleIntegral((p_o * p_n) ** Rational(1, 2))


def context(lemma=None):
    return Context({delta: POSITIVE, w: UNIT}, lambda claim, part: lemma, gaussian=True)


def accepted(start, end, rule):
    return check_all_steps(Derivation(start).equals(end, by=rule), context()).ok


@pytest.mark.parametrize("value", [2 * delta, delta + Rational(1, 100), Integer(3)])
def test_a_lemma_on_overlaps_is_not_moved_to_another_separation(value):
    """BC = exp(-delta^2/8) at 2 delta would be BC = exp(-delta^2/2)."""
    bound = exp(-(delta**2) / 8)
    equal = context((Eq(BC, bound, evaluate=False), {delta: POSITIVE}))
    below = context((Le(H(w), bound, evaluate=False), {delta: POSITIVE, w: UNIT}))
    moved = bound.subs(delta, value)
    assert not Lemma("o/p", at={delta: value}).check(BC, "=", moved, equal).ok
    assert not Lemma("o/p", at={delta: value}).check(H(w), "<=", moved, below).ok
    assert Lemma("o/p", at={delta: delta}).check(BC, "=", bound, equal).ok
    assert Lemma("o/p", at={w: w / 2}).check(H(w / 2), "<=", bound, below).ok


def test_a_lemma_without_overlaps_is_moved_to_another_separation():
    stated = (Le(exp(-delta), 1 / (1 + delta), evaluate=False), {delta: POSITIVE})
    moved = Lemma("o/p", at={delta: 2 * delta})
    assert moved.check(exp(-2 * delta), "<=", 1 / (1 + 2 * delta), context(stated)).ok


def test_no_derivative_or_value_in_the_separation_is_taken_of_an_overlap():
    """SymPy takes the gate for a constant in delta, so that d(delta H)/d delta would be H."""
    assert not accepted(Derivative(delta * H(w), delta), H(w), UnderTheIntegral(delta))
    assert not accepted(OVERLAP, Subs(OVERLAP, delta, 3), Evaluate())
    at_three = Subs(OVERLAP, delta, 3)
    assert not accepted(at_three, Subs(exp(-(delta**2) / 8), delta, 3), AtEveryPoint(OnTheLine()))
    assert (
        not FundamentalTheorem(delta, Integer(0), BC).check(delta * BC, "=", Integral(BC, (s, 0, delta)), context()).ok
    )
    assert accepted(Derivative(delta**2, delta), 2 * delta, Evaluate())


def test_the_separation_is_no_variable_of_integration():
    """Under the integral BC would be exp(-delta^2/8) at the variable; outside it is one number."""
    inner = Derivation(delta * BC).at_most(2 * delta * BC, by=SignOf(delta * BC))
    rule = UnderIntegralSign(inner, delta, UNIT)
    before, after = Integral(s * BC, (s, 0, 1)), Integral(2 * s * BC, (s, 0, 1))
    free = Context({}, lambda claim, part: None, gaussian=True)
    assert not rule.check(before, "<=", after, free).ok
    inner = Derivation(s * BC).at_most(2 * s * BC, by=SignOf(s * BC))
    assert UnderIntegralSign(inner, s, UNIT).check(before, "<=", after, free).ok


def test_what_belongs_to_the_densities_is_no_variable():
    """TV is one number: a lemma on it says nothing of others, and the overlap is no constant while TV moves."""
    stated = (Le(4 * TV**2, 1 / (1 - H(w)), evaluate=False), {TV: UNIT, w: UNIT})
    known = context(stated)
    assert not Lemma("o/p", at={TV: w}).check(4 * w**2, "<=", 1 / (1 - H(w)), known).ok
    assert Lemma("o/p").check(4 * TV**2, "<=", 1 / (1 - H(w)), known).ok
    assert not accepted(Derivative(TV * H(w), TV), H(w), UnderTheIntegral(TV))
    inner = Derivation(TV * w).at_most(2 * TV * w, by=SignOf(TV * w))
    before, after = Integral(s * w, (s, 0, 1)), Integral(2 * s * w, (s, 0, 1))
    assert not UnderIntegralSign(inner, TV, UNIT).check(before, "<=", after, context()).ok


def test_an_integral_with_a_reward_depends_on_the_separation_too():
    moved = Derivative(delta * RewardIntegral(p_o * y), delta)
    assert not accepted(moved, RewardIntegral(p_o * y), Differentiate())


@pytest.mark.parametrize("moving", [Derivative(delta * H(w), delta), Subs(BC, delta, 3), Limit(BC / delta, delta, oo)])
def test_a_claim_takes_no_derivative_or_limit_of_an_overlap_in_the_separation(moving):
    @claim(domain={delta: "(0, oo)", w: "(0, 1)"}, kind="identity", densities="Gaussian", false_twin={"factor": 2})
    def moved(factor=1):
        """A derivative in delta.

        Guarantee: **tight**.
        Hypotheses: none.
        Source: none.
        """
        return Part(eq(moving, factor * moving))

    with pytest.raises(InputError, match="test/moved: statement: an integral over the sample space depends on delta"):
        moved.build("test")
