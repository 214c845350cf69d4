"""reverse_kl: towards the true target, L = KL(q_beta | p_alpha); both modes are seen and the old mass is kept."""

from dataclasses import replace

import mpmath
import numpy as np
from sympy import (
    Abs,
    Derivative,
    Integer,
    Integral,
    Lambda,
    Limit,
    Min,
    Rational,
    Subs,
    Symbol,
    cosh,
    exp,
    log,
    oo,
    pi,
    sech,
    sqrt,
)

from symforget.authoring import claim, eq, ge, gt, le, lt
from symforget.calculus import BC, TV, H, SampleIntegral, mixture, p_n, p_o
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.domain import Interval
from symforget.flows import limit_of_fit
from symforget.flows import local_rate as measured_rate
from symforget.functions import normal
from symforget.gate.symbolic import gate_s, gate_s_derivative
from symforget.instances import GaussianPair, TwoLetterPair
from symforget.instances import a as old_letter
from symforget.instances import b as new_letter
from symforget.joint_flow import largest_float_drift
from symforget.legs.certified import at, over
from symforget.legs.numeric import Measurement, agree, extrapolate
from symforget.legs.simulation import FAILURE_PROBABILITY, Experiment, sample
from symforget.model import FALLING, alpha, beta, delta, l, phi, z
from symforget.regions import (
    START,
    TOP,
    conditions,
    flow_drift,
    largest_drift,
    least_new_weight,
    odds,
    starvation_conditions,
)
from symforget.regions import s as share
from symforget.rules import (
    AbsoluteFactor,
    Affine,
    Algebra,
    AtEveryPoint,
    CauchySchwarz,
    ChainRule,
    ChangeOfVariable,
    CompleteTheSquare,
    Definition,
    Differentiate,
    Evaluate,
    FundamentalTheorem,
    GateAsExpectation,
    Gathering,
    Lemma,
    MeanAboveMinimum,
    Monotone,
    MoveMean,
    Multiple,
    Pointwise,
    PutIn,
    Reciprocal,
    ReduceToGate,
    SechAboveBell,
    SignOf,
    SlopeAtLeast,
    SlowestOnTheWay,
    Squeeze,
    Stein,
    SteinAlong,
    Times,
    TriangleInequality,
    TwoSided,
    UnderIntegralSign,
    UnderTheIntegral,
)
from symforget.rules.regions import StarvationBarrier, TrappingRegion, beyond, h, share_of_odds, short, v
from symforget.rules.space import (
    IncreasingFromZero,
    Length,
    LogCoshBelow,
    LogOfTwoBells,
    PointwiseInSpace,
    PositiveExpectation,
    RaiseExponents,
    Share,
    SigmoidBelowPower,
    SignInSpace,
)
from symforget.rules.touching import ConvexTouching
from symforget.rules.vectors import SpaceIntegral, c_n, c_o, m_n, m_o, mu_n, mu_o, slope_along, t_n, t_o, x
from symforget.simulate import Estimate, GaussianModes, bounded_mean, log_add

UNIT = "(0, 1)"
LINE = "(-oo, oo)"
weight = Symbol("w", positive=True)
s = Symbol("s", real=True)

q, p = mixture(beta), mixture(alpha)
KL = SampleIntegral(q * log(q / p))
SCORE_GAP = SampleIntegral((p_o - p_n) * log(q / p))


def sigmoid(x):
    """The weight whose logit is x."""
    return 1 / (1 + exp(-x))


def logit(w):
    """The logit of a weight."""
    return log(w / (1 - w))


def information(w):
    """The Fisher information of the weight, I = int (p_o - p_n)^2/q, through the gate."""
    return (1 - H(w)) / (w * (1 - w))


LETTERS = TwoLetterPair(Rational(1, 4), Rational(2, 3))
NEAR_LETTERS = dict.fromkeys((alpha, old_letter), "[1/5, 21/100]")
NEAR_LETTERS |= dict.fromkeys((beta, new_letter), "[3/5, 61/100]")
FAR_LETTERS = TwoLetterPair(Rational(9, 10), Rational(1, 5))


@claim(
    domain={phi: LINE, alpha: UNIT, beta: UNIT},
    kind="identity",
    densities="any",
    sentence="target",
    false_twin={"constant": Rational(1, 2)},
)
def gradient(constant=1):
    """The logit gradient of reverse KL integrates 1 - H from the target's logit to the model's.

    With beta = sigmoid(phi) and phi_alpha = logit(alpha), dL/dphi = beta(1-beta) G, where
    G = dL/dbeta = (E_o - E_n)[log q_beta/p_alpha] vanishes at beta = alpha and has slope dG/dbeta = I(beta); hence
    G = int_{phi_alpha}^{phi} (1 - H(sigmoid(s))) ds.

    Guarantee: **tight** (an identity).
    Hypotheses: any two densities, positive almost everywhere.
    Source: "reverse KL converges to the true target" (abstract of arXiv:2603.12163); the formula is ours.
    """
    model_weight = sigmoid(phi)
    in_logit = Integral(constant - H(sigmoid(s)), (s, logit(alpha), phi))
    divergence = KL.subs(beta, model_weight)
    by_weight = Integral(information(weight), (weight, alpha, beta))
    return (
        Part(
            eq(Derivative(SCORE_GAP, beta), information(beta) * constant),
            name="slope of G",
            symbolic=Derivation(Derivative(SCORE_GAP, beta))
            .equals(SampleIntegral((p_o - p_n) ** 2 / q), by=UnderTheIntegral(beta))
            .equals(information(beta) * constant, by=ReduceToGate(beta)),
            certified=(at({beta: "3/10", alpha: "7/10", delta: 2}, instance=GaussianPair(), digits=12),),
        ),
        Part(
            eq(Derivative(divergence, phi), model_weight * (1 - model_weight) * in_logit),
            name="gradient",
            symbolic=Derivation(Derivative(KL, beta))
            .equals(
                SCORE_GAP,
                by=UnderTheIntegral(beta, "differentiate under the integral; int (p_o - p_n) = 0. This is G"),
            )
            .equals(
                by_weight,
                by=FundamentalTheorem(
                    beta,
                    alpha,
                    information(beta),
                    "G = 0 at beta = alpha, and dG/dbeta = I(beta) = (1-H)/(beta(1-beta))",
                ),
            )
            .equals(
                Integral(constant - H(sigmoid(s)), (s, logit(alpha), logit(beta))),
                by=ChangeOfVariable(sigmoid(s), s, "w = sigmoid(s), dw = w(1-w) ds"),
            )
            .therefore(ChainRule(beta, model_weight, phi, "chain rule: dbeta/dphi = beta(1-beta)")),
            certified=(
                at({phi: -1, alpha: "7/10", delta: 2}, instance=GaussianPair(), digits=10),
                at({phi: 2, alpha: "1/5"}, {phi: "-1/3", alpha: "9/10"}, instance=LETTERS),
                at({phi: 3, alpha: "1/2"}, instance=FAR_LETTERS),
            ),
            numeric=(agree({phi: -1, alpha: "7/10"}, {phi: 2, alpha: "1/5"}, instance=LETTERS),),
            simulation=tuple(
                sample(
                    {phi: -1, alpha: "7/10", delta: 2},
                    density=mixture(model_weight),
                    low=-4,
                    high=4,
                    dimension=d,
                    written=model_weight * (1 - model_weight) * SCORE_GAP.subs(beta, model_weight),
                )
                for d in (1, 2, 5)
            ),
        ),
    )


BY_WEIGHT = Integral(information(weight), (weight, alpha, beta))
SQUARED_SCORE = (p_o - p_n) ** 2 / q


def information_bound(w, constant=4):
    """I(w) >= 4 TV^2 by Cauchy-Schwarz: (int |p_o - p_n|)^2 <= int (p_o - p_n)^2/q int q."""
    density = mixture(w)
    return (
        Derivation(information(w))
        .equals(SampleIntegral((p_o - p_n) ** 2 / density), by=ReduceToGate(w))
        .at_least(
            SampleIntegral(Abs(p_o - p_n)) ** 2,
            by=CauchySchwarz((p_o - p_n) ** 2 / density, density, reason="Cauchy-Schwarz, with int q = 1"),
        )
        .equals(constant * TV**2, by=Definition("TV = (1/2) int |p_o - p_n|"))
    )


def slope_in_weight():
    """dL/dbeta = int_alpha^beta I(w) dw."""
    return (
        Derivation(Derivative(KL, beta))
        .equals(SCORE_GAP, by=UnderTheIntegral(beta, "differentiate under the integral; int (p_o - p_n) = 0"))
        .equals(BY_WEIGHT, by=FundamentalTheorem(beta, alpha, information(beta)))
    )


