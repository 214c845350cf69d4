"""Certified eigenvalues of symmetric 3 x 3 matrices of balls, and how fast they move with the matrix.

Eigenvalues are certified by inertia: the sign changes among the leading minors of M - t count the eigenvalues of M
below t. Over a box, Weyl: they move by no more than the Frobenius norm of what the matrix moves. A simple eigenvalue
moves at the rate v^T M' v, v its unit eigenvector, and v is known to within the angle of Davis and Kahan.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from flint import acb_mat, arb, arb_mat, ctx

from symforget.precision import workprec

__all__ = ["SIZE", "eigenvalue_balls", "eigenvalue_slope", "frobenius"]

NAN = arb.nan()
GUARD_BITS = 32
WIDENINGS = 6
SIZE = 3
DOUBLE_ERROR = arb(2) ** -44
UNIT = arb(0, 1)


def eigenvalue_balls(matrix: arb_mat) -> list[arb]:
    """The eigenvalues of a symmetric 3 x 3 matrix of balls, ascending, each enclosed with its multiplicity.

    Non-finite balls where the matrix is not finite or the working precision does not suffice.
    """
    cells = [[matrix[i, j] for j in range(SIZE)] for i in range(SIZE)]
    if not all(x.is_finite() for row in cells for x in row):
        return [NAN] * SIZE
    centre = [[cells[min(i, j)][max(i, j)].mid() for j in range(SIZE)] for i in range(SIZE)]
    radius = frobenius(arb_mat([[x.rad() for x in row] for row in cells]))
    with workprec(ctx.prec + GUARD_BITS):
        size = frobenius(arb_mat(centre))
        if radius > size * DOUBLE_ERROR:  # Doubles do where the matrix is wider than their precision.
            guesses = [arb(float(v)) for v in np.linalg.eigvalsh([[float(x) for x in row] for row in centre])]
            error = size * DOUBLE_ERROR
        else:
            found = acb_mat(arb_mat(centre)).eig(algorithm="approx")
            guesses = sorted(v.real.mid() for v in found)  # exact balls, which are in order
            error = size * arb(2) ** (GUARD_BITS // 2 - ctx.prec)
        balls = [_certified(centre, k, guess, error) for k, guess in enumerate(guesses)]
    # Weyl: every eigenvalue moves by at most the norm of the change.
    return [+(ball + radius * UNIT) for ball in balls]


def _certified(centre: list[list[arb]], k: int, guess: arb, error: arb) -> arb:
    """An interval round the guess with at most k eigenvalues below it and at least k + 1 below its upper end.

    ``error``: what the guess should be within; it is widened if it is not.
    """
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


def eigenvalue_slope(matrix: arb_mat, k: int, values: list[arb], slope: arb_mat) -> arb:
    """The slope of the k-th smallest eigenvalue where the matrix moves at the rate ``slope``: balls for a whole box.

    For a symmetric M in ``matrix`` and unit v_0 the angle to the k-th eigenvector has a sine of at most
    |(M - rho) v_0|/g, g the distance of rho from the other eigenvalues, whatever rho is. Where that says nothing the
    slope is bounded by the norm (Weyl).

    Args:
        values: enclosures of the eigenvalues, ascending, of those matrices in ``matrix`` that are meant.
    """
    size = frobenius(slope)
    if not all(v.is_finite() for v in values):
        return NAN
    rho = values[k].mid()
    gap = min(abs(v - rho).lower() for j, v in enumerate(values) if j != k)
    if not gap > 0:
        return size * UNIT
    direction = _approximate_vector(matrix, k)
    residual = matrix * direction - direction * rho
    sine = (frobenius(residual) / gap).upper()
    if not sine < 1:
        return size * UNIT
    pushed = slope * direction
    along: arb = (direction.transpose() * pushed)[0, 0]
    off = frobenius(pushed - direction * along)
    turned: arb = along + (2 * sine * off + sine * sine * (size + abs(along).upper())) * UNIT
    return turned if turned.rad() < size else size * UNIT


def _approximate_vector(matrix: arb_mat, k: int) -> arb_mat:
    """A vector near the k-th eigenvector of the midpoint, of length one up to rounding that the balls hold.

    Doubles do where the matrix is wider than their precision; else all bits are wanted.
    """
    cells = [[matrix[i, j] for j in range(SIZE)] for i in range(SIZE)]
    if any(x.rad() > DOUBLE_ERROR for row in cells for x in row):
        vectors = np.linalg.eigh([[float(x.mid()) for x in row] for row in cells])[1]
        entries = [arb(float(x)) for x in vectors[:, k]]
    else:
        found, vectors = acb_mat(arb_mat([[x.mid() for x in row] for row in cells])).eig(right=True, algorithm="approx")
        place = sorted(range(SIZE), key=lambda j: found[j].real.mid())[k]
        entries = [vectors[i, place].real.mid() for i in range(SIZE)]
    length: arb = sum((x * x for x in entries), arb(0))  # type: ignore[assignment]
    return arb_mat([[x] for x in entries]) * (1 / length.sqrt())


def frobenius(matrix: arb_mat) -> arb:
    """An exact upper bound of the root of the sum of the squares of the entries, over the whole of their balls."""
    total: arb = sum((abs(x).upper() * abs(x).upper() for x in matrix.entries()), arb(0))  # type: ignore[assignment]
    return total.sqrt().upper()
