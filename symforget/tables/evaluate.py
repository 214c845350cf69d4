"""Rows of a table: enclosures at rising precision until every number is decided, or known exactly."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

from flint import arb
from sympy import Expr, Rational, S, Symbol

from symforget.balls import BITS_PER_DIGIT, BallFunction, compile_ball, to_ball
from symforget.errors import PrecisionNotReached
from symforget.precision import workprec
from symforget.tables.axes import Axis, Value
from symforget.tables.request import Request
from symforget.tables.rounding import INFINITY, UNDECIDED, Cell, Kind, cell_between, ends

Row = tuple[Cell, ...]
GUARD_BITS = 40
NOTHING_KNOWN = Cell(UNDECIDED, f"-{INFINITY.text}", INFINITY.text)


class Formula:
    """A formula in the symbols of axes and quantities, ready for evaluation."""

    def __init__(self, expr: Expr) -> None:
        self.expr = expr
        self.variables = tuple(sorted(expr.free_symbols, key=lambda s: s.name))

    @cached_property
    def ball(self) -> BallFunction:
        return compile_ball(self.expr, self.variables)


class Evaluator:
    """The formulas of one table for one choice of words, shared by all of its rows."""

    def __init__(self, request: Request, words: tuple[str, ...]) -> None:
        table = request.spec
        self.columns = request.shown
        self.formulas = [Formula(column.at(words)) for column in self.columns]
        self.quantities = {symbol: Formula(expr) for symbol, expr in table.quantities.items()}
        self.symbols = {axis.name: axis.symbol for axis in table.axes if isinstance(axis, Axis)}

    def row(self, point: Mapping[str, Value], digits: int) -> Row:
        """The cells of a row; the quantities are computed once for all of its columns."""
        cells: list[Cell] = [NOTHING_KNOWN] * len(self.columns)
        pending = list(range(len(self.columns)))
        for bits in precisions(digits):
            values = Values(self, point, bits)
            for i in tuple(pending):
                cells[i] = self._cell(i, values, digits, cells[i])
                if cells[i].decided:
                    pending.remove(i)
            if not pending:
                break
        return tuple(cells)

    def _cell(self, i: int, values: Values, digits: int, before: Cell) -> Cell:
        column = self.columns[i]
        if self.formulas[i].expr is S.Infinity:
            return INFINITY
        if column.kind is Kind.UPPER and values.of(self.formulas[i]) == arb.pos_inf():
            return INFINITY
        try:
            lower, upper = self.between(i, values)
        except PrecisionNotReached:
            return before
        cell = cell_between(lower, upper, digits, column.kind)
        if cell.decided or not _suspicious(values.of(self.formulas[i]), digits, column.kind):
            return cell
        exact = self.exact(i, values.point)
        return cell if exact is None else cell_between(exact, exact, digits, column.kind)

    def between(self, i: int, values: Values) -> tuple[Fraction, Fraction]:
        """Rationals between which a cell lies.

        Raises:
            PrecisionNotReached: there is no finite enclosure at this precision.
        """
        ball = values.of(self.formulas[i])
        if not ball.is_finite():
            raise PrecisionNotReached("no finite enclosure")
        with workprec(values.bits + GUARD_BITS):  # ends are rounded, outwards, to the precision they are taken at
            return ends(ball)

    def exact(self, i: int, point: Mapping[str, Value]) -> Fraction | None:
        """The value as a rational, where it is one and SymPy, or the column itself, sees it."""
        column = self.columns[i]
        if column.exact is not None:
            value: Any = column.exact(point)
        else:
            inner = {symbol: formula.expr for symbol, formula in self.quantities.items()}
            numbers = {self.symbols[name]: v for name, v in point.items() if name in self.symbols}
            value = self.formulas[i].expr.subs(inner).subs(numbers, simultaneous=True)
        return Fraction(int(value.p), int(value.q)) if isinstance(value, Rational) else None


def precisions(digits: int) -> list[int]:
    """First the bits that nearly always do; then more, up to 40 bits a digit and 4000 more."""
    first = int(digits * BITS_PER_DIGIT) + GUARD_BITS
    steps, bits = [first, first + 64], 2 * first + 64
    while bits <= 40 * digits + 4000:
        steps.append(bits)
        bits *= 2
    return steps


def _suspicious(ball: arb, digits: int, kind: Kind) -> bool:
    """Whether a ball fails to decide although it is narrow, so that the value may lie on the very boundary."""
    if kind is Kind.INTEGER:
        return ball.rad() < 1e-3
    return ball.contains(0) or ball.rel_accuracy_bits() > digits * BITS_PER_DIGIT + 8


class Values:
    """Balls of axes and quantities at one point and one precision."""

    def __init__(self, evaluator: Evaluator, point: Mapping[str, Value], bits: int) -> None:
        self.point, self.bits = point, bits
        self._quantities = evaluator.quantities
        self._known: dict[Symbol, Any] = {}
        self._formulas: dict[Formula, Any] = {}
        with workprec(bits):
            for name, symbol in evaluator.symbols.items():
                self._known[symbol] = to_ball(point[name])

    def of(self, formula: Formula) -> arb:
        """The ball of a formula, kept: whoever asks again gets the same."""
        if formula not in self._formulas:
            with workprec(self.bits):
                self._formulas[formula] = formula.ball(*(self._value(symbol) for symbol in formula.variables))
        return self._formulas[formula]

    def _value(self, symbol: Symbol) -> arb:
        if symbol not in self._known:
            self._known[symbol] = self.of(self._quantities[symbol])
        return self._known[symbol]


@lru_cache(maxsize=16)
def evaluator(request: Request, words: tuple[str, ...]) -> Evaluator:
    """The evaluator of a request, kept for its next row."""
    return Evaluator(request, words)


def row_at(request: Request, index: int) -> Row:
    """The cells of row `index`, counted from 0."""
    point = request.point(index)
    return evaluator(request, request.words(point)).row(point, request.digits)
