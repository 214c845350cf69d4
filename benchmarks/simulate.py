"""How fast `symforget simulate` trains, against a plain one-replicate NumPy loop; and how it scales.

    python benchmarks/simulate.py [--seconds 2]

Everything is measured in this one run, turn by turn, so that both sides meet the same machine: replicate-steps per
second of the scenario chen2025, all its variants, the accuracies of every step included. One process: by its processor
time. Several processes: by the clock, their start included.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from symforget.simulation import scenarios
from symforget.simulation.draws import Noise
from symforget.simulation.outcomes import accuracies
from symforget.simulation.scenarios import Estimator, Mixture, Scenario, Variant
from symforget.simulation.state import Workspace
from symforget.simulation.training import Settings, Task, collected, generators, train

GRID = np.linspace(-8, 8, 500)
STEPS, TURNS = 20, 3


def density(x, mean, scale):
    return np.exp(-0.5 * ((x - mean) / scale) ** 2) / (scale * np.sqrt(2 * np.pi))


def plain(variant: Variant, steps: int, draws: int, rng: np.random.Generator) -> None:
    """One replicate of one variant, step by step, the formulas as one would write them down."""
    w, m1, s1, m2, s2 = 0.75, -3.5, 1.0, 0.5, 0.7
    rate, slow, estimator, full = variant.rate, variant.slow, variant.estimator, variant.target_weight > 0
    for _ in range(steps):
        if estimator is Estimator.FORWARD:
            x = rng.normal(3.5, 0.7, draws)
        elif estimator is Estimator.AS_CODED:
            x = rng.normal(m2, s2, draws)
        else:
            x = np.where(rng.random(draws) < w, rng.normal(m1, s1, draws), rng.normal(m2, s2, draws))
        q1, q2 = w * density(x, m1, s1), (1 - w) * density(x, m2, s2)
        q = q1 + q2
        p = 0.75 * density(x, -3, 1) + 0.25 * density(x, 3.5, 0.7) if full else density(x, 3.5, 0.7)
        if estimator is Estimator.FORWARD:
            c = np.ones(draws)
        elif estimator is Estimator.AS_CODED:
            c = q / q2 * np.log(p / (0.1 * q2) + 1e-12)
        else:
            c = np.log(p / (0.1 * q) + 1e-12) if variant.floored else np.log(p / q)
        r1, r2 = q1 / q, q2 / q
        gw = np.mean(c * (r1 / w - r2 / (1 - w)))
        g1, g2 = np.mean(c * r1 * (x - m1) / s1**2), np.mean(c * r2 * (x - m2) / s2**2)
        h1 = np.mean(c * r1 * ((x - m1) ** 2 / s1**3 - 1 / s1))
        h2 = np.mean(c * r2 * ((x - m2) ** 2 / s2**3 - 1 / s2))
        w, m1, s1, m2, s2 = stepped((w, m1, s1, m2, s2), (gw, g1, h1, g2, h2), rate, slow)


def tuned(variant: Variant, steps: int, draws: int, rng: np.random.Generator) -> None:
    """The same with every shared factor computed once: what one comes to by looking at where the time goes."""
    w, m1, s1, m2, s2 = 0.75, -3.5, 1.0, 0.5, 0.7
    rate, slow, estimator, full = variant.rate, variant.slow, variant.estimator, variant.target_weight > 0
    for _ in range(steps):
        if estimator is Estimator.FORWARD:
            x = rng.normal(3.5, 0.7, draws)
        elif estimator is Estimator.AS_CODED:
            x = rng.normal(m2, s2, draws)
        else:
            old = rng.random(draws) < w
            x = rng.standard_normal(draws) * np.where(old, s1, s2) + np.where(old, m1, m2)
        u, v = (x - m1) / s1, (x - m2) / s2
        q1, q2 = w / s1 * np.exp(-0.5 * u * u), (1 - w) / s2 * np.exp(-0.5 * v * v)
        q = q1 + q2
        if estimator is Estimator.FORWARD:
            a, b = q1 / q, q2 / q
        else:
            z, y = (x - 3.5) / 0.7, x + 3
            p = (0.25 if full else 1) / 0.7 * np.exp(-0.5 * z * z) + (0.75 * np.exp(-0.5 * y * y) if full else 0)
            if estimator is Estimator.AS_CODED:
                b = np.log(p / (0.1 * q2) + 1e-12)
                a = b * q1 / q2
            else:
                c = (np.log(p / (0.1 * q) + 1e-12) if variant.floored else np.log(p / q)) / q
                a, b = c * q1, c * q2
        mean_a, mean_b, au, bv = a.mean(), b.mean(), a * u, b * v
        gradient = (
            mean_a / w - mean_b / (1 - w),
            au.mean() / s1,
            (np.dot(au, u) / draws - mean_a) / s1,
            bv.mean() / s2,
            (np.dot(bv, v) / draws - mean_b) / s2,
        )
        w, m1, s1, m2, s2 = stepped((w, m1, s1, m2, s2), gradient, rate, slow)


def stepped(parameters: tuple, gradient: tuple, rate: float, slow: float) -> tuple:
    """One step of ascent, and the two accuracies on the published grid."""
    slowed = rate * slow
    w, m1, s1, m2, s2 = (
        p + r * g for p, r, g in zip(parameters, (slowed, slowed, slowed, rate, rate), gradient, strict=True)
    )
    w = min(max(w, 1e-3), 1 - 1e-3)
    np.trapezoid(np.minimum(0.75 * density(GRID, -3, 1), w * density(GRID, m1, s1)), GRID)
    np.trapezoid(np.minimum(0.25 * density(GRID, 3.5, 0.7), (1 - w) * density(GRID, m2, s2)), GRID)
    return w, m1, s1, m2, s2


def looped(step: Callable, scenario: Scenario, rng: np.random.Generator) -> None:
    for variant in scenario.variants:
        step(variant, scenario.steps, scenario.batch, rng)


def vectorised(scenario: Scenario, replicates: int) -> None:
    measured(scenario, train(Task(scenario, 0, range(replicates))))


def measured(scenario: Scenario, done) -> None:
    for found in done.values() if scenario.dimension == 1 else ():
        accuracies(scenario, found)


def noise(scenario: Scenario, replicates: int) -> Callable[[], None]:
    """The random numbers of the scenario's steps and nothing else."""
    rngs, space = generators(Task(scenario, 0, range(replicates))), Workspace()

    def draw() -> None:
        for _ in range(scenario.steps):
            Noise.drawn(scenario.dimension, scenario.batch, rngs, space)

    return draw


