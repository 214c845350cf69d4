"""The JSON document of a run; `schema.json` beside this file is its schema, named by the version below."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from symforget.claims import (
    ClaimResult,
    DerivationResult,
    Evidence,
    Report,
    StepResult,
    TwinResult,
    WitnessRecord,
)
from symforget.reports.summary import Summary, sentence_text, summarise

SCHEMA = "symforget-report/2"
# The number of processes changes nothing but the timings, so a document must not name it.
OPTIONS_WITHOUT_EFFECT = frozenset({"jobs"})


def render(report: Report) -> str:
    """The report as JSON text in a stable order; times stand in fields named ``seconds`` and nowhere else."""
    return json.dumps(document(report), indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that `document` satisfies."""
    return json.loads(files("symforget.reports").joinpath("schema.json").read_text(encoding="utf-8"))


def document(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema": SCHEMA,
        "claims": [_claim(claim) for claim in report.claims],
        "derivations": [_derivation(derivation) for derivation in report.derivations],
        "summary": _summary(report, summarise(report)),
        "environment": dict(sorted(report.environment.items())),
        "options": {
            name: _plain(report.options[name]) for name in sorted(set(report.options) - OPTIONS_WITHOUT_EFFECT)
        },
        "errors": list(report.errors),
        "seconds": _seconds(report.seconds),
    }


def _claim(claim: ClaimResult) -> dict[str, Any]:
    return {
        "id": claim.id,
        "title": claim.title,
        "statement": "; ".join(statement for _, statement in claim.statements),
        "parts": [{"name": name, "statement": statement} for name, statement in claim.statements],
        "domain": dict(claim.domain),
        "kind": claim.kind,
        "densities": claim.densities,
        "hypotheses": claim.hypotheses,
        "source": claim.source,
        "sentences": [sentence_text(key) for key in claim.sentences],
        "verdict": claim.verdict,
        "expected": claim.expect,
        "as_expected": claim.as_expected,
        "detail": claim.detail,
        "legs": [_leg(evidence) for evidence in claim.evidence],
        "witness": _witness(claim.witness),
        "twin": _twin(claim.twin),
        "depends_on": list(claim.depends_on),
        "seconds": _seconds(claim.seconds),
    }


def _leg(evidence: Evidence) -> dict[str, Any]:
    return {
        "leg": evidence.leg,
        "part": evidence.part,
        "verdict": evidence.verdict,
        "detail": evidence.detail,
        "digits": evidence.digits,
        "boxes": evidence.boxes,
        "interval": None if evidence.interval is None else list(evidence.interval),
        "witness": _witness(evidence.witness),
        "seconds": _seconds(evidence.seconds),
    }


def _witness(witness: WitnessRecord | None) -> dict[str, Any] | None:
    if witness is None:
        return None
    return {
        "where": witness.where,
        "relation": witness.relation,
        "point": dict(witness.point),
        "left": witness.left,
        "right": witness.right,
    }


def _twin(twin: TwinResult | None) -> dict[str, Any] | None:
    if twin is None:
        return None
    return {
        "constants": dict(twin.constants),
        "verdict": twin.verdict,
        "leg": twin.leg,
        "detail": twin.detail,
        "witness": _witness(twin.witness),
    }


def _derivation(derivation: DerivationResult) -> dict[str, Any]:
    return {
        "id": derivation.id,
        "verdict": derivation.verdict,
        "expected": derivation.expect,
        "as_expected": derivation.as_expected,
        "steps": [_step(step) for step in derivation.steps],
        "repair": derivation.repair,
    }


def _step(step: StepResult) -> dict[str, Any]:
    return {
        "relation": step.relation,
        "expression": step.expression,
        "latex": step.latex,
        "reason": step.reason,
        "verdict": step.verdict,
        "detail": step.detail,
        "witness": _witness(step.witness),
    }


def _summary(report: Report, summary: Summary) -> dict[str, Any]:
    return {
        "claims": summary.claims,
        "verdicts": {str(verdict): count for verdict, count in summary.verdicts.items()},
        "derivations": {str(verdict): count for verdict, count in summary.derivations.items()},
        "twins": {"stated": summary.twins, "refuted": summary.twins_refuted},
        "sentences": [
            {
                "sentence": sentence.text,
                "verdict": sentence.verdict,
                "claims": list(sentence.claims),
                "stated": sentence.stated,
            }
            for sentence in summary.sentences
        ],
        "interrupted": report.interrupted,
    }


def _plain(value: Any) -> Any:
    """An option as JSON has it; sets are sorted, since their order is no property of theirs."""
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _seconds(value: float) -> float:
    return round(value, 3)
