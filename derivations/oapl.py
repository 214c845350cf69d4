"""oapl: squared regression of the log-ratio to a lagged policy towards its tilt by the reward."""

import mpmath
import numpy as np
from sympy import Derivative, Rational, Subs, Symbol, exp, log, pi, sqrt, symbols

from symforget.authoring import claim, eq, ge, le
from symforget.calculus import SampleIntegral, mixture, p_n, p_o
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.functions import normal
from symforget.gate.symbolic import gate_s
from symforget.instances import TwoLetterPair, a
from symforget.instances import b as b_letter
from symforget.legs.certified import at, over
from symforget.legs.numeric import Measurement, agree
from symforget.legs.simulation import FAILURE_PROBABILITY, Experiment
from symforget.model import alpha, beta, delta, l, z
from symforget.objectives.oapl import (
    FirstStep,
    K,
    R,
    Training,
    V,
    b,
    beta_2,
    curvature,
    kappa,
    optimal_log_ratio,
    realisable_loss,
    residual_loss,
    tau,
    tilt,
    tilted_mass,
)
from symforget.objectives.oapl import target_odds as odds_of_target
from symforget.rules import (
    Algebra,
    AtEveryPoint,
    CompleteTheSquare,
    ConvexTouching,
    Lemma,
    PointwiseExpectation,
    PointwiseGiven,
    PutIn,
    Replace,
    SignGiven,
    SignOf,
    Stein,
    Times,
    TouchesZero,
    UnderTheIntegral,
)
from symforget.rules.rewards import (
    LinearInReward,
    PointwiseReward,
    ProductLogarithm,
    PutInReward,
    RewardIntegral,
    SteinLogistic,
    UnderTheRewardIntegral,
    y,
    y_1,
    y_2,
)
from symforget.rules.touching import Bernoulli
from symforget.simulate import Estimate, bounded_mean

UNIT, RATIO, LINE, CLOSED = "(0, 1)", "(0, oo)", "(-oo, oo)", "[0, 1]"
LETTERS = {y_1: CLOSED, y_2: CLOSED}
q, p_alpha = mixture(beta), mixture(alpha)
gap = p_o - p_n
old, new = symbols("old new", positive=True)
"""The values of p_o and p_n at one point."""
n = Symbol("n", nonnegative=True)
n_1, n_2 = symbols("n_1 n_2", nonnegative=True)
v = Symbol("v", positive=True)
real = Symbol("real", real=True)
A_o, A_n, Z = (tilted_mass(density) for density in (p_o, p_n, p_alpha))
SPOT = {a: "1/4", b_letter: "2/3", y_1: "1/5", y_2: 1}
SPOTS = ({**SPOT, alpha: "3/10", R: 2}, {**SPOT, alpha: "4/5", R: "1/2", y_1: "9/10"})
PAIR = TwoLetterPair(Rational(1, 4), Rational(2, 3))
REWARDED = {"weight": 0.4, "height": 1.0, "delta": 2.0}
"""Old weight of the lagged policy, height of its soft-classifier reward in units of tau, separation."""
ROLLOUTS = 200_000
"""Rollouts in the group from which V is estimated."""


def classified(weight, height, delta):
    """Masses, responsibilities r_o and rewards at the nodes of Gauss-Hermite quadrature, for either mode."""
    points, masses = np.polynomial.hermite_e.hermegauss(80)
    for side in (-0.5, 0.5):
        x = points + side * delta
        responsibility = 1 / (1 + (1 - weight) / weight * np.exp(delta * x))
        yield masses / np.sqrt(2 * np.pi), responsibility, height * (1 - responsibility)


def tilted_draws(count, rng):
    """For rollouts of the lagged policy exp(r/tau), for those of the old mode and for all, scaled to [0, 1]."""
    weight, height, separation = REWARDED.values()
    from_old = rng.random(count) < weight
    x = rng.standard_normal(count) + separation * np.where(from_old, -0.5, 0.5)
    odds = np.exp(np.log1p(-weight) - np.log(weight) + separation * x)
    tilted = np.exp(height * odds / (1 + odds) - height)
    return np.stack([tilted * from_old, tilted], axis=1)


