"""If these fail, a false step between integrals over the sample space could count as proved."""

import pytest
from sympy import Abs, Derivative, Integer, Rational, Symbol, log, sqrt

from symforget.calculus import BC, TV, E_n, H, SampleIntegral, mixture, p_n, p_o
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.model import beta
from symforget.rules import (
    ArithmeticGeometricMean,
    CauchySchwarz,
    Definition,
    Pointwise,
    ReduceToGate,
    SameIntegrand,
    UnderTheIntegral,
)

q = mixture(beta)
CROSS = SampleIntegral(p_o * p_n / q)
INFORMATION = SampleIntegral((p_o - p_n) ** 2 / q)
CONTEXT = Context({beta: Interval.parse("(0, 1)")}, lambda claim, part: None, gaussian=False)


def accepts(rule, before, relation, after):
    return rule.check(before, relation, after, CONTEXT).ok


@pytest.mark.parametrize(
    ("name", "integral", "false"),
    [
        (H(beta), CROSS, 2 * CROSS),
        (BC, SampleIntegral(sqrt(p_o * p_n)), CROSS),
        (TV, SampleIntegral(Abs(p_o - p_n)) / 2, SampleIntegral(Abs(p_o - p_n))),
    ],
)
def test_definitions(name, integral, false):
    assert accepts(Definition(), name, "=", integral)
    assert not accepts(Definition(), name, "=", false)
    assert not accepts(Definition(), name, "<=", integral)


def test_linearity_knows_that_densities_integrate_to_one():
    assert accepts(SameIntegrand(), SampleIntegral(p_o**2 / q), "=", (1 - (1 - beta) * CROSS) / beta)
    assert accepts(SameIntegrand(), SampleIntegral(3 * p_o - p_n), "=", Integer(2))
    assert not accepts(SameIntegrand(), SampleIntegral(p_o**2 / q), "=", (1 - beta * CROSS) / beta)
    assert not accepts(SameIntegrand(), SampleIntegral(p_o), "=", Integer(2))


def test_reduction_to_the_gate():
    assert accepts(ReduceToGate(beta), INFORMATION, "=", (1 - H(beta)) / (beta * (1 - beta)))
    assert not accepts(ReduceToGate(beta), INFORMATION, "=", (1 - H(beta)) / beta)
    assert not accepts(ReduceToGate(beta), SampleIntegral(sqrt(p_o * p_n)), "=", H(beta))


def test_pointwise_inequalities_need_the_true_difference_and_its_sign():
    difference = beta * (1 - beta) * (p_o - p_n) ** 2 / q
    assert accepts(Pointwise(difference), CROSS, "<=", Integer(1))
    assert not accepts(Pointwise(2 * difference), CROSS, "<=", Integer(1))
    assert not accepts(Pointwise(difference), CROSS, "<", Integer(1))
    assert not accepts(Pointwise(p_o - p_n), SampleIntegral(p_n), "<=", SampleIntegral(2 * p_o - p_n))


def test_arithmetic_geometric_mean():
    harmonic, bound = SampleIntegral(p_o * p_n / (p_o + p_n)), BC / 2
    rule = ArithmeticGeometricMean(p_o, p_n, p_o * p_n)
    assert accepts(rule, harmonic, "<=", bound)
    assert not accepts(rule, harmonic, "<=", bound / 2)
    assert not accepts(rule, harmonic, ">=", bound)
    assert not accepts(ArithmeticGeometricMean(-p_o, p_n, p_o * p_n), harmonic, "<=", bound)


def test_cauchy_schwarz():
    square, product = SampleIntegral(Abs(p_o - p_n)) ** 2, INFORMATION * SampleIntegral(q)
    rule = CauchySchwarz((p_o - p_n) ** 2 / q, q)
    assert accepts(rule, square, "<=", product)
    assert accepts(CauchySchwarz((p_o - p_n) ** 2 / q, q, beta), beta * square, "<=", beta * product)
    assert not accepts(rule, product, "<=", square)
    assert not accepts(rule, square, "<", product)
    assert not accepts(rule, 2 * square, "<=", product)
    assert not accepts(CauchySchwarz(p_o - p_n, q), SampleIntegral(sqrt((p_o - p_n) * q)) ** 2, "<=", 0 * product)


def test_differentiation_under_the_integral_needs_a_majorant():
    loss = E_n(log(p_n / q))
    assert accepts(UnderTheIntegral(beta), Derivative(loss, beta), "=", loss.diff(beta))
    assert not accepts(UnderTheIntegral(beta), Derivative(loss, beta), "=", 2 * loss.diff(beta))
    rough = SampleIntegral(p_o**beta * p_n ** (1 - beta))
    assert not accepts(UnderTheIntegral(beta), Derivative(rough, beta), "=", rough.diff(beta))


def test_nothing_is_shown_about_symbols_outside_the_domain():
    gamma = Symbol("gamma", real=True)
    assert not accepts(Pointwise(gamma * p_o), SampleIntegral(p_n), "<=", SampleIntegral(p_n + gamma * p_o))
    assert accepts(SameIntegrand(), SampleIntegral(gamma * p_o), "=", gamma)
    assert not accepts(SameIntegrand(), SampleIntegral(gamma * p_o), "=", gamma * Rational(1, 2))


def test_a_factor_of_zero_must_be_a_number():
    """int (p_o - p_n) = 0 whatever stands before it, but not with the logarithm of a negative number before it."""
    context = Context({beta: Interval.parse("(0, 1)")}, lambda claim, part: None, gaussian=False)
    zero = SampleIntegral(p_o - p_n)
    rule = SameIntegrand()
    assert rule.check(zero, "=", SampleIntegral((p_o - p_n) * log(1 + beta)), context).ok
    assert not rule.check(zero, "=", SampleIntegral((p_o - p_n) * log(1 - 2 * beta)), context).ok
    assert not rule.check(SampleIntegral((p_o - p_n) * log(1 - 2 * beta)), "=", zero, context).ok
    assert not rule.check(zero, "=", SampleIntegral((p_o - p_n) / (1 - 2 * beta)), context).ok
