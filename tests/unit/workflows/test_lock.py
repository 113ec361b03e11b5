"""`devenv.lock`: how digests get into the project, and what they mean for the catalogue."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from devenv.adapters.files.paths import data_root
from devenv.adapters.files.records import write_whole
from devenv.errors import ImageNotFoundError, SpecError
from devenv.spec.load import load_workspace
from devenv.spec.lock import Lock, lock_text, pinning_nothing
from devenv.workflows.lock import Lockable, lock_rows, lockable

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
REDIS = "docker.io/library/redis:7.2.7-bookworm"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "devenv.yaml").write_text("project: locked\nstacks:\n  - name: redis\n")
    return tmp_path


def test_what_answers_is_recorded_and_what_does_not_stays_as_it_was() -> None:
    pause = "registry.k8s.io/pause:3.10"
    images = [Lockable("redis", REDIS, REDIS, ONE), Lockable("pause", pause, pause, TWO)]
    answering = {"docker.io": True, "registry.k8s.io": False}
    rows = lock_rows(images, answering, lambda _: ONE)
    assert [(row.name, row.digest, row.state) for row in rows] == [
        ("redis", ONE, "unchanged"),
        ("pause", TWO, "out of reach"),
    ]
    assert lock_rows([Lockable("redis", REDIS, REDIS)], answering, lambda _: TWO)[0].state == "recorded"


def test_a_mirror_is_asked_and_upstreams_name_recorded() -> None:
    asked: list[str] = []

    def ask(reference: str) -> str:
        asked.append(reference)
        return ONE

    (row,) = lock_rows([Lockable("redis", REDIS, "m.example/hub/library/redis:7")], {"m.example": True}, ask)
    assert (asked, row.upstream, row.digest) == (["m.example/hub/library/redis:7"], REDIS, ONE)


def test_a_digest_of_the_catalogue_stays_whatever_the_tag_means_by_now() -> None:
    node = Lockable("kind-node", REDIS, REDIS, None, given=ONE)
    assert lock_rows([node], {"docker.io": True}, lambda _: TWO)[0].digest == ONE
    assert lock_rows([node], {"docker.io": False}, lambda _: TWO)[0].state == "recorded"
    by_hand = replace(node, former=TWO)
    assert lock_rows([by_hand], {"docker.io": True}, lambda _: ONE)[0].digest == TWO


def test_a_registry_of_copies_has_neither_that_digest_nor_each_image() -> None:
    asked: list[str] = []

    def ask(reference: str) -> str:
        asked.append(reference)
        if "@" in reference or "golang" in reference:
            raise ImageNotFoundError(f"there is no {reference}")
        return TWO

    golang = "docker.io/library/golang:1.26.3-trixie"
    node = Lockable("kind-node", REDIS, REDIS, None, given=ONE)
    rows = lock_rows([node, Lockable("golang", golang, golang, ONE, optional=True)], {"docker.io": True}, ask)
    assert [(row.name, row.digest, row.state) for row in rows] == [
        ("kind-node", TWO, "recorded"),
        ("golang", None, "not there"),
    ]
    assert f"docker.io/library/redis@{ONE}" in asked
    assert lock_rows([replace(node, former=TWO)], {"docker.io": True}, ask)[0].state == "unchanged"
    with pytest.raises(ImageNotFoundError):
        lock_rows([Lockable("golang", golang, golang)], {"docker.io": True}, ask)


def test_all_refusals_are_told_at_once() -> None:
    def ask(reference: str) -> str:
        raise ImageNotFoundError(f"there is no {reference}")

    images = [Lockable(name, f"docker.io/library/{name}:1", f"docker.io/library/{name}:1") for name in ("a", "b", "c")]
    with pytest.raises(ImageNotFoundError, match=r"no .*/library/a:1") as caught:
        lock_rows(images, {"docker.io": True}, ask)
    assert list(caught.value.context) == ["image b", "image c"]


def test_what_the_project_may_pull_is_locked_and_nothing_else(project: Path) -> None:
    images = lockable(load_workspace(project, data_root=data_root()))
    licensed = "localstack-licensed"
    assert [image.name for image in images] == [
        *("golang", "kind-node", "traefik", "localstack", licensed, "external-secrets", "redis"),
    ]
    assert {image.name for image in images if image.optional} == {"golang", licensed}
    (project / "devenv.yaml").write_text(
        "project: locked\ncluster: {nodes: {control_planes: 3}}\nregistry_mirrors: {docker.io: m.example/hub}\n"
        "stacks:\n  - name: postgres\nimages: {app: {context: ., bases: {N: nodejs}}}\n"
    )
    (project / "Dockerfile").touch()
    workspace = load_workspace(project, data_root=data_root())
    found = {image.name: image for image in lockable(workspace)}
    # The migrations are built on Atlas: no such image is published.
    assert {"envoy", "postgres", "atlas", "external-secrets", "localstack-licensed", "nodejs"} <= found.keys()
    assert "redis" not in found
    assert found["postgres"].source == "m.example/hub/library/postgres:15.14-bookworm"
    assert found["external-secrets"].source == found["external-secrets"].upstream
    assert found["kind-node"].given


def test_the_file_is_read_as_it_is_written(project: Path) -> None:
    write_whole(project / "devenv.lock", lock_text({REDIS: ONE}))
    workspace = load_workspace(project, data_root=data_root())
    assert workspace.versions.images["redis"].digest == ONE
    assert workspace.versions.images["postgres"].digest is None
    assert project / "devenv.lock" in workspace.inputs
    line = (project / "devenv.lock").read_text().splitlines().index(f"  {REDIS}: {ONE}") + 1
    assert workspace.lock.places == {REDIS: f"{project / 'devenv.lock'}:{line}"}


def test_a_digest_of_another_version_is_left_aside_and_known_to_pin_nothing(project: Path) -> None:
    postgres = "docker.io/library/postgres:15.14-bookworm"  # of no stack of the project, and known
    write_whole(project / "devenv.lock", lock_text({"docker.io/library/redis:7.0": ONE, postgres: TWO}))
    workspace = load_workspace(project, data_root=data_root())
    assert workspace.versions.images["redis"].digest is None
    assert pinning_nothing(workspace.versions, workspace.lock) == ["docker.io/library/redis:7.0"]


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("images:\n  a: sha256:123\n", 2, "images.a"),
        ("image: {}\n", 1, "image"),
        ("images: {\n", 1, ""),
        ("\x00", 1, ""),
    ],
)
def test_a_wrong_file_is_told_with_its_line(project: Path, text: str, line: int, key: str) -> None:
    (project / "devenv.lock").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_workspace(project, data_root=data_root())
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.key) == (project / "devenv.lock", line, key)


def test_an_empty_file_and_a_broken_link(project: Path) -> None:
    lock = project / "devenv.lock"
    lock.write_text("")
    assert load_workspace(project, data_root=data_root()).versions.images["redis"].digest is None
    lock.unlink()
    lock.symlink_to("gone")
    with pytest.raises(SpecError):
        load_workspace(project, data_root=data_root())


def test_the_form_is_yaml_with_a_word_on_what_it_is() -> None:
    text = lock_text({REDIS: ONE, "a.example/b:1": TWO})
    assert text.startswith("# Written by `devenv lock` and `devenv sources update`: commit it.")
    assert Lock.model_validate(yaml.safe_load(text)).images == {REDIS: ONE, "a.example/b:1": TWO}


def test_a_file_is_replaced_as_a_whole_with_its_mode_and_through_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "there" / "file", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("before")
    target.chmod(0o640)
    link.symlink_to(target)
    with target.open() as reader:
        write_whole(link, "after")
        assert reader.read() == "before"  # who has opened it reads the former file to its end
    assert link.is_symlink()
    assert target.read_text() == "after"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in target.parent.iterdir()] == ["file"]
