"""If these fail, a false statement about Gaussian expectations could count as proved, or a true one be refused."""

import pytest
from sympy import Abs, Derivative, Integral, Rational, Symbol, cos, exp, oo, pi, sech, sin, sqrt, symbols, tanh

from symforget.calculus import E_n, H, SampleIntegral, p_n, p_o
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.functions import normal
from symforget.gate.symbolic import gate_s, gate_s_derivative
from symforget.model import beta, delta, l
from symforget.rules import (
    CompleteTheSquare,
    GateAsExpectation,
    InExpectation,
    OnTheLine,
    Reflection,
    Stein,
    Tilt,
    UnderTheExpectation,
)
from symforget.rules.gaussian import combined_normal

u, v, a = symbols("u v a", real=True)
DOMAIN = {delta: "(0, oo)", l: "(-oo, oo)", a: "(-oo, oo)", beta: "(0, 1)"}
CONTEXT = Context({s: Interval.parse(text) for s, text in DOMAIN.items()}, lambda claim, part: None, gaussian=True)


def accepts(rule, before, after, relation="="):
    return rule.check(before, relation, after, CONTEXT).ok


SCALE = exp(-(delta**2) / 8)


@pytest.mark.parametrize(
    ("integral", "on_line"),
    [
        (SampleIntegral(sqrt(p_o * p_n)), SCALE),
        (E_n(p_n / p_o), SCALE * normal(exp(3 * delta * u / 2), u)),
        (H(beta), SCALE * normal(1 / (beta * exp(-delta * u / 2) + (1 - beta) * exp(delta * u / 2)), u)),
    ],
)
def test_integrals_of_a_gaussian_pair_on_the_whitened_line(integral, on_line):
    assert accepts(OnTheLine(), integral, on_line)
    assert not accepts(OnTheLine(), integral, on_line / 2)
    assert not accepts(OnTheLine(), integral, on_line, "<=")


@pytest.mark.parametrize(
    ("integrand", "value"),
    [
        (exp(a * u), exp(a**2 / 2)),
        (exp(-(u**2)), 1 / sqrt(3)),
        (cos(a * u + l), cos(l) * exp(-(a**2) / 2)),
        (sin(a * u + l), sin(l) * exp(-(a**2) / 2)),
    ],
)
def test_completing_the_square(integrand, value):
    assert accepts(CompleteTheSquare(), normal(integrand, u), value)
    assert not accepts(CompleteTheSquare(), normal(integrand, u), value * exp(a**2))


def test_the_square_is_not_completed_where_the_integral_diverges_or_is_none_of_the_kind():
    assert not accepts(CompleteTheSquare(), normal(exp(u**2 / 2), u), 1 / sqrt(0 * a + 1))
    assert not accepts(CompleteTheSquare(), normal(exp(u**3), u), 0 * a)
    assert not accepts(CompleteTheSquare(), normal(sech(u), u), 0 * a + 1)


def test_stein():
    g = sin(delta * u + l)
    assert accepts(Stein(g, u), normal(u * g, u), normal(g.diff(u), u))
    assert accepts(Stein(u * g, u), normal(u**2 * g, u), normal(g + u * g.diff(u), u))
    assert not accepts(Stein(g, u), normal(u * g, u), 2 * normal(g.diff(u), u))
    assert not accepts(Stein(g, u), normal(u * g, u), normal(g, u))


def test_stein_needs_a_smooth_function_of_moderate_growth():
    for wild in (Abs(u), 1 / u, exp(u**2 / 2)):
        assert not accepts(Stein(wild, u), normal(u * wild, u), normal(wild.diff(u), u))


def test_the_gate_and_its_derivatives_by_their_integrands():
    x = (delta * u + l) / 2
    assert accepts(GateAsExpectation(), gate_s(delta, l), normal(sech(x), u))
    assert accepts(GateAsExpectation(), gate_s_derivative(1, delta, l), -normal(sech(x) * tanh(x), u) / 2)
    assert not accepts(GateAsExpectation(), gate_s(delta, l), 2 * normal(sech(x), u))


def test_differentiation_under_the_expectation():
    g = sech(delta * u + l)
    before = Derivative(normal(g, u), delta)
    assert accepts(UnderTheExpectation(delta), before, normal(g.diff(delta), u))
    assert not accepts(UnderTheExpectation(delta), before, normal(g.diff(l), u))
    assert not accepts(UnderTheExpectation(l), before, normal(g.diff(delta), u))
    kinked = Derivative(normal(Abs(u - a), u), a)
    assert not accepts(UnderTheExpectation(a), kinked, kinked.doit(deep=False))


def test_reflection():
    right, left = normal(1 / (1 + exp(-a - u)), u), normal(1 / (1 + exp(-a + u)), u)
    assert accepts(Reflection(right), right, left)
    assert not accepts(Reflection(right), right, normal(1 / (1 + exp(a - u)), u))


def test_tilting_works_both_ways_and_with_the_right_constant():
    g = cos(u + l)
    tilted, shifted = normal(exp(a * u) * g, u), normal(cos(u + a + l), u)
    assert accepts(Tilt(a, g, u), tilted, exp(a**2 / 2) * shifted)
    assert accepts(Tilt(a, g, u), exp(a**2 / 2) * shifted, tilted)
    assert not accepts(Tilt(a, g, u), tilted, exp(a**2) * shifted)
    assert not accepts(Tilt(a, g, u), tilted, exp(a**2 / 2) * normal(cos(u - a + l), u))


def test_a_tilt_that_is_not_a_real_constant_is_refused():
    complex_tilt = Symbol("c")
    for by in (complex_tilt, u):
        assert not accepts(Tilt(by, sech(u), u), normal(exp(by * u) * sech(u), u), normal(sech(u), u))


def test_linearity_compares_integrands_and_not_values():
    assert accepts(InExpectation(), normal(u * exp(u), u) + normal(exp(v), v), normal((1 + u) * exp(u), u))
    assert not accepts(InExpectation(), normal(u, u), normal(2 * u, u))  # equal, but not for this reason
    assert not accepts(InExpectation(), normal(exp(u), u) ** 2, normal(exp(2 * u), u))


def test_an_expectation_that_depends_on_a_bound_variable_is_not_taken_out():
    w = Symbol("w", real=True)
    inside = Integral(sech(w) * normal(cos(w * u), u), (w, -oo, oo))
    assert combined_normal(inside, u) is None
    assert combined_normal(Derivative(normal(cos(a * u), u), a), u) is None
    assert not accepts(InExpectation(), inside, pi * normal(cos(w * u), u) * Rational(1, 2))
