"""What a task reads, as one hash, and which saved files concern it.

Responsible for looking at files.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from devenv.errors import FolderError
from devenv.images.content.context import SentEntry
from devenv.images.content.deps import Dep
from devenv.images.content.fingerprint import FileDigests
from devenv.spec.local_image import LocalImage
from devenv.spec.tasks.task import Task

_NEVER = ("**/.git",)
_WILD = re.compile(r"([*?\[\]\\])")


class TaskInputs:
    """What one task reads and makes, as the rules for it are now."""

    def __init__(self, root: Path, task: Task, images: Mapping[str, LocalImage]) -> None:
        """`root` is the folder of devenv.yaml, `images` those that are built, with contexts relative to it."""
        self._task = task
        self._outputs = [Path(os.path.normpath(root / output)) for output in task.outputs]
        contexts = [(root / image.context).resolve() for image in images.values()]
        files = [context / image.dockerfile for context, image in zip(contexts, images.values(), strict=True)]
        around = list(zip(contexts, files, strict=True))
        self._deps = [Dep.of((root / text).resolve(), around, self._left_out) for text in task.deps]

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
