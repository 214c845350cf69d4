"""Mutants are different from the original, distinct, in a fixed order, and include the slips one expects."""

import pytest
import sympy
from sympy import Symbol

from symforget.language import parse_statement
from symforget.mutate import mutants
from symforget.trees import evaluated

SYMBOLS = {name: Symbol(name, positive=True) for name in ("beta", "delta", "x")}
STATEMENTS = [
    "beta*(1 - beta) <= 1/4",
    "exp(-delta**2/8) < 2*beta/delta",
    "diff(x**3, x, 2) == 6*x",
    "integrate(exp(-s**2/2), s, 0, x) == sqrt(pi/2)*erf(x/sqrt(2))",
    "normal(exp(x*z), z) == exp(x**2/2)",
    "gate(beta, delta) <= 1",
]


def edited(text: str) -> dict[str, str]:
    return {m.description: str(m.relation) for m in mutants(parse_statement(text, SYMBOLS))}


def test_every_kind_of_slip_is_made():
    found = edited("exp(-delta**2/8) < 2*beta/delta")
    assert found["exponent 2 -> 4 (on the left)"] == "exp((-delta**4)/8) < 2*beta/delta"
    assert found["exponent 2 -> 3 (on the left)"] == "exp((-delta**3)/8) < 2*beta/delta"
    assert found["constant 1/8 -> 1/4 (on the left)"] == "exp((-delta**2)/4) < 2*beta/delta"
    assert found["constant 2 -> 3 (on the right)"] == "exp((-delta**2)/8) < 3*beta/delta"
    assert found["factor beta dropped (on the right)"] == "exp((-delta**2)/8) < 2/delta"
    assert found["sign of -delta**2 changed (on the left)"] == "exp(delta**2/8) < 2*beta/delta"
    assert found["beta and delta exchanged (on the right)"] == "exp((-delta**2)/8) < 2*delta/beta"
    assert found["relation reversed"] == "exp((-delta**2)/8) > 2*beta/delta"


def test_arguments_of_a_function_are_exchanged():
    assert "gate(delta, beta) <= 1" in edited("gate(beta, delta) <= 1").values()


def test_equalities_are_not_reversed():
    assert "relation reversed" not in edited("diff(x**3, x, 2) == 6*x")


@pytest.mark.parametrize("text", STATEMENTS)
def test_mutants_are_distinct_and_differ_from_the_original(text):
    relation = parse_statement(text, SYMBOLS)
    forms = [evaluated(m.relation) for m in mutants(relation)]
    assert forms
    assert len(set(forms)) == len(forms)
    assert evaluated(relation) not in forms


@pytest.mark.parametrize("text", STATEMENTS)
def test_the_order_is_fixed(text):
    relation = parse_statement(text, SYMBOLS)
    assert list(mutants(relation)) == list(mutants(relation))


def test_an_evaluated_relation_gives_evaluated_mutants():
    x = Symbol("x", positive=True)
    relation = sympy.Le(2 * sympy.log(x), x**2 - 1, evaluate=False)
    assert all(evaluated(m.relation) == m.relation for m in mutants(relation))


def test_bound_symbols_and_orders_of_derivatives_are_left_alone():
    for mutant in mutants(parse_statement("diff(x**3, x, 2) == 6*x", SYMBOLS)):
        derivatives = mutant.relation.atoms(sympy.Derivative)
        assert all(d.variables == (SYMBOLS["x"],) * 2 for d in derivatives)


def test_a_mutant_that_divides_by_zero_is_left_out():
    assert all("zoo" not in text for text in edited("1/(2*x - x) <= 1/(beta - 2)").values())
