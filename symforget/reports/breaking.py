"""Where a long LaTeX formula breaks into lines, and how wide it is set."""

from __future__ import annotations

import re
from collections.abc import Iterator

# What stands beside the margins, the relation and the number of a line in an article, in points.
LINE_WIDTH = 305


def break_lines(latex: str, width: float = LINE_WIDTH) -> list[str]:
    """Break a formula before relations and sums, where nesting is least, to keep lines to about ``width`` points.

    Braces and plain brackets are never torn apart. A ``\\left ... \\right`` is, if nothing outside it helps: each of
    its pieces then ends in ``\\right.`` and begins with ``\\left.``, the invisible delimiters. What even that leaves
    too wide is mostly a long fraction or root: it is written as a product and powers, which break. Of a product whose
    factors fit but which does not, the second line begins with a cross.
    """
    lines = _broken(latex, width)
    while any(set_width(line) > width for line in lines):
        looser = _loosened(latex, width)
        if looser == latex:
            break
        latex, lines = looser, _broken(looser, width)
    return [piece for line in lines for piece in _at_factors(line, width)]


def _broken(latex: str, width: float) -> list[str]:
    breaks = list(_breaks(latex))
    lines, start, opened = [], 0, 0
    while set_width(_balanced(latex[start:], opened, 0)) > width:
        best = _best_break(latex, start, opened, breaks, width)
        if best is None:
            break
        position, nesting = best
        lines.append(_balanced(latex[start:position], opened, nesting))
        start, opened = position, nesting
    return [*lines, _balanced(latex[start:], opened, 0)]


def _at_factors(line: str, width: float) -> list[str]:
    """A line, broken between factors where it is too wide."""
    pieces: list[str] = []
    while set_width(line) > width:
        breaks = _factor_breaks(line)
        fitting = [b for b in breaks if width / 4 <= set_width(_balanced(line[: b[0]], 0, b[1])) <= width]
        if not fitting:
            break
        position, nesting = min(fitting, key=lambda b: (b[1], -b[0]))
        pieces.append(_balanced(line[:position], 0, nesting))
        line = r"\left. " * nesting + rf"\times {line[position:].lstrip()}"
    return [*pieces, line]


def _factor_breaks(latex: str) -> Iterator[tuple[int, int]]:
    """Positions between factors outside all but ``\\left`` groups, and how many of those are open."""
    groups: list[str] = []
    for token in _TOKEN_OR_SPACE.finditer(latex):
        _follow(groups, token.lastgroup)
        before, after = latex[: token.start()], latex[token.end() :]
        operator = _ENDS_OPEN.search(before) or _NO_FACTOR.match(after) or _DERIVATIVE.search(before)
        if token.lastgroup == "space" and "opens" not in groups and not operator:
            yield token.start(), len(groups)


def _balanced(piece: str, opened: int, still_open: int) -> str:
    """A piece of a line with invisible delimiters for those left open before it and after it."""
    return r"\left. " * opened + piece.strip() + r" \right." * still_open


def _best_break(
    latex: str, start: int, opened: int, breaks: list[tuple[int, int]], width: float
) -> tuple[int, int] | None:
    """The least nested break that fits, the furthest of those; else the last that leaves a short line, or the next."""
    later = [(position, nesting) for position, nesting in breaks if latex[start:position].strip()]
    widths: dict[tuple[int, int], float] = {}
    for place in later:
        widths[place] = set_width(_balanced(latex[start : place[0]], opened, place[1]))
        if widths[place] > width:
            break  # those after it are wider still
    fitting = [b for b, found in widths.items() if width / 4 <= found <= width]
    if fitting:
        return min(fitting, key=lambda b: (b[1], -b[0]))
    short = [b for b, found in widths.items() if found < width / 4]
    return short[-1] if short else later[0] if later else None


