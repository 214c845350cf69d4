"""If these fail, a printed digit may be wrong, or an enclosure may miss the value: nothing certified would stand."""

import functools
import random

import mpmath
import pytest
import sympy
from flint import acb, arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Derivative,
    E,
    Function,
    Integral,
    LambertW,
    Max,
    Min,
    Rational,
    Symbol,
    atan,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    gamma,
    log,
    oo,
    pi,
    sech,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)

from symforget.balls import compile_ball, decimal_string, evaluate, to_ball, workprec
from symforget.errors import InputError, PrecisionNotReached
from symforget.functions import Phi, normal
from symforget.ranges import Range, Undefined

x = Symbol("x", real=True)
y = Symbol("y", real=True)
z = Symbol("z", real=True)

EXPRESSIONS = [
    x * y - x + 3,
    x**3 * y**2 - 2 * x * y,
    x**2 - x * y + y**4 / 7,
    exp(-(x**2) / 2) * cosh(y),
    sech(x * y) + tanh(x - y) * sinh(y),
    sin(3 * x) * cos(x * y) + tan(y / 10),
    erf(x) - erfc(y) + Phi(x * y) - Phi(-x) ** 2,
    sqrt(1 + x**2) * log(2 + y**2),
    (1 + x**2) ** Rational(-1, 3) + (2 + sin(y)) ** Rational(3, 2),
    Abs(x - y) + Max(x, y, 1) - Min(x**2, y) * x,
    gamma(2 + x**2) / (3 + y) + LambertW(x**2 + y**2),
    (2 + x**2) ** (y / 2),
    1 / (10 + x + y) + atan(x * y),
    exp(sin(exp(x / 3))) + pi * E,
    (x + y) ** 5 - x**-2,
]
POSITIVE = [log(x) + sqrt(y), x**y, x ** Rational(2, 3) / y, log((x + y) / (x * y)), gamma(x) * LambertW(y)]


def _mpmath_value(expr, at):
    names = tuple(sorted(at, key=lambda s: s.name))
    return _in_mpmath(expr, names)(*(mpmath.mpf(at[s].p) / at[s].q for s in names))


@functools.cache
def _in_mpmath(expr, names):
    return sympy.lambdify(names, expr, [{"Phi": mpmath.ncdf}, "mpmath"])


def _slope_value(expr, s, at):
    """None where SymPy's derivative divides by zero although the derivative exists (Lambert's W at 0)."""
    try:
        return _mpmath_value(_derivative(expr, s), at)
    except ZeroDivisionError:
        return None


@functools.cache
def _derivative(expr, s):
    return expr.diff(s)


def _contains(r: Range, value) -> bool:
    exact = arb(mpmath.nstr(value, 40))
    slack = arb(10) ** -30 * (1 + abs(exact))
    return not (r.lo > exact + slack or r.hi < exact - slack)


def _random_box(source, low, high):
    ends = sorted(Rational(source.randint(low * 64, high * 64), 64) for _ in range(2))
    return ends[0], ends[1]


@pytest.mark.parametrize(
    ("expr", "low", "high"),
    [(e, -3, 3) for e in EXPRESSIONS] + [(e, 0, 4) for e in POSITIVE],
    ids=lambda value: str(value)[:40],
)
def test_ranges_and_balls_contain_the_values_at_random_points_of_random_boxes(expr, low, high):
    """The independent route is mpmath at 50 digits; the boxes include degenerate, tiny and wide ones."""
    source, checked = random.Random(str(expr)), 0
    f = compile_ball(expr, (x, y))
    with mpmath.workdps(50), workprec(160):
        for _ in range(25):
            box = [_random_box(source, low, high) for _ in range(2)]
            ranges = [Range(to_ball(a), to_ball(b)) for a, b in box]
            try:
                found, slopes = f.gradient(*ranges)
            except Undefined:
                continue
            whole = f(*(to_ball(a).union(to_ball(b)) for a, b in box))
            for _ in range(4):
                at = {
                    s: a + (b - a) * Rational(source.randint(0, 32), 32) for s, (a, b) in zip((x, y), box, strict=True)
                }
                value = _mpmath_value(expr, at)
                assert _contains(found, value)
                if whole.is_finite():
                    assert _contains(Range.of(whole), value)
                if not expr.has(Abs, Max, Min):
                    for s, slope in zip((x, y), slopes, strict=True):
                        reference = _slope_value(expr, s, at)
                        assert reference is None or _contains(slope, reference)
                checked += 1
    assert checked >= 20


