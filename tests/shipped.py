"""The shipped claims, read, built and measured once for all tests: a library keeps every claim it has built."""

from __future__ import annotations

from functools import cache

from symforget.claims import Evidence
from symforget.collect import Library, collect
from symforget.legs import numeric


@cache
def library() -> Library:
    return collect()[0]


def shipped(*groups: str) -> tuple[Library, tuple[str, ...]]:
    """The library, and the IDs of these groups' claims in file order; all claims by default."""
    ids = library().ids
    return library(), tuple(i for i in ids if not groups or i.split("/")[0] in groups)


@cache
def numeric_evidence(claim_id: str, digits: int) -> tuple[Evidence, ...]:
    """What the numeric leg finds for all parts of a claim."""
    claim = library().claim(claim_id)
    return tuple(e for part in claim.parts for e in numeric.run(claim, part, digits))
