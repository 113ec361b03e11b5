"""Containers, networks and volumes in the engine."""

from __future__ import annotations

import os
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import docker
from docker.errors import APIError, NotFound

from devenv.adapters.docker.connection import telling
from devenv.adapters.docker.labels import LOCK, OURS, RUN, as_filter
from devenv.adapters.process import Completed, PipedProcess, run
from devenv.errors import ClusterError, ImageError

_EXEC_SECONDS = 60.0
_AT_ONCE = 8
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


class ContainerHost:
    """What the engine can do with containers, networks and volumes; a part of `Engine`."""

    run = ""
    """The ID of the lock's container by which others tell whether this run lives; empty where it holds none."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.client = client

    @property
    def own_labels(self) -> dict[str, str]:
        """Labels of what a run makes for itself alone, and removes: where it cannot any more, the next run does."""
        return {**OURS, RUN: self.run} if self.run else dict(OURS)

    def sweep(self) -> list[str]:
        """Remove what runs made for themselves that are over without having removed it; returns names."""
        # In this order: who made a container was there before it.
        left = self.containers({RUN: ""})
        if not left:
            return []
        alive = {container.id for container in self.containers({LOCK: ""})}
        dead = [container.name for container in left if container.labels[RUN] not in alive]
        self.remove_containers(dead)
        return dead

    def containers(self, labels: Mapping[str, str]) -> list[ContainerInfo]:
        """All containers with these labels, running or not, by name; an empty value means any value."""
        with telling("list the containers", ClusterError):
            listed = self.client.api.containers(all=True, filters={"label": as_filter(labels)})
        return sorted((_info(entry) for entry in listed), key=lambda container: container.name)

    def network_mode(self, container: str) -> str | None:
        """How a container is attached to networks: `host`, `bridge`, a network's name …; None where there is none."""
        with telling(f"inspect container {container}", ClusterError):
            try:
                return str(self.client.api.inspect_container(container)["HostConfig"]["NetworkMode"])
            except NotFound:
                return None

    def start(self, names: Iterable[str]) -> None:
        """Start stopped containers, all at once; running ones are left."""
        _each(names, self.client.api.start, "start container {}")

    def stop(self, names: Iterable[str]) -> None:
        """Have containers end, all at once; those that do not within ten seconds are killed."""
        _each(names, self.client.api.stop, "stop container {}")

    def remove_containers(self, names: Iterable[str]) -> None:
        """Stop and remove containers with their anonymous volumes, all at once; absent ones are fine."""

        def remove(name: str) -> None:
            try:
                self.client.api.remove_container(name, force=True, v=True)
            except NotFound:
                return  # absent is what is wanted
            except APIError as error:
                if _IS_BEING_REMOVED in str(error.explanation):
                    self._await_state(name, "removed")
                elif _STILL_ENDING in str(error.explanation):
                    self._await_state(name, "not-running")
                    with suppress(NotFound):
                        self.client.api.remove_container(name, force=True, v=True)
                else:
                    raise

        _each(names, remove, "remove container {}")

    def _await_state(self, name: str, condition: Literal["not-running", "removed"]) -> None:
        with suppress(NotFound):  # absent is what is wanted
            self.client.api.wait(name, timeout=_REMOVAL_SECONDS, condition=condition)

    def network(self, name: str) -> Mapping[str, str] | None:
        """The labels of a network, or None when there is none of exactly this name."""
        with telling(f"inspect network {name}", ClusterError):
            for found in self.client.api.networks(names=[name]):
                if found["Name"] == name:
                    return dict(found.get("Labels") or {})
        return None

    def network_create(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a bridge network unless one of this name exists."""
        if self.network(name) is None:
            with telling(f"create network {name}", ClusterError):
                self.client.api.create_network(name, driver="bridge", labels=dict(labels), check_duplicate=True)

    def network_attach(self, name: str, containers: Iterable[str]) -> None:
        """Attach stopped containers to a network, also those that still name a former one that was called so."""

        def attach(container: str) -> None:
            if name in self.client.api.inspect_container(container)["NetworkSettings"]["Networks"]:
                self.client.api.disconnect_container_from_network(container, name, force=True)
            self.client.api.connect_container_to_network(container, name)

        _each(containers, attach, f"attach container {{}} to network {name}")

    def network_remove(self, name: str) -> None:
        """Remove a network; an absent one is fine."""
        with telling(f"remove network {name}", ClusterError):
            try:
                self.client.api.remove_network(name)
            except NotFound:
                return  # absent is what is wanted

    def volumes(self, labels: Mapping[str, str]) -> list[str]:
        """Names of the volumes with these labels."""
        with telling("list the volumes", ClusterError):
            listed = self.client.api.volumes(filters={"label": as_filter(labels)})
        return sorted(volume["Name"] for volume in listed.get("Volumes") or ())

    def remove_volumes(self, names: Iterable[str]) -> None:
        """Remove volumes; absent ones are fine."""

        def remove(name: str) -> None:
            try:
                self.client.api.remove_volume(name, force=True)
            except NotFound:
                return  # absent is what is wanted

        _each(names, remove, "remove volume {}")

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

    def copy_out(self, reference: str, path: str, target: Path) -> None:
        """Copy one file of an image to `target`, atomically, with its mode."""
        with self._archive_of(reference, path) as archive:
            member = archive.next()  # a folder would come before its files
            if member and member.isfile() and (content := archive.extractfile(member)):
                _write(content, target, member.mode & 0o777)
                return
        raise ImageError(f"{path} in {reference} is not a file")

    @contextmanager
    def _archive_of(self, reference: str, path: str) -> Iterator[tarfile.TarFile]:
        """A part of an image's file system as a tar, by way of a container that never starts."""
        with telling(f"copy {path} out of {reference}", ImageError):
            # An image FROM scratch names no program, and one has to be named.
            container = self.client.api.create_container(reference, command=["-"], labels=self.own_labels)["Id"]
            try:
                stream, _ = self.client.api.get_archive(container, path)
                source: Any = _Chunks(iter(stream))
                with tarfile.open(fileobj=source, mode="r|") as archive:
                    yield archive
            finally:
                self.client.api.remove_container(container, force=True, v=True)


def exec_argv(container: str, argv: Sequence[str], *, feed: bool = False) -> list[str]:
    """The command line that runs a program in a container; `feed` keeps its stdin open."""
    return ["docker", "exec", *(["--interactive"] if feed else []), container, *argv]


class _Chunks:
    """Chunks as the file that tarfile reads."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        while len(self._rest) < size and (chunk := next(self._chunks, b"")):
            self._rest += chunk
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def _write(content: IO[bytes], target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as temporary:
        try:
            while chunk := content.read(1 << 20):
                temporary.write(chunk)
            os.fchmod(temporary.fileno(), mode)
            Path(temporary.name).replace(target)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise


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


def _each(names: Iterable[str], act: Any, what: str) -> None:
    """Act on every name at once; the first error is raised after all have been tried."""

    def one(name: str) -> None:
        with telling(what.format(name), ClusterError):
            act(name)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(one, name) for name in names]:
            done.result()
