"""Names of processes by which others on the same machine can tell whether one lives still."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

_PROC = Path("/proc")
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
        return False
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


def _place() -> str:
    """The boot of a machine, and the container: numbers of processes mean something within both."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.stat(_PROC / 'self/ns/pid').st_ino}"  # noqa: PTH116 -- the file behind the link
    except FileNotFoundError:
        return ""
