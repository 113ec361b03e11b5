"""Watching folders for changes of files, by the operating system's own events, else by looking again and again.

Responsible for the library `watchfiles`, of which this is the only user, and for when `polling` takes its place. Which
changes matter is its callers' concern.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from devenv.adapters.files.polling import look_again
from devenv.errors import FolderError

QUIET_MILLISECONDS = 50
"""What comes within this time of the last change belongs to it: editors write a file in several steps."""
_LONGEST_MILLISECONDS = 400
"""Changes that never pause are told after this time."""
_SILENT_MILLISECONDS = 1000
_WITHOUT_EVENTS = "microsoft-standard"
"""In the name of the kernel of WSL, where events of files get lost (microsoft/WSL#4739)."""


def watch_folders(
    folders: Sequence[Path],
    concerns: Callable[[Path], bool],
    stop: threading.Event,
    *,
    on_polling: Callable[[str], None] = lambda _cause: None,
    recursive: bool = True,
) -> Iterator[frozenset[Path]]:
    """Changed, new and deleted files below folders, gathered until they pause, until `stop` is set.

    Nothing at all comes about once a second, so that the first answer shows that the watch has begun. A folder that is
    replaced as a whole, as `git checkout` and `mv` do, is waited for; when it is back, all that is in it has changed.

    Args:
        folders: what is watched, with all that is below.
        concerns: whether a path matters.
        stop: ends the watch within a fraction of a second, or within one while a folder is away.
        on_polling: told the cause when files are looked at five times a second instead: the system has no watches left,
            which clusters use up quickly, or a folder below cannot be read.
        recursive: whether what lies deeper counts.

    Raises:
        FolderError: a folder is not there at the beginning, or cannot be read.
    """
    for folder in folders:
        if not folder.is_dir():
            raise FolderError(f"the folder {folder} cannot be watched", context={"cause": "there is no such folder"})
    polling, begun, back = _WITHOUT_EVENTS in os.uname().release, False, frozenset[Path]()
    while True:
        watched = _identities(folders)
        try:
            for changes in _watch(folders, concerns, stop, polling=polling, recursive=recursive):
                yield changes | back
                begun, back = True, frozenset()
                if _identities(folders) != watched:
                    break
            else:
                return
        except FolderError as error:
            if _identities(folders) == watched:
                if begun or polling:
                    raise
                on_polling(error.context["cause"])
                polling = True
                continue
        if not _await(folders, stop, polling=polling):
            return
        now = _identities(folders)
        anew = [folder for folder in folders if now.get(folder) != watched.get(folder)]
        back = frozenset(path for folder in anew for path in _below(folder, concerns, recursive=recursive))


def _identities(folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Which folder each path is, of those that are there."""
    found: dict[Path, tuple[int, int]] = {}
    for folder in folders:
        try:
            facts = folder.stat()
        except OSError:
            continue
        found[folder] = (facts.st_dev, facts.st_ino)
    return found


def _await(folders: Sequence[Path], stop: threading.Event, *, polling: bool) -> bool:
    """Wait until all folders are there; false when `stop` was set before."""
    while missing := [folder for folder in folders if not folder.is_dir()]:
        if stop.is_set():
            return False
        above = {next(parent for parent in folder.parents if parent.is_dir()) for folder in missing}
        for _ in _watch(sorted(above), lambda _: True, stop, polling=polling, recursive=False):
            break
    return not stop.is_set()


def _below(folder: Path, concerns: Callable[[Path], bool], *, recursive: bool) -> Iterator[Path]:
    found = folder.rglob("*") if recursive else folder.iterdir()
    return (path for path in found if concerns(path))


def _watch(
    folders: Sequence[Path],
    concerns: Callable[[Path], bool],
    stop: threading.Event,
    *,
    polling: bool,
    recursive: bool,
) -> Iterator[frozenset[Path]]:
    try:
        if polling:
            yield from look_again(folders, concerns, stop, recursive=recursive)
        else:
            yield from _events(folders, concerns, stop, recursive=recursive)
    except (OSError, RuntimeError) as error:  # the library's own error is a RuntimeError
        raise FolderError("the watch of files broke", context={"cause": str(error)}) from error


def _events(
    folders: Sequence[Path], concerns: Callable[[Path], bool], stop: threading.Event, *, recursive: bool
) -> Iterator[frozenset[Path]]:
    from watchfiles import watch  # noqa: PLC0415 -- compiled, and needed by one command only

    for gathered in watch(
        *folders,
        watch_filter=lambda _change, path: concerns(Path(path)),
        step=QUIET_MILLISECONDS,
        debounce=_LONGEST_MILLISECONDS,
        rust_timeout=_SILENT_MILLISECONDS,
        yield_on_timeout=True,
        stop_event=stop,
        recursive=recursive,
        raise_interrupt=False,
        force_polling=False,
    ):
        yield frozenset(Path(path) for _, path in gathered)
