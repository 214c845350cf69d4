"""If these fail, a claim about the joint flow is unproved, survives a false constant, or contradicts KL itself."""

import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import root
from shipped import shipped
from sympy import Integer, Le, Rational, pi, sqrt

from symforget.claims import Verdict
from symforget.derivation import Context
from symforget.domain import Interval
from symforget.flows import follow_system
from symforget.joint_flow import exact_field, float_field, largest_float_drift
from symforget.legs import certified, symbolic
from symforget.model import alpha, beta, delta
from symforget.regions import (
    TOP,
    ahead_of_halfway,
    conditions,
    largest_drift,
    least_new_weight,
    odds,
    radius,
    s,
    starvation_conditions,
)
from symforget.rules.regions import StarvationBarrier, TrappingRegion
from symforget.verify import Options, run_claim, run_twin

LIBRARY, _ = shipped("reverse_kl")
CLAIMS = "drift-region new-mode-starvation drift-exponent stationary-points both-on-one-mode"
NEW = [f"reverse_kl/{name}" for name in CLAIMS.split()]
GRID = np.arange(-14, 26, 0.02)


def bell(x, mean, deviation=1.0):
    return np.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))


def divergence(state, target_weight, separation, deviation=1.0):
    """KL(q | p_alpha) on the line, from nothing but the densities; the modes at 0 and separation * deviation."""
    phi, old, new = state
    weight, x = 1 / (1 + math.exp(-phi)), GRID * deviation
    q = weight * bell(x, old, deviation) + (1 - weight) * bell(x, new, deviation)
    p = target_weight * bell(x, 0, deviation) + (1 - target_weight) * bell(x, separation * deviation, deviation)
    return float(np.sum(q * (np.log(q) - np.log(p))) * 0.02 * deviation)


def descent(state, *setting):
    """Minus the gradient by central differences of fourth order."""
    found, h = [], 1e-3
    for i in range(3):
        values = []
        for k in (-2, -1, 1, 2):
            moved = list(state)
            moved[i] += k * h
            values.append(divergence(moved, *setting))
        found.append(-(values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h))
    return np.array(found)


def checked(claim_id, name, **constants):
    claim = LIBRARY.claim(claim_id, constants)
    part = next(p for p in claim.parts if p.name == name)
    context = Context.of(claim, LIBRARY.lemmas_for(claim, part))
    return claim, part, context


QUICK = ("reverse_kl/both-on-one-mode",)


@pytest.mark.parametrize(
    "claim_id", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NEW]
)
def test_every_part_has_its_verdict_and_the_twin_is_refuted(claim_id):
    outcome = run_claim(LIBRARY, claim_id, Options(quick=True))
    assert outcome.verdict is not Verdict.ERROR, outcome.detail
    twin = run_twin(LIBRARY, claim_id, Options(quick=True))
    assert twin.verdict is Verdict.REFUTED and twin.witness is not None
    measured = {e.part for e in outcome.evidence if e.verdict is Verdict.SUPPORTED}
    assert measured <= {"exponent"}
    sure = {e.part for e in outcome.evidence if e.verdict in (Verdict.PROVED, Verdict.CERTIFIED)}
    assert sure | measured == {p.name for p in LIBRARY.claim(claim_id).parts}


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", NEW)
def test_every_leg_of_the_joint_flow_holds_at_full_settings(claim_id):
    outcome = run_claim(LIBRARY, claim_id, Options())
    assert outcome.verdict is not Verdict.ERROR and outcome.twin.verdict is Verdict.REFUTED
    assert all(e.verdict.holds for e in outcome.evidence)


@pytest.mark.parametrize(
    ("claim_id", "part", "constants"),
    [
        ("reverse_kl/drift-region", "gated force", {"front": sqrt(pi / 2) * Rational(9, 10)}),
        ("reverse_kl/drift-region", "force in the region", {"slack": Rational(1, 8)}),
        ("reverse_kl/drift-region", "force in the region", {"width": 9}),
        ("reverse_kl/new-mode-starvation", "halfway divergence", {"height": Rational(1, 7)}),
        ("reverse_kl/new-mode-starvation", "gate", {"speed": Rational(1, 2)}),
        ("reverse_kl/stationary-points", "Hessian", {"split": 2}),
        ("reverse_kl/stationary-points", "Hessian", {"square": Rational(1, 2)}),
        ("reverse_kl/drift-exponent", "gate at the start", {"exponent": -Rational(1, 4)}),
    ],
)
def test_no_constant_can_be_changed(claim_id, part, constants):
    claim, found, context = checked(claim_id, part, **constants)
    assert symbolic.run(claim, found, context, spot=False).verdict is not Verdict.PROVED


