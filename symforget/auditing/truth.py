"""Whether a mutant is still true, shown from the statement it was made of, or certified on a box by itself."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from sympy import (
    Derivative,
    Dummy,
    Eq,
    Expr,
    Ge,
    Gt,
    Integer,
    Integral,
    Le,
    Lt,
    Rational,
    Subs,
    Symbol,
    cancel,
    expand_log,
    factor,
    log,
    oo,
    together,
)

from symforget import prover
from symforget.auditing.witnesses import FAILURES, gaussian
from symforget.calculus import BC, TV, H, SampleIntegral, chi2, chi2_old, p_n, p_o
from symforget.checking import compact_parts
from symforget.claims import Claim, Densities, Part
from symforget.domain import Interval
from symforget.functions import normal
from symforget.gate.symbolic import gate, gate_s
from symforget.instances import TwoLetterPair, needs_instance
from symforget.legs.certified import Boxes
from symforget.legs.points import concrete, domain_of
from symforget.proofs import prove
from symforget.rules.vectors import DENSITIES, SpaceIntegral
from symforget.rules.vectors import x as place
from symforget.signs import is_nonnegative, is_positive, is_zero, open_up
from symforget.timelimit import time_limit
from symforget.trees import mapped

Domain = Mapping[Symbol, Any]

ALGEBRA_SECONDS, PROOF_SECONDS, BOX_SECONDS = 3.0, 3.0, 4.0
ELEMENTARY_BOXES, BOXES = 400, 400
CONSTANT_DIGITS = 10

_POSITIVE, _UNIT, _REAL, _NOT_NEGATIVE = map(Interval.parse, ("(0, oo)", "(0, 1)", "(-oo, oo)", "[0, oo)"))
_RANGES = {BC: _UNIT, TV: _UNIT, chi2: _POSITIVE, chi2_old: _POSITIVE}


def implied(original: Any, mutant: Any, domain: Domain) -> str:
    """How the mutant follows from the original statement, taken as true; "" if that was not shown.

    One side has changed, so the mutant follows if the change is in the harmless direction. Quantities of the density
    pair count as numbers of their ranges: 0 < H, BC, TV < 1 (densities positive and not equal), chi2 > 0.
    """
    if _is_renamed(original, mutant, domain):
        return "the same statement with two names exchanged"
    if _is_rescaled(original, mutant, domain):
        return "the same statement in another unit"
    if isinstance(original, Eq) or type(mutant) is not type(original):
        pairs = ((mutant.lhs, original.lhs), (mutant.rhs, original.rhs))
        if type(mutant) is not type(original):
            return ""
        same = all(_attempt(ALGEBRA_SECONDS, lambda a=a, b=b: _equal(a, b, domain)) for a, b in pairs)
        return "the same statement" if same else ""
    if mutant.atoms(Derivative, Subs) - original.atoms(Derivative, Subs):
        return ""  # the edit is inside a derivative, which is no number that could be known
    known = _known_values(original, domain)
    room = _opened(_room(mutant), known)
    spare = _opened(_room(mutant) - _room(original), known)
    given = domain_of(Eq(room, spare, evaluate=False), {**domain, **dict(known.values())})
    if _attempt(ALGEBRA_SECONDS, lambda: is_nonnegative(spare, given)):
        return "weaker than the statement"
    if _attempt(ALGEBRA_SECONDS, lambda: weaker_under_an_integral(original, mutant, domain)):
        return "weaker than the statement, integrand by integrand"
    if _attempt(ALGEBRA_SECONDS, lambda: _weaker_by_ratio(original, mutant, known, given)):
        return "weaker than the statement by a factor"
    if _attempt(ALGEBRA_SECONDS, lambda: _weaker_by_multiple(original, mutant, known, given)):
        return "weaker than the statement by a factor"
    strict = isinstance(mutant, Lt | Gt)
    if _attempt(ALGEBRA_SECONDS, lambda: (is_positive if strict else is_nonnegative)(room, given)):
        return "an inequality of signs"
    if not _is_elementary(spare):
        return ""
    for sign, what in ((spare, "weaker than the statement"), (room, "an elementary inequality")):
        relation = (Gt if strict and sign is room else Ge)(sign, 0, evaluate=False)
        found = _elementary(relation, given)
        if found:
            return f"{what}, {found}"
    return ""


def _is_rescaled(original: Any, mutant: Any, domain: Domain) -> bool:
    """Whether the mutant is the original at half or twice the value of a symbol that may take that value too."""
    if original.has(Derivative, Subs):
        return False
    for symbol in sorted(original.free_symbols & domain.keys(), key=str):
        if domain[symbol].lower in (0, -oo) and domain[symbol].upper == oo:
            for factor_ in (Rational(1, 2), Integer(2)):
                scaled = original.xreplace({symbol: factor_ * symbol})
                if isinstance(scaled, type(original)) and (scaled.lhs, scaled.rhs) == (mutant.lhs, mutant.rhs):
                    return True
    return False


def _is_renamed(original: Any, mutant: Any, domain: Domain) -> bool:
    """Whether the mutant is the original with two symbols of the same domain exchanged on both sides."""
    if original.has(Derivative, Subs):
        return False
    for one, other in combinations(sorted(original.free_symbols & domain.keys(), key=str), 2):
        if domain[one] == domain[other]:
            swapped = original.xreplace({one: other, other: one})
            if isinstance(swapped, type(original)) and (swapped.lhs, swapped.rhs) == (mutant.lhs, mutant.rhs):
                return True
    return False


def certified_on_a_box(claim: Claim, part: Part, mutant: Any) -> str:
    """The box on which the mutant was certified by branch and bound; "" if none was."""
    if isinstance(mutant, Eq):
        return ""
    best = ""
    for instance, box in _boxes(claim, part, mutant):
        if not _attempt(2 * BOX_SECONDS, lambda i=instance, b=box: is_certified(mutant, i, b)):
            break
        where = ", ".join(f"{s} in {i}" for s, i in box.items())
        best = f"{where} ({instance.name})" if instance is not None else where
    return best


def is_certified(mutant: Any, instance: Any, box: Domain) -> bool:
    """Whether branch and bound certifies the mutant on a compact box, no witness being looked for."""
    made = concrete(mutant, instance)
    used = {s: i for s, i in box.items() if s in made.free_symbols}
    if made.free_symbols - used.keys():
        return False
    if not used:
        return prover.compare_at(made, {}, CONSTANT_DIGITS).truth is True
    verdict = prover.certify(made, used, max_boxes=BOXES, timeout=BOX_SECONDS, search=False)
    return isinstance(verdict, prover.Certified)


def _boxes(claim: Claim, part: Part, mutant: Any) -> list[tuple[Any, Domain]]:
    """Larger and larger boxes: a small one inside the domain, a compact part of the domain, the part's own boxes."""
    if not needs_instance(mutant):
        instance: Any = None
    else:
        instance = gaussian(mutant) if claim.densities is Densities.GAUSSIAN else TwoLetterPair()
    made = _attempt(BOX_SECONDS, lambda: concrete(mutant, instance))
    if made is None or made is False:
        return []
    domain = domain_of(made, claim.domain)
    compact = (list(compact_parts(domain)) or [domain])[-1]
    own = [(c.instance if needs_instance(mutant) else None, c.box) for c in part.certified if isinstance(c, Boxes)]
    return [(instance, {s: _middle_of(i) for s, i in compact.items()}), (instance, compact), *own]