def fastest(
    runs: dict[str, Callable[[], None]], seconds: float, clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """The least time of one run of each, over turns of all of them until the seconds are over."""
    best, until, turns = dict.fromkeys(runs, float("inf")), time.perf_counter() + seconds, 0
    while turns < TURNS or time.perf_counter() < until:
        for name, run in runs.items():
            started = clock()
            run()
            best[name] = min(best[name], clock() - started)
        turns += 1
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    run = scenarios.load("chen2025").resized(steps=STEPS)
    variants, rng = len(run.variants), np.random.default_rng(0)
    sizes = (1, 4, 16, 64)
    runs: dict[str, Callable[[], None]] = {
        loop.__name__: lambda loop=loop: looped(loop, run, rng) for loop in (plain, tuned)
    }
    runs |= {"noise": noise(run, 64)} | {f"{r}": lambda r=r: vectorised(run, r) for r in sizes}
    best = fastest(runs, seconds)
    loops = {name: variants * STEPS / best[name] for name in ("plain", "tuned")}
    print(f"{'one process each':<36} {'replicate-steps/s':>18} {'of plain loop':>14} {'of tuned loop':>14}")
    for name, rate in loops.items():
        line(f"one replicate, {name} loop", rate, loops)
    for r in sizes:
        line(f"{r} replicates at a time", variants * STEPS * r / best[f"{r}"], loops)
    bound = variants * STEPS * 64 / best["noise"]
    line(f"random numbers alone, {best['noise'] / best['64']:.0%} of that", bound, loops)
    processors(loops, seconds)
    scaling(run, seconds)


def line(what: str, rate: float, loops: dict[str, float]) -> None:
    ratios = " ".join(f"{rate / loop:12.1f} x" for loop in loops.values())
    print(f"{what:<36} {rate:18.0f} {ratios}")


def processors(loops: dict[str, float], seconds: float) -> None:
    """The whole run on all processors, by the clock."""
    run, jobs = scenarios.load("chen2025"), os.cpu_count() or 1
    settings = Settings(replicates=256, jobs=jobs)
    best = fastest({"all": lambda: measured(run, collected(run, settings))}, seconds, time.perf_counter)["all"]
    line(f"256 replicates, {jobs} processes", settings.replicates * run.steps * len(run.variants) / best, loops)


def scaling(run: Scenario, seconds: float) -> None:
    """Draws per second for other batches and dimensions."""
    print(f"{'replicates':>10} {'batch':>7} {'d':>3} {'replicate-steps/s':>19} {'draws/s':>10}")
    for replicates, batch, dimension in ((64, 100, 1), (16, 10_000, 1), (64, 1000, 2), (64, 1000, 10)):
        sized = embedded(run.resized(batch=batch, steps=5), dimension)
        best = fastest({"": lambda s=sized, r=replicates: vectorised(s, r)}, seconds / 10)[""]
        rate = len(run.variants) * 5 * replicates / best
        print(f"{replicates:>10} {batch:>7} {dimension:>3} {rate:19.0f} {rate * batch:10.2g}")


def embedded(scenario: Scenario, dimension: int) -> Scenario:
    """The same modes in more dimensions."""

    def lifted(side: Mixture) -> Mixture:
        rest = (0.0,) * (dimension - 1)
        return replace(side, old_mean=side.old_mean + rest, new_mean=side.new_mean + rest)

    return replace(scenario, start=lifted(scenario.start), target=lifted(scenario.target))


if __name__ == "__main__":
    main()
