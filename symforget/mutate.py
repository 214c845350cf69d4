"""Mutants of a relation: the small slips a derivation is prone to, made one at a time.

Used in both directions: to see whether a checker refutes what has been made false, and to look for the slip
that turns a false step into a true one. The order of mutants is fixed by the tree alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Integer, Mul, Pow, Rational
from sympy.core.relational import Relational

from symforget.trees import evaluated, rebuilt

_REVERSED = {sympy.Le: sympy.Ge, sympy.Ge: sympy.Le, sympy.Lt: sympy.Gt, sympy.Gt: sympy.Lt}


@dataclass(frozen=True)
class Mutant:
    """A relation that differs from its original by one edit, and the edit in words."""

    description: str
    relation: Relational


def mutants(relation: Relational, most: int | None = None) -> Iterator[Mutant]:
    """Every single edit of the relation, each once, none equal to the original.

    With ``most``, that many at most, from all over the relation in a fixed order.

    Edits: each rational constant times 1/2, times 2, plus 1; each exponent likewise and negated; each sign;
    each factor dropped; two symbols or two arguments exchanged on one side; the relation reversed
    (inequalities only). An edit that SymPy cannot build (a division by zero) is left out. Mutants
    count as equal if their automatically evaluated forms are.
    """
    original = evaluated(relation)
    keep_as_written = original != relation
    seen = {original}
    edits = _edits(relation) if most is None else _spread_out(list(_edits(relation)))
    for description, candidate in edits:
        if most is not None and len(seen) > most:
            return
        try:
            form = evaluated(candidate)
        except (ArithmeticError, ValueError, TypeError):
            continue
        if form in seen or form.has(sympy.zoo, sympy.nan):
            continue
        seen.add(form)
        yield Mutant(description, candidate if keep_as_written else form)


def _spread_out(edits: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The edits in an order of which every beginning is spread evenly over all of them (by the golden ratio)."""
    count = len(edits)
    places = dict.fromkeys(int(count * ((k * 0.6180339887498949) % 1)) for k in range(1, 8 * count))
    yield from (edits[place] for place in (*places, *(p for p in range(count) if p not in places)))


def most_mutants(relation: Relational) -> int:
    """How many mutants there are at most: the edits counted without being built into SymPy's usual forms."""
    return sum(1 for _ in _edits(relation))


def edits_of(expression: Expr) -> Iterator[tuple[str, Expr]]:
    """The edits inside one expression, described, unevaluated, possibly with repetitions."""
    for path, node in _positions(expression):
        for description, changed in _local_edits(node, _parent(expression, path), path):
            yield description, _replaced(expression, path, changed)
    yield from _swaps(expression)


def scalings_of(expression: Expr) -> Iterator[tuple[str, Expr]]:
    """The expression with one term of one of its sums doubled or halved: a factor that was left unsaid."""
    for path, node in _positions(expression):
        parent = _parent(expression, path)
        if isinstance(parent, Add) and not isinstance(node, Rational):
            for factor in (Integer(2), Rational(1, 2)):
                scaled = Mul(factor, node, evaluate=False)
                yield f"factor {factor} missing before {_text(node)}", _replaced(expression, path, scaled)


def _edits(relation: Any) -> Iterator[tuple[str, Any]]:
    for side, name in ((0, "left"), (1, "right")):
        for description, changed in edits_of(relation.args[side]):
            sides = (changed, relation.rhs) if side == 0 else (relation.lhs, changed)
            yield f"{description} (on the {name})", relation.func(*sides, evaluate=False)
    if relation.func in _REVERSED:
        yield "relation reversed", _REVERSED[relation.func](relation.lhs, relation.rhs, evaluate=False)


def _local_edits(node: Any, parent: Any, path: tuple[int, ...]) -> Iterator[tuple[str, Expr]]:
    if isinstance(node, Rational):
        yield from _constant_edits(node, isinstance(parent, Pow) and path[-1:] == (1,))
    if isinstance(parent, Add) or (isinstance(node, Mul) and _leads_with_minus(node)):
        yield f"sign of {_text(node)} changed", _negated(node)
    if isinstance(node, Mul) and len(node.args) > 1:
        for index, factor in enumerate(node.args):
            rest = node.args[:index] + node.args[index + 1 :]
            if factor != -1:
                yield f"factor {_text(factor)} dropped", rebuilt(node, rest) if len(rest) > 1 else rest[0]
    if isinstance(node, sympy.Function) and len(node.args) > 1:
        for i, j in combinations(range(len(node.args)), 2):
            swapped = list(node.args)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            yield f"arguments of {node.func.__name__} exchanged", rebuilt(node, tuple(swapped))


def _text(node: Any) -> str:
    """A node in SymPy's usual form, which is easier to read than the tree as written."""
    return str(evaluated(node))


def _constant_edits(value: Rational, is_exponent: bool) -> Iterator[tuple[str, Expr]]:
    what = "exponent" if is_exponent else "constant"
    changes = [value / 2, value * 2, value + 1] + ([-value] if is_exponent else [])
    for changed in changes:
        yield f"{what} {value} -> {changed}", changed


def _leads_with_minus(product: Mul) -> bool:
    return any(isinstance(factor, Rational) and factor < 0 for factor in product.args)


def _negated(node: Any) -> Expr:
    """Minus the node, written without a double sign."""
    if isinstance(node, Rational):
        return -node
    if isinstance(node, Mul) and _leads_with_minus(node):
        index = next(i for i, f in enumerate(node.args) if isinstance(f, Rational) and f < 0)
        factors = [*node.args[:index], -node.args[index], *node.args[index + 1 :]]
        factors = [f for f in factors if f != 1]
        return factors[0] if len(factors) == 1 else Mul(*factors, evaluate=False)
    return Mul(Integer(-1), node, evaluate=False)


def _swaps(expression: Any) -> Iterator[tuple[str, Any]]:
    for one, other in combinations(sorted(expression.free_symbols, key=str), 2):
        swapped = expression.xreplace({one: other, other: one})
        yield f"{one} and {other} exchanged", swapped


def _positions(tree: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Every node that may be edited, from the root down; bound symbols and orders of derivatives may not."""
    yield path, tree
    for index in _editable(tree):
        yield from _positions(tree.args[index], (*path, index))


def _editable(tree: Basic) -> range:
    if isinstance(tree, sympy.Lambda | sympy.Tuple):
        return range(1, len(tree.args))
    if isinstance(tree, sympy.Derivative):
        return range(1)
    if isinstance(tree, sympy.Limit):
        return range(1)
    if isinstance(tree, Expr | sympy.Lambda):
        return range(len(tree.args))
    return range(0)


def _parent(tree: Basic, path: tuple[int, ...]) -> Basic | None:
    if not path:
        return None
    for index in path[:-1]:
        tree = tree.args[index]
    return tree


def _replaced(tree: Any, path: tuple[int, ...], leaf: Any) -> Any:
    if not path:
        return leaf
    arguments = list(tree.args)
    arguments[path[0]] = _replaced(arguments[path[0]], path[1:], leaf)
    return rebuilt(tree, tuple(arguments))
