"""forward_kl: training on new data alone, L(beta) = KL(p_n|q_beta), drives the old weight to zero."""

import mpmath
import numpy as np
from sympy import (
    Abs,
    Derivative,
    Dummy,
    Integral,
    Lambda,
    Limit,
    Min,
    Rational,
    Symbol,
    atan,
    exp,
    log,
    oo,
    pi,
    sech,
    sqrt,
)

from symforget import model
from symforget.authoring import claim, eq, ge, gt, le, lt
from symforget.calculus import (
    BC,
    TV,
    E_n,
    H,
    SampleIntegral,
    chi2,
    chi2_old,
    mixture,
    p_n,
    p_o,
    responsibility_old,
)
from symforget.claims import Part
from symforget.derivation import Derivation, Step
from symforget.domain import Interval
from symforget.flows import follow, limit_of_fit, travel_time
from symforget.functions import normal
from symforget.gate import multiprecision
from symforget.gate.symbolic import gate, gate_s, gate_s_derivative
from symforget.instances import TwoLetterPair, a, b
from symforget.legs.certified import at, over
from symforget.legs.numeric import Measurement, agree, extrapolate
from symforget.legs.simulation import FAILURE_PROBABILITY, Experiment, sample
from symforget.model import beta, delta, l, t
from symforget.rules import (
    Affine,
    Algebra,
    Antiderivative,
    CauchySchwarz,
    ChangeOfVariable,
    Definition,
    Evaluate,
    FundamentalTheorem,
    Lemma,
    Monotone,
    OnTheLine,
    Pointwise,
    ReduceToGate,
    Replace,
    SameIntegrand,
    SignOf,
    Squeeze,
    TwoSided,
    UnderIntegralSign,
    UnderTheIntegral,
)
from symforget.rules.bounds import PointwiseExpectation, SmallerOf
from symforget.rules.gaussian import GateAsExpectation
from symforget.rules.transforms import AsIntegral
from symforget.rules.vectors import (
    Gathering,
    MoveMean,
    SpaceIntegral,
    SteinAlong,
    c_n,
    c_o,
    m_n,
    m_o,
    mu_n,
    mu_o,
    slope_along,
)
from symforget.rules.vectors import x as y
from symforget.simulate import Estimate, GaussianModes, bounded_mean

q = mixture(beta)
gap = p_o - p_n
loss = E_n(log(p_n / q))
"""L(beta) = KL(p_n|q_beta) = E_n[log(p_n/q_beta)]."""

beta_0 = Symbol("beta_0", positive=True)
beta_1 = Symbol("beta_1", positive=True)
r = Symbol("r", positive=True)
s = Symbol("s", positive=True)
x = Symbol("x", positive=True)
"""Starting and final weight, remaining fraction; the weight and the fraction as variables of integration."""
u = Symbol("u", real=True)
"""Standard normal variable: the whitened coordinate along mu_n - mu_o from the midpoint."""
UNIT = Interval.parse("(0, 1)")

BOX = {beta: "[1/100, 99/100]", delta: "[1/4, 12]"}
POINTS = ({beta: "3/10", delta: 2}, {beta: "9/10", delta: 1}, {beta: "1/2", delta: 4})
TWO_LETTERS = TwoLetterPair(Rational(1, 4), Rational(2, 3))
LETTERS_BOX = {a: "[1/5, 1/4]", b: "[3/5, 13/20]"}
SHORT_WAY = {r: "[1/4, 51/200]", beta_0: "[1/2, 51/100]", a: "[1/5, 41/200]", b: "[3/5, 121/200]"}
"""A small box for bounds of times: enclosures of integrals over wide boxes are too wide to tell the two sides apart."""
THREE_QUARTERS = {beta_0: Rational(3, 4), t: Rational(2)}
HALF_AND_ONE = {beta_0: Rational(1, 2), delta: Rational(1)}
SMALL_WEIGHTS = extrapolate(
    *(beta**k for k in range(1, 7)), start="1/1000", ratio="1/10", at={delta: "1/2"}, tolerance="1e-25"
)


def scaled(derivation, factor, shift=0):
    """The derivation with every expression times ``factor`` (positive, or -1), plus ``shift``."""
    turned = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"} if factor == -1 else {}
    steps = tuple(
        Step(
            turned.get(step.relation) or step.relation,
            factor * step.expression + shift,
            Affine(step.rule, factor, shift),
        )
        for step in derivation.steps
    )
    return Derivation(factor * derivation.start + shift, steps)


def onward(first, second):
    """One chain after another that starts where it ends."""
    return Derivation(first.start, (*first.steps, *second.steps))


def both(first, second):
    """The chains of two derivations as one derivation."""
    return Derivation(second.start, second.steps, (*first.chains, *second.earlier))


def mpf(exact):
    """An exact rational at mpmath's present precision."""
    return mpmath.mpf(exact.p) / exact.q


def gaussian_speed(separation):
    """b^2 (1-b)(1-H), the speed of the logit flow of a Gaussian pair, in mpmath."""
    return lambda weight: (weight * (1 - weight)) ** 2 * weight * multiprecision.information(weight, separation)


def scaled_time_of_letters(point, digits):
    """lim 2 chi2 b^2 T as b = beta_0/2^k falls, on the two letters TWO_LETTERS: T summed over halvings."""
    return fitted_time(
        point[beta_0], lambda v: v**3 * (1 - v) ** 2 * letters_information(v), letters_information(0), digits
    )


def scaled_time_of_gaussians(point, digits):
    """The same limit on a Gaussian pair."""
    separation = mpf(point[delta])
    return fitted_time(point[beta_0], gaussian_speed(separation), mpmath.expm1(separation**2), digits)


def letters_information(weight):
    """I(weight) on the two letters TWO_LETTERS, a sum of two terms; chi2 at weight 0."""
    return mpmath.fsum((old - new) ** 2 / (weight * old + (1 - weight) * new) for old, new in letters())


def letters():
    """(p_o, p_n) at each of the two letters TWO_LETTERS, at mpmath's present precision."""
    old, new = mpf(TWO_LETTERS.old), mpf(TWO_LETTERS.new)
    return (old, new), (1 - old, 1 - new)


