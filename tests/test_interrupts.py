"""If these fail, an interrupt would end a run in a traceback, or throw away what was done."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")

FILE = """\
import time
from symforget.authoring import claim, eq
from symforget.claims import Part
from symforget.legs.certified import at
from sympy import Integer, Rational


@claim(domain={}, kind="identity", false_twin={"c": 2})
def done(c=1):
    '''One is one.

    Guarantee: **tight**.
    Hypotheses: none.
    Source: a test.
    '''
    return Part(eq(c * Rational(1, 3), Rational(2, 3) / 2), certified=(at({}),))


@claim(domain={}, kind="identity", false_twin={"c": 2})
def slow(c=1):
    '''Never ends.

    Guarantee: **tight**.
    Hypotheses: none.
    Source: a test.
    '''
    import os, signal
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
"""


def test_sigterm_keeps_what_is_done(tmp_path):
    path, out = tmp_path / "f.py", tmp_path / "out.json"
    path.write_text(FILE)
    command = [sys.executable, "-m", "symforget", "verify", str(path), "--jobs", "1", "--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    document = json.loads(out.read_text())
    assert document["summary"]["interrupted"] is True
    assert [c["id"] for c in document["claims"]] == ["f/done"]


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.3])
def test_an_interrupt_while_everything_is_imported_is_one_line_and_exit_code_2(seconds):
    program = (
        "import os, signal, sys, threading, symforget.__main__ as start\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"threading.Timer({seconds}, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "sys.argv = ['symforget', 'verify', 'overlap', '--jobs', '1']\n"
        "start.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
