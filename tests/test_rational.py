"""Rational forms equal their expressions, in lowest terms or factored as SymPy has them, or say there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Abs, Add, Mul, Pow, Rational, S, cancel, exp, factor, fraction, log, nan, sqrt, symbols, together
from sympy.simplify.radsimp import denom

from symforget import rational
from symforget.rational import affine_in, cancelled, coefficients, factored
from symforget.trees import mapped, nodes
from symforget.vanishing import vanishes_as_rational

x, y, z = symbols("x y z", positive=True)
t = symbols("t", real=True)

whole = st.integers(-3, 3)
leaves = st.one_of(whole.map(S), st.sampled_from([x, y, z]))


def sums_and_products(inner):
    pairs = st.tuples(inner, inner)
    powers = st.tuples(inner.filter(lambda e: e != 0), st.sampled_from([-2, -1, 2]))
    return st.one_of(pairs.map(lambda p: p[0] + p[1]), pairs.map(lambda p: p[0] * p[1]), powers.map(lambda p: Pow(*p)))


rational_functions = st.recursive(leaves, sums_and_products, max_leaves=8)


@given(rational_functions)
def test_forms_are_those_of_sympy_for_rational_functions(e):
    expected = cancel(together(e))
    if expected in (nan, S.ComplexInfinity):
        assert cancelled(e) is nan
        return
    assert cancel(cancelled(e) - expected) == 0
    assert denom(cancelled(e)).expand() in (denom(expected).expand(), -denom(expected).expand())
    assert cancel(factored(e) - expected) == 0
    assert sum(f.is_Add for f in Mul.make_args(factored(e))) == sum(f.is_Add for f in Mul.make_args(factor(expected)))


@pytest.mark.parametrize(
    ("e", "above", "below"),
    [
        ((x**2 - 1) / (x - 1), x + 1, 1),
        (x / 2 + Rational(1, 3), 3 * x + 2, 6),
        (exp(t) / (exp(t / 2) - 1) - 1 / (exp(t / 2) - 1), exp(t / 2) + 1, 1),
        ((x - 1) / (sqrt(x) - 1), sqrt(x) + 1, 1),
        (2 ** (2 * t) / 2**t, 2**t, 1),
        (log(x) / (log(x) + log(x) ** 2), 1, log(x) + 1),
        (S.Zero, 0, 1),
    ],
)
def test_lowest_terms_know_powers_of_one_base(e, above, below):
    assert rational.fraction(e) == (above, below)


def test_what_divides_by_zero_is_nan_and_no_polynomial():
    hidden = (x + 1) ** 2 - x**2 - 2 * x - 1
    for e in (1 / hidden, x + hidden**-2):
        assert cancelled(e) is nan and factored(e) is nan and coefficients(e, (x,)) is None


def test_a_constant_in_front_of_a_sum_stays_in_front():
    """log(2 (x + 1)) is to be opened into log 2 + log(x + 1)."""
    assert Mul.make_args(factored(2 * x + 2)) == (2, x + 1)


def test_coefficients_are_those_of_a_polynomial_and_nothing_else():
    assert coefficients((x + y) ** 2 / z, (x, y)) == {(2, 0): 1 / z, (1, 1): 2 / z, (0, 2): 1 / z}
    assert coefficients(S.Zero, (x,)) == {}
    for e in (1 / x, sqrt(x) + x, exp(x) * x, Abs(x - 1), y / (x + y)):
        assert coefficients(e, (x,)) is None


def test_a_power_as_variable_is_not_overlooked_in_a_root_of_it():
    """exp(t/2) is no constant in exp(t)."""
    assert coefficients(exp(2 * t) + x, (exp(t),)) == {(2,): 1, (0,): x}
    for e, variable in ((exp(t / 2), exp(t)), (exp(t / 2) * exp(t), exp(t)), (exp(t), exp(2 * t))):
        assert coefficients(e, (variable,)) is None


def test_what_is_too_large_to_be_multiplied_out_stays_as_it_is():
    """A long call into FLINT cannot be stopped: time limits would not hold."""
    for e in ((x + y + z + 1) ** 900 / (x + 2), (x + 1) ** 10**6, x**10**30 + 1):
        assert rational.fraction(e) == (e, 1) and cancelled(e) == e and factored(e) == e
        assert coefficients(e, (x,)) is None and not vanishes_as_rational(e - e.xreplace({x: y}))


def test_affine_in_functions_and_not_beyond():
    f, g = log(x), log(y)
    assert affine_in(3 * f / z - g + x, [f, g]) == (x, {f: 3 / z, g: -1})
    assert affine_in(f * g, [f, g]) is None
    assert affine_in(Abs(f) + f, [f]) is None
    assert affine_in(x + 1, []) == (x + 1, {})


def test_mapped_replaces_innermost_first_like_sympy():
    e = log(x + log(y)) * exp(log(y)) + Abs(log(z) - 1)
    assert mapped(e, log, lambda f: f.args[0] ** 2) == e.replace(lambda f: isinstance(f, log), lambda f: f.args[0] ** 2)


def test_nodes_gives_each_part_once():
    e = Add(sqrt(x + y), log(sqrt(x + y)))
    found = list(nodes(e))
    assert len(found) == len(set(found)) and sqrt(x + y) in found and x in found


def test_fractions_of_fractions():
    e = 1 / (1 + 1 / (1 + 1 / x))
    assert fraction(cancelled(e)) == (x + 1, 2 * x + 1)
