"""visibility: direction is not the whole story. What protects old mass is a target, and a batch, that sees it."""

from functools import lru_cache

import numpy as np
from sympy import (
    Derivative,
    Integer,
    Integral,
    Limit,
    Rational,
    Subs,
    Symbol,
    exp,
    log,
    oo,
    sqrt,
)

from symforget.authoring import claim, eq, ge, gt, le
from symforget.calculus import BC, TV, E_n, H, SampleIntegral, chi2, mixture, p_n, p_o, responsibility_old
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.domain import Interval
from symforget.gate import double
from symforget.gate.symbolic import gate_s
from symforget.instances import TwoLetterPair
from symforget.legs.certified import at
from symforget.legs.numeric import agree
from symforget.legs.simulation import FAILURE_PROBABILITY, Experiment, Median, MedianOverRuns
from symforget.model import alpha, beta, delta, eta, l, lam
from symforget.rules import (
    Affine,
    Algebra,
    Antiderivative,
    AtEveryPoint,
    CauchySchwarz,
    Definition,
    FundamentalTheorem,
    Lemma,
    Pointwise,
    PutIn,
    ReduceToGate,
    Replace,
    SameIntegrand,
    Squeeze,
    UnderIntegralSign,
    UnderTheIntegral,
)
from symforget.rules.divergences import UnderFiniteDivergence
from symforget.simulate import GaussianModes, bounded_mean
from symforget.simulation import scenarios
from symforget.simulation.outcomes import DropAndGain
from symforget.simulation.training import Settings, collected

UNIT = "(0, 1)"
LETTERS = TwoLetterPair(Rational(1, 4), Rational(2, 3))
FAR_LETTERS = TwoLetterPair(Rational(9, 10), Rational(1, 5))
w = Symbol("w", positive=True)

q, p = mixture(beta), mixture(alpha)
gap = p_o - p_n
FORWARD_NEW = E_n(log(p_n / q))
FORWARD_FULL = SampleIntegral(p * log(p / q))
REVERSE_NEW = SampleIntegral(q * log(q / p_n))
REVERSE_FULL = SampleIntegral(q * log(q / p))


def information(weight):
    """The Fisher information of the weight, I = int (p_o - p_n)^2/q, through the gate."""
    return (1 - H(weight)) / (weight * (1 - weight))


def squared_score(weight):
    """The same as an integral."""
    return SampleIntegral(gap**2 / mixture(weight))


def information_bound(weight, constant=4, times=1):
    """times I >= times 4 TV^2, by Cauchy-Schwarz."""
    return (
        Derivation(times * information(weight))
        .equals(times * squared_score(weight), by=ReduceToGate(weight))
        .at_least(
            times * constant * TV**2,
            by=CauchySchwarz(gap**2 / mixture(weight), mixture(weight), times=times),
        )
    )


AS_SQUARED_SCORE = UnderIntegralSign(
    Derivation(information(w)).equals(squared_score(w), by=ReduceToGate(w)),
    w,
    Interval.parse(UNIT),
    "I(w) = int (p_o - p_n)^2/q(w)",
)


def onward(first, second):
    """One chain after another that starts where it ends."""
    return Derivation(first.start, (*first.steps, *second.steps))


SEPARATION, WEIGHT, SEEN, REACH = 3.0, 0.6, 0.1, 26.0


def estimated_slope(forward, target_weight, rng, draws):
    """-dL/dphi at WEIGHT from single draws: r_o - beta, times log(p/q) under q in the reverse direction.

    log(p_n/q) is clipped at -REACH, which changes the mean by less than 1e-9; that is added to the half-width.
    """
    modes = GaussianModes.with_separation(SEPARATION, 2, rng)
    sampled = target_weight if forward else WEIGHT
    least, most = _range_of_reward(target_weight)

    def value(count, generator):
        old = generator.random((count, 1)) < sampled
        x = modes.draw(np.where(old, modes.mu_o, modes.mu_n), count, generator)
        log_ratio = modes.log_density(x, modes.mu_o) - modes.log_density(x, modes.mu_n)
        responsibility = 1 / (1 + (1 - WEIGHT) / WEIGHT * np.exp(-log_ratio))
        if forward:
            return responsibility - WEIGHT
        ratio = np.exp(log_ratio)
        reward = np.log((target_weight * ratio + 1 - target_weight) / (WEIGHT * ratio + 1 - WEIGHT))
        # int q (r_o - beta) = 0: a constant beside the reward changes nothing but the noise.
        return (responsibility - WEIGHT) * (np.clip(reward, least, most) - BASELINE[target_weight])

    size = 1.0 if forward else max(abs(least - BASELINE[target_weight]), abs(most - BASELINE[target_weight]))
    found = bounded_mean(value, draws, -size, size, FAILURE_PROBABILITY, rng)
    return type(found)(found.mean, found.half_width + 1e-9, found.draws, found.probability)


