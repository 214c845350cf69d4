"""overlap: one function, the gate H(beta) = int p_o p_n/q_beta, rules every mass, rate and force."""

from dataclasses import replace

from sympy import (
    Abs,
    Derivative,
    Integer,
    Integral,
    Limit,
    Min,
    Rational,
    Symbol,
    cos,
    erf,
    exp,
    log,
    oo,
    pi,
    sech,
    sqrt,
    symbols,
)

from symforget.authoring import claim, eq, ge, le
from symforget.calculus import (
    BC,
    TV,
    E_n,
    E_o,
    H,
    SampleIntegral,
    chi2,
    mixture,
    p_n,
    p_o,
    responsibility_new,
    responsibility_old,
)
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.elementary import (
    COS_ABOVE_PARABOLA,
    COS_BELOW_QUARTIC,
    ONE_MINUS_COS,
    ONE_MINUS_SECH,
    SECH_ABOVE_PARABOLA,
    SECH_BELOW_QUARTIC,
    x,
)
from symforget.functions import normal
from symforget.gate.symbolic import gate_s, gate_s_derivative
from symforget.instances import DensitiesOnTheLine, TwoLetterPair, a, b
from symforget.legs.certified import at, over
from symforget.legs.numeric import agree, extrapolate
from symforget.legs.simulation import sample
from symforget.model import FALLING, beta, delta, l, z
from symforget.rules import (
    ArithmeticGeometricMean,
    CauchySchwarz,
    CompleteTheSquare,
    Definition,
    Evaluate,
    FoldTheLine,
    Fubini,
    GateAsExpectation,
    InExpectation,
    Lemma,
    OnTheLine,
    PeriodicStrip,
    Pointwise,
    PointwiseExpectation,
    ReduceToGate,
    Reflection,
    SameIntegrand,
    Scaling,
    SmallerOf,
    SmoothAntiderivative,
    Squeeze,
    Stein,
    Tilt,
    TwoSided,
    Under,
    UnderTheExpectation,
)

u, w, m = symbols("u w m", real=True)
s = Symbol("s", positive=True)
q = mixture(beta)
BOX = {beta: "[1/100, 99/100]", delta: "[1/4, 12]"}
MODERATE = {beta: "[1/5, 4/5]", delta: "[1, 8]"}
LETTERS = {beta: "[1/10, 1/4]", a: "[1/4, 3/10]", b: "[3/5, 13/20]"}
LOG_ODDS = log((1 - beta) / beta)
SHAPE_POINTS = ({delta: 2, l: "1/3"}, {delta: 6, l: -2})
POINTS = ({beta: "3/10", delta: 2}, {beta: "9/10", delta: 4})


def dual_form(scale):
    """The dual form of S with ``scale`` in place of sqrt(2 pi)/delta: E[sech(pi w/delta) cos(w l/delta)] times it."""
    return scale * normal(sech(pi * w / delta) * cos(w * l / delta), w)


def both_chains(first, second):
    """The chains of two derivations, for a rule that concludes the statement from them."""
    return replace(second, earlier=(*first.chains, *second.earlier))


DRAWN = {beta: "3/10", delta: 2}


@claim(
    domain={beta: "(0, 1)"},
    kind="identity",
    densities="any",
    sentence="gated",
    false_twin={"old_factor": 1 - beta**2},
)
def misassignment(old_factor=1 - beta, new_factor=beta):
    """Misassignment probabilities are the gate times a weight.

    A draw from the old mode is assigned to the new component with probability E_o[r_n] = (1-beta) H, a draw from the
    new mode to the old component with probability E_n[r_o] = beta H.

    Guarantee: **tight** (an identity).
    Hypotheses: any two densities, positive almost everywhere.
    Source: "overlap-gated misassignment probabilities" (abstract of arXiv:2603.12163); the identity is ours.
    """

    def part(name, expectation, factor, density):
        value = factor * H(beta)
        return Part(
            eq(expectation, value),
            name=name,
            symbolic=Derivation(expectation).equals(
                value, by=Definition("r_n p_o = (1-beta) p_o p_n/q, and likewise r_o")
            ),
            certified=(at(POINTS[0]),),
            numeric=(agree(POINTS[1]),),
            simulation=tuple(sample(DRAWN, density=density, dimension=d) for d in (1, 2, 5)),
        )

    return (
        part("old", E_o(responsibility_new(beta)), old_factor, p_o),
        part("new", E_n(responsibility_old(beta)), new_factor, p_n),
    )


