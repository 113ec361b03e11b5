"""What is saved while `devenv dev` runs, as it comes: what a sync takes care of, and what is left for a round."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.files.watch import watch_folders
from devenv.images.build.watched import WatchedContext, latest_save

_SIGNAL_SECONDS = 0.5
"""A signal that arrives just before a wait begins does not end it: the wait is begun anew this often."""
_OLDEST_SAVE = 5.0
"""Seconds: a file that seems to be older was moved into place, and counts from when the change was noticed."""

Sync = Callable[[str, frozenset[Path], float], bool]
"""Syncs saved files of an image that were saved at some time; whether nothing else is to be done for it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a round has to be made for."""

    names: frozenset[str] = frozenset()
    """Images whose builds read what was saved."""
    at: float = 0.0
    """When the last of it was saved, in seconds since 1970."""

    def __or__(self, other: Saved) -> Saved:
        return Saved(self.names | other.names, max(self.at, other.at))


Changes = queue.SimpleQueue[Saved | BaseException]
"""What is saved, or why the watch ended."""


def next_saved(changes: Changes, otherwise: Callable[[], Saved | None] = lambda: None) -> Saved:
    """Wait for what is saved, and take all that has come; `otherwise` is asked while nothing comes."""
    found = Saved()
    while True:
        try:
            change = changes.get(timeout=_SIGNAL_SECONDS)
        except queue.Empty:
            # Python raises the KeyboardInterrupt of a signal that came too early to end the wait.
            if (other := otherwise()) is not None:
                return other
            continue
        while True:
            if isinstance(change, BaseException):
                raise change
            found |= change
            try:
                change = changes.get_nowait()
            except queue.Empty:
                return found


@contextmanager
def watching(contexts: Sequence[WatchedContext], sync: Sync, on_polling: Callable[[str], None]) -> Iterator[Changes]:
    """What is saved and not synced, while the body runs; the first entry, empty, shows that the watch has begun."""
    changes: Changes = queue.SimpleQueue()
    stop = threading.Event()
    folders = list(dict.fromkeys(folder for context in contexts for folder in context.folders))

    def concerns(path: Path) -> bool:
        return any(context.concerns(path) for context in contexts)

    def left(paths: frozenset[Path]) -> Saved:
        noticed = time.time()
        saved = latest_save(paths, now=noticed, earliest=noticed - _OLDEST_SAVE)
        mine = {context.name: frozenset(path for path in paths if context.concerns(path)) for context in contexts}
        names = (name for name, concerned in mine.items() if concerned and not sync(name, concerned, saved))
        return Saved(frozenset(names), saved)

    def follow() -> None:
        try:
            begun = False
            for paths in watch_folders(folders, concerns, stop, on_polling=on_polling):
                unsynced = left(paths)
                if unsynced.names or not begun:
                    changes.put(unsynced)
                begun = True
        except BaseException as error:  # noqa: BLE001 -- raised again where the changes are read
            changes.put(error)

    thread = threading.Thread(target=follow, name="watch", daemon=True)
    thread.start()
    try:
        yield changes
    finally:
        stop.set()
        thread.join()
