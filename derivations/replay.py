"""replay: what stored old data changes. Forward KL: the optimum moves to its share. Reverse KL: only the noise does."""

from dataclasses import replace

from sympy import Abs, Derivative, Limit, Rational, Symbol, exp, log, symbols

from symforget.authoring import claim, eq, ge, le
from symforget.calculus import TV, E_n, H, SampleIntegral, mixture, p_n, p_o, responsibility_old
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.instances import TwoLetterPair
from symforget.legs.certified import at, over
from symforget.legs.numeric import agree, extrapolate
from symforget.legs.simulation import FAILURE_PROBABILITY, Experiment
from symforget.model import alpha, beta, delta, eta, lam, rho, t
from symforget.objectives.replay import (
    Batches,
    behaviour,
    draws,
    forward_loss,
    importance_weight,
    needed,
    old_share,
    reverse_draw,
    reverse_loss,
)
from symforget.rules import (
    Algebra,
    CauchySchwarz,
    ConvexTouching,
    Definition,
    Evaluate,
    Pointwise,
    PointwiseGiven,
    ReduceToGate,
    Replace,
    SameIntegrand,
    SignGiven,
    SignOf,
    Squeeze,
    Times,
    TwoSided,
    UnderTheIntegral,
)
from symforget.simulate import bounded_mean

UNIT, SHARE, RATIO = "(0, 1)", "[0, 1)", "(0, oo)"
q, p_rho, p_alpha = mixture(beta), mixture(rho), mixture(alpha)
gap = p_o - p_n
b, b_o, weight = behaviour(), old_share(), importance_weight()
y = Symbol("y", positive=True)
beta_0 = Symbol("beta_0", positive=True)
gamma = Symbol("gamma", positive=True)
s = Symbol("s", positive=True)
n = Symbol("n", nonnegative=True)
some = Symbol("lambda_1", positive=True)
"""A share of replay that is not 0, for bounds by its inverse."""
old, new = symbols("old new", positive=True)
"""The values of p_o and p_n at one point."""
LETTERS = TwoLetterPair(Rational(1, 4), Rational(2, 3))
BOX = {beta: "[1/100, 99/100]", rho: "[1/100, 99/100]", delta: "[1/4, 8]"}


def information(w):
    """The Fisher information of the weight, I(w) = int (p_o - p_n)^2/q_w, through the gate."""
    return (1 - H(w)) / (w * (1 - w))


def both(first, second):
    """The chains of two derivations, for a rule that concludes the statement from them."""
    return replace(second, earlier=(*first.chains, *second.earlier))


def experiment(draw, low, high, predict, what, **options):
    """A mean over draws of the method's own batches against the statement; ``draw(count, rng)`` in [low, high]."""

    def run(rng, count):
        return bounded_mean(draw, count, low, high, FAILURE_PROBABILITY, rng)

    return Experiment(run=run, predict=predict, what=what, **options)


def valued(expression, point):
    """A statement's side on a Gaussian pair at exact parameters, as a float."""
    from symforget import mp
    from symforget.instances import GaussianPair

    return float(mp.evaluate(GaussianPair()(expression), {k: Rational(v) for k, v in point.items()}, 15))


