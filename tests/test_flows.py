"""Would fail if travel times or measured rates were wrong, or their error estimates too small."""

import mpmath

from symforget.flows import local_rate, travel_time


def test_travel_time_of_a_linear_flow_is_a_logarithm():
    found = travel_time(lambda x: 3 * x, 2, 1, 30)
    with mpmath.workdps(30):
        assert abs(found - mpmath.log(2) / 3) < mpmath.mpf(10) ** -28


def test_travel_time_of_a_cubic_flow_matches_its_closed_form():
    # x' = -x - x^3: int dx/(x + x^3) = log(x/sqrt(1 + x^2)).
    found = travel_time(lambda x: x + x**3, mpmath.mpf(1), mpmath.mpf(1) / 2, 30)
    with mpmath.workdps(30):
        expected = mpmath.log(mpmath.sqrt(mpmath.mpf(5) / 2))
        assert abs(found - expected) < mpmath.mpf(10) ** -20


def test_local_rate_is_the_slope_at_zero_within_its_error():
    value, error = local_rate(lambda x: mpmath.sin(2 * x) + x**2, mpmath.mpf(1) / 4, 30)
    assert error < mpmath.mpf(10) ** -10
    assert abs(value - 2) <= 10 * error
