"""A server in a container of its own, on a free port of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from devenv.adapters import process
from devenv.adapters.docker import Engine
from devenv.databases.inside import Execute
from support.programs import require_program


@contextmanager
def server_container(engine: Engine, image: str, labels: dict[str, str], port: int, **options: object) -> Iterator[int]:
    """Run an image while the block runs; yields where its port is on this machine. `options` are docker-py's own."""
    published = {f"{port}/tcp": ("127.0.0.1", 0)}
    container = engine.client.containers.run(  # type: ignore[call-overload]
        image, ports=published, labels=labels, detach=True, **options
    )
    try:
        (running,) = engine.containers.list(labels)
        ports = {inside: outside for _, outside, inside in running.ports}
        yield ports[port]
    finally:
        container.remove(force=True, v=True)


def inside(engine: Engine, labels: dict[str, str]) -> Execute:
    """The way into the one container with these labels, as kubectl is it in an environment."""
    docker = require_program("docker")
    (running,) = engine.containers.list(labels)

    def execute(argv: Sequence[str], stdin: bytes) -> process.Completed:
        return process.run([str(docker), "exec", "--interactive", running.id, *argv], stdin=stdin, check=False)

    return execute
