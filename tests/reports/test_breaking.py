"""Long formulas break between terms, and what keeps them together is written so that it breaks."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from symforget.reports.breaking import LINE_WIDTH, break_lines, set_width

LONG = " + ".join(f"a_{{{number}}}" for number in range(40))


def test_lines_break_between_terms_only() -> None:
    """If it failed, a group would be torn apart, which LaTeX refuses."""
    term = r"\frac{a + b}{c - d} \left(x + y\right)"
    lines = break_lines(" + ".join([term] * 12))
    assert len(lines) > 1
    assert all(line.count("{") == line.count("}") for line in lines)
    assert all(line.count(r"\left") == line.count(r"\right") for line in lines)
    assert "".join(lines).replace(" ", "") == "+".join([term] * 12).replace(" ", "")
    assert all(set_width(line) <= LINE_WIDTH for line in lines)


def test_long_bracket_is_broken_with_invisible_delimiters() -> None:
    """If it failed, a long product would run off the page, or lose its brackets."""
    inside = " + ".join([r"\frac{x}{y + 1}", "a"] * 30)
    lines = break_lines(rf"\beta \left({inside}\right)")
    assert len(lines) > 1
    assert all(line.count(r"\left") == line.count(r"\right") for line in lines)
    assert all(set_width(line) <= 1.1 * LINE_WIDTH for line in lines)
    joined = "".join(lines).replace(r"\left. ", "").replace(r" \right.", "").replace(" ", "")
    assert joined == rf"\beta \left({inside}\right)".replace(" ", "")


def test_break_is_never_between_a_relation_and_its_sign() -> None:
    """If it failed, ``= -x`` would end one line with ``=`` and begin the next with ``-x``."""
    assert break_lines("a" * 70 + r" \leq - b", 300) == ["a" * 70, r"\leq - b"]


def test_unary_minus_does_not_start_a_new_line() -> None:
    assert break_lines("- " + "a" * 100) == ["- " + "a" * 100]


def _joined(latex: str) -> str:
    """The lines of a formula put together again, without the invisible delimiters."""
    lines = break_lines(latex)
    assert all(set_width(line) <= LINE_WIDTH for line in lines), "a line runs off the page"
    assert all(line.count("{") == line.count("}") for line in lines)
    return " ".join(lines).replace(r"\left. ", "").replace(r" \right.", "")


@pytest.mark.parametrize(
    ("rigid", "loose"),
    [
        (rf"\frac{{{LONG}}}{{2}} x", rf"\frac{{1}}{{2}} \left({LONG}\right) x"),
        (rf"x - \frac{{1}}{{{LONG}}}", rf"x - \left({LONG}\right)^{{-1}}"),
        (rf"\frac{{a}}{{{LONG}}}", rf"a \left({LONG}\right)^{{-1}}"),
        (rf"\frac{{- {LONG}}}{{{LONG}}}", rf"\left(- {LONG}\right) \left({LONG}\right)^{{-1}}"),
        (rf"\frac{{\partial}}{{\partial x}} \frac{{{LONG}}}{{y}}", None),
        (rf"\sqrt{{{LONG}}}", rf"\left({LONG}\right)^{{1/2}}"),
        (rf"\log{{\left({LONG}\right)}}^{{2}}", rf"\log\left({LONG}\right)^{{2}}"),
        (rf"\sqrt{{\frac{{{LONG}}}{{2}}}}", rf"\left(\frac{{1}}{{2}} \left({LONG}\right)\right)^{{1/2}}"),
    ],
)
def test_what_is_wider_than_a_line_is_written_so_that_it_breaks(rigid: str, loose: str | None) -> None:
    """If it failed, a long fraction would run off the page, or mean something else."""
    derivative = rf"\frac{{\partial}}{{\partial x}} \left(\frac{{1}}{{y}} \left({LONG}\right)\right)"
    assert _joined(rigid) == (derivative if loose is None else loose)


def test_short_fractions_and_scripts_stay_as_they_are() -> None:
    """If it failed, all fractions would become products, and a script would lose the braces it needs."""
    latex = rf"\frac{{a}}{{b}} + e^{{\left(x + 1\right) y}} + {LONG} + \sqrt{{\frac{{a}}{{b}}}}"
    assert _joined(latex) == latex


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_width_is_about_what_latex_makes(tmp_path: Path) -> None:
    """If it failed, lines would run off the page or be broken for nothing."""
    formulas = [
        r"\frac{\alpha e^{- \frac{\delta^{2}}{8}}}{\sqrt{\beta}} + \operatorname{sech}{\left(\frac{l}{2}\right)}",
        r"\int\limits_{-\infty}^{\infty} \cos{\left(l w\right)} \log{\left(\frac{w + 1}{w}\right)}\, dw \leq \alpha",
        r"\mathbb{E}_{z \sim N(0, 1)}\left[\left(y + y_{1} \left(\frac{\delta}{2} + z\right)\right)^{2}\right] = 12",
        r"\qquad - \frac{\left(1 - \alpha\right) \left(m_{n} - m\right)^{2}}{\int p_{o} q{\left(\alpha\right)}\,dx}",
    ]
    rows = "\n".join(rf"\setbox0\hbox{{$\displaystyle {formula}$}}\typeout{{width \the\wd0}}" for formula in formulas)
    document = rf"\documentclass{{article}}\usepackage{{amsmath,amssymb}}\begin{{document}}{rows}\end{{document}}"
    (tmp_path / "widths.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "widths.tex"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout
    widths = [float(found) for found in re.findall(r"width ([\d.]+)pt", printed)]
    assert widths == pytest.approx([set_width(formula) for formula in formulas], rel=0.1)


def test_a_product_without_sums_breaks_between_factors() -> None:
    """If it failed, the end of a long product would be cut off at the edge of the page."""
    factor = r"\sqrt{\frac{\alpha}{1 - \beta}} S\left(\delta, \log{\left(\frac{1 - \beta}{\beta} \right)}\right)"
    lines = break_lines(" ".join([factor] * 5))
    assert all(set_width(line) <= LINE_WIDTH for line in lines)
    assert " ".join(line.removeprefix(r"\times ") for line in lines) == " ".join([factor] * 5)
    assert all(line.startswith(r"\times ") for line in lines[1:])


def test_a_derivative_is_not_torn_from_its_argument() -> None:
    bare = rf"\frac{{\partial}}{{\partial x}} {'a' * 60}"
    assert break_lines(bare) == [bare]
