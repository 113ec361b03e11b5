"""The way most users go: pulls from Docker Hub and its like, which lead to a registry of the tests' own here.

The engine, Debian 13's with containerd's image store, is in a container whose network is a loopback alone; devenv runs
in that network, where a cluster's ports open. The images are devenv's own under their upstream names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.authority import issue
from support.engines import OtherEngine, other_engine
from support.environment import Project, Result
from support.images import provide
from support.programs import require_program
from support.registries import StoredRegistry, stored_registry
from support.registry_front import Asked, Fault, RegistryFront

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.adapters.host.system import observe_host
from devenv.spec.catalogue import load_versions
from devenv.spec.image_reference import Reference

pytestmark = [pytest.mark.e2e, pytest.mark.engine]
HUB, MIRROR = "registry-1.docker.io", "mirror.test"
HOSTS = (HUB, "auth.docker.io", "ghcr.io", "quay.io", "registry.k8s.io", MIRROR)
UPSTREAM = {name: str(image.upstream) for name, image in load_versions().images.items() if image.upstream}
BASE, PULLED = UPSTREAM["debian-trixie"], ("debian-trixie", "external-secrets", "traefik")
RUN = ("external-secrets", "localstack", "postgres", "traefik")
"""What pods of the stacks run as it is published; migrations are built on Atlas."""
ONLY_ASKED = ("golang", "debian-bookworm")
"""Whose digests `devenv lock` records, and which nothing here pulls."""
DEVENV_YAML: dict[str, Any] = {
    "project": "devenv-pulls",
    "stacks": [{"name": "traefik"}, {"name": "external-secrets"}],
    "images": {"app": {"context": "app", "bases": {"DEBIAN_TRIXIE": "debian-trixie"}}},
}
WHOLE: dict[str, Any] = {"project": "devenv-pulls", "stacks": [{"name": "traefik"}, {"name": "postgres"}]}
"""With what these need."""
NO_LOGIN = Fault(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": 'Basic realm="test"'})


@dataclass(frozen=True)
class Rehearsal:
    """An engine that reaches registries, and a project."""

    machine: OtherEngine
    registry: StoredRegistry
    front: RegistryFront
    folder: Path
    env: Mapping[str, str]

    @property
    def engine(self) -> Engine:
        """The one that pulls."""
        return self.machine.engine

    @property
    def project(self) -> Project:
        """The project, whose commands run in the network that the machine has now."""
        within = [str(require_program("nsenter")), f"--net=/proc/{self.machine.process}/ns/net"]
        return Project(self.folder, self.env, within)

    def build(self, expect: int = 0, *, clean: bool = True, **changed: Any) -> dict[str, Any]:
        """`devenv build --images upstream` in an engine without any image; what failed, or nothing."""
        self.project.write_spec({**DEVENV_YAML, **changed})
        (self.project.root / "app" / "new").write_text(os.urandom(8).hex())
        if clean:
            self.remove_images()
        done = self.project.devenv("build", "--images", "upstream", "--json", timeout=300, expect=expect)
        failures = done.last("error")["error"]["failures"] if expect else {}
        return dict(failures["image/debian-trixie"]) if failures else {}

    def remove_images(self) -> None:
        """Leave the engine without any image, and without what builds keep."""
        self.engine.images.remove([image.id for image in self.engine.client.images.list() if image.id])
        self.engine.client.api.prune_builds()

    def up(self, *args: str, expect: int = 0) -> Result:
        """`devenv up --images upstream`."""
        return self.project.devenv("up", "--yes", "--images", "upstream", "--json", *args, timeout=1200, expect=expect)

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
        wrapper = [] if observe_host().sys_resource else _runc_wrapper(shared)
        with (
            RegistryFront(shared / "registry.sock", pair, registry.host, folders={MIRROR: "dockerhub"}) as front,
            other_engine(
                engine,
                "registry_engine",
                socket="docker.sock",
                listens=b"API listen on",
                data=["/var/lib/docker", "/var/lib/containerd"],
                command=[*HOSTS, "--", *wrapper],
                shared=shared,
            ) as inner,
        ):
            docker_config = tmp_path_factory.mktemp("docker-config")
            env = {
                "DOCKER_HOST": f"unix://{shared}/docker.sock",
                "DOCKER_CONFIG": str(docker_config),
                "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")),
            }
            yield Rehearsal(inner, registry, front, root, env)


def _runc_wrapper(shared: Path) -> list[str]:
    """The arguments of a dockerd that starts containers as devenv's own does where a capability is missing."""
    wrapper = shared / "runc-wrapper"
    shutil.copy(data_root() / "cluster/engine/runc-wrapper", wrapper)
    wrapper.chmod(0o755)
    return [f"--add-runtime=devenv=/run/shared/{wrapper.name}", "--default-runtime=devenv"]


@pytest.fixture
def images(rehearsal: Rehearsal, engine: Engine, node_image: str) -> Iterator[Mapping[str, str]]:
    """What a whole environment is pulled as, by its names of the catalogue; the environment goes with it."""
    made = {"kind-node": node_image, **{name: provide(name, engine) for name in (*RUN, "atlas")}}
    rehearsal.registry.push(engine, {UPSTREAM[name]: reference for name, reference in made.items()})
    rehearsal.remove_images()
    yield {name: UPSTREAM[name] for name in made}
    rehearsal.project.write_spec(WHOLE)
    rehearsal.project.devenv("down", "--yes", timeout=120)
    rehearsal.lock({})


