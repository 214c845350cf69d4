"""If these fail, a claim whose symbols clash is accepted in silence."""

import pytest

from symforget.authoring import claim, eq
from symforget.calculus import p_n, p_o
from symforget.claims import Part
from symforget.errors import InputError
from symforget.model import beta


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
