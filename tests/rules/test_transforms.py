"""If these fail, an integral could be exchanged, scaled, folded or evaluated wrongly and still count as proved."""

import pytest
from sympy import Abs, Integral, Max, Rational, Symbol, cos, erf, exp, log, oo, pi, sech, sqrt, symbols

from symforget.derivation import Context
from symforget.domain import Interval
from symforget.functions import normal
from symforget.model import delta, l
from symforget.rules import (
    AsIntegral,
    CompleteTheSquare,
    FoldTheLine,
    Fubini,
    PeriodicStrip,
    Scaling,
    SmoothAntiderivative,
    Under,
)

u, w, y = symbols("u w y", real=True)
LINE = (w, -oo, oo)
DOMAIN = {delta: "(0, oo)", l: "(-oo, oo)", y: "(-oo, oo)"}
CONTEXT = Context({s: Interval.parse(text) for s, text in DOMAIN.items()}, lambda claim, part: None, gaussian=True)


def accepts(rule, before, after, relation="="):
    return rule.check(before, relation, after, CONTEXT).ok


@pytest.mark.parametrize("c", [pi, 1, Rational(3, 2), delta])
def test_the_transform_of_sech_by_residues(c):
    wave = Integral(sech(c * w) * cos(w * y), LINE)
    value = pi / c * sech(pi * y / (2 * c))
    assert accepts(PeriodicStrip(), wave, value)
    assert accepts(PeriodicStrip(), 3 * value, 3 * wave)
    assert not accepts(PeriodicStrip(), wave, 2 * value)
    assert not accepts(PeriodicStrip(), wave, value.subs(y, 2 * y))


def test_other_integrands_have_no_residue_here():
    for other in (sech(w) ** 2, sech(w) * cos(w**2), sech(l * w), sech(w) * cos(w) * cos(2 * w), cos(w)):
        assert not accepts(PeriodicStrip(), Integral(other, LINE), pi + 0 * l)
    assert not accepts(PeriodicStrip(), Integral(sech(w), (w, 0, oo)), pi)


def test_fubini():
    g = sech(pi * w) * cos(w * (delta * u + l))
    inner = normal(Integral(g, LINE), u)
    outer = Integral(sech(pi * w) * normal(cos(w * (delta * u + l)), u), LINE)
    assert accepts(Fubini(), inner, outer)
    assert not accepts(Fubini(), inner, 2 * outer)
    assert not accepts(Fubini(), inner, outer.subs(l, 2 * l))


def test_fubini_needs_a_majorant():
    for g in (cos(w * u), sech(w * u), sech(w) * exp(u * w), sech(w) / u):
        inner, outer = normal(Integral(g, LINE), u), Integral(normal(g, u), LINE)
        assert not accepts(Fubini(), inner, outer)


def test_scaling():
    before = Integral(sech(w) * exp(-(delta**2) * w**2 / 2), LINE)
    assert accepts(Scaling(1 / delta), before, sqrt(2 * pi) / delta * normal(sech(w / delta), w))
    assert not accepts(Scaling(1 / delta), before, sqrt(2 * pi) * normal(sech(w / delta), w))
    assert not accepts(Scaling(l), Integral(sech(w), LINE), Integral(l * sech(l * w), LINE))  # l may be negative


def test_an_expectation_is_an_integral_against_the_density():
    density = exp(-(w**2) / 2) / sqrt(2 * pi)
    assert accepts(AsIntegral(), 2 * normal(cos(l * u), u), Integral(2 * cos(l * w) * density, LINE))
    assert not accepts(AsIntegral(), normal(cos(l * u), u), Integral(cos(l * w) * density, (w, 0, oo)))
    assert not accepts(AsIntegral(), normal(cos(l * u), u), Integral(cos(l * w) * density * sqrt(2), LINE))


def test_a_rule_under_the_sign_is_checked_for_every_value_of_the_variable():
    before = Integral(sech(w) * normal(cos(w * u), u), LINE)
    after = Integral(sech(w) * exp(-(w**2) / 2), LINE)
    assert accepts(Under(CompleteTheSquare()), before, after)
    assert not accepts(Under(CompleteTheSquare()), before, Integral(sech(w) * exp(-(w**2)), LINE))
    assert not accepts(Under(CompleteTheSquare()), before, Integral(after.function, (w, 0, oo)))


def test_folding_opens_absolute_values_and_maxima_by_the_larger_exponent():
    def half(f):
        return Integral(f * exp(-(w**2) / 2) / sqrt(2 * pi), (w, 0, oo))

    low, high = exp(-delta * u / 2), exp(delta * u / 2)
    opened = (exp(delta * w / 2) - exp(-delta * w / 2)) * 2
    assert accepts(FoldTheLine(), normal(Abs(low - high), u), half(opened))
    assert not accepts(FoldTheLine(), normal(Abs(low - high), u), half(-opened))
    assert not accepts(FoldTheLine(), normal(Abs(low - high), u), half(opened / 2))
    assert accepts(FoldTheLine(), normal(Max(low, high), u), half(2 * exp(delta * w / 2)))
    assert not accepts(FoldTheLine(), normal(Max(low, high), u), half(2 * exp(-delta * w / 2)))


def test_folding_does_not_guess_a_sign():
    density = exp(-(w**2) / 2) / sqrt(2 * pi)
    before = normal(Abs(exp(l * u) - exp(-l * u)), u)  # l may have either sign
    assert not accepts(FoldTheLine(), before, Integral(2 * (exp(l * w) - exp(-l * w)) * density, (w, 0, oo)))


def test_antiderivatives_are_differentiated_and_must_be_smooth():
    x = Symbol("x", real=True)
    bell = Integral(exp(-(x**2) / 2) / sqrt(2 * pi), (x, delta, oo))
    F = erf(x / sqrt(2)) / 2
    assert accepts(SmoothAntiderivative(F, x), bell, Rational(1, 2) - erf(delta / sqrt(2)) / 2)
    assert not accepts(SmoothAntiderivative(F, x), bell, Rational(1, 2) + erf(delta / sqrt(2)) / 2)
    assert not accepts(SmoothAntiderivative(2 * F, x), bell, 1 - erf(delta / sqrt(2)))
    through_a_pole = Integral(1 / x**2, (x, -1, 1))
    assert not accepts(SmoothAntiderivative(-1 / x, x), through_a_pole, -2 + 0 * l)
    assert not accepts(SmoothAntiderivative(log(x), x), Integral(1 / x, (x, 1, 2)), log(2))