def predicted_draws(odds):
    """Their means, the old share from the statement's odds, given as a function of alpha, A_o and A_n."""
    weight, height, _ = REWARDED.values()
    masses = [float(m @ np.exp(r)) for m, _, r in classified(**REWARDED)]
    whole = weight * masses[0] + (1 - weight) * masses[1]
    ratio = float(odds.subs({A_o: masses[0], A_n: masses[1], alpha: weight}))
    return np.array([whole * ratio / (1 + ratio), whole]) * np.exp(-height)


@claim(
    domain={alpha: UNIT, R: RATIO, old: RATIO, new: RATIO, **LETTERS},
    kind="identity",
    densities="none",
    sentence="oapl",
    false_twin={"factor": 2},
)
def target_odds(factor=1):
    """OAPL's target is a mixture of the two tilted modes; the reward enters the odds through two numbers.

    pi* = pi_v exp(r/tau)/Z with pi_v = p_alpha is alpha* p_o exp(r/tau)/A_o + (1-alpha*) p_n exp(r/tau)/A_n, where
    A_o = E_o[exp(r/tau)], A_n = E_n[exp(r/tau)], and alpha*/(1-alpha*) = (alpha/(1-alpha)) A_o/A_n. Z = alpha A_o +
    (1-alpha) A_n. The reward is R tau y(x) with y in [0, 1], any function; old and new are the densities at a point.

    Guarantee: **tight** (identities).
    Hypotheses: any two densities and any bounded reward; legs that compute take two letters or a soft classifier.
    Source: OAPL, "explicit conditions for retaining old mass" (abstract of arXiv:2603.12163); the formula is ours.
    References: arXiv:2602.19362.
    """
    odds = factor * odds_of_target()
    share = odds / (1 + odds)
    lagged, whole = p_alpha.xreplace({p_o: old, p_n: new}), alpha * A_o + (1 - alpha) * A_n
    here = exp(R * y_1)
    at_a_point = lagged * here / Z, (share * old / A_o + (1 - share) * new / A_n) * here
    mass_old, mass_new = (RewardIntegral(e * tilt()) for e in (alpha * p_o, (1 - alpha) * p_n))

    def run(rng, count):
        return bounded_mean(tilted_draws, count, 0, 1, FAILURE_PROBABILITY, rng)

    return (
        Part(
            eq(Z, whole),
            name="normaliser",
            symbolic=Derivation(Z).equals(whole, by=LinearInReward()),
            certified=(at(*SPOTS),),
        ),
        Part(
            eq(mass_old / mass_new, odds),
            name="odds",
            symbolic=Derivation(mass_old / mass_new)
            .equals(alpha * A_o / mass_new, by=Replace(mass_old, alpha * A_o, LinearInReward()))
            .equals(odds, by=Replace(mass_new, (1 - alpha) * A_n, LinearInReward())),
            certified=(at(*SPOTS),),
            numeric=(agree(SPOTS[0]),),
            simulation=(Experiment(run, lambda: predicted_draws(odds), "tilted mass of the old mode and of both"),),
        ),
        Part(
            eq(at_a_point[0], at_a_point[1]),
            name="density",
            symbolic=Derivation(at_a_point[0])
            .equals(at_a_point[0].xreplace({Z: whole}), by=Replace(Z, whole, LinearInReward()))
            .equals(at_a_point[1], by=Algebra("collect the two modes")),
            certified=(at({**SPOTS[0], old: "1/3", new: 2}),),
        ),
    )


POLICIES = 30_000
REGRESSED = {"gap": 0.7, "start": 0.6, "synchronisations": 2}


def trained(rng, draws):
    """The old weights after two synchronisations of OAPL with V from groups of rollouts and 50 gradient steps each."""
    training = Training(REGRESSED["gap"])

    def weights(count, generator):
        found = training.run(REGRESSED["start"], REGRESSED["synchronisations"], count, generator)
        return np.clip(found, 0.2, 0.4)

    return bounded_mean(weights, draws, 0.2, 0.4, FAILURE_PROBABILITY, rng)


