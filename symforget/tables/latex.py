"""How a table becomes LaTeX: booktabs rules, siunitx columns aligned on the decimal point, caption and label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from symforget.tables.axes import Words
from symforget.tables.request import Request
from symforget.tables.rounding import INFINITE, UNDECIDED

MOST_ROWS_OF_A_FLOAT = 40
_DECIMAL = re.compile(r"-?(\d+)(?:\.(\d*))?(?:e(-?\d+))?")

PREAMBLE = r"""\documentclass{article}
\usepackage[margin=2cm,paperwidth=%dmm,paperheight=297mm]{geometry}
\usepackage{amsmath}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage{longtable}
\usepackage{siunitx}
\begin{document}
"""

# Names of the text of a caption that are formulas, written as such; longer ones first.
_FORMULAS = (
    ("log(beta_0/beta_1)", r"$\log(\beta_0/\beta_1)$"),
    ("min(1, sqrt(2 pi)/delta)", r"$\min(1, \sqrt{2\pi}/\delta)$"),
    ("d log(e_p)/d(delta^2)", r"$\mathrm{d}\log e_p/\mathrm{d}\delta^2$"),
    ("e_p delta exp(delta^2/8)", r"$e_p\,\delta\,\mathrm{e}^{\delta^2/8}$"),
    ("log(e_p)/delta^2", r"$\log(e_p)/\delta^2$"),
    ("e_p = E_o[r_n]", r"$e_p = \mathrm{E}_o[r_n]$"),
    ("A_n/A_o = exp(g)", r"$A_n/A_o = \mathrm{e}^g$"),
    ("KL(p_n|q_beta)", r"$\mathrm{KL}(p_n\,|\,q_\beta)$"),
    ("osc(r)/tau = g", r"$\operatorname{osc}(r)/\tau = g$"),
    ("(phi, m_o, m_n)", r"$(\varphi, m_o, m_n)$"),
    ("|beta - optimum|", r"$|\beta - \text{optimum}|$"),
    ("mu_n - mu_o", r"$\mu_n - \mu_o$"),
    ("m_o = mu_o", r"$m_o = \mu_o$"),
    ("t^(-1/2)", r"$t^{-1/2}$"),
    ("-1/8", r"$-1/8$"),
    ("d - 1 times", r"$d - 1$ times"),
    ("d = 1", r"$d = 1$"),
    ("d > 1", r"$d > 1$"),
    ("beta_0", r"$\beta_0$"),
    ("beta_1", r"$\beta_1$"),
    ("d_q", "$d_q$"),
    ("lambda", r"$\lambda$"),
    ("kappa", r"$\kappa$"),
    ("alpha", r"$\alpha$"),
    ("delta", r"$\delta$"),
    ("beta", r"$\beta$"),
    (" eta", r" $\eta$"),
    (" N ", " $N$ "),
    (" K ", " $K$ "),
)
_FORMULA = re.compile("|".join(re.escape(plain) for plain, _ in _FORMULAS))
_SPECIAL = re.compile(r"[&%$#_{}~^\\]")


def typeset(caption: str) -> str:
    """The plain text of a caption with its formulas set as formulas and everything else escaped."""
    known, pieces, end = dict(_FORMULAS), [], 0
    for match in _FORMULA.finditer(caption):
        pieces += [_escaped(caption[end : match.start()]), known[match.group()]]
        end = match.end()
    return "".join([*pieces, _escaped(caption[end:])]).replace('"?"', "``?''")


def _escaped(text: str) -> str:
    names = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return _SPECIAL.sub(lambda match: names.get(match.group(), "\\" + match.group()), text)


@dataclass
class _Shape:
    """What `table-format` must make room for: sign, digits before and after the point, and exponent."""

    sign: bool = False
    before: int = 1
    after: int = 0
    exponent: int = 0
    negative_exponent: bool = False

    def see(self, cell: str) -> None:
        match = _DECIMAL.fullmatch(cell)
        if match is None:
            return
        whole, rest, exponent = match.groups()
        self.sign |= cell.startswith("-")
        self.before, self.after = max(self.before, len(whole)), max(self.after, len(rest or ""))
        if exponent:
            self.exponent = max(self.exponent, len(exponent.lstrip("-")))
            self.negative_exponent |= exponent.startswith("-")

    @property
    def width(self) -> int:
        """About how many characters a column takes."""
        return self.sign + self.before + self.after + (self.exponent and self.exponent + 5) + 3

    def __str__(self) -> str:
        mantissa = f"{'-' if self.sign else ''}{self.before}.{self.after}"
        exponent = f"e{'-' if self.negative_exponent else ''}{self.exponent}" if self.exponent else ""
        return f"S[table-format={mantissa}{exponent}]"


def latex(
    request: Request,
    lines: Callable[[], Iterable[list[str]]],
    caption: str,
    label: str,
    standalone: bool,
    count: int,
) -> Iterator[str]:
    """The table; long ones as a longtable. Needs booktabs, graphicx, longtable, siunitx and amsmath."""
    axes = request.spec.axes
    shapes = [_Shape() for _ in range(len(axes) + len(request.columns))]
    for line in lines():
        for shape, cell in zip(shapes, line, strict=True):
            shape.see(cell)
    scientific = [shape.exponent > 0 for shape in shapes]
    shapes = [_Shape() for _ in shapes]
    for line in lines():
        for shape, power, cell in zip(shapes, scientific, line, strict=True):
            shape.see(_powers(cell) if power else cell)
    words = [isinstance(axis, Words) for axis in axes] + [False] * len(request.columns)
    columns = "".join("l" if word else str(shape) for word, shape in zip(words, shapes, strict=True))
    heads = " & ".join(f"{{${head}$}}" for head in (*(a.latex for a in axes), *(c.latex for c in request.shown)))
    titles = rf"\caption{{{typeset(caption)}}}\label{{{label or 'tab:' + request.name}}}"
    body = (
        " & ".join(_cell(_powers(c) if power else c) for c, power in zip(line, scientific, strict=True)) + " \\\\\n"
        for line in lines()
    )
    long = count > MOST_ROWS_OF_A_FLOAT
    if standalone:
        yield PREAMBLE % _paper_width(shapes, long)
    yield from (_long if long else _float)(columns, heads, titles, body)
    if standalone:
        yield "\\end{document}\n"


def _paper_width(shapes: Iterable[_Shape], long: bool) -> int:
    """Millimetres, from A4 upwards, on which nothing has to be shrunk: a digit takes about 2, in small type 1.5."""
    return max(210, 45 + int((1.5 if long else 2.0) * sum(shape.width for shape in shapes)))


def _powers(text: str) -> str:
    """The same decimal with one digit before the point and a power of ten, so that a column is of one kind."""
    if (match := _DECIMAL.fullmatch(text)) is None or text == "0":
        return text
    whole, rest, exponent = match.groups()
    figures = (whole + (rest or "")).lstrip("0")
    top = int(exponent or 0) + len(figures) - 1 - len(rest or "")
    tail = f".{figures[1:]}" if len(figures) > 1 else ""
    return f"{'-' * text.startswith('-')}{figures[0]}{tail}" + (f"e{top}" if top else "")


def _cell(text: str) -> str:
    """Decimals as they are, for siunitx to set; anything else in braces, which it leaves alone."""
    if text == INFINITE:
        return r"{$\infty$}"
    if text == UNDECIDED:
        return "{?}"
    if _DECIMAL.fullmatch(text):
        return text
    return f"{{${text}$}}" if "/" in text else f"{{{text}}}"


def _float(columns: str, heads: str, titles: str, body: Iterable[str]) -> Iterator[str]:
    yield f"\\begin{{table}}\n\\centering\n{titles}\n\\smallskip\n"
    yield "\\resizebox{\\ifdim\\width>\\linewidth \\linewidth\\else \\width\\fi}{!}{%\n"
    yield f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{heads} \\\\\n\\midrule\n"
    yield from body
    yield "\\bottomrule\n\\end{tabular}}\n\\end{table}\n"


def _long(columns: str, heads: str, titles: str, body: Iterable[str]) -> Iterator[str]:
    yield "{\\scriptsize\\setlength{\\tabcolsep}{3pt}\\setlength{\\LTcapwidth}{\\linewidth}\n"
    yield f"\\begin{{longtable}}{{{columns}}}\n{titles} \\\\\n"
    yield f"\\toprule\n{heads} \\\\\n\\midrule\n\\endfirsthead\n\\toprule\n{heads} \\\\\n\\midrule\n\\endhead\n"
    yield "\\bottomrule\n\\endfoot\n"
    yield from body
    yield "\\end{longtable}}\n"
