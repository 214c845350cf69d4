"""If these fail, an enclosure of the Fisher information or of its spectrum is false, or too wide to be of use."""

import numpy as np
import pytest
from flint import arb, arb_mat
from sympy import Matrix, Rational, exp, log, sqrt

from symforget import mp
from symforget.balls import evaluate, to_ball
from symforget.fisher import (
    block_ball,
    fisher_condition_number,
    fisher_largest_eigenvalue,
    fisher_smallest_eigenvalue,
    whitened_information,
)
from symforget.functions import normal
from symforget.model import alpha, delta, z
from symforget.precision import workprec
from symforget.spectra import eigenvalue_balls

POINTS = [("3/10", "2"), ("1/2", "1/2"), ("9/10", "5")]


def block(a, d):
    matrix = block_ball(to_ball(Rational(a)), to_ball(Rational(d)))
    return np.array([[float(matrix[i, j].mid()) for j in range(3)] for i in range(3)])


# The whole information for a covariance that is not the identity, in d = 1, 2, 3.

COVARIANCE = Matrix([[24, 6, -4], [6, 12, 3], [-4, 3, 18]]) / 12
MU_O, GAP = Matrix([1, -2, Rational(1, 2)]), Matrix([2, Rational(1, 2), -1])
WEIGHT = Rational(3, 10)
STEPS = (Rational(1, 2), Matrix([1, Rational(-1, 2), Rational(1, 3)]), Matrix([Rational(1, 4), 1, Rational(-2, 3)]))


class Case:
    """Modes in R^d with exact means and covariance, and the information in (phi, m_o, m_n) as symforget has it."""

    def __init__(self, d):
        self.d = d
        self.sigma, self.mu_o = COVARIANCE[:d, :d], MU_O[:d, 0]
        self.mu_n = self.mu_o + GAP[:d, 0]
        self.precision = self.sigma.inv()
        self.step = (STEPS[0], STEPS[1][:d, 0], STEPS[2][:d, 0])

    def dot(self, a, b):
        return (a.T * self.precision * b)[0]

    def separation(self):
        return sqrt(self.dot(self.mu_n - self.mu_o, self.mu_n - self.mu_o))

    def information(self):
        """J^T F J with a whitening that turns mu_n - mu_o into the first axis."""
        sigma, gap = (np.array(m.evalf(30).tolist(), dtype=float) for m in (self.sigma, self.mu_n - self.mu_o))
        root = np.linalg.inv(np.linalg.cholesky(sigma))
        first = root @ gap[:, 0] / np.linalg.norm(root @ gap[:, 0])
        basis, _ = np.linalg.qr(np.column_stack([first, np.eye(self.d)]))
        basis[:, 0] = first
        whitening = basis[:, : self.d].T @ root
        whole = whitened_information(WEIGHT, self.separation(), self.d)
        white = np.array(whole.applyfunc(lambda e: float(evaluate(e, {}, 20).mid()) if e != 0 else 0.0).tolist(), float)
        jacobian = np.zeros_like(white)
        jacobian[0, 0] = 1
        jacobian[1 : 1 + self.d, 1 : 1 + self.d] = jacobian[1 + self.d :, 1 + self.d :] = whitening
        return jacobian.T @ white @ jacobian

    def divergence(self, size):
        """KL(q|p_alpha) after a step: an exact sum of expectations over one normal variable each.

        Under a component, the log ratio of two densities with one covariance is normal in every dimension.
        """
        beta = 1 / (1 + (1 - WEIGHT) / WEIGHT * exp(-size * self.step[0]))
        m_o, m_n = self.mu_o + size * self.step[1], self.mu_n + size * self.step[2]
        model, target = m_n - m_o, self.mu_n - self.mu_o
        total = 0
        for share, m in ((beta, m_o), (1 - beta, m_n)):
            shift = (self.dot(m - self.mu_o, m - self.mu_o) - self.dot(m - m_o, m - m_o)) / 2
            parts = []
            for weight, direction, centre in (
                (beta, model, (m_o + m_n) / 2),
                (WEIGHT, target, (self.mu_o + self.mu_n) / 2),
            ):
                ratio = self.dot(direction, m - centre) + sqrt(self.dot(direction, direction)) * z
                parts.append(normal(log(weight + (1 - weight) * exp(ratio)), z))
            total += share * (shift + parts[0] - parts[1])
        return total

    def numbers(self):
        return [np.array(m.tolist(), dtype=float) for m in (self.mu_o, self.mu_n, self.sigma)]


@pytest.mark.parametrize("d", [*(pytest.param(d, marks=pytest.mark.slow) for d in (1, 2)), 3])
def test_certified_second_differences_of_the_divergence(d):
    """L(h) + L(-h) = h^2 y^T F y + O(h^4), both values certified: L(0) = 0."""
    case, size = Case(d), Rational(1, 10**5)
    values = [evaluate(case.divergence(sign * size), {}, 12) for sign in (1, -1)]
    second = float(((values[0] + values[1]) * 10**10).mid())
    vector = np.array([float(case.step[0]), *(float(e) for m in case.step[1:] for e in m)])
    assert second == pytest.approx(vector @ case.information() @ vector, rel=1e-8)


