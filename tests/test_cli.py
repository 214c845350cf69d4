"""The command line: what is printed where, and the exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from symforget.cli import app
from symforget.cli.options import read_legs
from symforget.errors import InputError
from symforget.reports.json import schema

CLAIM = '''
@claim(domain={{beta: "(0, 1)"}}, kind="upper bound", densities="any", sentence="gated",
       false_twin={{"bound": Rational({twin})}})
def {name}(bound=Rational({bound})):
    """A weight's variance stays below a bound.

    Guarantee: **upper bound**.
    Hypotheses: none.
    Source: ours.
    """
    {before}
    return Part(lt(beta * (1 - beta), bound), certified=({box}))
'''
HEAD = '''"""tiny: claims for the tests of the command line."""
import time
from sympy import Rational
from symforget.authoring import claim, le, lt
from symforget.claims import Part
from symforget.legs.certified import over
from symforget.model import beta
'''
BOX = 'over({beta: "[1/10, 9/10]"}),'


def stated(name: str, bound: str, before: str = "pass", box: str = BOX, twin: str = "1, 5") -> str:
    return CLAIM.format(name=name, bound=bound, before=before, box=box, twin=twin)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A derivation file with one claim that holds."""
    return derivations(tmp_path, stated("variance", "1, 2"))


def derivations(folder: Path, *claims: str) -> Path:
    path = folder / "tiny.py"
    path.write_text(HEAD + "\n".join(claims), encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], prog_name="symforget", env={"COLUMNS": "100"})


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from symforget.cli import main; main()", *map(str, arguments)]


def only_line(result: Result) -> str:
    """What a failing command said on standard error, which must be one line, with nothing on standard output."""
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


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


def test_testing_an_output_leaves_files_as_they_were(tmp_path: Path, tiny: Path) -> None:
    kept, absent = tmp_path / "kept.json", tmp_path / "absent.xml"
    kept.write_text("before", encoding="utf-8")
    folder, none = tmp_path / "folder", tmp_path / "none"
    folder.mkdir()
    for pages in (folder, none):
        assert run("verify", "nowhere", "--json", kept, "--junit", absent, "--html", pages).exit_code == 4
    assert kept.read_text(encoding="utf-8") == "before"
    assert not absent.exists() and not none.exists() and not list(folder.iterdir())


def test_two_reports_to_one_file_are_refused(tmp_path: Path, tiny: Path) -> None:
    result = run("verify", tiny, "--json", tmp_path / "out", "--markdown", f"{tmp_path}/./out")
    assert "--json and --markdown would both write to" in only_line(result)


def test_claim_that_holds(tmp_path: Path, tiny: Path) -> None:
    """If it failed, a good run would not say so, or not leave its reports."""
    out, table, xml, pages = (tmp_path / name for name in ("out.json", "out.md", "out.xml", "pages"))
    result = run("verify", tiny, "--jobs", 1, "--json", out, "--markdown", table, "--junit", xml, "--html", pages)
    assert result.exit_code == 0, result.stderr
    first, *_, last = result.stdout.splitlines()
    assert first.startswith("certified  tiny/variance  ")
    assert last.startswith("1 claim: 1 certified; 1 of 1 false twins refuted; ")
    assert "\x1b" not in result.stdout
    document = json.loads(out.read_text(encoding="utf-8"))
    jsonschema.validate(document, schema())
    assert [claim["verdict"] for claim in document["claims"]] == ["certified"]
    assert {"symforget", "python", "sympy", "mpmath", "numpy", "scipy", "python-flint"} <= set(document["environment"])
    assert "**certified**" in table.read_text(encoding="utf-8")
    assert ElementTree.fromstring(xml.read_text(encoding="utf-8")).get("failures") == "0"
    assert "tiny/variance" in (pages / "index.html").read_text(encoding="utf-8")
    assert (pages / "claims" / "tiny~variance.html").is_file()


def test_claim_that_is_refuted(tmp_path: Path) -> None:
    """If it failed, a false claim would pass, or fail without saying where."""
    result = run("verify", derivations(tmp_path, stated("variance", "1, 5")), "--jobs", 1)
    assert result.exit_code == 1
    assert "refuted: tiny/variance" in result.stderr
    assert re.search(r"but at +beta = \d+/\d+\n", result.stdout)
    assert "beta*(1 - beta) < 1/5" in result.stdout


def test_undecided_claim_fails_a_strict_run_only(tmp_path: Path) -> None:
    undecided = derivations(tmp_path, stated("variance", "1, 4", box="").replace("lt(", "le("))
    xml = tmp_path / "out.xml"
    assert run("verify", undecided, "--jobs", 1, "--junit", xml).exit_code == 0
    assert not ElementTree.parse(xml).findall(".//failure")
    strict = run("verify", undecided, "--jobs", 1, "--strict", "--junit", xml)
    assert strict.exit_code == 1
    assert strict.stdout.startswith("undecided  tiny/variance")
    assert len(ElementTree.parse(xml).findall(".//failure")) == 1


