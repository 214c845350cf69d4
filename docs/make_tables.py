"""Writes docs/tables.md: the text below, and every table once, computed anew. Run: python docs/make_tables.py"""

from __future__ import annotations

from pathlib import Path

from symforget.tables import NAMES, table
from symforget.tables.axes import Words
from symforget.tables.catalogue import spec

PAGE = Path(__file__).with_name("tables.md")
DIGITS = 6

INTRODUCTION = """\
# Tables

    symforget table                      the tables, their axes and the values these take by default
    symforget table NAME [axes]          one table
    symforget compare FILE --to "table NAME [axes]"

From Python: `from symforget.tables import table; table("misassignment", delta="1:12:1", digits=50).render("latex")`.

## Axes

| written | means |
|---|---|
| `--delta 1:12:1` | from 1 to 12 in steps of 1; the stop is included where a step meets it |
| `--delta 1,2,5/2` | these values; ranges may stand among them: `1:3:1/2,10` |
| `--beta 0.1` | exactly 1/10: decimals are never rounded to binary |
| `--dq delta` | follows another axis, value by value |

Every combination of values is a row; the first axis varies slowest.

## Digits

`--digits N` (1 to 1000) asks for N significant digits. **Every digit printed is right.**

- *Values* are the multiples of the last place nearest to the exact number; ties go to the even digit.
- *Upper bounds* are rounded up, *lower bounds* down, so that a printed bound is a bound, and the closest one with
  that many digits.
- *Whole numbers* (batch sizes) are exact: the least N is certified, also where N satisfies its condition with
  equality.

A number is printed once an enclosure by ball arithmetic rounds to it as a whole. Where it does not, the precision is
raised, at first by 64 bits and then doubled, up to 40 bits a digit and 4000 more. A number on the very boundary of
two roundings, such as an exact tie, is never decided in this way: if the enclosure is narrow but undecided, the
formula is evaluated exactly at the row's rational parameters, and where it turns out to be a rational number this is
rounded exactly. A number that neither settles is printed as `?`, with a note, and the exit code is 1.

## Formats

`--format text` (default), `latex`, `csv`, `markdown`, `json`. LaTeX needs booktabs, siunitx, graphicx (tables wider
than the line are shrunk), longtable (more than 40 rows) and amsmath; `--standalone` makes a whole document,
`--caption` and `--label` replace the ones provided. JSON (schema `symforget-table/1`) holds every number as a string
and beside it `lower` and `upper`, decimals to be taken as exact, between which the quantity lies. The printed number
of a bound lies outside that interval by its rounding.

`--columns a,b` chooses columns. `--jobs N` uses N processes, which are started only if the first second does not
suffice; the table is the same. Progress goes to standard error.

## Interruption

With `--output FILE` every finished row is kept at once in `FILE.partial`. After an interrupt FILE holds the finished
rows in its format, and `--resume` with the same command continues. A `FILE.partial` of another table, other axes,
columns or digits is refused.

## compare

Reads a printed table, CSV or the first pipe table of a Markdown file, whose header has the names of axes and columns.
Each decimal is taken as exact and judged at its own last place, so that a table may have fewer digits than
`--digits`; rows are found by their axes.

| judgement | meaning |
|---|---|
| certified | the number is the right one, rounded as its column is |
| wrong in the last place | one unit off: a value not rounded to nearest, a bound inwards, or looser than need be |
| wrong | anything else, also what is no decimal number |
| undecided | the precision within reach does not tell |

Every cell that is not certified is listed with the right number and how many of its digits are certified. Exit code 0
if all are certified, else 1. Rows of the table that are not printed are counted, and are no error; printed rows that
the table does not have are.
"""

