"""If this fails, the symbol `cosine` would be set like the product c o s i n e."""

from sympy import Symbol

from symforget.legs.symbolic import words_upright


def test_words_are_upright_and_letters_are_not():
    cosine, letter, greek = Symbol("cosine"), Symbol("d_q"), Symbol("beta")
    assert words_upright(cosine * letter * greek) == {cosine: r"\mathrm{cosine}"}
