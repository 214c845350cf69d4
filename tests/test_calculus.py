"""If these fail, an integral for any densities would be reduced, or differentiated, wrongly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Rational, Symbol, cancel, diff, log, simplify, sqrt

from symforget.calculus import (
    BC,
    TV,
    E_n,
    E_o,
    H,
    SampleIntegral,
    chi2,
    dominated_derivative,
    integrate_densities,
    is_homogeneous,
    mixture,
    p_n,
    p_o,
    reduce_integral,
    reduce_to_gate,
    responsibility_new,
    responsibility_old,
    split_integrals,
    unfold,
)
from symforget.domain import Interval
from symforget.instances import TwoLetterPair

alpha, beta = Symbol("alpha", positive=True), Symbol("beta", positive=True)
q = mixture(beta)
PAIR = TwoLetterPair(Rational(1, 4), Rational(2, 3))
AT = {beta: Rational(3, 10), alpha: Rational(1, 2)}
WEIGHTS = {beta: Interval.parse("(0, 1)"), alpha: Interval.parse("(0, 1)")}


def on_alphabet(expr):
    """The exact value on a two-letter alphabet, by finite sums alone."""
    return PAIR(expr).doit().subs(AT)


@pytest.mark.parametrize(
    "integrand",
    [
        p_o * responsibility_new(beta),
        p_n * responsibility_old(beta),
        p_o**2 / q,
        (p_o - p_n) ** 2 / q,
        p_o * p_n**2 / q**2,
        p_n * (p_o - p_n) ** 2 / q**2,
        (p_o - p_n) ** 3 / q**2,
        p_o**2 * p_n**2 / q**3,
    ],
)
def test_reduction_agrees_with_exact_sums_on_an_alphabet(integrand):
    integral = SampleIntegral(integrand)
    assert on_alphabet(integral) == cancel(on_alphabet(reduce_integral(integral, beta)))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=4, max_size=4), st.integers(1, 9))
def test_reduction_of_random_cubics_agrees_with_exact_sums(coefficients, tenths):
    terms = (p_o**3, p_o**2 * p_n, p_o * p_n**2, p_n**3)
    integral = SampleIntegral(sum(c * t for c, t in zip(coefficients, terms, strict=True)) / q**2)
    at = {beta: Rational(tenths, 10)}
    left = PAIR(integral).subs(at)
    assert simplify(left - PAIR(reduce_integral(integral, beta)).doit().subs(at)) == 0


def test_what_is_not_in_the_span_is_left_alone():
    assert reduce_integral(BC.definition, beta) is None
    assert reduce_integral(SampleIntegral(p_o**2 / p_n), beta) is None
    assert reduce_integral(SampleIntegral(p_o**2), beta) is None  # not homogeneous of degree one


def test_homogeneity():
    assert is_homogeneous(p_o * p_n / q)
    assert is_homogeneous(sqrt(p_o * p_n))
    assert not is_homogeneous(p_o * p_n)


def test_differentiation_under_the_integral_gives_the_gradient_of_forward_kl():
    loss = E_n(log(p_n / q))
    assert dominated_derivative(loss.integrand, beta, WEIGHTS)
    gradient = beta * (1 - beta) * diff(loss, beta)
    assert simplify(reduce_to_gate(gradient, beta) - beta * (1 - H(beta))) == 0


def test_domination_is_refused_where_the_majorant_is_missing():
    assert not dominated_derivative(p_o**beta * p_n ** (1 - beta), beta, WEIGHTS)
    assert not dominated_derivative(p_o * log(p_o / p_n) * beta, beta, WEIGHTS)  # KL(p_o|p_n) may be infinite
    assert not dominated_derivative(p_o**2 / (beta * p_o - p_n), beta, WEIGHTS)  # the denominator may vanish
    assert not dominated_derivative(p_o**2 / (2 * p_o - p_n + beta * p_o), beta, WEIGHTS)


def test_logarithms_of_ratios_of_mixtures_are_dominated():
    assert dominated_derivative(q * log(q / mixture(alpha)), beta, WEIGHTS)
    assert not dominated_derivative(q * log(q / p_o), beta, WEIGHTS)


def test_unfold_replaces_every_name_by_its_integral():
    assert not unfold(H(beta) + BC + TV + chi2).atoms(H, type(BC))


def test_densities_integrate_to_one():
    assert integrate_densities(SampleIntegral(2 * p_o - 3 * p_n)) == -1
    assert integrate_densities(E_o(beta)) == beta
    assert integrate_densities(BC.definition) == BC.definition
    assert split_integrals(SampleIntegral((sqrt(p_o) - sqrt(p_n)) ** 2)) == 2 - 2 * BC.definition


def test_bound_symbols_are_bound():
    assert SampleIntegral(p_o * p_n / q).free_symbols == {beta}
