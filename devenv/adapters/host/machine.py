"""What tells machines and folders apart, from inside of a container as from outside.

Names do not: a container on the host's network has the host's name, what is mounted in it has the path that somebody
chose there, and a laptop is called what the network at hand calls it.
"""

from __future__ import annotations

import os
import platform
import re
import uuid
from pathlib import Path

_MACHINE_ID = Path("/etc/machine-id")
_PROC_SELF = Path("/proc/self")
_VALID_ID = re.compile(r"[0-9a-f]{32}")
_ESCAPED = re.compile(r"\\([0-7]{3})")
_MULTICAST = 1 << 40
"""By which `uuid.getnode` marks a number that it made up, where it found no network card."""
_IN_MEMORY = ("tmpfs", "ramfs")


def machine_id(file: Path = _MACHINE_ID) -> str:
    """What stays the same when a machine gets another name; empty where nothing does, as in most containers.

    On Linux that is machine-id(5), elsewhere the address of a network card.
    """
    if platform.system() != "Linux":
        card = uuid.getnode()
        return "" if card & _MULTICAST else f"{card:012x}"
    text = file.read_text(errors="replace").strip() if file.is_file() else ""
    return text if _VALID_ID.fullmatch(text) else ""


def place_of(folder: Path, proc: Path = _PROC_SELF) -> str:
    """Where a folder lies on its file system, `<path> on <file system>`: the same by whatever mount it is reached.

    Empty where the kernel does not tell. See proc_pid_mountinfo(5).
    """
    folder = folder.resolve()
    mount = _mount_of(folder, proc)
    if mount is None:
        return ""
    before, _, after = mount.partition(" - ")
    device, root, point = (_plain(text) for text in before.split()[2:5])
    kind, source, options = (_plain(text) for text in after.split()[:3])
    beyond = os.path.relpath(folder, point)
    path = os.path.normpath(Path(root) / beyond)
    return f"{path} on {_file_system(kind, source, device, options)}"


def file_system_kind(folder: Path, proc: Path = _PROC_SELF) -> str:
    """What the kernel calls the file system that a folder is on; empty where it does not tell."""
    mount = _mount_of(folder.resolve(), proc)
    return _plain(mount.partition(" - ")[2].split()[0]) if mount else ""


def _mount_of(folder: Path, proc: Path) -> str | None:
    """The line of mountinfo for the mount that a folder is on; None where there is no such file."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        facts = (proc / "fdinfo" / str(descriptor)).read_text()
        mounts = (proc / "mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    finally:
        os.close(descriptor)
    number = re.search(r"^mnt_id:\s*(\d+)$", facts, re.MULTILINE)
    return next((line for line in mounts if number and line.startswith(f"{number[1]} ")), None)


def _file_system(kind: str, source: str, device: str, options: str) -> str:
    """What tells a file system from others, over restarts where it lives so long.

    A container's own is told by the layer that it writes to. Device numbers of file systems without a device of their
    own (btrfs, NFS) change with each start of the machine: those go by their source.
    """
    if kind == "overlay" and (upper := re.search(r"(?:^|,)upperdir=([^,]+)", options)):
        return upper[1]
    return device if kind in _IN_MEMORY else source


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)
