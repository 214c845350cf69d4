"""Where reports are written: tested before a run starts, so that nothing is lost after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

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


def requested(json: str | None, markdown: str | None, junit: str | None) -> tuple[Output, ...]:
    """The outputs that were asked for, each shown to be writable.

    Raises:
        InputError: a file cannot be written, or two reports would go to the same place.
    """
    from symforget.reports import json as json_report
    from symforget.reports import junit as junit_report
    from symforget.reports import markdown as markdown_report

    named = (
        ("--json", json, json_report.render),
        ("--markdown", markdown, markdown_report.render),
        ("--junit", junit, junit_report.render),
    )
    outputs = tuple(Output(option, target, render) for option, target, render in named if target is not None)
    _require_distinct(outputs)
    for output in outputs:
        if not output.to_standard_output:
            _require_writable(output)
    return outputs


def write(outputs: Sequence[Output], report: Report) -> None:
    """Write every report; one that fails does not keep the others from being written.

    Raises:
        InputError: at least one could not be written after all.
    """
    failures: list[str] = []
    for output in outputs:
        try:
            _write(output, output.render(report))
        except OSError as error:
            failures.append(_cannot(output, error))
    if failures:
        raise InputError("; ".join(failures))


def _write(output: Output, text: str) -> None:
    if output.to_standard_output:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        Path(output.target).write_text(text, encoding="utf-8")


def _require_distinct(outputs: Sequence[Output]) -> None:
    taken: dict[str, str] = {}
    for output in outputs:
        place = output.target if output.to_standard_output else str(Path(output.target).resolve())
        if place in taken:
            shared = "standard output" if output.to_standard_output else output.target
            raise InputError(f"{taken[place]} and {output.option} would both write to {shared}")
        taken[place] = output.option


def _require_writable(output: Output) -> None:
    """Open the file for appending, which changes nothing in it, and remove it if it was not there before."""
    path = Path(output.target)
    try:
        existed = path.exists()
        if existed and not (path.is_file() or path.is_dir()):
            return  # a device or a pipe: opening it already would have an effect
        with path.open("a", encoding="utf-8"):
            pass
        if not existed:
            path.unlink()
    except (OSError, ValueError) as error:
        raise InputError(_cannot(output, error)) from None


def _cannot(output: Output, error: OSError | ValueError) -> str:
    why = getattr(error, "strerror", None) or str(error)
    return f"{output.option}: cannot write {output.target or 'a file without a name'}: {why}"
