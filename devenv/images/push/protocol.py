"""The push half of the OCI distribution protocol: what is answered to which request.

Responsible for paths, uploads in one piece or many, digests and status codes. What is known already and what becomes
of that which comes is decided by a `Receiver`, of which there is one for each push.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import ClassVar, Protocol
from urllib.parse import parse_qs, urlsplit

from devenv.errors import ImageError
from devenv.images.formats.oci import digest_of
from devenv.images.push.blob_spool import Blob

_CHUNK = 1 << 20
_MANIFEST_BYTES = 4 << 20
_IDLE_SECONDS = 120.0
UNIDENTIFIED_SECONDS = 10.0
"""How long a connection lives on which nobody names a repository, whatever else it says: any program can open one."""
_UNIDENTIFIED = 32
"""How many such connections are served at once: each takes a thread. The oldest gives way to the next."""
_LINE_BYTES = 1 << 12
"""The longest line between the parts of a body."""
_TRAILERS = 100
_BROKEN_OFF = "the connection ended within a body"
_PATH = re.compile(r"^/v2/(?P<repository>.+)/(?P<kind>blobs/uploads|blobs|manifests)/(?P<what>[^/]*)$")


class PushRefusedError(Exception):
    """A push is not wanted any more; the engine is told so."""


class Receiver(Protocol):
    """What one push is received by. Called by several threads at once."""

    def size_of(self, digest: str) -> int | None:
        """Bytes of a blob that need not be sent; None when it has to be."""

    def begin(self) -> Blob:
        """What a blob that comes now is written to."""

    def write(self, blob: Blob, chunk: bytes) -> None:
        """More of a blob; raises PushRefusedError when no more is wanted."""

    def take_blob(self, digest: str, blob: Blob) -> None:
        """A blob is complete and what its digest says."""

    def take_manifest(self, data: bytes, media_type: str) -> None:
        """A manifest or an index; the last one is the image."""


class PushState:
    """Who receives what is pushed where, and the uploads that have begun."""

    def __init__(self, unidentified_seconds: float = UNIDENTIFIED_SECONDS) -> None:
        self.receivers: dict[str, Receiver] = {}
        """By path."""
        self.uploads: dict[str, Blob] = {}
        """By the name that this side gave them."""
        self.asked = threading.Event()
        """Set when a repository was named: the engine, which alone knows one, reaches this endpoint."""

        self._unidentified_seconds = unidentified_seconds
        self._unidentified: dict[socket.socket, float] = {}
        """With the time until which each may name a repository, the oldest first."""
        self._guard = threading.Lock()

    def admit(self, connection: socket.socket) -> None:
        """A new connection: any is served, since it may be the engine's; so the oldest that named none gives way."""
        with self._guard:
            if len(self._unidentified) >= _UNIDENTIFIED:
                self._dismiss(next(iter(self._unidentified)))
            self._unidentified[connection] = time.monotonic() + self._unidentified_seconds

    def dismiss_overdue(self) -> None:
        """End the connections whose time is over, also those that say a little again and again."""
        with self._guard:
            now = time.monotonic()
            for connection in [connection for connection, until in self._unidentified.items() if until < now]:
                self._dismiss(connection)

    def recognise(self, connection: socket.socket) -> None:
        """A connection is the engine's, or over."""
        with self._guard:
            self._unidentified.pop(connection, None)

    def _dismiss(self, connection: socket.socket) -> None:
        """End a connection: whoever reads from it finds its end."""
        del self._unidentified[connection]
        with contextlib.suppress(OSError):  # the other side was faster
            connection.shutdown(socket.SHUT_RDWR)

    def begin_upload(self, receiver: Receiver) -> str:
        """A new upload's name."""
        upload = uuid.uuid4().hex
        self.uploads[upload] = receiver.begin()
        return upload


