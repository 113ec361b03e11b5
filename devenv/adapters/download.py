"""Files from the web, into the cache: verified against their project's checksums, whole or not at all.

Responsible for HTTP, checksums and atomic renames; proxies come from the environment. What is fetched from
where is decided by its callers.
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
from typing import IO
from urllib.parse import urlsplit

from devenv.adapters.trust import observe_trust
from devenv.errors import ChecksumError, DiskFullError, DownloadError, InterruptedRunError

_CONNECT_SECONDS = 2.0
"""A server that has not answered a connection by then counts as unreachable; a build may take its place."""
_READ_SECONDS = 30.0
_CHUNK = 1 << 18
_CHECKSUM_BYTES = 1 << 20
_PROGRESS_SECONDS = 0.5
_MIB = 1 << 20
_SHA256 = re.compile(r"^[0-9a-fA-F]{64}$")

Progress = Callable[[str], None]


class _Http(http.client.HTTPConnection):
    """Impatient while it connects, patient while it reads."""

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(_READ_SECONDS)


class _Https(http.client.HTTPSConnection):
    """The same over TLS."""

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(_READ_SECONDS)


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Http, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Https, req, context=_tls())


def download(
    url: str,
    target: Path,
    *,
    checksum_url: str,
    on_progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> str:
    """Download `url` to `target` and verify it; returns its SHA-256.

    Args:
        url: the file.
        target: where it goes, at once and only when it is verified.
        checksum_url: the checksum file of the file's project: a bare hash, or lines of hash and name.
        on_progress: told `12.5 of 60.1 MiB` twice a second.
        cancel: stops the download between two reads.

    Raises:
        ChecksumError: the file is not the one that its project published.
        DownloadError: a server cannot be reached, or answers with an error or with something else.
        DiskFullError: there is no room.
        InterruptedRunError: `cancel` was set.
    """
    name = urlsplit(url).path.rpartition("/")[2]
    expected = published_checksum(fetch_text(checksum_url), name, origin=checksum_url)
    with _draft(target) as draft:
        with draft.open("wb") as file:
            found = _fetch(url, file, on_progress or (lambda _: None), cancel or threading.Event())
        if found != expected:
            raise ChecksumError(
                f"{url} is not the file that its project published",
                context={"expected SHA-256": expected, "downloaded": found, "published at": checksum_url},
                hint="try again; if it stays so, something between here and the server changes files",
            )
        draft.replace(target)
    return found


def fetch_text(url: str) -> str:
    """A small text file, such as a checksum file; raises DownloadError."""
    with _open(url) as response:
        return response.read(_CHECKSUM_BYTES).decode(errors="replace")


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


def _fetch(url: str, draft: IO[bytes], progress: Progress, cancel: threading.Event) -> str:
    """Copy the body into `draft`; its SHA-256."""
    digest = hashlib.sha256()
    with _open(url) as response:
        total = int(response.headers.get("Content-Length") or 0)
        received = 0
        told = time.monotonic()
        while chunk := _read(response, url):
            if cancel.is_set():
                raise InterruptedRunError(f"stopped: download {url}")
            digest.update(chunk)
            _write(draft, chunk)
            received += len(chunk)
            if time.monotonic() - told > _PROGRESS_SECONDS:
                told = time.monotonic()
                progress(_amount(received, total))
    if total and received != total:
        raise DownloadError(f"{url} ended after {received} of {total} bytes", hint="try again")
    return digest.hexdigest()


@contextmanager
def _open(url: str) -> Iterator[http.client.HTTPResponse]:
    """A response that is a success; everything else is a DownloadError that names the cause."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise DownloadError(f"{url} is not a web address")
    opener = urllib.request.build_opener(_HttpHandler, _HttpsHandler)
    request = urllib.request.Request(url, headers={"User-Agent": "devenv"})  # noqa: S310 (checked above)
    try:
        response = opener.open(request, timeout=_CONNECT_SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            raise DownloadError(f"{url} answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:  # URLError and timeouts are OSErrors
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
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(f"{url} broke off", context={"cause": str(error)}, hint="try again") from error


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
