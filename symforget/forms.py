"""Equivalent forms of "this expression is at least that one", each good where others fail.

A difference is tight near contacts; squares remove a root; logarithms remove a common decay; a product
is decided factor by factor. Each form carries the conditions under which it implies the relation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sympy import (
    Abs,
    Add,
    Expr,
    Function,
    Integral,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    S,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    factor_terms,
    log,
    powsimp,
    preorder_traversal,
    sech,
    sin,
    sinh,
    tanh,
)

from symforget.errors import InputError
from symforget.functions import normal
from symforget.gate.symbolic import gate, information, misassignment_new, misassignment_old
from symforget.margin import NON_NEGATIVE, POSITIVE, UNKNOWN, Box, Margin, product_sign
from symforget.model import bhattacharyya

MakeMargin = Callable[[Expr], Margin]


@dataclass
class Form:
    """The sign of a product of margins, valid on boxes where each condition has the sign stated.

    ``decided``: on how many boxes it has been shown.
    """

    factors: list[Margin]
    conditions: list[tuple[Margin, int]]
    must_be_defined: list[Margin]
    decided: int = 0

    def decides(self, box: Box, wanted: int) -> bool:
        """Whether the product is shown to have a sign of at least ``wanted``, POSITIVE or NON_NEGATIVE, on the box.

        The conditions, which mostly hold, come last: half of all boxes are too large for the product.
        """
        found = self._product(box, wanted) >= wanted and self._applies(box)
        self.decided += found
        return found

    def _product(self, box: Box, wanted: int) -> int:
        if len(self.factors) == 1:
            return self.factors[0].sign(box, wanted)
        total = POSITIVE
        for factor in self.factors:
            found = factor.sign(box, wanted)
            if found == UNKNOWN:
                found = factor.sign(box, -wanted)
            total = product_sign(total, found)
            if total == UNKNOWN:
                return UNKNOWN
        return total

    def _applies(self, box: Box) -> bool:
        defined = all(part.is_defined(box) for part in self.must_be_defined)
        return defined and all(margin.sign(box, needed) >= needed for margin, needed in self.conditions)


Parts = tuple[list[Expr], list[tuple[Expr, int]]]
"""Factors, and conditions: expressions with the sign each must have."""


def forms(larger: Expr, smaller: Expr, make: MakeMargin) -> Iterator[Form]:
    """Forms whose sign implies that of larger - smaller, plainest first."""
    for factors, conditions in _ways(larger, smaller):
        try:
            lost = partial_parts(larger, smaller) - partial_parts(*factors)
            guards = [make(part) for part in sorted(lost, key=str)]
            yield Form([make(f) for f in factors], [(make(c), sign) for c, sign in conditions], guards)
        except InputError:
            continue


def _ways(larger: Expr, smaller: Expr) -> Iterator[Parts]:
    """Factors and conditions of each form; one at a time, since the plainest mostly decides."""
    difference = larger - smaller
    yield [difference], []
    yield from _factored(difference)
    yield from _squared(larger, smaller)
    yield from _rewritten(larger, smaller)
    yield from _logarithmic(larger, smaller)


def partial_parts(*exprs: Expr) -> set[Expr]:
    """Every part that may be undefined somewhere: a form that has lost one must not lose its domain."""
    found: set[Expr] = set()
    for expr in exprs:
        nodes = preorder_traversal(expr)
        for node in nodes:
            if isinstance(node, Integral | normal):
                nodes.skip()  # its bound variable has no value outside
                found.add(node)
            elif isinstance(node, Pow):
                if not (node.exp.is_Integer and node.exp.is_nonnegative):
                    found.add(node)
            elif isinstance(node, Function) and not isinstance(node, TOTAL):
                found.add(node)
    return found


TOTAL = (Abs, Max, Min, cos, cosh, erf, erfc, exp, sech, sin, sinh, tanh)


def _factored(difference: Expr) -> list[Parts]:
    if not _have_common_factor(Add.make_args(difference)):
        return []
    factored = factor_terms(powsimp(difference))
    if isinstance(factored, Mul):
        factors = [f for f in factored.args if f != 1]
        if sum(not f.is_Rational for f in factors) > 1:
            return [(factors, [])]
    return []


def _have_common_factor(terms: Sequence[Expr]) -> bool:
    """Whether all terms are powers of one base times something: to factor a sum of others takes long, and in vain."""
    bases = [{f.as_base_exp()[0].as_content_primitive()[1] for f in Mul.make_args(term)} - {1} for term in terms]
    return bool(set.intersection(*bases))


def _squared(larger: Expr, smaller: Expr) -> list[Parts]:
    """larger >= 0 and larger**2 >= smaller**2 imply larger >= smaller."""
    if not any(_has_outer_root(side) for side in (larger, smaller)):
        return []
    difference = larger**2 - smaller**2
    return [([difference], [(larger, NON_NEGATIVE)])]


def _has_outer_root(side: Expr) -> bool:
    return any(isinstance(f, Pow) and f.exp == Rational(1, 2) for f in Mul.make_args(side))


def _rewritten(larger: Expr, smaller: Expr) -> list[Parts]:
    """The gate as its Bhattacharyya coefficient times S, and that coefficient as the exponential it is."""
    if not (larger - smaller).has(gate, misassignment_new, misassignment_old, information):
        return []
    sides = [side.rewrite("gate_s").rewrite(bhattacharyya, exp) for side in (larger, smaller)]
    difference = sides[0] - sides[1]
    parts: list[Parts] = _factored(difference)
    if _is_positive_shape(sides[0]) and _is_positive_shape(sides[1]):
        parts += _logarithmic(*sides)
    return parts


def _is_positive_shape(side: Expr) -> bool:
    return isinstance(side, Mul | Pow) or side.func is S.Exp1.func or side.is_positive is True


def _logarithmic(larger: Expr, smaller: Expr) -> list[Parts]:
    """For positive sides, log larger - log smaller, undefined unless each factor is positive.

    Between sums the logarithm, which grows, says no more than the sides themselves.
    """
    if any(side.is_Rational and not side.is_positive for side in (larger, smaller)):
        return []
    if not any(isinstance(side, Mul | Pow | exp) for side in (larger, smaller)):
        return []
    return [([_log(larger) - _log(smaller)], [(larger, POSITIVE), (smaller, POSITIVE)])]


def _log(side: Expr) -> Expr:
    """The logarithm of a positive side, factor by factor; of a sum SymPy would ask for its sign at length."""
    if isinstance(side, Mul):
        return Add(*map(_log, side.args))
    if isinstance(side, exp):
        return side.exp
    if isinstance(side, Pow):
        return side.exp * _log(side.base)
    return log(side, evaluate=not isinstance(side, Add))
