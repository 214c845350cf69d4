"""SymPy numbers to balls and back: how `evalf` of a gate function gets digits that are right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flint import acb, arb, ctx, fmpz
from mpmath.libmp import from_man_exp
from sympy import Expr, Float, I

from symforget.errors import PrecisionNotReached

_EXTRA_BITS = (16, 64, 256, 1024, 4096)


def to_ball(value: Expr, bits: int) -> arb | acb:
    """A ball round a SymPy number, to `bits` bits; Floats count as exact.

    What is neither rational nor Float comes from SymPy's own `evalf`, whose error is not certified: a relative
    2^(2 - bits) is allowed for it.
    """
    if value.is_Rational or value.is_Float:
        return _exact(value)
    real, imaginary = value.evalf(bits * 0.30103 + 3).as_real_imag()
    if imaginary == 0:
        return _rounded(real, bits)
    return acb(_rounded(real, bits), _rounded(imaginary, bits))


def _rounded(value: Expr, bits: int) -> arb:
    ball = _exact(value)
    return arb(ball, abs(ball) * arb(2) ** (2 - bits))


def _exact(value: Expr) -> arb:
    if value.is_Rational:
        return arb(int(value.p)) / int(value.q)  # type: ignore[attr-defined]
    if not value.is_Float:
        raise PrecisionNotReached(f"{value} has no numerical value")
    sign, mantissa, exponent, _ = value._mpf_  # type: ignore[attr-defined]
    return arb((fmpz(-int(mantissa) if sign else int(mantissa)), fmpz(exponent)))


def to_float(ball: arb, bits: int) -> Float:
    """The midpoint of a ball as a SymPy Float."""
    mantissa, exponent = ball.mid().man_exp()
    return Float._new(from_man_exp(int(mantissa), int(exponent), bits, "n"), bits)


def evalf_by_balls(function: Callable[..., Any], args: Sequence[Expr], bits: int) -> Expr:
    """`function(*args)` with `bits` correct bits; raises PrecisionNotReached when no precision suffices.

    SymPy's own `evalf` supplies irrational arguments.
    """
    old = ctx.prec
    try:
        for extra in _EXTRA_BITS:
            ctx.prec = bits + extra
            value = function(*(to_ball(a, ctx.prec) for a in args))
            parts = [value] if isinstance(value, arb) else [value.real, value.imag]
            if not all(p.is_finite() for p in parts):
                break
            if all(p.is_zero() or p.rel_accuracy_bits() >= bits for p in parts):
                floats = [to_float(p, bits) for p in parts]
                return floats[0] if len(floats) == 1 else floats[0] + I * floats[1]
    finally:
        ctx.prec = old
    name = getattr(function, "__qualname__", "function").split(".")[0]
    raise PrecisionNotReached(
        f"{name}{tuple(args)}: {bits} bits not reached; give the arguments exactly or ask for fewer digits"
    )
