"""Files from the web, into the cache: verified against a checksum that is known beforehand, whole or not at all.

Responsible for patience, checksums and atomic renames; `devenv.adapters.tools.transfer` speaks HTTP. What is fetched
from where is decided by its callers. Whatever a server does, or does not do, ends as an error of its own.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from devenv.adapters.tools.transfer import BrokenAnswerError, Items, transfer
from devenv.errors import ChecksumError, DiskFullError, DownloadError, InterruptedRunError

_CONNECT_SECONDS = 2.0
"""A server that has not answered a connection by then counts as unreachable; a build may take its place."""
_PATIENCE = 30.0
"""Seconds for an answer's head, from the name's resolution on; and as long a server may bring next to nothing."""
_STALLED_BYTES = 1 << 16
"""Less than this in that time is no download: the file would take days."""
_TEXT_BYTES = 1 << 20
_PROGRESS_SECONDS = 0.5
_MIB = 1 << 20
_SHA256 = re.compile(r"^[0-9a-fA-F]{64}$")

Progress = Callable[[str], None]


def download(
    url: str,
    target: Path,
    *,
    sha256: str,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
    patience: float = _PATIENCE,
) -> None:
    """Download `url` to `target` and verify it.

    Args:
        url: the file.
        target: where it goes, at once and only when it is verified.
        sha256: what the file must be, in lower-case hexadecimal digits.
        on_progress: told `12.5 of 60.1 MiB` twice a second.
        cancel: stops the download, whatever it waits for.
        patience: seconds for an answer's head, and for which a server may be silent or bring next to nothing then.

    Raises:
        ChecksumError: the file is another one.
        DownloadError: the server cannot be reached, stalls, breaks off, or answers with an error.
        DiskFullError: there is no room.
        InterruptedRunError: `cancel` was set.
    """
    with _draft(target) as draft:
        found = hashlib.sha256()
        with draft.open("wb") as file:
            for chunk in _body(url, on_progress or (lambda _: None), cancel or threading.Event(), patience):
                found.update(chunk)
                _write(file, chunk)
        if found.hexdigest() != sha256:
            raise ChecksumError(
                f"{url} is not the file that its checksum stands for",
                context={"expected SHA-256": sha256, "downloaded": found.hexdigest()},
                hint="try again; if it stays so, something between here and the server changes files",
            )
        draft.replace(target)


def fetch_text(url: str) -> str:
    """A small text file, such as a checksum file; raises DownloadError."""
    text = bytearray()
    for chunk in _body(url, lambda _: None, threading.Event()):
        text += chunk
        if len(text) > _TEXT_BYTES:
            raise DownloadError(f"{url} is larger than a text file of this kind: more than {_TEXT_BYTES >> 20} MiB")
    return text.decode(errors="replace")


def published_checksum(text: str, name: str, *, origin: str) -> str:
    """The SHA-256 of the file `name` in a checksum file; raises DownloadError when it holds none."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    found = next((words[0] for words in lines if words[1:] and _base(words[-1]) == name), "")
    if lines and len(lines) == len(lines[0]) == 1:
        found = lines[0][0]
    if not _SHA256.match(found):
        raise DownloadError(
            f"no checksum of {name} in {origin}", context={"first line": text.strip().split("\n")[0][:200]}
        )
    return found.lower()


def _body(url: str, progress: Progress, cancel: threading.Event, patience: float = _PATIENCE) -> Iterator[bytes]:
    """What a server answers with, as it comes; a body that is cut short is an error, never an answer."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise DownloadError(f"{url} is not a web address")
    with transfer(url, _CONNECT_SECONDS) as items:
        total = _length(items, url, cancel, patience)
        received = before = 0
        reported = watched = time.monotonic()
        while True:
            chunk = _next(items, url, cancel)
            now = time.monotonic()
            if isinstance(chunk, bytes):
                if not chunk:
                    break
                yield chunk
                received += len(chunk)
            if now - reported > _PROGRESS_SECONDS:
                reported = now
                progress(_amount(received, total))
            if now - watched > patience:
                if received - before < _STALLED_BYTES:
                    raise _broken_off(url, f"{received - before} bytes in {now - watched:.0f} s")
                watched, before = now, received
    if total and received != total:
        raise DownloadError(f"{url} ended after {received} of {total} bytes", hint="try again")


def _length(items: Items, url: str, cancel: threading.Event, patience: float) -> int:
    """The length that an answer's head tells, 0 where it tells none; the whole head has to come in time."""
    until = time.monotonic() + patience
    while True:
        head = _next(items, url, cancel)
        if isinstance(head, int):
            return head
        if time.monotonic() > until:
            raise _unreachable(url, f"no whole answer within {patience:g} s")


def _next(items: Items, url: str, cancel: threading.Event) -> bytes | int | None:
    """What comes next, None where nothing has for a moment; raises InterruptedRunError as soon as it is stopped."""
    if cancel.is_set():
        raise InterruptedRunError(f"stopped: download {url}")
    item = items.get()
    if not isinstance(item, Exception):
        return item
    if isinstance(item, urllib.error.HTTPError):
        raise DownloadError(f"{url} answers {item.code} {item.reason}") from item
    if isinstance(item, BrokenAnswerError):
        raise _broken_off(url, str(item)) from item
    raise _unreachable(url, str(getattr(item, "reason", None) or item)) from item


def _unreachable(url: str, cause: str) -> DownloadError:
    return DownloadError(
        f"{urlsplit(url).netloc} cannot be reached",
        context={"address": url, "cause": cause},
        hint="check the network, and HTTPS_PROXY if there is a proxy",
    )


def _broken_off(url: str, cause: str) -> DownloadError:
    return DownloadError(f"{url} broke off", context={"cause": cause}, hint="try again")


def _write(draft: IO[bytes], chunk: bytes) -> None:
    try:
        draft.write(chunk)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DiskFullError(f"no room for {draft.name}", hint="devenv down --purge, or free some space") from error


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A file beside `target`, removed unless it took its place; those of killed runs are removed too."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*.partial"):
        if not Path(f"/proc/{left.name.split('.')[-2]}").exists():
            left.unlink(missing_ok=True)
    path = target.parent / f".{target.name}.{os.getpid()}.partial"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _base(path: str) -> str:
    """The file's name; `*` before it marks binary mode (sha256sum)."""
    return path.removeprefix("*").rpartition("/")[2]


def _amount(received: int, total: int) -> str:
    of = f" of {total / _MIB:.1f}" if total else ""
    return f"{received / _MIB:.1f}{of} MiB"
