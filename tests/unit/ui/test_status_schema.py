"""The schema of `devenv status --json`: current, and of one mind with what is printed."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from devenv.events import MASK
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.observe.cluster import NodeFact
from devenv.runtime.tasks.states import TaskState, TaskStatus
from devenv.ui.status_schema import meanings, status_schema, status_schema_text
from devenv.ui.status_view import status_as_json
from devenv.workflows.run.links import Link
from devenv.workflows.status import CredentialStatus, StackState, StackStatus, StatusReport

COMMITTED = Path(__file__).parents[3] / "docs" / "schema" / "status.schema.json"
SCHEMA = status_schema(StackState, TaskState)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def report(cluster: ClusterState = ClusterState.RUNNING, stack: StackState = StackState.READY) -> StatusReport:
    return StatusReport(
        project="shop",
        cluster="devenv-shop",
        state=cluster,
        reason="",
        nodes=(NodeFact("devenv-shop-control-plane", "control-plane", running=True, reason="starting"),),
        stacks=(StackStatus("web", "04-apps", "apps", "1.0.0", stack, "deployment web: 0 of 1 pods"),),
        endpoints=(Link("api", "web", "http://web.shop.localhost:8080/"),),
        credentials=(CredentialStatus("store", "store", (("username", MASK), ("password", MASK))),),
        tasks=(TaskStatus("site", TaskState.SERVING, "2026-01-01T12:00:00+00:00", "http://localhost:5173"),),
        notes=("names below localhost are not resolved",),
    )


def problems(document: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]


def undescribed(document: Any, schema: dict[str, Any]) -> list[str]:
    """Keys of a document that its schema does not know."""
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(document, list):
        return [key for item in document for key in undescribed(item, schema["items"])]
    if not isinstance(document, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    inside = [key for name in document.keys() & known.keys() for key in undescribed(document[name], known[name])]
    return [*(document.keys() - known.keys()), *inside]


def test_the_committed_schema_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == status_schema_text(StackState, TaskState), "run: devenv schema"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("cluster", ClusterState)
@pytest.mark.parametrize("stack", StackState)
def test_every_report_fits(cluster: ClusterState, stack: StackState) -> None:
    document = json.loads(status_as_json(report(cluster, stack)))

    assert problems(document) == []
    assert undescribed(document, SCHEMA) == []


def test_a_report_of_nothing_fits() -> None:
    nothing = StatusReport("shop", "devenv-shop", ClusterState.ABSENT, "no engine answers", (), (), (), ())

    assert problems(json.loads(status_as_json(nothing))) == []


def test_other_words_do_not_fit() -> None:
    document = json.loads(status_as_json(report()))
    document["cluster"]["state"] = "fine"
    document["stacks"][0]["state"] = "not ready"
    del document["endpoints"][0]["url"]

    assert len({error.json_path for error in VALIDATOR.iter_errors(document)}) == 3


@pytest.mark.parametrize("states", [ClusterState, StackState, TaskState])
def test_every_word_is_explained(states: type[StrEnum]) -> None:
    defined = SCHEMA["$defs"][states.__name__]

    assert defined["enum"] == [state.value for state in states]
    assert {word["const"]: word["description"] for word in defined["oneOf"]} == meanings(states)
    assert meanings(states).keys() == {state.value for state in states}
    assert all(meanings(states).values())


def test_words_are_explained_as_in_the_code() -> None:
    assert meanings(ClusterState)["absent"] == "There is none."
    assert meanings(StackState)["not-ready"] == "Installed, and something of it does not run."
