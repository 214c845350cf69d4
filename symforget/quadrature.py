"""Certified integrals of functions given as ball evaluators."""

from collections.abc import Callable

from flint import acb, arb, ctx

from symforget.errors import TimeLimit
from symforget.timelimit import alarms

Integrand = Callable[[acb, bool], acb]
"""f(x, analytic): encloses f on the complex ball x; where `analytic` is true, it must be non-finite
unless f is analytic on the whole of x."""

EVALUATIONS = 20_000


def integrate(f: Integrand, a: arb, b: arb, bits: int | None = None, evaluations: int = EVALUATIONS) -> acb:
    """Enclose the integral of f from a to b, both finite.

    The ball returned is rigorous whatever its radius: where the work limit is met, or f has a
    singularity in the way, it is wide or non-finite, and the caller must look. `bits` is the relative
    accuracy worth working for, the current precision by default.
    """
    if not (a.is_finite() and b.is_finite()):
        return acb(arb.nan())
    failures: list[BaseException] = []

    def guarded(x: acb, analytic: bool) -> acb:
        if failures:
            return acb(arb.nan())
        try:
            return f(x, analytic)
        except BaseException as error:  # raised again below: it must not be lost inside FLINT
            failures.append(error)
            return acb(arb.nan())

    rung = alarms()
    tolerance = arb(2) ** -(bits or ctx.prec)
    try:
        value = acb.integral(guarded, a, b, rel_tol=tolerance, abs_tol=tolerance, eval_limit=evaluations)
    except SystemError as error:
        failures.append(error)
        value = acb(arb.nan())
    if failures:
        raise _original(failures[0])
    if alarms() != rung:  # dropped inside FLINT, which then has taken something else for the integrand's value
        raise TimeLimit("a certified integral was stopped")
    return value


def _original(error: BaseException) -> BaseException:
    """What was raised: a signal that arrives between FLINT and the callback's first line comes out wrapped."""
    while isinstance(error, SystemError) and error.__cause__ is not None:
        error = error.__cause__
    return error
