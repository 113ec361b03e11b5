"""What `docker save` and `podman save` write, read once as a stream and told apart into blobs.

Responsible for the archive's dialects: folders named by old-style layer IDs (engines before 25), the OCI
layout (later ones, both stores), podman's files named by layer. It holds no layer in memory and writes none.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from devenv.errors import ImageError
from devenv.images.formats.layer_identity import LayerChain
from devenv.images.formats.oci import Descriptor, MediaType, Platform, digest_of, select_manifest

_CHUNK = 1 << 20
_SMALL = 4 << 20
"""Bytes up to which a blob may be a manifest or a configuration, which are read whole."""
_OCI_BLOB = re.compile(r"^blobs/sha256/(?P<hex>[0-9a-f]{64})$")
_LAYER_FOLDER = re.compile(r"^(?P<folder>[0-9a-f]{64})/(?P<file>layer\.tar|json)$")
_LAYER_FILE = re.compile(r"^(?P<hex>[0-9a-f]{64})\.tar$")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as the archive comes to it."""

    digest: str | None
    """None when it is known only after reading."""
    size: int
    chunks: Iterator[bytes]
    """Its bytes, to be read to the end, or not at all when the digest is known."""


@dataclass(frozen=True, slots=True)
class ImageManifest:
    """What is left when the archive has ended: one image, whole, for one platform."""

    descriptor: Descriptor
    manifest: bytes
    config: bytes | None
    """None when every node has it."""
    layers: tuple[Descriptor, ...]

    def blobs(self) -> tuple[tuple[str, bytes], ...]:
        """The small blobs that make the layers an image, with their digests."""
        config = ((digest_of(self.config), self.config),) if self.config is not None else ()
        return (*config, (self.descriptor.digest, self.manifest))


@dataclass
class _Found:
    """What has been read so far."""

    paths: dict[str, Descriptor] = field(default_factory=dict)
    """Layers by their path in the archive."""
    links: dict[str, str] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    """Small files by path."""


