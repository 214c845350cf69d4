"""The SymPy functions: exact derivatives, special values, printing, and evalf from balls."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sympy as sp
from sympy import Integral, Rational, Symbol, exp, latex, log, sech, sqrt

from symforget.gate import (
    gate,
    gate_s,
    gate_s_derivative,
    information,
    misassignment_new,
    misassignment_old,
)

beta, delta, l = Symbol("beta", positive=True), Symbol("delta", positive=True), Symbol("l", real=True)
OF_WEIGHT = [gate, misassignment_old, misassignment_new, information]
POINT = {beta: Rational(1, 3), delta: Rational(7, 4)}


def difference_quotient(f: sp.Expr, x: Symbol, point: dict[Symbol, sp.Rational]) -> sp.Expr:
    """Central difference with an error of about 1e-20."""
    h = Rational(1, 10**10)
    up, down = f.subs({**point, x: point[x] + h}), f.subs({**point, x: point[x] - h})
    return ((up.evalf(45) - down.evalf(45)) / (2 * h)).evalf(30)


@pytest.mark.parametrize("function", OF_WEIGHT)
@pytest.mark.parametrize("x", [beta, delta])
def test_derivatives_of_the_functions_of_beta(function: type, x: Symbol) -> None:
    """False if an fdiff had a wrong sign, factor or argument."""
    f = function(beta, delta)
    exact = f.diff(x).subs(POINT).evalf(30)
    assert abs(exact - difference_quotient(f, x, POINT)) < 1e-17


S_FORMS = [gate_s(delta, l), gate_s_derivative(1, delta, l), gate_s_derivative(2, delta, l)]


@pytest.mark.parametrize("f", S_FORMS)
@pytest.mark.parametrize("x", [delta, l])
def test_derivatives_of_s(f: sp.Expr, x: Symbol) -> None:
    """False if the heat equation dS/d(delta) = delta d^2S/dl^2 were misapplied."""
    point = {delta: Rational(7, 4), l: Rational(-2, 3)}
    exact = f.diff(x).subs(point).evalf(30)
    assert abs(exact - difference_quotient(f, x, point)) < 1e-17


def test_special_values() -> None:
    assert gate_s(0, l) == sech(l / 2)
    assert gate_s(delta, -l) == gate_s(delta, l)
    assert gate_s(delta, sp.oo) == 0
    assert gate_s_derivative(0, delta, l) == gate_s(delta, l)
    assert gate_s_derivative(1, delta, 0) == 0
    assert gate_s_derivative(1, delta, -l) == -gate_s_derivative(1, delta, l)
    assert sp.simplify(gate_s_derivative(2, 0, l) - sech(l / 2).diff(l, 2)) == 0
    assert gate(beta, 0) == gate(0, delta) == gate(1, delta) == 1
    assert misassignment_old(beta, 0) == 1 - beta and misassignment_new(beta, 0) == beta
    assert information(beta, 0) == 0 and information(0, delta) == exp(delta**2) - 1
    assert gate_s(delta, delta**2 / 2).func is gate_s, "closed forms are not forced on the user"


def test_orders_must_be_natural_numbers() -> None:
    for order in (-1, Rational(1, 2), sp.pi):
        with pytest.raises(ValueError, match="non-negative integer"):
            gate_s_derivative(order, delta, l)
    assert gate_s_derivative(Symbol("k"), delta, l).func is gate_s_derivative


@pytest.mark.parametrize("function", OF_WEIGHT)
def test_rewriting_to_s_and_evalf(function: type) -> None:
    """False if a function of beta and its expression in S had different values."""
    f = function(beta, delta)
    assert f.rewrite(gate_s).has(gate_s)
    assert abs(f.rewrite(gate_s).subs(POINT).evalf(30) - f.subs(POINT).evalf(30)) < 1e-28
    assert f.subs(POINT).evalf(50)._prec > 160


def test_integral_form() -> None:
    """False if the integral shown to a reader were not the function."""
    u = Symbol("u", real=True)
    (integrand, (v, *limits)) = gate_s(delta, l).rewrite(Integral).args
    assert limits == [-sp.oo, sp.oo]
    assert integrand.subs(v, u) == exp(-(u**2) / 2) / sqrt(2 * sp.pi) * sech((delta * u + l) / 2)
    (derivative, (w, *_)) = gate_s_derivative(1, delta, l).rewrite(Integral).args
    assert sp.simplify(derivative.subs(w, v) - integrand.diff(l)) == 0


def test_evalf_digits_and_arguments() -> None:
    at_fixed_point = gate(Rational(1, 2), sqrt(2 * sp.pi)).evalf(20)
    assert abs(at_fixed_point - (gate_s(sqrt(2 * sp.pi), 0) * exp(-sp.pi / 4)).evalf(20)) < 1e-19
    assert abs(misassignment_new(Rational(1, 10**60), 1).evalf(20) * 10**60 - 1) < 1e-19
    tiny = information(Rational(1, 3), Rational(1, 10**40)).evalf(20) * 10**80
    assert abs(tiny - 1) < 1e-18
    far = gate_s(1, 10**8 * sp.pi).evalf(30)
    assert abs(far / (2 * exp(Rational(1, 8) - 10**8 * sp.pi / 2)).evalf(60) - 1) < 1e-29, "an argument was rounded"
    z = gate_s(1, 1 + sp.I).evalf(20)
    assert abs(sp.im(z)) > 0.01
    assert gate(beta, 2).evalf().func is gate
    assert gate(2, 1).evalf().func is gate, "outside the domain there is no value"


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (gate_s(delta, l), r"S\left(\delta, l\right)"),
        (gate_s_derivative(2, delta, l), r"\partial_l^{2} S\left(\delta, l\right)"),
        (gate(beta, delta) ** 2, r"{H}^{2}\left(\beta, \delta\right)"),
        (misassignment_old(beta, delta), r"\varepsilon_o\left(\beta, \delta\right)"),
        (misassignment_new(beta, delta), r"\varepsilon_n\left(\beta, \delta\right)"),
        (information(beta, delta), r"I\left(\beta, \delta\right)"),
    ],
)
def test_latex(expr: sp.Expr, text: str) -> None:
    assert latex(expr) == text


def test_signs_known_to_sympy() -> None:
    assert gate_s(delta, l).is_positive
    assert gate_s_derivative(1, delta, l).is_real
    assert (gate(beta, delta).subs(beta, log(2))).is_nonnegative


def test_importing_the_package_is_light() -> None:
    """False if `import symforget.gate` pulled in SymPy or FLINT before anything was asked of it."""
    code = "import sys, symforget.gate; assert not {'sympy', 'flint', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_ground_types_of_sympy_do_not_matter() -> None:
    code = (
        "from sympy import *; from symforget.gate import gate; "
        "assert str(gate(Rational(1,3), 2).evalf(15)) == '0.465348318733994'"
    )
    for types in ("python", "flint"):
        subprocess.run([sys.executable, "-c", code], check=True, env={"SYMPY_GROUND_TYPES": types, "PATH": ""})
