"""Scenarios as data: what a TOML file may say about a stochastic training run, and what it then means."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from symforget.errors import InputError

DIRECTORY = Path(__file__).parent / "scenarios"
LARGEST_FILE = 1_000_000


class Estimator(StrEnum):
    """How a step's gradient is estimated: as `symforget.simulation.estimators` says, or by a method's own update."""

    FORWARD = "forward"
    REVERSE = "reverse"
    PATHWISE = "pathwise"
    AS_CODED = "as-coded"
    REPLAY = "replay"
    SDFT_FORWARD = "sdft-forward"
    SDFT_REVERSE = "sdft-reverse"
    TTT_DISCOVER = "ttt-discover"
    OAPL = "oapl"


@dataclass(frozen=True)
class Method:
    """Settings of a method's update, each in the methods that know it.

    ``strength``: of the anchor, lam (SDFT, TTT-Discover). ``ema_rate``: of the teacher (SDFT). ``gap``: reward of the
    new mode minus that of the old in units of the temperature, ``lag``: steps between synchronisations (OAPL).
    """

    strength: float = 0.0
    ema_rate: float = 0.01
    gap: float = 1.0
    lag: int = 50


METHODS = (Estimator.SDFT_FORWARD, Estimator.SDFT_REVERSE, Estimator.TTT_DISCOVER, Estimator.OAPL)
"""The estimators that are a method's own update."""
SETTINGS: Mapping[Estimator, tuple[str, ...]] = {
    Estimator.FORWARD: ("target_weight", "slow"),
    Estimator.REVERSE: ("target_weight", "slow", "baseline", "floored"),
    Estimator.PATHWISE: ("target_weight", "slow"),
    Estimator.AS_CODED: ("slow",),
    Estimator.REPLAY: ("target_weight", "slow", "baseline", "floored", "replay"),
    Estimator.SDFT_FORWARD: ("target_weight", "strength", "ema_rate"),
    Estimator.SDFT_REVERSE: ("target_weight", "strength", "ema_rate"),
    Estimator.TTT_DISCOVER: ("strength",),
    Estimator.OAPL: ("gap", "lag"),
}
"""What a variant may say besides its name and rate."""
LARGEST_GROUP = 4096
"""Draws that may share one update of a method."""


@dataclass(frozen=True)
class Mixture:
    """weight N(old_mean, old_scale^2 I) + (1 - weight) N(new_mean, new_scale^2 I); means have one entry per dimension.

    0 <= weight <= 1, scales positive.
    """

    weight: float
    old_mean: tuple[float, ...]
    new_mean: tuple[float, ...]
    old_scale: float = 1.0
    new_scale: float = 1.0


@dataclass(frozen=True)
class Variant:
    """One way of training: an estimator, the old weight of what it is shown, its rates.

    ``target_weight``: old weight of the data (forward) or of the target in the reward (the others); 0 is the new mode
    alone. ``slow``: factor on the updates of weight, old mean and old scale. ``replay``: share of old draws mixed into
    the behaviour, importance-weighted (estimator "replay"). ``baseline``: subtract the reward's leave-one-out mean.
    ``floored``: the reward log(p/(reward_scale q) + reward_floor) in place of log(p/q).
    ``method``: settings if the estimator is a method's update; then target_weight is the demonstrator's old weight
    (SDFT), and the starting weight that of the initial policy (TTT-Discover).
    """

    name: str
    estimator: Estimator
    target_weight: float
    rate: float
    slow: float = 1.0
    replay: float = 0.0
    baseline: bool = False
    floored: bool = False
    method: Method | None = None


@dataclass(frozen=True)
class Scenario:
    """A training run and its variants.

    ``learn``: which of weight, means, scales are trained. ``logit``: whether the weight is trained through its logit;
    otherwise directly. ``weight_bounds``: the weight is clipped to them. ``level``: the Gain at which Drops are
    compared. ``reward_scale``, ``reward_floor``: constants of the reward as published.
    """

    name: str
    title: str
    source: str
    start: Mixture
    target: Mixture
    steps: int
    batch: int
    variants: tuple[Variant, ...]
    learn: tuple[str, ...] = ("weight", "means", "scales")
    logit: bool = True
    weight_bounds: tuple[float, float] = (0.0, 1.0)
    smallest_scale: float = 1e-3
    level: float = 0.9
    reward_scale: float = 1.0
    reward_floor: float = 0.0

    @property
    def dimension(self) -> int:
        return len(self.start.old_mean)

    @property
    def by_methods(self) -> bool:
        """Whether the variants are methods' updates of the weight alone; a scenario has either all such or none."""
        return self.variants[0].method is not None

    @property
    def separation(self) -> float:
        """How many scales the modes lie apart, in one dimension and with a common scale."""
        return abs(self.start.new_mean[0] - self.start.old_mean[0]) / self.start.old_scale

    def resized(self, steps: int | None = None, batch: int | None = None) -> Scenario:
        """The same with another number of steps or draws per step.

        Raises:
            InputError: the scenario's variants cannot do with so few or so many draws.
        """
        resized = replace(self, steps=steps or self.steps, batch=batch or self.batch)
        return _checked(resized, self.name)

    def only(self, names: Sequence[str]) -> Scenario:
        """The same with these variants only, in this order."""
        return replace(self, variants=tuple(self.variant(name) for name in names))

    def variant(self, name: str) -> Variant:
        """One variant by name.

        Raises:
            InputError: there is none of that name.
        """
        for variant in self.variants:
            if variant.name == name:
                return variant
        known = "; ".join(v.name for v in self.variants)
        raise InputError(f'{self.name}: no variant "{name}"; there are: {known}')


