"""compare: planted errors are found, all of them and nothing else."""

from __future__ import annotations

import csv
import io
from fractions import Fraction

import pytest

from symforget.errors import InputError
from symforget.tables import table
from symforget.tables.compare import Judgement, compare, read_decimal, read_printed
from symforget.tables.request import request

AXES = {"delta": "1:6:1", "beta": "1/10,1/3"}


@pytest.fixture(scope="module")
def clean() -> list[list[str]]:
    text = table("misassignment", digits=12, **AXES).render("csv")
    return list(csv.reader(io.StringIO(text)))


def judged(cells: list[list[str]], digits: int = 12):
    text = "".join(",".join(row) + "\n" for row in cells)
    return compare(read_printed(text, "t.csv"), request("misassignment", AXES, digits), "t.csv")


def test_a_clean_table_is_certified_cell_by_cell(clean: list[list[str]]) -> None:
    result = judged(clean)
    assert result.holds and result.counts == {Judgement.CERTIFIED: 12 * 8}
    assert all(finding.certified == finding.digits for finding in result.findings)


def bumped(text: str, by: int) -> str:
    """The last digit changed by one; the cells chosen do not end in 0 or 9."""
    assert text[-1] not in "09"
    return text[:-1] + str(int(text[-1]) + by)


def test_five_planted_errors_and_nothing_else_are_found(clean: list[list[str]]) -> None:
    cells = [list(row) for row in clean]
    head = cells[0]
    old, bound, sharp, ratio = (head.index(name) for name in ("old", "old_bound", "new_sharp", "ratio"))
    wrong_digit = cells[2][old]
    cells[2][old] = wrong_digit[:5] + str((int(wrong_digit[5]) + 3) % 10) + wrong_digit[6:]
    rounded = next(r for r in range(3, 6) if cells[r][ratio][-1] not in "09")
    cells[rounded][ratio] = bumped(cells[rounded][ratio], 1)
    inwards = next(r for r in range(6, 9) if cells[r][bound][-1] not in "09")
    cells[inwards][bound] = bumped(cells[inwards][bound], -1)
    cells[9][old] = clean[9][sharp]  # a swapped cell
    cells[11][sharp] = clean[11][sharp].replace("0.", "O.", 1)  # a typo
    found = {(f.line, f.column): f for f in judged(cells).offending}
    assert set(found) == {
        (3, "old"),
        (rounded + 1, "ratio"),
        (inwards + 1, "old_bound"),
        (10, "old"),
        (12, "new_sharp"),
    }
    assert found[3, "old"].judgement is Judgement.WRONG and found[3, "old"].right == wrong_digit
    assert found[rounded + 1, "ratio"].judgement is Judgement.LAST_PLACE
    assert found[inwards + 1, "old_bound"].judgement is Judgement.LAST_PLACE
    assert found[inwards + 1, "old_bound"].why == "rounded inwards: no bound"
    assert found[10, "old"].right == clean[9][old] and found[10, "old"].judgement is Judgement.WRONG
    assert found[12, "new_sharp"].why == "not a decimal number"
    assert found[12, "new_sharp"].right == clean[11][sharp]


def test_fewer_digits_are_judged_at_their_own_last_place(clean: list[list[str]]) -> None:
    old = clean[0].index("old")
    exact = Fraction(clean[1][old])
    down, up = int(exact * 1000), int(exact * 1000) + 1
    right, wrong = (down, up) if exact * 1000 - down < Fraction(1, 2) else (up, down)
    for mantissa, expected in ((right, Judgement.CERTIFIED), (wrong, Judgement.LAST_PLACE)):
        cells = [["delta", "beta", "old"], [*clean[1][:2], f"{Fraction(mantissa, 1000).__float__():.3f}"]]
        finding = judged(cells).findings[0]
        assert finding.judgement is expected and finding.digits == 3


def test_a_bound_that_is_looser_than_need_be_is_told_apart(clean: list[list[str]]) -> None:
    column = clean[0].index("old_bound")
    row = next(r for r in range(1, 13) if clean[r][column][-1] not in "09")
    cells = [["delta", "beta", "old_bound"], [*clean[row][:2], bumped(clean[row][column], 1)]]
    assert judged(cells).findings[0].why == "a bound, but not the closest"


def test_wild_numbers_are_wrong_and_cost_nothing(clean: list[list[str]]) -> None:
    for text in ("1e999999", "-0.5", "0", "1e-99999", "123456789"):
        cells = [["delta", "beta", "old"], [*clean[1][:2], text]]
        finding = judged(cells).findings[0]
        assert finding.judgement is Judgement.WRONG, text


def test_rows_of_another_table_are_named(clean: list[list[str]]) -> None:
    result = judged([*clean, ["7", "1/3", *clean[1][2:]]])
    assert result.unknown_rows == ("line 14: delta = 7, beta = 1/3",) and not result.holds
    assert judged(clean[:-2]).missing_rows == 2


def test_markdown_is_read_as_it_is_printed() -> None:
    made = table("rates", digits=8, delta="2")
    printed = read_printed(made.render("markdown"), "t.md")
    result = compare(printed, request("rates", {"delta": "2"}), "t.md")
    assert result.holds and len(result.findings) == 18


def test_whole_numbers_are_right_or_wrong() -> None:
    text = table("starvation").render("csv")
    asked = request("starvation")
    assert compare(read_printed(text, "s.csv"), asked, "s.csv").holds
    wrong = text.replace(",6905,", ",6904,")
    assert [f.judgement for f in compare(read_printed(wrong, "s.csv"), asked, "s.csv").offending] == [Judgement.WRONG]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table"),
        ("delta,beta,old\n", "no table"),
        ("delta,beta,old\n1,1/10\n", "line 2: 2 cells where the header has 3"),
        ("delta,beta,foo\n1,1/10,1\n", 'no column "foo"'),
        ("delta,beta,old,old\n1,1/10,1,1\n", "there twice"),
        ("delta,old\n1,1\n", 'no column "beta"'),
        ("delta,beta\n1,1/10\n", "only axes"),
    ],
)
def test_what_is_no_such_table_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        compare(read_printed(text, "t.csv"), request("misassignment", AXES), "t.csv")
    assert said in str(caught.value) and "t.csv" in str(caught.value)


def test_decimals_are_read_exactly() -> None:
    read = {text: read_decimal(text) for text in ("1.50", "-.5e-3", "7", "1e5", "", ".", "1,5", "0x1", "nan", "1.2.3")}
    values = {text: (d.mantissa, d.place) for text, d in read.items() if d is not None}
    assert values == {"1.50": (150, -2), "-.5e-3": (-5, -4), "7": (7, 0), "1e5": (1, 5)}
