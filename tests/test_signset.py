"""The set of signs holds the sign of every value; and where nothing else is possible it says so."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Add, Dummy, I, Integer, Mul, Pow, Rational, Symbol, cosh, exp, log, pi, sqrt, sympify

from symforget.signset import NEGATIVE, POSITIVE, REAL, UNKNOWN, ZERO, is_shown, possible_signs

x, y = Symbol("x", positive=True), Symbol("y", nonnegative=True)
n, r, c = Symbol("n", negative=True), Symbol("r", real=True), Symbol("c")
VALUES = {x: [1, 3, 100], y: [0, 2], n: [-1, -5], r: [-2, 0, 3]}

LEAVES = st.sampled_from([x, y, n, r, Integer(1), Integer(-2), 1 + x, x - y])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda a: Add(*a)),
        st.lists(inner, min_size=2, max_size=3).map(lambda a: Mul(*a)),
        st.tuples(inner, st.sampled_from([2, 3, -1, -2])).map(lambda a: Pow(*a)),
    ),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(TREES, st.integers(0, 1000))
def test_every_value_has_one_of_the_signs(expr, seed):
    random = Random(seed)
    signs = possible_signs(expr)
    for _ in range(4):
        value = sympify(expr.xreplace({s: Integer(random.choice(v)) for s, v in VALUES.items()}))
        if signs and value.is_finite:
            exact = Fraction(int(value.p), int(value.q))
            assert signs & (ZERO if exact == 0 else POSITIVE if exact > 0 else NEGATIVE)


KNOWN = [
    (x + y, POSITIVE),
    (y + 2 * y**2, ZERO | POSITIVE),
    (n - y, NEGATIVE),
    (n * x / (1 + y), NEGATIVE),
    (r**2, ZERO | POSITIVE),
    (r**2 + x, POSITIVE),
    (x - y, REAL),
    (1 / r**2, UNKNOWN),
    (sqrt(x - y), UNKNOWN),
    (exp(r) * cosh(r), POSITIVE),
    (exp(I * r), UNKNOWN),
    (log(1 + x), POSITIVE),
    (c**2, UNKNOWN),
    (x**r, POSITIVE),
    (sqrt(y), ZERO | POSITIVE),
    (log(2) - Rational(1, 8) - sqrt(2 / pi) / 2, POSITIVE),
]


@pytest.mark.parametrize(("expr", "signs"), KNOWN, ids=str)
def test_the_set_of_signs_is_what_the_structure_says(expr, signs):
    assert possible_signs(expr) in (signs, UNKNOWN if signs == REAL else signs)


def test_symbols_of_one_name_and_other_assumptions_are_told_apart():
    assert is_shown(Symbol("z", positive=True), strict=True)
    assert not is_shown(Symbol("z", nonnegative=True), strict=True)
    assert not is_shown(Dummy("z"), strict=False)
