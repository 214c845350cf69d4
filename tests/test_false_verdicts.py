"""Statements that were once proved though false or without meaning, or refuted though true: each by its defect."""

import pytest
from sympy import Integer

from symforget.checking import Limits, examine
from symforget.claims import Verdict, combine_part
from symforget.claimsfile import symbols_of
from symforget.cli.values import certified_value
from symforget.errors import InputError, PrecisionNotReached
from symforget.language import parse_statement
from symforget.limits import approaches

LINE = "(-oo, oo)"
SURE = (Verdict.PROVED, Verdict.CERTIFIED)


def examined(statement: str, seconds: float = 6.0, **domain: str):
    intervals = symbols_of(domain)
    relation = parse_statement(statement, {s.name: s for s in intervals})
    used = {s: i for s, i in intervals.items() if s in relation.free_symbols}
    evidence = tuple(examine(relation, used, Limits(seconds=seconds)))
    return combine_part(evidence, Verdict.PROVED)[0], evidence


# ---- derivatives in a symbol whose interval is one number ----

INTEGRAL = "integrate(1/(s**6 + 2), s, -4, 6)"  # 1.1752; SymPy says 0.50


@pytest.mark.parametrize(
    ("statement", "x", "verdict"),
    [
        (f"sin(y) + diff(x*{INTEGRAL}, x) <= 16/10", "[1, 1]", Verdict.REFUTED),
        (f"exp(y)*diff(x*{INTEGRAL}, x) < exp(y) - 1/10", "[1, 1]", Verdict.REFUTED),
        (f"diff(x*{INTEGRAL}, x) <= 1", "[1, 1]", Verdict.REFUTED),
        ("sin(y) + diff(x*integrate(1/s, s, -1, 1), x) <= 2", "[1, 1]", Verdict.UNDECIDED),
        ("sin(y) + (diff(x**2, x) - 2)/(diff(x**2, x) - 2) <= 2", "[1, 1]", Verdict.UNDECIDED),
        ("sin(y) + 0*log(diff(-x, x)) <= 1", "[1, 1]", Verdict.UNDECIDED),
        ("sin(y) + diff(x + log(x) - log(x), x) <= 2", "[-1, -1]", Verdict.UNDECIDED),
        ("sin(y) + diff(sqrt(x)*sqrt(x), x) <= 2", "[-4, -4]", Verdict.UNDECIDED),
        ("sin(y) + diff(x**2/x, x) <= 2", "[0, 0]", Verdict.UNDECIDED),
        ("sin(y) + diff(Max(x, 0), x) <= 2", "[0, 0]", Verdict.UNDECIDED),
        ("sin(y) + diff(Abs(x), x) <= 2", "[0, 0]", Verdict.UNDECIDED),
        ("sin(y) + 0*diff(sqrt(x**2), x) <= 2", "[0, 0]", Verdict.UNDECIDED),
        ("sin(y) + limit(diff(Abs(x), x) + 1/n, n, oo) <= 2", "[0, 0]", Verdict.UNDECIDED),
    ],
)
def test_a_derivative_at_a_single_number_once_escaped_every_look_at_what_is_differentiated(statement, x, verdict):
    assert examined(statement, x=x, y="[-2, 2]")[0] is verdict


def test_a_derivative_at_a_single_number_once_hid_the_exceptions_of_a_limit():
    """At z = 3/7 the limit is 1."""
    statement = "sin(y) + diff(x*limit(1/(1 + n*(7*z - 3)**2), n, oo), x) <= 3/2"
    assert examined(statement, x="[1, 1]", y=LINE, z="(0, 1)")[0] not in SURE


@pytest.mark.parametrize(
    ("statement", "x", "verdict"),
    [
        (f"diff(x*{INTEGRAL}, x) >= 1", "[1, 1]", Verdict.PROVED),
        ("sin(y) + diff(Abs(x), x) <= 2", "[1, 1]", Verdict.PROVED),
        ("sin(y) + diff(Max(x, 0), x) <= 1", "[-3, -3]", Verdict.PROVED),
        ("sin(y) + diff(x**2*log(x), x) <= 2", "[1, 1]", Verdict.PROVED),
        ("sin(y) + sqrt(x - 1) + diff(x**2, x) <= 3", "[1, 1]", Verdict.PROVED),
        ("sin(y) + diff(log(x), x) > 2", "[1, 1]", Verdict.REFUTED),
        ("diff(x**(5/2), x, 2) + sin(y) >= 2", "[1, 1]", Verdict.PROVED),
    ],
)
def test_derivatives_at_a_single_number_are_still_decided(statement, x, verdict):
    assert examined(statement, x=x, y=LINE)[0] is verdict


@pytest.mark.parametrize("body", ["Max(x, 0)", "Abs(x)", "sqrt(x**2)", "Min(x, 2*x)"])
def test_a_kink_once_vanished_with_its_factor_0(body):
    assert examined(f"sin(x) + 0*diff({body}, x) <= 1", x=LINE)[0] not in SURE
    assert examined(f"sin(x) + 0*diff({body}, x) <= 1", x="(0, oo)")[0] is Verdict.PROVED


