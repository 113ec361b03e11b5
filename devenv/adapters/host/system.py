"""Facts about the machine that devenv runs on: system, rights, kernel limits, room on disk.

Responsible for reading them; it changes nothing. What follows from a fact is decided where it is used.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

_CAP_SYS_RESOURCE = 24
"""Number of the capability in linux/capability.h."""
_GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "amd64": "amd64"}


@dataclass(frozen=True, slots=True)
class Host:
    """The machine, as it is now."""

    system: str
    """`linux` or `darwin`."""
    os_like: tuple[str, ...]
    """ID and ID_LIKE: the families whose instructions fit."""
    os_name: str
    """For people: `Debian GNU/Linux 12 (bookworm)`."""
    root: bool
    systemd: bool
    sys_resource: bool
    """Whether a process of root can have CAP_SYS_RESOURCE; without it runc needs devenv's wrapper."""


def observe_host(root: Path = Path("/")) -> Host:
    """Read all facts; `root` is the file system that they are read from."""
    release = _os_release(root / "etc/os-release")
    system = platform.system().lower()
    identity = release.get("ID", "")
    return Host(
        system=system,
        os_like=tuple(dict.fromkeys([identity, *release.get("ID_LIKE", "").split()])) if identity else (),
        os_name=release.get("PRETTY_NAME", system),
        root=os.geteuid() == 0,
        systemd=(root / "run/systemd/system").is_dir(),
        sys_resource=_sys_resource(root / "proc/self/status"),
    )


def architecture() -> str:
    """The processor's architecture as Go and OCI name it."""
    return _GO_ARCHITECTURES.get(platform.machine(), platform.machine())


def free_bytes(path: Path) -> int:
    """Room on the file system that `path` is on, or would be on once it is made."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


def available_memory_bytes(root: Path = Path("/")) -> int:
    """Memory that programs could still have without swapping; where the system does not tell, all there is."""
    meminfo = root / "proc/meminfo"
    for line in meminfo.read_text().splitlines() if meminfo.is_file() else ():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _os_release(path: Path) -> dict[str, str]:
    """The file's assignments; their values are quoted as a shell quotes (os-release(5))."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text(errors="replace").splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            found[name] = _unquoted(value)
    return found


def _unquoted(value: str) -> str:
    try:
        return " ".join(shlex.split(value))
    except ValueError:  # an unbalanced quote: the text as it is tells more than nothing
        return value


def _sys_resource(status: Path) -> bool:
    """Whether the bounding set has CAP_SYS_RESOURCE; True where the kernel has no such sets."""
    if not status.is_file():
        return True
    for line in status.read_text().splitlines():
        if line.startswith("CapBnd:"):
            return bool(int(line.split()[1], 16) >> _CAP_SYS_RESOURCE & 1)
    return True
