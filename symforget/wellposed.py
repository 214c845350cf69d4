"""Where an expression may be undefined: what must hold of its parts for every point of a domain.

A symbolic proof speaks of both sides as functions on the whole domain. SymPy's automatic evaluation would
make x/x equal 1 at 0 as well; so the conditions are collected from the expression as written and shown one by
one. An improper integral must converge; what is differentiated must be defined, and a derivative is taken under an
integral sign only if the integral of the derivative converges too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

import sympy
from sympy import Basic, Expr, Integer, Pow, Rational, Symbol, oo

from symforget.comparison import compare_at
from symforget.convergence import convergence
from symforget.domain import Interval
from symforget.functions import normal
from symforget.trees import evaluated
from symforget.witness import candidates

Domain = Mapping[Symbol, Interval]
_RELATIONS = {">": sympy.Gt, ">=": sympy.Ge, "!=": sympy.Ne}
POINTS = 24
SignShown = Callable[[Expr, Domain], Any]

#: For each function of the model: which arguments are weights in (0, 1), and which must be nonnegative.
_WEIGHTS = {
    "gate": (0,),
    "misassignment_old": (0,),
    "misassignment_new": (0,),
    "information": (0,),
    "forward_kl": (0,),
    "reverse_kl": (0, 1),
    "fisher_smallest_eigenvalue": (0,),
    "fisher_largest_eigenvalue": (0,),
    "fisher_condition_number": (0,),
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
    "fisher_smallest_eigenvalue": 1,
    "fisher_largest_eigenvalue": 1,
    "fisher_condition_number": 1,
}


def undefined_somewhere(
    tree: Basic, domain: Domain, positive: SignShown, nonnegative: SignShown, almost: bool = False
) -> tuple[str, ...]:
    """The conditions that could not be shown, in words; empty if the expression is defined everywhere.

    `positive` and `nonnegative` answer truthily if they show the sign of an expression on a domain. ``almost``:
    integrands need be real almost everywhere only, so that single points where they are divided by 0 do no harm.
    """
    found = []
    for part, sign, where in _conditions(tree, domain):
        if almost and where.keys() - domain.keys():
            if sign == "!=":
                continue
            sign = ">="
        if not _shown(part, sign, where, positive, nonnegative):
            found.append(f"{part} {sign} 0")
    return tuple(found)


def undefined_point(tree: Basic, domain: Domain) -> tuple[dict[Symbol, Rational], Expr, str] | None:
    """A simple point of the domain at which a condition certainly fails, with the part and the sign it must have."""
    conditions: dict[tuple[Expr, str], None] = {}
    for part, sign in _required(tree):
        if part.free_symbols <= domain.keys():
            conditions[part, sign] = None
        if not part.free_symbols and _certainly_fails(part, sign, {}):
            return {}, part, sign  # at once: SymPy may be unable to evaluate what stands around it
    symbols = list(domain)
    for values in list(candidates(list(domain.values()), POINTS)) if conditions else ():
        point = dict(zip(symbols, values, strict=True))
        for part, sign in conditions:
            if _certainly_fails(part, sign, point):
                return point, part, sign
    return None


def _certainly_fails(part: Expr, sign: str, point: Mapping[Symbol, Rational]) -> bool:
    return compare_at(_RELATIONS[sign](part, Integer(0), evaluate=False), point, 3).truth is False


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
    if isinstance(tree, sympy.Derivative):
        yield from _of_derivative(tree, domain)
    if isinstance(tree, normal | sympy.Integral):
        yield from _of_integral(tree, domain)
    domain = _extended(tree, domain)
    for part, sign in _of_node(tree):
        yield part, sign, domain
    if isinstance(tree, Pow) and not isinstance(evaluated(tree.exp), Rational) and evaluated(tree.base) != sympy.E:
        yield evaluated(tree.base), ">", domain
    elif isinstance(tree, sympy.gamma):
        yield evaluated(tree.args[0]), ">", domain
    elif isinstance(tree, sympy.Function):
        yield from _of_quantity(tree, domain)
    for argument in tree.args:
        if isinstance(argument, Basic):
            yield from _conditions(argument, domain)


def _required(tree: Basic) -> Iterator[tuple[Expr, str]]:
    """The conditions without which there is no value, of the whole tree, from the innermost parts on."""
    if isinstance(tree, sympy.Limit):
        return
    for argument in tree.args:
        if isinstance(argument, Basic):
            yield from _required(argument)
    yield from _of_node(tree)


def _of_node(tree: Basic) -> Iterator[tuple[Expr, str]]:
    if isinstance(tree, sympy.log):
        yield evaluated(tree.args[0]), ">"
    elif isinstance(tree, sympy.tan):
        yield evaluated(sympy.cos(tree.args[0])), "!="
    elif isinstance(tree, sympy.gamma):
        argument = evaluated(tree.args[0])
        if isinstance(argument, Integer) and argument <= 0:  # its poles
            yield argument, ">"
    elif isinstance(tree, Pow):
        exponent = evaluated(tree.exp)
        if isinstance(exponent, Integer):
            if exponent <= 0:  # 0**0 has no agreed value
                yield evaluated(tree.base), "!="
        elif isinstance(exponent, Rational):
            yield evaluated(tree.base), ">=" if exponent > 0 else ">"


def weights_of(tree: Basic) -> Iterator[Expr]:
    """Every argument of a quantity of the model that must be a weight, in (0, 1)."""
    for call in sorted(tree.atoms(sympy.Function), key=str):
        yield from (evaluated(call.args[i]) for i in _WEIGHTS.get(type(call).__name__, ()))


def _of_quantity(call: sympy.Function, domain: Domain) -> Iterator[tuple[Expr, str, Domain]]:
    name = type(call).__name__
    for index in _WEIGHTS.get(name, ()):
        weight = evaluated(call.args[index])
        yield weight, ">", domain
        yield 1 - weight, ">", domain
    if name in _SEPARATION:
        yield evaluated(call.args[_SEPARATION[name]]), ">=", domain
    elif hasattr(call, "closed_form"):
        yield from _conditions(call.closed_form(), domain)


_IMPOSSIBLE = (Integer(0), ">")


def _of_integral(tree: Any, domain: Domain) -> Iterator[tuple[Expr, str, Domain]]:
    """Convergence at infinite ends, where the growth of the integrand is understood."""
    if isinstance(tree, normal):
        body, variable, ends, gaussian = tree.body, tree.variable, (-oo, oo), True
    else:
        variable, *ends = (evaluated(part) for part in tree.limits[0].args)
        body, gaussian = tree.function, False
    body = evaluated(body)
    for end in ends:
        if end in (oo, -oo):
            found = convergence(body, variable, end == oo, gaussian)
            for part, sign in [_IMPOSSIBLE] if found is None else found:
                yield part, sign, domain


def _of_derivative(tree: Any, domain: Domain) -> Iterator[tuple[Expr, str, Domain]]:
    """No kinks; where the body holds an integral, all derivatives up to the order taken. The body is a part anyway."""
    yield from _kinks(tree.expr, set(tree.variables), len(tree.variables), domain)
    if not tree.has(normal, sympy.Integral):
        return
    current = evaluated(tree.expr)
    for variable, order in tree.variable_count:
        for _ in range(int(order)):
            current = current.diff(variable)
            yield from _conditions(current, domain)


def _kinks(tree: Basic, variables: set[Any], order: int, domain: Domain) -> Iterator[tuple[Expr, str, Domain]]:
    """What must not be 0 for the tree to have derivatives in these variables up to an order."""
    domain = _extended(tree, domain)
    parts: list[Any] = []
    if isinstance(tree, sympy.Abs):
        parts = [evaluated(tree.args[0])]
    elif isinstance(tree, sympy.Max | sympy.Min):
        parts = [one - other for one, other in combinations(map(evaluated, tree.args), 2)]
    elif isinstance(tree, Pow):
        exponent = evaluated(tree.exp)
        if isinstance(exponent, Rational) and not isinstance(exponent, Integer) and exponent < order:
            parts = [evaluated(tree.base)]
    yield from ((part, "!=", domain) for part in parts if part.free_symbols & variables)
    for argument in tree.args:
        yield from _kinks(argument, variables, order, domain)


def _extended(tree: Any, domain: Domain) -> Domain:
    """The domain together with what the tree binds: the range of integration, or the whole line."""
    everywhere = Interval(-oo, oo, True, True)
    if isinstance(tree, sympy.Lambda):
        return {**domain, **dict.fromkeys(tree.variables, everywhere)}
    if not isinstance(tree, sympy.Integral):
        return domain
    variable, *ends = (evaluated(part) for part in tree.limits[0].args)
    if not all(isinstance(end, Rational) or end in (oo, -oo) for end in ends) or ends[0] == ends[1]:
        return {**domain, variable: everywhere}
    lower, upper = sorted(ends)
    return {**domain, variable: Interval(lower, upper, lower == -oo, upper == oo)}
