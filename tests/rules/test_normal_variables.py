"""The variable of a normal expectation is any real number: neither a parameter, nor declared to be anything else."""

import pytest
from sympy import Abs, Integer, Rational, Symbol, cos, cosh, exp, log, pi, sech, symbols

from symforget.derivation import Context, any_real
from symforget.domain import Interval
from symforget.functions import normal
from symforget.gate.symbolic import gate_s
from symforget.model import delta
from symforget.rules import GateAsExpectation, PointwiseExpectation, Stein, Tilt
from symforget.rules.oblique import InThePlane, ObliqueIntegral
from symforget.rules.rewards import SteinLogistic
from symforget.rules.space import IncreasingFromZero, LogCoshBelow, LogOfTwoBells, SigmoidBelowPower
from symforget.rules.touching import ConvexTouching
from symforget.rules.vectors import SechAboveBell, t_o

a, d = symbols("a d", real=True)
alpha = Symbol("alpha", positive=True)
z, positive, whole = Symbol("z", real=True), Symbol("z", positive=True), Symbol("z", integer=True)
UNIT, POSITIVE = Interval.parse("(0, 1)"), Interval.parse("(0, oo)")
QUARTER = Rational(1, 4)


def accepts(rule, before, relation, after, *parameters):
    known = Context(dict.fromkeys((a, alpha, d, *parameters), UNIT), lambda claim, part: None, gaussian=True)
    return rule.check(before, relation, after, known).ok


def test_any_real_number_is_nothing_in_particular():
    assert any_real(z)
    for assumed in ("positive", "nonpositive", "nonzero", "integer", "rational", "irrational"):
        assert not any_real(Symbol("z", real=True, **{assumed: True})), assumed


def test_a_gate_opened_inside_an_expectation_has_a_variable_of_its_own():
    """E_z S(delta, z) is a double expectation; with one variable for both it would be E sech((delta + 1) z/2)."""
    averaged = normal(gate_s(delta, z), z)
    assert not accepts(GateAsExpectation(), averaged, "=", normal(sech((delta + 1) * z / 2), z))
    assert accepts(GateAsExpectation(), averaged, "=", normal(normal(sech((delta * d + z) / 2), d), z))
    inner = normal(d * averaged.variable, d)
    assert inner.variable != averaged.variable and inner.free_symbols == {averaged.variable}


def power_bound(variable):
    """sigmoid(4 log z) <= z, which has no meaning for z < 0."""
    y = 4 * log(variable)
    return SigmoidBelowPower(y, QUARTER, variable), normal(1 / (1 + exp(-y)), variable), normal(exp(y / 4), variable)


def test_a_sigmoid_of_a_logarithm_is_not_bounded_on_half_a_line():
    rule, before, after = power_bound(positive)
    assert not accepts(rule, before, "<=", after)
    rule, before, after = power_bound(z)
    assert not accepts(rule, before, "<=", after, z)
    linear = SigmoidBelowPower(a * z, QUARTER, z)
    assert accepts(linear, normal(1 / (1 + exp(-a * z)), z), "<=", normal(exp(a * z / 4), z))


def test_the_two_bells_are_no_function_of_a_positive_variable():
    """log((exp(|z| + a) + exp(|z| - a))/2) has the mean E|z| + log cosh a; for z > 0 it would be E z + log cosh a."""
    before = normal(log((exp(Abs(z) + a) + exp(Abs(z) - a)) / 2), z)
    assert not accepts(LogOfTwoBells(positive, a, positive), before, "=", normal(z, z) + log(cosh(a)))
    assert accepts(LogOfTwoBells(Abs(z), a, z), before, "=", normal(Abs(z), z) + log(cosh(a)))


def test_a_tilt_moves_a_variable_over_the_whole_line():
    tilted, shifted = normal(exp(a * z) * Abs(z), z), exp(a**2 / 2) * normal(z + a, z)
    assert not accepts(Tilt(a, z, z), tilted, "=", shifted, z)
    periodic = normal(exp(a * z) * cos(2 * pi * z), z)
    assert not accepts(Tilt(a, Integer(1), whole), periodic, "=", exp(a**2 / 2))
    assert accepts(Tilt(a, z, z), normal(exp(a * z) * z, z), "=", shifted)


def test_a_wave_is_not_1_because_its_variable_is_declared_an_integer():
    assert not accepts(PointwiseExpectation(Integer(0), whole), Integer(1), "<=", normal(cos(2 * pi * z), z))
    assert accepts(PointwiseExpectation(cos(z) ** 2, z), Integer(0), "<=", normal(cos(z) ** 2, z))
    value = exp(-(d**2) / 8) * normal(exp(-d * z / 2) * cos(2 * pi * z), z)
    assert not accepts(InThePlane(alpha, whole), ObliqueIntegral(t_o, Integer(1), d), "=", value)


def test_an_exchange_by_stein_is_over_the_whole_line():
    logistic = 1 / (1 + exp(z))
    before, after = normal(z * logistic, z), normal(logistic.diff(z), z)
    assert not accepts(SteinLogistic(logistic, z), before, "=", after, z)
    assert accepts(SteinLogistic(logistic, z), before, "=", after)
    before, after = normal(z * cos(z), z), normal(-sin_of(z), z)
    assert not accepts(Stein(cos(z), z), before, "=", after, z)
    assert accepts(Stein(cos(z), z), before, "=", after)


def sin_of(variable):
    return -cos(variable).diff(variable)


@pytest.mark.parametrize("parameters", [(), (z,)])
def test_bounds_of_hyperbolic_functions_are_over_the_whole_line(parameters):
    """With the variable a parameter in (0, 1), what is shown holds there only."""
    free = not parameters
    sides = normal(sech(a + z), z), ">=", normal(exp(-((a + z) ** 2) / 2), z)
    assert accepts(SechAboveBell(a + z, z), *sides, *parameters) is free
    bound = 2 * (2 / pi) ** Rational(1, 2) * (1 + a**2 / 2)
    assert accepts(LogCoshBelow(Integer(2), a, z), normal(log(cosh(2 * (z + a))), z), "<=", bound, *parameters) is free


def test_the_separation_is_no_normal_variable():
    assert not accepts(PointwiseExpectation(Integer(0), delta), normal(z, z), "<=", normal(z, z))


def test_a_function_of_positive_numbers_is_one_of_all_of_them():
    """For integers 1 - cos(2 pi y) is 0."""
    free = Context({}, lambda claim, part: None, gaussian=True)
    y, number = Symbol("y", positive=True), Symbol("y", positive=True, integer=True)
    assert not IncreasingFromZero(cos(2 * pi * number) - 1, number, Integer(0)).shown(free).ok
    assert not ConvexTouching(cos(2 * pi * number) - 1, number, Integer(0)).shown(free).ok
    assert IncreasingFromZero(y**2, y, 2 * y).shown(free).ok
    assert ConvexTouching((y - 1) ** 2, y, Integer(2)).shown(free).ok