def test_the_least_weight_cannot_be_much_larger():
    claim, part, context = checked("reverse_kl/drift-region", "least weight", double=Rational(3, 2))
    (evidence,) = certified.run(claim, part, context, 10, quick=True)
    assert evidence.verdict is Verdict.REFUTED


def test_the_trap_needs_its_faces_and_its_conditions():
    claim, part, context = checked("reverse_kl/drift-region", "trap")
    rule, needed = TrappingRegion("reverse_kl/drift-region"), conditions(alpha, delta, s)
    bound = Le(largest_drift(alpha, delta, s), radius(alpha, delta, s), evaluate=False)
    assert rule.check(needed, bound, context).ok
    assert not rule.check(needed[:1], bound, context).ok and not rule.check(needed[1:], bound, context).ok
    smaller = Le(largest_drift(alpha, delta, s), radius(alpha, delta, s) / 2, evaluate=False)
    assert not rule.check(needed, smaller, context).ok
    for constants in ({"front": sqrt(pi)}, {"slack": Rational(1, 2)}, {"double": 3}, {"width": 7}):
        claim, part, changed = checked("reverse_kl/drift-region", "trap", **constants)
        assert not rule.check(needed, bound, changed).ok
        evidence = certified.run(claim, part, changed, 10, quick=True)
        assert all(e.verdict is not Verdict.CERTIFIED for e in evidence)


def test_the_barrier_needs_its_faces_and_its_conditions():
    _, _, context = checked("reverse_kl/new-mode-starvation", "starved")
    rule, needed = StarvationBarrier("reverse_kl/new-mode-starvation"), starvation_conditions(Integer(10))
    bound = Le(least_new_weight(10), 1 / (1 + TOP), evaluate=False)
    assert rule.check(needed, bound, context).ok
    for k in range(3):
        assert not rule.check(needed[:k] + needed[k + 1 :], bound, context).ok
    assert not rule.check(needed, Le(least_new_weight(10), 1 / (2 + TOP), evaluate=False), context).ok
    assert not rule.check(needed, Le(least_new_weight(12), 1 / (1 + TOP), evaluate=False), context).ok
    _, _, changed = checked("reverse_kl/new-mode-starvation", "starved", height=Rational(1, 9))
    assert not rule.check(needed, bound, changed).ok


@pytest.mark.parametrize(
    ("rule", "claim_id", "name", "short"),
    [
        (TrappingRegion, "reverse_kl/drift-region", "trap", {beta: "[1/2, 1)"}),
        (TrappingRegion, "reverse_kl/drift-region", "trap", {delta: "[1, 3]"}),
        (StarvationBarrier, "reverse_kl/new-mode-starvation", "starved", {delta: "(0, 9)"}),
        (StarvationBarrier, "reverse_kl/new-mode-starvation", "starved", {beta: "(0, 1/2)"}),
    ],
)
def test_a_region_is_not_trapped_by_lemmas_that_hold_on_a_part_of_it(rule, claim_id, name, short):
    _, part, context = checked(claim_id, name)
    (boxes,) = part.certified
    assert rule(claim_id).check(boxes.relations, part.statement, context).ok

    def lemma(of, wanted):
        statement, domain = context.lemma(of, wanted)
        return statement, {**domain, **{symbol: Interval.parse(text) for symbol, text in short.items()}}

    assert not rule(claim_id).check(boxes.relations, part.statement, replace(context, lemma=lemma)).ok


@pytest.mark.parametrize("deviation", [1.0, 0.6])
def test_the_field_is_the_descent_of_kl(deviation):
    for state in ((1.3, 0.2, 3.1), (-0.5, 1.0, 4.5), (2.5, -0.4, 1.5)):
        whitened = [state[0], *(deviation * m for m in state[1:])]
        found = descent(whitened, 0.3, 5.0, deviation)
        expected = float_field(0.3, 5.0, deviation**2)(state)
        assert found == pytest.approx([expected[0], *(deviation * v for v in expected[1:])], abs=1e-9)