def _middle_of(interval: Interval) -> Interval:
    """A small interval off the middle of another: exactly in the middle, symmetric terms would cancel."""
    width = interval.upper - interval.lower
    return Interval(interval.lower + width * Rational(11, 20), interval.lower + width * Rational(12, 20))


def weaker_under_an_integral(original: Any, mutant: Any, domain: Domain) -> bool:
    """One integral has changed, at the same limits: its integrands compare pointwise, and the side goes with it."""
    left = mutant.lhs != original.lhs
    before, after = ((r.lhs if left else r.rhs) for r in (original, mutant))
    kinds = (SampleIntegral, Integral)
    gone, come = (one.atoms(*kinds) - other.atoms(*kinds) for one, other in ((before, after), (after, before)))
    if len(gone) != 1 or len(come) != 1:
        return False
    old, new = gone.pop(), come.pop()
    value = Dummy("value", positive=True)
    outer = before.xreplace({old: value})
    if outer != after.xreplace({new: value}) or old.func is not new.func:
        return False
    slope = outer.diff(value)
    wanted = 1 if left is isinstance(mutant, Ge | Gt) else -1
    known = _known_values(Eq(slope, value, evaluate=False))
    slope = _opened(slope, known)
    given = domain_of(Eq(slope, value, evaluate=False), {**domain, **dict(known.values()), value: _POSITIVE})
    for sign in (1, -1):
        if is_nonnegative(sign * slope, given):
            return _compares(old, new, sign * wanted, domain)
    return False


def _compares(old: Any, new: Any, sign: int, domain: Domain) -> bool:
    """Whether new - old has the sign, pointwise under the integral."""
    if isinstance(old, SampleIntegral):
        return is_nonnegative(sign * (new.integrand - old.integrand), {**domain, p_o: _POSITIVE, p_n: _POSITIVE})
    (x, lower, upper), *more = old.limits
    if more or old.limits != new.limits or not (lower.is_finite and upper.is_finite):
        return False
    if not is_nonnegative(upper - lower, domain):
        return False
    difference = sign * (new.function - old.function)
    known = _known_values(Eq(old.function, 0, evaluate=False))
    share = Dummy("share", positive=True)
    inside = _opened(difference, known).xreplace({x: lower + (upper - lower) * share})
    given = {**domain, **dict(known.values()), share: _UNIT}
    return is_nonnegative(inside, given)


