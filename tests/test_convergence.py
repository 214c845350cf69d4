"""If these fail, a divergent integral passes for a number, or a convergent one cannot be spoken of in a proof."""

import pytest

from symforget.claimsfile import symbols_of
from symforget.language import parse_statement
from symforget.proofs import defined_everywhere, prove

LINE, HALF = "(-oo, oo)", "(0, oo)"

CONVERGENT = [
    ("normal(exp(x*z), z) > 0", {"x": LINE}),
    ("normal(exp(x*z**2), z) > 0", {"x": "(0, 1/2)"}),
    ("normal(z**4*sech(x*z), z) > 0", {"x": LINE}),
    ("normal(log(1 + exp(x*z)), z) > 0", {"x": LINE}),
    ("normal(1/(x + z**2), z) > 0", {"x": HALF}),
    ("normal(Abs(z)**3/(1 + exp(-x*z)), z) > 0", {"x": LINE}),
    ("integrate(exp(-x*s), s, 0, oo) > 0", {"x": HALF}),
    ("integrate(1/(1 + s**2), s, -oo, oo) > 0", {}),
    ("integrate(exp(-s**2/4)*exp(-(s - x)**2/4), s, -oo, oo) > 0", {"x": LINE}),
    ("diff(normal(exp(x*z), z), x, 2) > 0", {"x": LINE}),
]

NOT_SHOWN_TO_CONVERGE = [
    ("normal(exp(x*z**2), z) >= 1", {"x": "(0, 1)"}),
    ("normal(exp(x*z**2), z) >= 1", {"x": "(0, 1/2]"}),
    ("normal(exp(exp(z)), z) >= 0", {}),
    ("normal(1/z, z) == 0", {}),
    ("normal(1/(x + z**2), z) > 0", {"x": "[0, 1]"}),
    ("integrate(exp(-x*s), s, 0, oo) >= 0", {"x": "[0, 5]"}),
    ("integrate(1/(1 + s), s, 0, oo) >= 0", {}),
    ("integrate(s/(1 + s**2), s, -oo, oo) == 0", {}),
    ("integrate(1/s, s, 0, 1) > 0", {}),
    ("integrate(1/s, s, 1, 0) < 0", {}),
    ("integrate(1/(1 + x*s**2), s, 0, oo) > 0", {"x": "[0, 1]"}),
    ("integrate(sech(x*s), s, 0, oo) > 0", {"x": LINE}),
    # the derivative at 0 is not the integral of the derivative
    ("diff(integrate(x**3*exp(-x**2*s), s, 0, oo), x) == 1", {"x": "(-1, 1)"}),
]


def read(statement, domain):
    intervals = symbols_of(domain)
    return parse_statement(statement, {s.name: s for s in intervals}), intervals


@pytest.mark.parametrize(("statement", "domain"), CONVERGENT)
def test_convergent_integrals_are_seen_to_be_defined(statement, domain):
    assert defined_everywhere(*read(statement, domain), 5.0)


@pytest.mark.parametrize(("statement", "domain"), NOT_SHOWN_TO_CONVERGE)
def test_divergent_integrals_are_never_numbers(statement, domain):
    relation, intervals = read(statement, domain)
    assert not defined_everywhere(relation, intervals, 2.0)
    assert prove(relation, intervals, 2.0) is None