@claim(
    domain={beta: UNIT, alpha: UNIT},
    kind="fixed point",
    densities="any",
    sentence="target",
    false_twin={"constant": 8},
)
def unique_optimum(constant=4):
    """The true weight is the only minimum of reverse KL.

    d^2L/dbeta^2 = I(beta) >= 4 TV^2, so L is strictly convex for p_o != p_n; integrating from alpha to beta,
    (beta - alpha) dL/dbeta >= 4 TV^2 (beta - alpha)^2: L decreases towards beta = alpha from either side, where
    its derivative vanishes.

    Guarantee: **lower bound** of the curvature and of the slope; attained where |p_o - p_n| is a multiple of q.
    Hypotheses: any two densities, positive almost everywhere; the minimum is unique if p_o != p_n (TV > 0).
    Source: "reverse KL converges to the true target" (abstract of arXiv:2603.12163); the bound is ours.
    """
    slope = (beta - alpha) * Derivative(KL, beta)
    curvature = Derivative(KL, (beta, 2))
    return (
        Part(
            eq(curvature, information(beta)),
            name="curvature",
            symbolic=Derivation(curvature)
            .equals(SampleIntegral(SQUARED_SCORE), by=UnderTheIntegral(beta, "differentiate twice under the integral"))
            .equals(information(beta), by=ReduceToGate(beta)),
            certified=(at({beta: "3/10", alpha: "7/10"}, {beta: "9/10", alpha: "1/2"}, instance=LETTERS),),
            numeric=(agree({beta: "3/10", alpha: "7/10", delta: 2}),),
        ),
        Part(
            ge(information(beta), constant * TV**2),
            name="strict convexity",
            symbolic=information_bound(beta, constant),
            certified=(over({beta: "[1/4, 3/4]", delta: "[1, 4]"}),),
        ),
        Part(
            ge((beta - alpha) * SCORE_GAP, constant * TV**2 * (beta - alpha) ** 2),
            name="slope",
            symbolic=Derivation((beta - alpha) * SCORE_GAP)
            .equals(
                (beta - alpha) * BY_WEIGHT,
                by=Times(beta - alpha, FundamentalTheorem(beta, alpha, information(beta))),
            )
            .at_least(
                constant * TV**2 * (beta - alpha) ** 2,
                by=SlopeAtLeast(information_bound(weight, constant), weight, Interval.parse(UNIT)),
            ),
            certified=(
                over(NEAR_LETTERS, TwoLetterPair()),
                at({beta: "3/10", alpha: "7/10"}, {beta: "9/10", alpha: "1/2"}, instance=LETTERS),
            ),
        ),
        Part(
            ge(slope, constant * TV**2 * (beta - alpha) ** 2),
            name="minimiser",
            symbolic=Derivation(slope)
            .equals((beta - alpha) * SCORE_GAP, by=UnderTheIntegral(beta))
            .at_least(
                constant * TV**2 * (beta - alpha) ** 2,
                by=Lemma("reverse_kl/unique-optimum", "slope"),
            ),
            certified=(
                over(NEAR_LETTERS, TwoLetterPair()),
                at({beta: "3/10", alpha: "7/10"}, {beta: "9/10", alpha: "1/2"}, instance=LETTERS),
            ),
        ),
        Part(
            eq(Subs(Derivative(KL, beta), beta, alpha), 0),
            name="stationary",
            symbolic=Derivation(Subs(Derivative(KL, beta), beta, alpha))
            .equals(Subs(SCORE_GAP, beta, alpha), by=AtEveryPoint(UnderTheIntegral(beta)))
            .equals(0, by=PutIn("log q/p_alpha = log 1 = 0 at beta = alpha")),
        ),
    )


def logit_field(target_weight):
    """-dL/dphi of the logit flow phi' = -dL/dphi, by reverse_kl/gradient."""
    inside = Integral(1 - H(sigmoid(s)), (s, logit(target_weight), phi))
    return -sigmoid(phi) * (1 - sigmoid(phi)) * inside


def rate_on_gaussians(point, digits):
    """Minus the rate of the logit flow at the target, measured along the flow of a Gaussian pair."""
    separation = point[delta]
    return measured_jacobian(point[alpha], lambda w, target: score_gap(w, target, mpf(separation)), min(digits, 14))


def rate_on_letters(point, digits):
    """The same for the two-letter pair LETTERS, whose integrals are sums of two terms."""
    pairs = ((LETTERS.old, LETTERS.new), (1 - LETTERS.old, 1 - LETTERS.new))

    def gap(w, target):
        values = ((mpf(old), mpf(new)) for old, new in pairs)
        return mpmath.fsum(
            (o - n) * mpmath.log1p((w - target) * (o - n) / (target * o + (1 - target) * n)) for o, n in values
        )

    return measured_jacobian(point[alpha], gap, digits)


def mpf(exact):
    """An exact rational at mpmath's present precision."""
    return mpmath.mpf(exact.p) / exact.q


def measured_jacobian(target_weight, gap, digits):
    """Minus the measured rate of phi' = -w(1-w) G(w) towards the target, and its error."""
    with mpmath.workdps(digits + 25):
        target = mpf(target_weight)
        start = mpmath.log(target / (1 - target))

        def speed(x):
            w = 1 / (1 + mpmath.exp(-start - x))
            return w * (1 - w) * gap(w, target)

        value, error = measured_rate(speed, mpmath.mpf(1) / 8, digits)
        return -value, error


def score_gap(w, target, separation):
    """G = int (p_o - p_n) log(q_w/p_target) of a Gaussian pair, by the trapezoidal rule on the whitened line."""
    digits = mpmath.mp.dps
    step = 2 * mpmath.pi * min(mpmath.pi / separation, mpmath.mpf(3)) / (digits * mpmath.log(10))
    reach = mpmath.sqrt(2 * digits * mpmath.log(10)) + separation

    def term(u):
        old, new = (mpmath.exp(-((u + sign * separation / 2) ** 2) / 2) for sign in (1, -1))
        return (old - new) * mpmath.log1p((w - target) * (old - new) / (target * old + (1 - target) * new))

    count = int(reach / step) + 1
    return step * mpmath.fsum(term(k * step) for k in range(-count, count + 1)) / mpmath.sqrt(2 * mpmath.pi)


@claim(
    domain={alpha: UNIT, beta: UNIT, phi: LINE},
    kind="rate",
    densities="any",
    sentence="target",
    depends_on=("reverse_kl/gradient", "overlap/gate-bounds"),
    false_twin={"half": Rational(1, 8), "natural": -2},
)
def local_rate(half=Rational(1, 2), natural=-1, factor=1):
    """Near the target the old weight converges exponentially, at a rate the overlap hardly lowers.

    The Jacobian of the logit flow at beta = alpha is -alpha(1-alpha)(1 - H(alpha)), within
    (1/2) sqrt(alpha(1-alpha)) BC of -alpha(1-alpha); that of the natural-gradient flow is -1 for every pair.

    Guarantee: **tight** (Jacobians); **upper bound** (distance from alpha(1-alpha)).
    Hypotheses: any two densities, positive almost everywhere; rates measured on a Gaussian pair.
    Source: "reverse KL converges to the true target" (abstract of arXiv:2603.12163); the rates are ours.
    """
    rate = factor * alpha * (1 - alpha) * (1 - H(alpha))
    field = logit_field(alpha)
    slope = Derivative(field, phi)
    weight_slope = sigmoid(phi) * (1 - sigmoid(phi))
    inside = Integral(1 - H(sigmoid(s)), (s, logit(alpha), phi))
    product_rule = -weight_slope.diff(phi) * inside - weight_slope * (1 - H(sigmoid(phi)))
    natural_field = -BY_WEIGHT / information(beta)
    natural_slope = -1 + BY_WEIGHT * information(beta).diff(beta) / information(beta) ** 2
    return (
        Part(
            eq(Subs(slope, phi, logit(alpha)), -rate),
            name="logit flow",
            symbolic=Derivation(Subs(slope, phi, logit(alpha)))
            .equals(
                Subs(product_rule, phi, logit(alpha)),
                by=AtEveryPoint(Differentiate("product rule and fundamental theorem of calculus")),
            )
            .equals(-rate, by=PutIn("the integral from phi_alpha to phi_alpha is zero")),
            certified=(at({alpha: "3/10", delta: 2}, {alpha: "1/2", delta: 1}, instance=GaussianPair()),),
            numeric=(
                Measurement(rate_on_letters, {alpha: Rational(3, 10)}, "rate along the flow", "1e-25", LETTERS),
                Measurement(
                    rate_on_gaussians, {alpha: Rational(3, 10), delta: Rational(2)}, "rate along the flow", "1e-12"
                ),
            ),
        ),
        Part(
            le(Abs(alpha * (1 - alpha) - rate), half * sqrt(alpha * (1 - alpha)) * BC),
            name="effect of overlap",
            symbolic=Derivation(Abs(alpha * (1 - alpha) - rate))
            .equals(alpha * (1 - alpha) * H(alpha), by=Algebra())
            .at_most(
                half * sqrt(alpha * (1 - alpha)) * BC,
                by=Lemma("overlap/gate-bounds", "upper", at={beta: alpha}, times=alpha * (1 - alpha)),
            ),
            certified=(
                over(
                    {alpha: "[1/10, 9/10]", delta: "[1/2, 6]"},
                    relations=(le(H(alpha), half * BC / sqrt(alpha * (1 - alpha))),),
                    by=Multiple(alpha * (1 - alpha)),
                ),
            ),
        ),
        Part(
            eq(Subs(Derivative(natural_field, beta), beta, alpha), natural),
            name="natural-gradient flow",
            symbolic=Derivation(Subs(Derivative(natural_field, beta), beta, alpha))
            .equals(
                Subs(natural_slope, beta, alpha),
                by=AtEveryPoint(Differentiate("quotient rule and fundamental theorem of calculus")),
            )
            .equals(natural, by=PutIn("the integral from alpha to alpha is zero")),
            certified=(at({alpha: "3/10", delta: 2}, instance=GaussianPair()),),
        ),
    )


