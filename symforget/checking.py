"""The examination of one relation of a reader's: what settles it, within limits of time and work.

The order is fixed: a certified counterexample is looked for first, then an exact proof, then branch and bound
on the whole domain or, failing that, on compact parts of it, then enclosures at sample points.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import sympy
from sympy import Dummy, Eq, Integer, Rational, Symbol
from sympy.core.relational import Relational

from symforget import prover
from symforget.claims import Evidence, Leg, Verdict, WitnessRecord
from symforget.domain import Interval
from symforget.errors import InputError, PrecisionNotReached, SymforgetError, TimeLimit
from symforget.functions import normal
from symforget.limits import carry_out_limits
from symforget.proofs import defined_everywhere, prove
from symforget.timelimit import time_limit
from symforget.trees import evaluated, replaced
from symforget.wellposed import undefined_point
from symforget.witness import candidates, witness_at

Domain = Mapping[Symbol, Interval]

SAMPLES = 10
WITNESS_TRIES = 300
PROOF_SHARE, PROOF_SECONDS = 0.35, 6.0
"""The search for a proof ends after that share of the time left, and after so many seconds: later ones find nothing."""
REGION_SECONDS = 4.0
"""For branch and bound on one region where smaller ones are to be tried as well."""
SHORTEST = 0.1
"""Seconds that a stage is given even where no time is left."""
NEAR = Rational(1, 2**20)
"""How far around a single number the body of a derivative at it is looked at."""
ENOUGH_DIGITS = 10
DEEP_DIGITS, DEEP_POINTS = 400, 3
_SIGNS = {"Equality": "==", "Unequality": "!=", "LessThan": "<=", "StrictLessThan": "<"}
_SIGNS |= {"GreaterThan": ">=", "StrictGreaterThan": ">"}

#: Compact parts of a domain without its open ends: a finite open end is moved inwards by the first number (a
#: share of the width, where that is finite), an infinite one is cut at the second.
_PARTS = ((Rational(1, 1000), 100), (Rational(1, 100), 20), (Rational(1, 20), 8), (Rational(1, 8), 4))


@dataclass(frozen=True)
class Limits:
    """How much may be spent on one relation. ``digits``: digits to which equalities are compared."""

    seconds: float = 20.0
    digits: int = 30
    max_boxes: int = 20_000
    legs: frozenset[Leg] = frozenset(Leg)

    def __post_init__(self) -> None:
        bounds = (
            ("seconds", "timeout", SHORTEST, 10**6),
            ("digits", "digits", 1, 1000),
            ("max_boxes", "max-boxes", 1, 10**9),
        )
        for name, option, low, high in bounds:
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"--{option} must be between {low} and {high}, got {value}")


def examine(relation: Relational, domain: Domain, limits: Limits) -> Iterator[Evidence]:
    """Examine a relation as written; evidence is yielded as soon as it is found."""
    return _Examination(relation, domain, limits).run()


def as_text(relation: Relational) -> str:
    """A relation in the claims language's own signs."""
    return f"{relation.lhs} {_SIGNS[type(relation).__name__]} {relation.rhs}"


def where(domain: Domain) -> str:
    """A region in words."""
    return ", ".join(f"{s} in {interval}" for s, interval in domain.items())


