"""If these fail, an inequality between integrals with logarithms or exponentials is proved that is false."""

import pytest
from sympy import Symbol, exp, log

from symforget.calculus import SampleIntegral, mixture, p_n, p_o
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.functions import normal
from symforget.model import beta
from symforget.rules import LargestExponential, LogarithmSign

z = Symbol("z", real=True)
CONTEXT = Context({beta: Interval.parse("(0, 1)")}, None, gaussian=False)
q = mixture(beta)
SMALL, LARGE = (SampleIntegral((p_o - p_n) * log(e)) for e in (p_n, q))
SHARE = 1 / (1 + exp(z))


def test_a_score_and_its_logarithm_have_one_sign():
    assert LogarithmSign(p_n / beta, q / p_n).check(SMALL, "<=", LARGE, CONTEXT).ok


@pytest.mark.parametrize(
    ("rule", "before", "relation", "after"),
    [
        (LogarithmSign(p_n / beta, q / p_n), LARGE, "<=", SMALL),
        (LogarithmSign(-p_n / beta, q / p_n), LARGE, "<=", SMALL),
        (LogarithmSign(p_n / beta, q / p_n), SMALL, "<", LARGE),
        (LogarithmSign(p_n, q / p_n), SMALL, "<=", LARGE),
        (LogarithmSign(p_n / beta, q / p_o), SMALL, "<=", LARGE),
    ],
    ids=["turned round", "negative weight", "strict", "another weight", "another argument"],
)
def test_false_steps_with_logarithms_are_refused(rule, before, relation, after):
    assert not rule.check(before, relation, after, CONTEXT).ok


def test_the_largest_exponential_bounds_the_expectation():
    rule = LargestExponential(SHARE, beta * SHARE, beta, beta * (1 - SHARE), z)
    start, end = normal(SHARE * exp(beta * SHARE), z), exp(beta) * normal(SHARE, z)
    assert rule.check(start, "<=", end, CONTEXT).ok
    assert not rule.check(end, "<=", start, CONTEXT).ok
    assert not rule.check(start, "<=", end / 2, CONTEXT).ok
    assert not rule.check(start, ">=", end, CONTEXT).ok


def test_an_exponential_that_may_exceed_its_top_is_refused():
    start, end = normal(SHARE * exp(beta * z), z), exp(beta) * normal(SHARE, z)
    assert not LargestExponential(SHARE, beta * z, beta, beta * (1 - z), z).check(start, "<=", end, CONTEXT).ok
    assert (
        not LargestExponential(z, beta * SHARE, beta, beta * (1 - SHARE), z)
        .check(normal(z * exp(beta * SHARE), z), "<=", exp(beta) * normal(z, z), CONTEXT)
        .ok
    )
