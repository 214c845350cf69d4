"""What is drawn: noise from one stream per replicate, and the draws of every estimator made from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symforget.simulation.state import Array, Workspace


@dataclass(frozen=True)
class Noise:
    """Standard normal ``u`` and uniform ``v``, one stream per replicate.

    ``affine``: (1 + d, R, N), ones and below them u, so that mean + scale u is a product of matrices. ``v``: (R, N).
    """

    affine: Array
    v: Array

    @classmethod
    def drawn(cls, dimension: int, count: int, rngs: Sequence[np.random.Generator], space: Workspace) -> Noise:
        noise = cls(
            space.array("affine", 1 + dimension, len(rngs), count),
            space.array("v", len(rngs), count),
        )
        noise.affine[0] = 1
        for r, rng in enumerate(rngs):
            for u in noise.affine[1:, r]:
                rng.standard_normal(out=u)
            rng.random(out=noise.v[r])
        return noise

    def part(self, draws: slice) -> Noise:
        """Some of the draws."""
        return Noise(self.affine[:, :, draws], self.v[:, draws])


@dataclass(frozen=True)
class Sampled:
    """Where draws come from: components mean + scale u, each taken where v lies between its threshold and the next one.

    ``maps``: (components, d, R, G, 2), mean and scale in each coordinate; ``thresholds``: (components - 1, R, G, 1),
    falling, for all but the first. G is the number of variants, or 1 where all share the draws.
    """

    maps: Array
    thresholds: Array

    @classmethod
    def of(cls, components: Sequence[tuple[Array, Array]], thresholds: Sequence[Array] = ()) -> Sampled:
        """From (means (R, G, d), scales (R, G)) of each component, and thresholds (R, G)."""
        means, scales = zip(*components, strict=True)
        maps = np.empty((len(means), means[0].shape[-1], *scales[0].shape, 2))
        for into, mean, scale in zip(maps, means, scales, strict=True):
            into[..., 0], into[..., 1] = mean.transpose(2, 0, 1), scale
        return cls(maps, np.array([t[..., None] for t in thresholds]))

    def part(self, rows: slice) -> Sampled:
        """Some replicates."""
        return Sampled(self.maps[:, :, rows], self.thresholds[:, rows] if len(self.thresholds) else self.thresholds)

    def features(self, noise: Noise, space: Workspace) -> Array:
        """1, x_1 .. x_d, |x|^2 for every draw, shape (d + 2, R, G, N)."""
        dimension, shape = self.maps.shape[1], (*self.maps.shape[2:4], noise.v.shape[1])
        f = space.array("features", dimension + 2, *shape)
        f[0] = 1
        for k in range(dimension):
            _affine(self.maps[0, k], noise, k, out=f[1 + k])
        if len(self.thresholds):
            # The arrays that hold the values of quadratic forms later on: the fewer, the more lie in the cache.
            self._choose(f, noise, *space.array("values", 2, *shape))
        return squared(f)

    def _choose(self, f: Array, noise: Noise, change: Array, chosen: Array) -> None:
        """Add the difference to the component before wherever v is below the threshold."""
        differences = np.diff(self.maps, axis=0)
        for threshold, difference in zip(self.thresholds, differences, strict=True):
            # 1 where v < threshold and 0 elsewhere, as both lie in [0, 1] and v is below 1.
            np.subtract(threshold, noise.v[:, None], out=chosen)
            np.ceil(chosen, out=chosen)
            for k, change_of_map in enumerate(difference):
                _affine(change_of_map, noise, k, out=change)
                change *= chosen
                f[1 + k] += change


def squared(f: Array) -> Array:
    """Features with |x|^2 filled in from the coordinates."""
    np.multiply(f[1], f[1], out=f[-1])
    for x in f[2:-1]:
        f[-1] += x * x
    return f


def _affine(maps: Array, noise: Noise, k: int, out: Any) -> None:
    """mean + scale u_k for each replicate (R, G, N), as one product of matrices per replicate."""
    np.matmul(maps, noise.affine[0 : k + 2 : k + 1].transpose(1, 0, 2), out=out)
