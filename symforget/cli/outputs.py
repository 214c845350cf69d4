"""Where reports are written: tested before a run starts, so that nothing is lost after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

from symforget.claims import Report
from symforget.errors import InputError

STANDARD_OUTPUT = "-"


@dataclass(frozen=True)
class Output:
    """A report in one format and the file, or ``-``, that the option named for it."""

    option: str
    target: str
    render: Callable[[Report], str]

    @property
    def to_standard_output(self) -> bool:
        return self.target == STANDARD_OUTPUT

    def require_writable(self) -> None:
        """Open the file for appending, which changes nothing in it, and remove it if it was not there before."""
        path = Path(self.target)
        try:
            existed = path.exists()
            if existed and not (path.is_file() or path.is_dir()):
                return  # a device or a pipe: opening it already would have an effect
            with path.open("a", encoding="utf-8"):
                pass
            if not existed:
                path.unlink()
        except (OSError, ValueError) as error:
            raise InputError(_cannot(self, error)) from None

    def write(self, report: Report) -> None:
        text = self.render(report)
        if self.to_standard_output:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            Path(self.target).write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Pages:
    """A report of several pages and the folder that the option named for it."""

    option: str
    target: str
    render: Callable[[Report], Mapping[str, str]]
    to_standard_output: bool = False

    def require_writable(self) -> None:
        """Make the folder, or a file in it, and remove it again."""
        if self.target == STANDARD_OUTPUT:
            raise InputError(f"{self.option}: the report is of several pages, so name a folder")
        path = Path(self.target)
        try:
            if path.is_dir():
                with TemporaryFile(dir=path):
                    return
            path.mkdir()
            path.rmdir()
        except (OSError, ValueError) as error:
            raise InputError(_cannot(self, error)) from None

    def write(self, report: Report) -> None:
        """Write every page over the one of that name; others in the folder stay as they are."""
        for name, text in self.render(report).items():
            page = Path(self.target, name)
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")


AnyOutput = Output | Pages


def requested(
    json: str | None, markdown: str | None, junit: str | None, html: str | None, strict: bool
) -> tuple[AnyOutput, ...]:
    """The outputs that were asked for, each shown to be writable; ``strict``: whether what is undecided fails the run.

    Raises:
        InputError: a file cannot be written, or two reports would go to the same place.
    """
    from symforget.reports import html as html_report
    from symforget.reports import json as json_report
    from symforget.reports import junit as junit_report
    from symforget.reports import markdown as markdown_report

    named = (
        ("--json", json, json_report.render),
        ("--markdown", markdown, markdown_report.render),
        ("--junit", junit, partial(junit_report.render, strict=strict)),
    )
    outputs: tuple[AnyOutput, ...] = tuple(
        Output(option, target, render) for option, target, render in named if target is not None
    )
    if html is not None:
        outputs += (Pages("--html", html, html_report.render),)
    _require_distinct(outputs)
    for output in outputs:
        if not output.to_standard_output:
            output.require_writable()
    return outputs


def write(outputs: Sequence[AnyOutput], report: Report) -> None:
    """Write every report; one that fails does not keep the others from being written.

    Raises:
        InputError: at least one could not be written after all.
    """
    failures: list[str] = []
    for output in outputs:
        try:
            output.write(report)
        except OSError as error:
            failures.append(_cannot(output, error))
    if failures:
        raise InputError("; ".join(failures))


def _require_distinct(outputs: Sequence[AnyOutput]) -> None:
    taken: dict[str, str] = {}
    for output in outputs:
        place = output.target if output.to_standard_output else str(Path(output.target).resolve())
        if place in taken:
            shared = "standard output" if output.to_standard_output else output.target
            raise InputError(f"{taken[place]} and {output.option} would both write to {shared}")
        taken[place] = output.option


def _cannot(output: AnyOutput, error: OSError | ValueError) -> str:
    why = getattr(error, "strerror", None) or str(error)
    return f"{output.option}: cannot write {output.target or 'what has no name'}: {why}"
