"""The tables, as data: axes, quantities computed once per row, and columns with their kinds and formulas.

The formulas are derived in docs/tables.md and in the derivations of the groups they belong to; the tests recompute
every one of them by a route of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sympy import Expr, Max, Min, Rational, S, Symbol, exp, log, oo, pi, sqrt

from symforget.domain import Interval
from symforget.errors import InputError
from symforget.fisher import fisher_eigenvalue
from symforget.gate import gate, gate_s, gate_s_derivative, information
from symforget.model import alpha, beta, bhattacharyya, chi_square, delta, eta, lam, total_variation
from symforget.regions import drift_bound, drift_bound_exponent
from symforget.tables.axes import AnyAxis, Axis, Words
from symforget.tables.quantities import (
    average_information,
    exact_batch,
    kl_gap,
    retained_odds,
    time_in_logit,
    time_in_weight,
)
from symforget.tables.rounding import Kind
from symforget.tables.separations import separation_at_condition, sufficient_separation

Point = Mapping[str, Rational | str]
Formula = Expr | Mapping[tuple[str, ...], Expr]


@dataclass(frozen=True)
class Column:
    """A column: its formula in the symbols of axes and quantities, or one formula for each combination of words.

    `exact(point)` is the exact value where the formula is a rational number that SymPy alone does not see to be one.
    """

    name: str
    kind: Kind
    formula: Formula
    latex: str
    meaning: str
    exact: Callable[[Point], Rational | None] | None = None

    def at(self, words: tuple[str, ...]) -> Expr:
        return self.formula[words] if isinstance(self.formula, Mapping) else self.formula


@dataclass(frozen=True)
class Spec:
    """A table: `below` lists pairs of axes of which the first must lie below the second."""

    name: str
    title: str
    caption: str
    axes: tuple[AnyAxis, ...]
    columns: tuple[Column, ...]
    quantities: Mapping[Symbol, Expr]
    below: tuple[tuple[str, str], ...] = ()

    def axis(self, name: str) -> AnyAxis | None:
        return next((axis for axis in self.axes if axis.name == name), None)


WEIGHT = Interval(S.Zero, S.One, True, True)
SEPARATION = Interval(S.Zero, Rational(1000), True, False)
POSITIVE = Interval(S.Zero, oo, True, True)

_dq = Symbol("d_q", positive=True)
_start = Symbol("beta_0", positive=True)
_level = Symbol("beta_1", positive=True)
_gap = Symbol("g", positive=True)
_kappa = Symbol("kappa", positive=True)
_syncs = Symbol("K", positive=True)


def _delta(default: str) -> Axis:
    return Axis("delta", delta, SEPARATION, default, "separation of the modes (Mahalanobis distance)", r"\delta")


def _weight(name: str, symbol: Symbol, default: str, meaning: str, latex: str) -> Axis:
    return Axis(name, symbol, WEIGHT, default, meaning, latex)


def _beta(default: str) -> Axis:
    return _weight("beta", beta, default, "old weight of the model", r"\beta")


def _alpha(default: str, meaning: str = "old weight of the target") -> Axis:
    return _weight("alpha", alpha, default, meaning, r"\alpha")


def _quantity(name: str) -> Symbol:
    """Real, and no more: what a quantity is known to be beyond that must not change how formulas simplify."""
    return Symbol(name, real=True)


_H, _BC, _I, _A, _HA, _HQ = map(_quantity, ("H", "BC", "I", "A", "H_alpha", "H_q"))
_IA, _TV = map(_quantity, ("I_alpha", "TV"))
_drift_bound = Symbol("r", positive=True)
_GEOMETRIES = ("logit", "euclidean", "natural")


def _misassignment() -> Spec:
    old, new = sqrt((1 - beta) / beta) / 2, sqrt(beta / (1 - beta)) / 2
    sharp = Min(1, sqrt(2 * pi) / delta)
    ratio = 2 * sqrt(beta * (1 - beta)) * _H / _BC
    return Spec(
        "misassignment",
        "Misassignment probabilities and their bounds",
        "How often one mode is taken for the other: the exact probabilities, the Bhattacharyya bounds, the sharp "
        "bounds (smaller by min(1, sqrt(2 pi)/delta)), and exact over bound, which is the same for both modes.",
        (_delta("1:8:1"), _beta("1/10,1/2")),
        (
            Column("old", Kind.VALUE, (1 - beta) * _H, r"\mathrm{E}_o[r_n]", "misassignment of the old mode, E_o[r_n]"),
            Column("new", Kind.VALUE, beta * _H, r"\mathrm{E}_n[r_o]", "misassignment of the new mode, E_n[r_o]"),
            Column("old_bound", Kind.UPPER, old * _BC, r"\text{BC}_o", "Bhattacharyya bound of E_o[r_n]"),
            Column("new_bound", Kind.UPPER, new * _BC, r"\text{BC}_n", "Bhattacharyya bound of E_n[r_o]"),
            Column("old_sharp", Kind.UPPER, old * _BC * sharp, r"\text{sharp}_o", "sharp bound of E_o[r_n]"),
            Column("new_sharp", Kind.UPPER, new * _BC * sharp, r"\text{sharp}_n", "sharp bound of E_n[r_o]"),
            Column("ratio", Kind.VALUE, ratio, r"\text{exact}/\text{BC}", "exact over Bhattacharyya bound"),
            Column("ratio_sharp", Kind.VALUE, ratio / sharp, r"\text{exact}/\text{sharp}", "exact over sharp bound"),
        ),
        {_H: gate(beta, delta), _BC: bhattacharyya(delta)},
    )


def _drift() -> Spec:
    def gated(weight: Expr, distance: Expr) -> Expr:
        return sqrt((1 - weight) / weight) * distance * bhattacharyya(distance)

    s = gate_s(delta, log((1 - alpha) / alpha))
    curvature = gate_s_derivative(2, delta, log((1 - alpha) / alpha))
    pull = (1 - alpha) * _HA
    return Spec(
        "drift",
        "Old-mean force of reverse KL at the correct old mean, and its exponential decay",
        "Force on the old mean at m_o = mu_o, whitened, along mu_n - mu_o (positive: towards the new mode), for a new "
        "mean on the same line at distance d_q; its bound in size; and for the gate e_p = E_o[r_n] under the target "
        "the exponent log(e_p)/delta^2, the slope d log(e_p)/d(delta^2), both tending to -1/8, and the prefactor "
        "e_p delta exp(delta^2/8) with its limit. For the whitened gradient flow from there: a bound of the drift "
        "|m_o - mu_o| for all time, and log(bound)/delta^2; inf where no trapping region was found.",
        (
            _delta("2:12:2"),
            _alpha("1/2"),
            _beta("9/10"),
            Axis("dq", _dq, SEPARATION, "delta", "distance of the current new mean from the old mean", "d_q"),
        ),
        (
            Column(
                "force",
                Kind.VALUE,
                beta * (delta * pull - _dq * (1 - beta) * _HQ),
                r"-\partial L/\partial m_o",
                "force on the old mean, beta (delta e_p - d_q e_q)",
            ),
            Column(
                "force_bound",
                Kind.UPPER,
                beta / 2 * (gated(beta, _dq) + gated(alpha, delta)),
                r"|\partial L/\partial m_o| \le",
                "bound of its size",
            ),
            Column("gate", Kind.VALUE, pull, "e_p", "gate e_p"),
            Column("exponent", Kind.VALUE, log(pull) / delta**2, r"\log e_p/\delta^2", "log(e_p)/delta^2"),
            Column(
                "slope",
                Kind.VALUE,
                curvature / (2 * s) - Rational(1, 8),
                r"\mathrm{d}\log e_p/\mathrm{d}\delta^2",
                "d log(e_p)/d(delta^2)",
            ),
            Column(
                "prefactor",
                Kind.VALUE,
                pull * delta / bhattacharyya(delta),
                r"e_p\,\delta\,\mathrm{e}^{\delta^2/8}",
                "e_p delta exp(delta^2/8)",
            ),
            Column(
                "prefactor_limit",
                Kind.VALUE,
                sqrt((1 - alpha) / alpha) * sqrt(2 * pi) / 2,
                r"\delta\to\infty",
                "limit of the prefactor",
            ),
            Column(
                "drift_bound",
                Kind.UPPER,
                _drift_bound,
                r"\sup_t|m_o - \mu_o| \le",
                "bound of the drift of the old mean for all time",
            ),
            Column(
                "drift_exponent",
                Kind.UPPER,
                drift_bound_exponent(alpha, beta, delta, _dq),
                r"\log(\text{bound})/\delta^2",
                "log(drift_bound)/delta^2",
            ),
        ),
        {_HA: gate(alpha, delta), _HQ: gate(beta, _dq), _drift_bound: drift_bound(alpha, beta, delta, _dq)},
    )


def _rates() -> Spec:
    model, target = (beta * (1 - beta)) ** 2, (alpha * (1 - alpha)) ** 2
    now = {
        ("forward", "logit"): model * _I,
        ("forward", "euclidean"): _I,
        ("forward", "natural"): S.One,
        ("reverse", "logit"): model * _A,
        ("reverse", "euclidean"): _A,
        ("reverse", "natural"): _A / _I,
    }
    end = {
        ("forward", "logit"): S.Zero,
        ("forward", "euclidean"): chi_square(delta),
        ("forward", "natural"): S.One,
        ("reverse", "logit"): target * _IA,
        ("reverse", "euclidean"): _IA,
        ("reverse", "natural"): S.One,
    }
    half = {words: log(2) / rate if rate != 0 else oo for words, rate in end.items()}
    return Spec(
        "rates",
        "Rates of forward and reverse KL in three geometries",
        "Rate at which the old weight approaches its optimum (0 under forward KL on new data, alpha under reverse KL): "
        "the relative rate of |beta - optimum| at the given beta, its limit at the optimum, and the half-life of the "
        "distance there. Under forward KL in the logit the limit is 0: the decay is algebraic, t^(-1/2).",
        (
            Words("objective", ("forward", "reverse"), "which divergence is descended", "\\text{objective}"),
            Words("geometry", _GEOMETRIES, "metric of the gradient flow", "\\text{geometry}"),
            _delta("1,2,4,8"),
            _beta("9/10"),
            _alpha("1/2"),
        ),
        (
            Column("rate", Kind.VALUE, now, r"\text{rate at }\beta", "relative rate at beta"),
            Column("asymptotic_rate", Kind.VALUE, end, r"\text{limit}", "rate at the optimum"),
            Column("half_life", Kind.VALUE, half, r"t_{1/2}", "log(2) over the rate at the optimum"),
        ),
        {
            _I: information(beta, delta),
            _IA: information(alpha, delta),
            _A: average_information(beta, alpha, delta),
        },
    )


def _time_to_forget() -> Spec:
    fall, chi = log(_start / _level), chi_square(delta)
    separated = (_start - _level) - (_start**2 - _level**2) / 2
    time = {
        ("logit",): time_in_logit(_start, _level, delta),
        ("euclidean",): time_in_weight(_start, _level, delta),
        ("natural",): fall,
    }
    least = {
        ("logit",): 1 / _level - 1 / _start,
        ("euclidean",): Max(fall / chi, separated),
        ("natural",): fall,
    }
    most = {
        ("logit",): (1 / _level**2 - 1 / _start**2) / (8 * (_TV * (1 - _start)) ** 2),
        ("euclidean",): fall / (4 * _TV**2),
        ("natural",): fall,
    }
    return Spec(
        "time-to-forget",
        "Time for the old weight to fall under forward KL on new data",
        "Time of the gradient flow of KL(p_n|q_beta) from beta_0 down to beta_1, between its two bounds. In the "
        "natural geometry it is log(beta_0/beta_1) whatever the modes.",
        (
            Words("geometry", _GEOMETRIES, "metric of the gradient flow", "\\text{geometry}"),
            _delta("1,2,4"),
            _weight("start", _start, "1/2", "old weight at the start, beta_0", r"\beta_0"),
            _weight("level", _level, "1/10,1/100", "old weight at the end, beta_1", r"\beta_1"),
        ),
        (
            Column("lower", Kind.LOWER, least, r"t \ge", "lower bound of the time"),
            Column("time", Kind.VALUE, time, "t", "time from beta_0 to beta_1"),
            Column("upper", Kind.UPPER, most, r"t \le", "upper bound of the time"),
        ),
        {_TV: total_variation(delta)},
        (("level", "start"),),
    )


def _conditioning() -> Spec:
    values = [_quantity(f"e_{k}") for k in range(3)]
    k0, weight = alpha * (1 - alpha) * _HA, alpha * (1 - alpha)
    trace, root = 1 - 2 * k0, sqrt((1 - 2 * alpha) ** 2 + 4 * k0**2)
    low, high = 2 * weight**2 * _IA / (trace + root), (trace + root) / 2
    names = (("first", "smallest"), ("second", "middle"), ("third", "largest"))
    tau = (Rational(3, 2) + delta**2 / 4) * sqrt(weight) * exp(-(delta**2) / 8)
    closed = Max(weight - tau, 0)
    return Spec(
        "conditioning",
        "Fisher information at the target: eigenvalues and condition numbers",
        "Eigenvalues of the Hessian of reverse KL at the target in (phi, m_o, m_n), means whitened: three along "
        "mu_n - mu_o, and a pair, repeated d - 1 times, across it; the condition numbers for d = 1 and for d > 1; last "
        "the closed-form lower bound of the smallest eigenvalue, and how much of the truth it keeps (0: nothing).",
        (_delta("1:8:1"), _alpha("1/2,1/10")),
        (
            *(
                Column(name, Kind.VALUE, value, rf"\lambda_{k + 1}", f"{size} eigenvalue along mu_n - mu_o")
                for k, (value, (name, size)) in enumerate(zip(values, names, strict=True))
            ),
            Column("across_low", Kind.VALUE, low, r"\lambda_-", "smaller eigenvalue across"),
            Column("across_high", Kind.VALUE, high, r"\lambda_+", "larger eigenvalue across"),
            Column("condition", Kind.VALUE, values[2] / values[0], r"\kappa_{d=1}", "condition number, d = 1"),
            Column(
                "condition_d",
                Kind.VALUE,
                Max(values[2], high) / Min(values[0], low),
                r"\kappa_{d>1}",
                "condition number, d > 1",
            ),
            Column("closed_form", Kind.LOWER, closed, r"\lambda_1 \ge", "closed-form bound of the smallest, or 0"),
            Column("kept", Kind.VALUE, closed / values[0], r"\text{kept}", "closed-form bound over the smallest"),
        ),
        {
            _HA: gate(alpha, delta),
            _IA: information(alpha, delta),
            **{value: fisher_eigenvalue(k, alpha, delta) for k, value in enumerate(values)},
        },
    )


def _conditioning_ends() -> Spec:
    return Spec(
        "conditioning-ends",
        "Where well-conditioning ends",
        "The separation at which the condition number of the Fisher information along mu_n - mu_o passes a level, and "
        "the separation from which on the closed-form bound keeps it below that level.",
        (
            _alpha("1/2,1/4,1/10"),
            Axis("level", _kappa, POSITIVE, "100,10000,1000000", "condition number", r"\kappa"),
        ),
        (
            Column(
                "separation",
                Kind.VALUE,
                separation_at_condition(alpha, _kappa),
                r"\delta",
                "separation at which the condition number passes the level",
            ),
            Column(
                "sufficient",
                Kind.VALUE,
                sufficient_separation(alpha, _kappa),
                r"\delta_{\text{closed form}}",
                "separation from which on the closed form keeps it below",
            ),
        ),
        {},
    )


def _methods() -> Spec:
    weight = alpha * (1 - alpha)
    speed = weight**2 * _IA
    slow = 2 * speed * _kappa * lam / (speed + _kappa + sqrt((speed - _kappa) ** 2 + 4 * speed * _kappa * (1 - lam)))
    return Spec(
        "methods",
        "What TTT-Discover, SDFT and OAPL retain",
        "TTT-Discover with rewards A_n/A_o = exp(g) and anchor strength lambda to the policy of old weight alpha: the "
        "critical anchor below which the old mass is lost, and the odds retained at the optimum (0 below it). SDFT "
        "with demonstrations of old mass alpha, anchor lambda and averaging rate kappa: the slow rate and its bounds. "
        "OAPL from old weight alpha with osc(r)/tau = g: least odds after K synchronisations.",
        (
            _delta("1,2,4"),
            _alpha("1/2", "old weight of the initial, demonstrating or lagged policy"),
            Axis("gap", _gap, POSITIVE, "1", "reward gap in units of the temperature, g", "g"),
            _weight("lam", lam, "1/10,1/2", "anchor strength lambda", r"\lambda"),
            Axis("kappa", _kappa, POSITIVE, "1/50", "averaging rate of the SDFT teacher", r"\kappa"),
            Axis("syncs", _syncs, Interval(S.One, Rational(10**6)), "1", "synchronisations K of OAPL", "K", True),
        ),
        (
            Column(
                "ttt_critical",
                Kind.VALUE,
                (1 - exp(-_gap)) / kl_gap(alpha, delta),
                r"\lambda_c",
                "critical anchor of TTT-Discover",
            ),
            Column(
                "ttt_odds",
                Kind.VALUE,
                retained_odds(alpha, _gap, lam, delta),
                r"\beta^*/(1-\beta^*)",
                "odds of the old mode that TTT-Discover retains",
            ),
            Column(
                "sdft_lower",
                Kind.LOWER,
                speed * _kappa * lam / (speed + _kappa),
                r"s \ge",
                "lower bound of the slow rate of SDFT",
            ),
            Column("sdft_slow", Kind.VALUE, slow, "s", "slow rate of SDFT"),
            Column("sdft_upper", Kind.UPPER, Min(speed, _kappa), r"s \le", "upper bound of the slow rate of SDFT"),
            Column(
                "oapl_odds",
                Kind.LOWER,
                alpha / (1 - alpha) * exp(-_syncs * _gap),
                r"\text{odds}_K \ge",
                "least odds of the old mode after K synchronisations of OAPL",
            ),
        ),
        {_IA: information(alpha, delta)},
    )


def _starvation() -> Spec:
    def batch(miss: Expr) -> Expr:
        return log(eta) / log(miss)

    def exact(miss: Callable[[Rational, Rational], Rational]) -> Callable[[Point], Rational | None]:
        def at(point: Point) -> Rational | None:
            b, replayed, failure = (Rational(point[name]) for name in ("beta", "lam", "eta"))
            return exact_batch(miss(b, replayed), failure)

        return at

    return Spec(
        "starvation",
        "Batch needed to see the old mode, without and with replay",
        "Least N for which a batch of N draws holds no draw of the old component with probability at most eta: on "
        "policy, with a share lambda of replay, and the batch that suffices whatever beta is; then N times the "
        "relative variance of the estimated old mass on policy and its bound under importance-weighted replay.",
        (
            _beta("1/10,1/100,1/1000,1/1000000"),
            _weight("lam", lam, "1/10", "share of replay lambda", r"\lambda"),
            _weight("eta", eta, "1/1000", "probability of missing the old mode", r"\eta"),
        ),
        (
            Column("on_policy", Kind.INTEGER, batch(1 - beta), "N", "least batch on policy", exact(lambda b, _: 1 - b)),
            Column(
                "with_replay",
                Kind.INTEGER,
                batch((1 - lam) * (1 - beta)),
                r"N_\lambda",
                "least batch with replay",
                exact(lambda b, replayed: (1 - replayed) * (1 - b)),
            ),
            Column(
                "any_beta",
                Kind.INTEGER,
                batch(1 - lam),
                r"N_\lambda, \beta\to 0",
                "batch with replay that suffices for every beta",
                exact(lambda _, replayed: 1 - replayed),
            ),
            Column("variance", Kind.VALUE, (1 - beta) / beta, r"N v", "N times the relative variance on policy"),
            Column("variance_bound", Kind.UPPER, 1 / lam, r"N v_\lambda \le", "its bound with replay"),
        ),
        {},
    )


_SPECS = {
    "misassignment": _misassignment,
    "drift": _drift,
    "rates": _rates,
    "time-to-forget": _time_to_forget,
    "conditioning": _conditioning,
    "conditioning-ends": _conditioning_ends,
    "methods": _methods,
    "starvation": _starvation,
}
NAMES = tuple(_SPECS)


def spec(name: str) -> Spec:
    """The table of that name.

    Raises:
        InputError: there is none.
    """
    if name not in _SPECS:
        raise InputError(f'there is no table "{name[:40]}"; the tables are {", ".join(NAMES)}')
    return _SPECS[name]()
