"""The engine as the rest of devenv sees it: one object with everything that can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import docker

from devenv.adapters.docker.builds import Builder
from devenv.adapters.docker.connection import CONNECT_SECONDS, connect, telling
from devenv.adapters.docker.container_files import ContainerFiles
from devenv.adapters.docker.containers import ContainerHost
from devenv.adapters.docker.images import ImageStore
from devenv.adapters.docker.locks import Locks
from devenv.adapters.docker.stored_images import StoredImages
from devenv.errors import EngineUnavailableError


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """What an engine is, as far as devenv's choices depend on it."""

    id: str
    """By which an engine is told from others; it stays the same over restarts."""
    version: str
    api: str
    os: str
    arch: str
    cgroup: str
    """`1` or `2`."""
    storage_driver: str
    root: Path
    """Folder of the engine's data, on the engine's host."""
    podman: bool = False
    """Whether it is podman, which answers to Docker's API."""
    rootless: bool = False
    memory_bytes: int = 0
    """Of the machine that it runs on, which may be a virtual one; 0 where it does not tell."""
    limits: bool = True
    """Whether it can limit what containers take of memory, processor and processes."""


class Engine(ImageStore, StoredImages, Builder, ContainerHost, ContainerFiles, Locks):
    """A reachable container engine. Safe to be used from several threads."""

    def __init__(self, client: docker.DockerClient, buildx: Path | None = None) -> None:
        super().__init__(client)
        self.buildx = buildx

    @classmethod
    def connect(cls, buildx: Path | None = None, *, patience: int = CONNECT_SECONDS) -> Self:
        """Connect to DOCKER_HOST, else to the current docker context, else to the default socket.

        Raises:
            EngineUnavailableError: nothing answers there within `patience` seconds.
        """
        return cls(connect(patience), buildx)

    def version(self) -> EngineVersion:
        """What this engine is; asks it."""
        with telling("ask the engine what it is", EngineUnavailableError):
            version, info = self.client.api.version(), self.client.api.info()
        return EngineVersion(
            id=str(info.get("ID") or ""),
            version=version["Version"],
            api=version["ApiVersion"],
            os=version["Os"],
            arch=version["Arch"],
            cgroup=str(info.get("CgroupVersion") or "1"),
            storage_driver=info.get("Driver", ""),
            root=Path(info.get("DockerRootDir") or "/var/lib/docker"),
            podman=any("podman" in str(part.get("Name")).lower() for part in version.get("Components") or ()),
            rootless=any("name=rootless" in str(option) for option in info.get("SecurityOptions") or ()),
            memory_bytes=int(info.get("MemTotal") or 0),
            limits=all(info.get(name, True) for name in ("MemoryLimit", "PidsLimit", "CPUShares")),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()
