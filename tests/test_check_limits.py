"""If these fail, one claim can eat the time of all, or an interrupt throws away what was done."""

import os
import signal
import subprocess
import sys
import time

import pytest

from symforget.check import Options, run_file
from symforget.checking import Limits

#: Claims on which every stage would go on for much longer than it may.
HARD = """
[symbols]
x = "(0, oo)"
y = "(0, oo)"
z = "(0, oo)"

[[claim]]
id = "quick"
statement = "log(x) <= x - 1"

[[claim]]
id = "contact-along-a-curve"
statement = "x**4*y**2 + x**2*y**4 + z**6 >= 3*x**2*y**2*z**2*sin(x*y*z + exp(x))**2"

[[claim]]
id = "nested-expectations"
statement = "normal(normal(exp(-x*(u - v)**2)*cos(u*v), u), v) <= normal(normal(exp(-x*(u - v)**2), u), v)"

[[claim]]
id = "towers"
statement = "x**(y**(z**(x**(y**z)))) + gamma(x**y)**gamma(y) >= exp(-exp(exp(exp(x*y*z))))"

[[claim]]
id = "high-derivative"
statement = "diff(exp(sin(x*exp(cos(x*y))))**tanh(x*z), x, 8) <= gamma(x + y)**z"
"""


@pytest.fixture
def hard_file(tmp_path):
    path = tmp_path / "hard.toml"
    path.write_text(HARD)
    return path


@pytest.mark.slow
def test_no_claim_takes_more_than_a_second_over_its_limit(hard_file):
    limit = 4.0
    started = time.monotonic()
    report = run_file(hard_file, Options(Limits(seconds=limit), jobs=1))
    assert report.claims[0].id == "quick"
    assert len(report.claims) == 5
    assert all(c.seconds <= limit + 1.0 for c in report.claims), [(c.id, c.seconds) for c in report.claims]
    assert time.monotonic() - started < 5 * (limit + 1.0) + 5.0
    assert report.claims[0].verdict.holds


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_keeps_what_is_done(hard_file):
    """The quick claim is reported, the command ends soon with exit code 2, and no worker is left behind."""
    command = [sys.executable, "-c", "from symforget.cli import main; main()", "check", str(hard_file)]
    command += ["--jobs", "1", "--timeout", "120"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr is not None
    said = next(line for line in process.stderr if "of 5 claims checked" in line)
    process.send_signal(signal.SIGINT)
    sent = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2, said + err
    assert time.monotonic() - sent < 5.0
    assert "proved" in out
    assert "quick" in out
    assert "Traceback" not in err