@claim(
    domain={alpha: UNIT, R: RATIO, K: "[1, oo)", old: RATIO, **LETTERS},
    kind="lower bound",
    densities="none",
    sentence="oapl",
    false_twin={"rate": Rational(1, 2)},
)
def retention(rate=1):
    """Each synchronisation costs the old mode at most the factor exp(-osc(r)/tau) of its odds.

    alpha*/(1-alpha*) >= (alpha/(1-alpha)) exp(-R), R = osc(r)/tau. The tilt of pi_K = pi_0 exp(K r/tau)/Z_K is
    pi_(K+1) (old: the density of pi_0 at a point), so after K synchronisations the odds are
    (alpha/(1-alpha)) E_o[exp(K r/tau)]/E_n[exp(K r/tau)], at least
    (alpha/(1-alpha)) exp(-K R): a geometric loss, no collapse at finite K.

    Guarantee: **lower bound**; attained in the limit of modes far apart, the reward being least on the old mode and
    greatest on the new one.
    Hypotheses: any two densities, any bounded reward; every regression carried to its optimum.
    Source: OAPL, "explicit conditions for retaining old mass" (abstract of arXiv:2603.12163); the bound is ours.
    References: arXiv:2602.19362.
    """
    before = alpha / (1 - alpha)

    def bounded(times):
        second = tilted_mass(p_n, times)
        floor = before * exp(-rate * times * R)
        start = Derivation(odds_of_target(times))
        return floor, start.at_least(
            before / second,
            by=Times(
                before / second,
                PointwiseReward(p_o * (n + times * R * y), lifted(times * R * y), "exp(r/tau) >= 1"),
            ),
        ).at_least(
            floor,
            by=Times(
                before * exp(-times * R) / second,
                PointwiseReward(
                    p_n * exp(times * R * y) * (n + times * R * (1 - y)), lifted(times * R * (1 - y)), "r <= osc(r)"
                ),
            ),
        )

    def lifted(exponent):
        return ((n, ConvexTouching(v - 1 - log(v), v, 1 / v**2), exp(exponent)),)

    def part(name, times, **legs):
        floor, derivation = bounded(times)
        return Part(ge(odds_of_target(times), floor), name=name, symbolic=derivation, **legs)

    lagged, here = old, exp(R * y_1)
    now, following = tilted_mass(p_alpha, K), tilted_mass(p_alpha, K + 1)
    composed = (lagged * here**K / now) * here / (following / now)
    direct = lagged * exp((K + 1) * R * y_1) / following

    def predict():
        odds = REGRESSED["start"] / (1 - REGRESSED["start"])
        odds *= float(exp(-rate * REGRESSED["synchronisations"] * Rational(str(REGRESSED["gap"]))))
        return odds / (1 + odds)

    return (
        part("one synchronisation", 1, certified=(at(*SPOTS),)),
        Part(
            eq(composed, direct),
            name="composition",
            symbolic=Derivation(composed).equals(direct, by=Algebra("exp(K r/tau) exp(r/tau)")),
            certified=(at({**SPOTS[0], K: 3, old: "1/3"}),),
        ),
        part(
            "after K synchronisations",
            K,
            certified=(at({**SPOTS[0], K: 3}),),
            simulation=(Experiment(trained, predict, "old weight of trained policies, modes far apart", POLICIES),),
        ),
    )


