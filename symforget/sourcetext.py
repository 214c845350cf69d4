"""A text of the expression language, checked character by character before `ast` sees it; errors name the column."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata

from symforget.errors import InputError

MAX_CHARACTERS = 4000
MAX_TOKENS = 1500
MAX_DEPTH = 40
MAX_NAME = 64

_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<operator>\*\*|==|!=|<=|>=|[-+*/(),<>])",
    re.ASCII,
)

_HINTS = {
    "^": "write ** for a power",
    "=": "write == for equality",
    "%": "there is no remainder",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "∞": "write oo",
    "√": "write sqrt(...)",
    "|": "write Abs(...)",
    "[": "brackets are round",
    "{": "brackets are round",
}


def described(character: str) -> str:
    """A character that is not allowed, by its Unicode name, with what to write instead."""
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    hint = _HINTS.get(character)
    words = name.split()
    if hint is None and words[:1] == ["GREEK"] and "LETTER" in words:
        hint = f"write {words[words.index('LETTER') + 1].lower()}"
    return f"{character!r} ({name})" + (f": {hint}" if hint else "")


class SourceText:
    """A text, checked character by character and token by token before `ast` sees it."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise InputError(f"an expression must be text, not {type(text).__name__}")
        if len(text) > MAX_CHARACTERS:
            raise InputError(f"the text has {len(text)} characters, more than {MAX_CHARACTERS}")
        blank = re.sub(r"[ \t\r\n]", " ", text)
        self.text = blank.strip(" ")
        self.offset = len(blank) - len(blank.lstrip(" "))
        if not self.text:
            raise InputError("the expression is empty")
        self._check_tokens()

    def error(self, where: ast.AST | int, what: str) -> InputError:
        column = where if isinstance(where, int) else getattr(where, "col_offset", 0)
        return InputError(f"column {column + self.offset + 1}: {what}")

    def segment(self, node: ast.expr) -> str:
        return self.text[node.col_offset : node.end_col_offset]

    def tree(self) -> ast.expr:
        try:
            return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            offset = error.offset or 0
            if not 1 <= offset <= len(self.text):  # Python's place for what is missing at the end
                raise self.error(len(self.text), "the text ends where an expression is wanted") from None
            raise self.error(offset - 1, f"cannot read this: {error.msg}") from None
        except (RecursionError, MemoryError, ValueError):
            raise InputError("the expression is nested too deeply") from None

    def _check_tokens(self) -> None:
        position, depth, count = 0, 0, 0
        while position < len(self.text):
            if self.text[position] == " ":
                position += 1
                continue
            match = _TOKEN.match(self.text, position)
            if match is None:
                raise self.error(position, f"unexpected character {described(self.text[position])}")
            self._check_token(match)
            depth += {"(": 1, ")": -1}.get(match.group(), 0)
            count += 1
            if depth > MAX_DEPTH:
                raise self.error(position, f"brackets are nested more than {MAX_DEPTH} deep")
            if count > MAX_TOKENS:
                raise self.error(position, f"the expression has more than {MAX_TOKENS} parts")
            position = match.end()

    def _check_token(self, match: re.Match[str]) -> None:
        token = match.group()
        if match.lastgroup == "name" and keyword.iskeyword(token):
            raise self.error(match.start(), f"{token!r} is a reserved word")
        if match.lastgroup == "name" and len(token) > MAX_NAME:
            raise self.error(match.start(), f"a name is longer than {MAX_NAME} characters")
        follower = self.text[match.end() : match.end() + 1]
        if match.lastgroup == "number" and re.match(r"[A-Za-z_0-9.]", follower):
            raise self.error(match.end(), f"a number is followed by {follower!r}; is a * missing?")
