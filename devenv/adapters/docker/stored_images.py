"""The images that the engine stores, listed with what is needed to tell whose they are and whether they can go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import docker

from devenv.adapters.docker.connection import telling
from devenv.adapters.docker.labels import IMAGE, as_filter
from devenv.errors import EngineUnavailableError

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


class StoredImages:
    """What the engine can tell of all its images; a part of `Engine`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.client = client

    def stored_images(self, labels: Mapping[str, str] | None = None) -> list[StoredImage]:
        """All images with these labels, dangling ones included, newest first."""
        filters = {"label": as_filter(labels)} if labels else {}
        with telling("list the images", EngineUnavailableError):
            listed = self.client.api.images(filters=filters)
        return sorted((_stored(entry) for entry in listed), key=lambda image: (-image.created, image.references))

    def made_with(self, labels: Mapping[str, str], stored: Iterable[StoredImage]) -> frozenset[str]:
        """Names of those images, and IDs of nameless ones, that were given these labels and did not inherit them.

        A name is the one that the image was made as. A nameless image is known by its history: it was imported whole,
        or is made as the image is that has its name now. Where neither can be seen, it may be a user's.
        """
        labelled = [image for image in stored if labels.items() <= image.labels.items()]
        named = {name for image in labelled for name in image.references if _made_as(image, name)}
        nameless = [image for image in labelled if not image.references]
        return frozenset([*named, *(image.id for image in nameless if self._is_former(image, named))])

    def _is_former(self, image: StoredImage, named: AbstractSet[str]) -> bool:
        made = self._history(image.id)
        successor = image.labels.get(IMAGE)
        return len(made) == 1 or (successor in named and self._history(str(successor)) == made)

    def _history(self, image: str) -> list[str]:
        """The commands that made an image, last first."""
        with telling(f"ask for the history of {image}", EngineUnavailableError):
            history = self.client.api.history(image)  # type: ignore[no-untyped-call]
        return [str(entry["CreatedBy"]) for entry in history]

    def image_bytes(self) -> int:
        """Bytes that all images together take on the engine's disk, shared layers counted once."""
        with telling("ask what the images take", EngineUnavailableError):
            return int(self.client.api.df().get("LayersSize") or 0)

    def images_of_containers(self) -> frozenset[str]:
        """IDs of the images that containers are made of, running or not."""
        with telling("list the containers", EngineUnavailableError):
            return frozenset(str(entry["ImageID"]) for entry in self.client.api.containers(all=True))


def _made_as(image: StoredImage, name: str) -> bool:
    made_as = image.labels.get(IMAGE)
    return made_as == name if made_as else bool(_BEFORE.fullmatch(name))


def _stored(entry: Mapping[str, Any]) -> StoredImage:
    return StoredImage(
        id=entry["Id"],
        references=tuple(sorted(name for name in entry.get("RepoTags") or () if "<none>" not in name)),
        size=int(entry["Size"]),
        created=int(entry["Created"]),
        labels=dict(entry.get("Labels") or {}),
    )