@claim(
    domain={beta: "(0, 1)"},
    kind="identity",
    densities="any",
    false_twin={"information": (1 - H(beta)) / (2 * beta * (1 - beta))},
)
def reduction(
    old_square=(1 - (1 - beta) * H(beta)) / beta,
    new_square=(1 - beta * H(beta)) / (1 - beta),
    information=(1 - H(beta)) / (beta * (1 - beta)),
):
    """Every quadratic integrand over q reduces to the gate.

    int p_o^2/q = (1 - (1-beta) H)/beta, int p_n^2/q = (1 - beta H)/(1-beta), and the Fisher information of beta,
    I(beta) = int (p_o - p_n)^2/q, is (1 - H)/(beta (1-beta)).

    Guarantee: **tight** (identities).
    Hypotheses: any two densities, positive almost everywhere.
    Source: ours; the key of the symbolic engine.
    """

    def part(name, square, remainder, value, density, high, dimension):
        integral = SampleIntegral(square / q)
        return Part(
            eq(integral, value),
            name=name,
            symbolic=Derivation(integral)
            .equals(remainder, by=SameIntegrand("polynomial division by q"))
            .equals(value, by=Definition("int p_o = int p_n = 1, int p_o p_n/q = H")),
            certified=(at(POINTS[0]),),
            numeric=(agree(POINTS[1]),),
            simulation=(sample(DRAWN, density=density, high=high, dimension=dimension),),
        )

    cross = SampleIntegral(p_o * p_n / q)
    return (
        part("old", p_o**2, (1 - (1 - beta) * cross) / beta, old_square, p_o, 10 / 3, 1),
        part("new", p_n**2, (1 - beta * cross) / (1 - beta), new_square, p_n, 10 / 7, 2),
        part("information", (p_o - p_n) ** 2, (1 - cross) / (beta * (1 - beta)), information, q, 100 / 9, 5),
    )


@claim(
    domain={beta: "(0, 1)"},
    kind="upper bound",
    densities="any",
    sentence="gated",
    false_twin={"half": Rational(1, 4)},
)
def gate_bounds(half=Rational(1, 2), power=2):
    """The gate lies between BC^2 and min(1, BC/(2 sqrt(beta(1-beta)))).

    Guarantee: **lower** and **upper bound**. H = BC^2 wherever p_o p_n/q^2 is constant, for instance at beta = 1/2 on
    two letters whose probabilities p_n exchanges; the upper bound is attained only for p_o = p_n, at beta = 1/2.
    Hypotheses: any two densities, positive almost everywhere.
    Source: "controlled by the Bhattacharyya coefficient" (abstract of arXiv:2603.12163); constants ours.
    """
    gate = SampleIntegral(p_o * p_n / q)
    upper = half * BC / sqrt(beta * (1 - beta))
    return (
        Part(
            ge(H(beta), BC**power),
            name="lower",
            symbolic=Derivation(BC**2)
            .equals(SampleIntegral(sqrt(p_o * p_n)) ** 2, by=Definition())
            .at_most(gate * SampleIntegral(q), by=CauchySchwarz(p_o * p_n / q, q))
            .equals(H(beta), by=Definition("int q = 1")),
            certified=(over(MODERATE), over(LETTERS, TwoLetterPair())),
        ),
        Part(
            le(H(beta), upper),
            name="upper",
            symbolic=Derivation(H(beta))
            .equals(gate, by=Definition())
            .at_most(
                SampleIntegral(half * sqrt(p_o * p_n) / sqrt(beta * (1 - beta))),
                by=ArithmeticGeometricMean(beta * p_o, (1 - beta) * p_n, p_o * p_n),
            )
            .equals(upper, by=Definition()),
            certified=(over(BOX), over(LETTERS, TwoLetterPair())),
        ),
        Part(
            le(H(beta), 1),
            name="one",
            symbolic=Derivation(H(beta))
            .equals(1 - beta * (1 - beta) * SampleIntegral((p_o - p_n) ** 2 / q), by=ReduceToGate(beta))
            .at_most(1, by=Pointwise(beta * (1 - beta) * (p_o - p_n) ** 2 / q)),
            certified=(over(BOX),),
        ),
    )


