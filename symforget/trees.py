"""Unevaluated SymPy trees: rebuilt node by node, kept as written or brought to SymPy's automatic form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sympy
from sympy.core.relational import Relational
from sympy.integrals.transforms import IntegralTransform

LEFT_ALONE = (sympy.Limit, sympy.Sum, sympy.Product, IntegralTransform, sympy.Order)
"""Nodes whose values in SymPy hold for parameters in general only, and which its simplification carries out unasked."""

BINDING = (sympy.Derivative, sympy.Integral, sympy.Limit, sympy.Product, sympy.Subs, sympy.Sum)
"""Nodes that bind a variable, or are taken in one, so that replacing it is more than replacing a leaf."""

NOT_SMOOTH = (sympy.Piecewise, sympy.sign, sympy.Heaviside, sympy.DiracDelta, sympy.arg, sympy.re, sympy.im)
NOT_SMOOTH += (sympy.floor, sympy.ceiling, sympy.frac, sympy.tan, sympy.cot, sympy.sec, sympy.csc)
"""Functions with jumps or poles, whose derivatives as SymPy takes them forget those."""

KINKED = (*NOT_SMOOTH, sympy.Abs, sympy.Max, sympy.Min, sympy.Mod, sympy.KroneckerDelta, sympy.acot)
"""Functions that have no derivative somewhere, where SymPy gives them one."""


def nodes(expr: sympy.Basic) -> Iterator[sympy.Basic]:
    """The expression and everything in it, each once; SymPy's own traversal repeats what occurs often."""
    seen, waiting = {expr}, [expr]
    while waiting:
        node = waiting.pop()
        yield node
        for argument in node.args:
            if argument not in seen:
                seen.add(argument)
                waiting.append(argument)


def simplified(expr: sympy.Expr) -> sympy.Expr:
    """SymPy's simplification without its integration, whose antiderivatives forget jumps at times."""
    return sympy.simplify(expr, doit=False)


def carried_out(expr: sympy.Expr) -> Any:
    """Derivatives and substitutions done, integrals left.

    Raises:
        ValueError: there are limits or sums, whose values in SymPy hold for parameters in general only; a derivative
            is of what may have a kink or jump; or a substitution is not to be written out (see `put_at_points`).
    """
    if expr.has(*LEFT_ALONE):
        raise ValueError("limits, sums and products are not carried out")
    put = put_at_points(expr)
    if differentiates_a_kink(expr) or differentiates_a_kink(put):
        raise ValueError("a derivative of what may have a kink or jump is not carried out")
    return put.doit(integrals=False)


def differentiates_a_kink(expr: sympy.Expr) -> bool:
    """Whether a derivative in the expression is of something with kinks that its variable may move, or with jumps.

    An integral has a slope at its limit where the integrand is continuous: there a kink does no harm, and a jump does.
    """
    for derivative in expr.atoms(sympy.Derivative):
        moved = set(derivative.variables)
        if any(kink.free_symbols & moved for kink in derivative.expr.atoms(*KINKED)):
            return True
        jumps = derivative.expr.atoms(*NOT_SMOOTH)
        if jumps and any(jump.free_symbols & bound_symbols(derivative.expr) for jump in jumps):
            return True
    return False


def put_at_points(expr: sympy.Expr) -> Any:
    """The expression with every substitution written out; derivatives are not carried out, but taken at the point.

    Raises:
        ValueError: a point holds a symbol that means something else where it is put.
    """

    def put(value: Any) -> Any:
        taken = bound_symbols(value.expr) | {v for d in value.expr.atoms(sympy.Derivative) for v in d.variables}
        taken |= set(value.variables) if len(value.variables) > 1 else set()
        if taken & {s for point in value.point for s in point.free_symbols}:
            raise ValueError(f"the point of {value} meets a variable in it")
        return value.expr.subs(list(zip(value.variables, value.point, strict=True)))

    return mapped(expr, sympy.Subs, put)


def put_in(expr: sympy.Expr, values: Mapping[Any, Any]) -> Any:
    """The expression with symbols replaced; by SymPy's slower `subs` only where one of them is bound somewhere."""
    bound = {s for e in expr.atoms(sympy.Lambda) for s in e.variables}
    if expr.has(*BINDING) or bound.intersection(values):
        return expr.subs(dict(values))
    return expr.xreplace(dict(values))


