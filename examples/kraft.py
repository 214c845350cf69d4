"""kraft: an example of a derivation file, one inequality between total variation and Bhattacharyya coefficient."""

from sympy import Abs, Rational, sqrt

from symforget.authoring import claim, le
from symforget.calculus import BC, TV, SampleIntegral, p_n, p_o
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.instances import TwoLetterPair, a, b
from symforget.legs.certified import over
from symforget.legs.numeric import agree
from symforget.model import delta
from symforget.rules import CauchySchwarz, Definition


@claim(domain={}, kind="upper bound", densities="any", false_twin={"factor": 2})
def total_variation_bound(factor=1):
    """The total variation distance is at most sqrt(1 - BC^2).

    Guarantee: **upper bound**, attained for p_o = p_n and for disjoint supports.
    Hypotheses: any two densities.
    Source: C. Kraft, Univ. California Publ. Statist. 2 (1955) 125-141.
    """
    gap = Abs(p_o - p_n)
    difference = (sqrt(p_o) - sqrt(p_n)) ** 2
    total = (sqrt(p_o) + sqrt(p_n)) ** 2
    bound = 1 - factor * BC**2
    return Part(
        le(TV**2, bound),
        symbolic=Derivation(TV**2)
        .equals(SampleIntegral(gap) ** 2 / 4, by=Definition())
        .at_most(
            SampleIntegral(difference) * SampleIntegral(total) / 4,
            by=CauchySchwarz(difference, total, times=Rational(1, 4), root=gap),
        )
        .equals(bound, by=Definition("open the squares; densities integrate to 1")),
        certified=(over({delta: "[1/4, 12]"}), over({a: "[1/10, 2/5]", b: "[3/5, 9/10]"}, TwoLetterPair())),
        numeric=(agree({delta: 1}, {delta: "5/2"}),),
    )
