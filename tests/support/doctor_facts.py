"""What the doctor reads, written down: a machine, an engine and a cluster at which nothing is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from devenv.adapters.docker import ContainerInfo, EngineVersion, NetworkInfo
from devenv.adapters.host.limits import Limits
from devenv.adapters.host.routes import Route
from devenv.adapters.host.trust import Proxies
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.doctor.checks.cluster import RunningFacts
from devenv.runtime.doctor.checks.leftovers import LeftoverFacts, State
from devenv.runtime.doctor.checks.networks import NetworkFacts
from devenv.runtime.doctor.checks.trust import TrustFacts
from devenv.runtime.host.capacity import Capacity
from devenv.runtime.observe.cluster import ClusterFacts
from devenv.runtime.ownership.ownership import KindCluster

GB = 10**9
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
NAMES = Names("shop")
DOCKER = EngineVersion(
    "id",
    "28.2",
    "1.50",
    "linux",
    "amd64",
    "2",
    "overlay2",
    Path("/var/lib/docker"),
    memory_bytes=16 * GB,
    processors=4,
    runtime="runc",
)
PLENTY = Capacity(64 * GB, 500 * GB, Path("/var/lib/docker"), 500 * GB, Path("/home/ada/.cache/devenv"))
LIMITS = Limits(512, 100, another_instance=True, watches=524288, open_files=1024, system_files=(100, 100000))
TRUST = TrustFacts(
    now=NOW,
    bundle=Path("/etc/ssl/certs/ca-certificates.crt"),
    named="",
    unusable="",
    added=(),
    proxies=Proxies("", "", ""),
    unreachable=(),
    engine=DOCKER,
    local_ca=None,
    local_ca_file=None,
)


def route(subnet: str, device: str) -> Route:
    return Route(IPv4Network(subnet), device)


def network(name: str, subnet: str) -> NetworkInfo:
    return NetworkInfo(name, NAMES.labels, (IPv4Network(subnet),), f"br-{name}")


NETWORKS = NetworkFacts(
    networks=(NetworkInfo("devenv-shop", NAMES.labels, (IPv4Network("172.18.0.0/16"),), "br-shop"),),
    routes=(route("192.0.2.0/24", "eth0"),),
    pools=(),
    inside=(IPv4Network("10.244.0.0/16"), IPv4Network("10.96.0.0/16")),
)
_NODE = ContainerInfo("devenv-shop-control-plane", "1", "running", {}, (), {NAMES.network: "172.18.0.2"})
CLUSTER = KindCluster(NAMES, (_NODE,), NAMES.labels, {})
LEFT = LeftoverFacts(
    engine="id",
    clusters=(CLUSTER,),
    gone=frozenset(),
    networks=NETWORKS.networks,
    locks=(ContainerInfo("devenv_lock_till", "2", "running", {"devenv.io/project": "till"}, (), {}),),
    over=frozenset(),
    states=(State(Path("/home/ada/.local/state/devenv/shop"), ("id",)),),
)
POD: dict[str, Any] = {
    "metadata": {"namespace": "apps", "name": "api-1"},
    "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "localhost/devenv/api:old"}]},
    "status": {"containerStatuses": [{"name": "c", "restartCount": 0, "state": {"running": {}}, "imageID": ""}]},
}
RUNNING = RunningFacts(ClusterFacts(ClusterState.RUNNING), NOW, pods=(POD,))


def killed(at: datetime) -> dict[str, Any]:
    """The pod with a container that was ended at a time for its use of memory, and runs again."""
    end = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    status = {"name": "c", "restartCount": 2, "state": {"running": {}}, "lastState": {"terminated": end}}
    return {**POD, "status": {"containerStatuses": [status]}}
