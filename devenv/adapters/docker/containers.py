"""Containers in the engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

import docker
from docker.errors import APIError, NotFound

from devenv.adapters.docker.at_once import AT_ONCE, each
from devenv.adapters.docker.connection import translate_errors
from devenv.adapters.docker.labels import as_filter
from devenv.adapters.process import Completed, PipedProcess, run
from devenv.errors import ClusterError, EngineUnavailableError, ImageError
from devenv.labels import LABEL_LOCK, LABEL_RUN, OURS

_EXEC_SECONDS = 60.0
_CHANGES = ("create", "start", "die", "destroy", "pause", "unpause")
"""Events of a container after which its state is another one."""
_REMOVAL_SECONDS = 120
_IS_BEING_REMOVED = "already in progress"
_STILL_ENDING = "did not receive an exit event"
"""What an engine says that was busy: it has sent the signal, and waits 10 s for the end (moby's daemon/kill.go)."""


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """A container as the engine lists it."""

    name: str
    id: str
    state: str
    """created, running, paused, exited, dead …"""
    labels: Mapping[str, str]
    ports: tuple[tuple[str, int, int], ...]
    """Published ports: host address, host port, container port."""
    networks: Mapping[str, str]
    """Networks that it is attached to, with its address there; empty while it does not run."""


class Containers:
    """What the engine can do with containers: `Engine.containers`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client
        self.run = ""
        """The ID of the lock's container by which others tell whether this run lives; empty where it holds none."""

    @property
    def own_labels(self) -> dict[str, str]:
        """Labels of what a run makes for itself alone, and removes: where it cannot any more, the next run does."""
        return {**OURS, LABEL_RUN: self.run} if self.run else dict(OURS)

    def sweep(self) -> Sequence[str]:
        """Remove what runs made for themselves that are over without having removed it; returns names."""
        # In this order: who made a container was there before it.
        left = [container for container in self.list({LABEL_RUN: ""}) if container.labels[LABEL_RUN]]
        if not left:
            return []
        alive = {container.id for container in self.list({LABEL_LOCK: ""})}
        dead = [container.name for container in left if container.labels[LABEL_RUN] not in alive]
        self.remove(dead)
        return dead

    def list(self, labels: Mapping[str, str]) -> Sequence[ContainerInfo]:
        """All containers with these labels, running or not, by name; an empty value means any value."""
        with translate_errors("list the containers", ClusterError):
            listed = self._client.api.containers(all=True, filters={"label": as_filter(labels)})
        return sorted((_info(entry) for entry in listed), key=lambda container: container.name)

    def await_change(self, labels: Mapping[str, str], seconds: int) -> None:
        """Wait until one of the containers with these labels starts, ends, comes or goes, for at most some seconds."""
        until = int(time.time()) + seconds
        with translate_errors("follow the containers", EngineUnavailableError):
            wanted = {"type": ["container"], "label": as_filter(labels), "event": list(_CHANGES)}
            events = self._client.api.events(until=until, filters=wanted)
            try:
                next(iter(events), None)
            finally:
                events.close()

    def image_ids(self) -> frozenset[str]:
        """IDs of the images that containers are made of, running or not."""
        with translate_errors("list the containers", EngineUnavailableError):
            return frozenset(str(entry["ImageID"]) for entry in self._client.api.containers(all=True))

    def image_id(self, container: str) -> str:
        """The ID of the image that a container was made from.

        Raises:
            ImageError: there is no such container.
        """
        with translate_errors(f"inspect container {container}", ImageError):
            return str(self._client.api.inspect_container(container)["Image"])

    def network_mode(self, container: str) -> str | None:
        """How a container is attached to networks: `host`, `bridge`, a network's name …; None where there is none."""
        with translate_errors(f"inspect container {container}", ClusterError):
            try:
                return str(self._client.api.inspect_container(container)["HostConfig"]["NetworkMode"])
            except NotFound:
                return None

    def started(self, names: Iterable[str]) -> dict[str, datetime]:
        """When containers that run were started last, by the engine's clock; raises ClusterError."""
        found: dict[str, datetime] = {}

        def look(name: str) -> None:
            # With nine digits of a second, of which six are read.
            found[name] = datetime.fromisoformat(self._client.api.inspect_container(name)["State"]["StartedAt"])

        each(names, look, "inspect container {}")
        return found

    def memory(self, names: Sequence[str]) -> dict[str, int]:
        """What containers take of memory, in bytes: caches that can be dropped left out, as `docker stats` counts.

        Those that do not run take none, and those of an engine that does not tell are left out.
        """
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="memory") as pool:
            told = pool.map(self._statistics, names)
            return {
                name: used for name, statistics in zip(names, told, strict=True) if (used := _used(statistics)) >= 0
            }

    def _statistics(self, name: str) -> Mapping[str, Any]:
        with translate_errors(f"ask what container {name} takes", ClusterError):
            try:
                found: Mapping[str, Any] = self._client.api.stats(name, stream=False, one_shot=True)
            except NotFound:
                return {}  # it went meanwhile
        return found

    def start(self, names: Iterable[str]) -> None:
        """Start stopped containers, all at once; running ones are left."""
        each(names, self._client.api.start, "start container {}")

    def resume(self, names: Iterable[str]) -> None:
        """Have paused containers go on, all at once."""
        each(names, self._client.api.unpause, "resume container {}")

    def keep_over_restarts(self, names: Iterable[str], *, running: bool) -> None:
        """Have the engine start containers when it is started itself, or leave them stopped, all at once.

        Until it is told, it starts those of kind however they ended: their policy is `on-failure`, and a container that
        was killed has failed (moby's `restartmanager`).
        """
        # The stubs do not know "no", which the API does.
        policy: Any = {"Name": "on-failure", "MaximumRetryCount": 1} if running else {"Name": "no"}

        def keep_one(name: str) -> None:
            self._client.api.update_container(name, restart_policy=policy)

        each(names, keep_one, "set when container {} is started")

    def stop(self, names: Iterable[str]) -> None:
        """Have containers end, all at once; those that do not within ten seconds are killed."""
        each(names, self._client.api.stop, "stop container {}")

    def kill(self, names: Iterable[str]) -> None:
        """Have containers end at once; those that do not run are left."""

        def kill_one(name: str) -> None:
            try:
                self._client.api.kill(name)
            except APIError as error:
                if _STILL_ENDING in str(error.explanation):
                    self._await_state(name, "not-running")
                elif error.status_code not in (HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND):
                    raise

        each(names, kill_one, "end container {}")

    def remove(self, names: Iterable[str]) -> None:
        """Stop and remove containers with their anonymous volumes, all at once; absent ones are fine."""

        def remove_one(name: str) -> None:
            try:
                self._client.api.remove_container(name, force=True, v=True)
            except NotFound:
                return  # absent is what is wanted
            except APIError as error:
                if _IS_BEING_REMOVED in str(error.explanation):
                    self._await_state(name, "removed")
                elif _STILL_ENDING in str(error.explanation):
                    self._await_state(name, "not-running")
                    with suppress(NotFound):
                        self._client.api.remove_container(name, force=True, v=True)
                else:
                    raise

        each(names, remove_one, "remove container {}")

    def _await_state(self, name: str, condition: Literal["not-running", "removed"]) -> None:
        with suppress(NotFound):  # absent is what is wanted
            self._client.api.wait(name, timeout=_REMOVAL_SECONDS, condition=condition)

    def exec(
        self,
        container: str,
        argv: Sequence[str],
        stdin: Iterable[bytes] | None = None,
        timeout: float = _EXEC_SECONDS,
        *,
        cancel: threading.Event | None = None,
        check: bool = True,
        on_line: Callable[[str], None] | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> Completed:
        """Run a program in a running container; raises what `devenv.adapters.process.run` raises.

        With `stdin` its chunks are streamed to the program, which must end with status 0; `on_end` is then called in
        another thread when it has ended. `on_line` gets each line of both outputs as it comes.
        """
        what = f"run {argv[0]} in {container}"
        if stdin is None:
            command = exec_argv(container, argv)
            return run(command, timeout=timeout, cancel=cancel, check=check, what=what, on_line=on_line)
        command = exec_argv(container, argv, feed=True)
        with PipedProcess(
            command, timeout=timeout, cancel=cancel, what=what, on_line=on_line, on_end=on_end
        ) as process:
            for chunk in stdin:
                process.stdin.write(chunk)
                process.stdin.flush()  # the program may answer before it is told more
            return process.finish()


def exec_argv(container: str, argv: Sequence[str], *, feed: bool = False) -> list[str]:
    """The command line that runs a program in a container; `feed` keeps its stdin open."""
    return ["docker", "exec", *(["--interactive"] if feed else []), container, *argv]


def _used(statistics: Mapping[str, Any]) -> int:
    """Bytes that a container takes; -1 where that is not told. The cache has another name in each cgroup version."""
    memory = statistics.get("memory_stats") or {}
    parts = memory.get("stats") or {}
    cache = parts.get("inactive_file", parts.get("total_inactive_file", 0))
    return int(memory.get("usage", -1)) - (int(cache) if "usage" in memory else 0)


def _info(entry: Mapping[str, Any]) -> ContainerInfo:
    ports = {
        (port.get("IP", ""), int(port["PublicPort"]), int(port["PrivatePort"]))
        for port in entry.get("Ports") or ()
        if port.get("PublicPort")
    }
    networks = (entry.get("NetworkSettings") or {}).get("Networks") or {}
    return ContainerInfo(
        name=entry["Names"][0].removeprefix("/"),
        id=entry["Id"],
        state=entry["State"],
        labels=dict(entry.get("Labels") or {}),
        ports=tuple(sorted(ports)),
        networks={name: str((facts or {}).get("IPAddress") or "") for name, facts in sorted(networks.items())},
    )
