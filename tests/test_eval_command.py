"""If these fail, `eval` would give a false reason for what it cannot print, or fail where a value is known."""

import json
import re
from decimal import Decimal
from functools import partial

import pytest
from commands import only_line, run

from symforget import balls
from symforget.cli.values import certified_value
from symforget.errors import BeyondDecimals, PrecisionNotReached
from symforget.language import parse_expression
from symforget.precision import workprec


def printed(expression, digits=30):
    return certified_value(expression, digits).decimal


@pytest.mark.parametrize(
    ("expression", "size"),
    [("exp(10**9)", "large"), ("exp(10**10)", "large"), ("misassignment_old(1/2, 10**6)", "small")],
)
def test_a_number_too_long_to_write_out_is_not_called_a_rounding_boundary(expression, size):
    with pytest.raises(BeyondDecimals, match=f"too {size} to be written"):
        printed(expression)


def test_divergences_are_known_where_they_are_exact():
    assert printed("reverse_kl(1/3, 1/3, 3)") == "0"
    assert printed("reverse_kl(1/2, 1/3, 0)") == "0"
    assert printed("forward_kl(1, 1)", 5) == "0.50000"
    assert printed("forward_kl(0, 1)") == "0"


def test_a_value_that_may_be_zero_is_said_to_be_so_when_a_higher_precision_fails(monkeypatch):
    """Here the second precision tried fails, and the others are left out: each takes as long as all before it."""
    expression = "normal(log(1 + exp(99*z)), z) - normal(log(1 + exp(99*z)), z)"
    with workprec(100):
        assert not balls.compile_ball(parse_expression(expression, {}), ())().is_finite()
    monkeypatch.setattr(balls, "evaluate", partial(balls.evaluate, max_bits=100))
    with pytest.raises(PrecisionNotReached, match="cannot be told from 0"):
        printed(expression, 5)


def test_a_small_divergence_has_its_digits():
    few = printed("reverse_kl(1/2, 500001/1000000, 3)", 12)
    many = printed("reverse_kl(1/2, 500001/1000000, 3)", 50)
    assert few == "1.60551499560e-12"
    assert many.startswith("1.60551499560")


def test_divergences_from_the_middle_are_those_of_the_definition():
    for call, expectation in (
        ("forward_kl(3/10, 2)", "-normal(log(7/10 + 3/10*exp(2*z - 2)), z)"),
        (
            "reverse_kl(9/10, 1/5, 12)",
            "9/10*normal(log((9/10 + exp(12*z - 72)/10)/(1/5 + 4/5*exp(12*z - 72))), z)"
            " + normal(log((9/10*exp(12*z - 72) + 1/10)/(exp(12*z - 72)/5 + 4/5)), z)/10",
        ),
    ):
        assert printed(call, 10) == printed(expectation, 10)


def test_the_command_prints_zero():
    result = run("eval", "reverse_kl(1/2, 1/2, 3)")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "0")


@pytest.mark.parametrize(
    ("expression", "digits", "value"),
    [
        ("1/3 + 1/6", 5, "0.50000"),
        ("sqrt(2)", 20, "1.4142135623730950488"),
        ("pi", 40, "3.141592653589793238462643383279502884197"),
        ("2/3", 3, "0.667"),
        ("exp(-1000)", 5, "5.0760e-435"),
    ],
)
def test_value_is_correctly_rounded(expression: str, digits: int, value: str) -> None:
    result = run("eval", expression, "--digits", digits)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[0] == value
    assert "certified" in result.stdout


def test_gate_to_50_digits_agrees_with_more_digits() -> None:
    """If it failed, digits said to be certified would be wrong."""
    fifty = run("eval", "gate(3/10, 2)", "--digits", 50).stdout.splitlines()[0]
    eighty = run("eval", "gate(3/10, 2)", "--digits", 80).stdout.splitlines()[0]
    assert len(fifty) == 52
    assert abs(Decimal(fifty) - Decimal(eighty)) <= Decimal("0.5e-50")


def test_value_beyond_the_reach_of_floats() -> None:
    """At beta = 1/2 and delta = 80 quadrature in floating point returns 0.5 or 0 without a warning."""
    line = run("eval", "misassignment_old(1/2, 80)", "--digits", 30).stdout.splitlines()[0]
    assert re.fullmatch(r"5\.74182663\d{21}e-350", line)


def test_rational_value_is_also_printed_exactly() -> None:
    text = run("eval", "2/7 + 1/7", "--digits", 6).stdout
    assert "0.428571\n= 3/7 exactly\n" in text


def test_value_that_is_zero_or_undefined_is_not_made_up() -> None:
    """If it failed, digits of noise would be printed as certified."""
    for expression in ("exp(1) - exp(1)", "log(-1)"):
        result = run("eval", expression)
        assert result.exit_code == 1
        assert only_line(result).startswith("symforget: ")


def test_value_as_json() -> None:
    found = json.loads(run("eval", "1/4", "--digits", 3, "--json").stdout)
    assert found == {
        "schema": "symforget-value/1",
        "expression": "1/4",
        "digits": 3,
        "value": "0.250",
        "radius": "0",
        "exact": "1/4",
    }