def fitted_time(start, speed, square, digits):
    """The limit of 2 chi2 b^2 T(beta_0 -> b), fitted by T's own series in r = b/beta_0: r, r^2 log r, r^2, ..."""
    digits = max(digits, 20)  # with fewer the fit's matrix is singular
    with mpmath.workdps(digits + 10):
        far, elapsed, values, gauges = mpf(start), mpmath.mpf(0), [], []
        for k in range(1, 22):
            near = mpf(start) / 2**k
            elapsed += travel_time(speed, far, near, digits)
            far, fraction = near, mpmath.mpf(2) ** -k
            values.append(2 * square * near**2 * elapsed)
            powers = [fraction**n for n in range(2, 9)]
            gauges.append([fraction, fraction**2 * mpmath.log(fraction), *powers])
        return limit_of_fit(values, gauges)


def iterated(information_at, digits, doublings):
    """lim 1/(k beta_k) along EM from weight 1/2, fitted by k^-n log^m k, m <= n <= 3, up to k = 2^doublings."""
    with mpmath.workdps(digits + 5):
        weight, values, gauges = mpmath.mpf(1) / 2, [], []
        for k in range(1, 2**doublings + 1):
            weight *= 1 - weight * (1 - weight) * information_at(weight)
            if k in {round(2 ** (doublings - j / 2)) for j in range(10)}:
                log_k = mpmath.log(k)
                values.append(1 / (k * weight))
                gauges.append([log_k**m / mpmath.mpf(k) ** n for n in range(1, 4) for m in range(n, -1, -1)])
        return limit_of_fit(values, gauges)


def iterated_on_letters(point, digits):
    """The limit of 1/(k beta_k) on the two letters TWO_LETTERS."""
    return iterated(letters_information, 20, 11)


def iterated_on_gaussians(point, digits):
    """The limit of 1/(k beta_k) on a Gaussian pair."""
    return iterated(lambda weight: multiprecision.information(weight, mpf(point[delta])), 15, 10)


def followed_natural_flow(point, digits):
    """-beta(t) along the natural-gradient flow of a Gaussian pair, L' and I each by its own quadrature."""
    digits = min(digits, 12)
    with mpmath.workdps(digits + 10):
        nodes = [(mpmath.mpf(k) / 5, mpmath.npdf(mpmath.mpf(k) / 5) / 5) for k in range(-60, 61)]
        ratios = [(mpmath.exp(-node - mpmath.mpf(1) / 2), mass) for node, mass in nodes]

        def field(weight):
            slope = mpmath.fsum(mass * (1 - e) / (1 - weight + weight * e) for e, mass in ratios)
            fisher = mpmath.fsum(mass * (1 - e) ** 2 / (1 - weight + weight * e) for e, mass in ratios)
            return -slope / fisher

        end, error = follow(field, mpf(point[beta_0]), mpf(point[t]), digits, steps=4)
        return -end, error


def followed_natural_flow_on_letters(point, digits):
    """The same along the natural-gradient flow of the two letters TWO_LETTERS."""
    with mpmath.workdps(digits + 10):

        def field(weight):
            slope = mpmath.fsum(new * (new - old) / (weight * old + (1 - weight) * new) for old, new in letters())
            return -slope / letters_information(weight)

        end, error = follow(field, mpf(point[beta_0]), mpf(point[t]), digits, steps=4)
        return -end, error


def information(weight):
    """I(weight) = int (p_o - p_n)^2/q, the Fisher information of the weight."""
    return SampleIntegral(gap**2 / mixture(weight))


def information_at_least_variation(weight, constant=4):
    """I >= 4 TV^2, by Cauchy-Schwarz."""
    return Derivation(information(weight)).at_least(
        constant * TV**2, by=CauchySchwarz(gap**2 / mixture(weight), mixture(weight))
    )


def information_at_least_chi2(weight):
    """I >= chi2^2/((1-weight) chi2 + weight chi2_old), by Cauchy-Schwarz."""
    fisher, square = information(weight), SampleIntegral(gap**2 / p_n)
    total, spread = (1 - weight) * chi2 + weight * chi2_old, SampleIntegral(gap**2 * mixture(weight) / p_n**2)
    linear = SameIntegrand("q = (1-beta) p_n + beta p_o")
    return (
        Derivation(fisher)
        .equals(fisher * spread / total, by=Replace(spread, total, Definition(linear.reason)))
        .at_least(
            square**2 / total,
            by=CauchySchwarz(gap**2 / mixture(weight), gap**2 * mixture(weight) / p_n**2, times=1 / total),
        )
        .equals(chi2**2 / total, by=Replace(square, chi2, Definition()))
    )


def gate_at_least(weight):
    """H >= 1/(1 + weight chi2), by Cauchy-Schwarz: 1 <= H int p_o q/p_n."""
    gate, tilted = SampleIntegral(p_o * p_n / mixture(weight)), SampleIntegral(p_o * mixture(weight) / p_n)
    total = 1 + weight * chi2
    return (
        Derivation(H(weight))
        .equals(gate, by=Definition())
        .equals(gate * tilted / total, by=Replace(tilted, total, Definition("int p_o^2/p_n = 1 + chi2")))
        .at_least(
            1 / total,
            by=CauchySchwarz(p_o * p_n / mixture(weight), p_o * mixture(weight) / p_n, times=1 / total),
        )
    )


def closed_gate_at_most(weight):
    """1 - H <= weight chi2/(1 + weight chi2)."""
    return scaled(gate_at_least(weight), -1, 1).equals(weight * chi2 / (1 + weight * chi2), by=Algebra())


def closed(weight):
    """1 - H > 0, as a derivation."""
    bound = 4 * weight * (1 - weight) * TV**2
    return (
        Derivation(1 - H(weight))
        .equals(weight * (1 - weight) * information(weight), by=ReduceToGate(weight))
        .at_least(bound, by=CauchySchwarz(gap**2 / mixture(weight), mixture(weight), times=weight * (1 - weight)))
        .above(0, by=SignOf(bound))
    )


