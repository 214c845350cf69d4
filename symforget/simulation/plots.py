"""A picture of a run: bands over replicates against the predicted curves. Imports matplotlib only when called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from symforget.errors import InputError
from symforget.simulation.outcomes import BAND, DropAndGain
from symforget.simulation.predictions import predicted
from symforget.simulation.scenarios import Scenario
from symforget.simulation.state import Array
from symforget.simulation.training import Trajectories

FORMATS = (".png", ".svg", ".pdf")


def require(path: Path) -> None:
    """Whether a plot can be made at all, asked before the run.

    Raises:
        InputError: matplotlib is not installed, or the name has no ending of a known format.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"--plot: {path} must end in one of {', '.join(FORMATS)}")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise InputError("--plot needs matplotlib: pip install symforget[report]") from None


def draw(scenario: Scenario, done: Mapping[str, Trajectories], path: Path) -> None:
    """One panel per quantity; every variant's median and band, its predicted curve dashed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D

    foretold = predicted(scenario) if scenario.dimension == 1 else {}
    palette: Any = matplotlib.colormaps["tab10" if len(done) <= 10 else "tab20"]
    colours = palette.colors
    panels = _panels(scenario)
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    width, height = max(5 * across, 7.5), 3.6 * down + 0.8
    figure, axes = pyplot.subplots(down, across, figsize=(width, height), squeeze=False)
    for spare in axes.flat[len(panels) :]:
        spare.set_axis_off()
    for axis, (label, quantity) in zip(axes.flat, panels.items(), strict=False):
        for i, (name, found) in enumerate(done.items()):
            expected = quantity(foretold[name])[0] if name in foretold else None
            _curve(axis, name, quantity(found), expected, colours[i % len(colours)])
        if "mean" in label:
            axis.set_ylim(*_span(scenario))
        axis.set_xlabel("step")
        axis.set_title(label, fontsize=11)
        axis.grid(alpha=0.3)
    handles, names = axes[0][0].get_legend_handles_labels()
    if foretold:
        handles.append(Line2D([], [], color="black", ls="--", lw=1))
        names.append("exact expectations")
    columns = min(int(width / 3.2), len(names))
    rows = -(-len(names) // columns)
    figure.legend(handles, names, loc="lower center", ncols=columns, fontsize=8, frameon=False)
    figure.suptitle(fill(scenario.title, int(10 * width)), fontsize=12)
    figure.tight_layout(rect=(0, 0.2 * rows / height, 1, 1))
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def _panels(scenario: Scenario) -> dict[str, Any]:
    panels: dict[str, Any] = {"old mass (weight)": lambda found: found.weight}
    if "means" in scenario.learn:
        panels["old mean, first coordinate"] = lambda found: found.means[:, :, 0, 0]
        panels["new mean, first coordinate"] = lambda found: found.means[:, :, 1, 0]
        if scenario.dimension == 1:
            panels["Drop"] = lambda found: DropAndGain.of(scenario, found).drop
            panels["Gain"] = lambda found: DropAndGain.of(scenario, found).gain
    return panels


def _span(scenario: Scenario) -> tuple[float, float]:
    """What to show of a mean: the modes and a few scales round them, whatever a runaway replicate does."""
    both = (scenario.start, scenario.target)
    means = [m for side in both for m in (side.old_mean[0], side.new_mean[0])]
    margin = 2 * max(s for side in both for s in (side.old_scale, side.new_scale))
    return min(means) - margin, max(means) + margin


def _curve(axis: Any, name: str, values: Array, expected: Array | None, colour: Any) -> None:
    steps = np.arange(values.shape[1])
    low, middle, high = np.quantile(values, (BAND[0], 0.5, BAND[1]), axis=0)
    axis.fill_between(steps, low, high, color=colour, alpha=0.2, lw=0)
    axis.plot(steps, middle, color=colour, label=name, lw=1.4)
    if expected is not None:
        axis.plot(
            steps, expected, color=[part / 2 for part in colour], ls=(0, (4, 4)), lw=1
        )  # darker: seen on the median
