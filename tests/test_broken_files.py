"""If these fail, what a derivation file does wrong would be said without its place, or harm what is beside it."""

import json

import pytest
from typer.testing import CliRunner

from symforget.claims import Verdict
from symforget.cli import app
from symforget.collect import collect
from symforget.errors import InputError
from symforget.verify import Options, verify

HEAD = """\
import sys
from sympy import Symbol
from symforget.authoring import claim, eq
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.rules import Algebra
from symforget.legs.certified import over
x = Symbol("x", positive=True)
"""
CLAIM = '''
@claim(domain={{x: "(0, oo)"}}, kind="identity", depends_on=[{needs}], false_twin={{"c": 3}})
def {name}(c=2):
    """Twice x.

    Guarantee: **tight**.
    Hypotheses: x > 0.
    Source: a test.
    """
    {body}
'''
GOOD = "return Part(eq(c * x, x + x), symbolic=Derivation(c * x).equals(x + x, by=Algebra()))"


@pytest.fixture
def write(tmp_path):
    def write(name, *claims, head=HEAD):
        path = tmp_path / f"{name}.py"
        path.write_text(head + "".join(claims))
        return str(path)

    return write


def claim(name, body=GOOD, needs=""):
    return CLAIM.format(name=name, body=body, needs=needs)


def run(*arguments):
    return CliRunner().invoke(app, [*arguments])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("1 / 0", "f.py: ZeroDivisionError: division by zero (line 18)"),
        ("sys.exit(7)", "f.py: SystemExit: 7 (line 18)"),
        ("Part(eq(c * x, 2 * x))", "f.py: the function must return a Part or several Parts (line 10)"),
        (
            'return Part(eq(c * x, 2 * x), certified=(over({x: "[12, 1/4]"}),))',
            "f.py: interval [12, 1/4]: no number lies in it (line 18)",
        ),
    ],
)
def test_what_a_claim_does_wrong_is_its_own_error_with_file_and_line(write, body, said):
    results = {r.id: r for r in verify([write("f", claim("bad", body), claim("good"))], Options(quick=True)).claims}
    assert (results["f/bad"].verdict, results["f/bad"].detail) == (Verdict.ERROR, said)
    assert results["f/good"].verdict is Verdict.PROVED


def test_an_id_does_not_stand_for_the_title_it_lacks(write):
    out = run("verify", write("f", claim("bad", "1 / 0")), "--quick").stdout
    assert out.count("f/bad") == 2  # in the table, and over what went wrong


def test_a_wrong_dependency_is_said_with_its_file(write):
    with pytest.raises(InputError, match=r"^f.py: f/a depends on f/nowhere"):
        verify([write("f", claim("a", needs='"f/nowhere"'))], Options())
    circle = write("f", claim("a", needs='"f/b"'), claim("b", needs='"f/c"'), claim("c", needs='"f/b"'))
    with pytest.raises(InputError, match=r"^f.py: claims depend on each other in a circle: f/b -> f/c -> f/b$"):
        verify([circle], Options())


@pytest.mark.parametrize("command", ["verify", "list", "audit"])
def test_a_file_that_raises_is_bad_input_to_every_command(write, command):
    result = run(command, write("raises", head="1 / 0\n"))
    assert result.exit_code == 4
    assert "raises.py: ZeroDivisionError: division by zero (line 1)" in result.output


def test_a_list_beside_a_file_that_raises_is_not_a_success(write):
    result = run("list", write("f", claim("good")), write("raises", head="1 / 0\n"))
    assert result.exit_code == 4
    assert "f/good" in result.stdout


def test_a_syntax_error_has_its_line_once(write):
    assert run("list", write("f", head="x = = 1\n")).stderr.strip().endswith("invalid syntax (line 1)")


def test_what_a_file_prints_does_not_spoil_the_report(write):
    noisy = write("f", "print('loading')\n", claim("good", f"print('building')\n    {GOOD}"))
    result = run("verify", noisy, "--quick", "--json", "-")
    assert json.loads(result.stdout)["summary"]["claims"] == 1
    assert "loading" in result.stderr and "building" in result.stderr


def test_selectors_of_another_kind_are_told_apart(tmp_path):
    toml, text, folder, python = (tmp_path / n for n in ("claims.toml", "notes.md", "folder", "folder.py"))
    for file in (toml, text):
        file.touch()
    for directory in (folder, python):
        directory.mkdir()
    for path, said in (
        (toml, "symforget check"),
        (text, "not a derivation file"),
        (folder, "is a directory"),
        (python, "is a directory"),
    ):
        with pytest.raises(InputError, match=said):
            collect([str(path)])


def test_a_file_that_hides_a_shipped_group_is_named(write):
    own = write("overlap", claim("good"))
    with pytest.raises(InputError, match=r"overlap.py takes the place of the group overlap"):
        collect([own, "overlap/exact-values"])


def test_a_file_named_twice_is_read_once(write):
    path = write("f", claim("good"))
    assert collect([path, path])[1] == ("f/good",)


def test_a_false_step_is_not_said_to_refute_the_statement(write):
    """`refuted` alone would read as if the certified statement were false."""
    steps = "symbolic=Derivation(c * x).equals(c * x / 2, by=Algebra()).equals(x + x, by=Algebra())"
    body = f'return Part(eq(c * x, x + x), {steps}, certified=(over({{x: "[1, 2]"}}),))'
    (result,) = verify([write("f", claim("edited", body))], Options()).claims
    assert result.verdict is Verdict.REFUTED
    assert result.only_a_step_fails
    assert "nothing was found against the statement" in result.detail
    (false,) = verify([write("g", claim("false", body.replace("x + x", "x + 3 * x")))], Options()).claims
    assert not false.only_a_step_fails