@claim(
    domain={beta: UNIT, rho: UNIT, beta_0: UNIT, t: "[0, oo)"},
    kind="convergence",
    densities="any",
    sentence="replay-forward",
    false_twin={"constant": 2},
)
def forward_gradient(constant=1, rate=1, floor=4):
    """Replayed data move the optimum of forward KL to their share, and nowhere else.

    Trained on p_rho = rho p_o + (1-rho) p_n, L = KL(p_rho|q_beta) has dL/dphi = (beta - rho)(1 - H(beta)), and
    (beta - rho) dL/dbeta >= 4 TV^2 (beta - rho)^2: the only optimum is beta = rho. Under the Fisher-Rao metric
    beta' = -(beta - rho), so beta - rho decays as exp(-t) for every pair of densities.

    Guarantee: **tight** (identities); the **lower bound** is attained where |p_o - p_n| is a multiple of q.
    Hypotheses: any two densities, positive almost everywhere; the optimum is unique if p_o != p_n (TV > 0).
    Source: "replay must modify the training distribution to change the population optimum" (abstract of
        arXiv:2603.12163); the identities are ours.
    """
    loss = forward_loss()
    slope = beta * (1 - beta) * Derivative(loss, beta)
    score = SampleIntegral(-p_rho * gap / q)
    value = constant * (beta - rho) * (1 - H(beta))
    fisher = SampleIntegral(gap**2 / q)
    natural = -Derivative(loss, beta) / fisher
    solution = rho + (beta_0 - rho) * exp(-rate * t)
    points = ({beta: "3/10", rho: "1/20", delta: 2}, {beta: "1/10", rho: "1/4", delta: 1})
    square = CauchySchwarz(gap**2 / q, q, times=(beta - rho) ** 2)
    drawn = {beta: "3/5", rho: "1/20", delta: 2}
    return (
        Part(
            eq(slope, value),
            name="gradient",
            symbolic=Derivation(slope)
            .equals(beta * (1 - beta) * score, by=UnderTheIntegral(beta))
            .equals(value, by=ReduceToGate(beta)),
            certified=(at(points[0]),),
            numeric=(agree(points[1]),),
            simulation=(
                experiment(
                    lambda count, rng: Batches(0.6, 0.0).likelihood_gradient(0.05, False, count, rng),
                    -1,
                    1,
                    lambda: valued(value, drawn),
                    "score-function gradient over draws of the replayed mixture",
                ),
            ),
        ),
        Part(
            ge((beta - rho) * Derivative(loss, beta), floor * TV**2 * (beta - rho) ** 2),
            name="optimum",
            symbolic=Derivation((beta - rho) * Derivative(loss, beta))
            .equals((beta - rho) * score, by=UnderTheIntegral(beta))
            .equals((beta - rho) ** 2 * fisher, by=SameIntegrand("int (p_o - p_n) = 0"))
            .at_least((beta - rho) ** 2 * SampleIntegral(Abs(gap)) ** 2, by=square)
            .equals(floor * TV**2 * (beta - rho) ** 2, by=Definition("TV = (1/2) int |p_o - p_n|")),
            certified=(at({beta: "3/10", rho: "1/20"}, {beta: "1/10", rho: "9/10"}, instance=LETTERS),),
        ),
        Part(
            eq(natural, -rate * (beta - rho)),
            name="natural flow",
            symbolic=Derivation(natural)
            .equals(-score / fisher, by=Replace(Derivative(loss, beta), score, UnderTheIntegral(beta)))
            .equals(-rate * (beta - rho), by=ReduceToGate(beta)),
            certified=(at({beta: "3/10", rho: "1/20"}, instance=LETTERS),),
        ),
        Part(
            eq(Derivative(solution, t), -rate * (solution - rho)),
            name="solution",
            symbolic=Derivation(Derivative(solution, t)).equals(-rate * (solution - rho), by=Evaluate("differentiate")),
            certified=(at({beta_0: "9/10", rho: "1/20", t: 2}),),
        ),
    )


