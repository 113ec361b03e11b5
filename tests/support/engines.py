"""Other engines than the host's: programs of Debian 13 in a privileged container, which shares the host's network."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError
from docker.models.containers import Container
from requests.exceptions import RequestException

from devenv.adapters.docker import BuildRequest, Engine
from support.images import provide
from support.nodes import LABELS, RUN, await_words
from support.waiting import await_answer

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class OtherEngine:
    """An engine in a container."""

    engine: Engine
    machine: Container

    @property
    def process(self) -> int:
        """The container's, as the host numbers it: who has its network."""
        self.machine.reload()
        return int(self.machine.attrs["State"]["Pid"])

    def lose_power(self) -> None:
        """Everything that runs in it ends at once; it begins again from its disk, and answers."""
        self.machine.kill()
        self.machine.wait()
        self.machine.start()
        await_answer(self.engine.client.ping, APIError, RequestException)


@contextmanager
def other_engine(
    engine: Engine,
    name: str,
    *,
    socket: str,
    listens: bytes,
    data: Sequence[str],
    command: Sequence[str] = (),
    shared: Path | None = None,
) -> Iterator[OtherEngine]:
    """The engine that `NAME.Dockerfile` makes.

    Args:
        engine: what it runs in.
        name: of the Dockerfile beside this module.
        socket: the file name of its socket.
        listens: what its log says when it answers.
        data: folders that need a file system of their own.
        command: more arguments of it.
        shared: its folder /run/shared; with one of the test's own, it has a network of its own, the loopback alone.
    """
    reference = f"localhost/devenv-test/{name.replace('_', '-')}:{RUN}"
    dockerfile = _FOLDER / f"{name}.Dockerfile"
    engine.builds.run(
        BuildRequest(
            reference, dockerfile, _FOLDER, args={"DEBIAN_TRIXIE": provide("debian-trixie", engine)}, labels=LABELS
        )
    )
    with tempfile.TemporaryDirectory(prefix="devenv-test-") as own:
        container = engine.client.containers.run(
            reference,
            command=list(command),
            detach=True,
            privileged=True,
            network_mode="none" if shared else "host",
            labels=LABELS,
            volumes=[*data, f"{shared or own}:/run/shared"],
        )
        try:
            await_words(container, listens)
            client = docker.DockerClient(base_url=f"unix://{shared or own}/{socket}", version="auto")
            with closing(Engine(client)) as other:
                yield OtherEngine(other, container)
        finally:
            engine.containers.remove([str(container.name)])
