"""Whether symforget itself would accept a mutant: by the rules of its claim's derivation, or by branch and bound.

A derivation proves the statement it ends in, so the mutant is put where the statement stands in it: the changed side
takes the place of the chain's start or end, a reversed relation reverses every step. What the rules then accept they
would have accepted from an author who made that slip throughout.
"""

from __future__ import annotations

from typing import Any

from symforget import prover
from symforget.auditing.truth import is_certified
from symforget.auditing.witnesses import FAILURES
from symforget.claims import Part, WitnessRecord
from symforget.derivation import Chain, Context, Derivation, Step, check_step
from symforget.legs.certified import Boxes
from symforget.legs.points import concrete, record
from symforget.timelimit import time_limit

RULE_SECONDS = 4.0
SEARCH_TRIES, SEARCH_SECONDS = 60, 5.0

_TURNED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "=": "="}


def accepted_by_rules(part: Part, mutant: Any, context: Context) -> str:
    """The rule by which the mutated derivation goes through; "" if a rule refuses it or there is no derivation."""
    derivation: Derivation | None = part.symbolic
    if derivation is None:
        return ""
    if derivation.conclusion is not None:
        premises = tuple(chain.proved for chain in derivation.chains)
        conclusion = derivation.conclusion
        return conclusion.reason if _ok(lambda: conclusion.check(premises, mutant, context)) else ""
    return _redirected(derivation.chain, part.statement, mutant, context)


def _redirected(chain: Chain, statement: Any, mutant: Any, context: Context) -> str:
    """The chain led to the mutant instead: accepted if every step that had to change is."""
    mirrored = chain.start != statement.lhs and chain.end != statement.rhs
    if type(mutant) is not type(statement):
        changed = [(b, Step(_TURNED[s.relation], s.expression, s.rule)) for b, s in _pairs(chain)]
    elif (mutant.lhs != statement.lhs) is not mirrored:
        start = mutant.rhs if mirrored else mutant.lhs
        changed = [(start, step) for _, step in _pairs(chain)[:1]]
    else:
        end = mutant.lhs if mirrored else mutant.rhs
        changed = [(before, Step(step.relation, end, step.rule)) for before, step in _pairs(chain)[-1:]]
    if not changed:
        return ""
    for before, step in changed:
        if not _ok(lambda b=before, s=step: check_step(b, s, context)):
            return ""
    return changed[-1][1].rule.reason


def _pairs(chain: Chain) -> list[tuple[Any, Step]]:
    befores = [chain.start, *(s.expression for s in chain.steps)]
    return list(zip(befores, chain.steps, strict=False))


def _ok(check: Any) -> bool:
    try:
        with time_limit(RULE_SECONDS, "the check of a mutant"):
            return bool(check().ok)
    except (*FAILURES, AttributeError, RecursionError):
        return False


def certified_though_false(part: Part, mutant: Any, context: Context) -> WitnessRecord | None:
    """A counterexample inside a box of the part on which branch and bound certifies the mutant nevertheless."""
    for check in part.certified:
        if not isinstance(check, Boxes):
            continue
        if check.by is not None:
            by, relations = check.by, check.relations
            if _ok(lambda b=by, r=relations: b.check(r, mutant, context)):
                return _in_box(mutant, check, within=False)
            continue
        found = _in_box(mutant, check, within=True)
        if found is not None:
            return found
    return None


def _in_box(mutant: Any, check: Boxes, within: bool) -> WitnessRecord | None:
    try:
        with time_limit(3 * SEARCH_SECONDS, "certifying a mutant"):
            if within and not is_certified(mutant, check.instance, check.box):
                return None
            made = concrete(mutant, check.instance)
            box = {s: i for s, i in check.box.items() if s in made.free_symbols}
            found = prover.find_witness(made, box, SEARCH_TRIES, SEARCH_SECONDS)
    except FAILURES:
        return None
    return None if found is None else record(found, mutant, "statement", check.instance)
