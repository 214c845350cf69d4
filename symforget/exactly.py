"""What can be read off one expression on a domain at once: exact signs, exact forms, certified values at samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from typing import Any, cast

import sympy
from sympy import Expr, Integer, Mul, Poly, Rational, Symbol, oo

from symforget import signs
from symforget.domain import Interval
from symforget.errors import InputError, PrecisionNotReached
from symforget.signset import is_shown
from symforget.trees import simplified

Domain = Mapping[Symbol, Interval]

HALF_LINE = Interval(Integer(0), oo, True, True)
_SPLITS = (Integer(0), Integer(1), Rational(1, 2), Integer(2), Integer(-1))
_NOT_SMOOTH = (sympy.Abs, sympy.Max, sympy.Min, sympy.sign, sympy.Heaviside, sympy.Piecewise, sympy.floor)


def positive_and_negative_terms(expression: Expr) -> tuple[Expr, Expr] | None:
    terms = sympy.Add.make_args(sympy.expand(expression))
    larger = sympy.Add(*(t for t in terms if not t.could_extract_minus_sign()))
    smaller = sympy.Add(*(-t for t in terms if t.could_extract_minus_sign()))
    return None if larger == 0 or smaller == 0 else (larger, smaller)


def in_units(expression: Expr, symbol: Symbol, value: Expr, domain: Domain) -> Any:
    form = sympy.expand_log(simplified(expression.subs(symbol, value)))
    return core_of(form, {**domain, **dict.fromkeys(value.free_symbols - domain.keys(), HALF_LINE)})  # type: ignore[operator]


def off_the_diagonal(expression: Expr, one: Symbol, other: Symbol, domain: Domain) -> list[tuple[Expr, Domain]]:
    """The expression with `one` above and below `other` by a share of the room, if it vanishes where they agree."""
    interval = domain[one]
    if not signs.is_zero(cast(Expr, expression.subs(one, other)), without(domain, one)):
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
        pieces.append((moved, {**without(domain, one), share: shares}))
    return pieces


def nonnegative_in_every_order(expression: Expr, domain: Domain) -> bool:
    """Whether a polynomial is >= 0 for nonnegative symbols: with the symbols written as the smallest plus gaps,
    for every order of them, no coefficient is negative."""
    symbols = symbols_in(expression)
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


def by_its_range(expression: Expr, domain: Domain, strict: bool) -> bool:
    """The enclosure of the expression's range over the whole domain, in outward rounded arithmetic."""
    from symforget.balls import compile_ball, to_ball, undefined_as_none, workprec
    from symforget.ranges import Range

    with workprec(100):
        function = compile_ball(expression, symbols_in(expression))
        ends = ((i.lower, i.upper, i.lower_open, i.upper_open) for i in (domain[s] for s in symbols_in(expression)))
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


def is_smooth(expression: Expr) -> bool:
    """Whether differentiating the formula is differentiating the function: no corners, no open integrals."""
    from symforget.functions import normal

    return not expression.has(*_NOT_SMOOTH, sympy.Integral, sympy.Limit, sympy.Derivative, normal)


def is_real_value(value: Expr) -> bool:
    return not value.has(sympy.nan, sympy.zoo, oo, -oo, sympy.I)


def symbols_in(expression: Expr) -> list[Symbol]:
    return sorted(expression.free_symbols, key=str)  # type: ignore[arg-type]


def without(domain: Domain, x: Symbol) -> Domain:
    return {s: interval for s, interval in domain.items() if s != x}


def inside_of(interval: Interval) -> Interval:
    if interval.lower == interval.upper:
        return interval
    return Interval(interval.lower, interval.upper, True, True)


def with_closed_upper_end(domain: Domain) -> Iterator[tuple[Symbol, Interval]]:
    return ((s, i) for s, i in domain.items() if not i.upper_open and i.lower != -oo)


def interior_points(interval: Any) -> list[Any]:
    points = list(_SPLITS)
    if interval.lower.is_finite and interval.upper.is_finite:
        points.append((interval.lower + interval.upper) / 2)
    return [p for p in points if interval.lower < p < interval.upper]


def core_of(expression: Expr, domain: Domain) -> Any:
    """The expression over one denominator, factored, without its factors that are plainly positive."""
    form: Any = sympy.factor(sympy.together(sympy.powsimp(sympy.expand(expression))))
    return Mul(*(f for f in Mul.make_args(form) if not _plainly_positive(f, domain)))


