"""Files from the web, into the cache: verified against a checksum that is known beforehand, whole or not at all.

Responsible for HTTP, checksums and atomic renames; proxies come from the environment. What is fetched from
where is decided by its callers. Whatever a server does, or does not do, ends as an error of its own.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from devenv.adapters.trust import observe_trust
from devenv.errors import ChecksumError, DiskFullError, DownloadError, InterruptedRunError

_CONNECT_SECONDS = 2.0
"""A server that has not answered a connection by then counts as unreachable; a build may take its place."""
_PATIENCE = 30.0
"""Seconds without a byte; and as long a server may bring next to nothing."""
_STALLED_BYTES = 1 << 16
"""Less than this in that time is no download: the file would take days."""
_CHUNK = 1 << 18
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
        cancel: stops the download between two reads.
        patience: seconds for which a server may be silent or bring next to nothing.

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
    with _open(url, patience) as response:
        total = response.length or 0  # as the library understood it: None where there is no sensible length
        received = 0
        told = watched = time.monotonic()
        before = 0
        while chunk := _read(response, url):
            if cancel.is_set():
                raise InterruptedRunError(f"stopped: download {url}")
            yield chunk
            received += len(chunk)
            now = time.monotonic()
            if now - told > _PROGRESS_SECONDS:
                told = now
                progress(_amount(received, total))
            if now - watched > patience:
                if received - before < _STALLED_BYTES:
                    raise _broken_off(url, f"{received - before} bytes in {now - watched:.0f} s")
                watched, before = now, received
    if total and received != total:
        raise DownloadError(f"{url} ended after {received} of {total} bytes", hint="try again")


def _patient(connection: type[http.client.HTTPConnection], patience: float) -> Any:
    """Impatient while it connects, patient while it reads."""

    class Patient(connection):  # type: ignore[misc, valid-type]  # one of two classes of the library
        def connect(self) -> None:
            super().connect()
            self.sock.settimeout(patience)

    return Patient


class _HttpHandler(urllib.request.HTTPHandler):
    def __init__(self, patience: float) -> None:
        super().__init__()
        self._connection = _patient(http.client.HTTPConnection, patience)

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def __init__(self, patience: float) -> None:
        super().__init__()
        self._connection = _patient(http.client.HTTPSConnection, patience)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req, context=_tls())


@contextmanager
def _open(url: str, patience: float) -> Iterator[http.client.HTTPResponse]:
    """A response that is a success; everything else is a DownloadError that names the cause."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise DownloadError(f"{url} is not a web address")
    opener = urllib.request.build_opener(_HttpHandler(patience), _HttpsHandler(patience))
    request = urllib.request.Request(url, headers={"User-Agent": "devenv"})  # noqa: S310 (checked above)
    try:
        response = opener.open(request, timeout=_CONNECT_SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            raise DownloadError(f"{url} answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # URLError and timeouts are OSErrors
        reason = getattr(error, "reason", None) or error
        raise DownloadError(
            f"{urlsplit(url).netloc} cannot be reached",
            context={"address": url, "cause": str(reason)},
            hint="check the network, and HTTPS_PROXY if there is a proxy",
        ) from error
    with response:
        yield response


def _read(response: http.client.HTTPResponse, url: str) -> bytes:
    """What has come so far, so that a slow line does not delay a stop."""
    try:
        return response.read1(_CHUNK)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _broken_off(url, str(error) or type(error).__name__) from error


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


def _tls() -> ssl.SSLContext:
    """Trust what the host trusts: Python's own default may be another place than the distribution's.

    Without the strict checks that Python 3.13 brought: they refuse companies' CAs that other clients accept.
    """
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if bundle := observe_trust().bundle:
        context.load_verify_locations(cafile=bundle)
    return context
