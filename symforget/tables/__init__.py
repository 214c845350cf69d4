"""Tables a paper can print, every digit certified; this file decides only which names are public."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symforget.tables.build import Table, table
    from symforget.tables.catalogue import NAMES

__all__ = ["NAMES", "Table", "table"]

_HOMES = {"NAMES": "symforget.tables.catalogue", "Table": "symforget.tables.build", "table": "symforget.tables.build"}


def __getattr__(name: str) -> Any:
    """Import SymPy and FLINT only when one of the names is asked for."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
