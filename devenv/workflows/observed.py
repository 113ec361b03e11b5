"""A project and what there is of it at one moment: what `status`, `alerts` and the start page are made from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import state_dir
from devenv.errors import DevenvError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.host.ports import http_ports
from devenv.runtime.observe.cluster import ClusterFacts, observe_cluster
from devenv.runtime.ownership.kubeconfig import export_kubeconfig, kubeconfig_of
from devenv.runtime.ownership.marks import look, owner_of
from devenv.runtime.ownership.ownership import KindCluster
from devenv.spec.project_name import project_name
from devenv.spec.read.discover import find_project
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import read_project
from devenv.workflows.run.links import Link, reached


@dataclass(frozen=True, slots=True)
class ObservedProject:
    """A project and what there is of it at one moment."""

    workspace: Workspace
    """In the profile that is up."""
    kubeconfig: Path
    facts: ClusterFacts
    ports: tuple[int, int] | None
    """HTTP and HTTPS on this machine, while the cluster runs."""

    @property
    def names(self) -> Names:
        """What the project's things are called."""
        return Names(self.workspace.project.project)

    @property
    def installed(self) -> list[str]:
        """The stacks that are recorded, where the cluster can be asked and reached."""
        reached = self.facts.state is ClusterState.RUNNING and self.ports
        return [name for name in self.workspace.selected if name in self.facts.records] if reached else []

    @property
    def endpoints(self) -> list[Link]:
        """The addresses of what is installed."""
        return reached(self.workspace, self.installed, self.ports)


def observe_project(directory: Path) -> ObservedProject:
    """Look at the project in or above a folder; raises SpecError and EngineUnavailableError.

    What is written is read while engine and cluster are asked: each takes about as long.
    """
    root = find_project(directory).parent
    with ThreadPoolExecutor(1, thread_name_prefix="specification") as pool:
        reading = pool.submit(read_project, root)
        try:
            names = Names(project_name(root))
            kubeconfig = kubeconfig_of(state_dir(names.project, create=False))
            kind_cluster, facts = _look(names, kubeconfig)
        except DevenvError:
            reading.result()  # what is wrong with the specification, all of it, goes before
            raise
        workspace = reading.result()
    if profile := facts.other_profile(workspace.project):
        workspace = read_project(root, profile=profile)
    if kind_cluster.owner and not kind_cluster.owner.has_folder_of(owner_of(workspace.root)):
        facts = replace(facts, reason=f"it belongs to {kind_cluster.owner}")
    return ObservedProject(workspace, kubeconfig, facts, http_ports(kind_cluster.containers))


def _look(names: Names, kubeconfig: Path) -> tuple[KindCluster, ClusterFacts]:
    with closing(Engine.connect()) as engine:
        kind_cluster = look(engine, names)

        def export() -> bool:
            return export_kubeconfig(engine, names.cluster, kind_cluster.containers, kubeconfig)

        return kind_cluster, observe_cluster(kind_cluster, kubeconfig, export=export)