class _Examination:
    def __init__(self, relation: Relational, domain: Domain, limits: Limits) -> None:
        # An interval of one number is that number: arguments from continuity in it would speak of no point.
        self.numbers = {s: i.lower for s, i in domain.items() if i.lower == i.upper}
        self.stated, self.stated_on = relation, domain
        self.relation: Relational = relation
        self.domain, self.limits = {s: i for s, i in domain.items() if s not in self.numbers}, limits
        self.started = time.monotonic()
        self.note = ""

    def left(self) -> float:
        """Seconds that remain, a little less than the hard limit leaves."""
        return self.limits.seconds - 0.3 - (time.monotonic() - self.started)

    def share(self, parts: float) -> float:
        """Seconds for a stage that may take one of so many parts of what remains; a stage may have overrun its own."""
        return max(self.left() / parts, SHORTEST)

    def run(self) -> Iterator[Evidence]:
        """All evidence. Every stage keeps its own time limit; one that does not is for the caller to kill."""
        try:
            yield from self.stages()
        except TimeLimit as stopped:
            yield self.evidence(Leg.CERTIFIED, Verdict.UNDECIDED, str(stopped))
        except (InputError, PrecisionNotReached, NotImplementedError) as error:
            yield self.evidence(Leg.CERTIFIED, Verdict.UNDECIDED, str(error))
        except (ValueError, TypeError) as error:  # SymPy's, where a part of the statement has no value: Max(I, x)
            yield self.without_value(error)

    def stages(self) -> Iterator[Evidence]:
        doubt = self.doubt_about_derivatives()
        if doubt and (self.differentiated_at or _derives_integrals(self.stated)):
            yield self.undefined() or self.evidence(Leg.SYMBOLIC, Verdict.UNDECIDED, doubt)
            return
        with time_limit(self.share(3), "carrying out derivatives"):
            self.relation = replaced(derivatives_carried_out(self.stated), self.numbers.get)
        if self.relation.has(sympy.Limit):
            done = carry_out_limits(self.relation, self.domain, self.share(2))
            if done.relation is None:
                yield self.evidence(Leg.SYMBOLIC, Verdict.UNDECIDED, done.detail)
                return
            if done.depends_on_parameters:
                doubt = doubt or "a limit was found for parameters in general, which may have exceptions"
            self.relation, self.note = done.relation, done.detail
        refuted = self.counterexample()
        if refuted is not None:
            yield self.confirmed(refuted)
            return
        undefined = self.undefined()
        if undefined is not None:
            yield undefined
            return
        with time_limit(self.share(2), "enclosing both sides at sample points"):
            sampled = self.sampled()
        if sampled.verdict is Verdict.REFUTED:
            yield self.confirmed(sampled)
            return
        if Leg.CERTIFIED in self.limits.legs or isinstance(self.relation, Eq):
            yield sampled
        if doubt:
            yield self.evidence(Leg.SYMBOLIC, Verdict.UNDECIDED, doubt)
            return
        proved = False
        if Leg.SYMBOLIC in self.limits.legs:
            proof = self.symbolic(sampled)
            proved = proof.verdict is Verdict.PROVED
            yield proof
        if isinstance(self.relation, Eq) and not proved and sampled.verdict.holds:
            refuted = self.deep_counterexample()
            if refuted is not None:
                yield refuted
        settled = proved or isinstance(self.relation, Eq) or not self.domain
        if Leg.CERTIFIED in self.limits.legs and not settled:
            yield from self.branch_and_bound()

    @cached_property
    def differentiated_at(self) -> set[Symbol]:
        """The symbols in which something is differentiated, and which stand for one number each."""
        return {s for e in self.stated.atoms(sympy.Derivative) for s in e.variables}.intersection(self.numbers)

    def doubt_about_derivatives(self) -> str:
        """Why derivatives as SymPy carries them out might not be those of the functions stated; "" if they are."""
        if not self.stated.has(sympy.Derivative):
            return ""
        if any(e.has(*self.differentiated_at) for e in self.stated.atoms(sympy.Limit)):
            return "a derivative at a single number is not treated beside a limit that depends on it"
        if defined_everywhere(*self.near_numbers(), self.share(4)):
            return ""
        if _derives_integrals(self.stated):
            return "it was not shown that the integral may be differentiated under the sign on the whole domain"
        return "what is differentiated was not shown to be defined, without a kink, on the whole domain"

    def near_numbers(self) -> tuple[Relational, Domain]:
        """The statement with its single numbers put in, save in derivatives: these are of functions near the number."""
        near = {s: Dummy(s.name, real=True) for s in self.differentiated_at}
        inside = {**self.numbers, **near}
        around = {near[s]: _neighbourhood(self.numbers[s]) for s in near}

        def put_in(e: Any) -> Any:
            return replaced(e, inside.get) if isinstance(e, sympy.Derivative) else self.numbers.get(e)

        return replaced(self.stated, put_in), {**self.domain, **around}

    def confirmed(self, refutation: Evidence) -> Evidence:
        """The refutation, unless it rests on a limit that is another one at the point of the witness."""
        if self.limits_confirm(refutation):
            return refutation
        return self.evidence(Leg.CERTIFIED, Verdict.UNDECIDED, "a limit is another one at single parameter values")

    def limits_confirm(self, refutation: Evidence) -> bool:
        """Whether limits that were found for parameters in general are the same at the point of the witness."""
        if not self.stated.has(sympy.Limit) or refutation.witness is None:
            return True
        point = self.numbers | {s: Rational(refutation.witness.point[s.name]) for s in self.domain}
        carried_out = derivatives_carried_out(self.stated)
        if carried_out.has(sympy.Derivative):
            return False
        done = carry_out_limits(replaced(carried_out, lambda e: point.get(e)), {}, self.share(2))
        return done.relation is not None and witness_at(done.relation, {}) is not None

    def undefined(self) -> Evidence | None:
        """A point of the domain at which the statement makes no sense: then nothing can be said of the whole."""
        with time_limit(self.share(4), "looking for undefined values"):
            found = undefined_point(self.stated, self.stated_on)
        if found is None:
            return None
        point, part, sign = found
        at = ", ".join(f"{s} = {v}" for s, v in point.items())
        detail = f"not defined at {at}, where {part} {sign} 0 is needed; narrow the domain"
        if not point:
            detail = f"not defined: {part} {sign} 0 is needed"
        return self.evidence(Leg.CERTIFIED, Verdict.UNDECIDED, detail)

    def without_value(self, error: Exception) -> Evidence:
        """What is said of a statement that SymPy cannot evaluate."""
        try:
            found = self.undefined()
        except (ValueError, TypeError, SymforgetError):
            found = None
        return found or self.evidence(Leg.CERTIFIED, Verdict.UNDECIDED, f"it cannot be evaluated: {error}")

    def deep_counterexample(self) -> Evidence | None:
        """Sides that agree to some digits, compared to far more: they may differ all the same."""
        points = list(candidates(list(self.domain.values()), 2 * DEEP_POINTS))[-DEEP_POINTS:] if self.domain else [()]
        try:
            with time_limit(self.share(2)):
                for values in points:
                    found = witness_at(self.relation, dict(zip(self.domain, values, strict=True)), DEEP_DIGITS)
                    if found is not None:
                        return self.refutation(found)
        except (TimeLimit, PrecisionNotReached):
            pass
        return None

    def evidence(self, leg: Leg, verdict: Verdict, detail: str, **more: Any) -> Evidence:
        full = f"{detail}; {self.note}" if self.note else detail
        return Evidence(leg, verdict, full, seconds=time.monotonic() - self.started, **more)

    def counterexample(self) -> Evidence | None:
        if not self.domain:
            constant = witness_at(self.relation, {})
            return None if constant is None else self.refutation(constant)
        seconds = min(5.0, self.left() / 4)
        found = prover.find_witness(self.relation, self.domain, tries=WITNESS_TRIES, timeout=seconds)
        return None if found is None else self.refutation(found)

    def refutation(self, found: prover.Witness, boxes: int | None = None) -> Evidence:
        record = witness_record(found, self.relation, "statement")
        return self.evidence(Leg.CERTIFIED, Verdict.REFUTED, str(record), witness=record, boxes=boxes)

    def symbolic(self, sampled: Evidence) -> Evidence:
        """An exact proof; of an equality only if enclosures agree as well."""
        if isinstance(self.relation, Eq) and not sampled.verdict.holds:
            return self.evidence(Leg.SYMBOLIC, Verdict.UNDECIDED, "not tried: enclosures did not agree")
        seconds = min(self.left() * PROOF_SHARE, PROOF_SECONDS)
        proof = prove(self.relation, self.domain, seconds)
        if proof is None:
            return self.evidence(Leg.SYMBOLIC, Verdict.UNDECIDED, "no exact argument was found")
        return self.evidence(Leg.SYMBOLIC, Verdict.PROVED, str(proof))

    def sampled(self) -> Evidence:
        """Enclosures of both sides at sample points: never more than support."""
        intervals = list(self.domain.values())
        points = islice(candidates(intervals, 4 * SAMPLES), 0, None, 4) if intervals else iter([()])
        held, unknown, digits = 0, 0, self.limits.digits
        enough_time = self.left() / 3
        for values in islice(points, SAMPLES):
            if held and self.left() < 2 * enough_time:
                break
            point = dict(zip(self.domain, values, strict=True))
            try:
                comparison = prover.compare_at(self.relation, point, self.limits.digits)
            except PrecisionNotReached:
                continue  # a side is too small or too large to be written down
            if comparison.left is None or comparison.right is None:
                unknown += 1
                continue
            if comparison.truth is False:
                named = {s.name: v for s, v in point.items()}
                return self.refutation(prover.Witness(named, comparison.left, comparison.right))
            if comparison.truth is None:
                if not isinstance(self.relation, Eq):
                    continue
                digits = min(digits, comparison.digits)
            held += 1
        return self.sample_verdict(held, unknown, digits)

    def sample_verdict(self, held: int, unknown: int, digits: int) -> Evidence:
        if unknown > held:
            detail = f"a side has no finite enclosure at {unknown} of {held + unknown} sample points"
            if any(e.body.has(normal) for e in self.relation.atoms(normal)):
                detail += ": an expectation inside an expectation is not enclosed; carry the inner one out"
            return self.evidence(Leg.CERTIFIED, Verdict.UNDECIDED, detail)
        if isinstance(self.relation, Eq):
            enough = min(ENOUGH_DIGITS, self.limits.digits)
            if held and digits >= enough:
                detail = f"both sides agree to {digits} digits at {_points(held)}"
                return self.evidence(Leg.CERTIFIED, Verdict.SUPPORTED, detail, digits=digits)
            detail = f"agreement to {digits} digits only" if held else "no enclosure at any sample point"
            return self.evidence(Leg.CERTIFIED, Verdict.UNDECIDED, detail)
        if held and not self.domain and defined_everywhere(self.relation, {}, self.left() / 6, almost=True):
            return self.evidence(Leg.CERTIFIED, Verdict.CERTIFIED, "the two sides are enclosed apart")
        if held:
            return self.evidence(Leg.CERTIFIED, Verdict.SUPPORTED, f"holds, certified, at {_points(held)}")
        return self.evidence(Leg.CERTIFIED, Verdict.UNDECIDED, "not decided at any sample point")

    def branch_and_bound(self) -> Iterator[Evidence]:
        """The whole domain; failing that, compact parts of it from the smallest on, as far as the time goes."""
        target = self.relation
        everywhere = defined_everywhere(self.relation, self.domain, self.left() / 6)
        if everywhere:
            target = evaluated(self.relation)
        parts = list(compact_parts(self.domain))
        best: Evidence | None = None
        why, hint = "branch and bound did not finish", ""
        for number, region in enumerate([self.domain, *reversed(parts)]):
            seconds = min(self.left() / 2.5, REGION_SECONDS) if parts else self.left()
            if seconds < 0.2:
                break
            outcome = prover.certify(target, region, self.limits.max_boxes, seconds, search=False)
            if isinstance(outcome, prover.Refuted):
                yield self.refutation(outcome.witness, outcome.boxes)
                return
            if isinstance(outcome, prover.Undecided):
                if outcome.remaining:
                    hint = f"; among the boxes left over: {where(outcome.remaining[-1])}"
                if number > 0:
                    break
                continue
            if not everywhere and not defined_everywhere(self.relation, region, self.left() / 3, almost=True):
                why, hint = "it was not shown that both sides are defined on the whole domain", ""
                continue
            best = self.certificate(region, outcome.boxes, whole=number == 0)
            if number == 0:
                break
        yield best or self.evidence(Leg.CERTIFIED, Verdict.UNDECIDED, f"{why}{hint}")

    def certificate(self, region: Domain, boxes: int, whole: bool) -> Evidence:
        beyond = "" if whole else " (nothing is claimed beyond)"
        detail = f"for all {where(region)}{beyond}"
        return self.evidence(Leg.CERTIFIED, Verdict.CERTIFIED, detail, boxes=boxes)