@claim(
    domain={beta: "(0, 1)", TV: "(0, 1)"},
    kind="identity",
    densities="any",
    sentence="collapse",
    false_twin={"constant": 2},
)
def gradient(constant=1, floor=4):
    """The gradient in the logit is the weight times the closed part of the gate.

    With beta = sigmoid(phi), dL/dphi = beta (1-beta) dL/dbeta = beta (1 - H(beta)) = beta - E_n[r_o]: the weight less
    the mass the old component claims on new data. It is at least 4 beta^2 (1-beta) TV^2, hence zero only at beta = 0.

    Guarantee: **tight** (identities); the **lower bound** is attained at one beta by two-letter pairs with
    |p_o - p_n| proportional to q_beta.
    Hypotheses: any two densities, positive almost everywhere and not equal.
    Source: "drives the old weight to zero" (abstract of arXiv:2603.12163); the identity is ours.
    """
    slope = beta * (1 - beta) * Derivative(loss, beta)
    score = SampleIntegral(-p_n * gap / q)
    value = constant * beta * (1 - H(beta))
    claimed = beta - E_n(responsibility_old(beta))
    bound = floor * beta**2 * (1 - beta) * TV**2
    return (
        Part(
            eq(slope, value),
            name="gate",
            symbolic=Derivation(slope)
            .equals(beta * (1 - beta) * score, by=UnderTheIntegral(beta))
            .equals(value, by=ReduceToGate(beta)),
            certified=(at(*POINTS),),
            numeric=(agree(*POINTS[:2]),),
            simulation=tuple(
                sample(POINTS[0], density=p_n, low=-3.4, high=1.5, dimension=d, written=beta * (1 - beta) * score)
                for d in (1, 2, 5)
            ),
        ),
        Part(
            eq(claimed, value),
            name="responsibility",
            symbolic=Derivation(claimed).equals(value, by=Definition("r_o p_n = beta p_o p_n/q")),
            certified=(at(*POINTS),),
            numeric=(agree(*POINTS[:2]),),
        ),
        Part(
            ge(beta * (1 - H(beta)), bound),
            name="lower bound",
            symbolic=Derivation(beta * (1 - H(beta)))
            .equals(beta**2 * (1 - beta) * information(beta), by=ReduceToGate(beta))
            .at_least(bound, by=CauchySchwarz(gap**2 / q, q, times=beta**2 * (1 - beta))),
            certified=(
                over({beta: "[1/2, 4/5]", delta: "[3/2, 3]"}),
                at(*POINTS[:2]),
            ),
        ),
        Part(
            gt(beta * (1 - H(beta)), 0),
            name="positive",
            symbolic=Derivation(beta * (1 - H(beta)))
            .equals(beta**2 * (1 - beta) * information(beta), by=ReduceToGate(beta))
            .at_least(4 * beta**2 * (1 - beta) * TV**2, by=CauchySchwarz(gap**2 / q, q, times=beta**2 * (1 - beta)))
            .above(0, by=SignOf(4 * beta**2 * (1 - beta) * TV**2)),
            certified=(over(BOX),),
        ),
    )


@claim(
    domain={beta: "(0, 1)", TV: "(0, 1)"},
    kind="convergence",
    densities="any",
    sentence="collapse",
    false_twin={"quadratic": 4},
)
def unique_optimum(quadratic=2, power=2):
    """The loss is strictly convex in the weight and has its only minimum where the old mode is gone.

    L'' = int p_n (p_o - p_n)^2/q^2 >= (L')^2 = ((1 - H)/(1 - beta))^2 (so exp(-L) is concave), L' >= 4 beta TV^2 > 0,
    and L(beta) >= 2 beta^2 TV^2 > L(0) = 0 (Pinsker's inequality for p_n and q_beta). The minimum is at beta = 0.

    Guarantee: **lower bounds**; L'' = (L')^2 only for p_o = p_n; 2 is the best constant for all pairs.
    Hypotheses: any two densities, positive almost everywhere and not equal.
    Source: "drives the old weight to zero" (abstract of arXiv:2603.12163); the bounds are ours.
    References: T. M. Cover, J. A. Thomas, Elements of Information Theory, lemma 11.6.1 (Pinsker's inequality).
    """
    curvature = SampleIntegral(p_n * gap**2 / q**2)
    slope = (1 - H(beta)) / (1 - beta)
    floor = 4 * beta * TV**2
    square = CauchySchwarz(gap**2 / q, q, times=beta)

    def steep(chain):
        return chain.equals(beta * information(beta), by=ReduceToGate(beta)).at_least(floor, by=square)

    distance = Integral((1 - H(s)) / (1 - s), (s, 0, beta))
    linear = Integral(2 * quadratic * s * TV**2, (s, 0, beta))
    integrands = (
        Derivation((1 - H(s)) / (1 - s))
        .equals(s * information(s), by=ReduceToGate(s))
        .at_least(2 * quadratic * s * TV**2, by=CauchySchwarz(gap**2 / mixture(s), mixture(s), times=s))
    )
    return (
        Part(
            ge(loss, quadratic * beta**2 * TV**2),
            name="distance",
            symbolic=Derivation(loss)
            .equals(distance, by=FundamentalTheorem(beta, 0, (1 - H(beta)) / (1 - beta)))
            .at_least(linear, by=UnderIntegralSign(integrands, s, UNIT))
            .equals(
                quadratic * beta**2 * TV**2, by=Antiderivative(quadratic * s**2 * TV**2, s, Interval.parse("[0, 1)"))
            ),
            certified=(
                over({beta: "[1/2, 51/100]", delta: "[2, 41/20]"}),
                at(*POINTS[:2]),
            ),
        ),
        Part(
            eq(Derivative(loss, (beta, 2)), curvature),
            name="curvature",
            symbolic=Derivation(Derivative(loss, (beta, 2))).equals(curvature, by=UnderTheIntegral(beta)),
            certified=(at(*POINTS[:2]),),
            numeric=(agree(*POINTS[:2]),),
        ),
        Part(
            ge(curvature, slope**power),
            name="log-convexity",
            symbolic=Derivation(curvature)
            .at_least(
                SampleIntegral(-p_n * gap / q) ** 2,
                by=CauchySchwarz(p_n * gap**2 / q**2, p_n, root=-p_n * gap / q),
            )
            .equals(slope**2, by=ReduceToGate(beta)),
            certified=(
                over({beta: "[1/2, 3/5]", **LETTERS_BOX}, TwoLetterPair()),
                at(*POINTS[:2]),
            ),
        ),
        Part(
            ge(slope, floor),
            name="slope",
            symbolic=steep(Derivation(slope)),
            certified=(
                over({beta: "[1/2, 3/5]", delta: "[2, 3]"}),
                at(*POINTS[:2]),
            ),
        ),
        Part(
            gt(slope, 0),
            name="rising",
            symbolic=steep(Derivation(slope)).above(0, by=SignOf(floor)),
            certified=(over(BOX),),
        ),
    )


