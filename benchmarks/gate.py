"""Time and accuracy of the gate against the ways people compute it: one command, one process, in pairs.

    python benchmarks/gate.py [--quick] [--output results.json] [--docs docs/gate.md]

Prints ratios (median, least, largest) of CPU time over a grid of delta in 1/2..64 and l in -10..10, per number
of digits, against `mpmath.quad` and python-flint's `acb.integral`; and for doubles against `scipy.integrate.quad`
and Gauss-Hermite quadrature. Beside each time stands the error the method makes, measured against the balls:
where a method is silently wrong, it shows. `--docs` rewrites the tables between the markers in the given file.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb, ctx
from mpmath import mp
from scipy.integrate import quad

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from symforget.gate import ball, double, reference

DELTAS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
LS = (-10.0, -1.0, 0.0, 3.0, 10.0)
DIGITS = (15, 30, 50, 100, 300, 1000)
HERMITE_ORDERS = (10, 20, 50, 100)
BEGIN, END = "<!-- gate benchmark: begin -->", "<!-- gate benchmark: end -->"


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """The value of one call, and its CPU seconds."""
    start = time.process_time()
    value = function()
    return value, time.process_time() - start


def seconds(function: Callable[[], Any], least: float) -> float:
    """CPU seconds per call: the best of three batches of `least` seconds, or of one call if that takes longer."""
    _, once = timed(function)
    if once > 10 * least:
        return once
    batch = max(1, math.ceil(least / max(once, 1e-7)))
    best = math.inf
    for _ in range(3):
        start = time.process_time()
        for _ in range(batch):
            function()
        best = min(best, (time.process_time() - start) / batch)
    return best


def digits_right(value: arb, exact: arb) -> float:
    """-log10 of the relative error, at most what `exact` can tell."""
    error = (abs(value - exact) / exact).abs_upper()
    return -float(error.log() / arb(10).log()) if error > 0 else math.inf


def mpmath_quad(delta: float, l: float) -> Any:
    """What an mpmath user writes: the definition on the whole line."""
    return mp.quad(lambda u: mp.npdf(u) * mp.sech((delta * u + l) / 2), [-mp.inf, mp.inf])


def mpmath_quad_cut(delta: float, l: float) -> Any:
    """What a careful one writes: cut where the integrand turns and where it ends."""
    reach = mp.sqrt(2 * mp.dps * mp.ln10) + 2
    cuts = sorted({-reach, mp.mpf(0), reach, max(-reach, min(reach, mp.mpf(-l / delta)))})
    return mp.quad(lambda u: mp.npdf(u) * mp.sech((delta * u + l) / 2), cuts)


def to_arb(value: Any) -> arb:
    mantissa, exponent = mp.mpf(value).man_exp
    return arb(int(mantissa)) * arb(2) ** int(exponent)


def compare_at(delta: float, l: float, digits: int, quick: bool) -> dict[str, Any]:
    """Times and digits of the certified value, of acb.integral and of mpmath.quad at one point."""
    bits = math.ceil(digits * math.log2(10)) + 4
    least = 0.002 if quick else 0.01
    d, x = arb(delta), arb(l)
    ctx.prec = bits
    record: dict[str, Any] = {"delta": delta, "l": l, "digits": digits}
    record["seconds"] = seconds(lambda: ball.gate_s(d, x), least)
    value = ball.gate_s(d, x)
    record["certified_digits"] = value.rel_accuracy_bits() / math.log2(10)
    other, record["acb_integral_seconds"] = timed(lambda: reference.integral(d, x))
    if not value.overlaps(other):
        raise SystemExit(f"the two certified routes contradict each other at {record}")
    if digits <= (30 if quick else 100):
        ctx.prec = bits + 40
        exact = ball.gate_s(d, x)
        with mp.workdps(digits):
            for name, function in (("mpmath_quad", mpmath_quad), ("mpmath_quad_cut", mpmath_quad_cut)):
                theirs, record[f"{name}_seconds"] = timed(lambda f=function: f(delta, l))
                record[f"{name}_digits"] = min(digits_right(to_arb(theirs), exact), digits)
    return record


def spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summarise(records: list[dict[str, Any]], digits: int) -> dict[str, Any]:
    of = [r for r in records if r["digits"] == digits]
    row: dict[str, Any] = {"digits": digits, "seconds": spread([r["seconds"] for r in of])}
    row["certified_digits_min"] = min(r["certified_digits"] for r in of)
    for name in ("acb_integral", "mpmath_quad", "mpmath_quad_cut"):
        key = f"{name}_seconds"
        if key in of[0]:
            row[f"{name}_ratio"] = spread([r[key] / r["seconds"] for r in of])
        if f"{name}_digits" in of[0]:
            row[f"{name}_digits_min"] = min(r[f"{name}_digits"] for r in of)
    return row


def double_sample(count: int) -> tuple[np.ndarray, np.ndarray]:
    """beta in [1e-300, 1 - 1e-16], delta in [0, 200], on linear and logarithmic scales."""
    rng = np.random.default_rng(1)
    logarithmic = 10 ** rng.uniform(-300, -0.31, count)
    near_one = 1 - 10 ** rng.uniform(-16, -0.31, count)
    beta = np.choose(rng.integers(0, 3, count), [logarithmic, rng.random(count), near_one])
    delta = np.where(rng.random(count) < 0.5, rng.uniform(0, 200, count), 10 ** rng.uniform(-4, 2.3, count))
    edge = np.clip(np.sqrt(np.abs(2 * np.log((1 - beta) / beta))) * (1 + rng.normal(0, 0.02, count)), 0, 200)
    return beta, np.where(rng.random(count) < 0.3, edge, delta)


def double_accuracy(points: int) -> list[dict[str, Any]]:
    """Largest relative error of the double-precision functions against balls, and values per CPU second."""
    beta, delta = double_sample(points)
    rows = []
    for name in ("gate", "misassignment_old", "misassignment_new", "information"):
        function, certified = getattr(double, name), getattr(ball, name)
        values = function(beta, delta)
        ctx.prec = 100
        worst, where = 0.0, (math.nan, math.nan)
        for b, d, v in zip(beta.tolist(), delta.tolist(), values.tolist(), strict=True):
            exact = certified(arb(b), arb(d))
            # A double below 2.3e-308 has fewer digits by itself; those and overflows are left out.
            if not (exact > 1e-300 and exact < 1e300):
                continue
            error = float(abs(arb(v) / exact - 1).mid())
            if error > worst:
                worst, where = error, (b, d)
        big = double_sample(10**6)
        rate = 1e6 / seconds(lambda f=function, big=big: f(*big), 0)
        rows.append({"function": name, "max_relative_error": worst, "at": where, "values_per_second": rate})
    return rows


def floating_point_rivals() -> list[dict[str, Any]]:
    """scipy.integrate.quad per point and Gauss-Hermite sums over the grid: time per value and worst relative error."""
    points = [(d, x) for d in DELTAS for x in LS]
    ctx.prec = 120
    exact = [ball.gate_s(arb(d), arb(x)) for d, x in points]
    deltas, ls = (np.array(column) for column in zip(*points, strict=True))

    def row(name: str, values: Any, cost: float, claimed: float | None = None) -> dict[str, Any]:
        errors = [float(abs(arb(float(v)) / e - 1).mid()) for v, e in zip(values, exact, strict=True)]
        worst = int(np.argmax(errors))
        return {
            "method": name,
            "seconds_per_value": cost,
            "max_relative_error": errors[worst],
            "at": points[worst],
            "claimed_error": claimed,
        }

    def integrand(u: float, d: float, x: float) -> float:
        decay = math.exp(-abs(d * u + x) / 2)
        return math.exp(-u * u / 2) / math.sqrt(2 * math.pi) * 2 * decay / (1 + decay * decay)

    def by_quad(d: float, x: float) -> tuple[float, float]:
        value, claimed = quad(integrand, -38, 38, args=(d, x))[:2]
        return float(value), float(claimed)

    results = [by_quad(d, x) for d, x in points]
    cost = statistics.mean(seconds(lambda d=d, x=x: by_quad(d, x), 0.001) for d, x in points)
    rows = [row("scipy.integrate.quad", [v for v, _ in results], cost, max(c for _, c in results))]
    big_delta, big_l = np.resize(deltas, 10**5), np.resize(ls, 10**5)
    for order in HERMITE_ORDERS:
        nodes, weights = np.polynomial.hermite_e.hermegauss(order)
        weights = weights / math.sqrt(2 * math.pi)

        def hermite(d: np.ndarray, x: np.ndarray, n: Any = nodes, w: Any = weights) -> np.ndarray:
            return (w / np.cosh((d[:, None] * n + x[:, None]) / 2)).sum(axis=1)

        cost = seconds(lambda f=hermite: f(big_delta, big_l), 0) / 1e5
        rows.append(row(f"Gauss-Hermite, {order} nodes", hermite(deltas, ls), cost))
    cost = seconds(lambda: double.gate_s(big_delta, big_l), 0) / 1e5
    rows.append(row("symforget.gate.double", double.gate_s(deltas, ls), cost))
    return rows


def _ratio(row: dict[str, Any], name: str) -> str:
    ratio = row.get(f"{name}_ratio")
    return "" if ratio is None else f"{ratio['median']:.0f} ({ratio['min']:.0f} .. {ratio['max']:.0f})"


def _time(value: float) -> str:
    return f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} us"


def tables(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = [
        "| digits | ours: median (min .. max) | acb.integral / ours | mpmath.quad / ours | right digits "
        "| mpmath.quad cut / ours | right digits |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in results["certified"]:
        own = row["seconds"]
        right = [row.get(f"{n}_digits_min") for n in ("mpmath_quad", "mpmath_quad_cut")]
        shown = ["" if r is None else f"{max(r, 0):.0f}" for r in right]
        lines.append(
            f"| {row['digits']} | {_time(own['median'])} ({_time(own['min'])} .. {_time(own['max'])}) "
            f"| {_ratio(row, 'acb_integral')} | {_ratio(row, 'mpmath_quad')} | {shown[0]} "
            f"| {_ratio(row, 'mpmath_quad_cut')} | {shown[1]} |"
        )
    lines += [
        "",
        "| double precision | time per value | largest relative error | at (delta, l) |",
        "|---|---:|---:|---:|",
    ]
    for row in results["floating_point"]:
        claim = row["claimed_error"]
        note = "" if claim is None else f" (claimed: {claim:.0e})"
        error = f"{row['max_relative_error']:.1e}{note}"
        lines.append(f"| {row['method']} | {_time(row['seconds_per_value'])} | {error} | {row['at']} |")
    lines += ["", "| ours in double precision | largest relative error | values per second |", "|---|---:|---:|"]
    for row in results["double"]:
        rate = row["values_per_second"]
        lines.append(f"| {row['function']} | {row['max_relative_error']:.1e} | {rate:.2g} |")
    return "\n".join(lines)


def rewrite_docs(path: Path, text: str) -> None:
    """Put the tables between the markers of a Markdown file."""
    page = path.read_text()
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def environment() -> dict[str, str]:
    packages = ("python-flint", "mpmath", "numpy", "scipy")
    return {"python": platform.python_version(), "machine": platform.machine()} | {p: version(p) for p in packages}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer digits, points and repetitions")
    parser.add_argument("--output", type=Path, help="write the results as JSON")
    parser.add_argument("--docs", type=Path, help="rewrite the tables of this Markdown file")
    arguments = parser.parse_args()
    digits = DIGITS[:3] if arguments.quick else DIGITS
    records = [compare_at(d, x, n, arguments.quick) for n in digits for d in DELTAS for x in LS]
    results = {
        "environment": environment(),
        "certified": [summarise(records, n) for n in digits],
        "floating_point": floating_point_rivals(),
        "double": double_accuracy(2_000 if arguments.quick else 100_000),
        "points": records,
    }
    text = tables(results)
    print(text)
    if arguments.output:
        arguments.output.write_text(json.dumps(results, indent=1))
    if arguments.docs:
        rewrite_docs(arguments.docs, text)


if __name__ == "__main__":
    main()
