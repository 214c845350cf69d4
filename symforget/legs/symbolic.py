"""The symbolic leg: every step of a derivation checked by its rule, and every step's truth tested at points.

A step whose rule accepts it is exact. Each is also compared in ball arithmetic at a few points: a false step gets a
witness there, and a rule that accepts a step the balls refute is a defect of the rule, reported as an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sympy import latex

from symforget.claims import Claim, Evidence, Leg, Part, StepResult, Verdict, WitnessRecord, weakest
from symforget.derivation import RELATIONS, Chain, Checked, Context, Derivation, as_text, closes
from symforget.errors import LemmaUnavailable, TimeLimit
from symforget.legs.points import step_witness
from symforget.timelimit import time_limit

STEP_SECONDS = 20.0


def run(claim: Claim, part: Part, context: Context, spot: bool = True) -> Evidence:
    """Check the part's derivation; `proved` if every step is accepted and the chains give the statement.

    ``spot``: whether steps their rule accepted are compared in balls too.
    """
    steps = check_derivation(claim, part, context, spot)
    verdict = weakest(s.verdict for s in steps)
    failed = next((s for s in steps if s.verdict is not Verdict.PROVED), None)
    if failed is None:
        return Evidence(Leg.SYMBOLIC, Verdict.PROVED, f"{sum(s.relation != '' for s in steps)} steps", part.name)
    worst = next(s for s in steps if s.verdict is verdict)
    return Evidence(Leg.SYMBOLIC, verdict, worst.detail, part.name, witness=worst.witness)


def check_derivation(claim: Claim, part: Part, context: Context, spot: bool = True) -> tuple[StepResult, ...]:
    """Every step of the derivation with its verdict, and last the closing of the chains on the statement."""
    derivation: Derivation = part.symbolic
    results: list[StepResult] = []
    for chain in derivation.chains:
        results.append(StepResult("", str(chain.start), latex(chain.start), "start", Verdict.PROVED))
        results.extend(_check_chain(claim, chain, context, len(results) + 1, spot))
    results.append(_check_closing(derivation, part, context))
    return tuple(results)


def _check_chain(claim: Claim, chain: Chain, context: Context, first: int, spot: bool) -> Iterator[StepResult]:
    before = chain.start
    for number, step in enumerate(chain.steps, start=first):
        cited: list[str] = []
        watched = replace(context, lemma=_watch(context.lemma, cited))
        checked = guarded(lambda b=before, s=step, c=watched: s.rule.check(b, s.relation, s.expression, c))
        relation = RELATIONS[step.relation](before, step.expression, evaluate=False)
        where = f"step {number} of the derivation ({step.rule.reason})"
        witness = step_witness(claim, relation, where, checked.ok) if spot or not checked.ok else None
        verdict, detail = _step_verdict(checked, witness, where, cited)
        yield StepResult(
            step.relation, str(step.expression), latex(step.expression), step.rule.reason, verdict, detail, witness
        )
        before = step.expression


def _watch(lemma: Callable[[str, str], Any], cited: list[str]) -> Callable[[str, str], Any]:
    """The lemmas, noting which are used."""

    def watched(claim_id: str, part: str) -> Any:
        cited.append(claim_id)
        return lemma(claim_id, part)

    return watched


def _step_verdict(checked: Checked, witness: WitnessRecord | None, where: str, cited: list[str]) -> tuple[Verdict, str]:
    """A false step is refuted; if a rule accepted it without leaning on another statement, the rule is wrong."""
    if checked.ok and witness is not None and not cited:
        return Verdict.ERROR, f"{where} was accepted by its rule, but {witness}"
    if witness is not None:
        return Verdict.REFUTED, str(witness)
    if not checked.ok:
        return Verdict.UNDECIDED, f"{where}: {checked.detail}"
    return Verdict.PROVED, ""


def _check_closing(derivation: Derivation, part: Part, context: Context) -> StepResult:
    closing = guarded(lambda: closes(derivation, part.statement, context))
    reason = derivation.conclusion.reason if derivation.conclusion else "this is the statement"
    verdict = Verdict.PROVED if closing.ok else Verdict.UNDECIDED
    return StepResult("", as_text(part.statement), latex(part.statement), reason, verdict, closing.detail)


def guarded(check: Any) -> Checked:
    """A rule's answer within its time limit; what SymPy cannot do counts as not shown."""
    try:
        with time_limit(STEP_SECONDS, "the check of this step"):
            return check()
    except (TimeLimit, LemmaUnavailable) as error:
        return Checked(False, str(error))
    except (ArithmeticError, AttributeError, NotImplementedError, TypeError, ValueError) as error:
        return Checked(False, f"SymPy could not check it: {type(error).__name__}: {error}")