def scores(case, points):
    """The scores of (phi, m_o, m_n) at points, shape (n, 1 + 2d), and the density of the target there."""
    mu_o, mu_n, sigma = case.numbers()
    precision = np.linalg.inv(sigma)
    old, new = points - mu_o[:, 0], points - mu_n[:, 0]
    norm = np.sqrt(np.linalg.det(precision) / (2 * np.pi) ** case.d)
    p_o, p_n = (norm * np.exp(-np.einsum("ni,ij,nj->n", y, precision, y) / 2) for y in (old, new))
    p = 0.3 * p_o + 0.7 * p_n
    r_o = np.divide(0.3 * p_o, p, out=np.zeros_like(p), where=p > 0)[:, None]
    return np.concatenate([r_o - 0.3, r_o * (old @ precision), (1 - r_o) * (new @ precision)], axis=-1), p


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_information_is_a_sum_over_a_grid(d):
    """The trapezoidal rule in R^d, in the coordinates of the covariance: it shares nothing with the overlap moments."""
    case = Case(d)
    mu_o, mu_n, sigma = case.numbers()
    spread = 8 * np.sqrt(np.diag(sigma))
    low, high = np.minimum(mu_o, mu_n)[:, 0] - spread, np.maximum(mu_o, mu_n)[:, 0] + spread
    count = {1: 400, 2: 120, 3: 64}[d]
    axes = [np.linspace(a, b, count) for a, b in zip(low, high, strict=True)]
    points = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=-1)
    s, p = scores(case, points)
    found = np.einsum("n,ni,nj->ij", p * np.prod([a[1] - a[0] for a in axes]), s, s, optimize=True)
    expected = case.information()
    assert np.abs(found - expected).max() < (1e-9 if d < 3 else 1e-6) * np.abs(expected).max()


@pytest.mark.parametrize("d", [1, pytest.param(2, marks=pytest.mark.slow), 3])
def test_the_information_lies_in_the_error_bars_of_a_simulation(d):
    case, rng, count = Case(d), np.random.default_rng(7), 200_000
    mu_o, mu_n, sigma = case.numbers()
    centres = np.where(rng.random((count, 1)) < 0.3, mu_o[:, 0], mu_n[:, 0])
    s, _ = scores(case, centres + rng.standard_normal((count, d)) @ np.linalg.cholesky(sigma).T)
    mean = s.T @ s / count
    error = np.sqrt(((s**2).T @ s**2 / count - mean**2) / count)
    assert (np.abs(mean - case.information()) < 6 * error + 1e-12).all()
    assert (error < 0.02 * np.abs(mean).max()).all()


@pytest.mark.parametrize("f", [fisher_smallest_eigenvalue, fisher_largest_eigenvalue, fisher_condition_number])
@pytest.mark.parametrize(("a", "d"), [("3/10", "2"), ("9/20", "1/2"), ("9/10", "5")])
def test_slopes_are_those_of_differences(f, a, d):
    point, size = {alpha: Rational(a), delta: Rational(d)}, Rational(1, 10**8)
    for s in (alpha, delta):
        ends = [evaluate(f(alpha, delta), point | {s: point[s] + sign * size}, 30) for sign in (1, -1)]
        slope = evaluate(f(alpha, delta).diff(s), point, 20)
        assert float(slope.mid()) == pytest.approx(float(((ends[0] - ends[1]) * 10**8 / 2).mid()), rel=1e-9)


@pytest.mark.parametrize("f", [fisher_smallest_eigenvalue, fisher_largest_eigenvalue, fisher_condition_number])
def test_values_and_slopes_on_a_box_hold_those_at_its_points(f):
    with workprec(80):
        box = arb("0.3", "0.01"), arb("3", "0.05")
        value, slopes = f.ball(*box), f.ball_partials(*box)
        for a, d in (("0.291", "2.951"), ("0.3099", "3.0499"), ("0.291", "3.04")):
            assert value.contains(f.ball(arb(a), arb(d)))
            assert all(s.contains(t) for s, t in zip(slopes, f.ball_partials(arb(a), arb(d)), strict=True))
        assert all(s.rad() < 100 for s in slopes)


def test_mpmath_has_the_spectrum_by_its_own_quadrature():
    point = {alpha: Rational(2, 5), delta: Rational(3)}
    for f in (fisher_smallest_eigenvalue, fisher_largest_eigenvalue, fisher_condition_number):
        assert abs(mp.evaluate(f(alpha, delta), point, 20) - float(evaluate(f(alpha, delta), point, 20).mid())) < 1e-14


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
