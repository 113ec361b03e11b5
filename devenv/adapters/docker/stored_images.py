"""The images that the engine stores, listed with what is needed to tell whose they are and whether they can go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import docker

from devenv.adapters.docker.connection import telling
from devenv.adapters.docker.labels import as_filter
from devenv.errors import EngineUnavailableError


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
        """IDs of those images that were given these labels, and did not inherit them from what they are built on.

        An image with a name is believed: its name tells more. Of one without, it is seen in its history.
        """
        labelled = [image for image in stored if labels.items() <= image.labels.items()]
        if all(image.references for image in labelled):
            return frozenset(image.id for image in labelled)
        histories = {image.id: self._history(image.id) for image in labelled}

        def inherits(image: StoredImage) -> bool:
            mine = histories[image.id]
            return any(len(base) < len(mine) and mine[: len(base)] == base for base in histories.values())

        return frozenset(image.id for image in labelled if image.references or not inherits(image))

    def _history(self, image: str) -> list[tuple[object, object]]:
        """What made an image, bottom first."""
        with telling(f"ask for the history of {image}", EngineUnavailableError):
            history = self.client.api.history(image)  # type: ignore[no-untyped-call]
        return [(entry["Created"], entry["CreatedBy"]) for entry in reversed(history)]

    def image_bytes(self) -> int:
        """Bytes that all images together take on the engine's disk, shared layers counted once."""
        with telling("ask what the images take", EngineUnavailableError):
            return int(self.client.api.df().get("LayersSize") or 0)

    def images_of_containers(self) -> frozenset[str]:
        """IDs of the images that containers are made of, running or not."""
        with telling("list the containers", EngineUnavailableError):
            return frozenset(str(entry["ImageID"]) for entry in self.client.api.containers(all=True))


def _stored(entry: Mapping[str, Any]) -> StoredImage:
    return StoredImage(
        id=entry["Id"],
        references=tuple(sorted(name for name in entry.get("RepoTags") or () if "<none>" not in name)),
        size=int(entry["Size"]),
        created=int(entry["Created"]),
        labels=dict(entry.get("Labels") or {}),
    )
