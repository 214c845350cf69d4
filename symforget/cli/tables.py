"""The commands that make bound tables and check printed ones: ``table`` and ``compare``."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from symforget.cli.options import processors, whole_number
from symforget.errors import InputError

if TYPE_CHECKING:
    from symforget.tables.compare import Comparison, Printed
    from symforget.tables.journal import Journal
    from symforget.tables.request import Request

FORMATS = ("text", "latex", "csv", "markdown", "json")
INTERRUPTED, NOT_ESTABLISHED = 2, 1
AXES = (
    "delta", "beta", "alpha", "dq", "objective", "geometry", "start", "level", "gap", "lam", "kappa", "syncs", "eta",
)  # fmt: skip
SHOWN_OFFENDERS = 200


def _axis(name: str, what: str) -> Any:
    return typer.Option(f"--{name}", metavar="VALUES", help=what, show_default=False)


Name = Annotated[str | None, typer.Argument(metavar="NAME", help="A table; without it, the tables are listed.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", metavar="N", parser=whole_number("--jobs"), help="Processes; one per processor.", show_default=False
    ),
]


def table(
    context: typer.Context,
    name: Name = None,
    delta: Annotated[str | None, _axis("delta", "Separation: 1:12:1 (start:stop:step) or 1,2,5/2.")] = None,
    beta: Annotated[str | None, _axis("beta", "Old weight of the model.")] = None,
    alpha: Annotated[str | None, _axis("alpha", "Old weight of the target.")] = None,
    dq: Annotated[str | None, _axis("dq", "Distance of the current new mean, or the word delta.")] = None,
    objective: Annotated[str | None, _axis("objective", "forward, reverse.")] = None,
    geometry: Annotated[str | None, _axis("geometry", "logit, euclidean, natural.")] = None,
    start: Annotated[str | None, _axis("start", "Old weight at the start.")] = None,
    level: Annotated[str | None, _axis("level", "Old weight at the end.")] = None,
    gap: Annotated[str | None, _axis("gap", "Reward gap in units of the temperature.")] = None,
    lam: Annotated[str | None, _axis("lam", "Anchor strength, or share of replay.")] = None,
    kappa: Annotated[str | None, _axis("kappa", "Averaging rate of the SDFT teacher.")] = None,
    syncs: Annotated[str | None, _axis("syncs", "Synchronisations of OAPL.")] = None,
    eta: Annotated[str | None, _axis("eta", "Probability of missing the old mode.")] = None,
    digits: Annotated[
        int,
        typer.Option("--digits", metavar="N", parser=whole_number("--digits"), help="Significant digits, 1 to 1000."),
    ] = 10,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="NAME,...", help="Only these columns.", show_default=False)
    ] = None,
    format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text, latex, csv, markdown or json.")
    ] = "text",
    standalone: Annotated[bool, typer.Option("--standalone", help="With latex: a whole document.")] = False,
    caption: Annotated[str, typer.Option("--caption", metavar="TEXT", help="With latex.", show_default=False)] = "",
    label: Annotated[str, typer.Option("--label", metavar="TEXT", help="With latex.", show_default=False)] = "",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there; finished rows are kept.", show_default=False),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted --output.")] = False,
    jobs: Jobs = None,
) -> int:
    """Print a table of certified values and bounds.

    Every digit printed is right: values are correctly rounded, upper bounds rounded up, lower bounds down.
    """
    if name is None:
        print(_list_of_tables())
        return 0
    _check_output(format, standalone, caption, label, output, resume)
    asked = _request(context.params)
    with _journal(asked, output, resume) as journal:
        interrupted = _fill(journal, _jobs(jobs))
        undecided = _print(journal, format, standalone, caption, label, output)
        done = journal.rows
    return _outcome(asked, done, interrupted, undecided, output)


def _request(parameters: dict[str, Any]) -> Request:
    """The request that the command's parameters make."""
    from symforget.tables.request import request

    columns = parameters["columns"]
    chosen = [part.strip() for part in columns.split(",")] if columns is not None else None
    return request(parameters["name"], {axis: parameters[axis] for axis in AXES}, parameters["digits"], chosen)


def _list_of_tables() -> str:
    from symforget.reports.layout import columns
    from symforget.tables.catalogue import NAMES, spec

    tables = [spec(name) for name in NAMES]
    lines = columns([(table.name, table.title) for table in tables])
    axes = [f"    --{axis.name} {axis.default}" for table in tables for axis in table.axes]
    count = iter(axes)
    return "\n".join(
        line
        for table, head in zip(tables, lines, strict=True)
        for line in (head, "".join(next(count) for _ in table.axes))
    )


def _check_output(format: str, standalone: bool, caption: str, label: str, output: str | None, resume: bool) -> None:
    if format not in FORMATS:
        raise InputError(f'--format: "{format[:40]}" is none of {", ".join(FORMATS)}')
    if format != "latex" and (standalone or caption or label):
        option = "--standalone" if standalone else "--caption" if caption else "--label"
        raise InputError(f"{option} is for --format latex")
    if resume and output is None:
        raise InputError("--resume needs the --output it shall continue")


def _jobs(jobs: int | None) -> int:
    if jobs is not None and not 1 <= jobs <= 256:
        raise InputError(f"--jobs must be between 1 and 256, got {jobs}")
    return processors() if jobs is None else jobs


