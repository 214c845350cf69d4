"""If these fail, a rule on gradients and speeds accepts a false step, or refuses the true ones it exists for."""

from sympy import Derivative, Eq, Ge, Integral, Le, Min, Rational, Subs, Symbol, exp, log

from symforget.calculus import TV, H, SampleIntegral, mixture, p_n, p_o
from symforget.derivation import Context, Derivation
from symforget.domain import Interval
from symforget.model import alpha, beta, phi
from symforget.rules import Algebra, SignOf
from symforget.rules.flows import (
    AtEveryPoint,
    ChainRule,
    Differentiate,
    MeanAboveMinimum,
    Multiple,
    PutIn,
    Reciprocal,
    SlopeAtLeast,
    SlowestOnTheWay,
    Times,
)

UNIT = Interval.parse("(0, 1)")
theta, u, r = Symbol("theta", nonnegative=True), Symbol("u", positive=True), Symbol("r", positive=True)
w = Symbol("w", positive=True)
DOMAIN = {beta: UNIT, alpha: UNIT, u: UNIT, r: UNIT, theta: Interval.parse("[0, 1]"), phi: Interval.parse("(-oo, oo)")}
CONTEXT = Context({**DOMAIN, TV: UNIT}, lambda claim, part: None, gaussian=False)
SIGMOID = 1 / (1 + exp(-phi))
GAP = SampleIntegral((p_o - p_n) * log(mixture(beta) / mixture(alpha)))


def unevaluated(kind, left, right):
    return kind(left, right, evaluate=False)


def test_chain_rule_needs_the_inner_slope_and_an_inner_function_inside_the_domain():
    square = SampleIntegral(beta**2 * p_o)
    premise = unevaluated(Eq, Derivative(square, beta), 2 * beta)
    moved = Derivative(square.subs(beta, SIGMOID), phi)
    rule = ChainRule(beta, SIGMOID, phi)
    right = SIGMOID * (1 - SIGMOID) * 2 * SIGMOID
    assert rule.check((premise,), unevaluated(Eq, moved, right), CONTEXT).ok
    assert not rule.check((premise,), unevaluated(Eq, moved, 2 * SIGMOID), CONTEXT).ok
    outside = ChainRule(beta, exp(phi), phi)
    stray = Derivative(square.subs(beta, exp(phi)), phi)
    assert not outside.check((premise,), unevaluated(Eq, stray, 2 * exp(2 * phi)), CONTEXT).ok


def test_a_slope_bound_is_integrated_from_either_side():
    integral = Integral(1 + w**2, (w, alpha, beta))
    slope = Derivation(1 + w**2).at_least(1, by=SignOf(w**2))
    before, after = (beta - alpha) * integral, (beta - alpha) ** 2
    rule = SlopeAtLeast(slope, w, UNIT)
    assert rule.check(before, ">=", after, CONTEXT).ok
    assert not rule.check(before, ">=", 2 * after, CONTEXT).ok
    assert not rule.check(before, "<=", after, CONTEXT).ok
    assert not rule.check(integral, ">=", beta - alpha, CONTEXT).ok
    assert not SlopeAtLeast(slope, w, Interval.parse("(0, 1/2)")).check(before, ">=", after, CONTEXT).ok
    false = Derivation(1 + w**2).at_least(2, by=SignOf(w**2))
    assert not SlopeAtLeast(false, w, UNIT).check(before, ">=", 2 * after, CONTEXT).ok


def test_a_larger_speed_takes_less_time():
    speed = Derivation(2 * u + u**2).at_least(2 * u, by=SignOf(u**2))
    rule = Reciprocal(Rational(1), speed)
    assert rule.check(1 / (2 * u + u**2), "<=", 1 / (2 * u), CONTEXT).ok
    assert not rule.check(1 / (2 * u + u**2), "<=", 1 / (3 * u), CONTEXT).ok
    assert not rule.check(1 / (2 * u + u**2), ">=", 1 / (2 * u), CONTEXT).ok
    negative = Reciprocal(Rational(1), Derivation(u - 2).at_least(-2, by=SignOf(u)))
    assert not negative.check(1 / (u - 2), "<=", -Rational(1, 2), CONTEXT).ok


def test_a_factor_of_unknown_sign_turns_no_inequality():
    rule = SignOf(beta)
    assert Times(alpha, rule).check(2 * alpha, "<=", alpha * (2 + beta), CONTEXT).ok
    assert not Times(alpha - 1, rule).check(2 * (alpha - 1), "<=", (alpha - 1) * (2 + beta), CONTEXT).ok