def shipped() -> tuple[str, ...]:
    """Names of the scenarios that come with symforget."""
    return tuple(sorted(p.stem for p in DIRECTORY.glob("*.toml")))


def load(name: str) -> Scenario:
    """A shipped scenario by name, or any by the path of its TOML file.

    Raises:
        InputError: no such scenario, or the file says something it may not.
    """
    path = Path(name) if name.endswith(".toml") else DIRECTORY / f"{name}.toml"
    if not name.endswith(".toml") and name not in shipped():
        raise InputError(f'no scenario "{name[:60]}"; there are {", ".join(shipped())}, or name a .toml file')
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{name}: more than {LARGEST_FILE} bytes")
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{name}: {error}") from None
    return parse(document, path.stem, name)


def parse(document: Mapping[str, Any], name: str, where: str) -> Scenario:
    """A scenario from a TOML document; ``where`` is what messages call the file.

    Raises:
        InputError: a key is unknown, missing, of the wrong type or out of range.
    """
    table = _Table(document, where)
    start, target = (_mixture(table.table(key)) for key in ("start", "target"))
    if len(start.old_mean) != len(target.old_mean):
        raise InputError(f"{where}: start and target differ in dimension")
    bounds = table.numbers("weight_bounds", (0.0, 1.0))
    if len(bounds) != 2 or not 0 <= bounds[0] <= start.weight <= bounds[1] <= 1:
        raise InputError(f"{where}: weight_bounds must be two numbers with the starting weight between them, in [0, 1]")
    scenario = Scenario(
        name=name,
        title=table.text("title"),
        source=table.text("source", ""),
        start=start,
        target=target,
        steps=table.whole("steps"),
        batch=table.whole("batch"),
        variants=tuple(_variant(t) for t in table.tables("variant")),
        learn=table.texts("learn", ("weight", "means", "scales")),
        logit=table.flag("logit", True),
        weight_bounds=(bounds[0], bounds[1]),
        smallest_scale=table.number("smallest_scale", 1e-3, low=1e-12),
        level=table.number("level", 0.9, low=0.0, high=1.0),
        reward_scale=table.number("reward_scale", 1.0, low=1e-300),
        reward_floor=table.number("reward_floor", 0.0, low=0.0),
    )
    table.finish()
    return _checked(scenario, where)


def _checked(scenario: Scenario, where: str) -> Scenario:
    unknown = [x for x in scenario.learn if x not in ("weight", "means", "scales")]
    if unknown or not scenario.learn:
        raise InputError(f"{where}: learn may name weight, means and scales")
    names = [v.name for v in scenario.variants]
    if len(set(names)) != len(names):
        raise InputError(f"{where}: variants need distinct names")
    if scenario.logit and not 0 < scenario.start.weight < 1:
        raise InputError(f"{where}: with logit = true the starting weight must lie strictly between 0 and 1")
    return _checked_methods(scenario, where) if any(v.method for v in scenario.variants) else scenario


def _checked_methods(scenario: Scenario, where: str) -> Scenario:
    if not all(v.method for v in scenario.variants):
        raise InputError(f"{where}: {', '.join(METHODS)} cannot be variants beside other estimators")
    start, target = scenario.start, scenario.target
    in_place = (start.old_mean, start.new_mean) == (target.old_mean, target.new_mean)
    common = {start.old_scale, start.new_scale, target.old_scale, target.new_scale}
    if scenario.learn != ("weight",) or not scenario.logit or not in_place or len(common) > 1 or scenario.dimension > 1:
        raise InputError(
            f"{where}: methods train the weight alone: learn = ['weight'], logit = true, one dimension, "
            "the same means in start and target, one common scale"
        )
    if scenario.batch < 2 or scenario.batch > LARGEST_GROUP:
        raise InputError(f"{where}: methods need a batch between 2 and {LARGEST_GROUP}")
    return scenario


