"""Claims and what was found out about them: frozen data, the fixed vocabulary, and how verdicts combine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sympy import Rel, Symbol

    from symforget.domain import Interval


class Verdict(StrEnum):
    """How sure we are, strongest first among the positive ones."""

    PROVED = "proved"
    CERTIFIED = "certified"
    SUPPORTED = "supported"
    UNDECIDED = "undecided"
    REFUTED = "refuted"
    ERROR = "error"

    @property
    def holds(self) -> bool:
        return self in POSITIVE


POSITIVE = (Verdict.PROVED, Verdict.CERTIFIED, Verdict.SUPPORTED)
_STRENGTH = {
    Verdict.PROVED: 3,
    Verdict.CERTIFIED: 2,
    Verdict.SUPPORTED: 1,
    Verdict.UNDECIDED: 0,
    Verdict.REFUTED: -1,
    Verdict.ERROR: -2,
}


def weakest(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a conjunction; an empty one is undecided."""
    return min(verdicts, key=_STRENGTH.__getitem__, default=Verdict.UNDECIDED)


def strongest(verdicts: Iterable[Verdict]) -> Verdict:
    """The strongest of several verdicts on the same statement, none of them negative."""
    return max(verdicts, key=_STRENGTH.__getitem__, default=Verdict.UNDECIDED)


class Leg(StrEnum):
    """An independent way of finding out; the value is the name on the command line and in JSON."""

    SYMBOLIC = "symbolic"
    CERTIFIED = "certified"
    NUMERIC = "numeric"
    SIMULATION = "simulation"


class Kind(StrEnum):
    """What sort of statement a claim is; bounds say whether they are attained."""

    IDENTITY = "identity"
    TIGHT_BOUND = "tight bound"
    UPPER_BOUND = "upper bound"
    LOWER_BOUND = "lower bound"
    LIMIT = "limit"
    RATE = "rate"
    FIXED_POINT = "fixed point"
    CONVERGENCE = "convergence"


class Densities(StrEnum):
    """For which pairs (p_o, p_n) a claim is stated; "none" if it does not speak of a pair."""

    ANY = "any"
    GAUSSIAN = "Gaussian"
    NONE = "none"


@dataclass(frozen=True)
class WitnessRecord:
    """A point at which a relation fails: exact rationals, and the two sides as disjoint enclosures.

    ``where`` says what fails there: the statement, or a step of the derivation.
    """

    where: str
    relation: str
    point: Mapping[str, str]
    left: str
    right: str

    def __str__(self) -> str:
        at = ", ".join(f"{name} = {value}" for name, value in self.point.items()) or "no parameters"
        return f"{self.where} fails at {at}: left side in {self.left}, right side in {self.right}"


@dataclass(frozen=True)
class Evidence:
    """What one leg found about one part of a claim.

    ``digits``: decimal digits to which two routes agree; ``boxes``: boxes examined by branch and bound;
    ``interval``: a confidence interval or an extrapolated value with its error; each None where it has no meaning.
    """

    leg: Leg
    verdict: Verdict
    detail: str
    part: str = ""
    digits: int | None = None
    boxes: int | None = None
    interval: tuple[str, str] | None = None
    witness: WitnessRecord | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Part:
    """One relation of a claim, with what each leg needs to examine it.

    ``symbolic`` is a `symforget.derivation.Derivation` (or None); the other legs take checks of `symforget.legs`.
    An empty leg is not run; a part without any leg cannot get a positive verdict.
    """

    statement: Rel
    name: str = ""
    symbolic: Any = None
    certified: tuple[Any, ...] = ()
    numeric: tuple[Any, ...] = ()
    simulation: tuple[Any, ...] = ()

    def checks(self, leg: Leg) -> tuple[Any, ...]:
        """The checks of one leg, as a tuple whatever the leg."""
        if leg is Leg.SYMBOLIC:
            return () if self.symbolic is None else (self.symbolic,)
        return getattr(self, leg.value)


@dataclass(frozen=True)
class Claim:
    """A statement with everything needed to check and to report it.

    ``source`` is what the literature says; the parts are what we state. ``depends_on`` names the claims whose
    truth the derivation uses: a claim is never surer than they are.
    """

    id: str
    title: str
    parts: tuple[Part, ...]
    domain: Mapping[Symbol, Interval]
    kind: Kind
    densities: Densities
    hypotheses: str
    source: str
    text: str
    depends_on: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        return self.id.split("/")[0]


@dataclass(frozen=True)
class TwinResult:
    """What became of the false twin: the same claim with a constant made false, which must be refuted."""

    constants: Mapping[str, str]
    verdict: Verdict
    leg: Leg | None
    witness: WitnessRecord | None
    detail: str = ""


