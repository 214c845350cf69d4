"""Certified counterexamples to a mutant: where to look, and how long; limited by counts, clocks are a safety net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Ge, Integral, Pow, Symbol, exp, log

from symforget import prover
from symforget.auditing.poles import negative_logarithm, periodic, pole
from symforget.calculus import H, SampleIntegral, is_homogeneous
from symforget.claims import Claim, Densities, WitnessRecord
from symforget.derivation import as_text
from symforget.errors import InputError, PrecisionNotReached, TimeLimit
from symforget.gate.symbolic import gate_s_derivative
from symforget.instances import SPOT_PAIRS, DensitiesOnTheLine, GaussianPair, Instance, TwoLetterPair, needs_instance
from symforget.legs.points import concrete, domain_of, on_sides, record
from symforget.rules.rewards import RewardIntegral
from symforget.rules.vectors import IntegralOverSpace, homogeneous
from symforget.timelimit import time_limit
from symforget.wellposed import weights_of
from symforget.witness import candidates

SPOTS, SPOT_DIGITS, SPOT_SECONDS = 4, 8, 5.0
FEW_TRIES, LONG_TRIES, DEAR_TRIES, LONG_SECONDS = 24, 160, 6, 8.0

#: What an evaluation may end with where a mutant makes no sense at a point.
FAILURES = (TimeLimit, PrecisionNotReached, InputError, NotImplementedError, ArithmeticError, ValueError, TypeError)


def spot_witness(claim: Claim, relation: Any) -> WitnessRecord | None:
    """A failure at one of a few fixed points, on small alphabets where the claim speaks of any densities."""
    for instance in _spot_instances(claim, relation):
        found = _guarded(claim, relation, instance, SPOT_SECONDS, _at_spots)
        if found is not None:
            return found
    return _with_numbers_first(claim, relation) if relation.has(IntegralOverSpace) else None


def long_witness(claim: Claim, relation: Any) -> WitnessRecord | None:
    """A failure anywhere the statement speaks of, by hundreds of points and a descent from the best of them."""
    for instance in _all_instances(claim, relation):
        dear = not isinstance(instance, TwoLetterPair) and is_dear(relation)
        found = _guarded(claim, relation, instance, 2 * LONG_SECONDS, _at_dear_points if dear else _by_search)
        if found is not None:
            return found
    return None


def is_dear(relation: Any) -> bool:
    """Whether one evaluation on Gaussians takes as long as many on an alphabet."""
    if any(e.integrand.has(log) for e in relation.atoms(SampleIntegral)):
        return True
    return any(e.has(H, SampleIntegral) for e in relation.atoms(Integral))


def keeps_homogeneity(relation: Any) -> bool:
    """Whether every integral over the sample space is still free of the reference measure."""
    return all(is_homogeneous(e.integrand) for e in relation.atoms(SampleIntegral, RewardIntegral)) and all(
        homogeneous(e.integrand, 1) for e in relation.atoms(IntegralOverSpace)
    )


def is_a_statement(relation: Any) -> bool:
    """Whether a mutant still says something: integrals free of the reference measure, derivatives of a whole order."""
    return keeps_homogeneity(relation) and all(e.args[0].is_Integer for e in relation.atoms(gate_s_derivative))


def _spot_instances(claim: Claim, relation: Any) -> tuple[Instance | None, ...]:
    if not needs_instance(relation):
        return (None,)
    return SPOT_PAIRS if claim.densities is not Densities.GAUSSIAN else (gaussian(relation),)


def _all_instances(claim: Claim, relation: Any) -> tuple[Instance | None, ...]:
    if not needs_instance(relation):
        return (None,)
    if claim.densities is Densities.GAUSSIAN:
        return (gaussian(relation),)
    nested = any(e.function.has(SampleIntegral) for e in relation.atoms(Integral))
    on_gaussians = not nested and keeps_homogeneity(relation)
    return (TwoLetterPair(), GaussianPair()) if on_gaussians else (TwoLetterPair(),)


def gaussian(relation: Any) -> Instance:
    """The Gaussian pair; by its plain densities if an edit made an integrand depend on the reference measure."""
    return GaussianPair() if keeps_homogeneity(relation) else DensitiesOnTheLine()


def _guarded(claim: Claim, relation: Any, instance: Instance | None, seconds: float, search: Any) -> Any:
    try:
        with time_limit(seconds, "the search for a witness"):
            made = concrete(relation, instance)
            found = search(made, domain_of(made, claim.domain))
    except FAILURES:
        return None
    return None if found is None else record(found, relation, "statement", instance)


def _at_spots(made: Any, domain: Mapping[Symbol, Any]) -> prover.Witness | None:
    return _at(made, domain, 2 * SPOTS - 1, SPOTS)


def _with_numbers_first(claim: Claim, relation: Any) -> WitnessRecord | None:
    """The same with the numbers put in before the integrals are written out, as those over many dimensions need it."""
    domain = domain_of(relation, claim.domain)
    for values in list(candidates(list(domain.values()), 2 * SPOTS - 1))[-SPOTS:]:
        point = dict(zip(domain, values, strict=True))
        try:
            with time_limit(SPOT_SECONDS, "the search for a witness"):
                made = concrete(on_sides(lambda side, p=point: side.xreplace(p), relation), None)
                comparison = prover.compare_at(made, {}, SPOT_DIGITS)
        except FAILURES:
            continue
        if comparison.truth is False and comparison.left is not None and comparison.right is not None:
            return record(prover.Witness(point, comparison.left, comparison.right), relation, "statement", None)
    return None


def _at_dear_points(made: Any, domain: Mapping[Symbol, Any]) -> prover.Witness | None:
    return _at(made, domain, 4 * DEAR_TRIES, DEAR_TRIES)


def _at(made: Any, domain: Mapping[Symbol, Any], among: int, count: int) -> prover.Witness | None:
    """Compare at the last `count` of the first `among` points: mostly general ones, where nothing cancels."""
    points = list(candidates(list(domain.values()), among))[-count:] if domain else [()]
    for values in points:
        point = dict(zip(domain, values, strict=True))
        comparison = prover.compare_at(made, point, SPOT_DIGITS)
        if comparison.truth is False and comparison.left is not None and comparison.right is not None:
            return prover.Witness(point, comparison.left, comparison.right)
    return None


def _by_search(made: Any, domain: Mapping[Symbol, Any]) -> prover.Witness | None:
    if not domain:
        return _at(made, domain, 1, 1)
    # A few points to the end first: where a value takes long, the long search might be cut off with a witness in hand.
    few = prover.find_witness(made, domain, tries=FEW_TRIES, timeout=LONG_SECONDS / 2, descend=False)
    return few or prover.find_witness(made, domain, tries=LONG_TRIES, timeout=LONG_SECONDS)


def undefined_witness(claim: Claim, relation: Any) -> WitnessRecord | None:
    """A point of the domain at which a root or logarithm of a negative number is taken, or an integral diverges.

    An integral over the sample space diverges on Gaussians, which are among any densities.
    """
    instances = (*_spot_instances(claim, relation), *((GaussianPair(),) if needs_instance(relation) else ()))
    for instance in dict.fromkeys(instances):
        try:
            with time_limit(SPOT_SECONDS, "the search for an undefined value"):
                found = _undefined(relation, concrete(relation, instance), claim)
        except FAILURES:
            continue
        if found is not None:
            return found
    return None


def _undefined(relation: Any, made: Any, claim: Claim) -> WitnessRecord | None:
    domain = domain_of(made, claim.domain)
    insides = [e.base for e in made.atoms(Pow) if e.exp.is_Rational and e.exp.q % 2 == 0]
    insides += [e.args[0] for e in made.atoms(log)]
    insides += [e.base for e in made.atoms(Pow) if e.exp.free_symbols and not isinstance(e, exp)]
    points = list(candidates(list(domain.values()), 2 * SPOTS - 1))[-SPOTS:] if domain else [()]
    for values in points:
        point = dict(zip(domain, values, strict=True))
        for inside in (e for e in sorted(insides, key=str) if e.free_symbols <= point.keys()):
            comparison = prover.compare_at(Ge(inside, 0, evaluate=False), point, SPOT_DIGITS)
            if comparison.truth is False:
                return _without_value(
                    relation, point, "which has no real value there", f"{inside} in {comparison.left}"
                )
        for weight in weights_of(made):
            value = weight.xreplace(point)
            if value.is_Rational and not 0 < value < 1:
                said = f"the weight {weight} = {value}"
                return _without_value(relation, point, "which has no value there", said, "not in (0, 1)")
        negative = negative_logarithm(made, point)
        if negative is not None:
            near = {**point, negative.variable.name: negative.near}
            said = f"log of {negative.base} < 0"
            return _without_value(relation, near, "which has no real value below an integral sign", said)
        endless = periodic(made, point)
        if endless is not None:
            said = f"{endless} is periodic, not 0, and integrated without end"
            return _without_value(relation, point, "in which an integral diverges there", said)
        found = pole(made, point)
        if found is not None:
            said = f"{found.base} = 0 near {found.variable} = {found.near}"
            return _without_value(relation, point, "in which an integral diverges there", said)
    return None


def _without_value(
    relation: Any, point: Mapping[Any, Any], where: str, said: str, instead: str = "no real number"
) -> WitnessRecord:
    at = {str(k): str(v) for k, v in point.items()}
    return WitnessRecord(f"statement, {where},", as_text(relation), at, said, instead)
