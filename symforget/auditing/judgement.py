"""The verdict on one mutant, from what refutes it, what shows it true, and what would accept it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sympy import Limit

from symforget.auditing.acceptance import accepted_by_rules, certified_though_false
from symforget.auditing.limits import follows_as_a_limit, limit_witness
from symforget.auditing.objections import names_what_can_be_run, objection
from symforget.auditing.truth import certified_on_a_box, implied
from symforget.auditing.witnesses import is_a_statement, long_witness, spot_witness, undefined_witness
from symforget.claims import Claim, Part, WitnessRecord
from symforget.derivation import Context, as_text
from symforget.mutate import Mutant


class Outcome(StrEnum):
    """What became of a mutant; the value is the name in JSON and in tables."""

    REFUTED = "refuted"
    STILL_TRUE = "still true"
    CERTIFIED = "true on a box"
    MEANINGLESS = "no statement"
    OBJECTED = "objected to"
    UNDECIDED = "undecided"
    WRONGLY_ACCEPTED = "wrongly accepted"


@dataclass(frozen=True)
class Judgement:
    """One mutant of one part of a claim. ``how``: what shows it true, objects to it, or accepted it wrongly."""

    claim: str
    part: str
    edit: str
    statement: str
    outcome: Outcome
    how: str = ""
    witness: WitnessRecord | None = None
    seconds: float = 0.0


def judge(claim: Claim, part: Part, mutant: Mutant, context: Context) -> Judgement:
    """Judge one mutant. A mutant that some leg accepts while a witness is known is wrongly accepted."""
    started = time.perf_counter()
    outcome, how, witness = _judged(claim, part, mutant.relation, context)
    return Judgement(
        claim.id,
        part.name,
        mutant.description,
        as_text(mutant.relation),
        outcome,
        how,
        witness,
        time.perf_counter() - started,
    )


def _judged(claim: Claim, part: Part, mutant: Any, context: Context) -> tuple[Outcome, str, WitnessRecord | None]:
    of_limit = part.statement.has(Limit)
    if not names_what_can_be_run(mutant):
        return Outcome.MEANINGLESS, "", None
    if not is_a_statement(mutant) and not accepted_by_rules(part, mutant, context):
        return Outcome.MEANINGLESS, "", None
    witness = limit_witness(claim, part.statement, mutant) if of_limit else spot_witness(claim, mutant)
    rule = accepted_by_rules(part, mutant, context)
    if witness is None:
        shown = follows_as_a_limit(part.statement, mutant, claim.domain) if of_limit else ""
        shown = shown or implied(part.statement, mutant, claim.domain)
        if shown and not rule:
            return Outcome.STILL_TRUE, shown, None
        if not of_limit:
            witness = undefined_witness(claim, mutant) or long_witness(claim, mutant)
        if witness is None and (rule or shown):
            return Outcome.STILL_TRUE, shown or f"proved: {rule}", None
    if witness is None:
        return _without_witness(claim, part, mutant, of_limit)
    if rule:
        return Outcome.WRONGLY_ACCEPTED, f"proved by the rule: {rule}", witness
    inside = None if of_limit else certified_though_false(part, mutant, context)
    if inside is not None:
        return Outcome.WRONGLY_ACCEPTED, "certified by branch and bound", inside
    return Outcome.REFUTED, "", witness


def _without_witness(
    claim: Claim, part: Part, mutant: Any, of_limit: bool
) -> tuple[Outcome, str, WitnessRecord | None]:
    box = "" if of_limit else certified_on_a_box(claim, part, mutant)
    if box:
        return Outcome.CERTIFIED, box, None
    against = objection(claim, part, mutant)
    return (Outcome.OBJECTED, against, None) if against else (Outcome.UNDECIDED, "", None)
