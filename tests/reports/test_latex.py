"""Derivations as LaTeX."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from symforget.claims import DerivationResult
from symforget.reports.latex import document, escape


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
