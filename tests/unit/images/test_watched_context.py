"""Which saves start a round of `devenv dev`, and from when its time counts."""

from __future__ import annotations

import os
import resource
import shutil
import threading
import time
from pathlib import Path

import pytest

from devenv.adapters.files.watch import watch_folders
from devenv.errors import FolderError
from devenv.images.build.watched import WatchedContext, latest_save
from devenv.plan.image import HostBuild, Recipe


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "api"
    (folder / "src").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (folder / ".dockerignore").write_text("*\n!src\n!go.mod\nsrc/*.log\n")
    (folder / "src" / "main.go").write_text("package main\n")
    return folder


def watched(context: Path, dockerfile: str = "Dockerfile") -> WatchedContext:
    return WatchedContext("api", Recipe(context / dockerfile, context, None, (), ()))


@pytest.mark.parametrize("name", ["src/main.go", "src/new.go", "src", "go.mod", "Dockerfile", ".dockerignore"])
def test_what_the_build_reads_concerns_it(context: Path, name: str) -> None:
    assert watched(context).concerns(context / name)


@pytest.mark.parametrize("name", ["README.md", "src/debug.log", "../elsewhere.go", "."])
def test_what_the_build_does_not_read_does_not(context: Path, name: str) -> None:
    assert not watched(context).concerns(Path(os.path.normpath(context / name)))


def test_new_rules_count_from_when_they_are_saved(context: Path) -> None:
    image = watched(context)
    (context / ".dockerignore").write_text("src\n")
    assert image.concerns(context / ".dockerignore")
    assert not image.concerns(context / "src" / "main.go")


def test_a_dockerfile_elsewhere_is_watched_too(context: Path) -> None:
    (context.parent / "docker").mkdir()
    (context.parent / "docker" / "Dockerfile").write_text("FROM scratch\n")
    image = watched(context, "../docker/Dockerfile")
    assert image.folders == (context, context.parent / "docker")
    assert image.concerns(context.parent / "docker" / "Dockerfile")
    assert not image.concerns(context.parent / "docker" / "README.md")


def test_the_save_is_the_last_write_that_is_not_too_old(context: Path) -> None:
    file, moved = context / "src" / "main.go", context / "go.mod"
    moved.write_text("module api\n")
    os.utime(file, (100.0, 100.0))
    os.utime(moved, (10.0, 10.0))
    assert latest_save([file, moved], now=101.0, earliest=96.0) == 100.0
    assert latest_save([moved, context / "gone"], now=101.0, earliest=96.0) == 101.0


def test_watch_tells_that_it_has_begun_and_then_what_changed(context: Path) -> None:
    stop, image = threading.Event(), watched(context)
    changes = watch_folders([context], image.concerns, stop)
    assert next(changes) == frozenset()
    (context / "README.md").write_text("nobody cares\n")
    (context / "src" / "main.go").write_text("package other\n")
    began = time.monotonic()
    assert next(filter(None, changes)) == {context / "src" / "main.go"}
    assert time.monotonic() - began < 2
    stop.set()
    assert list(changes) == []


@pytest.mark.parametrize("away", [True, False])
def test_a_folder_that_is_replaced_as_a_whole_goes_on_being_watched(context: Path, *, away: bool) -> None:
    """By `git checkout` of a branch without it and back, or by `mv`."""
    stop, image = threading.Event(), watched(context)
    changes = watch_folders([context], image.concerns, stop)
    assert next(changes) == frozenset()
    kept = context.with_name("kept")
    shutil.copytree(context, kept)
    if away:
        shutil.rmtree(context)
        threading.Timer(1.5, kept.rename, (context,)).start()
    else:
        context.rename(context.with_name("old"))
        kept.rename(context)
    assert any(context / "src" / "main.go" in found and (context / "src" / "main.go").exists() for found in changes)
    (context / "src" / "main.go").write_text("package other\n")
    assert context / "src" / "main.go" in next(filter(None, changes))
    stop.set()
    assert list(changes) == []


def test_a_change_of_a_files_mode_is_told(context: Path) -> None:
    stop, image = threading.Event(), watched(context)
    changes = watch_folders([context], image.concerns, stop)
    assert next(changes) == frozenset()
    (context / "src" / "main.go").chmod(0o600)
    assert next(filter(None, changes)) == {context / "src" / "main.go"}
    stop.set()


def test_files_are_looked_at_where_the_system_has_no_watches_left(context: Path) -> None:
    import watchfiles  # noqa: F401, PLC0415 -- loaded while files can still be opened

    reported: list[str] = []
    stop, image = threading.Event(), watched(context)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)

    def give_files_back(cause: str) -> None:  # looking at folders opens them
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        reported.append(cause)

    changes = watch_folders([context], image.concerns, stop, on_polling=give_files_back)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limit[1]))
    try:
        assert next(changes) == frozenset()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert reported
    (context / "src" / "main.go").write_text("package other\n")
    assert next(filter(None, changes)) == {context / "src" / "main.go"}
    stop.set()
    assert list(changes) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_keeps_no_other_from_being_watched(context: Path) -> None:
    """As a database's container leaves one, which the ignore rules keep from the build."""
    for name in ("data", "src/a", "src/b"):
        (context / name).mkdir()
    (context / "data").chmod(0)
    reported: list[str] = []
    stop, image = threading.Event(), watched(context)
    changes = watch_folders([context], image.concerns, stop, on_polling=reported.append)
    assert next(changes) == frozenset()
    for name in ("src/a/one.go", "src/b/two.go", "src/three.go"):
        (context / name).write_text("package one\n")
        assert context / name in next(filter(None, changes))
    stop.set()
    assert "Permission denied" in reported[0]


def test_no_file_that_can_be_opened_is_told(context: Path) -> None:
    import watchfiles  # noqa: F401, PLC0415 -- loaded while files can still be opened

    changes = watch_folders([context], watched(context).concerns, threading.Event())
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limit[1]))
    try:
        with pytest.raises(FolderError, match="the watch of files broke"):
            next(changes)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_a_folder_that_cannot_be_watched_is_told(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="cannot be watched"):
        next(watch_folders([tmp_path / "nowhere"], lambda _: True, threading.Event()))


def test_of_a_build_by_a_command_what_it_reads_counts(context: Path) -> None:
    host = HostBuild(("make",), "make", deps=("src", "README.md"))
    found = WatchedContext("api", Recipe(context / "Dockerfile", context, None, (), (), host=host))

    assert found.concerns(context / "src" / "main.go")
    assert found.concerns(context / "README.md")
    assert not found.concerns(context / "src" / "debug.log")
    assert not found.concerns(context / "go.mod")
