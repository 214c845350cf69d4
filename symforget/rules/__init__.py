"""The rules a derivation may use, each checked by SymPy: what is written is what is verified."""

from symforget.rules.algebra import Algebra, Definition, Lemma, SignOf, Substitution
from symforget.rules.flows import AtEveryPoint, ChainRule, PutIn, Reciprocal, SlopeAtLeast, Times
from symforget.rules.gaussian import CompleteTheSquare, OnTheLine, Stein
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

__all__ = [
    "Algebra",
    "Antiderivative",
    "ArithmeticGeometricMean",
    "AtEveryPoint",
    "CauchySchwarz",
    "ChainRule",
    "ChangeOfVariable",
    "CompleteTheSquare",
    "Definition",
    "Evaluate",
    "FundamentalTheorem",
    "Lemma",
    "Monotone",
    "OnTheLine",
    "Pointwise",
    "PutIn",
    "Reciprocal",
    "ReduceToGate",
    "Replace",
    "SameIntegrand",
    "SignOf",
    "SlopeAtLeast",
    "Squeeze",
    "Stein",
    "Substitution",
    "Times",
    "TwoSided",
    "UnderIntegralSign",
    "UnderTheIntegral",
]
