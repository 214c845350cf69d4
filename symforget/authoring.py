"""How a derivation file states a claim: the ``claim`` decorator and the reading of its docstring.

    @claim(domain={beta: "(0, 1)"}, kind="upper bound", densities="any", sentence="gated",
           false_twin={"constant": Rational(1, 4)})
    def misassignment_bound(constant=Rational(1, 2)):
        \"\"\"Title in one line.

        What it says.

        Guarantee: **upper bound**, ...
        Hypotheses: ...
        Source: ...
        References: ...
        \"\"\"
        return Part(...)

The function is called only when the claim is wanted. Its keyword arguments are the constants of the statement, so that
the false twin is the same claim, legs and all, with a constant made false.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Eq, Symbol

from symforget.claims import Claim, Densities, Kind, Part
from symforget.domain import Interval, contradicted
from symforget.errors import InputError
from symforget.paper import SENTENCES
from symforget.validation import validate_kind, validate_parts

_SECTIONS = ("Guarantee", "Hypotheses", "Source", "References")


@dataclass(frozen=True)
class ClaimSpec:
    """A claim before it is built: the function that states it, and what the decorator said."""

    function: Callable[..., Part | Sequence[Part]]
    domain: Mapping[Symbol, str]
    kind: Kind
    densities: Densities
    sentences: tuple[str, ...]
    depends_on: tuple[str, ...]
    false_twin: Mapping[str, Any]

    @property
    def slug(self) -> str:
        return self.function.__name__.replace("_", "-")

    def build(self, group: str, constants: Mapping[str, Any] | None = None) -> Claim:
        """The claim with its own constants, or with ``constants`` in their place.

        Raises:
            InputError: the docstring lacks a section, the domain is contradictory, no part was returned, or one has no
                value at an end of its domain.
        """
        where = f"{group}/{self.slug}"
        sections = read_docstring(inspect.getdoc(self.function) or "", where)
        parts = self.function(**(constants or {}))
        parts = (parts,) if isinstance(parts, Part) else tuple(parts or ())
        domain = _domain(self.domain, where)
        validate_parts(parts, domain, where)
        validate_kind(self.kind, parts, where)
        return Claim(
            id=where,
            title=sections["title"],
            parts=parts,
            domain=domain,
            kind=self.kind,
            densities=self.densities,
            hypotheses=sections["Hypotheses"],
            source=sections["Source"],
            text=inspect.getdoc(self.function) or "",
            depends_on=self.depends_on,
            sentences=self.sentences,
        )


def claim(
    *,
    domain: Mapping[Symbol, str],
    kind: str,
    false_twin: Mapping[str, Any],
    densities: str = "none",
    sentence: str | Sequence[str] = (),
    depends_on: str | Sequence[str] = (),
) -> Callable[[Callable[..., Any]], ClaimSpec]:
    """Turn a function returning its Part (or Parts) into a claim; see the module's docstring.

    Args:
        domain: symbol -> interval as text, for every free symbol of the statements; delta, for Gaussians, only where a
            statement itself contains it. p_o != p_n is the hypothesis ``TV: "(0, 1)"``.
        kind: a value of `Kind`. densities: "any", "Gaussian" or "none".
        false_twin: keyword argument -> false value; not empty.
        sentence: key or keys of `symforget.paper.SENTENCES`. depends_on: ID or IDs whose truth the derivation uses.
    """

    def decorate(function: Callable[..., Any]) -> ClaimSpec:
        where = f"claim {function.__name__}"
        keys = (sentence,) if isinstance(sentence, str) else tuple(sentence)
        needed = (depends_on,) if isinstance(depends_on, str) else tuple(depends_on)
        unknown = [k for k in keys if k not in SENTENCES]
        if unknown:
            raise InputError(f"{where}: unknown sentence {unknown[0]!r}; known: {', '.join(SENTENCES)}")
        parameters = inspect.signature(function).parameters
        stray = [name for name in false_twin if name not in parameters]
        if stray or not false_twin:
            raise InputError(f"{where}: false_twin must name keyword arguments of the function")
        try:
            parsed = Kind(kind), Densities(densities)
        except ValueError as error:
            raise InputError(f"{where}: {error}") from None
        return ClaimSpec(function, domain, *parsed, keys, needed, dict(false_twin))

    return decorate


def read_docstring(text: str, where: str) -> dict[str, str]:
    """Title and sections of a claim's docstring.

    Raises:
        InputError: no title, a section of another name, or one of Guarantee, Hypotheses, Source is missing or empty, or
            they are out of order.
    """
    lines = text.strip().splitlines()
    if not lines:
        raise InputError(f"{where}: a claim needs a docstring")
    found: dict[str, str] = {"title": lines[0].strip().rstrip("."), "References": ""}
    names = "|".join(_SECTIONS)
    pieces = re.split(rf"^({names}):", "\n".join(lines[1:]), flags=re.MULTILINE)
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        found[name] = " ".join(body.split())
    missing = [name for name in _SECTIONS[:3] if name not in found]
    if missing:
        raise InputError(f'{where}: the docstring lacks "{missing[0]}:"')
    empty = [name for name in pieces[1::2] if not found[name]]
    if empty:
        raise InputError(f'{where}: the docstring says nothing after "{empty[0]}:"')
    stray = re.search(r"^([A-Z][a-z]+):", "\n".join(pieces[2::2]), flags=re.MULTILINE)
    if stray:
        raise InputError(f'{where}: "{stray[1]}:" is no section of the docstring; they are {", ".join(_SECTIONS)}')
    order = pieces[1::2]
    if order != [name for name in _SECTIONS if name in order]:
        raise InputError(f"{where}: docstring sections must come in the order {', '.join(_SECTIONS)}")
    return found


def _domain(domain: Mapping[Symbol, str], where: str) -> dict[Symbol, Interval]:
    from symforget.calculus import IF_DIFFERENT, p_n, p_o

    for symbol in domain:
        if symbol in (p_o, p_n):
            raise InputError(
                f"{where}: {symbol} stands for a density under an integral over the sample space; "
                f"give a parameter of the claim another name"
            )
    for functional in IF_DIFFERENT.keys() & domain.keys():
        if domain[functional] != IF_DIFFERENT[functional]:
            raise InputError(
                f"{where}: {functional} belongs to the densities; that they differ is said by {functional} in "
                f'"{IF_DIFFERENT[functional]}", and nothing else can be said of them'
            )
    intervals = {s: _interval(text, where, s) for s, text in domain.items()}
    for symbol, interval in intervals.items():
        kind = contradicted(symbol, interval)
        if kind:
            raise InputError(f"{where}: {symbol} is declared {kind}, but its domain is {interval}")
    return intervals


def _interval(text: str, where: str, symbol: Symbol) -> Interval:
    try:
        return Interval.parse(text)
    except InputError as error:
        raise InputError(f"{where}: domain of {symbol}: {error}") from None


def relation(kind: type, left: Any, right: Any) -> Any:
    """An unevaluated relation; SymPy is kept from deciding it."""
    return kind(left, right, evaluate=False)


def eq(left: Any, right: Any) -> Any:
    """left = right, unevaluated."""
    return relation(Eq, left, right)


def le(left: Any, right: Any) -> Any:
    """left <= right, unevaluated."""
    from sympy import Le

    return relation(Le, left, right)


def lt(left: Any, right: Any) -> Any:
    """left < right, unevaluated."""
    from sympy import Lt

    return relation(Lt, left, right)


def ge(left: Any, right: Any) -> Any:
    """left >= right, unevaluated."""
    from sympy import Ge

    return relation(Ge, left, right)


def gt(left: Any, right: Any) -> Any:
    """left > right, unevaluated."""
    from sympy import Gt

    return relation(Gt, left, right)
