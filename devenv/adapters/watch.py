"""Watching folders for changes of files, by the operating system's own events.

Responsible for the library `watchfiles`, of which this is the only user. Which changes matter is its callers' concern.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from devenv.errors import FolderError

QUIET_MILLISECONDS = 50
"""What comes within this time of the last change belongs to it: editors write a file in several steps."""
_SILENT_MILLISECONDS = 1000
_LONGEST_MILLISECONDS = 400
"""Changes that never pause are told after this time."""


def watch_folders(
    folders: Sequence[Path], concerns: Callable[[Path], bool], stop: threading.Event
) -> Iterator[frozenset[Path]]:
    """Changed, new and deleted files below folders, gathered until they pause, until `stop` is set.

    Nothing at all comes about once a second, so that the first answer tells that the watch has begun.

    Args:
        folders: existing folders.
        concerns: whether a path matters; called from another thread.
        stop: ends the watch within a fraction of a second.

    Raises:
        FolderError: the system cannot watch that many files.
    """
    from watchfiles import watch  # noqa: PLC0415 -- compiled, and needed by one command only

    try:
        for changes in watch(
            *folders,
            watch_filter=lambda _change, path: concerns(Path(path)),
            step=QUIET_MILLISECONDS,
            debounce=_LONGEST_MILLISECONDS,
            stop_event=stop,
            rust_timeout=_SILENT_MILLISECONDS,
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            yield frozenset(Path(path) for _, path in changes)
    except OSError as error:
        raise FolderError(
            f"the folders {', '.join(map(str, folders))} cannot be watched",
            context={"cause": str(error)},
            hint="sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512",
        ) from error
