"""The command that trains the two-mode model by stochastic gradients: ``simulate``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from symforget.cli.options import processors, whole_number
from symforget.errors import InputError

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def simulate(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO", help="A scenario or a FILE.toml; without it they are listed.", show_default=False
        ),
    ] = None,
    replicates: Annotated[
        int, typer.Option("--replicates", metavar="N", parser=whole_number("--replicates"), help="Independent runs.")
    ] = 64,
    variant: Annotated[
        list[str] | None, typer.Option("--variant", metavar="NAME", help="Only this one; may be repeated.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps",
            metavar="N",
            parser=whole_number("--steps"),
            help="In place of the scenario's.",
            show_default=False,
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch",
            metavar="N",
            parser=whole_number("--batch"),
            help="In place of the scenario's.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", parser=whole_number("--seed"), help="Seed of all streams.")
    ] = 0,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            metavar="N",
            parser=whole_number("--jobs"),
            help="Processes; one per processor.",
            show_default=False,
        ),
    ] = None,
    max_memory: Annotated[
        str, typer.Option("--max-memory", metavar="SIZE", help="Of all arrays together: 500M, 2G.")
    ] = "1G",
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help='Write the summary as JSON; "-" is standard output.')
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE.npz", help="Keep the trajectories.")
    ] = None,
    plot: Annotated[
        str | None, typer.Option("--plot", metavar="FILE", help="A picture: .png, .svg or .pdf (needs matplotlib).")
    ] = None,
) -> int:
    """Train the two-mode model by stochastic gradients and report what becomes of the old mode.

    The result depends on scenario, replicates and seed, not on --jobs or --max-memory.
    """
    from symforget.simulation import scenarios
    from symforget.simulation.training import Settings, chunk_size

    if scenario is None:
        print(_listing())
        return 0
    chosen = scenarios.load(scenario).resized(*(_positive(n, v) for n, v in (("--steps", steps), ("--batch", batch))))
    chosen = chosen.only(variant) if variant else chosen
    settings = Settings(replicates, seed, processors() if jobs is None else jobs, read_size(max_memory))
    chunk_size(chosen, settings)
    targets = {"--json": json if json != "-" else None, "--output": output, "--plot": plot}
    _check_targets({option: target for option, target in targets.items() if target is not None})
    from symforget.simulation import output as results
    from symforget.simulation.outcomes import outcomes
    from symforget.simulation.training import collected

    with _progress(replicates) as advance:
        done = collected(chosen, settings, advance)
    found = outcomes(chosen, done)
    print(results.summary(chosen, settings, found) if json == "-" else results.table(chosen, settings, found))
    if json is not None and json != "-":
        Path(json).write_text(results.summary(chosen, settings, found), encoding="utf-8")
    if output is not None:
        results.save(Path(output), done)
    if plot is not None:
        from symforget.simulation.plots import draw

        draw(chosen, done, Path(plot))
    return 0


def read_size(text: str) -> int:
    """A number of bytes from text such as 500M or 2G.

    Raises:
        InputError: it is no such text.
    """
    matched = re.fullmatch(r"(\d{1,15})([kmg]?)b?", text.strip().lower())
    if matched is None:
        raise InputError(f'--max-memory: "{text[:40]}" is no size; write for example 500M or 2G')
    return int(matched[1]) * UNITS[matched[2]]


def _positive(option: str, value: int | None) -> int | None:
    if value is not None and not 1 <= value <= 10_000_000:
        raise InputError(f"{option} must be between 1 and 10000000, got {value}")
    return value


def _listing() -> str:
    from symforget.reports.layout import columns
    from symforget.simulation import scenarios

    return "\n".join(columns([(name, scenarios.load(name).title) for name in scenarios.shipped()]))


def _check_targets(targets: dict[str, str]) -> None:
    """Say before the run what could not be written after it."""
    for option, target in targets.items():
        path = Path(target)
        if path.is_dir() or not path.parent.is_dir():
            raise InputError(f"{option}: cannot write {target}: it is a directory, or lies in none")
    if "--plot" in targets:
        from symforget.simulation.plots import require

        require(Path(targets["--plot"]))
    if len({Path(t).resolve() for t in targets.values()}) < len(targets):
        raise InputError(f"{' and '.join(targets)} would write to the same file")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None] | None]:
    """A bar in a terminal while the replicates are trained; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    parts = (BarColumn(bar_width=30), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*parts, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.update(task, advance=count)