# ---- limits ----

SMALL = "integrate(Abs(cos(s))/10**10, s, -2, 2)"  # 2.18e-10; SymPy says 1.8e-11 more than 1.6e-10


@pytest.mark.parametrize("relation", ["<= 1/10**10", "== 2*(1 - sin(2))/10**10", "> 2/10**10"])
def test_an_integral_in_a_limit_was_once_sympys_and_any_value_below_a_billionth_approached(relation):
    assert examined(f"limit({SMALL} + 1/m, m, oo) {relation}")[0] is Verdict.UNDECIDED


@pytest.mark.parametrize(
    "statement",
    [
        "limit(1 + 0*log(-n) + 1/n, n, oo) == 1",
        "limit(1 + 0*sqrt(s - 1) + s, s, 0) == 1",
        "limit(1 + (log(-n) - log(-n)) + 1/n, n, oo) == 1",
    ],
)
def test_a_limit_of_what_is_undefined_near_the_point_is_declined(statement):
    assert examined(statement)[0] is Verdict.UNDECIDED


def test_a_tiny_limit_is_not_taken_for_another_one():
    assert examined("limit(1/10**12 + 1/n, n, oo) == 2/10**12")[0] is Verdict.REFUTED
    assert examined("limit(1/10**12 + 1/n, n, oo) == 1/10**12")[0] is Verdict.PROVED
    assert examined("limit(1 - erf(40) + 1/n, n, oo) == 0")[0] is not Verdict.PROVED
    node = parse_statement("limit(1/10**12 + 1/n, n, oo) == 0", {}).lhs
    assert not approaches(node, node.args[0], Integer(0), {})


@pytest.mark.parametrize(
    "statement",
    [
        "limit(integrate(exp(-s), s, 0, n), n, oo) == 1",
        "limit(integrate(cos(s), s, 0, t)/t, t, 0) == 1",
        "limit(tanh(n), n, oo) == 1",
        "limit(exp(-n), n, oo) == 0",
        "limit(s*log(s), s, 0) == 0",
        "limit(2/3 + 0*n, n, oo) == 2/3",
        "limit((s**2 - 1)/(s - 1), s, 1) == 2",
    ],
)
def test_limits_are_still_found(statement):
    assert examined(statement)[0] is Verdict.PROVED


# ---- integrals that nearly cancel ----

END = "3 + 1/10**40"
WRONG = f"6 + 1/10**40 + (log(x**(1/3) + ({END})**2) - log(x**(1/3) + 9))/(6*x**(2/3))"


@pytest.mark.slow
def test_a_wrong_integral_once_passed_where_its_value_and_its_error_were_both_tiny():
    """4.1e-43 against 1.0e-41 at x = 1."""
    statement = f"integrate(1 + s/(s**6 + x), s, -3, {END}) == {WRONG}"
    assert examined(statement, seconds=20, x="[1, 2]")[0] not in SURE


# ---- numbers ----


@pytest.mark.parametrize("integral", ["integrate(1, s, oo, oo)", "integrate(exp(-s), s, -oo, -oo)"])
def test_an_integral_from_infinity_to_itself_once_recursed_for_ever(integral):
    with pytest.raises(InputError, match="has no meaning"):
        certified_value(integral, 10)


@pytest.mark.parametrize(
    "integral",
    [
        "integrate(s*sqrt(s**2 - 2), s, -1, 1)",
        "integrate(s*sqrt(s**2 - 2) + 1, s, -1, 1)",
        "integrate(integrate(sqrt(s - t)*s, s, -1, 1), t, 2, 3)",
    ],
)
def test_imaginary_values_on_the_path_once_cancelled_in_the_integral(integral):
    with pytest.raises(PrecisionNotReached):
        certified_value(integral, 10)


def test_real_integrals_of_roots_have_values():
    assert certified_value("integrate(sqrt(1 - s**2), s, -1, 1)", 10).decimal == "1.570796327"
    assert certified_value("integrate(exp(-s)*sqrt(s), s, 0, oo)", 10).decimal == "0.8862269255"


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("Max(gamma(x - x), x) >= 0", "0 > 0"),
        ("diff(Max(sqrt(-1), x), x) >= 0", "-1 >= 0"),
        ("Max((-1)**pi, x) >= 0", ""),
        ("log(Max((-1)**pi, x)) >= 0", ""),
    ],
)
def test_what_sympy_cannot_evaluate_was_once_called_a_defect(statement, part):
    verdict, evidence = examined(statement, x="[1, 2]")
    assert verdict is Verdict.UNDECIDED
    assert part in evidence[-1].detail


@pytest.mark.parametrize(
    ("statement", "x"), [("total_variation(x) > 0", "[0, 1]"), ("chi_square(x) > x**2", "(-oo, oo)")]
)
def test_a_named_quantity_that_equals_its_bound_at_one_point_refutes_a_strict_inequality(statement, x):
    assert examined(statement, x=x)[0] is Verdict.REFUTED
    assert examined(statement.replace(">", ">="), x="[0, 1]")[0] in SURE
    assert examined(statement, x="(0, 1]")[0] in SURE