theta = Symbol("theta", nonnegative=True)
fraction, u = Symbol("r", positive=True), Symbol("u", positive=True)
SHORT_WAY = {fraction: "[1/4, 101/400]", old_letter: "[1/5, 81/400]", new_letter: "[3/5, 241/400]"}


def score_gap_at(w):
    """G at the weight w."""
    return SCORE_GAP.subs(beta, w)


@claim(
    domain={beta: UNIT, alpha: UNIT, theta: "[0, 1]", fraction: UNIT, TV: "(0, 1)"},
    kind="rate",
    densities="any",
    sentence="target",
    depends_on=("reverse_kl/gradient", "reverse_kl/unique-optimum"),
    false_twin={"worst": 2},
)
def global_rate(constant=4, worst=1):
    """From any start the old weight converges exponentially to the true one.

    Let beta be the start and alpha the target. In the flow of the weight, beta - alpha shrinks to the fraction r of
    itself in time T <= log(1/r)/(4 TV^2), that is |beta(t) - alpha| <= |beta - alpha| exp(-4 TV^2 t). In the logit
    flow, phi - phi_alpha does so in time T <= log(1/r)/(c k), with c = min b(1-b) and k = min (1 - H(b)) between
    start and
    target. Both minima are attained at the ends, since b(1-b) and 1 - H(b) are concave; b is the mean
    (1-theta) alpha + theta beta.

    Guarantee: **lower bounds** of the rate.
    Hypotheses: any two densities, positive almost everywhere, p_o != p_n; beta != alpha in the times.
    Source: "reverse KL converges to the true target" (abstract of arXiv:2603.12163); the rates are ours.
    """
    mean = (1 - theta) * alpha + theta * beta
    ends = alpha * (1 - alpha), beta * (1 - beta)
    gate_ends = 1 - H(alpha), 1 - H(beta)
    c, k = worst * Min(*ends), Min(*gate_ends)
    three = mixture(mean) * mixture(alpha) * mixture(beta)
    convexity = theta * (1 - theta) * (alpha - beta) ** 2 * (p_o - p_n) ** 2 * p_o * p_n / three
    weight_chain = (
        Derivation(mean * (1 - mean))
        .at_least(
            (1 - theta) * ends[0] + theta * ends[1],
            by=SignOf(theta * (1 - theta) * (alpha - beta) ** 2, "b(1-b) is concave"),
        )
        .at_least(c, by=MeanAboveMinimum(theta, *ends))
    )
    gate_chain = (
        Derivation(1 - H(mean))
        .at_least(
            (1 - theta) * gate_ends[0] + theta * gate_ends[1], by=Pointwise(convexity, "1/q is convex in the weight")
        )
        .at_least(k, by=MeanAboveMinimum(theta, *gate_ends))
    )
    distance = beta - alpha
    here = alpha + u * distance
    shrinking = Integral(distance / score_gap_at(here), (u, fraction, 1))
    slowest = Integral(1 / (constant * TV**2 * u), (u, fraction, 1))
    speed = Derivation(distance * score_gap_at(here)).at_least(
        constant * TV**2 * u * distance**2,
        by=Lemma("reverse_kl/unique-optimum", "slope", at={beta: here}, times=1 / u),
    )
    slower = Derivation(distance / score_gap_at(here)).at_most(
        1 / (constant * TV**2 * u), by=Reciprocal(distance, speed)
    )
    on_the_way = SlowestOnTheWay(theta, beta, alpha, score_gap_at, u, fraction, c, k)
    starts = ({beta: "9/10", alpha: "1/2", fraction: "1/4"}, {beta: "1/5", alpha: "3/5", fraction: "1/10"})
    halfway, high = "[1/2, 201/400]", "[9/10, 361/400]"
    ways = tuple(
        over({alpha: end, beta: start, **SHORT_WAY}, TwoLetterPair())
        for end, start in ((halfway, high), (high, halfway))
    )
    return (
        Part(
            ge(mean * (1 - mean), c),
            name="least b(1-b)",
            certified=(over({alpha: "[1/5, 1/4]", beta: "[1/2, 3/5]", theta: "[1/8, 3/4]"}),),
            symbolic=weight_chain,
        ),
        Part(
            ge(1 - H(mean), k),
            name="least 1 - H",
            symbolic=gate_chain,
            certified=(
                over({alpha: "[1/5, 1/4]", beta: "[1/2, 3/5]", theta: "[1/4, 1/3]", delta: "[2, 9/4]"}),
                at({beta: "9/10", alpha: "1/2", theta: "1/3"}, instance=LETTERS),
            ),
        ),
        Part(
            le(shrinking, log(1 / fraction) / (constant * TV**2)),
            name="flow of the weight",
            symbolic=Derivation(shrinking)
            .at_most(slowest, by=UnderIntegralSign(slower, u, Interval.parse(UNIT)))
            .equals(log(1 / fraction) / (constant * TV**2), by=Evaluate()),
            certified=ways,
            numeric=(agree(*starts, instance=LETTERS),),
        ),
        Part(
            le(on_the_way.time(), log(1 / fraction) / (c * k)),
            name="logit flow",
            symbolic=replace(gate_chain, earlier=weight_chain.chains).therefore(on_the_way),
            certified=ways,
            numeric=(agree(*starts, instance=LETTERS),),
        ),
    )


MODEL, TARGET = beta * c_o + (1 - beta) * c_n, alpha * t_o + (1 - alpha) * t_n
LOG_RATIO = log(MODEL / TARGET)
FULL_KL = SpaceIntegral(MODEL * LOG_RATIO)
FOUR_MEANS = {beta: UNIT, alpha: UNIT, m_o: LINE, m_n: LINE, mu_o: LINE, mu_n: LINE}
MEANS_BOX = {alpha: "[1/5, 11/50]", beta: "[1/2, 13/25]", m_o: "[1/2, 13/25]", m_n: "[2, 101/50]", mu_n: "[3, 151/50]"}
MEANS_BOX |= {mu_o: "[0, 0]"}
"""Means on the line through mu_o and mu_n, counted from mu_o: only differences matter."""


SAMPLED_WEIGHT, SAMPLED_TARGET, REACH = 0.6, 0.4, 5.5
WHITENED_MEANS = {"m_o": (1.2, 0.3), "m_n": (2.4, -0.2), "mu_o": (0.0, 0.0), "mu_n": (-1.2, 0.0)}


def whitened(name, dimension):
    """A mean in whitened coordinates: its first entries from WHITENED_MEANS, zeros after them."""
    return np.pad(np.asarray(WHITENED_MEANS[name][:dimension]), (0, max(0, dimension - 2)))


def sampled_force(dimension, new, rng, draws):
    """E[y (g(x) - g(m))] for x = m + Sigma^(1/2) y: the force on a mean m, whitened and divided by its weight.

    With k = m - mu the exactly known E[y (k.y)] = k is taken out to lower the variance. What is left of g = log q/p has
    the whitened slope r (m' - m) - r' (mu' - mu), r and r' responsibilities, so it is Lipschitz with
    K = |m' - m| + |mu' - mu| and its product with y is at most K |y|^2. It is clipped at K REACH^2; the clip changes
    the mean by at most E[K |y|^2; |y| > REACH] = K d P(chi^2_{d+2} > REACH^2), which is added to the half-width.
    """
    from scipy.special import chdtrc

    root = rng.normal(size=(dimension, dimension)) / np.sqrt(dimension) + np.eye(dimension)
    modes = GaussianModes(rng.normal(size=dimension), np.zeros(dimension), root @ root.T)
    means = {name: modes.mu_o + modes.root @ whitened(name, dimension) for name in WHITENED_MEANS}
    mean, other, own, far = (whitened(name, dimension) for name in roles(new))
    lipschitz = np.linalg.norm(other - mean) + np.linalg.norm(far - own)
    centre, known = means[roles(new)[0]], mean - own
    bound = float(lipschitz * REACH**2)

    def log_ratio(points):
        def log_mixture(weight, old, other):
            logs = (modes.log_density(points, means[old]), modes.log_density(points, means[other]))
            return log_add(np.log(weight) + logs[0], np.log1p(-weight) + logs[1])

        return log_mixture(SAMPLED_WEIGHT, "m_o", "m_n") - log_mixture(SAMPLED_TARGET, "mu_o", "mu_n")

    at_centre = log_ratio(centre[None, :])

    def draw(count, generator):
        points = modes.draw(centre, count, generator)
        white = modes.whitened(points, centre)
        rest = log_ratio(points) - at_centre - white @ known
        return np.clip(white * rest[:, None], -bound, bound)

    estimate = bounded_mean(draw, draws, -bound, bound, FAILURE_PROBABILITY, rng)
    clipped = lipschitz * dimension * chdtrc(dimension + 2, REACH**2)
    return Estimate(known + estimate.mean, estimate.half_width + clipped, draws, estimate.probability)


