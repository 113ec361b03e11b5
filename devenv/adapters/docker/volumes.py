"""Volumes in the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import docker
from docker.errors import NotFound

from devenv.adapters.docker.at_once import each
from devenv.adapters.docker.connection import translate_errors
from devenv.adapters.docker.labels import as_filter
from devenv.errors import ClusterError


class Volumes:
    """What the engine can do with volumes: `Engine.volumes`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    def list(self, labels: Mapping[str, str]) -> Sequence[str]:
        """Names of the volumes with these labels."""
        with translate_errors("list the volumes", ClusterError):
            listed = self._client.api.volumes(filters={"label": as_filter(labels)})
        return sorted(volume["Name"] for volume in listed.get("Volumes") or ())

    def remove(self, names: Iterable[str]) -> None:
        """Remove volumes; absent ones are fine."""

        def remove_one(name: str) -> None:
            try:
                self._client.api.remove_volume(name, force=True)
            except NotFound:
                return  # absent is what is wanted

        each(names, remove_one, "remove volume {}")
