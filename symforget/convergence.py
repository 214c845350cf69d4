"""What must hold for an improper integral to converge, read off the growth of its integrand at infinity.

The integrand is bounded for large s by a sum of terms C exp(r s^2 + q s) s^k, where r, q and C are continuous in the
parameters. If every term decays for every value of the parameters, the integral converges, locally uniformly
in them; so it may be differentiated under the integral sign if the same holds of the derivative's integrand.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import sympy
from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol

_BOUNDED = {"sin", "cos", "tanh", "erf", "atan", "Phi"}
_BOUNDED |= {"gate", "misassignment_old", "misassignment_new", "bhattacharyya", "total_variation"}
_MOST_TERMS = 64


class Growth(NamedTuple):
    """A bound C exp(r s**2 + q s) s**k for s towards oo."""

    r: Expr
    q: Expr
    k: Expr

    def times(self, other: Growth) -> Growth:
        return Growth(self.r + other.r, self.q + other.q, self.k + other.k)

    def power(self, exponent: Expr) -> Growth:
        return Growth(self.r * exponent, self.q * exponent, self.k * exponent)


Conditions = list[tuple[Expr, str]]
_CONSTANT = Growth(Integer(0), Integer(0), Integer(0))
_NORMAL = Growth(Rational(-1, 2), Integer(0), Integer(0))


def convergence(integrand: Expr, s: Symbol, upwards: bool, gaussian: bool = False) -> Conditions | None:
    """Pairs (part, sign), each to be shown for all parameters; None if the growth is not understood.

    Args:
        integrand: in SymPy's usual form.
        upwards: towards oo, or else towards -oo.
        gaussian: the integrand is to be multiplied by the standard normal density.
    """
    directed = integrand if upwards else integrand.xreplace({s: -s})
    needed: Conditions = []
    terms = _growth(directed, s, needed)
    if terms is None:
        return None
    for term in terms:
        condition = _decays(term.times(_NORMAL) if gaussian else term)
        if condition is None:
            return None
        needed.extend(condition)
    return needed


def _decays(term: Growth) -> Conditions | None:
    if term.r != 0:
        return [(-term.r, ">")]
    if term.q != 0:
        return [(-term.q, ">")]
    return [] if (term.k + 1).is_negative else None


def _growth(u: Expr, s: Symbol, needed: Conditions) -> list[Growth] | None:
    """Bounds of |u| for large s, one for each term of a sum; what they rest on is added to `needed`."""
    if not u.has(s) or type(u).__name__ in _BOUNDED:
        return [_CONSTANT]
    if u == s:
        return [Growth(Integer(0), Integer(0), Integer(1))]
    if isinstance(u, sympy.exp):
        return _of_exponential(u.exp, s) or _of_bounded(u.exp, s, needed)
    if isinstance(u, sympy.sech | sympy.cosh | sympy.sinh):
        return _of_hyperbolic(u, s)
    if isinstance(u, sympy.log):
        # log v grows more slowly than v and 1/v, whose growth is at most exponential in s**2.
        inner = _growth(u.args[0], s, needed)
        return None if inner is None or not _is_away_from_zero(u.args[0], s) else [Growth(*_CONSTANT[:2], Integer(2))]
    if isinstance(u, Pow):
        return _of_power(u, s, needed)
    parts = [_growth(a, s, needed) for a in u.args] if isinstance(u, _COMPOSED) else [None]
    if any(p is None for p in parts):
        return None
    known = [p for p in parts if p is not None]
    if isinstance(u, Mul):
        return _products(known)
    return list(dict.fromkeys(term for p in known for term in p))


_COMPOSED = (Add, Mul, sympy.Abs, sympy.Max, sympy.Min)


def _products(factors: list[list[Growth]]) -> list[Growth] | None:
    count = 1
    for factor in factors:
        count *= len(factor)
    if count > _MOST_TERMS:
        return None
    found = []
    for terms in product(*factors):
        total = _CONSTANT
        for term in terms:
            total = total.times(term)
        found.append(total)
    return list(dict.fromkeys(found))


def _of_exponential(exponent: Expr, s: Symbol) -> list[Growth] | None:
    polynomial = exponent.as_poly(s)
    if polynomial is not None and polynomial.degree() <= 2:
        return [Growth(polynomial.coeff_monomial(s**2), polynomial.coeff_monomial(s), Integer(0))]
    return [_CONSTANT] if exponent.is_extended_nonpositive else None


def _of_bounded(exponent: Expr, s: Symbol, needed: Conditions) -> list[Growth] | None:
    """The exponential of what stays bounded is bounded."""
    terms = _growth(exponent, s, needed)
    return None if terms is None or any(any(term) for term in terms) else [_CONSTANT]


def _of_hyperbolic(u: Expr, s: Symbol) -> list[Growth] | None:
    polynomial = u.args[0].as_poly(s)
    if polynomial is None or polynomial.degree() != 1:
        return [_CONSTANT] if isinstance(u, sympy.sech) else None
    rate = sympy.Abs(polynomial.coeff_monomial(s))
    return [Growth(Integer(0), -rate if isinstance(u, sympy.sech) else rate, Integer(0))]


def _of_power(u: Any, s: Symbol, needed: Conditions) -> list[Growth] | None:
    base, exponent = u.base, u.exp
    if not base.has(s):
        return _of_exponential(sympy.expand(exponent * sympy.log(base)), s)
    if not exponent.is_Rational:
        return None
    if exponent > 0:
        terms = _growth(base, s, needed)
        if terms is None:
            return None
        if exponent.is_Integer and exponent <= 6:
            return _products([terms] * int(exponent))
        return [term.power(exponent) for term in terms]  # |a + b|^p <= C (|a|^p + |b|^p)
    if isinstance(base, sympy.exp):
        return _of_exponential(sympy.expand(exponent * base.exp), s)
    polynomial = base.as_poly(s)
    if polynomial is not None and all(not c.has(s) for c in polynomial.all_coeffs()):
        needed.append((polynomial.LC(), "!="))
        return [Growth(Integer(0), Integer(0), polynomial.degree() * exponent)]
    return [_CONSTANT] if _is_away_from_zero(base, s) else None


def _is_away_from_zero(v: Expr, s: Symbol) -> bool:
    """Whether v is at least some positive constant for large s.

    It is a sum of nonnegative terms, one of them positive and free of s, or a multiple of an exponential that grows.
    """
    if isinstance(v, sympy.cosh):
        return True
    if isinstance(v, Mul):
        return all(_is_away_from_zero(f, s) if f.has(s) else bool(f.is_positive) for f in v.args)
    if isinstance(v, Pow) and v.exp.is_Rational and v.exp.is_positive:
        return _is_away_from_zero(v.base, s)
    terms = Add.make_args(v)
    return all(t.is_nonnegative for t in terms) and any(t.is_positive and (not t.has(s) or _grows(t, s)) for t in terms)


def _grows(term: Expr, s: Symbol) -> bool:
    """Whether a positive term tends to oo: a constant times the exponential of a polynomial that does."""
    _, rest = term.as_independent(s, as_Add=False)
    exponent = rest.exp.as_poly(s) if isinstance(rest, sympy.exp) else None
    return exponent is not None and bool(exponent.LC().is_positive)
