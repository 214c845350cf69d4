"""The Fisher information of the whole model at the target: its blocks, and certified enclosures of their spectra.

Whitened, with a = x - mu_o and b = x - mu_n along mu_n - mu_o and r_o, r_n the responsibilities under p_alpha, the
scores of (phi, m_o, m_n) are r_o - alpha, r_o a, r_n b, and the information splits (derivations/geometry.py):

    along mu_n - mu_o   D - E,  D = diag(alpha (1-alpha), alpha, 1-alpha),  E = E_p[r_o r_n w w^T],  w = (1, a, -b)
    across it           [[alpha - A, A], [A, 1 - alpha - A]],  A = E_p[r_o r_n] = alpha (1-alpha) H(alpha)

With u measured from the midpoint, a = u + delta/2 and b = u - delta/2, E is made of the overlap moments
K_k = E_p[r_o r_n u^k] = (1/2) sqrt(alpha (1-alpha)) exp(-delta^2/8) E_{u~N(0,1)}[u^k sech((delta u + l)/2)].

Eigenvalues and their slopes are certified in `symforget.spectra`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flint import arb, arb_mat, ctx
from sympy import Expr, Function, Integer, Matrix, diag, exp, log, sqrt, together, zeros

from symforget.gate.ball import gate_s_jet
from symforget.gate.symbolic import gate_s, gate_s_derivative
from symforget.precision import workprec
from symforget.ranges import Undefined
from symforget.spectra import SIZE, eigenvalue_balls, eigenvalue_slope

__all__ = [
    "across",
    "along",
    "block_ball",
    "fisher_condition_number",
    "fisher_eigenvalue",
    "fisher_largest_eigenvalue",
    "fisher_smallest_eigenvalue",
    "overlap_moments",
    "whitened_information",
]

NAN = arb.nan()
GUARD_BITS = 32


def overlap_moments(alpha: Expr, delta: Expr) -> tuple[Expr, Expr, Expr]:
    """K_0, K_1, K_2 through S and its derivatives in l: E[u g] = delta S_1, E[u^2 g] = S + delta^2 S_2."""
    odds = log((1 - alpha) / alpha)
    scale = sqrt(alpha * (1 - alpha)) * exp(-(delta**2) / 8) / 2
    s = gate_s(delta, odds)
    first, second = (gate_s_derivative(k, delta, odds) for k in (1, 2))
    return scale * s, scale * delta * first, scale * (s + delta**2 * second)


def separate_entries(alpha: Any) -> tuple[Any, Any, Any]:
    """The diagonal of D, the information of modes that do not overlap, in symbols or in balls alike."""
    return alpha * (1 - alpha), alpha, 1 - alpha


def overlap_entries(delta: Any, k0: Any, k1: Any, k2: Any) -> list[list[Any]]:
    """E along mu_n - mu_o from the overlap moments, in symbols or in balls alike."""
    half = delta / 2
    b, b_new = k1 + half * k0, k1 - half * k0
    c, c_new = k2 + delta * k1 + half * half * k0, k2 - delta * k1 + half * half * k0
    c_both = k2 - half * half * k0
    return [[k0, b, -b_new], [b, c, -c_both], [-b_new, -c_both, c_new]]


def along(alpha: Expr, delta: Expr) -> Matrix:
    """The 3 x 3 block of (phi, m_o, m_n) along mu_n - mu_o, as a SymPy matrix."""
    return diag(*separate_entries(alpha)) - Matrix(overlap_entries(delta, *overlap_moments(alpha, delta)))


def across(alpha: Expr, delta: Expr) -> Matrix:
    """The 2 x 2 block of (m_o, m_n) in a direction across mu_n - mu_o."""
    overlap = overlap_moments(alpha, delta)[0]
    return Matrix([[alpha - overlap, overlap], [overlap, 1 - alpha - overlap]])


def whitened_information(alpha: Expr, delta: Expr, dimension: int) -> Matrix:
    """The whole matrix in (phi, m_o, m_n), whitened so that mu_n - mu_o = delta e_1: shape (1 + 2d, 1 + 2d)."""
    whole = zeros(1 + 2 * dimension)
    for k in range(dimension):
        places, block = ([1 + k, 1 + dimension + k], across(alpha, delta))
        if k == 0:
            places, block = [0, *places], along(alpha, delta)
        for i, row in enumerate(places):
            for j, column in enumerate(places):
                whole[row, column] = block[i, j]
    return whole


def _three(values: Iterable[arb]) -> tuple[arb, arb, arb]:
    first, second, third = values
    return first, second, third


def _moments(alpha: arb, delta: arb) -> tuple[arb, arb, arb]:
    """Balls of K_0, K_1, K_2."""
    rest = 1 - alpha
    s = gate_s_jet(delta, (rest / alpha).log(), 2)
    square = delta * delta
    scale = (alpha * rest).sqrt() * (-square / 8).exp() / 2
    return scale * s[0], scale * delta * s[1], scale * (s[0] + square * s[2])


@dataclass(frozen=True)
class _MovingMoments:
    """Balls of K_0, K_1, K_2 and of their partial derivatives."""

    values: tuple[arb, arb, arb]
    in_alpha: tuple[arb, arb, arb]
    in_delta: tuple[arb, arb, arb]


def _moving_moments(alpha: arb, delta: arb) -> _MovingMoments:
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
    return _MovingMoments(
        _three(scale * v for v in bare),
        _three(scale * (slope * v - d) / weight for v, d in zip(bare, in_odds, strict=True)),
        _three(scale * (d - delta * v / 4) for v, d in zip(bare, flow, strict=True)),
    )


def _overlap(alpha: arb, delta: arb) -> arb_mat:
    """E at one point."""
    return arb_mat(overlap_entries(delta, *_moments(alpha, delta)))


def _overlap_slopes(alpha: arb, delta: arb) -> tuple[arb_mat, arb_mat]:
    """The partial derivatives of E in alpha and in delta."""
    m = _moving_moments(alpha, delta)
    k0, k1, _ = m.values
    b, c = k0 / 2, delta / 2 * k0
    by_itself = arb_mat([[0, b, b], [b, k1 + c, c], [b, c, c - k1]])
    in_delta = arb_mat(overlap_entries(delta, *m.in_delta)) + by_itself
    return arb_mat(overlap_entries(delta, *m.in_alpha)), in_delta


def _diagonal(entries: Iterable[arb]) -> arb_mat:
    values = list(entries)
    return arb_mat([[v if i == j else 0 for j in range(SIZE)] for i, v in enumerate(values)])


class _Block:
    """The 3 x 3 block D - E at every point of the balls of alpha and delta, and its spectrum, as far as asked for."""

    def __init__(self, alpha: arb, delta: arb) -> None:
        self.alpha, self.delta = alpha, delta

    @cached_property
    def overlap_slopes(self) -> tuple[arb_mat, arb_mat]:
        return _overlap_slopes(self.alpha, self.delta)

    @cached_property
    def overlap(self) -> arb_mat:
        """E, by the mean value form where the balls are wide."""
        alpha, delta = self.alpha.mid(), self.delta.mid()
        value = _overlap(alpha, delta)
        if self.alpha.is_exact() and self.delta.is_exact():
            return value
        in_alpha, in_delta = self.overlap_slopes
        return value + in_alpha * (self.alpha - alpha) + in_delta * (self.delta - delta)

    @cached_property
    def matrix(self) -> arb_mat:
        return _diagonal(separate_entries(self.alpha)) - self.overlap

    @cached_property
    def eigenvalues(self) -> list[arb]:
        return eigenvalue_balls(self.matrix) if self.alpha.is_exact() else _between_diagonals(self.alpha, self.overlap)

    def slopes(self) -> tuple[arb_mat, arb_mat]:
        """The partial derivatives of the block in alpha and in delta."""
        in_alpha, in_delta = self.overlap_slopes
        return _diagonal((1 - 2 * self.alpha, arb(1), arb(-1))) - in_alpha, -in_delta


def block_ball(alpha: arb, delta: arb) -> arb_mat:
    """The 3 x 3 block at every point of the argument balls, by the mean value form where they are wide."""
    return _Block(alpha, delta).matrix


_latest: dict[tuple[Any, ...], _Block] = {}


def _block(alpha: arb, delta: arb) -> _Block:
    """The block of the latest balls is remembered: where the spectrum was enclosed its slopes mostly come next."""
    key = (ctx.prec, *(part.man_exp() for x in (alpha, delta) for part in (x.mid(), x.rad())))
    if key not in _latest:
        _latest.clear()
        _latest[key] = _Block(alpha, delta)
    return _latest[key]


def _inside(alpha: arb, delta: arb) -> bool:
    return bool(alpha.is_finite() and delta.is_finite() and alpha > 0 and alpha < 1 and delta > 0)


def _working_bits(delta: arb) -> int:
    """The working precision: small separations lose bits."""
    mantissa, exponent = delta.mid().man_exp()
    lost = max(0, -6 * (int(exponent) + int(mantissa).bit_length()))
    return ctx.prec + lost + GUARD_BITS


def _spectrum(alpha: arb, delta: arb) -> list[arb]:
    """The eigenvalues of the block."""
    if not _inside(alpha, delta):
        return [NAN] * SIZE
    with workprec(_working_bits(delta)):
        found = _block(alpha, delta).eigenvalues
    return [+v for v in found]


def _between_diagonals(alpha: arb, overlap: arb_mat) -> list[arb]:
    """Eigenvalues of D - E for every alpha in a ball: they grow with D, so its least and greatest diagonals suffice."""
    low, high = alpha.lower(), alpha.upper()
    weights = [a * (1 - a) for a in (low, high)]
    least = weights[0].min(weights[1])
    most = arb(1) / 4 if low <= 0.5 and high >= 0.5 else weights[0].max(weights[1])
    below = eigenvalue_balls(_diagonal((least, low, 1 - high)) - overlap)
    above = eigenvalue_balls(_diagonal((most, high, 1 - low)) - overlap)
    return [a.union(b) for a, b in zip(below, above, strict=True)]


class _Spectral(Function):
    """A function of the spectrum of the Fisher information along mu_n - mu_o, in (alpha, delta)."""

    nargs = 2
    is_real = True

    def _eval_is_positive(self) -> bool | None:
        """At weights in (0, 1) and positive separations, where the scores are linearly independent."""
        alpha, delta = self.args
        return True if alpha.is_positive and together(1 - alpha).is_positive and delta.is_positive else None

    @classmethod
    def of(cls, values: Sequence[Any]) -> Any:
        """The function of the eigenvalues, ascending, in symbols or in balls alike."""
        raise NotImplementedError

    @classmethod
    def slope_of(cls, values: list[arb], slope: Callable[[int], arb]) -> arb:
        """The function's slope from the eigenvalues and ``slope(k)``, that of the k-th."""
        raise NotImplementedError

    @classmethod
    def ball(cls, alpha: arb, delta: arb) -> arb:
        values = _spectrum(alpha, delta)
        return cls.of(values) if values[0] > 0 else NAN

    @classmethod
    def ball_partials(cls, alpha: arb, delta: arb) -> list[arb]:
        """Balls of the slopes in alpha and delta."""
        if not _inside(alpha, delta):
            raise Undefined("slopes of the spectrum on a box that leaves its domain")
        with workprec(_working_bits(delta)):
            block = _block(alpha, delta)
            values, matrix = block.eigenvalues, block.matrix
            found = [
                cls.slope_of(values, lambda k, g=g: eigenvalue_slope(matrix, k, values, g)) for g in block.slopes()
            ]
        if not all(f.is_finite() for f in found):
            raise Undefined("slopes of the spectrum on a box too wide for them")
        return [+f for f in found]

    def fdiff(self, argindex: int = 1) -> Expr:
        return _Slope.by_kind(type(self))(Integer(argindex - 1), *self.args)

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
    def _imp_(cls, alpha: Any, delta: Any) -> Any:
        """The value in mpmath, by quadrature of the overlap moments: what `lambdify` calls."""
        from mpmath import mp

        from symforget.mp import over_the_line

        odds = mp.log((1 - alpha) / alpha)
        scale = mp.sqrt(alpha * (1 - alpha)) * mp.exp(-delta * delta / 8) / 2

        def moment(k: int) -> Any:
            return scale * over_the_line(lambda u: u**k * mp.sech((delta * u + odds) / 2) * mp.npdf(u))

        overlap = mp.matrix(overlap_entries(delta, *(moment(k) for k in range(3))))
        return cls.of(sorted(mp.eigsy(mp.diag(separate_entries(alpha)) - overlap, eigvals_only=True)))


