"""Parameters of which a claim does not say where they lie, or which a lemma is given under another's name."""

import pytest
from sympy import Derivative, Eq, Integer, Limit, Rational, Symbol, log, oo, symbols

from symforget.authoring import claim, eq, ge, gt
from symforget.calculus import SampleIntegral, dominated_derivative, p_n, p_o
from symforget.claims import Part
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.errors import InputError
from symforget.model import delta
from symforget.rules import Lemma, UnderTheIntegral
from symforget.rules.divergences import UnderFiniteDivergence
from symforget.rules.rewards import RewardIntegral, y
from symforget.rules.vectors import SpaceIntegral, c_o, m_n, m_o, mu_n, mu_o
from symforget.rules.vectors import x as place

c, t, w, x = symbols("c t w x", real=True)
UNIT, POSITIVE, AROUND_ZERO = (Interval.parse(text) for text in ("(0, 1)", "(0, oo)", "(-1, 1)"))
HEAVY = t**3 * p_o**3 / (t**2 * p_o + p_n) ** 2


def context(domain, lemma=None):
    return Context(domain, lambda claim, part: lemma, gaussian=True)


def stated(domain, statement):
    @claim(domain=domain, kind="lower bound", densities="any", false_twin={"constant": 2})
    def parameters(constant=1):
        """A statement.

        Guarantee: **tight**.
        Hypotheses: none.
        Source: none.
        """
        return Part(statement)

    return parameters.build("test")


def test_a_statement_in_one_delta_is_not_made_for_the_values_of_another():
    """delta > 0 for a delta declared positive is no statement about a real one in [0, oo)."""
    with pytest.raises(InputError, match="test/parameters: statement: two different symbols are called delta"):
        stated({Symbol("delta", real=True): "[0, oo)"}, gt(delta, 0))
    assert stated({delta: "(0, oo)"}, gt(delta, 0)).parts


def test_every_parameter_of_a_statement_has_a_domain():
    with pytest.raises(InputError, match="test/parameters: statement: w has no domain"):
        stated({t: "(0, 1)"}, eq(w * t, t * w))
    assert stated({t: "(0, 1)", w: "(0, 1)"}, eq(w * t, t * w)).parts


def test_of_a_parameter_without_a_domain_no_majorant_is_known():
    """For t in (0, 1) it is one; at t = 0, which a parameter without a domain may reach, the slope can be 1/2."""
    rule, start, end = UnderTheIntegral(t), Derivative(SampleIntegral(HEAVY), t), SampleIntegral(HEAVY.diff(t))
    assert not rule.check(start, "=", end, context({})).ok
    assert not dominated_derivative(HEAVY, t, {})
    assert rule.check(start, "=", end, context({t: UNIT})).ok


def test_of_a_weight_without_a_domain_no_divergence_bounds_the_logarithm():
    f = p_o * log((w * p_o + (1 - w) * p_n) / (t * p_o + (1 - t) * p_n))
    rule, start, end = UnderFiniteDivergence(t), Derivative(SampleIntegral(t * f), t), SampleIntegral((t * f).diff(t))
    assert not rule.check(start, "=", end, context({t: UNIT})).ok
    linear = t * p_o * log(p_o / (w * p_o + (1 - w) * p_n))
    start, end = Derivative(SampleIntegral(linear), t), SampleIntegral(linear.diff(t))
    assert not rule.check(start, "=", end, context({t: UNIT})).ok
    assert rule.check(start, "=", end, context({t: UNIT, w: UNIT})).ok


def test_a_lemma_says_where_its_parameters_lie():
    equal = Eq(Derivative(SampleIntegral(HEAVY), t), SampleIntegral(HEAVY.diff(t)), evaluate=False)
    rule = Lemma("g/s")
    assert not rule.check(equal.lhs, "=", equal.rhs, context({t: AROUND_ZERO}, (equal, {}))).ok
    assert not rule.check(equal.lhs, "=", equal.rhs, context({t: AROUND_ZERO}, (equal, {t: UNIT}))).ok
    assert rule.check(equal.lhs, "=", equal.rhs, context({t: UNIT}, (equal, {t: UNIT}))).ok


def test_a_lemma_gives_no_two_symbols_one_name():
    """lim w/(x + 1) = 0 for x -> oo; with both called c it would be lim c/(c + 1) = 0."""
    limit = Eq(Limit(w / (x + 1), x, oo), 0, evaluate=False)
    known = context({c: POSITIVE, t: POSITIVE}, (limit, {x: POSITIVE, w: POSITIVE}))
    assert not Lemma("g/s", at={x: c, w: c}).check(Limit(c / (c + 1), c, oo), "=", Integer(0), known).ok
    assert not Lemma("g/s", at={x: c, w: 2 * c}).check(Limit(2 * c / (c + 1), c, oo), "=", Integer(0), known).ok
    assert Lemma("g/s", at={x: c, w: t}).check(Limit(t / (c + 1), c, oo), "=", Integer(0), known).ok


def test_a_parameter_has_no_name_that_an_integral_of_the_statement_binds():
    moment = SpaceIntegral(c_o * place)
    means = dict.fromkeys((m_o, m_n, mu_o, mu_n), "(-oo, oo)")
    with pytest.raises(InputError, match="x is a variable of integration"):
        stated({**means, place: "(0, 1)"}, eq(place * moment, place * m_o))
    with pytest.raises(InputError, match="y is a variable of integration"):
        stated({y: "[0, 1]"}, ge(RewardIntegral(p_o * y) + y, 0))
    assert stated(means, eq(moment, m_o)).parts
    assert stated({y: "[0, 1]", place: "(0, 1)"}, ge(y + place, 0)).parts, "without such integrals they are free"


@pytest.mark.parametrize("divisor", [t - Rational(1, 2), 2 * t**2 - 1, (t - Rational(1, 3)) ** 3])
def test_a_statement_divided_by_0_inside_its_domain_is_refused(divisor):
    with pytest.raises(InputError, match=r"divides by .*, which is 0 at some t inside its domain \(0, 1\)"):
        stated({t: "(0, 1)"}, ge(1 / divisor**2, 0))
    assert stated({t: "(0, 1/4)"}, ge(1 / divisor**2, 0)).parts


def test_a_divisor_may_vanish_at_an_open_end():
    assert stated({t: "(0, 1)"}, ge(1 / (t**2 * (1 - t)), 0)).parts
    assert stated({t: "(0, oo)"}, ge(1 / t, 0)).parts
