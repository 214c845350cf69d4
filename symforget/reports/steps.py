"""A checked derivation as a person reads it in a terminal, pencil in hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.text import Text

from symforget.claims import DerivationResult, StepResult, Verdict
from symforget.reports.colours import STYLES
from symforget.reports.layout import formula, paragraph
from symforget.reports.summary import plural, point_in_words

THEREFORE = "so"
LABEL_WIDTH = 4


@dataclass(frozen=True)
class Line:
    """A step in its role: ``label`` is its number, counted from 1 for the first start, or ``so`` for the conclusion."""

    label: str
    step: StepResult

    @property
    def starts(self) -> bool:
        return not self.step.relation and not self.concludes

    @property
    def concludes(self) -> bool:
        return self.label == THEREFORE


def labelled(derivation: DerivationResult) -> Iterator[Line]:
    """The steps in their roles: one without relation starts a chain or, coming last, is the conclusion."""
    last = len(derivation.steps) - 1
    for number, step in enumerate(derivation.steps):
        concludes = not step.relation and 0 < number == last
        yield Line(THEREFORE if concludes else str(number + 1), step)


def step_count(derivation: DerivationResult) -> str:
    """``3 steps``: starts and the conclusion are none."""
    return plural(sum(bool(step.relation) for step in derivation.steps), "step")


def render(derivation: DerivationResult, width: int) -> Text:
    """Numbered steps (relation, expression, then the reason with what checking found), and the verdict."""
    lines: list[Text] = []
    relation_width = max((len(step.relation) for step in derivation.steps), default=0)
    for line in labelled(derivation):
        if lines and (line.starts or line.concludes):
            lines.append(Text())
        lines += _line(line, relation_width, width)
    return Text("\n").join([*lines, Text(), _conclusion(derivation, width)])


def _line(line: Line, relation_width: int, width: int) -> list[Text]:
    step = line.step
    first = f"{line.label:>{LABEL_WIDTH}}  {step.relation:>{relation_width}} "
    indent = " " * len(first)
    lines = [Text(formula(step.expression, width, indent, first), "bold")]
    if not line.starts:
        lines.append(_coloured(paragraph(_reason(step), width, indent + "    "), step.verdict))
    if step.witness is not None:
        lines.append(_coloured(paragraph(_failure(step), width, indent + "    "), step.verdict))
    return lines


def _reason(step: StepResult) -> str:
    """What checking found, then why; a detail that only repeats the witness is left out."""
    detail = "" if step.witness is not None or step.verdict is Verdict.PROVED else step.detail
    said = "; ".join(filter(None, (step.reason, detail)))
    return f"{step.verdict}: {said}" if said else str(step.verdict)


def _failure(step: StepResult) -> str:
    assert step.witness is not None
    sides = f"left side in {step.witness.left}, right side in {step.witness.right}"
    return f"{step.witness.relation} fails at {point_in_words(step.witness.point)}: {sides}"


def _coloured(text: str, verdict: Verdict) -> Text:
    return Text(text, "dim" if verdict is Verdict.PROVED else STYLES[verdict])


def _conclusion(derivation: DerivationResult, width: int) -> Text:
    """The derivation is as sure as its least sure step; which steps those are is named."""
    lines = [line for line in labelled(derivation) if not line.starts]
    weak = [line.label for line in lines if not line.step.verdict.holds]
    checked = f"{derivation.verdict}: {step_count(derivation)} checked"
    if weak:
        named = ("the conclusion" if label == THEREFORE else f"step {label}" for label in weak)
        checked += f"; not closed: {', '.join(named)}"
    if derivation.repair:
        checked += f". Repair: {derivation.repair}"
    return Text(paragraph(checked, width), STYLES[derivation.verdict])