BASELINE = {0.0: -1.0, SEEN: -0.2}


def _range_of_reward(target_weight):
    if target_weight == 0:
        return -REACH, -np.log(1 - WEIGHT)
    ends = np.log(target_weight / WEIGHT), np.log((1 - target_weight) / (1 - WEIGHT))
    return min(ends), max(ends)


def predicted_slope(forward, optimum):
    """-dL/dphi from the statement: beta(1-beta) times I (optimum - beta), or times the integral of I back to it."""
    factor = WEIGHT * (1 - WEIGHT)
    if forward:
        return factor * (optimum - WEIGHT) * gaussian_information(np.array([WEIGHT]))[0]
    # In the logit the integrand is 1 - H, smooth also where I(w) rises steeply as w -> 0.
    low, high = np.log(optimum / (1 - optimum)) if optimum else FAR_LOGIT, np.log(WEIGHT / (1 - WEIGHT))
    nodes, masses = np.polynomial.legendre.leggauss(200)
    logits = (low + high) / 2 + (high - low) / 2 * nodes
    return -factor * (high - low) / 2 * float(masses @ (1 - double.gate(1 / (1 + np.exp(-logits)), SEPARATION)))


FAR_LOGIT = -45.0


def gaussian_information(weights):
    """I of Gaussians at SEPARATION."""
    return (1 - double.gate(weights, SEPARATION)) / (weights * (1 - weights))


