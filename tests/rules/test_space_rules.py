"""Would fail if a rule about integrals over R^d accepted a false inequality, or refused the true one beside it."""

from sympy import Abs, Integer, Rational, Symbol, cosh, exp, log, pi, sqrt

from symforget.derivation import Context
from symforget.domain import Interval
from symforget.functions import normal
from symforget.model import alpha, beta, delta, z
from symforget.rules.space import (
    IncreasingFromZero,
    Length,
    LogCoshBelow,
    LogOfTwoBells,
    PointwiseInSpace,
    PositiveExpectation,
    RaiseExponents,
    Share,
    SigmoidBelowPower,
    SignInSpace,
)
from symforget.rules.touching import ConvexTouching
from symforget.rules.vectors import SpaceIntegral, c_n, c_o, m_n, m_o, t_n, t_o, x

UNIT, LINE = Interval.parse("(0, 1)"), Interval.parse("(-oo, oo)")
CONTEXT = Context(
    {alpha: UNIT, beta: UNIT, delta: Interval.parse("(0, oo)"), m_o: LINE, m_n: LINE},
    lambda claim, part: None,
    gaussian=True,
)
y, n, k = Symbol("y", positive=True), Symbol("n", nonnegative=True), Symbol("k", nonnegative=True)
LOG_OF_MORE = IncreasingFromZero(log(1 + y), y, 1 / (1 + y))
GIBBS = ConvexTouching(y - 1 - log(y), y, 1 / y**2)
Q, P = beta * c_o + (1 - beta) * c_n, alpha * t_o + (1 - alpha) * t_n


def accepts(rule, before, relation, after):
    return rule.check(before, relation, after, CONTEXT).ok


def test_increasing_from_zero_needs_the_zero_and_the_sign():
    assert LOG_OF_MORE.shown(CONTEXT).ok
    assert not IncreasingFromZero(log(2 + y), y, 1 / (2 + y)).shown(CONTEXT).ok
    assert not IncreasingFromZero(log(1 + y) - y, y, -y / (1 + y)).shown(CONTEXT).ok
    assert not IncreasingFromZero(log(1 + y), y, 2 / (1 + y)).shown(CONTEXT).ok
    lost_pole = y**2 * (1 - (1 / y**2 - m_o**2 / y) / delta)  # -1/delta at 0, where SymPy substitutes 0
    assert not IncreasingFromZero(lost_pole, y, 2 * y + m_o**2 / delta).shown(CONTEXT).ok
    assert IncreasingFromZero(lost_pole + 1 / delta, y, 2 * y + m_o**2 / delta).shown(CONTEXT).ok
    assert IncreasingFromZero(sqrt(y), y, 1 / (2 * sqrt(y))).shown(CONTEXT).ok
    assert not IncreasingFromZero(exp(-1 / y), y, exp(-1 / y) / y**2).shown(CONTEXT).ok


def test_gibbs_inequality_in_one_direction_only():
    divergence = SpaceIntegral(c_n * log(c_n / P))
    rule = PointwiseInSpace(c_n * n, ((n, GIBBS, P / c_n),))
    assert accepts(rule, divergence, ">=", Integer(0))
    assert not accepts(rule, divergence, "<=", Integer(0))
    assert not accepts(rule, divergence, ">=", Rational(1, 100))
    assert not accepts(rule, -divergence, ">=", Integer(0))


def test_pointwise_bounds_with_logarithms_and_roots():
    cost = SpaceIntegral(c_o * log(Q / c_o))
    rule = PointwiseInSpace(c_o * n, ((n, LOG_OF_MORE, (1 - beta) * c_n / (beta * c_o)),))
    assert accepts(rule, cost, ">=", log(beta))
    assert not accepts(rule, cost, ">=", log(2 * beta))
    assert not accepts(rule, cost, ">=", Integer(0))
    root = IncreasingFromZero(y - log(1 + y**2), y, (1 - y) ** 2 / (1 + y**2))
    above = PointwiseInSpace(c_o * n, ((n, root, sqrt((1 - beta) * c_n / (beta * c_o))),))
    bound = log(beta) + sqrt((1 - beta) / beta) * SpaceIntegral(sqrt(c_o * c_n))
    assert accepts(above, cost, "<=", bound)
    assert not accepts(above, cost, "<=", bound - Rational(1, 10))
    assert not accepts(above, cost, "<=", log(beta) + sqrt((1 - beta) / beta) * SpaceIntegral(sqrt(c_o * t_n)))


def test_pointwise_rule_refuses_undeclared_signs_moments_and_negative_arguments():
    divergence = SpaceIntegral(c_n * log(c_n / P))
    free = Symbol("free", real=True)
    assert not accepts(PointwiseInSpace(c_n * free, ((free, GIBBS, P / c_n),)), divergence, ">=", Integer(0))
    assert not accepts(PointwiseInSpace(-c_n * n, ((n, GIBBS, P / c_n),)), -divergence, ">=", Integer(0))
    with_moment = SpaceIntegral(c_n * x)
    assert not accepts(PointwiseInSpace(c_n, ()), with_moment, ">=", SpaceIntegral(c_o * x))
    assert not accepts(PointwiseInSpace(c_n * n, ((n, GIBBS, c_n - P),)), divergence, ">=", Integer(0))


