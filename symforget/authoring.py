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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any

from sympy import Eq, Symbol
from sympy.core.relational import Relational

from symforget.claims import Claim, Densities, Kind, Part
from symforget.domain import Interval, contradicted
from symforget.errors import InputError
from symforget.paper import SENTENCES

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
        _validate_parts(parts, domain, where)
        _validate_kind(self.kind, parts, where)
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


def _validate_parts(parts: tuple[Any, ...], domain: Mapping[Symbol, Interval], where: str) -> None:
    if not parts or not all(isinstance(p, Part) for p in parts):
        raise InputError(f"{where}: the function must return a Part or several Parts")
    if not all(isinstance(p.statement, Relational) for p in parts):
        raise InputError(
            f"{where}: a statement must be an unevaluated SymPy relation (use symforget.authoring.eq, le, ...)"
        )
    for part in parts:
        _validate_numbers(part, where)
        _validate_integrals(part, where)
        _validate_substitutions(part, domain, where)
        _validate_divisors(part, domain, where)
        _validate_ends(part, domain, where)
        _validate_symbols(part, domain, where)
    names = [p.name for p in parts]
    if len(set(names)) != len(names):
        raise InputError(f"{where}: parts need distinct names")


def _validate_kind(kind: Kind, parts: tuple[Part, ...], where: str) -> None:
    """An identity may come with the inequalities it implies, but not consist of them."""
    if kind is Kind.IDENTITY and not any(isinstance(p.statement, Eq) for p in parts):
        raise InputError(f"{where}: its kind is identity, but no part of it is an equation")


def _written(part: Part) -> list[Any]:
    """The statement, and every expression of the derivation."""
    chains = part.symbolic.chains if part.symbolic is not None else ()
    return [part.statement, *(e for c in chains for e in (c.start, *(s.expression for s in c.steps)))]


@lru_cache(maxsize=4096)
def _delicate(expression: Any) -> frozenset[Any]:
    """Its floating-point numbers, substitutions, integrals and sums; parts of a claim share many expressions."""
    from sympy import Float, Subs
    from sympy.concrete.expr_with_limits import ExprWithLimits

    from symforget.calculus import DensityIntegral

    return frozenset(expression.atoms(Float, Subs, ExprWithLimits, DensityIntegral))


def _validate_numbers(part: Part, where: str) -> None:
    """Floating-point numbers: SymPy rounds with them, so that x - (1 + 1e-30) y and x - 1.0 y are the same to it."""
    if any(map(_rounds, (*_contents(part.statement), *_contents(part.symbolic)))):
        raise InputError(
            f"{where}: {part.name or 'statement'}: a number is written as a floating-point one; write Rational(1, 10) "
            f"for 0.1, so that it is exact"
        )


def _contents(written: Any) -> Iterator[Any]:
    """The expressions and floating-point numbers in a derivation, a rule, or what these are made of."""
    from sympy import Basic

    inside: Iterable[Any] = ()
    if isinstance(written, (Basic, float)):
        yield written
    elif isinstance(written, Mapping):
        inside = (part for pair in written.items() for part in pair)
    elif isinstance(written, (tuple, list)):
        inside = written
    elif is_dataclass(written):
        inside = (getattr(written, field.name) for field in fields(written))
    for part in inside:
        yield from _contents(part)


def _rounds(written: Any) -> bool:
    """Whether a number, or one in an expression, is a floating-point one."""
    if isinstance(written, float):
        return True
    return any(e.is_Float for e in _delicate(written)) if written.args else bool(written.is_Float)


def _validate_symbols(part: Part, domain: Mapping[Symbol, Interval], where: str) -> None:
    """A statement for all values of symbols: each needs a domain, and a name of its own."""
    from symforget.calculus import DensityFunctional

    where = f"{where}: {part.name or 'statement'}"
    named: dict[str, Any] = {}
    free = part.statement.free_symbols - part.statement.atoms(DensityFunctional)
    for symbol in (*domain, *sorted(part.statement.free_symbols, key=str)):
        if named.setdefault(symbol.name, symbol) != symbol:
            raise InputError(
                f"{where}: two different symbols are called {symbol}; SymPy tells them apart by what they are declared "
                f"to be: use one symbol in the statement and in the domain"
            )
    stray = sorted(free - domain.keys(), key=str)
    if stray:
        raise InputError(f"{where}: {stray[0]} has no domain; say for which of its values the statement is meant")


