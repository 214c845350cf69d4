"""If these fail, a rule on the mixture along a direction, or on its spectrum, takes false steps or refuses true ones"""

from dataclasses import replace

import pytest
from sympy import Ge, Integer, Le, Matrix, Rational, Symbol, log

from symforget.derivation import Context
from symforget.domain import Interval
from symforget.fisher import (
    along,
    fisher_condition_number,
    fisher_largest_eigenvalue,
    fisher_smallest_eigenvalue,
)
from symforget.functions import normal
from symforget.gate import gate
from symforget.model import alpha, delta
from symforget.rules.oblique import (
    ExtremeEigenvalue,
    ForTheSpectrum,
    InThePlane,
    MirrorImage,
    ObliqueIntegral,
    ObliqueMoments,
    OnTheAxis,
    RatioOfEigenvalues,
    SecondDerivative,
    SecondVariation,
    SmallestValue,
    TestVector,
)
from symforget.rules.vectors import SpaceIntegral, c_n, c_o, mu_n, mu_o, t_n, t_o, x

Y = y0, y1, y2 = tuple(Symbol(f"y_{k}", real=True) for k in range(3))
e, u, kappa = (Symbol(n, real=True) for n in ("e", "u", "kappa"))
LINE, UNIT, HALF_LINE = (Interval.parse(t) for t in ("(-oo, oo)", "(0, 1)", "(0, oo)"))
DOMAIN = {alpha: UNIT, delta: HALF_LINE, kappa: Interval.parse("[-1, 1]"), **dict.fromkeys(Y, LINE)}
CONTEXT = Context(DOMAIN, lambda *_: None, gaussian=True)
MIXTURE = alpha * t_o + (1 - alpha) * t_n
MODEL = alpha * c_o + (1 - alpha) * c_n
FORM = (Matrix(Y).T * along(alpha, delta) * Matrix(Y))[0]
SQUARE = y0**2 + y1**2 + y2**2
SMALLEST, LARGEST, RATIO = (
    f(alpha, delta) for f in (fisher_smallest_eigenvalue, fisher_largest_eigenvalue, fisher_condition_number)
)


def ge(left, right):
    return Ge(left, right, evaluate=False)


def le(left, right):
    return Le(left, right, evaluate=False)


@pytest.mark.parametrize(("factor", "accepted"), [(1, True), (2, False)])
def test_the_second_variation(factor, accepted):
    moving = SpaceIntegral(MODEL * log(MODEL / MIXTURE), (mu_o + e, mu_n, mu_o, mu_n))
    after = factor * alpha**2 * t_o**2 * (x - mu_o) ** 2 / MIXTURE
    step = SecondVariation().check(
        SecondDerivative(moving, e), "=", SpaceIntegral(after, (mu_o, mu_n, mu_o, mu_n)), CONTEXT
    )
    assert step.ok is accepted


def test_the_second_variation_needs_the_target_at_zero():
    moving = SpaceIntegral(MODEL * log(MODEL / MIXTURE), (mu_o + 1 + e, mu_n, mu_o, mu_n))
    after = SpaceIntegral(alpha**2 * t_o**2 * (x - mu_o) ** 2 / MIXTURE, (mu_o, mu_n, mu_o, mu_n))
    assert not SecondVariation().check(SecondDerivative(moving, e), "=", after, CONTEXT).ok


@pytest.mark.parametrize(
    ("direction", "value", "accepted"), [(kappa, 1, True), (Integer(0), 1, True), (kappa, 2, False)]
)
def test_moments_of_one_density(direction, value, accepted):
    before = ObliqueIntegral(t_o * (x + direction * delta / 2) ** 2, direction, delta)
    after = Integer(value) + 0 * ObliqueIntegral(t_o, direction, delta)
    assert ObliqueMoments().check(before, "=", after, CONTEXT).ok is accepted


@pytest.mark.parametrize(("cross", "accepted"), [(1 - kappa**2, True), (1 + kappa**2, False)])
def test_the_coordinate_across_has_variance_one_minus_the_cosine_squared(cross, accepted):
    joint = alpha * (1 - alpha) * t_o * t_n / MIXTURE
    before = ObliqueIntegral(joint * x**2, kappa, delta)
    weight = ObliqueIntegral(joint, Integer(1), delta).concrete()
    body = weight.atoms(normal).pop().args[0](u)
    after = weight.coeff(weight.atoms(normal).pop()) * normal(body * (kappa**2 * u**2 + cross), u)
    assert InThePlane(alpha, u).check(before, "=", after, CONTEXT).ok is accepted


def test_an_integral_along_the_axis():
    half = delta / 2
    f = t_o * t_n / MIXTURE * x
    before = SpaceIntegral(f, (-half, half, -half, half))
    assert OnTheAxis().check(before, "=", ObliqueIntegral(f, Integer(1), delta), CONTEXT).ok
    assert not OnTheAxis().check(before, "=", ObliqueIntegral(f, kappa, delta), CONTEXT).ok
    assert not OnTheAxis().check(before, "=", ObliqueIntegral(2 * f, Integer(1), delta), CONTEXT).ok
    assert not OnTheAxis().check(SpaceIntegral(f, (0, delta, 0, delta)), "=", ObliqueIntegral(f, 1, delta), CONTEXT).ok


@pytest.mark.parametrize(
    ("premise", "statement", "accepted"),
    [
        (ge(FORM, alpha * SQUARE / 9), ge(SMALLEST, alpha / 9), True),
        (ge(FORM, alpha * SQUARE / 9), ge(SMALLEST, alpha / 8), False),
        (le(FORM, 2 * SQUARE), le(LARGEST, 2), True),
        (le(FORM, 2 * SQUARE), le(SMALLEST, 2), False),
        (le(FORM, 2 * SQUARE), ge(SMALLEST, 2), False),
        (ge(2 * FORM, alpha * SQUARE), ge(SMALLEST, alpha), False),
    ],
)
def test_extreme_eigenvalues_from_the_form(premise, statement, accepted):
    rule = ExtremeEigenvalue(along(alpha, delta), Y)
    assert rule.check((premise,), statement, CONTEXT).ok is accepted


