"""If these fail, a claim may hang the whole run, or a limit outside may be lost to one inside."""

import os
import signal
import threading
import time

import pytest

from symforget.errors import TimeLimit
from symforget.timelimit import signals_held, time_limit


def _busy(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_a_computation_is_stopped_in_time():
    started = time.monotonic()
    with pytest.raises(TimeLimit, match=r"the sum was stopped after 0\.1 s"), time_limit(0.1, "the sum"):
        _busy(5)
    assert time.monotonic() - started < 1


def test_what_ends_in_time_leaves_no_alarm_behind():
    handler = signal.getsignal(signal.SIGALRM)
    with time_limit(5):
        pass
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is handler


def test_the_earlier_of_two_nested_limits_wins():
    with pytest.raises(TimeLimit, match="outer"), time_limit(0.1, "outer"), time_limit(5, "inner"):
        _busy(2)
    with pytest.raises(TimeLimit, match="outer"), time_limit(0.3, "outer"):
        with pytest.raises(TimeLimit, match="inner"), time_limit(0.1, "inner"):
            _busy(2)
        _busy(2)


def test_off_the_main_thread_it_says_so():
    seen = []

    def work():
        try:
            with time_limit(1):
                seen.append("ran")
        except RuntimeError as error:
            seen.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(seen) == 1 and "main thread" in seen[0]


def test_signals_wait_until_the_work_that_holds_them_has_ended():
    done = []
    with pytest.raises(TimeLimit), time_limit(0.05), signals_held() as arrived:
        _busy(0.2)
        with signals_held() as inner:
            assert inner is arrived == [signal.SIGALRM]
        done.append("to its end")
    assert done == ["to its end"]


@pytest.fixture
def ctrl_c():
    """Ctrl-C as Python answers it: a shell that starts tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_held_back_comes_before_an_alarm_and_is_not_lost_to_an_error(ctrl_c):
    with pytest.raises(KeyboardInterrupt), time_limit(0.05), signals_held():
        _busy(0.2)
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_signals_held_leave_the_handlers_as_they_were():
    before = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGALRM)]
    with signals_held():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGALRM)] == before


def test_an_alarm_that_came_before_the_body_once_stayed_behind():
    """With hardly a moment left it rang before the `try` that would have taken it down, and went on ringing."""
    handler = signal.getsignal(signal.SIGALRM)
    for seconds in (-2.0, 0.0, 1e-6, 1e-5):
        for _ in range(50):
            with pytest.raises(TimeLimit), time_limit(seconds):
                _busy(2)
            assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
            assert signal.getsignal(signal.SIGALRM) is handler


def test_a_limit_outside_once_lost_its_repetition_to_one_inside():
    """Its alarm, dropped or caught once, then never came again."""
    with pytest.raises(TimeLimit, match="outer"), time_limit(0.2, "outer"):
        with time_limit(0.1, "inner"):
            pass
        try:
            _busy(2)
        except TimeLimit:
            _busy(2)