def _neighbourhood(number: Any) -> Interval:
    return Interval(number - NEAR, number + NEAR, True, True)


def _derives_integrals(tree: Any) -> bool:
    return any(e.expr.has(sympy.Integral, normal) for e in tree.atoms(sympy.Derivative))


def derivatives_carried_out(tree: Any) -> Any:
    """The tree with its derivatives done and everything else as written."""
    return replaced(tree, lambda e: evaluated(e) if isinstance(e, sympy.Derivative) else None)


def witness_record(found: prover.Witness, relation: Relational, place: str) -> WitnessRecord:
    """A witness in the form reports show."""
    point = {name: str(value) for name, value in found.point.items()}
    return WitnessRecord(place, as_text(relation), point, str(found.left), str(found.right))


def compact_parts(domain: Domain) -> Iterator[dict[Symbol, Interval]]:
    """Smaller and smaller compact boxes inside a domain; none if it is compact already."""
    if all(interval.is_compact for interval in domain.values()):
        return
    for share, reach in _PARTS:
        yield {s: _compact_part(interval, share, Integer(reach)) for s, interval in domain.items()}


def _compact_part(interval: Any, share: Any, reach: Any) -> Interval:
    low, high = interval.lower, interval.upper
    width = high - low if low.is_finite and high.is_finite else Integer(1)
    if not low.is_finite:
        lower = high - reach if high.is_finite else -reach
    else:
        lower = low + share * width if interval.lower_open else low
    if not high.is_finite:
        upper = low + reach if low.is_finite else reach
    else:
        upper = high - share * width if interval.upper_open else high
    return Interval(lower, upper)


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"
