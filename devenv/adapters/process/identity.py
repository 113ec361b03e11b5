"""Names of processes by which others on the same machine can tell whether one lives still."""

from __future__ import annotations

import hashlib
import os
import select
import signal
from pathlib import Path

_PROC = Path("/proc")
_MACHINE_ID = Path("/etc/machine-id")
_FIRST_NAMESPACE = 0xEFFFFFFC
"""The inode of the processes' namespace that a machine begins with: PROC_PID_INIT_INO, include/linux/proc_ns.h."""
_STARTED = 19
"""Fields after the name of the program until the one that says when it was started: proc(5), `/proc/PID/stat`."""
_KILLED_SECONDS = 5.0
"""A process that was killed may still be held by the kernel, as by a disk that does not answer."""


def this_process() -> str:
    """This process's name; empty on systems that have no /proc."""
    return process_named(os.getpid())


def process_named(pid: int) -> str:
    """The name of a process of this machine; empty where there is none of this number, or none that can be seen."""
    try:
        facts = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return f"{_place()}/{pid}.{facts[_STARTED]}"


def end_process(name: str, seconds: float) -> bool:
    """Ask the very process of a name to end, and kill it where it has not after so many seconds; whether it has ended.

    A number that another process has by now is no reason to end that one: the process is held first, then looked at.
    """
    pid = int(name.rpartition("/")[2].partition(".")[0] or 0)
    if not pid:
        return True
    try:
        held = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        if process_named(pid) != name:
            return True
        signal.pidfd_send_signal(held, signal.SIGTERM)
        if select.select([held], [], [], seconds)[0]:
            return True
        signal.pidfd_send_signal(held, signal.SIGKILL)
        return bool(select.select([held], [], [], _KILLED_SECONDS)[0])
    except ProcessLookupError:
        return True
    finally:
        os.close(held)


def is_over(name: str) -> bool:
    """Whether the process of a name has ended; False also for one of another machine or container."""
    place, _, rest = name.rpartition("/")
    pid = int(rest.partition(".")[0] or 0)
    if not place or place != _place():
        return _is_before_this_boot(place)
    return process_named(pid) != name and not _is_hidden(pid)


def _is_hidden(pid: int) -> bool:
    """Whether there is a process of which /proc tells nothing, as of other users' where it is mounted with hidepid."""
    if (_PROC / str(pid)).exists():
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return True


def _is_before_this_boot(place: str) -> bool:
    """Whether a place is this machine's before it was started anew, so that nothing goes on there.

    Containers may have the machine-id of their image, which others have too: only what is in none counts.
    """
    then, now = place.split("/"), _place().split("/")
    same = [one == other for one, other in zip(then, now, strict=False)]
    return same == [True, False, True] and bool(now[0]) and now[2] == str(_FIRST_NAMESPACE)


def _place() -> str:
    """A machine, its boot, and the container: numbers of processes mean something within all of them."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = os.stat(_PROC / "self/ns/pid").st_ino  # noqa: PTH116 -- the file behind the link
    except FileNotFoundError:
        return ""
    try:
        # Not the ID itself, which is not to be told to others: machine-id(5).
        machine = hashlib.sha256(_MACHINE_ID.read_bytes().strip()).hexdigest()[:16]
    except OSError:
        machine = ""
    return f"{machine}/{boot}/{namespace}"
