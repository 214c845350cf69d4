"""A checked derivation as LaTeX: a document of `align*` environments that another document can also take in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symforget.claims import DerivationResult, Verdict
from symforget.reports.breaking import break_lines
from symforget.reports.steps import Line, labelled

RELATIONS = {"": "", "=": "=", "==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">"}
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
# In the body of a document LaTeX has made every command of the preamble the same error, and only there.
DOCUMENT = r"""%% Compiles as it stands. It can also be \input into a document that loads amsmath and amssymb.
\let\endofderivation\relax
\ifx\documentclass\usepackage\else
  \documentclass{article}
  \usepackage[utf8]{inputenc}
  \usepackage{amsmath,amssymb}
  \allowdisplaybreaks
  \def\endofderivation{\end{document}}
  \begin{document}
  \noindent\textbf{%(title)s}\par
%(notes)s
\fi
%(body)s
\endofderivation
"""


def document(derivations: Sequence[DerivationResult], title: str, notes: Iterable[str]) -> str:
    """The derivations as a document, under a title and notes, one a line, on what they assume.

    Where the text is put into the body of another document, it is the derivations alone.
    """
    return DOCUMENT % {
        "title": escape(title),
        "notes": "\n".join(rf"  \noindent {escape(note)}\par" for note in notes if note),
        "body": "\n".join(_align(derivation, len(derivations) > 1) for derivation in derivations),
    }


def _align(derivation: DerivationResult, named: bool) -> str:
    body = "\n".join(_row(line, first=number == 0) for number, line in enumerate(labelled(derivation)))
    heading = f"\\par\\medskip\\noindent\\textbf{{{escape(derivation.id)}}}\n" if named else ""
    return f"{heading}\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


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
