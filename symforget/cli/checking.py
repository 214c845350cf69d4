"""The commands that check claims and report on them: ``verify`` and ``check``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symforget.cli import outputs, screen
from symforget.cli.options import Digits, Jobs, Json, Junit, Legs, Markdown, Quick, Seed, Strict, read_options

if TYPE_CHECKING:
    from symforget.claims import Report
    from symforget.verify import Options, Progress

Run = Callable[["Options", "Progress"], "Report"]


def verify(
    selectors: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WHAT", help="GROUP, GROUP/SLUG or FILE.py; everything by default.", show_default=False
        ),
    ] = None,
    legs: Legs = None,
    digits: Digits = 30,
    quick: Quick = False,
    jobs: Jobs = None,
    seed: Seed = 0,
    strict: Strict = False,
    json: Json = None,
    markdown: Markdown = None,
    junit: Junit = None,
) -> int:
    """Verify claims: which hold, how surely, and where one fails."""
    options = read_options(legs, digits, quick, jobs, seed, strict)
    wanted = outputs.requested(json, markdown, junit)
    from symforget.verify import verify as run

    return _run(lambda o, p: run(selectors or (), o, p), options, wanted)


def check(
    file: Annotated[str, typer.Argument(metavar="FILE.toml", help="A claims file.")],
    legs: Legs = None,
    digits: Digits = 30,
    quick: Quick = False,
    jobs: Jobs = None,
    seed: Seed = 0,
    strict: Strict = False,
    json: Json = None,
    markdown: Markdown = None,
    junit: Junit = None,
) -> int:
    """Check the claims and derivations of a TOML file.

    Nothing in the file is ever run as code.
    """
    options = read_options(legs, digits, quick, jobs, seed, strict)
    wanted = outputs.requested(json, markdown, junit)
    from symforget.check import run_file

    return _run(lambda o, p: run_file(Path(file), o, p), options, wanted)


def _run(run: Run, options: Options, wanted: Sequence[outputs.Output]) -> int:
    """Run with progress, then print and write what was found, also after an interrupt."""
    from symforget.progress import progress_for
    from symforget.verify import exit_code

    report = run(options, progress_for(sys.stderr))
    if any(output.to_standard_output for output in wanted):
        from symforget.reports.text import summary_line

        print(f"symforget: {summary_line(report)}", file=sys.stderr)
    else:
        from symforget.reports.text import render

        screen.show(render(report, screen.width()))
    outputs.write(wanted, report)
    return exit_code(report, options.strict)
