"""Formats: each holds the same numbers, says how they were rounded, and LaTeX compiles."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from symforget.errors import InputError
from symforget.tables import NAMES, Table, table

PDFLATEX = shutil.which("pdflatex")


@pytest.fixture(scope="module")
def made() -> Table:
    return table("rates", digits=6, delta="1,8", beta="1/3")


def numbers(made: Table) -> list[str]:
    return [cell.text for row in made.rows for cell in row]


def test_csv_holds_the_printed_numbers_under_their_names(made: Table) -> None:
    header, *rows = csv.reader(io.StringIO(made.render("csv")))
    assert header == ["objective", "geometry", "delta", "beta", "alpha", "rate", "asymptotic_rate", "half_life"]
    assert [cell for row in rows for cell in row[5:]] == numbers(made)
    assert rows[0][:5] == ["forward", "logit", "1", "1/3", "0.5"]


def test_markdown_and_text_hold_them_too(made: Table) -> None:
    for format in ("markdown", "text"):
        words = re.split(r"[\s|]+", made.render(format))
        assert [word for word in words if word in set(numbers(made))] >= numbers(made)[:3]
        for number in numbers(made):
            assert number in words


def test_text_is_aligned_on_the_decimal_point() -> None:
    lines = table("misassignment", delta="1:3:1", beta="1/10", columns=["old_bound"]).render("text").splitlines()
    points = {line.rindex(".") for line in lines if re.match(r" +\d  ", line)}
    assert len(points) == 1


def test_json_encloses_every_number_in_exact_decimals(made: Table) -> None:
    data = json.loads(made.render("json"))
    assert data["schema"] == "symforget-table/1" and data["complete"] is True and data["digits"] == 6
    assert data["axes"]["delta"] == ["1", "8"] and len(data["rows"]) == 12
    kinds = {column["name"]: column["kind"] for column in data["columns"]}
    assert kinds == dict.fromkeys(("rate", "asymptotic_rate", "half_life"), "value")
    for row in data["rows"]:
        for cell in row["cells"].values():
            if cell["text"] != "inf":
                lower, upper, printed = (Fraction(cell[key]) for key in ("lower", "upper", "text"))
                assert lower <= upper and abs(printed - lower) <= abs(printed) * Fraction(1, 10**5)


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "json"])
def test_every_caption_says_how_numbers_were_rounded(format: str) -> None:
    said = table("time-to-forget", digits=4, geometry="natural").render(format)
    said = " ".join(said.split())
    for part in ("values correctly rounded to 4 significant digits", "upper bounds rounded up", "lower bounds rounded"):
        assert part in said


def test_latex_columns_make_room_for_what_they_hold() -> None:
    source = table("drift", delta="2,10", columns=["force", "exponent"]).render("latex")
    assert "S[table-format=1.9e-1]" in source and "S[table-format=-1.10]" in source
    assert r"2.986723634e-1 & -0.3731363131 \\" in source and r"\toprule" in source
    assert r"\label{tab:drift}" in source and r"\caption{Force on the old mean at $m_o = \mu_o$" in source


def test_latex_takes_caption_and_label_and_escapes_them() -> None:
    source = table("rates", delta="1").render("latex", caption="50 % of R&D_x", label="tab:mine")
    assert r"\caption{50 \% of R\&D\_x}\label{tab:mine}" in source


def test_an_unknown_format_is_refused(made: Table) -> None:
    with pytest.raises(InputError, match="the formats are text, latex"):
        made.render("docx")


@pytest.mark.skipif(PDFLATEX is None, reason="no pdflatex here: whether the LaTeX compiles was not tested")
@pytest.mark.parametrize(
    "name",
    [name if name == "rates" else pytest.param(name, marks=pytest.mark.slow) for name in NAMES],
)
def test_latex_compiles_and_nothing_sticks_out(name: str, tmp_path: Path) -> None:
    axes = {"geometry": "natural"} if name == "time-to-forget" else {"delta": "2"} if name == "methods" else {}
    if name == "misassignment":
        axes = {"delta": "1/2:13:1/2", "beta": "1/3,1e-5"}  # fractions, powers of ten, and more rows than a page
    source = table(name, digits=20 if name == "misassignment" else 10, **axes).render("latex", standalone=True)
    (tmp_path / "t.tex").write_text(source)
    assert PDFLATEX is not None
    for _ in range(2):
        done = subprocess.run(
            [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=120,
        )
        assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "t.log").read_text(errors="replace")
    assert "Overfull \\hbox" not in log
    assert (tmp_path / "t.pdf").stat().st_size > 1000
