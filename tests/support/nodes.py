"""Containers of the node image in which only containerd runs: quick to start, and real to load images into."""

from __future__ import annotations

import uuid

import docker
import pytest
from docker.models.containers import Container

from devenv.adapters.docker import Engine
from devenv.images.nodes.content import INVENTORY, NodeContent
from devenv.labels import OURS

RUN = f"test-{uuid.uuid4().hex[:8]}"
LABELS = {**OURS, "devenv.io/test": RUN}
"""Of all that the tests of loading make."""
NODE_REPOSITORIES = ("localhost/devenv/node", "localhost/devenv/kind-node", "kindest/node")


def unreachable_engine() -> Engine:
    """An engine of which only the command line is asked, which a script on PATH may stand for."""
    return Engine(docker.DockerClient(base_url="unix:///nonexistent", version="1.41"))


def start_node(engine: Engine, image: str, **more: object) -> str:
    options: dict[str, object] = {"volumes": ["/var"], "tmpfs": {"/run": "", "/tmp": ""}, **more}  # noqa: S108
    container = engine.client.containers.run(  # type: ignore[call-overload]
        image,
        entrypoint=["containerd"],
        command=[],
        detach=True,
        privileged=True,
        network_mode="none",
        labels=LABELS,
        **options,
    )
    await_words(container, b"containerd successfully booted")
    return str(container.name)


def await_words(container: Container, words: bytes) -> None:
    """Return when a container's log has them; fails, with what it has, when the container ends before."""
    seen = b""
    for chunk in container.logs(stream=True, follow=True):
        seen += chunk
        if words in seen:
            return
    pytest.fail(f"{container.name} has ended: {seen.decode(errors='replace')}")


def read_content(engine: Engine, node: str, name: str) -> NodeContent:
    """What a node holds; `name` is the full name of the image that its identity is wanted of."""
    asked = ["sh", "-c", f'{INVENTORY}\ninventory "$1" ""', "sh", name]
    return NodeContent.parse(engine.containers.exec(node, asked).stdout.splitlines())