def duration(speed):
    """int ds/speed(s) from the remaining weight r beta_0 to the starting weight beta_0: the time the flow takes."""
    return Integral(1 / speed, (s, r * beta_0, beta_0))


def along(integrand):
    """The same integral over the fraction x of the starting weight, from r to 1."""
    return Integral(integrand, (x, r, 1))


w = beta_0 * x
LOGIT_TIME = duration(s**2 * (1 - s) * (1 - H(s)))
EXCESS = 1 / (1 - beta_0) + chi2_old / (chi2 * (1 - beta_0) ** 2)
BY_FRACTION = ChangeOfVariable(w, x, "s = beta_0 x")
FRACTION = Interval.parse("(0, 1]")


def slowest(times=1):
    """times T >= times ((1/b - 1/beta_0) + (1/b^2 - 1/beta_0^2)/(2 chi2)), b = r beta_0."""
    v = Dummy("v", positive=True)
    exact, whole = beta_0 / (w**2 * (1 - w) * (1 - H(w))), beta_0 * (1 + w * chi2) / (w**3 * chi2)
    cut = whole / (1 - w)
    integrands = (
        Derivation(exact)
        .at_least(cut, by=Monotone(Lambda(v, beta_0 / (w**2 * (1 - w) * v)), closed_gate_at_most(w), closed(w)))
        .at_least(whole, by=SignOf(whole * w / (1 - w), "1/(1-w) >= 1"))
    )
    F = -1 / (2 * chi2 * w**2) - 1 / w
    return (
        Derivation(times * LOGIT_TIME)
        .equals(times * along(exact), by=Affine(BY_FRACTION, times))
        .at_least(times * along(whole), by=Affine(UnderIntegralSign(integrands, x, FRACTION), times))
        .equals(times * (F.subs(x, 1) - F.subs(x, r)), by=Antiderivative(F, x, FRACTION))
    )


def fastest(constant=4):
    """T <= (1/b^2 - 1/beta_0^2)/(2 constant TV^2 (1-beta_0)^2), constant = 4."""
    v = Dummy("v", positive=True)
    exact = beta_0 / (w**2 * (1 - w) * (1 - H(w)))
    through_information = beta_0 / (w**3 * (1 - w) ** 2 * information(w))
    bound, loose = (beta_0 / (constant * TV**2 * w**3 * (1 - e) ** 2) for e in (w, beta_0))
    integrands = (
        Derivation(exact)
        .equals(through_information, by=Replace(1 - H(w), w * (1 - w) * information(w), ReduceToGate(w)))
        .at_most(
            bound,
            by=Monotone(Lambda(v, beta_0 / (w**3 * (1 - w) ** 2 * v)), information_at_least_variation(w, constant)),
        )
        .at_most(loose, by=SignOf(bound * beta_0 * (1 - x) * (2 - beta_0 - w) / (1 - beta_0) ** 2, "w <= beta_0"))
    )
    F = -1 / (2 * constant * TV**2 * (1 - beta_0) ** 2 * w**2)
    return (
        Derivation(LOGIT_TIME)
        .equals(along(exact), by=BY_FRACTION)
        .at_most(along(loose), by=UnderIntegralSign(integrands, x, FRACTION))
        .equals(F.subs(x, 1) - F.subs(x, r), by=Antiderivative(F, x, FRACTION))
    )


def scaled_from_above(times):
    """times T <= times ((1/b^2 - 1/beta_0^2)/2 + EXCESS (1/b - 1/beta_0))/chi2."""
    v = Dummy("v", positive=True)
    exact = beta_0 / (w**2 * (1 - w) * (1 - H(w)))
    through_information = beta_0 / (w**3 * (1 - w) ** 2 * information(w))
    total = (1 - w) * chi2 + w * chi2_old
    bound = beta_0 * total / (chi2**2 * w**3 * (1 - w) ** 2)
    loose = beta_0 / chi2 * (1 / w**3 + EXCESS / w**2)
    past = beta_0 * (1 - x) / ((1 - beta_0) * (1 - w))
    room = beta_0 / (chi2 * w**2) * past * (1 + chi2_old / chi2 * (2 - beta_0 - w) / ((1 - beta_0) * (1 - w)))
    integrands = (
        Derivation(exact)
        .equals(through_information, by=Replace(1 - H(w), w * (1 - w) * information(w), ReduceToGate(w)))
        .at_most(bound, by=Monotone(Lambda(v, beta_0 / (w**3 * (1 - w) ** 2 * v)), information_at_least_chi2(w)))
        .at_most(loose, by=SignOf(room, "w <= beta_0"))
    )
    F = (-1 / (2 * w**2) - EXCESS / w) / chi2
    return (
        Derivation(times * LOGIT_TIME)
        .equals(times * along(exact), by=Affine(BY_FRACTION, times))
        .at_most(times * along(loose), by=Affine(UnderIntegralSign(integrands, x, FRACTION), times))
        .equals(times * (F.subs(x, 1) - F.subs(x, r)), by=Antiderivative(F, x, FRACTION))
    )


