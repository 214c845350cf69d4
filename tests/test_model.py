"""If these fail, a named quantity of the Gaussian pair, or its derivative, is not what its definition says."""

import mpmath
import pytest
from flint import arb
from sympy import Integral, Rational, Symbol, exp, latex, sqrt

from symforget.balls import compile_ball, evaluate, to_ball, workprec
from symforget.functions import normal
from symforget.gate.symbolic import gate, information
from symforget.model import (
    alpha,
    beta,
    bhattacharyya,
    chi_square,
    delta,
    forward_kl,
    reverse_kl,
    time_to_forget,
    total_variation,
)
from symforget.ranges import Range, Undefined

AT = {beta: Rational(3, 10), alpha: Rational(11, 20), delta: Rational(3, 2)}


def _densities(d):
    return (lambda x: mpmath.npdf(x, 0, 1)), (lambda x: mpmath.npdf(x, d, 1))


def _by_quadrature(integrand, d):
    """An integral over the sample space, by mpmath: nothing in common with the balls."""
    old, new = _densities(d)
    return mpmath.quad(lambda x: integrand(old(x), new(x)), mpmath.linspace(-9, 9 + d, 13))


B, A = mpmath.mpf("0.3"), mpmath.mpf("0.55")


@pytest.mark.parametrize(
    ("quantity", "integrand"),
    [
        (bhattacharyya(delta), lambda o, n: mpmath.sqrt(o * n)),
        (chi_square(delta), lambda o, n: (o - n) ** 2 / n),
        (total_variation(delta), lambda o, n: abs(o - n) / 2),
        (forward_kl(beta, delta), lambda o, n: n * mpmath.log(n / (B * o + (1 - B) * n))),
        (
            reverse_kl(beta, alpha, delta),
            lambda o, n: (B * o + (1 - B) * n) * mpmath.log((B * o + (1 - B) * n) / (A * o + (1 - A) * n)),
        ),
    ],
    ids=lambda value: str(value)[:20],
)
def test_each_quantity_is_the_integral_that_defines_it(quantity, integrand):
    with mpmath.workdps(16):
        reference = _by_quadrature(integrand, mpmath.mpf("1.5"))
    found = evaluate(quantity, AT, 15)
    tolerance = 1e-5 if quantity.func is total_variation else 1e-11  # its integrand has a kink
    assert abs(float(found.mid()) / float(reference) - 1) < tolerance
    assert abs(float(quantity.subs(AT).evalf(15)) / float(found.mid()) - 1) < 1e-11


DIFFERENTIABLE = [
    (bhattacharyya(delta), [delta]),
    (chi_square(delta), [delta]),
    (total_variation(delta), [delta]),
    (forward_kl(beta, delta), [beta, delta]),
    (reverse_kl(beta, alpha, delta), [beta, alpha, delta]),
    (time_to_forget(alpha, beta, delta), [alpha, beta, delta]),
]


@pytest.mark.parametrize(
    ("f", "s"),
    [
        pytest.param(f, s, marks=pytest.mark.slow if len(symbols) == 3 and s is not delta else ())
        for f, symbols in DIFFERENTIABLE
        for s in symbols
    ],
    ids=lambda value: str(value)[:20],
)
def test_each_derivative_is_the_slope_of_certified_values(f, s):
    """A central difference of enclosures: independent of fdiff."""
    h = Rational(1, 10**6)
    ends = [evaluate(f, {**AT, s: AT[s] + k * h}, 20) for k in (1, -1)]
    with workprec(150):
        slope = (ends[0] - ends[1]) / (2 * to_ball(h))
        found = evaluate(f.diff(s), AT, 12)
        assert abs(found / slope - 1) < arb("1e-9")


def test_second_derivatives_are_those_of_the_theory():
    assert forward_kl(beta, delta).diff(beta) == (1 - gate(beta, delta)) / (1 - beta)
    assert reverse_kl(beta, alpha, delta).diff(beta, 2) == information(beta, delta)
    assert isinstance(reverse_kl(beta, alpha, delta).diff(beta), Integral)


def test_exact_forms():
    assert bhattacharyya(delta).doit() == exp(-(delta**2) / 8)
    assert bhattacharyya(delta).rewrite(exp) == exp(-(delta**2) / 8)
    assert forward_kl(beta, delta).rewrite(normal).has(normal)
    assert forward_kl(beta, delta).rewrite(Integral).has(Integral)
    for divergence in (forward_kl(Rational(1, 3), delta), reverse_kl(Rational(1, 3), Rational(1, 2), delta)):
        assert divergence.is_nonnegative
    assert forward_kl(beta, delta).is_nonnegative is None, "the weight may be above 1"
    for f in (bhattacharyya(delta), forward_kl(beta, delta), time_to_forget(beta, alpha, delta)):
        assert r"\left(" in latex(f**2)


@pytest.mark.parametrize(
    ("f", "symbols"),
    [
        (bhattacharyya(delta), (delta,)),
        (chi_square(delta), (delta,)),
        (total_variation(delta), (delta,)),
        (forward_kl(beta, delta), (beta, delta)),
        (reverse_kl(beta, alpha, delta), (beta, alpha, delta)),
    ],
    ids=lambda value: str(value)[:20],
)
def test_ranges_over_boxes_contain_the_values_inside(f, symbols):
    ends = {
        beta: (Rational(1, 5), Rational(1, 2)),
        alpha: (Rational(2, 5), Rational(3, 5)),
        delta: (1, Rational(5, 2)),
    }
    whole = compile_ball(f, symbols)(
        *(Range(to_ball(ends[s][0]).lower(), to_ball(ends[s][1]).upper()) for s in symbols)
    )
    for u in (Rational(0), Rational(1, 3), Rational(9, 10), Rational(1)):
        for v in (u, 1 - u):
            at = {s: a + (b - a) * (v if s is beta else u) for s, (a, b) in ends.items()}
            value = compile_ball(f, symbols)(*(to_ball(at[s]) for s in symbols))
            assert whole.lo <= value.upper() and whole.hi >= value.lower()


def test_a_weight_outside_the_unit_interval_has_no_range():
    with pytest.raises(Undefined):
        compile_ball(forward_kl(beta, delta), (beta, delta))(Range(arb(0), arb(2)), Range(arb(1), arb(2)))


def test_symbols_carry_their_assumptions():
    assert beta.is_positive and delta.is_positive and Symbol("beta", positive=True) == beta
    assert sqrt(delta**2) == delta
