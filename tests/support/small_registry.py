"""A small registry on loopback whose only tag moves, and which fails as a test tells it to."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from devenv.adapters.docker import Engine

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Refusal:
    """An answer in place of what was asked for."""

    status: int
    code: str = ""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """As the distribution specification has it."""
        return json.dumps({"errors": [{"code": self.code, "message": self.message}]}).encode() if self.code else b""


_UNKNOWN = Refusal(404, "MANIFEST_UNKNOWN", "manifest unknown")


class SmallRegistry:
    """Serves one repository."""

    def __init__(self, folder: str = "") -> None:
        self.files: dict[str, tuple[str, bytes]] = {"/v2/": ("application/json", b"{}")}
        self.repository = f"{folder}devenv-test-{uuid.uuid4().hex[:12]}"
        self.published: list[str] = []
        self.asked: list[str] = []
        """Method and path of each request."""
        self.refuse: Callable[[str], Refusal | None] = lambda _: None
        """Given a path, what is answered in place of its file."""
        self._http = _Quiet(("127.0.0.1", 0), _handler(self))
        self.host = f"127.0.0.1:{self._http.server_port}"
        self.reference = f"{self.host}/{self.repository}:latest"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def publish(self, content: bytes) -> str:
        """An image with one file under the tag; returns its digest."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo("file")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        layer = archive.getvalue()
        config = json.dumps(
            {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]}}
        ).encode()
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": _descriptor("application/vnd.oci.image.config.v1+json", config),
                "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
            }
        ).encode()
        top = f"/v2/{self.repository}"
        for body in (layer, config):
            self.files[f"{top}/blobs/{digest_of(body)}"] = ("application/octet-stream", body)
        for name in ("latest", digest_of(manifest)):
            self.files[f"{top}/manifests/{name}"] = (_MANIFEST, manifest)
        self.published.append(digest_of(manifest))
        return self.published[-1]

    def close(self) -> None:
        """No more answers."""
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def small_registry(engine: Engine, folder: str = "") -> Iterator[SmallRegistry]:
    """A registry, what an engine has pulled of which is removed at the end."""
    registry = SmallRegistry(folder)
    try:
        yield registry
    finally:
        repository = registry.reference.removesuffix(":latest")
        engine.images.remove([registry.reference, *(f"{repository}@{digest}" for digest in registry.published)])
        registry.close()


def digest_of(body: bytes) -> str:
    """A digest as registries write it."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _descriptor(kind: str, body: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": digest_of(body), "size": len(body)}


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Engines let connections go as they please."""


def _handler(registry: SmallRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.asked.append(f"{self.command} {self.path}")
            refusal = registry.refuse(self.path) or (None if self.path in registry.files else _UNKNOWN)
            kind, body = ("application/json", refusal.body) if refusal else registry.files[self.path]
            self.send_response(refusal.status if refusal else 200)
            for name, value in (refusal.headers if refusal else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Docker-Content-Digest", digest_of(body))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 -- the library's name

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    return Handler