class _Failure(Exception):  # noqa: N818 (an answer, not an error)
    """An answer that ends a request."""

    def __init__(self, status: HTTPStatus, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def _size(text: str | bytes, base: int) -> int:
    """A number of bytes, which is never negative; raises _Failure on other text."""
    try:
        size = int(text, base)
    except ValueError:
        size = -1
    if size < 0:
        raise _Failure(HTTPStatus.BAD_REQUEST, "BLOB_UPLOAD_INVALID")
    return size


class PushHandler(BaseHTTPRequestHandler):
    """One connection of the engine."""

    state: ClassVar[PushState]
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"
    """Of what is no HTTP, such as TLS: containerd turns to plain HTTP only when the refusal begins with `HTTP/`."""
    timeout = UNIDENTIFIED_SECONDS
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer, whatever the method."""
        self._serve()

    do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 (the library's names)

    def log_message(self, *_: object) -> None:
        """What is asked is of no interest."""

    def _serve(self) -> None:
        try:
            url = urlsplit(self.path)
            self._query = parse_qs(url.query)
        except ValueError:  # no address at all
            self._fail(HTTPStatus.BAD_REQUEST, "UNSUPPORTED")
            return
        try:
            if url.path.rstrip("/") == "/v2" and self.command in {"GET", "HEAD"}:
                self._answer(HTTPStatus.OK, b"{}")
            else:
                self._route(url.path)
        except _Failure as failure:
            self._fail(failure.status, failure.code)
        except PushRefusedError as error:
            self._fail(HTTPStatus.FORBIDDEN, "DENIED", str(error))
        except (ImageError, OSError) as error:
            self._fail(HTTPStatus.INTERNAL_SERVER_ERROR, "UNKNOWN", str(error))

    def _route(self, path: str) -> None:
        match = _PATH.match(path)
        receiver = self.state.receivers.get(match["repository"]) if match else None
        if match is None or receiver is None:
            raise _Failure(HTTPStatus.NOT_FOUND, "NAME_UNKNOWN")
        self.state.asked.set()
        self.state.recognise(self.connection)
        self.connection.settimeout(_IDLE_SECONDS)
        action = self._actions.get((self.command, match["kind"]))
        if action is None:
            raise _Failure(HTTPStatus.METHOD_NOT_ALLOWED, "UNSUPPORTED")
        action(self, receiver, path, match["what"])

    def _head_blob(self, receiver: Receiver, _path: str, digest: str) -> None:
        size = receiver.size_of(digest)
        if size is None:
            raise _Failure(HTTPStatus.NOT_FOUND, "BLOB_UNKNOWN")
        self._answer(HTTPStatus.OK, length=size, Docker_Content_Digest=digest)

    def _head_manifest(self, _receiver: Receiver, _path: str, _reference: str) -> None:
        raise _Failure(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN")

    def _begin(self, receiver: Receiver, path: str, _: str) -> None:
        """A new upload; in one request when the digest is given. A mount is answered with an upload."""
        upload = self.state.begin_upload(receiver)
        if "digest" in self._query:
            self._complete(receiver, path, upload)
        else:
            for _chunk in self._body():
                raise _Failure(HTTPStatus.BAD_REQUEST, "BLOB_UPLOAD_INVALID")
            self._accepted(f"{path.rstrip('/')}/{upload}", upload, 0)

    def _append(self, receiver: Receiver, path: str, upload: str) -> None:
        blob = self._upload(upload)
        begin = self.headers.get("Content-Range", f"{blob.received}-").partition("-")[0].removeprefix("bytes ")
        if begin != str(blob.received):
            raise _Failure(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID")
        self._write(receiver, blob)
        self._accepted(path, upload, blob.received)

    def _complete(self, receiver: Receiver, path: str, upload: str) -> None:
        blob = self._upload(upload)
        self._write(receiver, blob)
        digest = self._query.get("digest", [""])[0]
        del self.state.uploads[upload]
        if blob.digest != digest:
            blob.close()
            raise _Failure(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID")
        receiver.take_blob(digest, blob)
        where = f"{path.partition('/uploads')[0]}/{digest}"
        self._answer(HTTPStatus.CREATED, Location=where, Docker_Content_Digest=digest)

    def _answer_upload(self, _receiver: Receiver, path: str, upload: str) -> None:
        self._accepted(path, upload, self._upload(upload).received, HTTPStatus.NO_CONTENT)

    def _give_up(self, _receiver: Receiver, _path: str, upload: str) -> None:
        self._upload(upload).close()
        del self.state.uploads[upload]
        self._answer(HTTPStatus.NO_CONTENT)

    def _put_manifest(self, receiver: Receiver, path: str, reference: str) -> None:
        data = b""
        for chunk in self._body():
            data += chunk
            if len(data) > _MANIFEST_BYTES:
                raise _Failure(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "MANIFEST_INVALID")
        digest = digest_of(data)
        if reference.startswith("sha256:") and reference != digest:
            raise _Failure(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID")
        try:
            json.loads(data)
        except (ValueError, RecursionError):  # the latter of ten thousand brackets
            raise _Failure(HTTPStatus.BAD_REQUEST, "MANIFEST_INVALID") from None
        receiver.take_manifest(data, self.headers.get_content_type())
        self._answer(HTTPStatus.CREATED, Location=path, Docker_Content_Digest=digest)

    def _upload(self, name: str) -> Blob:
        blob = self.state.uploads.get(name)
        if blob is None:
            raise _Failure(HTTPStatus.NOT_FOUND, "BLOB_UPLOAD_UNKNOWN")
        return blob

    def _write(self, receiver: Receiver, blob: Blob) -> None:
        for chunk in self._body():
            receiver.write(blob, chunk)

    def _body(self) -> Iterator[bytes]:
        """The request's body in pieces."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := _size(self._line().partition(b";")[0], 16):
                yield from self._take(size)
                self._line()
            for _ in range(_TRAILERS):
                if not self._line().strip():
                    return
            raise _Failure(HTTPStatus.BAD_REQUEST, "BLOB_UPLOAD_INVALID")
        yield from self._take(_size(self.headers.get("Content-Length") or "0", 10))

    def _line(self) -> bytes:
        line = self.rfile.readline(_LINE_BYTES)
        if not line:
            raise ConnectionError(_BROKEN_OFF)
        if not line.endswith(b"\n"):
            raise _Failure(HTTPStatus.BAD_REQUEST, "BLOB_UPLOAD_INVALID")
        return line

    def _take(self, size: int) -> Iterator[bytes]:
        while size:
            chunk = self.rfile.read(min(size, _CHUNK))
            if not chunk:
                raise ConnectionError(_BROKEN_OFF)
            size -= len(chunk)
            yield chunk

    def _accepted(self, path: str, upload: str, received: int, status: HTTPStatus = HTTPStatus.ACCEPTED) -> None:
        self._answer(status, Location=path, Range=f"0-{max(received - 1, 0)}", Docker_Upload_UUID=upload)

    def _fail(self, status: HTTPStatus, code: str, message: str = "") -> None:
        self.close_connection = self.command not in {"GET", "HEAD"}  # a body may be left unread
        body = json.dumps({"errors": [{"code": code, "message": message or code.replace("_", " ").lower()}]})
        self._answer(status, body.encode())

    def _answer(self, status: HTTPStatus, body: bytes = b"", length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    _actions: ClassVar[Mapping[tuple[str, str], Callable[[PushHandler, Receiver, str, str], None]]] = {
        ("HEAD", "blobs"): _head_blob,
        ("POST", "blobs/uploads"): _begin,
        ("GET", "blobs/uploads"): _answer_upload,
        ("PATCH", "blobs/uploads"): _append,
        ("PUT", "blobs/uploads"): _complete,
        ("DELETE", "blobs/uploads"): _give_up,
        ("HEAD", "manifests"): _head_manifest,
        ("PUT", "manifests"): _put_manifest,
    }
