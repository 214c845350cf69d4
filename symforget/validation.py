"""What the parts of a claim must be before anything is checked: exact, over one measure, and with no name in two roles.

A claim that is built anew for its false twin, and the parts of one claim, share most expressions: what is asked of an
expression alone is asked of it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any

from sympy import Basic, Derivative, Eq, Float, Poly, Pow, Rational, Subs, Symbol
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.relational import Relational

from symforget.calculus import DensityFunctional, DensityIntegral
from symforget.claims import Kind, Part
from symforget.domain import Interval
from symforget.errors import InputError
from symforget.instances import moves_unseen
from symforget.trees import nodes


def validate_parts(parts: tuple[Any, ...], domain: Mapping[Symbol, Interval], where: str) -> None:
    """Check what a claim's function returned.

    Raises:
        InputError: no part was returned, or one is not exact, ambiguous, or without a value somewhere in its domain.
    """
    if not parts or not all(isinstance(p, Part) for p in parts):
        raise InputError(f"{where}: the function must return a Part or several Parts")
    if not all(isinstance(p.statement, Relational) for p in parts):
        raise InputError(
            f"{where}: a statement must be an unevaluated SymPy relation (use symforget.authoring.eq, le, ...)"
        )
    for part in parts:
        _validate_part(part, domain, f"{where}: {part.name or 'statement'}")
    names = [p.name for p in parts]
    if len(set(names)) != len(names):
        raise InputError(f"{where}: parts need distinct names")


def validate_kind(kind: Kind, parts: tuple[Part, ...], where: str) -> None:
    """An identity may come with the inequalities it implies, but not consist of them.

    Raises:
        InputError: it does consist of them.
    """
    if kind is Kind.IDENTITY and not any(isinstance(p.statement, Eq) for p in parts):
        raise InputError(f"{where}: its kind is identity, but no part of it is an equation")


def _validate_part(part: Part, domain: Mapping[Symbol, Interval], where: str) -> None:
    _validate_numbers(part, where)
    written = _written(part)
    _validate_integrals(written, where)
    _validate_substitutions(written, domain, where)
    divisors = _survey(part.statement).divisors
    _validate_divisors(divisors, domain, where)
    _validate_ends(divisors, domain, where)
    _validate_symbols(part.statement, domain, where)


def _written(part: Part) -> list[Any]:
    """The statement, and every expression of the derivation."""
    chains = part.symbolic.chains if part.symbolic is not None else ()
    return [part.statement, *(e for c in chains for e in (c.start, *(s.expression for s in c.steps)))]


@dataclass(frozen=True)
class _Survey:
    """What an expression holds that a claim may not hold everywhere: nodes of an expression, by their kinds."""

    floats: bool
    integrals: tuple[DensityIntegral, ...]
    bound: frozenset[Symbol]
    shadowed: frozenset[Symbol]
    substitutions: tuple[Any, ...]
    divisors: frozenset[Any]


@lru_cache(maxsize=8192)
def _survey(expression: Any) -> _Survey:
    found = list(nodes(expression))
    integrals = tuple(e for e in found if isinstance(e, DensityIntegral))
    binding = (*(e.args[0] for e in integrals), *(e for e in found if isinstance(e, ExprWithLimits)))
    bound = frozenset(v for e in binding for v in e.variables)
    return _Survey(
        floats=any(isinstance(e, Float) for e in found),
        integrals=integrals,
        bound=bound,
        shadowed=bound & expression.free_symbols if bound else bound,
        substitutions=tuple(e for e in found if isinstance(e, Subs)),
        divisors=frozenset(e.base for e in found if isinstance(e, Pow) and _is_negative(e.exp)),
    )


def _is_negative(exponent: Any) -> bool:
    return exponent.is_negative if isinstance(exponent, Rational) else exponent.could_extract_minus_sign()


def _validate_numbers(part: Part, where: str) -> None:
    """Floating-point numbers: SymPy rounds with them, so that x - (1 + 1e-30) y and x - 1.0 y are the same to it."""
    if any(map(_rounds, (*_contents(part.statement), *_contents(part.symbolic)))):
        raise InputError(
            f"{where}: a number is written as a floating-point one; write Rational(1, 10) for 0.1, so that it is exact"
        )


def _contents(written: Any) -> Iterator[Any]:
    """The expressions and floating-point numbers in a derivation, a rule, or what these are made of."""
    inside: Iterable[Any] = ()
    if isinstance(written, (Basic, float)):
        yield written
    elif isinstance(written, (str, int)) or written is None:
        return
    elif isinstance(written, (tuple, list)):
        inside = written
    elif isinstance(written, Mapping):
        inside = (part for pair in written.items() for part in pair)
    elif is_dataclass(written):
        inside = (getattr(written, field.name) for field in fields(written))
    for part in inside:
        yield from _contents(part)


def _rounds(written: Any) -> bool:
    """Whether a number, or one in an expression, is a floating-point one."""
    return isinstance(written, float) or _survey(written).floats


def _validate_symbols(statement: Any, domain: Mapping[Symbol, Interval], where: str) -> None:
    """A statement for all values of symbols: each needs a domain, and a name of its own."""
    named: dict[str, Any] = {}
    free = sorted(statement.free_symbols, key=str)
    for symbol in (*domain, *free):
        if named.setdefault(symbol.name, symbol) != symbol:
            raise InputError(
                f"{where}: two different symbols are called {symbol}; SymPy tells them apart by what they are declared "
                f"to be: use one symbol in the statement and in the domain"
            )
    stray = [s for s in free if s not in domain and not isinstance(s, DensityFunctional)]
    if stray:
        raise InputError(f"{where}: {stray[0]} has no domain; say for which of its values the statement is meant")


def _validate_integrals(written: list[Any], where: str) -> None:
    """Integrals over the sample space: of degree one in the densities, and on delta they depend without showing it."""
    for whole in written:
        for integral in _survey(whole).integrals:
            try:
                integral.required_homogeneous()
            except InputError as error:
                raise InputError(f"{where}: {error}") from None
        if moves_unseen(whole):
            raise InputError(
                f"{where}: an integral over the sample space depends on delta and TV without containing them; a "
                f"derivative, a limit or a value in delta is taken once it is written out on the line"
            )


def _validate_substitutions(written: list[Any], domain: Mapping[Symbol, Interval], where: str) -> None:
    """What SymPy would confuse: derivatives in two variables at one point, variables of integration with parameters."""
    for whole in written:
        survey = _survey(whole)
        both = survey.shadowed | (survey.bound & domain.keys())
        if both:
            raise InputError(
                f"{where}: {min(both, key=str)} is a variable of integration or summation and stands for something "
                f"else too; name the variable otherwise"
            )
        for substitution in survey.substitutions:
            if len(set(substitution.point)) < len(substitution.point) and substitution.expr.has(Derivative):
                raise InputError(
                    f"{where}: a substitution puts two variables at one point, where SymPy confuses their derivatives; "
                    f"let both be functions of one variable, or put one in place first"
                )


def _validate_divisors(divisors: Iterable[Any], domain: Mapping[Symbol, Interval], where: str) -> None:
    """A polynomial in one parameter that a side is divided by, and that vanishes inside the parameter's interval."""
    for divisor in divisors:
        symbol = next(iter(divisor.free_symbols)) if len(divisor.free_symbols) == 1 else None
        if symbol in domain and _vanishes_inside(divisor, symbol, domain[symbol]):
            raise InputError(
                f"{where}: divides by {divisor}, which is 0 at some {symbol} inside its domain {domain[symbol]}; "
                f"state it for the intervals on either side"
            )


