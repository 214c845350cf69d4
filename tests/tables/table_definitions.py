"""Every column of every table from its definition, in multiprecision floating point: sums over x of plain densities.

Nothing of symforget is used. `Mixture` tabulates p_o, p_n on a grid so fine that the trapezoidal rule, which converges
exponentially for these integrands, is exact to about 24 digits; derivatives are differences.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import mpmath
from mpmath import mpf

DIGITS = 26
STEPS_PER_POLE = 9
REACH = 11.5


class Mixture:
    """Two unit Gaussians at 0 (old) and delta (new), tabulated."""

    def __init__(self, delta: Fraction) -> None:
        self.delta = mpf(delta.numerator) / delta.denominator
        # 1/q has its poles at distance pi/delta from the real line.
        self.h = min(mpf(1) / 4, mpmath.pi / self.delta / STEPS_PER_POLE)
        count = int((self.delta + 2 * REACH) / self.h) + 1
        self.x = [-REACH + k * self.h for k in range(count)]
        scale = 1 / mpmath.sqrt(2 * mpmath.pi)
        self.old = [scale * mpmath.exp(-x * x / 2) for x in self.x]
        self.new = [scale * mpmath.exp(-((x - self.delta) ** 2) / 2) for x in self.x]

    def integral(self, f: Callable[[mpf, mpf, mpf], mpf]) -> mpf:
        return self.h * mpmath.fsum(f(x, o, n) for x, o, n in zip(self.x, self.old, self.new, strict=True))

    def information(self, b: mpf) -> mpf:
        return self.integral(lambda x, o, n: (o - n) ** 2 / (b * o + (1 - b) * n))

    def kl_slope(self, b: mpf, a: mpf) -> mpf:
        """d KL(q_b | p_a)/db = integral (p_o - p_n) log(q_b/p_a)."""
        return self.integral(lambda x, o, n: (o - n) * mpmath.log((b * o + (1 - b) * n) / (a * o + (1 - a) * n)))

    def kl_to_mixture(self, of_old: bool, a: mpf) -> mpf:
        return self.integral(
            lambda x, o, n: (o if of_old else n) * mpmath.log((o if of_old else n) / (a * o + (1 - a) * n))
        )


@lru_cache(maxsize=64)
def mixture(delta: Fraction) -> Mixture:
    return Mixture(delta)


Point = dict[str, Fraction | str]


def number(x: Fraction) -> mpf:
    return mpf(x.numerator) / x.denominator


def misassignment(point: Point) -> dict[str, mpf]:
    m, b = mixture(point["delta"]), number(point["beta"])
    old = m.integral(lambda x, o, n: o * (1 - b) * n / (b * o + (1 - b) * n))
    new = m.integral(lambda x, o, n: n * b * o / (b * o + (1 - b) * n))
    overlap = m.integral(lambda x, o, n: mpmath.sqrt(o * n))
    old_bound, new_bound = mpmath.sqrt((1 - b) / b) * overlap / 2, mpmath.sqrt(b / (1 - b)) * overlap / 2
    sharp = min(mpf(1), mpmath.sqrt(2 * mpmath.pi) / m.delta)
    return {
        "old": old,
        "new": new,
        "old_bound": old_bound,
        "new_bound": new_bound,
        "old_sharp": old_bound * sharp,
        "new_sharp": new_bound * sharp,
        "ratio": old / old_bound,
        "ratio_sharp": new / (new_bound * sharp),
    }


def drift_bound(a: mpf, b: mpf, delta: mpf, dq: mpf) -> mpf:
    """The least root of force(r) = r, found by bisection between the first points of a grid; inf unless it traps."""
    nearest, odds = min(dq, delta - 1 / delta), min(b / (1 - b), a / 2)

    def excess(r: mpf) -> mpf:
        gates = mpmath.exp(-((nearest - r) ** 2) / 8) / mpmath.sqrt(odds)
        gates += mpmath.sqrt((1 - a) / a) * mpmath.exp(delta * r / 2 - delta**2 / 8)
        return mpmath.sqrt(mpmath.pi / 2) * gates - r

    grid = [nearest * mpf(k) / 400 for k in range(400)]
    crossed = next((k for k in range(1, 400) if excess(grid[k]) <= 0), None)
    if crossed is None:
        return mpmath.inf
    r = mpmath.findroot(excess, (grid[crossed - 1], grid[crossed]), solver="anderson", tol=mpf(10) ** (-2 * DIGITS))
    mean = mpmath.log(a / (1 - a)) + delta * (delta - nearest) - delta**2 / 2
    pull = mpmath.quad(lambda z: mpmath.npdf(z) / (1 + mpmath.exp(-mean - delta * z)), mpmath.linspace(-14, 14, 29))
    growing = mpmath.log(odds / a) + r**2 / 2 + mpmath.exp(-((nearest - r) ** 2) / 8) / mpmath.sqrt(odds) <= 0
    return r if growing and delta * pull <= delta - nearest else mpmath.inf


def drift(point: Point) -> dict[str, mpf]:
    """The force as minus the derivative of KL(q | p_alpha) in the old mean, by differences."""
    m, a, b, dq = mixture(point["delta"]), number(point["alpha"]), number(point["beta"]), number(point["dq"])
    scale = 1 / mpmath.sqrt(2 * mpmath.pi)
    fine = Mixture(max(point["delta"], point["dq"]))
    target = [scale * (a * mpmath.exp(-x * x / 2) + (1 - a) * mpmath.exp(-((x - m.delta) ** 2) / 2)) for x in fine.x]
    fixed = [scale * (1 - b) * mpmath.exp(-((x - dq) ** 2) / 2) for x in fine.x]

    def loss(mean: mpf) -> mpf:
        total = []
        for x, p, rest in zip(fine.x, target, fixed, strict=True):
            q = scale * b * mpmath.exp(-((x - mean) ** 2) / 2) + rest
            total.append(q * mpmath.log(q / p))
        return fine.h * mpmath.fsum(total)

    h = mpf(10) ** -4
    first = (loss(h) - loss(-h)) / (2 * h)
    second = (loss(2 * h) - loss(-2 * h)) / (4 * h)
    third = (loss(3 * h) - loss(-3 * h)) / (6 * h)
    force = -(15 * first - 6 * second + third) / 10

    def gate(square: mpf) -> mpf:
        d = mpmath.sqrt(square)
        return fine.h * mpmath.fsum(
            scale * mpmath.exp(-x * x / 2) / (1 + a / (1 - a) * mpmath.exp(d * d / 2 - d * x)) for x in fine.x
        )

    square, step = m.delta**2, mpf(10) ** -4
    log_gate = [mpmath.log(gate(square + k * step)) for k in (-2, -1, 0, 1, 2)]
    slope = (8 * (log_gate[3] - log_gate[1]) - (log_gate[4] - log_gate[0])) / (12 * step)
    value = mpmath.exp(log_gate[2])

    def bound(weight: mpf, d: mpf) -> mpf:
        return mpmath.sqrt((1 - weight) / weight) * d * mpmath.exp(-d * d / 8)

    r = drift_bound(a, b, m.delta, dq)
    return {
        "force": force,
        "force_bound": b / 2 * (bound(b, dq) + bound(a, m.delta)),
        "gate": value,
        "exponent": log_gate[2] / square,
        "slope": slope,
        "prefactor": value * m.delta * mpmath.exp(square / 8),
        "prefactor_limit": mpmath.sqrt((1 - a) / a) * mpmath.sqrt(mpmath.pi / 2),
        "drift_bound": r,
        "drift_exponent": r if r == mpmath.inf else mpmath.log(r) / square,
    }


def rates(point: Point) -> dict[str, mpf]:
    """From the gradient of the divergence and the metric of the flow; at the optimum from its second derivative."""
    m, b, a = mixture(point["delta"]), number(point["beta"]), number(point["alpha"])
    metric = {
        "logit": lambda w: (w * (1 - w)) ** 2,  # (d beta/d phi)^2
        "euclidean": lambda w: mpf(1),
        "natural": lambda w: 1 / m.information(w),
    }[point["geometry"]]
    if point["objective"] == "reverse":
        rate = metric(b) * m.kl_slope(b, a) / (b - a)
        end = metric(a) * m.information(a)
    else:
        gradient = m.integral(lambda x, o, n: n * (n - o) / (b * o + (1 - b) * n))
        rate = metric(b) * gradient / b
        # p_o^2/p_n has its mass round -delta, where p_o - p_n is p_o.
        scale = mpmath.exp(m.delta**2 / 2) / mpmath.sqrt(2 * mpmath.pi)
        chi = m.h * mpmath.fsum(scale * mpmath.exp(-x * x / 2 + m.delta * x) for x in m.x) - 1
        end = {"logit": mpf(0), "euclidean": chi, "natural": mpf(1)}[point["geometry"]]
    return {"rate": rate, "asymptotic_rate": end, "half_life": mpmath.log(2) / end if end else mpmath.inf}


def time_to_forget(point: Point) -> dict[str, mpf]:
    """Gauss-Legendre over the logit of the reciprocal speed."""
    m, start, level = mixture(point["delta"]), number(point["start"]), number(point["level"])
    variation = mpmath.erf(m.delta / (2 * mpmath.sqrt(2)))
    fall, chi = mpmath.log(start / level), mpmath.expm1(m.delta**2)

    def seconds(b: mpf) -> mpf:
        """dt/dphi."""
        slope = m.integral(lambda x, o, n: n * (n - o) / (b * o + (1 - b) * n))
        speed = (b * (1 - b)) ** 2 * slope if point["geometry"] == "logit" else slope
        return b * (1 - b) / speed

    def logit(b: mpf) -> mpf:
        return mpmath.log(b / (1 - b))

    if point["geometry"] == "natural":
        return {"lower": fall, "time": fall, "upper": fall}
    pieces = mpmath.linspace(logit(level), logit(start), 3)
    time = mpmath.quad(lambda s: seconds(1 / (1 + mpmath.exp(-s))), pieces, method="gauss-legendre", maxdegree=4)
    if point["geometry"] == "logit":
        lower = 1 / level - 1 / start
        upper = ((start / level) ** 2 - 1) / (8 * variation**2 * (1 - start) ** 2 * start**2)
    else:
        lower = max(fall / chi, start - level - (start**2 - level**2) / 2)
        upper = fall / (4 * variation**2)
    return {"lower": lower, "time": time, "upper": upper}


def conditioning(point: Point) -> dict[str, mpf]:
    """Eigenvalues of the covariance of the scores of (phi, m_o, m_n)."""
    m, a = mixture(point["delta"]), number(point["alpha"])

    def expectation(f: Callable[[mpf, mpf, mpf], mpf]) -> mpf:
        """Of f(x, r_o, r_n) under p_alpha."""

        def weighted(x: mpf, o: mpf, n: mpf) -> mpf:
            p = a * o + (1 - a) * n
            return p * f(x, a * o / p, (1 - a) * n / p)

        return m.integral(weighted)

    scores = (lambda x, o, n: o - a, lambda x, o, n: o * x, lambda x, o, n: n * (x - m.delta))
    block = mpmath.matrix(3)
    for i, f in enumerate(scores):
        for j, g in enumerate(scores):
            block[i, j] = expectation(lambda x, o, n, f=f, g=g: f(x, o, n) * g(x, o, n))
    first, second, third = sorted(mpmath.eigsy(block, eigvals_only=True))
    mixed = expectation(lambda x, o, n: o * n)
    across = mpmath.matrix([[expectation(lambda x, o, n: o * o), mixed], [mixed, expectation(lambda x, o, n: n * n)]])
    low, high = sorted(mpmath.eigsy(across, eigvals_only=True))
    closed = max(1 / _closed_form(a, m.delta), mpf(0))
    return {
        "closed_form": closed,
        "kept": closed / first,
        "first": first,
        "second": second,
        "third": third,
        "across_low": low,
        "across_high": high,
        "condition": third / first,
        "condition_d": max(third, high) / min(first, low),
    }


def _closed_form(a: mpf, delta: mpf) -> mpf:
    """The upper bound of the condition number that geometry/conditioning gives (negative where it says nothing)."""
    return 1 / (a * (1 - a) - (mpf(3) / 2 + delta**2 / 4) * mpmath.sqrt(a * (1 - a)) * mpmath.exp(-(delta**2) / 8))


def conditioning_ends(point: Point) -> dict[str, mpf]:
    """By Illinois steps on the condition number of the covariance of the scores, the overlap by quadrature."""
    a, level = number(point["alpha"]), number(point["level"])

    step = mpf(1) / 8
    nodes = [(k * step, mpmath.npdf(k * step) * step) for k in range(-120, 121)]

    def condition(delta: mpf) -> mpf:
        odds = mpmath.log((1 - a) / a)
        scale = mpmath.sqrt(a * (1 - a)) * mpmath.exp(-(delta**2) / 8) / 2
        weighted = [(u, scale * w * mpmath.sech((delta * u + odds) / 2)) for u, w in nodes]
        half = delta / 2
        shapes = (lambda u: mpf(1), lambda u: u + half, lambda u: half - u)
        matrix = mpmath.diag([a * (1 - a), a, 1 - a])
        for i in range(3):
            for j in range(3):
                matrix[i, j] -= mpmath.fsum(w * shapes[i](u) * shapes[j](u) for u, w in weighted)
        values = sorted(mpmath.eigsy(matrix, eigvals_only=True))
        return values[2] / values[0]

    def root(f: Callable[[mpf], mpf], low: str, high: str) -> mpf:
        return mpmath.findroot(f, (mpf(low), mpf(high)), solver="anderson", tol=1e-30, verify=False)

    return {
        "separation": root(lambda d: mpmath.log(condition(d) / level), "0.1", "3"),
        "sufficient": root(lambda d: 1 / _closed_form(a, d) - 1 / level, "2", "12"),
    }


def methods(point: Point) -> dict[str, mpf]:
    names = ("alpha", "gap", "lam", "kappa")
    m, (a, g, lam, kappa) = mixture(point["delta"]), (number(point[name]) for name in names)
    rewards = (mpf(1), mpmath.exp(g))
    closeness = m.delta**2 / 2 - m.kl_to_mixture(True, a) + m.kl_to_mixture(False, a)

    def slope(logit: mpf) -> mpf:
        """dJ/dbeta of the entropic objective."""
        b = 1 / (1 + mpmath.exp(-logit))
        gain = (rewards[0] - rewards[1]) / (b * rewards[0] + (1 - b) * rewards[1])
        return gain - lam * m.kl_slope(b, a)

    centre = mpmath.log(a / (1 - a))
    low = centre - 40
    odds = mpf(0)
    if slope(low) > 0:
        root = mpmath.findroot(slope, (low, centre), solver="illinois", tol=1e-44, maxsteps=200, verify=False)
        odds = mpmath.exp(root)

    # SDFT, forward: beta' = beta (1 - beta) phi' = -(beta (1 - beta))^2 I (beta - teacher) near the demonstrations.
    speed = (a * (1 - a)) ** 2 * m.information(a)
    jacobian = mpmath.matrix([[-speed, speed * (1 - lam)], [kappa, -kappa]])
    slow = min(-value for value in mpmath.eig(jacobian, left=False, right=False))
    old, new = a, 1 - a
    for _ in range(int(point["syncs"])):
        old, new = old * mpmath.exp(-g), new
    return {
        "ttt_critical": (1 - rewards[0] / rewards[1]) / closeness,
        "ttt_odds": odds,
        "sdft_lower": speed * kappa * lam / (speed + kappa),
        "sdft_slow": mpmath.re(slow),
        "sdft_upper": min(speed, kappa),
        "oapl_odds": old / new,
    }


def starvation(point: Point) -> dict[str, mpf]:
    beta, lam, eta = point["beta"], point["lam"], point["eta"]

    def batch(miss: Fraction) -> mpf:
        """The least N with miss^N <= eta, found by doubling and halving on the powers themselves."""
        p, goal = number(miss), number(eta)
        high = 1
        while p**high > goal:
            high *= 2
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if p**middle > goal else (low, middle)
        return mpf(high)

    return {
        "on_policy": batch(1 - beta),
        "with_replay": batch((1 - lam) * (1 - beta)),
        "any_beta": batch(1 - lam),
        "variance": number((1 - beta) / beta),
        "variance_bound": number(1 / lam),
    }


ROUTES: dict[str, Callable[[Point], dict[str, mpf]]] = {
    "misassignment": misassignment,
    "drift": drift,
    "rates": rates,
    "time-to-forget": time_to_forget,
    "conditioning": conditioning,
    "conditioning-ends": conditioning_ends,
    "methods": methods,
    "starvation": starvation,
}


def last_place(text: str) -> mpf:
    """The unit of the last digit of a printed decimal."""
    mantissa, _, exponent = text.partition("e")
    return mpf(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
