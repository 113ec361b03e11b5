"""The OCI image format, as far as images are moved: descriptors, choosing a platform, the layout as a tar.

Pure.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from devenv.errors import ImageError

_BLOCK = tarfile.BLOCKSIZE
_ATTESTATION = "vnd.docker.reference.type"
_NAME = "io.containerd.image.name"
_REF_NAME = "org.opencontainers.image.ref.name"


class MediaType(StrEnum):
    """Media types of what devenv writes itself."""

    INDEX = "application/vnd.oci.image.index.v1+json"
    MANIFEST = "application/vnd.oci.image.manifest.v1+json"
    CONFIG = "application/vnd.oci.image.config.v1+json"
    LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True, slots=True)
class Platform:
    """What a node runs."""

    os: str
    architecture: str


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What points at a blob."""

    media_type: str
    digest: str
    size: int

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """From a manifest or an index."""
        return cls(data["mediaType"], data["digest"], int(data["size"]))

    def as_dict(self) -> dict[str, Any]:
        """For a manifest or an index."""
        return {"mediaType": str(self.media_type), "digest": self.digest, "size": self.size}


def digest_of(data: bytes) -> str:
    """`sha256:…`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def select_manifest(index: bytes, blobs: Mapping[str, bytes], platform: Platform) -> Descriptor:
    """The manifest for a platform among those whose content is there, through nested indexes.

    An engine names all platforms of an image but may hold one only; attestations name no platform.

    Raises ImageError when there is none, or several and none for the platform.
    """
    found = list(_manifests(json.loads(index), blobs))
    exact = [descriptor for descriptor, where in found if where == (platform.os, platform.architecture)]
    unnamed = [descriptor for descriptor, where in found if where is None]
    for candidates in (exact, unnamed if len(unnamed) == 1 else []):
        if candidates:
            return candidates[0]
    have = sorted("/".join(where) for _, where in found if where)
    raise ImageError(
        f"the image is not there for {platform.os}/{platform.architecture}",
        context={"platforms": ", ".join(have) or "none"},
        hint=f"build or pull it with --platform {platform.os}/{platform.architecture}",
    )


def _manifests(index: Mapping[str, Any], blobs: Mapping[str, bytes]) -> list[tuple[Descriptor, tuple[str, str] | None]]:
    found: list[tuple[Descriptor, tuple[str, str] | None]] = []
    for entry in index.get("manifests", ()):
        if entry["digest"] not in blobs or _ATTESTATION in (entry.get("annotations") or {}):
            continue
        content = json.loads(blobs[entry["digest"]])
        if "manifests" in content:
            found += _manifests(content, blobs)
        else:
            found.append((Descriptor.parse(entry), _platform(entry, content, blobs)))
    return found


def _platform(
    entry: Mapping[str, Any], manifest: Mapping[str, Any], blobs: Mapping[str, bytes]
) -> tuple[str, str] | None:
    """As the index says, else as the image's configuration does."""
    named = entry.get("platform")
    if not named and (config := blobs.get(manifest["config"]["digest"])):
        named = json.loads(config)
    if not named or not named.get("os") or not named.get("architecture"):
        return None
    return named["os"], named["architecture"]


LAYOUT_FILE = b'{"imageLayoutVersion":"1.0.0"}'


def index_file(descriptor: Descriptor, name: str) -> bytes:
    """`index.json` with one image under its full name."""
    tag = name.rpartition(":")[2]
    entry = {**descriptor.as_dict(), "annotations": {_NAME: name, _REF_NAME: tag}}
    return json.dumps({"schemaVersion": 2, "mediaType": str(MediaType.INDEX), "manifests": [entry]}).encode()


def tar_header(name: str, size: int) -> bytes:
    """The header of a file in a tar stream."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)


def tar_padding(size: int) -> bytes:
    """What follows a file's content in a tar stream."""
    return bytes(-size % _BLOCK)


def tar_file(name: str, data: bytes) -> bytes:
    """A small file in a tar stream, whole."""
    return tar_header(name, len(data)) + data + tar_padding(len(data))


TAR_END = bytes(2 * _BLOCK)
