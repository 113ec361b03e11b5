from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import ImageError
from devenv.images.formats.archive import ImageArchive, ImageManifest, Layer
from devenv.images.formats.oci import Descriptor, Platform, digest_of, index_file, select_manifest, tar_file

AMD64 = Platform("linux", "amd64")
Files = dict[str, bytes]


def hex_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def to_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def config_of(layers: list[bytes], architecture: str = "amd64") -> bytes:
    rootfs = {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]}
    return to_json({"architecture": architecture, "os": "linux", "config": {"Env": ["A=<&>"]}, "rootfs": rootfs})


def old_style(layers: list[bytes], *, links: bool = False) -> tuple[Files, dict[str, str]]:
    """As engines before 25 write it: folders named by a hash over metadata and the chain below."""
    files: Files = {}
    symlinks: dict[str, str] = {}
    first: dict[bytes, str] = {}
    paths: list[str] = []
    chain = parent = ""
    for number, layer in enumerate(layers):
        chain = f"sha256:{hex_of(f'{chain} {digest_of(layer)}'.encode())}" if chain else digest_of(layer)
        top = number == len(layers) - 1
        fields: dict[str, Any] = {"created": "1970-01-01T00:00:00Z", "container_config": {"B": 1, "A": "<ü>"}}
        if top:
            fields |= {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["&"]}}
        hashed = {**fields, "layer_id": chain, **({"parent": f"sha256:{parent}"} if parent else {})}
        text = json.dumps(dict(sorted(hashed.items())), separators=(",", ":"), ensure_ascii=False)
        for plain, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
            text = text.replace(plain, escaped)
        folder = hex_of(text.encode())
        metadata = {"id": folder, **({"parent": parent} if parent else {}), **fields, "os": "linux"}
        files[f"{folder}/VERSION"] = b"1.0"
        files[f"{folder}/json"] = json.dumps(metadata, ensure_ascii=False).encode()
        if links and layer in first:
            symlinks[f"{folder}/layer.tar"] = f"../{first[layer]}/layer.tar"
        else:
            files[f"{folder}/layer.tar"] = layer
            first[layer] = folder
        paths.append(f"{folder}/layer.tar")
        parent = folder
    config = config_of(layers)
    files[f"{hex_of(config)}.json"] = config
    listed = {"Config": f"{hex_of(config)}.json", "RepoTags": ["a:b"], "Layers": paths}
    files["manifest.json"] = to_json([listed])
    files["repositories"] = b"{}"
    return files, symlinks