@claim(
    domain={beta: UNIT, alpha: UNIT},
    kind="fixed point",
    densities="any",
    sentence="visibility",
    depends_on=("reverse_kl/unique-optimum",),
    false_twin={"unseen": Rational(1, 4)},
)
def two_by_two(seen=alpha, unseen=Integer(0), constant=4):
    """What the target shows decides where the old mass goes; the divergence's direction does not.

    Weights only, L the divergence between q_beta and the target, in either direction:

        target           forward                            reverse
        new mode alone   dL/dbeta = beta I(beta)            dL/dbeta = int_0^beta I          old weight 0
        true mixture     dL/dbeta = (beta - alpha) I(beta)  dL/dbeta = int_alpha^beta I      old weight alpha

    Since I >= 4 TV^2, L decreases towards that weight from everywhere: it is the only minimum, and gradient flow in
    the weight or in its logit, where beta' = -(beta (1-beta))^2 dL/dbeta, leads there.

    Guarantee: **tight** (identities); **lower bounds** of the slopes, attained where |p_o - p_n| is a multiple of q.
    Hypotheses: any two densities, positive almost everywhere and not equal; for reverse KL to the new mode alone
    KL(p_o|p_n) and KL(p_n|p_o) finite.
    Source: "visibility of past behaviour" (abstract of arXiv:2603.12163); the table is ours. The objection that the
    contrast of directions is one of targets: princeton-pli/retaining-by-doing, issue 3.
    """
    to_zero = Integral(squared_score(w), (w, unseen, beta))
    to_alpha = Integral(information(w), (w, seen, beta))
    spots = ({beta: "3/10", alpha: "7/10"}, {beta: "9/10", alpha: "1/2"})
    identities = (at(*spots, instance=LETTERS), at(spots[0], instance=FAR_LETTERS))
    numeric = (agree(*spots, instance=LETTERS),)
    floor = Integral(constant * TV**2, (w, 0, beta))
    unit = Interval.parse(UNIT)

    def identity(name, divergence, value, derivation, by, forward, optimum, shown):
        return Part(
            eq(Derivative(divergence, beta), value),
            name=name,
            symbolic=derivation.equals(value, by=by),
            certified=identities,
            numeric=numeric,
            simulation=(
                Experiment(
                    run=lambda rng, draws: estimated_slope(forward, shown, rng, draws),
                    predict=lambda: predicted_slope(forward, float(Rational(optimum.subs(alpha, Rational(1, 10))))),
                    what=f"stochastic gradient, {name}, d = 2, random covariance",
                    draws=1_500_000 if divergence == REVERSE_NEW else 400_000,
                ),
            ),
        )

    def below(name, left, bound, derivation):
        return Part(
            ge(left, bound), name=f"{name}: optimum", symbolic=derivation, certified=(at(*spots, instance=LETTERS),)
        )

    reduce, from_zero, from_alpha = (
        ReduceToGate(beta),
        FundamentalTheorem(beta, 0, information(beta)),
        FundamentalTheorem(beta, alpha, information(beta)),
    )
    forward_new = Derivation(Derivative(FORWARD_NEW, beta)).equals(
        SampleIntegral(-p_n * gap / q), by=UnderTheIntegral(beta)
    )
    forward_full = Derivation(Derivative(FORWARD_FULL, beta)).equals(
        SampleIntegral(-p * gap / q), by=UnderTheIntegral(beta)
    )
    reverse_new = Derivation(Derivative(REVERSE_NEW, beta)).equals(
        SampleIntegral(gap * log(q / p_n)), by=UnderFiniteDivergence(beta)
    )
    reverse_new = reverse_new.equals(Integral(information(w), (w, 0, beta)), by=from_zero)
    reverse_full = Derivation(Derivative(REVERSE_FULL, beta)).equals(
        SampleIntegral(gap * log(q / p)), by=UnderTheIntegral(beta)
    )
    bound_of_information = information_bound(beta, constant, beta)
    square = (beta - alpha) ** 2
    return (
        identity(
            "forward, new only",
            FORWARD_NEW,
            (beta - unseen) * information(beta),
            forward_new,
            reduce,
            True,
            unseen,
            0.0,
        ),
        identity(
            "forward, true mixture",
            FORWARD_FULL,
            (beta - seen) * information(beta),
            forward_full,
            reduce,
            True,
            seen,
            SEEN,
        ),
        identity("reverse, new only", REVERSE_NEW, to_zero, reverse_new, AS_SQUARED_SCORE, False, unseen, 0.0),
        identity("reverse, true mixture", REVERSE_FULL, to_alpha, reverse_full, from_alpha, False, seen, SEEN),
        below(
            "forward, new only",
            Derivative(FORWARD_NEW, beta),
            constant * TV**2 * beta,
            onward(forward_new.equals(beta * information(beta), by=ReduceToGate(beta)), bound_of_information),
        ),
        below(
            "forward, true mixture",
            (beta - alpha) * Derivative(FORWARD_FULL, beta),
            constant * TV**2 * square,
            Derivation((beta - alpha) * Derivative(FORWARD_FULL, beta))
            .equals((beta - alpha) * SampleIntegral(-p * gap / q), by=UnderTheIntegral(beta))
            .equals(square * squared_score(beta), by=ReduceToGate(beta))
            .at_least(constant * TV**2 * square, by=CauchySchwarz(gap**2 / q, q, times=square)),
        ),
        below(
            "reverse, new only",
            Derivative(REVERSE_NEW, beta),
            constant * TV**2 * beta,
            reverse_new.at_least(floor, by=UnderIntegralSign(information_bound(w, constant), w, unit)).equals(
                constant * TV**2 * beta, by=Antiderivative(constant * TV**2 * w, w, Interval.parse("[0, 1)"))
            ),
        ),
        below(
            "reverse, true mixture",
            (beta - alpha) * Derivative(REVERSE_FULL, beta),
            constant * TV**2 * square,
            Derivation((beta - alpha) * Derivative(REVERSE_FULL, beta)).at_least(
                constant * TV**2 * square, by=Lemma("reverse_kl/unique-optimum", "minimiser")
            ),
        ),
    )


