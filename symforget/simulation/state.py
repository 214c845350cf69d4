"""The parameters of many two-mode mixtures at once, and the direction in which a step moves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from symforget.simulation.scenarios import Mixture

Array = NDArray[np.float64]
SMALLEST_WEIGHT = 1e-300
"""In place of a weight of zero, of which there is no logarithm."""


@dataclass(frozen=True)
class State:
    """Mixtures of R replicates and V variants: ``weight`` (R, V), ``means`` (2, R, V, d), ``scales`` (2, R, V).

    The first index of means and scales is the component, the old one first.
    """

    weight: Array
    means: Array
    scales: Array

    @classmethod
    def of(cls, mixture: Mixture, replicates: int, variants: int) -> State:
        """The same mixture everywhere."""
        shape = (replicates, variants)
        means = np.empty((2, *shape, len(mixture.old_mean)))
        means[0], means[1] = mixture.old_mean, mixture.new_mean
        scales = np.empty((2, *shape))
        scales[0], scales[1] = mixture.old_scale, mixture.new_scale
        return cls(np.full(shape, mixture.weight), means, scales)

    def part(self, columns: slice) -> State:
        """Some variants."""
        return State(self.weight[:, columns], self.means[:, :, columns], self.scales[:, :, columns])

    def repeated(self, replicates: int) -> State:
        """The one replicate there is, so many times."""
        both = (np.broadcast_to(a, (2, replicates, *a.shape[2:])) for a in (self.means, self.scales))
        return State(np.broadcast_to(self.weight, (replicates, self.weight.shape[1])), *both)

    def densities(self) -> Array:
        """log N_k(x) = a + b.x + c |x|^2 up to the common constant: a, b, c for each component, (2, R, V, d + 2)."""
        precision, dimension = self.scales**-2, self.means.shape[-1]
        forms = np.empty((*self.means.shape[:-1], dimension + 2))
        np.multiply(self.means, precision[..., None], out=forms[..., 1:-1])
        np.multiply(precision, -0.5, out=forms[..., -1])
        forms[..., 0] = -dimension * np.log(self.scales) - (forms[..., 1:-1] * self.means).sum(-1) / 2
        return forms

    def weighted(self) -> Array:
        """The same of w N_o and (1-w) N_n."""
        forms = self.densities()
        forms[0, ..., 0] += np.log(np.maximum(self.weight, SMALLEST_WEIGHT))
        forms[1, ..., 0] += np.log(np.maximum(1 - self.weight, SMALLEST_WEIGHT))
        return forms


@dataclass(frozen=True)
class Gradient:
    """An ascent direction, in the shapes of `State`; ``weight`` is the derivative in the weight itself."""

    weight: Array
    means: Array
    scales: Array

    @classmethod
    def joined(cls, pieces: Sequence[Gradient]) -> Gradient:
        """Variants side by side."""
        if len(pieces) == 1:
            return pieces[0]
        return cls(
            np.concatenate([p.weight for p in pieces], axis=1),
            np.concatenate([p.means for p in pieces], axis=2),
            np.concatenate([p.scales for p in pieces], axis=2),
        )


class Workspace:
    """Arrays by name, kept from step to step: a step allocates nothing large."""

    def __init__(self) -> None:
        self._kept: dict[str, Array] = {}

    def array(self, name: str, *shape: int) -> Array:
        """An array of this shape whose content is whatever was there."""
        size = prod(shape)
        kept = self._kept.get(name)
        if kept is None or kept.size < size:
            kept = self._kept[name] = np.empty(size)
        return kept[:size].reshape(shape)
