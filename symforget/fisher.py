"""The Fisher information of the whole model at the target: its blocks, and certified enclosures of their spectra.

Whitened, with a = x - mu_o and b = x - mu_n along mu_n - mu_o and r_o, r_n the responsibilities under p_alpha, the
scores of (phi, m_o, m_n) are r_o - alpha, r_o a, r_n b, and the information splits (derivations/geometry.py):

    along mu_n - mu_o   D - E,  D = diag(alpha (1-alpha), alpha, 1-alpha),  E = E_p[r_o r_n w w^T],  w = (1, a, -b)
    across it           [[alpha - A, A], [A, 1 - alpha - A]],  A = E_p[r_o r_n] = alpha (1-alpha) H(alpha)

With u measured from the midpoint, a = u + delta/2 and b = u - delta/2, E is made of the overlap moments
K_k = E_p[r_o r_n u^k] = (1/2) sqrt(alpha (1-alpha)) exp(-delta^2/8) E_{u~N(0,1)}[u^k sech((delta u + l)/2)].

Eigenvalues are certified by inertia: the sign changes among the leading minors of M - t count the eigenvalues of M
below t. Over a box, Weyl: they move by no more than the Frobenius norm of what the matrix moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flint import acb_mat, arb, arb_mat, ctx
from sympy import Dummy, Expr, Function, Integer, Matrix, exp, eye, log, sqrt

from symforget.balls import exact_fraction
from symforget.gate.ball import gate_s_jet
from symforget.gate.symbolic import gate_s, gate_s_derivative
from symforget.precision import workprec
from symforget.ranges import Undefined

__all__ = [
    "across",
    "along",
    "block_ball",
    "condition_number",
    "eigenvalue_balls",
    "fisher_eigenvalue",
    "fisher_largest_eigenvalue",
    "fisher_smallest_eigenvalue",
    "overlap_moments",
]

NAN = arb.nan()
GUARD_BITS = 32
WIDENINGS = 6
SIZE = 3


def overlap_moments(alpha: Expr, delta: Expr) -> tuple[Expr, Expr, Expr]:
    """K_0, K_1, K_2 through S and its derivatives in l: E[u g] = delta S_1, E[u^2 g] = S + delta^2 S_2."""
    odds = log((1 - alpha) / alpha)
    scale = sqrt(alpha * (1 - alpha)) * exp(-(delta**2) / 8) / 2
    s = gate_s(delta, odds)
    first, second = (gate_s_derivative(k, delta, odds) for k in (1, 2))
    return scale * s, scale * delta * first, scale * (s + delta**2 * second)


def entries(alpha: Any, delta: Any, k0: Any, k1: Any, k2: Any) -> list[list[Any]]:
    """The 3 x 3 block along mu_n - mu_o from the overlap moments, in symbols or in balls alike."""
    half = delta / 2
    b, b_new = k1 + half * k0, k1 - half * k0
    c, c_new = k2 + delta * k1 + half * half * k0, k2 - delta * k1 + half * half * k0
    c_both = k2 - half * half * k0
    return [
        [alpha * (1 - alpha) - k0, -b, b_new],
        [-b, alpha - c, c_both],
        [b_new, c_both, 1 - alpha - c_new],
    ]


def along(alpha: Expr, delta: Expr) -> Matrix:
    """The 3 x 3 block of (phi, m_o, m_n) along mu_n - mu_o, as a SymPy matrix."""
    return Matrix(entries(alpha, delta, *overlap_moments(alpha, delta)))


def across(alpha: Expr, delta: Expr) -> Matrix:
    """The 2 x 2 block of (m_o, m_n) in a direction across mu_n - mu_o."""
    overlap = overlap_moments(alpha, delta)[0]
    return Matrix([[alpha - overlap, overlap], [overlap, 1 - alpha - overlap]])


@dataclass(frozen=True)
class _Moments:
    """Balls of K_0, K_1, K_2 and of their partial derivatives."""

    values: tuple[arb, arb, arb]
    in_alpha: tuple[arb, arb, arb]
    in_delta: tuple[arb, arb, arb]


def _three(values: Iterable[arb]) -> tuple[arb, arb, arb]:
    first, second, third = values
    return first, second, third


def _moments(alpha: arb, delta: arb) -> _Moments:
    rest = 1 - alpha
    weight = alpha * rest
    s = gate_s_jet(delta, (rest / alpha).log(), 4)
    square = delta * delta
    scale = weight.sqrt() * (-square / 8).exp() / 2
    bare = (s[0], delta * s[1], s[0] + square * s[2])
    # d/dl of the same, and d/d(delta) by the heat equation dS_k/d(delta) = delta S_(k+2).
    in_odds = (s[1], delta * s[2], s[1] + square * s[3])
    flow = (delta * s[2], s[1] + square * s[3], delta * (3 * s[2] + square * s[4]))
    slope = (1 - 2 * alpha) / 2
    return _Moments(
        _three(scale * v for v in bare),
        _three(scale * (slope * v - d) / weight for v, d in zip(bare, in_odds, strict=True)),
        _three(scale * (d - delta * v / 4) for v, d in zip(bare, flow, strict=True)),
    )


def _slopes(alpha: arb, delta: arb, m: _Moments) -> tuple[arb_mat, arb_mat]:
    """The partial derivatives of the block in alpha and in delta."""
    zero, half = alpha * 0, delta / 2
    in_alpha = arb_mat(entries(zero, delta, *m.in_alpha))
    in_delta = arb_mat(entries(zero, delta, *m.in_delta))
    corner = arb_mat([[1 - 2 * alpha, 0, 0], [0, 1, 0], [0, 0, -1]])
    # entries(0, ...) has the 1 of 1 - alpha in its last place.
    last = arb_mat([[0, 0, 0], [0, 0, 0], [0, 0, 1]])
    k0, k1, _ = m.values
    b, c = k0 / 2, half * k0
    moved = arb_mat([[0, -b, -b], [-b, -(k1 + c), -c], [-b, -c, k1 - c]])
    return in_alpha - last + corner, in_delta - last + moved


def block_ball(alpha: arb, delta: arb) -> arb_mat:
    """The 3 x 3 block at every point of the argument balls, by the mean value form where they are wide."""
    middle = alpha.mid(), delta.mid()
    value = arb_mat(entries(*middle, *_moments(*middle).values))
    if alpha.is_exact() and delta.is_exact():
        return value
    in_alpha, in_delta = _slopes(alpha, delta, _moments(alpha, delta))
    return value + in_alpha * (alpha - middle[0]) + in_delta * (delta - middle[1])


def eigenvalue_balls(matrix: arb_mat) -> list[arb]:
    """The eigenvalues of a symmetric 3 x 3 matrix of balls, ascending, each enclosed with its multiplicity.

    Non-finite balls where the matrix is not finite or the working precision does not suffice.
    """
    cells = [[matrix[i, j] for j in range(SIZE)] for i in range(SIZE)]
    if not all(x.is_finite() for row in cells for x in row):
        return [NAN] * SIZE
    centre = [[cells[min(i, j)][max(i, j)].mid() for j in range(SIZE)] for i in range(SIZE)]
    radius = _frobenius([[abs(x.rad()) for x in row] for row in cells])
    with workprec(ctx.prec + GUARD_BITS):
        found = acb_mat(arb_mat(centre)).eig(algorithm="approx")
        guesses = sorted((v.real.mid() for v in found), key=exact_fraction)
        size = _frobenius(centre).upper()
        balls = [_certified(centre, k, guess, size) for k, guess in enumerate(guesses)]
    # Weyl: every eigenvalue moves by at most the norm of the change.
    return [+(ball + radius.upper() * arb(0, 1)) for ball in balls]


def _frobenius(rows: list[list[arb]]) -> arb:
    total: arb = sum((x * x for row in rows for x in row), arb(0))  # type: ignore[assignment]
    return total.sqrt()


def _certified(centre: list[list[arb]], k: int, guess: arb, size: arb) -> arb:
    """An interval round the guess with at most k eigenvalues below it and at least k + 1 below its upper end."""
    error = size * arb(2) ** (GUARD_BITS // 2 - ctx.prec)
    for _ in range(WIDENINGS):
        low, high = (guess - error).lower(), (guess + error).upper()
        below = _count_below(centre, low), _count_below(centre, high)
        if below[0] is not None and below[1] is not None and below[0] <= k < below[1]:
            return low.union(high)
        error = error * 2**8
    return NAN


def _count_below(centre: list[list[arb]], t: arb) -> int | None:
    """How many eigenvalues lie below t, by Jacobi's rule; None where a leading minor has no certain sign."""
    (a, b, c), (_, d, e), (_, _, f) = centre
    a, d, f = a - t, d - t, f - t
    minors = (arb(1), a, a * d - b * b, a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d))
    if not all(m > 0 or m < 0 for m in minors):
        return None
    return sum(bool(p > 0) != bool(q > 0) for p, q in pairwise(minors))


