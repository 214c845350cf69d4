"""Certified integrals of Python integrands: what interrupts one comes out as it was raised, and no value with it."""

import os
import random
import signal
import sys
import threading

import pytest
from flint import acb, arb

from symforget.quadrature import integrate


class Interrupted(Exception):
    pass


def interrupt(number, frame):
    raise Interrupted


def by_timer(seconds: float) -> None:
    signal.setitimer(signal.ITIMER_REAL, seconds)


def by_another_thread(seconds: float) -> None:
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()


THIRD = arb(1) / 3


def bell(x: acb, analytic: bool) -> acb:
    """A real factor before a complex one: their product clears the library's error indicator."""
    return (THIRD * (-x * x)).exp()


@pytest.mark.skipif(os.name != "posix", reason="signals arrive at any time on POSIX only")
@pytest.mark.parametrize(("number", "send"), [(signal.SIGALRM, by_timer), (signal.SIGINT, by_another_thread)])
def test_a_signal_dropped_inside_the_library_once_left_a_wrong_enclosure(number, send):
    """Raised before the callback's first line, the exception vanished, and FLINT took 0 for the integrand there."""
    right = integrate(bell, arb(-2), arb(3)).real
    chosen = random.Random(3)
    before, patience = signal.signal(number, interrupt), sys.getswitchinterval()
    sys.setswitchinterval(1e-4)  # the other thread is not kept waiting for longer than it was told to wait
    met = 0
    try:
        for _ in range(200):
            try:
                send(chosen.uniform(0.0001, 0.001))
                for _ in range(2000):
                    assert integrate(bell, arb(-2), arb(3)).real.overlaps(right)
            except Interrupted:
                met += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(number, before)
        sys.setswitchinterval(patience)
    assert met == 200


def test_an_error_of_the_integrand_is_raised_and_not_lost_in_the_library():
    def integrand(x: acb, analytic: bool) -> acb:
        raise Interrupted

    try:
        integrate(integrand, arb(0), arb(1))
    except Interrupted:
        return
    raise AssertionError("the error was lost")
