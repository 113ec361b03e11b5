"""Loading out of other engines than the host's: a later Docker with containerd's image store, and podman.

They run in containers; the nodes are containers of the usual engine, as in the tests before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from support.bridges import own_bridge
from support.engines import other_engine
from support.nodes import read_content, start_node
from support.pushing import oci_archive, tar_of

from devenv.adapters.docker import Engine
from devenv.images.load.loader import load
from devenv.images.load.strategy import Transport
from devenv.spec.image_reference import normalise

pytestmark = [pytest.mark.e2e, pytest.mark.engine]
MIB = 1 << 20
both_transports = pytest.mark.parametrize("transport", list(Transport))


@pytest.fixture(scope="module")
def later(engine: Engine) -> Iterator[Engine]:
    """Docker 26.1, which stores compressed layers, manifests and indexes."""
    with (
        own_bridge("devenv-test1", "198.51.100.129/25") as bridge,
        other_engine(
            engine,
            "later_engine",
            socket="docker.sock",
            listens=b"API listen on",
            data=["/var/lib/docker", "/var/lib/containerd"],
            command=[f"--bridge={bridge}"],
        ) as later,
    ):
        yield later.engine


@pytest.fixture(scope="module")
def podman(engine: Engine) -> Iterator[Engine]:
    """Podman, asked over the API that Docker's clients speak."""
    with other_engine(
        engine, "podman", socket="podman.sock", listens=b"API service listening on", data=["/var/lib/containers"]
    ) as podman:
        yield podman.engine


@pytest.fixture(scope="module")
def node(engine: Engine, node_image: str) -> str:
    return start_node(engine, node_image)


def make(source: Engine, layers: list[bytes], *, attested: bool = False) -> str:
    reference = f"localhost/devenv-test/{os.urandom(4).hex()}:1"
    source.client.images.load(oci_archive(normalise(reference), layers, attested=attested))
    return reference


def assert_whole(engine: Engine, source: Engine, reference: str, node: str) -> None:
    found, name = source.images.inspect(reference), normalise(reference)
    assert found["Id"] in read_content(engine, node, name).image_ids
    checked = engine.containers.exec(node, ["ctr", "-n=k8s.io", "images", "check", f'name=="{name}"']).stdout
    assert "complete" in checked, checked
    assert "true" in checked, f"not unpacked: {checked}"


def assert_only_missing_layers_travel(
    engine: Engine, source: Engine, node: str, transport: Transport, *, attested: bool = False
) -> None:
    base, change = tar_of(8 * MIB), tar_of(MIB)
    first = make(source, [base], attested=attested)
    assert load(source, first, [node], transports=[transport]).sent_layers == 1
    assert_whole(engine, source, first, node)
    changed = make(source, [base, change], attested=attested)
    delta = load(source, changed, [node], transports=[transport])
    assert (delta.sent_layers, delta.transport) == (1, transport)
    assert MIB <= delta.sent_bytes < MIB + (64 << 10)
    assert_whole(engine, source, changed, node)
    assert load(source, changed, [node], transports=[transport]).unchanged == (node,)


def test_they_are_the_engines_in_question(later: Engine, podman: Engine) -> None:
    assert dict(later.client.api.info()["DriverStatus"])["driver-type"] == "io.containerd.snapshotter.v1"
    assert "Podman Engine" in [component["Name"] for component in podman.client.api.version()["Components"]]


@both_transports
@pytest.mark.parametrize("attested", [False, True])
def test_only_missing_layers_travel_from_containerds_store(
    engine: Engine, later: Engine, node: str, transport: Transport, *, attested: bool
) -> None:
    assert_only_missing_layers_travel(engine, later, node, transport, attested=attested)


@both_transports
def test_only_missing_layers_travel_from_podman(
    engine: Engine, podman: Engine, node: str, transport: Transport
) -> None:
    assert_only_missing_layers_travel(engine, podman, node, transport)


def test_a_push_is_preferred_since_nothing_is_compressed_for_it(later: Engine, node: str) -> None:
    messages: list[str] = []
    report = load(later, make(later, [tar_of(40 * MIB)]), [node], progress=messages.append)
    assert report.transport is Transport.PUSH, messages


def test_podman_pushes_a_change_though_it_has_pushed_nothing_before(podman: Engine, node: str) -> None:
    base = tar_of(60 * MIB)
    assert load(podman, make(podman, [base]), [node]).transport is Transport.ARCHIVE
    messages: list[str] = []
    report = load(podman, make(podman, [base, tar_of(MIB)]), [node], progress=messages.append)
    assert (report.sent_layers, report.transport) == (1, Transport.PUSH), messages
