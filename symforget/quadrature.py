"""Certified integrals of functions given as ball evaluators."""

from collections.abc import Callable

from flint import acb, arb, ctx

from symforget.timelimit import signals_held

Integrand = Callable[[acb, bool], acb]
"""f(x, analytic): encloses f on the complex ball x; where `analytic` is true, it must be non-finite
unless f is analytic on the whole of x."""

EVALUATIONS = 20_000


def integrate(
    f: Integrand,
    a: arb,
    b: arb,
    bits: int | None = None,
    evaluations: int = EVALUATIONS,
    absolute: arb | None = None,
) -> acb:
    """Enclose the integral of f from a to b, both finite.

    The ball returned is rigorous whatever its radius: where the work limit is met, or f has a
    singularity in the way, it is wide or non-finite, and the caller must look. `bits` is the relative
    accuracy worth working for, the current precision by default; `absolute` the absolute one, 2**-bits by default.
    Where f has no finite value at an end it has none on any ball around it, and all subdivision would be in vain.
    """
    if not (a.is_finite() and b.is_finite()):
        return acb(arb.nan())
    failures: list[BaseException] = []
    relative = arb(2) ** -(bits or ctx.prec)
    absolute = relative if absolute is None else absolute
    # An exception raised before the first line of `guarded` would reach FLINT, which takes 0 for the integrand's value.
    with signals_held() as arrived:

        def guarded(x: acb, analytic: bool) -> acb:
            if failures or arrived:
                return acb(arb.nan())
            try:
                return f(x, analytic)
            except BaseException as error:  # raised again below: it must not be lost inside FLINT
                failures.append(error)
                return acb(arb.nan())

        try:
            if not all(guarded(acb(end), False).is_finite() for end in (a, b)):
                evaluations = 1
            value = acb.integral(guarded, a, b, rel_tol=relative, abs_tol=absolute, eval_limit=evaluations)
        except SystemError as error:  # no room for another frame: FLINT meets an error that `guarded` never saw
            raise error.__cause__ or error from None
    if failures:
        raise failures[0]
    return value