@claim(
    domain={beta: UNIT, rho: UNIT, eta: UNIT},
    kind="identity",
    densities="any",
    sentence="replay-forward",
    false_twin={"share": rho / 2},
)
def forward_needs_data(share=rho, constant=1):
    """Replay that is corrected back to the new data leaves forward KL's collapse as it was.

    With draws from b = p_rho and weights w = p_n/b the loss E_b[w log(p_n/q)] is KL(p_n|q): its gradient in the logit
    is beta (1 - H(beta)) > 0, rho does not occur, and the optimum is still beta = 0. With weights p_eta/b it is
    (beta - eta)(1 - H(beta)): the optimum is the share of old data that the weights leave, whatever was stored. The
    weights p_n/b are at most 1/(1-rho), so the correction costs little variance: it is the optimum that is lost.

    Guarantee: **tight** (identities); the bound of the weight is an **upper bound**, approached where p_o/p_n -> 0.
    Hypotheses: any two densities, positive almost everywhere.
    Source: "replay must modify the training distribution to change the population optimum" (abstract of
        arXiv:2603.12163); the formulas are ours.
    """
    stored = share * (p_o + (1 - share) / share * p_n)  # p_rho, kept from cancelling against the density sampled
    corrected = p_n / stored
    loss = SampleIntegral(p_rho * corrected * log(p_n / q))
    partly = SampleIntegral(p_rho * mixture(eta) / stored * log(mixture(eta) / q))

    def slope(objective):
        return beta * (1 - beta) * Derivative(objective, beta)

    score = SampleIntegral(-p_n * gap / q)
    value = constant * beta * (1 - H(beta))
    partial_score = SampleIntegral(-mixture(eta) * gap / q)
    partial_value = constant * (beta - eta) * (1 - H(beta))
    points = ({beta: "3/10", rho: "1/20", delta: 2}, {beta: "1/10", rho: "1/4", delta: 1})
    with_eta = {beta: "3/10", rho: "1/4", eta: "1/10"}
    drawn = {beta: "3/5", rho: "1/4", delta: 2}
    return (
        Part(
            eq(loss, E_n(log(p_n / q))),
            name="objective",
            symbolic=Derivation(loss).equals(
                E_n(log(p_n / q)), by=SameIntegrand("b w = p_n at every point, b = p_rho")
            ),
            certified=(at({beta: "3/10", rho: "1/20"}, {beta: "1/10", rho: "1/4"}, instance=LETTERS),),
            numeric=(agree({beta: "3/10", rho: "1/20"}, instance=LETTERS),),
        ),
        Part(
            eq(slope(loss), value),
            name="gradient",
            symbolic=Derivation(slope(loss))
            .equals(beta * (1 - beta) * score, by=UnderTheIntegral(beta))
            .equals(value, by=ReduceToGate(beta)),
            certified=(at(*points),),
            simulation=(
                experiment(
                    lambda count, rng: Batches(0.6, 0.0).likelihood_gradient(0.25, True, count, rng),
                    -4 / 3,
                    4 / 3,
                    lambda: valued(value, drawn),
                    "gradient over replayed data, corrected by weights from log densities",
                ),
            ),
        ),
        Part(
            eq(slope(partly), partial_value),
            name="partial correction",
            symbolic=Derivation(slope(partly))
            .equals(beta * (1 - beta) * partial_score, by=UnderTheIntegral(beta))
            .equals(partial_value, by=ReduceToGate(beta)),
            certified=(at(with_eta, instance=LETTERS),),
            numeric=(agree(with_eta, instance=LETTERS),),
        ),
        Part(
            le(SampleIntegral(p_n**2 / stored), 1 / (1 - rho)),
            name="variance",
            symbolic=Derivation(SampleIntegral(p_n**2 / stored)).at_most(
                1 / (1 - rho), by=Pointwise(p_n * rho * p_o / ((1 - rho) * p_rho), "b >= (1-rho) p_n")
            ),
            certified=(at(*points),),
        ),
    )


def touching(f, curvature):
    """f(y) >= 0 for y > 0, with f'' = curvature >= 0 and contact at y = 1."""
    return ConvexTouching(f, y, curvature)


ENTROPY = y - 1 - log(y)
"""The integrand of KL(p|q) relative to p at y = q/p."""
ABOVE_TRIANGLE = touching(
    ENTROPY - 3 * (y - 1) ** 2 / (2 * (1 + 2 * y)), (y - 1) ** 2 * (8 * y + 1) / (y**2 * (1 + 2 * y) ** 3)
)
ABOVE_CUBIC = touching(ENTROPY - (y - 1) ** 2 / 2 + (y - 1) ** 3 / 3, (y - 1) ** 2 * (2 * y + 1) / y**2)
BELOW_MEAN = touching((y - 1) ** 2 * (1 + 2 / y) / 6 - ENTROPY, (y - 1) ** 2 * (y + 2) / (3 * y**3))


