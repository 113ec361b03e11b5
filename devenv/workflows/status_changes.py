"""`devenv status --watch`: the status whenever it has changed, told by the cluster's and the engine's own watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.errors import ApiUnreachableError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.ownership.ownership import KIND_CLUSTER_LABEL
from devenv.workflows.access.locations import project_locations
from devenv.workflows.status import StatusReport, read_status

_GATHER_SECONDS = 0.3
"""For changes that come together: a rollout makes dozens."""
_LONGEST_SECONDS = 5
"""Without a change told it is looked nevertheless: alerts, and what is not watched, change too."""


def follow_status(directory: Path, *, reveal: bool) -> Iterator[StatusReport]:
    """The status now, and again after each change, until the caller has seen enough; raises what `read_status` does."""
    locations, last = project_locations(directory), None
    while True:
        report = read_status(directory, reveal=reveal)
        if report != last:
            yield report
        last = report
        if report.state is ClusterState.RUNNING:
            with Cluster(locations.kubeconfig) as cluster:
                try:
                    for last in _while_running(cluster, directory, report, reveal=reveal):
                        yield last
                except ApiUnreachableError:
                    continue  # it went away before it was watched: the next look tells what it is
        else:
            with closing(Engine.connect()) as engine:
                label = {KIND_CLUSTER_LABEL: Names(locations.project).cluster}
                engine.containers.await_change(label, _LONGEST_SECONDS)


def _while_running(cluster: Cluster, directory: Path, last: StatusReport, *, reveal: bool) -> Iterator[StatusReport]:
    """Each change for as long as the cluster runs, the one included by which it does not any more."""
    informer = cluster.informer()
    while last.state is ClusterState.RUNNING:
        revision = informer.revision
        report = read_status(directory, reveal=reveal)
        if report != last:
            yield report
        last = report
        informer.wait(revision, _LONGEST_SECONDS, gather=_GATHER_SECONDS)
