"""A Skaffold repository of eight layers, brought up as it is: by import, again unchanged, and with one value changed.

In the environment in which products of the tests take each other's place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.environment import Project, Result, copy_of_example, in_its_place

pytestmark = pytest.mark.e2e

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "skaffold-layers"
STACKS = {
    "foundation",
    "shared-config",
    "store",
    "queue",
    "backend",
    "auth",
    "gateway",
    "frontend",
    "processing",
    "reports",
}


@pytest.fixture(scope="module")
def layers(place: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with in_its_place(copy_of_example(EXAMPLE, place, tmp_path_factory)) as made:
        yield made


@pytest.fixture(scope="module")
def up(layers: Project) -> Result:
    return layers.devenv("up", "--adopt", "--yes", "--json")


def told(layers: Project, namespace: str, service: str) -> dict[str, Any]:
    """What a release of the example says of itself."""
    path = f"/api/v1/namespaces/{namespace}/services/{service}:http/proxy/"
    found: dict[str, Any] = json.loads(layers.kubectl("get", "--raw", path))
    return found


def started(result: Result) -> list[str]:
    return [event["key"] for event in result.of_type("step-started")]


def test_all_layers_come_up_as_skaffold_would_bring_them(layers: Project, up: Result) -> None:
    assert up.last("run-finished")["succeeded"]
    states = {stack["name"]: stack["state"] for stack in layers.status()["stacks"]}
    assert {name: states[name] for name in STACKS} == dict.fromkeys(STACKS, "ready")
    assert told(layers, "layers-data", "store") == {"TELL_LAYER": "infrastructure", "TELL_SIZE": "medium"}
    assert told(layers, "layers-data", "queue") == {"TELL_LAYER": "messaging", "TELL_RETENTION": "{days}"}
    backend = told(layers, "layers-apps", "backend")
    assert backend["TELL_LEVEL"] == "debug"
    assert backend["TELL_IMAGE"].startswith("localhost/devenv/platform-web:")
    assert "frontend" in told(layers, "layers-apps", "gateway")["TELL_ROUTES"]
    region = layers.kubectl("--namespace", "layers-apps", "get", "configmap", "shared-config", "--output", "json")
    assert json.loads(region)["data"] == {"region": "eu-north-1"}


def test_layers_come_one_after_the_other_and_their_hooks_run(up: Result) -> None:
    ended = [event["key"] for event in up.of_type("step-succeeded")]
    order = [ended.index(f"ready/{name}") for name in ("shared-config", "store", "queue", "backend", "auth", "reports")]
    assert order == sorted(order)
    assert any(key.startswith("hook/store/after/kubectl get pods") for key in ended)
    assert "hook/reports/after/helm command" in ended


def test_what_is_not_carried_over_is_told_once(up: Result) -> None:
    notes = [event["message"] for event in up.of_type("noted") if "skaffold.yaml:" in event["message"]]
    assert len(notes) == len(set(notes)) == 2
    assert any("devenv forward frontend 9000:80" in note for note in notes)


def test_a_second_time_there_is_nothing_to_do(layers: Project, up: Result) -> None:
    assert up.status == 0
    assert started(layers.devenv("up", "--json")) == []


def test_a_value_changed_in_one_layer_upgrades_one_release(layers: Project, up: Result) -> None:
    assert up.status == 0
    values = layers.root / "skaffold" / "02-infrastructure" / "values" / "store.yaml"
    values.write_text("tell:\n  size: large\n", encoding="utf-8")

    steps = started(layers.devenv("up", "--json"))

    assert [key for key in steps if key.startswith(("install/", "apply/"))] == ["install/store"]
    assert told(layers, "layers-data", "store")["TELL_SIZE"] == "large"
