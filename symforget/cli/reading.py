"""The commands that read claims: ``list``, ``show`` and ``derive``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from symforget.cli import screen
from symforget.cli.runner import BAD_INPUT, NONE_FOUND
from symforget.errors import InputError
from symforget.reports.summary import intervals_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from symforget.claims import Claim, DerivationResult
    from symforget.collect import Library

ClaimID = Annotated[str, typer.Argument(metavar="GROUP/SLUG", help="A claim; `symforget list` names them.")]
Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE.py", help="Derivation files of yours that state it.", show_default=False),
]


def list_claims(
    selectors: Annotated[
        list[str] | None,
        typer.Argument(metavar="WHAT", help="GROUP, GROUP/SLUG or FILE.py; everything by default.", show_default=False),
    ] = None,
) -> int:
    """List claims by group, with kind and title."""
    from symforget.collect import collect
    from symforget.reports.describe import claim_list

    library, wanted = collect(selectors or ())
    _warn(library.broken.values())
    if wanted:
        print(claim_list([library.claim(claim_id) for claim_id in wanted], screen.width()))
    elif not library.broken:
        print("symforget: no claims found", file=sys.stderr)
        return NONE_FOUND
    return BAD_INPUT if library.broken else 0


def show(claim_id: ClaimID, files: Files = None) -> int:
    """Show everything about a claim.

    Statements, parameters, hypotheses, source, what it depends on, legs, false twin. Nothing is checked.
    """
    from symforget.collect import collect
    from symforget.reports.describe import claim_page

    library, _ = collect(files or ())
    claim = _claim(library, claim_id)
    below = {name: library.claim(name) for name in _closure(library, claim_id)}
    twins = {name: str(value) for name, value in library.entries[claim_id].spec.false_twin.items()}
    print(claim_page(claim, below, twins, screen.width()))
    return 0


def derive(
    claim_id: ClaimID,
    files: Files = None,
    latex: Annotated[bool, typer.Option("--latex", help="As a LaTeX document that others can \\input.")] = False,
) -> int:
    """Print the derivation of a claim, every step checked."""
    from symforget.collect import collect
    from symforget.verify import derive as check_steps

    claim = _claim(collect(files or ())[0], claim_id)
    derivations = check_steps(claim_id, files or ())
    if latex:
        from symforget.reports.latex import document

        title, *notes = _heading(claim)
        print(document(derivations, title, notes), end="")
    else:
        _print_derivations(claim, derivations)
    failed = any(not derivation.verdict.holds for derivation in derivations)
    return 1 if failed else 0


def _claim(library: Library, claim_id: str) -> Claim:
    """The claim, or one line saying why there is none: its file may be broken."""
    if claim_id not in library.entries:
        group = claim_id.split("/")[0]
        for path, why in library.broken.items():
            if Path(path).stem == group:
                raise InputError(why)
    return library.claim(claim_id)


def _closure(library: Library, claim_id: str) -> Iterable[str]:
    """The IDs a claim rests on, however far below; IDs that no file states are left out."""
    found: dict[str, None] = {}
    waiting = list(library.entries[claim_id].spec.depends_on)
    while waiting:
        name = waiting.pop()
        if name not in found and name in library.entries:
            found[name] = None
            waiting += library.entries[name].spec.depends_on
    return found


def _warn(problems: Iterable[str]) -> None:
    for problem in problems:
        print(f"symforget: {problem}", file=sys.stderr)


def _heading(claim: Claim) -> list[str]:
    """Title and hypotheses, which a derivation cannot be read without."""
    parameters = intervals_in_words({symbol.name: str(interval) for symbol, interval in claim.domain.items()})
    from symforget.calculus import NOTATION, SampleIntegral

    written = [part.statement for part in claim.parts]
    notation = [f"Notation: {NOTATION}."] if any(s.has(SampleIntegral) for s in written) else []
    heading = [f"{claim.id}: {claim.title}", f"Parameters: {parameters}.", f"Hypotheses: {claim.hypotheses}"]
    return heading + notation


def _print_derivations(claim: Claim, derivations: Sequence[DerivationResult]) -> None:
    from symforget.reports.layout import paragraph
    from symforget.reports.steps import render

    width = screen.width()
    print("\n".join(paragraph(line, width) for line in _heading(claim) if line))
    for derivation in derivations:
        print(f"\n{derivation.id}" if len(derivations) > 1 else "")
        screen.show(render(derivation, width))
