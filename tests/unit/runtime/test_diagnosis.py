from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cluster_objects import (
    NAMESPACE,
    RELEASE,
    Json,
    container,
    event,
    job,
    metadata,
    node,
    of_release,
    pod,
    snapshot,
    terminated,
    waiting,
)

from devenv.runtime.diagnosis import GracePeriods, Scope, stuck_pods
from devenv.runtime.diagnosis.findings import NEVER, Finding, root
from devenv.runtime.diagnosis.rules import Rules, find
from devenv.runtime.diagnosis.scope import members

SCOPE = Scope("shop", NAMESPACE, frozenset({RELEASE}))
GRACE = GracePeriods()


def findings(since: datetime | None = None, **kinds: Any) -> tuple[Finding, ...]:
    return find(members(snapshot(**kinds), SCOPE), Rules(GRACE, since))


def only(**kinds: Any) -> Finding:
    (finding,) = findings(**kinds)
    return finding


# what each state of a container means

CONTAINER_CASES = [
    ("image-pull", GRACE.image, container(state=waiting("ErrImagePull", "not found"))),
    ("image-pull", GRACE.image, container(state=waiting("ImagePullBackOff"))),
    ("image-pull", 0.0, container(state=waiting("InvalidImageName"))),
    ("image-pull", 0.0, container(state=waiting("ErrImageNeverPull"))),
    (
        "config",
        GRACE.config,
        container(state=waiting("CreateContainerConfigError", 'secret "x" not found')),
    ),
    ("container-failed", GRACE.container, container(state=waiting("CreateContainerError"))),
    ("container-failed", GRACE.container, container(state=terminated(128, "StartError"), restartCount=1)),
    (
        "crash-loop",
        GRACE.crash,
        container(state=waiting("CrashLoopBackOff"), lastState=terminated(3), restartCount=1),
    ),
    ("crash-loop", 0.0, container(state={"running": {}}, lastState=terminated(3), restartCount=2)),
    ("crash-loop", NEVER, container(state={"running": {}}, lastState=terminated(3), restartCount=1)),
    ("crash-loop", NEVER, container(state=terminated(3))),
    ("crash-loop", GRACE.crash, container(state=terminated(3), restartCount=1)),
    (
        "out-of-memory",
        GRACE.memory,
        container(state=waiting("CrashLoopBackOff"), lastState=terminated(137, "OOMKilled"), restartCount=1),
    ),
]


@pytest.mark.parametrize(("code", "grace", "status"), CONTAINER_CASES)
def test_container_state(code: str, grace: float, status: Json) -> None:
    finding = only(Pod=[pod("app-1", status, phase="Running")])
    assert (finding.cause.code, finding.grace) == (code, grace)
    assert finding.cause.subject == f"{NAMESPACE}/pod/app-1 container main"


HEALTHY = [
    container(state={"running": {}}, ready=True),
    container(state={"running": {}}, ready=True, lastState=terminated(1), restartCount=5),
    container(state=terminated(0, "Completed")),
    container(state=waiting("ContainerCreating")),
    container(state=waiting("PodInitializing")),
]


@pytest.mark.parametrize("status", HEALTHY)
def test_nothing_is_wrong(status: Json) -> None:
    assert findings(Pod=[pod("app-1", status, phase="Running")]) == ()


def test_second_failed_pull_ends_the_patience() -> None:
    broken = pod("app-1", container(state=waiting("ErrImagePull", "rpc error: code = NotFound desc = no such image")))
    failed = event(broken, "Failed", 'Failed to pull image "registry.test/app:1": not found', count=2)
    finding = only(Pod=[broken], Event=[failed])
    assert finding.grace == 0.0
    assert finding.cause.message == "image registry.test/app:1 cannot be had: no such image"


def test_limit_of_memory_is_named() -> None:
    status = container(state={"running": {}}, lastState=terminated(137, "OOMKilled"), restartCount=1)
    finding = only(Pod=[pod("app-1", status, phase="Running", limits={"memory": "64Mi"})])
    assert finding.cause.message == "it was killed for using more than its limit of 64Mi of memory"