def _spectrum(alpha: arb, delta: arb) -> list[arb]:
    """The eigenvalues of the block, with the bits that small separations lose added beforehand."""
    if not (alpha.is_finite() and delta.is_finite() and alpha > 0 and alpha < 1 and delta > 0):
        return [NAN] * SIZE
    mantissa, exponent = delta.mid().man_exp()
    lost = max(0, -6 * (int(exponent) + int(mantissa).bit_length()))
    with workprec(ctx.prec + lost + GUARD_BITS):
        found = eigenvalue_balls(block_ball(alpha, delta))
    return [+v for v in found]


class _Spectral(Function):
    """A function of the spectrum of the Fisher information along mu_n - mu_o, in (alpha, delta)."""

    nargs = 2
    is_real = True
    is_positive = True

    @classmethod
    def ball_partials(cls, alpha: arb, delta: arb) -> list[arb]:
        """Balls of the slopes: an eigenvalue moves at most at the rate at which the matrix does (Weyl)."""
        if not (alpha > 0 and alpha < 1 and delta > 0):
            raise Undefined("slopes of the spectrum on a box that leaves its domain")
        slopes = _slopes(alpha, delta, _moments(alpha, delta))
        norms = [_frobenius([[g[i, j] for j in range(SIZE)] for i in range(SIZE)]) for g in slopes]
        if not all(n.is_finite() for n in norms):
            raise Undefined("slopes of the spectrum on a box too wide for them")
        return cls._from_norms([n.upper() * arb(0, 1) for n in norms], alpha, delta)

    @classmethod
    def _from_norms(cls, norms: list[arb], alpha: arb, delta: arb) -> list[arb]:
        return norms

    def _eval_evalf(self, prec: int) -> Expr | None:
        from symforget.errors import PrecisionNotReached
        from symforget.gate.evalf import evalf_by_balls

        if not all(a.is_number for a in self.args):
            return None
        try:
            return evalf_by_balls(type(self).ball, self.args, prec)
        except PrecisionNotReached:
            return None

    @classmethod
    def ball(cls, alpha: arb, delta: arb) -> arb:
        raise NotImplementedError

    def fdiff(self, argindex: int = 1) -> Expr:
        at, separation = self.args
        return _slope_of_root(self, at, separation, argindex - 1)