@claim(
    domain={delta: "(0, oo)"},
    kind="identity",
    densities="Gaussian",
    sentence="gated",
    false_twin={"bhattacharyya": exp(-(delta**2) / 4)},
)
def closed_forms(
    bhattacharyya=exp(-(delta**2) / 8),
    divergence=delta**2 / 2,
    chi_square=exp(delta**2) - 1,
    total_variation=erf(delta / (2 * sqrt(2))),
):
    """The overlap of two Gaussians in closed form.

    BC = exp(-delta^2/8), KL(p_n|p_o) = delta^2/2, chi^2(p_o|p_n) = exp(delta^2) - 1 and
    TV = 2 Phi(delta/2) - 1 = erf(delta/(2 sqrt 2)).

    Guarantee: **tight** (identities).
    Hypotheses: two Gaussians with a common covariance, at Mahalanobis distance delta, in any dimension.
    Source: "the Bhattacharyya coefficient" (abstract of arXiv:2603.12163); the formulas are classical.
    """
    scale, old, new = exp(-(delta**2) / 8), exp(-delta * u / 2), exp(delta * u / 2)
    half_line = (exp(-((u - delta / 2) ** 2) / 2) - exp(-((u + delta / 2) ** 2) / 2)) / sqrt(2 * pi)
    error_functions = (erf((u - delta / 2) / sqrt(2)) - erf((u + delta / 2) / sqrt(2))) / 2
    middle = mixture(Rational(1, 2))

    def part(name, functional, value, derivation, **legs):
        spots = ({delta: 2}, {delta: "1/2"})
        return Part(
            eq(functional, value),
            name=name,
            symbolic=derivation,
            certified=(at(*spots),),
            numeric=(agree(*spots, instance=DensitiesOnTheLine()),),
            **legs,
        )

    return (
        part(
            "BC",
            BC,
            bhattacharyya,
            Derivation(BC).equals(bhattacharyya, by=OnTheLine()),
            simulation=tuple(sample({delta: 2}, density=middle, dimension=d) for d in (1, 2)),
        ),
        part(
            "KL",
            E_n(log(p_n / p_o)),
            divergence,
            Derivation(E_n(log(p_n / p_o)))
            .equals(delta * scale * normal(u * new, u), by=OnTheLine())
            .equals(delta**2 / 2 * scale * normal(new, u), by=Stein(new, u))
            .equals(divergence, by=CompleteTheSquare()),
        ),
        part(
            "chi2",
            chi2,
            chi_square,
            Derivation(chi2)
            .equals(scale * normal((old - new) ** 2 / new, u), by=OnTheLine())
            .equals(chi_square, by=CompleteTheSquare()),
        ),
        part(
            "TV",
            TV,
            total_variation,
            Derivation(TV)
            .equals(scale / 2 * normal(Abs(old - new), u), by=OnTheLine())
            .equals(Integral(half_line, (u, 0, oo)), by=FoldTheLine("p_o and p_n change places at the midpoint"))
            .equals(total_variation, by=SmoothAntiderivative(error_functions, u)),
            simulation=tuple(sample({delta: 1}, density=middle, high=2.0, dimension=d) for d in (5,)),
        ),
    )


@claim(
    domain={beta: "(0, 1)"},
    kind="lower bound",
    densities="any",
    false_twin={"factor": 8},
)
def information_bound(factor=4):
    """The Fisher information of the weight is at least four times the squared total variation distance.

    I(beta) >= 4 TV^2 and so H <= 1 - 4 beta (1-beta) TV^2.

    Guarantee: **lower bound** (of I), attained where |p_o - p_n| is a constant multiple of q: for instance on two
    letters whenever q is uniform.
    Hypotheses: any two densities, positive almost everywhere.
    Source: ours (Cauchy-Schwarz).
    """
    information = SampleIntegral((p_o - p_n) ** 2 / q)
    weight = beta * (1 - beta)
    letters = {beta: "[1/4, 3/4]", a: "[1/10, 3/20]", b: "[3/10, 2/5]"}
    on_letters = over(letters, TwoLetterPair())
    absolute = SampleIntegral(Abs(p_o - p_n))

    def chain(times):
        return (
            Derivation(times * factor * TV**2)
            .equals(times * absolute**2, by=Definition())
            .at_most(times * information * SampleIntegral(q), by=CauchySchwarz((p_o - p_n) ** 2 / q, q, times))
            .equals(times * information, by=Definition("int q = 1"))
        )

    return (
        Part(
            ge(information, factor * TV**2),
            name="information",
            symbolic=chain(Integer(1)),
            certified=(on_letters, at(*POINTS)),
        ),
        Part(
            le(factor * weight * TV**2, 1 - H(beta)),
            name="gate",
            symbolic=chain(weight).equals(1 - H(beta), by=ReduceToGate(beta)),
            certified=(over(MODERATE),),
        ),
    )


