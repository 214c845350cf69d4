"""Running the commands of symforget, also on a derivation file that a test states."""

from __future__ import annotations

import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from symforget.cli import app

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