@claim(
    domain={beta_0: "(0, 1)", r: "(0, 1)", beta: "(0, 1)", TV: "(0, 1)", chi2: "(0, oo)"},
    kind="rate",
    densities="any",
    sentence="collapse",
    false_twin={"order": 1},
)
def logit_flow(limit=1, order=2):
    """Collapse under gradient flow in the logit is algebraic: like 1/t while the modes look separate, then t^(-1/2).

    phi' = -dL/dphi makes beta' = -beta^2 (1-beta)(1-H). The time T from beta_0 down to r beta_0 satisfies, with
    b = r beta_0,

        (1/b - 1/beta_0) + (1/b^2 - 1/beta_0^2)/(2 chi2) <= T <= (1/b^2 - 1/beta_0^2)/(8 TV^2 (1-beta_0)^2),

    and 2 chi2 b^2 T -> 1 as r -> 0, that is beta(t) sqrt(2 chi2 t) -> 1, chi2 = chi2(p_o|p_n), at the explicit rate
    |2 chi2 b^2 T - 1| <= r^2 + 2 A beta_0 r with A = 1/(1-beta_0) + chi2_old/(chi2 (1-beta_0)^2).

    Guarantee: **lower** and **upper bound**, and a **tight** limit. The lower bound's first term is reached as the
    modes separate; its second, and the limit, as b -> 0. The constant 8 is the best for all pairs: p_n = (1/2, 1/2)
    on two
    letters has chi2 = 4 TV^2.
    Hypotheses: any two densities, positive almost everywhere and not equal; chi2 finite for the second term of the
    lower bound, chi2_old finite for the limit.
    Source: "drives the old weight to zero" (abstract of arXiv:2603.12163); times and rate are ours.
    """
    flow = -beta * (1 - beta) * (beta * (1 - beta) * Derivative(loss, beta))
    field = -(beta**order) * (1 - beta) * (1 - H(beta))
    end = r * beta_0
    separate = 1 / end - 1 / beta_0
    diffusive = (1 / end**2 - 1 / beta_0**2) / 2
    scale = 2 * chi2 * end**2
    scaled = scale * LOGIT_TIME
    return (
        Part(
            eq(flow, field),
            name="field",
            symbolic=Derivation(flow)
            .equals(-(beta**2) * (1 - beta) ** 2 * SampleIntegral(-p_n * gap / q), by=UnderTheIntegral(beta))
            .equals(field, by=ReduceToGate(beta)),
            certified=(at(*POINTS[:2]),),
        ),
        Part(
            ge(LOGIT_TIME, separate + diffusive / chi2),
            name="lower bound",
            certified=(over(SHORT_WAY, TwoLetterPair()),),
            symbolic=slowest(),
        ),
        Part(
            le(LOGIT_TIME, diffusive / (4 * TV**2 * (1 - beta_0) ** 2)),
            name="upper bound",
            certified=(over(SHORT_WAY, TwoLetterPair()),),
            symbolic=fastest(),
        ),
        Part(
            le(Abs(scaled - limit), r**2 + 2 * EXCESS * beta_0 * r),
            name="rate",
            certified=(over({beta_0: "[1/2, 3/5]", r: "[1/4, 1/3]", delta: "[2, 5/2]"}),),
            symbolic=both(slowest(scale), scaled_from_above(scale)).therefore(TwoSided()),
        ),
        Part(
            eq(Limit(scaled, r, 0, "+"), limit),
            name="limit",
            symbolic=both(slowest(scale), scaled_from_above(scale)).therefore(Squeeze()),
            numeric=(
                Measurement(scaled_time_of_letters, {beta_0: Rational(1, 2)}, "fitted on two letters", "1e-15"),
                Measurement(scaled_time_of_gaussians, HALF_AND_ONE, "fitted on Gaussians", "1e-9"),
            ),
        ),
    )


def information_at_most_chi2(weight):
    """I <= chi2/(1 - weight), because q >= (1 - weight) p_n."""
    room = gap**2 * weight * p_o / ((1 - weight) * p_n * mixture(weight))
    return Derivation(information(weight)).at_most(
        chi2 / (1 - weight), by=Pointwise(room, "q >= (1-beta) p_n at every point")
    )


@claim(
    domain={beta: "(0, 1)", beta_0: "(0, 1)", r: "(0, 1)", TV: "(0, 1)", chi2: "(0, oo)"},
    kind="rate",
    densities="any",
    sentence="collapse",
    false_twin={"rate": 2 * chi2},
)
def euclidean_flow(rate=chi2, constant=4):
    """Gradient flow in the weight itself forgets exponentially, at a rate that tends to chi2(p_o|p_n).

    beta' = -dL/dbeta = -beta I(beta). The time from beta_0 to r beta_0 is at most log(1/r)/(4 TV^2), so
    beta(t) <= beta_0 exp(-4 TV^2 t); the rate -beta'/beta = I(beta) tends to chi2 as beta -> 0, with
    |I - chi2| <= beta (chi2 + chi2_old)/(1-beta).

    Guarantee: **upper bound** of the time, and a **tight** limit of the rate. The constant 4 is the best for all pairs:
    p_n = (1/2, 1/2) on two letters has chi2 = 4 TV^2.
    Hypotheses: any two densities, positive almost everywhere and not equal; chi2 and chi2_old finite for the limit.
    Source: "drives the old weight to zero" (abstract of arXiv:2603.12163); times and rate are ours.
    """
    fisher = (1 - H(beta)) / (beta * (1 - beta))
    speed = -beta * information(beta)
    time = duration((1 - H(s)) / (1 - s))
    exact, bound = beta_0 * (1 - w) / (1 - H(w)), 1 / (constant * x * TV**2)
    v = Dummy("v", positive=True)
    through_information = beta_0 / (w * information(w))
    integrands = (
        Derivation(exact)
        .equals(through_information, by=Replace(1 - H(w), w * (1 - w) * information(w), ReduceToGate(w)))
        .at_most(bound, by=Monotone(Lambda(v, beta_0 / (w * v)), information_at_least_variation(w, constant)))
    )
    spread = beta * (chi2 + chi2_old) / (1 - beta)
    total = (1 - beta) * chi2 + beta * chi2_old

    def approach(by):
        below = information_at_least_chi2(beta)
        from_gate = Derivation(fisher).equals(information(beta), by=ReduceToGate(beta))
        lower = Derivation(fisher, (*from_gate.steps, *below.steps)).at_least(
            chi2 - spread,
            by=SignOf(
                beta * (chi2 / (1 - beta) + beta * chi2_old**2 / ((1 - beta) * total) + chi2**2 / total),
                "both terms of the sum are positive",
            ),
        )
        upper = Derivation(fisher, (*from_gate.steps, *information_at_most_chi2(beta).steps))
        return both(lower, upper).therefore(by)

    return (
        Part(
            eq(-Derivative(loss, beta), speed),
            name="field",
            symbolic=Derivation(-Derivative(loss, beta))
            .equals(SampleIntegral(p_n * gap / q), by=UnderTheIntegral(beta))
            .equals(speed, by=ReduceToGate(beta)),
            certified=(at(*POINTS[:2]),),
        ),
        Part(
            le(Abs(fisher - rate), spread),
            name="rate",
            certified=(over({beta: "[1/2, 4/5]", a: "[1/5, 3/10]", b: "[3/5, 7/10]"}, TwoLetterPair()),),
            symbolic=approach(TwoSided()),
        ),
        Part(
            eq(Limit(fisher, beta, 0, "+"), rate),
            name="limit",
            symbolic=approach(Squeeze()),
            numeric=(SMALL_WEIGHTS,),
        ),
        Part(
            le(time, log(1 / r) / (constant * TV**2)),
            name="time",
            certified=(over({r: "[1/4, 3/10]", beta_0: "[1/2, 11/20]", delta: "[2, 9/4]"}),),
            symbolic=Derivation(time)
            .equals(along(exact), by=BY_FRACTION)
            .at_most(along(bound), by=UnderIntegralSign(integrands, x, FRACTION))
            .equals(log(1 / r) / (constant * TV**2), by=Antiderivative(log(x) / (constant * TV**2), x, FRACTION)),
        ),
    )


