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