def oci_style(layers: list[bytes]) -> tuple[Files, dict[str, str]]:
    """As engines from 25 on write it, with a platform that is named but not there, and an attestation."""
    config = config_of(layers)
    manifest = manifest_of(config, layers)
    attestation = to_json({"config": {"digest": "sha256:none"}, "layers": []})
    nested = to_json(
        {
            "manifests": [
                {**entry(b"x" * 10), "platform": {"os": "linux", "architecture": "arm64"}},
                {**entry(attestation), "annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
                {**entry(manifest), "platform": {"os": "linux", "architecture": "amd64"}},
            ]
        }
    )
    blobs = [config, manifest, attestation, nested, *layers]
    files = {f"blobs/sha256/{hex_of(blob)}": blob for blob in blobs}
    files["index.json"] = to_json({"manifests": [entry(nested)]})
    files["manifest.json"] = b"[]"
    files["oci-layout"] = b"{}"
    return files, {}


def podman_style(layers: list[bytes]) -> tuple[Files, dict[str, str]]:
    """As `podman save` writes it: files named by layer, and links for those who expect folders."""
    config = config_of(layers)
    files = {f"{hex_of(layer)}.tar": layer for layer in layers}
    files[f"{hex_of(config)}.json"] = config
    names = [f"{hex_of(layer)}.tar" for layer in layers]
    files["manifest.json"] = to_json([{"Config": f"{hex_of(config)}.json", "Layers": names}])
    return files, {f"{number:064x}/layer.tar": f"../{name}" for number, name in enumerate(names)}


def manifest_of(config: bytes, layers: list[bytes]) -> bytes:
    described = [entry(layer, "application/vnd.oci.image.layer.v1.tar") for layer in layers]
    return to_json({"config": entry(config, "application/vnd.oci.image.config.v1+json"), "layers": described})


def entry(data: bytes, media_type: str = "application/vnd.oci.image.manifest.v1+json") -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def packed(files: Files, links: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in sorted({*files, *links}):
            member = tarfile.TarInfo(name)
            if name in links:
                member.type, member.linkname = tarfile.SYMTYPE, links[name]
            else:
                member.size = len(files[name])
            archive.addfile(member, io.BytesIO(files.get(name, b"")))
    return buffer.getvalue()


def chunks(data: bytes, size: int = 700) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


class Node:
    """Takes the layers that it lacks."""

    def __init__(self, held: set[str]) -> None:
        self.held = held
        self.taken: dict[str, bytes] = {}

    def take(self, layer: Layer) -> None:
        if layer.digest not in self.held:
            content = b"".join(layer.chunks)
            assert len(content) == layer.size
            self.taken[digest_of(content)] = content
            self.held.add(digest_of(content))


def read(archive: bytes, layers: list[bytes], node: Node) -> ImageManifest:
    diff_ids = [digest_of(layer) for layer in layers]
    return ImageArchive(chunks(archive), diff_ids, AMD64).read(node.take)


STYLES: list[Callable[[list[bytes]], tuple[Files, dict[str, str]]]] = [
    old_style,
    lambda layers: old_style(layers, links=True),
    oci_style,
    podman_style,
]
LAYERS = st.lists(st.binary(min_size=1, max_size=3000).filter(lambda b: b[:1] != b"{"), min_size=1, max_size=4)


@given(st.sampled_from(STYLES), LAYERS, st.sets(st.integers(0, 3)))
def test_every_style_gives_the_image_and_only_the_missing_layers(
    style: Callable[[list[bytes]], tuple[Files, dict[str, str]]], layers: list[bytes], there: set[int]
) -> None:
    held = {digest_of(layers[number]) for number in there if number < len(layers)}
    node = Node(set(held))
    image = read(packed(*style(layers)), layers, node)
    assert set(node.taken) == {digest_of(layer) for layer in layers} - held
    assert [layer.digest for layer in image.layers] == [digest_of(layer) for layer in layers]
    assert [layer.size for layer in image.layers] == [len(layer) for layer in layers]
    assert image.config == config_of(layers)
    assert json.loads(image.manifest)["config"]["digest"] == digest_of(image.config)
    assert image.descriptor.digest == digest_of(image.manifest)
    assert dict(image.blobs()) == {
        digest_of(image.config): image.config,
        image.descriptor.digest: image.manifest,
    }


@given(st.sampled_from(STYLES), LAYERS, st.data())
def test_an_archive_that_is_cut_off_is_never_an_image(
    style: Callable[[list[bytes]], tuple[Files, dict[str, str]]], layers: list[bytes], data: st.DataObject
) -> None:
    files, links = style(layers)
    whole = packed(files, links)
    # Either file is enough where an engine writes both.
    last = min(at for name in ("manifest.json", "index.json") if (at := whole.rfind(name.encode())) >= 0)
    cut = data.draw(st.integers(0, last))
    with pytest.raises(ImageError):
        read(whole[:cut], layers, Node(set()))


def test_folders_that_cannot_be_told_are_sent_again() -> None:
    layers = [b"one", b"two"]
    files, links = old_style(layers)
    renamed = {name: b"{}" if name.endswith("/json") else data for name, data in files.items()}
    node = Node({digest_of(layer) for layer in layers})
    image = read(packed(renamed, links), layers, node)
    assert len(node.taken) == 2
    assert [layer.digest for layer in image.layers] == [digest_of(layer) for layer in layers]


def test_a_layer_under_a_wrong_name_is_refused() -> None:
    layers = [b"one"]
    files, links = podman_style(layers)
    files[f"{hex_of(b'one')}.tar"] = b"two"
    with pytest.raises(ImageError, match="damaged"):
        read(packed(files, links), layers, Node(set()))


def test_an_image_for_another_platform_is_refused_with_what_there_is() -> None:
    config = config_of([], "arm64")
    manifest = manifest_of(config, [])
    blobs = {digest_of(manifest): manifest, digest_of(config): config}
    index = to_json({"manifests": [entry(manifest)]})
    with pytest.raises(ImageError, match="not there for linux/amd64") as caught:
        select_manifest(index, blobs, AMD64)
    assert caught.value.context["platforms"] == "linux/arm64"
    assert select_manifest(index, blobs, Platform("linux", "arm64")).digest == digest_of(manifest)


def test_an_image_that_names_no_platform_is_taken_when_it_is_the_only_one() -> None:
    config = to_json({"rootfs": {"diff_ids": []}})
    manifest = manifest_of(config, [])
    blobs = {digest_of(manifest): manifest, digest_of(config): config}
    assert select_manifest(to_json({"manifests": [entry(manifest)]}), blobs, AMD64).size == len(manifest)


@given(st.binary(max_size=2000))
def test_what_is_written_is_a_tar(content: bytes) -> None:
    index = index_file(Descriptor("type", "sha256:x", 1), "localhost:5000/a/b:tag")
    stream = tar_file("blobs/sha256/x", content) + tar_file("index.json", index) + bytes(1024)
    with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
        found = archive.extractfile("blobs/sha256/x")
        assert found
        assert found.read() == content
        listed = archive.extractfile("index.json")
        assert listed
        annotations = json.load(listed)["manifests"][0]["annotations"]
    assert annotations["io.containerd.image.name"] == "localhost:5000/a/b:tag"
    assert annotations["org.opencontainers.image.ref.name"] == "tag"
