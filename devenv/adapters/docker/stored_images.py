"""An image as the engine lists it, with what is needed to tell whose it is and whether it can go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from devenv.labels import LABEL_IMAGE

_BEFORE = re.compile(r"localhost/devenv/[^/:]+:(?:.+-)?[0-9a-f]{12}")
"""What earlier versions called their images, which did not write that into them."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image as the engine lists it."""

    id: str
    references: tuple[str, ...]
    """None for a dangling image."""
    size: int
    """Bytes, unpacked, layers that it shares with others included."""
    created: int
    """Seconds since 1970."""
    labels: Mapping[str, str]

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Self:
        """From the engine's list of images."""
        return cls(
            id=entry["Id"],
            references=tuple(sorted(name for name in entry.get("RepoTags") or () if "<none>" not in name)),
            size=int(entry["Size"]),
            created=int(entry["Created"]),
            labels=dict(entry.get("Labels") or {}),
        )

    def was_made_as(self, name: str) -> bool:
        """Whether devenv made the image under this name, rather than a user who built on it or gave it the name."""
        made_as = self.labels.get(LABEL_IMAGE)
        return made_as == name if made_as else bool(_BEFORE.fullmatch(name))
