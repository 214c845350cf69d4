"""How fast bound tables are: 1000 certified cells of `misassignment` at 50 digits, against the same by mpmath.quad.

Prints a Markdown table of times and their ratio, taken in the same run, and the growth of memory with the table.
Run: python benchmarks/tables.py [--cells 1000] [--reference-cells 12]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time

import mpmath

from symforget.tables.compute import rows
from symforget.tables.evaluate import row_at
from symforget.tables.formats import Document, render
from symforget.tables.journal import Journal
from symforget.tables.request import Request, request

DIGITS = 50
COLUMNS = ["old", "old_bound"]
JOBS = 2


def asked(cells: int) -> Request:
    """A table with that many cells: half of them exact values, half Bhattacharyya bounds."""
    separations = max(1, cells // 2 // 10)
    axes = {"delta": f"1/10:{separations}/10:1/10", "beta": "1/20:19/20:1/10"}
    return request("misassignment", axes, DIGITS, COLUMNS)


def ours(wanted: Request, jobs: int) -> float:
    """Seconds for the finished CSV, as the command makes it."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as file:
        journal = Journal.create(wanted, file)
        for row in rows(wanted, jobs):
            journal.add(row)
        length = sum(map(len, render(Document(wanted, journal, journal.rows), "csv")))
    assert length > wanted.rows * DIGITS
    return time.perf_counter() - start


def by_quad(wanted: Request, every: int) -> tuple[float, list[mpmath.mpf]]:
    """Seconds for every so many rows by mpmath.quad over the line, uncertified, and the values."""
    start, values = time.perf_counter(), []
    with mpmath.workdps(DIGITS + 5):
        for i in range(0, wanted.rows, every):
            point = wanted.point(i)
            delta, beta = (mpmath.mpf(int(point[name].p)) / int(point[name].q) for name in ("delta", "beta"))

            def integrand(x: mpmath.mpf, delta: mpmath.mpf = delta, beta: mpmath.mpf = beta) -> mpmath.mpf:
                return mpmath.npdf(x) / (1 + beta / (1 - beta) * mpmath.exp(delta**2 / 2 - delta * x))

            crossing = delta / 2 + mpmath.log(beta / (1 - beta)) / delta
            values.append(mpmath.quad(integrand, sorted({-mpmath.inf, mpmath.mpf(0), crossing, mpmath.inf})))
    return time.perf_counter() - start, values


def disagreement(wanted: Request, every: int, values: list[mpmath.mpf]) -> mpmath.mpf:
    """The largest relative difference between the two routes."""
    with mpmath.workdps(DIGITS + 5):
        certified = [mpmath.mpf(row_at(wanted, i)[0].text) for i in range(0, wanted.rows, every)]
        return max(abs(a / b - 1) for a, b in zip(values, certified, strict=True))


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--reference-cells", type=int, default=12)
    chosen = parser.parse_args()
    wanted = asked(chosen.cells)
    cells = wanted.rows * len(COLUMNS)
    seconds = ours(wanted, JOBS)
    every = max(1, wanted.rows // chosen.reference_cells)
    reference, values = by_quad(wanted, every)
    count, worst = len(values), mpmath.nstr(disagreement(wanted, every, values), 2)
    scaled = reference * wanted.rows / count
    small = peak_megabytes()
    long = asked(10 * chosen.cells)
    ours(long, 1)
    print(f"| {cells} cells at {DIGITS} digits | seconds | ratio |\n|---|---:|---:|")
    print(f"| symforget, certified and correctly rounded | {seconds:.2f} | 1 |")
    print(
        f"| mpmath.quad, no guarantee ({count} of {wanted.rows} rows, scaled) | {scaled:.1f} | {scaled / seconds:.0f} |"
    )
    print(f"\nPeak memory: {small:.0f} MB after {cells} cells, {peak_megabytes():.0f} MB after {10 * cells} more.")
    print(f"Largest relative difference between the two: {worst}.")


if __name__ == "__main__":
    main()
