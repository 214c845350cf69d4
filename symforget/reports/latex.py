"""A checked derivation as LaTeX: an `align*` environment that needs amsmath alone, or a whole document around it."""

from __future__ import annotations

import re

from symforget.claims import DerivationResult, StepResult, Verdict

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
\noindent\textbf{%(title)s}\quad\texttt{%(id)s}\par
\noindent %(note)s\par
%(body)s
\end{document}
"""


def fragment(derivation: DerivationResult) -> str:
    """The steps as one `align*`, each reason above the line it justifies; a line that did not close says so."""
    rows: list[str] = []
    for number, step in enumerate(derivation.steps, 1):
        rows.append(_row(step, number, first=number == 1))
    body = "\n".join(rows)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def document(derivation: DerivationResult, title: str, note: str) -> str:
    """A complete document holding the fragment under its title, its ID and a note on its hypotheses."""
    return DOCUMENT % {
        "title": escape(title),
        "id": escape(derivation.id),
        "note": escape(note),
        "body": fragment(derivation),
    }


def escape(text: str) -> str:
    """Prose as LaTeX text; a character that no plain LaTeX font holds becomes its code point in brackets."""
    return "".join(SPECIAL.get(c, c if c.isascii() else f"[U+{ord(c):04X}]") for c in " ".join(text.split()))


def _row(step: StepResult, number: int, first: bool) -> str:
    """The reason as text between the lines, then relation and expression with the number as its tag.

    A step without a relation starts a chain, and an align row may not begin with text: the first reason follows its row.
    """
    relation = RELATIONS.get(step.relation, rf"\text{{{escape(step.relation)}}}")
    lines = break_lines(step.latex.strip())
    lead = f"{relation} {lines[0]}" if relation else f"{lines[0]}"
    rows = [f"  &{'' if relation else chr(92) + 'phantom{{}={}} '}{lead}"]
    rows += [rf"  &\qquad {line}" for line in lines[1:]]
    rows[-1] += rf" \tag{{{number}}}"
    math = " \\\\\n".join(rows)
    reason = _reason(step)
    if first:
        return math
    return f"  \\\\\n  \\intertext{{{reason}}}\n{math}" if reason else f"  \\\\\n{math}"


def _reason(step: StepResult) -> str:
    closes = step.verdict is Verdict.PROVED
    said = escape(step.reason)
    mark = "" if closes else rf"\textbf{{{step.verdict}}}" + (f" ({escape(step.detail)})" if step.detail else "")
    return "; ".join(filter(None, (said, mark)))


def break_lines(latex: str, length: int = LINE_LENGTH) -> list[str]:
    """Break a formula before a sum's ``+`` or ``-`` outside every group, so that no line is much longer than ``length``.

    What stands inside braces, brackets or ``\\left ... \\right`` is never torn apart: LaTeX would not accept it.
    """
    lines, line = [], ""
    for term in _terms(latex):
        if line and set_length(line + term) > length:
            lines.append(line.strip())
            line = ""
        line += term
    return [*lines, line.strip()]


def _terms(latex: str) -> list[str]:
    """Split before every binary ``+`` or ``-`` that stands outside all groups."""
    depth, start, terms = 0, 0, []
    for token in re.finditer(r"\\left|\\right|\\begin|\\end|\\.|[{}()\[\]+-]", latex):
        text = token.group()
        if text in (r"\left", r"\begin", "{", "(", "["):
            depth += 1
        elif text in (r"\right", r"\end", "}", ")", "]"):
            depth -= 1
        elif text in "+-" and depth == 0 and latex[start : token.start()].strip():
            terms.append(latex[start : token.start()])
            start = token.start()
    return [*terms, latex[start:]]


def set_length(latex: str) -> int:
    """About how many characters wide a formula is when set: commands count as one, grouping as none, fractions as their wider half."""
    without_fractions = _FRACTION.sub(lambda match: max(match.groups(), key=set_length), latex)
    plain = re.sub(r"\\(left|right|operatorname|mathrm|text|limits|,|;|!|quad)\b ?", "", without_fractions)
    plain = re.sub(r"\\[A-Za-z]+ ?", "x", plain)
    return len(re.sub(r"[{}^_\s]", "", plain))


_FRACTION = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}")
