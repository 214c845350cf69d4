"""Which method computes S and its derivatives at one point, and with how many guard bits."""

from __future__ import annotations

import math
from typing import Any

from flint import acb, arb, ctx

from symforget.gate import theta, trapezoid
from symforget.gate.reference import log_lower_bound, sech_derivative
from symforget.gate.variable import Variable

_LOG2 = math.log(2)
# Outside these the other methods are shorter at any precision of interest, and their costs not worth comparing.
_NARROW_BELOW, _WIDE_ABOVE = 1.5, 3.0
_LARGEST_DELTA, _LARGEST_L = 1e9, 1e15


_REMEMBERED = 8192
_remembered: dict[tuple[Any, ...], list[Any]] = {}


def jet(delta: arb, l: arb | acb, order: int) -> list[Any]:
    """[S, S_1, ..., S_order] at an exact delta >= 0 and exact l, real or complex with |Im l| < pi.

    Relative accuracy about `ctx.prec` bits for S, and for S_k relative to the bound c_k S. Non-finite balls
    for delta > 1e9 or |l| > 1e15. The latest real values are remembered: neighbouring boxes share their corners.
    """
    if isinstance(l, acb) or not (delta.is_exact() and l.is_exact()):
        return _jet(delta, l, order)
    key = (delta.man_exp(), l.man_exp(), order, ctx.prec)
    if key not in _remembered:
        if len(_remembered) >= _REMEMBERED:
            _remembered.clear()
        _remembered[key] = _jet(delta, l, order)
    return list(_remembered[key])


def _jet(delta: arb, l: arb | acb, order: int) -> list[Any]:
    if delta == 0:
        return _at_zero(l, order)
    variable = Variable(l, order)
    # A delta below the range of doubles may be taken larger in the error bounds, which grow with it.
    d = max(float(delta), 1e-150)
    if not (d <= _LARGEST_DELTA and variable.real <= _LARGEST_L):
        return [acb(arb.nan(), arb.nan()) if variable.complex else arb.nan()] * (order + 1)
    log_s = log_lower_bound(d, variable.real)
    nats = (ctx.prec + 4) * _LOG2
    old = ctx.prec
    try:
        ctx.prec = old + _guard_bits(d, variable, nats)
        return _method(delta, d, variable, nats, log_s)
    finally:
        ctx.prec = old


def _method(delta: arb, d: float, l: Variable, nats: float, log_s: float) -> list[Any]:
    theta_cost = theta.cost(d, nats)
    narrow_cost = trapezoid.narrow_cost(d, l, nats) if d < _NARROW_BELOW else math.inf
    wide_cost = trapezoid.wide_cost(nats) if d > _WIDE_ABOVE else math.inf
    if l.real > d * d / 2:
        residues = trapezoid.crossings(d, l, nats, log_s)
        if residues and residues < min(theta_cost, narrow_cost, wide_cost):
            return trapezoid.crossed(delta, l, residues)
    if theta_cost <= narrow_cost and theta_cost <= wide_cost:
        return theta.derivatives(delta, l, nats, log_s)
    if narrow_cost <= wide_cost:
        return trapezoid.narrow(delta, l, nats)
    return trapezoid.wide(delta, l, nats, log_s)


def _guard_bits(d: float, l: Variable, nats: float) -> int:
    """Bits for rounding: recurrences of n terms lose about 2 log2 n, exponentials the size of their arguments."""
    exponents = 1 + l.real + d * d + l.real / (d * d) if d > 0.1 else 1 + l.real
    return 14 + int(exponents).bit_length() + int(nats).bit_length() + 2 * int(1 + d).bit_length()


def _at_zero(l: arb | acb, order: int) -> list[Any]:
    values = [sech_derivative(k, acb(l)) for k in range(order + 1)]
    return values if isinstance(l, acb) else [v.real for v in values]
