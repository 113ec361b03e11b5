"""What the builder is sent of a context: each path with its mode, its link's target and its extended attributes.

Responsible for looking at the files; nothing is read of their contents here. Owners and times are sent as well, but
neither becomes part of an image: BuildKit makes every file root's, and leaves times out of its cache's keys.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from devenv.images.content.ignore import IgnoreMatch, IgnoreRules

FILE_MODE, PROGRAM_MODE, FOLDER_MODE = 0o644, 0o755, 0o755
"""What a checkout under the usual umask of 022 has."""


@dataclass(frozen=True, slots=True)
class SentEntry:
    """A file, folder, link or special file that is sent."""

    path: PurePosixPath
    """Relative to the context."""
    facts: os.stat_result
    """Of the entry itself, not of what a link points to."""
    target: str = ""
    """Of a link."""
    attributes: tuple[tuple[str, bytes], ...] = ()

    @property
    def kind(self) -> int:
        """`stat.S_IFREG` and so on."""
        return stat.S_IFMT(self.facts.st_mode)

    @property
    def mode(self) -> int:
        """The twelve bits of chmod."""
        return stat.S_IMODE(self.facts.st_mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return self.kind == stat.S_IFREG

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.kind == stat.S_IFDIR

    @property
    def is_program(self) -> bool:
        """Whether it is executable, as version control sees it."""
        return bool(self.mode & stat.S_IXUSR)


def sent_entries(context: Path, dockerfile: Path) -> list[SentEntry]:
    """All that a build's context sends, sorted by path, the folders above each file included.

    Raises OSError when a folder that the builder looks into cannot be read.
    """
    found = {entry.path: entry for entry in _walk(context, IgnoreRules.of(context, dockerfile), PurePosixPath(), None)}
    for path in list(found):
        for parent in path.parents[:-1]:
            if parent not in found:
                found[parent] = _look(context / parent, parent)
    return [found[path] for path in sorted(found)]


def entries_at(context: Path, rules: IgnoreRules, path: PurePosixPath) -> Iterator[SentEntry]:
    """What is sent of a path and of all that is below it, in no order; nothing of what is not there.

    Folders that are ignored themselves are left out. Raises OSError when a folder cannot be read.
    """
    above: IgnoreMatch | None = None
    if path.parts:
        above = rules.match_through(path)
        try:
            entry = _look(context / path, path)
        except (FileNotFoundError, NotADirectoryError):
            return
        if not above.ignored:
            yield entry
        if not entry.is_folder or not above.entered:
            return
    yield from _walk(context, rules, path, above)


def explicit_folders(entries: list[SentEntry]) -> set[PurePosixPath]:
    """The folders that what is in them does not tell: those that are empty, and those of an unusual mode."""
    above = {parent for entry in entries for parent in entry.path.parents}
    return {
        entry.path
        for entry in entries
        if entry.is_folder and (entry.path not in above or entry.mode != FOLDER_MODE or entry.attributes)
    }


def _walk(context: Path, rules: IgnoreRules, top: PurePosixPath, above_all: IgnoreMatch | None) -> Iterator[SentEntry]:
    """What is not ignored below a folder; ignored folders are entered where the builder enters them."""
    waiting: list[tuple[PurePosixPath, IgnoreMatch | None]] = [(top, above_all)]
    while waiting:
        folder, above = waiting.pop()
        for name in _names_in(context / folder, above):
            path = folder / name
            match = rules.match(str(path), above)
            if match.ignored and not match.entered:
                continue
            try:
                entry = _look(context / path, path)
            except FileNotFoundError:
                continue  # an editor's temporary file: the builder leaves out what is gone meanwhile, too
            if entry.is_folder:
                waiting.append((path, match))
            if not match.ignored:
                yield entry


def _names_in(folder: Path, match: IgnoreMatch | None) -> list[str]:
    """The names in a folder that was matched; None for the context itself."""
    try:
        return os.listdir(folder)  # noqa: PTH208 -- names are wanted, not paths
    except PermissionError:
        if match and match.ignored:
            return []
        raise
    except FileNotFoundError:
        if match:
            return []
        raise


def _look(file: Path, path: PurePosixPath) -> SentEntry:
    facts = file.lstat()
    is_link = stat.S_ISLNK(facts.st_mode)
    target = os.readlink(file) if is_link else ""  # noqa: PTH115 (the text itself, not a path made of it)
    return SentEntry(path, facts, target, _attributes(file))


def _attributes(file: Path) -> tuple[tuple[str, bytes], ...]:
    """The extended attributes that get into images, as BuildKit's `tarsum.go` chooses them."""
    if sys.platform != "linux":
        return ()  # those of other systems mean nothing to the builder
    try:
        names = os.listxattr(file, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return ()
        raise
    kept = [n for n in names if n == "security.capability" or not n.startswith(("security.", "system."))]
    return tuple((name, os.getxattr(file, name, follow_symlinks=False)) for name in sorted(kept))