@dataclass(frozen=True)
class ClaimResult:
    """A claim's verdict, computed from its evidence and from the verdicts of the claims it depends on.

    ``attempts``: the legs are symforget's own attempts, any of which may fail, and not what the claim's author wrote.
    """

    id: str
    title: str
    statements: tuple[tuple[str, str], ...]
    domain: Mapping[str, str]
    kind: str
    densities: str
    hypotheses: str
    source: str
    sentences: tuple[str, ...]
    verdict: Verdict
    detail: str
    evidence: tuple[Evidence, ...]
    depends_on: tuple[str, ...] = ()
    twin: TwinResult | None = None
    expect: Verdict | None = None
    seconds: float = 0.0
    attempts: bool = False

    @property
    def open_legs(self) -> tuple[Evidence, ...]:
        """Legs that its author wrote for a claim that holds, and that showed nothing."""
        if self.attempts or not self.verdict.holds:
            return ()
        return tuple(e for e in self.evidence if e.verdict is Verdict.UNDECIDED)

    @property
    def witness(self) -> WitnessRecord | None:
        """A witness against the statement if there is one, else against a step, if any."""
        found = [e.witness for e in self.evidence if e.witness is not None]
        return min(found, key=lambda w: w.where != "statement", default=None)

    @property
    def only_a_step_fails(self) -> bool:
        """Whether what was refuted is a step of the derivation, and not the statement."""
        return self.verdict is Verdict.REFUTED and self.witness is not None and self.witness.where != "statement"

    @property
    def as_expected(self) -> bool:
        """Whether this result lets a run succeed: it holds, or was expected to be refuted and is."""
        return _as_expected(self.verdict, self.expect)


def _as_expected(verdict: Verdict, expect: Verdict | None) -> bool:
    if expect is not None:
        return verdict is expect
    return verdict.holds or verdict is Verdict.UNDECIDED


@dataclass(frozen=True)
class StepResult:
    """One step of a derivation: the expression reached, the reason given, and what checking it found."""

    relation: str
    expression: str
    latex: str
    reason: str
    verdict: Verdict
    detail: str = ""
    witness: WitnessRecord | None = None


@dataclass(frozen=True)
class DerivationResult:
    """A checked derivation: its verdict is the weakest of its steps."""

    id: str
    verdict: Verdict
    steps: tuple[StepResult, ...]
    repair: str = ""
    expect: Verdict | None = None

    @property
    def as_expected(self) -> bool:
        """Whether this result lets a run succeed, as for a claim."""
        return _as_expected(self.verdict, self.expect)


@dataclass(frozen=True)
class Report:
    """The result of a run: what `--json` writes, and what every other report is made of.

    ``answers``: a sentence's key -> all claims that answer it, whether the run got to them or not.
    """

    claims: tuple[ClaimResult, ...]
    derivations: tuple[DerivationResult, ...]
    environment: Mapping[str, str]
    options: Mapping[str, Any]
    interrupted: bool = False
    seconds: float = 0.0
    errors: tuple[str, ...] = field(default=())
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def combine_part(evidence: Iterable[Evidence], dependencies: Verdict) -> tuple[Verdict, str]:
    """The verdict on one part from its legs' evidence.

    A refutation is certified, so it decides, unless another leg proved or certified the same statement: two such
    legs contradict each other and the tool is wrong. A symbolic proof is capped by the claims it depends on.
    A leg that met an error is an error; one that is undecided does not weaken another leg's positive verdict,
    except that a disagreement it saw (``undecided`` numeric or simulation evidence) keeps the part undecided.
    """
    found = tuple(evidence)
    if any(e.verdict is Verdict.ERROR for e in found):
        return Verdict.ERROR, next(e.detail for e in found if e.verdict is Verdict.ERROR)
    refuting = [e for e in found if e.verdict is Verdict.REFUTED]
    refuting.sort(key=lambda e: e.witness is None or e.witness.where != "statement")
    sure = [e for e in found if e.verdict in (Verdict.PROVED, Verdict.CERTIFIED)]
    if refuting and any(e.witness is None or e.witness.where == "statement" for e in refuting) and sure:
        return Verdict.ERROR, f"legs contradict each other: {sure[0].leg} {sure[0].verdict}, {refuting[0].leg} refuted"
    if refuting:
        spared = "a step of the derivation is false; nothing was found against the statement itself: "
        only_a_step = refuting[0].witness is not None and refuting[0].witness.where != "statement"
        return Verdict.REFUTED, f"{spared if only_a_step else ''}{refuting[0].detail}"
    disagreeing = [e for e in found if e.verdict is Verdict.UNDECIDED and e.leg in (Leg.NUMERIC, Leg.SIMULATION)]
    if disagreeing:
        return Verdict.UNDECIDED, disagreeing[0].detail
    capped = [weakest((e.verdict, dependencies)) if e.leg is Leg.SYMBOLIC else e.verdict for e in found]
    positive = [v for v in capped if v.holds]
    if not positive:
        return Verdict.UNDECIDED, "; ".join(e.detail for e in found) or "no leg was run"
    return strongest(positive), ""
