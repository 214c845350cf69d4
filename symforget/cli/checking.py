"""The commands that check claims and report on them: ``verify`` and ``check``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from symforget.cli import outputs, screen
from symforget.cli.options import (
    Digits,
    Html,
    Jobs,
    Json,
    Junit,
    Legs,
    Markdown,
    Quick,
    Seed,
    Strict,
    read_options,
    whole_number,
)

if TYPE_CHECKING:
    from symforget.claims import Report
    from symforget.verify import Progress


def verify(
    selectors: Annotated[
        list[str] | None,
        typer.Argument(metavar="WHAT", help="GROUP, GROUP/SLUG or FILE.py; everything by default.", show_default=False),
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
    html: Html = None,
) -> int:
    """Verify claims: which hold, how surely, and where one fails."""
    options = read_options(legs, digits, quick, jobs, seed, strict)
    wanted = outputs.requested(json, markdown, junit, html, strict)
    from symforget.verify import verify as run

    return _run(lambda progress: run(selectors or (), options, progress), strict, wanted)


def check(
    file: Annotated[str, typer.Argument(metavar="FILE.toml", help="A claims file.")],
    legs: Legs = None,
    digits: Digits = 30,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the time limit.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="Time limit for each claim and each derivation.")
    ] = 30.0,
    max_boxes: Annotated[
        int,
        typer.Option(
            "--max-boxes",
            metavar="N",
            parser=whole_number("--max-boxes"),
            help="Boxes that branch and bound may examine for each statement.",
        ),
    ] = 20_000,
    jobs: Jobs = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="As for verify; nothing here is random.")] = 0,
    strict: Strict = False,
    json: Json = None,
    markdown: Markdown = None,
    junit: Junit = None,
    html: Html = None,
) -> int:
    """Check the claims and derivations of a TOML file.

    Nothing in the file is ever run as code.
    """
    wanted = outputs.requested(json, markdown, junit, html, strict)
    from symforget.check import Options as CheckOptions
    from symforget.check import run_file
    from symforget.checking import SHORTEST, Limits

    asked = read_options(legs, digits, quick, jobs, seed, strict)
    limits = Limits(seconds=timeout, digits=digits, max_boxes=max_boxes, legs=asked.legs)
    if quick:
        limits = replace(limits, seconds=max(timeout / 10, SHORTEST))
    return _run(lambda progress: run_file(file, CheckOptions(limits, asked.jobs), progress), strict, wanted)


def _run(run: Callable[[Progress], Report], strict: bool, wanted: Sequence[outputs.AnyOutput]) -> int:
    """Run with progress, then print and write what was found, also after an interrupt."""
    from symforget.progress import progress_for

    report = run(progress_for(sys.stderr))
    if any(output.to_standard_output for output in wanted):
        from symforget.reports.text import summary_line

        print(f"symforget: {summary_line(report)}", file=sys.stderr)
    else:
        from symforget.reports.text import render

        screen.show(render(report, screen.width()))
    outputs.write(wanted, report)
    from symforget.verify import exit_code

    return exit_code(report, strict)
