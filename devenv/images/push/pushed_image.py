"""An image that the engine pushes to devenv: what it is told to leave out, and what has come.

An engine that keeps layers unpacked compresses one to push it, and knows it by the compressed digest from then on (or
from when it pulled it). Nodes hold plain tars under their diffIDs, whichever way they came. Which digest is which
layer shows at the end only, when the manifest lists the one in the order in which the configuration lists the other.
So the engine's question after a compressed digest is answered with yes, and the push is repeated in the rare case that
this was not true. Podman asks after the plain layer first, and is told the truth. What comes is unpacked, and the
manifest is written anew with the plain layers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from devenv.errors import ImageError
from devenv.images.formats.archive import ImageManifest, Layer, make_manifest
from devenv.images.formats.engine_image import EngineImage
from devenv.images.formats.oci import Descriptor, MediaType, digest_of, select_manifest
from devenv.images.push.blob_spool import Blob
from devenv.images.push.protocol import PushRefusedError

_EARLY_BYTES = 3 << 20
"""Of plain layers that are taken before it is known whether they are wanted: a small change has come by then."""


class PushedImage:
    """Receives one image; afterwards a source of its layers, as an archive is."""

    def __init__(self, image: EngineImage) -> None:
        """Before it is known what is expected, the engine is answered as far as that does not matter."""
        self.unwanted = False
        self.exceeded = False
        """More came than the nodes lack: the engine does not know the digests of layers that they have."""
        self.failure: Exception | None = None
        """Why nothing more can be taken."""
        self._image = image
        self._expected = threading.Event()
        self._held: Mapping[str, int] = {}
        self._bound: int | None = None
        self._lock = threading.Lock()
        self._begun: list[Blob] = []
        self._blobs: dict[str, Blob] = {}
        self._documents: dict[str, bytes] = {}
        self._root: Descriptor | None = None
        self._lacking: set[str] = set()

    def expect(self, held: Mapping[str, int], bound: int | None) -> None:
        """`held` are the blobs that every node has, with their sizes; more than `bound` plain bytes are refused."""
        self._held, self._bound = held, bound
        self._expected.set()

    def refuse(self) -> None:
        """Nothing more is wanted."""
        self.unwanted = True
        self._expected.set()

    def size_of(self, digest: str) -> int | None:
        """The receiver's answer: whether a blob need not be sent."""
        self._check()
        if digest in self._blobs:
            return self._blobs[digest].received
        if self._image.keeps_blobs or digest in self._image.diff_ids:
            self._await_expectation()
            return self._held.get(digest)
        return None if digest in self._lacking or digest == self._image.id else 1

    def begin(self) -> Blob:
        """The receiver's: a blob comes."""
        self._check()
        blob = Blob(unpack=not self._image.keeps_blobs)
        with self._lock:
            self._begun.append(blob)
        return blob

    def write(self, blob: Blob, chunk: bytes) -> None:
        """The receiver's: more of a blob has come."""
        self._check()
        try:
            blob.write(chunk)
        except (OSError, ImageError) as error:
            self.failure = error
        with self._lock:
            taken = sum(begun.size for begun in self._begun)
        if taken > _EARLY_BYTES:
            self._await_expectation()
        self.exceeded = self.exceeded or (self._bound is not None and taken > self._bound)
        self._check()

    def take_blob(self, digest: str, blob: Blob) -> None:
        """The receiver's: a blob is complete."""
        self._blobs[digest] = blob

    def take_manifest(self, data: bytes, media_type: str) -> None:
        """The receiver's: a manifest; those of an index come before it."""
        self._root = Descriptor(media_type, digest_of(data), len(data))
        self._documents[self._root.digest] = data

    def is_complete(self) -> bool:
        """Whether what has come and what the nodes hold are the image; if not it is to be pushed once more.

        Waits until it is known what they hold. Nothing lacks of an image that is not wanted.
        """
        self._expected.wait()
        if self.unwanted:
            return True
        if not self._image.keeps_blobs:
            here = {digest for digest, diff_id in self._pairs() if diff_id in self._held or digest in self._blobs}
            self._lacking = {digest for digest, _ in self._pairs()} - here
        return not self._lacking

    def read(self, take: Callable[[Layer], None]) -> ImageManifest:
        """Hand out the layers that came, then the image; raises ImageError when it is not what the engine said."""
        manifest, blobs = self._as_stored() if self._image.keeps_blobs else self._unpacked()
        for digest, blob in blobs.items():
            take(Layer(digest, blob.size, blob.chunks()))
        return manifest

    def close(self) -> None:
        """Give the room back."""
        for blob in self._begun:
            blob.close()

    def _await_expectation(self) -> None:
        self._expected.wait()
        self._check()

    def _check(self) -> None:
        if self.unwanted or self.failure or self.exceeded:
            raise PushRefusedError("no more is wanted")

    def _manifest(self) -> dict[str, Any]:
        if self._root is None:
            raise ImageError(f"the engine pushed no manifest of {self._image.name}")
        parsed: dict[str, Any] = json.loads(self._documents[self._root.digest])
        return parsed

    def _pairs(self) -> list[tuple[str, str]]:
        """Digests as pushed, with the layers' diffIDs."""
        manifest = self._manifest()
        pushed = [layer["digest"] for layer in manifest.get("layers", ())]
        if manifest.get("config", {}).get("digest") != self._image.id or len(pushed) != len(self._image.diff_ids):
            raise ImageError(f"the engine pushed something else than {self._image.name}")
        return list(zip(pushed, self._image.diff_ids, strict=True))

    def _unpacked(self) -> tuple[ImageManifest, dict[str, Blob]]:
        """The image with plain layers, and those that came, by diffID."""
        came: dict[str, Blob] = {}
        layers: list[Descriptor] = []
        for digest, diff_id in self._pairs():
            blob = self._blobs.get(digest)
            if blob:
                if blob.kept_digest != diff_id:
                    raise ImageError(f"a layer of {self._image.name} came damaged", context={"layer": diff_id})
                came[diff_id] = blob
            layers.append(Descriptor(MediaType.LAYER, diff_id, blob.size if blob else self._held[diff_id]))
        return make_manifest(self._blobs[self._image.id].read(), tuple(layers)), came

    def _as_stored(self) -> tuple[ImageManifest, dict[str, Blob]]:
        """The image for the platform as it was pushed, and the layers of it that came."""
        root = self._root
        if root and "manifests" in self._manifest():
            root = select_manifest(self._documents[root.digest], self._documents, self._image.platform)
        if root is None:
            raise ImageError(f"the engine pushed no manifest of {self._image.name}")
        manifest = self._documents[root.digest]
        parsed = json.loads(manifest)
        layers = tuple(Descriptor.parse(layer) for layer in parsed["layers"])
        config = self._blobs.get(parsed["config"]["digest"])
        came = {layer.digest: self._blobs[layer.digest] for layer in layers if layer.digest in self._blobs}
        return ImageManifest(root, manifest, config.read() if config else None, layers), came
