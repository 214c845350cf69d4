"""If these fail, a claim is checked on another domain than the one its author wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, oo

from symforget.domain import Interval
from symforget.errors import InputError


@pytest.mark.parametrize(
    ("text", "lower", "upper", "lower_open", "upper_open"),
    [
        ("(0, 1)", 0, 1, True, True),
        ("[1/2, oo)", Rational(1, 2), oo, False, True),
        ("(-oo, 3.5]", -oo, Rational(7, 2), True, False),
        (" [ -1e-3 ,2 ] ", Rational(-1, 1000), 2, False, False),
        ("[0.1,0.1]", Rational(1, 10), Rational(1, 10), False, False),
    ],
)
def test_text_is_read_exactly(text, lower, upper, lower_open, upper_open):
    assert (Interval.parse(text).lower, Interval.parse(text).upper) == (lower, upper)
    assert (Interval.parse(text).lower_open, Interval.parse(text).upper_open) == (lower_open, upper_open)


@pytest.mark.parametrize(
    "text",
    ["", "0, 1", "(0 1)", "(1, 0)", "(0, 0)", "[0, oo]", "[-oo, 1)", "(oo, oo)", "(a, 1)", "(1/0, 2)",
     "(__import__('os'), 1)", "(1e999999999, 2)", "(" + "9" * 10**6 + ", 1)", "(nan, 1)", "(0, 1, 2)"],
)  # fmt: skip
def test_malformed_text_is_an_input_error(text):
    with pytest.raises(InputError) as caught:
        Interval.parse(text)
    assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)


_rational = st.fractions(min_value=-100, max_value=100, max_denominator=50).map(
    lambda q: Rational(q.numerator, q.denominator)
)


@given(_rational, _rational, st.booleans(), st.booleans(), _rational)
def test_printing_and_reading_are_inverse_and_membership_is_that_of_the_reals(a, b, left, right, x):
    if a >= b:
        return
    interval = Interval(a, b, left, right)
    assert Interval.parse(str(interval)) == interval
    expected = (a < x or (x == a and not left)) and (x < b or (x == b and not right))
    assert interval.contains(x) == expected
    assert interval.is_compact == (not left and not right)


def test_infinite_ends_are_open_and_unreachable():
    line = Interval(-oo, oo)
    assert line.lower_open and line.upper_open and not line.is_compact
    assert line.contains(Rational(10) ** 100)