def test_integrals_that_may_diverge_are_refused():
    wild = SpaceIntegral(c_o**2 / c_n)
    assert not accepts(PointwiseInSpace(c_o**2 / c_n, ()), wild, ">=", Integer(0))
    assert accepts(PointwiseInSpace(sqrt(c_o * c_n), ()), SpaceIntegral(sqrt(c_o * c_n)), ">=", Integer(0))


def test_lengths_and_shares():
    gate, gap = SpaceIntegral(c_o * (1 - beta) * c_n / Q), m_n - m_o
    forward = SignInSpace(n * k, {n: Share(gate), k: Length(gap)})
    assert accepts(forward, -gate * gap, "<=", gate * Abs(gap))
    assert not accepts(forward, gate * Abs(gap), "<=", -gate * gap)
    assert not accepts(forward, -gate * gap, "<=", gate * Abs(gap) / 2)
    at_most_one = SignInSpace(n * Abs(gap), {n: Share(gate, c_o)})
    assert accepts(at_most_one, gate * Abs(gap), "<=", Abs(gap))
    wrong = SpaceIntegral(c_o * 2 * c_n / Q)
    assert not accepts(SignInSpace(n, {n: Share(wrong, c_o)}), wrong, "<=", Integer(1))
    assert not accepts(SignInSpace(n, {n: Share(SpaceIntegral(c_o * x))}), SpaceIntegral(c_o * x), ">=", Integer(0))
    assert not accepts(SignInSpace(beta, {beta: Share(gate)}), gate, ">=", Integer(0))


def test_exponents_are_raised_not_lowered():
    rule = RaiseExponents(((beta, -delta, 1, Integer(0)),))
    assert accepts(rule, beta * exp(-delta), "<=", Integer(1))
    assert not accepts(rule, Integer(1), "<=", beta * exp(-delta))
    assert not accepts(rule, 2 * beta * exp(-delta), "<=", Integer(1))
    assert not accepts(RaiseExponents(((1, delta, 1, Integer(0)),)), exp(delta), "<=", Integer(1))
    assert not accepts(RaiseExponents(((2, -delta, 1, Integer(0)),)), 2 * exp(-delta), "<=", Integer(1))
    assert not accepts(RaiseExponents(((-1, Integer(0), 0, Integer(0)),)), Integer(-1), "<=", Integer(0))


def test_sigmoid_below_powers_between_zero_and_one():
    sides = normal(1 / (1 + exp(-delta * z)), z), normal(exp(beta * delta * z), z)
    assert accepts(SigmoidBelowPower(delta * z, beta, z), sides[0], "<=", sides[1])
    assert not accepts(SigmoidBelowPower(delta * z, 2 * beta, z), sides[0], "<=", normal(exp(2 * beta * delta * z), z))
    assert not accepts(SigmoidBelowPower(delta * z, beta, z), sides[1], "<=", sides[0])
    assert not accepts(SigmoidBelowPower(delta * z, beta, z), sides[0], "<=", sides[1] / 2)


def test_two_bells_and_the_logarithm_of_their_cosh():
    bells = normal(log((exp(-(z**2) + delta * z) + exp(-(z**2) - delta * z)) / 2), z)
    swing = normal(log(cosh(delta * z)), z)
    rule = LogOfTwoBells(-(z**2), delta * z, z)
    assert accepts(rule, bells, "=", normal(-(z**2), z) + swing)
    assert not accepts(rule, bells, "=", normal(z**2, z) + swing)
    assert not accepts(rule, normal(log(exp(-(z**2) + delta * z) + exp(-(z**2) - delta * z)), z), "=", -1 + swing)
    below = LogCoshBelow(delta, m_o, z)
    start = normal(log(cosh(delta * (z + m_o))), z)
    assert accepts(below, start, "<=", delta * sqrt(2 / pi) * (1 + m_o**2 / 2))
    assert not accepts(below, start, "<=", delta * sqrt(1 / pi) * (1 + m_o**2 / 2))
    assert not accepts(below, start, "<=", delta * sqrt(2 / pi) * (1 + m_o**2 / 3))
    assert not accepts(LogCoshBelow(-delta, m_o, z), start, "<=", -delta * sqrt(2 / pi) * (1 + m_o**2 / 2))


def test_an_expectation_is_positive_only_of_something_positive():
    assert accepts(PositiveExpectation(), normal(exp(delta * z) / (1 + z**2), z), ">", Integer(0))
    assert not accepts(PositiveExpectation(), normal(z, z), ">", Integer(0))
    assert not accepts(PositiveExpectation(), normal(exp(z) - 1, z), ">", Integer(0))
    assert not accepts(PositiveExpectation(), normal(exp(z), z), ">", Integer(1))
