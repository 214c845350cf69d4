"""How results reach the screen: its width, and coloured text where colours are understood."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

NARROWEST, WIDEST = 40, 200
WIDTH_OF_A_PIPE = 120


def width() -> int:
    """Columns to wrap at: ``COLUMNS``, or the terminal's within reason, or 120 where there is no terminal."""
    columns = shutil.get_terminal_size((WIDTH_OF_A_PIPE, 24)).columns
    return min(max(columns, NARROWEST), WIDEST)


def show(text: Text) -> None:
    """Print text that is wrapped already; colours and other control characters go to terminals only."""
    from rich.console import Console

    Console(file=sys.stdout, highlight=False).print(text, soft_wrap=True)
