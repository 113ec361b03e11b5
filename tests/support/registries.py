"""The registry of the distribution project, run by a test, with images of devenv's under their upstream names.

Its folder stays in the cache between runs, so that only images that were made anew are pushed.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http import HTTPStatus
from pathlib import Path

from devenv.adapters.docker import BuildRequest, Engine
from devenv.adapters.files.paths import cache_dir
from devenv.adapters.host.trust import observe_trust
from devenv.images.content.fingerprint import hash_of
from devenv.spec.image_reference import Reference
from support.environment import run
from support.images import provide
from support.waiting import await_answer

_RECIPE = Path(__file__).parent / "registry"
_CONFIGURATION = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
_MANIFESTS = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json")


class StoredRegistry:
    """A registry without faults, on the loopback."""

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"

    def has(self, path: str, tag: str, image_id: str) -> bool:
        """Whether a tag stands for the image of an engine."""
        manifest = self._manifest(path, tag)
        return manifest is not None and manifest[1]["config"]["digest"] == image_id

    def digest(self, reference: str) -> str:
        """The digest of an upstream reference's tag."""
        name = Reference.parse(reference)
        found = self._manifest(name.path, name.tag)
        assert found, reference
        return found[0]

    def identities(self, reference: str) -> frozenset[str]:
        """The digests by which a tag's image may be called: its manifest's and its configuration's."""
        name = Reference.parse(reference)
        found = self._manifest(name.path, name.tag)
        assert found, reference
        return frozenset({found[0], found[1]["config"]["digest"]})

    def push(self, engine: Engine, images: Mapping[str, str]) -> None:
        """Have images of an engine, under the names of upstream references."""
        for upstream, made in images.items():
            name = Reference.parse(upstream)
            if not self.has(name.path, name.tag, engine.images.ids([made])[made]):
                pushed = f"{self.host}/{name.path}:{name.tag}"
                engine.images.tag(made, pushed)
                try:
                    run(["docker", "push", "--quiet", pushed], timeout=900)
                finally:
                    engine.images.remove([pushed])

    def _manifest(self, path: str, tag: str) -> tuple[str, dict[str, dict[str, str]]] | None:
        with closing(http.client.HTTPConnection(self.host, timeout=30)) as connection:
            connection.request("GET", f"/v2/{path}/manifests/{tag}", headers={"Accept": ", ".join(_MANIFESTS)})
            answer = connection.getresponse()
            body = answer.read()
        return (
            (str(answer.headers["Docker-Content-Digest"]), json.loads(body)) if answer.status == HTTPStatus.OK else None
        )


@contextmanager
def stored_registry(engine: Engine) -> Iterator[StoredRegistry]:
    """The registry, running."""
    folder = cache_dir() / "tests" / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = folder / "config.yaml"
    configuration.write_text(_CONFIGURATION.format(folder=folder / "storage", port=port))
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen([_program(engine), "serve", configuration], env=environment, stderr=log)
    try:
        registry = StoredRegistry(port)
        await_answer(lambda: registry.has("library/nothing", "1", ""), OSError)
        yield registry
    finally:
        process.terminate()
        process.wait(30)


def _program(engine: Engine) -> Path:
    content = hash_of(*(file.read_text() for file in sorted(_RECIPE.iterdir())))[:12]
    program = cache_dir() / "tests" / f"registry-{content}"
    if not program.exists():
        reference = f"localhost/devenv-test/registry:{content}"
        trust = observe_trust().bundle
        assert trust
        arguments = {"GOLANG": provide("golang", engine)}
        engine.builds.run(
            BuildRequest(reference, _RECIPE / "Dockerfile", _RECIPE, args=arguments, secrets={"ca": trust})
        )
        engine.files.copy_out(reference, "/registry", program)
        engine.images.remove([reference])
    return program
