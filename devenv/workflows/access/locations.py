"""Where a project's things are, without talking to an engine or a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.files.paths import state_dir
from devenv.spec.project_name import project_name
from devenv.spec.read.discover import find_project


@dataclass(frozen=True, slots=True)
class Locations:
    """Paths of one project."""

    project: str
    root: Path
    """The folder with devenv.yaml."""
    state: Path

    @property
    def kubeconfig(self) -> Path:
        """The project's own kubeconfig for the engine that is chosen; it exists while the cluster does."""
        # Its library takes long to load, and the other paths need none.
        from devenv.runtime.ownership.kubeconfig import kubeconfig_of  # noqa: PLC0415

        return kubeconfig_of(self.state)


def project_locations(directory: Path) -> Locations:
    """Paths of the project in or above a folder; raises ProjectNotFoundError and SpecError."""
    name = project_name(directory)
    return Locations(name, find_project(directory).parent, state_dir(name, create=False))


def local_ca_certificate() -> Path:
    """Path of the local CA's certificate, made when it is missing."""
    # Its library takes long to load, and the other paths need none.
    from devenv.adapters.certificates import local_ca  # noqa: PLC0415

    return local_ca().certificate
