"""The images that the engine stores, listed with what is needed to tell whose they are and whether they can go."""

from __future__ import annotations

from collections.abc import Mapping
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