@claim(
    domain={beta: "(0, 1)", delta: "(0, oo)"},
    kind="identity",
    densities="Gaussian",
    sentence="gated",
    false_twin={"coefficient": exp(-(delta**2) / 8) / (2 * beta * (1 - beta))},
)
def factorisation(coefficient=exp(-(delta**2) / 8) / (2 * sqrt(beta * (1 - beta))), log_odds=LOG_ODDS):
    """The gate is the Bhattacharyya bound times a factor S below one.

    H(beta) = BC/(2 sqrt(beta (1-beta))) S(delta, l) with l = log((1-beta)/beta) and
    S(delta, l) = E sech((delta u + l)/2), u ~ N(0, 1): the coordinate along mu_n - mu_o, whitened, from the midpoint.

    Guarantee: **tight** (an identity).
    Hypotheses: two Gaussians with a common covariance, at Mahalanobis distance delta, in any dimension.
    Source: ours.
    """
    shape = normal(sech((delta * u + log_odds) / 2), u)
    on_line = normal(1 / (beta * exp(-delta * u / 2) + (1 - beta) * exp(delta * u / 2)), u)
    value = coefficient * gate_s(delta, log_odds)
    return Part(
        eq(H(beta), value),
        symbolic=Derivation(H(beta))
        .equals(exp(-(delta**2) / 8) * on_line, by=OnTheLine())
        .equals(coefficient * shape, by=InExpectation("sqrt(beta (1-beta)) out of the denominator leaves 2 cosh"))
        .equals(value, by=GateAsExpectation()),
        certified=(at(*POINTS),),
        numeric=(agree(*POINTS, instance=DensitiesOnTheLine()),),
        simulation=tuple(sample(DRAWN, density=p_o, high=10 / 7, dimension=d) for d in (2, 5)),
    )


@claim(
    domain={delta: "(0, oo)", l: "(-oo, oo)"},
    kind="identity",
    densities="Gaussian",
    false_twin={"period": pi / 2},
)
def duality(period=pi, scale=sqrt(2 * pi)):
    """S at large separation is S at small separation: the Fourier transform of sech is sech.

    sech(l/2) = int sech(pi w) cos(w l) dw, hence
    S(delta, l) = (sqrt(2 pi)/delta) E[sech(pi w/delta) cos(w l/delta)], w ~ N(0, 1), and
    S(delta, 0) = (sqrt(2 pi)/delta) S(2 pi/delta, 0), with the fixed point delta = sqrt(2 pi).

    Guarantee: **tight** (identities).
    Hypotheses: two Gaussians with a common covariance, at Mahalanobis distance delta, in any dimension.
    Source: ours; Parseval's formula for the Mordell integral.
    References: L. J. Mordell, Acta Math. 61 (1933) 323-360.
    """
    line, position = (w, -oo, oo), delta * u + l
    spectrum = sech(period * w)
    dual = scale / delta * normal(sech(period * w / delta) * cos(w * l / delta), w)
    at_zero = scale / delta * gate_s(2 * period / delta, 0)
    return (
        Part(
            eq(sech(l / 2), Integral(spectrum * cos(w * l), line)),
            name="fourier",
            symbolic=Derivation(sech(l / 2)).equals(Integral(spectrum * cos(w * l), line), by=PeriodicStrip()),
            certified=(at({l: 1}, {l: "-7/3"}),),
            numeric=(agree({l: 1}, {l: "-7/3"}),),
        ),
        Part(
            eq(gate_s(delta, l), dual),
            name="dual",
            symbolic=Derivation(gate_s(delta, l))
            .equals(normal(sech(position / 2), u), by=GateAsExpectation())
            .equals(normal(Integral(spectrum * cos(w * position), line), u), by=Under(PeriodicStrip()))
            .equals(Integral(spectrum * normal(cos(w * position), u), line), by=Fubini())
            .equals(
                Integral(spectrum * cos(w * l) * exp(-(delta**2) * w**2 / 2), line),
                by=Under(CompleteTheSquare("characteristic function of u")),
            )
            .equals(dual, by=Scaling(1 / delta, "w -> w/delta")),
            certified=(at(*SHAPE_POINTS),),
            numeric=(agree(*SHAPE_POINTS),),
        ),
        Part(
            eq(gate_s(delta, 0), at_zero),
            name="at zero",
            symbolic=Derivation(gate_s(delta, 0))
            .equals(dual.subs(l, 0), by=Lemma("overlap/duality", "dual", at={l: Integer(0)}))
            .equals(at_zero, by=GateAsExpectation()),
            certified=(at({delta: 2}, {delta: 7}),),
            numeric=(agree({delta: 2}, {delta: 7}),),
        ),
    )


