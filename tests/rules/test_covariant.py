"""If these fail, a rule on the information for any covariance accepts a false step, or refuses the true ones."""

import numpy as np
import pytest
from sympy import Integer, Matrix, Rational, Symbol

from symforget.balls import evaluate
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.fisher import along
from symforget.model import alpha, delta
from symforget.rules import Algebra
from symforget.rules.covariant import (
    AlongAndAcross,
    GramIntegral,
    InformationForm,
    InTurn,
    MixtureIntegral,
    ThroughFunctionals,
    WriteOut,
    coordinates,
    x_a,
    x_b,
)
from symforget.rules.oblique import ObliqueIntegral
from symforget.rules.vectors import t_n, t_o, x

p, q, r = (Symbol(n, real=True) for n in ("p", "q", "r"))
LINE = Interval.parse("(-oo, oo)")
CONTEXT = Context(
    {alpha: Interval.parse("(0, 1)"), delta: Interval.parse("(0, oo)"), **dict.fromkeys((p, q, r), LINE)},
    lambda *_: None,
    gaussian=True,
)
MIXTURE = alpha * t_o + (1 - alpha) * t_n

WHITENING = Matrix([[1, Rational(1, 2)], [0, 2]])
GAP = WHITENING.inv() * Matrix([delta, 0])
MEANS = tuple(tuple(sign * g / 2 for g in GAP) for sign in (-1, 1))
A, B = (p, q), (r, Integer(1))
WHITE = [WHITENING * Matrix(v) for v in (A, B)]
PLACE = Matrix(coordinates(2))
PULLS = [(Matrix(v).T * WHITENING.T * WHITENING * (PLACE - Matrix(m)))[0] for v, m in zip((A, B), MEANS, strict=True)]
GRAM = WHITE[0].dot(WHITE[0]), WHITE[0].dot(WHITE[1]), WHITE[1].dot(WHITE[1])
ALONG = WHITE[0][0], WHITE[1][0]
INTEGRAND = (t_o * PULLS[0] + t_n * PULLS[1]) ** 2 / MIXTURE
SEEN = (t_o * (x_a + delta * ALONG[0] / 2) + t_n * (x_b - delta * ALONG[1] / 2)) ** 2 / MIXTURE
BEFORE = MixtureIntegral(INTEGRAND, WHITENING, *MEANS, delta)
THROUGH = ThroughFunctionals(A, B, (PULLS[0], PULLS[1]))


def test_linear_functionals():
    assert THROUGH.check(BEFORE, "=", GramIntegral(SEEN, GRAM, ALONG, delta), CONTEXT).ok


@pytest.mark.parametrize(
    ("integrand", "gram", "along"),
    [
        (2 * SEEN, GRAM, ALONG),
        (SEEN, (GRAM[0], GRAM[0], GRAM[2]), ALONG),
        (SEEN, GRAM, (ALONG[1], ALONG[0])),
        (SEEN.xreplace({delta: 2 * delta}), GRAM, ALONG),
    ],
)
def test_other_functionals_are_refused(integrand, gram, along):
    assert not THROUGH.check(BEFORE, "=", GramIntegral(integrand, gram, along, delta), CONTEXT).ok


def test_a_whitening_that_does_not_turn_the_gap_is_refused():
    turned = MixtureIntegral(INTEGRAND, WHITENING, *((m[1], m[0]) for m in MEANS), delta)
    assert not THROUGH.check(turned, "=", GramIntegral(SEEN, GRAM, ALONG, delta), CONTEXT).ok


@pytest.mark.parametrize(("variance", "accepted"), [(p - q**2, True), (p, False), (p + q**2, False)])
def test_along_and_across(variance, accepted):
    """x_a = q u + z with z of variance p - q^2."""
    joint = t_o * t_n / MIXTURE
    before = GramIntegral(joint * x_a**2, (p, 0, 1), (q, 0), delta)
    after = q**2 * ObliqueIntegral(joint * x**2, 1, delta) + variance * ObliqueIntegral(joint * x**2, 0, delta)
    assert AlongAndAcross().check(before, "=", after, CONTEXT).ok is accepted
    assert not AlongAndAcross().check(before, "=", after + 1, CONTEXT).ok
    assert not AlongAndAcross().check(before, "<=", after, CONTEXT).ok


def test_the_integral_in_the_plane_is_a_sum_over_a_grid():
    """Independent: the trapezoidal rule over x itself, densities from the covariance."""
    point = {alpha: Rational(3, 10), delta: Integer(2), p: Integer(1), q: Rational(1, 2), r: -Integer(1)}
    value = float(evaluate(BEFORE.concrete(), point, 12).mid())
    numbers = {s: float(v) for s, v in point.items()}
    precision = np.array((WHITENING.T * WHITENING).tolist(), dtype=float)
    old, new = (np.array([float(e.subs(point)) for e in m]) for m in MEANS)
    axis = np.linspace(-12, 12, 240)
    grid = np.stack([g.ravel() for g in np.meshgrid(axis, axis, indexing="ij")], axis=-1)
    a, b = np.array([1.0, 0.5]), np.array([-1.0, 1.0])
    norm = np.sqrt(np.linalg.det(precision)) / (2 * np.pi)
    densities = [norm * np.exp(-np.einsum("ni,ij,nj->n", grid - m, precision, grid - m) / 2) for m in (old, new)]
    top = densities[0] * ((grid - old) @ precision @ a) + densities[1] * ((grid - new) @ precision @ b)
    below = numbers[alpha] * densities[0] + (1 - numbers[alpha]) * densities[1]
    total = np.sum(np.divide(top**2, below, out=np.zeros_like(top), where=below > 0)) * (axis[1] - axis[0]) ** 2
    assert value == pytest.approx(total, rel=1e-9)


def test_cubic_functions_across_are_not_integrated():
    with pytest.raises(NotImplementedError):
        GramIntegral(t_o * x_a**3, (p, 0, 1), (q, 0), delta).concrete()


def test_several_equalities_in_turn():
    start, middle, end = (p + q) ** 2, p**2 + 2 * p * q + q**2, p * (p + 2 * q) + q**2
    assert InTurn((middle, Algebra()), (end, Algebra())).check(start, "=", end, CONTEXT).ok
    assert not InTurn((middle + 1, Algebra()), (end, Algebra())).check(start, "=", end, CONTEXT).ok
    assert not InTurn((middle, Algebra())).check(start, "=", end, CONTEXT).ok
    assert not InTurn((middle, Algebra()), (end, Algebra())).check(start, "<=", end, CONTEXT).ok


def test_the_form_of_the_whole_information_is_written_out():
    form = InformationForm((p, q, r), alpha, delta)
    column = Matrix([p, q, r])
    before = (column.T * along(alpha, delta) * column)[0]
    assert WriteOut().check(before, "=", form, CONTEXT).ok
    assert not WriteOut().check(before + p**2, "=", form, CONTEXT).ok
    assert not WriteOut().check(before, "=", InformationForm((p, r, q), alpha, delta), CONTEXT).ok
