"""What a task reads, as one hash, and which saved files concern it.

Responsible for looking at files. What an image's .dockerignore leaves out below a folder counts for nothing here
either, unless it leaves out the folder itself: what a build does not get, a task may well be for.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from devenv.errors import FolderError
from devenv.images.content.context import SentEntry, entries_at
from devenv.images.content.fingerprint import FileDigests
from devenv.images.content.ignore import IgnoreRules
from devenv.spec.local_image import LocalImage
from devenv.spec.tasks.task import Task

_NEVER = ("**/.git",)
_WILD = re.compile(r"([*?\[\]\\])")


@dataclass(frozen=True, slots=True)
class _Dep:
    """One of the paths that a task reads."""

    base: Path
    """The folder that the rules are relative to."""
    path: PurePosixPath
    rules: IgnoreRules

    @property
    def whole(self) -> Path:
        return self.base / self.path

    def holds(self, path: Path) -> bool:
        """Whether a path is this or below it, and not ignored."""
        if not path.is_relative_to(self.whole):
            return False
        match = self.rules.match_through(PurePosixPath(path.relative_to(self.base).as_posix()))
        return not match.ignored or (match.entered and path.is_dir())

    def entries(self) -> Iterator[SentEntry]:
        return entries_at(self.base, self.rules, self.path)


class TaskInputs:
    """What one task reads and makes, as the rules for it are now."""

    def __init__(self, root: Path, task: Task, images: Mapping[str, LocalImage]) -> None:
        """`root` is the folder of devenv.yaml, `images` those that are built, with contexts relative to it."""
        self._task = task
        self._outputs = [Path(os.path.normpath(root / output)) for output in task.outputs]
        contexts = [(root / image.context).resolve() for image in images.values()]
        files = [context / image.dockerfile for context, image in zip(contexts, images.values(), strict=True)]
        self._deps = [self._dep((root / text).resolve(), list(zip(contexts, files, strict=True))) for text in task.deps]

    def _dep(self, place: Path, contexts: Iterable[tuple[Path, Path]]) -> _Dep:
        """A path by the innermost context around it that does not ignore it, else by itself."""
        for context, dockerfile in sorted(contexts, key=lambda found: len(found[0].parts), reverse=True):
            if place.is_relative_to(context):
                path = PurePosixPath(place.relative_to(context).as_posix())
                rules = IgnoreRules.of(context, dockerfile, self._left_out(context))
                if not path.parts or not rules.ignores(path):
                    return _Dep(context, path, rules)
        base = place if place.is_dir() else place.parent
        path = PurePosixPath(place.relative_to(base).as_posix())
        return _Dep(base, path, IgnoreRules([*self._left_out(base)]))

    def _left_out(self, base: Path) -> list[str]:
        """Patterns for what never counts: what the task makes itself."""
        real = (output.resolve() for output in self._outputs)
        inside = [output.relative_to(base).as_posix() for output in real if output.is_relative_to(base)]
        return [*_NEVER, *(_WILD.sub(r"\\\1", path) for path in inside)]

    @property
    def folders(self) -> tuple[Path, ...]:
        """What has to be watched with all that is below."""
        return tuple(dep.whole for dep in self._deps if dep.whole.is_dir())

    @property
    def files(self) -> tuple[Path, ...]:
        """What has to be watched alone."""
        return tuple(dep.whole for dep in self._deps if not dep.whole.is_dir())

    @property
    def missing(self) -> bool:
        """Whether something that it makes is not there."""
        return not all(os.path.lexists(output) for output in self._outputs)

    def concerns(self, path: Path) -> bool:
        """Whether the task reads this file or folder."""
        return any(dep.holds(path) for dep in self._deps)

    def content(self, digests: FileDigests, place: str) -> str:
        """The hash of the command and of all that it reads, hex.

        Args:
            digests: remembers files.
            place: what else it depends on, such as the cluster that it works on.

        Raises:
            FolderError: a folder or file cannot be read.
        """
        task, whole = self._task, hashlib.sha256()
        for part in (repr(task.run), repr(sorted(task.env.items())), task.dir, place, repr(task.outputs)):
            whole.update(part.encode() + b"\0")
        for dep in self._deps:
            try:
                for entry in sorted(dep.entries(), key=lambda found: found.path):
                    whole.update(_line(dep.base, entry, digests))
            except OSError as error:
                raise FolderError(
                    f"{dep.whole} cannot be read", context={"cause": error.strerror or str(error)}
                ) from error
        return whole.hexdigest()


def _line(base: Path, entry: SentEntry, digests: FileDigests) -> bytes:
    content = digests.of(base / entry.path) if entry.is_file else entry.target
    name = os.fsencode(base / entry.path)
    return b"%b\0%o\0%b\0" % (name, entry.kind | (0o111 & entry.mode if entry.is_file else 0), os.fsencode(content))
