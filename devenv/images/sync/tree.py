"""What is in a build's context at a moment, and how two moments differ as changes in a container.

Responsible for looking at the files. What is ignored is not there.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Literal

from devenv.images.content.context import SentEntry, entries_at
from devenv.images.content.fingerprint import FileDigests
from devenv.images.content.ignore import IgnoreRules
from devenv.images.sync.rules import SyncRules

Kind = Literal["file", "folder", "link", "special"]
_KINDS: Mapping[int, Kind] = MappingProxyType({stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"})


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file, folder or link of the context."""

    kind: Kind
    mode: int
    content: str
    """Digest of a file, target of a link."""
    targets: tuple[str, ...]
    """Where it goes in containers; nowhere where it takes a build."""


Tree = Mapping[PurePosixPath, TreeEntry]
"""By path, relative to the context."""


@dataclass(frozen=True, slots=True)
class TreeChanges:
    """What makes one tree of another."""

    changed: Mapping[PurePosixPath, tuple[TreeEntry, TreeEntry | None]]
    """Entries as they are now, with what they were."""
    removed: Mapping[PurePosixPath, TreeEntry]
    """Entries that are gone, as they were."""

    @property
    def paths(self) -> frozenset[PurePosixPath]:
        """All that differs."""
        return frozenset({*self.changed, *self.removed})

    @property
    def needs_build(self) -> list[PurePosixPath]:
        """What differs and no rule is for, sorted."""
        new = {path: entry for path, (entry, before) in self.changed.items() if before is None}
        untold = {**{path: entry for path, (entry, _) in self.changed.items()}, **self.removed}
        told = {*_with_contents(new), *_with_contents(self.removed)}
        return sorted(path for path, entry in untold.items() if not entry.targets and path not in told)


def _with_contents(entries: Tree) -> set[PurePosixPath]:
    """Folders that come and go with what is in them, as those above a pattern's files do."""
    above = {parent for path in entries for parent in path.parents}
    return {path for path, entry in entries.items() if entry.kind == "folder" and path in above}


class ContextTree:
    """Looks at one image's context."""

    def __init__(self, context: Path, dockerfile: Path, rules: SyncRules, digests: FileDigests) -> None:
        self._context = context
        self._dockerfile = dockerfile
        self._rules = rules
        self._digests = digests

    def read(self) -> Tree:
        """All of it as it is now; raises OSError where a folder cannot be read."""
        return dict(self._entries(PurePosixPath()))

    def after(self, tree: Tree, paths: Iterable[Path]) -> Tree:
        """A tree with some files and folders, absolute, looked at again; raises OSError as `read` does."""
        places = {PurePosixPath(path.relative_to(self._context).as_posix()) for path in paths}
        outer = [place for place in places if not places & {*place.parents}]
        kept = {path: entry for path, entry in tree.items() if not any(path.is_relative_to(place) for place in outer)}
        for place in outer:
            kept.update(self._entries(place))
        return kept

    def _entries(self, place: PurePosixPath) -> Iterator[tuple[PurePosixPath, TreeEntry]]:
        rules = IgnoreRules.of(self._context, self._dockerfile)
        for sent in entries_at(self._context, rules, place):
            try:
                yield sent.path, self._entry(sent)
            except FileNotFoundError:
                continue  # it went meanwhile, which the watch tells

    def _entry(self, sent: SentEntry) -> TreeEntry:
        kind = _KINDS.get(sent.kind, "special")
        content = self._digests.of(self._context / sent.path) if kind == "file" else sent.target
        plain = kind != "special" and not sent.attributes
        targets = self._rules.targets(sent.path, is_folder=kind == "folder") if plain else ()
        return TreeEntry(kind, 0 if kind == "link" else sent.mode, content, targets)


def changes(before: Tree, now: Tree) -> TreeChanges:
    """How one tree becomes the other. Pure."""
    changed = {path: (entry, before.get(path)) for path, entry in now.items() if before.get(path) != entry}
    return TreeChanges(changed, {path: entry for path, entry in before.items() if path not in now})
