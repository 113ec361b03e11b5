"""What a restarted cluster claims of the time before."""

from __future__ import annotations

from datetime import UTC, datetime

from support.cluster_objects import Json, container, metadata, pod, snapshot, waiting

from devenv.engine.restart import overrated, reported_from_before

BEGAN = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)


def running(since: str) -> dict[str, dict[str, str]]:
    return {"running": {"startedAt": since}}


def test_only_containers_that_ran_before_are_from_before() -> None:
    pods = [
        pod("old", container(state=running("2026-11-01T11:59:59Z"))),
        pod("new", container(state=running("2026-11-01T12:00:01Z"))),
        pod("starting", container(state=waiting("ContainerCreating"))),
        pod(
            "mixed", container(state=running("2026-11-01T12:00:01Z")), container(state=running("2026-11-01T10:00:00Z"))
        ),
    ]

    told = reported_from_before(snapshot(Pod=pods), BEGAN)

    assert [name.rpartition("/")[2] for name in told] == ["mixed", "old"]


def ready_pod(owner: Json) -> Json:
    return pod("p", conditions={"Ready": "True"}, meta=metadata("p", owner=owner))


def workload(name: str, **status: int) -> Json:
    return {"metadata": metadata(name), "status": status}


def test_workloads_that_claim_more_than_there_is() -> None:
    deployment, agent = workload("web", readyReplicas=1), workload("agent", numberReady=1)
    replicas = {"metadata": metadata("web-1", owner=deployment)}
    settled = snapshot(
        Deployment=[deployment], ReplicaSet=[replicas], DaemonSet=[agent], Pod=[ready_pod(replicas), ready_pod(agent)]
    )
    restarted = snapshot(Deployment=[deployment], ReplicaSet=[replicas], DaemonSet=[agent], Pod=[pod("web-1-x")])

    assert overrated(settled) == []
    assert [told.rpartition("/")[2] for told in overrated(restarted)] == ["agent", "web"]
