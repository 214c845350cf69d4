"""ttt_discover: an entropic objective with a KL anchor to the initial policy; a transition decides the old mass."""

import mpmath
import numpy as np
from sympy import Derivative, Integral, Limit, Mul, Rational, Subs, Symbol, exp, log, oo, sqrt, sympify

from symforget.authoring import claim, eq, gt, le, lt
from symforget.calculus import BC, TV, E_n, E_o, H, SampleIntegral, mixture, p_n, p_o
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.domain import Interval
from symforget.flows import local_rate as measured_rate
from symforget.functions import normal
from symforget.gate.double import gate as gate_in_double
from symforget.instances import GaussianPair, TwoLetterPair
from symforget.legs.certified import at, over
from symforget.legs.numeric import Measurement, agree, extrapolate
from symforget.legs.simulation import FAILURE_PROBABILITY, Experiment
from symforget.model import alpha, beta, delta, eta, lam, phi
from symforget.objectives.ttt_discover import (
    CRITICAL,
    PULL_AT_ZERO,
    A_n,
    A_o,
    Training,
    anchor_pull,
    anchor_that_keeps,
    information,
    ratio,
    reward_pull,
    slope,
    w,
)
from symforget.rules import (
    Affine,
    Algebra,
    Antiderivative,
    AtEveryPoint,
    CauchySchwarz,
    ChangeOfVariable,
    CompleteTheSquare,
    Differentiate,
    Evaluate,
    FundamentalTheorem,
    InExpectation,
    LargestExponential,
    Lemma,
    LogarithmSign,
    PointwiseExpectation,
    PutIn,
    Reflection,
    Replace,
    SameIntegrand,
    SignOf,
    Squeeze,
    Stein,
    UnderIntegralSign,
    UnderTheExpectation,
    UnderTheIntegral,
)
from symforget.simulate import bounded_mean

UNIT = "(0, 1)"
POSITIVE = "(0, oo)"
LETTERS = TwoLetterPair(Rational(1, 4), Rational(2, 3))
q, q_0 = mixture(beta), mixture(alpha)
SCORE_GAP = SampleIntegral((p_o - p_n) * log(q / q_0))
DIVERGENCE = SampleIntegral(q * log(q / q_0))
s = Symbol("s", real=True)
excess = Symbol("x", positive=True)
r = Symbol("r", positive=True)
b = Symbol("b", positive=True)


def sigmoid(y):
    """The weight whose logit is y."""
    return 1 / (1 + exp(-y))


def logit(weight):
    """The logit of a weight."""
    return log(weight / (1 - weight))


def mpf(exact):
    """An exact rational at mpmath's present precision."""
    return mpmath.mpf(exact.p) / exact.q


GROUPS_AT_ONCE = 512
GROUP = {"delta": 3.0, "initial": 0.6, "strength": 0.5, "weight": 0.75}


