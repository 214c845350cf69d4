"""If these fail, a false bound of an eigenvalue or a false statement of stability is proved, or a true one is not."""

import pytest
from sympy import Abs, Max, Rational, Symbol, sqrt, sympify

from symforget.derivation import Context
from symforget.domain import Interval
from symforget.rules import InsideUnitDisc, SmallerRoot
from symforget.rules.linear import SameSize, SizeOfMean, SizesAtLeast, SizesBelow

k, kappa, lam = (Symbol(n, positive=True) for n in ("k", "kappa", "lambda"))
CONTEXT = Context(
    {k: Interval.parse("(0, 1)"), kappa: Interval.parse("(0, 1)"), lam: Interval.parse("(0, 1]")}, None, gaussian=False
)
T, D = k + kappa, k * kappa * lam
ROOT = (T - sqrt(T**2 - 4 * D)) / 2
REAL = (k - kappa) ** 2 + 4 * k * kappa * (1 - lam)


def check(rule, before, relation, after):
    return rule.check(before, relation, after, CONTEXT).ok


def test_the_smaller_root_lies_between_its_bounds():
    assert check(SmallerRoot(T, D, REAL, (D / T) ** 2), ROOT, ">=", D / T)
    assert check(SmallerRoot(T, D, REAL, lam * (1 - lam) * k**2), ROOT, "<=", lam * k)


@pytest.mark.parametrize(
    ("before", "relation", "after", "value"),
    [
        (ROOT, ">=", 2 * D / T, 4 * (D / T) ** 2 - D),
        (ROOT, "<=", D / T, -((D / T) ** 2)),
        (ROOT, ">=", T, D),
        (ROOT, "<=", lam * k, k**2),
        (ROOT, "<", lam * k, lam * (1 - lam) * k**2),
        (T - ROOT, "<=", lam * k, lam * (1 - lam) * k**2),
    ],
    ids=["too large", "above not below", "beyond the larger root", "wrong polynomial", "strict", "other root"],
)
def test_false_bounds_of_the_smaller_root_are_refused(before, relation, after, value):
    assert not check(SmallerRoot(T, D, REAL, value), before, relation, after)


def test_complex_roots_are_refused():
    rule = SmallerRoot(k, k**2, k**2 - 4 * k**2, k**2)
    assert not check(rule, (k - sqrt(k**2 - 4 * k**2)) / 2, ">=", 0)


def radius(total, product):
    return (Abs(total) + sqrt(total**2 - 4 * product)) / 2


def test_both_roots_inside_the_unit_disc():
    total, product = k + kappa, k * kappa
    rule = InsideUnitDisc(
        total, product, (k - kappa) ** 2, (1 - k) * (1 - kappa), (1 + k) * (1 + kappa), 1 - k + k * (1 - kappa)
    )
    assert check(rule, radius(total, product), "<", 1)
    assert not check(rule, radius(total, product), "<", Rational(1, 2))
    assert not check(rule, radius(2 * total, product), "<", 1)


def test_a_root_outside_the_unit_disc_is_refused():
    total, product = k + 2, 2 * k
    rule = InsideUnitDisc(total, product, (2 - k) ** 2, (1 - k) * (1 - 2), (1 + k) * 3, 1 - 2 * k)
    assert not check(rule, radius(total, product), "<", 1)


S = Symbol("s", positive=True)
STEPS = Context(
    {k: Interval.parse("(0, 1)"), S: Interval.parse("(0, oo)"), lam: Interval.parse("[0, 1]")}, None, gaussian=False
)
X, Y = 1 - S * k, 1 - S


@pytest.mark.parametrize(
    ("rule", "before", "relation", "after", "accepted"),
    [
        (SizeOfMean(lam, X, Y), Abs((1 - lam) * X + lam * Y), "<=", Max(Abs(X), Abs(Y)), True),
        (SizeOfMean(lam, X, Y), Abs((1 - lam) * X + 2 * lam * Y), "<=", Max(Abs(X), Abs(Y)), False),
        (SizeOfMean(lam, X, Y), Abs((1 - lam) * X + lam * Y), "<=", Abs(X), False),
        (SizeOfMean(S, X, Y), Abs((1 - S) * X + S * Y), "<=", Max(Abs(X), Abs(Y)), False),
        (SizesBelow(), Max(Abs(1 - 2 * k), k), "<", 1, True),
        (SizesBelow(), Max(Abs(1 - 3 * k), k), "<", 1, False),
        (
            SizesAtLeast((X, Y), (1 / (1 + k), -k / (1 + k)), (1, -1)),
            Max(Abs(X), Abs(Y)),
            ">=",
            (1 - k) / (1 + k),
            True,
        ),
        (SizesAtLeast((X, Y), (1, -k), (1, -1)), Max(Abs(X), Abs(Y)), ">=", 1 - k, False),
        (SizesAtLeast((X, Y), (1, k), (1, -1)), Max(Abs(X), Abs(Y)), ">=", X + k * Y, False),
        (SizesAtLeast((1 + S,), (1,), (1,)), Max(Abs(X), Abs(Y)), ">=", 1 + S, False),
        (SameSize(), Max(Abs(k - 1), Abs(1 - k)), "=", 1 - k, True),
        (SameSize(), Max(Abs(k - 1), k), "=", 1 - k, False),
        (SameSize(), Abs(k - 1), "=", k - 1, False),
    ],
)
def test_sizes(rule, before, relation, after, accepted):
    assert rule.check(before, relation, sympify(after), STEPS).ok is accepted
