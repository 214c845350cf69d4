"""A checked derivation as a person reads it in a terminal, pencil in hand."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from symforget.claims import DerivationResult, StepResult, Verdict
from symforget.reports.layout import formula, paragraph
from symforget.reports.summary import plural, point_in_words
from symforget.reports.text import STYLES

NUMBER_WIDTH = 4


def render(derivation: DerivationResult, heading: Iterable[str], width: int) -> Text:
    """Heading, numbered steps (relation, expression, then the reason with what checking found), and the verdict.

    A step without a relation starts a new chain, set off by an empty line.
    """
    lines = [Text(line) for line in heading]
    relation_width = max((len(step.relation) for step in derivation.steps), default=0)
    for number, step in enumerate(derivation.steps, 1):
        if not step.relation:
            lines.append(Text())
        lines += _step(number, step, relation_width, width)
    return Text("\n").join([*lines, Text(), _conclusion(derivation, width)])


def _step(number: int, step: StepResult, relation_width: int, width: int) -> list[Text]:
    first = f"{number:>{NUMBER_WIDTH - 1}} {step.relation:>{relation_width}} "
    indent = " " * len(first)
    expression = Text(formula(step.expression, width, indent, first), "bold")
    said = ": ".join(filter(None, (step.reason, "" if step.verdict is Verdict.PROVED else step.detail)))
    reason = paragraph(f"{step.verdict}: {said}" if said else str(step.verdict), width, indent + "    ")
    lines = [expression, _coloured(reason, step.verdict)]
    if step.witness is not None:
        fails = (
            f"fails at {point_in_words(step.witness.point)}: left side in {step.witness.left}, "
            f"right side in {step.witness.right}"
        )
        lines.append(_coloured(paragraph(fails, width, indent + "    "), step.verdict))
    return lines


def _coloured(text: str, verdict: Verdict) -> Text:
    return Text(text, "dim" if verdict is Verdict.PROVED else STYLES[verdict])


def _conclusion(derivation: DerivationResult, width: int) -> Text:
    """The derivation is as sure as its least sure step; which steps those are is named."""
    weak = [str(n) for n, step in enumerate(derivation.steps, 1) if step.verdict is not Verdict.PROVED]
    checked = f"{derivation.verdict}: {plural(len(derivation.steps), 'step')} checked"
    if weak:
        checked += f"; step{'s' if len(weak) > 1 else ''} {', '.join(weak)} did not close"
    if derivation.repair:
        checked += f". Repair: {derivation.repair}"
    return Text(paragraph(checked, width), STYLES[derivation.verdict])
