"""One project's environment as the steps see it: names, places, and the adapters that reach it.

Responsible for handing out adapters. Programs become known while a plan runs, so adapters that wrap one are made when
they are asked for.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.adapters.helm import Helm
from devenv.adapters.kind import Kind
from devenv.adapters.kubectl import Kubectl
from devenv.adapters.kubernetes import Cluster
from devenv.adapters.toolchain import Toolchain
from devenv.errors import ToolMissingError
from devenv.plan.names import Names
from devenv.spec.load import Workspace


@dataclass
class Environment:
    """Names, places and adapters of one project."""

    workspace: Workspace
    engine: Engine
    toolchain: Toolchain
    data: Path
    """The folder with stacks/, cluster/ and localstack-init/."""
    state: Path
    """The project's state folder."""
    programs: dict[str, Path] = field(default_factory=dict)
    """Tool name to its program, as found or provided so far."""
    creation_failed: threading.Event = field(default_factory=threading.Event)
    """Set when the cluster cannot be created, for those who wait for its nodes."""

    @property
    def names(self) -> Names:
        """What the project's things are called."""
        return Names(self.workspace.project.project)

    @property
    def kubeconfig(self) -> Path:
        """The project's own kubeconfig; it may not exist yet."""
        return self.state / "kubeconfig"

    def program(self, tool: str) -> Path:
        """The program of a tool that a step before has provided."""
        try:
            return self.programs[tool]
        except KeyError:
            raise ToolMissingError(f"{tool} is not available", hint="devenv tools") from None

    @property
    def kind(self) -> Kind:
        """kind."""
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
        return Cluster(self.kubeconfig)
