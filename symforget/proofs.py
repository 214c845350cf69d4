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
from sympy import Expr, Integer, Mul, Poly, Rational, Symbol, oo
from sympy.core.relational import Relational

from symforget import signs
from symforget.domain import Interval
from symforget.ends import value_at_end
from symforget.errors import InputError, PrecisionNotReached
from symforget.language import evaluated
from symforget.timelimit import time_limit
from symforget.wellposed import undefined_somewhere

Domain = Mapping[Symbol, Interval]
Lines = tuple[str, ...]

MAX_DERIVATIVES = 4
STEP_SECONDS = 3.0
_SPLITS = (Integer(0), Integer(1), Rational(1, 2), Integer(2), Integer(-1))
_HALF_LINE = Interval(Integer(0), oo, True, True)
_NOT_SMOOTH = (sympy.Abs, sympy.Max, sympy.Min, sympy.sign, sympy.Heaviside, sympy.Piecewise, sympy.floor)


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
    difference = prover.attempt(lambda: opened(evaluated(relation.lhs)) - opened(evaluated(relation.rhs)))
    if difference is None:
        return None
    lines = _by_kind(prover, relation, difference, domain)
    return None if lines is None else Proof(lines)


def defined_everywhere(relation: Relational, domain: Domain, seconds: float) -> bool:
    """Whether both sides are shown to be defined on the whole domain."""
    return _Prover(time.monotonic() + seconds).defined(relation, domain)


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
    """Named quantities in elementary functions and the gate; integrals and limits carried out."""
    from symforget import model
    from symforget.functions import Phi, normal
    from symforget.gate import symbolic

    elementary = (model.bhattacharyya, model.total_variation, model.chi_square)
    of_gate = (symbolic.misassignment_old, symbolic.misassignment_new, symbolic.information)
    result = expression.replace(lambda e: isinstance(e, elementary), lambda e: e.closed_form())
    result = result.replace(lambda e: isinstance(e, of_gate), lambda e: e.rewrite(symbolic.gate))
    result = result.replace(lambda e: isinstance(e, Phi), lambda e: e.rewrite(sympy.erf))
    kinds = (sympy.Integral, sympy.Limit, normal)
    return cast(Expr, result.replace(lambda e: isinstance(e, kinds), lambda e: e.doit()))


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

    def defined(self, relation: Relational, domain: Domain) -> bool:
        return not undefined_somewhere(relation, domain, self.part_positive, self.part_nonnegative)

    def part_positive(self, part: Expr, domain: Domain) -> bool:
        return self.positive(part, domain) is not None or _certified(part, domain, sympy.Gt)

    def part_nonnegative(self, part: Expr, domain: Domain) -> bool:
        return self.nonnegative(part, domain) is not None or _certified(part, domain, sympy.Ge)

    def zero(self, expression: Expr, domain: Domain) -> Lines | None:
        if self.surely_not_zero(expression, {s: domain[s] for s in _symbols(expression)}):
            return None
        if self.attempt(lambda: signs.is_zero(expression, domain), 2 * STEP_SECONDS):
            return ("the difference of the two sides simplifies to 0",)
        if not _is_smooth(expression):
            return None
        for x in _symbols(expression):
            slope = self.attempt(lambda x=x: expression.diff(x))
            if slope is None or not self.attempt(lambda s=slope: signs.is_zero(s, domain)):
                continue
            for rising in (True, False):
                value = self.edge(expression, x, domain[x], rising)
                rest = _without(domain, x)
                if value is not None and self.attempt(lambda v=value, d=rest: signs.is_zero(v, d)):
                    return (f"the difference has derivative 0 in {x} and the value 0 at one end",)
        return None

    def nonnegative(self, expression: Expr, domain: Domain, depth: int = MAX_DERIVATIVES) -> Lines | None:
        return self.sign(expression, domain, False, depth)

    def positive(self, expression: Expr, domain: Domain, depth: int = MAX_DERIVATIVES) -> Lines | None:
        return self.sign(expression, domain, True, depth)

    def sign(self, expression: Expr, domain: Domain, strict: bool, depth: int) -> Lines | None:
        domain = {s: domain[s] for s in _symbols(expression)}
        if self.contradicted(expression, domain, strict):
            return None
        said = "> 0" if strict else ">= 0"
        if self.shown_directly(expression, domain, strict):
            return (f"{expression} is {said}, as an exact look at its signs shows",)
        core = self.attempt(lambda: _core(expression, domain))
        forms = _distinct(core, expression)
        for form in forms:
            if form != expression and self.shown_directly(form, domain, strict):
                return (f"{form} is {said}, as an exact look at its signs shows",)
            if self.attempt(lambda f=form: _polynomial_sign(f, domain, strict)):
                return (f"{form} is {said} by the exact roots of its polynomials",)
            if not strict and self.attempt(lambda f=form: _is_positive_semidefinite(f, domain)):
                return (f"{form} is a sum of squares",)
            if not strict and self.attempt(lambda f=form: _nonnegative_in_every_order(f, domain)):
                return (f"{form} is >= 0: for every order of its symbols, in their gaps, all coefficients are",)
        if depth == 0 or time.monotonic() > self.deadline:
            return None
        smooth = [form for form in forms if _is_smooth(form)]
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
            return bool(self.attempt(lambda: _number_sign(expression, strict)))
        if self.attempt(lambda: _by_its_range(expression, domain, strict)):
            return True
        if not strict:
            return bool(self.attempt(lambda: _shown_nonnegative(expression, domain)))
        return bool(self.attempt(lambda: signs.is_positive(expression, domain))) and all(
            self.sign(expression.subs(s, interval.upper), _without(domain, s), True, 0) is not None
            for s, interval in _with_closed_upper_end(domain)
        )

    def by_monotonicity(self, expression: Expr, domain: Domain, strict: bool, depth: int) -> Lines | None:
        """The value at one end has the sign wanted, and the expression grows away from that end."""
        for x in _symbols(expression):
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
        interval, rest = domain[x], _without(domain, x)
        inside = {**domain, x: _opened(interval)}  # a slope is not needed at the ends
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
        for x in _symbols(expression):
            slope = self.slope_core(expression, x, domain)
            if slope is None:
                continue
            rest, interval = _without(domain, x), domain[x]
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
        inside = {**domain, x: _opened(domain[x])}
        slope = self.attempt(lambda: _core(expression.diff(x), inside))
        return slope if slope is not None and _is_smooth(slope) else None

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
        inside, rest, interval = {**domain, x: _opened(domain[x])}, _without(domain, x), domain[x]
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
        middle = {s: _spread(domain[s], 0) for s in _symbols(expression) if s != x}
        signs_seen = self.attempt(lambda: _signs_along(expression, x, domain[x], middle), 1.0) or []
        first_negative = next((n for n, sign in enumerate(signs_seen) if sign < 0), len(signs_seen))
        return any(sign > 0 for sign in signs_seen[first_negative:])

    def by_squaring(self, expression: Expr, domain: Domain, strict: bool, depth: int) -> Lines | None:
        """Square roots are compared by their squares."""
        if not _has_root(expression):
            return None
        pair = self.attempt(lambda: _positive_and_negative_terms(expression))
        if pair is None or not all(self.shown_directly(side, domain, False) for side in pair):
            return None
        squares = self.attempt(lambda: sympy.expand(pair[0] ** 2) - sympy.expand(pair[1] ** 2))
        if squares is None or _has_root(squares):
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
        pair = self.attempt(lambda: _positive_and_negative_terms(expression))
        if pair is not None and all(self.shown_directly(side, domain, True) for side in pair):
            larger, smaller = (sympy.expand_log(sympy.log(side)) for side in pair)
            yield "taking logarithms of both sides", [(larger - smaller, domain)]
        for one, other in permutations(_symbols(expression), 2):
            if domain[one] == domain[other] == _HALF_LINE:
                ratio = sympy.Dummy(f"{one}/{other}", positive=True)
                form = self.attempt(lambda o=one, u=other, r=ratio: _in_units(expression, o, u * r, domain))
                if form is not None and other not in form.free_symbols:
                    yield f"with {one} in units of {other}", [(form, {**domain, ratio: _HALF_LINE})]
            if not strict and domain[one] == domain[other]:
                pieces = self.attempt(lambda o=one, u=other: _off_the_diagonal(expression, o, u, domain))
                if pieces:
                    yield f"it is 0 for {one} = {other}; for {one} on either side of {other}", pieces

    def by_splitting(self, expression: Expr, domain: Domain, strict: bool, depth: int) -> Lines | None:
        """Where the expression vanishes at an interior point, treat both sides of it on their own."""
        assert not strict, "an expression that vanishes somewhere is not positive"
        for x in _symbols(expression):
            for point in _interior(domain[x]):
                if self.surely_not_zero(expression.subs(x, point), _without(domain, x)):
                    continue
                if not self.attempt(
                    lambda x=x, p=point: signs.is_zero(cast(Expr, expression.subs(x, p)), _without(domain, x))
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
        lines = self.sign(directed, {**domain, x: _opened(domain[x])}, False, depth - 1)
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
            value = self.attempt(lambda: sympy.limit(expression, x, end, "+" if at_lower else "-"), 1.5)
        if value is None or value.has(sympy.Limit, sympy.AccumBounds):
            return None
        return value if value == oo or _is_real_value(value) else None

    def surely_not_zero(self, expression: Any, domain: Domain) -> bool:
        """Whether balls tell the expression from 0 at a sample point."""
        return any(
            bool(self.attempt(lambda e=e: _fails_at_a_sample(e, domain, False), 1.0)) for e in (expression, -expression)
        )

    def contradicted(self, expression: Expr, domain: Domain, strict: bool) -> bool:
        """Whether balls show the wrong sign at a sample point: then no argument need be sought."""
        found = self.attempt(lambda: _fails_at_a_sample(expression, domain, strict), 1.0)
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


def _positive_and_negative_terms(expression: Expr) -> tuple[Expr, Expr] | None:
    terms = sympy.Add.make_args(sympy.expand(expression))
    larger = sympy.Add(*(t for t in terms if not t.could_extract_minus_sign()))
    smaller = sympy.Add(*(-t for t in terms if t.could_extract_minus_sign()))
    return None if larger == 0 or smaller == 0 else (larger, smaller)


def _in_units(expression: Expr, symbol: Symbol, value: Expr, domain: Domain) -> Any:
    form = sympy.expand_log(sympy.simplify(expression.subs(symbol, value)))
    return _core(form, {**domain, **dict.fromkeys(value.free_symbols - domain.keys(), _HALF_LINE)})  # type: ignore[operator]


def _off_the_diagonal(expression: Expr, one: Symbol, other: Symbol, domain: Domain) -> list[tuple[Expr, Domain]]:
    """The expression with `one` above and below `other` by a share of the room, if it vanishes where they agree."""
    interval = domain[one]
    if not signs.is_zero(cast(Expr, expression.subs(one, other)), _without(domain, one)):
        return []
    share = sympy.Dummy("share", nonnegative=True)
    unit, line = Interval(Integer(0), Integer(1), False, True), Interval(Integer(0), oo, False, True)
    ends = ((interval.upper, line if interval.upper == oo else unit, 1), (interval.lower, unit, -1))
    pieces = []
    for end, shares, side in ends:
        if end == -oo:
            return []
        room = 1 if end == oo else side * (end - other)
        moved = cast(Expr, expression.subs(one, other + side * room * share))
        pieces.append((moved, {**_without(domain, one), share: shares}))
    return pieces


def _nonnegative_in_every_order(expression: Expr, domain: Domain) -> bool:
    """Whether a polynomial is >= 0 for nonnegative symbols: with the symbols written as the smallest plus gaps,
    for every order of them, no coefficient is negative."""
    symbols = _symbols(expression)
    above, below = sympy.fraction(sympy.together(expression))
    if not 2 <= len(symbols) <= 4 or any(domain[s].lower < 0 for s in symbols):
        return False
    if not signs.is_positive(below, domain):
        return False
    polynomial = Poly(above, *symbols, domain="QQ")
    gaps = [sympy.Dummy(f"gap{n}", nonnegative=True) for n in range(len(symbols))]
    for order in permutations(symbols):
        substituted = {s: sympy.Add(*gaps[: n + 1]) for n, s in enumerate(order)}
        expanded = Poly(polynomial.as_expr().xreplace(substituted), *gaps, domain="QQ")
        if any(coefficient < 0 for coefficient in expanded.coeffs()):
            return False
    return True


def _by_its_range(expression: Expr, domain: Domain, strict: bool) -> bool:
    """The enclosure of the expression's range over the whole domain, in outward rounded arithmetic."""
    from symforget.balls import compile_ball, to_ball, undefined_as_none, workprec
    from symforget.ranges import Range

    with workprec(100):
        function = compile_ball(expression, _symbols(expression))
        ends = ((i.lower, i.upper, i.lower_open, i.upper_open) for i in (domain[s] for s in _symbols(expression)))
        ranges = [Range(_end(low, -1, to_ball), _end(high, 1, to_ball), *opens) for low, high, *opens in ends]
        found = undefined_as_none(function, ranges)
    if found is None:
        return False
    return bool(found.lo > 0 or (found.lo == 0 and (not strict or found.lo_open)))


def _end(value: Any, side: int, to_ball: Callable[[Any], Any]) -> Any:
    from flint import arb

    if value in (oo, -oo):
        return arb.pos_inf() if value == oo else arb.neg_inf()
    ball = to_ball(value)
    return ball.upper() if side > 0 else ball.lower()


def _is_smooth(expression: Expr) -> bool:
    """Whether differentiating the formula is differentiating the function: no corners, no open integrals."""
    from symforget.functions import normal

    return not expression.has(*_NOT_SMOOTH, sympy.Integral, sympy.Limit, sympy.Derivative, normal)


def _is_real_value(value: Expr) -> bool:
    return not value.has(sympy.nan, sympy.zoo, oo, -oo, sympy.I)


def _symbols(expression: Expr) -> list[Symbol]:
    return sorted(expression.free_symbols, key=str)  # type: ignore[arg-type]


def _without(domain: Domain, x: Symbol) -> Domain:
    return {s: interval for s, interval in domain.items() if s != x}


def _opened(interval: Interval) -> Interval:
    if interval.lower == interval.upper:
        return interval
    return Interval(interval.lower, interval.upper, True, True)


def _with_closed_upper_end(domain: Domain) -> Iterator[tuple[Symbol, Interval]]:
    return ((s, i) for s, i in domain.items() if not i.upper_open and i.lower != -oo)


def _interior(interval: Any) -> list[Any]:
    points = list(_SPLITS)
    if interval.lower.is_finite and interval.upper.is_finite:
        points.append((interval.lower + interval.upper) / 2)
    return [p for p in points if interval.lower < p < interval.upper]


def _core(expression: Expr, domain: Domain) -> Any:
    """The expression over one denominator, factored, without its factors that are plainly positive."""
    form: Any = sympy.factor(sympy.together(sympy.powsimp(sympy.expand(expression))))
    return Mul(*(f for f in Mul.make_args(form) if not _plainly_positive(f, domain)))


def _plainly_positive(factor: Expr, domain: Domain) -> bool:
    """Positive on the whole domain; a closed upper end, which the parameters do not reach, is taken apart."""
    if not signs.open_up(factor, domain).is_positive:
        return False
    ends = [(s, i.upper) for s, i in _with_closed_upper_end(domain) if s in factor.free_symbols]
    return all(_plainly_positive(factor.subs(s, end), _without(domain, s)) for s, end in ends)


def _shown_nonnegative(expression: Expr, domain: Domain) -> bool:
    """Sign of the factored form, also with every square root of a symbol made a symbol of its own."""
    if signs.is_nonnegative(expression, domain):
        return True
    positive = [s for s in _symbols(expression) if domain[s].lower >= 0 and _has_root_of(expression, s)]
    if not positive:
        return False
    roots = {s: sympy.Dummy(f"r_{s}", positive=True) for s in positive}
    form = sympy.factor(sympy.powdenest(expression.subs({s: r**2 for s, r in roots.items()})))
    inside = {s: i for s, i in domain.items() if s not in roots}
    inside |= {r: Interval(Integer(0), oo, True, True) for r in roots.values()}
    return signs.is_nonnegative(form, inside)


def _has_root(expression: Expr) -> bool:
    powers = cast(Any, expression.atoms(sympy.Pow))
    return any(p.exp == Rational(1, 2) and p.free_symbols for p in powers)


def _has_root_of(expression: Expr, symbol: Symbol) -> bool:
    return any(
        p.base.has(symbol) and p.exp.is_Rational and p.exp.q == 2 for p in cast(Any, expression.atoms(sympy.Pow))
    )


def _number_sign(value: Expr, strict: bool) -> bool:
    """The sign of a number, by balls; zero only if it simplifies to zero."""
    from symforget.balls import evaluate

    if isinstance(value, Rational):
        return bool(value > 0 if strict else value >= 0)
    if not strict and sympy.simplify(value) == 0:
        return True
    return bool(evaluate(value, {}, 10) > 0)


def _polynomial_sign(expression: Expr, domain: Domain, strict: bool) -> bool:
    """Sign of a rational function of one variable with rational coefficients, by counting roots exactly."""
    symbols = _symbols(expression)
    if len(symbols) != 1:
        return False
    x, interval = symbols[0], domain[symbols[0]]
    above, below = sympy.fraction(sympy.together(expression))
    polynomial: Any = Poly(above * below, x, domain="QQ")
    _, factors = polynomial.sqf_list()
    for factor, multiplicity in factors:
        roots = _roots_in(factor, interval, closed=strict)
        if roots and (strict or multiplicity % 2 == 1):
            return False
    return bool(polynomial.eval(_sample(interval)) > 0)


def _roots_in(polynomial: Poly, interval: Interval, closed: bool) -> int:
    """How many roots lie inside the interval; with `closed`, on its own closed ends too."""
    low = None if interval.lower == -oo else interval.lower
    high = None if interval.upper == oo else interval.upper
    count = polynomial.count_roots(low, high)
    for end, is_open in ((low, interval.lower_open), (high, interval.upper_open)):
        if end is not None and polynomial.eval(end) == 0 and (is_open or not closed):
            count -= 1
    return int(count)


def _sample(interval: Any) -> Any:
    """A rational point inside that is no root of anything simple."""
    odd = Rational(1_000_003, 2_718_281)
    if interval.lower == -oo and interval.upper == oo:
        return odd
    if interval.upper == oo:
        return interval.lower + odd
    if interval.lower == -oo:
        return interval.upper - odd
    return interval.lower + (interval.upper - interval.lower) * odd


def _is_positive_semidefinite(expression: Expr, domain: Domain) -> bool:
    """Whether a polynomial of degree two is nonnegative everywhere: an exact test of its symmetric matrix."""
    symbols = _symbols(expression)
    polynomial = Poly(expression, *symbols, domain="QQ")
    if polynomial.total_degree() != 2:
        return False
    size = len(symbols) + 1
    matrix = sympy.zeros(size, size)
    for powers, coefficient in polynomial.terms():
        places = [i for i, power in enumerate(powers) for _ in range(power)]
        places += [size - 1] * (2 - len(places))
        i, j = places
        matrix[i, j] += coefficient / 2
        matrix[j, i] += coefficient / 2
    return bool(matrix.is_positive_semidefinite)


def _fails_at_a_sample(expression: Expr, domain: Domain, strict: bool) -> bool:
    from symforget.balls import compile_ball, to_ball, workprec

    symbols = _symbols(expression)
    try:
        function = compile_ball(expression, symbols)
    except InputError:
        return False
    for number in range(5 if symbols else 1):
        point = [_spread(domain[s], 3 * number + index) for index, s in enumerate(symbols)]
        try:
            with workprec(100):
                value = function(*(to_ball(p) for p in point))
        except (ArithmeticError, PrecisionNotReached):
            continue
        if value < 0 or (strict and value == 0):
            return True
    return False


def _signs_along(expression: Expr, x: Symbol, interval: Interval, others: Mapping[Symbol, Any]) -> list[int]:
    """Certified signs at points of x in rising order; unknown ones are left out."""
    from symforget.balls import compile_ball, to_ball, workprec

    function = compile_ball(expression, [x, *others])
    seen = []
    for place in sorted(_spread(interval, index) for index in range(5)):
        with workprec(100):
            value = function(to_ball(place), *(to_ball(v) for v in others.values()))
        seen.append(int(bool(value > 0)) - int(bool(value < 0)))
    return [sign for sign in seen if sign]


def _spread(interval: Any, index: int) -> Any:
    """Sample points of an interval, near its ends and in its middle, in a fixed order."""
    share = (Rational(1, 2), Rational(1, 29), Rational(28, 29), Rational(1, 5), Rational(7, 9))[index % 5]
    if interval.lower == -oo and interval.upper == oo:
        return (2 * share - 1) / (share * (1 - share))
    if interval.upper == oo:
        return interval.lower + share / (1 - share)
    if interval.lower == -oo:
        return interval.upper - share / (1 - share)
    return interval.lower + (interval.upper - interval.lower) * share
