"""The way most users go: pulls from Docker Hub and its like, which lead to a registry of the tests' own here.

The engine, Debian 13's with containerd's image store, is in a container whose network is a loopback alone. The images
are devenv's own under their upstream names.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.authority import issue
from support.engines import other_engine
from support.environment import Project
from support.images import provide
from support.registries import StoredRegistry, stored_registry
from support.registry_front import Asked, Fault, RegistryFront

from devenv.adapters.docker import Engine
from devenv.spec.catalogue import load_versions
from devenv.spec.image_reference import Reference

pytestmark = [pytest.mark.e2e, pytest.mark.engine]
HUB, ESO, MIRROR = "registry-1.docker.io", "oci.external-secrets.io", "mirror.test"
HOSTS = (HUB, "auth.docker.io", "ghcr.io", "quay.io", "registry.k8s.io", ESO, MIRROR)
UPSTREAM = {name: str(image.upstream) for name, image in load_versions().images.items() if image.upstream}
BASE, PULLED = UPSTREAM["debian-trixie"], ("debian-trixie", "external-secrets", "traefik")
ONLY_ASKED = ("golang", "debian-bookworm")
"""Whose digests `devenv lock` records, and which nothing here pulls."""
DEVENV_YAML: dict[str, Any] = {
    "project": "devenv-pulls",
    "stacks": [{"name": "traefik"}, {"name": "external-secrets"}],
    "images": {"app": {"context": "app", "bases": {"DEBIAN_TRIXIE": "debian-trixie"}}},
}
NO_LOGIN = Fault(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": 'Basic realm="test"'})


@dataclass(frozen=True)
class Rehearsal:
    """An engine that reaches registries, and a project."""

    engine: Engine
    registry: StoredRegistry
    front: RegistryFront
    project: Project

    def build(self, expect: int = 0, *, clean: bool = True, **changed: Any) -> dict[str, Any]:
        """`devenv build --images upstream` in an engine without any image; what failed, or nothing."""
        self.project.write_spec({**DEVENV_YAML, **changed})
        (self.project.root / "app" / "new").write_text(os.urandom(8).hex())
        if clean:
            self.engine.images.remove([image.id for image in self.engine.client.images.list() if image.id])
            self.engine.client.api.prune_builds()
        done = self.project.devenv("build", "--images", "upstream", "--json", timeout=300, expect=expect)
        failures = done.last("error")["error"]["failures"] if expect else {}
        return dict(failures["image/debian-trixie"]) if failures else {}

    def lock(self, images: dict[str, str]) -> None:
        """Write devenv.lock by hand."""
        (self.project.root / "devenv.lock").write_text(yaml.safe_dump({"images": images}))


@pytest.fixture(scope="module")
def rehearsal(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    shared, root = tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("pulls")
    (root / "app").mkdir()
    (root / "app" / "Dockerfile").write_text("ARG DEBIAN_TRIXIE\nFROM ${DEBIAN_TRIXIE}\nCOPY new /new\n")
    _, pair = issue(shared, HOSTS)
    with stored_registry(engine) as registry:
        registry.push(engine, {UPSTREAM[name]: provide(name, engine) for name in PULLED})
        registry.push(engine, {UPSTREAM[name]: provide("pause", engine) for name in ONLY_ASKED})
        with (
            RegistryFront(shared / "registry.sock", pair, registry.host, folders={MIRROR: "dockerhub"}) as front,
            other_engine(
                engine,
                "registry_engine",
                socket="docker.sock",
                listens=b"API listen on",
                data=["/var/lib/docker", "/var/lib/containerd"],
                command=[*HOSTS, "--", "--iptables=false", "--ip6tables=false"],
                shared=shared,
            ) as inner,
        ):
            docker_config = tmp_path_factory.mktemp("docker-config")
            env = {
                "DOCKER_HOST": f"unix://{shared}/docker.sock",
                "DOCKER_CONFIG": str(docker_config),
                "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")),
            }
            yield Rehearsal(inner, registry, front, Project(root, env))


def refuse_manifests(fault: Fault) -> Any:
    return lambda asked: fault if asked.is_manifest else None


def test_lock_records_what_the_registries_have_and_only_that_is_pulled(rehearsal: Rehearsal) -> None:
    rehearsal.project.write_spec(DEVENV_YAML)
    rows = {row["name"]: row for row in json.loads(rehearsal.project.devenv("lock", "--json").stdout)}
    for name in (*PULLED, *ONLY_ASKED[:1]):
        assert rows[name]["digest"] == rehearsal.registry.digest(UPSTREAM[name]), rows[name]
    locked = rehearsal.registry.digest(BASE)
    assert rehearsal.build() == {}
    assert f"debian@{locked}" in str(rehearsal.engine.images.inspect(BASE)["RepoDigests"])


def test_a_tag_that_has_moved_behind_the_lock_changes_nothing(rehearsal: Rehearsal, engine: Engine) -> None:
    locked = rehearsal.registry.digest(BASE)
    rehearsal.lock({BASE: locked})
    try:
        rehearsal.registry.push(engine, {BASE: provide("debian-bookworm", engine)})
        assert rehearsal.registry.digest(BASE) != locked
        assert rehearsal.build() == {}
        assert locked in str(rehearsal.engine.images.inspect(BASE)["RepoDigests"])
    finally:
        rehearsal.registry.push(engine, {BASE: provide("debian-trixie", engine)})
    never = f"sha256:{'0' * 64}"
    rehearsal.lock({BASE: never})
    error = rehearsal.build(expect=1)
    rehearsal.lock({})
    assert (error["code"], never in error["message"]) == ("image-not-found", True)
    assert "devenv lock" in error["hint"]
    assert rehearsal.engine.images.ids([BASE]) == {}


SPENT = Fault(429, "TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit")


@pytest.mark.parametrize(
    ("fault", "code", "hint"),
    [
        (NO_LOGIN, "registry-login", "docker login"),
        (Fault(404, "MANIFEST_UNKNOWN", "manifest unknown"), "image-not-found", "docker manifest inspect"),
        (SPENT, "registry-rate-limited", "registry_mirrors: {docker.io: MIRROR}"),
    ],
    ids=["401", "404", "429"],
)
def test_a_refusal_is_told_with_what_helps(rehearsal: Rehearsal, fault: Fault, code: str, hint: str) -> None:
    with rehearsal.front.failing(refuse_manifests(fault)):
        error = rehearsal.build(expect=1)
    assert error["code"] == code, error
    assert hint in error["hint"]
    assert "devenv up --images recipes" in error["hint"]
    assert error["context"]["cause"]


def test_a_registry_that_asks_for_patience_gets_it(rehearsal: Rehearsal) -> None:
    busy = iter([Fault(429, "TOOMANYREQUESTS", "Rate exceeded", {"Retry-After": "1"})] * 2)
    with rehearsal.front.failing(lambda asked: next(busy, None) if asked.is_manifest else None):
        assert rehearsal.build() == {}


def test_a_run_goes_on_after_one_whose_registry_died_in_the_middle_of_a_layer(rehearsal: Rehearsal) -> None:
    front = rehearsal.front
    down = Fault(503, "UNAVAILABLE", "down")
    with front.failing(lambda asked: down if front.has_cut else Fault(cut=8 << 20) if asked.is_blob else None):
        error = rehearsal.build(expect=1)
    assert error["code"] == "registry-failed", error
    assert "broke off" in error["message"]
    assert error["hint"].startswith("run the same command again")
    assert rehearsal.build(clean=False) == {}


def test_a_mirror_takes_the_place_of_a_registry(rehearsal: Rehearsal) -> None:
    digest = rehearsal.registry.digest(BASE)
    rehearsal.lock({BASE: digest})
    with rehearsal.front.failing(lambda _: None) as asked:
        assert rehearsal.build(registry_mirrors={"docker.io": f"{MIRROR}/dockerhub"}) == {}
    assert {a.host for a in asked} == {MIRROR}
    name = Reference.parse(BASE)
    assert any(a.path == f"/v2/dockerhub/{name.path}/manifests/{digest}" for a in asked)
    rehearsal.lock({})


def test_the_login_of_the_hint_is_the_one_that_helps(rehearsal: Rehearsal) -> None:
    def is_refused(asked: Asked) -> bool:
        return asked.host == HUB and "Authorization" not in asked.headers

    with rehearsal.front.failing(lambda asked: NO_LOGIN if is_refused(asked) else None):
        error = rehearsal.build(expect=1)
        command = error["hint"].partition(";")[0].split()
        login = [*command, "--username", "someone", "--password-stdin"]
        env = {**os.environ, **rehearsal.project.env}
        done = subprocess.run(login, env=env, input="secret", text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert rehearsal.build() == {}
        rehearsal.project.devenv("lock")
    Path(rehearsal.project.env["DOCKER_CONFIG"], "config.json").unlink()
