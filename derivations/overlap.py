"""overlap: one function, the gate H(beta) = int p_o p_n/q_beta, rules every mass, rate and force."""

from sympy import Rational, sqrt

from symforget.authoring import claim, eq, ge, le
from symforget.calculus import (
    BC,
    TV,
    E_n,
    E_o,
    H,
    SampleIntegral,
    mixture,
    p_n,
    p_o,
    responsibility_new,
    responsibility_old,
)
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.instances import TwoLetterPair, a, b
from symforget.legs.certified import at, over
from symforget.legs.numeric import agree
from symforget.legs.simulation import sample
from symforget.model import beta, delta
from symforget.rules import (
    Algebra,
    ArithmeticGeometricMean,
    CauchySchwarz,
    Definition,
    Lemma,
    Pointwise,
    ReduceToGate,
    SameIntegrand,
)

q = mixture(beta)
BOX = {beta: "[1/100, 99/100]", delta: "[1/4, 12]"}
LETTERS = {beta: "[1/10, 9/10]", a: "[1/5, 2/5]", b: "[3/5, 4/5]"}
POINTS = ({beta: "3/10", delta: 2}, {beta: "9/10", delta: 1}, {beta: "1/2", delta: 4})


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
            symbolic=Derivation(expectation).equals(value, by=Definition("r_n p_o = (1-beta) p_o p_n/q, and likewise r_o")),
            certified=(at(*POINTS, instance=None),),
            numeric=(agree(*POINTS),),
            simulation=(
                sample({beta: "3/10", delta: 2}, density=density, dimension=1),
                sample({beta: "3/10", delta: 2}, density=density, dimension=5),
            ),
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

    def part(name, square, weight, remainder, value):
        integral = SampleIntegral(square / q)
        return Part(
            eq(integral, value),
            name=name,
            symbolic=Derivation(integral)
            .equals(remainder, by=SameIntegrand("polynomial division by q"))
            .equals(value, by=Definition("int p_o = int p_n = 1, int p_o p_n/q = H")),
            certified=(at(*POINTS),),
            numeric=(agree(*POINTS),),
        )

    cross = SampleIntegral(p_o * p_n / q)
    return (
        part("old", p_o**2, beta, (1 - (1 - beta) * cross) / beta, old_square),
        part("new", p_n**2, 1 - beta, (1 - beta * cross) / (1 - beta), new_square),
        part("information", (p_o - p_n) ** 2, beta, (1 - cross) / (beta * (1 - beta)), information),
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

    Guarantee: **lower** and **upper bound**; both attained only for p_o = p_n (at beta = 1/2).
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
            certified=(over(BOX), over(LETTERS, TwoLetterPair())),
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
            certified=(over(BOX), over(LETTERS, TwoLetterPair())),
        ),
    )