@claim(
    domain={beta: UNIT, alpha: UNIT, eta: UNIT, lam: UNIT, delta: "(0, oo)", l: "(-oo, oo)"},
    kind="rate",
    densities="any",
    sentence="visibility",
    depends_on=("reverse_kl/exponential-decay",),
    false_twin={"natural": 2},
)
def regimes(natural=1, exponent=-Rational(1, 8), curvature=1):
    """The four axes of forgetting in one table: direction, overlap, sampling regime, visibility.

        axis         changes                                  and leaves alone
        visibility   the old mass in the limit (two-by-two)   the rate of the natural-gradient flow: 1
        direction    the path                                 limit, and local rate alpha (1-alpha) (1 - H(alpha))
        overlap      local rate; drift of the old mean,       limit
                     of order exp(-delta^2/8)
        sampling     batch needed to see the old mode,        limit
                     log(1/eta)/log(1/share)

    At the true mixture both divergences have the same curvature I(alpha) in the weight, so no local rate tells the
    directions apart. The Fisher-Rao flow of forward KL is beta' = -(beta - alpha) for every pair of densities. The
    gate on the old mean in the reverse direction has the exponent -1/8 in delta^2; in the forward direction, on new
    data alone, E_n[r_o^2] <= (3 sqrt(3)/16) sqrt(beta/(1-beta)) BC, with the same exponent. A batch of
    N = log(1/eta)/log(1/s) draws misses an event of probability 1 - s with probability eta: s = 1 - beta on-policy,
    s = (1-lam)(1-beta) with a share lam of replay.

    Guarantee: **tight** (identities, limit), **upper bound** of the forward pull.
    Hypotheses: any two densities, positive almost everywhere and not equal; the exponent for Gaussian modes with
    common covariance.
    Source: "divergence direction, geometric overlap, sampling regime, and visibility" (abstract of arXiv:2603.12163);
    the table is ours.
    """
    value = curvature * information(alpha)
    spots = ({beta: "3/10", alpha: "7/10"}, {beta: "9/10", alpha: "1/2"})

    def local(name, divergence):
        second = Derivative(divergence, (beta, 2))
        opened = divergence.diff(beta, 2)
        return Part(
            eq(Subs(second, beta, alpha), value),
            name=name,
            symbolic=Derivation(Subs(second, beta, alpha))
            .equals(Subs(opened, beta, alpha), by=AtEveryPoint(UnderTheIntegral(beta)))
            .equals(squared_score(alpha), by=PutIn())
            .equals(value, by=ReduceToGate(alpha)),
            certified=(at({alpha: "7/10"}, {alpha: "1/3"}, instance=LETTERS),),
            numeric=(agree({alpha: "7/10"}, instance=LETTERS),),
        )

    slope = SampleIntegral(-p * gap / q)
    flow = -Derivative(FORWARD_FULL, beta) / squared_score(beta)
    escape = exp_half_shape()
    level = log(escape) / delta**2
    spread = 4 + delta**2
    distance = ((1 + l**2) / 4 + l**2 / 8 + log(spread) / 2) / delta**2

    most = 3 * sqrt(3) / 16
    pull = most * sqrt(beta / (1 - beta))
    old, new = sqrt(beta * p_o), sqrt((1 - beta) * p_n)
    touching = (old - sqrt(3) * new) ** 2 * (old**2 + 2 * sqrt(3) / 9 * old * new + new**2 / 3)

    def batch(name, share):
        draws = log(1 / eta) / log(1 / share)
        return Part(
            eq(share**draws, eta),
            name=name,
            symbolic=Derivation(share**draws).equals(eta, by=Algebra("s^N = exp(N log s)")),
            certified=(at({beta: "1/10", eta: "1/20", lam: "1/4"}),),
            numeric=(agree({beta: "1/10", eta: "1/20", lam: "1/4"}),),
        )

    return (
        Part(
            eq(flow, -natural * (beta - alpha)),
            name="natural rate",
            symbolic=Derivation(flow)
            .equals(
                -slope / squared_score(beta), by=Replace(Derivative(FORWARD_FULL, beta), slope, UnderTheIntegral(beta))
            )
            .equals(-natural * (beta - alpha), by=ReduceToGate(beta)),
            certified=(at(*spots, instance=LETTERS),),
            numeric=(agree(spots[0], instance=LETTERS),),
        ),
        local("local rate, forward", FORWARD_FULL),
        local("local rate, reverse", REVERSE_FULL),
        Part(
            le(E_n(responsibility_old(beta) ** 2), pull * BC),
            name="pull, forward",
            symbolic=Derivation(E_n(responsibility_old(beta) ** 2))
            .at_most(
                SampleIntegral(pull * sqrt(p_o * p_n)),
                by=Pointwise(
                    most * old * new / ((1 - beta) * q**2) * touching,
                    "arithmetic-geometric mean: a^3 c <= 27/256 (a + c)^4",
                ),
            )
            .equals(pull * BC, by=Definition()),
            certified=(at({beta: "3/10"}, instance=LETTERS),),
        ),
        Part(
            eq(Limit(level, delta, oo), exponent),
            name="exponent of the gate, reverse",
            symbolic=Derivation(abs(level - exponent))
            .at_most(distance, by=Lemma("reverse_kl/exponential-decay", "exponent bound"))
            .therefore(Squeeze()),
        ),
        batch("batch on-policy", 1 - beta),
        batch("batch with replay", (1 - lam) * (1 - beta)),
    )


