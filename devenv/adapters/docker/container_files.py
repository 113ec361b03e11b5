"""Single files inside of containers, running or not."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import PurePosixPath

import docker
from docker.errors import NotFound

from devenv.adapters.docker.connection import telling
from devenv.errors import ClusterError

_REPLACE = 'sync "$0.new" && mv "$0.new" "$0" && sync "${0%/*}"'


class ContainerFiles:
    """What the engine can do with files of containers; a part of `Engine`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self.client = client

    def read_file(self, container: str, path: str) -> bytes | None:
        """A file's content; None when there is no such file, or no such container."""
        with telling(f"read {path} in {container}", ClusterError):
            try:
                stream, _ = self.client.api.get_archive(container, path)
                answer = b"".join(stream)
            except NotFound:
                return None
        with tarfile.open(fileobj=io.BytesIO(answer)) as archive:
            member = archive.next()
            content = archive.extractfile(member) if member and member.isfile() else None
            return content.read() if content else None

    def write_file(self, container: str, path: str, content: bytes) -> None:
        """Write a file that all may read into an existing folder; one that is there is replaced."""
        place = PurePosixPath(path)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            member = tarfile.TarInfo(place.name)
            member.size, member.mtime = len(content), int(time.time())
            archive.addfile(member, io.BytesIO(content))
        with telling(f"write {path} in {container}", ClusterError):
            self.client.api.put_archive(container, str(place.parent), buffer.getvalue())

    def replace_file(self, container: str, path: str, content: bytes) -> None:
        """Write a file of a running container whole or not at all, also where the power fails.

        The engine takes a file away before it writes another: only from within can one take the other's place.
        """
        self.write_file(container, f"{path}.new", content)
        with telling(f"write {path} in {container}", ClusterError):
            made = self.client.api.exec_create(container, ["sh", "-c", _REPLACE, path])["Id"]
            told = self.client.api.exec_start(made)
            status = self.client.api.exec_inspect(made)["ExitCode"]
        if status:
            raise ClusterError(
                f"{path} cannot be written in {container}",
                context={"cause": told.decode(errors="replace").strip()},
                hint=f"docker exec {container} df -h {PurePosixPath(path).parent}",
            )
