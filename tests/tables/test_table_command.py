"""The commands table and compare: output, resumption, interruption, exit codes."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from symforget.cli import app
from symforget.tables import table
from symforget.tables.compute import in_order, rows
from symforget.tables.evaluate import Row, row_at
from symforget.tables.journal import Journal
from symforget.tables.progress import counted
from symforget.tables.request import Request, request


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


MISASSIGNMENT = ("table", "misassignment", "--delta", "1:4:1", "--beta", "1/3", "--columns", "old,old_bound")


def test_the_command_prints_what_python_makes() -> None:
    made = table("misassignment", delta="1:4:1", beta="1/3", columns=["old", "old_bound"])
    result = run(*MISASSIGNMENT)
    assert result.exit_code == 0 and result.stdout == made.render("text")


def test_without_a_name_the_tables_are_listed() -> None:
    result = run("table")
    assert result.exit_code == 0 and "starvation" in result.stdout and "--dq delta" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("table", "nothing"), 'there is no table "nothing"'),
        (("table", "rates", "--delta", "x"), '--delta: "x" is not a number'),
        (("table", "rates", "--eta", "1"), "table rates has no axis eta"),
        (("table", "rates", "--columns", "speed"), 'no column "speed"'),
        (("table", "rates", "--format", "docx"), "none of text, latex, csv, markdown, json"),
        (("table", "rates", "--standalone"), "--standalone is for --format latex"),
        (("table", "rates", "--resume"), "--resume needs the --output"),
        (("table", "rates", "--digits", "1001"), "between 1 and 1000"),
        (("table", "rates", "--jobs", "0"), "--jobs must be between"),
        (("table", "rates", "--output", "/nowhere/at/all"), "--output: cannot write"),
        (("compare", "/nowhere.csv", "--to", "table rates"), "cannot read /nowhere.csv"),
        (("compare", "/nowhere.csv", "--to", "verify"), "is no table command"),
        (("compare", "/nowhere.csv", "--to", "table rates --delta 'x"), "--to: No closing quotation"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_4(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 4 and said in result.stderr and result.stderr.count("\n") == 1


def test_finished_rows_are_kept_and_resumed(tmp_path: Path) -> None:
    output, kept = tmp_path / "t.csv", tmp_path / "t.csv.partial"
    arguments = (*MISASSIGNMENT, "--format", "csv", "--output", output)
    assert run(*arguments).exit_code == 0 and not kept.exists()
    whole = output.read_text()
    asked = request("misassignment", {"delta": "1:4:1", "beta": "1/3"}, columns=["old", "old_bound"])
    heading = json.dumps({"schema": "symforget-table-rows/1", **asked.as_data()})
    # A mark that recomputation would not make shows that the first row was taken from the file.
    kept.write_text(heading + '\n[["42", "42", "42"], ["43", "43", "43"]]\n[["1", "2"')
    output.unlink()
    assert run(*arguments, "--resume").exit_code == 0 and not kept.exists()
    assert output.read_text().splitlines()[1] == "1,1/3,42,43"
    assert output.read_text().splitlines()[2:] == whole.splitlines()[2:]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("--digits", "11"), "its digits is 10, not 11"),
        (("--delta", "1:5:1"), "its values of delta are others"),
        (("--columns", "old"), "its columns is"),
    ],
)
def test_rows_of_another_table_are_not_resumed(tmp_path: Path, changed: tuple[str, ...], said: str) -> None:
    output = tmp_path / "t.csv"
    asked = request("misassignment", {"delta": "1:4:1", "beta": "1/3"}, columns=["old", "old_bound"])
    heading = json.dumps({"schema": "symforget-table-rows/1", **asked.as_data()})
    (tmp_path / "t.csv.partial").write_text(heading + "\n")
    result = run(*MISASSIGNMENT, *changed, "--output", output, "--resume")
    assert result.exit_code == 4 and said in result.stderr
    (tmp_path / "t.csv.partial").write_text("something else\n")
    assert "holds no rows" in run(*MISASSIGNMENT, "--output", output, "--resume").stderr


def test_there_must_be_something_to_resume(tmp_path: Path) -> None:
    result = run(*MISASSIGNMENT, "--output", tmp_path / "t.csv", "--resume")
    assert result.exit_code == 4 and "--resume: cannot read" in result.stderr


def test_what_is_done_before_an_interrupt_is_kept_and_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, kept = tmp_path / "t.csv", tmp_path / "t.csv.partial"
    arguments = (*MISASSIGNMENT, "--format", "csv", "--output", output)

    def interrupted(asked: Request, jobs: int, first: int) -> Iterator[Row]:
        yield from islice(rows(asked, 1, first), 3)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("symforget.tables.compute.rows", interrupted)
        result = run(*arguments)
    assert result.exit_code == 2 and "interrupted: 3 of 4 rows are done" in result.stderr
    assert "--resume continues" in result.stderr
    done = output.read_text().splitlines()
    assert len(done) == 4 and kept.read_text().count("\n") == 4
    assert run(*arguments, "--resume").exit_code == 0 and not kept.exists()
    assert output.read_text().splitlines()[:4] == done and len(output.read_text().splitlines()) == 5


@pytest.mark.slow
def test_an_interrupt_keeps_the_rows_that_are_done(tmp_path: Path) -> None:
    """Real processes and a real signal: the rows done are in the output and are continued, not made again."""
    output = tmp_path / "t.csv"
    kept = tmp_path / "t.csv.partial"
    arguments = ["table", "time-to-forget", "--geometry", "euclidean", "--delta", "2:401:1/100", "--level", "1/3"]
    arguments += ["--digits", "4", "--format", "csv", "--output", str(output), "--jobs", "2"]
    program = [sys.executable, "-c", "from symforget.cli import main; main()", *arguments]
    process = subprocess.Popen(
        program,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # ignored where the tests run in the background
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and (not kept.exists() or kept.read_text().count("\n") < 20):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2, said
    assert "interrupted" in said and "--resume continues" in said and "Traceback" not in said
    done = output.read_text().splitlines()[1:]
    assert len(done) >= 19 and done[0].startswith("euclidean,2,0.5,1/3,")
    assert kept.read_text().count("\n") == len(done) + 1


def test_processes_change_nothing_but_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symforget.tables.compute.SECONDS_ALONE", 0.0)
    asked = request("starvation", {"beta": "1/40:1/2:1/40"})
    assert list(rows(asked, jobs=2)) == [row_at(asked, i) for i in range(asked.rows)]


def test_order_is_kept_and_first_is_respected() -> None:
    asked = request("misassignment", {"delta": "1:4:1"})
    assert list(rows(asked, first=5)) == [row_at(asked, i) for i in range(5, asked.rows)]
    assert list(in_order(abs, [-3, 2, -1], 1)) == [3, 2, 1]


def test_progress_says_where_a_long_table_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symforget.tables.progress.SECONDS_BETWEEN_LINES", 0.0)
    stream = io.StringIO()
    assert list(counted(iter("abc"), stream, 5, 2)) == ["a", "b", "c"]
    assert stream.getvalue() == "3 of 5 rows\n4 of 5 rows\n"


def test_compare_ends_with_1_if_anything_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "printed.csv"
    path.write_text(run(*MISASSIGNMENT, "--format", "csv").stdout)
    command = " ".join(MISASSIGNMENT)
    result = run("compare", path, "--to", command)
    assert result.exit_code == 0 and "8 cells: 8 certified; 80 of 80 digits certified" in result.stdout
    path.write_text(path.read_text().replace("0.5398334675", "0.5398334575"))
    result = run("compare", path, "--to", "symforget " + command)
    assert result.exit_code == 1
    assert "line 2, delta = 1, beta = 1/3: old" in result.stdout and "0.5398334675" in result.stdout
    assert "1 wrong" in result.stdout and "7 of 10 digits certified" in result.stdout


def test_help_stays_light() -> None:
    """--help must not import SymPy or FLINT."""
    script = "import sys\nfrom symforget.cli import app\nprint(sorted({'sympy', 'flint', 'mpmath'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("jobs", [1, 2])
def test_rows_are_made_as_they_are_taken(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the table, only a few tasks are ahead of the reader, so that memory stays flat."""
    monkeypatch.setattr("symforget.tables.compute.SECONDS_ALONE", 0.0)
    started = 0

    def tasks() -> Iterator[int]:
        nonlocal started
        while True:
            started += 1
            yield started

    results = in_order(abs, tasks(), jobs)
    for taken in range(1, 50):
        assert next(results) == taken
        assert started <= taken + 2 * jobs + 2
    results.close()  # type: ignore[attr-defined]


def test_a_journal_reads_its_rows_from_the_file_each_time(tmp_path: Path) -> None:
    asked = request("starvation")
    with (tmp_path / "rows").open("w+") as file:
        journal = Journal.create(asked, file)
        for row in rows(asked):
            journal.add(row)
        first = list(journal)
        assert first == list(journal) == list(rows(asked))
        assert not any(isinstance(value, (list, tuple, dict)) for value in vars(journal).values())