def _elementary(relation: Any, domain: Domain) -> str:
    used = {s: domain[s] for s in relation.free_symbols}
    if _attempt(PROOF_SECONDS, lambda: prove(relation, used, PROOF_SECONDS)):
        return "proved"
    verdict = _attempt(BOX_SECONDS, lambda: prover.certify(relation, used, ELEMENTARY_BOXES, BOX_SECONDS, search=False))
    return "certified on the whole domain" if isinstance(verdict, prover.Certified) else ""


def _room(relation: Any) -> Expr:
    """What the relation says is not negative (or is positive)."""
    return relation.rhs - relation.lhs if isinstance(relation, Le | Lt) else relation.lhs - relation.rhs


def _known_values(original: Any, domain: Domain | None = None) -> dict[Expr, tuple[Symbol, Interval]]:
    """For every quantity of the original that is not elementary, a symbol and the interval it lies in.

    With a domain, integrals over the sample space of what is never negative are known not to be.
    Only quantities of the original: what an edit has made need not lie in the same range.
    """
    found: dict[Expr, tuple[Symbol, Interval]] = {}
    # A derivative is one quantity: a number put in place of what is differentiated would make it zero.
    kinds = (Derivative, Subs, H, SampleIntegral, SpaceIntegral, gate, gate_s, normal, Integral, *map(type, _RANGES))
    for atom in sorted(original.atoms(*kinds), key=str):
        interval = _RANGES.get(atom) or _range_of(atom)
        if interval is _REAL and domain is not None and _integrates_no_negative(atom, domain):
            interval = _NOT_NEGATIVE
        found[atom] = Dummy(_name(atom), real=True), interval
    return {e: (Symbol(f"{s.name}_{n}", real=True), i) for n, (e, (s, i)) in enumerate(found.items())}


def _name(atom: Expr) -> str:
    return type(atom).__name__ if atom.args else str(atom)


def _range_of(atom: Expr) -> Interval:
    if isinstance(atom, H | gate | gate_s):
        return _UNIT
    return _POSITIVE if atom.is_positive else _REAL


def _integrates_no_negative(atom: Expr, domain: Domain) -> bool:
    if not isinstance(atom, SampleIntegral | SpaceIntegral) or atom.integrand.has(log):
        return False
    densities = dict.fromkeys((p_o, p_n, *DENSITIES), _POSITIVE)
    return is_nonnegative(atom.integrand, {**domain, **densities, place: _REAL})


def _opened(expr: Expr, known: Mapping[Expr, tuple[Symbol, Interval]]) -> Expr:
    return expr.xreplace({e: symbol for e, (symbol, _) in known.items()})


def _is_elementary(expr: Expr) -> bool:
    return not expr.has(H, SampleIntegral, Integral, normal, BC, TV, chi2, chi2_old)


def _weaker_by_ratio(original: Any, mutant: Any, known: Any, domain: Domain) -> bool:
    """The changed side, positive before and after, has grown on the larger side or shrunk on the smaller one."""
    left = mutant.lhs != original.lhs
    before, after = (_opened(r.lhs if left else r.rhs, known) for r in (original, mutant))
    if not (is_positive(before, domain) and is_positive(after, domain)):
        return False
    grew = left is isinstance(mutant, Ge | Gt)
    larger, smaller = (factor(together(open_up(e, domain))) for e in ((after, before) if grew else (before, after)))
    return is_nonnegative(expand_log(log(larger / smaller)), {})


def _weaker_by_multiple(original: Any, mutant: Any, known: Any, domain: Domain) -> bool:
    """One side has become an elementary multiple k of itself, in a way that the statement itself makes harmless.

    From larger >= smaller >= 0 follow k larger >= smaller for k >= 1, and larger >= k smaller for k <= 1.
    """
    left = mutant.lhs != original.lhs
    before, after = ((r.lhs if left else r.rhs) for r in (original, mutant))
    smaller = _opened(original.rhs if isinstance(original, Ge | Gt) else original.lhs, known)
    multiple = factor(cancel(together(_opened(after, known) / _opened(before, known))))
    if not (_is_elementary(multiple) and is_nonnegative(smaller, domain)):
        return False
    if left is isinstance(original, Ge | Gt):
        return is_nonnegative(multiple - 1, domain)
    return is_nonnegative(1 - multiple, domain)


def _equal(one: Expr, other: Expr, domain: Domain) -> bool:
    if one == other or _reflected(one) == _reflected(other):
        return True
    return is_zero(one - other, domain)


def _reflected(expr: Expr) -> Expr:
    """Each expectation over z in the first, by print, of its two forms f(z) and f(-z), which are equal."""

    def either(e: Any) -> Expr:
        mirrored = normal(e.body.xreplace({e.variable: -e.variable}), e.variable)
        return min((e, mirrored), key=str)

    return mapped(expr, normal, either)


def _attempt(seconds: float, work: Any) -> Any:
    """What the work finds in time; False where SymPy cannot do it."""
    try:
        with time_limit(seconds, "showing that a mutant is true"):
            return work()
    except (*FAILURES, AttributeError, RecursionError):
        return False