@claim(
    domain={beta: "(0, 1)", beta_0: "(0, 1)", t: "[0, oo)"},
    kind="identity",
    densities="any",
    sentence="collapse",
    false_twin={"rate": 2},
)
def natural_flow(rate=1):
    """The natural gradient forgets at rate exactly one, for every pair of densities.

    Under the Fisher-Rao metric beta' = -(dL/dbeta)/I(beta) = -beta, so beta(t) = beta_0 exp(-t): neither overlap nor
    dimension enters.

    Guarantee: **tight** (an identity).
    Hypotheses: any two densities, positive almost everywhere and not equal.
    Source: "drives the old weight to zero" (abstract of arXiv:2603.12163); the identity is ours.
    References: S. Amari, Natural gradient works efficiently in learning, Neural Computation 10 (1998) 251-276.
    """
    score = SampleIntegral(-p_n * gap / q)
    natural = -Derivative(loss, beta) / information(beta)
    solution = beta_0 * exp(-rate * t)
    return (
        Part(
            eq(natural, -rate * beta),
            name="field",
            symbolic=Derivation(natural)
            .equals(-score / information(beta), by=Replace(Derivative(loss, beta), score, UnderTheIntegral(beta)))
            .equals(-rate * beta, by=ReduceToGate(beta)),
            certified=(at(*POINTS[:2]),),
        ),
        Part(
            eq(Derivative(solution, t), -rate * solution),
            name="solution",
            symbolic=Derivation(Derivative(solution, t)).equals(-rate * solution, by=Evaluate("differentiate")),
            numeric=(
                Measurement(followed_natural_flow_on_letters, THREE_QUARTERS, "-beta(2) on two letters", "1e-25"),
                Measurement(followed_natural_flow, THREE_QUARTERS, "-beta(2) on Gaussians", "1e-10"),
            ),
        ),
    )


@claim(
    domain={beta: "(0, 1)", TV: "(0, 1)"},
    kind="rate",
    densities="any",
    sentence="collapse",
    false_twin={"rate": chi2 / 2},
)
def em(rate=chi2, power=1):
    """Expectation-maximisation forgets like 1/k: beta_(k+1) = beta_k H(beta_k), and beta_k chi2 k -> 1.

    The update is E_n[r_o] = beta H(beta), strictly less than beta. 1/beta_(k+1) - 1/beta_k = (1 - H)/(beta H) lies
    between chi2 - beta chi2_old/(1-beta) and chi2. So beta_k >= beta_0/(1 + chi2 beta_0 k) for every k, and, as the
    increment tends to chi2 = chi2(p_o|p_n), beta_k chi2 k -> 1 (theorem of Stolz and Cesaro).

    Guarantee: **tight** (identity and limit); the bound of beta_k is a **lower bound**.
    Hypotheses: any two densities, positive almost everywhere and not equal; chi2 finite, chi2_old for the limit.
    Source: "drives the old weight to zero" (abstract of arXiv:2603.12163); the rate is ours.
    """
    update = beta**power * H(beta)
    increment = 1 / (beta * H(beta)) - 1 / beta
    slack = beta * chi2_old / (1 - beta)
    total = (1 - beta) * chi2 + beta * chi2_old
    decrease = 4 * beta**2 * (1 - beta) * TV**2
    v = Dummy("v", positive=True)
    above = Derivation(increment).at_most(chi2, by=Monotone(Lambda(v, 1 / (beta * v) - 1 / beta), gate_at_least(beta)))

    def approach(by):
        tangent = (
            Derivation(increment)
            .at_least((1 - H(beta)) / beta, by=SignOf((1 - H(beta)) ** 2 / (beta * H(beta)), "(1 - H)^2 >= 0"))
            .equals((1 - beta) * information(beta), by=ReduceToGate(beta))
        )
        below = onward(tangent, scaled(information_at_least_chi2(beta), 1 - beta)).at_least(
            chi2 - slack, by=SignOf(beta**2 * chi2_old**2 / ((1 - beta) * total), "(1-beta) chi2 <= the sum")
        )
        return both(above, below).therefore(by)

    return (
        Part(
            eq(E_n(responsibility_old(beta)), update),
            name="update",
            symbolic=Derivation(E_n(responsibility_old(beta))).equals(
                update, by=Definition("r_o p_n = beta p_o p_n/q")
            ),
            certified=(at(*POINTS[:2]),),
            numeric=(agree(*POINTS[:2]),),
        ),
        Part(
            lt(beta * H(beta), beta),
            name="decrease",
            symbolic=Derivation(beta * H(beta))
            .equals(beta - beta**2 * (1 - beta) * information(beta), by=ReduceToGate(beta))
            .at_most(
                beta - decrease,
                by=Affine(CauchySchwarz(gap**2 / q, q), -(beta**2) * (1 - beta), beta),
            )
            .below(beta, by=SignOf(decrease)),
            certified=(over(BOX),),
        ),
        Part(
            le(increment, rate),
            name="upper bound",
            certified=(over({beta: "[1/2, 3/5]", **LETTERS_BOX}, TwoLetterPair()),),
            symbolic=above,
        ),
        Part(
            le(Abs(increment - rate), slack),
            name="rate",
            certified=(over({beta: "[1/2, 3/5]", **LETTERS_BOX}, TwoLetterPair()),),
            symbolic=approach(TwoSided()),
        ),
        Part(
            eq(Limit(increment, beta, 0, "+"), rate),
            name="limit",
            symbolic=approach(Squeeze()),
            numeric=(
                SMALL_WEIGHTS,
                Measurement(iterated_on_letters, {}, "1/(k beta_k) fitted on two letters", "1e-6", TWO_LETTERS),
                Measurement(iterated_on_gaussians, {delta: Rational(1)}, "1/(k beta_k) fitted", "1e-6"),
            ),
        ),
    )