def exp_half_shape():
    """e_p = (1/2) exp(l/2) exp(-delta^2/8) S(delta, l), as reverse_kl/exponential-decay has it."""
    return exp(l / 2) * exp(-(delta**2) / 8) * gate_s(delta, l) / 2


PUBLISHED = scenarios.load("chen2025")
NAMES = tuple(v.name for v in PUBLISHED.variants)


def names_variants(indices, at_level):
    """Whether the numbers are those of variants, and ``at_level`` is 0 or 1."""
    return at_level in (0, 1) and all(i.is_Integer and 0 <= i < len(NAMES) for i in indices)


class median_drop(MedianOverRuns):
    """The median over runs of a variant's Drop: (variant's number, at_level).

    ``at_level``: 1 for the Drop at the Gain of the scenario's level, 0 for that at the end.
    """

    nargs = 2

    @property
    def exists(self):
        return names_variants(self.args[:-1], self.args[-1])

    def per_run(self, rng, replicates):
        *indices, at_level = self.args
        (values,) = drops([NAMES[int(i)] for i in indices], at_level == 1, rng, replicates)
        return values

    def names(self):
        """The variants' names; a number as it is where it is none's."""
        return [NAMES[int(i)] if names_variants([i], 0) else str(i) for i in self.args[:-1]]

    def when(self):
        at_level = self.args[-1]
        if at_level == 1:
            return f"at gain {PUBLISHED.level:g}"
        return f"after {PUBLISHED.steps} steps" if at_level == 0 else f"at {at_level}"

    def _sympystr(self, printer):
        return f"median Drop[{self.names()[0]}, {self.when()}]"

    def _latex(self, printer, exp=None):
        return rf"\mathrm{{\text{{{self._sympystr(printer)}}}}}"


class median_excess(median_drop):
    """The median over runs of Drop of one variant less that of another on the same noise: (first, second, at_level)."""

    nargs = 3

    def per_run(self, rng, replicates):
        *indices, at_level = self.args
        first, second = drops([NAMES[int(i)] for i in indices], at_level == 1, rng, replicates)
        return first - second

    def _sympystr(self, printer):
        first, second = self.names()
        return f"median (Drop[{first}] - Drop[{second}], {self.when()})"


COMPARED = (
    "forward 0.15",
    "reverse as coded",
    "reverse, honest",
    "as coded, not slowed",
    "full target, not slowed",
)


def drops(names, at_level, rng, replicates):
    """One Drop per replicate for each named variant."""
    together = COMPARED if set(names) <= set(COMPARED) else tuple(names)
    found = drops_and_gains(together, int(rng.integers(2**62)), replicates)
    both = [found[name] for name in names]
    return [b.drop_at(PUBLISHED.level) if at_level else b.drop[:, -1] for b in both]


@lru_cache(maxsize=1)
def drops_and_gains(names, seed, replicates):
    """Of variants trained together: on the same noise, drawn once, each as if it were alone."""
    run = PUBLISHED.only(names)
    done = collected(run, Settings(replicates=replicates, seed=seed))
    return {name: DropAndGain.of(run, done[name]) for name in names}


