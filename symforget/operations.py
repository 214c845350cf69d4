"""What each operation of an expression does to balls and ranges: its value and its partial derivatives.

Numbers are `arb`, `acb` (inside certified integrals) or `Range` (over boxes). An operation raises
`Undefined` on a range it cannot vouch for, and returns a non-finite ball where FLINT does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flint import acb, arb
from sympy import Abs, LambertW, atan, cos, cosh, erf, erfc, exp, gamma, log, sech, sin, sinh, tan, tanh

from symforget.ranges import Range, Undefined, _repeated, sign_range

Number = Any  # arb | acb | Range: one algebra, three enclosures


def lift(value: arb, like: Number) -> Number:
    """A constant in the algebra of `like`."""
    return Range.of(value) if isinstance(like, Range) else value


def to_range(value: arb) -> Range:
    """The range of a ball; raises Undefined unless the ball is finite."""
    if not value.is_finite():
        raise Undefined("a function could not be enclosed on this range")
    return Range.of(value)


def integer_power(x: Number, n: int) -> Number:
    """x**n, which FLINT's ** does not give for balls that contain zero."""
    if isinstance(x, Range):
        return x.integer_power(n)
    value = _repeated(x, n) if n >= 0 else 1 / _repeated(x, -n)
    if isinstance(value, arb) and n % 2 == 0 and not value > 0 and n > 0 and value.is_finite():
        return value.nonnegative_part()
    return value


def absolute(x: Number, analytic: bool = False) -> Number:
    if isinstance(x, acb):
        return x.real_abs(analytic) if _may_be_real(x) else acb(arb.nan())
    return abs(x)


def maximum(x: Number, y: Number, analytic: bool = False) -> Number:
    if isinstance(x, acb) or isinstance(y, acb):
        return acb(x).real_max(acb(y), analytic) if _may_be_real(x, y) else acb(arb.nan())
    return x.max(y)


def minimum(x: Number, y: Number, analytic: bool = False) -> Number:
    if isinstance(x, acb) or isinstance(y, acb):
        return acb(x).real_min(acb(y), analytic) if _may_be_real(x, y) else acb(arb.nan())
    return x.min(y)


def _may_be_real(*values: Number) -> bool:
    """Whether no value is certainly complex: the balls of a quadrature hold points of the line, where all is real."""
    return all(acb(v).imag.contains(0) for v in values)


def logarithm(x: Number, analytic: bool = False) -> Number:
    return x.log(analytic) if isinstance(x, acb) else x.log()


def square_root(x: Number, analytic: bool = False) -> Number:
    if isinstance(x, acb):
        return x.sqrt(analytic)
    if isinstance(x, arb) and x.contains(0) and x.lower() == 0:
        return x.upper().sqrt().union(arb(0)).nonnegative_part()
    return x.sqrt()


def _lambert(x: Number, analytic: bool = False) -> Number:
    # FLINT's acb.lambertw has its cut on (-oo, -1/e); right of -0.36 it is analytic.
    if isinstance(x, acb) and not x.real > arb(-0.36):
        return acb(arb.nan())
    return x.lambertw()


def _arctangent(x: Number, analytic: bool = False) -> Number:
    # The cuts of acb.atan run from +-i to infinity along the imaginary axis.
    if isinstance(x, acb) and not (abs(x.imag) < 1 or x.real > 0 or x.real < 0):
        return acb(arb.nan())
    return x.atan()


def _sign(x: Number) -> Number:
    if isinstance(x, Range):
        return sign_range(x)
    if x > 0:
        return arb(1)
    return arb(-1) if x < 0 else arb(0, 1).union(arb(1)).union(arb(-1))


def _two_over_root_pi() -> arb:
    return 2 / arb.pi().sqrt()


@dataclass(frozen=True)
class Elementary:
    """A function of one variable: its value, and its derivative from argument and value.

    ``method``: FLINT's method, where that is all there is to the value: for entire and meromorphic functions.
    """

    value: Callable[..., Number]
    derivative: Callable[[Number, Number], Number]
    method: str = ""


def _plain(name: str, derivative: Callable[[Number, Number], Number]) -> Elementary:
    def value(x: Number, analytic: bool = False) -> Number:
        return getattr(x, name)()

    return Elementary(value, derivative, name)


