"""Ranges of a real quantity over a box: exact ends, open or closed, possibly infinite.

A ball [mid +/- rad] is the right enclosure of a number, and a poor one of a wide range: products of
wide balls are up to half as wide again, an end at zero is lost to rounding, and a half-line cannot be
held at all. A `Range` therefore keeps the two ends, each computed by FLINT and rounded outwards.
Operations are those of `arb`, by the same names; each encloses the image of every point.
"""

from __future__ import annotations

from collections.abc import Callable

from flint import arb

NEGATIVE_INFINITY = arb.neg_inf()
POSITIVE_INFINITY = arb.pos_inf()
ZERO = arb(0)
ONE = arb(1)


class Undefined(ArithmeticError):
    """The function has, or cannot be shown not to have, an undefined point in the range."""


def _down(x: arb) -> arb:
    x = x.lower()
    return x if x.is_finite() else NEGATIVE_INFINITY


def _up(x: arb) -> arb:
    x = x.upper()
    return x if x.is_finite() else POSITIVE_INFINITY


def _times(x: arb, y: arb) -> arb:
    # An infinite end is never a point of the range, so an end at zero times it is zero.
    return ZERO if x == ZERO or y == ZERO else x * y


class Range:
    """The set of reals between `lo` and `hi`; an open end is not attained. Ends are exact `arb`s."""

    __slots__ = ("hi", "hi_open", "lo", "lo_open")

    def __init__(self, lo: arb, hi: arb, lo_open: bool = False, hi_open: bool = False) -> None:
        self.lo, self.hi, self.lo_open, self.hi_open = lo, hi, lo_open, hi_open

    @staticmethod
    def of(x: arb | int) -> Range:
        """The range a ball covers. Raises Undefined on nan."""
        if isinstance(x, int):
            x = arb(x)
        if x.is_nan():
            raise Undefined("an undefined value")
        return Range(_down(x), _up(x))

    def ball(self) -> arb:
        """The smallest ball FLINT forms around the range; non-finite if the range is unbounded."""
        return self.lo if self.lo == self.hi else self.lo.union(self.hi)

    def is_bounded(self) -> bool:
        return self.lo.is_finite() and self.hi.is_finite()

    def contains_zero(self) -> bool:
        if self.lo > ZERO or self.hi < ZERO:
            return False
        return not ((self.lo == ZERO and self.lo_open) or (self.hi == ZERO and self.hi_open))

    def __repr__(self) -> str:
        left, right = "(" if self.lo_open else "[", ")" if self.hi_open else "]"
        return f"{left}{self.lo.str(8, radius=False)}, {self.hi.str(8, radius=False)}{right}"

    def __neg__(self) -> Range:
        return Range(-self.hi, -self.lo, self.hi_open, self.lo_open)

    def __add__(self, other: Range | int | arb) -> Range:
        if not isinstance(other, Range):
            other = Range.of(other)
        return Range(
            _down(self.lo + other.lo),
            _up(self.hi + other.hi),
            self.lo_open or other.lo_open,
            self.hi_open or other.hi_open,
        )

    __radd__ = __add__

    def __sub__(self, other: Range | int | arb) -> Range:
        return self + (-other)

    def __rsub__(self, other: Range | int | arb) -> Range:
        return -self + other

    def __mul__(self, other: Range | int | arb) -> Range:
        if not isinstance(other, Range):
            other = Range.of(other)
        if other.lo == other.hi:
            return self._scaled(other.lo)
        if self.lo == self.hi:
            return other._scaled(self.lo)
        low, high = self._corners(other)
        lo, hi = _down(low), _up(high)
        free = not self.contains_zero() and not other.contains_zero()
        return Range(lo, hi, free and lo == ZERO, free and hi == ZERO)

    __rmul__ = __mul__

    def _scaled(self, c: arb) -> Range:
        if c == ZERO:
            return Range(ZERO, ZERO)
        if c > ZERO:
            return Range(_down(self.lo * c), _up(self.hi * c), self.lo_open, self.hi_open)
        return Range(_down(self.hi * c), _up(self.lo * c), self.hi_open, self.lo_open)

    def _corners(self, other: Range) -> tuple[arb, arb]:
        a, b, c, d = self.lo, self.hi, other.lo, other.hi
        if a >= ZERO:
            low = _times(a, c) if c >= ZERO else _times(b, c)
            high = _times(a, d) if d <= ZERO else _times(b, d)
        elif b <= ZERO:
            low = _times(b, d) if d <= ZERO else _times(a, d)
            high = _times(b, c) if c >= ZERO else _times(a, c)
        elif c >= ZERO:
            low, high = _times(a, d), _times(b, d)
        elif d <= ZERO:
            low, high = _times(b, c), _times(a, c)
        else:
            low, high = _times(a, d).min(_times(b, c)), _times(a, c).max(_times(b, d))
        return low, high

    def inverse(self) -> Range:
        """1/x. Raises Undefined if zero cannot be excluded."""
        if self.contains_zero():
            raise Undefined("a division by a range that contains zero")
        if self.lo >= ZERO:
            lo = ZERO if not self.hi.is_finite() else _down(ONE / self.hi)
            hi = POSITIVE_INFINITY if self.lo == ZERO else _up(ONE / self.lo)
            return Range(lo, hi, self.hi_open or lo == ZERO, self.lo_open or self.lo == ZERO)
        return -((-self).inverse())

    def __truediv__(self, other: Range | int | arb) -> Range:
        if not isinstance(other, Range):
            other = Range.of(other)
        return self * other.inverse()

    def __rtruediv__(self, other: Range | int | arb) -> Range:
        return self.inverse() * other

    def integer_power(self, n: int) -> Range:
        """x**n for an integer n."""
        if n == 0:
            return Range(ONE, ONE)
        if n < 0:
            return self.integer_power(-n).inverse()
        if n % 2 == 1:
            return self.increasing(lambda x: _repeated(x, n), NEGATIVE_INFINITY, POSITIVE_INFINITY)
        return abs(self).increasing(lambda x: _repeated(x, n), ZERO, POSITIVE_INFINITY)

    def __abs__(self) -> Range:
        if self.lo >= ZERO:
            return self
        if self.hi <= ZERO:
            return -self
        high_open = (self.hi_open or self.hi < -self.lo) and (self.lo_open or -self.lo < self.hi)
        return Range(ZERO, self.hi.max(-self.lo), False, high_open)

    def min(self, other: Range) -> Range:
        return -((-self).max(-other))

    def max(self, other: Range) -> Range:
        lo, hi = self.lo.max(other.lo), self.hi.max(other.hi)
        open_lo = any(r.lo_open and r.lo == lo for r in (self, other))
        open_hi = all(r.hi_open or r.hi < hi for r in (self, other))
        return Range(lo, hi, open_lo, open_hi)

    def union(self, other: Range) -> Range:
        return Range(self.lo.min(other.lo), self.hi.max(other.hi))

    def intersection(self, lo: arb, hi: arb) -> Range:
        """The part between `lo` and `hi`, for a quantity known to lie there."""
        lower, upper = self.lo.max(lo), self.hi.min(hi)
        return Range(lower, upper, self.lo_open and lower == self.lo, self.hi_open and upper == self.hi)

    def increasing(self, f: Callable[[arb], arb], at_minus_oo: arb, at_oo: arb) -> Range:
        """The image under a strictly increasing f whose values lie between the two limits."""
        lo, lo_open = (_down(f(self.lo)), self.lo_open) if self.lo.is_finite() else (at_minus_oo, True)
        hi, hi_open = (_up(f(self.hi)), self.hi_open) if self.hi.is_finite() else (at_oo, True)
        return Range(lo.max(at_minus_oo), hi.min(at_oo), lo_open, hi_open)

    def decreasing(self, f: Callable[[arb], arb], at_minus_oo: arb, at_oo: arb) -> Range:
        """The image under a strictly decreasing f with the given limits."""
        return -self.increasing(lambda x: -f(x), -at_minus_oo, -at_oo)

    def exp(self) -> Range:
        image = self.increasing(arb.exp, ZERO, POSITIVE_INFINITY)
        image.lo_open = image.lo_open or image.lo == ZERO
        return image

    def log(self) -> Range:
        if self.lo < ZERO or (self.lo == ZERO and not self.lo_open):
            raise Undefined("the logarithm of a range that is not positive")
        lo = NEGATIVE_INFINITY if self.lo == ZERO else _down(self.lo.log())
        hi = _up(self.hi.log()) if self.hi.is_finite() else POSITIVE_INFINITY
        return Range(lo, hi, self.lo_open or not lo.is_finite(), self.hi_open or not hi.is_finite())

    def sqrt(self) -> Range:
        return self.root(2)

    def root(self, n: int) -> Range:
        """The real n-th root of a range that is not negative."""
        if self.lo < ZERO:
            raise Undefined("a root of a range that is partly negative")
        return self.increasing(lambda x: x.root(n), ZERO, POSITIVE_INFINITY)

    def sin(self) -> Range:
        image = Range.of(self.ball().sin()) if self.is_bounded() else Range(-ONE, ONE)
        return image.intersection(-ONE, ONE)

    def cos(self) -> Range:
        image = Range.of(self.ball().cos()) if self.is_bounded() else Range(-ONE, ONE)
        return image.intersection(-ONE, ONE)

    def tan(self) -> Range:
        if self.cos().contains_zero():
            raise Undefined("the tangent near a pole")
        return self.increasing(arb.tan, NEGATIVE_INFINITY, POSITIVE_INFINITY)

    def sinh(self) -> Range:
        return self.increasing(arb.sinh, NEGATIVE_INFINITY, POSITIVE_INFINITY)

    def cosh(self) -> Range:
        return abs(self).increasing(arb.cosh, ONE, POSITIVE_INFINITY).intersection(ONE, POSITIVE_INFINITY)

    def tanh(self) -> Range:
        return self.increasing(arb.tanh, -ONE, ONE)

    def sech(self) -> Range:
        image = abs(self).decreasing(arb.sech, ONE, ZERO).intersection(ZERO, ONE)
        image.lo_open = image.lo_open or image.lo == ZERO
        return image

    def erf(self) -> Range:
        return self.increasing(arb.erf, -ONE, ONE)

    def erfc(self) -> Range:
        image = self.decreasing(arb.erfc, arb(2), ZERO)
        image.lo_open = image.lo_open or image.lo == ZERO
        return image

    def atan(self) -> Range:
        half_pi = arb.pi() / 2
        return self.increasing(arb.atan, _down(-half_pi), _up(half_pi))

    def gamma(self) -> Range:
        if self.lo < ZERO or (self.lo == ZERO and not self.lo_open):
            raise Undefined("the gamma function of a range that is not positive")
        ends = [_up(x.gamma()) if x.is_finite() and x > ZERO else POSITIVE_INFINITY for x in (self.lo, self.hi)]
        if self.lo > arb(1.47):  # the minimum, 0.8856..., lies at 1.4616...
            low = _down(self.lo.gamma())
        elif self.hi < arb(1.46):
            low = _down(self.hi.gamma())
        else:
            low = arb(0.885)
        return Range(low, ends[0].max(ends[1]))

    def digamma(self) -> Range:
        if self.lo <= ZERO:
            raise Undefined("the digamma function of a range that is not positive")
        return self.increasing(arb.digamma, NEGATIVE_INFINITY, POSITIVE_INFINITY)

    def lambertw(self) -> Range:
        if not self.lo.lambertw().is_finite():
            raise Undefined("Lambert's W left of its branch point")
        return self.increasing(arb.lambertw, -ONE, POSITIVE_INFINITY)


def _repeated(x: arb, n: int) -> arb:
    # arb.__pow__ returns nan where the base contains zero.
    result = ONE
    while n:
        if n & 1:
            result = result * x
        x = x * x if n > 1 else x
        n >>= 1
    return result


def sign_range(x: Range) -> Range:
    """The set of slopes of |x|: -1, 1, or all between where x changes sign."""
    return Range(ONE if x.lo >= ZERO else -ONE, -ONE if x.hi <= ZERO and x.lo < ZERO else ONE)
