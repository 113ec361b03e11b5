"""Loading out of an engine that keeps images in containerd's store: compressed layers, manifests and indexes.

The engine is a later one in a container; the nodes are containers of the usual engine, as in the tests before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from support.bridges import own_bridge
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
def later(engine: Engine) -> Iterator[Engine]:
    """The later engine."""
    folders = ["/var/lib/docker", "/var/lib/containerd"]
    with (
        own_bridge("devenv-test1", "198.51.100.129/25") as bridge,
        other_engine(
            engine,
            "later_engine",
            socket="docker.sock",
            listens=b"API listen on",
            data=folders,
            command=[f"--bridge={bridge}"],
        ) as later,
    ):
        yield later


@pytest.fixture(scope="module")
def node(engine: Engine, node_image: str) -> str:
    return start_node(engine, node_image)


def make(later: Engine, layers: list[bytes], *, attested: bool = False) -> str:
    reference = f"localhost/devenv-test/{os.urandom(4).hex()}:1"
    later.client.images.load(oci_archive(normalise(reference), layers, attested=attested))
    return reference


def assert_whole(engine: Engine, later: Engine, reference: str, node: str) -> None:
    found, name = later.inspect_image(reference), normalise(reference)
    assert found["Id"] in read_content(engine, node, name).image_ids
    checked = engine.exec(node, ["ctr", "-n=k8s.io", "images", "check", f'name=="{name}"']).stdout
    assert "complete" in checked, checked
    assert "true" in checked, f"not unpacked: {checked}"


def test_it_is_the_store_in_question(later: Engine) -> None:
    status = dict(later.client.api.info()["DriverStatus"])
    assert status["driver-type"] == "io.containerd.snapshotter.v1"


@both_ways
@pytest.mark.parametrize("attested", [False, True])
def test_only_missing_layers_travel(engine: Engine, later: Engine, node: str, way: Way, *, attested: bool) -> None:
    base, change = tar_of(8 * MIB), tar_of(MIB)
    first = make(later, [base], attested=attested)
    assert load(later, first, [node], ways=[way]).sent_layers == 1
    assert_whole(engine, later, first, node)
    changed = make(later, [base, change], attested=attested)
    delta = load(later, changed, [node], ways=[way])
    assert (delta.sent_layers, delta.way) == (1, way)
    assert MIB <= delta.sent_bytes < MIB + (64 << 10)
    assert_whole(engine, later, changed, node)
    assert load(later, changed, [node], ways=[way]).unchanged == (node,)


def test_a_push_is_preferred_since_nothing_is_compressed_for_it(later: Engine, node: str) -> None:
    messages: list[str] = []
    report = load(later, make(later, [tar_of(40 * MIB)]), [node], progress=messages.append)
    assert report.way is Way.PUSH, messages
