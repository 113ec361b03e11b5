"""Trouble that only events tell, or other objects than pods: volumes, sandboxes, scheduling, claims, refused pods."""

from __future__ import annotations

from typing import Any

import pytest
from support.cluster_objects import Json, container, event, metadata, node, of_release, pod, waiting
from support.diagnosis_findings import GRACE, findings, only

from devenv.runtime.diagnosis.findings import Persistence, root


def mount_failure(about: Json, at: str) -> Json:
    message = 'MountVolume.SetUp failed for volume "settings" : configmap "no-such" not found'
    return event(about, "FailedMount", message, at=at)


def test_failed_mount() -> None:
    broken = pod("app-1", container(state=waiting("ContainerCreating")))
    finding = only(Pod=[broken], Event=[mount_failure(broken, "2026-05-01T10:00:01Z")])
    assert (finding.cause.code, finding.grace) == ("mount-failed", GRACE.mount)
    assert finding.cause.message == 'a volume cannot be mounted: settings: configmap "no-such" not found'


@pytest.mark.parametrize(
    "message",
    [
        'persistentvolumeclaims "data-nats-0" is forbidden: User "system:node:worker" cannot get resource …',
        'MountVolume.SetUp failed for volume "settings" : object "shop"/"settings" not registered',
        'MountVolume.SetUp failed for volume "settings" : failed to sync configmap cache: timed out',
    ],
)
def test_a_kubelet_that_does_not_know_an_object_yet_looks_again(message: str) -> None:
    slow = pod("app-1", container(state=waiting("ContainerCreating")))
    assert only(Pod=[slow], Event=[event(slow, "FailedMount", message)]).grace == GRACE.mount_unsynced


def test_mount_that_failed_and_then_worked() -> None:
    slow = pod("app-1", container(state=waiting("ContainerCreating")))
    events = [mount_failure(slow, "2026-05-01T10:00:01Z"), event(slow, "Pulling", at="2026-05-01T10:00:04Z")]
    assert findings(Pod=[slow], Event=events) == ()


def test_sandbox_that_cannot_be_made() -> None:
    broken = pod("app-1", container(state=waiting("ContainerCreating")))
    assert only(Pod=[broken], Event=[event(broken, "FailedCreatePodSandBox", "no network")]).cause.code == (
        "sandbox-failed"
    )


def unschedulable(name: str = "app-1") -> Json:
    made = pod(name)
    made["status"] = {
        "phase": "Pending",
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": "0/1 nodes are available: 1 Insufficient memory.",
            }
        ],
    }
    return made


def test_unschedulable() -> None:
    finding = only(Pod=[unschedulable()])
    assert (finding.cause.code, finding.grace) == ("unschedulable", GRACE.schedule)
    assert "Insufficient memory" in finding.cause.message


def test_unschedulable_while_a_node_is_not_ready() -> None:
    found = findings(Pod=[unschedulable()], Node=[node(ready=False, message="container runtime is down")])
    by_code = {f.cause.code: f for f in found}
    assert by_code["unschedulable"].grace == GRACE.schedule_elsewhere
    assert "container runtime is down" in by_code["node-not-ready"].cause.message
    first = root(found)
    assert first is not None
    assert first.cause.code == "node-not-ready"


def test_a_node_that_is_ready_takes_pods_when_its_last_taint_is_gone() -> None:
    joining = node()
    joining["spec"] = {"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]}
    (finding,) = findings(Pod=[unschedulable()], Node=[joining])
    assert finding.grace == GRACE.schedule_elsewhere

    joining["spec"]["taints"] = [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]
    (finding,) = findings(Pod=[unschedulable()], Node=[joining])
    assert finding.grace == GRACE.schedule


def test_a_taint_may_be_gone_when_the_scheduler_looks_again() -> None:
    tainted = unschedulable()
    tainted["status"]["conditions"][0]["message"] = "0/1 nodes are available: 1 node(s) had untolerated taint(s)."
    assert only(Pod=[tainted]).grace == GRACE.schedule_tainted > GRACE.schedule


def test_what_was_waited_for_a_node_counts_for_nothing_once_it_is_ready() -> None:
    persistence, pods = Persistence(), [unschedulable()]
    waiting, ready = findings(Pod=pods, Node=[node(ready=False)]), findings(Pod=pods, Node=[node()])
    moments = [float(second) for second in range(int(GRACE.node))]
    assert not any(persistence.final(waiting, moment) for moment in moments)
    assert not any(persistence.final(ready, moments[-1] + 1 + second) for second in range(int(GRACE.schedule)))
    last = persistence.final(ready, moments[-1] + 1 + GRACE.schedule)
    assert last is not None
    assert last.cause.code == "unschedulable"


def claim(phase: str = "Pending") -> Json:
    return {"metadata": metadata("data-database-0"), "spec": {}, "status": {"phase": phase}}


def test_unbound_claim_explains_the_unscheduled_pod() -> None:
    user = unschedulable()
    user["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data-database-0"}}]
    broken = claim()
    why = event(broken, "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found')
    found = findings(Pod=[user], PersistentVolumeClaim=[broken], Event=[why])
    first = root(found)
    assert first is not None
    assert first.cause.code == "volume-unbound"
    assert 'storageclass.storage.k8s.io "fast" not found' in first.cause.message


def test_a_controller_that_lost_a_race_tries_again() -> None:
    slow = {**claim(), "metadata": of_release("data")}
    lost = (
        'Error saving claim: Operation cannot be fulfilled on persistentvolumeclaims "data": the object has '
        "been modified; please apply your changes to the latest version and try again"
    )
    assert findings(PersistentVolumeClaim=[slow], Event=[event(slow, "ProvisioningFailed", lost)]) == ()
    refused = event(slow, "ProvisioningFailed", "no room")
    assert only(PersistentVolumeClaim=[slow], Event=[refused]).cause.code == "volume-unbound"


def test_claim_that_waits_for_its_consumer_is_fine() -> None:
    waiting_claim = {**claim(), "metadata": of_release("data")}
    later = event(waiting_claim, "WaitForFirstConsumer", "waiting for first consumer")
    assert findings(PersistentVolumeClaim=[waiting_claim], Event=[later]) == ()


def replica_set(**status: Any) -> Json:
    return {"kind": "ReplicaSet", "metadata": of_release("app-5d"), "spec": {"replicas": 1}, "status": status}


def test_rejected_pods() -> None:
    creator = replica_set(replicas=0)
    why = event(creator, "FailedCreate", 'Error creating: pods "app-5d-x" is forbidden: exceeded quota: small')
    finding = only(ReplicaSet=[creator], Event=[why])
    assert (finding.cause.code, finding.grace) == ("rejected", GRACE.rejected)
    assert "exceeded quota: small" in finding.cause.message


@pytest.mark.parametrize("status", [{"replicas": 1}, {"replicas": 0}])
def test_rejection_that_has_been_overcome(status: dict[str, int]) -> None:
    creator = replica_set(**status)
    events = [
        event(creator, "FailedCreate", "a webhook was late", at="2026-05-01T10:00:01Z"),
        event(creator, "SuccessfulCreate", at="2026-05-01T10:00:02Z"),
    ]
    assert findings(ReplicaSet=[creator], Event=events) == ()
