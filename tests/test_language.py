"""The language reads what it promises, refuses everything else with the place, and runs nothing."""

import time

import pytest
import sympy
from sympy import Rational, Symbol

from symforget.errors import InputError
from symforget.language import FUNCTIONS, check_symbol_name, parse_expression, parse_statement
from symforget.trees import evaluated

SYMBOLS = {name: Symbol(name, positive=True) for name in ("beta", "delta", "x")}
X = SYMBOLS["x"]


def expression(text: str) -> sympy.Expr:
    return parse_expression(text, SYMBOLS)


def statement(text: str):
    return parse_statement(text, SYMBOLS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Rational(1, 10)),
        (".5", Rational(1, 2)),
        ("2.", Rational(2)),
        ("1.25e-3", Rational(1, 800)),
        ("1e3", Rational(1000)),
        ("0.1 + 0.2 - 3/10", Rational(0)),
        ("-2**2", Rational(-4)),
        ("2**-1", Rational(1, 2)),
        ("2**3**2", Rational(512)),
        ("7/2/7", Rational(1, 2)),
        ("--3", Rational(3)),
        ("0.30000000000000000000000000000000000001", Rational(3 * 10**37 + 1, 10**38)),
    ],
)
def test_numbers_are_exact_rationals(text, value):
    assert expression(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x - x*2/4 + 1/3", X / 2 + Rational(1, 3)),
        ("sqrt(x)*x**(1/2)", X),
        ("1 - (x - 1)", 2 - X),
        ("x/2/x", Rational(1, 2)),
        ("Max(1, x, 2) - Min(x)", sympy.Max(2, X) - X),
        ("diff(x**3, x, 2)", 6 * X),
        ("diff(x**3, x)", 3 * X**2),
        ("exp(log(x))", X),
        ("E**x", sympy.exp(X)),
    ],
)
def test_expressions_mean_what_they_say(text, value):
    assert sympy.simplify(evaluated(expression(text)) - value) == 0


def test_bound_names():
    s, z = Symbol("s", real=True), Symbol("z", real=True)
    assert evaluated(expression("integrate(x*s, s, 0, x)")) == sympy.Integral(X * s, (s, 0, X))
    assert evaluated(expression("normal(x*z**2, z)")).doit() == X
    assert expression("limit(x/z, z, -oo)") == sympy.Limit(X / z, z, -sympy.oo, dir="+")
    assert expression("limit(x/z, z, 1)").args[3] == Symbol("+-"), "a limit at a number has two sides"


def test_relations_are_not_decided():
    for text in ("1 < 2", "1 == 1", "x <= x", "x > -1", "x != x", "exp(x) >= 0"):
        assert isinstance(statement(text), sympy.core.relational.Relational)
    assert statement("2 > 1").lhs == 2


def test_every_named_function_of_the_language_loads_and_is_accepted():
    for name, entry in FUNCTIONS.items():
        arguments = ", ".join([*["beta"] * (entry.least - 1), "delta"])
        if name == "gate_s_derivative":
            arguments = "2, delta, x"
        assert expression(f"{name}({arguments})").free_symbols


