"""Steps that make, start and clear away the cluster."""

from __future__ import annotations

from dataclasses import dataclass

from devenv.plan.steps.step import PlanStep


@dataclass(frozen=True, slots=True)
class RemoveBrokenCluster(PlanStep):
    """Remove the rest of a cluster whose creation was interrupted."""

    KEY = "cluster/remove-broken"
    TITLE = "Remove the unfinished cluster {self.cluster}"
    GROUP = "cluster"

    cluster: str


@dataclass(frozen=True, slots=True)
class StartCluster(PlanStep):
    """Start the stopped containers of an existing cluster: nodes, and the load balancer of several control planes."""

    KEY = "cluster/create"
    TITLE = "Start cluster {self.cluster}"
    GROUP = "cluster"

    cluster: str


@dataclass(frozen=True, slots=True)
class CreateCluster(PlanStep):
    """Create the kind cluster in a network of its own."""

    KEY = "cluster/create"
    TITLE = "Create cluster {self.cluster}"
    GROUP = "cluster"

    cluster: str
    node_image: str
    config: str
    """kind's configuration, YAML."""
    nodes: int = 1
    balancer_image: str | None = None
    """Of the load balancer that kind puts before several control planes; None before one."""


@dataclass(frozen=True, slots=True)
class MarkCluster(PlanStep):
    """Have a cluster that is complete say in each of its containers whose it is, for the time when its API is away."""

    KEY = "cluster/mark"
    TITLE = "Mark cluster {self.cluster}"
    GROUP = "cluster"

    cluster: str


@dataclass(frozen=True, slots=True)
class AwaitNodeRuntime(PlanStep):
    """Wait until the nodes' container runtime answers: images can be loaded while the control plane still starts."""

    KEY = "cluster/node-runtime"
    TITLE = "Await the nodes' container runtime"
    GROUP = "cluster"

    cluster: str
    nodes: int
