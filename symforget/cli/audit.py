"""The command that turns symforget's claims against itself: ``audit``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from symforget.cli.options import Jobs, processors, whole_number
from symforget.errors import InputError


def audit(
    selectors: Annotated[
        list[str] | None,
        typer.Argument(metavar="WHAT", help="GROUP, GROUP/SLUG or FILE.py; everything by default.", show_default=False),
    ] = None,
    jobs: Jobs = None,
    most: Annotated[
        int | None,
        typer.Option(
            "--most",
            metavar="N",
            parser=whole_number("--most"),
            help="Judge N mutants of each part of a claim, spread over its statement; all by default.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="An undecided mutant is a failure too.")] = False,
    json: Annotated[str | None, typer.Option("--json", metavar="FILE", help="Write every mutant as JSON.")] = None,
    markdown: Annotated[
        str | None, typer.Option("--markdown", metavar="FILE", help="Write the table as a page of documentation.")
    ] = None,
) -> int:
    """Make every claim wrong in every small way and see that none of it is accepted.

    Judging twenty thousand mutants takes hours: name a group, or ask for some mutants of each part only.
    """
    from symforget import audit as auditing
    from symforget.progress import progress_for
    from symforget.reports import audit as reports

    _require_directories(json, markdown)
    count = processors() if jobs is None else jobs
    found = auditing.audit(selectors or (), count, most, progress_for(sys.stderr, "groups of mutants judged"))
    if found.judgements or not found.errors:
        print(reports.render(found))
    for error in () if found.judgements else found.errors:
        print(f"symforget: {error}", file=sys.stderr)
    for target, render in ((json, reports.json), (markdown, reports.markdown)):
        if target is not None:
            _write(target, render(found))
    return auditing.exit_code(found, strict)


def _require_directories(*targets: str | None) -> None:
    for target in targets:
        if target is not None and not Path(target).absolute().parent.is_dir():
            raise InputError(f"cannot write {target}: no such directory")


def _write(target: str, text: str) -> None:
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror or error}") from None