@claim(
    domain={beta: "(0, 1)", delta: "(0, oo)", l: "(-oo, oo)"},
    kind="upper bound",
    densities="Gaussian",
    sentence="gated",
    depends_on=("overlap/misassignment", "overlap/factorisation", "overlap/duality"),
    false_twin={"at_large": sqrt(pi / 2)},
)
def sharp_bound(at_small=1, at_large=sqrt(2 * pi), half=Rational(1, 2)):
    """Misassignment is smaller than the Bhattacharyya bound by the factor sqrt(2 pi)/delta.

    S <= min(1, sqrt(2 pi)/delta), so that the misassignment probability E_o[r_n] = (1-beta) H (overlap/misassignment)
    is at most (1/2) sqrt((1-beta)/beta) exp(-delta^2/8) min(1, sqrt(2 pi)/delta).

    Guarantee: **upper bound**; S <= 1 is attained in the limit delta -> 0 at l = 0, S <= sqrt(2 pi)/delta in the limit
    delta -> infinity (overlap/asymptotics).
    Hypotheses: two Gaussians with a common covariance, at Mahalanobis distance delta, in any dimension.
    Source: "controlled by the Bhattacharyya coefficient" (abstract of arXiv:2603.12163); the sharper factor is ours.
    """
    position, frequency = delta * u + l, pi * w / delta
    coefficient = half * sqrt((1 - beta) / beta) * exp(-(delta**2) / 8)
    smaller = Min(at_small, at_large / delta)
    box = (over({delta: "[1/4, 12]", l: "[-8, 8]"}),)

    def bounded(part, bound):
        return (
            Derivation((1 - beta) * H(beta))
            .equals(coefficient * gate_s(delta, LOG_ODDS), by=Lemma("overlap/factorisation", times=1 - beta))
            .at_most(coefficient * bound, by=Lemma("overlap/sharp-bound", part, at={l: LOG_ODDS}, times=coefficient))
        )

    large = bounded("large", at_large / delta)
    return (
        Part(
            le(gate_s(delta, l), at_small),
            name="small",
            symbolic=Derivation(gate_s(delta, l))
            .equals(normal(sech(position / 2), u), by=GateAsExpectation())
            .at_most(at_small, by=PointwiseExpectation(ONE_MINUS_SECH.subs(x, position / 2), u, reason="sech <= 1")),
            certified=box,
        ),
        Part(
            le(gate_s(delta, l), at_large / delta),
            name="large",
            symbolic=Derivation(gate_s(delta, l))
            .equals(dual_form(sqrt(2 * pi) / delta), by=Lemma("overlap/duality", "dual"))
            .at_most(
                at_large / delta,
                by=PointwiseExpectation(
                    sqrt(2 * pi)
                    / delta
                    * (ONE_MINUS_SECH.subs(x, frequency) + ONE_MINUS_COS.subs(x, w * l / delta) * sech(frequency)),
                    w,
                    reason="sech <= 1 and cos <= 1",
                ),
            ),
            certified=box,
        ),
        Part(
            le((1 - beta) * H(beta), coefficient * smaller),
            name="misassignment",
            symbolic=both_chains(bounded("small", at_small), large).therefore(SmallerOf()),
            certified=(over(BOX),),
        ),
    )