def _breaks(latex: str) -> Iterator[tuple[int, int]]:
    """Positions before relations and binary signs outside all but ``\\left`` groups, and how many of those are open."""
    groups: list[str] = []
    for token in _TOKEN.finditer(latex):
        _follow(groups, token.lastgroup)
        if token.lastgroup == "breaks" and "opens" not in groups and not _UNARY.search(latex[: token.start()]):
            yield token.start(), len(groups)


def _follow(groups: list[str], kind: str | None) -> None:
    """Enter or leave a group; the open ones are ``left`` or ``opens``, outermost first."""
    if kind in ("left", "opens"):
        groups.append(kind)
    elif kind in ("right", "closes") and groups:
        groups.pop()


_TOKEN = re.compile(
    r"(?P<left>\\left(?![a-z])\s*(?:\\[A-Za-z]+|\\.|.))|(?P<right>\\right(?![a-z])\s*(?:\\[A-Za-z]+|\\.|.))"
    r"|(?P<opens>\\begin|[{(\[])|(?P<closes>\\end|[})\]])"
    r"|(?P<breaks>\\(?:leq?|geq?|neq?)(?![A-Za-z])|[-+=<>])|(?P<other>\\.)"
)
_TOKEN_OR_SPACE = re.compile(rf"{_TOKEN.pattern}|(?P<space>\s+)")
_OPERATOR = r"[-+=<>,|]|\\(?:leq?|geq?|neq?|to|in|cdot|times|limits|,)(?![A-Za-z])"
_ENDS_OPEN = re.compile(rf"(^|{_OPERATOR}|\\int(\\limits\S*)?|\\left\s*(\\[A-Za-z]+|\\.|.))\s*$")
_NO_FACTOR = re.compile(rf"$|{_OPERATOR}|\\right|[)\]^_]")
_UNARY = re.compile(r"(^|[=<>]|\\(leq?|geq?|neq?)|\\left\s*(\\[A-Za-z]+|\\.|.))\s*$")


def _loosened(latex: str, width: float) -> str:
    """The formula with its first fraction, root or braced bracket that is wider than a line in a form that breaks."""
    groups: list[str] = []
    for token in _TOKEN.finditer(latex):
        rigid = _RIGID.match(latex, token.start()) if "opens" not in groups else None
        if rigid is not None:
            loose, end = _loose(latex, rigid, width)
            if loose is not None:
                return f"{latex[: token.start()]}{loose}{latex[end:]}"
        _follow(groups, token.lastgroup)
    return latex


def _loose(latex: str, rigid: re.Match[str], width: float) -> tuple[str | None, int]:
    """A fraction, root or braced bracket in a form that breaks, if it all but fills a line; and where it ends."""
    arguments, end = _arguments(latex, rigid.end(), count=2 if rigid["fraction"] else 1)
    if max(map(set_width, arguments)) <= 0.8 * width:
        return None, end
    if rigid["root"]:
        return rf"\left({arguments[0]}\right)^{{1/2}}", end
    if not rigid["fraction"]:
        return arguments[0], end
    numerator, denominator = arguments
    product = _product(numerator, denominator, width)
    differentiated = _DERIVATIVE.search(latex[: rigid.start()])
    return rf"\left({product}\right)" if differentiated else product, end


# What keeps a line together: a fraction, a root, a function's bracket in braces (a script's braces are needed).
_RIGID = re.compile(r"(?P<fraction>\\frac(?=\{))|(?P<root>\\sqrt(?=\{))|(?<![\^_])(?=\{\\left\()")
_DERIVATIVE = re.compile(r"\\frac\{(?:\\partial|d)[^{}]*(?:\{\d+\})?\}\{[^}]*\}\s*$")


def _product(numerator: str, denominator: str, width: float) -> str:
    """A fraction as a product that reads the same whatever stands beside it."""
    if set_width(denominator) <= width:
        return rf"\frac{{1}}{{{denominator}}} {_factor(numerator)}"
    inverse = rf"\left({denominator}\right)^{{-1}}"
    return inverse if numerator == "1" else f"{_factor(numerator)} {inverse}"


