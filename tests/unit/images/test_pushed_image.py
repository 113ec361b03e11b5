from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pushing import MANIFEST, Client, Engine, config_of, digest, index_of, manifest_of

from devenv.errors import ImageError
from devenv.images.formats.archive import ImageManifest, Layer
from devenv.images.formats.engine_image import EngineImage
from devenv.images.formats.oci import Platform
from devenv.images.push.endpoint import PushEndpoint
from devenv.images.push.pushed_image import PushedImage


def image_of(layers: Sequence[bytes], config: bytes, *, keeps_blobs: bool = False) -> EngineImage:
    diff_ids = tuple(digest(layer) for layer in layers)
    platform = Platform("linux", "amd64")
    return EngineImage(
        "a:b",
        "docker.io/library/a:b",
        digest(config),
        diff_ids,
        platform,
        sum(map(len, layers)),
        keeps_blobs=keeps_blobs,
        is_tagged=True,
    )


@contextmanager
def receiving(
    image: EngineImage, held: Mapping[str, int] | None, bound: int | None = None
) -> Iterator[tuple[PushedImage, str]]:
    """A receiver and its repository; `held` is None when it is not known yet what the nodes hold."""
    receiver = PushedImage(image)
    if held is not None:
        receiver.expect(held, bound)
    endpoint = PushEndpoint(0)
    try:
        yield receiver, endpoint.open("secret/0", receiver)
    finally:
        receiver.refuse()
        endpoint.close()
        receiver.close()
    assert endpoint.bug is None


