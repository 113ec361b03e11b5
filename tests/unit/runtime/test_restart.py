"""In which order a cluster is started again, and what it then claims of the time before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from support.cluster_objects import Json, container, metadata, pod, snapshot, waiting

from devenv.adapters.docker import ContainerInfo
from devenv.plan.names import Names
from devenv.runtime.ownership.ownership import KIND_ROLE_LABEL, KindCluster, Mark, Owner
from devenv.runtime.steps.restart import are_misplaced, overrated, reported_from_before, starting_order

BEGAN = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
SHOP = Names("shop")
MADE_AT = {
    "external-load-balancer": "172.18.0.10",
    "control-plane2": "172.18.0.2",
    "worker": "172.18.0.9",
    "control-plane": "172.18.0.11",
}


def kind_cluster(made_at: Mapping[str, str], **now: str) -> KindCluster:
    """A cluster whose containers had addresses when they were made, and now have others or, stopped, none."""
    containers = [
        ContainerInfo(
            name, "id", "running" if name in now else "exited",
            {KIND_ROLE_LABEL: name.rstrip("23")}, (), {SHOP.network: now.get(name, "")},
        )
        for name in sorted(made_at)
    ]  # fmt: skip
    owner = Owner("/srv/shop", "pc", "ada")
    marks = {name: Mark("shop", owner, address) for name, address in made_at.items() if address}
    return KindCluster(SHOP, containers, SHOP.labels, marks)


def test_containers_are_started_in_the_order_of_their_addresses_the_load_balancer_among_them() -> None:
    assert starting_order(kind_cluster(MADE_AT)) == [
        "control-plane2",
        "worker",
        "external-load-balancer",
        "control-plane",
    ]
    # Of an earlier version, which recorded no address.
    assert starting_order(kind_cluster({**MADE_AT, "control-plane2": ""}))[-1] == "control-plane2"


def test_control_planes_are_misplaced_where_etcds_members_do_not_look_for_them() -> None:
    assert not are_misplaced(kind_cluster(MADE_AT))
    assert not are_misplaced(kind_cluster(MADE_AT, **MADE_AT))
    # Workers and the load balancer are found by name.
    swapped = {"worker": MADE_AT["external-load-balancer"], "external-load-balancer": MADE_AT["worker"]}
    assert not are_misplaced(kind_cluster(MADE_AT, **{**MADE_AT, **swapped}))
    assert are_misplaced(kind_cluster(MADE_AT, **{**MADE_AT, "control-plane": MADE_AT["worker"]}))
    assert are_misplaced(kind_cluster(MADE_AT, **{"control-plane2": MADE_AT["control-plane"]}))
    # One control plane is all of etcd, wherever it is; and nothing is known without a mark.
    single = {"control-plane": "172.18.0.2", "worker": "172.18.0.3"}
    assert not are_misplaced(kind_cluster(single, **{"control-plane": "172.18.0.3"}))
    assert not are_misplaced(kind_cluster(dict.fromkeys(MADE_AT, ""), **MADE_AT))


def running(since: str) -> dict[str, dict[str, str]]:
    return {"running": {"startedAt": since}}


def on(node: str, name: str, *containers: Json) -> Json:
    placed = pod(name, *containers)
    return {**placed, "spec": {**placed["spec"], "nodeName": node}}


def test_only_containers_that_ran_before_their_node_are_from_before() -> None:
    # The worker was started an hour before: what runs there since then is no news of a former life.
    started = {"plane": BEGAN, "worker": BEGAN - timedelta(hours=1)}
    pods = [
        on("plane", "old", container(state=running("2026-11-01T11:59:59Z"))),
        on("plane", "new", container(state=running("2026-11-01T12:00:01Z"))),
        on("plane", "starting", container(state=waiting("ContainerCreating"))),
        on(
            "plane",
            "mixed",
            container(state=running("2026-11-01T12:00:01Z")),
            container(state=running("2026-11-01T10:00:00Z")),
        ),
        on("worker", "kept", container(state=running("2026-11-01T11:59:59Z"))),
        on("worker", "older", container(state=running("2026-11-01T10:59:59Z"))),
        on("removed", "nowhere", container(state=running("2026-11-01T10:00:00Z"))),
        pod("unscheduled"),
    ]

    reported = reported_from_before(snapshot(Pod=pods), started)

    assert [name.rpartition("/")[2] for name in reported] == ["mixed", "old", "older"]


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
    assert [reported.rpartition("/")[2] for reported in overrated(restarted)] == ["agent", "web"]
