"""Where an expression may be undefined: what must hold of its parts for every point of a domain.

A symbolic proof speaks of both sides as functions on the whole domain. SymPy's automatic evaluation would
make x/x equal 1 at 0 as well; so the conditions are collected from the expression as written and shown one by
one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, Pow, Rational, Symbol, oo

from symforget.domain import Interval
from symforget.trees import evaluated

Domain = Mapping[Symbol, Interval]
SignShown = Callable[[Expr, Domain], Any]

#: For each function of the model: which arguments are weights in (0, 1), and which must be nonnegative.
_WEIGHTS = {
    "gate": (0,),
    "misassignment_old": (0,),
    "misassignment_new": (0,),
    "information": (0,),
    "forward_kl": (0,),
    "reverse_kl": (0, 1),
}
_SEPARATION = {
    "gate": 1,
    "misassignment_old": 1,
    "misassignment_new": 1,
    "information": 1,
    "forward_kl": 1,
    "reverse_kl": 2,
    "bhattacharyya": 0,
    "total_variation": 0,
    "chi_square": 0,
}


def undefined_somewhere(tree: Basic, domain: Domain, positive: SignShown, nonnegative: SignShown) -> tuple[str, ...]:
    """The conditions that could not be shown, in words; empty if the expression is defined everywhere.

    `positive` and `nonnegative` answer truthily if they show the sign of an expression on a domain.
    """
    return tuple(
        f"{part} {sign} 0"
        for part, sign, where in _conditions(tree, domain)
        if not _shown(part, sign, where, positive, nonnegative)
    )


def _shown(part: Expr, sign: str, domain: Domain, positive: SignShown, nonnegative: SignShown) -> bool:
    if sign == ">":
        return bool(positive(part, domain))
    if sign == ">=":
        return bool(nonnegative(part, domain))
    return bool(positive(part, domain) or positive(-part, domain))


def _conditions(tree: Basic, domain: Domain) -> Iterator[tuple[Expr, str, Domain]]:
    """Pairs of an (evaluated) part and the sign it must have: `>`, `>=` or `!=`, and where."""
    if isinstance(tree, sympy.Limit):
        return  # what a limit needs is the limit's own affair
    domain = _extended(tree, domain)
    if isinstance(tree, Pow):
        yield from _of_power(tree, domain)
    elif isinstance(tree, sympy.log | sympy.gamma):
        yield evaluated(tree.args[0]), ">", domain
    elif isinstance(tree, sympy.tan):
        yield evaluated(sympy.cos(tree.args[0])), "!=", domain
    elif isinstance(tree, sympy.Function):
        yield from _of_quantity(tree, domain)
    for argument in tree.args:
        if isinstance(argument, Basic):
            yield from _conditions(argument, domain)


def _of_power(power: Any, domain: Domain) -> Iterator[tuple[Expr, str, Domain]]:
    base, exponent = evaluated(power.base), evaluated(power.exp)
    if isinstance(exponent, Integer):
        if exponent < 0:
            yield base, "!=", domain
    elif isinstance(exponent, Rational) and exponent > 0:
        yield base, ">=", domain
    elif base != sympy.E:
        yield base, ">", domain


def _of_quantity(call: sympy.Function, domain: Domain) -> Iterator[tuple[Expr, str, Domain]]:
    name = type(call).__name__
    for index in _WEIGHTS.get(name, ()):
        weight = evaluated(call.args[index])
        yield weight, ">", domain
        yield 1 - weight, ">", domain
    if name in _SEPARATION:
        yield evaluated(call.args[_SEPARATION[name]]), ">=", domain


def _extended(tree: Any, domain: Domain) -> Domain:
    """The domain together with what the tree binds: the range of integration, or the whole line."""
    everywhere = Interval(-oo, oo, True, True)
    if isinstance(tree, sympy.Lambda):
        return {**domain, **dict.fromkeys(tree.variables, everywhere)}
    if not isinstance(tree, sympy.Integral):
        return domain
    variable, lower, upper = (evaluated(part) for part in tree.limits[0].args)
    if not all(isinstance(end, Rational) or end in (oo, -oo) for end in (lower, upper)) or lower >= upper:
        return {**domain, variable: everywhere}
    return {**domain, variable: Interval(lower, upper, True, True)}
