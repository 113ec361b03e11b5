"""A client that pushes as engines do: asks after each blob, uploads what is lacking, then the manifests."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import os
import tarfile
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CONFIG = "application/vnd.docker.container.image.v1+json"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def config_of(layers: Sequence[bytes], comment: str = "") -> bytes:
    rootfs = {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}
    history = [{"created": "2026-01-01T00:00:00Z", "created_by": f"COPY {number}"} for number, _ in enumerate(layers)]
    settings = {"architecture": "amd64", "os": "linux", "config": {"Env": [f"A={comment}"]}}
    return json.dumps({**settings, "rootfs": rootfs, "history": history}).encode()


def manifest_of(config: bytes, packed: Sequence[bytes]) -> bytes:
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": digest(config), "size": len(config)},
            "layers": [{"mediaType": LAYER, "digest": digest(layer), "size": len(layer)} for layer in packed],
        }
    ).encode()


class Client:
    """One connection to a registry at `host:port/path`."""

    def __init__(self, repository: str) -> None:
        where, _, self.path = repository.partition("/")
        self._connection = http.client.HTTPConnection(where, timeout=10)
        self.uploaded: list[str] = []

    def ask(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body, named)
        answer = self._connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()

    def here(self, what: str) -> str:
        return f"/v2/{self.path}/{what}"

    def push_blob(self, data: bytes, pieces: int = 1) -> None:
        """As dockerd does: a chunked PATCH for the whole, here in several pieces, then an empty PUT."""
        status, headers, _ = self.ask("POST", self.here("blobs/uploads/"))
        assert status == 202
        step = len(data) // pieces + 1
        parts = [data[at : at + step] for at in range(0, len(data), step)]
        status, headers, _ = self.ask("PATCH", headers["Location"], iter(parts))
        assert status == 202, status
        status, _, answer = self.ask("PUT", f"{headers['Location']}?digest={digest(data)}")
        assert status == 201, answer
        self.uploaded.append(digest(data))

    def push_manifest(self, data: bytes, tag: str = "load", media_type: str = MANIFEST) -> int:
        return self.ask("PUT", self.here(f"manifests/{tag}"), data, Content_Type=media_type)[0]

    def has(self, wanted: str) -> bool:
        return self.ask("HEAD", self.here(f"blobs/{wanted}"))[0] == 200

    def close(self) -> None:
        self._connection.close()


class Engine:
    """What an engine that keeps layers unpacked remembers: the compressed digests of layers it has pushed."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def push(self, repository: str, layers: Sequence[bytes], config: bytes) -> list[str]:
        """Push an image; returns the diffIDs of layers that were sent."""
        client = Client(repository)
        sent: list[str] = []
        packed = [gzip.compress(layer, mtime=0) for layer in layers]
        for plain, compressed in zip(layers, packed, strict=True):
            if self.known.get(digest(plain)) and client.has(self.known[digest(plain)]):
                continue
            client.push_blob(compressed, pieces=3)
            self.known[digest(plain)] = digest(compressed)
            sent.append(digest(plain))
        if not client.has(digest(config)):
            client.push_blob(config)
        assert client.push_manifest(manifest_of(config, packed)) == 201
        client.close()
        return sent


def index_of(*manifests: dict[str, Any]) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(manifests)}).encode()


def docker_archive(
    reference: str, layers: Sequence[Mapping[str, bytes]], text: str, labels: Mapping[str, str]
) -> tuple[bytes, bytes]:
    """An archive as `docker load` reads it, of layers made of files, and the configuration in it."""
    packed = [_tar(files) for files in layers]
    parsed = json.loads(config_of(packed, text.replace("\0", "")))
    config = json.dumps({**parsed, "config": {**parsed["config"], "Labels": dict(labels)}}).encode()
    names = [f"{number}/layer.tar" for number, _ in enumerate(packed)]
    listed = [{"Config": "config.json", "RepoTags": [reference], "Layers": names}]
    files = {
        **dict(zip(names, packed, strict=True)),
        "config.json": config,
        "manifest.json": json.dumps(listed).encode(),
    }
    return _tar(files), config


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def tar_of(size: int) -> bytes:
    """A layer with one file of random bytes."""
    return _tar({uuid.uuid4().hex: os.urandom(size)})


def oci_archive(reference: str, layers: Sequence[bytes], *, attested: bool) -> bytes:
    """An archive of an OCI layout with compressed layers; `attested` puts an index around the manifest."""
    config, packed = config_of(layers), [gzip.compress(layer, mtime=0) for layer in layers]
    manifest = manifest_of(config, packed).replace(LAYER.encode(), OCI_LAYER.encode())
    manifest = manifest.replace(CONFIG.encode(), OCI_CONFIG.encode()).replace(MANIFEST.encode(), OCI_MANIFEST.encode())
    root, kind, blobs = manifest, OCI_MANIFEST, [config, manifest, *packed]
    platform = {"os": "linux", "architecture": "amd64"}
    if attested:
        statement, nothing = b'{"_type": "https://in-toto.io/Statement/v0.1"}', b"{}"
        attestation = manifest_of(nothing, [statement]).replace(LAYER.encode(), b"application/vnd.in-toto+json")
        attestation = attestation.replace(CONFIG.encode(), OCI_CONFIG.encode()).replace(
            MANIFEST.encode(), OCI_MANIFEST.encode()
        )
        notes = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest(manifest)}
        unknown = {"os": "unknown", "architecture": "unknown"}
        root = index_of(
            {**_entry(manifest, OCI_MANIFEST), "platform": platform},
            {**_entry(attestation, OCI_MANIFEST), "platform": unknown, "annotations": notes},
        )
        kind = OCI_INDEX
        blobs += [statement, nothing, attestation, root]
    tag = reference.rpartition(":")[2]
    named = {"io.containerd.image.name": reference, "org.opencontainers.image.ref.name": tag}
    files = {f"blobs/sha256/{digest(blob)[7:]}": blob for blob in blobs}
    files |= {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
    files |= {"index.json": index_of({**_entry(root, kind), "annotations": named})}
    return _tar(files)


def _entry(data: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}