def test_a_kill_that_the_runtime_did_not_explain_is_put_down_to_the_limit_of_memory() -> None:
    status = container(state={"running": {}}, lastState=terminated(137), restartCount=1)
    limited, free = (pod("app-1", status, phase="Running", limits=limits) for limits in ({"memory": "64Mi"}, {}))
    reported = only(Pod=[limited]).cause
    assert (reported.code, "64Mi" in reported.message) == ("out-of-memory", True)
    assert only(Pod=[free]).cause.code == "crash-loop"
    probe = event(limited, "Unhealthy", "Liveness probe failed: HTTP 500")
    assert only(Pod=[limited], Event=[probe]).cause.code == "crash-loop"


def test_log_is_that_of_the_container_that_failed() -> None:
    crashed = container(state=waiting("CrashLoopBackOff"), lastState=terminated(1), restartCount=2)
    again = container(state={"running": {}}, lastState=terminated(1), restartCount=2)
    for status, previous in ((crashed, False), (again, True)):
        log = only(Pod=[pod("app-1", status, phase="Running")]).log
        assert log is not None
        assert log.previous is previous


def test_probe_is_named_as_the_reason_of_restarts() -> None:
    status = container(state={"running": {}}, lastState=terminated(137), restartCount=2)
    broken = pod("app-1", status, phase="Running")
    probe = event(broken, "Unhealthy", "Liveness probe failed: HTTP 500")
    assert only(Pod=[broken], Event=[probe]).cause.message.endswith("Liveness probe failed: HTTP 500")


def test_failing_readiness_is_told_and_never_final() -> None:
    slow = pod("app-1", container(state={"running": {}}), phase="Running")
    finding = only(Pod=[slow], Event=[event(slow, "Unhealthy", "Readiness probe failed: connection refused")])
    assert (finding.cause.code, finding.grace) == ("not-ready", NEVER)
    assert "connection refused" in finding.cause.message


def test_init_container_is_named() -> None:
    broken = pod("app-1", initContainerStatuses=[container("wait", state=waiting("InvalidImageName"))])
    assert only(Pod=[broken]).cause.subject.endswith("container wait")


def test_crash_beside_a_pod_that_still_starts_may_be_waiting_for_it() -> None:
    crash = container(state=waiting("CrashLoopBackOff"), lastState=terminated(1), restartCount=3)
    app = pod("app-1", crash, phase="Running")
    database = pod("database-0", container(state=waiting("ContainerCreating")))
    assert only(Pod=[app, database]).grace == GRACE.crash_beside_others
    assert only(Pod=[app]).grace == 0.0


# what only events tell


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


# jobs