def renamed(expr: sympy.Expr, old: sympy.Symbol, new: sympy.Expr) -> Any:
    """The expression with a symbol replaced, where no symbol of the new expression is bound.

    Raises:
        ValueError: the symbol stands where an integral, a limit, a substitution or a derivative has one of those as
            its own variable: put there, it would mean that variable.
    """
    if old != new and expr.has(*BINDING):
        for part in sympy.preorder_traversal(expr):
            if isinstance(part, BINDING) and own_variables(part) & new.free_symbols and part.has(old):
                raise ValueError(f"{new} in the place of {old} meets a variable bound in {part}")
    return expr.xreplace({old: new})


def own_variables(part: Any) -> set[Any]:
    """The variables that a node binds, or is taken in."""
    return {part.args[1]} if isinstance(part, sympy.Limit) else set(part.variables)


def bound_symbols(expr: sympy.Basic) -> set[Any]:
    """Every symbol bound somewhere inside the expression, by an integral, a limit, a Lambda or a substitution."""
    found = {s for part in expr.atoms(sympy.Lambda) for s in part.variables}
    found |= {part.args[1] for part in expr.atoms(sympy.Limit)}
    for part in sympy.preorder_traversal(expr):
        found |= set(getattr(part, "bound_symbols", ()))
    return found


def evaluated(tree: sympy.Basic) -> Any:
    """Rebuild an unevaluated tree with SymPy's automatic evaluation; derivatives are carried out.

    May take unbounded time for hostile trees: call it under a time limit. A relation stays a relation.
    """
    if isinstance(tree, Relational):
        return tree.func(evaluated(tree.lhs), evaluated(tree.rhs), evaluate=False)
    if not tree.args or isinstance(tree, sympy.Symbol):
        return tree
    arguments = [evaluated(argument) for argument in tree.args]
    rebuilt = tree.func(*arguments)
    return rebuilt.doit(deep=False) if isinstance(rebuilt, sympy.Derivative) else rebuilt


def rebuilt(node: Any, arguments: Sequence[Any]) -> Any:
    """The node with other arguments, unevaluated wherever SymPy offers that."""
    kinds = sympy.Add | sympy.Mul | sympy.Pow | sympy.Function | sympy.Min | sympy.Max | sympy.Derivative
    if isinstance(node, kinds | Relational):
        return node.func(*arguments, evaluate=False)
    return node.func(*arguments)


def fold(expr: sympy.Basic, leaf: Callable[[Any], Any], power: Callable[[Any, int], Any], reduced: Any) -> Any:
    """Evaluate sums, products and integer powers; ``leaf`` gives the value of everything else.

    ``reduced``: applied to every sum and product of two values.
    """
    if isinstance(expr, (sympy.Add, sympy.Mul)):
        values = [fold(arg, leaf, power, reduced) for arg in expr.args]
        total = values[0]
        for value in values[1:]:
            total = reduced(total + value if isinstance(expr, sympy.Add) else total * value)
        return total
    if isinstance(expr, sympy.Pow) and expr.exp.is_Integer and not expr.base.is_Number:
        return power(fold(expr.base, leaf, power, reduced), int(expr.exp))
    return leaf(expr)


def mapped(expr: Any, kind: type | tuple[type, ...], value: Callable[[Any], Any]) -> Any:
    """The expression with `value` of every node of a kind in its place, innermost first.

    As SymPy's `replace`, but each node once however often it occurs.
    """
    known: dict[Any, Any] = {}

    def of(node: Any) -> Any:
        if node not in known:
            arguments = [of(argument) for argument in node.args]
            same = all(new is old for new, old in zip(arguments, node.args, strict=True))
            made = node if same else node.func(*arguments)
            known[node] = value(made) if isinstance(made, kind) else made
        return known[node]

    return of(expr)


def replaced(tree: Any, replacement: Callable[[Any], Any]) -> Any:
    """The tree with every outermost node for which `replacement` gives something else than None replaced.

    Unlike SymPy's `replace` and `xreplace`, it does not evaluate what it rebuilds.
    """
    found = replacement(tree)
    if found is not None:
        return found
    arguments = [replaced(argument, replacement) for argument in tree.args]
    return tree if arguments == list(tree.args) else rebuilt(tree, arguments)