def test_equal_everywhere_is_equal_at_a_point():
    rule = AtEveryPoint(Algebra())
    before, after = Subs((beta + 1) ** 2, beta, alpha), Subs(beta**2 + 2 * beta + 1, beta, alpha)
    assert rule.check(before, "=", after, CONTEXT).ok
    assert not rule.check(before, "=", Subs(beta**2, beta, alpha), CONTEXT).ok
    assert not rule.check(before, "=", Subs(beta**2 + 2 * beta + 1, beta, alpha / 2), CONTEXT).ok


def test_putting_a_point_in():
    assert PutIn().check(Subs(GAP, beta, alpha), "=", Rational(0), CONTEXT).ok
    assert not PutIn().check(Subs(GAP, beta, alpha), "=", Rational(1), CONTEXT).ok
    assert not PutIn().check(Subs(GAP, beta, alpha / 2), "=", Rational(0), CONTEXT).ok


def test_differentiation_keeps_integrals():
    F = Integral(1 - H(w), (w, alpha, beta))
    assert Differentiate().check(Derivative(beta * F, beta), "=", F + beta * (1 - H(beta)), CONTEXT).ok
    assert not Differentiate().check(Derivative(beta * F, beta), "=", beta * (1 - H(beta)), CONTEXT).ok


def test_a_multiple_keeps_its_direction():
    premise = unevaluated(Le, H(alpha), 1)
    assert Multiple(alpha).check((premise,), unevaluated(Le, alpha * H(alpha), alpha), CONTEXT).ok
    assert not Multiple(alpha).check((premise,), unevaluated(Ge, alpha * H(alpha), alpha), CONTEXT).ok
    assert not Multiple(-alpha).check((premise,), unevaluated(Ge, alpha * H(alpha), alpha), CONTEXT).ok


def test_a_mean_is_above_the_minimum_only():
    rule = MeanAboveMinimum(theta, alpha, beta)
    mean = (1 - theta) * alpha + theta * beta
    assert rule.check(mean, ">=", Min(alpha, beta), CONTEXT).ok
    assert not rule.check(mean, ">=", alpha, CONTEXT).ok
    loose = Context({**DOMAIN, theta: Interval.parse("[0, 2]")}, CONTEXT.lemma, gaussian=False)
    assert not rule.check(mean, ">=", Min(alpha, beta), loose).ok


def test_the_slowest_speed_bounds_the_time():
    mean = (1 - theta) * alpha + theta * beta
    c, k = Min(alpha * (1 - alpha), beta * (1 - beta)), Min(1 - H(alpha), 1 - H(beta))
    rule = SlowestOnTheWay(theta, beta, alpha, lambda b: GAP.subs(beta, b), u, r, c, k)
    premises = (unevaluated(Ge, mean * (1 - mean), c), unevaluated(Ge, 1 - H(mean), k))
    bound = log(1 / r) / (c * k)
    assert rule.check(premises, unevaluated(Le, rule.time(), bound), CONTEXT).ok
    equal = Context(DOMAIN, CONTEXT.lemma, gaussian=False)
    assert not rule.check(premises, unevaluated(Le, rule.time(), bound), equal).ok  # equal densities stand still
    assert not rule.check(premises[:1], unevaluated(Le, rule.time(), bound), CONTEXT).ok
    assert not rule.check(premises, unevaluated(Le, rule.time(), bound / 2), CONTEXT).ok
    assert not rule.check(premises, unevaluated(Le, rule.time() * 2, bound), CONTEXT).ok


def test_no_time_is_bounded_by_negative_speeds_half_the_way_or_another_gap():
    """If it failed, T <= log(1/r) would follow from b(1-b) >= -1 and 1 - H >= -1."""
    mean = (1 - theta) * alpha + theta * beta
    c, k = Min(alpha * (1 - alpha), beta * (1 - beta)), Min(1 - H(alpha), 1 - H(beta))

    def gap(b):
        return GAP.subs(beta, b)

    def accepts(domain=CONTEXT, gap=gap, c=c, k=k):
        rule = SlowestOnTheWay(theta, beta, alpha, gap, u, r, c, k)
        premises = (unevaluated(Ge, mean * (1 - mean), c), unevaluated(Ge, 1 - H(mean), k))
        return rule.check(premises, unevaluated(Le, rule.time(), log(1 / r) / (c * k)), domain).ok

    assert accepts()
    assert not accepts(c=Rational(-1), k=Rational(-1))
    assert not accepts(c=Rational(0))
    assert not accepts(k=H(alpha) - 1)
    assert not accepts(gap=lambda b: GAP.subs(beta, b) / 1000)
    assert not accepts(gap=lambda b: GAP.subs(beta, b / 2))
    assert not accepts(domain=Context({**DOMAIN, theta: Interval.parse("[1/2, 1]")}, CONTEXT.lemma, gaussian=False))
