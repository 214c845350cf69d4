"""Exact proofs of a reader's relations: by simplification, by sign, by roots of polynomials, by monotonicity.

Nothing here guesses. Each function returns the argument in words, or None for "not shown"; an argument is
given only if every one of its steps was carried out exactly by SymPy (a number's sign by balls). Callers keep
a second line of defence all the same: a relation for which a certified counterexample exists is never proved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any, cast

import sympy
from sympy import Expr, Integer, Symbol, oo
from sympy.core.relational import Relational

from symforget import signs
from symforget.domain import Interval
from symforget.ends import sympy_limit, value_at_end
from symforget.errors import InputError
from symforget.exactly import (
    HALF_LINE,
    by_its_range,
    core_of,
    fails_at_a_sample,
    has_root,
    in_units,
    inside_of,
    interior_points,
    is_positive_semidefinite,
    is_real_value,
    is_smooth,
    nonnegative_in_every_order,
    number_sign,
    off_the_diagonal,
    polynomial_sign,
    positive_and_negative_terms,
    sample_point,
    shown_nonnegative,
    signs_along,
    symbols_in,
    with_closed_upper_end,
    without,
)
from symforget.functions import normal
from symforget.integration import trusted_value
from symforget.timelimit import time_limit
from symforget.trees import evaluated, mapped, replaced
from symforget.wellposed import undefined_somewhere

Domain = Mapping[Symbol, Interval]
Lines = tuple[str, ...]

MAX_DERIVATIVES = 4
STEP_SECONDS = 3.0


@dataclass(frozen=True)
class Proof:
    """An argument, one sentence a step."""

    steps: Lines

    def __str__(self) -> str:
        return "; ".join(self.steps)


def prove(relation: Relational, domain: Domain, seconds: float) -> Proof | None:
    """Prove a relation on its whole domain, in at most about `seconds`; None if no argument is found.

    Both sides must be shown to be defined (denominators nonzero, logarithms of positive numbers, ...) first.
    """
    prover = _Prover(time.monotonic() + seconds)
    if not prover.defined(relation, domain):
        return None
    sides = [prover.attempt(lambda e=e: prover.with_values(opened(evaluated(e)), domain)) for e in relation.args]
    if any(side is None for side in sides):
        return None
    difference = sides[0] - sides[1]
    lines = _by_kind(prover, relation, difference, domain)
    return None if lines is None else Proof(lines)


def defined_everywhere(relation: Relational, domain: Domain, seconds: float, almost: bool = False) -> bool:
    """Whether both sides are shown to be defined on the whole domain; ``almost``: integrands almost everywhere."""
    return _Prover(time.monotonic() + seconds).defined(relation, domain, almost)


def _by_kind(prover: _Prover, relation: Relational, difference: Expr, domain: Domain) -> Lines | None:
    if isinstance(relation, sympy.Eq):
        return prover.zero(difference, domain)
    if isinstance(relation, sympy.Ne):
        return prover.positive(difference, domain) or prover.positive(-difference, domain)
    if isinstance(relation, sympy.Le | sympy.Lt):
        difference = -difference
    if isinstance(relation, sympy.Lt | sympy.Gt):
        return prover.positive(difference, domain)
    return prover.nonnegative(difference, domain)


def opened(expression: Expr) -> Expr:
    """Named quantities in elementary functions and the gate."""
    from symforget import model
    from symforget.functions import Phi
    from symforget.gate import symbolic

    elementary = (model.bhattacharyya, model.total_variation, model.chi_square)
    of_gate = (symbolic.misassignment_old, symbolic.misassignment_new, symbolic.information)
    result = mapped(expression, elementary, lambda e: e.closed_form())
    result = mapped(result, of_gate, lambda e: e.rewrite(symbolic.gate))
    return cast(Expr, mapped(result, Phi, lambda e: e.rewrite(sympy.erf)))


class _Prover:
    """Proof search with a common deadline. Every method answers with its argument, or None."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.edges: dict[Any, Expr | None] = {}

    def attempt(self, work: Callable[[], Any], seconds: float = STEP_SECONDS) -> Any:
        """Run a piece of SymPy work under a time limit; None if it stops or fails.

        SymPy's heuristics fail with exceptions of every kind on inputs beyond them: each means "not shown".
        """
        left = min(seconds, self.deadline - time.monotonic())
        if left <= 0:
            return None
        try:
            with time_limit(left):
                return work()
        except Exception:
            return None

    def with_values(self, expression: Expr, domain: Domain) -> Expr:
        """The expression with those of its outermost integrals carried out whose values can be relied on."""

        def value(e: Any) -> Expr | None:
            if not isinstance(e, sympy.Integral | normal):
                return None
            found = self.attempt(lambda: trusted_value(e, domain, self.part_positive, self.part_nonnegative))
            return e if found is None else found  # a value of 0 is one too

        return evaluated(replaced(expression, value))

    def defined(self, relation: Relational, domain: Domain, almost: bool = False) -> bool:
        return not undefined_somewhere(relation, domain, self.part_positive, self.part_nonnegative, almost)

    def part_positive(self, part: Expr, domain: Domain) -> bool:
        return self.positive(part, domain) is not None or _certified(part, domain, sympy.Gt)

    def part_nonnegative(self, part: Expr, domain: Domain) -> bool:
        return self.nonnegative(part, domain) is not None or _certified(part, domain, sympy.Ge)

    def zero(self, expression: Expr, domain: Domain) -> Lines | None:
        if self.surely_not_zero(expression, {s: domain[s] for s in symbols_in(expression)}):
            return None
        if self.attempt(lambda: signs.is_zero(expression, domain), 2 * STEP_SECONDS):
            return ("the difference of the two sides simplifies to 0",)
        if not is_smooth(expression):
            return None
        for x in symbols_in(expression):
            slope = self.attempt(lambda x=x: expression.diff(x))
            if slope is None or not self.attempt(lambda s=slope: signs.is_zero(s, domain)):
                continue
            for rising in (True, False):
                value = self.edge(expression, x, domain[x], rising)
                rest = without(domain, x)
                if value is not None and self.attempt(lambda v=value, d=rest: signs.is_zero(v, d)):
                    return (f"the difference has derivative 0 in {x} and the value 0 at one end",)
        return None

    def nonnegative(self, expression: Expr, domain: Domain, depth: int = MAX_DERIVATIVES) -> Lines | None:
        return self.sign(expression, domain, False, depth)

    def positive(self, expression: Expr, domain: Domain, depth: int = MAX_DERIVATIVES) -> Lines | None:
        return self.sign(expression, domain, True, depth)

    def sign(self, expression: Expr, domain: Domain, strict: bool, depth: int) -> Lines | None:
        domain = {s: domain[s] for s in symbols_in(expression)}
        if self.contradicted(expression, domain, strict):
            return None
        said = "> 0" if strict else ">= 0"
        if self.shown_directly(expression, domain, strict):
            return (f"{expression} is {said}, as an exact look at its signs shows",)
        if not domain:
            return None  # a number: what follows is for functions
        core = self.attempt(lambda: core_of(expression, domain))
        forms = _distinct(core, expression)
        for form in forms:
            if form != expression and self.shown_directly(form, domain, strict):
                return (f"{form} is {said}, as an exact look at its signs shows",)
            if self.attempt(lambda f=form: polynomial_sign(f, domain, strict)):
                return (f"{form} is {said} by the exact roots of its polynomials",)
            if not strict and self.attempt(lambda f=form: is_positive_semidefinite(f, domain)):
                return (f"{form} is a sum of squares",)
            if not strict and self.attempt(lambda f=form: nonnegative_in_every_order(f, domain)):
                return (f"{form} is >= 0: for every order of its symbols, in their gaps, all coefficients are",)
        if depth == 0 or time.monotonic() > self.deadline:
            return None
        smooth = [form for form in forms if is_smooth(form)]
        targets = smooth[::-1] if depth == MAX_DERIVATIVES else smooth[:1]
        for target in targets:
            for argument in self.arguments(strict):
                lines = argument(target, domain, strict, depth)
                if lines is not None:
                    return lines
        return self.by_transforming(expression, domain, strict) if depth == MAX_DERIVATIVES else None

    def arguments(self, strict: bool) -> tuple[Callable[..., Lines | None], ...]:
        return (self.by_monotonicity, self.by_squaring, self.by_quasiconcavity) + (
            () if strict else (self.by_splitting,)
        )

    def shown_directly(self, expression: Expr, domain: Domain, strict: bool) -> bool:
        if not domain:
            return bool(self.attempt(lambda: number_sign(expression, strict)))
        if self.attempt(lambda: by_its_range(expression, domain, strict)):
            return True
        if not strict:
            return bool(self.attempt(lambda: shown_nonnegative(expression, domain)))
        return bool(self.attempt(lambda: signs.is_positive(expression, domain))) and all(
            self.sign(expression.subs(s, interval.upper), without(domain, s), True, 0) is not None
            for s, interval in with_closed_upper_end(domain)
        )

    def by_monotonicity(self, expression: Expr, domain: Domain, strict: bool, depth: int) -> Lines | None:
        """The value at one end has the sign wanted, and the expression grows away from that end."""
        for x in symbols_in(expression):
            slope = self.attempt(lambda x=x: expression.diff(x))
            if slope is None or x not in slope.free_symbols:
                continue
            for rising in (True, False):
                lines = self.monotone_in(expression, slope, x, rising, domain, strict, depth)
                if lines is not None:
                    return lines
        return None

    def monotone_in(
        self, expression: Expr, slope: Expr, x: Symbol, rising: bool, domain: Domain, strict: bool, depth: int
    ) -> Lines | None:
        directed = slope if rising else -slope
        interval, rest = domain[x], without(domain, x)
        inside = {**domain, x: inside_of(interval)}  # a slope is not needed at the ends
        if self.contradicted(directed, inside, False):
            return None
        value = self.edge(expression, x, interval, rising)
        if value is None:
            return None
        attained = not (interval.lower_open if rising else interval.upper_open)
        base = () if value == oo else self.sign(value, rest, strict and attained, depth - 1)
        if base is None:
            return None
        growth = self.sign(directed, inside, strict and not attained, depth - 1)
        if growth is None:
            return None
        end = interval.lower if rising else interval.upper
        way = "increases" if rising else "decreases"
        return (f"{expression} {way} in {x} from {value} at {x} = {end}" if rising else
                f"{expression} {way} in {x} to {value} at {x} = {end}", *growth)  # fmt: skip

    def by_quasiconcavity(self, expression: Expr, domain: Domain, strict: bool, depth: int) -> Lines | None:
        """The slope is first positive, then negative: so the expression is least towards an end."""
        for x in symbols_in(expression):
            slope = self.slope_core(expression, x, domain)
            if slope is None:
                continue
            rest, interval = without(domain, x), domain[x]
            lines: Lines = (f"{expression} first rises, then falls in {x}",)
            for at_lower, is_open in ((True, interval.lower_open), (False, interval.upper_open)):
                value = self.edge(expression, x, interval, at_lower)
                if value is None or (value != oo and self.sign(value, rest, not is_open and strict, 0) is None):
                    break
                end = interval.lower if at_lower else interval.upper
                lines += (f"its value or limit at {x} = {end} is {value}",)
            else:
                argument = None if strict else self.one_change(slope, x, domain, depth - 1)
                if argument is not None:
                    return (*lines, *argument)
        return None

    def slope_core(self, expression: Expr, x: Symbol, domain: Domain) -> Expr | None:
        """The slope inside the interval, up to a positive factor."""
        inside = {**domain, x: inside_of(domain[x])}
        slope = self.attempt(lambda: core_of(expression.diff(x), inside))
        return slope if slope is not None and is_smooth(slope) else None

    def one_change(self, expression: Expr, x: Symbol, domain: Domain, depth: int) -> Lines | None:
        """The expression is >= 0 up to some point of x's interval and <= 0 from there on.

        It is if it decreases; if it starts at >= 0 and rises, then falls; or if it falls, then rises, and ends
        at <= 0: so the question passes to its slope.
        """
        if x not in expression.free_symbols or self.changes_wrongly(expression, x, domain):
            return None
        slope = self.slope_core(expression, x, domain)
        if slope is None:
            return None
        inside, rest, interval = {**domain, x: inside_of(domain[x])}, without(domain, x), domain[x]
        falls = self.sign(-slope, inside, False, min(depth, 1))
        if falls is not None:
            return (f"{expression} decreases in {x}", *falls)
        if depth <= 0:
            return None
        for at_lower, side in ((True, 1), (False, -1)):
            value = self.edge(expression, x, interval, at_lower)
            if value is None or (value == oo and side < 0):
                continue
            if value != oo and self.sign(side * value, rest, False, 0) is None:
                continue
            lines = self.one_change(side * slope, x, domain, depth - 1)
            if lines is not None:
                where = f"starts at {value} and first rises" if at_lower else f"ends at {value} and first falls"
                return (f"{expression} {where}: its sign changes at most once", *lines)
        return None

    def changes_wrongly(self, expression: Expr, x: Symbol, domain: Domain) -> bool:
        """Whether samples show a negative value before a positive one."""
        middle = {s: sample_point(domain[s], 0) for s in symbols_in(expression) if s != x}
        signs_seen = self.attempt(lambda: signs_along(expression, x, domain[x], middle), 1.0) or []
        first_negative = next((n for n, sign in enumerate(signs_seen) if sign < 0), len(signs_seen))
        return any(sign > 0 for sign in signs_seen[first_negative:])

    def by_squaring(self, expression: Expr, domain: Domain, strict: bool, depth: int) -> Lines | None:
        """Square roots are compared by their squares."""
        if not has_root(expression):
            return None
        pair = self.attempt(lambda: positive_and_negative_terms(expression))
        if pair is None or not all(self.shown_directly(side, domain, False) for side in pair):
            return None
        squares = self.attempt(lambda: sympy.expand(pair[0] ** 2) - sympy.expand(pair[1] ** 2))
        if squares is None or has_root(squares):
            return None
        lines = self.sign(squares, domain, strict, depth)
        return None if lines is None else ("comparing squares of both sides", *lines)

    def by_transforming(self, expression: Expr, domain: Domain, strict: bool) -> Lines | None:
        """The same sign in another form: of logarithms, with one symbol measured in units of another, or, where
        the expression vanishes for two equal symbols, by the distance between them."""
        for what, pieces in self.transformed(expression, domain, strict):
            found = [self.sign(form, where, strict, MAX_DERIVATIVES - 1) for form, where in pieces]
            if pieces and all(lines is not None for lines in found):
                return (what, *(line for lines in found if lines for line in lines))
        return None

    def transformed(
        self, expression: Expr, domain: Domain, strict: bool
    ) -> Iterator[tuple[str, list[tuple[Expr, Domain]]]]:
        pair = self.attempt(lambda: positive_and_negative_terms(expression))
        if pair is not None and all(self.shown_directly(side, domain, True) for side in pair):
            larger, smaller = (sympy.expand_log(sympy.log(side)) for side in pair)
            yield "taking logarithms of both sides", [(larger - smaller, domain)]
        for one, other in permutations(symbols_in(expression), 2):
            if domain[one] == domain[other] == HALF_LINE:
                ratio = sympy.Dummy(f"{one}/{other}", positive=True)
                form = self.attempt(lambda o=one, u=other, r=ratio: in_units(expression, o, u * r, domain))
                if form is not None and other not in form.free_symbols:
                    yield f"with {one} in units of {other}", [(form, {**domain, ratio: HALF_LINE})]
            if not strict and domain[one] == domain[other]:
                pieces = self.attempt(lambda o=one, u=other: off_the_diagonal(expression, o, u, domain))
                if pieces:
                    yield f"it is 0 for {one} = {other}; for {one} on either side of {other}", pieces

    def by_splitting(self, expression: Expr, domain: Domain, strict: bool, depth: int) -> Lines | None:
        """Where the expression vanishes at an interior point, treat both sides of it on their own."""
        assert not strict, "an expression that vanishes somewhere is not positive"
        for x in symbols_in(expression):
            for point in interior_points(domain[x]):
                if self.surely_not_zero(expression.subs(x, point), without(domain, x)):
                    continue
                if not self.attempt(
                    lambda x=x, p=point: signs.is_zero(cast(Expr, expression.subs(x, p)), without(domain, x))
                ):
                    continue
                interval = domain[x]
                below = Interval(interval.lower, point, interval.lower_open, False)
                above = Interval(point, interval.upper, False, interval.upper_open)
                left = self.sign_by_end(expression, x, {**domain, x: below}, False, depth)
                right = left and self.sign_by_end(expression, x, {**domain, x: above}, True, depth)
                if left and right:
                    return (f"{expression} is 0 at {x} = {point}", *left, *right)
        return None

    def sign_by_end(self, expression: Expr, x: Symbol, domain: Domain, rising: bool, depth: int) -> Lines | None:
        """The expression is 0 at the end the piece starts from; show that it grows away from there."""
        slope = self.attempt(lambda: expression.diff(x))
        if slope is None:
            return None
        directed = slope if rising else -slope
        lines = self.sign(directed, {**domain, x: inside_of(domain[x])}, False, depth - 1)
        return None if lines is None else (f"for {x} in {domain[x]}: it grows away from there", *lines)

    def edge(self, expression: Expr, x: Symbol, interval: Interval, at_lower: bool) -> Expr | None:
        """The value at an end of the interval, or the limit there; None if SymPy finds none."""
        key = (expression, x, interval, at_lower)
        if key not in self.edges:
            self.edges[key] = self.find_edge(*key)
        return self.edges[key]

    def find_edge(self, expression: Expr, x: Symbol, interval: Interval, at_lower: bool) -> Expr | None:
        end = interval.lower if at_lower else interval.upper
        value = self.attempt(lambda: value_at_end(expression, x, end))
        if value is None:
            value = self.attempt(lambda: sympy_limit(expression, x, end, "+" if at_lower else "-"), 1.5)
        if value is None or value.has(sympy.Limit, sympy.AccumBounds):
            return None
        return value if value == oo or is_real_value(value) else None

    def surely_not_zero(self, expression: Any, domain: Domain) -> bool:
        """Whether balls tell the expression from 0 at a sample point."""
        return any(
            bool(self.attempt(lambda e=e: fails_at_a_sample(e, domain, False), 1.0)) for e in (expression, -expression)
        )

    def contradicted(self, expression: Expr, domain: Domain, strict: bool) -> bool:
        """Whether balls show the wrong sign at a sample point: then no argument need be sought."""
        found = self.attempt(lambda: fails_at_a_sample(expression, domain, strict), 1.0)
        return bool(found)


def _certified(part: Expr, domain: Domain, relation: Any) -> bool:
    """Branch and bound for the sign of a part, where no argument in words was found."""
    from symforget.prover import Certified, certify

    try:
        outcome = certify(relation(part, Integer(0), evaluate=False), domain, max_boxes=400, timeout=2.0)
    except InputError:
        return False
    return isinstance(outcome, Certified)


def _distinct(core: Expr | None, expression: Expr) -> tuple[Expr, ...]:
    return (expression,) if core is None or core == expression else (core, expression)
