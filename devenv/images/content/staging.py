"""Staging a context for the builder so that it takes the files as they are now.

Responsible for the folder that a build is given as its context. BuildKit keeps what it was sent, and takes again only
what differs in mode, link, device, or as a file in size or time of the last write (`sameFile` in `diff_containerd.go`
of tonistiigi/fsutil; owners it sets itself). Buildx names what is kept after the last part of the context's path. So
these changes are not seen: of a content whose time is set back, by an archive, `cp -p` or `touch -r`, be it for another
project's file of that path; of one that is saved again within the same second, where a file system counts no less; of
extended attributes; and of a folder's mode, which is taken but does not count as a change. Hence the context is given
under a name of its own, into which all of these go.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.adapters.files.scratch import scratch
from devenv.images.content.context import FILE_MODE, FOLDER_MODE, PROGRAM_MODE, sent_entries
from devenv.images.content.fingerprint import FileDigests
from devenv.images.content.ignore import ignore_files
from devenv.plan.steps import BuildImage

_SAME_WRITE_NANOSECONDS = 100_000_000
"""A file whose last change came later than this after its last write has had its time set, or was moved into place."""
_SECOND_NANOSECONDS = 1_000_000_000
_NAME_DIGITS = 16


@contextmanager
def staged_context(step: BuildImage, digests: FileDigests) -> Iterator[Path]:
    """The context of a build as the builder is to be given it; gone when the context manager ends.

    What comes with devenv is copied, with the modes that version control keeps: an installation's are its umask's.
    """
    with scratch() as folder:
        given = folder / _name(step, digests)
        if step.shipped:
            _copy(step, given)
        else:
            given.symlink_to(step.context.absolute(), target_is_directory=True)
        yield given


def _name(step: BuildImage, digests: FileDigests) -> str:
    """A name that is the same as long as the builder cannot take a changed file for the one that it keeps."""
    entries = sent_entries(step.context, step.dockerfile)
    files = [step.context / entry.path for entry in entries if entry.is_file]
    files += [file for file in (step.dockerfile, *ignore_files(step.context, step.dockerfile)) if file.is_file()]
    parts = [os.fsencode(step.context), os.fsencode(step.dockerfile)]
    for file in sorted(set(files)):
        facts = file.stat()
        was_set = abs(facts.st_ctime_ns - facts.st_mtime_ns) > _SAME_WRITE_NANOSECONDS
        if was_set or facts.st_mtime_ns % _SECOND_NANOSECONDS == 0:
            parts += [os.fsencode(file), digests.of(file).encode()]
    for entry in entries:
        if entry.is_folder and entry.mode != FOLDER_MODE:
            parts += [os.fsencode(entry.path), oct(entry.mode).encode()]
        for name, value in entry.attributes:
            parts += [os.fsencode(entry.path), os.fsencode(name), value.hex().encode()]
    named = hashlib.sha256(b"\0".join(parts)).hexdigest()
    return f"{step.image}-{named[:_NAME_DIGITS]}"


def _copy(step: BuildImage, target: Path) -> None:
    """Copy what is sent; folders first, since what is sorted names them before what is in them."""
    _make_folder(target)
    for entry in sent_entries(step.context, step.dockerfile):
        source, copy = step.context / entry.path, target / entry.path
        if entry.is_folder:
            _make_folder(copy)
        elif entry.kind == stat.S_IFLNK:
            copy.symlink_to(entry.target)
        elif entry.is_file:
            shutil.copyfile(source, copy)
            copy.chmod(PROGRAM_MODE if entry.is_program else FILE_MODE)


def _make_folder(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(FOLDER_MODE)  # whatever the umask
