"""Steps that make, start and clear away the cluster."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemoveBrokenCluster:
    """Remove the rest of a cluster whose creation was interrupted."""

    cluster: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return "cluster/remove-broken"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Remove the unfinished cluster {self.cluster}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "cluster"


@dataclass(frozen=True, slots=True)
class StartCluster:
    """Start the stopped nodes of an existing cluster."""

    cluster: str
    nodes: tuple[str, ...]

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return "cluster/create"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Start cluster {self.cluster}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "cluster"


@dataclass(frozen=True, slots=True)
class CreateCluster:
    """Create the kind cluster in a network of its own."""

    cluster: str
    node_image: str
    config: str
    """kind's configuration, YAML."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return "cluster/create"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Create cluster {self.cluster}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "cluster"


@dataclass(frozen=True, slots=True)
class AwaitNodeRuntime:
    """Wait until the nodes' container runtime answers: images can be loaded while the control plane still starts."""

    cluster: str
    nodes: int

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return "cluster/node-runtime"

    @property
    def title(self) -> str:
        """What it does."""
        return "Await the nodes' container runtime"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "cluster"
