"""The commands list, show and derive: what is printed."""

from __future__ import annotations

import re
from pathlib import Path

from commands import derivations, run, stated


def test_list_is_grouped_and_aligned(tmp_path: Path) -> None:
    path = derivations(tmp_path, stated("short", "1, 2"), stated("a_longer_name", "1, 3"))
    assert run("list", path).stdout.splitlines() == [
        "tiny",
        "  tiny/short          upper bound  any  A weight's variance stays below a bound",
        "  tiny/a-longer-name  upper bound  any  A weight's variance stays below a bound",
    ]


def test_show_has_everything_about_a_claim() -> None:
    text = run("show", "overlap/gate-bounds").stdout
    for wanted in (
        "overlap/gate-bounds: ",
        "H(beta) >= BC**2",
        "parameters    beta in (0, 1)",
        "hypotheses ",
        "source ",
        "guarantee ",
        "legs          symbolic",
        "false twin    with ",
    ):
        assert wanted in text
    assert "H(β)" in text


def test_derivation_is_printed_with_reasons_and_a_verdict() -> None:
    """If it failed, nobody could follow the derivation with pencil and paper."""
    result = run("derive", "overlap/gate-bounds")
    assert result.exit_code == 0, result.stderr
    assert "Cauchy-Schwarz" in result.stdout
    assert re.search(r"\n   3  <= ", result.stdout)
    assert result.stdout.rstrip().splitlines()[-1].startswith("proved: ")


def test_derivation_as_latex_is_a_document() -> None:
    document = run("derive", "overlap/gate-bounds", "--latex").stdout
    assert document.count(r"\begin{align*}") == document.count(r"\end{align*}") == 3
    assert document.count(r"\documentclass{") == document.count(r"\begin{document}") == 1
