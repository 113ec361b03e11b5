"""`devenv.lock`: how digests get into the project, and what they mean for the catalogue."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml

from devenv.adapters.files.paths import data_root
from devenv.adapters.files.records import write_whole
from devenv.errors import SpecError
from devenv.spec.load import load_workspace
from devenv.spec.lock import Lock, lock_text
from devenv.workflows.lock import lock_rows

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
REDIS = "docker.io/library/redis:7.2.7-bookworm"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "devenv.yaml").write_text("project: locked\nstacks:\n  - name: redis\n")
    return tmp_path


def test_what_answers_is_recorded_and_what_does_not_stays_as_it_was() -> None:
    upstream = {"redis": REDIS, "pause": "registry.k8s.io/pause:3.10", "debian": "docker.io/library/debian:12"}
    answering = {"docker.io": True, "registry.k8s.io": False}
    rows = lock_rows(upstream, {"redis": ONE, "pause": TWO, "debian": ONE}, answering, lambda _: ONE)
    assert [(row.name, row.digest, row.state) for row in rows] == [
        ("redis", ONE, "unchanged"),
        ("pause", TWO, "out of reach"),
        ("debian", ONE, "unchanged"),
    ]
    assert lock_rows({"redis": REDIS}, {"redis": None}, answering, lambda _: TWO)[0].state == "recorded"


def test_the_file_is_read_as_it_is_written(project: Path) -> None:
    write_whole(project / "devenv.lock", lock_text({REDIS: ONE}))
    workspace = load_workspace(project, data_root=data_root())
    assert workspace.versions.images["redis"].digest == ONE
    assert workspace.versions.images["postgres"].digest is None
    assert project / "devenv.lock" in workspace.inputs
    line = (project / "devenv.lock").read_text().splitlines().index(f"  {REDIS}: {ONE}") + 1
    assert workspace.lock.places == {REDIS: f"{project / 'devenv.lock'}:{line}"}


def test_a_digest_of_another_version_is_left_aside(project: Path) -> None:
    write_whole(project / "devenv.lock", lock_text({"docker.io/library/redis:7.0": ONE}))
    assert load_workspace(project, data_root=data_root()).versions.images["redis"].digest is None


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
    assert text.startswith("# Written by `devenv lock`: commit it.")
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
