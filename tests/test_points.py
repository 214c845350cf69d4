"""Steps at points: what has no certified value has no witness there, and is left to its rule."""

import pytest
from sympy import Eq, Heaviside, Symbol, floor, sign

from symforget.claims import Claim, Densities, Kind, Part, Verdict
from symforget.derivation import Context, Derivation
from symforget.domain import Interval
from symforget.legs import symbolic
from symforget.rules import Algebra

x = Symbol("x", real=True)


@pytest.mark.parametrize("jump", [sign(x), Heaviside(x), floor(x)])
def test_a_step_that_has_no_certified_value_has_no_witness(jump):
    for end, verdict in ((2 * jump - jump, Verdict.PROVED), (x * jump, Verdict.UNDECIDED)):
        part = Part(Eq(jump, end, evaluate=False), symbolic=Derivation(jump).equals(end, by=Algebra()))
        domain = {x: Interval.parse("(1/2, 3/2)")}
        claim = Claim("group/slug", "", (part,), domain, Kind.IDENTITY, Densities.ANY, "", "", "")
        assert symbolic.run(claim, part, Context.of(claim, lambda claim, part: None)).verdict is verdict
