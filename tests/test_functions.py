"""If these fail, Phi or an expectation over z ~ N(0, 1) is not what its name says."""

import pickle

import mpmath
import pytest
from flint import arb
from sympy import Integral, Rational, Symbol, erf, exp, latex, log, oo, pi, sech, simplify, sin, sqrt

from symforget.balls import evaluate, workprec
from symforget.functions import Phi, normal
from symforget.gate.symbolic import gate_s
from symforget.ranges import Range

x = Symbol("x", real=True)
y = Symbol("y", real=True)
z = Symbol("z")
delta = Symbol("delta", positive=True)


def test_phi_is_half_one_plus_erf_with_its_own_derivative():
    assert Phi(x).rewrite(erf) == (1 + erf(x / sqrt(2))) / 2
    assert simplify(Phi(x).diff(x) - Phi(x).rewrite(erf).diff(x)) == 0
    assert (Phi(0), Phi(oo), Phi(-oo)) == (Rational(1, 2), 1, 0)
    assert latex(Phi(x) ** 2).startswith(r"\Phi")


@pytest.mark.parametrize("at", [-40, -3, Rational(-1, 7), 2, 30])
def test_phi_agrees_with_mpmath_to_the_last_digit_in_both_tails(at):
    with mpmath.workdps(60):
        reference = mpmath.ncdf(mpmath.mpf(at.p) / at.q if isinstance(at, Rational) else at)
        found = evaluate(Phi(x), {x: Rational(at)}, 50)
        with workprec(300):
            gap = abs(arb(str(found.mid().str(55, radius=False))) - arb(mpmath.nstr(reference, 58)))
            assert gap / arb(mpmath.nstr(reference, 58)) < arb(10) ** -45
        assert abs(Phi(Rational(at)).evalf(40) / reference - 1) < mpmath.mpf(10) ** -35


def test_phi_of_a_half_line_stays_strictly_inside_the_unit_interval():
    found = Phi.range(Range(arb.neg_inf(), arb.pos_inf()))
    assert found.lo == 0 and found.hi == 1 and found.lo_open and found.hi_open


def test_the_variable_of_an_expectation_is_bound():
    e = normal(z * x, z)
    assert e.free_symbols == {x}
    assert e.subs(z, 3) == e
    assert e.subs(x, z).free_symbols == {z}  # a z from outside is not captured
    assert normal(z * x, z) == normal(y * x, y)
    assert normal(x + 1, z) == x + 1
    assert e.func(*e.args) == e
    assert pickle.loads(pickle.dumps(e)) == e


def test_nested_expectations_do_not_capture_each_other():
    assert normal(normal(x * y, y) * x, x).doit() == 0
    assert normal(normal(exp(x * y), y) * exp(-(x**2)), x).free_symbols == set()
    assert normal(x * y, y).subs(x, normal(z**2, z)).doit() == 0
    assert normal(normal((x + y) ** 2, x), y).doit() == 2


def test_it_differentiates_under_the_expectation():
    e = normal(sech((delta * z + x) / 2), z)
    assert e.diff(x) == normal(sech((delta * z + x) / 2).diff(x), z)
    h = Rational(1, 10**8)
    at = {delta: 2, x: 1}
    numeric = (e.subs({delta: 2 + h, x: 1}).evalf(24) - e.subs({delta: 2 - h, x: 1}).evalf(24)) / (2 * h)
    assert abs(e.diff(delta).subs(at).evalf(15) - numeric) < 1e-12


def test_it_is_carried_out_where_sympy_can():
    assert normal(z**6 - 3 * z**3 + x, z).doit() == 15 + x
    assert simplify(normal(exp(x * z), z).doit() - exp(x**2 / 2)) == 0
    assert normal(z, z).rewrite(Integral) == Integral(normal(z, z).integrand, (normal(z, z).variable, -oo, oo))
    assert latex(normal(delta * z, z)).startswith(r"\mathbb{E}_{z \sim N(0, 1)}")


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (z**4, 3),
        (exp(3 * z), exp(Rational(9, 2))),
        (exp(z**2 / 4), sqrt(2)),
        (abs(z), sqrt(2 / pi)),
        (exp(-(z**2)), 1 / sqrt(3)),
        (Phi(z), Rational(1, 2)),
        (1 / (1 + exp(-z)), Rational(1, 2)),
        (z**2 * exp(z), 2 * exp(Rational(1, 2))),
        (log(exp(z) + exp(2 * z)) - log(1 + exp(z)), 0),
    ],
)
def test_certified_expectations_contain_the_closed_form(body, value):
    from symforget.balls import compile_ball

    for bits in (53, 200):
        with workprec(bits):
            found = compile_ball(normal(body, z), ())()
            assert found.is_finite() and found.rad() < arb(2) ** (20 - bits)
            with workprec(4 * bits):
                exact = compile_ball(value + x * 0, ())()
                assert found.overlaps(exact) and found.contains(exact.mid())


def test_nested_expectations_are_the_same_however_they_were_made():
    """Made anew, pickled, differentiated, or opened from inside: otherwise true steps would be refused."""
    a, w, z = Symbol("a"), Symbol("w", real=True), Symbol("z", real=True)
    nested = normal(exp(a * z) * normal(sin(w * z), w), z)
    assert nested.func(*nested.args) == nested == pickle.loads(pickle.dumps(nested))
    assert nested.diff(a) == normal(z * exp(a * z) * normal(sin(w * z), w), z)
    opened = normal(gate_s(a, z), z).replace(gate_s, lambda d, l: normal(sech((d * w + l) / 2), w))
    assert opened == normal(normal(sech((a * w + z) / 2), w), z)
    assert str(opened) == "normal(normal(sech(a*z/2 + z_2/2), z), z_2)"


def test_expectations_made_from_inside_out_never_take_each_others_variables():
    """While the outermost variable is still free, the inner two must both avoid it, and one another."""
    u, w, outermost = Symbol("u", real=True), Symbol("w", real=True), normal(x**3, x).variable
    innermost = normal(exp(w + 2 * u + 3 * outermost), w)
    middle = normal(innermost * u, u)
    assert len({middle.variable, outermost, *(e.variable for e in middle.body.atoms(normal))}) == 3
    expected = normal(normal(normal(exp(w + 2 * u + 3 * y), w) * u, u), y)
    assert normal(middle, outermost) == expected == expected.func(*expected.args)
