"""The JSON document and its schema."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from symforget.claims import Report
from symforget.reports.json import SCHEMA, document, render, schema


def without_seconds(value: Any) -> Any:
    """A document without its timings."""
    if isinstance(value, dict):
        return {key: without_seconds(item) for key, item in value.items() if key != "seconds"}
    return [without_seconds(item) for item in value] if isinstance(value, list) else value


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_document_satisfies_its_schema(mixed: Report, good: Report) -> None:
    """If it failed, a program written against the schema would stop at our output."""
    validator = jsonschema.Draft202012Validator(schema())
    for report in (mixed, good, Report((), (), {}, {})):
        assert list(validator.iter_errors(json.loads(render(report)))) == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("schema",), "symforget-report/0"),
        (("claims", 0, "verdict"), "true"),
        (("claims", 0, "legs", 0, "leg"), "oracle"),
        (("claims", 0, "seconds"), -1),
        (("claims", 1, "witness", "point"), []),
        (("summary", "verdicts", "proven"), 1),
    ],
)
def test_schema_refuses_what_is_wrong(mixed: Report, path: tuple[Any, ...], wrong: Any) -> None:
    """If it failed, validating against the schema would establish nothing."""
    found = json.loads(render(mixed))
    place = found
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(found))


def test_schema_refuses_numeric_evidence_that_claims_a_proof(good: Report) -> None:
    """If it failed, a leg could claim more than its engine can establish."""
    found = json.loads(render(good))
    next(leg for leg in found["claims"][0]["legs"] if leg["leg"] == "numeric")["verdict"] = "proved"
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(found))


def test_schema_names_the_version_that_is_written(good: Report) -> None:
    assert schema()["properties"]["schema"]["const"] == document(good)["schema"] == SCHEMA


def test_timings_and_processes_leave_no_other_trace(mixed: Report) -> None:
    """If it failed, two runs that found the same could not be compared."""
    slower = tuple(
        replace(c, seconds=9.0, evidence=tuple(replace(e, seconds=8.0) for e in c.evidence)) for c in mixed.claims
    )
    other = replace(mixed, claims=slower, seconds=99.0, options={**mixed.options, "jobs": 16})
    assert render(other) != render(mixed)
    assert json.dumps(without_seconds(document(other))) == json.dumps(without_seconds(document(mixed)))


def test_claim_carries_what_was_found(mixed: Report) -> None:
    claim = json.loads(render(mixed))["claims"][0]
    assert claim["statement"] == "H(beta) >= BC**2; H(beta) <= BC/(2*sqrt(beta)*sqrt(1 - beta))"
    assert [part["name"] for part in claim["parts"]] == ["lower", "upper"]
    assert [leg["boxes"] for leg in claim["legs"]] == [None, None, 1200, 40, None, None, None]
    assert claim["legs"][-1]["interval"] == ["0.1", "0.2"]
    assert claim["domain"] == {"beta": "(0, 1)"}
    assert claim["twin"]["verdict"] == "refuted"
    assert claim["sentences"][0].startswith("Reverse KL perturbs the old mean")


def test_options_that_are_sets_come_sorted(good: Report) -> None:
    """If it failed, the order of a set would differ from run to run."""
    report = replace(good, options={"legs": frozenset({"symbolic", "certified", "numeric"})})
    assert document(report)["options"] == {"legs": ["certified", "numeric", "symbolic"]}
