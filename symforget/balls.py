"""SymPy expressions -> ball evaluators: enclosures, gradients, and values to N certified digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from flint import arb, ctx, fmpq, fmpz
from sympy import Add as SumOf
from sympy import (
    E,
    EulerGamma,
    Expr,
    Float,
    Function,
    Integral,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    S,
    Symbol,
    pi,
    sympify,
)
from sympy.core.function import Derivative

from symforget.errors import BeyondDecimals, InputError, PrecisionNotReached
from symforget.functions import normal
from symforget.operations import (
    ELEMENTARY,
    Add,
    Extremum,
    IntegerPower,
    Multiply,
    Number,
    Operation,
    Power,
    RationalPower,
    Unary,
    lift,
    to_range,
)
from symforget.precision import workprec
from symforget.ranges import Range, Undefined
from symforget.straightline import Line, StraightLine, Tape

__all__ = ["BallFunction", "compile_ball", "decimal_string", "evaluate", "to_ball", "workprec"]

LARGEST_EXPONENT = 10_000
BITS_PER_DIGIT = 3.3219280948873626


def to_ball(value: Rational) -> arb:
    """A ball around an exact rational at the current precision (exact where it is dyadic and fits)."""
    value = Rational(value)
    return arb(fmpq(int(value.p), int(value.q)))


class Constant(Operation):
    """A number: the same enclosure at every call with the same precision."""

    def __init__(self, expr: Expr) -> None:
        self.expr = expr
        self._known: dict[int, arb] = {}

    def value(self, args: Sequence[Number], analytic: bool) -> arb:
        if ctx.prec not in self._known:
            self._known[ctx.prec] = self._enclose()
        return self._known[ctx.prec]

    def _enclose(self) -> arb:
        if self.expr == pi:
            return arb.pi()
        if self.expr == E:
            return arb(1).exp()
        if self.expr == EulerGamma:
            return arb.const_euler()
        return to_ball(self.expr)


class Custom(Operation):
    """A function of ours, by its own `ball` (and `range`, where it has one)."""

    def __init__(self, expr: Function) -> None:
        self.kind = type(expr)
        # A literal argument (the order k of a derivative) stays literal in the partial derivatives.
        self.slots = [a if a.is_Integer else Symbol(f"_argument_{i}", real=True) for i, a in enumerate(expr.args)]

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        if not isinstance(args[0], Range):
            return self.kind.ball(*args)  # type: ignore[attr-defined]
        if hasattr(self.kind, "range"):
            return self.kind.range(*args)  # type: ignore[attr-defined]
        return to_range(self.kind.ball(*(x.ball() for x in args)))  # type: ignore[attr-defined]

    @cached_property
    def _derivatives(self) -> list[BallFunction | None]:
        call, free = self.kind(*self.slots), [s for s in self.slots if s.is_Symbol]
        return [
            compile_ball(call.fdiff(i + 1), free) if slot.is_Symbol else None  # type: ignore[attr-defined]
            for i, slot in enumerate(self.slots)
        ]

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        if isinstance(args[0], Range) and hasattr(self.kind, "ball_partials"):
            slopes = self.kind.ball_partials(*(x.ball() for x in args))  # type: ignore[attr-defined]
            if all(s.is_finite() for s in slopes):
                return [to_range(s) for s in slopes]
        free = [a for a, slot in zip(args, self.slots, strict=True) if slot.is_Symbol]
        zero = lift(arb(0), args[0])
        return [zero if derivative is None else derivative.call(free) for derivative in self._derivatives]


class BallFunction:
    """A compiled expression: call it with `arb`s (or `acb`s, or `Range`s) in the order of `variables`.

    Every value encloses the expression at every point of the arguments, at the precision current at
    the call. Common subexpressions are evaluated once.
    """

    def __init__(self, expr: Expr, variables: tuple[Symbol, ...]) -> None:
        self.expr, self.variables = expr, variables
        self._tape: list[tuple[Operation, tuple[int, ...]]] = []
        self._index: dict[Expr, int] = {v: i for i, v in enumerate(variables)}
        self._result = self._compile(expr)

    def _compile(self, expr: Expr) -> int:
        known = self._index.get(expr)
        if known is not None:
            return known
        operation, arguments = _operation(expr, self.variables)
        step = (operation, tuple(self._compile(argument) for argument in arguments))
        self._tape.append(step)
        self._index[expr] = len(self.variables) + len(self._tape) - 1
        return self._index[expr]

    def __call__(self, *args: Number) -> Number:
        return self.call(args)

    def call(self, args: Sequence[Number], analytic: bool = False) -> Number:
        """The value; with `analytic`, non-finite unless analytic on the (complex) arguments."""
        return self.trace(args, analytic).value

    def along_last(self, args: Sequence[Number], analytic: bool = False) -> Line:
        """The function of the last variable alone, on `acb`s: what depends on the others only is enclosed now."""
        return self._straight_line.at(args, analytic)

    @cached_property
    def _straight_line(self) -> StraightLine:
        return StraightLine(self._tape, len(self.variables), self._result)

    def trace(self, args: Sequence[Number], analytic: bool = False) -> Trace:
        """The evaluation of every instruction."""
        if len(args) != len(self.variables):
            raise TypeError(f"{len(self.variables)} arguments expected, {len(args)} given")
        values = list(args)
        in_ranges = bool(args) and isinstance(args[0], Range)
        for operation, places in self._tape:
            value = operation.value([values[i] for i in places], analytic)
            values.append(Range.of(value) if in_ranges and isinstance(value, arb) else value)
        return Trace(self._tape, len(args), values, self._result)

    def gradient(self, *args: Number) -> tuple[Number, list[Number]]:
        """The value and the partial derivative in each variable."""
        trace = self.trace(args)
        return trace.value, trace.slopes()


@dataclass(frozen=True)
class Trace:
    """One evaluation: the values of the first ``count`` places, the variables, and of the instructions after them."""

    tape: Tape
    count: int
    values: list[Number]
    result: int

    @property
    def value(self) -> Number:
        return self.values[self.result]

    def slopes(self) -> list[Number]:
        """The partial derivative in each variable, by forward differentiation."""
        args = self.values[: self.count]
        zero = lift(arb(0), args[0]) if args else arb(0)
        one = lift(arb(1), args[0]) if args else arb(1)
        slopes: list[dict[int, Number]] = [{i: one} for i in range(self.count)]
        for k, (operation, places) in enumerate(self.tape, start=self.count):
            slope: dict[int, Number] = {}
            if any(slopes[i] for i in places):
                partials = operation.partials([self.values[i] for i in places], self.values[k])
                for i, partial in zip(places, partials, strict=True):
                    for v, d in slopes[i].items():
                        part = d if partial is None else partial * d
                        slope[v] = slope[v] + part if v in slope else part
            slopes.append(slope)
        result = slopes[self.result]
        return [result.get(i, zero) for i in range(self.count)]


def compile_ball(expr: Expr, variables: Sequence[Symbol]) -> BallFunction:
    """Compile `expr`, an expression in `variables`, to a ball evaluator (kept for the next call).

    Raises:
        InputError: the expression contains something that has no certified evaluator.
    """
    return _compiled(sympify(expr), tuple(variables))


@lru_cache(maxsize=512)
def _compiled(expr: Expr, variables: tuple[Symbol, ...]) -> BallFunction:
    return BallFunction(expr, variables)


def _operation(expr: Expr, variables: tuple[Symbol, ...]) -> tuple[Operation, Sequence[Expr]]:
    if isinstance(expr, Rational) or expr in (pi, E, EulerGamma):
        return Constant(expr), ()
    if isinstance(expr, Float):
        return Constant(Rational(expr)), ()
    if isinstance(expr, SumOf):
        return Add(), expr.args
    if isinstance(expr, Mul):
        return Multiply(), expr.args
    if isinstance(expr, Pow):
        return _power(*expr.as_base_exp()) if expr.exp.is_Rational else (Power(), expr.args)
    if isinstance(expr, Max | Min):
        return Extremum(isinstance(expr, Max)), expr.args
    if type(expr) in ELEMENTARY and len(expr.args) == 1:
        return Unary(ELEMENTARY[type(expr)]), expr.args
    if isinstance(expr, Function) and hasattr(type(expr), "ball"):
        # A reader's expression is parsed without evaluation, so that a special value may still be hidden in it.
        known = expr.func(*expr.args)
        return (Custom(expr), expr.args) if isinstance(known, expr.func) else (Add(), (known,))
    if isinstance(expr, normal | Integral):
        from symforget.integrals import integral_operation

        return integral_operation(expr, variables)
    return _rewritten(expr, variables)


def _power(base: Expr, exponent: Expr) -> tuple[Operation, Sequence[Expr]]:
    # as_base_exp turns (1/2)**-x into 2**x; a rational exponent it leaves alone up to sign.
    p, q = int(exponent.p), int(exponent.q)
    if abs(p) > LARGEST_EXPONENT or q > LARGEST_EXPONENT:
        raise InputError(f"the exponent {exponent} is beyond {LARGEST_EXPONENT}, the largest evaluated")
    return (IntegerPower(p) if q == 1 else RationalPower(p, q)), (base,)


def _rewritten(expr: Expr, variables: tuple[Symbol, ...]) -> tuple[Operation, Sequence[Expr]]:
    if isinstance(expr, Symbol):
        raise InputError(f"the symbol {expr} has no value: only {_names(variables)} are given")
    if isinstance(expr, Derivative):
        done = expr.doit(deep=False)
        if not isinstance(done, Derivative):
            return Add(), (done,)
    raise InputError(f"{str(expr)[:80]} ({type(expr).__name__}) has no certified evaluator")


def _names(variables: Sequence[Symbol]) -> str:
    return ", ".join(v.name for v in variables) or "none"


def evaluate(expr: Expr, point: Mapping[Symbol, Rational], digits: int, max_bits: int | None = None) -> arb:
    """Enclose `expr` at `point` with a relative error below 10**-digits.

    An exact zero is returned as the exact ball 0. The precision is doubled until the accuracy is
    reached, up to `max_bits` (40 bits a digit and 4000 more by default).

    Raises:
        PrecisionNotReached: the work limit was met; the text says what is known of the value.
        InputError: a symbol is without value, or something has no certified evaluator.
    """
    expr = sympify(expr)
    if expr in (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity):
        raise PrecisionNotReached(f"the expression is {expr}, not a real number")
    variables = tuple(sorted(expr.free_symbols & set(point), key=lambda s: s.name))
    function = compile_ball(expr, variables)
    needed = int(digits * BITS_PER_DIGIT) + 2
    limit = max_bits or 40 * digits + 4000
    bits, best, tried = needed + 32, arb.nan(), 0
    while bits <= limit:
        with workprec(bits):
            found = function(*(to_ball(point[v]) for v in variables))
        if found.is_finite() and found.rel_accuracy_bits() >= needed:
            return found
        if found.is_finite() or not best.is_finite():
            best, tried = found, bits
        bits *= 2
    raise PrecisionNotReached(_shortfall(best, digits, tried))


def _shortfall(best: arb, digits: int, bits: int) -> str:
    if not best.is_finite():
        return f"no finite enclosure at {bits} bits: the value may be undefined, complex or infinite here"
    if best.contains(0):
        size = best.abs_upper().str(2, radius=False)
        return (
            f"the value cannot be told from 0 (it is below {size} in size): "
            f"if it is 0 it has no {digits} significant digits; simplify the expression or prove it to be 0"
        )
    got = max(0, int(best.rel_accuracy_bits() / BITS_PER_DIGIT))
    return f"{got} of {digits} digits reached at {bits} bits; ask for fewer digits or simplify the expression"


def decimal_string(ball: arb, digits: int) -> str:
    """The number in the ball, correctly rounded to `digits` significant digits (ties to even).

    Plain notation for exponents from -5 to digits + 2 or so, else scientific.

    Raises:
        PrecisionNotReached: the ball is too wide to fix the last digit; evaluate with more digits.
    """
    if not ball.is_finite():
        raise PrecisionNotReached("the value has no finite enclosure")
    if ball == 0:
        return "0"
    with workprec(max(ctx.prec, int(digits * BITS_PER_DIGIT) + 64)):
        lower, upper = rounded(ball.lower(), digits, 0), rounded(ball.upper(), digits, 0)
    if lower != upper or ball.contains(0):
        raise PrecisionNotReached(f"the enclosure does not fix {digits} digits: evaluate with more digits")
    return format_decimal(*lower)


def rounded(x: arb, digits: int, direction: int) -> tuple[int, int]:
    """An exact non-zero ball as (m, e), m * 10**e with `digits` digits, rounded down, to nearest or up.

    `direction` is -1 (towards -oo), 0 (nearest, ties to even) or 1 (towards +oo).
    """
    exact = exact_fraction(x)
    exponent = _decimal_exponent(exact) - digits + 1
    scaled = exact / Fraction(10) ** exponent
    floor = scaled.numerator // scaled.denominator
    mantissa = round(scaled) if direction == 0 else floor + (direction > 0 and scaled != floor)
    if abs(mantissa) == 10**digits:
        mantissa, exponent = mantissa // 10, exponent + 1
    return mantissa, exponent


def exact_fraction(x: arb) -> Fraction:
    """The rational an exact ball holds.

    Raises:
        BeyondDecimals: its exponent is too large to write out.
    """
    mantissa, exponent = (int(part) for part in x.man_exp())
    if abs(exponent) > 2_000_000:
        size = f"{'large' if exponent > 0 else 'small'} to be written in decimals"
        raise BeyondDecimals(f"the number is too {size}: it is about 2**{exponent + mantissa.bit_length()} in size")
    return Fraction(mantissa) * (Fraction(2) ** exponent)


def _decimal_exponent(x: Fraction) -> int:
    """The e with 10**e <= |x| < 10**(e + 1)."""
    x = abs(x)
    bits = x.numerator.bit_length() - x.denominator.bit_length()
    guess = int(bits * 0.30102999566398114) - 1
    while Fraction(10) ** (guess + 1) <= x:
        guess += 1
    while Fraction(10) ** guess > x:
        guess -= 1
    return guess


def format_decimal(mantissa: int, exponent: int) -> str:
    """m * 10**e as text: plain where that is short, else scientific."""
    if mantissa == 0:
        return "0"
    sign, figures = "-" * (mantissa < 0), str(fmpz(abs(mantissa)))  # Python's own str stops at 4300 digits
    top = len(figures) - 1 + exponent
    if top < -5 or exponent > 3:
        tail = "." + figures[1:] if len(figures) > 1 else ""
        return f"{sign}{figures[0]}{tail}e{top}"
    if exponent >= 0:
        return sign + figures + "0" * exponent
    figures = figures.rjust(-exponent + 1, "0")
    return f"{sign}{figures[:exponent]}.{figures[exponent:]}"


def undefined_as_none(function: BallFunction, ranges: Sequence[Range]) -> Range | None:
    """The range of the function, or None where it may be undefined."""
    try:
        return function.call(ranges)
    except Undefined:
        return None