def roles(new):
    """The mean pushed, the other one, and their targets."""
    return ("m_n", "m_o", "mu_n", "mu_o") if new else ("m_o", "m_n", "mu_o", "mu_n")


def predicted_force(dimension, new, restoring, model_gate, target_gate):
    """The statement's bracket, whitened; the two misassignment probabilities by Gauss-Hermite quadrature."""
    mean, other, own, far = (whitened(name, dimension) for name in roles(new))
    weights = [1 - w if new else w for w in (SAMPLED_WEIGHT, SAMPLED_TARGET)]
    e_q = misassigned(weights[0], other - mean, mean - mean)
    e_p = misassigned(weights[1], far - own, mean - own)
    return restoring * (mean - own) + model_gate * e_q * (other - mean) - target_gate * e_p * (far - own)


def misassigned(weight, gap, offset):
    """P of the component of weight 1 - ``weight`` given a draw at ``offset`` from the other, whitened vectors."""
    from scipy.special import expit

    nodes, masses = np.polynomial.hermite_e.hermegauss(120)
    log_odds = np.log1p(-weight) - np.log(weight) + gap @ offset - gap @ gap / 2 + np.linalg.norm(gap) * nodes
    return masses @ expit(log_odds) / np.sqrt(2 * np.pi)


@claim(
    domain=FOUR_MEANS,
    kind="identity",
    densities="Gaussian",
    sentence="gated",
    false_twin={"model_gate": Rational(1, 2)},
)
def force_law(restoring=1, model_gate=1, target_gate=1):
    """The force on each mean is a restoring force plus forces gated by misassignment.

    dL/dm_o = beta Sigma^-1 [(m_o - mu_o) + e_q (m_n - m_o) - e_p (mu_n - mu_o)], where e_q and e_p are the
    probabilities that a draw from N(m_o, Sigma) is assigned to the new component, under the model and under the target;
    the equation of m_n exchanges the roles of old and new. Written along a direction v with v^T Sigma^-1 v = 1: a
    letter m stands for v^T Sigma^-1 m, and a derivative in it for moving m along v.

    Guarantee: **tight** (an identity), for the whole model and not only near the target.
    Hypotheses: Gaussian modes with common covariance Sigma, any dimension, any four means.
    Source: "perturbs the old mean only through overlap-gated misassignment probabilities" (abstract of
        arXiv:2603.12163); the formula is ours.
    """

    def part(name, component, weight_of, mean, other, own_target, other_target, aside, target_aside, far, new):
        slope_q, slope_p = slope_along(log(MODEL)), slope_along(log(TARGET))
        e_q, e_p = SpaceIntegral(component * aside / MODEL), SpaceIntegral(component * target_aside / TARGET)
        pull = model_gate * e_q * (other - mean) - target_gate * e_p * (other_target - own_target)
        force = weight_of * (restoring * (mean - own_target) + pull)
        return Part(
            eq(Derivative(FULL_KL, mean), force),
            name=name,
            symbolic=Derivation(Derivative(FULL_KL, mean))
            .equals(
                weight_of * SpaceIntegral(component * (x - mean) * LOG_RATIO),
                by=MoveMean(mean, "differentiate under the integral: dq = weight N (x - m), and int dq = 0"),
            )
            .equals(
                weight_of * SpaceIntegral(component * (slope_q - slope_p)),
                by=SteinAlong(component, LOG_RATIO, weight_of, "Stein: E[(x - m) g] = E[d_v g], g = log q/p"),
            )
            .equals(
                weight_of
                * SpaceIntegral(
                    component
                    * (
                        mean
                        - x
                        + (other - mean) * aside / MODEL
                        + x
                        - own_target
                        - (other_target - own_target) * target_aside / TARGET
                    )
                ),
                by=Gathering(
                    "d_v log q = r (m - x) + r' (m' - x) = (m - x) + r' (m' - m), since r + r' = 1; likewise p"
                ),
            )
            .equals(force, by=Gathering("linearity; int N = 1")),
            certified=(at(*far[:1], digits=10),),
            numeric=(agree(*far[1:]),),
            simulation=tuple(
                Experiment(
                    run=lambda rng, draws, d=d, new=new: sampled_force(d, new, rng, draws),
                    predict=lambda d=d, new=new: predicted_force(d, new, restoring, model_gate, target_gate),
                    what=f"whitened force in d = {d}, random covariance",
                    draws=1_200_000,
                )
                for d in (1, 2, 5)
            ),
        )

    points = (
        {beta: "3/10", alpha: "3/5", m_o: "1/4", m_n: 2, mu_o: 0, mu_n: 3},
        {beta: "4/5", alpha: "1/2", m_o: -1, m_n: "1/2", mu_o: 0, mu_n: 2},
    )
    to_new, to_old = (1 - beta) * c_n, beta * c_o
    to_new_target, to_old_target = (1 - alpha) * t_n, alpha * t_o
    return (
        part("old mean", c_o, beta, m_o, m_n, mu_o, mu_n, to_new, to_new_target, points, False),
        part("new mean", c_n, 1 - beta, m_n, m_o, mu_n, mu_o, to_old, to_old_target, points, True),
    )


d_q, kappa = Symbol("d_q", positive=True), Symbol("kappa", real=True)


def log_odds(w):
    """log((1-w)/w), the log odds of the new mode."""
    return log((1 - w) / w)


def misassigned_old(separation, odds):
    """E_o[r_n] = (1/2) exp(l/2) BC S(separation, l) of a Gaussian pair, l the log odds (overlap/factorisation)."""
    return exp(odds / 2 - separation**2 / 8) * gate_s(separation, odds) / 2


@claim(
    domain={beta: UNIT, alpha: UNIT, d_q: "(0, oo)", delta: "(0, oo)", kappa: "[-1, 1]"},
    kind="upper bound",
    densities="Gaussian",
    sentence=("gated", "drift"),
    depends_on=("reverse_kl/force-law", "overlap/misassignment", "overlap/factorisation", "overlap/sharp-bound"),
    false_twin={"half": Rational(1, 8)},
)
def old_mean_gate(half=Rational(1, 2), width=sqrt(2 * pi)):
    """A correct old mean is pushed only through two gates, both exponentially small in the squared separations.

    At m_o = mu_o the force law leaves beta |e_q u d_q - e_p w delta| in whitened coordinates, with unit vectors u along
    m_n - mu_o and w along mu_n - mu_o, kappa = u.w, d_q and delta the two distances, and e_q = E_o[r_n] under the model
    at separation d_q, e_p under the target at delta. It is at most
    (beta/2) [sqrt((1-beta)/beta) d_q exp(-d_q^2/8) + sqrt((1-alpha)/alpha) delta exp(-delta^2/8)], and d_q, delta in
    front of the exponentials may be replaced by sqrt(2 pi). The drift is small only if the current new mean is
    separated too.

    Guarantee: **upper bound**; the second one is attained in the limit of large separations (kappa = -1, even weights).
    Hypotheses: Gaussian modes with common covariance, any dimension; m_o = mu_o, any m_n other than mu_o.
    Source: "perturbs the old mean only through overlap-gated misassignment probabilities controlled by the
        Bhattacharyya coefficient" (abstract of arXiv:2603.12163); the bounds are ours.
    """
    odds_q, odds_p = log_odds(beta), log_odds(alpha)
    pull_q, pull_p = d_q * misassigned_old(d_q, odds_q), delta * misassigned_old(delta, odds_p)
    gate_q, gate_p = (gate_s(d, odds) for d, odds in ((d_q, odds_q), (delta, odds_p)))
    front_q = beta * half * sqrt((1 - beta) / beta) * d_q * exp(-(d_q**2) / 8)
    front_p = beta * half * sqrt((1 - alpha) / alpha) * delta * exp(-(delta**2) / 8)
    norm = beta * sqrt(pull_q**2 + pull_p**2 - 2 * kappa * pull_q * pull_p)

    def part(name, lemma_part, bound_q, bound_p):
        return Part(
            le(norm, front_q * bound_q + front_p * bound_p),
            name=name,
            symbolic=Derivation(norm)
            .at_most(beta * (pull_q + pull_p), by=TriangleInequality(pull_q, pull_p, kappa, beta))
            .equals(front_q * gate_q + front_p * gate_p, by=Algebra("exp(l/2) = sqrt((1-beta)/beta); likewise alpha"))
            .at_most(
                front_q * bound_q + front_p * gate_p,
                by=Lemma("overlap/sharp-bound", lemma_part, at={delta: d_q, l: odds_q}, times=front_q),
            )
            .at_most(
                front_q * bound_q + front_p * bound_p,
                by=Lemma("overlap/sharp-bound", lemma_part, at={l: odds_p}, times=front_p),
            ),
            certified=(
                over({beta: "[1/2, 3/5]", alpha: "[1/5, 1/4]", d_q: "[2, 5/2]", delta: "[2, 3]", kappa: "[0, 1/4]"}),
                at(
                    {beta: "1/2", alpha: "1/2", d_q: 1, delta: 1, kappa: -1},
                    {beta: "9/10", alpha: "1/2", d_q: 4, delta: 5, kappa: "1/2"},
                    {beta: "1/10", alpha: "3/4", d_q: "1/4", delta: 8, kappa: -1},
                    digits=10,
                ),
            ),
            numeric=(agree({beta: "9/10", alpha: "1/2", d_q: 4, delta: 5, kappa: "1/2"}),),
        )

    return part("Bhattacharyya", "small", 1, 1), part("sharp", "large", width / d_q, width / delta)