class fisher_smallest_eigenvalue(_Spectral):
    """The smallest eigenvalue of the 3 x 3 block of the Fisher information at (alpha, mu_o, mu_n), whitened.

    >>> from symforget.balls import to_ball
    >>> bool(fisher_smallest_eigenvalue.ball(to_ball(1) / 2, to_ball(8)) > 0.2499)
    True
    """

    @classmethod
    def of(cls, values: Sequence[Any]) -> Any:
        return values[0]

    @classmethod
    def slope_of(cls, values: list[arb], slope: Callable[[int], arb]) -> arb:
        return slope(0)


class fisher_largest_eigenvalue(_Spectral):
    """The largest eigenvalue of the same block."""

    @classmethod
    def of(cls, values: Sequence[Any]) -> Any:
        return values[2]

    @classmethod
    def slope_of(cls, values: list[arb], slope: Callable[[int], arb]) -> arb:
        return slope(2)


class fisher_condition_number(_Spectral):
    """The largest over the smallest eigenvalue of the same block (the whole information where d = 1)."""

    @classmethod
    def of(cls, values: Sequence[Any]) -> Any:
        return values[2] / values[0]

    @classmethod
    def slope_of(cls, values: list[arb], slope: Callable[[int], arb]) -> arb:
        return (slope(2) - values[2] / values[0] * slope(0)) / values[0]