@claim(
    domain={alpha: UNIT, beta: UNIT, b: UNIT, tau: RATIO, R: RATIO, **LETTERS},
    kind="fixed point",
    densities="any",
    sentence="oapl",
    false_twin={"constant": 4},
)
def global_minimiser(constant=2):
    """The tilt is the policy of zero loss; in the family the reward's own weight is the only minimum.

    At pi* the residual tau log(pi*/pi_v) - (r - V) vanishes everywhere, V = tau log Z, and only there is the loss zero.
    If r = tau log(q_b/p_alpha) + const, the loss of q_beta is tau^2 E[log(q_beta/q_b)^2] and
    (beta - b) dL/dbeta >= 4 tau^2 (beta - b)^2 int p_alpha (p_o - p_n)^2/(q_beta (q_beta + q_b)): beta = b is the only
    minimum, with Hessian 2 tau^2 int p_alpha (p_o - p_n)^2/q_b^2.

    Guarantee: **tight** (identities); **lower bound** of the slope, of the right order at beta = b.
    Hypotheses: any two densities, positive almost everywhere, p_o != p_n for uniqueness.
    Source: OAPL, "explicit conditions for retaining old mass" (abstract of arXiv:2603.12163); the bounds are ours.
    References: arXiv:2602.19362.
    """
    loss, q_b = realisable_loss(), mixture(b)
    score = SampleIntegral(2 * tau**2 * p_alpha * log(q / q_b) * gap / q)
    floor = 2 * constant * tau**2 * (beta - b) ** 2 * SampleIntegral(p_alpha * gap**2 / (q * (q + q_b)))
    w = Symbol("w", positive=True)
    contact = ConvexTouching(
        (w - 1) * log(w) - 2 * (w - 1) ** 2 / (1 + w),
        w,
        (w - 1) ** 2 * ((1 + w) ** 2 + 4 * w) / (w**2 * (1 + w) ** 3),
    )
    hessian = constant * curvature() / 2
    second = SampleIntegral(2 * tau**2 * p_alpha * (gap**2 / q**2 - log(q / q_b) * gap**2 / q**2))
    spots = ({alpha: "3/10", beta: "1/5", b: "3/5", tau: 1}, {alpha: "1/2", beta: "9/10", b: "1/4", tau: "1/2"})
    reward = R * y_1
    return (
        Part(
            eq(tau * log(exp(reward) / Z), tau * reward - tau * log(Z)),
            name="zero loss",
            symbolic=Derivation(tau * log(exp(reward) / Z)).equals(
                tau * reward - tau * log(Z), by=Algebra("log exp(r/tau) = r/tau, V = tau log Z")
            ),
            certified=(at({**SPOTS[0], tau: 1}),),
        ),
        Part(
            eq(Derivative(loss, beta), score),
            name="gradient",
            symbolic=Derivation(Derivative(loss, beta)).equals(score, by=UnderTheIntegral(beta)),
            certified=(at(spots[0], instance=PAIR),),
        ),
        Part(
            ge((beta - b) * Derivative(loss, beta), floor),
            name="minimum",
            symbolic=Derivation((beta - b) * Derivative(loss, beta))
            .equals((beta - b) * score, by=UnderTheIntegral(beta))
            .at_least(
                floor,
                by=PointwiseGiven(
                    2 * tau**2 * p_alpha * n, ((n, contact, q_b / q),), "(w-1) log w >= 2 (w-1)^2/(1+w), w = q_b/q"
                ),
            ),
            certified=(at(*spots, instance=PAIR),),
        ),
        Part(
            eq(Subs(Derivative(score, beta), beta, b), hessian),
            name="Hessian",
            symbolic=Derivation(Subs(Derivative(score, beta), beta, b))
            .equals(Subs(second, beta, b), by=AtEveryPoint(UnderTheIntegral(beta)))
            .equals(hessian, by=PutIn("log 1 = 0 at beta = b")),
            certified=(at({alpha: "3/10", b: "3/5", tau: 1}, instance=PAIR),),
        ),
    )