_leaf = st.sampled_from([x, y, sympy.Integer(2), Rational(-1, 3), pi])
_trees = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]),
        st.tuples(inner, st.sampled_from([2, 3, -1, -2, Rational(1, 2)])).map(lambda p: p[0] ** p[1]),
        st.tuples(st.sampled_from([exp, sin, cos, tanh, sech, erf, Phi, log, Abs]), inner).map(lambda p: p[0](p[1])),
    ),
    max_leaves=6,
)


@given(_trees, st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_random_expressions_contain_their_values(expr, seed):
    if expr.has(sympy.zoo, sympy.nan, oo, sympy.I) or expr.count_ops() > 40:
        return
    source = random.Random(seed)
    box = [_random_box(source, -2, 2) for _ in range(2)]
    f = compile_ball(expr, (x, y))
    with mpmath.workdps(50), workprec(160):
        try:
            found = f(*(Range(to_ball(a), to_ball(b)) for a, b in box))
        except Undefined:
            return
        for _ in range(5):
            at = {s: a + (b - a) * Rational(source.randint(0, 8), 8) for s, (a, b) in zip((x, y), box, strict=True)}
            try:
                value = _mpmath_value(expr, at)
            except (OverflowError, ZeroDivisionError, ValueError):
                pytest.fail("a range was given although the expression is undefined at a point of the box")
            # mpmath gives sech an imaginary part of rounding's size at times
            small = mpmath.ldexp(abs(value), -100)
            assert abs(mpmath.im(value)) <= small, "a range was given although the value is complex"
            if mpmath.isfinite(value) and abs(value) < mpmath.mpf(10) ** 30:
                assert _contains(found, mpmath.re(value))


def test_open_and_infinite_ends_are_enclosed_as_such():
    half_open = Range(arb(0), arb(1), True, True)
    assert compile_ball(log(x / (1 - x)), (x,))(half_open).lo == arb.neg_inf()
    found = compile_ball(exp(-(x**2)), (x,))(Range(arb(3), arb.pos_inf()))
    assert found.lo == 0 and found.lo_open and found.hi < arb("0.000124")
    with pytest.raises(Undefined):
        compile_ball(log(x), (x,))(Range(arb(0), arb(1)))
    with pytest.raises(Undefined):
        compile_ball(1 / x, (x,))(Range(arb(-1), arb(1)))
    with pytest.raises(Undefined):
        compile_ball(exp(-1 / x**2), (x,))(Range(arb(-1), arb(1)))


def test_powers_of_balls_that_contain_zero_are_finite():
    """python-flint 0.9: arb(0, 1)**2 is nan."""
    assert compile_ball(x**2, (x,))(arb(0, 1)).is_finite()
    assert compile_ball(sqrt(x), (x,))(arb(0)) == 0
    square = compile_ball(x**2, (x,))(Range(arb(-1), arb(2)))
    assert square.lo == 0 and square.hi == 4


def test_an_undefined_ball_is_never_a_value():
    for expr in (1 / x, log(x), sqrt(x), x ** Rational(1, 3), gamma(x)):
        assert not compile_ball(expr, (x,))(arb(0, 1)).is_finite()
    assert not compile_ball(tanh(1 / x), (x,))(arb(0, 1)).is_finite()


INTEGRALS = [
    (Integral(exp(-(z**2)), (z, -oo, oo)), sqrt(pi)),
    (Integral(exp(-3 * z), (z, 2, oo)), exp(-6) / 3),
    (Integral(1 / (1 + z**2), (z, -oo, oo)), pi),
    (Integral(1 / z**2, (z, 1, oo)), 1),
    (Integral(exp(z), (z, -oo, 0)), 1),
    (Integral(sqrt(z), (z, 0, 4)), Rational(16, 3)),
    (Integral(Abs(z - 1) * z, (z, 0, 3)), Rational(29, 6)),
    (Integral(log(z), (z, 1, E)), 1),
    (Integral(y * z, (z, 0, y), (y, 0, 1)), Rational(1, 8)),
    (Integral(sech(z), (z, -oo, oo)), pi),
    (Integral(z, (z, 1, 0)), Rational(-1, 2)),
    (normal(Max(z, 0), z), 1 / sqrt(2 * pi)),
]


@pytest.mark.parametrize(("integral", "value"), INTEGRALS, ids=lambda value: str(value)[:40])
def test_certified_integrals_contain_their_closed_forms(integral, value):
    """Truncation must be bounded: a tail left out would make the ball miss the exact value."""
    for bits in (53, 128):
        with workprec(bits):
            found = compile_ball(integral, ())()
        with workprec(4 * bits):
            exact = compile_ball(sympy.sympify(value), ())()
            assert found.is_finite() and found.overlaps(exact)
            assert found.rad() < arb("1e-3")


def test_integrals_contain_parameters_and_differentiate():
    f = compile_ball(Integral(exp(-x * z), (z, 0, y)), (x, y))
    with workprec(100):
        value, (in_x, in_y) = f.gradient(to_ball(Rational(3)), to_ball(Rational(2)))
        assert abs(value - (1 - arb(-6).exp()) / 3) < arb("1e-25")
        assert abs(in_y - arb(-6).exp()) < arb("1e-25")
        assert abs(in_x - ((7 * arb(-6).exp() - 1) / 9)) < arb("1e-25")


@pytest.mark.parametrize("integral", [normal(exp(z**2), z), Integral(1 / (1 + z), (z, 0, oo)), Integral(1, (z, 0, oo))])
def test_a_divergent_integral_has_no_value(integral):
    with pytest.raises(PrecisionNotReached):
        evaluate(integral, {}, 10, max_bits=200)


def test_a_missing_tail_names_the_variable_as_the_statement_does():
    """If it failed, a reader would be told of a variable `_z` that no statement holds."""
    with pytest.raises(PrecisionNotReached, match=r"^E\[f\(z\)\], z ~ N\(0, 1\), .* no bound for z\*\*2.* as z grows$"):
        evaluate(normal(exp(x * y**4), y), {x: Rational(1)}, 10)


def test_a_pole_or_cut_inside_the_path_has_no_value():
    for integrand in (1 / z, log(z), 1 / z**2):
        found = compile_ball(Integral(integrand, (z, -1, 1)), ())()
        assert not found.is_finite()


def test_an_integrand_with_a_kink_is_not_taken_for_analytic():
    """The analytic flag must reach Abs, Max and sqrt; ignored, Gauss-Legendre gives a wrong narrow ball."""
    with workprec(64):
        found = compile_ball(Integral(Abs(z - Rational(1, 3)), (z, 0, 1)), ())()
        assert found.contains(arb(5) / 18) or abs(found - arb(5) / 18) < arb("1e-15")
        assert found.rad() < arb("1e-10")


def test_parameters_of_an_integral_must_be_analytic_inside_another():
    expr = Integral(Integral(Abs(z - y), (z, 0, 1)), (y, 0, 1))
    found = compile_ball(expr, ())()
    assert found.overlaps(arb(1) / 3)


def test_every_digit_printed_is_right():
    from sympy import N

    for expr in (pi**10, exp(-20), sqrt(2) / 10**7, Phi(-5), 10**12 * E, -log(7)):
        for digits in (5, 17, 40):
            text = decimal_string(evaluate(expr, {}, digits + 5), digits)
            reference = mpmath.mpf(str(N(expr, digits + 25)))
            with mpmath.workdps(digits + 30):
                reference = mpmath.mpf(str(N(expr.rewrite(erf) if expr.has(Phi) else expr, digits + 25)))
                step = mpmath.mpf(10) ** (mpmath.floor(mpmath.log10(abs(reference))) - digits + 1)
                assert abs(mpmath.mpf(text) - reference) <= step * mpmath.mpf("0.5000001")


def test_exact_values_and_notation():
    assert decimal_string(evaluate(x - 1, {x: Rational(1)}, 20), 20) == "0"
    assert decimal_string(evaluate(Rational(1, 4) + x, {x: Rational(0)}, 20), 6) == "0.250000"
    assert decimal_string(evaluate(exp(1000 * x), {x: Rational(1)}, 12), 6) == "1.97007e434"
    assert decimal_string(arb("0.5"), 1) == "0.5" and decimal_string(arb(2.5), 1) == "2"
    assert decimal_string(arb(9.9996), 4) == "10.00"


def test_a_ball_that_does_not_fix_the_digits_is_refused():
    with pytest.raises(PrecisionNotReached):
        decimal_string(arb(1, 0.01), 5)
    with pytest.raises(PrecisionNotReached, match="cannot be told from 0"):
        evaluate(sin(x) ** 2 + cos(x) ** 2 - 1, {x: Rational(1)}, 10)
    with pytest.raises(PrecisionNotReached):
        evaluate(log(x), {x: Rational(-1)}, 10)
    with pytest.raises(PrecisionNotReached):
        decimal_string(arb.nan(), 5)


def test_precision_is_restored_on_every_way_out():
    before = ctx.prec
    with pytest.raises(ZeroDivisionError), workprec(500):
        raise ZeroDivisionError
    evaluate(pi, {}, 200)
    assert ctx.prec == before


def test_what_has_no_evaluator_is_named():
    f = Function("f")
    for expr in (f(x), Symbol("unknown") + x, Derivative(f(x), x), x**100_000):
        with pytest.raises(InputError):
            compile_ball(expr, (x,))


def test_common_subexpressions_are_evaluated_once():
    calls = []

    class counted(Function):
        @classmethod
        def ball(cls, u):
            calls.append(u)
            return u

    f = compile_ball(counted(x) ** 2 + exp(counted(x)) * sin(counted(x) + 1), (x,))
    f(arb(1))
    assert len(calls) == 1


def test_a_function_with_complex_balls_may_stand_in_an_integral():
    class square(Function):
        @classmethod
        def ball(cls, u):
            assert isinstance(u, arb | acb)
            return u * u

        def fdiff(self, argindex=1):
            return 2 * self.args[0]

    value, (slope,) = compile_ball(Integral(square(x * z), (z, 0, 1)), (x,)).gradient(arb(3))
    assert value.overlaps(arb(3)) and abs(slope - 2) < arb("1e-10")


STRAIGHT = [
    "exp(-a*x**2)*(a + b)*b*x + a*b",
    "sqrt(a*b + x)*log(1 + x**2)/(a + b*x)**3",
    "(a + x)**b + x**(-2)*erf(x) - sech(a*x)",
    "a*b + b",
    "x",
    "Max(a, x)*atan(b*x)",
]


@pytest.mark.parametrize("text", STRAIGHT)
@pytest.mark.parametrize("analytic", [False, True])
def test_the_straight_line_of_an_integrand_agrees_with_the_expression(text, analytic):
    a, b, x = sympy.symbols("a b x", positive=True)
    function = compile_ball(sympy.sympify(text, locals={"a": a, "b": b, "x": x}), (a, b, x))
    parameters = [arb("1.5 +/- 1e-20"), arb("0.25")]
    line = function.along_last(parameters, analytic)
    for point in (acb(arb("0.7 +/- 1e-3")), acb(arb("1.1"), arb("0.2 +/- 1e-5")), acb(2.5, -3)):
        direct, along = acb(function.call([*parameters, point], analytic)), acb(line(point, False))
        assert direct.is_finite() == along.is_finite()
        assert not direct.is_finite() or direct.overlaps(along)


def test_the_straight_line_asks_for_analyticity_where_the_quadrature_does():
    x = Symbol("x", real=True)
    line = compile_ball(sqrt(x), (x,)).along_last([])
    across_the_cut = acb(arb(-1), arb("0 +/- 0.1"))
    assert line(across_the_cut, False).is_finite() and not line(across_the_cut, True).is_finite()