@claim(
    domain={delta: "(0, oo)", l: "(-oo, oo)"},
    kind="limit",
    densities="Gaussian",
    depends_on=("overlap/duality",),
    false_twin={"second": Rational(1, 4)},
)
def asymptotics(limit=1, second=Rational(1, 2), fourth=(5 * pi**4 + 6 * pi**2 * l**2 + l**4) / 8):
    """The factor S decays like sqrt(2 pi)/delta, with explicit error.

    With R = S(delta, l) delta/sqrt(2 pi): |R - 1| <= (pi^2 + l^2)/(2 delta^2) and
    0 <= R - 1 + (pi^2 + l^2)/(2 delta^2) <= (5 pi^4 + 6 pi^2 l^2 + l^4)/(8 delta^4), for every delta and l.
    Hence R -> 1 and delta^2 (1 - R) -> (pi^2 + l^2)/2 as delta -> infinity at fixed l.

    Guarantee: **tight**: both limits are attained, the errors are those of the next order.
    Hypotheses: two Gaussians with a common covariance, at Mahalanobis distance delta, in any dimension.
    Source: ours, from the dual form.
    """
    a_, b_ = pi * w / delta, l * w / delta
    ratio = gate_s(delta, l) * delta / sqrt(2 * pi)
    spectral = dual_form(1)
    gap = second * (pi**2 + l**2) / delta**2
    remainder = fourth / delta**4
    p1, p2, p3, p4 = symbols("t_1:5", nonnegative=True)
    parabolas = ((p1, SECH_ABOVE_PARABOLA, a_), (p2, COS_ABOVE_PARABOLA, b_))
    quartics = ((p3, SECH_BELOW_QUARTIC, a_), (p4, COS_BELOW_QUARTIC, b_))
    sech_defect, cos_defect = ONE_MINUS_SECH.subs(x, a_), ONE_MINUS_COS.subs(x, b_)
    quadratic = normal(1 - (a_**2 + b_**2) / 2, w)
    quartic = quadratic + normal(5 * a_**4 / 24 + b_**4 / 24 + a_**2 * b_**2 / 4, w)
    by_dual = Lemma("overlap/duality", "dual", times=delta / sqrt(2 * pi))

    def below_one(start):
        gain = PointwiseExpectation(sech_defect + sech(a_) * cos_defect, w, reason="sech <= 1 and cos <= 1")
        return Derivation(start).equals(spectral, by=by_dual).at_most(limit, by=gain)

    def scaled():
        return Derivation(delta**2 * (1 - ratio)).equals(
            delta**2 * (1 - spectral), by=Lemma("overlap/duality", "dual", times=-(delta**3) / sqrt(2 * pi))
        )

    def pointwise(times):
        reason = "sech a >= 1 - a^2/2 and cos b >= 1 - b^2/2"
        return PointwiseExpectation(times * (p1 + p2 + sech_defect * cos_defect), w, parabolas, reason)

    def next_pointwise(times):
        difference = p3 + p4 + p1 * b_**2 / 2 + sech_defect * p2
        reason = "the next Taylor polynomials bound sech a and cos b from above"
        return PointwiseExpectation(times * difference, w, (*parabolas, *quartics), reason)

    above_quadratic = (
        Derivation(ratio)
        .equals(spectral, by=by_dual)
        .at_least(quadratic, by=pointwise(1))
        .equals(1 - gap, by=Evaluate("E[w^2] = 1"))
    )
    below_quartic = (
        Derivation(ratio)
        .equals(spectral, by=by_dual)
        .at_most(quartic, by=next_pointwise(1))
        .equals(1 - gap + remainder, by=Evaluate("E[w^2] = 1, E[w^4] = 3"))
    )
    box = (over({delta: "[2, 8]", l: "[-2, 2]"}),)
    return (
        Part(
            le(Abs(ratio - limit), gap),
            name="first order",
            symbolic=both_chains(below_one(ratio), above_quadratic).therefore(TwoSided()),
            certified=box,
        ),
        Part(
            le(Abs(ratio - 1 + gap), remainder),
            name="second order",
            symbolic=both_chains(below_quartic, above_quadratic).therefore(TwoSided()),
            certified=box,
        ),
        Part(
            eq(Limit(ratio, delta, oo), limit),
            name="limit",
            symbolic=Derivation(Abs(ratio - limit))
            .at_most(gap, by=Lemma("overlap/asymptotics", "first order"))
            .therefore(Squeeze()),
            numeric=(extrapolate(*FALLING, start=30, ratio=2, at={l: 1}, tolerance="1e-25"),),
        ),
        Part(
            eq(Limit(delta**2 * (1 - ratio), delta, oo), second * (pi**2 + l**2)),
            name="next order",
            symbolic=both_chains(
                scaled()
                .at_most(delta**2 * (1 - quadratic), by=pointwise(delta**2))
                .equals(second * (pi**2 + l**2), by=Evaluate("E[w^2] = 1")),
                scaled()
                .at_least(delta**2 * (1 - quartic), by=next_pointwise(delta**2))
                .equals(second * (pi**2 + l**2) - delta**2 * remainder, by=Evaluate("E[w^2] = 1, E[w^4] = 3")),
            ).therefore(Squeeze()),
            numeric=(extrapolate(*FALLING, start=30, ratio=2, at={l: 1}, tolerance="1e-25"),),
        ),
    )


