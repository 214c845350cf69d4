"""If these fail, an enclosure of the Fisher information or of its spectrum is false, or too wide to be of use."""

import mpmath
import numpy as np
import pytest
from flint import arb, arb_mat
from sympy import Rational

from symforget.balls import evaluate, to_ball
from symforget.fisher import (
    across,
    block_ball,
    fisher_condition_number,
    fisher_largest_eigenvalue,
    fisher_smallest_eigenvalue,
)
from symforget.model import alpha, delta
from symforget.precision import workprec
from symforget.spectra import eigenvalue_balls

POINTS = [("3/10", "2"), ("1/2", "1/2"), ("9/10", "5")]


def block(a, d):
    matrix = block_ball(to_ball(Rational(a)), to_ball(Rational(d)))
    return np.array([[float(matrix[i, j].mid()) for j in range(3)] for i in range(3)])


def scores(a, d, points):
    """Whitened scores of (phi, m_o, m_n) at points of R^k, modes at 0 and d e_1."""
    gap = d * points[..., 0] - d * d / 2
    r_n = 1 / (1 + a / (1 - a) * np.exp(-gap))
    new = points - d * np.eye(points.shape[-1])[0]
    return np.concatenate([(1 - r_n - a)[..., None], (1 - r_n)[..., None] * points, r_n[..., None] * new], axis=-1)


def expected_block(a, d, dimension):
    """The whole matrix from its blocks: one along e_1, one for each direction across."""
    along, flat = block(a, d), across(alpha, delta).subs({alpha: Rational(a), delta: Rational(d)})
    other = np.array(flat.evalf(20), dtype=float)
    matrix = np.zeros((1 + 2 * dimension, 1 + 2 * dimension))
    matrix[np.ix_([0, 1, 1 + dimension], [0, 1, 1 + dimension])] = along
    for k in range(1, dimension):
        matrix[np.ix_([1 + k, 1 + dimension + k], [1 + k, 1 + dimension + k])] = other
    return matrix


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize(("a", "d"), POINTS)
def test_the_blocks_are_the_quadrature_of_the_scores(a, d, dimension):
    nodes, weights = np.polynomial.hermite_e.hermegauss(90 if dimension == 1 else 48 if dimension == 2 else 40)
    grids = np.meshgrid(*[nodes] * dimension, indexing="ij")
    noise = np.stack([g.ravel() for g in grids], axis=-1)
    mass = np.prod(np.stack(np.meshgrid(*[weights] * dimension, indexing="ij")), axis=0).ravel()
    mass = mass / mass.sum()
    weight, separation = float(Rational(a)), float(Rational(d))
    shift = separation * np.eye(dimension)[0]
    total = 0
    for share, points in ((weight, noise), (1 - weight, noise + shift)):
        s = scores(weight, separation, points)
        total = total + share * np.einsum("n,ni,nj->ij", mass, s, s)
    assert np.abs(total - expected_block(a, d, dimension)).max() < 2e-4


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_the_blocks_lie_in_the_error_bars_of_a_simulation(dimension):
    rng, count, a, d = np.random.default_rng(7), 400_000, 0.3, 2.0
    points = rng.standard_normal((count, dimension))
    points[rng.random(count) >= a] += d * np.eye(dimension)[0]
    s = scores(a, d, points)
    products = np.einsum("ni,nj->nij", s, s)
    error = products.std(axis=0) / np.sqrt(count)
    assert (np.abs(products.mean(axis=0) - expected_block("3/10", "2", dimension)) < 6 * error + 1e-12).all()


def test_the_block_is_the_second_difference_of_the_divergence():
    """d = 1, all three parameters at once, by mpmath's own quadrature."""
    a, d, step = mpmath.mpf(3) / 10, mpmath.mpf(2), mpmath.mpf(10) ** -5
    vector = (1, mpmath.mpf(1) / 2, -1)

    def divergence(e):
        w = 1 / (1 + (1 - a) / a * mpmath.exp(-e * vector[0]))

        def integrand(x):
            q = w * mpmath.npdf(x, e * vector[1]) + (1 - w) * mpmath.npdf(x, d + e * vector[2])
            return q * mpmath.log(q / (a * mpmath.npdf(x) + (1 - a) * mpmath.npdf(x, d)))

        return mpmath.quad(integrand, range(-12, 15, 2))

    with mpmath.workdps(30):
        second = (divergence(step) + divergence(-step)) / step**2
    v = np.array([float(x) for x in vector])
    assert abs(float(second) - v @ block("3/10", "2") @ v) < 1e-8


def test_a_box_holds_its_points():
    with workprec(80):
        box = block_ball(arb("0.3", "0.02"), arb("2", "0.1"))
        for a, d in (("0.281", "1.9001"), ("0.3199", "2.0999"), ("0.29", "2.09")):
            inner = block_ball(arb(a), arb(d))
            assert all(box[i, j].contains(inner[i, j]) for i in range(3) for j in range(3))


def test_eigenvalues_are_enclosed_with_their_multiplicity():
    known = eigenvalue_balls(arb_mat([[2, 1, 1], [1, 2, 1], [1, 1, 2]]))
    assert [v.contains(x) for v, x in zip(known, (1, 1, 4), strict=True)] == [True] * 3
    assert all(v.rad() < 1e-6 for v in known)


def test_wide_matrices_keep_their_eigenvalues():
    wide = arb_mat([[arb(2, 0.1), arb(1, 0.1), 0], [arb(1, 0.1), 3, 0], [0, 0, arb(5, 0.2)]])
    inner = np.linalg.eigvalsh([[2.1, 0.9, 0], [0.9, 3, 0], [0, 0, 4.8]])
    assert all(v.contains(x) for v, x in zip(eigenvalue_balls(wide), inner, strict=True))


@pytest.mark.parametrize(("a", "d"), POINTS)
def test_the_spectrum_is_that_of_numpy(a, d):
    values = np.linalg.eigvalsh(block(a, d))
    point = {alpha: Rational(a), delta: Rational(d)}
    for f, expected in (
        (fisher_smallest_eigenvalue, values[0]),
        (fisher_largest_eigenvalue, values[2]),
        (fisher_condition_number, values[2] / values[0]),
    ):
        assert float(evaluate(f(alpha, delta), point, 15).mid()) == pytest.approx(expected, rel=1e-8)


def test_merging_modes_lose_all_conditioning_like_the_sixth_power():
    found = evaluate(fisher_condition_number(alpha, delta), {alpha: Rational(1, 2), delta: Rational(1, 100)}, 20)
    assert float(found.mid()) * 1e-12 == pytest.approx(192, rel=1e-3)
