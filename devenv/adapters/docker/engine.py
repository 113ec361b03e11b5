"""The engine as the rest of devenv sees it: what it is, and a part for each kind of thing that it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import docker

from devenv.adapters.docker.builds import Builds
from devenv.adapters.docker.connection import CONNECT_SECONDS, connect, translate_errors
from devenv.adapters.docker.containers import Containers
from devenv.adapters.docker.files import Files
from devenv.adapters.docker.images import Images
from devenv.adapters.docker.locks import Locks
from devenv.adapters.docker.networks import Networks
from devenv.adapters.docker.volumes import Volumes
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
    processors: int = 0
    """Of the machine that it runs on; 0 where it does not tell."""
    clock: str = ""
    """What its machine's clock said when it was asked (RFC 3339); empty where it does not tell."""
    runtime: str = ""
    """What starts its containers unless told otherwise: `runc`."""
    forwards: bool = True
    """Whether its machine passes packets on, as containers need to reach anything."""
    http_proxy: str = ""
    https_proxy: str = ""
    """Through which it pulls."""
    address_pools: tuple[tuple[str, int], ...] = ()
    """Where it takes networks from, `10.0.0.0/8`, and the length of their prefixes; empty where it has its own."""


class Engine:
    """A reachable container engine. Safe to be used from several threads."""

    def __init__(self, client: docker.DockerClient, buildx: Path | None = None) -> None:
        self.client = client
        """The library's client, for the few things that need more than this adapter offers."""
        self.images = Images(client)
        self.builds = Builds(client, buildx)
        self.containers = Containers(client)
        self.files = Files(client, self.containers)
        self.networks = Networks(client)
        self.volumes = Volumes(client)
        self.locks = Locks(client)

    @classmethod
    def connect(cls, buildx: Path | None = None, *, patience: int = CONNECT_SECONDS) -> Self:
        """Connect to DOCKER_HOST, else to the current docker context, else to the default socket.

        Raises:
            EngineUnavailableError: nothing answers there within `patience` seconds.
        """
        return cls(connect(patience), buildx)

    @property
    def address(self) -> str:
        """Where the engine is, as the library calls it."""
        return str(self.client.api.base_url)

    @property
    def is_local(self) -> bool:
        """Whether it is asked over a socket of this machine; it may still run in a virtual machine of its own."""
        return self.address.startswith("http+docker://local")

    def version(self) -> EngineVersion:
        """What this engine is; asks it."""
        with translate_errors("ask the engine what it is", EngineUnavailableError):
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
            processors=int(info.get("NCPU") or 0),
            clock=str(info.get("SystemTime") or ""),
            runtime=str(info.get("DefaultRuntime") or ""),
            forwards=bool(info.get("IPv4Forwarding", True)),
            http_proxy=str(info.get("HttpProxy") or ""),
            https_proxy=str(info.get("HttpsProxy") or ""),
            address_pools=tuple((pool["Base"], int(pool["Size"])) for pool in info.get("DefaultAddressPools") or ()),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()
