"""If these fail, an antiderivative of SymPy's that jumps can prove something false."""

import pytest
from sympy import Abs, Integer, Integral, Max, Rational, Symbol, atan, cos, exp, log, pi, sin, sqrt, tan

from symforget.derivation import Context
from symforget.domain import Interval
from symforget.functions import normal
from symforget.integration import trusted_value
from symforget.rules import Algebra
from symforget.rules.intervals import Evaluate
from symforget.signs import is_zero

x, s, t = Symbol("x", positive=True), Symbol("s", real=True), Symbol("t", real=True)
DOMAIN = {x: Interval.parse("(0, 20)"), t: Interval.parse("(-oo, oo)")}
CONTEXT = Context(DOMAIN, lambda *_: None, gaussian=False)

WRONG = [
    (Integral(Abs(cos(s)), (s, -1, 1)), Integer(0)),
    (Integral(Abs(sin(s)), (s, 0, x)), cos(x) + 3),
    pytest.param(Integral(atan(tan(s)), (s, 0, 6)), (6 - pi) ** 2 / 2 - pi**2 / 2, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("integral", "value"), WRONG)
def test_an_integral_that_simplification_gets_wrong_proves_nothing(integral, value):
    """SymPy's own `simplify` carries integrals out, and says 0 for the integral of |cos| over [-1, 1]."""
    assert not is_zero(integral - value, DOMAIN)
    assert not Algebra().check(integral, "=", value, CONTEXT).ok
    assert not Evaluate().check(integral, "=", value, CONTEXT).ok
    assert trusted_value(integral, DOMAIN) is None


@pytest.mark.parametrize(
    "integral",
    [
        Integral(Abs(cos(s)) / 10**60, (s, -2, 2)),  # smaller than the quadrature resolves
        Integral(10**300 + Abs(cos(s)), (s, -2, 2)),  # hidden by the rest
        Integral(cos(s) + Abs(cos(s)) / 10**45, (s, -1, 1)),
        Integral(10**300 + 1 / (s**6 + 2), (s, -4, 6)),
        pytest.param(Integral(exp(-200) / (s**6 + 2), (s, -4, 6)), marks=pytest.mark.slow),
    ],
)
def test_what_is_too_small_to_be_seen_in_the_quadrature_is_not_taken(integral):
    assert trusted_value(integral, DOMAIN) is None


def test_what_is_hidden_by_what_a_parameter_makes_large_is_not_taken():
    assert trusted_value(Integral(exp(x) + 1 / (s**6 + 2), (s, -4, 6)), {x: Interval.parse("[1000, 1100]")}) is None


TINY = Integer(10) ** -40


@pytest.mark.parametrize(
    "integral",
    [
        Integral(s / (s**6 + x), (s, -3, 3 + TINY)),
        pytest.param(Integral(s / (s**4 + s**2 + x), (s, -3, 3 + TINY)), marks=pytest.mark.slow),
        pytest.param(Integral(s / (s**4 + s**2 + x), (s, -3, 3 + Integer(10) ** -500)), marks=pytest.mark.slow),
        Integral(1 + s / (s**6 + x), (s, -3, 3 + TINY)),
    ],
)
def test_an_integral_that_nearly_cancels_once_agreed_with_any_tiny_value(integral):
    """The true value is some 10**-43 or less, SymPy's another one: to 30 digits both are 0."""
    assert trusted_value(integral, {x: Interval.parse("[1, 2]")}) is None


def test_the_integral_of_an_odd_function_over_a_symmetric_range_is_0():
    assert trusted_value(Integral(s**3 * exp(-(s**2)) / (s**2 + x), (s, -3, 3)), DOMAIN) == 0
    assert trusted_value(normal(s**3, s), DOMAIN) == 0


@pytest.mark.parametrize(
    ("integral", "value"),
    [
        (Integral(1 / s, (s, x, 20)), log(20) - log(x)),
        (Integral(exp(-s * x), (s, 0, x)), (1 - exp(-(x**2))) / x),
        (Integral(1 / (2 + cos(s)), (s, 0, 2 * pi)), 2 * pi / sqrt(3)),
        pytest.param(
            Integral(exp(-200) / (2 + cos(s)), (s, 0, 2 * pi)), exp(-200) * 2 * pi / sqrt(3), marks=pytest.mark.slow
        ),
        (Integral(10**300 + s, (s, 0, 2)), Integer(2 * 10**300 + 2)),
        (Integral(s / (s**2 + x), (s, -3, 3 + TINY)), log((3 + TINY) ** 2 + x) / 2 - log(9 + x) / 2),
        (normal(exp(t * s), s), exp(t**2 / 2)),
    ],
)
def test_values_that_can_be_relied_on_are_taken(integral, value):
    found = trusted_value(integral, DOMAIN)
    assert found is not None
    assert is_zero(found - value, DOMAIN)


@pytest.mark.parametrize(
    "integral",
    [
        Integral(1 / (2 + cos(s)), (s, 0, x)),  # the value jumps, and SymPy's floor(...) with it
        Integral(sqrt(1 - cos(s)), (s, 0, x)),  # corners
        Integral(Max(s, x), (s, 0, 1)),
        Integral(1 / (s - x) ** 2, (s, 0, 30)),  # a pole inside
        Integral(1 / s, (s, -1, 1)),
        Integral(exp(-s * t), (s, 0, 1)),  # another form at t = 0
        normal(exp(x * s**2), s),  # diverges from x = 1/2 on
    ],
)
def test_other_values_are_left_alone(integral):
    assert trusted_value(integral, DOMAIN) is None


def test_evaluation_still_evaluates():
    integral = Integral(1 / (s * 3), (s, Rational(1, 2), 1))
    assert Evaluate().check(integral, "=", log(2) / 3, CONTEXT).ok
    assert not Evaluate().check(integral, "=", log(3) / 2, CONTEXT).ok
