"""Every cell of every default table against its definition: a wrong formula, bound or rounding would show."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from mpmath import mpf
from table_definitions import DIGITS, ROUTES, last_place

from symforget.tables import NAMES, table
from symforget.tables.rounding import Kind

# What differences and quadrature by nodes may be off by, in units of the tenth digit.
SLACK = mpf(10) ** -4


def plain(value: object) -> Fraction | str:
    return value if isinstance(value, str) else Fraction(int(value.p), int(value.q))  # type: ignore[attr-defined]


def assert_printed(text: str, kind: Kind, value: mpf) -> None:
    if text == "inf":
        assert value == mpmath.inf
        return
    printed, unit = mpf(text), last_place(text)
    if kind is Kind.INTEGER or text == "0":
        assert printed == value
    elif kind is Kind.VALUE:
        assert abs(printed - value) <= unit * (mpf(1) / 2 + SLACK)
    else:
        excess = (printed - value) / unit * (1 if kind is Kind.UPPER else -1)
        assert -SLACK <= excess < 1 + SLACK


LONG = ("time-to-forget", "methods", "conditioning-ends")


def assert_rows_follow(name: str, step: int) -> None:
    """Every `step`-th row, each with all its cells."""
    made = table(name)
    with mpmath.workdps(DIGITS):
        for i in range(0, made.request.rows, step):
            point = {axis: plain(value) for axis, value in made.request.point(i).items()}
            expected = ROUTES[name](point)
            for column, cell in zip(made.request.shown, made.rows[i], strict=True):
                try:
                    assert_printed(cell.text, column.kind, expected[column.name])
                except AssertionError:
                    raise AssertionError(
                        f"{name}, {point}, {column.name}: printed {cell.text}, expected {expected[column.name]}"
                    ) from None


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_cell_follows_from_its_definition(name: str) -> None:
    assert_rows_follow(name, 1)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LONG])
def test_cells_of_rows_that_differ_in_every_axis_follow_from_their_definition(name: str) -> None:
    assert_rows_follow(name, 5)


def test_the_check_itself_sees_one_unit_in_the_last_place() -> None:
    with mpmath.workdps(DIGITS):
        value = mpf("0.12345678904")
        assert_printed("0.1234567890", Kind.VALUE, value)
        assert_printed("0.1234567891", Kind.UPPER, value)
        for text, kind in (("0.1234567891", Kind.VALUE), ("0.1234567890", Kind.UPPER), ("0.1234567891", Kind.LOWER)):
            with pytest.raises(AssertionError):
                assert_printed(text, kind, value)
