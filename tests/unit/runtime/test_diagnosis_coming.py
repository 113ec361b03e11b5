"""A Secret that External Secrets is about to bring is waited for longer than one that nobody brings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.cluster_objects import NAMESPACE, Json, container, event, pod, waiting
from support.diagnosis_findings import GRACE, findings

from devenv.runtime.diagnosis.coming import missing_secret, with_patience

_MISSES = 'secret "postgres" not found'


def failed(kind: str) -> Json:
    """The event by which the operator tells how it went."""
    involved = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "name": "postgres",
        "namespace": NAMESPACE,
    }
    return {"type": kind, "reason": "UpdateFailed", "message": "…", "involvedObject": involved}


def by_mount() -> dict[str, list[Json]]:
    starting = pod("app-1", container(state=waiting("ContainerCreating")))
    message = f'MountVolume.SetUp failed for volume "credentials" : {_MISSES}'
    return {"Pod": [starting], "Event": [event(starting, "FailedMount", message)]}


def by_variable() -> dict[str, list[Json]]:
    return {"Pod": [pod("app-1", container(state=waiting("CreateContainerConfigError", _MISSES)))], "Event": []}


@pytest.mark.parametrize("missed", [by_mount, by_variable])
def test_it_has_time_to_come_until_an_event_tells_that_it_cannot(missed: Callable[[], dict[str, list[Json]]]) -> None:
    stack = missed()
    found = findings(None, **stack)
    assert [missing_secret(finding) for finding in found] == ["postgres"]
    (first,) = found

    def grace(coming: set[str], *told: Json) -> float:
        (finding,) = with_patience(found, coming, [*stack["Event"], *told], GRACE.coming)
        return finding.grace

    assert grace({"postgres"}) == GRACE.coming > first.grace
    assert grace({"postgres"}, failed("Normal")) == GRACE.coming
    assert grace({"postgres"}, failed("Warning")) == first.grace
    assert grace({"other"}) == first.grace
