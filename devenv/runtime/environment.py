"""One project's environment as the steps see it: names, places, and the adapters that reach it.

Responsible for handing out adapters. Programs become known while a plan runs, so adapters that wrap one are made when
they are asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.adapters.charts.helm import Helm
from devenv.adapters.docker import ContainerInfo, Engine
from devenv.adapters.host.ports import PortClaims
from devenv.adapters.host.trust import HostTrust, observe_trust
from devenv.adapters.kind import Kind
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.errors import ImageError, ToolMissingError
from devenv.images.build.build import ImageWorkshop
from devenv.images.catalogue.catalogue import Catalogue, hashing
from devenv.images.catalogue.presence import present_references
from devenv.images.catalogue.tags import commit_tags
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.image import Mode
from devenv.plan.names import Names
from devenv.runtime.applied import Applied
from devenv.runtime.ownership.kubeconfig import export_kubeconfig, kubeconfig_of
from devenv.runtime.ownership.marks import owner_of
from devenv.runtime.ownership.ownership import KIND_CLUSTER_LABEL, Owner, is_node
from devenv.spec.read.discover import PROJECT_FILE
from devenv.spec.workspace import Workspace

if TYPE_CHECKING:
    from devenv.adapters.kubernetes.cluster import Cluster


@dataclass
class Environment:
    """Names, places and adapters of one project; threads share it."""

    workspace: Workspace
    engine: Engine
    data: Path
    """The folder with stacks/, cluster/ and localstack-init/."""
    state: Path
    """The project's state folder."""
    cache: Path
    mask: Callable[..., None]
    """Registers secrets that must not be shown."""
    images_mode: Mode = "auto"
    programs: dict[str, Path] = field(default_factory=dict)
    """Tool name to its program, as found or provided so far."""
    modules: dict[str, Path] = field(default_factory=dict)
    """Go module to the folder of its files, as found or fetched so far."""
    warned: set[str] = field(default_factory=set)
    """Places of the cluster that the user has been warned of."""
    unswappable: set[str] = field(default_factory=set)
    """Stacks whose charts change more than the image when the image changes."""
    claims: PortClaims = field(default_factory=PortClaims)
    """Ports that were chosen for a cluster which is not there yet."""
    applied: Applied = field(default_factory=Applied)
    """What this run has applied, until it is recorded."""
    creation_failed: threading.Event = field(default_factory=threading.Event)
    """Set when the cluster cannot be created, for those who wait for its nodes."""

    restarted: threading.Event = field(default_factory=threading.Event)
    """Set when this run has started the cluster's stopped nodes."""

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
        """All images, the project's own included."""
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

    def _is_as_described(self, image: str) -> bool:
        return self.catalogue.is_as_described(image)  # of the catalogue of the moment

    def forget_images(self) -> None:
        """Describe images anew from now on: their sources may have changed."""
        self.__dict__.pop("catalogue", None)

    @cached_property
    def trust(self) -> HostTrust:
        """The host's certificates."""
        return observe_trust()

    @cached_property
    def workshop(self) -> ImageWorkshop:
        """Where images are made."""
        return ImageWorkshop(
            self.engine,
            self.data,
            ca_bundle=self.trust.bundle,
            digests=self.digests,
            versions=self.workspace.versions,
            is_as_described=self._is_as_described,
        )

    def present_image(self, name: str) -> str:
        """The reference by which the engine has an image of the catalogue; raises ImageError when it has none."""
        plan = self.catalogue[name]
        present = present_references(self.engine, [plan])
        for reference in reversed(plan.usable(self.images_mode)):
            if reference in present:
                return reference
        raise ImageError(f"image {name} is not in the engine", hint="devenv up")

    def program(self, tool: str) -> Path:
        """The program of a tool that was found, or that a step before has provided."""
        try:
            return self.programs[tool]
        except KeyError:
            raise ToolMissingError(f"{tool} is not available", hint="devenv tools") from None

    @property
    def kind(self) -> Kind:
        """Kind."""
        return Kind(self.program("kind"))

    @property
    def helm(self) -> Helm:
        """Helm, bound to the project's cluster."""
        return Helm(self.program("helm"), self.kubeconfig)

    @property
    def kubectl(self) -> Kubectl:
        """kubectl, bound to the project's cluster."""
        return Kubectl(self.program("kubectl"), self.kubeconfig)

    @cached_property
    def cluster(self) -> Cluster:
        """The API of the project's cluster; it must exist."""
        # Its libraries take long to load, and some commands ask the engine alone.
        from devenv.adapters.kubernetes.cluster import Cluster  # noqa: PLC0415

        return Cluster(self.kubeconfig)
