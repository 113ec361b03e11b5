"""Where saved files go by the rules of an image, and what takes a build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from devenv.images.content.fingerprint import FileDigests
from devenv.images.sync.message import pack
from devenv.images.sync.rules import SyncRules
from devenv.images.sync.tree import ContextTree, TreeChanges, changes
from devenv.spec.sync_rule import SyncRule


def rules(*written: dict[str, Any]) -> SyncRules:
    return SyncRules([SyncRule.model_validate(rule) for rule in written])


@pytest.mark.parametrize(
    ("source", "to", "path", "target"),
    [
        ("src", "/app/src", "src/a/b.py", "/app/src/a/b.py"),
        ("./src/", "/app/src/", "src/b.py", "/app/src/b.py"),
        ("src", "/app/src", "srcs/b.py", ""),
        (".", "/srv", "a/b", "/srv/a/b"),
        ("main.py", "/app/start.py", "main.py", "/app/start.py"),
        ("main.py", "/app/", "main.py", "/app/main.py"),
        ("rootfs", "/", "rootfs/etc/app", "/etc/app"),
        ("web/**/*.html", "/www", "web/index.html", "/www/index.html"),
        ("web/**/*.html", "/www", "web/a/b/index.html", "/www/a/b/index.html"),
        ("web/**/*.html", "/www", "web/a.css", ""),
        ("*.py", "/srv", "app.py", "/srv/app.py"),
        ("*.py", "/srv", "a/app.py", ""),
        ("web/**", "/www", "web/a/b.c", "/www/a/b.c"),
        ("a[bc].?", "/x", "ab.d", "/x/ab.d"),
        ("a[!bc].?", "/x", "ab.d", ""),
    ],
)
def test_a_rule_says_where_a_file_goes(source: str, to: str, path: str, target: str) -> None:
    found = rules({"from": source, "to": to}).targets(PurePosixPath(path), is_folder=False)
    assert found == ((target,) if target else ())


def test_two_rules_may_send_a_file_to_two_places_and_each_command_runs_once() -> None:
    both = rules(
        {"from": "a.*", "to": "/one", "run": "make"},
        {"from": "*.b", "to": "/two", "run": ["make", 2]},
        {"from": "c", "to": "/three", "run": "make"},
    )
    assert both.targets(PurePosixPath("a.b"), is_folder=False) == ("/one/a.b", "/two/a.b")
    assert both.commands([PurePosixPath("a.b"), PurePosixPath("c")]) == (("sh", "-c", "make"), ("make", "2"))
    assert both.commands([PurePosixPath("d")]) == ()


class Sources:
    """A context, and what was there when it was looked at last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("Dockerfile", "FROM scratch\n")
        self.write(".dockerignore", "**/*.log\n")
        self.write("src/a.py", "a")
        self.write("web/page.html", "p")
        self.write("go.mod", "m")
        written = rules({"from": "src", "to": "/app/src"}, {"from": "web/**/*.html", "to": "/www"})
        self.looks = ContextTree(folder, folder / "Dockerfile", written, FileDigests())
        self.tree = self.looks.read()

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def saved(self, *names: str) -> TreeChanges:
        now = self.looks.after(self.tree, [self.folder / name for name in names])
        assert now == self.looks.read(), "a look at what was saved is as good as one at everything"
        found = changes(self.tree, now)
        self.tree = now
        return found


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path)


def paths(found: TreeChanges) -> set[str]:
    return {str(path) for path in found.paths}


def test_what_is_saved_is_told_apart_from_what_only_looks_so(sources: Sources) -> None:
    sources.write("src/a.py", "a")
    assert not sources.saved("src/a.py").paths
    sources.write("src/a.py", "b")
    found = sources.saved("src/a.py")
    assert (paths(found), found.needs_build) == ({"src/a.py"}, [])
    sources.write("debug.log", "ignored")
    sources.write("src/x.log", "ignored")
    assert not sources.saved("debug.log", "src/x.log").paths


def chmod(sources: Sources) -> list[str]:
    (sources.folder / "web").chmod(0o700)
    return ["web"]


def new_folder_by_pattern(sources: Sources) -> list[str]:
    sources.write("web/deep/er/new.html", "n")
    return ["web/deep"]


def new_file_beside_pattern(sources: Sources) -> list[str]:
    sources.write("web/deep/new.css", "n")
    return ["web/deep", "web/deep/new.css"]


def moved_out(sources: Sources) -> list[str]:
    (sources.folder / "src/a.py").rename(sources.folder / "a.py")
    return ["src/a.py", "a.py"]


def folder_gone(sources: Sources) -> list[str]:
    (sources.folder / "web/page.html").unlink()
    (sources.folder / "web").rmdir()
    return ["web", "web/page.html"]


def empty_folder_beside(sources: Sources) -> list[str]:
    (sources.folder / "empty").mkdir()
    return ["empty"]


@pytest.mark.parametrize(
    ("change", "built"),
    [
        (chmod, ["web"]),
        (new_folder_by_pattern, []),
        (new_file_beside_pattern, ["web/deep/new.css"]),
        (moved_out, ["a.py"]),
        (folder_gone, []),
        (empty_folder_beside, ["empty"]),
    ],
)
def test_what_no_rule_is_for_takes_a_build(
    sources: Sources, change: Callable[[Sources], list[str]], built: list[str]
) -> None:
    found = sources.saved(*change(sources))
    assert [str(path) for path in found.needs_build] == built


def test_a_rename_is_written_before_the_old_name_goes_and_another_kind_takes_its_place_after(sources: Sources) -> None:
    (sources.folder / "src/a.py").rename(sources.folder / "src/z.py")
    found = sources.saved("src/a.py", "src/z.py")
    words = [entry.split(b" ")[0] for entry in pack(found, sources.folder, ()).entries]
    assert words == [b"file", b"remove"]

    (sources.folder / "src/z.py").unlink()
    sources.write("src/z.py/in.py", "now a folder")
    parcel = pack(sources.saved("src/z.py"), sources.folder, ())
    assert [entry.split(b" ")[0] for entry in parcel.entries] == [b"remove", b"folder", b"file"]
    assert (parcel.files, parcel.size) == (2, len("now a folder"))


def test_what_goes_between_the_look_and_the_sending_is_left_to_the_next_sync(sources: Sources) -> None:
    file = sources.write("src/b.py", "b")
    found = sources.saved("src/b.py")
    file.unlink()
    assert pack(found, sources.folder, ()).entries == ()
