"""The rules a derivation may use, each checked by SymPy: what is written is what is verified."""

from symforget.rules.algebra import Algebra, Definition, Lemma, SignOf, Substitution
from symforget.rules.flows import AtEveryPoint, ChainRule, PutIn, Reciprocal, SlopeAtLeast, Times
from symforget.rules.gaussian import CompleteTheSquare, OnTheLine, Stein
from symforget.rules.integrals import (
    ArithmeticGeometricMean,
    CauchySchwarz,
    FundamentalTheorem,
    Pointwise,
    ReduceToGate,
    SameIntegrand,
    UnderTheIntegral,
)
from symforget.rules.intervals import ChangeOfVariable, Evaluate, Squeeze, UnderIntegralSign

__all__ = [
    "Algebra",
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
    "OnTheLine",
    "Pointwise",
    "PutIn",
    "Reciprocal",
    "ReduceToGate",
    "SameIntegrand",
    "SignOf",
    "SlopeAtLeast",
    "Squeeze",
    "Stein",
    "Substitution",
    "Times",
    "UnderIntegralSign",
    "UnderTheIntegral",
]