def test_an_environment_comes_up_from_registries_alone_and_its_lock_and_its_data_keep(
    rehearsal: Rehearsal, engine: Engine, images: Mapping[str, str]
) -> None:
    project, registry = rehearsal.project, rehearsal.registry
    project.write_spec(WHOLE)
    first = rehearsal.up()
    assert first.last("run-finished")["failed"] == 0
    planned = {step["title"].partition("@")[0] for step in first.of_type("plan-made")[0]["steps"]}
    assert {title for title in planned if title.startswith("Pull image")} == {
        f"Pull image {reference}" for reference in images.values()
    }
    built = {title for title in planned if title.startswith(("Build image", "Bootstrap image", "Assemble"))}
    assert built == {"Build image alt-atlas-migrations"}
    # The catalogue has the digest of kind's own image, which a registry of copies has not.
    detail = next(e["detail"] for e in first.of_type("step-succeeded") if e["key"] == "image/node")
    assert "by its tag" in detail
    digests = {name: registry.digest(reference) for name, reference in images.items()}
    pulled = {reference: registry.identities(reference) for reference in images.values()}
    assert_pulled(rehearsal, pulled)

    with rehearsal.front.failing(lambda _: None) as asked:
        assert rehearsal.up().last("plan-made")["steps"] == []
    assert asked == []

    rows = {row["name"]: row for row in json.loads(project.devenv("lock", "--json").stdout)}
    assert {name: rows[name]["digest"] for name in images} == digests
    assert (rows["localstack-licensed"]["digest"], rows["localstack-licensed"]["state"]) == (None, "not there")
    moved = images["traefik"]
    try:
        registry.push(engine, {moved: provide("pause", engine)})
        assert registry.digest(moved) != digests["traefik"]
        again = {step["key"]: step["reason"] for step in rehearsal.up().last("plan-made")["steps"]}
        assert again == dict.fromkeys((f"ready/{name}" for name in RUN), "runs what devenv.lock pins since")
        assert rehearsal.up().last("plan-made")["steps"] == []
        assert_pulled(rehearsal, pulled)
    finally:
        registry.push(engine, {moved: provide("traefik", engine)})

    assert_there_after_a_loss_of_power(rehearsal)

    project = rehearsal.project
    project.write_spec({**WHOLE, "stacks": [*WHOLE["stacks"], {"name": "redis"}]})
    with rehearsal.front.failing(lambda _: Fault(503, "UNAVAILABLE", "down")):
        error = rehearsal.up(expect=1).last("error")["error"]
    assert error["message"] == "image redis cannot be pulled: docker.io does not answer"
    assert error["hint"] == "devenv up --images auto"


def assert_there_after_a_loss_of_power(rehearsal: Rehearsal) -> None:
    """What ran is started by the engine and awaited by `start`; what was stopped stays so, until it is started."""
    # Without the last statement the profile `dev` may lose what was written within the last second.
    add = "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7); CHECKPOINT;"
    rehearsal.project.devenv("db", "shell", "postgres", script=add)
    for was_stopped in (False, True):
        if was_stopped:
            rehearsal.project.devenv("stop")
        rehearsal.machine.lose_power()
        project = rehearsal.project
        if was_stopped:
            assert project.status()["cluster"]["state"] == "stopped"
        started = project.devenv("start", "--json", timeout=300)
        assert started.last("run-finished")["failed"] == 0
        assert project.status()["ready"]
        assert "7" in project.devenv("db", "shell", "postgres", script="SELECT id FROM kept;").stdout
        assert project.devenv("up", "--yes", "--json", timeout=300).last("plan-made")["steps"] == []


def assert_pulled(rehearsal: Rehearsal, pulled: Mapping[str, frozenset[str]]) -> None:
    """Each container of a stack runs what the registry had under upstream's name, and so does the node."""
    engine = rehearsal.engine
    (node,) = [c for c in engine.client.containers.list() if str(c.name).endswith("control-plane")]
    digests = [text.rpartition("@")[2] for text in engine.images.inspect(node.attrs["Image"])["RepoDigests"]]
    assert pulled[UPSTREAM["kind-node"]] & set(digests)
    tags = [tag for image in engine.client.images.list() for tag in image.tags if tag.startswith("localhost/")]
    assert {Reference.parse(tag).path for tag in tags} == {"devenv/lock", "devenv/alt-atlas-migrations"}
    pods = json.loads(rehearsal.project.kubectl("get", "pods", "--all-namespaces", "--output", "json"))["items"]
    ran = {
        (status["image"], status["imageID"].rpartition("@")[2])
        for pod in pods
        if pod["metadata"]["namespace"] not in ("kube-system", "local-path-storage")
        for status in (*pod["status"].get("initContainerStatuses", ()), *pod["status"]["containerStatuses"])
        if not status["image"].startswith("localhost/devenv/alt-atlas-migrations:")
    }
    assert {name for name, _ in ran} == {UPSTREAM[name] for name in RUN}
    assert [(name, identity) for name, identity in ran if identity not in pulled[name]] == []


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