@claim(
    domain={delta: "(0, oo)", l: LINE, alpha: UNIT},
    kind="limit",
    densities="Gaussian",
    sentence="drift",
    depends_on=("overlap/factorisation", "overlap/sharp-bound", "overlap/asymptotics"),
    false_twin={"exponent": -Rational(1, 2)},
)
def exponential_decay(exponent=-Rational(1, 8), prefactor=Rational(1, 2)):
    """The gate on the old mean decays like exp(-delta^2/8)/delta.

    With l = log((1-alpha)/alpha), e_p = E_o[r_n] = (1/2) exp(l/2) exp(-delta^2/8) S(delta, l). As delta -> infinity,
    log(e_p)/delta^2 -> -1/8, and e_p exp(delta^2/8) delta -> (1/2) sqrt((1-alpha)/alpha) sqrt(2 pi); both with explicit
    errors for every delta. The first uses S >= 2 exp(-l^2/(2 (4 + delta^2)))/sqrt(4 + delta^2).

    Guarantee: **tight** (limits), with **upper bounds** of the distance from them.
    Hypotheses: Gaussian modes with common covariance at Mahalanobis distance delta, any dimension.
    Source: "the drift decays exponentially with mode separation" (abstract of arXiv:2603.12163); constants ours.
    """
    gate, escape = gate_s(delta, l), misassigned_old(delta, l)
    level = log(escape) / delta**2
    spread = 4 + delta**2
    floor = 2 * exp(-(l**2) / (2 * spread)) / sqrt(spread)
    argument = (delta * z + l) / 2
    floor_chain = (
        Derivation(gate)
        .equals(normal(sech(argument), z), by=GateAsExpectation())
        .at_least(normal(exp(-(argument**2) / 2), z), by=SechAboveBell(argument, z))
        .equals(floor, by=CompleteTheSquare())
    )
    gap = ((1 + l**2) / 4 + l**2 / 8 + log(spread) / 2) / delta**2
    opened = (l / 2 - log(2) + log(gate)) / delta**2 - Rational(1, 8)
    shift = (l / 2 - log(2)) / delta**2 - Rational(1, 8)
    above = (
        Derivation(level)
        .equals(opened, by=Algebra("logarithm of the product"))
        .at_most(shift, by=under_log(Derivation(gate).at_most(1, by=Lemma("overlap/sharp-bound", "small")), shift))
        .at_most(
            gap - Rational(1, 8),
            by=SignOf(((1 - l) ** 2 / 4 + l**2 / 8 + log(2) + log(spread) / 2) / delta**2, "l/2 <= (1 + l^2)/4"),
        )
    )
    lowered = (l / 2 - l**2 / (2 * spread) - log(spread) / 2) / delta**2 - Rational(1, 8)
    below = (
        Derivation(level)
        .equals(opened, by=Algebra("logarithm of the product"))
        .at_least(shift + log(floor) / delta**2, by=under_log(floor_chain, shift))
        .equals(lowered, by=Algebra("logarithm of the product"))
        .at_least(
            -gap - Rational(1, 8),
            by=SignOf(((1 + l) ** 2 / 4 + l**2 * delta**2 / (8 * spread)) / delta**2, "-l/2 <= (1 + l^2)/4"),
        )
    )
    height = prefactor * exp(l / 2) * sqrt(2 * pi)
    scaled = escape * exp(delta**2 / 8) * delta
    ratio = gate * delta / sqrt(2 * pi)
    relative = (pi**2 + l**2) / (2 * delta**2)
    box = {delta: "[2, 5]", l: "[-1, 1]"}
    odds = log_odds(alpha)
    return (
        Part(
            eq((1 - alpha) * H(alpha), escape.subs(l, odds)),
            name="gate",
            symbolic=Derivation((1 - alpha) * H(alpha)).equals(
                escape.subs(l, odds), by=Lemma("overlap/factorisation", at={beta: alpha}, times=1 - alpha)
            ),
            certified=(at({alpha: "3/10", delta: 2}),),
        ),
        Part(
            ge(gate, floor),
            name="floor",
            symbolic=floor_chain,
            certified=(over(box),),
        ),
        Part(
            le(Abs(level - exponent), gap),
            name="exponent bound",
            symbolic=replace(below, earlier=above.chains).therefore(TwoSided()),
            certified=(over({delta: "[2, 5/2]", l: "[-1/4, 1/4]"}),),
        ),
        Part(
            eq(Limit(level, delta, oo), exponent),
            name="exponent",
            symbolic=Derivation(Abs(level - exponent))
            .at_most(gap, by=Lemma("reverse_kl/exponential-decay", "exponent bound"))
            .therefore(Squeeze()),
            numeric=(
                extrapolate(
                    log(delta) / delta**2,
                    *FALLING,
                    start=30,
                    ratio=2,
                    at={l: 1},
                    tolerance="1e-25",
                ),
            ),
        ),
        Part(
            le(Abs(scaled - height), height * relative),
            name="prefactor bound",
            symbolic=Derivation(Abs(scaled - height))
            .equals(height * Abs(ratio - 1), by=AbsoluteFactor(height))
            .at_most(height * relative, by=Lemma("overlap/asymptotics", "first order", times=height)),
            certified=(over({delta: "[2, 3]", l: "[-1/2, 1/2]"}),),
        ),
        Part(
            eq(Limit(scaled, delta, oo), height),
            name="prefactor",
            symbolic=Derivation(Abs(scaled - height))
            .at_most(height * relative, by=Lemma("reverse_kl/exponential-decay", "prefactor bound"))
            .therefore(Squeeze()),
            numeric=(extrapolate(*FALLING, start=30, ratio=2, at={l: 1}, tolerance="1e-25"),),
        ),
    )


def under_log(bound, shift):
    """From a bound of S, the same for shift + log(S)/delta^2."""
    v = Symbol("v", positive=True)
    return Monotone(Lambda(v, shift + log(v) / delta**2), bound, reason=f"{bound.steps[-1].rule.reason}; log increases")


GATE_Q, GATE_P = SpaceIntegral(c_o * (1 - beta) * c_n / MODEL), SpaceIntegral(c_o * (1 - alpha) * t_n / TARGET)
NEW_GATE_Q, NEW_GATE_P = SpaceIntegral(c_n * beta * c_o / MODEL), SpaceIntegral(c_n * alpha * t_o / TARGET)
n_1, n_2, n_3, n_4, n_5, n_6, n_7 = (Symbol(f"n_{k}", nonnegative=True) for k in range(1, 8))
y, r = Symbol("y", positive=True), Symbol("r", nonnegative=True)
LOG_OF_MORE = IncreasingFromZero(log(1 + y), y, 1 / (1 + y))
ROOT_ABOVE_LOG = IncreasingFromZero(y - log(1 + y**2), y, (1 - y) ** 2 / (1 + y**2))
GIBBS = ConvexTouching(y - 1 - log(y), y, 1 / y**2)


def weight_slope_bound(new_divergence):
    """The bound of dL/dbeta, from q >= (1-beta) c_n and p >= alpha t_o; KL(c_n|p) may be left out."""
    return (
        log(beta / ((1 - beta) * alpha))
        + SpaceIntegral(c_o * log(c_o / t_o))
        + sqrt((1 - beta) / beta) * SpaceIntegral(sqrt(c_o * c_n))
        - new_divergence
    )


NEW_DIVERGENCE = SpaceIntegral(c_n * log(c_n / TARGET))
WEIGHT_SLOPE = (
    Derivation(Derivative(FULL_KL, beta))
    .equals(
        SpaceIntegral((c_o - c_n) * LOG_RATIO),
        by=MoveMean(beta, "differentiate under the integral; int (c_o - c_n) = 0"),
    )
    .at_most(
        weight_slope_bound(NEW_DIVERGENCE),
        by=PointwiseInSpace(
            c_o * n_1 + c_o * n_2 + c_n * n_3,
            (
                (n_1, LOG_OF_MORE, (1 - alpha) * t_n / (alpha * t_o)),
                (n_2, ROOT_ABOVE_LOG, sqrt((1 - beta) * c_n / (beta * c_o))),
                (n_3, LOG_OF_MORE, beta * c_o / ((1 - beta) * c_n)),
            ),
            "p >= alpha t_o; log(1 + y^2) <= y; q >= (1-beta) c_n",
        ),
    )
)