@claim(
    domain={alpha: UNIT, beta: UNIT, tau: RATIO, R: RATIO, V: LINE, **LETTERS},
    kind="identity",
    densities="none",
    sentence="oapl",
    false_twin={"constant": 1},
)
def first_step(constant=2):
    """Right after a synchronisation OAPL's gradient is an ordinary policy gradient.

    At pi = pi_v the gradient of E_{pi_v}[(tau log(pi/pi_v) - (r - V))^2] is -2 tau E_{pi_v}[r grad log pi], whatever V
    is: in the weight, -2 tau int r (p_o - p_n). Here r = R y, so that R is the reward's oscillation itself.

    Guarantee: **tight** (an identity).
    Hypotheses: any two densities, any bounded reward.
    Source: OAPL (abstract of arXiv:2603.12163); the identity is ours.
    References: arXiv:2602.19362.
    """
    loss = residual_loss()
    residual = tau * log(q / p_alpha) - (R * y - V)
    slope = RewardIntegral(2 * tau * residual * p_alpha * gap / q)
    value = -constant * tau * RewardIntegral(R * y * gap)
    step = Subs(Derivative(loss, beta), beta, alpha)
    method = FirstStep(**REWARDED)

    def run(rng, count):
        found = bounded_mean(method.gradients, count, -2, 2, FAILURE_PROBABILITY, rng, chunk=ROLLOUTS)
        slack = method.value_error(min(count, ROLLOUTS), FAILURE_PROBABILITY)
        return Estimate(found.mean, found.half_width + slack, count, found.probability)

    def predict():
        weight = REWARDED["weight"]
        on_old, on_new = (float(m @ r) for m, _, r in classified(**REWARDED))
        return weight * (1 - weight) * float(value.subs(tau, 1).replace(RewardIntegral, lambda _: on_old - on_new))

    return (
        Part(
            eq(step, value),
            symbolic=Derivation(step)
            .equals(Subs(slope, beta, alpha), by=AtEveryPoint(UnderTheRewardIntegral(beta)))
            .equals(value, by=PutInReward("log 1 = 0 at pi = pi_v, and int (p_o - p_n) = 0")),
            certified=(at({**SPOTS[0], tau: 1, V: "1/3"}),),
            numeric=(agree({**SPOTS[1], tau: "1/2", V: -1}),),
            simulation=(Experiment(run, predict, "gradient of the loss, V estimated from the group of rollouts"),),
        ),
    )


x = Symbol("x", real=True)
EXPONENTIAL = TouchesZero(exp(x) - 1 - x, x, 2, exp(x))


@claim(
    domain={R: RATIO, delta: RATIO, l: LINE},
    kind="upper bound",
    densities="Gaussian",
    sentence="oapl",
    depends_on=("overlap/exact-values", "overlap/sharp-bound"),
    false_twin={"half": Rational(1, 16)},
)
def drift_gated(half=Rational(1, 2), width=sqrt(2 * pi)):
    """A reward that is flat on the old mode, except where it overlaps the new one, moves it through a gate only.

    For r = R tau r_n(x), r_n the posterior of the new mode under pi_v, the mean of the tilted old mode moves towards
    the new one by D/A_o in whitened coordinates, D = E_o[z exp(R r_n)], A_o = E_o[exp(R r_n)], and with
    l = log((1-alpha)/alpha), exp(l/2) = sqrt((1-alpha)/alpha),
    0 <= D <= (exp(R) - 1) (delta/2) exp(l/2) exp(-delta^2/8) S(delta, l), S <= min(1, sqrt(2 pi)/delta), A_o >= 1.

    Guarantee: **upper bound**; of the right order in delta, and in R as R -> 0.
    Hypotheses: Gaussian modes with common covariance at Mahalanobis distance delta, any dimension; z is the whitened
        coordinate from mu_o towards mu_n, across which the tilt is symmetric.
    Source: OAPL, "overlap-controlled drift" (abstract of arXiv:2603.12163); the bound is ours.
    References: arXiv:2602.19362.
    """
    r_n = 1 / (1 + exp(-(l - delta**2 / 2 + delta * z)))
    tilted = exp(R * r_n)
    moved, mass, escaped = normal(z * tilted, z), normal(tilted, z), normal(r_n, z)
    front = (exp(R) - 1) * delta
    gate = half * exp(l / 2 - delta**2 / 8)
    slope = delta * R * r_n * (1 - r_n) * tilted
    gain = delta * r_n * (tilted * n_1 + n_2 + R * r_n)
    given = ((n_1, EXPONENTIAL, R * (1 - r_n)), (n_2, EXPONENTIAL, R * r_n))
    to_slope = SteinLogistic(tilted, z)

    outside = delta * exp(l / 2 - delta**2 / 8)
    gated = half * outside * gate_s(delta, l)

    def part(name, lemma_part, bound):
        return Part(
            le(gated, half * outside * bound),
            name=name,
            symbolic=Derivation(gated).at_most(
                half * outside * bound, by=Lemma("overlap/sharp-bound", lemma_part, times=half * outside)
            ),
            certified=(over({delta: "[1/4, 8]", l: "[-4, 4]"}),),
        )

    return (
        Part(
            ge(moved, 0),
            name="towards the new mode",
            symbolic=Derivation(moved)
            .equals(normal(slope, z), by=to_slope)
            .at_least(0, by=PointwiseExpectation(slope, z, reason="r_n increases towards the new mode")),
            certified=(at({R: 1, delta: 2, l: 0}, digits=10),),
        ),
        Part(
            le(moved, (exp(R) - 1) * gated),
            name="gate",
            symbolic=Derivation(moved)
            .equals(normal(slope, z), by=to_slope)
            .at_most(
                front * escaped,
                by=PointwiseExpectation(gain, z, given, "R (1-r) exp(R r) <= exp(R) - 1, since exp(x) >= 1 + x"),
            )
            .equals((exp(R) - 1) * gated, by=Lemma("overlap/exact-values", "gate", times=-front * gate)),
            certified=(at({R: 1, delta: 3, l: "1/2"}, digits=10),),
            numeric=(agree({R: 1, delta: 3, l: "1/2"}),),
        ),
        Part(
            ge(mass, 1),
            name="mass",
            symbolic=Derivation(mass).at_least(
                1, by=PointwiseExpectation(n_2 + R * r_n, z, given[1:], "exp(R r_n) >= 1")
            ),
            certified=(at({R: 1, delta: 2, l: 0}, digits=10),),
        ),
        part("near", "small", 1),
        part("far", "large", width / delta),
    )


