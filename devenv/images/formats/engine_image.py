"""An image as the engine describes it, as far as bringing it into nodes depends on that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from devenv.adapters.docker import Engine
from devenv.images.formats.oci import Platform
from devenv.spec.image_reference import normalise

_CONTAINERD_STORE = "overlayfs"
"""What an engine calls its storage driver when containerd stores its images; its own is `overlay2`."""


@dataclass(frozen=True, slots=True)
class EngineImage:
    """One image of the engine."""

    reference: str
    name: str
    """As the nodes know it."""
    id: str
    """The digest of its configuration; with containerd's store that of its manifest or index."""
    diff_ids: tuple[str, ...]
    """Digests of the layers' plain tars, bottom first."""
    platform: Platform
    size: int
    """Bytes, unpacked."""
    keeps_blobs: bool
    """Whether the engine stores layers as they were compressed, instead of unpacked only."""
    is_tagged: bool

    @classmethod
    def inspect(cls, engine: Engine, reference: str) -> Self:
        """Ask the engine; raises ImageError when there is none."""
        found = engine.images.inspect(reference)
        return cls(
            reference,
            normalise(reference),
            found["Id"],
            tuple(found["RootFS"].get("Layers") or ()),
            Platform(found["Os"], found["Architecture"]),
            int(found["Size"]),
            keeps_blobs=(found.get("GraphDriver") or {}).get("Name") == _CONTAINERD_STORE,
            is_tagged=bool(found.get("RepoTags")),
        )


def layer_bytes(steps: Sequence[int], layers: int) -> list[int]:
    """Bytes of each layer, bottom first, from those of the history's steps, where 0 may be no layer or an empty one.

    Where several are possible it is the most.
    """
    filled = [size for size in steps if size]
    empty = max(0, layers - len(filled))
    return [max(filled[max(0, at - empty) : at + 1], default=0) for at in range(layers)]