@contextmanager
def _journal(asked: Request, output: str | None, resume: bool) -> Iterator[Journal]:
    """Where finished rows go: beside the output, or to a file without a name."""
    from symforget.tables.journal import Journal, journal_path

    if output is None:
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as file:
            yield Journal.create(asked, file)
        return
    path = Path(output)
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"--output: cannot write {output}: it is a directory, or lies in none")
    kept = journal_path(path)
    if resume:
        journal = Journal.resume(asked, kept)
    else:
        try:
            journal = Journal.create(asked, kept.open("w+", encoding="utf-8", newline="\n"))
        except OSError as error:
            raise InputError(f"--output: cannot write {kept}: {error.strerror}") from None
    try:
        yield journal
    finally:
        journal.close()


def _fill(journal: Journal, jobs: int) -> bool:
    """Compute the rows that lack; whether that was interrupted."""
    from symforget.tables.compute import rows
    from symforget.tables.progress import counted

    asked = journal.request
    missing = rows(asked, jobs, journal.rows)
    try:
        for row in counted(missing, sys.stderr, asked.rows, journal.rows):
            journal.add(row)
    except KeyboardInterrupt:
        return True
    return False


def _print(journal: Journal, format: str, standalone: bool, caption: str, label: str, output: str | None) -> int:
    """Print the finished rows; how many cells among them are undecided."""
    from symforget.tables.formats import Document, render, undecided
    from symforget.tables.journal import journal_path

    pieces = render(Document(journal.request, journal, journal.rows, standalone, caption, label), format)
    if output is None:
        for piece in pieces:
            sys.stdout.write(piece)
    else:
        try:
            with Path(output).open("w", encoding="utf-8") as file:
                file.writelines(pieces)
        except OSError as error:
            raise InputError(f"--output: cannot write {output}: {error.strerror}") from None
    lost = undecided(journal)
    if output is not None and journal.rows == journal.request.rows:
        journal_path(Path(output)).unlink(missing_ok=True)
    return lost


def _outcome(asked: Request, done: int, interrupted: bool, undecided: int, output: str | None) -> int:
    if undecided:
        print(f"symforget: {undecided} cells could not be decided", file=sys.stderr)
    if interrupted:
        kept = f"; {output} holds them, --resume continues" if output is not None else ""
        print(f"symforget: interrupted: {done} of {asked.rows} rows are done{kept}", file=sys.stderr)
        return INTERRUPTED
    return NOT_ESTABLISHED if undecided else 0


def compare(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A printed table: CSV or Markdown.")],
    to: Annotated[str, typer.Option("--to", metavar="COMMAND", help='For example "table rates --delta 1,2".')],
) -> int:
    """Compare a printed table with certified values, digit by digit.

    Every decimal is taken as exact and judged at its own last place. Exit code 1 if any is wrong.
    """
    asked = _asked_in(context, to)
    from symforget.tables.compare import compare as judge
    from symforget.tables.progress import counted

    printed = _read(file)
    result = judge(printed, asked, file, lambda rows: counted(rows, sys.stderr, len(printed.rows)))
    print(_as_text(result, file))
    return 0 if result.holds else NOT_ESTABLISHED


def _asked_in(context: typer.Context, text: str) -> Request:
    """The table that the words after ``--to`` ask for, read as the command line itself reads them."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"--to: {error}") from None
    words = words[1:] if words[:1] == ["symforget"] else words
    if words[:1] != ["table"] or len(words) < 2:
        raise InputError(f'--to: "{text[:60]}" is no table command; write for example "table misassignment"')
    command: Any = context.parent.command.commands["table"] if context.parent is not None else None  # type: ignore[attr-defined]
    with command.make_context("table", words[1:]) as inner:
        if inner.params["name"] is None:
            raise InputError("--to: which table?")
        return _request(inner.params)


def _read(file: str) -> Printed:
    from symforget.tables.compare import LARGEST_FILE, read_printed

    path = Path(file)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{file}: more than {LARGEST_FILE} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: this is no UTF-8 text") from None
    return read_printed(text, file)


def _as_text(result: Comparison, file: str) -> str:
    from symforget.tables.compare import Judgement

    lines: list[str] = []
    for finding in result.offending[:SHOWN_OFFENDERS]:
        lines.append(f"line {finding.line}, {finding.point}: {finding.column}")
        said = f" ({finding.why})" if finding.why else ""
        lines.append(f"    printed   {finding.printed}")
        lines.append(f"    {'right' if finding.right else 'unknown':<9} {finding.right}".rstrip())
        of = f", {finding.certified} of {finding.digits} digits certified" if finding.digits else ""
        lines.append(f"    {finding.judgement}{said}{of}")
    if len(result.offending) > SHOWN_OFFENDERS:
        lines.append(f"... and {len(result.offending) - SHOWN_OFFENDERS} more")
    lines += [f"{row}: no such row in the table" for row in result.unknown_rows]
    lines.append(("\n" if lines else "") + _summary(result, file, tuple(Judgement)))
    return "\n".join(lines)


def _summary(result: Comparison, file: str, judgements: Sequence[Any]) -> str:
    counts = ", ".join(f"{result.counts[j]} {j}" for j in judgements if result.counts[j])
    digits = sum(f.digits for f in result.findings)
    right = sum(f.certified for f in result.findings)
    text = f"{file}: {len(result.findings)} cells: {counts or 'none'}; {right} of {digits} digits certified"
    if result.unknown_rows:
        text += f"; {len(result.unknown_rows)} rows are not in the table"
    if result.missing_rows:
        text += f"; {result.missing_rows} rows of the table are not printed"
    return text
