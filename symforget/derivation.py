"""Derivations: chains of expressions, each step justified by a rule that is checked, not believed.

    Derivation(start).equals(next, by=rule).at_most(bound, by=rule)

A single chain proves ``start R end``, where R is the strongest relation its steps give; the claim's statement must be
that. Where the statement follows from several chains, ``therefore`` names the rule that concludes it from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sympy import Eq, Expr, Ge, Gt, Le, Lt, Symbol, oo, sympify

from symforget.calculus import IF_DIFFERENT
from symforget.claims import Claim, Densities
from symforget.domain import some_numbers_only
from symforget.instances import is_of_the_pair, moves_unseen
from symforget.signs import is_nonnegative, is_zero

RELATIONS = {"=": Eq, "<=": Le, "<": Lt, ">=": Ge, ">": Gt}
_SYMBOL_OF = {kind: symbol for symbol, kind in RELATIONS.items()}


@dataclass(frozen=True)
class Checked:
    """Whether a rule accepts a step, and if not, why."""

    ok: bool
    detail: str = ""


ACCEPTED = Checked(True)


@dataclass(frozen=True)
class Context:
    """What a rule may use: the domain of the claim, the statements of the claims it depends on, and its densities.

    ``gaussian``: whether the claim is for Gaussian densities p_o, p_n only: what rules then know must not be used of
    others. ``box``: where the premises of a conclusion are certified, if that is not the whole domain.
    """

    domain: Mapping[Symbol, Any]
    lemma: Callable[[str, str], Any]
    gaussian: bool
    box: Mapping[Symbol, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, claim: Claim, lemma: Callable[[str, str], Any]) -> Context:
        """What a rule may use in a derivation of the claim."""
        return cls(claim.domain, lemma, claim.densities is Densities.GAUSSIAN)


class Rule(Protocol):
    """A justification for ``before R after``. ``reason`` is what a reader is told."""

    @property
    def reason(self) -> str: ...

    def check(self, before: Expr, relation: str, after: Expr, context: Context) -> Checked: ...


class Conclusion(Protocol):
    """A justification for a statement from relations already derived."""

    @property
    def reason(self) -> str: ...

    def check(self, premises: tuple[Any, ...], statement: Any, context: Context) -> Checked: ...


@dataclass(frozen=True)
class Step:
    """``relation`` between the previous expression and this one, by ``rule``."""

    relation: str
    expression: Expr
    rule: Rule


@dataclass(frozen=True)
class Chain:
    """A start and the steps from it; what it proves is `proved`."""

    start: Expr
    steps: tuple[Step, ...] = ()

    @property
    def end(self) -> Expr:
        return self.steps[-1].expression if self.steps else self.start

    @property
    def relation(self) -> str | None:
        """The relation the steps compose to, or None if they point in different directions."""
        kinds = {s.relation for s in self.steps} - {"="}
        if not kinds:
            return "="
        if kinds <= {"<", "<="}:
            return "<" if "<" in kinds else "<="
        if kinds <= {">", ">="}:
            return ">" if ">" in kinds else ">="
        return None

    @property
    def proved(self) -> Any:
        relation = self.relation
        return None if relation is None else RELATIONS[relation](self.start, self.end, evaluate=False)


@dataclass(frozen=True)
class Derivation:
    """One or more chains and, if the statement is not simply the last chain's, the rule that concludes it."""

    start: Any
    steps: tuple[Step, ...] = ()
    earlier: tuple[Chain, ...] = ()
    conclusion: Conclusion | None = None

    def equals(self, expression: Any, by: Rule) -> Derivation:
        return self._then("=", expression, by)

    def at_most(self, expression: Any, by: Rule) -> Derivation:
        return self._then("<=", expression, by)

    def below(self, expression: Any, by: Rule) -> Derivation:
        return self._then("<", expression, by)

    def at_least(self, expression: Any, by: Rule) -> Derivation:
        return self._then(">=", expression, by)

    def above(self, expression: Any, by: Rule) -> Derivation:
        return self._then(">", expression, by)

    def also(self, start: Any) -> Derivation:
        """Close the present chain and begin another."""
        return Derivation(start, (), (*self.earlier, self.chain), self.conclusion)

    def therefore(self, by: Conclusion) -> Derivation:
        """The statement follows from the chains by this rule."""
        return replace(self, conclusion=by)

    @property
    def chain(self) -> Chain:
        return Chain(sympify(self.start), self.steps)

    @property
    def chains(self) -> tuple[Chain, ...]:
        return (*self.earlier, self.chain)

    def _then(self, relation: str, expression: Any, by: Rule) -> Derivation:
        return replace(self, steps=(*self.steps, Step(relation, sympify(expression), by)))


