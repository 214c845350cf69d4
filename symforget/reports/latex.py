"""A checked derivation as LaTeX: a document of `align*` environments that another document can also take in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from symforget.claims import DerivationResult, Verdict
from symforget.reports.steps import Line, labelled

RELATIONS = {"": "", "=": "=", "==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">"}
# Roughly what fits beside margins of an article at 10 pt, in characters as they are set.
LINE_LENGTH = 58
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


def break_lines(latex: str, length: int = LINE_LENGTH) -> list[str]:
    """Break a formula before relations and sums, where nesting is least, to keep lines to about ``length``.

    Braces and plain brackets are never torn apart. A ``\\left ... \\right`` is, if nothing outside it helps: each of
    its pieces then ends in ``\\right.`` and begins with ``\\left.``, the invisible delimiters.
    """
    breaks = list(_breaks(latex))
    lines, start, opened = [], 0, 0
    while set_length(latex[start:]) > length:
        best = _best_break(latex, start, breaks, length)
        if best is None:
            break
        position, nesting = best
        lines.append(_balanced(latex[start:position], opened, nesting))
        start, opened = position, nesting
    return [*lines, _balanced(latex[start:], opened, 0)]


def _balanced(piece: str, opened: int, still_open: int) -> str:
    """A piece of a line with invisible delimiters for those left open before it and after it."""
    return r"\left. " * opened + piece.strip() + r" \right." * still_open


def _best_break(latex: str, start: int, breaks: list[tuple[int, int]], length: int) -> tuple[int, int] | None:
    """The least nested break that fits, the furthest of those; if none fits, the next one."""
    later = [(position, nesting) for position, nesting in breaks if latex[start:position].strip()]
    fitting = [b for b in later if length / 4 <= set_length(latex[start : b[0]]) <= length]
    beyond = [b for b in later if set_length(latex[start : b[0]]) > length]
    return min(fitting, key=lambda b: (b[1], -b[0])) if fitting else beyond[0] if beyond else None


def _breaks(latex: str) -> Iterator[tuple[int, int]]:
    """Positions before relations and binary signs outside all but ``\\left`` groups, and how many of those are open."""
    open_groups: list[str] = []
    for token in _TOKEN.finditer(latex):
        if token.lastgroup in ("left", "opens"):
            open_groups.append(token.lastgroup)
        elif token.lastgroup in ("right", "closes") and open_groups:
            open_groups.pop()
        elif token.lastgroup == "breaks" and "opens" not in open_groups and not _UNARY.search(latex[: token.start()]):
            yield token.start(), len(open_groups)


_TOKEN = re.compile(
    r"(?P<left>\\left(?![a-z])\s*(?:\\[A-Za-z]+|\\.|.))|(?P<right>\\right(?![a-z])\s*(?:\\[A-Za-z]+|\\.|.))"
    r"|(?P<opens>\\begin|[{(\[])|(?P<closes>\\end|[})\]])"
    r"|(?P<breaks>\\(?:leq?|geq?|neq?)(?![A-Za-z])|[-+=<>])|(?P<other>\\.)"
)
_UNARY = re.compile(r"(^|[=<>]|\\(leq?|geq?|neq?)|\\left\s*(\\[A-Za-z]+|\\.|.))\s*$")


def set_length(latex: str) -> int:
    """About how many characters wide a formula is set: commands count as one, fractions as the wider half."""
    without_fractions = _FRACTION.sub(lambda match: max(match.groups(), key=set_length), latex)
    plain = re.sub(r"\\(left|right|operatorname|mathrm|text|limits|,|;|!|quad)\b ?", "", without_fractions)
    plain = re.sub(r"\\[A-Za-z]+ ?", "x", plain)
    return len(re.sub(r"[{}^_\s]", "", plain))


_FRACTION = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}")
