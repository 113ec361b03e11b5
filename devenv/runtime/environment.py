"""One project's environment as the steps see it: names, places, and the adapters that reach it.

Responsible for handing out adapters, each made when it is first asked for. Those that wrap a program are the toolbox's
(`devenv.runtime.toolbox`), since programs become known while a plan runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from devenv.adapters.docker import ContainerInfo, Engine
from devenv.adapters.host.trust import HostTrust, observe_trust
from devenv.images.build.build import ImageProvider
from devenv.images.catalogue.catalogue import Catalogue, hashing
from devenv.images.catalogue.tags import commit_tags
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.names import Names
from devenv.plan.steps import BuildImage
from devenv.runtime.ownership.kubeconfig import export_kubeconfig, kubeconfig_of
from devenv.runtime.ownership.marks import owner_of
from devenv.runtime.ownership.ownership import KIND_CLUSTER_LABEL, Owner, is_node
from devenv.spec.read.discover import PROJECT_FILE
from devenv.spec.workspace import Workspace

if TYPE_CHECKING:
    from devenv.adapters.kubernetes.cluster import Cluster


@dataclass(frozen=True)
class Environment:
    """Names, places and adapters of one project; threads share it. What a run learns is in its `RunState`."""

    workspace: Workspace
    engine: Engine
    data: Path
    """The folder with stacks/, cluster/ and localstack-init/."""
    state: Path
    """The project's state folder."""
    cache: Path
    mask: Callable[..., None]
    """Registers secrets that must not be shown."""

    @property
    def names(self) -> Names:
        """What the project's things are called."""
        return Names(self.workspace.project.project)

    def containers(self) -> Sequence[ContainerInfo]:
        """The containers of the project's cluster: its nodes, and the load balancer of several control planes."""
        return self.engine.containers.list({KIND_CLUSTER_LABEL: self.names.cluster})

    def node_names(self) -> list[str]:
        """The containers that are nodes."""
        return [container.name for container in self.containers() if is_node(container)]

    @cached_property
    def kubeconfig(self) -> Path:
        """The project's own kubeconfig for this engine; it may not exist yet."""
        return kubeconfig_of(self.state)

    def export_kubeconfig(self) -> bool:
        """Write the kubeconfig as the running cluster has it; whether it differs from what was there."""
        return export_kubeconfig(self.engine, self.names.cluster, self.containers(), self.kubeconfig)

    @cached_property
    def owner(self) -> Owner:
        """Whose everything is that is made now: this project's folder, and who works in it."""
        return owner_of(self.workspace.root)

    @cached_property
    def digests(self) -> FileDigests:
        """Hashes of files, remembered for the run."""
        return FileDigests()

    @cached_property
    def catalogue(self) -> Catalogue:
        """All images, the project's own included, as their sources were when first asked for."""
        return self.describe_images()

    def describe_images(self) -> Catalogue:
        """All images as their sources are now."""
        project = self.workspace.project
        return Catalogue(
            self.workspace.versions,
            self.data,
            hashing(self.digests),
            project.images,
            self.workspace.root,
            commit_tag=commit_tags(self.workspace.root / PROJECT_FILE, self.digests),
            locked=self.workspace.lock.places,
            mirrors=project.registry_mirrors,
        )

    def _is_as_described(self, step: BuildImage) -> bool:
        catalogue = self.describe_images()
        return step.image not in catalogue.names() or catalogue[step.image].content == step.content

    @cached_property
    def kind_file(self) -> Mapping[str, Any]:
        """The configuration of kind as the user's own file has it, or else devenv's."""
        own = self.workspace.project.cluster.config
        file = self.workspace.root / own if own else self.data / "cluster" / "kind.yaml"
        return yaml.safe_load(file.read_bytes()) or {}

    @cached_property
    def trust(self) -> HostTrust:
        return observe_trust()

    @cached_property
    def provider(self) -> ImageProvider:
        """Where images are made."""
        return ImageProvider(
            self.engine,
            self.data,
            ca_bundle=self.trust.bundle,
            digests=self.digests,
            versions=self.workspace.versions,
            is_as_described=self._is_as_described,
        )

    @cached_property
    def cluster(self) -> Cluster:
        """The API of the project's cluster; it must exist."""
        # Its libraries take long to load, and some commands ask the engine alone.
        from devenv.adapters.kubernetes.cluster import Cluster  # noqa: PLC0415

        return Cluster(self.kubeconfig)
