"""What a restarted cluster still claims of the time before. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.objects import is_true, owner_uids
from devenv.adapters.kubernetes.watch import CONTROLLERS
from devenv.runtime.ownership.ownership import KindCluster, is_control_plane

_LAST = 1 << 32


def starting_order(kind_cluster: KindCluster) -> list[str]:
    """The containers of a cluster in the order in which each gets the address again that it had when it was made.

    The engine gives out the lowest address that is free. etcd's members know each other by address, so that several
    control planes find each other only in this order. It holds the load balancer too, which kind's list of nodes leaves
    out. What has no recorded address (a cluster of an earlier version) comes last.
    """

    def place(name: str) -> tuple[int, str]:
        mark = kind_cluster.marks.get(name)
        return (int(ip_address(mark.address)) if mark and mark.address else _LAST, name)

    return sorted((container.name for container in kind_cluster.containers), key=place)


def are_misplaced(kind_cluster: KindCluster) -> bool:
    """Whether a control plane runs where etcd's other members do not look for it.

    So it is after the engine was started anew: that starts containers of its own accord, in any order.
    """
    planes = [container for container in kind_cluster.containers if is_control_plane(container)]
    return len(planes) > 1 and any(
        address != mark.address
        for container in planes
        if (mark := kind_cluster.marks.get(container.name)) and mark.address
        if (address := container.networks.get(kind_cluster.names.network))
    )


def reported_from_before(snapshot: ObjectsByKind, started: Mapping[str, datetime]) -> list[str]:
    """Pods with a container that is said to run since before its node: `namespace/name`.

    Args:
        snapshot: the cluster's objects.
        started: node to when its container was started, by the clock that kubelets read too, which is the engine's.
    """
    return sorted(
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        for pod in snapshot["Pod"]
        if (since := started.get(pod["spec"].get("nodeName", "")))
        and any(_claims(status, since) for status in pod.get("status", {}).get("containerStatuses") or ())
    )


def overrated(snapshot: ObjectsByKind) -> list[str]:
    """Workloads that claim more ready pods than there are, `Kind namespace/name`: their controller has not looked yet.

    The controller manager is silent until the lease of the one before has run out.
    """
    owners = {item["metadata"]["uid"]: _owner(item) for item in snapshot["ReplicaSet"]}
    ready = Counter(
        owners.get(owner, owner) for pod in snapshot["Pod"] if is_true(pod, "Ready") and (owner := _owner(pod))
    )
    return sorted(
        f"{kind} {item['metadata']['namespace']}/{item['metadata']['name']}"
        for kind in CONTROLLERS
        for item in snapshot[kind]
        if _claimed(item.get("status", {})) > ready[item["metadata"]["uid"]]
    )


def _claimed(status: dict[str, object]) -> int:
    return int(str(status.get("readyReplicas") or status.get("numberReady") or 0))


def _owner(item: Json) -> str:
    return next(iter(owner_uids(item)), "")


def _claims(status: dict[str, object], started: datetime) -> bool:
    state = status.get("state")
    running = state.get("running") if isinstance(state, dict) else None
    since = running.get("startedAt") if isinstance(running, dict) else None
    return bool(since) and datetime.fromisoformat(str(since)) < started