class Node:
    """A content store by digest."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    @property
    def sizes(self) -> dict[str, int]:
        return {name: len(data) for name, data in self.held.items()}

    def take(self, layer: Layer) -> None:
        data = b"".join(layer.chunks)
        assert (digest(data), len(data)) == (layer.digest, layer.size)
        self.held[digest(data)] = data

    def load(self, engine: Engine, layers: Sequence[bytes], config: bytes) -> tuple[ImageManifest, list[str]]:
        """What the loader does, as far as bytes are concerned."""
        sent: list[str] = []
        with receiving(image_of(layers, config), self.sizes) as (receiver, repository):
            for _ in range(2):
                sent += engine.push(repository, layers, config)
                if receiver.is_complete():
                    break
            return receiver.read(self.take), sent


layers_of_an_image = st.lists(st.binary(max_size=200), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(layers_of_an_image, min_size=1, max_size=4), st.sets(st.integers(0, 5)))
def test_what_is_loaded_is_what_was_saved(images: list[list[bytes]], collected: set[int]) -> None:
    """Images after each other, with layers in common, while the node loses some in between."""
    engine, node = Engine(), Node()
    for number, layers in enumerate(images):
        config = config_of(layers, str(number))
        manifest, _ = node.load(engine, layers, config)
        parsed = json.loads(manifest.manifest)
        assert manifest.config == config
        assert digest(manifest.manifest) == manifest.descriptor.digest
        assert parsed["config"]["digest"] == digest(config)
        assert [node.held[layer["digest"]] for layer in parsed["layers"]] == layers
        assert [layer["size"] for layer in parsed["layers"]] == [len(layer) for layer in layers]
        for gone in collected & set(range(len(layers))):
            node.held.pop(digest(layers[gone]), None)


def test_only_what_the_node_lacks_is_pushed() -> None:
    engine, node = Engine(), Node()
    base = [b"base" * 1000, b"more" * 1000]
    node.load(engine, base, config_of(base))
    changed = [*base, b"change"]
    assert node.load(engine, changed, config_of(changed))[1] == [digest(b"change")]


def test_a_layer_that_the_engine_knows_but_a_node_lacks_takes_a_second_push() -> None:
    engine, first, second = Engine(), Node(), Node()
    layers = [b"base" * 1000, b"top"]
    first.load(engine, layers, config_of(layers))
    second.held[digest(layers[0])] = layers[0]
    manifest, sent = second.load(engine, layers, config_of(layers))
    assert sent == [digest(b"top")]
    assert [layer.digest for layer in manifest.layers] == [digest(layer) for layer in layers]


def test_more_than_was_expected_is_refused() -> None:
    layers = [bytes(1 << 20), b"top"]
    config = config_of(layers)
    held = {digest(layers[0]): 1 << 20}
    with receiving(image_of(layers, config), held, bound=1000) as (receiver, repository):
        client = Client(repository)
        with pytest.raises((AssertionError, BrokenPipeError, ConnectionError)):
            client.push_blob(gzip.compress(layers[0]))  # small on the way, but its plain bytes count
        assert receiver.exceeded
        assert Client(repository).ask("POST", client.here("blobs/uploads/"))[0] == 403


def test_what_depends_on_the_nodes_is_answered_when_it_is_known() -> None:
    layers = [b"one", b"two"]
    image = image_of(layers, config_of(layers), keeps_blobs=True)
    with receiving(image, None) as (receiver, repository), ThreadPoolExecutor() as pool:
        asked = [pool.submit(Client(repository).has, digest(layer)) for layer in layers]
        assert not wait(asked, timeout=0.3).done
        receiver.expect({digest(layers[0]): 3}, None)
        assert [answer.result(10) for answer in asked] == [True, False]
        receiver.refuse()
        assert Client(repository).ask("POST", f"/v2/{repository.partition('/')[2]}/blobs/uploads/")[0] == 403


def test_a_damaged_layer_is_told() -> None:
    layers = [b"one", b"two"]
    config = config_of(layers)
    with receiving(image_of(layers, config), {}) as (receiver, repository):
        Engine().push(repository, [b"one", b"2"], config)
        assert receiver.is_complete()
        with pytest.raises(ImageError, match="damaged"):
            receiver.read(Node().take)
    with receiving(image_of(layers, config), {}) as (receiver, repository):
        with pytest.raises((AssertionError, ConnectionError)):
            Client(repository).push_blob(b"\x1f\x8b\x08 no gzip at all")
        assert isinstance(receiver.failure, ImageError)


def test_a_small_change_comes_before_it_is_known_what_the_nodes_hold() -> None:
    layers = [b"base" * 100, b"top"]
    config = config_of(layers)
    with receiving(image_of(layers, config), None) as (receiver, repository):
        engine = Engine()
        engine.known = {digest(layers[0]): digest(gzip.compress(layers[0], mtime=0))}
        engine.push(repository, layers, config)
        receiver.expect({digest(layers[0]): len(layers[0])}, None)
        assert receiver.is_complete()
        node = Node()
        receiver.read(node.take)
    assert list(node.held) == [digest(layers[1])]


@pytest.mark.parametrize("wanted", [True, False])
def test_much_waits_until_it_is_known_whether_it_is_wanted(*, wanted: bool) -> None:
    layer = os.urandom(6 << 20)
    config = config_of([layer])
    with receiving(image_of([layer], config), None) as (receiver, repository), ThreadPoolExecutor(1) as pool:
        pushed = pool.submit(Client(repository).push_blob, gzip.compress(layer, 1))
        with pytest.raises(TimeoutError):
            pushed.result(timeout=0.5)
        if wanted:
            receiver.expect({}, None)
            pushed.result()
        else:
            receiver.refuse()
            with pytest.raises((AssertionError, ConnectionError)):
                pushed.result()
            assert receiver.is_complete()


def test_another_image_is_told() -> None:
    layers = [b"one"]
    with receiving(image_of(layers, config_of(layers)), {}) as (receiver, repository):
        Engine().push(repository, layers, config_of(layers, "other"))
        with pytest.raises(ImageError, match="something else"):
            receiver.is_complete()


def test_what_containerd_stores_stays_as_it_is() -> None:
    """Compressed layers, an index with an attestation, and a platform that is named only."""
    layers = [b"base" * 100, b"top"]
    packed = [gzip.compress(layer) for layer in layers]
    config = config_of(layers)
    manifest, attestation = manifest_of(config, packed), manifest_of(b"{}", [b"in-toto"])
    index = index_of(
        {
            "mediaType": MANIFEST,
            "digest": digest(b"far"),
            "size": 3,
            "platform": {"os": "linux", "architecture": "arm"},
        },
        {
            "mediaType": MANIFEST,
            "digest": digest(manifest),
            "size": len(manifest),
            "platform": {"os": "linux", "architecture": "amd64"},
        },
        {
            "mediaType": MANIFEST,
            "digest": digest(attestation),
            "size": len(attestation),
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
        },
    )
    held = {digest(packed[0]): len(packed[0])}
    with receiving(image_of(layers, config, keeps_blobs=True), held) as (receiver, repository):
        client = Client(repository)
        assert client.has(digest(packed[0]))
        assert not client.has(digest(packed[1]))
        client.push_blob(packed[1])
        client.push_blob(config)
        for document in (attestation, manifest):
            assert client.push_manifest(document, digest(document)) == 201
        client.push_manifest(index, media_type="application/vnd.oci.image.index.v1+json")
        assert receiver.is_complete()
        node = Node()
        loaded = receiver.read(node.take)
    assert loaded.manifest == manifest
    assert loaded.config == config
    assert node.held == {digest(packed[1]): packed[1]}


def test_memory_stays_bounded() -> None:
    layer = bytes(96 << 20)
    config = config_of([layer])
    packed = gzip.compress(layer, 1)
    diff_id = digest(layer)
    image = image_of([layer], config)
    del layer
    with receiving(image, {}) as (receiver, repository):
        tracemalloc.start()
        Client(repository).push_blob(packed)
        Client(repository).push_blob(config)
        Client(repository).push_manifest(manifest_of(config, [packed]))
        size = 0

        def take(layer: Layer) -> None:
            nonlocal size
            size = sum(len(chunk) for chunk in layer.chunks)

        manifest = receiver.read(take)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (size, manifest.layers[0].digest) == (96 << 20, diff_id)
    assert peak < 16 << 20