@claim(
    domain={beta: UNIT},
    kind="fixed point",
    densities="any",
    sentence="visibility",
    false_twin={"importance": 0},
)
def chen2025(
    importance=1,
    contrast=Rational(1, 50),
    sampling=Rational(3, 10),
    slow=Rational(3, 4),
    visible=Rational(1, 10),
):
    """The published contrast of forward and reverse KL comes from what is sampled and from the slow factor.

    Chen et al. train a two-mode mixture on the new mode. Exactly, with the new component in place: the reward as coded,
    log(p_n/(s (1-beta) p_n) + floor), is constant, and its importance weight q/((1-beta) p_n) turns the expectation
    into a constant times int (p_o - p_n) = 0: the coded objective is neutral about the old weight. Honest reverse KL
    to the new mode has the pull -int_0^beta I < 0, forward KL -(1-H)/(1-beta) < 0. The weight that would have to bring
    the old mode into a batch from the new component has second moment 1 + 2c + c^2 (1 + chi2), c = beta/(1-beta),
    which for Gaussians with common covariance grows like exp(delta^2); in the published settings, where the old mode is
    the wider one, it is infinite: most batches do not see the old mode, and a rare one throws the run off.

    In simulation, from the published settings: at Gain 0.9 forward KL (rate 0.15) drops more than reverse as coded;
    honest reverse KL to the new mode drops far more than as coded, at the same rate; without the slow factor reverse
    as coded loses the old mode; with the full target, also without the slow factor, reverse KL keeps it.

    Guarantee: **tight** (identities); the comparisons are of medians over independent runs, by an exact sign test.
    Hypotheses: identities for any two densities, positive almost everywhere and not equal, with finite KL(p_o|p_n) and
    chi2; simulations with the settings of the scenario chen2025 (its TOML file says which).
    Source: arXiv:2510.18874, the published simulation; re-implemented from its settings. The explanation is ours.
    """
    scale, floor = (Rational(str(x)) for x in (PUBLISHED.reward_scale, PUBLISHED.reward_floor))
    reward = log(1 / (scale * (1 - beta)) + floor)
    weight = q / ((1 - beta) * p_n)
    coded = E_n(weight**importance * reward * gap / q)
    honest = SampleIntegral(gap * log(q / p_n))
    c = beta / (1 - beta)
    letters = (at({beta: "3/10"}, {beta: "4/5"}, instance=LETTERS),)

    def ordering(name, left, right, what):
        return Part(gt(left, right), name=name, simulation=(Median(what),))

    def number(name):
        return NAMES.index(name)

    return (
        Part(
            eq(coded, 0),
            name="as coded is neutral",
            symbolic=Derivation(coded)
            .equals(SampleIntegral(reward * gap / (1 - beta)), by=SameIntegrand("the weight cancels q"))
            .equals(0, by=Definition("int p_o = int p_n = 1")),
            certified=letters,
            numeric=(agree({beta: "3/10"}, instance=LETTERS),),
        ),
        Part(
            eq(-honest, -Integral(squared_score(w), (w, 0, beta))),
            name="honest pull",
            symbolic=Derivation(-honest)
            .equals(
                -Integral(information(w), (w, 0, beta)),
                by=Affine(FundamentalTheorem(beta, 0, information(beta)), -1),
            )
            .equals(-Integral(squared_score(w), (w, 0, beta)), by=Affine(AS_SQUARED_SCORE, -1)),
            certified=letters,
            numeric=(agree({beta: "3/10"}, instance=LETTERS),),
        ),
        Part(
            eq(E_n(weight**2), 1 + 2 * c + c**2 * (1 + chi2)),
            name="second moment of the weight",
            symbolic=Derivation(E_n(weight**2)).equals(
                1 + 2 * c + c**2 * (1 + chi2), by=Definition("q = (1-beta) p_n + beta p_o")
            ),
            certified=letters,
        ),
        ordering(
            "published contrast",
            median_excess(number("forward 0.15"), number("reverse as coded"), 1),
            contrast,
            "Drop at Gain 0.9, forward 0.15 less reverse as coded",
        ),
        ordering(
            "what is sampled",
            median_excess(number("reverse, honest"), number("reverse as coded"), 0),
            sampling,
            "Drop after 200 steps, honest less as coded",
        ),
        ordering(
            "the slow factor",
            median_drop(number("as coded, not slowed"), 0),
            slow,
            "Drop after 200 steps, as coded, not slowed",
        ),
        ordering(
            "the full target",
            -median_drop(number("full target, not slowed"), 0),
            visible,
            "minus Drop after 200 steps, full target, not slowed",
        ),
    )
