"""Rational expressions that vanish identically: exact arithmetic in a field of fractions over opaque generators.

Whatever is not a sum, a product or an integer power (a root, a function, an integral) counts as a generator of its
own. So a True answer is a proof whatever the generators mean, and a False one says nothing about relations between
them. Evaluation modulo a prime comes first: a value other than zero settles the matter at once.
"""

from __future__ import annotations

from random import Random
from typing import Any

from sympy import (
    Abs,
    Add,
    Derivative,
    Dummy,
    Expr,
    Function,
    Integral,
    Limit,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    Subs,
    erf,
    exp,
    expand,
    ilcm,
    log,
    preorder_traversal,
)
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.functions.elementary.trigonometric import TrigonometricFunction

from symforget.quotients import Field, Quotient, TooLarge
from symforget.trees import fold, mapped

_PRIME = 2**61 - 1
_ELEMENTARY = (exp, log, erf, Abs, Min, Max, HyperbolicFunction, TrigonometricFunction)


def vanishes_as_rational(expr: Expr) -> bool:
    """Whether the expression is zero as a rational function of its generators."""
    generators: dict[Expr, int] = {}
    try:
        if _modular(expr, Random(1), generators):
            return False
        return _in_field(expr, list(generators)).is_zero
    except (TooLarge, ZeroDivisionError):
        return False


def _vanishes_with_roots(expr: Expr) -> bool:
    """Whether the expression is zero as a rational function of its generators, x^(1/q) being one with x as q-th power.

    The numerator is reduced modulo the relations g^q = x. Their leading terms, powers of different generators, are
    coprime, so that the remainder is unique.
    """
    rewritten, relations = _roots_named(expr)
    if not relations:
        return vanishes_as_rational(expr)
    generators: dict[Expr, int] = {}
    try:
        for e in (rewritten, *(base for base, _ in relations.values())):
            _modular(e, Random(1), generators)
        ordered = [*relations, *(g for g in generators if g not in relations)]
        numerator = _in_field(rewritten, ordered).above
        for root, (base, q) in relations.items():
            relation = _in_field(root**q - base, ordered)
            if not relation.is_polynomial:
                return False
            numerator = divmod(numerator, relation.above)[1]
        return numerator.is_zero()
    except (TooLarge, ZeroDivisionError):
        return False


def _modular(expr: Expr, random: Random, generators: dict[Expr, int]) -> int:
    """The value modulo the prime with every generator at a random residue; new generators are noted."""
    residues: dict[Expr, int] = {g: random.randrange(1, _PRIME) for g in generators}

    def leaf(e: Expr) -> int:
        if isinstance(e, Rational):
            return int(e.p) * pow(int(e.q), -1, _PRIME) % _PRIME
        if e not in residues:
            residues[e] = random.randrange(1, _PRIME)
            generators[e] = len(generators)
        return residues[e]

    def power(base: int, exponent: int) -> int:
        if base == 0 and exponent < 0:
            raise ZeroDivisionError
        return pow(base, exponent, _PRIME)

    return fold(expr, leaf, power, lambda x: x % _PRIME)


def _in_field(expr: Expr, generators: list[Expr]) -> Quotient:
    """The expression as an element of Q(generators)."""
    field = Field(len(generators))
    known = dict(zip(generators, field.generators, strict=True))

    def leaf(e: Expr) -> Quotient:
        return field.constant(int(e.p), int(e.q)) if isinstance(e, Rational) else known[e]

    return fold(expr, leaf, lambda base, exponent: base**exponent, lambda x: x)


def vanishes_in_exponentials(expr: Expr) -> bool:
    """Whether the expression is zero as a rational function of exponentials, hyperbolic and circular functions opened.

    exp(sum of c t), c rational, becomes a product of powers of one generator for each t, so that exp(x) and exp(x/2)
    are known to be related; nothing else is used, and a True answer is again a proof.
    """
    circular = (HyperbolicFunction, TrigonometricFunction)
    opened = mapped(expr, circular, _opened) if expr.atoms(*circular) else expr
    exponents = {e: _rational_combination(e.exp) for e in opened.atoms(exp)}
    steps: dict[Expr, int] = {}
    for combination in exponents.values():
        for term, coefficient in combination.items():
            steps[term] = ilcm(steps.get(term, 1), coefficient.q)
    generators = {term: Dummy("g") for term in steps}
    values = {
        e: Mul(*(generators[t] ** int(c * steps[t]) for t, c in combination.items()))
        for e, combination in exponents.items()
    }
    return _vanishes_with_roots(opened.xreplace(values))


