"""If this fails, an inequality of the two directions of KL stands on its derivation alone."""

import pytest
from sympy import Eq

from symforget.collect import collect
from symforget.legs.certified import Boxes

LIBRARY, ALL = collect(("forward_kl", "reverse_kl"))


@pytest.mark.parametrize("claim_id", ALL)
def test_every_inequality_is_certified_over_a_box(claim_id):
    inequalities = [p for p in LIBRARY.claim(claim_id).parts if not isinstance(p.statement, Eq)]
    assert [p.name for p in inequalities if not any(isinstance(c, Boxes) for c in p.certified)] == []