class fisher_eigenvalue(Function):
    """The k-th smallest eigenvalue, k = 0, 1, 2, of the same block: `fisher_eigenvalue(k, alpha, delta)`."""

    nargs = 3
    is_real = True

    @classmethod
    def ball(cls, k: arb, alpha: arb, delta: arb) -> arb:
        return _spectrum(alpha, delta)[int(k.unique_fmpz() or 0)]


class _Slope(Function):
    """The slope of a function of the spectrum in its argument number ``which``; it is not differentiated further."""

    nargs = 3
    is_real = True
    kind: type[_Spectral]

    @staticmethod
    def by_kind(kind: type[_Spectral]) -> type[_Slope]:
        return _SLOPES[kind]

    @classmethod
    def ball(cls, which: arb, alpha: arb, delta: arb) -> arb:
        try:
            return cls.kind.ball_partials(alpha, delta)[int(which.unique_fmpz() or 0)]
        except Undefined:
            return NAN


class fisher_smallest_eigenvalue_slope(_Slope):
    kind = fisher_smallest_eigenvalue


class fisher_largest_eigenvalue_slope(_Slope):
    kind = fisher_largest_eigenvalue


class fisher_condition_number_slope(_Slope):
    kind = fisher_condition_number


_SLOPES: dict[type[_Spectral], type[_Slope]] = {
    slope.kind: slope
    for slope in (fisher_smallest_eigenvalue_slope, fisher_largest_eigenvalue_slope, fisher_condition_number_slope)
}
