"""The table of an audit as text, as the Markdown page of the documentation, and as JSON."""

from __future__ import annotations

import json as codec
from collections.abc import Iterable, Sequence

from symforget.audit import Audit, Row
from symforget.auditing.judgement import Judgement, Outcome

SCHEMA = "symforget/audit/1"
LISTED = 60

_HEADINGS = ("group", "claims", "parts", "mutants", *(str(o) for o in Outcome))

_INTRODUCTION = """\
# The audit: what becomes of claims that were made wrong

Every statement of every claim is changed in one place at a time: each constant halved, doubled and raised by one, each
exponent likewise and negated, each sign changed, each factor dropped, symbols or arguments exchanged, the relation
reversed. Each of these mutants is judged:

- **refuted**: a certified witness was found: a point at which the statement fails or has no value. (A limit has no
  enclosure: a mutant of one is refuted because a limit is unique, or by enclosed values along the sequence that stay
  away from what it states.)
- **still true**: it follows from the original statement, or the rules of the original's derivation prove it. Many
  mutants of bounds are weaker bounds.
- **true on a box**: no witness was found, and branch and bound certified it on a compact box; no more is known.
- **no statement**: the edit took the meaning away, and no rule accepts what is left: an integral over the sample space
  depends on the reference measure (a density was dropped from it), a derivative is of no whole order, or a simulated
  quantity has a number that names nothing that can be run.
- **objected to**: no certified route decides, since the statement is about medians of simulated runs; the runs that the
  mutant itself speaks of were made, and disagree with it by the exact sign test at level 1 - 1e-9. That is no
  certified witness, hence not a refutation.
- **undecided**: none of these: neither a witness nor an argument was found, and no simulation objects.
- **wrongly accepted**: the rules of the claim's own derivation, led to the mutant instead of the statement, accept it,
  or branch and bound certifies it on the claim's own box, although a certified witness refutes it there. That is a
  defect of the worst kind, and the command ends with exit code 1.

For every refuted mutant the derivation is redirected to it and the claim's own boxes are tried, so that the last column
counts what symforget would have accepted from an author who made that slip.

This page is written by

    symforget audit {most}--markdown docs/audit.md
"""
_SAMPLE = """
and judges {most} mutants of each part of a claim, spread evenly over its statement. Without `--most` every mutant is
judged, some twenty thousand, which takes hours.
"""


def render(audit: Audit) -> str:
    """The table and the mutants that need a look, for a terminal."""
    rows = [_HEADINGS, *(_cells(row) for row in audit.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS))]
    lines = [
        "  ".join(_aligned(cell, w, i) for i, (cell, w) in enumerate(zip(row, widths, strict=True))) for row in rows
    ]
    for outcome in (Outcome.WRONGLY_ACCEPTED, Outcome.OBJECTED, Outcome.UNDECIDED):
        found = audit.of(outcome)
        if found:
            lines += ["", f"{outcome}:", *_listed(found)]
    lines += [f"error: {error}" for error in audit.errors]
    return "\n".join([*lines, "", summary(audit)])


def summary(audit: Audit) -> str:
    """The last line."""
    total = audit.rows[-1]
    counts = ", ".join(f"{n} {outcome}" for outcome, n in total.outcomes.items())
    ending = "; interrupted, the rest was not judged" if audit.interrupted else ""
    return f"{total.mutants} mutants of {total.claims} claims: {counts}; {audit.seconds:.0f} s{ending}"


def markdown(audit: Audit) -> str:
    """The page of the documentation."""
    introduction = _INTRODUCTION.format(most="" if audit.most is None else f"--most {audit.most} ")
    sample = [] if audit.most is None else [_SAMPLE.strip().format(most=audit.most), ""]
    lines = [introduction, *sample, "## Table", "", _markdown_row(_HEADINGS), _markdown_row(_rule())]
    lines += [_markdown_row(_cells(row)) for row in audit.rows]
    for outcome in (Outcome.WRONGLY_ACCEPTED, Outcome.OBJECTED, Outcome.UNDECIDED):
        found = audit.of(outcome)
        if found:
            lines += ["", f"## {str(outcome).capitalize()}", "", "| claim | edit | mutant |", "|---|---|---|"]
            lines += [_markdown_row((_place(j), j.edit, f"`{_shortened(j.statement)}`")) for j in found[:LISTED]]
            lines += [f"\nand {len(found) - LISTED} more" for _ in [0] if len(found) > LISTED]
    versions = ", ".join(f"{name} {v}" for name, v in audit.environment.items())
    return "\n".join([*lines, "", f"Made with {versions}."]) + "\n"


def json(audit: Audit) -> str:
    """Everything: the table, and every mutant with its outcome and witness."""
    return (
        codec.dumps(
            {
                "schema": SCHEMA,
                "table": [{"group": r.group, "mutants": r.mutants, **_counts(r)} for r in audit.rows],
                "mutants": [_as_data(j) for j in audit.judgements],
                "interrupted": audit.interrupted,
                "errors": list(audit.errors),
                "environment": dict(audit.environment),
            },
            indent=2,
        )
        + "\n"
    )


def _counts(row: Row) -> dict[str, int]:
    return {str(o): n for o, n in row.outcomes.items()}


def _as_data(j: Judgement) -> dict[str, object]:
    witness = None
    if j.witness is not None:
        w = j.witness
        witness = {"where": w.where, "point": dict(w.point), "left": w.left, "right": w.right}
    return {
        "claim": j.claim,
        "part": j.part,
        "edit": j.edit,
        "statement": j.statement,
        "outcome": str(j.outcome),
        "seconds": round(j.seconds, 3),
        "how": j.how,
        "witness": witness,
    }


def _cells(row: Row) -> tuple[str, ...]:
    return (row.group, *(str(n) for n in (row.claims, row.parts, row.mutants, *row.outcomes.values())))


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def _listed(found: Sequence[Judgement]) -> Iterable[str]:
    for j in found[:LISTED]:
        yield f"  {_place(j)}: {j.edit}: {_shortened(j.statement)}"
        if j.outcome is Outcome.WRONGLY_ACCEPTED:
            yield f"    {j.how}, but {j.witness}"
    if len(found) > LISTED:
        yield f"  and {len(found) - LISTED} more"


def _place(j: Judgement) -> str:
    return f"{j.claim} ({j.part})" if j.part else j.claim


def _shortened(text: str, width: int = 120) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def _rule() -> tuple[str, ...]:
    return ("---", *("---:" for _ in _HEADINGS[1:]))


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
