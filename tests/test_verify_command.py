"""The command verify: what is printed where, and the exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from commands import command, derivations, run, stated

from symforget.reports.json import schema


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A derivation file with one claim that holds."""
    return derivations(tmp_path, stated("variance", "1, 2"))


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
