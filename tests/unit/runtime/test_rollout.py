from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from support.cluster_objects import NAMESPACE, RELEASE, Json, container, job, metadata, of_release, pod, snapshot

from devenv.runtime.diagnosis import Scope
from devenv.runtime.steps.rollout import Rollout

SCOPE = Scope("shop", NAMESPACE, frozenset({RELEASE}))


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def running(*, probed: bool, began: str | None = None) -> Json:
    began = began or datetime.now(UTC).isoformat()
    made = pod(
        "app-1",
        container(state={"running": {"startedAt": began}}, ready=True, containerID="containerd://1"),
        phase="Running",
        conditions={"Ready": "True"},
    )
    if probed:
        made["spec"]["containers"][0]["readinessProbe"] = {"exec": {}}
    return made


def deployment(available: int = 1) -> Json:
    status: dict[str, Any] = {
        "observedGeneration": 1,
        "updatedReplicas": 1,
        "replicas": 1,
        "availableReplicas": available,
    }
    return {"metadata": of_release("app", generation=1), "spec": {"replicas": 1}, "status": status}


def test_probed_pod_needs_no_proof() -> None:
    kinds = snapshot(Deployment=[deployment()], Pod=[running(probed=True)])
    assert Rollout(SCOPE).unfinished(kinds) == []


def test_pod_without_a_probe_has_to_run_for_a_while() -> None:
    clock, kinds = Clock(), snapshot(Deployment=[deployment()], Pod=[running(probed=False)])
    rollout = Rollout(SCOPE, clock=clock)
    assert rollout.unfinished(kinds) == ["pod app-1: just started"]
    clock.now = 2.9
    assert rollout.unfinished(kinds) == ["pod app-1: just started"]
    clock.now = 3.0
    assert rollout.unfinished(kinds) == []


def test_pod_that_has_run_for_long_needs_no_proof() -> None:
    old = running(probed=False, began="2026-01-01T00:00:00Z")
    assert Rollout(SCOPE).unfinished(snapshot(Pod=[old])) == []


def test_pods_are_asked_themselves() -> None:
    ended = pod("app-1", container(state={"terminated": {"exitCode": 3}}), phase="Running")
    assert Rollout(SCOPE).unfinished(snapshot(Deployment=[deployment()], Pod=[ended])) == ["pod app-1: starting"]


def test_workload_that_has_not_been_seen_yet() -> None:
    wanted = {("Deployment", NAMESPACE, "app"): 2}
    rollout = Rollout(SCOPE, wanted=wanted)
    assert rollout.unfinished(snapshot()) == ["deployment app: not seen yet"]
    assert rollout.unfinished(snapshot(Deployment=[deployment()])) == ["deployment app: not seen yet"]


def test_hooks_and_pods_of_jobs_are_helms_concern() -> None:
    hook = job(meta={**metadata(f"{RELEASE}-hook"), "annotations": {"helm.sh/hook": "post-install"}})
    at_work = pod("hook-x", container(state={"running": {}}), meta=metadata("hook-x", owner=hook), phase="Running")
    assert Rollout(SCOPE).unfinished(snapshot(Job=[hook], Pod=[at_work])) == []
