"""What the things of a copy are called, and how they are told from all others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.labels import LABEL_COPY, LABEL_PROCESS

_LONGEST = 63
"""Of names of Services, of parts of host names, and of values of labels."""
_APPLIERS = ("meta.helm.sh/", "helm.sh/", "kubectl.kubernetes.io/", "deployment.kubernetes.io/", "devenv.io/")
"""What annotations begin with that tell who applied the original."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which copy, and whose."""

    id: str
    """Six hexadecimal digits."""
    namespace: str
    """Of the service, and so of the copy."""
    project_labels: Mapping[str, str]
    """Of everything that devenv makes for the project."""
    process: str
    """The name of the process that uses it (`devenv.adapters.process.identity`)."""

    @property
    def selector(self) -> dict[str, str]:
        """The label that the copy's own Services and policies select by."""
        return {LABEL_COPY: self.id}

    def named(self, name: str) -> str:
        """What the copy of something is called: its name, cut where it is too long, with the copy's ID behind."""
        return f"{name[: _LONGEST - len(self.id) - 1].rstrip('-.')}-{self.id}"

    def metadata(
        self,
        original: str,
        *,
        namespace: str = "",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> Json:
        """Metadata of the copy of an object, with those of the original's labels and annotations that are given."""
        own = {key: value for key, value in (annotations or {}).items() if not key.startswith(_APPLIERS)}
        return {
            "name": self.named(original),
            "namespace": namespace or self.namespace,
            "labels": {**(labels or {}), **self.project_labels, **self.selector},
            "annotations": {**own, LABEL_PROCESS: self.process},
        }
