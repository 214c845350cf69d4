"""Axes: what is read, what is refused and how it is said."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sympy import Integer, Rational

from symforget.errors import InputError
from symforget.tables import NAMES, table
from symforget.tables.axes import axis_text
from symforget.tables.catalogue import spec
from symforget.tables.request import request


def values(text: str) -> tuple:
    return tuple(request("misassignment", {"delta": text}).point(2 * i)["delta"] for i in range(3))


def test_ranges_lists_fractions_and_decimals_are_exact() -> None:
    assert values("1:3:1") == (1, 2, 3)
    assert values("1,2,5/2") == (1, 2, Rational(5, 2))
    assert values("0.1:0.3:0.1") == (Rational(1, 10), Rational(1, 5), Rational(3, 10))
    assert values("3:1:-1") == (3, 2, 1)
    assert values("1:2,1e1") == (1, 2, 10)


def test_a_stop_that_is_not_met_is_left_out() -> None:
    assert request("misassignment", {"delta": "1:12:5"}).axes[0][1] == (1, 6, 11)


def test_an_axis_follows_another() -> None:
    asked = request("drift", {"delta": "2,3"})
    assert [asked.point(i)["dq"] for i in range(asked.rows)] == [2, 3]
    assert request("drift", {"delta": "2,3", "dq": "1,4"}).rows == 4


def test_the_first_axis_varies_slowest() -> None:
    asked = request("misassignment", {"delta": "1,2", "beta": "1/3,1/2"})
    points = [(str(p["delta"]), str(p["beta"])) for p in map(asked.point, range(4))]
    assert points == [("1", "1/3"), ("1", "1/2"), ("2", "1/3"), ("2", "1/2")]


BAD: list[tuple[str, Mapping[str, str], str]] = [
    ("misassignment", {"delta": "1:x"}, '--delta: "x" in "1:x" is not a number'),
    ("misassignment", {"delta": ""}, "is not a number"),
    ("misassignment", {"delta": "1/0"}, "divides by zero"),
    ("misassignment", {"delta": "0"}, "0 lies outside (0, 1000]"),
    ("misassignment", {"delta": "1:2:0"}, "step"),
    ("misassignment", {"delta": "3:1"}, "step"),
    ("misassignment", {"delta": "1:2:1:1"}, "start:stop:step"),
    ("misassignment", {"delta": "1:1000:1/100000"}, "more than 100000 values"),
    ("misassignment", {"delta": "1e99999"}, "is not a number"),
    ("misassignment", {"delta": "0x10"}, "is not a number"),
    ("misassignment", {"beta": "1"}, "1 lies outside (0, 1)"),
    ("misassignment", {"alpha": "1/2"}, "has no axis alpha; its axes are delta, beta"),
    ("rates", {"geometry": "hyperbolic"}, "none of logit, euclidean, natural"),
    ("methods", {"syncs": "1/2"}, "lies outside"),
    ("methods", {"syncs": "3/2"}, "not a whole number"),
    ("time-to-forget", {"start": "1/10", "level": "1/10"}, "--level must lie below --start"),
    ("drift", {"dq": "beta", "beta": "dq"}, "follows another axis"),
    ("nothing", {}, "the tables are misassignment"),
]


@pytest.mark.parametrize(("name", "axes", "said"), BAD)
def test_bad_axes_are_refused_in_one_line(name: str, axes: Mapping[str, str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        request(name, axes)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize("digits", [0, -1, 1001])
def test_digits_out_of_range_are_refused(digits: int) -> None:
    with pytest.raises(InputError, match="between 1 and 1000"):
        request("rates", digits=digits)


def test_binary_floats_are_refused() -> None:
    with pytest.raises(InputError, match="binary float"):
        table("misassignment", delta=0.1)


def test_values_of_axes_are_printed_exactly() -> None:
    assert axis_text(Rational(5, 2)) == "2.5"
    assert axis_text(Rational(-1, 8)) == "-0.125"
    assert axis_text(Rational(1, 3)) == "1/3"
    assert axis_text(Integer(12)) == "12"
    assert axis_text(Rational(1, 10**6)) == "0.000001"
    assert axis_text(Rational(-3, 2 * 10**40)) == "-15e-41"
    assert axis_text(Integer(7 * 10**30)) == "7e30"


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_whole(name: str) -> None:
    """Names are distinct, every formula exists for every choice of words and knows only symbols of its table."""
    made = spec(name)
    asked = request(name)
    names = [axis.name for axis in made.axes] + [column.name for column in made.columns]
    assert len(set(names)) == len(names)
    known = set(made.quantities) | {axis.symbol for axis in made.axes if hasattr(axis, "symbol")}
    for i in range(asked.rows):
        for column in made.columns:
            assert column.at(asked.words(asked.point(i))).free_symbols <= known
