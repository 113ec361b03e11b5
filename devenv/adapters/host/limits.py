"""The kernel's limits that clusters and watches of files run into: inotify, open files.

Responsible for reading them, and for trying what no file tells: whether this user can have one more. What is enough is
decided where it is needed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
from dataclasses import dataclass
from pathlib import Path

INSTANCES = "fs.inotify.max_user_instances"
WATCHES = "fs.inotify.max_user_watches"
SYSTEM_FILES = "fs.file-max"
ENOUGH_INSTANCES = 512
"""As kind advises: https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files"""
ENOUGH_WATCHES = 524288
"""From the same place."""
_INOTIFY_LINK = "anon_inode:inotify"
"""What a process's descriptor of an inotify instance leads to."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits and how far they are used up; None for what the system does not tell."""

    instances: int | None
    """inotify instances that each user may have."""
    instances_of_root: int | None
    """Those that root has, who runs the programs of nodes; only root can count them."""
    another_instance: bool
    """Whether this user got one more, just now."""
    watches: int | None
    """Files that each user may watch."""
    open_files: int
    """That this process may have open, and what it starts; -1 where there is no limit."""
    system_files: tuple[int, int] | None
    """Open files of the whole system, and how many there may be."""


def observe_limits(root: Path = Path("/")) -> Limits:
    """Read them; `root` is the file system that they are read from."""
    proc = root / "proc"
    return Limits(
        instances=_number(proc / "sys/fs/inotify/max_user_instances"),
        instances_of_root=_count_instances(proc) if os.geteuid() == 0 else None,
        another_instance=_can_have_instance(),
        watches=_number(proc / "sys/fs/inotify/max_user_watches"),
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        system_files=_system_files(proc / "sys/fs/file-nr"),
    )


def inotify_instances(root: Path = Path("/")) -> int | None:
    """How many inotify instances each user may have; None on a system without them."""
    return _number(root / "proc/sys/fs/inotify/max_user_instances")


def raising(**wanted: int) -> str:
    """The command that raises limits of inotify: `instances` and `watches`."""
    names = {"instances": INSTANCES, "watches": WATCHES}
    return "sudo sysctl -w " + " ".join(f"{names[name]}={value}" for name, value in wanted.items())


def _number(file: Path) -> int | None:
    return int(file.read_text()) if file.is_file() else None


def _system_files(file: Path) -> tuple[int, int] | None:
    """See proc_sys_fs(5): allocated, free, greatest."""
    if not file.is_file():
        return None
    allocated, _, most = (int(text) for text in file.read_text().split())
    return allocated, most


def _can_have_instance() -> bool:
    """Whether the kernel gives this user one more; true where there is no such thing."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "inotify_init1"):
        return True
    descriptor = library.inotify_init1(os.O_CLOEXEC)
    if descriptor < 0:
        return ctypes.get_errno() != errno.EMFILE
    os.close(descriptor)
    return True


def _count_instances(proc: Path) -> int:
    return sum(_instances_of(process) for process in proc.iterdir() if process.name.isdigit())


def _instances_of(process: Path) -> int:
    try:
        if process.stat().st_uid != 0:
            return 0
        handles = os.listdir(process / "fd")  # noqa: PTH208 -- thousands of them, of which nothing but the name is used
    except OSError:  # ended meanwhile
        return 0
    return sum(_leads_to_instance(f"{process}/fd/{handle}") for handle in handles)


def _leads_to_instance(handle: str) -> bool:
    try:
        return os.readlink(handle) == _INOTIFY_LINK  # noqa: PTH115 -- as above
    except OSError:  # closed meanwhile
        return False
