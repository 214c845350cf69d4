"""Logarithms and powers opened into independent generators, so that what vanishes does so as a rational function.

With x, y > 0: log(x^r y) = r log x + log y, exp(r log x + s) = x^r exp(s), x^y = exp(y log x). Polynomials under a
logarithm or a root are factored first. Only identities valid where every opened factor is positive are used, and
positivity is read off the symbols' assumptions; whatever cannot be opened stays as it is. So the value never changes.
"""

from __future__ import annotations

from sympy import (
    Add,
    Expr,
    Integer,
    Mul,
    Pow,
    exp,
    expand,
    log,
)
from sympy.functions.elementary.hyperbolic import HyperbolicFunction

from symforget.rational import cancelled, factored
from symforget.trees import BINDING


def opened(expr: Expr) -> Expr:
    """The expression with logarithms of products, powers and hyperbolic functions opened, from the inside out."""
    if not expr.args or isinstance(expr, BINDING) or type(expr).__module__.startswith("symforget"):
        return expr
    if isinstance(expr, HyperbolicFunction):
        return opened(expr.rewrite(exp))
    args = [opened(arg) for arg in expr.args]
    if isinstance(expr, log):
        return _logarithm(args[0])
    if isinstance(expr, exp):
        return _exponential(args[-1])
    if isinstance(expr, Pow) and not args[1].is_Integer:
        return _power(*args)
    return expr if all(a is b for a, b in zip(args, expr.args, strict=True)) else expr.func(*args)


def lowest_terms(expr: Expr) -> Expr:
    """The expression opened and over one denominator, in lowest terms: what is equal by that looks the same."""
    return cancelled(opened(expr))


def _logarithm(argument: Expr) -> Expr:
    """Sum of r log(x) over the positive factors x^r; the other factors stay together under one logarithm."""
    split = [_as_power(f) for f in _factors(argument)]
    terms = [exponent * _log_of_base(base) for base, exponent in split if base.is_positive and exponent.is_real]
    rest = Mul(*(base**exponent for base, exponent in split if not (base.is_positive and exponent.is_real)))
    return Add(*terms, log(rest))


def _log_of_base(base: Expr) -> Expr:
    return base.exp if isinstance(base, exp) else log(base)


def _as_power(f: Expr) -> tuple[Expr, Expr]:
    if isinstance(f, exp):
        return f, Integer(1)
    return f.as_base_exp()


def _factors(argument: Expr) -> tuple[Expr, ...]:
    if argument.is_Mul or argument.is_Add or argument.is_Pow:
        argument = factored(argument)
    return Mul.make_args(argument)


def _exponential(exponent: Expr) -> Expr:
    """Product of x^r for terms r log(x) and of exp of what is left."""
    powers, rest = [], []
    for term in Add.make_args(exponent):
        coefficient, logarithm = term.as_coeff_Mul()
        if isinstance(logarithm, log) and logarithm.args[0].is_positive and coefficient.is_Rational:
            powers.append(logarithm.args[0] ** coefficient)
        else:
            rest.append(term)
    return Mul(*powers, exp(Add(*rest)))


def _power(base: Expr, exponent: Expr) -> Expr:
    if exponent.is_Rational:
        return Mul(*(_root(*_as_power(f), exponent) for f in _factors(base))) if base.is_positive else base**exponent
    if base.is_positive:
        return _exponential(expand(cancelled(exponent * _logarithm(base))))
    return base**exponent


def _root(base: Expr, inner: Expr, exponent: Expr) -> Expr:
    if isinstance(base, exp):
        return exp(base.exp * exponent)
    return base ** (inner * exponent) if base.is_positive else (base**inner) ** exponent