@claim(
    domain={
        **FOUR_MEANS,
        l: LINE,
        delta: "[1, oo)",
        d_q: "(0, oo)",
        h: LINE,
        share: "(1/2, 1)",
        v: "[0, 1/2]",
        share_of_odds: "[0, 1]",
        beyond: "[0, oo)",
        short: "[0, oo)",
        theta: "[0, 1]",
        r: "[0, 1/2]",
    },
    kind="upper bound",
    densities="Gaussian",
    sentence=("gated", "drift"),
    depends_on=("reverse_kl/force-law", "overlap/exact-values", "overlap/sharp-bound"),
    false_twin={"front": sqrt(pi / 2) / 2},
)
def drift_region(front=sqrt(pi / 2), slack=Rational(1, 4), double=2, width=8):
    """While the new mean is separated, the old one never drifts further than a constant times exp(-s^2 delta^2/8).

    Whitened gradient flow of the whole model; D = |m_o - mu_o| and F = e_q |m_n - m_o| + e_p delta, in the norm of
    Sigma^-1. Then D' <= -beta (D - F), so D never exceeds max(D_0, sup F), and F is gated by the distance of the
    current means and by delta. With r = sqrt(pi/2) exp(1/4) (sqrt(2/alpha) + sqrt((1-alpha)/alpha)) exp(-s^2 delta^2/8)
    and 1/2 < s < 1 the region

        D <= r,   m_n at least s delta beyond mu_o along mu_n - mu_o,   beta/(1-beta) >= alpha/2

    is invariant if delta r <= 1/2 and (alpha/(1-alpha))^(s-1/2) exp(-(s-1/2)^2 delta^2/2) <= 1 - s, so that D <= r for
    all time. On its faces: the force on the old mean is at most r; the new mean is pulled on (that it is pushed away
    from m_o only helps); the old weight grows, wherever the new mean is. In the parts v = delta r,
    (1-beta)/beta = 2 omega^2/alpha, a and b are distances beyond a face or short of it, and letters m stand for
    coordinates along m_o - mu_o ("distance": m_o - mu_o is D) or along mu_n - mu_o ("new mean"). Nothing keeps the old
    weight from above: see new-mode-starvation.

    Guarantee: **upper bound** for all time; certified for alpha in [1/5, 4/5], delta in [10, 40], s in [2/3, 9/10].
    Hypotheses: Gaussian modes with common covariance, any dimension, starts anywhere in the region.
    Source: "the drift decays exponentially with mode separation" (abstract of arXiv:2603.12163); the region is ours.
    """
    this = "reverse_kl/drift-region"
    odds_q, odds_p = log_odds(beta), log_odds(alpha)
    roots = sqrt((1 - beta) / beta), sqrt((1 - alpha) / alpha)
    offset, lean = odds_p + delta * h, share - Rational(1, 2)
    gaps = m_n - m_o, mu_n - mu_o
    distance = -beta * (m_o - mu_o - GATE_Q * Abs(gaps[0]) - GATE_P * Abs(gaps[1]))
    force = d_q * misassigned_old(d_q, odds_q) + delta * misassigned_old(delta, offset)
    bells = exp(-(d_q**2) / width), exp(delta * h / 2 - delta**2 / width)
    halves = d_q * roots[0] * exp(-(d_q**2) / 8) / 2, delta * roots[1] * exp(delta * h / 2 - delta**2 / 8) / 2
    exponents = (
        -((share * delta - v / delta + beyond) ** 2) / width,
        delta * (v / delta - short) / 2 - delta**2 / width,
    )
    near = front * (sqrt(double / alpha) * share_of_odds * exp(exponents[0]) + roots[1] * exp(exponents[1]))
    drift = front * exp(slack) * (sqrt(double / alpha) + roots[1]) * exp(-(share**2) * delta**2 / width)
    tilt = 2 * exp(delta**2 / 8 - l / 2)
    mean, behind = l - delta**2 / 2 + delta * z, -odds_p + delta * ((1 - share) * delta - beyond)
    moved = normal(1 / (1 + exp(-mean - delta * h)), z)
    top = lean * log(alpha / (1 - alpha)) - lean**2 * delta**2 / 2
    ahead = mu_n - m_n - NEW_GATE_P * gaps[1] - NEW_GATE_Q * (Abs(gaps[0]) - gaps[0])
    shapes = ({l: "1/3", delta: 2, h: "1/4"}, {l: -1, delta: 5, h: "-1/2"})
    trap = {alpha: "[1/5, 4/5]", delta: "[10, 40]", share: "[2/3, 9/10]"}
    level = sqrt(2 / pi)
    inside = dict.fromkeys((short, v, share_of_odds), "[1/4, 1/2]")
    inside |= {alpha: "[1/5, 2/5]", delta: "[1, 4]", share: "[3/4, 1]", beyond: "[0, 1]"}
    return (
        Part(
            le(force, front * (roots[0] * bells[0] + roots[1] * bells[1])),
            name="gated force",
            symbolic=Derivation(force)
            .at_most(
                front * roots[0] * bells[0] + delta * misassigned_old(delta, offset),
                by=Lemma("overlap/sharp-bound", "large", at={delta: d_q, l: odds_q}, times=halves[0]),
            )
            .at_most(
                front * (roots[0] * bells[0] + roots[1] * bells[1]),
                by=Lemma("overlap/sharp-bound", "large", at={l: offset}, times=halves[1]),
            ),
            certified=(
                over({alpha: "[1/5, 1/4]", beta: "[1/2, 3/5]", d_q: "[2, 5/2]", delta: "[2, 3]", h: "[0, 1/10]"}),
                at({beta: "1/2", alpha: "1/2", d_q: 8, delta: 10, h: 0}, digits=10),
            ),
        ),
        Part(
            eq(gate_s(delta, l + delta * h), 2 * exp(delta**2 / 8 - (l + delta * h) / 2) * moved),
            name="moved gate",
            symbolic=Derivation(gate_s(delta, l + delta * h)).equals(
                2 * exp(delta**2 / 8 - (l + delta * h) / 2) * moved,
                by=Lemma("overlap/exact-values", "gate", at={l: l + delta * h}),
            ),
            certified=(at(*shapes),),
        ),
        Part(
            le(near, drift),
            name="force in the region",
            certified=(over(inside),),
            symbolic=Derivation(near).at_most(
                drift,
                by=RaiseExponents(
                    (
                        (
                            front * sqrt(2 / alpha) * share_of_odds,
                            exponents[0],
                            front * sqrt(2 / alpha),
                            slack - share**2 * delta**2 / 8,
                        ),
                        (front * roots[1], exponents[1], front * roots[1], slack - share**2 * delta**2 / 8),
                    ),
                    "s delta - v/delta >= 0, s v <= 1/2, v <= 1/2",
                ),
            ),
        ),
        Part(
            le(gate_s(delta, l), tilt * exp(theta * (l - delta**2 / 2) + theta**2 * delta**2 / 2)),
            name="tilted gate",
            certified=(over({delta: "[1, 3]", l: "[0, 1]", theta: "[0, 1]"}),),
            symbolic=Derivation(gate_s(delta, l))
            .equals(tilt * normal(1 / (1 + exp(-mean)), z), by=Lemma("overlap/exact-values", "gate"))
            .at_most(tilt * normal(exp(theta * mean), z), by=Times(tilt, SigmoidBelowPower(mean, theta, z)))
            .equals(
                tilt * exp(theta * (l - delta**2 / 2) + theta**2 * delta**2 / 2), by=Times(tilt, CompleteTheSquare())
            ),
        ),
        Part(
            le(misassigned_old(delta, behind), exp(top)),
            name="pull on the new mean",
            certified=(over({alpha: "[1/5, 1/4]", delta: "[3/2, 3]", share: "[3/5, 4/5]", beyond: "[0, 1/2]"}),),
            symbolic=Derivation(misassigned_old(delta, behind))
            .at_most(
                exp(top - lean * delta * beyond),
                by=Lemma(this, "tilted gate", at={l: behind, theta: lean}, times=exp(behind / 2 - delta**2 / 8) / 2),
            )
            .at_most(exp(top), by=RaiseExponents(((1, top - lean * delta * beyond, 1, top),), "a >= 0")),
        ),
        Part(
            le(r**2 / 2 + level * r, log(double)),
            name="least weight",
            certified=(over({r: "[0, 1/2]"}),),
        ),
        Part(
            le(-Derivative(FULL_KL, m_o), distance),
            name="distance",
            certified=(over(MEANS_BOX),),
            symbolic=Derivation(-Derivative(FULL_KL, m_o))
            .equals(
                -beta * (m_o - mu_o + GATE_Q * gaps[0] - GATE_P * gaps[1]),
                by=Lemma("reverse_kl/force-law", "old mean", times=-1),
            )
            .at_most(
                distance,
                by=SignInSpace(
                    beta * (n_1 * n_2 + n_3 * n_4),
                    {n_1: Share(GATE_Q), n_2: Length(gaps[0]), n_3: Share(GATE_P), n_4: Length(gaps[1], -1)},
                    "-y <= |y|",
                ),
            ),
        ),
        Part(
            ge(-Derivative(FULL_KL, m_n), (1 - beta) * ahead),
            name="new mean",
            certified=(over(MEANS_BOX),),
            symbolic=Derivation(-Derivative(FULL_KL, m_n))
            .equals(
                (1 - beta) * (mu_n - m_n + NEW_GATE_Q * gaps[0] - NEW_GATE_P * gaps[1]),
                by=Lemma("reverse_kl/force-law", "new mean", times=-1),
            )
            .at_least(
                (1 - beta) * ahead,
                by=SignInSpace(
                    (1 - beta) * n_1 * Abs(gaps[0]),
                    {n_1: Share(NEW_GATE_Q)},
                    "being pushed away from m_o only helps",
                ),
            ),
        ),
        Part(
            le(Derivative(FULL_KL, beta), weight_slope_bound(0)),
            name="weight",
            certified=(over(MEANS_BOX),),
            symbolic=WEIGHT_SLOPE.at_most(
                weight_slope_bound(0),
                by=PointwiseInSpace(c_n * n_1, ((n_1, GIBBS, TARGET / c_n),), "KL(c_n|p) >= 0"),
            ),
        ),
        Part(
            le(largest_drift(alpha, delta, share), drift),
            name="trap",
            certified=(over(trap, relations=conditions(alpha, delta, share), by=TrappingRegion(this)),),
        ),
    )


