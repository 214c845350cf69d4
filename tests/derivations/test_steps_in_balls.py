"""If this fails, a rule accepted a step of a shipped derivation that ball arithmetic refutes."""

import pytest
from shipped import shipped

from symforget.claims import Verdict
from symforget.derivation import Context
from symforget.legs import points, symbolic

LIBRARY, IDS = shipped()


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", IDS)
def test_accepted_steps_hold_in_balls_with_ample_time(claim_id, monkeypatch):
    """A run of `verify` gives each comparison a tenth of a second; here none that can be made is left out for that."""
    monkeypatch.setattr(points, "SPOT_SECONDS", 5.0)
    claim = LIBRARY.claim(claim_id)
    for part in claim.parts:
        if part.symbolic is not None:
            evidence = symbolic.run(claim, part, Context.of(claim, LIBRARY.lemmas_for(claim, part)))
            assert evidence.verdict is Verdict.PROVED, evidence.detail