def _validate_integrals(part: Part, where: str) -> None:
    """Integrals over the sample space: of degree one in the densities, and on delta they depend without showing it."""
    from symforget.calculus import DensityIntegral
    from symforget.instances import moves_unseen

    where = f"{where}: {part.name or 'statement'}"
    for whole in _written(part):
        for integral in (e for e in _delicate(whole) if isinstance(e, DensityIntegral)):
            try:
                integral.required_homogeneous()
            except InputError as error:
                raise InputError(f"{where}: {error}") from None
        if moves_unseen(whole):
            raise InputError(
                f"{where}: an integral over the sample space depends on delta and TV without containing them; a "
                f"derivative, a limit or a value in delta is taken once it is written out on the line"
            )


def _validate_substitutions(part: Part, domain: Mapping[Symbol, Interval], where: str) -> None:
    """What SymPy would confuse: derivatives in two variables at one point, variables of integration with parameters."""
    from sympy import Derivative, Subs

    for whole in _written(part):
        delicate = _delicate(whole)
        bound = {v for e in delicate if not e.is_Float and not isinstance(e, Subs) for v in _bound_by(e)}
        both = sorted(bound & (domain.keys() | whole.free_symbols), key=str) if bound else []
        if both:
            raise InputError(
                f"{where}: {part.name or 'statement'}: {both[0]} is a variable of integration or summation and stands "
                f"for something else too; name the variable otherwise"
            )
        for substitution in (e for e in delicate if isinstance(e, Subs)):
            if len(set(substitution.point)) < len(substitution.point) and substitution.expr.has(Derivative):
                raise InputError(
                    f"{where}: {part.name or 'statement'}: a substitution puts two variables at one point, where SymPy "
                    f"confuses their derivatives; let both be functions of one variable, or put one in place first"
                )


def _bound_by(integral: Any) -> tuple[Any, ...]:
    """The variables of integration or summation; over the sample space, those of the integrand's Lambda."""
    from symforget.calculus import DensityIntegral

    return integral.args[0].variables if isinstance(integral, DensityIntegral) else integral.variables


def _validate_divisors(part: Part, domain: Mapping[Symbol, Interval], where: str) -> None:
    """A polynomial in one parameter that a side is divided by, and that vanishes inside the parameter's interval."""
    from sympy import Poly

    for divisor in _divisors(part.statement):
        symbol = next(iter(divisor.free_symbols)) if len(divisor.free_symbols) == 1 else None
        if symbol not in domain or not divisor.is_polynomial(symbol):
            continue
        polynomial, interval = Poly(divisor, symbol), domain[symbol]
        if not (polynomial.domain.is_ZZ or polynomial.domain.is_QQ):
            continue
        ends = sum(polynomial.eval(e) == 0 for e in {interval.lower, interval.upper} if e.is_finite)
        if polynomial.count_roots(interval.lower, interval.upper) > ends:
            raise InputError(
                f"{where}: {part.name or 'statement'}: divides by {divisor}, which is 0 at some {symbol} inside its "
                f"domain {interval}; state it for the intervals on either side"
            )


@lru_cache(maxsize=1024)
def _divisors(statement: Any) -> frozenset[Any]:
    from sympy import Pow

    return frozenset(e.base for e in statement.atoms(Pow) if e.exp.could_extract_minus_sign())


def _validate_ends(part: Part, domain: Mapping[Symbol, Interval], where: str) -> None:
    """An end that belongs to the domain, where a side is divided by 0: nothing is stated there, whatever is proved."""
    divisors = _divisors(part.statement)
    for symbol, interval in domain.items():
        for end, is_open in ((interval.lower, interval.lower_open), (interval.upper, interval.upper_open)):
            if not is_open and any(symbol in d.free_symbols and d.xreplace({symbol: end}) == 0 for d in divisors):
                raise InputError(
                    f"{where}: {part.name or 'statement'}: divides by 0 at {symbol} = {end}, which its domain "
                    f"{interval} contains; open the interval there, or state this part in a parameter of its own"
                )


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
