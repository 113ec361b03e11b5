"""`devenv list`: every environment of an engine, whichever folder it is of.

Responsible for what the engine alone tells, in well under half a second: whether an environment's stacks are ready is
`devenv status`'s concern.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from devenv.adapters.docker import ContainerInfo, Engine
from devenv.labels import LABEL_COMMAND, LABEL_LOCK, LABEL_PROJECT
from devenv.plan.cluster_state import ClusterState
from devenv.plan.kind_config import HTTP_NODE_PORT, HTTPS_NODE_PORT
from devenv.runtime.host.ports import published_ports
from devenv.runtime.ownership.marks import folder_is_gone, look_at_all
from devenv.runtime.ownership.ownership import KindCluster, is_node

API_PORT = 6443
_ROLES = {HTTP_NODE_PORT: "http", HTTPS_NODE_PORT: "https", API_PORT: "api"}


@dataclass(frozen=True, slots=True)
class Port:
    """A port of this machine that an environment has while it runs."""

    role: str
    """`http`, `https`, `api` or `database`."""
    port: int


@dataclass(frozen=True, slots=True)
class EnvironmentRow:
    """One environment, as the engine tells of it."""

    project: str
    folder: str
    """Of its devenv.yaml; empty where that was never recorded."""
    owner: str
    """The user who made it, and on which machine."""
    state: ClusterState
    nodes: int
    ports: tuple[Port, ...]
    memory_bytes: int
    changed_by: str
    """The command that is changing it; empty where none is."""
    gone: bool
    """Whether the folder is no more, where it was on this machine."""

    def as_dict(self) -> dict[str, object]:
        """The row as JSON-ready data."""
        return {
            "project": self.project,
            "folder": self.folder,
            "folder_gone": self.gone,
            "owner": self.owner,
            "state": str(self.state),
            "nodes": self.nodes,
            "ports": [{"role": port.role, "port": port.port} for port in self.ports],
            "memory_bytes": self.memory_bytes,
            "changed_by": self.changed_by,
        }


def list_environments() -> list[EnvironmentRow]:
    """The environments of the engine that this process reaches, by project; raises EngineUnavailableError."""
    with closing(Engine.connect()) as engine, ThreadPoolExecutor(2, thread_name_prefix="list") as pool:
        locks = pool.submit(engine.containers.list, {LABEL_LOCK: ""})
        clusters = look_at_all(engine)
        running = [c.name for cluster in clusters for c in cluster.containers if c.state == "running"]
        memory = engine.containers.memory(running)
        changing = {lock.labels.get(LABEL_PROJECT, ""): lock.labels.get(LABEL_COMMAND, "") for lock in locks.result()}
    return [_row(cluster, memory, changing.get(cluster.names.project, "")) for cluster in clusters]


def _row(cluster: KindCluster, memory: Mapping[str, int], changed_by: str) -> EnvironmentRow:
    owner = cluster.owner
    return EnvironmentRow(
        project=cluster.names.project,
        folder=owner.folder if owner else "",
        owner=f"{owner.user} on {owner.host}" if owner else "",
        state=ClusterState.BROKEN if cluster.never_complete else cluster.state,
        nodes=sum(is_node(container) for container in cluster.containers),
        ports=_ports(cluster.containers),
        memory_bytes=sum(memory.get(container.name, 0) for container in cluster.containers),
        changed_by=changed_by,
        gone=owner is not None and folder_is_gone(owner),
    )


def _ports(containers: Sequence[ContainerInfo]) -> tuple[Port, ...]:
    found = [Port(_ROLES.get(inside, "database"), outside) for inside, outside in published_ports(containers).items()]
    order = [*_ROLES.values(), "database"]
    return tuple(sorted(found, key=lambda port: (order.index(port.role), port.port)))