def _mixture(table: _Table) -> Mixture:
    old, new = table.numbers("old_mean"), table.numbers("new_mean")
    if len(old) != len(new) or not old:
        raise InputError(f"{table.where}: old_mean and new_mean must have one number per dimension each")
    found = Mixture(
        table.number("weight", low=0.0, high=1.0),
        old,
        new,
        table.number("old_scale", 1.0, low=1e-12),
        table.number("new_scale", 1.0, low=1e-12),
    )
    table.finish()
    return found


def _variant(table: _Table) -> Variant:
    named = table.text("estimator")
    if named not in set(Estimator):
        raise InputError(f'{table.where}: estimator "{named}" is none of {", ".join(Estimator)}')
    estimator = Estimator(named)
    known = SETTINGS[estimator]
    found = Variant(
        table.text("name"),
        estimator,
        table.number("target_weight", low=0.0, high=1.0) if "target_weight" in known else 0.0,
        table.number("rate", low=0.0),
        table.number("slow", 1.0, low=0.0) if "slow" in known else 1.0,
        table.number("replay", 0.0, low=0.0, high=0.999) if "replay" in known else 0.0,
        table.flag("baseline", False) if "baseline" in known else False,
        table.flag("floored", False) if "floored" in known else False,
        _method(table, known) if estimator in METHODS else None,
    )
    table.finish()
    return found


def _method(table: _Table, settings: tuple[str, ...]) -> Method:
    default = Method()
    numbers = [name for name in settings if name in ("strength", "ema_rate", "gap")]
    found = {name: table.number(name, getattr(default, name), low=0.0) for name in numbers}
    for name, highest in (("strength", 1e6), ("ema_rate", 1.0), ("gap", 100.0)):
        if found.get(name, 0.0) > highest:
            raise InputError(f'{table.where}: "{name}" must lie between 0 and {highest:g}')
    return Method(**found, lag=table.whole("lag", default.lag) if "lag" in settings else default.lag)


class _Table:
    """A TOML table read key by key; every complaint says where."""

    def __init__(self, content: Mapping[str, Any], where: str) -> None:
        self._left = dict(content)
        self.where = where

    def finish(self) -> None:
        if self._left:
            raise InputError(f'{self.where}: unknown key "{next(iter(self._left))}"')

    def _take(self, key: str, default: Any, kinds: tuple[type, ...], noun: str) -> Any:
        value = self._left.pop(key, default)
        if value is None:
            raise InputError(f'{self.where}: "{key}" is missing')
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise InputError(f'{self.where}: "{key}" must be {noun}')
        return value

    def text(self, key: str, default: str | None = None) -> str:
        return self._take(key, default, (str,), "text")

    def flag(self, key: str, default: bool) -> bool:
        return self._take(key, default, (bool,), "true or false")

    def number(self, key: str, default: float | None = None, low: float = -1e300, high: float = 1e300) -> float:
        value = float(self._take(key, default, (int, float), "a number"))
        if not low <= value <= high:  # nan fails this too
            raise InputError(f'{self.where}: "{key}" must lie between {low:g} and {high:g}')
        return value

    def whole(self, key: str, default: int | None = None) -> int:
        value = self._take(key, default, (int,), "a whole number")
        if not 1 <= value <= 10_000_000:
            raise InputError(f'{self.where}: "{key}" must lie between 1 and 10000000')
        return value

    def numbers(self, key: str, default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        values = self._take(key, default, (list, tuple, int, float), "a number or a list of numbers")
        items = values if isinstance(values, (list, tuple)) else [values]
        if not all(isinstance(v, (int, float)) and not isinstance(v, bool) and abs(v) < 1e300 for v in items):
            raise InputError(f'{self.where}: "{key}" must be a list of finite numbers')
        return tuple(float(v) for v in items)

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        values = self._take(key, default, (list, tuple), "a list of texts")
        if not all(isinstance(v, str) for v in values):
            raise InputError(f'{self.where}: "{key}" must be a list of texts')
        return tuple(values)

    def table(self, key: str) -> _Table:
        return _Table(self._take(key, None, (dict,), "a table"), f"{self.where}: [{key}]")

    def tables(self, key: str) -> list[_Table]:
        values = self._take(key, None, (list,), "an array of tables")
        if not values or not all(isinstance(v, dict) for v in values):
            raise InputError(f'{self.where}: "{key}" must be an array of tables, not empty')
        return [_Table(v, f"{self.where}: {key} {i}") for i, v in enumerate(values, 1)]
