"""The options that several commands share, and how their text is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from symforget.claims import Leg
from symforget.errors import InputError

if TYPE_CHECKING:
    from symforget.verify import Options


def whole_number(option: str) -> Callable[[str], int]:
    """A reader of an option's value that names option and value if it is no whole number."""

    def read(text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise InputError(f'{option} must be a whole number, got "{text}"') from None

    return read


Legs = Annotated[
    list[str] | None,
    typer.Option("--legs", metavar="LEG,...", help="Only these: symbolic, certified, numeric, simulation."),
]
Digits = Annotated[
    int,
    typer.Option("--digits", metavar="N", parser=whole_number("--digits"), help="Decimal digits, 1 to 10000."),
]
Quick = Annotated[
    bool,
    typer.Option("--quick", help="Once a derivation is checked, no other leg; elsewhere fewer draws; no false twins."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        parser=whole_number("--jobs"),
        help="Processes to use; by default one per processor.",
        show_default=False,
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", metavar="N", parser=whole_number("--seed"), help="Seed of the simulations.")
]
Strict = Annotated[bool, typer.Option("--strict", help="An undecided claim, or leg of a claim, is a failure too.")]
Json = Annotated[
    str | None,
    typer.Option("--json", metavar="FILE", help='Write the report as JSON; "-" is standard output.'),
]
Markdown = Annotated[str | None, typer.Option("--markdown", metavar="FILE", help="Write the report as Markdown.")]
Junit = Annotated[str | None, typer.Option("--junit", metavar="FILE", help="Write the report as JUnit XML.")]
Html = Annotated[str | None, typer.Option("--html", metavar="DIR", help="Write the report as pages for a browser.")]


def read_options(
    legs: Iterable[str] | None, digits: int, quick: bool, jobs: int | None, seed: int, strict: bool
) -> Options:
    """Options from the command line's values.

    Raises:
        InputError: a leg is unknown, or a number is out of its range.
    """
    from symforget.verify import ALL_LEGS, Options

    chosen = read_legs(legs) if legs else ALL_LEGS
    return Options(chosen, digits, quick, processors() if jobs is None else jobs, seed, strict)


def read_legs(texts: Iterable[str]) -> frozenset[Leg]:
    """Legs from names joined by commas.

    Raises:
        InputError: a name is no leg, or there is none.
    """
    names = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    known = ", ".join(Leg)
    for name in names:
        if name not in set(Leg):
            raise InputError(f'--legs: "{name}" is not a leg; the legs are {known}')
    if not names:
        raise InputError(f"--legs: name at least one of {known}")
    return frozenset(map(Leg, names))


def processors() -> int:
    """How many processors this process may use."""
    available = getattr(os, "sched_getaffinity", None)
    return min(len(available(0)) if available else os.cpu_count() or 1, 256)