def test_both_precisions_give_the_same_field_also_where_the_gates_are_tiny():
    state = (0.4, 1e-3, 8.5)
    exact = [float(v) for v in exact_field(mpmath.mpf("0.3"), 9, 25)(state)]
    assert float_field(0.3, 9.0)(state) == pytest.approx(exact, rel=1e-11)
    on_target = exact_field(mpmath.mpf(1) / 2, 6, 25)([mpmath.mpf(0), 0, 6])
    assert max(abs(v) for v in on_target) < mpmath.mpf(10) ** -25


def test_a_system_is_followed_within_its_stated_error():
    state, error = follow_system(lambda v: [v[1], -v[0]], [1, 0], 3, 25)
    with mpmath.workdps(30):
        off = max(abs(state[0] - mpmath.cos(3)), abs(state[1] + mpmath.sin(3)))
    assert off <= 10 * error < mpmath.mpf(10) ** -20


def flow(start, target_weight, separation, time, **options):
    field = float_field(target_weight, separation)
    return solve_ivp(lambda t, y: field(y), (0, time), start, method="LSODA", rtol=1e-9, atol=1e-12, **options)


@pytest.mark.parametrize(("target_weight", "share"), [(0.5, 0.8), (0.2, 0.75), (0.8, 0.9)])
def test_the_drift_stays_below_the_radius_from_corners_of_the_region(target_weight, share):
    point = {alpha: Rational(str(target_weight)), delta: 10, s: Rational(str(share))}
    r = float(radius(alpha, delta, s).subs(point))
    for old in (0.0, r, -r):
        found = flow([math.log(target_weight / 2), old, 10 * share], target_weight, 10.0, 60)
        assert np.abs(found.y[1]).max() <= r * (1 + 1e-6)
        assert found.y[2].min() >= 10 * share - 1e-6 and found.y[0].min() >= math.log(target_weight / 2) - 1e-6


def test_no_face_lets_the_flow_out_in_the_plane():
    """KL in the plane by a two-dimensional sum, its gradient by differences: means off the line of the modes."""
    share, separation, weight = 0.75, 8.0, 0.4
    r, h = 0.4 / separation, 1e-3
    axis = np.arange(-7, 15, 0.125)
    x, y = np.meshgrid(axis, axis[axis < 8], indexing="ij")

    def loss(state):
        b = 1 / (1 + math.exp(-state[0]))
        q = b * bell(x, state[1]) * bell(y, state[2]) + (1 - b) * bell(x, state[3]) * bell(y, state[4])
        p = weight * bell(x, 0) * bell(y, 0) + (1 - weight) * bell(x, separation) * bell(y, 0)
        return float(np.sum(q * (np.log(q + 1e-300) - np.log(p + 1e-300))) * 0.125**2)

    def downhill(state, direction):
        return -(loss(state + h * direction) - loss(state - h * direction)) / (2 * h)

    rng, unit = np.random.default_rng(3), np.eye(5)
    edge = math.log(weight / 2)
    for _ in range(4):
        angle, away = rng.uniform(0, 2 * math.pi), rng.normal()
        out = np.array([0, math.cos(angle), math.sin(angle), 0, 0])
        free = np.array([edge + rng.exponential(), 0, 0, share * separation + rng.exponential(), away])
        assert downhill(free + r * out, out) < 0
        facing = free.copy()
        facing[3] = share * separation
        assert downhill(facing + r * out, unit[3]) > 0
        low = free.copy()
        low[0] = edge
        assert downhill(low + r * out, unit[0]) > 0


def test_measured_drifts_lie_below_the_bound_and_do_not_depend_on_the_tolerance():
    for share in (1.0, 0.8, 0.5):
        fine, coarse = (largest_float_drift(share, 24.0, tolerance=t) for t in (1e-11, 1e-9))
        assert abs(fine - coarse) < 1e-8
    r = radius(alpha, delta, s).subs({alpha: Rational(1, 2), delta: 10, s: Rational(4, 5)})
    assert math.exp(largest_float_drift(0.8, 10.0) - 8) < float(r)


