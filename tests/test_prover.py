"""If these fail, a false claim may be certified or a true one refuted: the one unforgivable defect."""

import itertools
import random
import time

import pytest
from sympy import (
    Abs,
    Eq,
    Ge,
    Gt,
    Integer,
    Integral,
    Le,
    Lt,
    Ne,
    Rational,
    Symbol,
    cos,
    cosh,
    exp,
    log,
    pi,
    sin,
    sqrt,
    tan,
    tanh,
)

from symforget.comparison import Enclosure
from symforget.domain import Interval
from symforget.errors import InputError
from symforget.functions import Phi
from symforget.margin import Margin, to_range
from symforget.model import bhattacharyya, delta, total_variation
from symforget.prover import (
    Certified,
    Refuted,
    Undecided,
    certify,
    certify_domain,
    compare_at,
    drawn_in,
    find_witness,
    simplest_between,
)

x = Symbol("x", real=True)
y = Symbol("y", real=True)
SMALL = Rational(1, 10**6)


def _domain(**texts):
    known = {"x": x, "y": y, "delta": delta}
    return {known[name]: Interval.parse(text) for name, text in texts.items()}


def le(a, b):
    return Le(a, b, evaluate=False)


TIGHT = [
    (x * (1 - x), Rational(1, 4), {"x": "[0, 1]"}),
    (x, tan(x), {"x": "[0, 1]"}),
    (sin(x), x - x**3 / 6 + x**5 / 120, {"x": "[0, 1]"}),
    (1 - x**2 / 2, cos(x), {"x": "[-4, 4]"}),
    (1 + x, exp(x), {"x": "(-oo, oo)"}),
    (log(1 + x), x / sqrt(1 + x), {"x": "[0, 10]"}),
    (2 * x * y, x**2 + y**2, {"x": "[-1, 3]", "y": "[-1, 3]"}),
    (2 * sqrt(x * y), x + y, {"x": "[1/10, 3]", "y": "[1/10, 3]"}),
    (Integer(0), x**2 - x * y + y**2, {"x": "[-1, 3]", "y": "[-1, 3]"}),
    (x * y, x**2 + y**2 + x**2 * y**2, {"x": "[0, 1]", "y": "[0, 1]"}),
    (total_variation(delta), delta / 2, {"delta": "[0, oo)"}),
    (total_variation(delta), sqrt(1 - exp(-(delta**2) / 2)), {"delta": "[0, 8]"}),
    (Abs(tanh(x)), Abs(x), {"x": "[1/10, 5]"}),  # the last: true with room to spare, so it has no false twin
]


@pytest.mark.parametrize(("small", "large", "box"), TIGHT, ids=lambda value: str(value)[:30])
def test_true_inequalities_tight_at_a_boundary_a_point_or_a_curve_are_certified(small, large, box):
    verdict = certify(le(small, large), _domain(**box), timeout=8)
    assert isinstance(verdict, Certified), verdict
    assert verdict.boxes >= 1 and set(verdict.box) == set(_domain(**box))


@pytest.mark.parametrize(("small", "large", "box"), TIGHT[:-1], ids=lambda value: str(value)[:30])
def test_their_false_twins_are_never_certified(small, large, box):
    """The larger side less one millionth: false wherever the inequality is tight."""
    domain = _domain(**box)
    verdict = certify(le(small, large - SMALL), domain, max_boxes=4000, timeout=4)
    assert not isinstance(verdict, Certified)
    if isinstance(verdict, Refuted):
        _check_witness(verdict.witness, le(small, large - SMALL), domain)


def _check_witness(witness, relation, domain):
    """Independently of the search: in the domain, and false by SymPy's own evaluation."""
    point = {s: witness.point[s.name] for s in domain}
    assert all(domain[s].contains(v) for s, v in point.items())
    sides = [side.subs(point).evalf(60) for side in (relation.lhs, relation.rhs)]
    assert not relation.func(*sides)
    for side, enclosure in zip(sides, (witness.left, witness.right), strict=True):
        assert Rational(enclosure.lower) <= Rational(str(side)) + SMALL**5
        assert Rational(enclosure.upper) >= Rational(str(side)) - SMALL**5


FALSE = [
    (le(x * (1 - x), Rational(1, 4) - SMALL), {"x": "[0, 1]"}),
    (le(sin(x), x - x**3 / 6 + x**5 / 121), {"x": "[0, 1]"}),
    (Lt(x, tan(x), evaluate=False), {"x": "[0, 1]"}),
    (Gt(x**2, 0, evaluate=False), {"x": "[-1, 1]"}),
    (Eq(bhattacharyya(delta), exp(-(delta**2) / 4), evaluate=False), {"delta": "(0, oo)"}),
    (Ne(x**2, x, evaluate=False), {"x": "[0, 3]"}),
    (le(2 * Phi(x) - 1, 1 - exp(-(x**2))), {"x": "[1/10, 8]"}),
    (Ge(x**2 - 3 * x * y + y**2, 0, evaluate=False), {"x": "[-1, 1]", "y": "[-1, 1]"}),
    (Ge((x - Rational(314159, 10**5)) ** 2, Rational(1, 10**8), evaluate=False), {"x": "[0, 5]"}),
]