def estimated_gradient(rng, draws):
    """The mean of the method's own gradient in the logit: groups of 512, eta by bisection, leave-one-out normaliser.

    Its bias is about 1/group: eta and the normaliser come from the same draws. A group's estimate has standard
    deviation 0.013; it is clipped seven of them from its mean, on either side.
    """
    size = 512
    training = Training(GROUP["delta"], GROUP["initial"], GROUP["strength"], size)

    def draw(count, generator):
        return np.clip(training.gradients(np.full(count, GROUP["weight"]), generator), -0.6, -0.4)

    return bounded_mean(draw, draws // size, -0.6, -0.4, FAILURE_PROBABILITY, rng, chunk=GROUPS_AT_ONCE)


def predicted_gradient(anchored, tilted):
    """beta(1-beta) times the statement's right side, with eta set by the budget for the whole population."""
    from scipy.integrate import quad
    from scipy.optimize import brentq
    from scipy.special import ndtr

    weight, initial, separation = GROUP["weight"], GROUP["initial"], GROUP["delta"]
    old, new = ndtr(-separation / 2), ndtr(separation / 2)
    top = weight * old + (1 - weight) * new

    def divergence(tilt):
        share = top * np.exp(tilt) / (top * np.exp(tilt) + 1 - top)
        return share * np.log(share / top) + (1 - share) * np.log((1 - share) / (1 - top))

    tilt = brentq(lambda x: divergence(x) - np.log(2), 1e-6, 20)
    a_o, a_n = (1 + p * np.expm1(tilt) for p in (old, new))
    inside = quad(lambda v: (1 - gate_in_double(v, separation)) / (v * (1 - v)), weight, initial)[0]
    rise = tilted * (a_o - a_n) / (weight * a_o + (1 - weight) * a_n) + anchored * GROUP["strength"] * inside
    return weight * (1 - weight) * rise


@claim(
    domain={beta: UNIT, alpha: UNIT, lam: POSITIVE, A_o: POSITIVE, A_n: POSITIVE},
    kind="identity",
    densities="any",
    sentence="ttt_discover",
    false_twin={"anchored": Rational(1, 2)},
)
def gradient(anchored=1, tilted=1, floor=4):
    """The gradient is the reward's preference between the modes, less the gated pull of the anchor; J is concave.

    With A_o = E_o[exp(eta R)], A_n = E_n[exp(eta R)] the objective is J = log(beta A_o + (1-beta) A_n) - lam KL(q|q_0),
    and dJ/dbeta = (A_o - A_n)/(beta A_o + (1-beta) A_n) - lam int_alpha^beta I(w) dw, I = (1 - H)/(w(1-w)). Moreover
    d^2J/dbeta^2 <= -4 lam TV^2 < 0: there is one maximum.

    Guarantee: **tight** (gradient); **upper bound** (curvature).
    Hypotheses: any two densities, positive almost everywhere; any reward with finite A_o and A_n; q_0 = p_alpha.
    Source: TTT-Discover, arXiv:2601.16175 (the objective); the gradient in the two-mode model is ours.
    """
    total = beta * A_o + (1 - beta) * A_n
    objective = log(total) - lam * DIVERGENCE
    preference = tilted * (A_o - A_n) / total
    value = preference - anchored * lam * Integral(information(w), (w, alpha, beta))
    curvature = Derivative(objective, (beta, 2))
    square = SampleIntegral((p_o - p_n) ** 2 / q)
    point = {beta: "3/10", alpha: "7/10", lam: "1/10", A_o: 1, A_n: 2}
    return (
        Part(
            eq(Derivative(objective, beta), value),
            name="gradient",
            symbolic=Derivation(Derivative(objective, beta))
            .equals(
                preference - lam * SCORE_GAP,
                by=UnderTheIntegral(beta, "differentiate under the integral; int (p_o - p_n) = 0"),
            )
            .equals(
                preference - lam * Integral(information(w), (w, alpha, beta)),
                by=Affine(
                    FundamentalTheorem(beta, alpha, information(beta), "zero at beta = alpha, with slope I(beta)"),
                    -lam,
                    preference,
                ),
            ),
            certified=(at(point, instance=LETTERS, digits=12),),
            numeric=(agree(point, instance=LETTERS),),
            simulation=(
                Experiment(
                    estimated_gradient,
                    lambda: predicted_gradient(float(anchored), float(tilted)),
                    "leave-one-out gradient in the logit, adaptive eta",
                    draws=2_000_000,
                ),
            ),
        ),
        Part(
            le(curvature, -floor * lam * TV**2),
            name="concave",
            symbolic=Derivation(curvature)
            .equals(-((preference / tilted) ** 2) - lam * square, by=UnderTheIntegral(beta, "differentiate twice"))
            .at_most(-lam * square, by=SignOf((preference / tilted) ** 2, "a square"))
            .at_most(-floor * lam * TV**2, by=Affine(CauchySchwarz((p_o - p_n) ** 2 / q, q), -lam)),
            certified=(at(point, instance=LETTERS),),
        ),
    )


@claim(
    domain={beta: UNIT, alpha: UNIT, ratio: UNIT, lam: POSITIVE, excess: POSITIVE, delta: POSITIVE},
    kind="tight bound",
    densities="any",
    sentence="ttt_discover",
    depends_on=("ttt_discover/gradient",),
    false_twin={"sharp": Rational(1, 2)},
)
def critical_anchor(sharp=1, even=2):
    """Old mass is retained iff the anchor is stronger than a critical value: a phase transition.

    Let rho = A_o/A_n < 1 and K = KL(p_o|p_n) - KL(p_o|q_0) + KL(p_n|q_0), all finite. At beta = 0 the slope of J is
    lam K - (1 - rho), and less at every beta in (0, 1). With lam_c = (1 - rho)/K: for lam = (1 + x) lam_c, x > 0, it is
    positive at 0 and negative at beta = alpha, so that the maximum lies between; for lam = lam_c/(1 + x), and at lam_c
    itself, the slope is negative at every beta in (0, 1): beta falls to 0. For every reward lam K >= 1 suffices. For
    Gaussian modes and alpha = 1/2, K = delta^2/2 and lam_c = 2 (1 - rho)/delta^2. The slope at 0 is that of J from the
    right (G increases, so that G(beta) -> G(0) by monotone convergence).

    Guarantee: **tight**: retained above, lost at and below.
    Hypotheses: any two densities, positive almost everywhere, the three divergences finite; A_o < A_n.
    Source: abstract of arXiv:2603.12163 (conditions for TTT-Discover); the transition is ours.
    """
    field = -reward_pull() - lam * SCORE_GAP
    at_zero = lam * PULL_AT_ZERO - (1 - ratio)
    divergences = E_o(log(p_o / p_n)) - E_o(log(p_o / q_0)) + E_n(log(p_n / q_0))
    above, below = sharp * CRITICAL * (1 + excess), sharp * CRITICAL / (1 + excess)
    zero_above, zero_below = (Mul(a, PULL_AT_ZERO, evaluate=False) - (1 - ratio) for a in (above, below))
    point = {alpha: "2/5", ratio: "1/2", lam: "1/10"}
    u = Symbol("u", real=True)
    half = delta * u / 2
    decay = exp(-(delta**2) / 8)
    on_line = (exp(-half) - exp(half)) * log((exp(-half) + exp(half)) / (2 * exp(half)))
    rise, even_log = exp(half) - exp(-half), log((exp(-half) + exp(half)) / 2)
    odd, same_odd = rise * even_log, exp(half) * even_log - exp(-half) * even_log
    pull = decay * normal(on_line, u)
    return (
        Part(
            eq(Subs(field, beta, 0), at_zero),
            name="slope at zero",
            symbolic=Derivation(Subs(field, beta, 0)).equals(at_zero, by=PutIn("at beta = 0, q = p_n")),
            certified=(at(point, instance=LETTERS, digits=12),),
        ),
        Part(
            eq(PULL_AT_ZERO, divergences),
            name="K in divergences",
            symbolic=Derivation(PULL_AT_ZERO).equals(
                divergences, by=SameIntegrand("log q_0/p_n is log p_o/p_n - log p_o/q_0, and -log p_n/q_0")
            ),
            certified=(at(point, instance=LETTERS, digits=12),),
        ),
        Part(
            gt(zero_above, 0),
            name="retained above",
            symbolic=Derivation(zero_above)
            .equals(excess * (1 - ratio), by=Algebra("lam_c K = 1 - rho"))
            .above(0, by=SignOf(excess * (1 - ratio), "x > 0 and rho < 1")),
            certified=(at({alpha: "2/5", ratio: "1/2", excess: "1/100"}, instance=LETTERS),),
        ),
        Part(
            lt(-reward_pull(alpha), 0),
            name="below the initial weight",
            symbolic=Derivation(-reward_pull(alpha)).below(
                0, by=SignOf((1 - ratio) / (1 - alpha + ratio * alpha), "at beta = alpha the anchor does not pull")
            ),
            certified=(over({alpha: "[1/100, 99/100]", ratio: "[1/100, 99/100]"}),),
        ),
        Part(
            lt(field, at_zero),
            name="steepest at zero",
            symbolic=Derivation(field)
            .at_most(
                -reward_pull() + lam * PULL_AT_ZERO,
                by=Affine(
                    LogarithmSign(p_n / beta, q / p_n, "(p_o - p_n) log(q/p_n) >= 0: both factors have one sign"),
                    -lam,
                    -reward_pull(),
                ),
            )
            .below(at_zero, by=SignOf((1 - ratio) ** 2 * beta / (1 - beta + ratio * beta), "rho < 1")),
            certified=(at({**point, beta: "1/10"}, {**point, beta: "4/5"}, instance=LETTERS),),
        ),
        Part(
            eq(at_zero, (1 - ratio) * (lam / (sharp * CRITICAL) - 1)),
            name="transition",
            symbolic=Derivation(at_zero).equals(
                (1 - ratio) * (lam / CRITICAL - 1), by=Algebra("lam_c = (1 - rho)/K: the sign changes at lam = lam_c")
            ),
            certified=(at(point, instance=LETTERS, digits=12),),
        ),
        Part(
            lt(zero_below, 0),
            name="lost below",
            symbolic=Derivation(zero_below)
            .equals(-excess * (1 - ratio) / (1 + excess), by=Algebra("lam_c K = 1 - rho"))
            .below(0, by=SignOf(excess * (1 - ratio) / (1 + excess), "x > 0 and rho < 1")),
            certified=(at({alpha: "2/5", ratio: "1/2", excess: "1/100"}, instance=LETTERS),),
        ),
        Part(
            eq(pull, delta**2 / even),
            name="Gaussian modes, even start",
            symbolic=Derivation(pull)
            .equals(
                decay * (delta * normal(u * rise, u) - normal(odd, u) - normal(same_odd, u)) / 2,
                by=InExpectation("log q_0/p_n = log cosh(delta u/2) - delta u/2"),
            )
            .equals(decay * delta * normal(u * rise, u) / 2, by=Reflection(normal(same_odd, u), "u -> -u in one half"))
            .equals(decay * delta**2 / 4 * normal(exp(half) + exp(-half), u), by=Stein(rise, u))
            .equals(delta**2 / even, by=CompleteTheSquare()),
            certified=(at({delta: 1}, {delta: 3}, digits=10),),
        ),
    )


FALL = 2 * logit(b) - 1 / b + 1 / (1 - b)
"""An antiderivative of 1/(b^2 (1-b)^2)."""
SETTLE = logit(b) + 1 / (1 - b)
"""An antiderivative of 1/(b (1-b)^2)."""
beta_0 = Symbol("beta_0", positive=True)


@claim(
    domain={beta: UNIT, ratio: UNIT, beta_0: UNIT, r: UNIT},
    kind="convergence",
    densities="none",
    sentence="ttt_discover",
    depends_on=("ttt_discover/gradient",),
    false_twin={"loss": 2},
)
def no_anchor(loss=1, order=1):
    """Without an anchor the mode that earns less is forgotten, like 1/t.

    At lam = 0 the slope of J is (A_o - A_n)/(beta A_o + (1-beta) A_n), of one sign for every beta: the old mass goes to
    0 iff A_o < A_n, to 1 iff A_o > A_n. With rho = A_o/A_n < 1 the logit flow beta' = -(beta(1-beta))^2 (1-rho)/(1 -
    (1-rho) beta) falls from beta_0 to r beta_0 in the time T = int (1 - (1-rho) b)/((1-rho) b^2 (1-b)^2) db, an
    elementary function, and r beta_0 (1-rho) T -> 1 as r -> 0: beta(t) ~ 1/((1-rho) t).

    Guarantee: **tight** (signs, time, limit).
    Hypotheses: any reward with finite A_o, A_n; nothing is assumed of the densities: the reward enters by A_o and A_n.
    Source: abstract of arXiv:2603.12163 (conditions for TTT-Discover); ours.
    """
    integrand = (1 - (1 - ratio) * b) / ((1 - ratio) * (b * (1 - b)) ** 2)
    antiderivative = FALL / (1 - ratio) - SETTLE
    end = r * beta_0
    elapsed = antiderivative.subs(b, beta_0) - antiderivative.subs(b, end)
    scaled = end * (1 - ratio) * elapsed
    time = loss * Integral(integrand, (b, end, beta_0))
    richer = -(1 - 1 / ratio) / (1 - (1 - 1 / ratio) * beta)
    return (
        Part(
            lt(-reward_pull(), 0),
            name="lost where it earns less",
            symbolic=Derivation(-reward_pull()).below(0, by=SignOf((1 - ratio) / (1 - beta + ratio * beta), "rho < 1")),
            certified=(over({beta: "[1/100, 99/100]", ratio: "[1/100, 99/100]"}),),
        ),
        Part(
            gt(richer, 0),
            name="kept where it earns more",
            symbolic=Derivation(richer).above(
                0, by=SignOf((1 - ratio) / (ratio * (1 - beta) + beta), "A_o/A_n = 1/rho > 1")
            ),
        ),
        Part(
            eq(time, elapsed),
            name="time",
            symbolic=Derivation(time).equals(elapsed, by=Antiderivative(antiderivative, b, Interval.parse(UNIT))),
            certified=(at({ratio: "1/2", beta_0: "1/2", r: "1/10"}, digits=12),),
            numeric=(agree({ratio: "1/2", beta_0: "1/2", r: "1/10"}),),
        ),
        Part(
            eq(Limit(scaled, r, 0, "+"), order),
            name="rate",
            symbolic=Derivation(scaled)
            .at_most(scaled, by=SignOf(sympify(0), "the time is elementary: SymPy finds the limit"))
            .therefore(Squeeze("limit of an elementary function")),
            numeric=(
                extrapolate(
                    r * log(r),
                    r,
                    r**2,
                    start="1/1000",
                    ratio="1/10",
                    at={ratio: "1/2", beta_0: "1/2"},
                    tolerance="1e-6",
                ),
            ),
        ),
    )


def pull_floor(weight):
    """An antiderivative of 1/(w(1-w)) - BC/(2 (w(1-w))^(3/2)), a lower bound of the information."""
    return logit(weight) - BC * (2 * weight - 1) / sqrt(weight * (1 - weight))


ODDS_RUN = {"delta": 3.0, "initial": 0.5, "strength": 1.5}


def trained_mass(rng, draws):
    """The mean old mass after training with the method's own updates; policies end within 0.02 or so of the mean."""
    size, updates = 64, 12
    training = Training(ODDS_RUN["delta"], ODDS_RUN["initial"], ODDS_RUN["strength"], size, step=2.0)

    def draw(count, generator):
        start = np.full(count, ODDS_RUN["initial"] / 2)
        return np.clip(training.run(start, updates, generator), 0.1, 0.5)

    return bounded_mean(draw, draws // (size * updates), 0.1, 0.5, FAILURE_PROBABILITY, rng, chunk=GROUPS_AT_ONCE)


def balanced_mass():
    """The weight at which the two pulls balance; eta is at its cap there, so that rho = P_o(reward)/P_n(reward)."""
    from scipy.integrate import quad
    from scipy.optimize import brentq
    from scipy.special import ndtr

    separation, initial, strength = (ODDS_RUN[name] for name in ("delta", "initial", "strength"))
    odds = ndtr(-separation / 2) / ndtr(separation / 2)

    def slope_at(weight):
        inside = quad(lambda v: (1 - gate_in_double(v, separation)) / (v * (1 - v)), weight, initial)[0]
        return strength * inside - (1 - odds) / (1 - (1 - odds) * weight)

    return brentq(slope_at, 1e-6, initial)


@claim(
    domain={alpha: UNIT, r: UNIT, ratio: UNIT, lam: POSITIVE},
    kind="lower bound",
    densities="any",
    sentence="ttt_discover",
    depends_on=("ttt_discover/gradient", "ttt_discover/critical-anchor", "overlap/gate-bounds"),
    false_twin={"most": Rational(1, 2)},
)
def retained_odds(most=1, reach=1):
    """What an anchor retains has a floor that no reward can lower.

    Let b < alpha be the weight kept at anchor lam: lam int_b^alpha I dw = (1-rho)/(1-(1-rho) b). In the logit the
    integral is that of 1 - H, so that lam int_{phi_b}^{phi_alpha} (1-H) ds < 1/(1-b) < 1/(1-alpha) whatever the reward:
    where 1 - H >= k between, phi_alpha - phi_b < 1/(lam k (1-alpha)). An explicit form: with
    F(w) = logit(w) - BC (2w-1)/sqrt(w(1-w)), the slope of J at b is at least lam (F(alpha) - F(b)) - 1/(1-b); hence
    lam (F(alpha) - F(b)) >= 1/(1-b) suffices for keeping at least b. The floor is low: for small overlap the odds may
    fall by exp(-1/lam), e^-10 at the published lam = 0.1.

    Guarantee: **lower bound** of the odds, approached by rho -> 0 and small b; **lower bound** of the slope.
    Hypotheses: any two densities, positive almost everywhere; A_o < A_n.
    Source: abstract of arXiv:2603.12163 (conditions for TTT-Discover); the bounds are ours.
    """
    kept = r * alpha
    strength = anchor_that_keeps(kept)
    in_logit = Integral(1 - H(sigmoid(s)), (s, logit(kept), logit(alpha)))
    start = strength * in_logit
    floor = lam * (pull_floor(alpha) - pull_floor(kept))
    integrand = 1 / (w * (1 - w)) - BC / (2 * (w * (1 - w)) ** Rational(3, 2))
    lower = Integral(integrand, (w, kept, alpha))
    bounded = Derivation(information(w)).at_least(
        integrand, by=Affine(Lemma("overlap/gate-bounds", "upper", at={beta: w}), -1 / (w * (1 - w)), 1 / (w * (1 - w)))
    )
    slope_there = slope(kept)
    pull = reward_pull(kept)
    return (
        Part(
            lt(start, most / (1 - alpha)),
            name="odds",
            symbolic=Derivation(start)
            .equals(
                pull,
                by=Replace(
                    anchor_pull(kept),
                    in_logit,
                    ChangeOfVariable(sigmoid(s), s),
                    "w = sigmoid(s), dw = w(1-w) ds: the same integral; the two pulls balance",
                ),
            )
            .below(1 / (1 - kept), by=SignOf(ratio / ((1 - kept) * (1 - kept + ratio * kept)), "rho > 0"))
            .at_most(1 / (1 - alpha), by=SignOf(alpha * (1 - r) / ((1 - alpha) * (1 - kept)), "b < alpha")),
            certified=(at({alpha: "1/2", r: "1/10", ratio: "1/100"}, instance=LETTERS),),
            simulation=(
                Experiment(
                    trained_mass, balanced_mass, "old mass after training, adaptive eta, leave-one-out", 8_000_000
                ),
            ),
        ),
        Part(
            gt(slope_there, reach * floor - 1 / (1 - kept)),
            name="sufficient anchor",
            symbolic=Derivation(slope_there)
            .at_least(
                lam * lower - pull,
                by=Affine(UnderIntegralSign(bounded, w, Interval.parse(UNIT), "H <= BC/(2 sqrt(w(1-w)))"), lam, -pull),
            )
            .equals(floor - pull, by=Affine(Antiderivative(pull_floor(w), w, Interval.parse(UNIT)), lam, -pull))
            .above(floor - 1 / (1 - kept), by=SignOf(ratio / ((1 - kept) * (1 - kept + ratio * kept)), "rho > 0")),
            certified=(at({alpha: "1/2", r: "1/10", ratio: "1/100", lam: "1/10", delta: 4}, instance=GaussianPair()),),
        ),
    )


def measured_at(point, digits):
    """Minus the rate of the logit flow towards the kept weight, measured along the flow on the letters LETTERS."""
    pairs = ((LETTERS.old, LETTERS.new), (1 - LETTERS.old, 1 - LETTERS.new))
    with mpmath.workdps(40):
        initial, target, odds = (mpf(point[name]) for name in (alpha, b, ratio))
        values = [(mpf(old), mpf(new)) for old, new in pairs]
        start = mpmath.log(target / (1 - target))

        def anchor(weight):
            return mpmath.fsum(
                (o - n) * mpmath.log1p((initial - weight) * (o - n) / (weight * o + (1 - weight) * n))
                for o, n in values
            )

        def reward(weight):
            return (1 - odds) / (1 - (1 - odds) * weight)

        strength = reward(target) / anchor(target)

        def speed(distance):
            weight = 1 / (1 + mpmath.exp(-start - distance))
            return weight * (1 - weight) * (reward(weight) - strength * anchor(weight))

        value, error = measured_rate(speed, mpmath.mpf(1) / 8, 14)
        return -value, error


@claim(
    domain={alpha: UNIT, b: UNIT, beta: UNIT, ratio: UNIT, lam: POSITIVE, phi: "(-oo, oo)"},
    kind="rate",
    densities="any",
    sentence="ttt_discover",
    depends_on=("ttt_discover/gradient",),
    false_twin={"factor": 2},
)
def jacobian(factor=1):
    """The optimum attracts exponentially; in the logit ever more slowly as the transition is approached.

    With R(b) = (1-rho)/(1 - (1-rho) b), the curvature is J'' = -(R^2 + lam I). At the weight b kept by the anchor the
    logit flow converges at the rate (b(1-b))^2 (R^2 + lam I), the flow of the weight at R^2 + lam I, the
    natural-gradient flow at lam + R^2/I. As b -> 0, that is lam -> lam_c from above, the first vanishes like b^2
    (critical slowing down), the others do not.

    Guarantee: **tight** (Jacobians).
    Hypotheses: any two densities, positive almost everywhere and not equal; 0 < b < 1 with lam such that b is optimal.
    Source: abstract of arXiv:2603.12163 (conditions for TTT-Discover); the rates are ours.
    """
    strength = anchor_that_keeps(b)
    front = sigmoid(phi) * (1 - sigmoid(phi))
    here = slope(sigmoid(phi), strength)
    field = front * here
    steep = strength * information(sigmoid(phi)) + reward_pull(sigmoid(phi)) ** 2
    rate = factor * (b * (1 - b)) ** 2 * (reward_pull(b) ** 2 + strength * information(b))
    curvature = -factor * (reward_pull() ** 2 + lam * information(beta))
    natural = slope(beta, strength) / information(beta)
    natural_slope = (
        -(strength * information(beta) + reward_pull() ** 2) / information(beta)
        - slope(beta, strength) * information(beta).diff(beta) / information(beta) ** 2
    )
    natural_rate = factor * (strength + reward_pull(b) ** 2 / information(b))

    def kept(expression, variable, value):
        return Subs(expression, variable, value)

    return (
        Part(
            eq(Derivative(slope(), beta), curvature),
            name="curvature",
            symbolic=Derivation(Derivative(slope(), beta)).equals(
                curvature, by=Differentiate("fundamental theorem of calculus; dR/dbeta = R^2")
            ),
            certified=(at({beta: "3/10", alpha: "1/2", ratio: "1/3", lam: "1/10"}, instance=LETTERS),),
        ),
        Part(
            eq(kept(Derivative(field, phi), phi, logit(b)), -rate),
            name="logit flow",
            symbolic=Derivation(kept(Derivative(field, phi), phi, logit(b)))
            .equals(
                kept(front.diff(phi) * here - front**2 * steep, phi, logit(b)),
                by=AtEveryPoint(Differentiate("product rule and fundamental theorem of calculus")),
            )
            .equals(-rate, by=PutIn("at the kept weight the two pulls balance: the slope of J is zero")),
            certified=(at({b: "1/10", alpha: "1/2", ratio: "1/3"}, instance=LETTERS),),
            numeric=tuple(
                Measurement(
                    measured_at,
                    {alpha: Rational(1, 2), b: weight, ratio: Rational(1, 3)},
                    f"rate along the flow, kept weight {weight}",
                    "1e-9",
                    LETTERS,
                )
                for weight in (Rational(1, 5), Rational(1, 1000))
            ),
        ),
        Part(
            eq(kept(Derivative(natural, beta), beta, b), -natural_rate),
            name="natural-gradient flow",
            symbolic=Derivation(kept(Derivative(natural, beta), beta, b))
            .equals(
                kept(natural_slope, beta, b),
                by=AtEveryPoint(Differentiate("quotient rule and fundamental theorem of calculus")),
            )
            .equals(-natural_rate, by=PutIn("at the kept weight the slope of J is zero")),
            certified=(at({b: "1/10", alpha: "1/2", ratio: "1/3"}, instance=LETTERS),),
        ),
    )


@claim(
    domain={beta: UNIT, eta: POSITIVE},
    kind="tight bound",
    densities="none",
    sentence="ttt_discover",
    false_twin={"threshold": Rational(1, 4)},
)
def budget(threshold=Rational(1, 2), bits=2):
    """The budget of divergence can be spent only while the policy is mostly old; else eta runs to its cap.

    Reward 0 on the old mode, 1 on the new one, no overlap: the tilt gives the new mode the share
    t = (1-beta) e^eta/(beta + (1-beta) e^eta), at divergence D(eta) = eta t - log(beta + (1-beta) e^eta) from the
    policy. D increases, dD/deta = eta t(1-t) > 0, stays below -log(1-beta) and tends to it. So D = gamma has a solution
    iff beta > 1 - e^-gamma; for gamma = log 2 iff beta > 1/2.

    Guarantee: **tight**: attained above, not attained at and below.
    Hypotheses: reward constant on each of two modes that do not overlap, larger on the new one (units: the difference
        is 1).
    Source: arXiv:2601.16175 (budget log 2, eta by bisection up to a cap); the condition is ours.
    """
    total = beta + (1 - beta) * exp(eta)
    share = (1 - beta) * exp(eta) / total
    divergence = eta * share - log(total)
    defined = share * log(share / (1 - beta)) + (1 - share) * log((1 - share) / beta)
    left = beta * exp(-eta) / (1 - beta)
    missing = log(1 + left) + eta * left / (1 + left)
    ceiling = -log(1 - beta)
    spread = eta * share * (1 - share)
    return (
        Part(
            eq(defined, divergence),
            name="divergence",
            symbolic=Derivation(defined).equals(divergence, by=Algebra("log(t/(1-beta)) = eta - log total")),
            certified=(at({beta: "3/4", eta: 2}, digits=20),),
        ),
        Part(
            eq(Derivative(divergence, eta), spread),
            name="slope",
            symbolic=Derivation(Derivative(divergence, eta)).equals(spread, by=Evaluate("differentiate")),
            certified=(at({beta: "3/4", eta: 2}, digits=20),),
        ),
        Part(
            gt(spread, 0),
            name="increasing",
            symbolic=Derivation(spread)
            .equals(eta * beta * (1 - beta) * exp(eta) / total**2, by=Algebra())
            .above(0, by=SignOf(eta * beta * (1 - beta) * exp(eta) / total**2)),
            certified=(over({beta: "[1/10, 9/10]", eta: "[1/2, 1]"}),),
        ),
        Part(
            eq(divergence, ceiling - missing),
            name="what is missing",
            symbolic=Derivation(divergence).equals(
                ceiling - missing, by=Algebra("total = (1-beta) e^eta (1 + y), y = beta e^-eta/(1-beta)")
            ),
            certified=(at({beta: "3/4", eta: 2}, digits=20),),
        ),
        Part(
            gt(missing, 0),
            name="never reached",
            symbolic=Derivation(missing).above(0, by=SignOf(missing, "y > 0")),
            certified=(at({beta: "3/4", eta: 2}),),
        ),
        Part(
            eq(Limit(missing, eta, oo), 0),
            name="approached",
            symbolic=Derivation(missing)
            .at_most(missing, by=SignOf(sympify(0), "an elementary function"))
            .therefore(Squeeze("y = beta e^-eta/(1-beta) -> 0 and eta y -> 0")),
        ),
        Part(
            eq(ceiling.subs(beta, threshold), log(bits)),
            name="threshold for log 2",
            symbolic=Derivation(ceiling.subs(beta, threshold)).equals(log(bits), by=Algebra("-log(1 - 1/2) = log 2")),
        ),
    )


mean, height, tilt = Symbol("m_o", real=True), Symbol("R", positive=True), Symbol("s", real=True)
z = Symbol("z", real=True)
odds = Symbol("odds", positive=True)
"""beta/(1-beta), the odds of the old mode under the classifier."""


@claim(
    domain={odds: POSITIVE, delta: POSITIVE, eta: POSITIVE, height: POSITIVE, mean: "(-oo, oo)", tilt: "(-oo, oo)"},
    kind="upper bound",
    densities="Gaussian",
    sentence=("ttt_discover", "gated"),
    false_twin={"half": Rational(1, 32)},
)
def drift(half=Rational(1, 2), push=1):
    """The reward moves the old mean by its slope on the old mode: gated if it is flat there, ungated if not.

    The old mean enters through A_o = E_o[exp(eta R)], and dA_o/dm_o = eta E_o[R' exp(eta R)]. For the soft classifier
    R r_n (height R, r_n the new mode's responsibility) R' = R delta r_n (1 - r_n), and at m_o = mu_o the whitened push
    is at most (1/2) eta R delta e^(eta R) exp(-delta^2/8)/sqrt(odds), odds = beta/(1-beta): gated. For a linear reward
    s x it is eta s A_o whatever the separation. In J the push is multiplied by beta/(beta A_o + (1-beta) A_n), and the
    anchor adds lam times the gated force of reverse_kl/force-law. The condition is flatness of the reward on the old
    mode.

    Guarantee: **upper bound** (classifier); **tight** (identities).
    Hypotheses: Gaussian modes with common covariance; coordinates whitened along mu_n - mu_o, mu_o = 0; across, the
        classifier does not push.
    Source: abstract of arXiv:2603.12163 ("overlap-controlled drift" under TTT-Discover); ours.
    """

    def new_share(place):
        return 1 / (1 + odds * exp(delta**2 / 2 - delta * place))

    moved, still = new_share(mean + z), new_share(z)
    reward = exp(eta * height * moved)
    force = Derivative(normal(reward, z), mean)
    law = push * eta * height * delta * normal(moved * (1 - moved) * reward, z)
    front = eta * height * delta
    at_home = front * normal(still * (1 - still) * exp(eta * height * still), z)
    root = sqrt(odds) * exp(delta**2 / 4 - delta * z / 2)
    bell = half * exp(delta * z / 2 - delta**2 / 4) / sqrt(odds)
    weight = odds * exp(delta**2 / 2 - delta * z) / (1 + odds * exp(delta**2 / 2 - delta * z)) ** 2
    room = (1 + root**2 + root**2 * (root - 1) ** 2) / (2 * root * (1 + root**2) ** 2)
    bound = half * front * exp(eta * height) / sqrt(odds) * exp(-(delta**2) / 8)
    linear = normal(exp(eta * tilt * (mean + z)), z)
    grown = exp(eta * tilt * mean + (eta * tilt) ** 2 / 2)
    point = {odds: "3/7", delta: 2, eta: 1, height: 1}
    return (
        Part(
            le(at_home, bound),
            name="gated",
            symbolic=Derivation(at_home)
            .at_most(
                front * exp(eta * height) * normal(weight, z),
                by=Affine(
                    LargestExponential(weight, eta * height * still, eta * height, eta * height * (1 - still), z), front
                ),
            )
            .at_most(
                front * exp(eta * height) * normal(bell, z),
                by=Affine(
                    PointwiseExpectation(room, z, reason="r_n r_o <= r_n <= sqrt(p_n (1-beta)/(p_o beta))/2"),
                    front * exp(eta * height),
                ),
            )
            .equals(bound, by=CompleteTheSquare()),
            certified=(at(point, {**point, delta: 6}),),
        ),
        Part(
            eq(force, law),
            name="classifier",
            symbolic=Derivation(force).equals(law, by=UnderTheExpectation(mean, "R' = R delta r_n (1 - r_n)")),
            certified=(at({**point, mean: "1/2"}, digits=10),),
            numeric=(agree({**point, mean: "1/2"}),),
        ),
        Part(
            eq(Derivative(linear, mean), push * eta * tilt * grown),
            name="linear reward",
            symbolic=Derivation(Derivative(linear, mean))
            .equals(eta * tilt * linear, by=UnderTheExpectation(mean))
            .equals(eta * tilt * grown, by=CompleteTheSquare()),
            certified=(at({eta: 1, tilt: "1/2", mean: 0}, digits=12),),
        ),
    )
