"""Worker processes end with the process they work for, however it ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

PARENT = """
import os, time
from concurrent.futures import ProcessPoolExecutor
import multiprocessing
from symforget.processes import belong_to_parent

if __name__ == "__main__":
    pool = ProcessPoolExecutor(2, multiprocessing.get_context({context!r}), belong_to_parent)
    print(*{{pool.submit(os.getpid).result() for _ in range(20)}}, flush=True)
    time.sleep(60)
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize("context", ["spawn", "fork"])
def test_workers_of_a_killed_run_do_not_stay_behind(context, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(context=context))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [int(word) for word in parent.stdout.readline().split()]
    assert workers and all(is_running(w) for w in workers)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while any(is_running(w) for w in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_running(w) for w in workers)


AT_START = """
import os, signal
from symforget import workers

def echo(task):
    yield task

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    workers._context()  # its server now imports SymPy
    try:
        os.killpg(0, signal.SIGINT)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    print(*(outcome.messages for outcome in workers.run_each(echo, [7], 1, 30.0)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_ctrl_c_once_reached_the_server_of_workers_while_it_was_importing(tmp_path):
    """A terminal sends it to every process of the command; the server ended with a traceback."""
    script = tmp_path / "parent.py"
    script.write_text(AT_START)
    command = [sys.executable, str(script)]
    run = subprocess.run(command, capture_output=True, text=True, start_new_session=True, check=False)
    assert run.stdout == "interrupted\n(7,)\n"
    assert run.stderr == ""
