"""sdft: distillation into the student from a teacher that averages the student and is anchored by demonstrations."""

import mpmath
import numpy as np
from sympy import Abs, Derivative, Dummy, Integral, Lambda, Rational, Subs, Symbol, exp, log, sqrt

from symforget.authoring import claim, eq, ge, gt, le, lt
from symforget.calculus import BC, TV, H, SampleIntegral, mixture, p_n, p_o
from symforget.calculus import responsibility_new as r_new
from symforget.calculus import responsibility_old as r_old
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.domain import Interval
from symforget.gate.double import gate as gate_in_double
from symforget.gate.symbolic import gate_s
from symforget.instances import TwoLetterPair, a, b
from symforget.legs.certified import at, over
from symforget.legs.numeric import Measurement, agree
from symforget.legs.simulation import FAILURE_PROBABILITY, Experiment
from symforget.model import alpha, beta, delta, lam, phi
from symforget.objectives.sdft import (
    AVERAGE_FIELD,
    Direction,
    Training,
    at_fixed_point,
    beta_bar,
    c,
    epsilon,
    follow_rate,
    g,
    information,
    k,
    kappa,
    linear_flow,
    linear_iteration,
    logit_speed,
    slow_rate,
    student_field,
    teacher,
    w,
)
from symforget.rules import (
    Affine,
    Algebra,
    AtEveryPoint,
    CauchySchwarz,
    Differentiate,
    FundamentalTheorem,
    Gathering,
    InsideUnitDisc,
    Lemma,
    Monotone,
    MoveMean,
    Pointwise,
    PutIn,
    ReduceToGate,
    SameIntegrand,
    SignOf,
    SlopeAtLeast,
    SmallerRoot,
    SteinAlong,
    Times,
)
from symforget.rules.vectors import SpaceIntegral, c_n, c_o, m_n, m_o, mu_n, mu_o, slope_along, t_n, t_o, x
from symforget.simulate import bounded_mean

UNIT = "(0, 1)"
STRENGTH = "(0, 1]"
FORWARD, REVERSE = Direction.FORWARD, Direction.REVERSE
LETTERS = TwoLetterPair(Rational(1, 4), Rational(2, 3))
PAIRS = {a: "[1/10, 1/5]", b: "[3/10, 2/5]"}
s = Symbol("s", real=True)
y = Symbol("y", real=True)
"""The argument of a characteristic polynomial."""

q, p_teacher = mixture(beta), mixture(teacher())
HALF_WAY = beta * (1 - beta)


def sigmoid(y):
    """The weight whose logit is y."""
    return 1 / (1 + exp(-y))


def logit(weight):
    """The logit of a weight."""
    return log(weight / (1 - weight))


def information_bound(weight, constant=4):
    """I(weight) >= 4 TV^2, by Cauchy-Schwarz."""
    density = mixture(weight)
    return (
        Derivation(information(weight))
        .equals(SampleIntegral((p_o - p_n) ** 2 / density), by=ReduceToGate(weight))
        .at_least(constant * TV**2, by=CauchySchwarz((p_o - p_n) ** 2 / density, density))
    )


def towards(direction, constant=4):
    """(a - beta) beta' >= 4 TV^2 (beta(1-beta))^2 (beta - a)^2 for a teacher of weight a = alpha."""
    field = HALF_WAY * logit_speed(direction, beta, alpha)
    start, bound = (alpha - beta) * field, constant * TV**2 * HALF_WAY**2 * (beta - alpha) ** 2
    factor = HALF_WAY**2 * (beta - alpha) ** 2
    if direction is FORWARD:
        return (
            Derivation(start)
            .equals(factor * SampleIntegral((p_o - p_n) ** 2 / q), by=ReduceToGate(beta))
            .at_least(bound, by=CauchySchwarz((p_o - p_n) ** 2 / q, q, times=factor))
        )
    inside = Integral(information(w), (w, alpha, beta))
    return (
        Derivation(start)
        .equals(HALF_WAY**2 * (beta - alpha) * inside, by=Algebra())
        .at_least(bound, by=SlopeAtLeast(information_bound(w, constant), w, Interval.parse(UNIT), times=HALF_WAY**2))
    )


SAMPLED = {"student": 0.5, "average": 0.15, "delta": 3.0, "demonstrator": 0.05, "strength": 0.5}
SAMPLED_TEACHER = 0.5 * 0.15 + 0.5 * 0.05