def logistic_normal(mean, deviation):
    """f(m, s) = E sigmoid(m + s z), z ~ N(0, 1)."""
    return normal(1 / (1 + exp(-(mean + deviation * z))), z)


@claim(
    domain={delta: "(0, oo)", l: "(-oo, oo)"},
    kind="identity",
    densities="Gaussian",
    false_twin={"heat": 2},
)
def heat_equation(heat=1, first=1, second=1):
    """S solves the heat equation: it is sech(l/2) after heat has flowed for the time delta^2/2.

    dS/d(delta) = delta d^2S/dl^2. With g = sech((delta u + l)/2) also E[u g] = delta dS/dl and
    E[u^2 g] = S + delta^2 d^2S/dl^2.

    Guarantee: **tight** (identities).
    Hypotheses: two Gaussians with a common covariance, at Mahalanobis distance delta, in any dimension.
    Source: ours (Stein's identity).
    """
    g = sech((delta * u + l) / 2)
    slope, curvature = g.diff(l), g.diff(l, 2)

    def part(name, left, value, derivation):
        return Part(
            eq(left, value),
            name=name,
            symbolic=derivation.equals(value, by=GateAsExpectation("the derivatives of S in l")),
            certified=(at(*SHAPE_POINTS),),
            numeric=(agree(*SHAPE_POINTS),),
        )

    return (
        part(
            "heat",
            Derivative(normal(g, u), delta),
            heat * delta * gate_s_derivative(2, delta, l),
            Derivation(Derivative(normal(g, u), delta))
            .equals(normal(u * slope, u), by=UnderTheExpectation(delta))
            .equals(delta * normal(curvature, u), by=Stein(slope, u)),
        ),
        part(
            "first moment",
            normal(u * g, u),
            first * delta * gate_s_derivative(1, delta, l),
            Derivation(normal(u * g, u)).equals(delta * normal(slope, u), by=Stein(g, u)),
        ),
        part(
            "second moment",
            normal(u**2 * g, u),
            gate_s(delta, l) + second * delta**2 * gate_s_derivative(2, delta, l),
            Derivation(normal(u**2 * g, u))
            .equals(normal(g, u) + delta * normal(u * slope, u), by=Stein(u * g, u))
            .equals(normal(g, u) + delta**2 * normal(curvature, u), by=Stein(slope, u)),
        ),
    )


