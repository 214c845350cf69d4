"""Which method computes S and its derivatives at one point."""

from __future__ import annotations

from flint import acb, arb

from symforget.gate.reference import integral


def jet(delta: arb, l: arb, order: int) -> list[arb]:
    """[S, S_1, ..., S_order] at delta >= 0 and real l, thin balls."""
    return [integral(delta, l, k) for k in range(order + 1)]


def complex_jet(delta: arb, l: acb, order: int) -> list[acb]:
    """The same at complex l with |Im l| < pi."""
    return [integral(delta, l, k) for k in range(order + 1)]
