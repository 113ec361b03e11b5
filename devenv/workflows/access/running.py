"""Reaching a cluster that runs, for commands that need one: whatever else it may be is an error with a way on."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.errors import ClusterError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.ownership.kubeconfig import export_kubeconfig
from devenv.runtime.ownership.marks import look, owner_of
from devenv.runtime.ownership.ownership import KindCluster
from devenv.workflows.access.claim import require_own_folder
from devenv.workflows.access.locations import project_locations

_WAY_ON = {ClusterState.FOREIGN: "devenv status", ClusterState.STOPPED: "devenv start"}
"""Where the cluster is anything else: `devenv up`."""


@dataclass(frozen=True, slots=True)
class RunningCluster:
    """A project's cluster whose containers run; whether its API answers is seen by who asks it."""

    kind_cluster: KindCluster
    kubeconfig: Path
    """As the control plane has it now."""


def running_cluster(directory: Path) -> RunningCluster:
    """The cluster of the project in or above a folder, whatever else is wrong with the project's specification.

    Raises:
        ClusterError: there is none, it does not run, or it is another folder's.
    """
    locations = project_locations(directory)
    with closing(Engine.connect()) as engine:
        kind_cluster = look(engine, Names(locations.project))
        require_own_folder(kind_cluster, owner_of(locations.root))
        if kind_cluster.state is not ClusterState.RUNNING:
            raise not_running(kind_cluster.names, kind_cluster.state)
        export_kubeconfig(engine, kind_cluster.names.cluster, kind_cluster.containers, locations.kubeconfig)
    return RunningCluster(kind_cluster, locations.kubeconfig)


def not_running(names: Names, state: ClusterState, reason: str = "") -> ClusterError:
    """The error that says what a cluster is instead of running, and what helps."""
    return ClusterError(
        f"cluster {names.cluster} is {state}",
        context={"cause": reason} if reason else None,
        hint=_WAY_ON.get(state, "devenv up"),
    )