@claim(
    domain={m: "(-oo, oo)", s: "(0, oo)", beta: "(0, 1)", delta: "(0, oo)", l: "(-oo, oo)"},
    kind="identity",
    densities="Gaussian",
    false_twin={"rate": 1},
)
def exact_values(total=1, rate=Rational(1, 2)):
    """Where the gate is a finite sum of exponentials.

    f(m, s) = E sigmoid(m + s z) satisfies f(m, s) + f(-m, s) = 1 and f(m + s^2, s) = 1 - exp(-m - s^2/2) f(m, s), so it
    is elementary at m in s^2 Z: f(0, s) = 1/2, f(s^2, s) = 1 - exp(-s^2/2)/2, and so on. With
    l = log((1-beta)/beta), E_o[r_n] = f(l - delta^2/2, delta) and
    S(delta, l) = 2 exp(delta^2/8 - l/2) f(l - delta^2/2, delta): golden values of the gate, the first of them
    S(delta, delta^2/2) = exp(-delta^2/8).

    Guarantee: **tight** (identities).
    Hypotheses: two Gaussians with a common covariance, at Mahalanobis distance delta, in any dimension.
    Source: ours, by reflection and exponential tilting.
    References: D. Pirjol, J. Comput. Appl. Math. 237 (2013) 460-469.
    """
    f, here = logistic_normal, "overlap/exact-values"
    mean, drift = l - delta**2 / 2, exp(-m - rate * s**2)
    values = {
        "value at 0": (0, total * Rational(1, 2)),
        "value at 1": (s**2, 1 - exp(-rate * s**2) / 2),
        "value at 2": (2 * s**2, 1 - exp(-3 * rate * s**2) * (1 - exp(-rate * s**2) / 2)),
    }
    spots, shapes = ({m: "1/3", s: 2}, {m: -3, s: "1/2"}), ({delta: 2, l: "1/3"}, {delta: 5, l: -1})

    def golden(name, previous):
        point, value = values[name]
        start = Derivation(f(point, s))
        if previous is None:
            derivation = start.equals(value, by=Lemma(here, "reflection", at={m: Integer(0)}, times=Rational(1, 2)))
        else:
            before = values[previous][0]
            weight = exp(-before - s**2 / 2)
            derivation = start.equals(
                1 - weight * f(before, s), by=Lemma(here, "shift", at={m: Integer(0) + before})
            ).equals(value, by=Lemma(here, previous, times=-weight))
        return Part(
            eq(f(point, s), value),
            name=name,
            symbolic=derivation,
            certified=(at({s: 1}, {s: 3}),),
            numeric=(agree({s: 1}, {s: 3}),),
        )

    return (
        Part(
            eq(f(m, s) + f(-m, s), total),
            name="reflection",
            symbolic=Derivation(f(m, s) + f(-m, s))
            .equals(f(m, s) + normal(1 / (1 + exp(m + s * z)), z), by=Reflection(f(-m, s)))
            .equals(total, by=InExpectation("sigmoid(x) + sigmoid(-x) = 1")),
            certified=(at(*spots),),
            numeric=(agree(*spots),),
        ),
        Part(
            eq(f(m + s**2, s), 1 - drift * f(m, s)),
            name="shift",
            symbolic=Derivation(f(m + s**2, s))
            .equals(1 - normal(1 / (1 + exp(m + s**2 + s * z)), z), by=InExpectation("sigmoid(x) + sigmoid(-x) = 1"))
            .equals(
                1 - exp(-rate * s**2) * normal(exp(s * z) / (1 + exp(m + s * z)), z),
                by=Tilt(s, 1 / (1 + exp(m + s * z)), z),
            )
            .equals(1 - drift * f(m, s), by=InExpectation("sigmoid(x) = exp(x) sigmoid(-x)")),
            certified=(at(*spots),),
            numeric=(agree(*spots),),
        ),
        golden("value at 0", None),
        golden("value at 1", "value at 0"),
        golden("value at 2", "value at 1"),
        Part(
            eq(E_o(responsibility_new(beta)), f(LOG_ODDS - delta**2 / 2, delta)),
            name="misassignment",
            symbolic=Derivation(E_o(responsibility_new(beta)))
            .equals(
                exp(-(delta**2) / 8) * normal(exp(-delta * u / 2) / (1 + exp(-LOG_ODDS - delta * u)), u),
                by=OnTheLine(),
            )
            .equals(
                f(LOG_ODDS - delta**2 / 2, delta),
                by=Tilt(-delta / 2, 1 / (1 + exp(-LOG_ODDS - delta * u)), u),
            ),
            certified=(at(*POINTS),),
            numeric=(agree(*POINTS, instance=DensitiesOnTheLine()),),
        ),
        Part(
            eq(gate_s(delta, l), 2 * exp(delta**2 / 8 - l / 2) * f(mean, delta)),
            name="gate",
            symbolic=Derivation(gate_s(delta, l))
            .equals(
                2 * exp(-l / 2) * normal(exp(-delta * u / 2) / (1 + exp(-l - delta * u)), u),
                by=GateAsExpectation("sech(x/2) = 2 exp(-x/2) sigmoid(x)"),
            )
            .equals(
                2 * exp(delta**2 / 8 - l / 2) * f(mean, delta),
                by=Tilt(-delta / 2, 1 / (1 + exp(-l - delta * u)), u),
            ),
            certified=(at(*shapes),),
            numeric=(agree(*shapes),),
        ),
        Part(
            eq(gate_s(delta, delta**2 / 2), exp(-(delta**2) / 8)),
            name="golden value",
            symbolic=Derivation(gate_s(delta, delta**2 / 2))
            .equals(2 * exp(-(delta**2) / 8) * f(0, delta), by=Lemma(here, "gate", at={l: delta**2 / 2}))
            .equals(
                exp(-(delta**2) / 8),
                by=Lemma(here, "value at 0", at={s: delta}, times=2 * exp(-(delta**2) / 8)),
            ),
            certified=(at({delta: 1}, {delta: 4}),),
            numeric=(agree({delta: 1}, {delta: 4}),),
        ),
    )