@claim(
    domain={alpha: UNIT, rho: UNIT, gamma: UNIT, s: UNIT},
    kind="tight bound",
    densities="any",
    sentence="replay-forward",
    false_twin={"half": Rational(1, 4)},
)
def forward_residual(half=Rational(1, 2), pinsker=2):
    """A replayed share that is not the true one leaves a loss of second order, and no other does not.

    KL(p_alpha|p_rho) lies between 2 TV^2 (rho - alpha)^2, so it is zero only at rho = alpha, and
    (rho - alpha)^2 (I(alpha) + 2 I(rho))/6. Near alpha it is (1/2) (rho - alpha)^2 I(alpha): with
    rho = (1-s) alpha + s gamma, KL lies between that times 1 - (2/3) s (gamma/alpha + (1-gamma)/(1-alpha)) and
    that times 1 + (2/3) s/(1-s).

    Guarantee: **lower** and **upper bounds**, **tight** to second order; 2 is the best constant for all pairs.
    Hypotheses: any two densities, positive almost everywhere; the zero is unique if p_o != p_n.
    Source: "replay must modify the training distribution to change the population optimum" (abstract of
        arXiv:2603.12163); the bounds are ours.
    References: T. M. Cover, J. A. Thomas, Elements of Information Theory, lemma 11.6.1 (Pinsker's inequality).
    """

    def residual(w):
        return SampleIntegral(p_alpha * log(p_alpha / mixture(w)))

    def fisher(w):
        return SampleIntegral(gap**2 / mixture(w))

    def pointwise(why, w, reason):
        return PointwiseGiven(p_alpha * n, ((n, why, mixture(w) / p_alpha),), reason)

    def by_mean(w):
        return Derivation(residual(w)).at_most(
            (w - alpha) ** 2 * (fisher(alpha) + 2 * fisher(w)) / 6,
            by=pointwise(BELOW_MEAN, w, "y - 1 - log y <= (y-1)^2 (1 + 2/y)/6 at y = p_rho/p_alpha"),
        )

    loss, distance = residual(rho), (rho - alpha) ** 2
    triangle = SampleIntegral(gap**2 / (p_alpha + 2 * p_rho))
    middle = (p_alpha + 2 * p_rho) / 3
    mixed = (1 - s) * alpha + s * gamma
    scaled, scale = 2 * residual(mixed) / s**2, (gamma - alpha) ** 2
    growth = gamma / alpha + (1 - gamma) / (1 - alpha)
    cubic = s**2 * scale * fisher(alpha) / 2 - s**3 * (gamma - alpha) ** 3 * SampleIntegral(gap**3 / p_alpha**2) / 3
    above = (
        Derivation(scaled)
        .at_most(
            scale * (fisher(alpha) + 2 * fisher(mixed)) / 3,
            by=Times(2 / s**2, pointwise(BELOW_MEAN, mixed, "y - 1 - log y <= (y-1)^2 (1 + 2/y)/6")),
        )
        .at_most(
            scale * fisher(alpha) * (1 + 2 * s / (3 * (1 - s))),
            by=Pointwise(
                2 * scale * gap**2 * s * mixture(gamma) / (3 * (1 - s) * p_alpha * mixture(mixed)),
                "p_rho >= (1-s) p_alpha",
            ),
        )
    )
    below = (
        Derivation(scaled)
        .at_least(
            2 * cubic / s**2,
            by=Times(2 / s**2, pointwise(ABOVE_CUBIC, mixed, "y - 1 - log y >= (y-1)^2/2 - (y-1)^3/3")),
        )
        .at_least(
            scale * fisher(alpha) * (1 - 2 * s * growth / 3),
            by=Pointwise(
                2
                * s
                * scale
                * gap**2
                * ((alpha + alpha * (1 - gamma) / (1 - alpha)) * p_o + (1 - alpha + (1 - alpha) * gamma / alpha) * p_n)
                / (3 * p_alpha**2),
                "p_gamma <= (gamma/alpha + (1-gamma)/(1-alpha)) p_alpha",
            ),
        )
    )
    near = {alpha: "3/10", gamma: "4/5", s: "1/100"}
    spots = ({alpha: "3/10", rho: "1/2"}, {alpha: "4/5", rho: "1/10"})
    return (
        Part(
            ge(loss, pinsker * TV**2 * distance),
            name="positive",
            symbolic=Derivation(loss)
            .at_least(
                Rational(3, 2) * distance * triangle,
                by=pointwise(ABOVE_TRIANGLE, rho, "y - 1 - log y >= 3 (y-1)^2/(2 (1 + 2 y)) at y = p_rho/p_alpha"),
            )
            .equals(distance * SampleIntegral(gap**2 / middle) / 2, by=SameIntegrand())
            .at_least(
                distance * SampleIntegral(Abs(gap)) ** 2 / 2,
                by=CauchySchwarz(gap**2 / middle, middle, times=distance / 2),
            )
            .equals(pinsker * TV**2 * distance, by=Definition("TV = (1/2) int |p_o - p_n|")),
            certified=(at(*spots, instance=LETTERS),),
        ),
        Part(
            le(loss, distance * (information(alpha) + 2 * information(rho)) / 6),
            name="upper bound",
            symbolic=by_mean(rho)
            .equals(distance * (information(alpha) + 2 * fisher(rho)) / 6, by=ReduceToGate(alpha))
            .equals(distance * (information(alpha) + 2 * information(rho)) / 6, by=ReduceToGate(rho)),
            certified=(at(*spots, instance=LETTERS),),
        ),
        Part(
            le(scaled, 2 * half * scale * fisher(alpha) * (1 + 2 * s / (3 * (1 - s)))),
            name="second order from above",
            symbolic=above,
            certified=(at(near, instance=LETTERS),),
        ),
        Part(
            ge(scaled, 2 * half * scale * fisher(alpha) * (1 - 2 * s * growth / 3)),
            name="second order from below",
            symbolic=below,
            certified=(at(near, instance=LETTERS),),
        ),
    )


