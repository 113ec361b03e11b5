"""Names derived from a project's name, and the labels that say what devenv made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

_PREFIX = "devenv-"
LABEL_PROJECT = "devenv.io/project"
LABEL_MADE_BY = "devenv.io/made-by"
MADE_BY = "devenv"
LABEL_CONTENT = "devenv.io/content"
LABEL_STACK = "devenv.io/stack"
LABEL_FOLDER = "devenv.io/folder"
LABEL_HOST = "devenv.io/host"
LABEL_USER = "devenv.io/user"
LABEL_PLACE = "devenv.io/place"
LABEL_MACHINE = "devenv.io/machine"
LABEL_CARRIES = "devenv.io/carries"
"""On ConfigMaps that hold parts of folders: the release whose pods read them."""
HOST_CA = "devenv-host-ca"
"""ConfigMap with the host's certificates (key ca-certificates.crt), for pods that talk TLS to the outside."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a project's things are called."""

    project: str

    @classmethod
    def of_cluster(cls, cluster: str) -> Self | None:
        """The names that belong to a kind cluster's; None for one that cannot be devenv's."""
        project = cluster.removeprefix(_PREFIX)
        return cls(project) if project and project != cluster else None

    @property
    def cluster(self) -> str:
        """The kind cluster."""
        return f"{_PREFIX}{self.project}"

    @property
    def network(self) -> str:
        """The Docker network, whose label says whose the cluster is."""
        return f"{_PREFIX}{self.project}"

    @property
    def lock(self) -> str:
        """The container that locks the project. Underscores keep it apart from nodes, whose names are DNS labels."""
        return f"devenv_lock_{self.project}"

    @property
    def domain(self) -> str:
        """HTTP names end in it; `*.localhost` is the loopback by RFC 6761."""
        return f"{self.project}.localhost"

    @property
    def labels(self) -> dict[str, str]:
        """Labels of everything that devenv makes for the project."""
        return {LABEL_MADE_BY: MADE_BY, LABEL_PROJECT: self.project}
