"""Looking at folders again and again, for `watch`, where the system tells of no changes.

Responsible for missing none. A file has changed when its size, times, mode or place on the disk have; and while it is
so young that it may have been written again under the same time, when its content has. Not the library, since what
watches otherwise compares whole seconds where it looks itself: of two saves within one it misses the second.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.files.settled import is_settled

PAUSE_SECONDS = 0.2
_SHARE = 4
"""Between two looks passes this many times what one takes: large trees are looked at less often."""
_SILENT_SECONDS = 1.0
_GONE_OR_LOCKED = (FileNotFoundError, NotADirectoryError, PermissionError)


@dataclass(frozen=True, slots=True)
class _Seen:
    facts: tuple[int, ...]
    young: bool = False
    """Whether it may be written again under the same time."""
    content: str = ""
    """Of a file that is young, or was when it was looked at before."""


def look_again(
    folders: Sequence[Path], concerns: Callable[[Path], bool], stop: threading.Event, *, recursive: bool = True
) -> Iterator[frozenset[Path]]:
    """Changed, new and deleted files below folders, until `stop` is set; nothing at once, and about once a second.

    What cannot be read is passed over, as a folder that a database's container keeps to itself.
    """
    seen = _look(folders, concerns, {}, recursive=recursive)
    reported = time.monotonic()
    yield frozenset()
    while True:
        began = time.monotonic()
        now = _look(folders, concerns, seen, recursive=recursive)
        differing = (Path(p) for p in seen.keys() | now.keys() if _differs(seen.get(p), now.get(p)))
        changed = frozenset(path for path in differing if concerns(path))
        seen = now
        if changed or time.monotonic() - reported >= _SILENT_SECONDS:
            yield changed
            reported = time.monotonic()
        if stop.wait(max(PAUSE_SECONDS, _SHARE * (time.monotonic() - began))):
            return


def _differs(one: _Seen | None, other: _Seen | None) -> bool:
    if one is other:
        return False
    if one is None or other is None:
        return True
    return one.facts != other.facts or bool(one.content and other.content and one.content != other.content)


def _look(
    folders: Sequence[Path], concerns: Callable[[Path], bool], before: Mapping[str, _Seen], *, recursive: bool
) -> dict[str, _Seen]:
    found: dict[str, _Seen] = {}
    left = list(map(str, folders))
    while left:
        for entry in _entries(left.pop()):
            with contextlib.suppress(*_GONE_OR_LOCKED):
                found[entry.path] = _seen(entry, concerns, before.get(entry.path))
                if recursive and entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
    return found


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except _GONE_OR_LOCKED:
        return []


def _seen(entry: os.DirEntry[str], concerns: Callable[[Path], bool], before: _Seen | None) -> _Seen:
    facts = entry.stat(follow_symlinks=False)
    if stat.S_ISDIR(facts.st_mode):
        return _Seen((facts.st_mode, facts.st_ino))  # its times and size tell of entries, which tell of themselves
    what = (facts.st_mode, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    young = not is_settled(facts)
    # Once more when it has settled: it may have been written after the last look at it as a young one.
    if (young or (before and before.young)) and stat.S_ISREG(facts.st_mode) and concerns(Path(entry.path)):
        with open(entry.path, "rb") as file:  # noqa: PTH123 -- a str: trees have many entries
            return _Seen(what, young, hashlib.file_digest(file, "sha256").hexdigest())
    return before if before and before.facts == what and not before.content else _Seen(what)
