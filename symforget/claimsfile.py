"""A reader's claims file: TOML in, checked data out, or one line that says what is wrong and where."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from sympy import Symbol
from sympy.core.relational import Relational

from symforget.claims import Verdict
from symforget.domain import Interval
from symforget.errors import InputError
from symforget.language import check_symbol_name, parse_expression, parse_statement, relate

MAX_BYTES = 1_000_000
MAX_ITEMS = 2_000
MAX_STEPS = 200
MAX_SYMBOLS = 100
MAX_TEXT = 4_000

_TOP_KEYS = ("title", "source", "symbols", "claim", "derivation")
_CLAIM_KEYS = ("id", "statement", "title", "source", "expect", "symbols")
_DERIVATION_KEYS = ("id", "steps", "title", "source", "expect", "symbols")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_STEP = re.compile(r"\s*(==|<=|>=|<|>)?(.*)", re.DOTALL)


@dataclass(frozen=True)
class ReaderClaim:
    """One statement as its author wrote it. ``domain``: the interval of every symbol it uses, as text."""

    id: str
    statement: str
    domain: Mapping[str, str]
    title: str = ""
    source: str = ""
    expect: Verdict | None = None

    def relation(self) -> tuple[Relational, dict[Symbol, Interval]]:
        """The parsed statement and the domain of its symbols."""
        domain = symbols_of(self.domain)
        return parse_statement(self.statement, {s.name: s for s in domain}), domain


@dataclass(frozen=True)
class ReaderDerivation:
    """A chain of expressions; each step is its relation to the one before and the text of the expression."""

    id: str
    steps: tuple[tuple[str, str], ...]
    domain: Mapping[str, str]
    title: str = ""
    source: str = ""
    expect: Verdict | None = None

    def relations(self) -> tuple[tuple[Relational, ...], dict[Symbol, Interval]]:
        """One relation for every two neighbours, and the domain of their symbols."""
        domain = symbols_of(self.domain)
        names = {s.name: s for s in domain}
        parsed = [(sign, parse_expression(text, names)) for sign, text in self.steps]
        pairs = pairwise(parsed)
        return tuple(relate(before, sign, after) for (_, before), (sign, after) in pairs), domain


@dataclass(frozen=True)
class ClaimsFile:
    """Everything a file states."""

    title: str
    claims: tuple[ReaderClaim, ...]
    derivations: tuple[ReaderDerivation, ...]


def load(path: Path | str) -> ClaimsFile:
    """Read a claims file.

    Raises InputError naming the file, the claim and the place for whatever is wrong with it.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{path}: the file is larger than {MAX_BYTES} bytes")
    try:
        return parse(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start + 1} is not UTF-8 text") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def parse(text: str) -> ClaimsFile:
    """Read the text of a claims file; as `load`, but errors do not name a file."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not a TOML file: {error}") from None
    except (RecursionError, ValueError, OverflowError):
        raise InputError("not a TOML file that can be read: nested too deeply, or a number too large") from None
    _known_keys(document, _TOP_KEYS, "the file")
    source = _text(document, "source", "the file")
    shared = _symbols(document, "[symbols]", {})
    claims = tuple(
        _claim(table, _place(table, "claim", n), shared, source)
        for n, table in enumerate(_tables(document, "claim"), start=1)
    )
    derivations = tuple(
        _derivation(table, _place(table, "derivation", n), shared, source)
        for n, table in enumerate(_tables(document, "derivation"), start=1)
    )
    _distinct(item.id for item in (*claims, *derivations))
    return ClaimsFile(_text(document, "title", "the file"), claims, derivations)


def symbols_of(domain: Mapping[str, str]) -> dict[Symbol, Interval]:
    """SymPy symbols that know the sign their interval gives them, with the intervals."""
    parsed = {name: Interval.parse(text) for name, text in domain.items()}
    return {symbol_for(name, interval): interval for name, interval in parsed.items()}


def symbol_for(name: str, interval: Interval) -> Symbol:
    """A real symbol that is positive, nonnegative, ... if its interval is."""
    if interval.lower >= 0:
        strict = interval.lower > 0 or interval.lower_open
        return Symbol(name, positive=True) if strict else Symbol(name, nonnegative=True)
    if interval.upper <= 0:
        strict = interval.upper < 0 or interval.upper_open
        return Symbol(name, negative=True) if strict else Symbol(name, nonpositive=True)
    return Symbol(name, real=True)


def _claim(table: Mapping[str, Any], place: str, shared: Mapping[str, str], source: str) -> ReaderClaim:
    _known_keys(table, _CLAIM_KEYS, place)
    statement = _text(table, "statement", place, required=True)
    domain = _symbols(table, place, shared)
    parsed = _named(place, "statement", lambda: parse_statement(statement, _names(domain)))
    return ReaderClaim(
        id=_identifier(table, place),
        statement=" ".join(statement.split()),
        domain=_used(domain, [parsed]),
        title=_text(table, "title", place),
        source=_text(table, "source", place) or source,
        expect=_expected(table, place),
    )


def _derivation(table: Mapping[str, Any], place: str, shared: Mapping[str, str], source: str) -> ReaderDerivation:
    _known_keys(table, _DERIVATION_KEYS, place)
    domain = _symbols(table, place, shared)
    texts = table.get("steps")
    if not isinstance(texts, list) or len(texts) < 2 or not all(isinstance(step, str) for step in texts):
        raise InputError(f'{place}: steps must be a list of at least two texts: steps = ["...", "..."]')
    if len(texts) > MAX_STEPS:
        raise InputError(f"{place}: more than {MAX_STEPS} steps")
    steps, parsed = [], []
    for number, text in enumerate(texts, start=1):
        relation, expression = _step(text, number, place)
        names = _names(domain)
        parsed.append(_named(place, f"step {number}", lambda e=expression, n=names: parse_expression(e, n)))
        steps.append((relation, " ".join(expression.split())))
    return ReaderDerivation(
        id=_identifier(table, place),
        steps=tuple(steps),
        domain=_used(domain, parsed),
        title=_text(table, "title", place),
        source=_text(table, "source", place) or source,
        expect=_expected(table, place),
    )


def _step(text: str, number: int, place: str) -> tuple[str, str]:
    """Split a leading relation off a step; without one, a step continues by equality.

    Blanks stand where it was, so that columns are those of the text.
    """
    match = _STEP.fullmatch(text)
    assert match is not None, "the pattern matches every text"
    relation, expression = match.groups()
    if number == 1 and relation:
        raise InputError(f"{place}: step 1: the first step has nothing before it to be {relation} than")
    return ("" if number == 1 else relation or "=="), " " * match.start(2) + expression


def _tables(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    tables = document.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError(f"{key}: write each one under a heading [[{key}]]")
    if len(tables) > MAX_ITEMS:
        raise InputError(f"more than {MAX_ITEMS} entries [[{key}]]")
    return tables


def _place(table: Mapping[str, Any], kind: str, number: int) -> str:
    identifier = table.get("id")
    named = isinstance(identifier, str) and _ID.fullmatch(identifier)
    return f"{kind} {identifier}" if named else f"{kind} number {number}"


def _identifier(table: Mapping[str, Any], place: str) -> str:
    identifier = table.get("id")
    if identifier is None:
        raise InputError(f"{place}: an id is missing")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise InputError(f"{place}: an id is up to 100 letters, digits and . _ / -, starting with one of the former")
    return identifier


def _distinct(identifiers: Iterable[str]) -> None:
    seen: set[str] = set()
    for identifier in identifiers:
        if identifier in seen:
            raise InputError(f"the id {identifier} is given twice")
        seen.add(identifier)


def _known_keys(table: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise InputError(f"{place}: unknown key {key[:60]!r}; {hint}")


def _text(table: Mapping[str, Any], key: str, place: str, required: bool = False) -> str:
    value = table.get(key)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        what = "is missing" if value is None else "must be a text in quotation marks"
        raise InputError(f"{place}: {key} {what}")
    if len(value) > MAX_TEXT:
        raise InputError(f"{place}: {key} is longer than {MAX_TEXT} characters")
    return value


def _expected(table: Mapping[str, Any], place: str) -> Verdict | None:
    value = table.get("expect")
    if value is None:
        return None
    if value != "refuted":
        raise InputError(f'{place}: expect can only be "refuted"')
    return Verdict.REFUTED


def _symbols(table: Mapping[str, Any], place: str, shared: Mapping[str, str]) -> dict[str, str]:
    """The symbols in sight: the file's, with those a claim declares for itself in their place."""
    own = table.get("symbols", {})
    if not isinstance(own, dict):
        raise InputError(f'{place}: symbols must be a table of intervals: beta = "(0, 1)"')
    if len(own) > MAX_SYMBOLS:
        raise InputError(f"{place}: more than {MAX_SYMBOLS} symbols")
    for name, interval in own.items():
        if not isinstance(interval, str):
            raise InputError(f'{place}: symbol {name[:60]!r}: write its interval as a text: "(0, 1)"')
        _named(place, "symbols", lambda n=name: check_symbol_name(n))
        _named(place, f"symbol {name}", lambda i=interval: Interval.parse(i))
    return {**shared, **own}


def _names(domain: Mapping[str, str]) -> dict[str, Symbol]:
    return {s.name: s for s in symbols_of(domain)}


def _used(domain: Mapping[str, str], trees: Iterable[Any]) -> dict[str, str]:
    names = {symbol.name for tree in trees for symbol in _free(tree)}
    return {name: str(Interval.parse(text)) for name, text in domain.items() if name in names}


def _free(tree: Any) -> Iterator[Symbol]:
    return iter(tree.free_symbols)


def _named(place: str, part: str, work: Any) -> Any:
    try:
        return work()
    except InputError as error:
        raise InputError(f"{place}: {part}: {error}") from None