def _plainly_positive(factor: Expr, domain: Domain) -> bool:
    """Positive on the whole domain; a closed upper end, which the parameters do not reach, is taken apart."""
    if not is_shown(signs.open_up(factor, domain), True):
        return False
    ends = [(s, i.upper) for s, i in with_closed_upper_end(domain) if s in factor.free_symbols]
    return all(_plainly_positive(factor.subs(s, end), without(domain, s)) for s, end in ends)


def shown_nonnegative(expression: Expr, domain: Domain) -> bool:
    """Sign of the factored form, also with every square root of a symbol made a symbol of its own."""
    if signs.is_nonnegative(expression, domain):
        return True
    positive = [s for s in symbols_in(expression) if domain[s].lower >= 0 and _has_root_of(expression, s)]
    if not positive:
        return False
    roots = {s: sympy.Dummy(f"r_{s}", positive=True) for s in positive}
    form = sympy.factor(sympy.powdenest(expression.subs({s: r**2 for s, r in roots.items()})))
    inside = {s: i for s, i in domain.items() if s not in roots}
    inside |= {r: Interval(Integer(0), oo, True, True) for r in roots.values()}
    return signs.is_nonnegative(form, inside)


def has_root(expression: Expr) -> bool:
    powers = cast(Any, expression.atoms(sympy.Pow))
    return any(p.exp == Rational(1, 2) and p.free_symbols for p in powers)


def _has_root_of(expression: Expr, symbol: Symbol) -> bool:
    return any(
        p.base.has(symbol) and p.exp.is_Rational and p.exp.q == 2 for p in cast(Any, expression.atoms(sympy.Pow))
    )


def number_sign(value: Expr, strict: bool) -> bool:
    """Whether a number is positive, by balls; zero only if it simplifies to zero."""
    return is_shown(value, strict) or (not strict and simplified(value) == 0)


def polynomial_sign(expression: Expr, domain: Domain, strict: bool) -> bool:
    """Sign of a rational function of one variable with rational coefficients, by counting roots exactly."""
    symbols = symbols_in(expression)
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


def is_positive_semidefinite(expression: Expr, domain: Domain) -> bool:
    """Whether a polynomial of degree two is nonnegative everywhere: an exact test of its symmetric matrix."""
    symbols = symbols_in(expression)
    if not symbols:
        return False
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


def fails_at_a_sample(expression: Expr, domain: Domain, strict: bool) -> bool:
    from symforget.balls import compile_ball, to_ball, workprec

    symbols = symbols_in(expression)
    try:
        function = compile_ball(expression, symbols)
    except InputError:
        return False
    for number in range(5 if symbols else 1):
        point = [sample_point(domain[s], 3 * number + index) for index, s in enumerate(symbols)]
        try:
            with workprec(100):
                value = function(*(to_ball(p) for p in point))
        except (ArithmeticError, PrecisionNotReached):
            continue
        if value < 0 or (strict and value == 0):
            return True
    return False


def signs_along(expression: Expr, x: Symbol, interval: Interval, others: Mapping[Symbol, Any]) -> list[int]:
    """Certified signs at points of x in rising order; unknown ones are left out."""
    from symforget.balls import compile_ball, to_ball, workprec

    function = compile_ball(expression, [x, *others])
    seen = []
    for place in sorted(sample_point(interval, index) for index in range(5)):
        with workprec(100):
            value = function(to_ball(place), *(to_ball(v) for v in others.values()))
        seen.append(int(bool(value > 0)) - int(bool(value < 0)))
    return [sign for sign in seen if sign]


def sample_point(interval: Any, index: int) -> Any:
    """Sample points of an interval, near its ends and in its middle, in a fixed order."""
    share = (Rational(1, 2), Rational(1, 29), Rational(28, 29), Rational(1, 5), Rational(7, 9))[index % 5]
    if interval.lower == -oo and interval.upper == oo:
        return (2 * share - 1) / (share * (1 - share))
    if interval.upper == oo:
        return interval.lower + share / (1 - share)
    if interval.lower == -oo:
        return interval.upper - share / (1 - share)
    return interval.lower + (interval.upper - interval.lower) * share