ELEMENTARY: dict[type, Elementary] = {
    exp: _plain("exp", lambda x, v: v),
    log: Elementary(logarithm, lambda x, v: 1 / x),
    sin: _plain("sin", lambda x, v: x.cos()),
    cos: _plain("cos", lambda x, v: -x.sin()),
    tan: _plain("tan", lambda x, v: 1 + integer_power(v, 2)),
    sinh: _plain("sinh", lambda x, v: x.cosh()),
    cosh: _plain("cosh", lambda x, v: x.sinh()),
    tanh: _plain("tanh", lambda x, v: integer_power(x.sech(), 2)),
    sech: _plain("sech", lambda x, v: -v * x.tanh()),
    atan: Elementary(_arctangent, lambda x, v: 1 / (1 + integer_power(x, 2))),
    erf: _plain("erf", lambda x, v: (-integer_power(x, 2)).exp() * _two_over_root_pi()),
    erfc: _plain("erfc", lambda x, v: -((-integer_power(x, 2)).exp() * _two_over_root_pi())),
    gamma: _plain("gamma", lambda x, v: v * x.digamma()),
    LambertW: Elementary(_lambert, lambda x, v: (-v).exp() / (1 + v)),
    Abs: Elementary(absolute, lambda x, v: _sign(x)),
}


class Operation:
    """One instruction: `value` of the arguments, and the partial derivative in each argument."""

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        raise NotImplementedError

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        """The partial derivatives at the arguments; None stands for one."""
        raise NotImplementedError


class Add(Operation):
    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        total = args[0]
        for term in args[1:]:
            total = total + term
        return total

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        return [None] * len(args)


class Multiply(Operation):
    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        product = args[0]
        for factor in args[1:]:
            product = product * factor
        return product

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        count = len(args)
        before: list[Number | None] = [None] * count
        after: list[Number | None] = [None] * count
        for i in range(1, count):
            before[i] = _product(before[i - 1], args[i - 1])
            after[count - 1 - i] = _product(after[count - i], args[count - i])
        return [_product(x, y) for x, y in zip(before, after, strict=True)]


def _product(x: Number | None, y: Number | None) -> Number | None:
    if x is None or y is None:
        return y if x is None else x
    return x * y


@dataclass(frozen=True)
class IntegerPower(Operation):
    n: int

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        return integer_power(args[0], self.n)

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        return [integer_power(args[0], self.n - 1) * self.n]


@dataclass(frozen=True)
class RationalPower(Operation):
    """x**(p/q) for x >= 0, q > 1."""

    p: int
    q: int

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        x = args[0]
        if self.q == 2:
            return integer_power(square_root(x, analytic), self.p)
        if isinstance(x, acb):
            return x.pow(acb(self.p) / self.q, analytic)
        if isinstance(x, arb) and not x > 0:
            return arb(0) if x == 0 and self.p > 0 else arb.nan()
        return integer_power(x.root(self.q), self.p)

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        lowered = RationalPower(self.p - self.q, self.q).value(args, False)
        return [lowered * (arb(self.p) / self.q)]


class Power(Operation):
    """x**y for x > 0."""

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        x, y = args
        return (logarithm(x, analytic) * y).exp()

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        x, y = args
        return [value * y / x, value * x.log()]


@dataclass(frozen=True)
class Unary(Operation):
    rule: Elementary

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        return self.rule.value(args[0], analytic)

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        return [self.rule.derivative(args[0], value)]


@dataclass(frozen=True)
class Extremum(Operation):
    """Max or Min of several arguments; the slopes are those of every argument that may be attained."""

    largest: bool

    def value(self, args: Sequence[Number], analytic: bool) -> Number:
        choose = maximum if self.largest else minimum
        result = args[0]
        for other in args[1:]:
            result = choose(result, other, analytic)
        return result

    def partials(self, args: Sequence[Number], value: Number) -> list[Number | None]:
        weights: list[Number | None] = []
        for i, x in enumerate(args):
            others = [y for j, y in enumerate(args) if j != i]
            rest = self.value(others, False)
            lead = (x - rest) if self.largest else (rest - x)
            weights.append(_weight(lead))
        return weights


def _weight(lead: Number) -> Number:
    if isinstance(lead, Range):
        return Range(arb(1) if lead.lo > 0 else arb(0), arb(0) if lead.hi < 0 else arb(1))
    if lead > 0:
        return arb(1)
    return arb(0) if lead < 0 else arb(0).union(arb(1))
