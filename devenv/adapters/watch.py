"""Watching folders for changes of files, by the operating system's own events, else by looking again and again.

Responsible for the library `watchfiles`, of which this is the only user. Which changes matter is its callers' concern.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from devenv.errors import FolderError

QUIET_MILLISECONDS = 50
"""What comes within this time of the last change belongs to it: editors write a file in several steps."""
_LONGEST_MILLISECONDS = 400
"""Changes that never pause are told after this time."""
_SILENT_MILLISECONDS = 1000
_POLL_MILLISECONDS = 200


def watch_folders(
    folders: Sequence[Path],
    concerns: Callable[[Path], bool],
    stop: threading.Event,
    *,
    on_polling: Callable[[str], None] = lambda _cause: None,
) -> Iterator[frozenset[Path]]:
    """Changed, new and deleted files below folders, gathered until they pause, until `stop` is set.

    Nothing at all comes about once a second, so that the first answer tells that the watch has begun.

    Args:
        folders: what is watched, with all that is below.
        concerns: whether a path matters.
        stop: ends the watch within a fraction of a second.
        on_polling: told the cause when the system has no watches left, which clusters use up quickly, and files are
            looked at five times a second instead.

    Raises:
        FolderError: a folder is not there, or cannot be read.
    """
    for folder in folders:
        if not folder.is_dir():
            raise FolderError(f"the folder {folder} cannot be watched", context={"cause": "there is no such folder"})
    begun = False
    try:
        for changes in _watch(folders, concerns, stop, polling=False):
            begun = True
            yield changes
    except FolderError as error:
        if begun:
            raise
        on_polling(error.context["cause"])
        yield from _watch(folders, concerns, stop, polling=True)


def _watch(
    folders: Sequence[Path], concerns: Callable[[Path], bool], stop: threading.Event, *, polling: bool
) -> Iterator[frozenset[Path]]:
    from watchfiles import watch  # noqa: PLC0415 -- compiled, and needed by one command only

    changes = watch(
        *folders,
        watch_filter=lambda _change, path: concerns(Path(path)),
        step=QUIET_MILLISECONDS,
        debounce=_LONGEST_MILLISECONDS,
        rust_timeout=_SILENT_MILLISECONDS,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=False,
        # None leaves it to the library, which polls where events are known to get lost (WSL).
        force_polling=polling or None,
        poll_delay_ms=_POLL_MILLISECONDS,
    )
    try:
        for gathered in changes:
            yield frozenset(Path(path) for _, path in gathered)
    except (OSError, RuntimeError) as error:  # the library's own error is a RuntimeError
        raise FolderError("the watch of files broke", context={"cause": str(error)}) from error
