"""Images that a digest pins, against a real engine and a small registry on loopback."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.programs import require_program

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.errors import ImageError
from devenv.images.build.build import ImageWorkshop
from devenv.images.catalogue.presence import present_references
from devenv.plan.image import Image
from devenv.plan.steps import PullImage

pytestmark = pytest.mark.engine
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Registry:
    """Serves one repository whose only tag moves."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {"/v2/": ("application/json", b"{}")}
        self.repository = f"devenv-test-{uuid.uuid4().hex[:12]}"
        self.published: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = outer.files.get(self.path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Docker-Content-Digest", _digest(body))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 -- the library's name

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.reference = f"127.0.0.1:{self._http.server_port}/{self.repository}:latest"
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
            {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]}}
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
            self.files[f"{top}/blobs/{_digest(body)}"] = ("application/octet-stream", body)
        for name in ("latest", _digest(manifest)):
            self.files[f"{top}/manifests/{name}"] = (_MANIFEST, manifest)
        self.published.append(_digest(manifest))
        return self.published[-1]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _descriptor(kind: str, body: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": _digest(body), "size": len(body)}


@pytest.fixture
def registry(engine: Engine) -> Iterator[Registry]:
    require_program("docker")
    registry = Registry()
    yield registry
    repository = registry.reference.removesuffix(":latest")
    engine.images.remove([registry.reference, *(f"{repository}@{digest}" for digest in registry.published)])
    registry.close()


def test_only_the_locked_digest_counts_as_there_and_only_it_is_pulled(engine: Engine, registry: Registry) -> None:
    locked = registry.publish(b"first")
    assert engine.images.registry_digest(registry.reference) == locked
    image = Image("tiny", "1", registry.reference, locked, None, None)
    loose = Image("tiny", "1", registry.reference, None, None, None)
    step = PullImage("tiny", f"{registry.reference}@{locked}")
    workshop = ImageWorkshop(engine, data_root())
    assert present_references(engine, [image]) == frozenset()

    workshop.provide(step)
    assert present_references(engine, [image]) == {registry.reference}
    assert workshop.provide(step) == "there already"
    first = engine.images.ids([registry.reference])[registry.reference]

    registry.publish(b"second")
    engine.images.pull(registry.reference)  # as somebody does by hand after the tag has moved
    assert engine.images.ids([registry.reference])[registry.reference] != first
    assert present_references(engine, [image]) == frozenset()
    assert present_references(engine, [loose]) == {registry.reference}

    workshop.provide(step)
    assert engine.images.ids([registry.reference])[registry.reference] == first
    assert present_references(engine, [image]) == {registry.reference}


def test_a_digest_that_the_registry_has_not_is_never_replaced_by_what_it_has(
    engine: Engine, registry: Registry
) -> None:
    registry.publish(b"first")
    step = PullImage("tiny", f"{registry.reference}@{_digest(b'another')}")
    with pytest.raises(ImageError, match="pull image"):
        ImageWorkshop(engine, data_root()).provide(step)
    assert engine.images.ids([registry.reference]) == {}
