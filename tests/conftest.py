"""What holds for all tests."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import symforget.collect as collecting


@pytest.fixture(scope="session", autouse=True)
def shipped_files_are_read_once() -> Iterator[None]:
    """Almost every command reads all shipped derivation files, which no test changes; any other file is read anew."""
    read, shipped = collecting._read, frozenset(collecting.shipped_files())
    remembered = cache(read)

    def once(path: Path) -> list[collecting.Entry]:
        return remembered(path) if path in shipped else read(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collecting, "_read", once)
        yield