@pytest.mark.parametrize(("relation", "box"), FALSE, ids=lambda value: str(value)[:40])
def test_false_claims_are_refuted_by_a_simple_witness_in_the_domain(relation, box):
    domain = _domain(**box)
    verdict = certify(relation, domain, timeout=8)
    assert isinstance(verdict, Refuted), verdict
    _check_witness(verdict.witness, relation, domain)
    assert all(v.q <= 10**6 for v in verdict.witness.point.values())


def test_a_witness_stays_off_open_ends():
    """x*(1 - x) > 0 fails only at the ends, which do not belong to (0, 1)."""
    relation = Gt(x * (1 - x), 0, evaluate=False)
    assert isinstance(certify(relation, _domain(x="(0, 1)")), Certified)
    assert isinstance(certify(relation, _domain(x="(0, 1]")), Refuted)


def test_an_equality_is_never_certified():
    verdict = certify(Eq(sin(x) ** 2 + cos(x) ** 2, 1, evaluate=False), _domain(x="[0, 1]"), timeout=2)
    assert isinstance(verdict, Undecided)


def test_a_difference_is_certified_on_a_connected_box():
    assert isinstance(certify(Ne(exp(x), x, evaluate=False), _domain(x="[-5, 5]")), Certified)


def test_where_a_side_is_undefined_nothing_is_certified():
    for relation in (
        le(log(x), log(x) + 1),
        le(sqrt(x), sqrt(x) * 2),
        le(log(x), x),
        le(-1 / x**2, 1),
        le(-sqrt(x), 0),
        le(tanh(1 / x), 1),
    ):
        verdict = certify(relation, _domain(x="[-1, 1]"), max_boxes=600, timeout=3)
        assert not isinstance(verdict, Certified)


@pytest.mark.slow
def test_random_cubics_are_judged_as_exact_arithmetic_judges_them():
    """The minimum over the box is known exactly from the grid of a polynomial with rational roots."""
    source = random.Random(7)
    for _ in range(25):
        r, s = (Rational(source.randint(-8, 8), 4) for _ in range(2))
        shift = Rational(source.choice([-1, 0, 1]), 1000)
        f = ((x - r) ** 2 * (1 + (x - s) ** 2)).expand() + shift
        verdict = certify(Ge(f, 0, evaluate=False), _domain(x="[-2, 2]"), timeout=3)
        assert isinstance(verdict, Refuted if shift < 0 else Certified), (r, s, shift, verdict)


def test_budgets_are_kept_and_what_is_left_is_reported():
    hard = le(sin(50 * x) * cos(47 * y), Rational(999, 1000) + Phi(x) * SMALL)
    started = time.monotonic()
    verdict = certify(hard, _domain(x="[0, 9/100]", y="[1/50, 1/10]"), max_boxes=50, timeout=5)
    assert time.monotonic() - started < 6.5
    if isinstance(verdict, Undecided):
        assert verdict.boxes <= 50 and verdict.remaining and "left" in verdict.reason


@pytest.mark.slow
def test_a_region_with_open_ends_is_stated_when_the_whole_domain_resists():
    domain = _domain(delta="(0, oo)")
    relation = le(total_variation(delta), sqrt(1 - bhattacharyya(delta) ** 2))
    verdict = certify_domain(relation, domain, timeout=10)
    assert isinstance(verdict, Certified)
    interval = verdict.box[delta]
    assert interval == domain[delta] or (interval.is_compact and interval.upper >= 4)
    assert all(i.is_compact for level in range(4) for i in drawn_in(domain, level).values())


def test_malformed_relations_are_input_errors():
    with pytest.raises(InputError, match="no interval"):
        certify(le(x, y), _domain(x="[0, 1]"))
    with pytest.raises(InputError, match="evaluate=False"):
        certify(Le(x**2 + 1, x**2 + 2), _domain(x="[0, 1]"))


@pytest.mark.parametrize(
    ("relation", "truth"),
    [
        (Eq(x + 1, Rational(3, 2), evaluate=False), True),
        (Eq(exp(x), Rational(3, 2), evaluate=False), False),
        (Eq(sin(x) ** 2 + cos(x) ** 2, 1, evaluate=False), None),
        (Ne(exp(x), 2, evaluate=False), True),
        (le(exp(x), 2), True),
        (Lt(x, Rational(1, 2), evaluate=False), False),
        (Ge(x, Rational(1, 2), evaluate=False), True),
        (le(exp(x) * (1 + Rational(1, 10**40)), exp(x)), False),
        (le(log(-x), 1), None),
    ],
    ids=str,
)
def test_comparison_is_three_valued(relation, truth):
    found = compare_at(relation, {x: Rational(1, 2)}, 30)
    assert found.truth is truth
    if truth is False and found.left != found.right:
        low, high = sorted((found.left, found.right), key=lambda e: Rational(e.lower))
        assert Rational(low.upper) < Rational(high.lower)
    if truth is None and found.left is not None:
        assert found.digits >= 25


