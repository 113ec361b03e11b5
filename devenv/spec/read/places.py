"""Paths that a specification names: whether they exist, are what they should be, and stay where they belong.

Responsible for looking at the file system on behalf of the checks. It reads no file's content.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devenv.spec.read.wording import did_you_mean

Kind = Literal["file", "folder", "file or folder"]


@dataclass(frozen=True, slots=True)
class PathProblem:
    """What is wrong with a path."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A folder that paths must not lead out of."""

    root: Path
    name: str
    """For people: `the project's folder`."""

    def look(self, base: Path, text: str, kind: Kind) -> Path | PathProblem:
        """The existing path that `text` names, relative to `base`, or what is wrong with it."""
        return _readable(text) or self._guarded(text, lambda: self._look(base, text, kind))

    def keep(self, base: Path, text: str) -> Path | PathProblem:
        """The path that `text` names, relative to `base`, be there something or not, or what is wrong with it."""
        return _readable(text) or self._guarded(text, lambda: self._place(base, text))

    def _guarded(self, text: str, look: Callable[[], Path | PathProblem]) -> Path | PathProblem:
        try:
            return look()
        except (OSError, ValueError, RuntimeError) as error:  # a loop of links, a name that is too long
            return PathProblem(f"{_short(text)} cannot be looked at: {_reason(error)}")

    def _look(self, base: Path, text: str, kind: Kind) -> Path | PathProblem:
        path = self._place(base, text)
        if isinstance(path, PathProblem):
            return path
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            return PathProblem(f"there is no {kind} {_short(text)}", _neighbour(path))
        except NotADirectoryError:
            return PathProblem(f"there is no {kind} {_short(text)}", "a part of the path is a file")
        is_folder, is_file = stat.S_ISDIR(mode), stat.S_ISREG(mode)
        if (kind == "folder" and not is_folder) or (kind == "file" and not is_file):
            return PathProblem(f"{_short(text)} is not a {kind}")
        if not (is_folder or is_file):
            return PathProblem(f"{_short(text)} is neither a file nor a folder")
        return path

    def _place(self, base: Path, text: str) -> Path | PathProblem:
        path = Path(os.path.normpath(base / text))
        real = path.resolve()
        if not self._holds(path) or not self._holds(real):
            return PathProblem(f"{_short(text)} leads out of {self.name}", f"keep it below {self.root}")
        if (followed := (base / text).resolve()) != real:
            # Some programs take the text alone, others follow the link first: they would read two different places.
            return PathProblem(f"{_short(text)} goes through a link and back", f"write where it leads: {followed}")
        return path

    def escapes(self, folder: Path) -> Iterator[Path]:
        """Links below a folder that lead out, or to nothing."""
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                path = Path(parent, name)
                if path.is_symlink() and not self._is_kept(path):
                    yield path

    def _is_kept(self, link: Path) -> bool:
        try:
            return self._holds(link.resolve(strict=True))
        except (OSError, RuntimeError):
            return False

    def _holds(self, path: Path) -> bool:
        return path.is_relative_to(self.root) or path.is_relative_to(self.root.resolve())


def _readable(text: str) -> PathProblem | None:
    """What is wrong with a text already."""
    if not text.strip():
        return PathProblem("a path is expected, found empty text")
    if Path(text).is_absolute():
        return PathProblem(f"a relative path is expected, found {text}", "write it relative to the file")
    return None


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, sorted; none where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []


def files_in(folder: Path, *suffixes: str) -> list[Path]:
    """The files of a folder with one of these suffixes, sorted; none where it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in suffixes and path.is_file())
    except OSError:
        return []


def visible_files(folder: Path) -> list[Path]:
    """The files of a folder and of those in it, sorted by path, links followed; hidden ones are left out."""
    found: list[Path] = []
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:  # a link, perhaps to a folder around it
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if not name.startswith(".")]
    return sorted(path for path in found if path.is_file())


def overlay_path(root: Path, text: str, profiles: Sequence[str]) -> str:
    """A path with `{profile}` in it, of the first of these profiles that is there below `root`; else of the first."""
    paths = [text.replace("{profile}", profile) for profile in profiles]
    return next((path for path in paths if (root / path).is_dir()), paths[0])


def is_executable(file: Path) -> bool:
    """Whether its owner may run it."""
    try:
        return bool(file.stat().st_mode & stat.S_IXUSR)
    except OSError:
        return False


def _neighbour(path: Path) -> str:
    """A hint that names an entry like the missing one, in the nearest folder that exists."""
    missing = path
    while not missing.parent.is_dir():
        missing = missing.parent
    try:
        names = os.listdir(missing.parent)  # noqa: PTH208 -- names are wanted, not paths
    except OSError:
        return ""
    return did_you_mean(missing.name, names)


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else str(error)
    return (text or "unknown reason").lower()


def _short(text: str, width: int = 80) -> str:
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return printable if len(printable) <= width else printable[: width - 1] + "…"
