"""If these fail, a claim whose symbols clash is accepted in silence."""

import pytest
from sympy import Derivative, Float, Function, Integral, Rational, Subs, Symbol

from symforget.authoring import claim, eq, ge, le
from symforget.calculus import p_n, p_o
from symforget.claims import Part
from symforget.collect import load
from symforget.derivation import Derivation
from symforget.errors import InputError
from symforget.model import beta
from symforget.rules import Algebra, Evaluate, SignOf


@pytest.mark.parametrize("density", [p_o, p_n])
def test_a_density_is_no_parameter_of_a_claim(density):
    """As a parameter it would be differentiated, and integrated over, like the density of the same name."""

    @claim(domain={beta: "(0, 1)", density: "(0, 1)"}, kind="identity", false_twin={"constant": 2})
    def clash(constant=1):
        """A clash of names.

        Guarantee: **tight**.
        Hypotheses: none.
        Source: none.
        """
        return Part(eq(beta, constant * beta))

    with pytest.raises(InputError, match=rf"test/clash: {density} stands for a density under an integral"):
        clash.build("test")


def test_two_variables_at_one_point_are_refused_where_their_derivatives_meet():
    """SymPy takes d/dx and d/dy at one point for equal: a Hessian with a wrong entry was once accepted by it."""
    x, y, m, f = Symbol("x"), Symbol("y"), Symbol("m"), Function("f")
    one, other = (Subs(Derivative(f(x, y), v), (x, y), (m, m)) for v in (x, y))
    assert one == other, "if SymPy has learnt to tell them apart the refusal can go"
    curvature = Derivative(f(x, y), x) + 2 * Derivative(f(x, y), y)

    @claim(domain={beta: "(0, 1)"}, kind="identity", false_twin={"constant": 2})
    def merged(constant=1):
        """Merged variables.

        Guarantee: **tight**.
        Hypotheses: none.
        Source: none.
        """
        return Part(eq(Subs(curvature, (x, y), (m, m)), constant * beta))

    with pytest.raises(InputError, match="test/merged: statement: a substitution puts two variables at one point"):
        merged.build("test")


def test_derivatives_in_two_variables_at_one_point_are_refused_side_by_side():
    """As two substitutions they are equal to SymPy, so that a derivation of one would close on the other."""
    x, y, m, f = Symbol("x"), Symbol("y"), Symbol("m"), Function("f")
    one, other = (Subs(Derivative(f(x, y), v), (x, y), (m, m)) for v in (x, y))

    @claim(domain={beta: "(0, 1)"}, kind="identity", false_twin={"constant": 2})
    def sides(constant=1):
        """Two sides.

        Guarantee: **tight**.
        Hypotheses: none.
        Source: none.
        """
        return Part(eq(one, constant * other))

    with pytest.raises(InputError, match="test/sides: statement: a substitution puts two variables at one point"):
        sides.build("test")


@pytest.mark.parametrize("domain", [{"t": "(0, 1)"}, {"x": "(0, 1)"}])
def test_a_variable_of_integration_stands_for_nothing_else(domain):
    """int x t dt at x = t is t/2; SymPy puts t under the integral sign, where it is bound, and makes 1/3 of it."""
    x, t = Symbol("x", real=True), Symbol("t", real=True)
    integral = Subs(Integral(x * t, (t, 0, 1)), x, t)
    captured = Integral(t**2, (t, 0, 1))
    assert integral.doit(integrals=False) == captured, "if SymPy has learnt to tell them apart the refusal can go"

    @claim(domain={{"x": x, "t": t}[k]: i for k, i in domain.items()}, kind="identity", false_twin={"value": 2})
    def shadow(value=Rational(1, 3)):
        """A shadowed name.

        Guarantee: **tight**.
        Hypotheses: none.
        Source: none.
        """
        return Part(eq(integral, value), symbolic=Derivation(integral).equals(value, by=Evaluate()))

    with pytest.raises(InputError, match="test/shadow: statement: t is a variable of integration"):
        shadow.build("test")


def test_a_statement_divided_by_0_at_an_end_of_its_domain_is_refused():
    """A bound that is 0/0 there could be accepted as proved on the whole domain, though it says nothing at the end."""
    share = Symbol("share")

    def bound(domain):
        @claim(domain={share: domain}, kind="upper bound", false_twin={"constant": 2})
        def ends(constant=1):
            """An end without a value.

            Guarantee: **upper bound**.
            Hypotheses: none.
            Source: none.
            """
            return Part(le(share**2 / share, constant / (share * (1 - share))), name="bound")

        return ends.build("test")

    for domain, end in (("[0, 1)", "share = 0"), ("(0, 1]", "share = 1")):
        with pytest.raises(InputError, match=f"test/ends: bound: divides by 0 at {end}, which its domain"):
            bound(domain)
    assert bound("(0, 1)").parts


