"""Where the engine pushes to: one port and one unguessable path for each user, kept between runs.

The engine remembers for each registry, which to it is host and port, what it pushed there. A place of which it knows
that nothing is missing is asked after a layer first; a new one for every run would fill its memory with dead entries.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.adapters.files.paths import host_state_dir
from devenv.adapters.files.records import write_whole
from devenv.errors import ImageError
from devenv.images.push.endpoint import PushEndpoint
from devenv.images.push.protocol import Receiver

_LAST_PORT = 65535
_TOKEN = re.compile(r"[0-9a-f]{32}")
PORTS = 8
"""How many ports are tried from the kept one on, when another run of devenv has it."""


class PushPlace:
    """The endpoint that the pushes of one process share; it listens while there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._endpoint: PushEndpoint | None = None
        self._token = ""
        self._taken: set[int] = set()

    @property
    def port(self) -> int:
        """Where the endpoint listens; 0 while it does not."""
        with self._lock:
            return self._endpoint.port if self._endpoint else 0

    @contextmanager
    def receiving(self, receiver: Receiver) -> Iterator[tuple[PushEndpoint, str]]:
        """Let `receiver` have what is pushed to a repository of its own: the endpoint, the repository's name."""
        with self._lock:
            if self._endpoint is None:
                self._endpoint, self._token = _listen()
            endpoint = self._endpoint
            slot = next(number for number in range(len(self._taken) + 1) if number not in self._taken)
            self._taken.add(slot)
            path = f"{self._token}/{slot}"
            repository = endpoint.open(path, receiver)
        try:
            yield endpoint, repository
        finally:
            with self._lock:
                endpoint.shut(path)
                self._taken.remove(slot)
                if not self._taken:
                    self._endpoint = None
                    endpoint.close()


def _listen() -> tuple[PushEndpoint, str]:
    """The server at the kept port or the next free one, and the path's unguessable part."""
    file = host_state_dir("push") / "address.json"
    port, token = _read(file)
    for candidate in [*(range(port, port + PORTS) if port else ()), 0]:
        try:
            endpoint = PushEndpoint(candidate)
        except OSError:
            continue  # taken: the next one
        if not port:
            _write(file, endpoint.port, token)
        return endpoint, token
    raise ImageError("no port of 127.0.0.1 is free for the engine to push to")


def _read(file: Path) -> tuple[int, str]:
    """What is kept, else no port and a new token."""
    try:
        kept = json.loads(file.read_text())
        port, token = int(kept["port"]), str(kept["token"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, OverflowError):
        port, token = 0, ""
    if 0 < port <= _LAST_PORT - PORTS and _TOKEN.fullmatch(token):
        return port, token
    return 0, secrets.token_hex(16)


def _write(file: Path, port: int, token: str) -> None:
    write_whole(file, json.dumps({"port": port, "token": token}), mode=0o600)
