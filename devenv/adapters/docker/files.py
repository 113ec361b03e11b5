"""Single files of containers, running or not, and of images."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

import docker
from docker.errors import NotFound

from devenv.adapters.docker.connection import translate_errors
from devenv.adapters.docker.containers import Containers
from devenv.errors import ClusterError, ImageError

_REPLACE = 'sync "$0.new" && mv "$0.new" "$0" && sync "${0%/*}"'


class Files:
    """What the engine can do with files of containers and images: `Engine.files`."""

    def __init__(self, client: docker.DockerClient, containers: Containers) -> None:
        self._client = client
        self._containers = containers

    def read(self, container: str, path: str) -> bytes | None:
        """A file's content; None when there is no such file, or no such container."""
        with translate_errors(f"read {path} in {container}", ClusterError):
            try:
                stream, _ = self._client.api.get_archive(container, path)
                answer = b"".join(stream)
            except NotFound:
                return None
        with tarfile.open(fileobj=io.BytesIO(answer)) as archive:
            member = archive.next()
            content = archive.extractfile(member) if member and member.isfile() else None
            return content.read() if content else None

    def write(self, container: str, path: str, content: bytes) -> None:
        """Write a file that all may read into an existing folder; one that is there is replaced."""
        place = PurePosixPath(path)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            member = tarfile.TarInfo(place.name)
            member.size, member.mtime = len(content), int(time.time())
            archive.addfile(member, io.BytesIO(content))
        with translate_errors(f"write {path} in {container}", ClusterError):
            self._client.api.put_archive(container, str(place.parent), buffer.getvalue())

    def replace(self, container: str, path: str, content: bytes) -> None:
        """Write a file of a running container whole or not at all, also where the power fails.

        The engine takes a file away before it writes another: only from within can one take the other's place.
        """
        self.write(container, f"{path}.new", content)
        with translate_errors(f"write {path} in {container}", ClusterError):
            made = self._client.api.exec_create(container, ["sh", "-c", _REPLACE, path])["Id"]
            output = self._client.api.exec_start(made)
            status = self._client.api.exec_inspect(made)["ExitCode"]
        if status:
            raise ClusterError(
                f"{path} cannot be written in {container}",
                context={"cause": output.decode(errors="replace").strip()},
                hint=f"docker exec {container} df -h {PurePosixPath(path).parent}",
            )

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
        with translate_errors(f"copy {path} out of {reference}", ImageError):
            # An image FROM scratch names no program, and one has to be named.
            made = self._client.api.create_container(reference, command=["-"], labels=self._containers.own_labels)
            container = made["Id"]
            try:
                stream, _ = self._client.api.get_archive(container, path)
                source: Any = _Chunks(iter(stream))
                with tarfile.open(fileobj=source, mode="r|") as archive:
                    yield archive
            finally:
                self._client.api.remove_container(container, force=True, v=True)


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