def closes(derivation: Derivation, statement: Any, context: Context) -> Checked:
    """Whether the chains, taken as true, give the statement."""
    premises = [chain.proved for chain in derivation.chains]
    if any(p is None for p in premises):
        return Checked(False, "a chain mixes <= and >=")
    if derivation.conclusion is not None:
        return derivation.conclusion.check(tuple(premises), statement, context)
    if len(premises) > 1:
        return Checked(False, "several chains need a rule that concludes the statement from them")
    return same_or_stronger(premises[0], statement, context)


def same_or_stronger(premise: Any, statement: Any, context: Context) -> Checked:
    """Whether ``premise`` has the statement's two sides (in either order) and a relation that implies its own."""
    for candidate in (premise, premise.reversed):
        if _implies(type(candidate), type(statement)) and _same_sides(candidate, statement, context):
            return ACCEPTED
    return Checked(False, f"the derivation proves {as_text(premise)}, which is not the statement {as_text(statement)}")


def _implies(stronger: type, weaker: type) -> bool:
    return stronger is weaker or (stronger, weaker) in {(Eq, Le), (Eq, Ge), (Lt, Le), (Gt, Ge)}


def _same_sides(left: Any, right: Any, context: Context) -> bool:
    return is_zero(left.lhs - right.lhs, context.domain) and is_zero(left.rhs - right.rhs, context.domain)


MOVES_UNSEEN = Checked(False, "integrals over the sample space depend on delta and TV without containing them")


def check_step(before: Expr, step: Step, context: Context) -> Checked:
    """Whether the step's rule accepts it, where nothing moves with a variable unseen."""
    if any(map(moves_unseen, (before, step.expression))):
        return MOVES_UNSEEN
    return step.rule.check(before, step.relation, step.expression, context)


def densities_differ(context: Context) -> bool:
    """Whether p_o != p_n: the claim's densities are Gaussian, with delta > 0, or its domain says so."""
    return context.gaussian or not IF_DIFFERENT.keys().isdisjoint(context.domain)


def clashes(symbol: Any, context: Context, *expressions: Any) -> bool:
    """Whether a variable that a rule binds is a parameter too, of the claim or of what the rule is applied to.

    The separation of Gaussian densities always is: integrals over the sample space depend on it without containing it.
    """
    in_sight = symbol in context.domain or any(symbol in e.free_symbols for e in expressions)
    return in_sight or is_of_the_pair(symbol)


def runs_from(symbol: Any, low: Any, high: Any, context: Context) -> bool:
    """Whether a variable may be declared what it is where it runs from one limit to the other, ends apart.

    SymPy takes |s| to be s for an s declared positive, also in an integral over [-1, 1].
    """
    if some_numbers_only(symbol):
        return False
    if symbol.is_nonnegative:
        return all(is_nonnegative(end, context.domain) or end == oo for end in (low, high))
    return not symbol.is_nonpositive or all(is_nonnegative(-end, context.domain) or end == -oo for end in (low, high))


def any_real(symbol: Any) -> bool:
    """Whether a symbol stands for every real number: it is real, and nothing else is assumed of it."""
    unsigned = symbol.is_nonnegative is None and symbol.is_nonpositive is None and symbol.is_zero is None
    return bool(symbol.is_real) and unsigned and not some_numbers_only(symbol)


NOT_OVER_THE_LINE = Checked(False, "the normal variable is a parameter, or stands for some real numbers only")


def runs_over_the_line(symbol: Any, context: Context, *expressions: Any) -> bool:
    """Whether a symbol may name the normal variable of an expectation: any real number, and no parameter."""
    return any_real(symbol) and not clashes(symbol, context, *expressions)


def as_text(relation: Any) -> str:
    """A relation on one line, unevaluated."""
    symbol = "=" if isinstance(relation, Eq) else _SYMBOL_OF.get(type(relation), "?")
    return f"{relation.lhs} {symbol} {relation.rhs}"
