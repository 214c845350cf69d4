"""What simulation says against a mutant that no certified route decides: an objection, never a refutation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symforget.claims import Claim, Part, Verdict
from symforget.legs import simulation
from symforget.legs.simulation import MedianOverRuns

SEED = 0


def names_what_can_be_run(relation: Any) -> bool:
    """Whether every simulated quantity of the relation exists: an edit may have made a number that names nothing."""
    return all(median.exists for median in relation.atoms(MedianOverRuns))


def objection(claim: Claim, part: Part, mutant: Any) -> str:
    """What the runs that the mutant itself speaks of say against it, at the level of the simulation leg; "" if nothing.

    Only medians over runs: what is run is read off the statement. The other experiments estimate what the original
    states, whatever the mutant says.
    """
    if not mutant.has(MedianOverRuns):
        return ""
    try:
        found = simulation.run(claim, replace(part, statement=mutant), SEED, quick=False)
    except ValueError:  # not of the form that the test is made for
        return ""
    return next((e.detail for e in found if e.verdict is Verdict.UNDECIDED and "DISAGREEMENT" in e.detail), "")
