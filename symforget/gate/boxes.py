"""Balls of S and its derivatives in l over whole argument balls, from values at points and monotonicity or
Taylor forms.

Everything works at `flint.ctx.prec`, encloses the value at every point of the argument balls however wide,
and returns a non-finite ball where it cannot. The inequalities used, proved in docs/gate.md:

    S is even in l and decreases in |l|; delta S increases and exp(-delta^2/8) S decreases in delta > 0
    |d log S/dl| <= 1/2, |d log S/d delta| <= delta/4
"""

from __future__ import annotations

from typing import Any, overload

from flint import acb, arb, ctx

from symforget.gate.bounds import derivative_bound, strip_constant
from symforget.gate.point import jet

GUARD = 12
THIN = 32
"""Bits of the working precision, guard bits among them, that the width of an argument may take and still be thin."""
NAN, COMPLEX_NAN = arb.nan(), acb(arb.nan(), arb.nan())


class extra_bits:
    """A context with so many bits more; a class because a generator would cost more than the arithmetic."""

    __slots__ = ("_bits", "_old")

    def __init__(self, bits: int) -> None:
        self._bits = bits

    def __enter__(self) -> None:
        self._old = ctx.prec
        ctx.prec = self._old + self._bits

    def __exit__(self, *_: object) -> None:
        ctx.prec = self._old


def _is_thin(relative_change: arb) -> bool:
    """Whether the values on a ball differ so little that one point value and a Lipschitz bound say it all."""
    return relative_change < arb(2) ** (THIN - ctx.prec)


def _spread(value: arb, relative_change: arb) -> arb:
    """The ball that holds value * exp(t) for all |t| <= relative_change < 1."""
    return value + value * (relative_change.upper() * 2) * arb(0, 1)


def _hull(a: arb, b: arb) -> arb:
    return a.union(b)


def real_delta(delta: Any) -> arb:
    """|delta| as a real ball; non-finite if delta is not real."""
    if isinstance(delta, acb):
        delta = delta.real if delta.imag.is_zero() else NAN
    return abs(delta)


@overload
def gate_s(delta: arb | acb, l: arb) -> arb: ...
@overload
def gate_s(delta: arb | acb, l: acb) -> acb: ...
def gate_s(delta: arb | acb, l: arb | acb) -> arb | acb:
    """S(delta, l) for real delta and for l real, or complex with |Im l| < pi."""
    delta = real_delta(delta)
    if isinstance(l, acb):
        return complex_derivative(0, delta, l)
    if not (delta.is_finite() and l.is_finite()):
        return NAN
    if delta.is_exact() and l.is_exact():
        return +jet(delta, l, 0)[0]
    with extra_bits(GUARD):
        value = s_on_box(delta, l)
    return +value


@overload
def gate_s_derivative(k: int | arb | acb, delta: arb | acb, l: arb) -> arb: ...
@overload
def gate_s_derivative(k: int | arb | acb, delta: arb | acb, l: acb) -> acb: ...
def gate_s_derivative(k: int | arb | acb, delta: arb | acb, l: arb | acb) -> arb | acb:
    """The k-th derivative of S in l, same arguments."""
    k = _order(k)
    if k == 0:
        return gate_s(delta, l)
    delta = real_delta(delta)
    if isinstance(l, acb):
        return complex_derivative(k, delta, l)
    if not (delta.is_finite() and l.is_finite()):
        return NAN
    with extra_bits(GUARD):
        return _taylor(delta, l, k)[k]


def gate_s_jet(delta: arb, l: arb, order: int) -> list[arb]:
    """[S, S_1, ..., S_order], the derivatives in l, from one pass over the nodes; real balls of any width."""
    delta = real_delta(delta)
    if not (delta.is_finite() and l.is_finite()):
        return [NAN] * (order + 1)
    with extra_bits(GUARD):
        return _taylor(delta, l, order)


def _order(k: Any) -> int:
    if isinstance(k, int):
        return k
    value = k.unique_fmpz() if isinstance(k, arb) else k.real.unique_fmpz()
    if value is None or value < 0:
        raise ValueError(f"gate_s_derivative: the order must be a non-negative integer, not {k}")
    return int(value)


def s_on_box(delta: arb, l: arb) -> arb:
    """S on a box; delta >= 0 up to the overhang of its ball."""
    change = l.rad() / 2 + delta.rad() * delta.upper() / 4
    middle = delta.mid()
    if _is_thin(change):
        return _spread(jet(middle, abs(l.mid()), 0)[0], change)
    nearest, farthest = l.abs_lower(), l.abs_upper()
    if _is_thin(delta.rad() * delta.upper() / 4):
        change = delta.rad() * delta.upper() / 4
        far, near = jet(middle, farthest, 0)[0], jet(middle, nearest, 0)[0]
        return _hull(_spread(far, change), _spread(near, change))
    return _hull(_s_along_delta(delta, farthest, lower=True), _s_along_delta(delta, nearest, lower=False))


