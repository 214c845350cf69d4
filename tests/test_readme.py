"""If these fail, the README shows something that is not so."""

import re
from pathlib import Path

import pytest
from shipped import library

from symforget.claims import Verdict
from symforget.verify import Options, verify

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_example_is_the_file_that_is_tested():
    shown = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    assert shown[1] == (ROOT / "examples" / "kraft.py").read_text()


def test_the_example_is_proved():
    (result,) = verify([str(ROOT / "examples" / "kraft.py")], Options()).claims
    assert result.verdict is Verdict.PROVED
    assert result.twin is not None and result.twin.verdict is Verdict.REFUTED


def test_the_evaluation_shown_is_what_is_printed(capsys, monkeypatch):
    from symforget.cli import main

    monkeypatch.setattr("sys.argv", ["symforget", "eval", "misassignment_old(1/2, 80)", "--digits", "30"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    printed = capsys.readouterr().out.splitlines()
    assert all(line in README for line in printed)


def test_the_pages_it_links_to_exist():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert targets
    assert all((ROOT / target).exists() for target in targets)


def test_every_claim_shown_in_the_excerpt_exists_with_its_title():
    excerpt = README.split("## What it prints")[1].split("## How to read")[0]
    ids = set(re.findall(r"^ *(?:proved|certified|supported) +(\S+/\S+)", excerpt, re.MULTILINE))
    assert ids
    assert ids <= set(library().ids)
