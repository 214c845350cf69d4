"""The overlap gate of two Gaussian modes; this file decides only which names are public."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symforget.gate.symbolic import (
        gate,
        gate_s,
        gate_s_derivative,
        information,
        misassignment_new,
        misassignment_old,
    )

__all__ = [
    "gate",
    "gate_s",
    "gate_s_derivative",
    "information",
    "misassignment_new",
    "misassignment_old",
]


def __getattr__(name: str) -> Any:
    """Import `symbolic` (hence SymPy) only when one of its names is asked for."""
    if name in __all__:
        return getattr(import_module("symforget.gate.symbolic"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
