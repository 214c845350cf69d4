"""The symbolic leg: every step of a derivation checked by its rule, and every step's truth tested at points.

A step whose rule accepts it is exact. Each is also compared in ball arithmetic at a few points: a false step gets a
witness there, and a rule that accepts a step the balls refute is a defect of the rule, reported as an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sympy import latex
from sympy.core.relational import Relational

from symforget.claims import Claim, Evidence, Leg, Part, StepResult, Verdict, WitnessRecord, weakest
from symforget.derivation import RELATIONS, Chain, Checked, Context, Derivation, as_text, check_step, closes
from symforget.errors import LemmaUnavailable, TimeLimit
from symforget.legs.points import step_witness
from symforget.timelimit import time_limit

STEP_SECONDS = 20.0


def run(claim: Claim, part: Part, context: Context, spot: bool = True) -> Evidence:
    """Check the part's derivation; `proved` if every step is accepted and the chains give the statement.

    ``spot``: whether steps their rule accepted are compared in balls too.
    """
    steps = tuple(_judge(claim, part, context, spot))
    verdict = weakest(s.verdict for s in steps)
    if verdict is Verdict.PROVED:
        return Evidence(Leg.SYMBOLIC, Verdict.PROVED, f"{sum(s.relation != '' for s in steps)} steps", part.name)
    worst = next(s for s in steps if s.verdict is verdict)
    return Evidence(Leg.SYMBOLIC, verdict, worst.detail, part.name, witness=worst.witness)


def check_derivation(claim: Claim, part: Part, context: Context, spot: bool = True) -> tuple[StepResult, ...]:
    """Every step of the derivation with its verdict, and last the closing of the chains on the statement, for print."""
    return tuple(s.printed() for s in _judge(claim, part, context, spot))


@dataclass(frozen=True)
class _Judged:
    """A line of a derivation and its verdict; printing it in two notations is left to those who want to read it."""

    relation: str
    expression: Any
    reason: str
    verdict: Verdict
    detail: str = ""
    witness: WitnessRecord | None = None

    def printed(self) -> StepResult:
        return StepResult(
            self.relation,
            as_text(self.expression) if isinstance(self.expression, Relational) else str(self.expression),
            latex(self.expression, symbol_names=words_upright(self.expression)),
            self.reason,
            self.verdict,
            self.detail,
            self.witness,
        )


def words_upright(expression: Any) -> dict[Any, str]:
    """LaTeX for the symbols whose names are words: set like a function's name, and not like a product of letters."""
    names = {s: latex(s) for s in getattr(expression, "free_symbols", ())}
    return {s: rf"\mathrm{{{name}}}" for s, name in names.items() if re.fullmatch("[A-Za-z]{2,}", name)}


def _judge(claim: Claim, part: Part, context: Context, spot: bool) -> Iterator[_Judged]:
    derivation: Derivation = part.symbolic
    number = 0
    for chain in derivation.chains:
        yield _Judged("", chain.start, "start", Verdict.PROVED)
        yield from _check_chain(claim, chain, context, number + 2, spot)
        number += 1 + len(chain.steps)
    yield _check_closing(derivation, part, context)


def _check_chain(claim: Claim, chain: Chain, context: Context, first: int, spot: bool) -> Iterator[_Judged]:
    before = chain.start
    for number, step in enumerate(chain.steps, start=first):
        cited: list[str] = []
        watched = replace(context, lemma=_watch(context.lemma, cited))
        checked = guarded(lambda b=before, s=step, c=watched: check_step(b, s, c))
        relation = RELATIONS[step.relation](before, step.expression, evaluate=False)
        where = f"step {number} of the derivation ({step.rule.reason})"
        witness = step_witness(claim, relation, where, checked.ok) if spot or not checked.ok else None
        verdict, detail = _step_verdict(checked, witness, where, cited)
        yield _Judged(step.relation, step.expression, step.rule.reason, verdict, detail, witness)
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


def _check_closing(derivation: Derivation, part: Part, context: Context) -> _Judged:
    closing = guarded(lambda: closes(derivation, part.statement, context))
    reason = derivation.conclusion.reason if derivation.conclusion else "this is the statement"
    verdict = Verdict.PROVED if closing.ok else Verdict.UNDECIDED
    return _Judged("", part.statement, reason, verdict, closing.detail)


def guarded(check: Any) -> Checked:
    """A rule's answer within its time limit; what SymPy cannot do counts as not shown."""
    try:
        with time_limit(STEP_SECONDS, "the check of this step"):
            return check()
    except (TimeLimit, LemmaUnavailable) as error:
        return Checked(False, str(error))
    except (ArithmeticError, AttributeError, NotImplementedError, TypeError, ValueError) as error:
        return Checked(False, f"SymPy could not check it: {type(error).__name__}: {error}")
