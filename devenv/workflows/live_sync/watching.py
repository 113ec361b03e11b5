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
from devenv.workflows.live_sync.tasks import WatchedTask

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
    tasks: frozenset[str] = frozenset()
    """Tasks that read it."""
    triggered: tuple[str, ...] = ()
    """What somebody has asked for, by name."""
    at: float = 0.0
    """When the last of it was saved, in seconds since 1970."""

    def __or__(self, other: Saved) -> Saved:
        asked = (*self.triggered, *other.triggered)
        return Saved(self.names | other.names, self.tasks | other.tasks, asked, max(self.at, other.at))


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


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched, and what becomes of what is saved."""

    contexts: Sequence[WatchedContext]
    tasks: Sequence[WatchedTask]
    sync: Sync
    manual: frozenset[str] = frozenset()
    """Images that are neither synced nor built before somebody asks for that."""

    @property
    def folders(self) -> list[Path]:
        """What is watched with all that is below."""
        both = [*(c.folders for c in self.contexts), *(t.folders for t in self.tasks)]
        return list(dict.fromkeys(folder for folders in both for folder in folders))

    @property
    def single(self) -> list[Path]:
        """Folders of single files: they may hold anything, so that what lies deeper is not watched."""
        parents = (file.parent for task in self.tasks for file in task.files)
        return list(dict.fromkeys(parent for parent in parents if parent.is_dir()))

    def concerns(self, path: Path) -> bool:
        """Whether somebody reads this file or folder."""
        return any(c.concerns(path) for c in self.contexts) or any(t.concerns(path) for t in self.tasks)

    def unsynced(self, paths: frozenset[Path]) -> Saved:
        """Sync what can be; what is left."""
        noticed = time.time()
        saved = latest_save(paths, now=noticed, earliest=noticed - _OLDEST_SAVE)
        mine = {c.name: frozenset(path for path in paths if c.concerns(path)) for c in self.contexts}
        names = (
            name
            for name, concerned in mine.items()
            if concerned and (name in self.manual or not self.sync(name, concerned, saved))
        )
        reading = (task.name for task in self.tasks if any(map(task.concerns, paths)))
        return Saved(frozenset(names), frozenset(reading), at=saved)


@contextmanager
def watching(watched: Watched, on_polling: Callable[[str], None]) -> Iterator[Changes]:
    """What is saved and not synced, while the body runs; the first entry, empty, shows that the watch has begun."""
    changes: Changes = queue.SimpleQueue()
    stop = threading.Event()
    followed = [(folders, deep) for folders, deep in ((watched.folders, True), (watched.single, False)) if folders]
    begun = threading.Barrier(max(1, len(followed)), lambda: changes.put(Saved()))

    def follow(folders: Sequence[Path], deep: bool) -> None:  # noqa: FBT001 -- a thread's argument
        try:
            first = True
            for paths in watch_folders(folders, watched.concerns, stop, on_polling=on_polling, recursive=deep):
                if first:
                    begun.wait()
                first = False
                unsynced = watched.unsynced(paths)
                if unsynced.names or unsynced.tasks:
                    changes.put(unsynced)
        except BaseException as error:  # noqa: BLE001 -- raised again where the changes are read
            changes.put(error)

    threads = [threading.Thread(target=follow, args=each, name="watch", daemon=True) for each in followed]
    for thread in threads:
        thread.start()
    if not threads:
        begun.wait()
    try:
        yield changes
    finally:
        stop.set()
        begun.abort()
        for thread in threads:
            thread.join()
