"""What an image is made from, as one hash: same inputs, same tag, so that a second build is a no-op.

The hash covers contents only. The commit is left out on purpose: one that does not touch the context must not
give the image another name, because a new name means a build, a load and a rollout.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from devenv.errors import ImageError
from devenv.images.ignore import IgnoreRules

TAG_DIGITS = 12
_EXECUTABLE = stat.S_IXUSR


class FileDigests:
    """Digests of files, remembered for the run by path, size, time and inode. Safe in several threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int, int], str] = {}
        self._lock = threading.Lock()

    def of(self, path: Path) -> str:
        """The sha256 of a file's content, hex."""
        facts = path.stat()
        key = (str(path), facts.st_size, facts.st_mtime_ns, facts.st_ino)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = _digest(path)
            with self._lock:
                self._known[key] = known
        return known


def fingerprint(
    dockerfile: Path,
    context: Path,
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    bases: Iterable[str] = (),
    digests: FileDigests | None = None,
) -> str:
    """The hash of everything that a build reads, hex.

    Args:
        dockerfile: the Dockerfile, which may lie outside the context.
        context: the folder that is sent to the builder; its ignore rules are honoured.
        target: the stage that is built.
        args: plain build arguments.
        bases: what identifies each image that it is built from.
        digests: remembers files that several recipes share.

    Raises:
        ImageError: the Dockerfile or the context is missing or cannot be read.
    """
    digests = digests or FileDigests()
    whole = hashlib.sha256()
    try:
        _add(whole, "dockerfile", digests.of(dockerfile))
        _add(whole, "target", target or "")
        for name, value in sorted((args or {}).items()):
            _add(whole, "arg", name, value)
        for base in sorted(bases):
            _add(whole, "base", base)
        for path, kind, content in _context_entries(context, dockerfile, digests):
            _add(whole, "file", path, kind, content)
    except OSError as error:
        raise ImageError(
            f"the build context {context} cannot be read",
            context={"file": str(error.filename or dockerfile), "cause": error.strerror or str(error)},
        ) from error
    return whole.hexdigest()


def hash_of(*parts: str) -> str:
    """The hash of texts, hex; for images that are not built from a context."""
    whole = hashlib.sha256()
    _add(whole, *parts)
    return whole.hexdigest()


def _add(whole: hashlib._Hash, *parts: str) -> None:
    """Add texts so that no two different lists give the same bytes."""
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        whole.update(len(data).to_bytes(8, "big"))
        whole.update(data)
    whole.update(b"\xff")


def context_files(context: Path, dockerfile: Path) -> list[PurePosixPath]:
    """The files and links that a context sends, relative to it; raises OSError when a folder cannot be read."""
    return sorted(_walk(context, IgnoreRules.of(context, dockerfile)))


def _context_entries(context: Path, dockerfile: Path, digests: FileDigests) -> Iterator[tuple[str, str, str]]:
    """Path, kind and content of all that the context sends, sorted.

    Folders count by what is in them: version control keeps no empty ones, and the tag must be the same in
    every clone. Sockets and other special files are not sent by the builder either.
    """
    for relative in context_files(context, dockerfile):
        path = context / relative
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            yield str(relative), "link", os.readlink(path)  # noqa: PTH115 (the text itself, not a path made of it)
        elif stat.S_ISREG(mode):
            yield str(relative), "program" if mode & _EXECUTABLE else "file", digests.of(path)


def _walk(context: Path, rules: IgnoreRules) -> Iterator[PurePosixPath]:
    """Files and links that are not ignored; ignored folders are entered only where they may matter."""

    def fail(error: OSError) -> None:
        raise error

    for folder, names, files in os.walk(context, onerror=fail):
        below = PurePosixPath(Path(folder).relative_to(context).as_posix())
        kept: list[str] = []
        for name in names:
            relative = below / name
            if Path(folder, name).is_symlink():
                files.append(name)
            elif not rules.ignores(relative) or rules.may_include_below(relative):
                kept.append(name)
        names[:] = kept
        for name in files:
            if not rules.ignores(below / name):
                yield below / name


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
