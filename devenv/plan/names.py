"""Names derived from a project's name, and the labels that say what devenv made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from devenv.labels import LABEL_PROJECT, OURS

_PREFIX = "devenv-"
HOST_CA = "devenv-host-ca"
"""ConfigMap with the host's certificates (key ca-certificates.crt), for pods that talk TLS to the outside."""
TLS_SECRET = "devenv-tls"  # noqa: S105 -- a Secret's name
"""Secret with the certificate of the project's endpoints."""
CA_SECRET = "devenv-ca"  # noqa: S105 -- a Secret's name
"""Secret with the project's CA and its key, which the local CA has signed for the project's names alone."""
SEEDS_SECRET = "localstack-seeds"  # noqa: S105 -- a Secret's name
"""Secret with what LocalStack is seeded with, and the program that does it."""


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
        return {**OURS, LABEL_PROJECT: self.project}