@claim(
    domain={beta_0: "(0, 1)", beta_1: "(0, 1)", l: "(-oo, oo)", delta: "(0, oo)"},
    kind="identity",
    densities="Gaussian",
    sentence="collapse",
    false_twin={"power": 3},
)
def time_to_forget(power=2, sign=1, parts=4):
    """The time to forget: from weight beta_0 down to beta_1 the logit flow takes int db/(b^2 (1-b)(1-H(b))).

    It grows as beta_1 falls, at the rate 1/(beta_1^2 (1-beta_1)(1-H(beta_1))), and is shorter the farther apart the
    modes are, because H falls as delta grows: with l = log((1-beta)/beta), dH/d(delta) = BC/(2 sqrt(beta (1-beta)))
    delta
    (S_ll - S/4) by overlap/heat-equation, and S_ll <= S/4.

    Guarantee: **tight** (an identity); signs on the stated box.
    Hypotheses: two Gaussians with a common covariance at Mahalanobis distance delta, in any dimension.
    Source: "drives the old weight to zero" (abstract of arXiv:2603.12163); the time is ours.
    """
    time = model.time_to_forget(beta_0, beta_1, delta)
    integral = Integral(1 / (s**power * (1 - s) * (1 - gate(s, delta))), (s, beta_1, beta_0))
    speed = beta_1**2 * (1 - beta_1) * (1 - gate(beta_1, delta))
    bend, quarter = sech((delta * u + l) / 2), Rational(1, parts)
    points = ({beta_0: "1/2", beta_1: "1/10", delta: 2}, {beta_0: "9/10", beta_1: "1/100", delta: 4})
    return (
        Part(
            eq(time, integral),
            name="time",
            symbolic=Derivation(time).equals(integral, by=Evaluate("definition: int db/speed")),
            certified=(at(*points),),
        ),
        Part(
            eq(Derivative(time, beta_1), -sign / speed),
            name="slope",
            symbolic=Derivation(Derivative(time, beta_1)).equals(
                -sign / speed, by=Evaluate("fundamental theorem of calculus")
            ),
            certified=(at(*points),),
        ),
        Part(
            lt(-1 / speed, 0),
            name="longer for less",
            certified=(over({beta_1: "[1/100, 99/100]", delta: "[1/4, 12]"}),),
        ),
        Part(
            le(gate_s_derivative(2, delta, l), quarter * gate_s(delta, l)),
            name="shorter when farther",
            certified=(over({delta: "[1, 4]", l: "[-1, 1]"}),),
            symbolic=Derivation(gate_s_derivative(2, delta, l))
            .equals(normal(bend.diff(u, 2) / delta**2, u), by=GateAsExpectation())
            .at_most(
                normal(quarter * bend, u),
                by=PointwiseExpectation(bend**3 / 2, u, reason="d^2/dx^2 sech(x/2) = sech(x/2)/4 - sech(x/2)^3/2"),
            )
            .equals(quarter * gate_s(delta, l), by=GateAsExpectation()),
        ),
    )


SMALL_SEPARATION, LARGE_SEPARATION = 3 * sqrt(3) / 16, sqrt(pi / 2) / 2
"""Half of the constants 3 sqrt(3)/8 and sqrt(pi/2) of the bound of the pull."""
PULLED_WEIGHT, PULLED_SEPARATION, REACH = 0.8, 1.5, 8.0


def sampled_pull(dimension, rng, draws):
    """E_n[r_o y] for x = m_o + Sigma^(1/2) y, from draws of the new mode; y along mu_n - m_o comes first.

    Each entry of y is clipped at REACH, which changes its mean by less than 1e-9; that is added to the half-width.
    """
    modes = GaussianModes.with_separation(PULLED_SEPARATION, dimension, rng)
    along_gap = modes.whitened(modes.mu_n, modes.mu_o)
    frame, _ = np.linalg.qr(np.column_stack([along_gap, rng.normal(size=(dimension, dimension))]))
    frame = frame[:, :dimension] * np.where(np.arange(dimension) == 0, np.sign(frame[:, 0] @ along_gap), 1.0)

    def draw(count, generator):
        points = modes.draw(modes.mu_n, count, generator)
        logs = (modes.log_density(points, modes.mu_o), modes.log_density(points, modes.mu_n))
        odds = np.log1p(-PULLED_WEIGHT) - np.log(PULLED_WEIGHT) + logs[1] - logs[0]
        white = modes.whitened(points, modes.mu_o) @ frame
        return np.clip(white, -REACH, REACH) * (1 / (1 + np.exp(odds)))[:, None]

    found = bounded_mean(draw, draws, -REACH, REACH, FAILURE_PROBABILITY, rng)
    return Estimate(found.mean, found.half_width + 1e-9, found.draws, found.probability)


def predicted_pull(dimension, toward):
    """The statement's right side, whitened: delta E_n[r_o^2] along mu_n - m_o and nothing across."""
    nodes, masses = np.polynomial.hermite_e.hermegauss(120)
    log_odds = np.log1p(-PULLED_WEIGHT) - np.log(PULLED_WEIGHT)
    responsibility = 1 / (1 + np.exp(log_odds + PULLED_SEPARATION * nodes + PULLED_SEPARATION**2 / 2))
    mean_square = masses @ responsibility**2 / np.sqrt(2 * np.pi)
    return np.eye(dimension)[0] * toward * PULLED_SEPARATION * mean_square