g = Symbol("g", real=True)


@claim(
    domain={g: LINE, delta: RATIO, x: LINE},
    kind="identity",
    densities="Gaussian",
    sentence="oapl",
    false_twin={"constant": Rational(1, 2)},
)
def drift_ungated(constant=1):
    """A reward with a slope on the old mode moves it whatever the separation.

    For r = <b, x> the tilted old mode is N(mu_o + Sigma b/tau, Sigma). In the whitened coordinate z from mu_o along any
    direction, g the component of Sigma^(1/2) b/tau: exp(g z) n(z)/A_o = n(z - g) with A_o = exp(g^2/2): the mean moves
    by g; no delta occurs. The new mode at z = delta moves alike, and the odds fall by the factor exp(-g delta).

    Guarantee: **tight** (identities).
    Hypotheses: Gaussian modes with common covariance, any dimension; a linear reward (unbounded).
    Source: OAPL, the other side of "overlap-controlled drift" (abstract of arXiv:2603.12163); ours.
    References: arXiv:2602.19362.
    """
    mass, moved = normal(exp(g * z), z), normal(z * exp(g * z), z)
    density = exp(-(x**2) / 2) / sqrt(2 * pi)
    spots = ({g: "3/2"}, {g: -2})

    return (
        Part(
            eq(mass, exp(g**2 / 2)),
            name="mass",
            symbolic=Derivation(mass).equals(exp(g**2 / 2), by=CompleteTheSquare()),
            certified=(at(*spots),),
        ),
        Part(
            eq(moved, constant * g * mass),
            name="mean",
            symbolic=Derivation(moved).equals(constant * g * mass, by=Stein(exp(g * z), z)),
            certified=(at(*spots),),
            numeric=(agree(spots[0]),),
        ),
        Part(
            eq(exp(g * x) * density / exp(g**2 / 2), density.subs(x, x - g)),
            name="density",
            symbolic=Derivation(exp(g * x) * density / exp(g**2 / 2)).equals(density.subs(x, x - g), by=Algebra()),
            certified=(at({g: "3/2", x: 1}),),
        ),
        Part(
            eq(mass / normal(exp(g * (z + delta)), z), exp(-constant * g * delta)),
            name="odds",
            symbolic=Derivation(mass / normal(exp(g * (z + delta)), z)).equals(
                exp(-constant * g * delta), by=CompleteTheSquare()
            ),
            certified=(at({g: "3/2", delta: 2}),),
        ),
    )


A = Symbol("A", real=True)
x_o, x_s, ratio, d = symbols("x_o x_s x d", positive=True)
c = Symbol("c", positive=True)
v_0 = Symbol("v_0", real=True)