@lru_cache(maxsize=4096)
def _vanishes_inside(divisor: Any, symbol: Symbol, interval: Interval) -> bool:
    """Whether a polynomial with rational coefficients has a root inside the interval; False for what is none."""
    if divisor == symbol:
        return interval.lower < 0 < interval.upper
    polynomial = Poly(divisor, symbol) if divisor.is_polynomial(symbol) else None
    if polynomial is None or not (polynomial.domain.is_ZZ or polynomial.domain.is_QQ):
        return False
    ends = sum(polynomial.eval(e) == 0 for e in {interval.lower, interval.upper} if e.is_finite)
    return polynomial.count_roots(interval.lower, interval.upper) > ends


def _validate_ends(divisors: Iterable[Any], domain: Mapping[Symbol, Interval], where: str) -> None:
    """An end that belongs to the domain, where a side is divided by 0: nothing is stated there, whatever is proved."""
    for symbol, interval in domain.items():
        for end, is_open in ((interval.lower, interval.lower_open), (interval.upper, interval.upper_open)):
            if not is_open and any(symbol in d.free_symbols and d.xreplace({symbol: end}) == 0 for d in divisors):
                raise InputError(
                    f"{where}: divides by 0 at {symbol} = {end}, which its domain {interval} contains; open the "
                    f"interval there, or state this part in a parameter of its own"
                )
