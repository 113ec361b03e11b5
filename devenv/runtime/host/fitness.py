"""Whether a cluster can work in an engine: reported before anything is built, and not after it.

Responsible for what cannot work at all. What an engine has too little of is reported elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from devenv.adapters.docker import Engine, EngineVersion
from devenv.errors import UnfitEngineError

MOUNTS = Path("/proc/self/mountinfo")
_OWN_CONTAINER = re.compile(r"/containers/(?P<id>[0-9a-f]{64})/(?P<file>hostname|hosts|resolv\.conf) /etc/(?P=file) ")
"""Docker mounts these files of a container from its own folder of that name. While it copies files out of one it mounts
them on the host, too, in another place: moby's daemon/archive.go."""
_HERE = "devenv where that engine runs, or: unset DOCKER_HOST"
_ROOTLESS = "https://kind.sigs.k8s.io/docs/user/rootless/"


def refuse_unfit(engine: Engine) -> None:
    """Raise UnfitEngineError where a cluster that this process is to use cannot work in the engine."""
    if reason := unfit(engine.address, engine.version()) or apart(engine.containers.network_mode):
        message, hint = reason
        raise UnfitEngineError(message, context={"engine": engine.address}, hint=hint)


def unfit(address: str, facts: EngineVersion) -> tuple[str, str] | None:
    """Why a cluster cannot work in an engine, and what to do; None where it can. Pure."""
    if not _is_here(address):
        return (
            "the container engine is on another machine: the ports of a cluster open on that machine's loopback",
            f"run {_HERE}",
        )
    if facts.podman:
        return (
            "the container engine is podman: kind cannot make clusters over the API that it shares with Docker",
            "install Docker's engine, and: unset DOCKER_HOST",
        )
    if facts.os != "linux":
        return f"the container engine runs containers of {facts.os}: nodes are Linux", "switch it to Linux containers"
    # What kind itself asks of a rootless engine: pkg/cluster/internal/create/create.go, validateProvider.
    if facts.rootless and facts.cgroup != "2":
        return "the container engine is rootless: nodes take control groups of version 2 then", f"see {_ROOTLESS}"
    if facts.rootless and not facts.limits:
        return "the rootless container engine may not limit memory, processor and processes", f"see {_ROOTLESS}"
    return None


def _is_here(address: str) -> bool:
    """Whether an engine's address is this machine, or a virtual machine that opens its ports here.

    `http+docker://localhost` stands for a socket, `http+docker://ssh` for a tunnel to another machine.
    """
    host = urlsplit(address).hostname or ""
    if host in ("localhost", "localnpipe"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def own_container(mounts: Path = MOUNTS) -> str:
    """The ID of the container of Docker's that this process runs in; empty outside of one."""
    found = _OWN_CONTAINER.search(mounts.read_text(errors="replace")) if mounts.is_file() else None
    return found["id"] if found else ""


def apart(network_mode: Callable[[str], str | None], mounts: Path = MOUNTS) -> tuple[str, str] | None:
    """Why a process in a container of the engine does not reach the loopback on which a cluster's ports open."""
    own = own_container(mounts)
    mode = network_mode(own) if own else None
    if mode is None or mode == "host" or mode.startswith("container:"):
        return None
    return (
        "devenv runs in a container with a network of its own: the ports of a cluster open on the host's loopback",
        "give that container the host's network: docker run --network host",
    )