epsilon = Symbol("epsilon", real=True)


@claim(
    domain={**FOUR_MEANS, delta: "(0, oo)", epsilon: LINE},
    kind="upper bound",
    densities="Gaussian",
    sentence="target",
    depends_on=("reverse_kl/force-law", "reverse_kl/drift-region"),
    false_twin={"height": Rational(1, 4)},
)
def new_mode_starvation(height=Rational(1, 8), speed=1):
    """With the new mean far from its target, reverse KL first starves the new mode, and then waits for it.

    The old weight grows while beta/(1-beta) < alpha exp(KL(c_n|p_alpha) - D^2/2 - sqrt((1-beta)/beta) exp(-d_q^2/8)):
    what the new component costs where it is, KL(c_n|p_alpha), is taken out of its weight. Halfway between the modes it
    is at least delta^2/8 - delta/sqrt(2 pi) for alpha = 1/2. The force on the new mean has the factor 1 - beta, so that
    a starved component hardly moves: |m_n'| <= (1-beta) (|m_n - mu_n| + |m_n - m_o| + delta). From beta = 9/10,
    m_o = mu_o, m_n halfway, alpha = 1/2, delta = 10 the new weight falls at least to 1/122, before the new mean is 0.75
    beyond halfway. (Integrated numerically: to 0.00250036 at time 189.0; m_n is three quarters of the way at time
    318.6, and beta is back at 3/4 at time 411.0. At delta = 12 and 14 the new weight falls to 9.68e-5 and 1.53e-6, and
    m_n is three quarters of the way at times 6.71e3 and 3.57e5: the logarithm grows by 0.07 to 0.08 per unit of
    delta^2.) The flow gets through because a component that is assigned less and less of its own draws is pushed away
    from the old one.

    Guarantee: **upper bound** of the least new weight; the bounds of forces and slopes are not attained.
    Hypotheses: Gaussian modes with common covariance, any dimension; for the barrier, means on the line of the modes.
    Source: a limit of "converges to the true target, avoiding mass forgetting" (abstract of arXiv:2603.12163); ours.
    """
    this = "reverse_kl/new-mode-starvation"
    gaps = m_n - mu_n, m_n - m_o, mu_n - mu_o
    force = (1 - beta) * (gaps[0] - NEW_GATE_Q * gaps[1] + NEW_GATE_P * gaps[2])
    most = speed * (1 - beta) * (Abs(gaps[0]) + Abs(gaps[1]) + Abs(gaps[2]))
    gates = {
        n_4: Share(NEW_GATE_Q),
        n_5: Share(NEW_GATE_P),
        n_6: Share(NEW_GATE_Q, c_n),
        n_7: Share(NEW_GATE_P, c_n),
    }

    def lengths(*signs):
        parts = zip((n_1, n_2, n_3), gaps, signs, strict=True)
        return {**gates, **{name: Length(gap, sign) for name, gap, sign in parts}}

    room = (1 - beta) * (n_1 + n_4 * n_2 + n_6 * Abs(gaps[1]) + n_5 * n_3 + n_7 * Abs(gaps[2]))
    opened = Derivation(Derivative(FULL_KL, m_n)).equals(force, by=Lemma("reverse_kl/force-law", "new mean"))
    above = opened.at_most(most, by=SignInSpace(room, lengths(-1, 1, -1), "probabilities are at most 1"))
    below = opened.at_least(-most, by=SignInSpace(room, lengths(1, -1, 1), "probabilities are at most 1"))
    x_plus, x_minus = (z + epsilon + sign * delta / 2 for sign in (1, -1))
    cost = log((exp(z**2 / 2 - x_plus**2 / 2) + exp(z**2 / 2 - x_minus**2 / 2)) / 2)
    swing = normal(log(cosh(delta / 2 * (z + epsilon))), z)
    least = height * delta**2 + epsilon**2 / 2
    return (
        Part(
            ge(-normal(cost, z), least - delta / sqrt(2 * pi) * (1 + epsilon**2 / 2)),
            name="halfway divergence",
            certified=(over({delta: "[2, 9/4]", epsilon: "[0, 1/4]"}),),
            symbolic=Derivation(-normal(cost, z))
            .equals(
                delta**2 / 8 + epsilon**2 / 2 + epsilon * normal(z, z) - swing,
                by=LogOfTwoBells(-(epsilon * z + epsilon**2 / 2 + delta**2 / 8), delta / 2 * (z + epsilon), z),
            )
            .equals(delta**2 / 8 + epsilon**2 / 2 - swing, by=Stein(Integer(1), z))
            .at_least(
                least - delta / sqrt(2 * pi) * (1 + epsilon**2 / 2),
                by=Affine(LogCoshBelow(delta / 2, epsilon, z), -1, delta**2 / 8 + epsilon**2 / 2),
            ),
        ),
        Part(
            le(Derivative(FULL_KL, beta), weight_slope_bound(NEW_DIVERGENCE)),
            name="direction",
            certified=(over(MEANS_BOX),),
            symbolic=WEIGHT_SLOPE,
        ),
        Part(
            le(Abs(Derivative(FULL_KL, m_n)), most),
            name="gate",
            certified=(over(MEANS_BOX),),
            symbolic=replace(below, earlier=above.chains).therefore(TwoSided()),
        ),
        Part(
            le(least_new_weight(10), 1 / (1 + TOP)),
            name="starved",
            certified=(
                over(
                    {odds: f"[{START}, {TOP}]"},
                    relations=starvation_conditions(Integer(10)),
                    by=StarvationBarrier(this),
                ),
            ),
        ),
    )


MEASURED_AT = (16, 20, 24, 32, 40, 56)


def measured_exponent(point, digits):
    """log sup D/delta^2 extrapolated to infinite separation, and its error.

    Gauges: for s = 1 the force is tied to its gates throughout, so log sup D + delta^2/8 has an expansion in 1/delta^2.
    For s < 1 the force lasts for a time of order 1/delta^2 (s > 1/2) or 1/delta (s = 1/2) only, before the separation
    or the weight has moved, which puts a power of delta before the exponential: log(delta)/delta^2 comes first.
    """
    distance = float(point[share])
    tail = ((-2, 0), (-4, 0), (-6, 0), (-8, 0)) if distance == 1 else ((-2, 1), (-2, 0), (-3, 0), (-4, 0), (-5, 0))
    values, gauges = [], []
    with mpmath.workdps(30):
        for separation in map(mpmath.mpf, MEASURED_AT):
            height = largest_float_drift(distance, float(separation))
            values.append((height - (mpmath.mpf(distance) * separation) ** 2 / 8) / separation**2)
            gauges.append([separation**power * mpmath.log(separation) ** logs for power, logs in tail])
        return limit_of_fit(values, gauges)


