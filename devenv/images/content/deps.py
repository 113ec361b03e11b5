"""A path that a command of this machine reads: what of it counts.

What an image's .dockerignore leaves out below a folder counts for nothing here either, unless it leaves out the folder
itself: what a build does not get, a command may well be for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Self

from devenv.images.content.context import SentEntry, entries_at
from devenv.images.content.ignore import IgnoreRules


def _nothing(_base: Path) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Dep:
    """One of the paths."""

    base: Path
    """The folder that the rules are relative to."""
    path: PurePosixPath
    rules: IgnoreRules

    @classmethod
    def of(
        cls, place: Path, contexts: Iterable[tuple[Path, Path]], left_out: Callable[[Path], Sequence[str]] = _nothing
    ) -> Self:
        """A path by the innermost context around it that does not ignore it, else by itself.

        Args:
            place: the path, links followed.
            contexts: each with its Dockerfile.
            left_out: patterns of what never counts, relative to the folder that it is called with.
        """
        for context, dockerfile in sorted(contexts, key=lambda found: len(found[0].parts), reverse=True):
            if place.is_relative_to(context):
                path = PurePosixPath(place.relative_to(context).as_posix())
                rules = IgnoreRules.of(context, dockerfile, left_out(context))
                if not path.parts or not rules.ignores(path):
                    return cls(context, path, rules)
        base = place if place.is_dir() else place.parent
        path = PurePosixPath(place.relative_to(base).as_posix())
        return cls(base, path, IgnoreRules([*left_out(base)]))

    @property
    def whole(self) -> Path:
        """The path itself."""
        return self.base / self.path

    def holds(self, path: Path) -> bool:
        """Whether a path is this or below it, and not ignored."""
        if not path.is_relative_to(self.whole):
            return False
        match = self.rules.match_through(PurePosixPath(path.relative_to(self.base).as_posix()))
        return not match.ignored or (match.entered and path.is_dir())

    def entries(self) -> Iterator[SentEntry]:
        """What of it counts, with paths relative to `base`, in no order; raises OSError."""
        return entries_at(self.base, self.rules, self.path)
