"""If these fail, a derivative is taken under an integral that has no majorant, or a right one is refused."""

import pytest
from sympy import Derivative, Symbol, log, sqrt

from symforget.calculus import SampleIntegral, mixture, p_n, p_o
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.model import alpha, beta
from symforget.rules.divergences import UnderFiniteDivergence

CONTEXT = Context({beta: Interval.parse("(0, 1)"), alpha: Interval.parse("(0, 1)")}, lambda *_: None, gaussian=False)
q, gap = mixture(beta), p_o - p_n


def check(integrand, after, context=CONTEXT, parameter=beta):
    before = Derivative(SampleIntegral(integrand), beta)
    return UnderFiniteDivergence(parameter).check(before, "=", SampleIntegral(after), context)


@pytest.mark.parametrize("reference", [p_n, p_o, mixture(alpha)])
def test_reverse_divergences_are_differentiated(reference):
    assert check(q * log(q / reference), gap * log(q / reference)).ok


def test_a_wrong_derivative_is_refused():
    assert not check(q * log(q / p_n), 2 * gap * log(q / p_n)).ok
    assert not check(q * log(q / p_n), gap * log(q / p_o)).ok


@pytest.mark.parametrize(
    "integrand",
    [
        beta * p_o**2 / p_n,  # chi-square need not be finite
        q * log(q / p_n) ** 2,  # squares of logarithms need not be integrable
        beta * sqrt(p_o * p_n) * log(p_o / p_n),
        q * log((2 * beta - 1) * p_o / p_n),  # not a logarithm of something positive
        q * log(p_o / p_n) / (2 * beta - 1),  # a pole inside the domain
        beta * p_o * log(p_o),  # not homogeneous
    ],
)
def test_what_finite_divergences_do_not_dominate_is_refused(integrand):
    assert not check(integrand, integrand.diff(beta)).ok


def test_the_parameter_must_be_known_to_be_a_weight():
    wide = Context({beta: Interval.parse("(0, 2)")}, lambda *_: None, gaussian=False)
    assert not check(q * log(q / p_n), gap * log(q / p_n), wide).ok
    assert not check(q * log(q / p_n), gap * log(q / p_n), Context({}, lambda *_: None, gaussian=False)).ok
    second = Derivative(SampleIntegral(q * log(q / p_n)), (beta, 2))
    assert not UnderFiniteDivergence(beta).check(second, "=", SampleIntegral(gap**2 / q), CONTEXT).ok
    assert not check(q * log(q / p_n), gap * log(q / p_n), parameter=Symbol("s")).ok