FAILED = [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too many failures"}]


def test_job_that_gave_up() -> None:
    broken = job(conditions=FAILED, failed=1)
    failed = pod("migrate-x", container(state=terminated(1)), phase="Failed", meta=metadata("migrate-x", owner=broken))
    found = findings(Job=[broken], Pod=[failed])
    first = root(found)
    assert first is not None
    assert (first.cause.code, first.grace) == ("job-failed", 0.0)
    assert "BackoffLimitExceeded" in first.cause.message
    assert first.log is not None
    assert first.log.pod == "migrate-x"


@pytest.mark.parametrize(("failed", "grace"), [(1, NEVER), (2, 0.0)])
def test_job_that_fails_again_and_again(failed: int, grace: float) -> None:
    assert only(Job=[job(failed=failed)]).grace == grace


def test_job_that_failed_before_the_installation() -> None:
    old = job(conditions=FAILED, failed=1)
    assert findings(since=datetime(2026, 5, 1, 11, tzinfo=UTC), Job=[old]) == ()


def test_job_of_a_cron_job_is_not_ours_to_judge() -> None:
    made = job(conditions=FAILED)
    made["metadata"]["ownerReferences"] = [{"uid": "x", "kind": "CronJob"}]
    assert findings(Job=[made]) == ()


# what belongs to the stack


def test_pods_of_others_do_not_count() -> None:
    broken = container(state=waiting("InvalidImageName"))
    strangers = [
        pod("a", broken, meta=of_release("a", release="other")),
        pod("b", broken, meta={**of_release("b"), "namespace": "elsewhere"}),
        pod("c", broken, meta=metadata("c")),
    ]
    assert findings(Pod=strangers) == ()


@pytest.mark.parametrize(
    "mark",
    [
        {"labels": {"devenv.io/stack": "shop"}, "namespace": "elsewhere"},
        {"labels": {"app.kubernetes.io/instance": RELEASE}},
        {"annotations": {"helm.sh/hook": "post-install"}, "name": f"{RELEASE}-migrate"},
    ],
)
def test_marks_of_membership(mark: Json) -> None:
    meta = {**metadata("x"), **mark}
    assert len(findings(Pod=[pod("x", container(state=waiting("InvalidImageName")), meta=meta)])) == 1


def deployment(revision: str) -> Json:
    meta = of_release("app")
    meta["annotations"]["deployment.kubernetes.io/revision"] = revision
    return {"kind": "Deployment", "metadata": meta, "spec": {}, "status": {}}


def revision_of(owner: Json, revision: str) -> Json:
    meta = metadata(f"app-{revision}", owner=owner, annotations={"deployment.kubernetes.io/revision": revision})
    return {"kind": "ReplicaSet", "metadata": meta, "spec": {"replicas": 0}, "status": {}}


def test_pods_of_a_replaced_template_do_not_count() -> None:
    app = deployment("2")
    old, new = revision_of(app, "1"), revision_of(app, "2")
    crash = container(state=waiting("CrashLoopBackOff"), lastState=terminated(1), restartCount=9)
    pods = [
        pod("old", crash, meta=metadata("old", owner=old)),
        pod("new", container(state={"running": {}}, ready=True), meta=metadata("new", owner=new)),
    ]
    assert findings(Deployment=[app], ReplicaSet=[old, new], Pod=pods) == ()


def test_older_pods_get_more_time_and_all_of_it_while_a_hook_runs() -> None:
    crash = container(state=waiting("CrashLoopBackOff"), lastState=terminated(1), restartCount=9)
    since = datetime(2026, 5, 1, 11, tzinfo=UTC)
    old = pod("app-1", crash)
    (finding,) = findings(since=since, Pod=[old])
    assert finding.grace == GRACE.older
    hook = job(meta={**metadata(f"{RELEASE}-hook"), "annotations": {"helm.sh/hook": "pre-upgrade"}})
    (finding,) = findings(since=since, Pod=[old], Job=[hook])
    assert finding.grace == NEVER


def stateful_set() -> Json:
    status = {"updateRevision": "new", "observedGeneration": 2}
    return {"kind": "StatefulSet", "metadata": of_release("db", generation=2), "spec": {}, "status": status}


def test_broken_pod_of_a_former_template_is_stuck() -> None:
    owner = stateful_set()
    old = metadata("db-0", owner=owner, labels={"controller-revision-hash": "old"})
    broken = pod("db-0", container(state=waiting("InvalidImageName")), meta=old)
    assert stuck_pods(snapshot(StatefulSet=[owner], Pod=[broken]), SCOPE) == ((NAMESPACE, "db-0"),)
    slow = pod("db-0", container(state=waiting("ContainerCreating")), meta=old)
    assert stuck_pods(snapshot(StatefulSet=[owner], Pod=[slow]), SCOPE) == ()
    assert findings(StatefulSet=[owner], Pod=[broken]) == ()


STATES: st.SearchStrategy[Json] = st.one_of(
    st.builds(waiting, st.sampled_from(["ErrImagePull", "CrashLoopBackOff", "ContainerCreating", "", "New"])),
    st.builds(terminated, st.integers(0, 255), st.sampled_from(["Error", "OOMKilled", "Completed", "StartError"])),
    st.just({"running": {}}),
    st.just({}),
)


@given(
    st.lists(
        st.builds(
            lambda state, last, restarts, ready: container(
                state=state, lastState=last, restartCount=restarts, ready=ready
            ),
            STATES,
            STATES,
            st.integers(0, 9),
            st.booleans(),
        ),
        max_size=3,
    ),
    st.sampled_from(["Pending", "Running", "Succeeded", "Failed", "Unknown"]),
)
def test_any_pod_can_be_judged(statuses: list[Json], phase: str) -> None:
    named = [{**s, "name": f"c{i}"} for i, s in enumerate(statuses)]
    for found in findings(Pod=[pod("app-1", *named, phase=phase)]):
        assert found.cause.message
        assert found.grace >= 0.0
        assert found.rank >= 0
        assert found == replace(found)
