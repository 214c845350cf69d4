"""If these fail, a rule on the whole model accepts a false step, or refuses the true ones it exists for."""

import mpmath
import pytest
from sympy import Abs, Derivative, I, Rational, Symbol, exp, log, sech, sqrt

from symforget.derivation import Context
from symforget.domain import Interval
from symforget.functions import normal
from symforget.model import alpha, beta, delta, l, z
from symforget.mp import evaluate
from symforget.rules.vectors import (
    AbsoluteFactor,
    Gathering,
    MoveMean,
    SechAboveBell,
    SpaceIntegral,
    SteinAlong,
    TriangleInequality,
    c_n,
    c_o,
    m_n,
    m_o,
    mu_n,
    mu_o,
    slope_along,
    t_n,
    t_o,
    x,
)

DOMAIN = {s: Interval.parse("(0, 1)") for s in (alpha, beta)} | {
    s: Interval.parse("(-oo, oo)") for s in (m_o, m_n, mu_o, mu_n, l)
}
DOMAIN[delta] = Interval.parse("(0, oo)")
CONTEXT = Context(DOMAIN, lambda claim, part: None, gaussian=True)
MODEL, TARGET = beta * c_o + (1 - beta) * c_n, alpha * t_o + (1 - alpha) * t_n
RATIO = log(MODEL / TARGET)
POINT = {beta: Rational(3, 10), alpha: Rational(3, 5), m_o: Rational(1, 4), m_n: 2, mu_o: 0, mu_n: 3}


def accepts(rule, before, relation, after):
    return rule.check(before, relation, after, CONTEXT).ok


def test_an_integral_is_what_mpmath_finds_on_the_line():
    value = evaluate(SpaceIntegral(c_o * t_n * x**2 / TARGET).concrete(), POINT, 15)
    a = mpmath.mpf("0.6")

    def integrand(y):
        old, new = mpmath.npdf(y), mpmath.npdf(y - 3)
        return mpmath.npdf(y - mpmath.mpf("0.25")) * new * y**2 / (a * old + (1 - a) * new)

    assert abs(value - mpmath.quad(integrand, mpmath.linspace(-12, 14, 14))) < 1e-12


def test_a_derivative_in_a_mean_moves_its_density():
    moved = SpaceIntegral(c_o * x).diff(m_o).concrete()
    assert abs(evaluate(moved, POINT, 15) - 1) < 1e-12


def test_a_mean_put_elsewhere_takes_its_density_along():
    there = SpaceIntegral(c_o * x).xreplace({m_o: m_n + 1}).concrete()
    assert abs(evaluate(there, POINT, 15) - 3) < 1e-12


def test_moving_a_mean_is_differentiated_with_its_factor():
    before = Derivative(SpaceIntegral(MODEL * RATIO), m_o)
    right = beta * SpaceIntegral(c_o * (x - m_o) * RATIO)
    assert accepts(MoveMean(m_o), before, "=", right)
    assert not accepts(MoveMean(m_o), before, "=", 2 * right)
    assert not accepts(MoveMean(m_o), before, "=", beta * SpaceIntegral(c_n * (x - m_o) * RATIO))
    assert not accepts(MoveMean(m_n), before, "=", right)


def test_a_derivative_without_a_majorant_is_refused():
    before = Derivative(SpaceIntegral(c_o**2 / c_n), m_o)
    assert not accepts(MoveMean(m_o), before, "=", before.doit())


def test_stein_moves_the_factor_to_the_slope_and_not_otherwise():
    before = SpaceIntegral(c_o * (x - m_o) * RATIO)
    after = SpaceIntegral(c_o * slope_along(RATIO))
    assert accepts(SteinAlong(c_o, RATIO), before, "=", after)
    assert not accepts(SteinAlong(c_o, RATIO), before, "=", -after)
    assert not accepts(SteinAlong(c_n, RATIO), before, "=", after)
    assert not accepts(SteinAlong(c_o, log(c_o)), before, "=", after)


def test_integrals_of_one_density_are_known_and_nothing_more():
    assert accepts(Gathering(), SpaceIntegral(c_o * (x - m_n)), "=", m_o - m_n)
    assert not accepts(Gathering(), SpaceIntegral(c_o * x), "=", m_n)
    assert not accepts(Gathering(), SpaceIntegral(c_o * x**2), "=", m_o**2)
    assert not accepts(Gathering(), SpaceIntegral(c_o * c_n / MODEL), "=", Rational(1, 2))
    assert not accepts(Gathering(), SpaceIntegral(c_o * x, (m_n, m_n, mu_o, mu_n)), "=", m_o)


@pytest.mark.parametrize("kappa", [Rational(-1), Rational(0), Rational(1, 2)])
def test_triangle_inequality(kappa):
    length = sqrt(beta**2 + alpha**2 - 2 * kappa * beta * alpha)
    assert accepts(TriangleInequality(beta, alpha, kappa), length, "<=", beta + alpha)
    assert not accepts(TriangleInequality(beta, alpha, kappa), length, "<=", (beta + alpha) * Rational(9, 10))
    assert not accepts(TriangleInequality(beta, alpha, Rational(-2)), length, "<=", beta + alpha)
    assert not accepts(TriangleInequality(beta - 1, alpha, kappa), length, "<=", beta + alpha)


def test_sech_lies_above_the_bell_and_not_above_a_wider_one():
    y = (delta * z + l) / 2
    lower = normal(exp(-(y**2) / 2), z)
    assert accepts(SechAboveBell(y, z), normal(sech(y), z), ">=", lower)
    assert not accepts(SechAboveBell(y, z), normal(sech(y), z), ">=", normal(exp(-(y**2) / 4), z))
    assert not accepts(SechAboveBell(y, z), normal(sech(y), z), "<=", lower)
    # sech(i z) = 1/cos z is below exp(z^2/2) somewhere, and is not even integrable
    assert not accepts(SechAboveBell(I * z, z), normal(sech(I * z), z), ">=", normal(exp(z**2 / 2), z))
    loose = Symbol("loose")
    assert not accepts(
        SechAboveBell(loose * z, z), normal(sech(loose * z), z), ">=", normal(exp(-((loose * z) ** 2) / 2), z)
    )


def test_only_a_nonnegative_factor_leaves_an_absolute_value():
    before = Abs(beta * m_o + 2 * beta)
    assert accepts(AbsoluteFactor(beta), before, "=", beta * Abs(m_o + 2))
    assert not accepts(AbsoluteFactor(beta), before, "=", beta * Abs(m_o + 1))
    assert not accepts(AbsoluteFactor(m_o), Abs(m_o * beta + m_o * 2), "=", m_o * Abs(beta + 2))