def _s_along_delta(delta: arb, l: arb, lower: bool) -> arb:
    """A lower (upper) bound of S(., l) on the interval delta, at one exact l; returned as an exact ball."""
    left, right = delta.abs_lower(), delta.abs_upper()
    spread = (right * right - left * left) / 4
    if spread < 1:
        enclosure = _heat_taylor(left, right, l)
        return enclosure.lower() if lower else enclosure.upper()
    at_left, at_right = jet(left, l, 0)[0], jet(right, l, 0)[0]
    decay = (-spread / 2).exp()
    if lower:
        return (at_left * left / right).lower().max((at_right * decay).lower())
    upper = (at_left / decay).upper().min(arb(1))
    if left > 0:
        upper = upper.min((at_right * right / left).upper()).min(((2 * arb.pi()).sqrt() / left).upper())
    return upper


def _heat_taylor(left: arb, right: arb, l: arb) -> arb:
    """S(delta, l) for left <= delta <= right by Taylor's formula in delta^2/2, in which S obeys the heat
    equation.
    """
    middle = ((left + right) / 2).mid()
    s, _, s2, *_ = jet(middle, l, 2)
    time = _hull(left * left, right * right) / 2 - middle * middle / 2
    largest = s.upper() * (time.abs_upper() / 4).exp()
    fourth = derivative_bound(4, largest, left)
    return s + time * s2 + time * time * fourth / 2 * arb(0, 1)


def _taylor(delta: arb, l: arb, order: int) -> list[arb]:
    """[S, ..., S_order] on a box, by the second-order Taylor formula along segments from its centre.

    With x the change of l and t that of delta^2/2, (d/ds)^n of S_k along the segment is (x d + t d^2)^n S_k.
    """
    centre_delta, centre_l = delta.mid(), l.mid()
    exact = delta.rad() == 0 and l.rad() == 0
    point = _signed_jet(centre_delta, centre_l, order + (0 if exact else 2))
    if exact:
        return point
    x, r = l - centre_l, l.rad()
    left, right = delta.abs_lower(), delta.abs_upper()
    t = _hull(left * left, right * right) / 2 - centre_delta * centre_delta / 2
    t_max = t.abs_upper()
    change = (r / 2 + t_max / 4).upper()
    largest = (point[0].upper() * change.exp()).upper().min(arb(1))
    if left > 1:
        largest = largest.min(((2 * arb.pi()).sqrt() / left).upper())
    bounds = [derivative_bound(k, largest, left) for k in range(order + 5)]
    values = []
    for k in range(order + 1):
        m = bounds[k:]
        rest = (r * r * m[2] + 2 * r * t_max * m[3] + t_max * t_max * m[4]) / 2
        value = point[k] + x * point[k + 1] + t * point[k + 2] + rest.upper() * arb(0, 1)
        values.append(_clip(value, m[0]))
    if not _is_thin(change):
        values[0] = values[0].intersection(s_on_box(delta, l))
    return values


def _clip(value: arb, bound: arb) -> arb:
    """value, known to be at most `bound` in absolute value."""
    return value if value.abs_upper() <= bound else value.intersection(bound * arb(0, 1))


def _signed_jet(delta: arb, l: arb, order: int) -> list[arb]:
    values = jet(delta, abs(l), order)
    return [-v if k % 2 and l < 0 else v for k, v in enumerate(values)]


def complex_derivative(k: int, delta: arb, l: acb) -> acb:
    """S_k on a complex ball of l: the value at its centre and a bound of S_(k+1).

    |sech^(n)((x + iy)/2)| <= C_n sech(x/2)/cos(y/2)^(n+1) for |y| < pi.
    """
    if not (delta.is_finite() and l.is_finite()):
        return COMPLEX_NAN
    if l.imag.is_zero():
        return acb(gate_s_derivative(k, delta, l.real))
    with extra_bits(GUARD):
        if not l.imag.abs_upper() < arb.pi():
            return COMPLEX_NAN
        centre = l.mid()
        value = jet(delta.mid(), centre, k)[k]
        slack = (l.imag.abs_upper() / 2).cos()
        size = s_on_box(delta, l.real).abs_upper()

        def bound(n: int) -> arb:
            result = size * strip_constant(n) / slack
            for _ in range(n):
                result /= slack
            return result.upper()

        radius = (l - centre).abs_upper() * bound(k + 1)
        if delta.rad() > 0:
            radius += delta.rad() * delta.abs_upper() * bound(k + 2)
        error = radius.upper() * arb(0, 1)
        return value + acb(error, error)
