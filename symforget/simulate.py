"""Sampling: expectations under the two modes estimated from draws, with confidence bounds that hold at any sample size.

The samplers know only means and a covariance; weights of integrand to density are formed from log densities. They use
none of the closed forms they are compared with.

Confidence: the empirical Bernstein bound of Maurer and Pontil (COLT 2009, theorem 4), two-sided, for draws in [lo, hi]:
|mean - E| <= sqrt(2 V log(4/p)/n) + 7 (hi - lo) log(4/p)/(3 (n - 1)) with probability at least 1 - p, where V is the
sample variance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
CHUNK = 16_384
"""Draws made at a time, so that their arrays stay in a processor's cache."""


@dataclass(frozen=True)
class Estimate:
    """A sample mean with its confidence half-width; all arrays have the shape of one draw's value."""

    mean: Array
    half_width: Array
    draws: int
    probability: float


@dataclass(frozen=True)
class GaussianModes:
    """Two Gaussian modes in R^d with a common covariance.

    ``mu_o``, ``mu_n``: shape (d,). ``covariance``: shape (d, d), symmetric positive definite.
    """

    mu_o: Array
    mu_n: Array
    covariance: Array

    @classmethod
    def with_separation(cls, delta: float, dimension: int, rng: np.random.Generator) -> GaussianModes:
        """Random means and a random non-identity covariance with Mahalanobis distance ``delta``."""
        root = rng.normal(size=(dimension, dimension)) / np.sqrt(dimension) + np.eye(dimension)
        covariance = root @ root.T
        direction = rng.normal(size=dimension)
        direction /= np.linalg.norm(direction)
        mu_o = rng.normal(size=dimension)
        return cls(mu_o, mu_o + np.linalg.cholesky(covariance) @ direction * delta, covariance)

    @property
    def dimension(self) -> int:
        return len(self.mu_o)

    @cached_property
    def root(self) -> Array:
        """The lower triangular L with covariance L L^T, shape (d, d)."""
        return np.asarray(np.linalg.cholesky(self.covariance), dtype=np.float64)

    @cached_property
    def whitening(self) -> Array:
        """The inverse of the root."""
        return np.asarray(np.linalg.inv(self.root), dtype=np.float64)

    def draw(self, mean: Array, count: int, rng: np.random.Generator) -> Array:
        """Draws from N(mean, covariance), shape (count, d); mean: shape (d,) or (count, d)."""
        x = rng.standard_normal((count, self.dimension)) @ self.root.T
        x += mean
        return x

    def draw_mixture(self, weight: float, count: int, rng: np.random.Generator) -> Array:
        """Draws from weight N(mu_o, covariance) + (1-weight) N(mu_n, covariance), shape (count, d)."""
        from_old = rng.random(count) < weight
        return self.draw(np.where(from_old[:, None], self.mu_o, self.mu_n), count, rng)

    def whitened(self, x: Array, mean: Array) -> Array:
        """root^(-1) (x - mean) for each draw, shape (count, d)."""
        return (x - mean) @ self.whitening.T

    def log_density(self, x: Array, mean: Array) -> Array:
        """log N(x; mean, covariance) up to the constant common to all modes, shape (count,)."""
        white = self.whitened(x, mean)
        return -0.5 * np.einsum("ij,ij->i", white, white)


def log_add(first: Array, second: Array) -> Array:
    """log(exp(first) + exp(second)), ten times as fast as `numpy.logaddexp`; both finite, or one of them -inf."""
    return np.maximum(first, second) + np.log1p(np.exp(-np.abs(first - second)))


def chunks(total: int, size: int = CHUNK) -> Iterator[int]:
    """``total`` as a sum of pieces of at most ``size``, so that memory stays bounded."""
    for start in range(0, total, size):
        yield min(size, total - start)


def bounded_mean(
    value: Callable[[int, np.random.Generator], Array],
    draws: int,
    low: float,
    high: float,
    probability: float,
    rng: np.random.Generator,
    chunk: int = CHUNK,
) -> Estimate:
    """The mean of a bounded quantity with its empirical Bernstein half-width.

    Args:
        value: (count, rng) -> array of shape (count, ...) with entries in [low, high].
        probability: chance of the bound failing, shared out over the entries.
        chunk: how many are made at a time.

    Raises:
        ValueError: an entry lies outside [low, high], so that the bound would not hold.
    """
    total, squares = 0.0, 0.0
    for count in chunks(draws, chunk):
        v = value(count, rng)
        if v.min() < low or v.max() > high:
            raise ValueError(f"a draw left the stated range [{low}, {high}]")
        total, squares = total + v.sum(axis=0), squares + (v**2).sum(axis=0)
    mean = np.asarray(total / draws)
    variance = np.maximum(np.asarray(squares / draws) - mean**2, 0.0) * draws / (draws - 1)
    log_term = np.log(4 * mean.size / probability)
    half = np.sqrt(2 * variance * log_term / draws) + 7 * (high - low) * log_term / (3 * (draws - 1))
    return Estimate(mean, half, draws, probability)