class ImageArchive:
    """One pass over an archive of one image."""

    def __init__(self, chunks: Iterable[bytes], diff_ids: Sequence[str], platform: Platform) -> None:
        """`diff_ids` are the image's layers as the engine lists them, bottom first."""
        self._stream = _Stream(chunks)
        self._chain = LayerChain(diff_ids)
        self._platform = platform
        self._identities: dict[str, str | None] = {}
        self._found = _Found()

    def read(self, take: Callable[[Layer], None]) -> ImageManifest:
        """Read the archive to its end; `take` gets every layer as it comes.

        Raises:
            ImageError: it is not an image's archive, or it is cut off.
        """
        try:
            with tarfile.open(fileobj=cast("Any", self._stream), mode="r|", bufsize=_CHUNK) as archive:
                for member in archive:
                    self._read_member(archive, member, take)
        except (tarfile.TarError, EOFError) as error:
            raise ImageError("the engine's image archive is damaged", context={"cause": str(error)}) from error
        return self._conclude()

    def _read_member(self, archive: tarfile.TarFile, member: tarfile.TarInfo, take: Callable[[Layer], None]) -> None:
        path = member.name.removeprefix("./")
        if member.issym() or member.islnk():
            self._found.links[path] = _resolve(path, member.linkname, symbolic=member.issym())
            return
        content = archive.extractfile(member)
        if content is None:
            return
        old_style = _LAYER_FOLDER.match(path)
        if not path.endswith((".tar", "/layer.tar")) and member.size <= _SMALL:
            data = content.read()
            if old_style:
                self._identities[old_style["folder"]] = self._chain.identify(old_style["folder"], data)
                return
            if _is_document(path, data):
                self._found.documents[path] = data
                return
            chunks: Iterator[bytes] = iter((data,))
        else:
            chunks = iter(lambda: content.read(_CHUNK), b"")
        self._take_layer(path, member.size, chunks, take)

    def _take_layer(self, path: str, size: int, chunks: Iterator[bytes], take: Callable[[Layer], None]) -> None:
        """Hand on a layer; what it is called is known from its path, or else from reading it."""
        digest = self._digest_by_path(path)
        hashed = hashlib.sha256()
        complete = 0

        def read() -> Iterator[bytes]:
            nonlocal complete
            for chunk in chunks:
                hashed.update(chunk)
                complete += len(chunk)
                yield chunk

        take(Layer(digest, size, read()))
        if complete or digest is None:
            actual = f"sha256:{hashed.hexdigest()}"
            if complete != size or digest not in {None, actual}:
                raise ImageError("the engine's image archive is damaged", context={"file": path})
            digest = actual
        self._found.paths[path] = Descriptor(MediaType.LAYER, digest, size)

    def _digest_by_path(self, path: str) -> str | None:
        if match := _OCI_BLOB.match(path) or _LAYER_FILE.match(path):
            return f"sha256:{match['hex']}"
        if match := _LAYER_FOLDER.match(path):
            return self._identities.get(match["folder"])
        return None

    def _conclude(self) -> ImageManifest:
        documents = self._found.documents
        if "index.json" in documents:
            blobs = {
                f"sha256:{match['hex']}": data for path, data in documents.items() if (match := _OCI_BLOB.match(path))
            }
            return self._from_layout(documents["index.json"], blobs)
        if "manifest.json" in documents:
            return self._from_list(documents["manifest.json"])
        raise ImageError("the engine's image archive is cut off", context={"cause": "it names no image"})

    def _from_layout(self, index: bytes, blobs: dict[str, bytes]) -> ImageManifest:
        """The OCI layout: the manifest is passed on as it is, so that its digest stays."""
        descriptor = select_manifest(index, blobs, self._platform)
        manifest = blobs[descriptor.digest]
        parsed = json.loads(manifest)
        config = Descriptor.parse(parsed["config"])
        if config.digest not in blobs:
            raise ImageError("the engine's image archive is incomplete", context={"missing": config.digest})
        layers = tuple(Descriptor.parse(layer) for layer in parsed["layers"])
        return ImageManifest(descriptor, manifest, blobs[config.digest], layers)

    def _from_list(self, listed: bytes) -> ImageManifest:
        """The older form has no manifest: it is made from the configuration and the layers in their order."""
        (image,) = json.loads(listed)
        config = self._found.documents[image["Config"]]
        layers = tuple(self._layer_at(path) for path in image["Layers"])
        expected = json.loads(config)["rootfs"]["diff_ids"]
        if [layer.digest for layer in layers] != expected:
            raise ImageError("the engine's image archive does not hold the layers that the image names")
        return make_manifest(config, layers)

    def _layer_at(self, path: str) -> Descriptor:
        seen: set[str] = set()
        while path in self._found.links and path not in seen:
            seen.add(path)
            path = self._found.links[path]
        try:
            return self._found.paths[path]
        except KeyError:
            raise ImageError("the engine's image archive is incomplete", context={"missing": path}) from None


def make_manifest(config: bytes, layers: tuple[Descriptor, ...]) -> ImageManifest:
    """An image of a configuration and the layers that it names, in their order."""
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MediaType.MANIFEST,
            "config": Descriptor(MediaType.CONFIG, digest_of(config), len(config)).as_dict(),
            "layers": [layer.as_dict() for layer in layers],
        }
    ).encode()
    descriptor = Descriptor(MediaType.MANIFEST, digest_of(manifest), len(manifest))
    return ImageManifest(descriptor, manifest, config, layers)


def _is_document(path: str, data: bytes) -> bool:
    """Whether a small file is JSON rather than a small layer."""
    return not _OCI_BLOB.match(path) or data[:1] == b"{"


def _resolve(path: str, target: str, *, symbolic: bool) -> str:
    """The path in the archive that a link means."""
    if not symbolic:
        return target.removeprefix("./")
    parts = path.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


class _Stream:
    """Chunks as the file that tarfile reads."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int) -> bytes:
        parts, have = [self._rest], len(self._rest)
        while have < size and (chunk := next(self._chunks, b"")):
            parts.append(chunk)
            have += len(chunk)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]
