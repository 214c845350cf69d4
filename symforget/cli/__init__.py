"""The command line: which commands there are. What is heavy is imported inside the command that needs it."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from symforget.cli import audit, checking, reading, simulate, tables, values
from symforget.cli.runner import CommandGroup, print_version

app = typer.Typer(
    name="symforget",
    cls=CommandGroup,
    help="A test runner for theorems: symbolic, certified, numeric and simulated verification of claims.",
    epilog=(
        "Exit codes: 0 all hold, 1 something refuted, contradictory or (with --strict) undecided, "
        "2 interrupted, 3 internal error, 4 usage or malformed input, 5 nothing collected."
    ),
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=print_version, is_eager=True),
    ] = False,
) -> int:
    if context.invoked_subcommand is None:
        print(context.get_help())
        return 4
    return 0


app.command("verify")(checking.verify)
app.command("check")(checking.check)
app.command("audit")(audit.audit)
app.command("list")(reading.list_claims)
app.command("show")(reading.show)
app.command("derive")(reading.derive)
app.command("eval")(values.evaluate)
app.command("table")(tables.table)
app.command("compare")(tables.compare)
app.command("simulate")(simulate.simulate)


def main() -> None:
    """Run the ``symforget`` command (`symforget.__main__` guards it); ends the process with its exit code.

    SymPy remembers a thousand results by default, an eighth slower here than all of them, which take 30 MB.
    """
    os.environ.setdefault("SYMPY_CACHE_SIZE", "None")
    app()
