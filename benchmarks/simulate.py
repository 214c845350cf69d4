"""How fast `symforget simulate` trains, against a plain one-replicate NumPy loop; and how it scales.

    python benchmarks/simulate.py [--seconds 2]

Both are measured in this one run, by the processor's time of this process (one core each): replicate-steps per second
of the scenario chen2025, averaged over the same variants, the accuracies of every step included.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from symforget.simulation import scenarios
from symforget.simulation.outcomes import accuracies
from symforget.simulation.scenarios import Mixture
from symforget.simulation.training import Task, train

VARIANTS = ("forward 0.15", "reverse as coded", "reverse, honest", "reverse, full target")
GRID = np.linspace(-8, 8, 500)


def density(x, mean, scale):
    return np.exp(-0.5 * ((x - mean) / scale) ** 2) / (scale * np.sqrt(2 * np.pi))


def loop(variant: str, steps: int, draws: int, rng: np.random.Generator) -> None:
    """One replicate, step by step, as one would write it down."""
    w, m1, s1, m2, s2 = 0.75, -3.5, 1.0, 0.5, 0.7
    rate, slow = (0.15 if variant == "forward 0.15" else 0.01), 0.005
    for _ in range(steps):
        if variant == "forward 0.15":
            x = rng.normal(3.5, 0.7, draws)
        elif variant == "reverse as coded":
            x = rng.normal(m2, s2, draws)
        else:
            old = rng.random(draws) < w
            x = np.where(old, rng.normal(m1, s1, draws), rng.normal(m2, s2, draws))
        q1, q2 = w * density(x, m1, s1), (1 - w) * density(x, m2, s2)
        q = q1 + q2
        if variant == "forward 0.15":
            c = np.ones(draws)
        elif variant == "reverse as coded":
            c = q / q2 * np.log(density(x, 3.5, 0.7) / (0.1 * q2) + 1e-12)
        elif variant == "reverse, honest":
            c = np.log(density(x, 3.5, 0.7) / q)
        else:
            c = np.log((0.75 * density(x, -3, 1) + 0.25 * density(x, 3.5, 0.7)) / q)
        r1, r2 = q1 / q, q2 / q
        gw = np.mean(c * (r1 / w - r2 / (1 - w)))
        g1, g2 = np.mean(c * r1 * (x - m1) / s1**2), np.mean(c * r2 * (x - m2) / s2**2)
        h1 = np.mean(c * r1 * ((x - m1) ** 2 / s1**3 - 1 / s1))
        h2 = np.mean(c * r2 * ((x - m2) ** 2 / s2**3 - 1 / s2))
        w = min(max(w + rate * slow * gw, 1e-3), 1 - 1e-3)
        m1, s1, m2, s2 = m1 + rate * slow * g1, s1 + rate * slow * h1, m2 + rate * g2, s2 + rate * h2
        np.trapezoid(np.minimum(0.75 * density(GRID, -3, 1), w * density(GRID, m1, s1)), GRID)
        np.trapezoid(np.minimum(0.25 * density(GRID, 3.5, 0.7), (1 - w) * density(GRID, m2, s2)), GRID)


def vectorised(scenario: scenarios.Scenario, replicates: int) -> None:
    for found in train(Task(scenario, 0, range(replicates))).values():
        if scenario.dimension == 1:
            accuracies(scenario, found)


def fastest(run: Callable[[], None], seconds: float) -> float:
    """The least processor time of one run, over as many as fit."""
    best, until = float("inf"), time.process_time() + seconds
    while time.process_time() < until:
        started = time.process_time()
        run()
        best = min(best, time.process_time() - started)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    seconds = parser.parse_args().seconds
    run = scenarios.load("chen2025").only(VARIANTS).resized(steps=20)
    rng = np.random.default_rng(0)
    plain = sum(fastest(lambda v=v: loop(v, 20, 1000, rng), seconds / 4) for v in VARIANTS)
    plain_rate = len(VARIANTS) * 20 / plain
    print(f"one-replicate loop           {plain_rate:10.0f} replicate-steps/s")
    print(f"{'replicates':>10} {'batch':>7} {'d':>3} {'replicate-steps/s':>19} {'draws/s':>10}   against the loop")
    for replicates, batch, dimension in ((1, 1000, 1), (4, 1000, 1), (16, 1000, 1), (64, 1000, 1), (16, 100, 1),
                                         (16, 10_000, 1), (16, 1000, 2), (16, 1000, 10)):  # fmt: skip
        sized = embedded(run.resized(batch=batch), dimension)
        rate = len(VARIANTS) * 20 * replicates / fastest(lambda s=sized, r=replicates: vectorised(s, r), seconds)
        against = f"{rate / plain_rate:8.1f} x" if (batch, dimension) == (1000, 1) else ""
        print(f"{replicates:>10} {batch:>7} {dimension:>3} {rate:19.0f} {rate * batch:10.2g}   {against}")


def embedded(scenario: scenarios.Scenario, dimension: int) -> scenarios.Scenario:
    """The same modes in more dimensions."""

    def lifted(side: Mixture) -> Mixture:
        rest = (0.0,) * (dimension - 1)
        return replace(side, old_mean=side.old_mean + rest, new_mean=side.new_mean + rest)

    return replace(scenario, start=lifted(scenario.start), target=lifted(scenario.target))


if __name__ == "__main__":
    main()
