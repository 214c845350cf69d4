"""The certified leg: search for a witness, branch and bound over stated boxes, enclosures at stated points."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sympy import Eq, Rational, Symbol

from symforget import prover
from symforget.claims import Claim, Evidence, Leg, Part, Verdict
from symforget.derivation import Conclusion, Context
from symforget.domain import Interval
from symforget.errors import InputError, PrecisionNotReached
from symforget.instances import GaussianPair, Instance
from symforget.legs.points import concrete, record, statement_witness

POINT_DIGITS = 15
"""Digits to which enclosures are compared, unless a check says otherwise: quadrature in balls is dear."""


@dataclass(frozen=True)
class Boxes:
    """Branch and bound over one compact box of the parameters.

    ``relations``: what is certified in the statement's place, if not itself, with ``by``: the rule that concludes the
    statement from them (for instance the comparison of solutions through their vector fields). ``seconds``: the most
    processor time, many times what a true statement should need: a verdict must not depend on the machine's other work.
    """

    box: Mapping[Symbol, Interval]
    instance: Instance | None = field(default_factory=GaussianPair)
    relations: tuple[Any, ...] = ()
    by: Conclusion | None = None
    max_boxes: int = 20_000
    seconds: float = 20.0

    def __post_init__(self) -> None:
        loose = [s for s, interval in self.box.items() if not interval.is_compact]
        if loose:
            raise InputError(f"branch and bound needs a compact box: {loose[0]} in {self.box[loose[0]]}")


@dataclass(frozen=True)
class Points:
    """Enclosures of both sides at exact points; equalities are supported to ``digits`` digits, never more."""

    points: tuple[Mapping[Symbol, Rational], ...]
    instance: Instance | None = None
    digits: int | None = None


def over(box: Mapping[Symbol, str], instance: Instance | None = None, **options: Any) -> Boxes:
    """A box from text: ``over({beta: "[1/100, 99/100]", delta: "[1/4, 12]"})``, on Gaussians unless said otherwise."""
    parsed = {s: Interval.parse(text) for s, text in box.items()}
    return Boxes(parsed, GaussianPair() if instance is None else instance, **options)


def at(*points: Mapping[Symbol, Any], instance: Instance | None = None, digits: int | None = None) -> Points:
    """Points from exact numbers or text: ``at({beta: "3/10", delta: 2})``."""
    return Points(tuple({s: Rational(v) for s, v in p.items()} for p in points), instance, digits)


def run(
    claim: Claim, part: Part, context: Context, digits: int, quick: bool, thorough: bool = False
) -> tuple[Evidence, ...]:
    """All certified evidence on one part: a refutation if a witness is found, else one item per check.

    ``quick``: boxes come first, where there is no derivation, and if all are certified the search for a witness is
    short. A statement whose derivation failed may be false outside its boxes.
    """
    by_boxes = part.symbolic is None and any(isinstance(check, Boxes) for check in part.certified)

    def checks() -> tuple[Evidence, ...]:
        return tuple(_run_check(claim, part, check, context, digits) for check in part.certified)

    found = checks() if quick and by_boxes else ()
    sure = bool(found) and all(e.verdict.holds for e in found)
    witness = statement_witness(claim, part.statement, thorough and not sure)
    if witness is not None:
        return (Evidence(Leg.CERTIFIED, Verdict.REFUTED, str(witness), part.name, witness=witness),)
    return found or checks()


def _run_check(claim: Claim, part: Part, check: Any, context: Context, digits: int) -> Evidence:
    if isinstance(check, Boxes):
        return _run_boxes(claim, part, check, context)
    return _run_points(part, check, check.digits or min(digits, POINT_DIGITS))


def _run_boxes(claim: Claim, part: Part, check: Boxes, context: Context) -> Evidence:
    where = ", ".join(f"{s} in {interval}" for s, interval in check.box.items())
    if check.by is not None:
        concluded = check.by.check(check.relations, part.statement, replace(context, box=check.box))
        if not concluded.ok:
            return Evidence(Leg.CERTIFIED, Verdict.UNDECIDED, f"{check.by.reason}: {concluded.detail}", part.name)
    relations = check.relations or (part.statement,)
    boxes = 0
    for relation in relations:
        outcome = _certify(relation, check)
        if isinstance(outcome, prover.Refuted):
            is_statement = relation is part.statement
            found = record(
                outcome.witness, relation, "statement" if is_statement else "certified relation", check.instance
            )
            return Evidence(Leg.CERTIFIED, Verdict.REFUTED, str(found), part.name, witness=found)
        if isinstance(outcome, prover.Undecided):
            return Evidence(
                Leg.CERTIFIED, Verdict.UNDECIDED, f"{where}: {outcome.reason}", part.name, boxes=outcome.boxes
            )
        boxes += outcome.boxes
    name = f" ({check.instance.name})" if check.instance is not None else ""
    return Evidence(Leg.CERTIFIED, Verdict.CERTIFIED, f"{where}{name}", part.name, boxes=boxes)


def _certify(relation: Any, check: Boxes) -> Any:
    made = concrete(relation, check.instance)
    box = {s: interval for s, interval in check.box.items() if s in made.free_symbols}
    loose = sorted(str(s) for s in made.free_symbols - box.keys())
    if loose:
        raise InputError(f"the certified box gives no interval for {loose[0]}")
    return prover.certify(made, box, check.max_boxes, check.seconds, search=False, clock=time.process_time)


def _run_points(part: Part, check: Points, digits: int) -> Evidence:
    made = concrete(part.statement, check.instance)
    reached = digits
    for point in check.points:
        try:
            comparison = prover.compare_at(made, point, digits)
        except PrecisionNotReached as error:
            return Evidence(Leg.CERTIFIED, Verdict.UNDECIDED, str(error), part.name)
        if comparison.truth is False and comparison.left is not None and comparison.right is not None:
            witness = prover.Witness(dict(point), comparison.left, comparison.right)
            found = record(witness, part.statement, "statement", None)
            return Evidence(Leg.CERTIFIED, Verdict.REFUTED, str(found), part.name, witness=found)
        if comparison.truth is None and not (isinstance(made, Eq) and comparison.digits >= digits - 1):
            where = ", ".join(f"{s} = {v}" for s, v in point.items())
            return Evidence(Leg.CERTIFIED, Verdict.UNDECIDED, f"not decided at {where}: {comparison.reason}", part.name)
        reached = reached if comparison.truth else min(reached, comparison.digits)
    if not isinstance(made, Eq) and not made.free_symbols:  # an inequality between two numbers, both enclosed
        return Evidence(Leg.CERTIFIED, Verdict.CERTIFIED, "between two numbers", part.name, digits=reached)
    noun = "enclosures agree" if isinstance(made, Eq) else "holds"
    detail = f"{noun} at {len(check.points)} points"
    return Evidence(Leg.CERTIFIED, Verdict.SUPPORTED, detail, part.name, digits=reached)
