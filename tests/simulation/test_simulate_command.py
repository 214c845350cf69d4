"""If these fail, `symforget simulate` prints, writes or refuses something other than it says."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from symforget.cli import app
from symforget.cli.simulate import read_size
from symforget.errors import InputError


def run(*words):
    return CliRunner().invoke(app, ["simulate", *words])


def test_without_a_scenario_they_are_listed():
    result = run()
    assert result.exit_code == 0 and "chen2025" in result.stdout and "replay" in result.stdout


def test_the_table_has_a_line_for_every_variant():
    result = run("chen2025", "--replicates", "3", "--steps", "2", "--batch", "50", "--jobs", "1")
    assert result.exit_code == 0
    for name in ("forward 0.15", "reverse as coded", "reverse, honest", "full target, not slowed"):
        assert name in result.stdout
    assert "3 replicates, 2 steps of 50 draws, seed 0" in result.stdout


def test_summary_and_arrays_are_written(tmp_path):
    summary, arrays = tmp_path / "s.json", tmp_path / "a.npz"
    words = ["weights", "--replicates", "4", "--steps", "3", "--jobs", "1"]
    result = run(*words, "--json", str(summary), "--output", str(arrays))
    assert result.exit_code == 0
    document = json.loads(summary.read_text())
    assert document["schema"] == "symforget-simulation/1" and document["replicates"] == 4
    first = document["variants"][0]
    with np.load(arrays) as kept:
        assert kept["variants"][0] == first["name"]
        assert kept["weight_0"].shape == (4, 4) and kept["means_0"].shape == (4, 4, 2, 1)
        assert np.median(kept["weight_0"][:, -1]) == pytest.approx(first["outcomes"]["old mass"]["median"])


def test_the_summary_says_of_a_variant_what_its_estimator_uses():
    result = run("sdft", "--replicates", "2", "--steps", "2", "--jobs", "1", "--json", "-")
    first = json.loads(result.stdout)["variants"][0]
    expected = {"name", "estimator", "rate", "target_weight", "strength", "ema_rate", "outcomes"}
    assert set(first) == expected and first["strength"] == 0.5


def test_only_the_variants_asked_for():
    result = run("weights", "--variant", "forward, new only", "--replicates", "2", "--steps", "2", "--jobs", "1")
    assert result.exit_code == 0 and "pathwise" not in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chen2026"], 'no scenario "chen2026"'),
        (["missing.toml"], "cannot read missing.toml"),
        (["chen2025", "--replicates", "0"], "--replicates must be between"),
        (["chen2025", "--replicates", "few"], "--replicates must be a whole number"),
        (["chen2025", "--steps", "-1"], "--steps must be between"),
        (["chen2025", "--max-memory", "lots"], "--max-memory"),
        (["chen2025", "--max-memory", "1M"], "needs at least"),
        (["chen2025", "--variant", "sideways"], 'no variant "sideways"'),
        (["chen2025", "--plot", "picture.gif"], "--plot"),
        (["chen2025", "--output", "no/such/place.npz"], "--output: cannot write"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_4(words, said):
    result = run(*words)
    assert result.exit_code == 4 and said in result.output and result.output.count("\n") == 1


def test_sizes_are_read():
    assert read_size("500M") == 500_000_000 and read_size("2g") == 2_000_000_000 and read_size("12kB") == 12_000
    with pytest.raises(InputError):
        read_size("-1")


def test_a_plot_is_written(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "p.png"
    result = run("weights", "--replicates", "2", "--steps", "3", "--jobs", "1", "--plot", str(path))
    assert result.exit_code == 0 and path.read_bytes().startswith(b"\x89PNG")
