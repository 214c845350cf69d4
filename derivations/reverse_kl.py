"""reverse_kl: towards the true target, L = KL(q_beta | p_alpha); both modes are seen and the old mass is kept."""

import mpmath
from sympy import Abs, Derivative, Integral, Rational, Subs, Symbol, exp, log, sqrt, symbols

from symforget.authoring import claim, eq, ge, le
from symforget.calculus import BC, TV, H, SampleIntegral, mixture, p_n, p_o
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.domain import Interval
from symforget.instances import GaussianPair, TwoLetterPair, a, b
from symforget.legs.certified import at, over
from symforget.legs.numeric import Measurement, agree
from symforget.flows import local_rate as measured_rate
from symforget.model import alpha, beta, delta, phi
from symforget.rules import (
    Algebra,
    AtEveryPoint,
    CauchySchwarz,
    ChainRule,
    ChangeOfVariable,
    Definition,
    Differentiate,
    FundamentalTheorem,
    Lemma,
    Multiple,
    Pointwise,
    PutIn,
    ReduceToGate,
    SlopeAtLeast,
    Times,
    UnderTheIntegral,
)

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
                    beta, alpha, information(beta), "G = 0 at beta = alpha, and dG/dbeta = I(beta) = (1-H)/(beta(1-beta))"
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
        ),
    )


BY_WEIGHT = Integral(information(weight), (weight, alpha, beta))
SQUARED_SCORE = (p_o - p_n) ** 2 / q
PAIRS = {beta: "[1/10, 9/10]", a: "[1/10, 1/5]", b: "[3/10, 2/5]"}
BOX = {beta: "[1/100, 99/100]", delta: "[1/4, 12]"}


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
            numeric=(agree({beta: "3/10", alpha: "7/10", delta: 2}, {beta: "9/10", alpha: "1/5", delta: 1}),),
        ),
        Part(
            ge(information(beta), constant * TV**2),
            name="strict convexity",
            symbolic=information_bound(beta, constant),
            certified=(over(PAIRS, TwoLetterPair(), seconds=3),),
        ),
        Part(
            ge(slope, constant * TV**2 * (beta - alpha) ** 2),
            name="minimiser",
            symbolic=Derivation(slope)
            .equals((beta - alpha) * SCORE_GAP, by=UnderTheIntegral(beta))
            .equals(
                (beta - alpha) * BY_WEIGHT,
                by=Times(beta - alpha, FundamentalTheorem(beta, alpha, information(beta))),
            )
            .at_least(
                constant * TV**2 * (beta - alpha) ** 2,
                by=SlopeAtLeast(information_bound(weight, constant), weight, Interval.parse(UNIT)),
            ),
            certified=(at({beta: "3/10", alpha: "7/10"}, {beta: "9/10", alpha: "1/2"}, instance=LETTERS),),
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
        return mpmath.fsum((o - n) * mpmath.log1p((w - target) * (o - n) / (target * o + (1 - target) * n)) for o, n in values)

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
                Measurement(rate_on_letters, {alpha: Rational(3, 10)}, "rate along the flow", "1e-20", LETTERS),
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
                    {alpha: "[1/100, 99/100]", delta: "[1/4, 12]"},
                    relations=(le(H(alpha), half * BC / sqrt(alpha * (1 - alpha))),),
                    by=Multiple(alpha * (1 - alpha)),
                    seconds=3,
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
