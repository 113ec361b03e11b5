"""What an image is made from, as one hash: same inputs, same tag, so that a second build is a no-op.

The hash covers contents only. The commit is left out on purpose: one that does not touch the context must not
give the image another name, because a new name means a build, a load and a rollout.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from devenv.adapters.files.settled import is_settled
from devenv.errors import ImageError
from devenv.images.content.context import FILE_MODE, PROGRAM_MODE, SentEntry, explicit_folders, sent_entries
from devenv.images.content.deps import Dep
from devenv.plan.image import HostBuild

TAG_DIGITS = 12


class FileDigests:
    """Digests of files, remembered for the run. Safe in several threads.

    A file that has just been changed may be changed again within the same tick of its file system's clock, to as many
    bytes: its digest is remembered once its time has passed, as in git's index ("racy git").
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], str] = {}
        self._lock = threading.Lock()

    def of(self, path: Path) -> str:
        """The sha256 of a file's content, hex."""
        return self._remembered(path, "", lambda: _digest(path))

    def of_blob(self, path: Path, algorithm: str) -> str:
        """The name that git gives to a file's content as it is, no filter applied; `sha1` or `sha256`."""
        return self._remembered(path, algorithm, lambda: blob_name(path.read_bytes(), algorithm))

    def _remembered(self, path: Path, what: str, compute: Callable[[], str]) -> str:
        facts = path.stat()
        # The time of the last change cannot be set back as that of the last write can.
        key = (what, str(path), facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            settled = is_settled(facts)
            known = compute()
            if settled:
                with self._lock:
                    self._known[key] = known
        return known


def blob_name(content: bytes, algorithm: str) -> str:
    """The name that git gives to a content, hex."""
    return hashlib.new(algorithm, b"blob %d\0" % len(content) + content).hexdigest()


def fingerprint(
    dockerfile: Path,
    context: Path,
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    bases: Iterable[str] = (),
    digests: FileDigests | None = None,
    shipped: bool = False,
    host: HostBuild | None = None,
) -> str:
    """The hash of everything that a build reads, hex.

    Args:
        dockerfile: the Dockerfile, which may lie outside the context.
        context: the folder that is sent to the builder; its ignore rules are honoured.
        target: the stage that is built.
        args: plain build arguments.
        bases: what identifies each image that it is built from.
        digests: remembers files that several recipes share.
        shipped: the context comes with devenv, and is sent with the modes that version control keeps.
        host: what builds it in place of the Dockerfile.

    Raises:
        ImageError: the Dockerfile or the context is missing or cannot be read.
    """
    digests = digests or FileDigests()
    whole = hashlib.sha256()
    try:
        if host:
            _add(whole, "command", *host.command)
        else:
            _add(whole, "dockerfile", digests.of(dockerfile))
        _add(whole, "target", target or "")
        for name, value in sorted((args or {}).items()):
            _add(whole, "arg", name, value)
        for base in sorted(bases):
            _add(whole, "base", base)
        entries = read_entries(context, dockerfile, host)
        for path, kind, content in _context_parts(context, entries, digests, shipped=shipped):
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


def read_entries(context: Path, dockerfile: Path, host: HostBuild | None) -> list[SentEntry]:
    """What a build reads of its context, sorted by path; raises OSError."""
    if host is None or not host.deps:
        return sent_entries(context, dockerfile)
    found: dict[Path, SentEntry] = {}
    for text in host.deps:
        dep = Dep.of((context / text).resolve(), [(context.resolve(), dockerfile)])
        for entry in dep.entries():
            path = PurePosixPath(os.path.relpath(dep.base / entry.path, context.resolve()))
            found[dep.base / entry.path] = replace(entry, path=path)
    return [found[path] for path in sorted(found)]


def _context_parts(
    context: Path, entries: list[SentEntry], digests: FileDigests, *, shipped: bool
) -> Iterator[tuple[str, str, str]]:
    """Path, kind and content of all that the context sends, sorted.

    The usual modes have words of their own, and folders of the usual mode count by what is in them, so that no more
    than what is unusual is told of modes.
    """
    folders = explicit_folders(entries)
    for entry in entries:
        extras = "" if shipped else _extras(entry)
        if entry.is_file:
            yield str(entry.path), _kind_of_file(entry, shipped=shipped) + extras, digests.of(context / entry.path)
        elif entry.target:
            yield str(entry.path), f"link{extras}", entry.target
        elif shipped:
            continue  # version control keeps neither folders nor special files
        elif not entry.is_folder:
            yield str(entry.path), f"special {entry.facts.st_mode:o}{extras}", str(entry.facts.st_rdev)
        elif entry.path in folders:
            yield str(entry.path), f"folder {entry.mode:o}{extras}", ""


def _kind_of_file(entry: SentEntry, *, shipped: bool) -> str:
    words = {FILE_MODE: "file", PROGRAM_MODE: "program"}
    mode = (PROGRAM_MODE if entry.is_program else FILE_MODE) if shipped else entry.mode
    return words.get(mode, f"file {mode:o}")


def _extras(entry: SentEntry) -> str:
    return "".join(f" {name}={value.hex()}" for name, value in entry.attributes)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