@claim(
    domain={delta: "(0, oo)", l: LINE, share: "(0, 1]"},
    kind="rate",
    densities="Gaussian",
    depends_on=("reverse_kl/exponential-decay",),
    false_twin={"exponent": -Rational(1, 2)},
)
def drift_exponent(exponent=-Rational(1, 8)):
    """How far the old mean drifts is decided by how far the new mean is at the start, not by where it belongs.

    From m_o = mu_o, alpha = 1/2, beta_0 = 9/10 and m_n(0) = mu_o + s (mu_n - mu_o), log(sup D)/delta^2 tends to -s^2/8
    (s = 1: -0.125, s = 4/5: -0.08, s = 1/2: -0.03125): that is the exponent of the gate e_q at the separation s delta
    of the means at the start, since the new mean moves away and takes the force with it. For 1/2 < s < 1
    drift-region shows that it is not larger.

    Guarantee: **tight** (the gate's exponent); the limit itself is measured, not proved.
    Hypotheses: Gaussian modes with common covariance, means on the line of the modes.
    Source: "the drift decays exponentially with mode separation" (abstract of arXiv:2603.12163); ours.
    """
    separation = share * delta
    escape = misassigned_old(separation, l)
    level = log(escape) / separation**2
    spread = 4 + separation**2
    gap = ((1 + l**2) / 4 + l**2 / 8 + log(spread) / 2) / separation**2
    return (
        Part(
            le(share**2 * Abs(level - exponent), share**2 * gap),
            name="gate at the start",
            symbolic=Derivation(share**2 * Abs(level - exponent)).at_most(
                share**2 * gap,
                by=Lemma("reverse_kl/exponential-decay", "exponent bound", at={delta: separation}, times=share**2),
            ),
            certified=(
                over({share: "[3/5, 3/4]", delta: "[2, 5/2]", l: "[0, 1/8]"}),
                at({delta: 8, l: 0, share: 1}, {delta: 10, l: 0, share: "4/5"}, digits=10),
            ),
        ),
        Part(
            eq(Limit(log(flow_drift(share, delta)) / delta**2, delta, oo), exponent * share**2),
            name="exponent",
            numeric=tuple(
                Measurement(measured_exponent, {share: Rational(at_start)}, "exponent along the flow", "2e-4")
                for at_start in ("1", "4/5", "1/2")
            ),
        ),
    )


u_real = Symbol("u", real=True)
merged, y_o, y_n = Symbol("m", real=True), *(Symbol(name, real=True) for name in ("y_o", "y_n"))


def assigned_new(position):
    """E[r_n under p_alpha] for N(m, 1), m at ``position`` on the line with mu_o = 0, mu_n = delta."""
    return misassigned_old(delta, log_odds(alpha) + delta * position)


def steepness(position):
    """kappa = delta^2 E[r_o r_n under p_alpha] for N(m, 1): delta times the slope of ``assigned_new``."""
    odds_there = log_odds(alpha) + delta * position
    gate = gate_s(delta, odds_there) / 2 + gate_s_derivative(1, delta, odds_there)
    return delta**2 * exp(odds_there / 2 - delta**2 / 8) * gate / 2


@claim(
    domain={
        **FOUR_MEANS,
        delta: "(0, oo)",
        l: LINE,
        beyond: "[0, oo)",
        y_o: LINE,
        y_n: LINE,
    },
    kind="fixed point",
    densities="Gaussian",
    sentence="target",
    depends_on=("reverse_kl/force-law", "overlap/exact-values"),
    false_twin={"square": 2},
)
def stationary_points(square=1, split=1):
    """Merged means are stationary too, but never attract; both components may still linger on one mode.

    On the line mu_o = 0, mu_n = delta the force law reads dL/dm_o = beta [m_o - delta e(m_o) + e_q (m_n - m_o)],
    dL/dm_n = (1-beta) [m_n - delta e(m_n) + e_q' (m_o - m_n)], where e(m) is the chance that a draw from N(m, 1) is
    assigned to the new mode. With m_o = m_n = m the two components are one and the weight is idle; all of these are
    stationary where m = delta e(m), that is where m is the mean of the modes' means, weighted by how its own draws
    are assigned. There the Hessian in the means is b b^T - kappa diag(b), b = (beta, 1-beta),
    kappa = delta^2 E[r_o r_n] > 0: moving the means apart, their weighted mean kept, always lowers L, while moving both
    alike raises it if kappa < 1 (a saddle) and lowers it if kappa > 1. The flow leaves at a rate of at most kappa. A
    search from random starts finds, besides these, the target and the target with its labels exchanged, nothing else.

    Guarantee: **tight** (Hessian); **upper bound** (rate).
    Hypotheses: Gaussian modes with common covariance, means on the line of the modes.
    Source: a limit of "converges to the true target" (abstract of arXiv:2603.12163); ours.
    """
    this = "reverse_kl/stationary-points"
    gap = m_n - m_o
    old = m_o - delta * assigned_new(m_o) + misassigned_old(gap, log_odds(beta)) * gap
    new = m_n - delta * assigned_new(m_n) - (1 - misassigned_old(gap, log_odds(beta) + gap**2)) * gap
    gradient_along = beta * old * y_o + (1 - beta) * new * y_n
    together = (m_n, m_o)  # one variable: with both at one point SymPy takes different derivatives for equal
    curvature = y_o * Derivative(gradient_along, m_o) + y_n * Derivative(gradient_along, m_n)
    kappa_there = steepness(m_o)

    def form(old_move, new_move, steep):
        along = beta * old_move + (1 - beta) * new_move
        return square * along**2 - split * steep * (beta * old_move**2 + (1 - beta) * new_move**2)

    argument = delta * u_real + l
    positive = normal(2 * exp(argument / 2) / (1 + exp(argument)) ** 2, u_real)
    slope = gate_s(delta, l) / 2 + gate_s_derivative(1, delta, l)
    front = delta**2 * exp((log_odds(alpha) + delta * m_o) / 2 - delta**2 / 8) / 2
    return (
        Part(
            eq(Subs(curvature, *together), form(y_o, y_n, kappa_there)),
            name="Hessian",
            symbolic=Derivation(Subs(curvature, *together))
            .equals(Subs(curvature.doit(), *together), by=AtEveryPoint(Differentiate()))
            .equals(form(y_o, y_n, kappa_there), by=PutIn("e_q = 1 - beta where the means are one")),
        ),
        Part(
            gt(slope, 0),
            name="slope of the gate",
            certified=(over({delta: "[1, 4]", l: "[-1, 1]"}),),
            symbolic=Derivation(slope).equals(positive, by=GateAsExpectation()).above(0, by=PositiveExpectation()),
        ),
        Part(
            lt(form(1 - beta, -beta, kappa_there), 0),
            name="splitting",
            certified=(over({alpha: "[1/5, 2/5]", beta: "[1/2, 4/5]", delta: "[1, 4]", m_o: "[0, 1/4]"}),),
            symbolic=Derivation(form(1 - beta, -beta, kappa_there))
            .equals(-beta * (1 - beta) * kappa_there, by=Algebra())
            .below(
                0,
                by=Lemma(
                    this,
                    "slope of the gate",
                    at={l: log_odds(alpha) + delta * m_o},
                    times=beta * (1 - beta) * front,
                ),
            ),
        ),
        Part(
            le(-form(y_o, y_n, beyond), split * beyond * (y_o**2 + y_n**2)),
            name="rate of leaving",
            certified=(over({beta: "[1/2, 4/5]", beyond: "[0, 1]", **dict.fromkeys((y_o, y_n), "[1, 2]")}),),
            symbolic=Derivation(-form(y_o, y_n, beyond)).at_most(
                split * beyond * (y_o**2 + y_n**2),
                by=SignOf(
                    (beta * y_o + (1 - beta) * y_n) ** 2 + beyond * ((1 - beta) * y_o**2 + beta * y_n**2),
                    "the square, and weights at most 1",
                ),
            ),
        ),
    )


@claim(
    domain={alpha: "[1/4, 3/4]", delta: "[5, 12]", merged: "[0, 1/2]"},
    kind="fixed point",
    densities="Gaussian",
    sentence="target",
    depends_on=("reverse_kl/stationary-points",),
    false_twin={"steepest": Rational(1, 10)},
)
def both_on_one_mode(steepest=Rational(1, 2)):
    """With separated modes both components may sit on one mode, and leave it exponentially slowly.

    m - delta e(m) is negative at m = 0 (at mu_o), positive at m = 1/2 and increasing between, since its slope is
    1 - kappa and kappa < 1/2: there is exactly one stationary point with both means within 1/2 of mu_o on the
    side of mu_n, for every beta. It is a saddle of L, left at a rate below kappa <= delta^2 e(m), and for m <= 1/2 the
    probability e(m) is of order exp(-delta^2/8 + delta/4). By symmetry there is one near mu_n.

    Guarantee: **upper bound** of kappa, certified on the stated box.
    Hypotheses: Gaussian modes with common covariance, means on the line of the modes, mu_o = 0.
    Source: a limit of "converges to the true target" (abstract of arXiv:2603.12163); ours.
    """
    box = {alpha: "[1/4, 3/4]", delta: "[5, 12]", merged: "[0, 1/2]"}
    end = Rational(1, 2)
    return (
        Part(
            gt(end - delta * assigned_new(end), 0),
            name="beyond it",
            certified=(over({alpha: box[alpha], delta: box[delta]}),),
        ),
        Part(le(steepness(merged), steepest), name="slope", certified=(over(box),)),
    )
