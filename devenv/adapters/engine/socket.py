"""An engine's socket on this machine: whether somebody listens there, and whether an engine answers.

Responsible for telling the two apart. Where somebody listens an engine is at work, however slow it is: nothing may be
started over it, since a dockerd removes the socket that it finds.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from devenv.errors import EngineSilentError, InterruptedRunError

_PING_SECONDS = 5.0
_PATIENCE = 60.0
_PAUSE = 0.2


class Presence(StrEnum):
    """What is found on a socket."""

    ABSENT = "absent"
    """There is no socket, or one that nobody listens on any more."""
    FORBIDDEN = "forbidden"
    """This user may not use it."""
    SILENT = "silent"
    """Somebody listens, and gives no answer, or another one than an engine's."""
    ANSWERING = "answering"


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over the engine's socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def presence(path: Path, seconds: float = _PING_SECONDS) -> Presence:
    """What a ping on this socket finds; each answer is waited for this long."""
    with contextlib.closing(_UnixConnection(path, seconds)) as connection:
        try:
            connection.connect()
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return Presence.ABSENT
        except PermissionError:
            return Presence.FORBIDDEN
        except OSError:  # its queue is full: somebody listens, and takes nobody
            return Presence.SILENT
        try:
            connection.request("GET", "/_ping")
            answers = connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return Presence.SILENT
    return Presence.ANSWERING if answers else Presence.SILENT


def engine_answers(path: Path) -> bool:
    """Whether an engine answers a ping on this socket."""
    return presence(path) is Presence.ANSWERING


def await_engine(
    path: Path,
    *,
    cancel: threading.Event,
    on_wait: Callable[[str], None],
    patience: float = _PATIENCE,
    ping: float = _PING_SECONDS,
) -> bool:
    """Whether an engine answers; one that is silent is waited for, since it may be busy.

    Args:
        path: its socket.
        cancel: stops the waiting.
        on_wait: told that it is waited for.
        patience: seconds after which it will not answer any more.
        ping: seconds for which the first answer is waited for; each next one twice as long.

    Raises:
        EngineSilentError: somebody listens all this time, and no engine answers.
    """
    deadline = time.monotonic() + patience
    seconds, waiting = min(ping, patience), False
    while (found := presence(path, seconds)) is Presence.SILENT:
        left = deadline - time.monotonic()
        if left <= 0:
            raise silent(path, patience)
        if not waiting:
            on_wait(f"the container engine at {path} is slow to answer: waiting up to {patience:.0f} s")
            waiting = True
        if cancel.wait(_PAUSE):
            raise InterruptedRunError("stopped while the container engine gave no answer")
        # Longer each time: one that takes long for each answer would never be heard else.
        seconds = min(2 * seconds, max(left, _PAUSE))
    return found is Presence.ANSWERING


def silent(path: Path | str, seconds: float) -> EngineSilentError:
    """The error for an engine that is there and does not answer."""
    return EngineSilentError(
        f"a container engine listens at {path} and did not answer within {seconds:.0f} s",
        context={"cause": "it is very busy, or hangs; none is installed or started over it"},
        hint="see what it does: sudo systemctl status docker; ps -C dockerd -o pid,etime,pcpu,args; then try again",
    )


def engine_id(path: Path) -> str:
    """By which the engine on this socket is told from others; empty where none answers."""
    with contextlib.closing(_UnixConnection(path, _PING_SECONDS)) as connection:
        try:
            connection.request("GET", "/info")
            return str(json.load(connection.getresponse()).get("ID") or "")
        except (OSError, http.client.HTTPException, ValueError):
            return ""