@claim(
    domain={
        beta: "(0, 1)",
        **dict.fromkeys((m_o, m_n, mu_o, mu_n), "(-oo, oo)"),
        delta: "(0, oo)",
    },
    kind="upper bound",
    densities="Gaussian",
    sentence="collapse",
    depends_on=("overlap/closed-forms",),
    false_twin={"toward": -1},
)
def old_mean_pull(toward=1, small=SMALL_SEPARATION, large=LARGE_SEPARATION):
    """New data always pull the old mean straight towards the new one, with a force gated by overlap.

    With the new component in place (m_n = mu_n), -dL/dm_o = Sigma^-1 (mu_n - m_o) E_n[r_o^2] for every m_o, any Sigma
    and d: no component across, and never away. E_n[r_o^2] = beta^2 (H - (1-beta) H'). At separation delta of m_o
    from mu_n
    its whitened norm delta E_n[r_o^2] is at most

        (1/2) sqrt(beta/(1-beta)) exp(-delta^2/8) min(3 sqrt(3) delta/8, sqrt(pi/2)),

    which is below (1/2) sqrt(beta/(1-beta)) BC (delta/2 + sqrt(2/pi)) for every delta. Written along a direction v with
    v^T Sigma^-1 v = 1: a letter m stands for v^T Sigma^-1 m.

    Guarantee: **tight** (identities) and **upper bound**, sharp in both its terms: the first is attained as delta -> 0
    at beta = 3/4, the second as delta -> infinity at any fixed beta.
    Hypotheses: Gaussian modes with common covariance Sigma, any dimension; the bound 3 sqrt(3)/16 sqrt(beta/(1-beta))
    BC of E_n[r_o^2] holds for any densities.
    Source: ours; for the forward direction the abstract of arXiv:2603.12163 speaks of the weight alone.
    """
    whole = beta * c_o + (1 - beta) * c_n
    r_old = beta * c_o / whole
    full_loss = SpaceIntegral(c_n * log(c_n / whole))
    force = -Derivative(full_loss, m_o)
    square = SpaceIntegral(c_n * r_old**2)
    mean_square = E_n(responsibility_old(beta) ** 2)
    gate_form = beta**2 * (H(beta) - (1 - beta) * Derivative(H(beta), beta))
    odds = (1 - beta) / beta
    decay = exp(-(delta**2) / 8)
    old, new = sqrt(beta * p_o), sqrt((1 - beta) * p_n)
    touching = (old - sqrt(3) * new) ** 2 * (old**2 + 2 * sqrt(3) / 9 * old * new + new**2 / 3)
    room = small * old * new / ((1 - beta) * q**2) * touching
    on_line = exp(delta * u / 2) / (1 + odds * exp(delta * u)) ** 2
    flat, v = on_line / sqrt(2 * pi), Dummy("v", positive=True)
    integrands = Derivation(on_line * exp(-(u**2) / 2) / sqrt(2 * pi)).at_most(
        flat,
        by=Monotone(Lambda(v, flat * exp((1 - v) / 2)), Derivation(1 + u**2).at_least(1, by=SignOf(u**2))),
    )
    rising = sqrt(odds) * exp(delta * u / 2)
    F = (atan(rising) + 1 / (1 / rising + rising)) / (sqrt(2 * pi) * delta * sqrt(odds))
    factor, real = delta * decay, Interval.parse("(-oo, oo)")
    bell = on_line * exp(-(u**2) / 2) / sqrt(2 * pi)

    from_small = (
        Derivation(delta * mean_square)
        .at_most(
            delta * SampleIntegral(small * sqrt(odds) / odds * sqrt(p_o * p_n)),
            by=Affine(Pointwise(room, "arithmetic-geometric mean: a^3 c <= 27/256 (a + c)^4"), delta),
        )
        .equals(delta * small * sqrt(odds) / odds * BC, by=Definition())
        .equals(delta * small * sqrt(odds) / odds * decay, by=Replace(BC, decay, Lemma("overlap/closed-forms", "BC")))
    )
    from_large = (
        Derivation(delta * mean_square)
        .equals(factor * normal(on_line, u), by=OnTheLine())
        .equals(factor * Integral(bell, (u, -oo, oo)), by=AsIntegral())
        .at_most(
            factor * Integral(flat, (u, -oo, oo)),
            by=Affine(UnderIntegralSign(integrands, u, real, "exp(-u^2/2) <= 1"), factor),
        )
        .equals(large * sqrt(odds) / odds * decay, by=Antiderivative(F, u, real))
    )
    far = ({beta: "3/10", m_o: "-1/2", m_n: 2}, {beta: "4/5", m_o: 1, m_n: "1/2"})
    return (
        Part(
            eq(force, toward * (m_n - m_o) * square),
            name="force",
            symbolic=Derivation(force)
            .equals(SpaceIntegral(c_n * r_old * (y - m_o)), by=MoveMean(m_o))
            .equals(SpaceIntegral(c_n * (y - m_n) * r_old) + (m_n - m_o) * SpaceIntegral(c_n * r_old), by=Gathering())
            .equals(
                SpaceIntegral(c_n * slope_along(r_old)) + (m_n - m_o) * SpaceIntegral(c_n * r_old),
                by=Affine(SteinAlong(c_n, r_old), 1, (m_n - m_o) * SpaceIntegral(c_n * r_old)),
            )
            .equals(toward * (m_n - m_o) * square, by=Gathering("d_v r_o = -r_o r_n (m_n - m_o)")),
            certified=(at(*far, digits=10),),
            numeric=(agree(*far[:1]),),
            simulation=tuple(
                Experiment(
                    run=lambda rng, draws, d=d: sampled_pull(d, rng, draws),
                    predict=lambda d=d: predicted_pull(d, toward),
                    what=f"whitened pull on the old mean in d = {d}, random covariance",
                )
                for d in (1, 2, 5)
            ),
        ),
        Part(
            eq(mean_square, gate_form),
            name="gate",
            symbolic=Derivation(mean_square).equals(gate_form, by=ReduceToGate(beta)),
            certified=(at(*POINTS[:2]),),
        ),
        Part(
            le(mean_square, small * sqrt(odds) / odds * BC),
            name="any densities",
            symbolic=Derivation(mean_square)
            .at_most(
                SampleIntegral(small * sqrt(odds) / odds * sqrt(p_o * p_n)),
                by=Pointwise(room, "arithmetic-geometric mean: a^3 c <= 27/256 (a + c)^4"),
            )
            .equals(small * sqrt(odds) / odds * BC, by=Definition()),
            certified=(
                over({beta: "[1/2, 3/5]", **LETTERS_BOX}, TwoLetterPair()),
                at(*POINTS[:2]),
            ),
        ),
        Part(
            le(delta * mean_square, sqrt(odds) / odds * decay * Min(small * delta, large)),
            name="whitened norm",
            certified=(over({beta: "[1/2, 11/20]", delta: "[2, 9/4]"}),),
            symbolic=both(from_small, from_large).therefore(SmallerOf()),
        ),
    )
