"""Loading out of podman, asked over the API that docker's clients speak.

Podman runs in a container; the nodes are containers of the usual engine, as in the tests before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from support.engines import other_engine
from support.nodes import start_node
from support.pushing import oci_archive, tar_of

from devenv.adapters.docker import Engine
from devenv.adapters.image_reference import normalise
from devenv.images.load_strategy import Way
from devenv.images.loader import load
from devenv.images.node_content import read_content

pytestmark = [pytest.mark.e2e, pytest.mark.engine]
MIB = 1 << 20
both_ways = pytest.mark.parametrize("way", list(Way))


@pytest.fixture(scope="module")
def podman(engine: Engine) -> Iterator[Engine]:
    """Podman."""
    with other_engine(
        engine, "podman", socket="podman.sock", listens=b"API service listening on", data=["/var/lib/containers"]
    ) as podman:
        yield podman


@pytest.fixture(scope="module")
def node(engine: Engine, node_image: str) -> str:
    return start_node(engine, node_image)


def make(podman: Engine, layers: list[bytes]) -> str:
    reference = f"localhost/devenv-test/{os.urandom(4).hex()}:1"
    podman.client.images.load(oci_archive(normalise(reference), layers, attested=False))
    return reference


def assert_whole(engine: Engine, podman: Engine, reference: str, node: str) -> None:
    found, name = podman.inspect_image(reference), normalise(reference)
    assert found["Id"] in read_content(engine, node, name).image_ids
    checked = engine.exec(node, ["ctr", "-n=k8s.io", "images", "check", f'name=="{name}"']).stdout
    assert "complete" in checked, checked
    assert "true" in checked, f"not unpacked: {checked}"


def test_it_is_podman(podman: Engine) -> None:
    components = [component["Name"] for component in podman.client.api.version()["Components"]]
    assert "Podman Engine" in components


@both_ways
def test_only_missing_layers_travel(engine: Engine, podman: Engine, node: str, way: Way) -> None:
    base, change = tar_of(8 * MIB), tar_of(MIB)
    first = make(podman, [base])
    assert load(podman, first, [node], ways=[way]).sent_layers == 1
    assert_whole(engine, podman, first, node)
    changed = make(podman, [base, change])
    delta = load(podman, changed, [node], ways=[way])
    assert (delta.sent_layers, delta.way) == (1, way)
    assert MIB <= delta.sent_bytes < MIB + (64 << 10)
    assert_whole(engine, podman, changed, node)
    assert load(podman, changed, [node], ways=[way]).unchanged == (node,)


def test_a_change_is_pushed_though_nothing_was_pushed_before(podman: Engine, node: str) -> None:
    base = tar_of(60 * MIB)
    assert load(podman, make(podman, [base]), [node]).way is Way.ARCHIVE
    messages: list[str] = []
    report = load(podman, make(podman, [base, tar_of(MIB)]), [node], progress=messages.append)
    assert (report.sent_layers, report.way) == (1, Way.PUSH), messages
