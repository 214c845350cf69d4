"""docs/tables.md is what its script writes: no table in it was typed by hand or is out of date."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from symforget.tables import NAMES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.slow
def test_the_page_is_what_the_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("make_tables", DOCS / "make_tables.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written = script.page()
    assert (DOCS / "tables.md").read_text(encoding="utf-8") == written
    assert all(f"## {name}\n" in written for name in NAMES)