def test_claim_that_raises_harms_no_other(tmp_path: Path) -> None:
    path = derivations(tmp_path, stated("broken", "1, 2", before="1 / 0"), stated("variance", "1, 2"))
    result = run("verify", path, "--jobs", 1)
    assert result.exit_code == 1
    assert "error      tiny/broken" in result.stdout and "ZeroDivisionError" in result.stdout
    assert "certified  tiny/variance" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_file_that_raises_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "raises.py"
    path.write_text("x = 1\nraise ValueError('on purpose')\n", encoding="utf-8")
    result = run("verify", path)
    assert result.exit_code == 4
    assert "raises.py: ValueError: on purpose (line 2)" in result.stdout


def test_file_without_claims_collects_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.py"
    path.write_text('"""Nothing."""\n', encoding="utf-8")
    result = run("verify", path)
    assert result.exit_code == 5
    assert "0 claims: none checked" in result.stdout


def test_json_on_standard_output_is_nothing_but_json(tiny: Path) -> None:
    """If it failed, ``symforget verify --json - | jq`` would not work."""
    result = run("verify", tiny, "--jobs", 1, "--json", "-")
    assert json.loads(result.stdout)["summary"]["verdicts"]["certified"] == 1
    assert result.stderr.startswith("symforget: 1 claim: 1 certified")


def test_only_the_legs_asked_for_are_run(tiny: Path) -> None:
    result = run("verify", tiny, "--jobs", 1, "--legs", "numeric", "--legs", "simulation", "--json", "-")
    assert json.loads(result.stdout)["claims"][0]["legs"] == []
    assert json.loads(result.stdout)["options"]["legs"] == ["numeric", "simulation"]


def test_legs_are_read_from_lists() -> None:
    assert read_legs(["symbolic, certified", "numeric"]) == {"symbolic", "certified", "numeric"}
    with pytest.raises(InputError, match="oracle"):
        read_legs(["oracle"])


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_interrupt_keeps_what_is_done(tmp_path: Path) -> None:
    """If it failed, Ctrl-C would throw away an hour's results, or exit as if all were well."""
    slow = stated("slow", "1, 2", before="time.sleep(60)")
    path = derivations(tmp_path, stated("quick_and_false", "1, 5"), slow)
    out = tmp_path / "out.json"
    with subprocess.Popen(
        command("verify", path, "--jobs", 1, "--json", out),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored where the tests run in the background
    ) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline() == "refuted: tiny/quick-and-false\n"
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            printed, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 2
    assert "interrupted, the rest was not checked" in " ".join(printed.split())
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["summary"]["interrupted"] is True
    assert [claim["id"] for claim in document["claims"]] == ["tiny/quick-and-false"]


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


@pytest.mark.parametrize(
    ("expression", "digits", "value"),
    [
        ("1/3 + 1/6", 5, "0.50000"),
        ("sqrt(2)", 20, "1.4142135623730950488"),
        ("pi", 40, "3.141592653589793238462643383279502884197"),
        ("2/3", 3, "0.667"),
        ("exp(-1000)", 5, "5.0760e-435"),
    ],
)
def test_value_is_correctly_rounded(expression: str, digits: int, value: str) -> None:
    result = run("eval", expression, "--digits", digits)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[0] == value
    assert "certified" in result.stdout


def test_gate_to_50_digits_agrees_with_more_digits() -> None:
    """If it failed, digits said to be certified would be wrong."""
    fifty = run("eval", "gate(3/10, 2)", "--digits", 50).stdout.splitlines()[0]
    eighty = run("eval", "gate(3/10, 2)", "--digits", 80).stdout.splitlines()[0]
    assert len(fifty) == 52
    assert abs(Decimal(fifty) - Decimal(eighty)) <= Decimal("0.5e-50")


def test_value_beyond_the_reach_of_floats() -> None:
    """At beta = 1/2 and delta = 80 quadrature in floating point returns 0.5 or 0 without a warning."""
    line = run("eval", "misassignment_old(1/2, 80)", "--digits", 30).stdout.splitlines()[0]
    assert re.fullmatch(r"5\.74182663\d{21}e-350", line)


def test_rational_value_is_also_printed_exactly() -> None:
    text = run("eval", "2/7 + 1/7", "--digits", 6).stdout
    assert "0.428571\n= 3/7 exactly\n" in text


def test_value_that_is_zero_or_undefined_is_not_made_up() -> None:
    """If it failed, digits of noise would be printed as certified."""
    for expression in ("exp(1) - exp(1)", "log(-1)"):
        result = run("eval", expression)
        assert result.exit_code == 1
        assert only_line(result).startswith("symforget: ")


def test_value_as_json() -> None:
    found = json.loads(run("eval", "1/4", "--digits", 3, "--json").stdout)
    assert found == {
        "schema": "symforget-value/1",
        "expression": "1/4",
        "digits": 3,
        "value": "0.250",
        "radius": "0",
        "exact": "1/4",
    }


def test_a_file_name_keeps_its_capital(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("T.csv").write_text("delta\n1\n", encoding="utf-8")
    assert only_line(run("compare", "T.csv", "--to", "table rates")).startswith("symforget: T.csv: ")
