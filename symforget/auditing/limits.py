"""Mutants of a limit statement, which no ball encloses: refuted by uniqueness, or by values far along the sequence.

The original says lim f = v, and is proved through a bound on |f - v| that tends to 0. A mutant says lim f* = v*.

- Only v was changed: a limit is unique, so a point at which v* - v is certainly not 0 refutes the mutant.
- f was changed: |f* - v*| and |f - v| are enclosed at points that run to the limit point. The mutant counts as refuted
  if |f* - v*| does not shrink, while it exceeds `FACTOR` |f - v| at every one of them. The enclosures are certified;
  that finitely many points speak for the limit is not, and reports say "along the sequence". It also counts as refuted
  if f* takes the logarithm of a number that is certainly negative at all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flint import arb
from sympy import Eq, Expr, Ge, Integer, Rational, Symbol, cancel, expand_log, limit, log, together
from sympy import Limit as LimitExpr

from symforget import prover
from symforget.auditing.witnesses import FAILURES
from symforget.balls import compile_ball, to_ball
from symforget.claims import Claim, Densities, WitnessRecord
from symforget.comparison import Enclosure
from symforget.derivation import as_text
from symforget.instances import SPOT_PAIRS, GaussianPair, Instance, needs_instance
from symforget.legs.points import concrete, domain_of, record
from symforget.precision import workprec
from symforget.rules.intervals import is_elementary
from symforget.signs import parametrise
from symforget.timelimit import time_limit
from symforget.trees import simplified
from symforget.witness import candidates

STEPS = (640, 10240)
"""The limit point is approached as x = point +- 1/n, an infinite one as x = +-n."""
FACTOR = 20
SHRUNK = Rational(8, 10)
BITS, DIGITS, SECONDS = 256, 12, 20.0


def limit_witness(claim: Claim, original: Any, mutant: Any) -> WitnessRecord | None:
    """What refutes a mutant of ``lim f = v``, or None."""
    if not isinstance(original.lhs, LimitExpr) or not isinstance(mutant.lhs, LimitExpr):
        return None
    try:
        with time_limit(SECONDS, "following a sequence"):
            if mutant.lhs == original.lhs:
                return _by_uniqueness(claim, original, mutant)
            return _along_the_sequence(claim, original, mutant)
    except FAILURES:
        return None


def follows_as_a_limit(original: Any, mutant: Any, domain: Any) -> str:
    """How ``lim f* = v`` follows from ``lim f = v``: f*/f tends to 1 or f* - f to 0, an elementary function; "" if not.

    Integrals count as numbers, the same above and below.
    """
    if mutant.rhs != original.rhs or not isinstance(original.lhs, LimitExpr) or not isinstance(mutant.lhs, LimitExpr):
        return ""
    f, x, point, direction = original.lhs.args
    if mutant.lhs.args[1:] != (x, point, direction):
        return ""
    changed = mutant.lhs.args[0]
    ways = (
        (lambda: cancel(together(changed / f)), 1, "its factor tends to 1"),
        (lambda: simplified(expand_log(changed - f)), 0, "it differs by a term that tends to 0"),
    )
    return next((said for made, value, said in ways if _tends_to(made, value, original, domain)), "")


def _tends_to(made: Callable[[], Expr], value: int, original: Any, domain: Any) -> bool:
    """Whether an elementary function tends to a value where the original's limit is taken."""
    _, x, point, direction = original.lhs.args
    open_ended = parametrise({s: i for s, i in domain.items() if s != x})
    try:
        with time_limit(SECONDS / 4, "the limit of a factor"):
            function = made()
            return is_elementary(function) and limit(function.xreplace(open_ended), x, point, str(direction)) == value
    except FAILURES:
        return False


def _instance(claim: Claim, relation: Any) -> Instance | None:
    if not needs_instance(relation):
        return None
    return GaussianPair() if claim.densities is Densities.GAUSSIAN else SPOT_PAIRS[0]


