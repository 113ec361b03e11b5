"""Which changes of files concern an image: those of what its build reads.

Responsible for the decision, by the rules of .dockerignore as they are at the moment. It watches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from devenv.images.content.deps import Dep
from devenv.images.content.ignore import IgnoreRules, ignore_files
from devenv.plan.image import Recipe


class WatchedContext:
    """One image's context, Dockerfile and ignore rules."""

    def __init__(self, name: str, recipe: Recipe) -> None:
        self.name = name
        self.context = recipe.context.resolve()
        self._dockerfile = recipe.dockerfile.resolve()
        self._host = recipe.host
        self._read_rules()

    def _read_rules(self) -> None:
        self._special = frozenset({self._dockerfile, *ignore_files(self.context, self._dockerfile)})
        self._rules = IgnoreRules.of(self.context, self._dockerfile)
        around, deps = [(self.context, self._dockerfile)], self._host.deps if self._host else ()
        self._deps = [Dep.of((self.context / text).resolve(), around) for text in deps]

    @property
    def folders(self) -> tuple[Path, ...]:
        """What has to be watched."""
        outside = () if self._dockerfile.is_relative_to(self.context) else (self._dockerfile.parent,)
        return (self.context, *outside)

    def decides(self, path: Path) -> bool:
        """Whether a file says how to build, or what is ignored."""
        return path in self._special

    def concerns(self, path: Path) -> bool:
        """Whether a change of this file or folder can change the image."""
        if path in self._special:
            self._read_rules()
            return not self._deps
        if self._deps:
            return any(dep.holds(path) for dep in self._deps)
        if path == self.context or not path.is_relative_to(self.context):
            return False
        relative = PurePosixPath(path.relative_to(self.context).as_posix())
        match = self._rules.match_through(relative)
        return not match.ignored or (match.entered and path.is_dir())


def latest_save(paths: Iterable[Path], *, now: float, earliest: float) -> float:
    """When the last of some files was saved, in seconds since 1970; `now` when they are all gone.

    A file that was moved here keeps the time at which it was written: nothing counts as older than `earliest`.
    """
    times = [path.lstat().st_mtime for path in paths if path.exists()]
    recent = [time for time in times if earliest <= time <= now]
    return max(recent, default=now)