@pytest.mark.parametrize(
    ("vector", "bound", "accepted"),
    [((0, 0, 1), 1 - alpha - Rational(1, 9), True), ((0, 0, 1), 1 - alpha, False), ((0, 1, 1), 1, False)],
)
def test_the_largest_eigenvalue_from_a_test_vector(vector, bound, accepted):
    premise = ge(FORM, alpha * y1**2 + (1 - alpha) * y2**2 - SQUARE / 9)
    rule = TestVector(along(alpha, delta), Y, vector)
    assert rule.check((premise,), ge(LARGEST, bound), CONTEXT).ok is accepted


def test_the_smallest_value_of_the_form():
    assert SmallestValue(Y).check(FORM, ">=", SMALLEST * SQUARE, CONTEXT).ok
    assert not SmallestValue(Y).check(FORM, ">=", 2 * SMALLEST * SQUARE, CONTEXT).ok
    assert not SmallestValue(Y).check(2 * FORM, ">=", SMALLEST * SQUARE / 2, CONTEXT).ok
    assert not SmallestValue(Y).check(FORM, ">=", fisher_smallest_eigenvalue(1 - alpha, delta) * SQUARE, CONTEXT).ok


def test_the_ratio_of_bounds():
    premises = (ge(SMALLEST, Rational(1, 9)), le(LARGEST, 1))
    assert RatioOfEigenvalues().check(premises, le(RATIO / 9, 1), CONTEXT).ok
    assert not RatioOfEigenvalues().check(premises, le(RATIO / 8, 1), CONTEXT).ok
    assert not RatioOfEigenvalues().check(premises[1:], le(RATIO / 9, 1), CONTEXT).ok


MIRROR = MirrorImage(alpha)
SYMMETRIC = Context(
    {alpha: Interval.parse("[1/10, 9/10]"), delta: Interval.parse("[3, 12]")},
    lambda *_: None,
    gaussian=True,
    box={alpha: Interval.parse("[1/10, 1/2]")},
)


@pytest.mark.parametrize(
    ("statement", "accepted"),
    [
        (ge(SMALLEST, Rational(1, 40)), True),
        (le(RATIO, delta * LARGEST), True),
        (ge(SMALLEST, alpha / 40), False),
        (ge(fisher_smallest_eigenvalue(alpha / 2, delta), Rational(1, 40)), False),
        (ge(gate(alpha, delta), 0), False),
    ],
)
def test_the_mirror_image(statement, accepted):
    assert MIRROR.check((statement,), statement, SYMMETRIC).ok is accepted


def test_the_mirror_image_must_cover_the_interval():
    statement = ge(SMALLEST, Rational(1, 40))
    lopsided = replace(SYMMETRIC, domain={**SYMMETRIC.domain, alpha: Interval.parse("[1/10, 19/20]")})
    assert not MIRROR.check((statement,), statement, lopsided).ok
    for half in ("[1/10, 2/5]", "(1/10, 1/2]", "[1/10, 1/2)"):
        short = replace(SYMMETRIC, box={alpha: Interval.parse(half)})
        assert not MIRROR.check((statement,), statement, short).ok
    assert not MIRROR.check((statement,), statement, replace(SYMMETRIC, box={})).ok
    assert not MIRROR.check((ge(SMALLEST, Rational(1, 50)),), statement, SYMMETRIC).ok


low, excess = Symbol("low", positive=True), Symbol("excess", nonnegative=True)
SPECTRAL = ForTheSpectrum("some/claim", "part", low, excess, alpha, delta)


def general(statement, lowest="(0, oo)"):
    lemma_domain = {low: Interval.parse(lowest), excess: Interval.parse("[0, oo)")}
    return Context(DOMAIN, lambda *_: (statement, lemma_domain), gaussian=True)


@pytest.mark.parametrize(
    ("lemma", "statement", "lowest", "accepted"),
    [
        (le(low, low + excess), le(SMALLEST, LARGEST), "(0, oo)", True),
        (le(low, low + excess), le(LARGEST, SMALLEST), "(0, oo)", False),
        (le(low, low + 2 * excess), le(SMALLEST, LARGEST), "(0, oo)", False),
        (le(low, low + excess), le(SMALLEST, LARGEST), "(0, 1/100)", False),
    ],
)
def test_a_statement_for_all_spectra(lemma, statement, lowest, accepted):
    assert SPECTRAL.check((), statement, general(lemma, lowest)).ok is accepted


def test_a_spectrum_needs_a_weight_inside_the_unit_interval():
    wide = Context({**DOMAIN, alpha: Interval.parse("[0, 1]")}, general(le(low, low + excess)).lemma, gaussian=True)
    assert not SPECTRAL.check((), le(SMALLEST, LARGEST), wide).ok


@pytest.mark.parametrize("weights, accepted", [("(0, 1)", True), ("(0, 1/10)", False)])
def test_a_statement_for_all_spectra_holds_on_its_own_domain_for_the_other_symbols_too(weights, accepted):
    lemma = le(alpha * low, low)
    lemma_domain = {**general(lemma).lemma()[1], alpha: Interval.parse(weights)}
    context = Context(DOMAIN, lambda *_: (lemma, lemma_domain), gaussian=True)
    assert SPECTRAL.check((), le(alpha * SMALLEST, SMALLEST), context).ok is accepted