FORMULAS = {
    "misassignment": """\
E_o[r_n] = (1-beta) H and E_n[r_o] = beta H with the overlap gate H. Cauchy-Schwarz gives H <= BC/(2
sqrt(beta(1-beta))), and S = 2 sqrt(beta(1-beta)) H/BC <= min(1, sqrt(2 pi)/delta) makes that sharp for separated
modes.""",
    "drift": """\
With e_p = (1-alpha) H(alpha, delta) and e_q = (1-beta) H(beta, d_q) the force law at m_o = mu_o reads beta (delta e_p
- d_q e_q), along mu_n - mu_o, for a new mean on that line. The bound holds wherever the new mean is. From dS/d(delta)
= delta S_ll the slope d log(e_p)/d(delta^2) is -1/8 + S_ll/(2S). The drift bound is for the whitened gradient flow
of weight and means from that start, at all times: with f = min(d_q, delta - 1/delta) and o = min(beta/(1-beta),
alpha/2) it is the least r = sqrt(pi/2) [exp(-(f-r)^2/8)/sqrt(o) + sqrt((1-alpha)/alpha) exp(delta r/2 - delta^2/8)],
provided that |m_o - mu_o| <= r, m_n at least f along, and odds of at least o form a region the flow cannot leave
(`reverse_kl/drift-region`); `inf` where the conditions for that fail, as they do for modes that overlap much.""",
    "rates": """\
Forward KL: dL/dbeta = beta I(beta), so the relative rate is I in the Euclidean flow of beta, (beta(1-beta))^2 I in
the logit flow and 1 in the natural flow, whose metric is I. Reverse KL: dL/dbeta = (beta - alpha) A with A the mean
of I between alpha and beta; the rates of beta - alpha are A, (beta(1-beta))^2 A and A/I(beta), and A = I(alpha) at
the optimum. At beta -> 0, I tends to chi^2 = exp(delta^2) - 1. `inf`: under forward KL the logit flow has no
half-life, since beta(t) sqrt(2 chi^2 t) -> 1.""",
    "time-to-forget": """\
The time is the integral of db/(b^3 (1-b)^2 I(b)) in the logit flow and of db/(b I(b)) in the Euclidean one. Logit
bounds: from 1-H <= 1, t >= 1/beta_1 - 1/beta_0; from I >= 4 TV^2, t <= (1/beta_1^2 - 1/beta_0^2)/(8 TV^2
(1-beta_0)^2). Euclidean bounds: I >= 4 TV^2 from above; from below the larger of log(beta_0/beta_1)/chi^2 (I <=
chi^2) and the integral of 1-b (b I <= 1/(1-b)).

The integrals are certified quadrature in the logit of b. On complex b, with theta = |arg((1-b)/b)| and c =
cos(theta/2), |q_b| >= c (|b| p_o + |1-b| p_n), hence |I'(b)| <= I(a)/(c^2 min(|b|,|1-b|) (|b|+|1-b|)) at a =
|b|/(|b|+|1-b|), which bounds I over a disc by its value at the centre.""",
    "conditioning": """\
The Hessian of reverse KL at the target is the Fisher information of (phi, m_o, m_n), that is the covariance of r_o -
alpha, r_o (x-mu_o) and r_n (x-mu_n). Along mu_n - mu_o it is a 3x3 matrix of K_k = sqrt(alpha(1-alpha)) BC/2 E[u^k
sech((delta u + l)/2)], where E[u g] = delta S_l and E[u^2 g] = S + delta^2 S_ll; across, [[alpha - K_0, K_0], [K_0,
1-alpha-K_0]]. An eigenvalue is certified by counting the sign changes among the leading minors of the matrix less t on
either side of it. The closed form is alpha(1-alpha) - (3/2 + delta^2/4) sqrt(alpha(1-alpha)) exp(-delta^2/8)
(geometry/conditioning).""",
    "conditioning-ends": """\
The condition number is that of the 3x3 matrix of the table before. The separation is found by bisection and secants
from large separations downwards, and certified by the condition number being above the level on one side of the
printed number and below on the other; that it passes the level only once is not shown. The closed form keeps the
condition number below 1/(alpha(1-alpha) - (3/2 + delta^2/4) sqrt(alpha(1-alpha)) exp(-delta^2/8)).""",
    "methods": """\
TTT-Discover: dJ/dbeta = -(1-rho)/(beta rho + 1-beta) - lambda G(beta) with rho = A_o/A_n = exp(-g) and G' = I. It
decreases, so beta* > 0 if and only if it is positive at 0: lambda > lambda_c = (1-rho)/(KL(p_o|p_n) - KL(p_o|q_0) +
KL(p_n|q_0)), q_0 = p_alpha. The retained odds are those of the certified root, and exactly 0 below lambda_c. SDFT:
the slow rate s of [[-k, k(1-lambda)], [kappa, -kappa]], k = (alpha(1-alpha))^2 I(alpha), has s (k + kappa - s) = k
kappa lambda, hence k kappa lambda/(k+kappa) <= s <= min(k, kappa). OAPL: each synchronisation multiplies the odds by
E_o[exp(r/tau)]/E_n[exp(r/tau)] >= exp(-osc(r)/tau), attained by rewards that are constant on each mode.""",
    "starvation": """\
A batch of N draws holds none of the old component with probability (1-beta)^N on policy and ((1-lambda)(1-beta))^N
with a share lambda of replay. N times the relative variance of the estimated old mass is (1-beta)/beta on policy
(counting draws), and at most 1/lambda with replay weighted by q/b, whatever beta is.""",
}


def section(name: str) -> str:
    """A table: how it is asked for, what its numbers are, and the table itself."""
    made = spec(name)
    axes = "\n".join(
        f"- `--{axis.name}`: {axis.meaning}; {'any of' if isinstance(axis, Words) else 'default'} `{axis.default}`"
        for axis in made.axes
    )
    printed = table(name, digits=DIGITS).render("markdown")
    command = f"    symforget table {name} --digits {DIGITS} --format markdown"
    return f"## {name}\n\n{made.caption}\n\n{FORMULAS[name]}\n\n{axes}\n\n{command}\n\n{printed}"


def page() -> str:
    """The whole of docs/tables.md."""
    return "\n".join([INTRODUCTION, *map(section, NAMES)])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