@claim(
    domain={old: RATIO, new: RATIO, beta: UNIT, lam: SHARE, alpha: UNIT},
    kind="identity",
    densities="any",
    sentence="replay-reverse",
    false_twin={"ceiling": 1 + lam},
)
def reverse_unbiased(ceiling=1 / (1 - lam), constant=1):
    """Replay in an on-policy batch, corrected by bounded importance weights, changes no expectation.

    With b = (1-lam) q + lam p_o and w = q/b: 0 <= w <= 1/(1-lam) at every point, b w = q, so E_b[w g] = E_q[g] for
    every integrable g. In particular E_b[w (r_o - beta) log(q/p_alpha)] is the gradient of KL(q|p_alpha) in the logit.
    E_b[w^2] = 1 + lam^2 (1-beta)^2 I(b_o) <= 1/(1-lam), b_o = beta + lam (1-beta) the old share of b: the effective
    sample size of N draws is at least (1-lam) N. In the first part old and new are the densities' values at a point.

    Guarantee: **tight** (identities); **upper bounds**, approached where p_o/p_n -> 0 and for modes far apart.
    Hypotheses: any two densities, positive almost everywhere; 0 <= lam < 1.
    Source: "leaves the population objective unchanged", "bounded importance weighting" (abstract of arXiv:2603.12163).
    """

    def at_point(expression):
        return expression.xreplace({p_o: old, p_n: new})

    slope = beta * (1 - beta) * Derivative(reverse_loss(), beta)
    written = (beta + lam * (1 - beta)) * p_o + (1 - lam) * (1 - beta) * p_n  # b, kept from cancelling against q/b
    estimated = SampleIntegral(written * weight * reverse_draw())
    second = SampleIntegral(q**2 / b)
    exact = 1 + constant * lam**2 * (1 - beta) ** 2 * information(b_o)
    score_gap = SampleIntegral(gap * log(q / p_alpha))
    points = ({beta: "3/10", lam: "1/4", delta: 2}, {beta: "1/20", lam: "1/2", delta: 1})
    at_letters = {beta: "3/10", alpha: "3/5", lam: "1/4"}
    drawn = {beta: "7/10", alpha: "1/5", lam: "1/4", delta: 2}
    return (
        Part(
            le(at_point(weight), ceiling),
            name="bounded",
            symbolic=Derivation(at_point(weight)).at_most(
                ceiling, by=SignOf(at_point(lam * p_o / ((1 - lam) * b)), "b >= (1-lam) q")
            ),
            certified=(
                at(
                    {old: "1/10", new: 3, beta: "1/20", lam: "1/4"},
                    {old: 2, new: "1/3", beta: "1/2", lam: "1/2"},
                ),
            ),
        ),
        Part(
            eq(slope, estimated),
            name="gradient",
            symbolic=Derivation(slope)
            .equals(
                beta * (1 - beta) * score_gap,
                by=UnderTheIntegral(beta, "differentiate under the integral; int (p_o - p_n) = 0"),
            )
            .equals(
                estimated, by=SameIntegrand("b w = q and q (r_o - beta) = beta (1-beta) (p_o - p_n) at every point")
            ),
            certified=(at(at_letters, instance=LETTERS),),
            numeric=(agree(at_letters, instance=LETTERS),),
            simulation=(
                experiment(
                    lambda count, rng: Batches(0.7, 0.25).reverse_gradient(0.2, count, rng),
                    -1,
                    1,
                    lambda: valued(slope.doit(), drawn),
                    "importance-weighted gradient over draws of a batch with replay",
                ),
            ),
        ),
        Part(
            eq(second, exact),
            name="second moment",
            symbolic=Derivation(second)
            .equals(
                1 + lam**2 * (1 - beta) ** 2 * SampleIntegral(gap**2 / b),
                by=SameIntegrand("q - b = -lam (1-beta) (p_o - p_n)"),
            )
            .equals(exact, by=ReduceToGate(b_o)),
            certified=(at(*points),),
            numeric=(agree(points[0]),),
        ),
        Part(
            le(second, 1 / (1 - lam)),
            name="effective sample size",
            symbolic=Derivation(second).at_most(
                1 / (1 - lam), by=Pointwise(lam * p_o * q / ((1 - lam) * b), "b >= (1-lam) q")
            ),
            certified=(at(*points),),
        ),
    )


