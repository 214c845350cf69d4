"""SymPy's values of definite integrals, taken only where they can be relied on.

SymPy forgets jumps of its antiderivatives: it takes the integral of |cos s| over [-1, 1] to be 0. A value is taken if

- the integrand is analytic in its variable and parameters on the whole range, and the value in the parameters (built
  from powers, exponentials, logarithms and the like, whose arguments are shown to stay where they are analytic), and
- certified quadrature agrees with it at sample points.

An analytic function that is not 0 is not 0 at general points either, so that a jump forgotten shows at the samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sympy
from flint import arb
from sympy import Dummy, Expr, Integer, Integral, Pow, Rational, Symbol, oo

from symforget.balls import compile_ball, to_ball
from symforget.convergence import convergence
from symforget.domain import Interval
from symforget.errors import InputError, PrecisionNotReached
from symforget.exactly import by_its_range, sample_point
from symforget.functions import Phi, normal
from symforget.precision import workprec
from symforget.signs import is_nonnegative, is_positive
from symforget.trees import mapped

Domain = Mapping[Symbol, Any]
Shown = Callable[[Expr, Domain], Any]
Condition = tuple[Expr, str]

PRECISIONS, AGREEING_BITS, POINTS = (120, 240, 480), 30, 5
_ANALYTIC = (sympy.exp, sympy.sin, sympy.cos, sympy.sinh, sympy.cosh, sympy.tanh, sympy.sech)
_ANALYTIC += (sympy.erf, sympy.erfc, sympy.atan, Phi)
_LINE, _HALF_LINE, _FROM_ZERO = (Interval.parse(text) for text in ("(-oo, oo)", "(0, oo)", "[0, oo)"))


def trusted_value(
    integral: Any, domain: Domain, positive: Shown = is_positive, nonnegative: Shown = is_nonnegative
) -> Expr | None:
    """The value of an `Integral` with one pair of limits, or of a `normal`; None where it is not to be relied on.

    Args:
        positive, nonnegative: whether the sign of an expression is shown on a domain.
    """
    parts = _terms(integral)
    if parts is None:
        return None
    total: Expr = Integer(0)
    for factor, part in parts:
        value = _trusted_value(part, domain, positive, nonnegative)
        if value is None:
            return None
        total += factor * value
    return total


def _terms(integral: Any) -> list[tuple[Expr, Any]] | None:
    """Factors without the variable and integrals of what is left, term by term of the integrand; None where it has no
    single pair of limits.

    A wrong value could hide beside a larger term, or behind a factor that is small.
    """
    if not isinstance(integral, normal | Integral) or (isinstance(integral, Integral) and len(integral.limits) != 1):
        return None
    if isinstance(integral, Integral) and len(integral.limits[0]) != 3:
        return None
    body, variable, ends = _as_written(integral)
    opened = sympy.expand(body, power_base=False, power_exp=False, log=False)
    parts = [term.as_independent(variable, as_Add=False) for term in sympy.Add.make_args(opened)]
    if isinstance(integral, normal):
        return [(factor, normal(rest, variable)) for factor, rest in parts]
    return [(factor, Integral(rest, (variable, *ends))) for factor, rest in parts]


def _trusted_value(integral: Any, domain: Domain, positive: Shown, nonnegative: Shown) -> Expr | None:
    range_of_variable = _analytic_range(integral, domain, positive, nonnegative)
    if range_of_variable is None:
        return None
    if _is_odd(integral):
        return Integer(0)
    value = integral.doit()
    if value.has(Integral, normal, oo, -oo, sympy.nan, sympy.zoo, sympy.I):
        return None
    shown = _is_analytic(value, domain, positive) if value.free_symbols else True
    return value if shown and _agrees(integral, value, domain) else None


def _is_odd(integral: Any) -> bool:
    """Whether the integrand is odd and its range symmetric: no other value of 0 could be told by numbers."""
    body, variable, ends = _as_written(integral)
    return ends[0] == -ends[1] and sympy.expand(body + body.xreplace({variable: -variable})) == 0


def integrals_valued(expr: Any, domain: Domain) -> Expr | None:
    """The expression with its outermost integrals carried out; None if one of them is not to be relied on."""
    values: dict[Any, Expr] = {}
    for integral in outermost_integrals(expr):
        value = trusted_value(integral, domain)
        if value is None:
            return None
        values[integral] = value
    return expr.xreplace(values)


def outermost_integrals(expr: Any) -> list[Any]:
    """The integrals and expectations of an expression that stand in no other, each once."""
    if isinstance(expr, Integral | normal):
        return [expr]
    return list(dict.fromkeys(found for argument in expr.args for found in outermost_integrals(argument)))


def _analytic_range(integral: Any, domain: Domain, positive: Shown, nonnegative: Shown) -> Interval | None:
    """The range of the variable, if the integrand is analytic on it and the integral converges."""
    gaussian = isinstance(integral, normal)
    body, variable, ends = _as_written(integral)
    found = _range(ends[0], ends[1], domain, positive, nonnegative)
    inside = {**domain, variable: found}
    for end in ends:
        if end in (oo, -oo):
            conditions = convergence(body, variable, end == oo, gaussian)
            if conditions is None or not all(_shown(c, domain, positive) for c in conditions):
                return None
    return found if _is_analytic(body, inside, positive) else None


def is_integrable(body: Any, variable: Symbol, domain: Domain, gaussian: bool) -> bool:
    """Whether the integral over the line is seen to converge absolutely for all parameters.

    gaussian: the integrand is to be multiplied by the standard normal density.
    """
    if not any(_decays_at_both_ends(b, variable, domain, gaussian) for b in (body, _signed(body, variable, domain))):
        return False
    kinks = (sympy.Abs, sympy.Max, sympy.Min)  # bounded where what they are taken of is
    parts = mapped(body, kinks, lambda e: sympy.Add(*e.args, evaluate=False))
    return _is_analytic(parts, {**domain, variable: _LINE}, is_positive)


def _decays_at_both_ends(body: Any, variable: Symbol, domain: Domain, gaussian: bool) -> bool:
    for upwards in (True, False):
        conditions = convergence(body, variable, upwards, gaussian)
        if conditions is None or not all(_shown(c, domain, is_positive) for c in conditions):
            return False
    return True


def _signed(body: Any, variable: Symbol, domain: Domain) -> Any:
    """The body with a positive name for every factor that is so on the domain, where SymPy alone does not see it."""
    names: dict[Expr, Expr] = {}
    for product in body.atoms(sympy.Mul):
        factor, rest = product.as_independent(variable, as_Add=False)
        if factor.is_positive is None and rest != 1 and is_positive(factor, domain):
            names[product] = Dummy("c", positive=True) * rest
    return body.xreplace(names)


def _as_written(integral: Any) -> tuple[Expr, Symbol, tuple[Expr, Expr]]:
    """Integrand, variable and ends of a `normal` or of an `Integral` with one pair of limits."""
    if isinstance(integral, normal):
        return integral.body, integral.variable, (-oo, oo)
    variable, lower, upper = integral.limits[0]
    return integral.function, variable, (lower, upper)


def _range(lower: Expr, upper: Expr, domain: Domain, positive: Shown, nonnegative: Shown) -> Interval:
    ends = sorted((lower, upper), key=lambda e: e is oo) if {lower, upper} & {oo, -oo} else (lower, upper)
    if all(isinstance(e, Rational) for e in ends):
        low, high = sorted(ends)
        return Interval(low, high) if low < high else _LINE
    if -oo in ends:
        return _LINE
    finite = [e for e in ends if e != oo]
    if all(positive(e, domain) for e in finite):
        return _HALF_LINE
    return _FROM_ZERO if all(nonnegative(e, domain) for e in finite) else _LINE


def _is_analytic(expr: Any, domain: Domain, positive: Shown) -> bool:
    return all(_shown(condition, domain, positive) for condition in _conditions(expr))


def _shown(condition: Condition, domain: Domain, positive: Shown) -> bool:
    part, sign = condition
    signs = (part, -part) if sign == "!=" else (part,)
    return any(bool(positive(p, domain)) or _positive_by_range(p, domain) for p in signs)


def _positive_by_range(part: Expr, domain: Domain) -> bool:
    """Whether balls show it where the part has one variable: 2 + cos s, for instance."""
    inside = {s: domain[s] for s in part.free_symbols if s in domain}
    if len(inside) != 1 or part.free_symbols - inside.keys():
        return False
    try:
        return bool(by_its_range(part, inside, True))
    except (InputError, PrecisionNotReached, ArithmeticError):
        return False


def _conditions(expr: Any) -> Iterator[Condition]:
    """What keeps an expression analytic in all its symbols; `0 > 0` for what is not known to be."""
    if not expr.free_symbols:
        return
    if isinstance(expr, Pow) and not isinstance(expr, sympy.exp):
        if not expr.exp.is_Integer:
            yield expr.base, ">"
        elif expr.exp.is_negative:
            yield expr.base, "!="
    elif isinstance(expr, sympy.log):
        yield expr.args[0], ">"
    elif isinstance(expr, sympy.tan):
        yield sympy.cos(expr.args[0]), "!="
    elif not isinstance(expr, (Symbol, sympy.Add, sympy.Mul, *_ANALYTIC)):
        yield Integer(0), ">"
    for argument in expr.args:
        yield from _conditions(argument)


def _agrees(integral: Any, value: Expr, domain: Domain) -> bool:
    """Whether enclosures of both overlap wherever there are any, closely, and somewhere in the domain there are.

    They are compared at points of ordinary size too, wherever the domain lies: far out one term may hide the others.
    """
    symbols = sorted(integral.free_symbols | value.free_symbols, key=str)
    try:
        functions = [compile_ball(e, symbols) for e in (integral, value)]
    except InputError:
        return False
    intervals = [domain.get(s, _HALF_LINE if s.is_positive else _LINE) for s in symbols]
    ordinary = [_HALF_LINE if i.lower >= 0 else _LINE for i in intervals]
    seen = 0
    for where, counted in ((intervals, True), (ordinary, False)):
        for number in range(POINTS if symbols else counted):
            point = [to_ball(sample_point(i, 3 * number + n)) for n, i in enumerate(where)]
            close = _close_at(functions, point)
            if close is False:
                return False
            seen += counted and close is True
    return seen > 0


def _close_at(functions: list[Any], point: list[arb]) -> bool | None:
    """False where the two are told apart; True where they agree, beside their own size; None where nothing is seen.

    Tiny values, as of an odd integrand between ends that are nearly symmetric, take more than the first precision.
    """
    for bits in PRECISIONS:
        with workprec(bits):
            try:
                one, other = (f(*point) for f in functions)
            except (PrecisionNotReached, ArithmeticError):
                return None
            gap = one - other
            if not gap.is_finite():
                return None
            if not gap.contains(0):
                return False
            if gap.abs_upper() <= arb(2) ** -AGREEING_BITS * one.abs_lower():
                return True
    return None