def _by_uniqueness(claim: Claim, original: Any, mutant: Any) -> WitnessRecord | None:
    instance = _instance(claim, Eq(original.rhs, mutant.rhs, evaluate=False))
    made = concrete(Eq(original.rhs, mutant.rhs, evaluate=False), instance)
    for point in _points(domain_of(made, claim.domain)):
        comparison = prover.compare_at(made, point, DIGITS)
        if comparison.truth is False and comparison.left is not None and comparison.right is not None:
            found = prover.Witness({s.name: v for s, v in point.items()}, comparison.left, comparison.right)
            return record(found, mutant, "proved limit against the stated one", instance)
    return None


def _along_the_sequence(claim: Claim, original: Any, mutant: Any) -> WitnessRecord | None:
    x = original.lhs.args[1]
    undefined = _negative_logarithm(claim, original, mutant)
    if undefined is not None:
        return undefined
    sides = [_distance(r) for r in (mutant, original)]
    instance = _instance(claim, Eq(*sides, evaluate=False))
    made = concrete(Eq(*sides, evaluate=False), instance)
    domain = domain_of(made, claim.domain)
    for point in _points({s: i for s, i in domain.items() if s != x}):
        reached = _distances(made, {**point}, x, original.lhs.args[2], str(original.lhs.args[3]))
        if reached is None or not _stays_away(reached):
            continue
        at, (far, near) = list(_sequence(original.lhs.args[2], str(original.lhs.args[3])))[-1], reached[-1]
        shown = {str(s): str(v) for s, v in {**point, x: at}.items()}
        left, right = (str(Enclosure.of(d, DIGITS)) for d in (far, near))
        return WitnessRecord("distance from the limit, along the sequence", as_text(mutant), shown, left, right)
    return None


def _negative_logarithm(claim: Claim, original: Any, mutant: Any) -> WitnessRecord | None:
    """A logarithm of the mutant whose argument, an elementary one, is negative at every point of the sequence."""
    _, x, target, direction = original.lhs.args
    f = mutant.lhs.args[0]
    for inside in sorted((e.args[0] for e in f.atoms(log) if is_elementary(e.args[0])), key=str):
        if not inside.free_symbols <= {*claim.domain, x}:
            continue
        symbols = sorted(inside.free_symbols - {x}, key=str)
        for point in _points({s: claim.domain[s] for s in symbols}):
            places = [{**point, x: value} for value in _sequence(target, str(direction))]
            found = [prover.compare_at(Ge(inside, 0, evaluate=False), place, DIGITS) for place in places]
            if all(comparison.truth is False for comparison in found):
                shown = {str(s): str(v) for s, v in places[-1].items()}
                where = "limit, along whose sequence there is no real value,"
                return WitnessRecord(where, as_text(mutant), shown, f"{inside} in {found[-1].left}", "no real number")
    return None


def _distance(relation: Any) -> Expr:
    return relation.lhs.args[0] - relation.rhs


def _points(domain: Any) -> list[dict[Symbol, Rational]]:
    values = list(candidates(list(domain.values()), 7))[-3:] if domain else [()]
    return [dict(zip(domain, v, strict=True)) for v in values]


def _sequence(target: Expr, direction: str) -> Iterator[Rational]:
    for n in STEPS:
        if target.is_infinite:
            yield Integer(n) if target.is_extended_positive else Integer(-n)
        else:
            yield target + Rational(1, n) * (1 if direction == "+" else -1)


def _distances(
    made: Any, point: dict[Symbol, Rational], x: Symbol, target: Expr, direction: str
) -> list[tuple[arb, arb]] | None:
    """Both distances at each point of the sequence; None where one is not enclosed."""
    symbols = [*point, x]
    functions = [compile_ball(side, symbols) for side in (made.lhs, made.rhs)]
    found = []
    with workprec(BITS):
        for value in _sequence(target, direction):
            arguments = [to_ball(v) for v in (*point.values(), value)]
            far, near = (abs(f(*arguments)) for f in functions)
            if not (far.is_finite() and near.is_finite()):
                return None
            found.append((far, near))
    return found


def _stays_away(reached: list[tuple[arb, arb]]) -> bool:
    first, last = reached[0][0], reached[-1][0]
    apart = all(far > FACTOR * near for far, near in reached)
    return apart and bool(last > first * to_ball(SHRUNK))