REFUSED = [
    ("", "empty"),
    ("x", "needs two expressions"),
    ("1 < x < 2", "column 9: one relation at a time"),
    ("(1 < x) < 2", "column 2: a relation may not stand inside"),
    ("exp(1 < x) < 2", "column 5: a relation may not stand inside"),
    ("betta < 1", "column 1: unknown name 'betta'; did you mean beta?"),
    ("  betta < 1", "column 3: unknown name"),
    ("y < 1", "declare it under [symbols]"),
    ("expp(x) < 1", "did you mean exp?"),
    ("x = 1", "write == for equality"),
    ("x^2 < 1", "write ** for a power"),
    ("2x < 1", "column 2: a number is followed by 'x'"),
    ("x(2) < 1", "x is not a function"),
    ("exp < 1", "exp is a function"),
    ("1_000 < x", "followed by '_'"),
    ("0x10 < x", "followed by 'x'"),
    ("1j < x", "followed by 'j'"),
    ("1/0 < x", "division by zero"),
    ("x/(1 - 1) < 1", "division by zero"),
    ("0**0 == 1", "0**0"),
    ("oo < x", "oo may only be"),
    ("lambda < 1", "reserved word"),
    ("x if x else x < 1", "reserved word"),
    ("[x] < 1", "brackets are round"),
    ("x.real < 1", "unexpected character '.'"),
    ("'x' < 1", "unexpected character"),
    ("x # y < 1", "unexpected character '#'"),
    ("exp(x, x) < 1", "exp takes 1 arguments, 2 given"),
    ("exp(*x) < 1", "not part of the language"),
    ("exp() < 1", "exp takes 1 arguments, 0 given"),
    ("(x) (x) < 1", "x is not a function; is a * missing?"),
    ("exp(x)(x) < 1", "only a named function can be called"),
    ("x < 1)", "cannot read this"),
    ("(x < 1", "cannot read this"),
    ("x < ", "column 4: the text ends where an expression is wanted"),
    ("  x < 1 +", "column 10: the text ends where an expression is wanted"),
    ("x + < 1", "column 5: cannot read this"),
    ("x // 2 < 1", "not part of the language"),
    ("diff(x, 2) < 1", "a symbol in use is wanted"),
    ("diff(x, y) < 1", "a symbol in use is wanted"),
    ("diff(x, x, 99) < 1", "order of diff"),
    ("diff(x, x, 1/2) < 1", "order of diff"),
    ("integrate(x, x, 0, 1) < 1", "already in use"),
    ("integrate(s, s, 0) < 1", "write integrate(expression, x, a, b)"),
    ("integrate(s, s, 0, s) < 1", "unknown name 's'"),
    ("normal(z, exp) < 1", "already means something"),
    ("normal(normal(z, z), z) < 1", "already in use"),
    ("normal(z, z) < z", "unknown name 'z'"),
    ("limit(1/n, n) < 1", "write limit(expression, x, point)"),
    ("1e99999 < x", "decimal exponent"),
    ("1" * 500 + " < x", "more than 400 digits"),
    ("a" * 100 + " < x", "longer than 64"),
    ("10**10**10 < x", "exponent is beyond"),
    ("9**9999 < x", "bits"),
    ("(10**1000)*(10**1000) < x", "bits"),
    ("x**100000 < 1", "exponent is beyond"),
    ("(" * 45 + "x" + ")" * 45 + " < 1", "nested more than 40"),
    ("exp(" * 38 + "--" * 30 + "x" + ")" * 38 + " < 1", "nested more than 40"),
    ("-" * 60 + "x < 1", "nested more than 40"),
    ("x+" * 800 + "x < 1", "more than 1500 parts"),
    ("x" + " " * 5000 + "< 1", "more than 4000"),
    ("__import__('os') < 1", "unexpected character"),
    ("__import__(x) < 1", "unknown function"),
    ("eval(x) < 1", "unknown function"),
    ("x\x00 < 1", "unexpected character"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_refused_says_why_and_where(text, message):
    with pytest.raises(InputError) as refused:
        statement(text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("β", "GREEK SMALL LETTER BETA"),
        ("е", "CYRILLIC SMALL LETTER IE"),
        ("ｘ", "FULLWIDTH LATIN SMALL LETTER X"),
        ("ﬁ", "LATIN SMALL LIGATURE FI"),
        ("𝑥", "MATHEMATICAL ITALIC SMALL X"),
        ("−", "MINUS SIGN"),
        ("٣", "ARABIC-INDIC DIGIT THREE"),
        ("\u200b", "ZERO WIDTH SPACE"),
        ("\u202e", "RIGHT-TO-LEFT OVERRIDE"),
        ("≤", "LESS-THAN OR EQUAL TO"),
    ],
)
def test_look_alikes_are_named(character, name):
    """Python's own parser would fold some of these into ASCII names."""
    with pytest.raises(InputError) as refused:
        statement(f"1 + {character} < 2")
    assert f"column 5: unexpected character {character!r} ({name})" in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "gamma(10**9) < x",
        "exp(10**9*log(2)) < x",
        "exp(5*10**8*log(2))*exp(5*10**8*log(2))*x < 1",
        "exp(exp(exp(exp(exp(100))))) < x",
        "Max(exp(exp(exp(exp(9)))), exp(exp(exp(exp(8))))) < x",
        "(x**1000)**1000 < 1",
        "normal(z*exp(5*10**8*log(2))*exp(5*10**8*log(2)), z) < 1",
        "cos(pi/(2**200 + 1)) < 1",
        "(2*sqrt(3))**9999 < x",
    ],
)
def test_costly_constants_cost_nothing_to_read(text):
    started = time.perf_counter()
    statement(text)
    assert time.perf_counter() - started < 1.0


def test_long_sums_are_not_deep():
    total = expression(" + ".join(["x"] * 700))
    assert evaluated(total) == 700 * X


@pytest.mark.parametrize("name", ["beta", "_x", "x1", "Delta"])
def test_ordinary_names_may_be_declared(name):
    check_symbol_name(name)


@pytest.mark.parametrize("name", ["exp", "pi", "E", "oo", "normal", "gate", "lambda", "1x", "a b", "", "β", "x" * 65])
def test_names_that_would_confuse_may_not(name):
    with pytest.raises(InputError):
        check_symbol_name(name)
