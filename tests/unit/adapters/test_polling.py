"""Looking at files again and again: what counts as a change."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.adapters.files.polling import look_again


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    watched = tmp_path / "watched"
    (watched / "src").mkdir(parents=True)
    (watched / "src" / "main.go").write_text("package a\n")
    return watched


@pytest.fixture
def changes(folder: Path) -> Iterator[Iterator[frozenset[Path]]]:
    """What is told, from the first answer on, which shows that it has begun."""
    stop = threading.Event()
    reported = look_again([folder], lambda path: path.suffix != ".log", stop)
    assert next(reported) == frozenset()
    yield reported
    stop.set()
    assert list(reported) == []


def reported(changes: Iterator[frozenset[Path]]) -> frozenset[Path]:
    return next(filter(None, changes))


def test_each_of_several_saves_within_a_second_is_told(folder: Path, changes: Iterator[frozenset[Path]]) -> None:
    file = folder / "src" / "main.go"
    for letter in "bcdefg":
        file.write_text(f"package {letter}\n")
        assert reported(changes) == {file}


def test_a_file_written_again_under_the_same_time_is_told(folder: Path, changes: Iterator[frozenset[Path]]) -> None:
    file = folder / "src" / "main.go"
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as mapped:
        for letter in b"bcd":
            mapped[8] = letter
            assert reported(changes) == {file}


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        (lambda d: (d / "new").write_text(""), {"new"}),
        (lambda d: (d / "src" / "main.go").unlink(), {"src/main.go"}),
        (lambda d: (d / "src").rename(d / "lib"), {"src", "src/main.go", "lib", "lib/main.go"}),
        (lambda d: (d / "src" / "main.go").chmod(0o700), {"src/main.go"}),
        (lambda d: (d.parent / "other").replace(d / "src" / "main.go"), {"src/main.go"}),
        (lambda d: (d / "link").symlink_to("src"), {"link"}),
    ],
)
def test_what_comes_goes_or_changes_is_told(
    folder: Path, changes: Iterator[frozenset[Path]], change: object, paths: set[str]
) -> None:
    (folder.parent / "other").write_text("package a\n")
    assert callable(change)
    change(folder)
    assert reported(changes) == {folder / path for path in paths}


def test_what_does_not_concern_is_not_told(folder: Path, changes: Iterator[frozenset[Path]]) -> None:
    (folder / "debug.log").write_text("nobody cares")
    (folder / "src" / "main.go").write_text("package b\n")
    assert reported(changes) == {folder / "src" / "main.go"}
