"""Statements at exact rational points: which density pairs to try, and a certified witness where one fails."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sympy import Integral, Limit, Symbol, log

from symforget import model, prover
from symforget.calculus import H, SampleIntegral
from symforget.claims import Claim, Densities, WitnessRecord
from symforget.derivation import as_text
from symforget.domain import Interval
from symforget.errors import InputError, PrecisionNotReached, TimeLimit
from symforget.functions import normal
from symforget.instances import SPOT_PAIRS, GaussianPair, Instance, TwoLetterPair, a, b, carry_out, needs_instance
from symforget.rules.vectors import IntegralOverSpace
from symforget.timelimit import time_limit
from symforget.witness import candidates

STATEMENT_TRIES, ELEMENTARY_TRIES, STATEMENT_SECONDS = 8, 48, 10.0
STEP_TRIES, STEP_SECONDS = 8, 5.0
SPOT_POINTS, SPOT_DIGITS, SPOT_SECONDS = 2, 8, 0.05

_PAIR_DOMAIN: dict[Symbol, Interval] = {
    model.delta: Interval.parse("[1/4, 12]"),
    a: Interval.parse("[1/10, 2/5]"),
    b: Interval.parse("[1/2, 9/10]"),
}


def on_sides(function: Any, relation: Any) -> Any:
    """Apply a function to both sides of a relation without letting SymPy evaluate the relation."""
    return type(relation)(function(relation.lhs), function(relation.rhs), evaluate=False)


def concrete(relation: Any, instance: Instance | None) -> Any:
    """The relation on a concrete density pair, derivatives carried out.

    Without one named, a statement for any densities is taken on Gaussians, each functional by its defining integral.
    """
    if instance is None and needs_instance(relation):
        instance = GaussianPair(closed=False)
    return on_sides(lambda side: _concrete_side(side, instance), relation)


@lru_cache(maxsize=1024)
def _concrete_side(side: Any, instance: Instance | None) -> Any:
    """Kept, since a step's right side is the next one's left."""
    return carry_out(instance(side) if instance is not None else side)


def domain_of(relation: Any, domain: Mapping[Symbol, Interval]) -> dict[Symbol, Interval]:
    """The domain of every free symbol of a concrete relation; the density pair's own parameters have a default one."""
    return {
        s: domain.get(s, _PAIR_DOMAIN.get(s, Interval.parse("(-oo, oo)")))
        for s in sorted(relation.free_symbols, key=str)
    }


def pairs_for(claim: Claim, relation: Any) -> tuple[Instance | None, ...]:
    """The density pairs on which a relation of the claim can be evaluated.

    None, if an integral over sample integrals is a double quadrature: then only stated points are evaluated.
    """
    if not needs_instance(relation):
        return (None,)
    if claim.densities is Densities.GAUSSIAN:
        return (GaussianPair(),)
    nested = any(e.function.has(SampleIntegral) for e in _integrals(relation))
    return () if nested else (TwoLetterPair(), GaussianPair())


def _integrals(relation: Any) -> set[Any]:
    return relation.lhs.atoms(Integral) | relation.rhs.atoms(Integral)


def holds_integrals(relation: Any) -> bool:
    """Whether a value of the relation may need quadrature."""
    return relation.has(normal, Integral, SampleIntegral, IntegralOverSpace)


def _dear(relation: Any, already_searched: bool = False) -> bool:
    """Whether one evaluation on Gaussians takes as long as many on an alphabet: integrals of logarithms or gates.

    Any integral over the sample space is, for a relation that has ``already_searched`` an alphabet.
    """
    sides = (relation.lhs, relation.rhs)
    if already_searched and any(side.has(SampleIntegral) for side in sides):
        return True
    if any(e.integrand.has(log) for side in sides for e in side.atoms(SampleIntegral)):
        return True
    return any(e.has(H) for e in _integrals(relation)) or any(side.has(IntegralOverSpace) for side in sides)


def statement_witness(claim: Claim, relation: Any, thorough: bool = False) -> WitnessRecord | None:
    """A point at which the statement fails, on any pair it speaks of, or None.

    ``thorough``: also descend from where the relation is nearest to failing; for statements that are not proved.
    A limit has no certified value: a false one is refuted through the part that bounds the distance from it.
    """
    if relation.has(Limit):
        return None
    pairs = pairs_for(claim, relation)
    for instance in pairs:
        searched = isinstance(instance, TwoLetterPair) or not _dear(relation, len(pairs) > 1)
        tries = _tries(relation, thorough) if searched else 1
        found = _witness(claim, relation, instance, "statement", tries, STATEMENT_SECONDS, thorough)
        if found is not None:
            return found
    return None


def _tries(relation: Any, thorough: bool) -> int:
    if thorough and not holds_integrals(relation):
        return ELEMENTARY_TRIES
    return STATEMENT_TRIES if thorough or not _integrals(relation) else 2 * SPOT_POINTS


def step_witness(claim: Claim, relation: Any, where: str, accepted: bool) -> WitnessRecord | None:
    """A point at which a step of a derivation fails; on fixed small alphabets for any densities.

    A step that its rule accepted is compared once on each pair, and at two points where there is neither a pair nor an
    integral; one that it did not accept is searched. A limit has no certified value.
    """
    pairs = pairs_for(claim, relation)
    quick: tuple[Instance | None, ...] = SPOT_PAIRS if len(pairs) > 1 else pairs
    if relation.has(Limit):
        return None
    once = quick != (None,) or relation.has(normal, Integral)
    for instance in quick:
        tries = STEP_TRIES if not accepted else 1 if once else SPOT_POINTS
        found = _witness(claim, relation, instance, where, tries, SPOT_SECONDS if accepted else STEP_SECONDS)
        if found is not None:
            return found
    return None


def _witness(
    claim: Claim,
    relation: Any,
    instance: Instance | None,
    where: str,
    tries: int,
    seconds: float,
    descend: bool = False,
) -> WitnessRecord | None:
    try:
        with time_limit(2 * seconds, "the search for a witness"):
            made = concrete(relation, instance)
            found = _search(made, domain_of(made, claim.domain), tries, seconds, descend)
    except (InputError, TimeLimit, PrecisionNotReached, NotImplementedError):
        return None
    return None if found is None else record(found, relation, where, instance)


def _search(
    made: Any, domain: Mapping[Symbol, Interval], tries: int, seconds: float, descend: bool
) -> prover.Witness | None:
    if domain and tries > SPOT_POINTS:
        return prover.find_witness(made, domain, tries=tries, timeout=seconds, descend=descend)
    points = list(candidates(list(domain.values()), SPOT_POINTS))[-tries:] if domain else [()]
    for values in points:
        point = dict(zip(domain, values, strict=True))
        comparison = prover.compare_at(made, point, SPOT_DIGITS)
        if comparison.truth is False and comparison.left is not None and comparison.right is not None:
            return prover.Witness(point, comparison.left, comparison.right)
    return None


def record(found: prover.Witness, relation: Any, where: str, instance: Instance | None) -> WitnessRecord:
    """The witness as reports show it; fixed letters of an alphabet are part of the point."""
    point = {str(k): str(v) for k, v in found.point.items()}
    if isinstance(instance, TwoLetterPair) and not instance.old.free_symbols:
        point |= {"p_o": f"({instance.old}, {1 - instance.old})", "p_n": f"({instance.new}, {1 - instance.new})"}
    return WitnessRecord(where, as_text(relation), point, str(found.left), str(found.right))
