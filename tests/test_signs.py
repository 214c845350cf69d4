"""If these fail, a derivation step could be called exact when it is not."""

import pytest
from sympy import E, Pow, Symbol, exp, log, oo, sqrt

from symforget.domain import Interval
from symforget.signs import is_nonnegative, is_positive, is_zero

beta = Symbol("beta", positive=True)
x = Symbol("x", real=True)
UNIT = {beta: Interval.parse("(0, 1)")}
HALF_LINE = {beta: Interval.parse("[2, oo)")}
LINE = {x: Interval(-oo, oo)}


@pytest.mark.parametrize(
    "expr",
    [
        sqrt((1 - beta) / beta) - sqrt(beta * (1 - beta)) / beta,
        log(beta * (1 - beta)) - log(beta) - log(1 - beta),
        (beta**3 - 1) / (beta - 1) - beta**2 - beta - 1,
        exp(2 * log(beta)) - beta**2,
        sqrt(beta**2 - 2 * beta + 1) - (1 - beta),
    ],
)
def test_identities_on_the_unit_interval_are_recognised(expr):
    assert is_zero(expr, UNIT)


@pytest.mark.parametrize(
    "expr", [sqrt(beta**2 - 2 * beta + 1) - (beta - 1), beta - beta**2, log(1 + beta) - log(beta), sqrt(beta) - beta]
)
def test_false_identities_are_not(expr):
    assert not is_zero(expr, UNIT)


def test_an_identity_that_holds_only_on_the_domain_is_not_taken_beyond_it():
    expr = sqrt((1 - beta) ** 2) - (1 - beta)
    assert is_zero(expr, UNIT)
    assert not is_zero(expr, HALF_LINE)


@pytest.mark.parametrize("expr", [beta * (1 - beta), 1 - beta + beta**2, (1 - 2 * beta) ** 2, sqrt(1 - beta) / beta])
def test_evident_signs_are_seen(expr):
    assert is_nonnegative(expr, UNIT)


@pytest.mark.parametrize("expr", [1 - beta - beta**2, beta - 1, 2 * beta - 1, (1 - 2 * beta) * beta])
def test_signs_that_change_or_are_negative_are_not_shown(expr):
    assert not is_nonnegative(expr, UNIT)


def test_strict_sign_needs_more_than_a_square():
    assert not is_positive((1 - 2 * beta) ** 2, UNIT)
    assert is_positive(1 + (1 - 2 * beta) ** 2, UNIT)
    assert is_positive(beta - 1, HALF_LINE)
    assert not is_positive(beta - 2, HALF_LINE)  # beta = 2 belongs to the domain


def test_nothing_is_shown_on_the_whole_line_without_a_square():
    assert is_nonnegative(x**2, LINE)
    assert not is_nonnegative(x, LINE)


def test_a_strict_sign_is_not_taken_to_a_closed_upper_end_by_continuity():
    half_open = {beta: Interval.parse("(0, 1]")}
    assert not is_positive(1 - beta, half_open)
    assert is_nonnegative(1 - beta, half_open)
    assert is_positive(2 - beta, half_open)


def test_an_unevaluated_power_of_e_is_the_exponential_of_its_exponent():
    """SymPy counts Pow(E, x) among the exponentials, but its first argument is E."""
    power = Pow(E, beta, evaluate=False)
    assert is_zero(power - exp(beta), UNIT) and not is_zero(power - exp(E), UNIT)
    assert is_positive(power, UNIT) and not is_positive(Pow(E, log(-beta), evaluate=False), UNIT)
