"""If these fail, a condition number is bounded by what does not bound it."""

from sympy import Ge, Le, Rational, Symbol

from symforget.derivation import Context
from symforget.domain import Interval
from symforget.fisher import fisher_condition_number, fisher_largest_eigenvalue, fisher_smallest_eigenvalue
from symforget.model import alpha, delta
from symforget.rules.oblique import RatioOfEigenvalues

UNIT, HALF_LINE = Interval.parse("(0, 1)"), Interval.parse("(0, oo)")
m, top = Symbol("m", positive=True), Symbol("M", positive=True)
ARGUMENTS = (alpha, delta)
LOW, HIGH = (f(*ARGUMENTS) for f in (fisher_smallest_eigenvalue, fisher_largest_eigenvalue))
PREMISES = (Ge(LOW, m, evaluate=False), Le(HIGH, top, evaluate=False))
STATEMENT = Le(fisher_condition_number(*ARGUMENTS) * m, top, evaluate=False)


def accepts(premises=PREMISES, statement=STATEMENT, weight=UNIT, separation=HALF_LINE):
    context = Context({alpha: weight, delta: separation, m: HALF_LINE, top: HALF_LINE}, lambda *_: None, gaussian=True)
    return RatioOfEigenvalues().check(premises, statement, context).ok


def test_the_ratio_needs_both_bounds_the_right_way_round():
    ratio = fisher_condition_number(*ARGUMENTS)
    assert accepts()
    assert not accepts(premises=PREMISES[:1])
    assert not accepts(premises=(Le(LOW, m, evaluate=False), PREMISES[1]))
    assert not accepts(premises=(PREMISES[0], Ge(HIGH, top, evaluate=False)))
    assert not accepts(statement=Le(ratio * m, top / 2, evaluate=False))
    assert not accepts(statement=Le(ratio * 2 * m, top, evaluate=False))
    assert not accepts(statement=Ge(ratio * m, top, evaluate=False))
    other = fisher_condition_number(alpha, delta * Rational(1, 2))
    assert not accepts(statement=Le(other * m, top, evaluate=False))


def test_no_ratio_where_the_smallest_eigenvalue_may_vanish():
    """At delta = 0 the two modes are one, the information is singular and the condition number infinite."""
    assert not accepts(separation=Interval.parse("[0, 8]"))
    assert not accepts(weight=Interval.parse("[0, 1]"))
