"""Signs that hold under hypotheses only: densities that differ, weights in [0, 1], positive separations."""

import pytest
from sympy import Eq, Ge, Integer, Rational, symbols

from symforget.authoring import claim, gt
from symforget.calculus import TV, H, chi2, chi2_old
from symforget.claims import Part
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.errors import InputError
from symforget.fisher import fisher_condition_number, fisher_largest_eigenvalue, fisher_smallest_eigenvalue
from symforget.model import forward_kl, reverse_kl
from symforget.rules import Lemma, SignOf

alpha, beta, delta = symbols("alpha beta delta", real=True)
UNIT, POSITIVE = Interval.parse("(0, 1)"), Interval.parse("(0, oo)")


def positive(expression, domain, gaussian=False):
    known = Context(domain, lambda claim, part: None, gaussian)
    return SignOf(expression).check(expression, ">", Integer(0), known).ok


def nonnegative(expression, domain):
    return (
        SignOf(expression)
        .check(expression, ">=", Integer(0), Context(domain, lambda claim, part: None, gaussian=False))
        .ok
    )


@pytest.mark.parametrize("spectral", [fisher_smallest_eigenvalue, fisher_largest_eigenvalue, fisher_condition_number])
def test_eigenvalues_are_positive_where_the_modes_are_apart(spectral):
    """At delta = 0 the means enter through their sum alone: the smallest eigenvalue is 0."""
    value = spectral(alpha, delta)
    assert not positive(value, {alpha: UNIT, delta: Interval.parse("[0, 8]")})
    assert not positive(value, {alpha: Interval.parse("(0, 2)"), delta: POSITIVE})
    assert positive(value, {alpha: UNIT, delta: POSITIVE})


@pytest.mark.parametrize("distance", [TV, chi2, chi2_old])
def test_distances_of_densities_are_positive_if_the_densities_differ(distance):
    assert not positive(distance, {})
    assert nonnegative(distance, {})
    assert positive(distance, {distance: UNIT if distance is TV else POSITIVE})


def test_divergences_are_nonnegative_at_weights_in_the_unit_interval():
    for divergence in (forward_kl(alpha, delta), reverse_kl(alpha, Rational(1, 2), delta)):
        assert nonnegative(divergence, {alpha: UNIT, delta: POSITIVE})
        assert not nonnegative(divergence, {alpha: POSITIVE, delta: POSITIVE})
    assert not nonnegative(reverse_kl(Rational(1, 2), beta, delta), {beta: POSITIVE, delta: POSITIVE})


def test_a_lemma_for_densities_that_differ_is_used_for_such_only():
    """I >= 4 TV^2 > 0 on densities that differ; a claim on any densities may not take it over."""
    stated = Ge(1 - H(alpha), 0, evaluate=False), {alpha: UNIT, TV: UNIT}
    equal = Eq(TV, chi2, evaluate=False), {TV: UNIT}

    def used(lemma, before, relation, after, domain, gaussian=False):
        known = Context({alpha: UNIT, **domain}, lambda claim, part: lemma, gaussian)
        return Lemma("g/s").check(before, relation, after, known).ok

    step = 1 - H(alpha), ">=", Integer(0)
    assert not used(stated, *step, {})
    assert used(stated, *step, {TV: UNIT})
    assert used(stated, *step, {chi2: POSITIVE}), "chi2 > 0 says the same of the densities"
    assert used(stated, *step, {}, gaussian=True), "Gaussian modes are apart by delta > 0"
    assert not used(equal, TV, "=", chi2, {})
    assert used(equal, TV, "=", chi2, {TV: UNIT})


def stated_with(domain):
    @claim(domain=domain, kind="lower bound", densities="any", false_twin={"factor": -1})
    def differ(factor=1):
        """Densities that differ.

        Guarantee: **lower bound**.
        Hypotheses: p_o != p_n.
        Source: none.
        """
        return Part(gt(factor * TV, 0))

    return differ.build("test")


def test_that_densities_differ_is_all_that_a_domain_says_of_them():
    assert stated_with({}).parts
    assert str(stated_with({TV: "(0, 1)"}).domain[TV]) == "(0, 1)"
    with pytest.raises(InputError, match="test/differ: TV belongs to the densities"):
        stated_with({TV: "(1/2, 1]"})