@pytest.mark.slow
def test_the_largest_drift_at_high_precision():
    """The turning point of m_o at delta = 6, s = 1, by following the flow to 18 digits past it."""
    field = exact_field(mpmath.mpf(1) / 2, 6, 20)
    start = [mpmath.log(9), mpmath.mpf(0), mpmath.mpf(6)]
    with mpmath.workdps(25):
        state, error = follow_system(field, start, 3, 18, steps=6)
        drifts = [abs(state[1])]
        for _ in range(4):
            state, more = follow_system(field, state, mpmath.mpf(1) / 20, 18, steps=1)
            drifts.append(abs(state[1]))
            error += more
    top = max(drifts)
    found = math.exp(largest_float_drift(1.0, 6.0) - 4.5)
    assert error < mpmath.mpf(10) ** -16
    assert float(top) <= found * (1 + 1e-9) and float(top) > found * (1 - 1e-3)


def test_starvation_as_the_claim_tells_it():
    """In the time u with du = (1-beta) dt, which the starved flow needs few of."""
    field = float_field(0.5, 10.0)

    def slowed(_, y):
        rest = 1 / (1 + math.exp(y[0]))
        return [*(v / rest for v in field(y[:3])), 1 / rest]

    events = [lambda u, y: slowed(u, y)[0], lambda u, y: y[2] - 7.5, lambda u, y: y[0] - math.log(3)]
    start = [math.log(9), 0, 5, 0]
    found = solve_ivp(slowed, (0, 8), start, method="BDF", rtol=1e-7, atol=1e-10, events=events)
    (peak, *_), (on_the_way, *_), (back, *_) = found.y_events
    assert 1 / (1 + math.exp(peak[0])) == pytest.approx(0.00250036, rel=2e-6) and peak[3] == pytest.approx(
        189.0, abs=0.1
    )
    assert on_the_way[3] == pytest.approx(318.6, abs=0.1) and back[3] == pytest.approx(411.0, abs=0.1)
    phi, old, new, _ = found.y
    top = phi.argmax()
    assert np.abs(old).max() <= 1 / 50
    rising = (phi[: top + 1] < math.log(int(TOP))).nonzero()[0]
    for k in rising[1:]:
        assert new[k] - 5 <= float(ahead_of_halfway(odds).subs(odds, math.exp(phi[k])))


def test_the_hessian_where_the_means_are_one_is_that_of_kl():
    target_weight, separation, phi = 0.4, 3.0, 0.3
    odds_there = target_weight / (1 - target_weight) * np.exp(4.5 - 3 * GRID)

    def gate(m):
        return float(np.sum(bell(GRID, m) / (1 + odds_there)) * 0.02)

    m = root(lambda m: m - separation * gate(m[0]), [0.4], tol=1e-13).x[0]
    share = 1 / (1 + odds_there)
    steep = separation**2 * float(np.sum(bell(GRID, m) * share * (1 - share)) * 0.02)
    b = np.array([1 / (1 + math.exp(-phi)), 1 / (1 + math.exp(phi))])
    expected = np.outer(b, b) - steep * np.diag(b)
    assert np.abs(descent((phi, m, m), target_weight, separation)).max() < 1e-9
    h = 1e-3
    for i in range(2):
        moved = [np.array([phi, m, m]) for _ in range(2)]
        moved[0][1 + i] += h
        moved[1][1 + i] -= h
        row = (descent(moved[1], target_weight, separation) - descent(moved[0], target_weight, separation)) / (2 * h)
        assert row == pytest.approx([0, *expected[i]], abs=1e-6)
    assert np.linalg.eigvalsh(expected)[0] < 0


def test_a_search_from_random_starts_finds_no_other_stationary_point():
    rng, field = np.random.default_rng(1), float_field(0.4, 3.0)
    for _ in range(12):
        start = [rng.uniform(-2, 2), rng.uniform(-1, 4), rng.uniform(-1, 4)]
        found = root(field, start, tol=1e-12)
        if not found.success or np.abs(field(found.x)).max() > 1e-10 or abs(found.x[0]) > 12:
            continue
        phi, old, new = found.x
        edge = math.log(0.4 / 0.6)
        one, target, exchanged = abs(old - new), abs(phi - edge) + abs(old), abs(phi + edge) + abs(new)
        assert min(one, target, exchanged) < 1e-5
