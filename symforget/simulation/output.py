"""How a run is shown and kept: the table on the screen, the summary as JSON, the arrays as NPZ."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from symforget.simulation.outcomes import BAND, FAILURE_PROBABILITY, Outcome, Spread
from symforget.simulation.scenarios import SETTINGS, Scenario
from symforget.simulation.training import Settings, Trajectories

SCHEMA = "symforget-simulation/1"


def table(scenario: Scenario, settings: Settings, found: Sequence[Outcome]) -> str:
    """Median and band of every outcome, one line per variant."""
    heads = list(found[0].values)
    rows = [("", *heads), *((o.variant, *(_cell(o.values[h]) for h in heads)) for o in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]).rstrip()
        for row in rows
    ]
    plural = "" if settings.replicates == 1 else "s"
    note = (
        f"median [{BAND[0]:.0%} .. {BAND[1]:.0%} of replicates]; {settings.replicates} replicate{plural}, "
        f"{scenario.steps} steps of {scenario.batch} draws, seed {settings.seed}"
    )
    missing = any(s.missing for o in found for s in o.values.values())
    if missing:
        note += "; -: the gain is never reached, xN: in N replicates it is not"
    return "\n".join([scenario.title, "", *lines, "", note])


def _cell(value: Spread) -> str:
    if math.isnan(value.median):
        return "-"
    digits = 0 if value.median >= 10 else 3
    text = f"{value.median:.{digits}f} [{value.band[0]:.{digits}f} .. {value.band[1]:.{digits}f}]"
    return text + (f" x{value.missing}" if value.missing else "")


def summary(scenario: Scenario, settings: Settings, found: Sequence[Outcome]) -> str:
    """The summary as JSON; quantities that no replicate has are null."""
    document = {
        "schema": SCHEMA,
        "scenario": scenario.name,
        "title": scenario.title,
        "source": scenario.source,
        "steps": scenario.steps,
        "batch": scenario.batch,
        "replicates": settings.replicates,
        "seed": settings.seed,
        "band": list(BAND),
        "interval_failure_probability": FAILURE_PROBABILITY,
        "variants": [
            {**_settings_of(scenario, o.variant), "outcomes": {k: _plain(s) for k, s in o.values.items()}}
            for o in found
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _settings_of(scenario: Scenario, name: str) -> dict[str, Any]:
    """What the variant's estimator uses, and nothing else."""
    variant = scenario.variant(name)
    known = asdict(variant) | (asdict(variant.method) if variant.method else {})
    return {key: known[key] for key in ("name", "estimator", "rate", *SETTINGS[variant.estimator])}


def _plain(value: Spread) -> dict[str, Any]:
    def number(x: float) -> float | None:
        return None if math.isnan(x) else x

    return {
        "median": number(value.median),
        "band": [number(x) for x in value.band],
        "interval": None if value.interval is None else list(value.interval),
        "missing": value.missing,
    }


def save(path: Path, done: Mapping[str, Trajectories]) -> None:
    """The trajectories as NPZ: ``variants``, and for the i-th of them ``weight_i``, ``means_i``, ``scales_i``."""
    arrays: dict[str, Any] = {"variants": np.array(list(done))}
    for i, found in enumerate(done.values()):
        arrays |= {f"weight_{i}": found.weight, f"means_{i}": found.means, f"scales_{i}": found.scales}
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
