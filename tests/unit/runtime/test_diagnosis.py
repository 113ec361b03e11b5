from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

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
    of_release,
    pod,
    snapshot,
    terminated,
    waiting,
)
from support.diagnosis_findings import GRACE, SCOPE, findings, only

from devenv.runtime.diagnosis import stuck_pods
from devenv.runtime.diagnosis.findings import NEVER, root

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
