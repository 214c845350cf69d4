"""The rules a derivation may use, each checked by SymPy: what is written is what is verified."""

from symforget.rules.algebra import Algebra, Definition, Lemma, SignOf, Substitution
from symforget.rules.flows import ChainRule, Reciprocal, SlopeAtLeast
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
    "Reciprocal",
    "ReduceToGate",
    "SameIntegrand",
    "SignOf",
    "SlopeAtLeast",
    "Squeeze",
    "Stein",
    "Substitution",
    "UnderIntegralSign",
    "UnderTheIntegral",
]
