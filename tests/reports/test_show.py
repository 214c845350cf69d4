"""If these fail, `show` would print formulas that cannot be read."""

from shipped import shipped
from sympy import Eq, Symbol, sqrt

from symforget.calculus import SampleIntegral, p_n, p_o
from symforget.reports.describe import _statement, claim_list

x, y = Symbol("x", positive=True), Symbol("y", positive=True)


def test_a_formula_is_drawn_where_the_drawing_can_be_read():
    assert len(_statement("", Eq(sqrt(x) / y, y, evaluate=False), 80).splitlines()) > 3
    plain = _statement("", Eq(SampleIntegral(p_n * p_o**2), y, evaluate=False), 80)
    assert len(plain.splitlines()) == 2


def test_a_drawing_wider_than_the_screen_gives_way_to_text():
    wide = Eq(sum(sqrt(x + n) for n in range(30)), y, evaluate=False)
    assert "↪" not in _statement("", wide, 60) and "√" not in _statement("", wide, 60)


def test_a_list_fits_a_narrow_screen():
    library, wanted = shipped("overlap")
    claims = [library.claim(name) for name in wanted]
    assert all(len(line) <= 40 for line in claim_list(claims, 40).splitlines())