STARVED, FED = {"student": 0.06, "replay": 0.0, "size": 16}, {"student": 0.02, "replay": 0.1, "size": 8}


@claim(
    domain={beta: UNIT, lam: SHARE, some: UNIT, eta: UNIT, draws: "[1, oo)"},
    kind="identity",
    densities="none",
    sentence="replay-reverse",
    false_twin={"power": 2},
)
def starvation(power=1, uniform=1):
    """How often a batch does not see the old mode, with replay and without.

    A draw of a batch with the share lam of replay is not from the old component with probability (1-lam)(1-beta); N
    independent draws all miss it with probability P(N) = ((1-lam)(1-beta))^N, which is eta at
    N = log(1/eta)/log(1/((1-lam)(1-beta))). With replay it is at most log(1/eta)/log(1/(1-lam)) whatever beta; without,
    (1-beta) log(1/eta) <= beta N <= log(1/eta): beta N -> log(1/eta) as beta -> 0, the batch needed grows like 1/beta.
    In the bound, which has no value at lam = 0, the share of replay is called lambda_1.

    Guarantee: **tight** (identities and limit); the bound with replay is an **upper bound**, attained as beta -> 0.
    Hypotheses: independent draws; 0 <= lam < 1, in the bound with replay 0 < lambda_1 < 1.
    Source: "prevents finite-batch old-mode starvation" (abstract of arXiv:2603.12163); the formulas are ours.
    """
    miss = (1 - lam) * (1 - beta)

    def starved(size):
        return miss ** (power * size)

    def predicted(student, replay, size):
        return float(starved(draws).subs({beta: Rational(str(student)), lam: Rational(str(replay)), draws: size}))

    def frequency(student, replay, size):
        batches = Batches(student, replay)
        return experiment(
            lambda count, rng: batches.starved(count, size, rng).astype(float),
            0,
            1,
            lambda: predicted(student, replay, size),
            f"batches of {size} draws without an old one, old weight {student}, replay {replay}",
            draws=600_000,
        )

    miss_with_replay = (1 - some) * (1 - beta)
    alone, with_replay, replay_only = needed(1 - beta), needed(miss_with_replay), needed(1 - some)
    level = log(1 / eta)
    log_above = ConvexTouching(y - 1 - log(y), y, 1 / y**2)
    log_below = ConvexTouching(1 - y + y * log(y), y, 1 / y)
    above = Derivation(beta * alone).at_most(
        level, by=SignGiven(alone * n, ((n, log_above, 1 - beta),), "log(1/(1-beta)) >= beta")
    )
    below = Derivation(beta * alone).at_least(
        (1 - beta) * level, by=SignGiven(alone * n, ((n, log_below, 1 - beta),), "(1-beta) log(1/(1-beta)) <= beta")
    )
    box = {beta: "[1/4, 1/2]", some: "[1/4, 1/2]", eta: "[1/100, 1/50]"}
    excess = level * log(1 / (1 - beta)) / (log(1 / (1 - some)) * log(1 / miss_with_replay))
    return (
        Part(
            eq(1 - SampleIntegral(b_o * p_o), miss),
            name="one draw",
            symbolic=Derivation(1 - SampleIntegral(b_o * p_o)).equals(miss, by=Definition("b = b_o p_o + (1-b_o) p_n")),
            certified=(at({beta: "3/10", lam: "1/4"}, instance=LETTERS),),
        ),
        Part(
            eq(starved(draws + 1), starved(draws) * miss),
            name="batch",
            symbolic=Derivation(starved(draws + 1)).equals(
                starved(draws) * miss, by=Algebra("the draws are independent")
            ),
            certified=(at({beta: "3/10", lam: "1/4", draws: 7}),),
            simulation=(frequency(**STARVED), frequency(**FED)),
        ),
        Part(
            eq(starved(needed(miss)), eta),
            name="batch needed",
            symbolic=Derivation(starved(needed(miss))).equals(eta, by=Algebra("take logarithms")),
            certified=(at({beta: "3/10", lam: "1/4", eta: "1/100"}),),
        ),
        Part(
            le(with_replay, uniform * replay_only),
            name="with replay",
            symbolic=Derivation(with_replay).at_most(
                uniform * replay_only, by=SignOf(excess, "log(1/((1-lambda_1)(1-beta))) >= log(1/(1-lambda_1))")
            ),
            certified=(over(box),),
        ),
        Part(
            le(Abs(beta * alone - level), beta * level),
            name="without replay",
            symbolic=both(above, below).therefore(TwoSided()),
            certified=(at({beta: "1/100", eta: "1/100"}, {beta: "9/10", eta: "1/2"}),),
        ),
        Part(
            eq(Limit(beta * alone, beta, 0, "+"), level),
            name="limit",
            symbolic=both(above, below).therefore(Squeeze()),
            numeric=(extrapolate(beta, beta**2, beta**3, start="1/100", ratio="1/10", at={eta: "1/20"}),),
        ),
    )