def test_the_search_is_deterministic_and_prefers_simple_points():
    relation = le(x**2 + y, 3)
    box = _domain(x="(0, oo)", y="(-oo, oo)")
    first, second = (find_witness(relation, box, tries=300, timeout=20) for _ in range(2))
    assert first == second and first is not None
    assert all(abs(v.p) <= 10 and v.q <= 2 for v in first.point.values())
    assert find_witness(le(x**2, 3), _domain(x="[0, 1]"), tries=200) is None


def test_enclosures_round_outwards():
    from flint import arb

    third = Enclosure.of(arb(1) / 3, 5)
    assert (third.lower, third.upper) == ("0.33333", "0.33334")
    assert Enclosure.of(-arb(1) / 3, 5) == Enclosure("-0.33334", "-0.33333")


def test_the_simplest_fraction_between_two():
    source = random.Random(3)
    for _ in range(200):
        low = Rational(source.randint(-300, 300), source.randint(1, 97))
        high = low + Rational(1, source.randint(1, 500))
        found = simplest_between(low, high)
        assert low <= found <= high
        assert not any((low * q).ceiling() <= (high * q).floor() for q in range(1, int(found.q)))


def test_relations_between_numbers_are_decided_without_boxes():
    """If it failed, a condition without symbols would end branch and bound with an error."""
    assert isinstance(certify(Lt(1, pi, evaluate=False), {}), Certified)
    assert isinstance(certify(Lt(pi, 1, evaluate=False), {}), Refuted)
    assert isinstance(certify(Eq(pi, 3, evaluate=False), {}), Refuted)
    assert isinstance(certify(Eq(pi, pi, evaluate=False), {}), Undecided)
    assert isinstance(certify(Ne(pi, 3, evaluate=False), {}), Certified)


def test_the_verdict_of_a_busy_machine_is_that_of_a_quiet_one():
    """Counted by the wall, two seconds once were over before the boxes were done."""
    relation, domain = le(x * (1 - x), Rational(26, 100)), _domain(x="[0, 1]")
    at_rest, running = itertools.repeat(0.0), itertools.count()
    assert isinstance(certify(relation, domain, timeout=1e-9, search=False, clock=lambda: next(at_rest)), Certified)
    assert isinstance(certify(relation, domain, timeout=1e-9, search=False, clock=lambda: next(running)), Undecided)


@pytest.mark.parametrize("f", [lambda v: v**2, pytest.param(cosh, marks=pytest.mark.slow), lambda v: exp(v**2)])
def test_an_end_of_the_domain_was_once_taken_for_one_outside_it(f):
    """Along x = y the box of x left its interval, and the sign of x - 0 was believed there: x^2 >= y^2 passed."""
    wide, tiny = "(0, 1]", "(0, 1/1073741824]"
    verdict = certify(Ge(f(x), f(y), evaluate=False), _domain(x=wide, y=tiny), timeout=5, search=False)
    assert not isinstance(verdict, Certified)


def test_signs_by_contacts_are_right_at_points_of_the_box():
    source = random.Random(5)
    for _ in range(40):
        f = source.choice([lambda v: v**2, cosh, lambda v: v * (1 - v), lambda v: exp(cos(v))])
        spans = [sorted(Rational(n, 4) for n in source.sample(range(-8, 12), 2)) for _ in range(2)]
        domain = tuple(Interval(*span) for span in spans)
        margin = Margin(f(x) - f(y), (x, y), domain, lambda: False)
        margin.failures = 100
        sign = margin.sign(tuple(to_range(i) for i in domain))
        for u, v in itertools.product(*([low, (low + high) / 2, high] for low, high in spans)):
            value = (f(x) - f(y)).subs({x: u, y: v}).evalf(30)
            assert sign == 0 or value * sign >= -1e-20, (f, domain, sign, u, v)


def test_a_bound_variable_is_no_parameter():
    shadow = Integral(sqrt(x**2), (x, -1, 0))
    with pytest.raises(InputError, match="bound by an integral"):
        certify(Lt(shadow, x, evaluate=False), _domain(x="[1/10, 1/5]"), search=False)
    other = Symbol("x", positive=True)
    with pytest.raises(InputError, match="two symbols have one name"):
        certify(Le(x, other, evaluate=False), {x: Interval.parse("[1, 2]"), other: Interval.parse("[1, 2]")})
