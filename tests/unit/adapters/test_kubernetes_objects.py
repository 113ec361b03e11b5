from __future__ import annotations

from typing import Any

import pytest
from support.cluster_objects import Json, metadata

from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.conditions import condition_problem
from devenv.adapters.kubernetes.objects import releases, rollout_problem
from devenv.errors import SpecError


def workload(kind: str, spec: Json, status: Json, generation: int = 2) -> tuple[str, Json]:
    return kind, {"metadata": metadata("app", generation=generation), "spec": spec, "status": status}


DEPLOYED = {"observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 2, "replicas": 2}
SET = {
    "observedGeneration": 2,
    "readyReplicas": 2,
    "replicas": 2,
    "updateRevision": "a",
    "currentRevision": "a",
}
DAEMON = {
    "observedGeneration": 2,
    "desiredNumberScheduled": 2,
    "updatedNumberScheduled": 2,
    "numberAvailable": 2,
}
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}
ROLLOUTS: list[tuple[str, str, Json, Json]] = [
    ("", "Deployment", {"replicas": 2}, DEPLOYED),
    ("", "Deployment", {"replicas": 0}, {"observedGeneration": 2}),
    ("", "Deployment", {"replicas": 2, "paused": True}, {}),
    (
        "the change has not been noticed yet",
        "Deployment",
        {"replicas": 2},
        {**DEPLOYED, "observedGeneration": 1},
    ),
    ("1 of 2 updated", "Deployment", {"replicas": 2}, {**DEPLOYED, "updatedReplicas": 1}),
    ("1 old replicas are still there", "Deployment", {"replicas": 2}, {**DEPLOYED, "replicas": 3}),
    ("1 of 2 ready", "Deployment", {"replicas": 2}, {**DEPLOYED, "availableReplicas": 1}),
    ("", "StatefulSet", {"replicas": 2}, SET),
    ("1 of 2 ready", "StatefulSet", {"replicas": 2}, {**SET, "readyReplicas": 1}),
    ("1 of 2 updated", "StatefulSet", {"replicas": 2}, {**SET, "updateRevision": "b", "updatedReplicas": 1}),
    (
        "",
        "StatefulSet",
        {"replicas": 2, "updateStrategy": {"type": "OnDelete"}},
        {**SET, "updateRevision": "b"},
    ),
    ("", "DaemonSet", {}, DAEMON),
    ("1 of 2 ready", "DaemonSet", {}, {**DAEMON, "numberAvailable": 1}),
    ("", "Job", {}, COMPLETE),
    ("not complete", "Job", {}, {"active": 1}),
    ("", "Job", {"suspend": True}, {}),
]


@pytest.mark.parametrize(("problem", "kind", "spec", "status"), ROLLOUTS)
def test_rollout(problem: str, kind: str, spec: Json, status: Json) -> None:
    assert rollout_problem(*workload(kind, spec, status)) == problem


def secret(name: str, revision: int, status: str, **labels: str) -> Json:
    marks = {"owner": "helm", "name": name, "version": str(revision), "status": status, **labels}
    return {"metadata": metadata(f"sh.helm.release.v1.{name}.v{revision}", labels=marks)}


def test_releases_are_told_by_their_newest_revision() -> None:
    secrets = [
        secret("app", 10, "pending-upgrade", **{"devenv.io/content": "abc", "devenv.io/stack": "shop"}),
        secret("app", 9, "deployed"),
        secret("app", 8, "superseded"),
        secret("new", 1, "pending-install"),
        {"metadata": metadata("not-helm")},
    ]
    app, new = releases(secrets)
    assert (app.revision, app.status, app.pending, app.deployed) == (10, "pending-upgrade", True, 9)
    assert (app.content, app.stack) == ("abc", "shop")
    assert (new.pending, new.deployed) == (True, 0)


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ({"status": "True"}, ""),
        ({"status": "False", "reason": "Sync", "message": "no such key"}, "Ready is False: Sync no such key"),
        ({"status": "True", "observedGeneration": 1}, "its condition Ready is older than its last change"),
        ({}, "it has no condition Ready yet"),
    ],
)
def test_condition(state: dict[str, Any], problem: str) -> None:
    conditions = [{"type": "Ready", **state}] if state else []
    item = {"metadata": metadata("x", generation=2), "status": {"conditions": conditions}}
    assert condition_problem(item, "Ready") == problem


MANIFESTS = """
apiVersion: v1
kind: Service
metadata: {name: a, labels: {app: a}}
---
---
kind: List
apiVersion: v1
items:
  - apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: things.example.test}
"""


def test_every_object_gets_the_label_and_keeps_its_own() -> None:
    first, rest = manifests.parts(MANIFESTS, "shop")
    (definition,), (service,) = manifests.documents(first.text), manifests.documents(rest.text)
    assert service["metadata"]["labels"] == {"app": "a", "devenv.io/stack": "shop"}
    assert definition["metadata"]["labels"] == {"devenv.io/stack": "shop"}


def test_definitions_go_first() -> None:
    first, rest = manifests.parts(MANIFESTS)
    assert first.defines == ("things.example.test",)
    assert [o["kind"] for o in manifests.documents(rest.text)] == ["Service"]
    assert rest.defines == ()


def test_manifests_without_definitions_stay_as_they_are_written() -> None:
    assert manifests.parts("kind: Service") == [manifests.Part("kind: Service")]
    (labelled,) = manifests.parts("kind: Service", "shop")
    assert manifests.documents(labelled.text) == [
        {"kind": "Service", "metadata": {"labels": {"devenv.io/stack": "shop"}}}
    ]


def test_an_equals_sign_is_text_as_it_is_to_kubectl() -> None:
    """The kinds of the Prometheus operator list it among a matcher's signs."""
    (read,) = manifests.documents("kind: Thing\nmetadata: {name: a}\nsigns:\n- '!='\n- =\n- =~\n")
    assert read["signs"] == ["!=", "=", "=~"]
    assert manifests.documents(manifests.dump([read])) == [read]


def test_a_date_is_text_as_it_is_to_kubectl() -> None:
    (read,) = manifests.documents("kind: Thing\nday: 2026-01-31\ntime: 2026-01-31T10:00:00Z\n")
    assert (read["day"], read["time"]) == ("2026-01-31", "2026-01-31T10:00:00Z")
    assert manifests.documents(manifests.dump([read])) == [read]


def test_no_objects_are_no_text() -> None:
    assert manifests.dump([]) == ""


@pytest.mark.parametrize("value", ["!!binary aGk=", "!!set {a, b}", ".nan", "&own [*own]"])
def test_what_json_cannot_carry_is_a_problem_of_the_spec(value: str) -> None:
    with pytest.raises(SpecError):
        manifests.parts(f"kind: Thing\nvalue: {value}\n", "shop")


@pytest.mark.parametrize("text", ["just text", "kind: [", "- a\n- b", "{}"])
def test_what_is_no_manifest_is_a_problem_of_the_spec(text: str) -> None:
    with pytest.raises(SpecError):
        manifests.documents(text)
