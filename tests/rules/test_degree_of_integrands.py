"""Integrals over the sample space that depend on the measure they are taken with: no value of one may be proved."""

import pytest
from sympy import Integer, Symbol, exp, sqrt, symbols

from symforget.authoring import claim, eq
from symforget.calculus import E_o, SampleIntegral, p_n, p_o
from symforget.claims import Part
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.errors import InputError
from symforget.instances import GaussianPair
from symforget.model import delta
from symforget.rules import OnTheLine
from symforget.rules.covariant import AlongAndAcross, GramIntegral
from symforget.rules.oblique import InThePlane, ObliqueIntegral
from symforget.rules.rewards import RewardIntegral, y
from symforget.rules.vectors import SpaceIntegral, c_n, c_o, t_n, t_o

alpha, d, u = Symbol("alpha", positive=True), Symbol("d", real=True), Symbol("u", real=True)
UNIT, POSITIVE = Interval.parse("(0, 1)"), Interval.parse("(0, oo)")
CONTEXT = Context({alpha: UNIT, d: UNIT, delta: POSITIVE}, lambda claim, part: None, gaussian=True)


def on_the_line(integrand, value):
    return OnTheLine().check(SampleIntegral(integrand), "=", value, CONTEXT)


def test_the_integral_of_a_product_of_densities_has_no_value_on_the_whitened_line():
    """int p_o p_n is exp(-delta^2/4)/sqrt(4 pi) for Sigma = 1 in one dimension, and smaller for any larger Sigma."""
    assert not on_the_line(p_o * p_n, exp(-(delta**2) / 8)).ok
    assert on_the_line(sqrt(p_o * p_n), exp(-(delta**2) / 8)).ok
    with pytest.raises(InputError, match="must be homogeneous of degree one in p_o, p_n"):
        GaussianPair()(E_o(p_n))
    assert GaussianPair()(SampleIntegral(sqrt(p_o * p_n))).doit() == exp(-(delta**2) / 8)


def test_the_integral_of_a_product_of_densities_has_no_value_in_the_plane():
    product = ObliqueIntegral(t_o * t_n, Integer(1), d)
    assert not InThePlane(alpha, u).check(product, "=", exp(-(d**2) / 8), CONTEXT).ok
    mean = ObliqueIntegral(sqrt(t_o * t_n), Integer(1), d)
    assert InThePlane(alpha, u).check(mean, "=", exp(-(d**2) / 8), CONTEXT).ok
    for integral in (product, SpaceIntegral(c_o * c_n), RewardIntegral(p_o * p_n * y)):
        with pytest.raises(InputError, match="must be homogeneous of degree one"):
            integral.concrete()


def test_coordinates_across_are_integrated_for_functions_of_degree_one_only():
    whole, across = (GramIntegral(t_o * t_n, (1, 0, 1), (0, 0), d), ObliqueIntegral(t_o * t_n, Integer(0), d))
    assert not AlongAndAcross().check(whole, "=", across, CONTEXT).ok
    whole, across = (GramIntegral(t_o, (1, 0, 1), (0, 0), d), ObliqueIntegral(t_o, Integer(0), d))
    assert AlongAndAcross().check(whole, "=", across, CONTEXT).ok


@pytest.mark.parametrize(
    "integral", [SampleIntegral(p_o * p_n), ObliqueIntegral(t_o * t_n, 1, d), RewardIntegral(p_o * y + y)]
)
def test_a_claim_holds_no_integral_that_depends_on_the_measure(integral):
    def stated(value):
        @claim(domain={d: "(0, 1)", delta: "(0, oo)"}, kind="identity", densities="Gaussian", false_twin={"factor": 2})
        def overlap(factor=1):
            """An integral.

            Guarantee: **tight**.
            Hypotheses: none.
            Source: none.
            """
            return Part(eq(value, factor * value))

        return overlap.build("test")

    with pytest.raises(InputError, match=r"test/overlap: statement: the integral of .* must be homogeneous"):
        stated(integral)
    assert stated(SampleIntegral(p_o)).parts


def test_degree_is_read_off_the_structure_of_other_densities_too():
    x, a = symbols("x a", real=True)
    assert SpaceIntegral(c_o * (x - a) + c_n**2 / (c_o + t_o)).is_well_defined()
    assert not SpaceIntegral(c_o * c_n / (c_o + t_o) + x).is_well_defined()
