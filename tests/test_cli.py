"""The command line: options, bad input, outputs, and exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import command, derivations, only_line, run, stated
from typer.testing import CliRunner

from symforget.cli import app
from symforget.cli.options import read_legs
from symforget.errors import InputError


def test_version_and_help_are_answered_without_sympy() -> None:
    """If it failed, ``symforget --help`` would take a second."""
    code = (
        "import sys; from symforget.cli import app\n"
        "try: app(['{}'])\n"
        "except SystemExit as leave: assert not leave.code, leave.code\n"
        "heavy = {{'sympy', 'numpy', 'flint', 'mpmath', 'matplotlib', 'rich'}} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    for option in ("--version", "--help"):
        done = subprocess.run([sys.executable, "-c", code.format(option)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "symforget" in done.stdout


def test_help_names_every_command_and_exit_code() -> None:
    text = run("--help").stdout
    for name in ("verify", "check", "list", "show", "derive", "eval"):
        assert f"\n  {name} " in text
    assert "4 usage" in " ".join(text.split())


def test_no_command_prints_help_and_is_a_usage_error() -> None:
    result = run()
    assert result.exit_code == 4
    assert "Commands:" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "--digits", "-3"], "symforget: --digits must be between 1 and 10000, got -3"),
        (["verify", "--digits", "ten"], 'symforget: --digits must be a whole number, got "ten"'),
        (["verify", "--jobs", "0"], "symforget: --jobs must be between 1 and 256, got 0"),
        (["verify", "--jobs", "two"], 'symforget: --jobs must be a whole number, got "two"'),
        (["verify", "--seed", "-1"], "symforget: --seed must be between 0"),
        (["verify", "--legs", "symbolic,oracle"], 'symforget: --legs: "oracle" is not a leg; the legs are symbolic,'),
        (["verify", "--legs", ","], "symforget: --legs: name at least one of symbolic"),
        (["verify", "--digit", "3"], "symforget: no such option: --digit"),
        (["verify", "nowhere/to-be-found"], 'symforget: no claim, group or file "nowhere/to-be-found"'),
        (["verify", "missing.py"], "symforget: missing.py: no such file"),
        (
            ["verify", "--json", "-", "--junit", "-"],
            "symforget: --json and --junit would both write to standard output",
        ),
        (["verify", "--html", "-"], "symforget: --html: the report is of several pages, so name a folder"),
        (["frobnicate"], "symforget: no such command 'frobnicate'"),
        (["check", "missing.toml"], "symforget: missing.toml"),
        (["check"], "symforget: missing argument 'FILE.toml'"),
        (["show", "overlap/gate-bound"], 'did you mean "overlap/gate-bounds"?'),
        (["derive", "overlap/gate-bound"], 'did you mean "overlap/gate-bounds"?'),
        (["eval", "1 +"], "symforget: column 4: the text ends"),
        (["check", "x.toml", "--timeout", "0"], "symforget: --timeout must be between 0.1 and 1000000, got 0.0"),
        (["check", "x.toml", "--digits", "1001"], "symforget: --digits must be between 1 and 1000, got 1001"),
        (["check", "x.toml", "--max-boxes", "0"], "symforget: --max-boxes must be between 1 and 1000000000, got 0"),
        (["eval", "beta"], "symforget: column 1: unknown name"),
        (["eval", "2", "--digits", "0"], "symforget: --digits must be between 1 and 10000, got 0"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_4(arguments: list[str], said: str) -> None:
    """If it failed, a slip on the command line would end in a traceback or in a run of something else."""
    result = run(*arguments)
    assert said in only_line(result)
    assert result.exit_code == 4


def test_unwritable_output_is_found_before_the_run(tmp_path: Path) -> None:
    """If it failed, a long run would end with nothing to show for it."""
    never = derivations(tmp_path, stated("never", "1, 2", before="raise SystemExit('the claim was run')"))
    nowhere = tmp_path / "missing" / "out"
    for option, target in (("--json", nowhere), ("--json", tmp_path), ("--html", nowhere), ("--html", never)):
        result = run("verify", never, "--jobs", 1, option, target)
        assert result.exit_code == 4
        assert f"{option}: cannot write {target}: " in only_line(result)


def test_testing_an_output_leaves_files_as_they_were(tmp_path: Path) -> None:
    kept, absent = tmp_path / "kept.json", tmp_path / "absent.xml"
    kept.write_text("before", encoding="utf-8")
    folder, none = tmp_path / "folder", tmp_path / "none"
    folder.mkdir()
    for pages in (folder, none):
        assert run("verify", "nowhere", "--json", kept, "--junit", absent, "--html", pages).exit_code == 4
    assert kept.read_text(encoding="utf-8") == "before"
    assert not absent.exists() and not none.exists() and not list(folder.iterdir())


def test_two_reports_to_one_file_are_refused(tmp_path: Path) -> None:
    holds = derivations(tmp_path, stated("variance", "1, 2"))
    result = run("verify", holds, "--json", tmp_path / "out", "--markdown", f"{tmp_path}/./out")
    assert "--json and --markdown would both write to" in only_line(result)


def test_legs_are_read_from_lists() -> None:
    assert read_legs(["symbolic, certified", "numeric"]) == {"symbolic", "certified", "numeric"}
    with pytest.raises(InputError, match="oracle"):
        read_legs(["oracle"])


def test_defect_of_ours_is_one_line_and_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it failed, users would get tracebacks, or developers could get none."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("symforget.verify.verify", fail)
    monkeypatch.delenv("SYMFORGET_TRACEBACK", raising=False)
    result = run("verify", "overlap")
    assert result.exit_code == 3
    assert only_line(result).startswith("symforget: internal error: ZeroDivisionError: on purpose (")
    monkeypatch.setenv("SYMFORGET_TRACEBACK", "1")
    assert "Traceback (most recent call last)" in run("verify", "overlap").stderr


def test_closed_pipe_is_no_error() -> None:
    """If it failed, ``symforget simulate | head -1`` would end in a traceback, and so would every other command."""
    with subprocess.Popen(command("simulate"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_terminal_without_unicode_is_no_error() -> None:
    """If it failed, a pretty-printed statement would end in UnicodeEncodeError on a plain terminal."""
    done = CliRunner(charset="ascii").invoke(app, ["show", "overlap/gate-bounds"])
    assert done.exit_code == 0, done.stderr
    assert "overlap/gate-bounds" in done.stdout and "H(?)" in done.stdout


def test_a_file_name_keeps_its_capital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("T.csv").write_text("delta\n1\n", encoding="utf-8")
    assert only_line(run("compare", "T.csv", "--to", "table rates")).startswith("symforget: T.csv: ")
