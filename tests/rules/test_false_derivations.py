"""Derivations of false statements that once counted as proved: if one passes, so might a false claim."""

import pytest
from sympy import Abs, Integer, Integral, Symbol, symbols

from symforget.claims import Claim, Densities, Kind, Part, Verdict
from symforget.derivation import Context, Derivation
from symforget.domain import Interval
from symforget.functions import normal
from symforget.legs import symbolic
from symforget.rules import Antiderivative, SignOf, SmoothAntiderivative, Stein, UnderIntegralSign
from symforget.rules.flows import SlopeAtLeast
from symforget.rules.intervals import ChangeOfVariable

x, a, s, t = symbols("x a s t", real=True)
z = Symbol("z", real=True)
UNIT, CLOSED, AROUND_ZERO = (Interval.parse(text) for text in ("(0, 1)", "[0, 1]", "[-1, 1]"))


def verdict(derivation, statement=None, domain=None, densities=Densities.ANY):
    """What the symbolic leg alone says of it: no comparison at points."""
    statement = derivation.chain.proved if statement is None else statement
    part = Part(statement, symbolic=derivation)
    claim = Claim("group/slug", "", (part,), domain or {}, Kind.IDENTITY, densities, "", "", "")
    return symbolic.run(claim, part, Context(claim.domain, lambda claim, part: None), spot=False).verdict


def proved(start, relation, end, rule, domain=None, **options):
    steps = {"=": "equals", "<=": "at_most", "<": "below", ">=": "at_least", ">": "above"}
    derivation = getattr(Derivation(start), steps[relation])(end, by=rule)
    return verdict(derivation, domain=domain, **options) is Verdict.PROVED


def positive(name):
    return Symbol(name, positive=True)


@pytest.mark.parametrize(
    ("end", "rule"),
    [
        (Integer(0), Antiderivative(positive("s") ** 2 / 2, positive("s"), AROUND_ZERO)),
        (Integer(0), SmoothAntiderivative(positive("s") ** 2 / 2, positive("s"))),
        (Integral(t, (t, -1, 1)), ChangeOfVariable(positive("s"), positive("s"))),
    ],
)
def test_the_size_of_what_changes_its_sign_is_not_it_itself(end, rule):
    """int |x| dx over [-1, 1] is 1, but 0 to SymPy once x is named by a positive symbol."""
    assert not proved(Integral(Abs(x), (x, -1, 1)), "=", end, rule)


def test_integrals_are_compared_in_a_variable_that_runs_through_their_range():
    u = positive("u")
    same = Derivation(u).at_most(u + u**2, by=SignOf(u**2))
    sides = Integral(Abs(x), (x, -1, 1)), "<=", Integral(x + x**2, (x, -1, 1))
    assert not proved(*sides, UnderIntegralSign(same, u, AROUND_ZERO))
    sides = Integral(Abs(x), (x, 0, 1)), "<=", Integral(x + x**2, (x, 0, 1))
    assert proved(*sides, UnderIntegralSign(same, u, CLOSED))
    up = Derivation(u / Abs(u)).at_least(Integer(1), by=SignOf(Integer(0)))
    slope = SlopeAtLeast(up, u, AROUND_ZERO)
    assert not proved((1 - a) * Integral(x / Abs(x), (x, a, 1)), ">=", (1 - a) ** 2, slope, {a: AROUND_ZERO})


def test_the_variable_of_steins_identity_is_every_real_number():
    """E[z/(1 + z)] does not exist."""
    u = positive("u")
    assert not proved(normal(z / (1 + z), z), "=", normal(-1 / (1 + z) ** 2, z), Stein(1 / (1 + u), u))
