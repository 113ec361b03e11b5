"""Locks in the engine: found by everyone who reaches it, let go of by the kernel when their holder ends.

A lock is a container, since an engine gives a name only once. Its program reads its standard input to the end, and that
is a connection which the holder alone has: however the holder ends, the kernel closes the connection, the program ends,
and the engine removes the container. Responsible for that mechanism; whom a lock keeps out is decided by its user.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import LogConfig
from requests.exceptions import RequestException

from devenv.adapters.docker.connection import translate_errors
from devenv.adapters.docker.lock_image import LOCK_IMAGE, lock_archive
from devenv.adapters.process import REAPER
from devenv.errors import LockError
from devenv.labels import LABEL_LOCK

_NOBODY = "65534"
_REMOVAL_PAUSE = 0.02
"""Seconds until a name is asked for again that a container has and none is found of: it is being removed."""
_SIGNAL_SECONDS = 0.5
"""A signal that arrives just before a wait begins does not end it: the wait is begun anew this often."""
_END_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lock."""

    id: str
    """Of the container."""
    since: datetime
    labels: Mapping[str, str]
    ended: threading.Event = field(default_factory=threading.Event)
    """Set once the lock has been let go of, or the engine does not answer any more."""


class EngineLock:
    """A lock that this process holds."""

    def __init__(self, api: docker.APIClient, container: str, on_lost: Callable[[], None]) -> None:
        """Begin to hold the lock whose container was created; `confirm` says when that is done.

        `on_lost` is called from another thread when the lock is gone before it is released.
        """
        self.id = container
        self.lost = False
        self._api = api
        self._on_lost = on_lost
        self._settled = threading.Event()
        self._failure: Exception | None = None
        self._connection: Any = None
        self._released = False
        threading.Thread(target=self._hold, name="lock", daemon=True).start()

    def confirm(self) -> None:
        """Wait until the lock is held for certain: before that nothing may be changed.

        Raises:
            LockError: the engine does not start its container.
        """
        while not self._settled.wait(_SIGNAL_SECONDS):
            continue
        if self._failure:
            cause = str(getattr(self._failure, "explanation", None) or self._failure)
            raise LockError(
                "the engine does not start the container that locks the project",
                context={"cause": cause},
                hint="see what the engine says: docker info",
            ) from self._failure

    def release(self, *, wait: bool = False) -> None:
        """Let go of the lock; `wait` until the engine has removed its container, too."""
        while not self._settled.wait(_SIGNAL_SECONDS):
            continue
        self._released = True
        REAPER.unshare()
        if self._failure or self.lost:
            return
        # The name is free at once, and not only when the container has ended. That is all that an error here costs.
        with contextlib.suppress(DockerException, RequestException):
            self._api.rename(self.id, f"devenv_unlocked_{self.id[:12]}")
        with contextlib.suppress(OSError):  # the engine has closed it by itself
            self._connection.shutdown(socket.SHUT_RDWR)
        if wait:
            with translate_errors("wait for the end of the lock", LockError), contextlib.suppress(NotFound):
                self._api.wait(self.id, timeout=_END_SECONDS, condition="removed")

    def _hold(self) -> None:
        try:
            attached = self._api.attach_socket(self.id, {"stdin": 1, "stdout": 1, "stream": 1})
            self._connection = getattr(attached, "_sock", attached)
            self._connection.settimeout(None)
            # What this process has started, and the reaper stops after it, ends before others take over.
            REAPER.share(self._connection.fileno())
            self._api.start(self.id)
        except Exception as error:  # noqa: BLE001 -- raised again where it is asked for: by `confirm`
            self._failure = error
            with contextlib.suppress(DockerException, RequestException):  # what failed before is what is told
                self._api.remove_container(self.id, force=True)
            return
        finally:
            self._settled.set()
        with contextlib.suppress(OSError):  # a reset is an end too
            while self._connection.recv(1):
                continue
        if not self._released:
            self.lost = True
            self._on_lost()
        attached.close()


class Locks:
    """What the engine can do about locks: `Engine.locks`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    def try_acquire(self, name: str, labels: Mapping[str, str], on_lost: Callable[[], None]) -> EngineLock | Holder:
        """Take the lock of a name, or tell who has it.

        Args:
            name: of the container; everybody who wants this lock uses the same.
            labels: what others are told of the holder.
            on_lost: called from another thread when the lock is gone before it is released.

        Raises:
            LockError: the engine refuses.
        """
        while True:
            with translate_errors(f"take the lock {name}", LockError):
                try:
                    return EngineLock(self._client.api, self._create(name, labels), on_lost)
                except ImageNotFound:
                    self._make_image()
                    continue
                except APIError as error:
                    if error.status_code != HTTPStatus.CONFLICT:
                        raise
                if holder := self._holder(name):
                    return holder
            threading.Event().wait(_REMOVAL_PAUSE)

    def remove_image(self) -> None:
        """Remove the image of locks, unless another project's lock needs it; an absent one is fine."""
        with translate_errors("remove the image of locks", LockError):
            try:
                self._client.api.remove_image(LOCK_IMAGE)
            except ImageNotFound:
                return
            except APIError as error:
                if error.status_code != HTTPStatus.CONFLICT:
                    raise

    def remove_unstarted(self, holder: Holder) -> None:
        """Free a lock whose holder died before its container was started; one that runs is left alone."""
        with translate_errors("free a lock", LockError):
            try:
                self._client.api.remove_container(holder.id)
            except NotFound:
                return
            except APIError as error:
                if error.status_code != HTTPStatus.CONFLICT:
                    raise

    def _create(self, name: str, labels: Mapping[str, str]) -> str:
        api = self._client.api
        bounds = api.create_host_config(
            auto_remove=True,
            network_mode="none",
            log_config=LogConfig(type=LogConfig.types.NONE),
            read_only=True,
            cap_drop=["ALL"],
        )
        created = api.create_container(
            LOCK_IMAGE,
            command=[],
            name=name,
            labels={**labels, LABEL_LOCK: name},
            host_config=bounds,
            user=_NOBODY,
            stdin_open=True,  # and closed for good when whoever is attached first goes away
            stop_signal="SIGKILL",  # the first process of a container ignores others: engines stop without waiting
        )
        return str(created["Id"])

    def _make_image(self) -> None:
        archive = lock_archive(self._client.api.version()["Arch"])
        answer = list(self._client.api.load_image(archive))  # type: ignore[no-untyped-call]
        if refused := [line["error"] for line in answer if "error" in line]:
            raise LockError("the engine refuses the image of locks", context={"cause": refused[0]})

    def _holder(self, name: str) -> Holder | None:
        try:
            found = self._client.api.inspect_container(name)
        except NotFound:
            return None
        # Engines tell nanoseconds, of which Python takes six digits.
        since = datetime.fromisoformat(f"{found['Created'][:19]}+00:00")
        holder = Holder(found["Id"], since, found["Config"].get("Labels") or {})
        threading.Thread(target=self._await_end, args=(holder,), name="await the lock", daemon=True).start()
        return holder

    def _await_end(self, holder: Holder) -> None:
        try:
            self._client.api.wait(holder.id, timeout=None, condition="removed")
        except (DockerException, RequestException):
            return  # it is gone, or the engine is: whoever takes the lock next is told which
        finally:
            holder.ended.set()
