"""Rules of plain algebra: rewriting, unfolding definitions, using another claim, an evident sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy import Derivative, Eq, Expr, Ge, Gt, Le, Lt, Mul, Symbol, sympify

from symforget.calculus import IF_DIFFERENT, DensityFunctional, unfold
from symforget.derivation import ACCEPTED, MOVES_UNSEEN, Checked, Context, densities_differ
from symforget.instances import hides_the_pair
from symforget.model import delta
from symforget.rules.integrals import integrates_to_zero
from symforget.signs import at_closed_upper_ends, is_nonnegative, is_positive, is_zero, open_up
from symforget.signset import possible_signs
from symforget.trees import bound_symbols

NOT_AN_EQUALITY = Checked(False, "this rule justifies an equality only")


@dataclass(frozen=True)
class Algebra:
    """Both sides are identical on the domain, by exact simplification."""

    reason: str = "algebra"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        if is_zero(before - after, context.domain):
            return ACCEPTED
        return Checked(False, "the difference does not simplify to zero")


@dataclass(frozen=True)
class Definition:
    """Both sides are the same integrals once H, BC, TV and chi2 are replaced by what they stand for."""

    reason: str = "definition"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation != "=":
            return NOT_AN_EQUALITY
        difference = unfold(before - after)
        if integrates_to_zero(difference, context):
            return ACCEPTED
        return Checked(False, "the two sides are not the same by definition")


@dataclass(frozen=True)
class SignOf:
    """The difference of the two sides is ``times`` something with an evident sign.

    ``difference``: the larger side minus the smaller, written so that its sign shows (squares, products of positive
    factors). It is checked to equal the difference of the sides and to be nonnegative (positive for a strict step).
    """

    difference: Expr
    reason: str = "evident sign"

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        if relation not in ("<=", "<", ">=", ">"):
            return Checked(False, "a sign gives an inequality only")
        larger_minus_smaller = after - before if relation in ("<=", "<") else before - after
        if not is_zero(larger_minus_smaller - self.difference, context.domain):
            return Checked(False, "the stated difference is not the difference of the two sides")
        shown = is_positive if relation in ("<", ">") else is_nonnegative
        if shown(self.difference, context.domain):
            return ACCEPTED
        return Checked(False, f"the sign of {self.difference} is not evident")


@dataclass(frozen=True)
class Lemma:
    """The step is another claim's statement, with symbols replaced and multiplied by a positive factor.

    ``claim``: its ID; ``part``: which of its parts; ``at``: symbol -> expression; ``times``: the factor.
    """

    claim: str
    part: str = ""
    at: Mapping[Any, Any] = field(default_factory=dict)
    times: Any = 1
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.reason:
            object.__setattr__(self, "reason", f"by {self.claim}" + (f" ({self.part})" if self.part else ""))

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked:
        statement, lemma_domain = context.lemma(self.claim, self.part)
        bound = variables_of(statement)
        if not lemma_domain.keys() - IF_DIFFERENT.keys() >= self.at.keys():
            return Checked(False, "only parameters of the lemma are replaced")
        stray = statement.free_symbols - lemma_domain.keys() - statement.atoms(DensityFunctional)
        if stray:
            return Checked(False, f"the lemma does not say where {min(map(str, stray))} lies")
        if not hypothesis_met(lemma_domain, context):
            return Checked(False, "the lemma is for densities that differ")
        if self.at.get(delta, delta) != delta and hides_the_pair(statement):
            return MOVES_UNSEEN
        kept = statement.free_symbols & lemma_domain.keys() - IF_DIFFERENT.keys()
        for symbol, value in {**{s: s for s in kept}, **self.at}.items():
            if not value_allowed(value, lemma_domain.get(symbol), context):
                return Checked(False, f"{symbol} -> {value} may leave the lemma's domain")
            renamed = isinstance(value, Symbol) and value not in statement.free_symbols | bound
            if symbol != value and not renamed and ({symbol} | sympify(value).free_symbols) & bound:
                return Checked(False, f"{symbol} -> {value} meets a variable that the lemma binds")
            others = (sympify(v).free_symbols for s, v in self.at.items() if s != symbol)
            if symbol in bound and any(value in free for free in others):
                return Checked(False, f"{symbol} -> {value} gives what the lemma binds the name of something else")
        used = type(statement)(
            statement.lhs.xreplace(dict(self.at)), statement.rhs.xreplace(dict(self.at)), evaluate=False
        )
        if not self._relation_allows(type(used), relation, context):
            return Checked(False, f"the lemma's relation does not give {relation}")
        for left, right in ((used.lhs, used.rhs), (used.rhs, used.lhs)):
            if _directed(type(used), (left, right) == (used.lhs, used.rhs), relation) and is_zero(
                (before - after) - Mul(self.times, left - right), context.domain
            ):
                return ACCEPTED
        return Checked(False, f"the step is not the statement of {self.claim}")

    def _relation_allows(self, kind: type, relation: str, context: Context) -> bool:
        if kind is Eq:
            return relation == "="
        if relation == "=" or (relation in ("<", ">") and kind not in (Lt, Gt)):
            return False
        return is_positive(self.times, context.domain) or (
            relation in ("<=", ">=") and is_nonnegative(self.times, context.domain)
        )


def hypothesis_met(lemma_domain: Mapping[Any, Any], context: Context) -> bool:
    """Whether the densities differ if a lemma with this domain supposes it."""
    return IF_DIFFERENT.keys().isdisjoint(lemma_domain) or densities_differ(context)


def variables_of(statement: Any) -> set[Any]:
    """The symbols for which nothing may be put in: bound in the statement, or what it is differentiated in."""
    return bound_symbols(statement) | {v for d in statement.atoms(Derivative) for v in d.variables}


def _directed(kind: type, in_order: bool, relation: str) -> bool:
    if kind is Eq:
        return True
    smaller_first = (kind in (Le, Lt)) == in_order
    return smaller_first == (relation in ("<=", "<")) and kind in (Le, Lt, Ge, Gt)


def value_allowed(value: Any, interval: Any, context: Context) -> bool:
    """Whether an expression stays in the interval of the lemma's symbol, for all parameters of the claim."""
    if interval is None:
        return True
    if value in context.domain and context.domain[value] == interval:
        return True
    if not _is_real(sympify(value), context.domain):
        return False
    low = (
        (is_positive if interval.lower_open else is_nonnegative)(value - interval.lower, context.domain)
        if (interval.lower.is_finite)
        else True
    )
    high = (
        (is_positive if interval.upper_open else is_nonnegative)(interval.upper - value, context.domain)
        if (interval.upper.is_finite)
        else True
    )
    return bool(low and high)


def _is_real(value: Expr, domain: Mapping[Symbol, Any]) -> bool:
    """Whether the expression is seen to have a real value on the whole domain."""
    return bool(possible_signs(open_up(value, domain))) and at_closed_upper_ends(_is_real, value, domain)