NOISE = {beta: "2/5", lam: "1/4", draws: 4, delta: 2}
"""Student's old weight, share of replay, size of the batches and separation in the simulated batches."""
NOISY_BATCHES = 900_000


@claim(
    domain={beta: UNIT, lam: SHARE, some: UNIT, draws: "[1, oo)"},
    kind="upper bound",
    densities="any",
    sentence="replay-reverse",
    false_twin={"ceiling": 1 / (2 * some)},
)
def bounded_variance(ceiling=1 / some, constant=1):
    """With replay the relative variance of the estimated old mass stays bounded as the old mass falls.

    The batch estimates the old mass by the mean of w r_o, whose relative variance is exactly (1-b_o)(1-H(b_o))/(b_o N),
    b_o = beta + lam (1-beta) the old share of the behaviour: for lam = 0 the on-policy one. It is at most
    (1-b_o)/(b_o N) <= (1-lam)/(lam N) uniformly in beta, because E_b[(w r_o)^2] <= beta^2/b_o <= beta^2/lam.
    Counting component draws on-policy it is (1-beta)/(beta N), unbounded as beta -> 0. In the bounds by 1/lam, which
    have no value at lam = 0, the share of replay is called lambda_1.

    Guarantee: **tight** (identities); **upper bounds**, approached for modes far apart, the second as beta -> 0.
    Hypotheses: any two densities, positive almost everywhere; independent draws; lambda_1 > 0.
    Source: "bounded importance weighting" (abstract of arXiv:2603.12163); the formulas are ours.
    """
    square = SampleIntegral(beta**2 * p_o**2 / b)
    squared_draw = SampleIntegral(b * (weight * responsibility_old(beta)) ** 2)
    relative = (square / beta**2 - 1) / draws
    exact = constant * (1 - b_o) * (1 - H(b_o)) / (b_o * draws)
    counted = ((1 - beta) / beta) * constant / draws
    points = ({beta: "1/20", lam: "1/4", draws: 8, delta: 2}, {beta: "1/2", lam: "1/2", draws: 3, delta: 1})
    with_some = tuple({some if s == lam else s: v for s, v in p.items()} for p in points)
    square_with_some, b_with_some, share = (e.xreplace({lam: some}) for e in (square, b, b_o))
    student, replay, size = (float(Rational(NOISE[x])) for x in (beta, lam, draws))
    with_replay, without = Batches(student, replay), Batches(student, 0.0)

    def spread(estimate, predict, what):
        def squared_error(count, rng):
            return (estimate(count, int(size), rng) / student - 1) ** 2

        what = f"squared relative error of the old mass over batches of {int(size)}, {what}"
        return experiment(squared_error, 0, (1 / student - 1) ** 2, predict, what, draws=NOISY_BATCHES)

    return (
        Part(
            eq(squared_draw, square),
            name="squared draw",
            symbolic=Derivation(squared_draw).equals(square, by=SameIntegrand("w r_o = beta p_o/b")),
            certified=(at(points[0]),),
        ),
        Part(
            eq(relative, exact),
            name="relative variance",
            symbolic=Derivation(relative).equals(exact, by=ReduceToGate(b_o)),
            certified=(at(*points),),
            numeric=(agree(points[0]),),
            simulation=(
                spread(with_replay.estimated_mass, lambda: valued(exact, NOISE), "weighted, with replay"),
                spread(without.estimated_mass, lambda: valued(exact, {**NOISE, lam: 0}), "without replay"),
            ),
        ),
        Part(
            le(relative, (1 - b_o) / (b_o * draws)),
            name="separated modes",
            symbolic=Derivation(relative).at_most(
                (1 - b_o) / (b_o * draws),
                by=Pointwise(p_o * (1 - b_o) * p_n / (b_o * b * draws), "b >= b_o p_o"),
            ),
            certified=(at(*points),),
        ),
        Part(
            le(square_with_some, ceiling * beta**2),
            name="uniform",
            symbolic=Derivation(square_with_some).at_most(
                ceiling * beta**2,
                by=Pointwise(beta**2 * p_o * (b_with_some - some * p_o) / (some * b_with_some), "b >= lambda_1 p_o"),
            ),
            certified=(at(*with_some),),
        ),
        Part(
            le((1 - share) / (share * draws), (ceiling - 1) / draws),
            name="uniform relative variance",
            symbolic=Derivation((1 - share) / (share * draws)).at_most(
                (ceiling - 1) / draws, by=SignOf((1 - some) * beta / (some * share * draws), "b_o >= lambda_1")
            ),
            certified=(at(*with_some),),
        ),
        Part(
            eq(SampleIntegral(beta * p_o) * (1 - SampleIntegral(beta * p_o)) / (beta**2 * draws), counted),
            name="counting on-policy",
            symbolic=Derivation(
                SampleIntegral(beta * p_o) * (1 - SampleIntegral(beta * p_o)) / (beta**2 * draws)
            ).equals(counted, by=Definition("int p_o = 1; a label is a Bernoulli draw")),
            certified=(at({beta: "1/20", draws: 8}, instance=LETTERS),),
            simulation=(spread(without.counted_mass, lambda: valued(counted, NOISE), "counted, without replay"),),
        ),
    )
