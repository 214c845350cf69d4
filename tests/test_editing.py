"""If these fail, a constant of a derivation file could be changed without anybody noticing."""

import re

import pytest

from symforget.claims import Leg, Verdict
from symforget.collect import load, shipped_directory, shipped_files
from symforget.verify import Options, run_claim

LEGS = frozenset({Leg.SYMBOLIC, Leg.CERTIFIED})

# (claim, text in its file, what it is changed to)
EDITS = [
    ("overlap/misassignment", "old_factor=1 - beta", "old_factor=2 - beta"),
    ("overlap/gate-bounds", "half=Rational(1, 2)", "half=Rational(1, 3)"),
    ("overlap/information-bound", "def information_bound(factor=4)", "def information_bound(factor=5)"),
    ("forward_kl/gradient", "def gradient(constant=1, floor=4)", "def gradient(constant=2, floor=4)"),
    ("forward_kl/gradient", "def gradient(constant=1, floor=4)", "def gradient(constant=1, floor=5)"),
    ("forward_kl/natural-flow", "def natural_flow(rate=1)", "def natural_flow(rate=2)"),
    ("forward_kl/em", "def em(rate=chi2, power=1)", "def em(rate=chi2, power=2)"),
    (
        "forward_kl/unique-optimum",
        "def unique_optimum(quadratic=2, power=2)",
        "def unique_optimum(quadratic=3, power=2)",
    ),
    ("reverse_kl/gradient", "def gradient(constant=1)", "def gradient(constant=2)"),
    ("reverse_kl/unique-optimum", "def unique_optimum(constant=4)", "def unique_optimum(constant=5)"),
    ("reverse_kl/force-law", "restoring=1, model_gate=1", "restoring=2, model_gate=1"),
    ("reverse_kl/local-rate", "half=Rational(1, 2), natural=-1", "half=Rational(1, 4), natural=-1"),
    ("reverse_kl/old-mean-gate", "half=Rational(1, 2), width", "half=Rational(1, 9), width"),
]


# Each stands for a way of stating constants; of the other claims' constants the tests of their groups have some each.
QUICK = ("overlap/misassignment", "overlap/information-bound", "forward_kl/natural-flow", "reverse_kl/old-mean-gate")


@pytest.mark.parametrize(
    ("claim_id", "text", "edited"),
    [edit if edit[0] in QUICK else pytest.param(*edit, marks=pytest.mark.slow) for edit in EDITS],
)
def test_an_edited_constant_is_refuted_with_leg_and_witness(claim_id, text, edited, tmp_path):
    group = claim_id.split("/")[0]
    source = (shipped_directory() / f"{group}.py").read_text()
    assert text in source, "the edit must apply"
    copy = tmp_path / f"{group}.py"
    copy.write_text(source.replace(text, edited, 1))
    library = load([*(p for p in shipped_files() if p.stem != group), copy])
    result = run_claim(library, claim_id, Options(legs=LEGS))
    assert result.verdict is Verdict.REFUTED
    refuting = next(e for e in result.evidence if e.verdict is Verdict.REFUTED)
    assert refuting.leg in LEGS
    witness = result.witness
    assert all(re.fullmatch(r"-?\d+(/\d+)?|\(.*\)", value) for value in witness.point.values())
    assert witness.left != witness.right
