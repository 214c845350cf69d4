"""Variants that are trained by the same array operations, and what of their target does not change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symforget.simulation.scenarios import Estimator, Scenario, Variant
from symforget.simulation.state import Array, State


@dataclass(frozen=True)
class Group:
    """Variants that one pass of array operations serves: same estimator, same use of baseline, floor and old target.

    ``columns``: where they stand in arrays (R, V, ...).
    """

    scenario: Scenario
    variants: tuple[Variant, ...]
    first: int = 0

    @property
    def columns(self) -> slice:
        return slice(self.first, self.first + len(self.variants))

    @cached_property
    def estimator(self) -> Estimator:
        return self.variants[0].estimator

    @cached_property
    def baseline(self) -> bool:
        return self.variants[0].baseline

    @cached_property
    def target(self) -> State:
        """The target's components with each variant's target weight; one replicate."""
        target = State.of(self.scenario.target, 1, len(self.variants))
        return State(self.per_variant("target_weight")[None], target.means, target.scales)

    @cached_property
    def target_forms(self) -> Array:
        """Log densities of the target's weighted components, (2, 1, V, d + 2)."""
        return self.target.weighted()

    @cached_property
    def mode_forms(self) -> Array:
        """Log densities of the target's modes, without weights."""
        return self.target.densities()

    @cached_property
    def sees_old(self) -> bool:
        """Whether the old mode is in what the variants are shown."""
        return bool(self.target.weight.any())

    @cached_property
    def scaled_new_mode(self) -> Array:
        """The log density of the target's new mode, over the published reward's scale."""
        form = np.array(self.mode_forms[1])
        form[..., 0] -= np.log(self.scenario.reward_scale)
        return form

    @cached_property
    def replay(self) -> Array:
        return self.per_variant("replay")

    @property
    def place_of_one(self) -> int | None:
        """Where among the coefficients there is the constant 1, if there is."""
        if self.estimator is Estimator.FORWARD:
            return 0
        return 2 if self.baseline or self.estimator is Estimator.PATHWISE else None

    @cached_property
    def sharing(self) -> bool:
        """Whether all variants see the very same draws."""
        return self.estimator is Estimator.FORWARD and len({v.target_weight for v in self.variants}) == 1

    def per_variant(self, name: str) -> Array:
        """A setting of every variant, shape (V,)."""
        return np.array([getattr(v, name) for v in self.variants], dtype=float)


def groups(scenario: Scenario) -> list[Group]:
    """The scenario's variants by what they have in common, in order of first appearance."""
    found: dict[tuple[Estimator, bool, bool, bool], list[Variant]] = {}
    for v in scenario.variants:
        found.setdefault((v.estimator, v.baseline, v.floored, v.target_weight > 0), []).append(v)
    firsts = np.cumsum([0, *map(len, found.values())])
    return [Group(scenario, tuple(variants), int(i)) for i, variants in zip(firsts, found.values(), strict=False)]
