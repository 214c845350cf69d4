"""What `list` and `show` say about claims before anything is checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

from symforget.claims import Claim, Leg
from symforget.reports.layout import columns, formula, paragraph
from symforget.reports.summary import intervals_in_words, point_in_words, sentence_text

LABEL_WIDTH = 14


def claim_list(claims: Sequence[Claim], width: int) -> str:
    """IDs, kinds, densities and titles, aligned, under their groups; titles wrap at ``width``.

    Where they have no room beside the rest, everything stands below the ID.
    """
    if not claims:
        return "no claims"
    rows = columns([(f"  {claim.id}", claim.kind, claim.densities, claim.title) for claim in claims])
    margin = len(columns([(f"  {c.id}", c.kind, c.densities, "|") for c in claims])[0]) - 1
    lines: list[str] = []
    for group, members in groupby(zip(claims, rows, strict=True), lambda pair: pair[0].group):
        lines += [] if not lines else [""]
        lines.append(group)
        lines += [_wrapped(row, margin, width, claim) for claim, row in members]
    return "\n".join(lines)


def _wrapped(row: str, margin: int, width: int, claim: Claim) -> str:
    if margin + 20 > width:
        below = paragraph(f"{claim.kind}, {claim.densities}: {claim.title}", width, "    ")
        return f"  {claim.id}\n{below}"
    return paragraph(row[margin:], width, " " * margin, row[:margin])


def claim_page(claim: Claim, claims: Mapping[str, Claim], twins: Mapping[str, str], width: int) -> str:
    """All a claim says of itself, and what it depends on; ``twins``: the false twin's constants."""
    body, sections = _docstring(claim.text)
    fields = [
        _field("kind", f"{claim.kind}, for {claim.densities} densities", width),
        _field("parameters", intervals_in_words({s.name: str(i) for s, i in claim.domain.items()}), width),
        *(_field(name, said, width) for name, said in sections),
        *(_field("answers", f'"{sentence_text(key)}"', width) for key in claim.sentences),
        _field("legs", _legs(claim), width),
        _field("false twin", f"with {point_in_words(twins)}" if twins else "none", width),
    ]
    blocks = [
        paragraph(f"{claim.id}: {claim.title}", width),
        *(block if _indented(block) else paragraph(block, width) for block in body),
        *(_statement(part.name, part.statement, width) for part in claim.parts),
        "\n".join(fields),
        _dependencies(claim, claims, width),
    ]
    return "\n\n".join(block for block in blocks if block)


SECTION = re.compile(r"^(Guarantee|Hypotheses|Source|References):\s*", re.MULTILINE)


def _docstring(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The paragraphs below the title, and the sections after them with their names in lower case."""
    prose, *pieces = SECTION.split(text.strip())
    body = [block for block in prose.split("\n\n")[1:] if block.strip()]
    sections = zip(pieces[::2], pieces[1::2], strict=True)
    return body, [(name.lower(), " ".join(said.replace("**", "").split())) for name, said in sections]


def _indented(block: str) -> bool:
    return all(line.startswith("    ") for line in block.splitlines() if line.strip())


def _statement(name: str, statement: object, width: int) -> str:
    """The statement on one line, wrapped; and drawn, where the drawing fits and holds no text to be read as a line."""
    from sympy import pretty

    from symforget.derivation import as_text

    text = formula(as_text(statement), width, "  ", "  ")
    drawn = [f"    {line}".rstrip() for line in pretty(statement, use_unicode=True, wrap_line=False).splitlines()]
    label = f"states ({name})" if name else "states"
    # A star is a product in plain text: what SymPy cannot draw, such as our integrals, it writes so.
    clear = all(len(line) <= width and "*" not in line for line in drawn)
    return "\n".join([label, text, *(["", *drawn] if clear else [])])


def _legs(claim: Claim) -> str:
    declared = [leg for leg in Leg if any(part.checks(leg) for part in claim.parts)]
    return ", ".join(declared) or "none"


def _dependencies(claim: Claim, claims: Mapping[str, Claim], width: int) -> str:
    if not claim.depends_on:
        return "depends on no other claim"
    return "\n".join(["depends on", *_tree(claim.depends_on, claims, "  ", set(), width)])


def _tree(names: Iterable[str], claims: Mapping[str, Claim], indent: str, shown: set[str], width: int) -> Iterable[str]:
    """The claims a claim rests on, and theirs below them; one that was shown already is not opened again."""
    for name in names:
        known = claims.get(name)
        again = name in shown and known is not None and bool(known.depends_on)
        title = "not a known claim" if known is None else known.title
        suffix = " (see above)" if again else ""
        yield paragraph(f"{name}: {title}{suffix}", width, indent + "  ", indent)
        if known is not None and not again:
            shown.add(name)
            yield from _tree(known.depends_on, claims, indent + "  ", shown, width)


def _field(label: str, text: str, width: int, wrap: Callable[[str, int, str, str], str] = paragraph) -> str:
    indent = " " * LABEL_WIDTH
    return wrap(text, width, indent, f"{label:<{LABEL_WIDTH}}")