@pytest.mark.parametrize(
    ("assumed", "domain", "said"),
    [
        ({"positive": True}, "[0, 1)", "declared positive, but its domain is"),
        ({"nonnegative": True}, "(-1, 1)", "declared nonnegative"),
        ({"negative": True}, "(-1, 0]", "declared negative"),
        ({"nonpositive": True}, "(-1, 1)", "declared nonpositive"),
        ({"integer": True}, "[1, oo)", "declared an integer"),
    ],
)
def test_a_symbol_is_no_less_than_its_domain(assumed, domain, said):
    """Rules use both: with lambda positive, what holds for it could be proved for lambda = 0 too."""
    share = Symbol("share", **assumed)

    @claim(domain={share: domain}, kind="identity", false_twin={"constant": 2})
    def narrow(constant=1):
        """A symbol that is narrower than its domain.

        Guarantee: **tight**.
        Hypotheses: none.
        Source: none.
        """
        return Part(eq(share, constant * share))

    with pytest.raises(InputError, match=rf"test/narrow: share is {said}"):
        narrow.build("test")


TWO_CLAIMS = '''
from symforget.authoring import claim, eq
from symforget.calculus import H
from symforget.claims import Part
from symforget.derivation import Derivation
from symforget.model import beta
from symforget.rules import Algebra, Evaluate, SignOf
from symforget.rules import Lemma


def stated(constant, **how):
    return Part(eq(H(beta), constant * H(1 - beta)), name="mirror", **how)


@claim(domain={beta: "(0, 1)"}, kind="identity", densities="Gaussian", false_twin={"constant": 2})
def narrow(constant=1):
    """For Gaussian densities.

    Guarantee: **tight**.
    Hypotheses: Gaussian modes.
    Source: none.
    """
    return stated(constant)


@claim(
    domain={beta: "(0, 1)"}, kind="identity", densities="any", depends_on=("two/narrow",), false_twin={"constant": 2}
)
def wide(constant=1):
    """For any densities, which is false.

    Guarantee: **tight**.
    Hypotheses: none.
    Source: none.
    """
    derived = Derivation(H(beta)).equals(constant * H(1 - beta), by=Lemma("two/narrow", "mirror"))
    return stated(constant, symbolic=derived)
'''


def test_what_holds_for_gaussian_densities_is_no_lemma_for_all(tmp_path):
    (tmp_path / "two.py").write_text(TWO_CLAIMS)
    library = load([tmp_path / "two.py"])
    user = library.claim("two/wide")
    with pytest.raises(InputError, match="two/wide is for more densities than two/narrow"):
        library.lemmas_for(user, user.parts[0])("two/narrow", "mirror")


@pytest.mark.parametrize("place", ["statement", "step", "rule", "nowhere"])
def test_floating_point_numbers_are_refused(place):
    """x^2 + y^2 >= 2 (1 + 10^-30) x y is false at x = y; rounded, the difference is the square of x - 1.0 y."""
    x, y = Symbol("x", real=True), Symbol("y", real=True)
    one, slack = Float(1) if place == "rule" else 1, Rational(1, 10**30) if place == "rule" else 0
    left, right = x**2 + y**2, 2 * (1 + slack) * x * y
    if place == "statement":
        right = right + Float("0.1")
    steps = Derivation(left).at_least(right, by=SignOf((x - one * y) ** 2))
    if place == "step":
        steps = Derivation(left).equals(left * Float(1), by=Algebra()).at_least(right, by=SignOf((x - y) ** 2))

    @claim(domain={x: "(-oo, oo)", y: "(-oo, oo)"}, kind="lower bound", false_twin={"twice": 2})
    def rounded(twice=1):
        """A rounded number.

        Guarantee: **lower bound**.
        Hypotheses: none.
        Source: none.
        """
        return Part(ge(left, right * twice), symbolic=steps)

    if place == "nowhere":
        assert rounded.build("test").parts
        return
    with pytest.raises(InputError, match="test/rounded: statement: a number is written as a floating-point one"):
        rounded.build("test")
