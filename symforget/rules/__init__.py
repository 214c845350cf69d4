"""The rules a derivation may use, each checked by SymPy: what is written is what is verified."""

from symforget.rules.algebra import Algebra, Definition, Lemma, SignOf, Substitution
from symforget.rules.bounds import PointwiseExpectation, SmallerOf, TouchesZero
from symforget.rules.flows import AtEveryPoint, ChainRule, PutIn, Reciprocal, SlopeAtLeast, Times
from symforget.rules.gaussian import (
    CompleteTheSquare,
    GateAsExpectation,
    InExpectation,
    OnTheLine,
    Reflection,
    Stein,
    Tilt,
    UnderTheExpectation,
)
from symforget.rules.inside import Monotone, Replace
from symforget.rules.integrals import (
    ArithmeticGeometricMean,
    CauchySchwarz,
    FundamentalTheorem,
    Pointwise,
    ReduceToGate,
    SameIntegrand,
    UnderTheIntegral,
)
from symforget.rules.intervals import (
    Antiderivative,
    ChangeOfVariable,
    Evaluate,
    Squeeze,
    TwoSided,
    UnderIntegralSign,
)
from symforget.rules.transforms import (
    AsIntegral,
    FoldTheLine,
    Fubini,
    PeriodicStrip,
    Scaling,
    SmoothAntiderivative,
    Under,
)

__all__ = [
    "Algebra",
    "Antiderivative",
    "ArithmeticGeometricMean",
    "AsIntegral",
    "AtEveryPoint",
    "CauchySchwarz",
    "ChainRule",
    "ChangeOfVariable",
    "CompleteTheSquare",
    "Definition",
    "Evaluate",
    "FoldTheLine",
    "Fubini",
    "FundamentalTheorem",
    "GateAsExpectation",
    "InExpectation",
    "Lemma",
    "Monotone",
    "OnTheLine",
    "PeriodicStrip",
    "Pointwise",
    "PointwiseExpectation",
    "PutIn",
    "Reciprocal",
    "ReduceToGate",
    "Reflection",
    "Replace",
    "SameIntegrand",
    "Scaling",
    "SignOf",
    "SlopeAtLeast",
    "SmallerOf",
    "SmoothAntiderivative",
    "Squeeze",
    "Stein",
    "Substitution",
    "Tilt",
    "Times",
    "TouchesZero",
    "TwoSided",
    "Under",
    "UnderIntegralSign",
    "UnderTheExpectation",
    "UnderTheIntegral",
]
