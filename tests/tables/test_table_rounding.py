"""Rounding: where the sixtieth digit decides, on exact ties, and where nothing can decide."""

from __future__ import annotations

import decimal
from fractions import Fraction

import mpmath
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Rational

from symforget.balls import to_ball
from symforget.precision import workprec
from symforget.tables import table
from symforget.tables.rounding import UNDECIDED, Kind, cell_between, ends, to_digits

TINY = Fraction(1, 10**60)
HALFWAY = Fraction("1.2345678905")


def variance(value: Fraction) -> str:
    """A value column that is `value` exactly: (1 - beta)/beta at beta = 1/(1 + value), which no ball holds exactly."""
    beta = 1 / (1 + value)
    made = table("starvation", beta=f"{beta.numerator}/{beta.denominator}", columns=["variance"])
    return made.rows[0][0].text


def upper(value: Fraction) -> str:
    """An upper bound that is `value` exactly: 1/lam."""
    made = table("starvation", lam=f"{value.denominator}/{value.numerator}", beta="1/2", columns=["variance_bound"])
    return made.rows[0][0].text


def test_the_sixtieth_digit_decides_a_value() -> None:
    assert variance(HALFWAY - TINY) == "1.234567890"
    assert variance(HALFWAY + TINY) == "1.234567891"


def test_exact_ties_go_to_the_even_digit() -> None:
    assert variance(HALFWAY) == "1.234567890"
    assert variance(Fraction("1.2345678915")) == "1.234567892"


def test_the_sixtieth_digit_decides_an_upper_bound() -> None:
    value = Fraction("1.234567890")
    assert upper(value) == "1.234567890"
    assert upper(value - TINY) == "1.234567890"
    assert upper(value + TINY) == "1.234567891"


def separation_for(overlap: mpmath.mpf) -> str:
    """A rational delta, 90 digits long, at which exp(-delta^2/8) is `overlap` to about 88."""
    return mpmath.nstr(mpmath.sqrt(-8 * mpmath.log(overlap)), 90, strip_zeros=False)


@pytest.mark.parametrize(("shift", "printed"), [("-1e-60", "0.1234567890"), ("1e-60", "0.1234567891")])
def test_the_sixtieth_digit_decides_a_transcendental_bound(shift: str, printed: str) -> None:
    with mpmath.workdps(120):
        delta = separation_for(2 * (mpmath.mpf("0.1234567890") + mpmath.mpf(shift)))
    made = table("misassignment", delta=delta, beta="1/2", columns=["old_bound"])
    assert made.rows[0][0].text == printed


@pytest.mark.parametrize(("shift", "printed"), [("-1e-60", "1.234567890"), ("1e-60", "1.234567891")])
def test_the_sixtieth_digit_decides_a_transcendental_value(shift: str, printed: str) -> None:
    with mpmath.workdps(120):
        odds = ((mpmath.mpf("1.2345678905") + mpmath.mpf(shift)) * mpmath.sqrt(2 / mpmath.pi)) ** 2
        alpha = mpmath.nstr(1 / (1 + odds), 90, strip_zeros=False)
    made = table("drift", delta="3", alpha=alpha, columns=["prefactor_limit"])
    assert made.rows[0][0].text == printed


def test_a_force_that_is_exactly_zero_is_printed_as_zero() -> None:
    """At beta = alpha and d_q = delta the two forces cancel, which no precision of balls can show."""
    made = table("drift", delta="3", alpha="1/3", beta="1/3", columns=["force"])
    assert made.rows[0][0].text == "0"


def test_an_exact_power_is_a_whole_batch() -> None:
    made = table("starvation", beta="1/2", lam="1/2", eta="1/64")
    texts = dict(zip(made.request.columns, (cell.text for cell in made.rows[0]), strict=True))
    assert (texts["on_policy"], texts["with_replay"], texts["any_beta"]) == ("6", "3", "6")
    above = table("starvation", beta="1/2", lam="1/2", eta=f"{10**60 - 1}/{64 * 10**60}", columns=["on_policy"])
    assert above.rows[0][0].text == "7"


def test_a_thousand_digits_begin_with_the_fifty() -> None:
    long = table("misassignment", delta="5/2", beta="1/3", digits=1000, columns=["old"]).rows[0][0].text
    short = table("misassignment", delta="5/2", beta="1/3", digits=50, columns=["old"]).rows[0][0].text
    assert len(long.replace(".", "").lstrip("0")) == 1000
    with decimal.localcontext(prec=50):
        assert decimal.Decimal(short) == +decimal.Decimal(long)


def test_a_wide_enclosure_is_undecided_not_guessed() -> None:
    assert cell_between(Fraction(1, 3), Fraction(1, 2), 3, Kind.VALUE).text == UNDECIDED
    assert cell_between(Fraction(-1, 10**9), Fraction(1, 10**9), 3, Kind.VALUE).text == UNDECIDED
    assert cell_between(Fraction(29, 10), Fraction(31, 10), 3, Kind.INTEGER).text == UNDECIDED


ROUNDINGS = {-1: decimal.ROUND_FLOOR, 0: decimal.ROUND_HALF_EVEN, 1: decimal.ROUND_CEILING}


@given(
    st.decimals(min_value="-1e30", max_value="1e30", places=25).filter(bool),
    st.integers(1, 40),
    st.sampled_from((-1, 0, 1)),
)
def test_rounding_agrees_with_the_decimal_module(x: decimal.Decimal, digits: int, direction: int) -> None:
    with decimal.localcontext(prec=digits, rounding=ROUNDINGS[direction], Emin=-999999, Emax=999999):
        expected = +x
    mantissa, place = to_digits(Fraction(x), digits, direction)
    assert mantissa * Fraction(10) ** place == Fraction(expected)
    assert len(str(abs(mantissa))) == digits


@given(st.fractions(min_value=-100, max_value=100, max_denominator=10**6), st.integers(60, 300))
def test_ends_enclose_the_number_a_ball_was_made_from(x: Fraction, bits: int) -> None:
    with workprec(bits):
        ball = to_ball(Rational(x.numerator, x.denominator))
        lower, upper = ends(ball)
        assert lower <= x <= upper
    with workprec(20):  # coarser ends are wider, never off
        lower, upper = ends(ball)
        assert lower <= x <= upper


def test_an_exact_ball_has_equal_ends() -> None:
    assert ends(arb(0.5)) == (Fraction(1, 2), Fraction(1, 2))
    assert ends(to_ball(Integer(3))) == (Fraction(3), Fraction(3))


@pytest.mark.parametrize("name", ["misassignment", "conditioning", "methods"])
def test_enclosures_hold_the_numbers_of_more_digits(name: str) -> None:
    """The decimals beside a number, in JSON, enclose what 15 digits more say."""
    axes = {"delta": "3/2"}
    coarse, fine = table(name, digits=5, **axes), table(name, digits=20, **axes)
    for row, closer in zip(coarse.rows, fine.rows, strict=True):
        for cell, value in zip(row, closer, strict=True):
            assert Fraction(cell.lower) <= Fraction(value.upper)
            assert Fraction(value.lower) <= Fraction(cell.upper)
            assert Fraction(cell.lower) <= Fraction(cell.upper)
