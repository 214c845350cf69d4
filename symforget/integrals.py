"""Integrals and expectations inside expressions, as operations on balls and ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from math import isqrt

from flint import acb, arb, ctx
from sympy import Dummy, Expr, Integral, Symbol, cancel, exp, oo, pi, powsimp, sqrt

from symforget.balls import BallFunction, compile_ball
from symforget.errors import InputError, PrecisionNotReached
from symforget.functions import normal
from symforget.operations import Number, Operation, to_range
from symforget.quadrature import EVALUATIONS, Integrand, integrate
from symforget.ranges import NEGATIVE_INFINITY, POSITIVE_INFINITY, Range, Undefined
from symforget.tails import Growth, NoTailBound, Quadratic, tail_integral

OUTER_EVALUATIONS = 300
INNER_EVALUATIONS = 1000
"""Limits for an integral inside another: their product bounds the work."""

LOST_TO_ROUNDING = 10
"""Bits of the working precision that a quadrature loses; asking for them doubles its work in vain."""

_NAN = arb.nan()


def integral_operation(expr: Expr, variables: tuple[Symbol, ...]) -> tuple[Operation, Sequence[Expr]]:
    """The operation of a `normal` or an `Integral`, and the expressions it takes as arguments."""
    if isinstance(expr, normal):
        parameters = _parameters(expr.body, expr.variable)
        return Expectation(expr.body, expr.variable, parameters), parameters
    if len(expr.limits) > 1:
        inner, limit = Integral(expr.function, *expr.limits[:-1]), expr.limits[-1]
    else:
        inner, limit = expr.function, expr.limits[0]
    if len(limit) != 3:
        raise InputError(f"the integral {str(expr)[:60]} has no limits")
    return _definite(inner, *limit)


def _parameters(body: Expr, variable: Symbol) -> tuple[Symbol, ...]:
    return tuple(sorted(body.free_symbols - {variable}, key=lambda s: s.name))


def _definite(f: Expr, x: Symbol, a: Expr, b: Expr) -> tuple[Operation, Sequence[Expr]]:
    if a == b and a in (oo, -oo):
        raise InputError(f"an integral from {a} to {b} has no meaning")
    if a == oo or b == -oo:
        operation, arguments = _definite(-f, x, b, a)
        return operation, arguments
    bound = Dummy(x.name, real=True)
    f = f.xreplace({x: bound})
    parameters = _parameters(f, bound)
    if a == -oo and b == oo:
        return HalfLines(f, bound, parameters, (-1, 1)), parameters
    if oo in (b, -a):
        end, direction = (a, 1) if b == oo else (b, -1)
        parameters = tuple(sorted(set(parameters) | end.free_symbols, key=lambda s: s.name))
        return HalfLines(f.xreplace({bound: bound + end}), bound, parameters, (direction,)), parameters
    return Segment(f, bound, parameters), (*parameters, a, b)


@lru_cache(maxsize=1024)
def _collected(integrand: Expr) -> Expr:
    # Powers collected once per integrand: SymPy takes as long over this as the quadrature itself.
    return powsimp(integrand)


def _decay(growth: Growth, integrand: Expr) -> Quadratic:
    """A bound of log |integrand|: as it is written if that shows the decay, else with its powers collected."""
    try:
        bound = growth.magnitude(integrand)
        if bound.decays:
            return bound
    except NoTailBound:
        pass
    return growth.magnitude(_collected(integrand))


def _accuracy(balls: Sequence[arb]) -> int:
    """The bits worth working for: no more than the parameters carry, nor than rounding leaves."""
    return max(8, min([ctx.prec - LOST_TO_ROUNDING, *(b.rel_accuracy_bits() + 10 for b in balls if b != 0)]))


def _balls(args: Sequence[Number]) -> list[Number]:
    return [x.ball() if isinstance(x, Range) else x for x in args]


def _integral(f: BallFunction, args: Sequence[Number], a: Number, b: Number, analytic: bool) -> acb:
    # Inside an outer integral that asks for analyticity the integrand must be analytic in its parameters too.
    integrand = f.along_last(args, analytic)
    if all(_is_real(x) for x in args):
        integrand = _real_at_real_points(integrand)
    bits = _accuracy([x for x in args if isinstance(x, arb)])
    if f.expr.has(normal, Integral):
        return integrate(integrand, a, b, bits, OUTER_EVALUATIONS)
    within_another = any(isinstance(x, acb) for x in args)
    return integrate(integrand, a, b, bits, INNER_EVALUATIONS if within_another else EVALUATIONS)


def _is_real(x: Number) -> bool:
    return isinstance(x, arb) or x.imag == 0


def _real_at_real_points(f: Integrand) -> Integrand:
    """The integrand, without a value where it is not real on the path: imaginary parts may cancel in the integral."""

    def value(x: acb, analytic: bool) -> acb:
        found = f(x, analytic)
        return found if found.imag.contains(0) or x.imag != 0 else acb(_NAN)

    return value


def _real(value: acb, bits: int) -> arb:
    """The value of an integral, none where it is not seen to be real to about the accuracy asked for, in bits."""
    small = arb(2) ** (LOST_TO_ROUNDING - bits) * (1 + value.real.abs_upper())
    return value.real if value.imag.contains(0) and value.imag.abs_upper() <= small else _NAN


class Segment(Operation):
    """The integral of f over x from a to b: arguments are the parameters of f, then a and b."""

    def __init__(self, f: Expr, x: Symbol, parameters: tuple[Symbol, ...]) -> None:
        self.f, self.x, self.parameters = f, x, parameters
        self.integrand = compile_ball(f, (*parameters, x))

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        *params, a, b = _balls(args)
        if isinstance(a, acb) or isinstance(b, acb):
            return self._along_segment(params, acb(a), acb(b), analytic)
        result = _integral(self.integrand, params, a, b, analytic)
        if any(isinstance(p, acb) for p in params):
            return result
        real = _real(result, _accuracy(params))
        return self._in_ranges(args, real) if isinstance(args[-1], Range) else real

    def _along_segment(self, params: list[Number], a: acb, b: acb, analytic: bool) -> acb:
        """Limits that depend on the variable of an outer integral: x = a + (b - a) s."""

        def integrand(s: acb, inner: bool) -> acb:
            return acb(self.integrand.call([*params, a + (b - a) * s], inner or analytic)) * (b - a)

        along = _real_at_real_points(integrand) if all(_is_real(x) for x in (*params, a, b)) else integrand
        return integrate(along, arb(0), arb(1), evaluations=INNER_EVALUATIONS)

    def _in_ranges(self, args: Sequence[Range], value: arb) -> Range:
        """The enclosure by quadrature, or by the mean value where that failed."""
        if value.is_finite():
            return Range.of(value)
        *params, a, b = args
        return self.integrand.call([*params, a.union(b)]) * (b - a)

    @cached_property
    def _derivatives(self) -> list[Segment]:
        return [Segment(self.f.diff(p), self.x, self.parameters) for p in self.parameters]

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        *params, a, b = args
        inner: list[Number | None] = [d.value(args, False) for d in self._derivatives]
        return [*inner, -self.integrand.call([*params, a]), self.integrand.call([*params, b])]


class Tailed(Operation):
    """An integral over half-lines: a certified integral up to R, and an explicit bound beyond it."""

    directions: tuple[int, ...] = (-1, 1)

    def __init__(self, f: Expr, x: Symbol, parameters: tuple[Symbol, ...]) -> None:
        self.x, self.parameters = x, parameters
        self.sides = {s: f if s > 0 else f.xreplace({x: -x}) for s in (-1, 1)}
        self.integrands = {s: compile_ball(side, (*parameters, x)) for s, side in self.sides.items()}

    def first_reach(self, bits: int) -> int:
        """The first R worth trying for a tail below 2**-bits."""
        return 4

    def log_bound(self, growth: Growth, side: Expr) -> Quadratic:
        raise NotImplementedError

    def line(self, args: Sequence[Number]) -> Number:
        """The enclosure for real parameters, `arb`s or `Range`s."""
        balls = _balls(args)
        if not all(b.is_finite() for b in balls):
            return _NAN
        ranges = {p: Range.of(b) for p, b in zip(self.parameters, balls, strict=True)}
        total, bits = arb(0), _accuracy(balls)
        for s in self.directions:
            reach, tail = self._cut(self.sides[s], ranges, bits)
            value = _real(_integral(self.integrands[s], balls, arb(0), reach, False), bits)
            total = total + value + arb(0, 1) * tail
        return total

    def _cut(self, side: Expr, ranges: Mapping[Symbol, Range], bits: int) -> tuple[arb, arb]:
        """A point R and a bound of the integral of |side| beyond it, small beside 2**-bits if it can be."""
        goal, reach, best = arb(2) ** -(bits + 4), self.first_reach(bits), None
        while reach < 16 * bits + 4096:
            bound = tail_integral(self.log_bound(Growth(self.x, arb(reach), ranges), side))
            if bound is not None and bound.is_finite():
                best = (arb(reach), bound)
                if bound <= goal:
                    break
            reach += reach // 4
        if best is None:
            raise NoTailBound("the integrand is not seen to decay")
        return best

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        if any(isinstance(a, acb) for a in args):
            return acb(_NAN)
        try:
            value = self.line(args)
        except NoTailBound as error:
            if args and isinstance(args[0], Range):
                raise Undefined(str(error)) from None
            name = self.x.name
            raise PrecisionNotReached(f"E[f({name})], {name} ~ N(0, 1), has no certified tail: {error}") from None
        return to_range(value) if args and isinstance(args[0], Range) else value


class Expectation(Tailed):
    """E[f(z)] for z ~ N(0, 1): arguments are the parameters of f."""

    def __init__(self, body: Expr, z: Symbol, parameters: tuple[Symbol, ...]) -> None:
        super().__init__(body * exp(-(z**2) / 2) / sqrt(2 * pi), z, parameters)
        self.body = body
        self.whole = compile_ball(body, (*parameters, z))

    def first_reach(self, bits: int) -> int:
        """Where exp(-R**2/2) alone is about 2**-bits."""
        return max(4, isqrt(bits * 1386 // 1000))

    def log_bound(self, growth: Growth, side: Expr) -> Quadratic:
        return _decay(growth, side)

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        if not (args and isinstance(args[0], Range)):
            return super().value(args, analytic)
        everywhere = self._everywhere(args)
        try:
            found = super().value(args, analytic)
        except Undefined:
            # A mean of what is bounded on one side only may be infinite.
            if everywhere is None or not everywhere.is_bounded():
                raise
            return everywhere
        return found if everywhere is None else found.intersection(everywhere.lo, everywhere.hi)

    def _everywhere(self, args: Sequence[Range]) -> Range | None:
        """A mean lies between the extremes: the range of the body over all z."""
        try:
            return self.whole.call([*args, Range(NEGATIVE_INFINITY, POSITIVE_INFINITY)])
        except Undefined:
            return None

    @cached_property
    def _derivatives(self) -> list[BallFunction]:
        return [compile_ball(normal(self.body.diff(p), self.x), self.parameters) for p in self.parameters]

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        return [d.call(args) for d in self._derivatives]


class HalfLines(Tailed):
    """The integral of f over the half-lines from 0 in the given directions."""

    def __init__(self, f: Expr, x: Symbol, parameters: tuple[Symbol, ...], directions: tuple[int, ...]) -> None:
        super().__init__(f, x, parameters)
        self.f, self.directions = f, directions

    def log_bound(self, growth: Growth, side: Expr) -> Quadratic:
        return _decay(growth, side)

    def line(self, args: Sequence[Number]) -> Number:
        try:
            return super().line(args)
        except NoTailBound:
            return self._inverted(args)

    @cached_property
    def _far(self) -> dict[int, BallFunction]:
        # x = 1/s carries the far part to (0, 1]; cancelling shows algebraic decay as regularity at 0.
        return {
            s: compile_ball(
                cancel(self.sides[s].xreplace({self.x: 1 / self.x}) / self.x**2), (*self.parameters, self.x)
            )
            for s in self.directions
        }

    def _inverted(self, args: Sequence[Number]) -> arb:
        balls, total = _balls(args), arb(0)
        bits = _accuracy(balls)
        for s in self.directions:
            near = _integral(self.integrands[s], balls, arb(0), arb(1), False)
            far = _integral(self._far[s], balls, arb(0), arb(1), False)
            total = total + _real(near, bits) + _real(far, bits)
        return total

    @cached_property
    def _derivatives(self) -> list[HalfLines]:
        return [HalfLines(self.f.diff(p), self.x, self.parameters, self.directions) for p in self.parameters]

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        return [d.value(args, False) for d in self._derivatives]
