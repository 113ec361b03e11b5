"""References of images: taken apart, and written in the one full form that containerd and the kubelet use.

Pure. Follows the grammar of the distribution project: a first component with a dot or a colon,
or `localhost`, is a registry; everything else lives on docker.io, in `library/` when it has no folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from devenv.errors import ImageError

DEFAULT_REGISTRY = "docker.io"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"^{_COMPONENT}(?:/{_COMPONENT})*$")
_TAG = re.compile(r"^\w[\w.-]{0,127}$", re.ASCII)
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
_REGISTRY = re.compile(r"^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image's full name."""

    registry: str
    path: str
    tag: str
    """Empty when only a digest is given."""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference as people write it; raises ImageError on what no engine would accept."""
        rest, _, digest = text.partition("@")
        first, slash, below = rest.partition("/")
        is_registry = bool(slash) and ("." in first or ":" in first or first == "localhost")
        registry, name = (first, below) if is_registry else (DEFAULT_REGISTRY, rest)
        path, _, tag = name.partition(":")
        if registry == DEFAULT_REGISTRY and "/" not in path:
            path = f"library/{path}"
        if not tag and not digest:
            tag = "latest"
        reference = cls("docker.io" if registry == "index.docker.io" else registry, path, tag, digest)
        if not reference._is_valid():
            raise ImageError(f"{text!r} is not an image reference", hint="expected: registry/name:tag")
        return reference

    @property
    def repository(self) -> str:
        """Registry and path."""
        return f"{self.registry}/{self.path}"

    def at(self, mirror: str) -> Reference:
        """The same image at a mirror: `docker.io/library/x:1` at `m.example/hub` is `m.example/hub/library/x:1`."""
        registry, _, folder = mirror.partition("/")
        return replace(self, registry=registry, path=f"{folder}/{self.path}" if folder else self.path)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"

    def _is_valid(self) -> bool:
        return bool(
            _REGISTRY.match(self.registry)
            and _REPOSITORY.match(self.path)
            and (not self.tag or _TAG.match(self.tag))
            and (not self.digest or _DIGEST.match(self.digest))
        )


def normalise(text: str) -> str:
    """`traefik:v3` as `docker.io/library/traefik:v3`, the name that a node's containerd knows it by."""
    return str(Reference.parse(text))


def full_reference(text: str) -> str:
    """The same, or what is written where no engine would take it: an image's ID, which has no name."""
    try:
        return normalise(text)
    except ImageError:
        return text


def registry_of(text: str) -> str:
    """The registry that a reference names."""
    return Reference.parse(text).registry


def mirrored_at(mirrors: Mapping[str, str], text: str) -> str:
    """The reference at the mirror of its registry; empty where that has none."""
    reference = Reference.parse(text)
    mirror = mirrors.get(reference.registry)
    return str(reference.at(mirror)) if mirror else ""
