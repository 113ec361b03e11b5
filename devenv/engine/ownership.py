"""Whose a cluster's containers are, as far as the engine alone tells. Pure.

Apart from what asks the cluster itself: commands that only need its nodes do without the libraries for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from devenv.plan.names import LABEL_PROJECT, Names
from devenv.plan.observed import ClusterState

KIND_CLUSTER_LABEL = "io.x-k8s.kind.cluster"
KIND_ROLE_LABEL = "io.x-k8s.kind.role"
_BALANCER = "external-load-balancer"


class ContainerFacts(Protocol):
    """A container, as far as it matters here."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def state(self) -> str:
        """The engine's word: running, exited, created or another."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""

    @property
    def networks(self) -> Iterable[str]:
        """Names of the networks that it is attached to."""


def is_node(container: ContainerFacts) -> bool:
    """Whether a container of a cluster is a node: the load balancer of several control planes is none."""
    return container.labels.get(KIND_ROLE_LABEL) != _BALANCER


def running_nodes(containers: Iterable[ContainerFacts]) -> list[str]:
    """Names of the nodes that run."""
    return [container.name for container in containers if container.state == "running" and is_node(container)]


def ownership(
    names: Names, containers: Sequence[ContainerFacts], network_labels: Mapping[str, str] | None
) -> ClusterState:
    """What the engine alone tells: absent, foreign, stopped, or running as far as one can see. Pure."""
    if not containers:
        return ClusterState.ABSENT
    ours = network_labels is not None and network_labels.get(LABEL_PROJECT) == names.project
    if not ours or not all(names.network in c.networks for c in containers):
        return ClusterState.FOREIGN
    running = all(c.state == "running" for c in containers)
    return ClusterState.RUNNING if running else ClusterState.STOPPED
