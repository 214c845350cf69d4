"""The shipped claims, read and built once for all tests: a library keeps every claim it has built."""

from __future__ import annotations

from functools import cache

from symforget.collect import Library, collect


@cache
def library() -> Library:
    return collect()[0]


def shipped(*groups: str) -> tuple[Library, tuple[str, ...]]:
    """The library, and the IDs of these groups' claims in file order; all claims by default."""
    ids = library().ids
    return library(), tuple(i for i in ids if not groups or i.split("/")[0] in groups)
