"""Whatever is typed, the reader answers with a tree or with one line of InputError, in bounded time."""

import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sympy import Symbol

from symforget.claimsfile import parse
from symforget.errors import InputError
from symforget.language import FUNCTIONS, parse_expression, parse_statement

SYMBOLS = {name: Symbol(name, positive=True) for name in ("beta", "delta", "x")}
SECONDS = 2.0

WORDS = [
    *FUNCTIONS,
    *("normal", "integrate", "limit", "diff", "pi", "E", "oo", "beta", "delta", "x", "z", "s"),
    *("+", "-", "*", "/", "**", "(", ")", ",", "==", "!=", "<=", "<", ">=", ">", "=", ".", "^", "%", "@"),
    *("0", "1", "2", "10", "1/2", "0.1", "1e3", "10**10", "1e999", "9" * 50, "1_0", "0x1", "1j"),
    *("lambda", "if", "else", "and", "not", "in", "True", "None", "await", "yield", "__import__", "eval"),
    *("'", '"', "#", ";", "\n", "\t", " ", "\\", "\x00", "β", "ｘ", "ﬁ", "∞", "\u200b", "[", "]", "{", "}", ":="),
]

CORPUS = [
    "10**10**10 < 1",
    "__import__('os').system('true') == 0",
    "().__class__.__bases__[0].__subclasses__()",
    "(lambda: 1)() == 1",
    "[x for x in range(10**9)] == 1",
    "f'{x}' == 1",
    "x := 1",
    "print(open('/dev/null').read()) < 1",
    "exp" * 300 + "(x) < 1",
    "(" * 3000,
    ")" * 3000,
    "-" * 3999,
    "x" + "**x" * 700,
    "x" + "*x" * 700 + " < 1",
    "not " * 900 + "x",
    "x if " * 700 + "x",
    "1" * 3999,
    "0." + "0" * 3000 + "1 < x",
    "1e" + "9" * 300 + " < x",
    "x < " + "\ud800",
    "\ufeffx < 1",
    "x <\x0c 1",
    "x <\x1a 1",
    "normal(" * 30 + "z" + ", z)" * 30 + " < 1",
    "integrate(s, s, 0, oo) < oo",
    "limit(limit(1/n/m, n, oo), m, oo) == 0",
    "diff(diff(diff(exp(x**x), x, 8), x, 8), x, 8) < 1",
    "Max(" + ", ".join(["x"] * 500) + ") < 1",
    "gate_s_derivative(10**9, delta, x) < 1",
    "gate_s_derivative(1/2, delta, x) < 1",
    "gamma(gamma(gamma(gamma(99)))) < 1",
    "0**-1 < 1",
    "(1-1)**(-1/2) < 1",
    "(-1)**(1/2) < 1",
    "0**x < 1",
]


def answers(text: str) -> None:
    for read in (parse_statement, parse_expression):
        started = time.perf_counter()
        try:
            read(text, SYMBOLS)
        except InputError as error:
            assert "\n" not in str(error)
        assert time.perf_counter() - started < SECONDS


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_hostile_texts(text):
    answers(text)


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_hostile_texts_in_a_file(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    try:
        parse(f'[symbols]\nx = "(0, 1)"\n[[claim]]\nid = "a"\nstatement = "{quoted}"\n')
    except InputError as error:
        assert "\n" not in str(error)


def quick(cases: int):
    return settings(max_examples=cases, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


token_salad = st.lists(st.sampled_from(WORDS), max_size=40).map("".join)
spaced_salad = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)
anything = st.text(max_size=200)


def nested(inner):
    unary = st.sampled_from(["exp", "log", "sqrt", "gamma", "Phi", "Abs", "-", "bhattacharyya"])
    binary = st.sampled_from(["+", "-", "*", "/", "**"])
    two = st.sampled_from(["gate", "Max", "information"])
    return (
        st.builds("{}({})".format, unary, inner)
        | st.builds("({} {} {})".format, inner, binary, inner)
        | st.builds("{}({}, {})".format, two, inner, inner)
        | st.builds("integrate({}, s, {}, {})".format, inner, inner, inner)
        | st.builds("normal({}, z)".format, inner)
        | st.builds("diff({}, x)".format, inner)
    )


well_formed = st.builds(
    "{} {} {}".format,
    *(
        st.recursive(
            st.sampled_from(["x", "beta", "delta", "z", "s", "0", "1", "2", "0.1", "1/3", "pi", "10**9"]), nested
        ),
        st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]),
        st.recursive(st.sampled_from(["x", "1", "7"]), nested, max_leaves=4),
    ),
)
texts = anything | token_salad | spaced_salad | well_formed


@quick(40)
@given(texts)
def test_any_text_is_read_or_refused(text):
    answers(text)


def random_expression(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.2:
        return rng.choice(["x", "beta", "delta", "z", "s", "0", "1", "2", "0.1", "1/3", "pi", "10**9", "-x"])
    inner = [random_expression(rng, depth - 1) for _ in range(3)]
    form = rng.choice(
        [
            "{f}({0})",
            "({0} {o} {1})",
            "{0} {o} {1}",
            "-{0}",
            "{g}({0}, {1})",
            "integrate({0}, s, {1}, {2})",
            "normal({0}, z)",
            "diff({0}, x, 2)",
            "limit({0}, s, oo)",
        ]
    )
    one, two = ["exp", "log", "sqrt", "gamma", "Phi", "chi_square"], ["gate", "Max", "information", "forward_kl"]
    return form.format(*inner, f=rng.choice(one), g=rng.choice(two), o=rng.choice(["+", "-", "*", "/", "**"]))


def random_text(rng: random.Random) -> str:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(["", " "]).join(rng.choice(WORDS) for _ in range(rng.randrange(40)))
    if kind == 1:
        return "".join(chr(rng.choice([rng.randrange(128), rng.randrange(0xD800)])) for _ in range(rng.randrange(200)))
    text = f"{random_expression(rng, 5)} {rng.choice(['<', '<=', '==', '!=', '>=', '>'])} {random_expression(rng, 3)}"
    if kind == 2:
        return text
    place = rng.randrange(len(text))
    return text[:place] + rng.choice(WORDS) + text[place + rng.randrange(3) :]


def read_or_refused(cases: int) -> tuple[int, int]:
    rng = random.Random(20260312)
    accepted = 0
    for _ in range(cases):
        text = random_text(rng)
        answers(text)
        try:
            parse_statement(text, SYMBOLS)
            accepted += 1
        except InputError:
            pass
    return accepted, cases - accepted


def test_random_texts_are_read_or_refused():
    accepted, refused = read_or_refused(400)
    assert accepted > 20, "otherwise nothing but refusals was tested"
    assert refused > 100


@pytest.mark.slow
def test_twenty_thousand_texts_are_read_or_refused():
    accepted, refused = read_or_refused(20_000)
    assert accepted > 1000
    assert refused > 1000


@quick(60)
@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(["[", "]", "=", '"', "claim", "id", "\n", "symbols", "1", "{", "}"])).map("".join)
)
def test_any_file_is_read_or_refused(text):
    try:
        parse(text)
    except InputError as error:
        assert "\n" not in str(error)