def _factor(latex: str) -> str:
    is_sum = latex.startswith("-") or any(nesting == 0 for _, nesting in _breaks(latex))
    return rf"\left({latex}\right)" if is_sum else latex


def _arguments(latex: str, position: int, count: int) -> tuple[list[str], int]:
    """The next ``count`` arguments, each a group in braces, a command or a character, and where the last ends."""
    found = []
    for _ in range(count):
        if not latex.startswith("{", position):
            token = re.compile(r"\\[A-Za-z]+|\\.|.|$", re.DOTALL).match(latex, position)
            assert token is not None
            found.append(token[0])
            position = token.end()
            continue
        depth, end = 0, len(latex)
        for brace in re.compile(r"\\.|[{}]").finditer(latex, position):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if depth == 0:
                end = brace.start()
                break
        found.append(latex[position + 1 : end])
        position = end + 1
    return found, position


def set_width(latex: str, style: str = "display") -> float:
    """About how many points wide a formula is set at 10 pt: within a tenth of what LaTeX makes of most."""
    width, position, stacked, operand = 0.0, 0, 0.0, False
    while match := _SET.match(latex, position):
        position = match.end()
        kind = match.lastgroup or ""
        if kind == "script":
            (inside,), position = _arguments(latex, position, count=1)
            # A superscript and a subscript stand above each other.
            wider = max(stacked, SCRIPT * set_width(inside, "text") + 0.5)
            width, stacked, operand = width + wider - stacked, wider, True
            continue
        stacked = 0.0
        if kind == "fraction":
            halves, position = _arguments(latex, position, count=2)
            scale = 1.0 if style == "display" else SCRIPT
            width += scale * max(set_width(half, "text") for half in halves) + 2.4
        elif kind == "root":
            (inside,), position = _arguments(latex, position, count=1)
            width += set_width(inside, style) + 9
        elif kind == "limits":
            stacked = WIDTHS["integral"]
            width += stacked
        elif kind == "name":
            width += 5 * len(re.sub(r"\\(?:operatorname|mathrm|text)|\W", "", match[0])) + 1.7
        elif kind == "tall":
            tall = r"\frac" in latex
            width += WIDTHS["tall"] if tall else WIDTHS["opens"]
            kind = "opens" if match[0].startswith(r"\left") else "closes"
        elif kind == "sign":
            width += 12.2 if operand else 7.8
        else:
            width += WIDTHS[kind]
        operand = kind not in ("sign", "relation", "opens") if kind not in ("nothing", "invisible") else operand
    return width


SCRIPT = 0.72
WIDTHS = {"integral": 10, "relation": 13.3, "opens": 6.2, "closes": 6.2, "character": 5.3}
WIDTHS |= {"nothing": 0, "invisible": 1.2, "tall": 9.0, "space": 1.7, "quads": 20}
_SET = re.compile(
    r"(?P<fraction>\\frac(?=\{))|(?P<root>\\sqrt(?=\{))|(?P<script>[\^_])|(?P<limits>\\int\\limits)|(?P<integral>\\int)"
    r"|(?P<invisible>\\(?:left|right)\.)|(?P<tall>\\(?:left|right)(?![a-z])\s*(?:\\[A-Za-z]+|\\.|.))"
    r"|(?P<nothing>\\(?:mathbb|substack|phantom)(?![A-Za-z])|[{}\s&])"
    r"|(?P<name>\\(?:operatorname|mathrm|text)\{[^{}]*\}|\\(?:log|exp|min|max|lim|sup|inf|sin|cos|tan)h?(?![A-Za-z]))"
    r"|(?P<relation>\\(?:leq?|geq?|neq?|to|in)(?![A-Za-z])|[=<>])|(?P<sign>[-+])"
    r"|(?P<opens>[(\[])|(?P<closes>[)\]])"
    r"|(?P<space>\\[,;! ])|(?P<quads>\\qquad)|(?P<character>\\[A-Za-z]+|\\.|.)",
    re.DOTALL,
)
