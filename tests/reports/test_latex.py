"""Derivations as LaTeX."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from symforget.claims import DerivationResult
from symforget.reports.latex import LINE_LENGTH, break_lines, document, escape, set_length


def test_align_holds_every_step_with_its_reason(derivation: DerivationResult) -> None:
    """If it failed, a reader would miss a step or the reason for it."""
    text = document([derivation], "Title", [])
    assert text.count("\\begin{align*}") == text.count("\\end{align*}") == 1
    for step in derivation.steps:
        assert step.latex in text
    assert r"by Cauchy-Schwarz \& p\_o" in text
    assert r"\le \frac{BC}{2} \tag{2}" in text


def test_step_that_did_not_close_says_so(broken_derivation: DerivationResult) -> None:
    """If it failed, a paper could print a refuted step as if it were proved."""
    assert r"\textbf{refuted} (the rule refuses)" in document([broken_derivation], "Title", [])


def test_proved_steps_carry_no_mark(derivation: DerivationResult) -> None:
    assert document([derivation], "Title", []).count(r"\textbf") == 1, "the title"


def test_lines_break_between_terms_only() -> None:
    """If it failed, a group would be torn apart, which LaTeX refuses."""
    term = r"\frac{a + b}{c - d} \left(x + y\right)"
    lines = break_lines(" + ".join([term] * 12))
    assert len(lines) > 1
    assert all(line.count("{") == line.count("}") for line in lines)
    assert all(line.count(r"\left") == line.count(r"\right") for line in lines)
    assert "".join(lines).replace(" ", "") == "+".join([term] * 12).replace(" ", "")
    assert all(set_length(line) <= LINE_LENGTH for line in lines)


def test_long_bracket_is_broken_with_invisible_delimiters() -> None:
    """If it failed, a long product would run off the page, or lose its brackets."""
    inside = " + ".join([r"\frac{x}{y + 1}", "a"] * 30)
    lines = break_lines(rf"\beta \left({inside}\right)")
    assert len(lines) > 1
    assert all(line.count(r"\left") == line.count(r"\right") for line in lines)
    assert all(set_length(line) <= LINE_LENGTH + 4 for line in lines)
    joined = "".join(lines).replace(r"\left. ", "").replace(r" \right.", "").replace(" ", "")
    assert joined == rf"\beta \left({inside}\right)".replace(" ", "")


def test_break_is_never_between_a_relation_and_its_sign() -> None:
    """If it failed, ``= -x`` would end one line with ``=`` and begin the next with ``-x``."""
    assert break_lines("a" * 70 + r" \leq - b", 60) == ["a" * 70, r"\leq - b"]


def test_unary_minus_does_not_start_a_new_line() -> None:
    assert break_lines("- " + "a" * 100) == ["- " + "a" * 100]


def test_every_character_of_prose_is_escaped() -> None:
    """If it failed, a reason with a special character would not compile."""
    assert escape(r"a_b & 50% #1 {x} ~ ^ \x $") == (
        r"a\_b \& 50\% \#1 \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{}x \$"
    )
    assert escape("β ≤ 漢") == r"\ensuremath{\beta} \ensuremath{\le} [U+6F22]"


@pytest.fixture
def wide_document(derivation: DerivationResult, broken_derivation: DerivationResult) -> str:
    long = replace(derivation.steps[1], latex=" + ".join([r"\frac{a_{1} + b}{c} \left(x^{2} + y\right)"] * 20))
    factor = replace(long, latex=rf"\mathbb{{E}} \left({long.latex}\right)")
    wide = replace(derivation, steps=(derivation.steps[0], long, factor))
    notes = ["beta in (0, 1)", r"hypotheses \ 50%"]
    return document([derivation, broken_derivation, wide], "Title_1 & ≤ 漢", notes)


def _compile(path: Path) -> str:
    """What pdflatex prints on the way to a PDF."""
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_document_compiles(tmp_path: Path, wide_document: str) -> None:
    """If it failed, ``derive --latex`` would print what LaTeX refuses."""
    (tmp_path / "derivation.tex").write_text(wide_document, encoding="utf-8")
    printed = _compile(tmp_path / "derivation.tex")
    assert "Overfull \\hbox" not in printed
    assert "incomplete" not in printed, "an \\if is closed before the document ends"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_document_can_be_input_into_another(tmp_path: Path, wide_document: str) -> None:
    """If it failed, a paper could not take a derivation in as it is printed, or would end with it."""
    (tmp_path / "derivation.tex").write_text(wide_document, encoding="utf-8")
    paper = (
        r"\documentclass{article}\usepackage{amsmath,amssymb}\allowdisplaybreaks\begin{document}"
        r"\input{derivation}\input{derivation}\typeout{the paper goes on}\end{document}"
    )
    (tmp_path / "paper.tex").write_text(paper, encoding="utf-8")
    assert "the paper goes on" in _compile(tmp_path / "paper.tex")
