"""Certified integrals of Python integrands: what interrupts one comes out as it was raised."""

import signal

from flint import acb, arb

from symforget.quadrature import integrate


class Interrupted(Exception):
    pass


def test_a_signal_inside_the_quadrature_comes_out_unwrapped_wherever_it_arrives():
    def interrupt(number, frame):
        raise Interrupted

    def integrand(x: acb, analytic: bool) -> acb:
        return (x * x).exp() / (1 + x.exp())

    before = signal.signal(signal.SIGALRM, interrupt)
    met = 0
    try:
        for trial in range(60):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005 + 0.00003 * trial)
                for _ in range(1000):
                    assert integrate(integrand, arb(0), arb(3), 40).real > 0
            except Interrupted:
                met += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    # One in some hundred is lost inside the library's own callback, which is why time limits repeat their alarm.
    assert met >= 50


def test_an_error_of_the_integrand_is_raised_and_not_lost_in_the_library():
    def integrand(x: acb, analytic: bool) -> acb:
        raise Interrupted

    try:
        integrate(integrand, arb(0), arb(1))
    except Interrupted:
        return
    raise AssertionError("the error was lost")