def _roots_named(expr: Expr) -> tuple[Expr, dict[Expr, tuple[Expr, int]]]:
    """Every x^(p/q) as a power of one generator for each x, and for each generator its x and q."""
    roots = [e for e in expr.atoms(Pow) if e.exp.is_Rational and not e.exp.is_Integer]
    steps: dict[Expr, int] = {}
    for e in roots:
        steps[e.base] = ilcm(steps.get(e.base, 1), e.exp.q)
    generators = {base: Dummy("g") for base in sorted(steps, key=str)}
    values = {e: generators[e.base] ** int(e.exp * steps[e.base]) for e in roots}
    return expr.xreplace(values), {g: (base, steps[base]) for base, g in generators.items()}


def _opened(e: Expr) -> Expr:
    return e.rewrite(exp)


def _rational_combination(exponent: Expr) -> dict[Expr, Rational]:
    """The exponent as a sum of rational multiples of terms: term -> coefficient."""
    found: dict[Expr, Rational] = {}
    for term in Add.make_args(expand(exponent)):
        coefficient, rest = term.as_coeff_Mul()
        if not coefficient.is_Rational:
            coefficient, rest = Rational(1), term
        found[rest] = found.get(rest, Rational(0)) + coefficient
    return found


_DIGITS = 20
_CLEARLY = Rational(1, 10**9)
_BALL_BITS = 64


def differs_from_zero_somewhere(expr: Expr) -> bool:
    """Whether the value at one general point, to 20 digits, is clearly not zero: simplification is then in vain.

    Quantities of unspecified densities take their values on one pair of two-letter alphabets; gates and simple
    integrals are enclosed by balls. False where the expression contains anything else: then nothing is said.
    """
    from symforget.instances import SPOT_PAIRS

    filled = SPOT_PAIRS[0](expr)
    symbols = sorted(filled.free_symbols, key=str)
    point = {s: _general_value(s, n) for n, s in enumerate(symbols)}
    if filled.atoms(Function, Integral, Derivative, Subs, Limit) - filled.atoms(*_ELEMENTARY) or _has_own_kinds(filled):
        return _differs_in_balls(filled, point)
    try:
        value = filled.xreplace(point).evalf(_DIGITS)
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        return False
    return bool(value.is_number and value.is_finite and abs(value) > _CLEARLY)


def _differs_in_balls(expr: Expr, point: dict[Any, Rational]) -> bool:
    """Whether the value at the point, certified, is not zero; integrals inside integrals are not tried."""
    from symforget.balls import compile_ball, to_ball
    from symforget.errors import InputError, PrecisionNotReached
    from symforget.functions import normal
    from symforget.precision import workprec

    if expr.has(Derivative, Subs, Limit) or any(
        part.has(Integral, normal) for e in expr.atoms(Integral, normal) for part in e.args
    ):
        return False
    try:
        with workprec(_BALL_BITS):
            value = compile_ball(expr, tuple(point))(*(to_ball(v) for v in point.values()))
    except (InputError, PrecisionNotReached, ArithmeticError, ValueError, TypeError, AttributeError):
        return False
    return bool(value > 0 or value < 0)


def _has_own_kinds(expr: Expr) -> bool:
    """Whether some node is of a kind of symforget's own, such as an integral over the sample space."""
    return any(type(e).__module__.startswith("symforget") and e.args for e in preorder_traversal(expr))


def _general_value(symbol: Any, index: int) -> Rational:
    value = Rational(7 + 4 * index, 11 + 5 * index)
    return -value if symbol.is_nonpositive else value