def advantage(optimal):
    """A = beta_2 log x + kappa x, the advantage r - V of a point at which the optimal ratio pi/pi_v is x."""
    return beta_2 * log(optimal) + kappa * optimal


def multiplier_by_descent(point, digits):
    """kappa from the minimum of the loss over policies on two letters, found along the loss itself."""
    with mpmath.workdps(min(digits, 20) + 15):
        weight, sharp, multiplier, low = (mpmath.mpf(point[s].p) / point[s].q for s in (alpha, beta_2, kappa, x_o))
        ratios = (low, (1 - weight * low) / (1 - weight))
        goals = [sharp * mpmath.log(r) + multiplier * r for r in ratios]

        def loss(logit):
            share = 1 / (1 + mpmath.exp(-logit))
            logs = mpmath.log(share / weight), mpmath.log((1 - share) / (1 - weight))
            squares = [(sharp * u - goal) ** 2 for u, goal in zip(logs, goals, strict=True)]
            return weight * squares[0] + (1 - weight) * squares[1]

        start = mpmath.log(weight / (1 - weight))
        logit = mpmath.findroot(lambda s: mpmath.diff(loss, s), (start - 1, start - 0.5), tol=1e-30)
        share = 1 / (1 + mpmath.exp(-logit))
        logs = mpmath.log(share / weight), mpmath.log((1 - share) / (1 - weight))
        gained = [goal - sharp * u for u, goal in zip(logs, goals, strict=True)]
        return weight * gained[0] + (1 - weight) * gained[1], mpmath.mpf(10) ** (-min(digits, 20) // 2)


@claim(
    domain={
        A: LINE,
        alpha: UNIT,
        beta_2: RATIO,
        kappa: RATIO,
        x_o: UNIT,
        x_s: RATIO,
        ratio: RATIO,
        d: RATIO,
        c: "[1, oo)",
        v_0: LINE,
        R: RATIO,
        **LETTERS,
    },
    kind="fixed point",
    densities="none",
    sentence="oapl",
    false_twin={"constant": 2},
)
def two_temperatures(constant=1, ceiling=1):
    """With two temperatures OAPL's target does not normalise; the optimum that does, and what it does to old mass.

    Zero loss would need u = log(pi/pi_v) = A/beta_2, A = r - V, V = beta_1 log E exp(r/beta_1). For beta_2 <= beta_1
    E exp(A/beta_2) >= 1 (with s = r/beta_1 - V/beta_1, E exp(s) = 1 and c = beta_1/beta_2). The best policy is
    u = A/beta_2 - W((kappa/beta_2) exp(A/beta_2)), W Lambert's function, kappa >= 0 fixed by E exp(u) = 1: there
    beta_2 u - A + kappa exp(u) = 0, that is A = beta_2 log x + kappa x for x = pi/pi_v. Any other policy x has, with
    optimal x_s, an excess loss beta_2^2 E[log(x/x_s)^2] + 2 beta_2 kappa KL(pi_s|pi) >= 0; kappa = E[A] - beta_2 E[u].
    For old mass: (i) log x <= A/beta_2: what is rewarded below the value V shrinks at least by exp(-(V - r)/beta_2);
    (ii) log(x_n/x_o) <= (A_n - A_o)/beta_2 for x_n = x_o + d: the odds keep at least exp(-osc(r)/beta_2). So the small
    temperature beta_2 sets the loss, not beta_1: at 1 and 1/1000, with reward one lower on an old mode of weight
    1/2, one full optimisation leaves exp(-620) of it.

    Guarantee: **tight** (identities); **upper** and **lower bounds** of the old mass, attained as kappa x/beta_2 -> 0.
    Hypotheses: finite alphabets or any densities, bounded reward, beta_2 <= beta_1; the regression carried to its
        optimum before the next synchronisation.
    Source: OAPL's two temperatures (arXiv:2602.19362); the optimum and what follows are ours.
    References: R. M. Corless et al., On the Lambert W function, Adv. Comput. Math. 5 (1996) 329-359.
    """
    u = optimal_log_ratio(A)
    target = advantage(x_s)
    losses = [(beta_2 * log(e) - target) ** 2 for e in (ratio, x_s)]
    excess = losses[0] - losses[1] + 2 * beta_2 * kappa * (ratio - x_s)
    entropy = ratio / x_s - 1 - log(ratio / x_s)
    decomposed = beta_2**2 * log(ratio / x_s) ** 2 + 2 * constant * beta_2 * kappa * x_s * entropy
    contact = ConvexTouching(v - 1 - log(v), v, 1 / v**2)
    x_n = (1 - alpha * x_o) / (1 - alpha)
    mean_advantage = alpha * advantage(x_o) + (1 - alpha) * advantage(x_n)
    multiplier = mean_advantage - beta_2 * (alpha * log(x_o) + (1 - alpha) * log(x_n))
    risen = (advantage(x_o + d) - advantage(x_o)) / beta_2
    weight = exp(R * y - v_0)
    tempered, once = RewardIntegral(p_alpha * weight**c), RewardIntegral(p_alpha * weight)
    spot = {A: "-1/3", beta_2: "1/10", kappa: "1/2"}
    values = {beta_2: "1/10", kappa: "1/2", x_s: "1/3", ratio: 2}
    return (
        Part(
            eq(beta_2 * u + kappa * exp(u), A),
            name="stationary",
            symbolic=Derivation(beta_2 * u + kappa * exp(u)).equals(A, by=ProductLogarithm()),
            certified=(at(spot, {A: 2, beta_2: 1, kappa: 3}),),
            numeric=(agree(spot),),
        ),
        Part(
            eq(excess, decomposed),
            name="excess loss",
            symbolic=Derivation(excess).equals(decomposed, by=Algebra("A = beta_2 log x_s + kappa x_s")),
            certified=(at(values),),
        ),
        Part(
            ge(excess, 0),
            name="optimum",
            symbolic=Derivation(excess).at_least(
                0,
                by=SignGiven(
                    beta_2**2 * log(ratio / x_s) ** 2 + 2 * beta_2 * kappa * x_s * n, ((n, contact, ratio / x_s),)
                ),
            ),
            certified=(at(values),),
        ),
        Part(
            eq(multiplier, constant * kappa),
            name="multiplier",
            symbolic=Derivation(multiplier).equals(
                constant * kappa, by=Algebra("alpha x_o + (1-alpha) x_n = 1, written for two letters")
            ),
            certified=(at({alpha: "3/10", beta_2: "1/10", kappa: "1/2", x_o: "1/4"}),),
            numeric=(
                Measurement(
                    multiplier_by_descent,
                    {alpha: Rational(3, 10), beta_2: Rational(1, 10), kappa: Rational(1, 2), x_o: Rational(1, 4)},
                    "kappa at the minimum of the loss over policies on two letters",
                    "1e-8",
                ),
            ),
        ),
        Part(
            ge(tempered, 1 + c * (once - 1)),
            name="total mass",
            symbolic=Derivation(tempered).at_least(
                1 + c * (once - 1),
                by=PointwiseReward(p_alpha * n, ((n, Bernoulli(c), weight),), "v^c >= 1 + c (v - 1)"),
            ),
            certified=(at({**SPOTS[0], c: 3, v_0: "1/2"}),),
        ),
        Part(
            le(log(x_o), ceiling * advantage(x_o) / beta_2),
            name="below the value",
            symbolic=Derivation(log(x_o)).at_most(
                ceiling * advantage(x_o) / beta_2, by=SignOf(kappa * x_o / beta_2, "kappa >= 0")
            ),
            certified=(at({x_o: "1/4", beta_2: "1/10", kappa: "1/2"}),),
        ),
        Part(
            le(log((x_o + d) / x_o), ceiling * risen),
            name="odds",
            symbolic=Derivation(log((x_o + d) / x_o)).at_most(
                ceiling * risen, by=SignOf(kappa * d / beta_2, "x_n >= x_o")
            ),
            certified=(at({x_o: "1/4", d: "3/2", beta_2: "1/10", kappa: "1/2"}),),
        ),
    )
