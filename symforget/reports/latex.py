"""A checked derivation as LaTeX: an `align*` that needs amsmath alone, or a whole document around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from symforget.claims import DerivationResult, Verdict
from symforget.reports.steps import Line, labelled

RELATIONS = {"": "", "=": "=", "==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">"}
# Roughly what fits beside margins of an article at 10 pt, in characters as they are set.
LINE_LENGTH = 62
SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    **{character: "\\" + character for character in "#$%&_"},
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}",
    "∫": r"\ensuremath{\int}",
    "→": r"\ensuremath{\to}",
    "∞": r"\ensuremath{\infty}",
    "²": r"\textsuperscript{2}",
    "·": r"\ensuremath{\cdot}",
    "–": "--",
    "—": "---",
    "’": "'",
    "α": r"\ensuremath{\alpha}",
    "β": r"\ensuremath{\beta}",
    "δ": r"\ensuremath{\delta}",
    "λ": r"\ensuremath{\lambda}",
    "μ": r"\ensuremath{\mu}",
    "π": r"\ensuremath{\pi}",
    "ρ": r"\ensuremath{\rho}",
    "Σ": r"\ensuremath{\Sigma}",
    "φ": r"\ensuremath{\varphi}",
}
DOCUMENT = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath}
\allowdisplaybreaks
\begin{document}
\noindent\textbf{%(title)s}\par
%(notes)s
%(body)s
\end{document}
"""


def fragment(derivations: Sequence[DerivationResult]) -> str:
    """Each derivation as an `align*`; a reason stands above what it justifies, with what did not close."""
    named = len(derivations) > 1
    return "\n".join(_align(derivation, named) for derivation in derivations)


def _align(derivation: DerivationResult, named: bool) -> str:
    body = "\n".join(_row(line, first=number == 0) for number, line in enumerate(labelled(derivation)))
    heading = f"\\par\\medskip\\noindent\\textbf{{{escape(derivation.id)}}}\n" if named else ""
    return f"{heading}\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def document(derivations: Sequence[DerivationResult], title: str, notes: Iterable[str]) -> str:
    """A complete document: the derivations under a title and notes, one a line, on what they assume."""
    return DOCUMENT % {
        "title": escape(title),
        "notes": "\n".join(rf"\noindent {escape(note)}\par" for note in notes if note),
        "body": fragment(derivations),
    }


def escape(text: str) -> str:
    """Prose as LaTeX text; a character that no plain LaTeX font holds becomes its code point in brackets."""
    return "".join(SPECIAL.get(c, c if c.isascii() else f"[U+{ord(c):04X}]") for c in " ".join(text.split()))


def _row(line: Line, first: bool) -> str:
    """Relation and expression with the step's number, under its reason (no align begins with one)."""
    step = line.step
    relation = RELATIONS.get(step.relation, rf"\text{{{escape(step.relation)}}}")
    pieces = break_lines(step.latex.strip())
    aligned = f"{relation} " if relation else "" if line.concludes else r"\phantom{{}={}} "
    rows = [f"  &{aligned}{pieces[0]}", *(rf"  &\qquad {piece}" for piece in pieces[1:])]
    if not line.concludes:
        rows[-1] += rf" \tag{{{line.label}}}"
    math = " \\\\\n".join(rows)
    if first:
        return math
    reason = "" if line.starts else _reason(line)
    return f"  \\\\\n  \\intertext{{{reason}}}\n{math}" if reason else f"  \\\\[\\medskipamount]\n{math}"


def _reason(line: Line) -> str:
    step = line.step
    said = ("Therefore: " if line.concludes else "") + escape(step.reason)
    if step.verdict is Verdict.PROVED:
        return said
    found = rf"\textbf{{{step.verdict}}}" + (f" ({escape(step.detail)})" if step.detail else "")
    return "; ".join(filter(None, (said, found)))


def break_lines(latex: str, length: int = LINE_LENGTH) -> list[str]:
    """Break a formula before a relation or sum outside every group, to keep lines to about ``length``.

    What stands in braces, brackets or ``\\left ... \\right`` is not torn apart: LaTeX would refuse it.
    """
    lines, line = [], ""
    for term in _terms(latex):
        if line and set_length(line + term) > length:
            lines.append(line.strip())
            line = ""
        line += term
    return [*lines, line.strip()]


def _terms(latex: str) -> list[str]:
    """Split before every relation and binary ``+`` or ``-`` that stands outside all groups."""
    depth, start, terms = 0, 0, []
    for token in _TOKEN.finditer(latex):
        depth += (token.lastgroup == "opens") - (token.lastgroup == "closes")
        before = latex[start : token.start()].strip()
        if token.lastgroup == "breaks" and depth == 0 and not _RELATION_ALONE.fullmatch(before):
            terms.append(latex[start : token.start()])
            start = token.start()
    return [*terms, latex[start:]]


_TOKEN = re.compile(
    r"(?P<opens>\\left(?![a-z])|\\begin|[{(\[])|(?P<closes>\\right(?![a-z])|\\end|[})\]])"
    r"|(?P<breaks>\\(?:leq?|geq?|neq?)(?![A-Za-z])|[-+=<>])|(?P<other>\\.)"
)
_RELATION_ALONE = re.compile(r"(\\(leq?|geq?|neq?)|[=<>])?")


def set_length(latex: str) -> int:
    """About how many characters wide a formula is set: commands count as one, fractions as the wider half."""
    without_fractions = _FRACTION.sub(lambda match: max(match.groups(), key=set_length), latex)
    plain = re.sub(r"\\(left|right|operatorname|mathrm|text|limits|,|;|!|quad)\b ?", "", without_fractions)
    plain = re.sub(r"\\[A-Za-z]+ ?", "x", plain)
    return len(re.sub(r"[{}^_\s]", "", plain))


_FRACTION = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}")
