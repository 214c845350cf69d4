"""The simulation leg: a prediction must lie in a confidence interval narrow enough to tell an error of 2 %.

A run makes at most MAX_CHECKS comparisons, each allowed to fail by chance with probability 1e-6/MAX_CHECKS, so the
false-alarm rate of a whole run is at most 1e-6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import comb
from typing import Any
from zlib import crc32

import numpy as np
from sympy import Expr, Function, Gt, Rational, Symbol, lambdify, nan

from symforget.balls import evaluate
from symforget.calculus import SampleIntegral, p_n, p_o, unfold
from symforget.claims import Claim, Evidence, Leg, Part, Verdict
from symforget.instances import GaussianPair
from symforget.model import delta
from symforget.simulate import Estimate, GaussianModes, bounded_mean

MAX_CHECKS = 1000
FAILURE_PROBABILITY = 1e-6 / MAX_CHECKS
RESOLUTION = 0.0125
DRAWS, QUICK_DRAWS = 650_000, 100_000
PREDICTED_DIGITS = 10


@dataclass(frozen=True)
class SampleMean:
    """One side of the statement, an expectation, estimated from draws; the other predicts it.

    ``side``: "lhs" or "rhs", which must be ``constant * int density * value``, or mean the same as ``written`` if that
    is given: a gradient as the expectation of what its estimator draws. ``density``: p_o, p_n or a mixture of them,
    what is sampled.
    ``low``, ``high``: the range of value. ``dimension``: of the sample space; the covariance is random.
    """

    at: Mapping[Symbol, Rational]
    density: Expr = p_o
    low: float = 0.0
    high: float = 1.0
    dimension: int = 1
    side: str = "lhs"
    written: Expr | None = None
    draws: int = DRAWS


@dataclass(frozen=True)
class Experiment:
    """Any experiment: ``run(rng, draws)`` returns estimates and what they should be, arrays of the same shape.

    ``predict()`` returns the prediction from the statement's own constants; ``what`` names the quantity.
    """

    run: Callable[[np.random.Generator, int], Estimate]
    predict: Callable[[], Any]
    what: str
    draws: int = DRAWS


class MedianOverRuns(Function):
    """A median over independent runs, known from simulation alone: no computation encloses it.

    Subclasses say by ``per_run(rng, replicates)`` what one run gives: an array of numbers, nan where a run has none.
    """

    is_real = True

    @classmethod
    def ball(cls, *_: Any) -> Any:
        from flint import arb

        return arb("nan")

    def _eval_evalf(self, prec: int) -> Any:
        return nan

    @property
    def exists(self) -> bool:
        """Whether the arguments name something that can be run."""
        raise NotImplementedError

    def per_run(self, rng: np.random.Generator, replicates: int) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Median:
    """Independent runs, one number each; the statement is that their median, times a number, exceeds its right side.

    What is run is read off the statement's left side (a `MedianOverRuns`, perhaps times a number), so that another
    statement is put to another test. A run without a number counts against the statement.
    The sign test is exact: were the median at most that, this many runs above would have probability at most the level.
    Of 48 runs four may lie on the wrong side, of the 40 of a quick run two.
    """

    what: str
    replicates: int = 48
    quick_replicates: int = 40


def sample(at: Mapping[Symbol, Any], **options: Any) -> SampleMean:
    """A sample mean at parameters given by exact numbers or text."""
    return SampleMean({s: Rational(v) for s, v in at.items()}, **options)


def run(claim: Claim, part: Part, seed: int, quick: bool) -> tuple[Evidence, ...]:
    """One item of evidence for each check; the stream depends on the seed, the claim and the check alone.

    All medians of a claim have one stream, so that they can be taken over the same runs.
    """
    found = []
    for number, check in enumerate(part.simulation):
        stream = claim.id if isinstance(check, Median) else f"{claim.id}:{part.name}:{number}"
        rng = np.random.default_rng([seed, crc32(stream.encode())])
        found.append(_RUN[type(check)](part, check, rng, quick))
    return tuple(found)


def _run_sample_mean(part: Part, check: SampleMean, rng: np.random.Generator, quick: bool) -> Evidence:
    sampled = getattr(part.statement, check.side) if check.written is None else check.written
    other = part.statement.rhs if check.side == "lhs" else part.statement.lhs
    scale, value = _integrand_over(check.density, unfold(sampled))
    predicted = evaluate(GaussianPair()(other / scale), check.at, PREDICTED_DIGITS)
    modes = GaussianModes.with_separation(float(check.at[delta]), check.dimension, rng)
    draws = QUICK_DRAWS if quick else check.draws
    estimate = bounded_mean(_drawer(modes, check, value), draws, check.low, check.high, FAILURE_PROBABILITY, rng)
    return judge(
        part, estimate, np.asarray(float(predicted.mid())), f"mean over {draws} draws in d = {check.dimension}", quick
    )


def _integrand_over(density: Expr, sampled: Expr) -> tuple[Expr, Expr]:
    """The constant in front of the integral, and its integrand divided by the sampled density."""
    scale, integral = sampled.as_independent(SampleIntegral, as_Add=False)
    if not isinstance(integral, SampleIntegral):
        raise ValueError(f"{sampled} is not a constant times one integral")
    return scale, integral.integrand / density


def _drawer(modes: GaussianModes, check: SampleMean, value: Expr) -> Callable[[int, np.random.Generator], Any]:
    """Draws of the value: it is homogeneous of degree zero, so both densities are scaled by the larger one."""
    f = lambdify([p_o, p_n, *check.at], value, modules="numpy")
    parameters = [float(v) for v in check.at.values()]
    old_weight = float(check.density.expand().coeff(p_o).subs(check.at))

    def draw(count: int, rng: np.random.Generator) -> Any:
        x = modes.draw_mixture(old_weight, count, rng)
        old, new = modes.log_density(x, modes.mu_o), modes.log_density(x, modes.mu_n)
        top = np.maximum(old, new)
        return f(np.exp(old - top), np.exp(new - top), *parameters)

    return draw


def _run_experiment(part: Part, check: Experiment, rng: np.random.Generator, quick: bool) -> Evidence:
    draws = min(QUICK_DRAWS, check.draws) if quick else check.draws
    return judge(
        part, check.run(rng, draws), np.asarray(check.predict(), dtype=float), f"{check.what}, {draws} draws", quick
    )


def _run_median(part: Part, check: Median, rng: np.random.Generator, quick: bool) -> Evidence:
    scale, median = part.statement.lhs.as_independent(MedianOverRuns, as_Add=False)
    if not (isinstance(part.statement, Gt) and isinstance(median, MedianOverRuns) and scale.is_Rational):
        raise ValueError(f"{part.statement} does not say that a number times a median over runs exceeds a bound")
    replicates = check.quick_replicates if quick else check.replicates
    values = float(scale) * np.asarray(median.per_run(rng, replicates), dtype=float)
    above = int(np.sum(values > float(part.statement.rhs)))
    counted = f"{check.what}: above {float(part.statement.rhs):g} in {above} of {len(values)} runs"
    if at_least_heads(above, len(values)) <= FAILURE_PROBABILITY:
        detail = f"{counted}, level 1 - {FAILURE_PROBABILITY:.0e}"
        interval = (f"{np.nanmin(values):.6g}", f"{np.nanmax(values):.6g}")
        return Evidence(Leg.SIMULATION, Verdict.SUPPORTED, detail, part.name, interval=interval)
    against = at_least_heads(len(values) - above, len(values)) <= FAILURE_PROBABILITY
    return Evidence(
        Leg.SIMULATION, Verdict.UNDECIDED, f"{'DISAGREEMENT' if against else 'not shown'}: {counted}", part.name
    )


def at_least_heads(heads: int, tosses: int) -> float:
    """The probability of at least so many heads in so many tosses of a fair coin."""
    return sum(comb(tosses, k) for k in range(heads, tosses + 1)) / 2**tosses


def judge(part: Part, estimate: Estimate, predicted: Any, what: str, quick: bool) -> Evidence:
    """Support if every prediction lies in its interval, resolved to 1.25 % so that an error of 2 % would be seen."""
    mean, half = np.atleast_1d(estimate.mean), np.atleast_1d(estimate.half_width)
    target = np.atleast_1d(predicted)
    scale = np.abs(target).max()
    worst = int(np.argmax(np.abs(mean - target) / half))
    interval = (f"{mean[worst] - half[worst]:.6g}", f"{mean[worst] + half[worst]:.6g}")
    level = f"level 1 - {estimate.probability:.0e}"
    detail = f"{what}: predicted {target[worst]:.6g} in [{interval[0]}, {interval[1]}], {level}"
    if np.any(np.abs(mean - target) > half):
        missed = detail.replace(" in ", " NOT in ")
        return Evidence(Leg.SIMULATION, Verdict.UNDECIDED, f"DISAGREEMENT: {missed}", part.name, interval=interval)
    if half.max() > RESOLUTION * scale and not quick:
        coarse = f"{what}: half-width {half.max():.2g} is too wide to tell a 2 % error"
        return Evidence(Leg.SIMULATION, Verdict.UNDECIDED, coarse, part.name, interval=interval)
    return Evidence(Leg.SIMULATION, Verdict.SUPPORTED, detail, part.name, interval=interval)


_RUN: dict[type, Callable[[Part, Any, np.random.Generator, bool], Evidence]] = {
    SampleMean: _run_sample_mean,
    Experiment: _run_experiment,
    Median: _run_median,
}
