"""The files of a folder, as far as they are somebody's own: no packages, builds or hidden folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

_PASSED_OVER = frozenset(
    {
        *("node_modules", "vendor", "venv", "env", "site-packages", "__pycache__"),
        *("dist", "build", "target", "out", "obj", "coverage", "tmp"),
    }
)
_OF_TESTS = frozenset({"test", "tests", "testdata", "e2e", "fixtures", "example", "examples", "docs", "benchmarks"})
_DEEPEST, _MOST = 8, 20_000
LARGEST = 1 << 20


@dataclass(frozen=True)
class Tree:
    """A folder's files; links are not followed."""

    root: Path
    files: tuple[PurePosixPath, ...]
    """Relative to the root, those higher up first, then by name."""
    folders: tuple[PurePosixPath, ...]
    """Those too whose files were not looked at."""
    cut: bool
    """Whether there are more than were looked at."""

    @cached_property
    def by_folder(self) -> dict[PurePosixPath, tuple[str, ...]]:
        """The names of the files in each folder."""
        found: dict[PurePosixPath, list[str]] = {}
        for file in self.files:
            found.setdefault(file.parent, []).append(file.name)
        return {folder: tuple(names) for folder, names in found.items()}

    def text(self, file: PurePosixPath) -> str:
        """A file's text; empty where it cannot be read, or is too large for one that somebody wrote."""
        path = self.root / file
        try:
            if path.is_symlink() or path.stat().st_size > LARGEST:
                return ""
            return path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def has(self, file: PurePosixPath) -> bool:
        """Whether a file or folder is there, whatever it is."""
        return os.path.lexists(self.root / file)


def look(root: Path) -> Tree:
    """Look at a folder."""
    found, folders = list[PurePosixPath](), list[PurePosixPath]()
    cut = False
    for folder, below, names in os.walk(root):
        relative = PurePosixPath(Path(folder).relative_to(root).as_posix())
        folders += [relative / name for name in below if _is_text(name) and not (Path(folder) / name).is_symlink()]
        deep = len(relative.parts) >= _DEEPEST
        below[:] = [] if deep else sorted(name for name in below if _own(Path(folder) / name))
        found += [relative / name for name in sorted(names) if _is_text(name)]
        if len(found) > _MOST:
            cut = True
            break
    ordered = sorted(found[:_MOST], key=lambda file: (len(file.parts), str(file)))
    return Tree(root, tuple(ordered), tuple(folders), cut)


def of_tests(file: PurePosixPath) -> str:
    """The folder of tests or examples that a file is in; empty for others."""
    return next((part for part in file.parts[:-1] if part.lower() in _OF_TESTS), "")


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text, counted from 1."""
    return enumerate(text.splitlines(), 1)


def _is_text(name: str) -> bool:
    """Whether a name is UTF-8: no other can be written in a devenv.yaml."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _own(folder: Path) -> bool:
    return _is_text(folder.name) and not (
        folder.name.startswith(".") or folder.name.lower() in _PASSED_OVER or folder.is_symlink()
    )