def sampled_speed(direction, rng, draws):
    """The mean update of the student's logit at unit step, from its own draws, one bounded value for each batch."""
    batch = 8
    separation, demonstrator, strength = (SAMPLED[name] for name in ("delta", "demonstrator", "strength"))
    training = Training(separation, demonstrator, strength, direction, step=1.0, batch=batch)
    start = SAMPLED["student"]

    def draw(count, generator):
        moved, _ = training.run(np.full(count, start), np.full(count, SAMPLED["average"]), 1, generator)
        return np.log(moved / (1 - moved)) - np.log(start / (1 - start))

    reach = max(SAMPLED_TEACHER / start, (1 - SAMPLED_TEACHER) / (1 - start))
    return bounded_mean(draw, draws // batch, -reach, reach, FAILURE_PROBABILITY, rng)


def predicted_speed(direction, constant):
    """The statement's right side in floating point; the gate through float64, the integral by adaptive quadrature."""
    from scipy.integrate import quad

    student, separation = SAMPLED["student"], SAMPLED["delta"]

    def closed(weight):
        return constant - gate_in_double(weight, separation)

    if direction is FORWARD:
        return -(student - SAMPLED_TEACHER) * closed(student)
    inside = quad(lambda weight: closed(weight) / (weight * (1 - weight)), SAMPLED_TEACHER, student)[0]
    return -student * (1 - student) * inside


@claim(
    domain={beta: UNIT, beta_bar: UNIT, c: UNIT, lam: STRENGTH, alpha: UNIT},
    kind="identity",
    densities="any",
    sentence="sdft",
    false_twin={"constant": Rational(1, 2)},
)
def fields(constant=1, floor=4):
    """The student's logit moves by the closed part of the gate, towards the teacher's weight, in either direction.

    With a = (1-lam) beta_bar + lam c the teacher's weight, held fixed while the student descends, and the score
    dlog q/dphi = r_o - beta of the student's own draws x ~ q:
    forward KL(teacher|student): phi' = E_q[(p_a/q) score] = -(beta - a)(1 - H(beta));
    reverse KL(student|teacher): phi' = -E_q[score log(q/p_a)] = -beta(1-beta) int_a^beta I(w) dw, I = (1 - H)/(w(1-w)):
    in the logit, 1 - H integrated from the teacher to the student.
    With beta' = beta(1-beta) phi', in both (a - beta) beta' >= 4 TV^2 (beta(1-beta))^2 (beta - a)^2: the student always
    moves towards the teacher, as the average moves towards the student. So neither leaves the smallest interval that
    holds beta(0), beta_bar(0) and c: the old mass never falls below the least of the three.

    Guarantee: **tight** (identities); **lower bound** of the speed, attained where |p_o - p_n| is a multiple of q.
    Hypotheses: any two densities, positive almost everywhere; teacher and student are mixtures of both.
    Source: I. Shenfeld et al., arXiv:2601.19897: reverse KL in the text, forward KL in the released code; the fields of
        the two-mode model are ours.
    """
    score = r_old(beta) - beta
    start = SampleIntegral(p_teacher * score)
    forward = -(beta - teacher()) * (constant - H(beta))
    slope = -SampleIntegral(q * score * log(q / p_teacher))
    gap = SampleIntegral((p_o - p_n) * log(q / p_teacher))
    inside = Integral((constant - H(w)) / (w * (1 - w)), (w, teacher(), beta))
    letters_point = {beta_bar: "3/5", c: "1/5", lam: "1/2"}

    def experiment(direction):
        return Experiment(
            run=lambda rng, draws: sampled_speed(direction, rng, draws),
            predict=lambda: predicted_speed(direction, constant),
            what=f"one update of the student's logit, {direction} KL",
            draws=2_000_000,
        )

    return (
        Part(
            eq(start, forward),
            name="forward",
            symbolic=Derivation(start)
            .equals(
                HALF_WAY * SampleIntegral(p_teacher * (p_o - p_n) / q),
                by=SameIntegrand("the score is r_o - beta = beta(1-beta)(p_o - p_n)/q"),
            )
            .equals(forward, by=ReduceToGate(beta)),
            certified=(at({**letters_point, beta: "4/5"}, instance=LETTERS, digits=12),),
            numeric=(agree({**letters_point, beta: "4/5"}, instance=LETTERS),),
            simulation=(experiment(FORWARD),),
        ),
        Part(
            eq(slope, -HALF_WAY * inside),
            name="reverse",
            symbolic=Derivation(slope)
            .equals(
                -HALF_WAY * gap,
                by=SameIntegrand("the score is r_o - beta = beta(1-beta)(p_o - p_n)/q"),
            )
            .equals(
                -HALF_WAY * inside,
                by=Times(
                    -HALF_WAY,
                    FundamentalTheorem(
                        beta,
                        teacher(),
                        information(beta),
                        "zero at beta = a, with slope I(beta) = (1-H)/(beta(1-beta))",
                    ),
                ),
            ),
            certified=(at({**letters_point, beta: "4/5"}, instance=LETTERS, digits=12),),
            simulation=(experiment(REVERSE),),
        ),
        *(
            Part(
                ge(
                    (alpha - beta) * HALF_WAY * logit_speed(direction, beta, alpha),
                    floor * TV**2 * HALF_WAY**2 * (beta - alpha) ** 2,
                ),
                name=f"{direction}, towards the teacher",
                symbolic=towards(direction, floor),
                certified=(at({beta: "3/10", alpha: "7/10"}, {beta: "9/10", alpha: "1/2"}, instance=LETTERS),),
            )
            for direction in Direction
        ),
    )


ANCHOR = 0.7


def trained(direction, rng, draws):
    """The mean old mass of independent students after training from ANCHOR - 0.3, each with its own teacher.

    The rates per update are far above the published ones, so that the end comes soon.
    """
    batch, updates = (16 if direction is FORWARD else 4), 36
    students = draws // (batch * updates)
    training = Training(3.0, ANCHOR, 0.8, direction, ema_rate=0.3, step=1.5, batch=batch)

    def draw(count, generator):
        start = np.full(count, ANCHOR - 0.3)
        return training.run(start, start, updates, generator)[0]

    return bounded_mean(draw, students, 0.0, 1.0, FAILURE_PROBABILITY, rng)


@claim(
    domain={beta: UNIT, c: UNIT, lam: STRENGTH},
    kind="fixed point",
    densities="any",
    sentence="sdft",
    depends_on=("sdft/fields",),
    false_twin={"target": Rational(1, 2)},
)
def fixed_points(target=1, floor=4):
    """With an anchor the only equilibrium is the demonstrator's old mass.

    At rest the average equals the student, beta_bar = beta, and there the teacher's weight is beta - lam (beta - c): in
    both directions (c - beta) beta' >= 4 lam TV^2 (beta(1-beta))^2 (beta - c)^2, which is positive unless beta = c; and
    at beta = beta_bar = c nothing moves. Without an anchor every beta = beta_bar is at rest (sdft/neutral).

    Guarantee: **tight** (the equilibrium); **lower bound** (the speed), attained where |p_o - p_n| is a multiple of q.
    Hypotheses: any two densities, positive almost everywhere and not equal; lam > 0, 0 < beta < 1.
    Source: arXiv:2601.19897 (the method); abstract of arXiv:2603.12163 (conditions for retaining old mass); ours.
    """
    end = target * c
    at_rest = teacher(beta)

    def pull(direction):
        start = (end - beta) * HALF_WAY * logit_speed(direction, beta, at_rest)
        return Part(
            ge(start, floor * lam * TV**2 * HALF_WAY**2 * (beta - end) ** 2),
            name=f"{direction}, pull",
            symbolic=Derivation(start).at_least(
                floor * lam * TV**2 * HALF_WAY**2 * (beta - end) ** 2,
                by=Lemma(
                    "sdft/fields",
                    f"{direction}, towards the teacher",
                    at={alpha: at_rest},
                    times=1 / lam,
                    reason="by sdft/fields with a = beta - lam (beta - c), divided by lam",
                ),
            ),
            certified=(
                at({beta: "3/10", c: "7/10", lam: "1/2"}, {beta: "9/10", c: "1/2", lam: "1/10"}, instance=LETTERS),
            ),
            simulation=(
                Experiment(
                    run=lambda rng, draws: trained(direction, rng, draws),
                    predict=lambda: float(target) * ANCHOR,
                    what=f"old mass after training, {direction} KL with EMA teacher",
                    draws=9_216_000 if direction is FORWARD else 2_304_000,
                ),
            ),
        )

    def stationary(direction):
        speed = at_fixed_point(student_field(direction))
        return Part(
            eq(speed, 0),
            name=f"{direction}, at rest",
            symbolic=Derivation(speed).equals(0, by=PutIn("a = c = beta: the difference (the integral) is zero")),
        )

    return tuple(f(direction) for f in (pull, stationary) for direction in Direction)


def slopes(direction):
    """d beta'/d beta and d beta'/d beta_bar of the student's field, by the product rule and the fundamental theorem."""
    if direction is FORWARD:
        front = HALF_WAY * (1 - H(beta))
        return -front - (beta - teacher()) * front.diff(beta), (1 - lam) * front
    front = HALF_WAY**2
    inside = Integral(information(w), (w, teacher(), beta))
    return -front * information(beta) - front.diff(beta) * inside, (1 - lam) * front * information(teacher())


def letters_field(direction, point):
    """(beta', beta_bar') on the two letters LETTERS in mpmath, the student's part by sums over the letters."""
    pairs = ((LETTERS.old, LETTERS.new), (1 - LETTERS.old, 1 - LETTERS.new))

    def field(student, average):
        values = [(mpf(old), mpf(new)) for old, new in pairs]
        target = (1 - mpf(point[lam])) * average + mpf(point[lam]) * mpf(point[c])
        front = (student * (1 - student)) ** 2
        if direction is FORWARD:
            fisher = mpmath.fsum((o - n) ** 2 / (student * o + (1 - student) * n) for o, n in values)
            speed = -front * (student - target) * fisher
        else:
            gap = (
                (o - n) * mpmath.log1p((student - target) * (o - n) / (target * o + (1 - target) * n))
                for o, n in values
            )
            speed = -front * mpmath.fsum(gap)
        return speed, mpf(point[kappa]) * (student - average)

    return field


def mpf(exact):
    """An exact rational at mpmath's present precision."""
    return mpmath.mpf(exact.p) / exact.q


def measured_slow_rate(direction):
    """The slow rate from four values of beta - c along the flow, one time unit apart, close to the fixed point.

    They satisfy x_(n+2) = T x_(n+1) - D x_n up to the square of the distance; exp(-rate) is the larger root.
    """

    def measure(point, digits):
        with mpmath.workdps(50):
            size = mpmath.mpf(10) ** -22
            field = letters_field(direction, point)
            found = []
            for distance in (size, size / 2):
                end, xs = mpf(point[c]), []
                state = (end + distance, end + 3 * distance)
                for _ in range(4):
                    xs.append(state[0] - end)
                    state = follow_plane(field, state, mpmath.mpf(4), 24)
                total = (xs[0] * xs[3] - xs[1] * xs[2]) / (xs[0] * xs[2] - xs[1] ** 2)
                product = (xs[1] * xs[3] - xs[2] ** 2) / (xs[0] * xs[2] - xs[1] ** 2)
                root = (total + mpmath.sqrt(total**2 - 4 * product)) / 2
                found.append(-mpmath.log(root) / 4)
            return found[1], abs(found[0] - found[1])

    return measure


def follow_plane(field, state, time, order):
    """The state after ``time``: midpoint rules of 2, 4, ..., extrapolated in the square of their step."""
    row = []
    for j in range(1, order // 2 + 1):
        new = [midpoints(field, state, time, 2 * j)]
        for i, previous in enumerate(row, start=1):
            ratio = (mpmath.mpf(j) / (j - i)) ** 2
            new.append(tuple(n + (n - p) / (ratio - 1) for n, p in zip(new[-1], previous, strict=True)))
        row = new
    return row[-1]


def midpoints(field, state, time, count):
    """Gragg's smoothed midpoint rule with ``count`` steps, in the plane."""
    h = time / count
    before, now = state, tuple(y + h * d for y, d in zip(state, field(*state), strict=True))
    for _ in range(count - 1):
        before, now = now, tuple(y + 2 * h * d for y, d in zip(before, field(*now), strict=True))
    return tuple((y + z + h * d) / 2 for y, z, d in zip(before, now, field(*now), strict=True))


@claim(
    domain={
        beta: UNIT,
        beta_bar: UNIT,
        c: UNIT,
        lam: STRENGTH,
        kappa: "(0, oo)",
        k: "(0, 1/4]",
        y: "(-oo, oo)",
        TV: "(0, 1)",
    },
    kind="rate",
    densities="any",
    sentence="sdft",
    depends_on=("overlap/gate-bounds",),
    false_twin={"scale": 2},
)
def jacobian(scale=1, low=1, high=1):
    """Near the demonstrator's mass both directions have the same Jacobian, and the anchor sets the slow rate.

    At beta = beta_bar = c, in the variables (beta, beta_bar), it is [[-k, k(1-lam)], [kappa, -kappa]] with
    k = c(1-c)(1 - H(c)) in (0, 1/4]. The eigenvalues are real and negative; the slow rate is
    r = ((k + kappa) - sqrt((k - kappa)^2 + 4 k kappa (1-lam)))/2, between lam k kappa/(k + kappa) and lam min(k,
    kappa): known within a factor 2, proportional to the anchor's strength, and lowered by overlap only through k.

    Guarantee: **tight** (Jacobian, eigenvalues); **lower bound** and **upper bound** of the slow rate, attained in the
    limit lam -> 0 and at lam = 1.
    Hypotheses: any two densities, positive almost everywhere and not equal; lam > 0.
    Source: arXiv:2601.19897 (the method); the Jacobian and the rates are ours.
    """
    rate = scale * follow_rate()
    entries = {beta: -rate, beta_bar: rate * (1 - lam)}
    names = {beta: "by student", beta_bar: "by average"}

    def entry(direction, variable, slope):
        # The other variable is put at c first: with two at one point SymPy takes their derivatives for equal.
        along = {beta: {beta_bar: c}, beta_bar: {beta: c}}[variable]
        start = Subs(Derivative(student_field(direction).xreplace(along), variable), variable, c)
        return Part(
            eq(start, entries[variable]),
            name=f"{direction}, {names[variable]}",
            symbolic=Derivation(start)
            .equals(
                Subs(slope.xreplace(along), variable, c),
                by=AtEveryPoint(Differentiate("product rule and fundamental theorem of calculus")),
            )
            .equals(
                entries[variable], by=PutIn("at beta = beta_bar = c also a = c: the difference (the integral) is zero")
            ),
            certified=(at({c: "3/10", lam: "1/2"}, {c: "4/5", lam: "1/10"}, instance=LETTERS),),
        )

    trace, determinant = linear_flow().trace(), linear_flow().det()
    discriminant = (k - kappa) ** 2 + 4 * k * kappa * (1 - lam)
    root = (k + kappa - sqrt((k + kappa) ** 2 - 4 * k * kappa * lam)) / 2
    floor, ceiling = low * lam * k * kappa / (k + kappa), high * lam
    similar = over({lam: "[1/2, 3/4]", k: "[1/8, 3/16]", kappa: "[1/8, 3/16]"})
    apart = over({lam: "[1/4, 3/4]", k: "[1/8, 1/4]", kappa: "[1/50, 1/25]"})
    anchored = over({lam: "[1/2, 5/8]", k: "[1/8, 5/32]", kappa: "[1/8, 5/32]"})
    rate_of_pair = follow_rate()
    on_pair = {k: rate_of_pair}
    with_gate = (rate_of_pair + kappa - sqrt(discriminant.xreplace(on_pair))) / 2

    def above(value, polynomial):
        return Derivation(root).at_most(value, by=SmallerRoot(k + kappa, k * kappa * lam, discriminant, polynomial))

    below = Derivation(root).at_least(
        floor, by=SmallerRoot(k + kappa, k * kappa * lam, discriminant, (lam * k * kappa / (k + kappa)) ** 2)
    )
    return (
        *(
            entry(direction, variable, slope)
            for direction in Direction
            for variable, slope in zip((beta, beta_bar), slopes(direction), strict=True)
        ),
        Part(
            le(scale * follow_rate(), Rational(1, 4)),
            name="range of k",
            symbolic=Derivation(scale * follow_rate()).at_most(
                Rational(1, 4), by=SignOf((1 - 2 * c) ** 2 / 4 + c * (1 - c) * H(c), "(1 - 2c)^2 >= 0 and H > 0")
            ),
            certified=(over({c: "[1/100, 2/5]", delta: "[1/2, 6]"}),),
        ),
        Part(
            gt(scale * follow_rate(), 0),
            name="k positive",
            symbolic=Derivation(follow_rate())
            .equals((c * (1 - c)) ** 2 * SampleIntegral((p_o - p_n) ** 2 / mixture(c)), by=ReduceToGate(c))
            .at_least(
                4 * TV**2 * (c * (1 - c)) ** 2,
                by=CauchySchwarz((p_o - p_n) ** 2 / mixture(c), mixture(c), times=(c * (1 - c)) ** 2),
            )
            .above(0, by=SignOf(4 * TV**2 * (c * (1 - c)) ** 2)),
        ),
        Part(
            eq((linear_flow() - y * linear_flow().eye(2)).det(), y**2 + (k + kappa) * y + k * kappa * lam),
            name="characteristic polynomial",
            symbolic=Derivation((linear_flow() - y * linear_flow().eye(2)).det())
            .equals(y**2 - trace * y + determinant, by=Algebra("trace and determinant"))
            .equals(y**2 + (k + kappa) * y + k * kappa * lam, by=Algebra()),
        ),
        Part(
            ge((k + kappa) ** 2 - 4 * k * kappa * lam, 0),
            name="real eigenvalues",
            symbolic=Derivation((k + kappa) ** 2 - 4 * k * kappa * lam)
            .equals(discriminant, by=Algebra())
            .at_least(0, by=SignOf(discriminant)),
        ),
        Part(
            eq(slow_rate().xreplace(on_pair), with_gate),
            name="slow rate",
            symbolic=Derivation(slow_rate().xreplace(on_pair)).equals(
                with_gate, by=Algebra("the smaller root, s -> -s")
            ),
            numeric=tuple(
                Measurement(
                    measured_slow_rate(direction),
                    {c: Rational(3, 10), lam: Rational(2, 5), kappa: Rational(1, 50)},
                    f"slow rate along the flow, {direction} KL",
                    "1e-14",
                    LETTERS,
                )
                for direction in Direction
            ),
        ),
        Part(ge(root, floor), name="at least", symbolic=below, certified=(anchored,)),
        Part(
            gt(root, 0),
            name="stable",
            symbolic=Derivation(root, below.steps).above(0, by=SignOf(floor)),
        ),
        Part(
            le(root, ceiling * k),
            name="at most, by the student",
            symbolic=above(ceiling * k, lam * (1 - lam) * k**2),
            certified=(apart,),
        ),
        Part(
            le(root, ceiling * kappa),
            name="at most, by the average",
            symbolic=above(ceiling * kappa, lam * (1 - lam) * kappa**2),
            certified=(similar,),
        ),
    )


BOWL = Integral((w - c) / (w * (1 - w) * (1 - H(w))), (w, c, beta)) + (1 - lam) / (2 * kappa) * (beta_bar - c) ** 2
"""A Lyapunov function of the forward flow: zero at beta = beta_bar = c, infinite as beta goes to 0 or 1."""


@claim(
    domain={beta: UNIT, beta_bar: UNIT, c: UNIT, lam: STRENGTH, kappa: "(0, oo)", TV: "(0, 1)"},
    kind="convergence",
    densities="any",
    sentence="sdft",
    depends_on=("sdft/fields", "sdft/fixed-points", "sdft/jacobian"),
    false_twin={"target": Rational(1, 2)},
)
def retention(target=1, steep=4):
    """The old mass in the limit is exactly the demonstrator's: kept iff demonstrations carry it and the anchor acts.

    From every start the forward flow runs down a bowl: V = int_c^beta (b - c)/(b(1-b)(1-H)) db
    + (1-lam)/(2 kappa) (beta_bar - c)^2 has V' = -lam (beta - c)^2 - (1-lam)(beta - beta_bar)^2, negative elsewhere
    than at beta = beta_bar = c; its slope (beta - c) dV/dbeta >= 4 (beta - c)^2 makes V >= 2 (beta - c)^2. Hence beta
    -> c (Lyapunov's theorem; V is infinite at beta = 0 and 1). In both directions the student moves towards the
    teacher, the average towards the student, and the teacher lies between the average and c (sdft/fields): the distance
    max(|beta - c|, |beta_bar - c|) falls until it is zero. So beta -> c > 0 iff c > 0; and never does the old mass
    fall below min(beta(0), beta_bar(0), c).

    Guarantee: **tight** (limit and speed of descent); **lower bound** (slope of the bowl).
    Hypotheses: any two densities, positive almost everywhere and not equal; lam > 0, kappa > 0.
    Source: abstract of arXiv:2603.12163 (conditions for retaining old mass under SDFT); the conditions are ours.
    """
    end = target * c
    descent = Derivative(BOWL, beta) * student_field(FORWARD) + Derivative(BOWL, beta_bar) * AVERAGE_FIELD
    fall = -lam * (beta - end) ** 2 - (1 - lam) * (beta - beta_bar) ** 2
    push = (beta - c) / (HALF_WAY * (1 - H(beta)))
    lean = (1 - lam) * (beta_bar - c) / kappa
    v = Dummy("v", positive=True)
    quarter = Derivation(HALF_WAY * (1 - H(beta))).at_most(
        Rational(1, 4), by=SignOf((1 - 2 * beta) ** 2 / 4 + HALF_WAY * H(beta), "(1 - 2 beta)^2 >= 0 and H > 0")
    )
    positive = (
        Derivation(HALF_WAY * (1 - H(beta)))
        .equals(HALF_WAY**2 * SampleIntegral((p_o - p_n) ** 2 / q), by=ReduceToGate(beta))
        .at_least(4 * TV**2 * HALF_WAY**2, by=CauchySchwarz((p_o - p_n) ** 2 / q, q, times=HALF_WAY**2))
        .above(0, by=SignOf(4 * TV**2 * HALF_WAY**2))
    )
    slope = (beta - c) * Derivative(BOWL, beta)
    return (
        Part(
            eq(descent, fall),
            name="descent",
            symbolic=Derivation(descent)
            .equals(
                push * student_field(FORWARD) + lean * AVERAGE_FIELD,
                by=Differentiate("fundamental theorem of calculus"),
            )
            .equals(
                -(beta - c) * (beta - teacher()) + (1 - lam) * (beta_bar - c) * (beta - beta_bar),
                by=Algebra("the gate cancels"),
            )
            .equals(fall, by=Algebra("beta - a = (beta - c) - (1-lam)(beta_bar - c)")),
            certified=(at({beta: "3/10", beta_bar: "4/5", c: "1/2", lam: "1/5", kappa: "1/10"}, instance=LETTERS),),
        ),
        Part(
            ge(slope, steep * (beta - c) ** 2),
            name="slope of the bowl",
            symbolic=Derivation(slope)
            .equals((beta - c) * push, by=Differentiate("fundamental theorem of calculus"))
            .at_least(
                steep * (beta - c) ** 2,
                by=Monotone(
                    Lambda(v, (beta - c) ** 2 / v),
                    quarter,
                    positive,
                    reason="beta(1-beta)(1-H) is positive, at most 1/4",
                ),
            ),
            certified=(at({beta: "3/10", c: "1/2", delta: 2}, {beta: "9/10", c: "1/5", delta: 1}),),
        ),
    )


LEVEL = kappa * Integral(1 / (w * (1 - w) * (1 - H(w))), (w, Rational(1, 2), beta)) + beta_bar
"""What the forward flow without an anchor conserves: kappa int dphi/(1 - H) + beta_bar."""
UNANCHORED = {"delta": 3.0, "step": 0.25, "ema_rate": 0.08, "student": 0.9, "average": 0.65}


def unanchored_end(rng, draws):
    """The mean old mass after training without an anchor from a student and an average that differ."""
    batch, updates = 8, 50
    start = UNANCHORED
    training = Training(start["delta"], 0.5, 0.0, FORWARD, start["ema_rate"], start["step"], batch)

    def draw(count, generator):
        student, average = (np.full(count, start[name]) for name in ("student", "average"))
        return training.run(student, average, updates, generator)[0]

    return bounded_mean(draw, draws // (batch * updates), 0.0, 1.0, FAILURE_PROBABILITY, rng)


def conserved_end():
    """beta = beta_bar at the level of the start; kappa is the EMA rate over the step."""
    from scipy.integrate import quad
    from scipy.optimize import brentq

    ratio, separation = UNANCHORED["ema_rate"] / UNANCHORED["step"], UNANCHORED["delta"]

    def level(student, average):
        inside = quad(lambda b: 1 / (b * (1 - b) * (1 - gate_in_double(b, separation))), 0.5, student)[0]
        return ratio * inside + average

    start = level(UNANCHORED["student"], UNANCHORED["average"])
    return brentq(lambda b: level(b, b) - start, 0.05, 0.95)


@claim(
    domain={beta: UNIT, beta_bar: UNIT, kappa: "(0, oo)"},
    kind="identity",
    densities="any",
    sentence="sdft",
    depends_on=("sdft/fields",),
    false_twin={"share": 2},
)
def neutral(share=1):
    """Without an anchor nothing decides where the old mass ends: a quantity is conserved, and every level is at rest.

    At lam = 0 the teacher is the average itself, a = beta_bar. Then every beta = beta_bar is at rest in both
    directions, and the forward flow conserves Q = kappa int dphi/(1 - H) + beta_bar. Q increases along the line of
    rest, dQ(b, b)/db = 1 + kappa/(b(1-b)(1-H)) > 0, so that the end point is the one b with Q(b, b) = Q at the start:
    it depends on the start, started at beta = beta_bar nothing moves, and nothing brings back what noise has taken.

    Guarantee: **tight** (identities).
    Hypotheses: any two densities, positive almost everywhere and not equal; lam = 0.
    Source: abstract of arXiv:2603.12163 (conditions for SDFT); ours.
    """
    speed = HALF_WAY * logit_speed(FORWARD, beta, beta_bar)
    change = Derivative(LEVEL, beta) * speed + share * Derivative(LEVEL, beta_bar) * AVERAGE_FIELD
    closed = HALF_WAY * (1 - H(beta))
    on_line = LEVEL.subs(beta_bar, beta)
    return (
        Part(
            eq(change, 0),
            name="conserved",
            symbolic=Derivation(change)
            .equals(kappa / closed * speed + share * AVERAGE_FIELD, by=Differentiate("fundamental theorem of calculus"))
            .equals(0, by=Algebra("kappa (beta_bar - beta) + kappa (beta - beta_bar)")),
            certified=(at({beta: "3/10", beta_bar: "4/5", kappa: "1/10"}, instance=LETTERS),),
            simulation=(
                Experiment(unanchored_end, conserved_end, "old mass after training without an anchor", 4_000_000),
            ),
        ),
        Part(
            ge(Derivative(on_line, beta), 1),
            name="increasing along the line",
            symbolic=Derivation(Derivative(on_line, beta))
            .equals(1 + kappa / closed, by=Differentiate("fundamental theorem of calculus"))
            .equals(1 + kappa / (HALF_WAY**2 * information(beta)), by=Algebra())
            .equals(
                1 + kappa / (HALF_WAY**2 * SampleIntegral((p_o - p_n) ** 2 / q)),
                by=ReduceToGate(beta),
            )
            .at_least(
                1, by=SignOf(kappa / (HALF_WAY**2 * SampleIntegral((p_o - p_n) ** 2 / q)), "every factor is positive")
            ),
            certified=(at({beta: "3/10", kappa: "1/10", delta: 2}, {beta: "9/10", kappa: 2, delta: 1}),),
        ),
        *(
            Part(
                eq(HALF_WAY * logit_speed(direction, beta, beta), 0),
                name=f"{direction}, at rest",
                symbolic=Derivation(HALF_WAY * logit_speed(direction, beta, beta)).equals(
                    0, by=PutIn("the difference (the integral) is zero")
                ),
            )
            for direction in Direction
        ),
    )


step = Symbol("h", positive=True)


def next_logit(direction):
    """The student's logit after one gradient step of size h."""
    return phi + step * logit_speed(direction).subs(beta, sigmoid(phi))


def at_rest_in_logit(expression):
    """The value at phi = logit(c), beta_bar = c, not carried out."""
    return at_fixed_point(expression).func(expression, (phi, beta_bar), (logit(c), c))


@claim(
    domain={
        c: UNIT,
        lam: STRENGTH,
        epsilon: UNIT,
        g: UNIT,
        k: "(0, 1/4]",
        phi: "(-oo, oo)",
        beta_bar: UNIT,
        step: "(0, 8)",
        y: "(-oo, oo)",
    },
    kind="convergence",
    densities="any",
    sentence="sdft",
    depends_on=("sdft/jacobian",),
    false_twin={"memory": 2},
)
def discrete_ema(memory=1, limit=8):
    """Every gradient step below 8 and every EMA rate is stable, whatever the overlap.

    One iteration is a gradient step of size h on the student's logit, then beta_bar <- (1-eps) beta_bar + eps beta with
    the new student. Its fixed point is that of the flow; linearised there, with g = h k, k = c(1-c)(1 - H(c)), it is
    [[1-g, g(1-lam)], [eps(1-g), 1-eps+eps g(1-lam)]], of determinant (1-g)(1-eps) and characteristic polynomial p with
    p(1) = eps g lam and p(-1) = (2-g)(2-eps) + eps g(1-lam). It is stable iff g < 2(2-eps)/(2-(2-lam) eps), which is at
    least 2; since k <= 1/4, every h < 8 is stable. For g < 1 (below: g in (0, 1); and g -> 1 + g for steps between) all
    eigenvalues are real and the spectral radius is below 1. EMA rates in use: 0.01, 0.02 and 0.05.

    Guarantee: **tight** (the matrix, p(1), p(-1)); the condition h < 8 is sufficient for all densities.
    Hypotheses: any two densities, positive almost everywhere and not equal; 0 < lam <= 1; forward or reverse KL.
    Source: arXiv:2601.19897, algorithm 1 (order of the updates, EMA rates); the condition is ours.
    References: E. I. Jury, Theory and Application of the z-Transform Method (1964), for the criterion.
    """
    matrix = linear_iteration()
    trace, determinant = matrix.trace(), matrix.det()
    stated_trace, stated_determinant = 2 - g - epsilon + epsilon * g * (1 - lam), (1 - g) * (1 - memory * epsilon)
    kept = epsilon * (1 - lam)
    larger = {g: 1 + g}

    def slope(direction):
        start = at_rest_in_logit(Derivative(next_logit(direction), phi))
        weight = sigmoid(phi)
        front = weight * (1 - weight)
        if direction is FORWARD:
            closed = 1 - H(weight)
            moved = 1 - step * (front * closed + (weight - teacher()) * Derivative(closed, phi))
        else:
            inside = Integral(information(w), (w, teacher(), weight))
            moved = 1 - step * (front**2 * information(weight) + front.diff(phi) * inside)
        return Part(
            eq(start, 1 - memory * step * follow_rate()),
            name=f"student's step, {direction}",
            symbolic=Derivation(start)
            .equals(
                at_rest_in_logit(moved),
                by=AtEveryPoint(Differentiate("product rule and fundamental theorem of calculus")),
            )
            .equals(1 - step * follow_rate(), by=PutIn("at phi = logit(c), beta_bar = c also a = c")),
            certified=(at({c: "3/10", lam: "1/2", step: 1}, instance=LETTERS),),
        )

    def stable(name, values, discriminant, room):
        total, product = (e.xreplace(values) for e in (stated_trace, stated_determinant))
        radius = (Abs(total) + sqrt(total**2 - 4 * product)) / 2
        g_now = g.xreplace(values)
        return Part(
            lt(radius, 1),
            name=name,
            symbolic=Derivation(radius).below(
                1,
                by=InsideUnitDisc(
                    total,
                    product,
                    discriminant,
                    epsilon * g_now * lam,
                    (2 - g_now) * (2 - epsilon) + g_now * kept,
                    room,
                ),
            ),
            certified=(at(*points),),
        )

    small = (g - epsilon) ** 2 + 2 * (1 - g) * g * kept + 2 * (1 - epsilon) * g * kept + (g * kept) ** 2
    large = (1 - epsilon - g + (1 + g) * kept) ** 2 + 4 * g * (1 - epsilon)
    points = ({lam: "1/2", g: "1/10", epsilon: "1/100"}, {lam: "1/10", g: "9/10", epsilon: "1/20"})
    return (
        slope(FORWARD),
        slope(REVERSE),
        Part(
            eq((matrix - y * matrix.eye(2)).det(), y**2 - stated_trace * y + stated_determinant),
            name="characteristic polynomial",
            symbolic=Derivation((matrix - y * matrix.eye(2)).det())
            .equals(y**2 - trace * y + determinant, by=Algebra("trace and determinant"))
            .equals(y**2 - stated_trace * y + stated_determinant, by=Algebra()),
        ),
        stable("stable, g below 1", {}, small, g * (1 - epsilon) + epsilon),
        stable("stable, g between 1 and 2", larger, large, 1 + g * (1 - epsilon)),
        Part(
            lt(step * k, Rational(limit, 4)),
            name="steps below 8",
            symbolic=Derivation(step * k)
            .at_most(step / 4, by=SignOf(step * (Rational(1, 4) - k), "k <= 1/4, by sdft/jacobian"))
            .below(2, by=SignOf((8 - step) / 4)),
        ),
        Part(
            ge(2 * (2 - epsilon) / (2 - (2 - lam) * epsilon), 2),
            name="the limit is at least 2",
            symbolic=Derivation(2 * (2 - epsilon) / (2 - (2 - lam) * epsilon)).at_least(
                2, by=SignOf(2 * epsilon * (1 - lam) / (2 * (1 - epsilon) + lam * epsilon))
            ),
        ),
        Part(
            eq(
                (1 + stated_trace + stated_determinant).subs(g, 2 * (2 - epsilon) / (2 - (2 - lam) * epsilon)),
                0,
            ),
            name="the limit is where p(-1) = 0",
            symbolic=Derivation(
                (1 + stated_trace + stated_determinant).subs(g, 2 * (2 - epsilon) / (2 - (2 - lam) * epsilon))
            ).equals(0, by=Algebra()),
        ),
    )


d_q, cosine = Symbol("d_q", positive=True), Symbol("cosine", real=True)
PULLED = alpha * t_o + (1 - alpha) * t_n


@claim(
    domain={
        beta: UNIT,
        beta_bar: UNIT,
        c: UNIT,
        lam: STRENGTH,
        alpha: UNIT,
        d_q: "(0, oo)",
        delta: "(0, oo)",
        cosine: "[-1, 1]",
        **dict.fromkeys((m_o, m_n, mu_o, mu_n), "(-oo, oo)"),
    },
    kind="upper bound",
    densities="Gaussian",
    sentence=("sdft", "gated"),
    depends_on=("reverse_kl/old-mean-gate", "overlap/gate-bounds", "overlap/closed-forms"),
    false_twin={"half": Rational(1, 8)},
)
def drift(half=Rational(1, 2), toward=1):
    """The old mean is pushed only through overlap; in the forward direction only while the student lags the teacher.

    Reverse KL: the force is that of reverse_kl/force-law with the teacher's weight a = alpha as target; at m_o = mu_o
    it is at most (beta/2)[sqrt((1-beta)/beta) d_q exp(-d_q^2/8) + sqrt((1-a)/a) delta exp(-delta^2/8)].
    Forward KL: -dL/dm_o = a [(mu_o - m_o) E_o[r_o] - (m_n - m_o) E_o[r_o r_n]] + (1-a) [(mu_n - m_o) E_n[r_o]
    - (m_n - m_o) E_n[r_o r_n]], E under the teacher's components. With all means in place this is (beta - a) G (mu_n -
    mu_o), G = int r_o p_o p_n/q = beta (H - (1-beta) H') <= H(beta): zero at a = beta, otherwise of whitened length at
    most (1/2) |beta - a| delta exp(-delta^2/8)/sqrt(beta(1-beta)); a teacher with more old mass pushes the old mean
    away from the new. Written along v with v^T Sigma^-1 v = 1; the teacher's components are N(mu_o, Sigma), N(mu_n,
    Sigma).

    Guarantee: **upper bound**; the forward force law is an identity (**tight**).
    Hypotheses: Gaussian modes with common covariance, any dimension; the teacher's means are correct; G <= H and the
        reduction to G hold for any densities.
    Source: abstract of arXiv:2603.12163 ("overlap-controlled drift" under SDFT); the force laws are ours.
    """
    whole = beta * c_o + (1 - beta) * c_n
    r = beta * c_o / whole
    force = -Derivative(SpaceIntegral(PULLED * log(PULLED / whole)), m_o)
    mean_old, mean_new = (SpaceIntegral(t * r) for t in (t_o, t_n))
    both_old, both_new = (SpaceIntegral(t * r * (1 - r)) for t in (t_o, t_n))
    rest = alpha * (mu_o - m_o) * mean_old + (1 - alpha) * (mu_n - m_o) * mean_new
    law = rest - toward * (m_n - m_o) * (alpha * both_old + (1 - alpha) * both_new)
    stein_old = alpha * SpaceIntegral(t_o * slope_along(r))
    stein_new = (1 - alpha) * SpaceIntegral(t_n * slope_along(r))
    first, second = (SpaceIntegral(t * (x - mu) * r) for t, mu in ((t_o, mu_o), (t_n, mu_n)))
    gated = beta * (H(beta) - (1 - beta) * Derivative(H(beta), beta))
    overlap = SampleIntegral(r_old(beta) * p_o * p_n / q)
    in_place = SampleIntegral((1 - alpha) * p_n * r_old(beta) ** 2 - alpha * p_o * r_old(beta) * r_new(beta))
    lag = Abs(beta - alpha)
    length = delta * lag * gated
    decay = exp(-(delta**2) / 8)
    gate_bound = delta * lag * half * decay / sqrt(HALF_WAY)
    return (
        reverse_drift(half),
        Part(
            eq(force, law),
            name="forward, force",
            symbolic=Derivation(force)
            .equals(SpaceIntegral(PULLED * r * (x - m_o)), by=MoveMean(m_o, "differentiate under the integral"))
            .equals(alpha * first + (1 - alpha) * second + rest, by=Gathering("x - m_o = (x - mu) + (mu - m_o)"))
            .equals(
                stein_old + (1 - alpha) * second + rest,
                by=Affine(SteinAlong(t_o, r), alpha, (1 - alpha) * second + rest),
            )
            .equals(stein_old + stein_new + rest, by=Affine(SteinAlong(t_n, r), 1 - alpha, stein_old + rest))
            .equals(law, by=Gathering("d_v r_o = -r_o r_n (m_n - m_o)")),
            certified=(at({beta: "3/10", alpha: "3/5", m_o: "1/4", m_n: 2, mu_o: 0, mu_n: 3}, digits=10),),
        ),
        Part(
            eq(in_place, toward * (beta - alpha) * gated),
            name="forward, means in place",
            symbolic=Derivation(in_place).equals(
                toward * (beta - alpha) * gated,
                by=ReduceToGate(beta, "E_n[r_o^2] = beta G, E_o[r_o r_n] = (1-beta) G, G = beta (H - (1-beta) H')"),
            ),
            certified=(at({beta: "3/10", alpha: "3/5", delta: 2}),),
        ),
        Part(
            le(length, gate_bound),
            name="forward, gate",
            symbolic=Derivation(length)
            .equals(delta * lag * overlap, by=ReduceToGate(beta))
            .at_most(
                delta * lag * H(beta),
                by=Times(delta * lag, Pointwise((1 - beta) * p_o * p_n**2 / q**2, "r_o <= 1")),
            )
            .at_most(
                delta * lag * half * BC / sqrt(HALF_WAY), by=Lemma("overlap/gate-bounds", "upper", times=delta * lag)
            )
            .equals(
                gate_bound,
                by=Lemma("overlap/closed-forms", "BC", times=delta * lag * half / sqrt(HALF_WAY)),
            ),
            certified=(at({beta: "3/10", alpha: "3/5", delta: 2}, {beta: "9/10", alpha: "1/5", delta: 4}),),
        ),
    )


def reverse_drift(half):
    """reverse_kl/old-mean-gate with the teacher's weight in place of the target's."""
    odds = {weight: log((1 - weight) / weight) for weight in (beta, teacher())}
    pulls = [
        d * exp(odds[weight] / 2 - d**2 / 8) * gate_s(d, odds[weight]) / 2
        for d, weight in ((d_q, beta), (delta, teacher()))
    ]
    norm = beta * sqrt(pulls[0] ** 2 + pulls[1] ** 2 - 2 * cosine * pulls[0] * pulls[1])
    fronts = (beta * half * sqrt((1 - e) / e) * d * exp(-(d**2) / 8) for d, e in ((d_q, beta), (delta, teacher())))
    bound = sum(fronts)
    return Part(
        le(norm, bound),
        name="reverse, gate",
        symbolic=Derivation(norm).at_most(
            bound,
            by=Lemma(
                "reverse_kl/old-mean-gate", "Bhattacharyya", at={alpha: teacher(), Symbol("kappa", real=True): cosine}
            ),
        ),
        certified=(at({beta: "9/10", beta_bar: "1/2", c: "1/3", lam: "1/2", d_q: 2, delta: 3, cosine: "1/2"}),),
    )