def _slope_of_root(root: Expr, alpha: Expr, delta: Expr, which: int) -> Expr:
    """The slope of a simple root of the characteristic polynomial, by implicit differentiation."""
    t = Dummy("t")
    a, d = Dummy("a", positive=True), Dummy("d", positive=True)
    block = along(a, d)
    matrix, moved = block - t * eye(SIZE), block.diff((a, d)[which])
    rate: Expr = sum((_cofactor(matrix, i, j) * moved[i, j] for i in range(SIZE) for j in range(SIZE)), Integer(0))
    trace: Expr = sum((_cofactor(matrix, i, i) for i in range(SIZE)), Integer(0))
    return (rate / trace).xreplace({t: root, a: alpha, d: delta})


def _cofactor(m: Matrix, i: int, j: int) -> Expr:
    (p, q), (r, s) = ([k for k in range(SIZE) if k != skipped] for skipped in (i, j))
    return (-1) ** (i + j) * (m[p, r] * m[q, s] - m[p, s] * m[q, r])


class fisher_smallest_eigenvalue(_Spectral):
    """The smallest eigenvalue of the 3 x 3 block of the Fisher information at (alpha, mu_o, mu_n), whitened.

    >>> from symforget.balls import to_ball
    >>> bool(fisher_smallest_eigenvalue.ball(to_ball(1) / 2, to_ball(8)) > 0.2499)
    True
    """

    @classmethod
    def ball(cls, alpha: arb, delta: arb) -> arb:
        return _spectrum(alpha, delta)[0]


class fisher_largest_eigenvalue(_Spectral):
    """The largest eigenvalue of the same block."""

    @classmethod
    def ball(cls, alpha: arb, delta: arb) -> arb:
        return _spectrum(alpha, delta)[2]


class condition_number(_Spectral):
    """The largest over the smallest eigenvalue of the same block (the whole information where d = 1)."""

    @classmethod
    def ball(cls, alpha: arb, delta: arb) -> arb:
        low, _, high = _spectrum(alpha, delta)
        return high / low if low > 0 else NAN

    def fdiff(self, argindex: int = 1) -> Expr:
        low, high = (f(*self.args) for f in (fisher_smallest_eigenvalue, fisher_largest_eigenvalue))
        return high.fdiff(argindex) / low - high * low.fdiff(argindex) / low**2

    @classmethod
    def _from_norms(cls, norms: list[arb], alpha: arb, delta: arb) -> list[arb]:
        low, _, high = _spectrum(alpha, delta)
        if not low > 0:
            raise Undefined("a condition number whose smallest eigenvalue is not shown to be positive")
        return [n * (1 / low + high / (low * low)) for n in norms]


class fisher_eigenvalue(Function):
    """The k-th smallest eigenvalue, k = 0, 1, 2, of the same block: `fisher_eigenvalue(k, alpha, delta)`."""

    nargs = 3
    is_real = True

    @classmethod
    def ball(cls, k: arb, alpha: arb, delta: arb) -> arb:
        return _spectrum(alpha, delta)[int(k.unique_fmpz() or 0)]
