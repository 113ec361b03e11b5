from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from support.pushing import Client, digest
from support.waiting import await_true

from devenv.images.push.blob_spool import Blob
from devenv.images.push.endpoint import PushEndpoint
from devenv.images.push.protocol import PushRefusedError

PATH = "secret/0"


class Shelf:
    """Keeps what it is brought."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: list[tuple[str, bytes]] = []
        self.bound = 1 << 30

    def size_of(self, digest: str) -> int | None:
        return len(self.blobs[digest]) if digest in self.blobs else None

    def begin(self) -> Blob:
        return Blob()

    def write(self, blob: Blob, chunk: bytes) -> None:
        if blob.size + len(chunk) > self.bound:
            raise PushRefusedError("that is enough")
        blob.write(chunk)

    def take_blob(self, digest: str, blob: Blob) -> None:
        self.blobs[digest] = blob.read()

    def take_manifest(self, data: bytes, media_type: str) -> None:
        self.manifests.append((media_type, data))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def endpoint() -> Iterator[PushEndpoint]:
    endpoint = PushEndpoint(0)
    yield endpoint
    assert endpoint.bug is None
    endpoint.close()


@pytest.fixture
def client(endpoint: PushEndpoint, shelf: Shelf) -> Iterator[Client]:
    client = Client(endpoint.open(PATH, shelf))
    yield client
    client.close()


def test_a_client_is_told_that_this_is_a_registry(client: Client, endpoint: PushEndpoint) -> None:
    assert not endpoint.was_asked
    for path in ("/v2/", "/v2"):
        status, headers, _ = client.ask("GET", path)
        assert (status, headers["Docker-Distribution-Api-Version"]) == (200, "registry/2.0")
    assert not endpoint.was_asked  # anybody can ask that
    client.ask("HEAD", client.here(f"blobs/{digest(b'x')}"))
    assert endpoint.was_asked


def test_a_blob_is_uploaded_in_chunks_and_known_afterwards(client: Client, shelf: Shelf) -> None:
    assert not client.has(digest(b"x" * 5000))
    client.push_blob(b"x" * 5000, pieces=7)
    assert shelf.blobs == {digest(b"x" * 5000): b"x" * 5000}
    status, headers, body = client.ask("HEAD", client.here(f"blobs/{digest(b'x' * 5000)}"))
    assert (status, headers["Content-Length"], body) == (200, "5000", b"")


def test_a_blob_is_uploaded_in_one_put_or_one_post(client: Client, shelf: Shelf) -> None:
    _, headers, _ = client.ask("POST", client.here("blobs/uploads/"))
    assert client.ask("PUT", f"{headers['Location']}?digest={digest(b'put')}", b"put")[0] == 201
    path = client.here(f"blobs/uploads/?digest={digest(b'post')}")
    assert client.ask("POST", path, b"post")[0] == 201
    assert set(shelf.blobs.values()) == {b"put", b"post"}


def test_parts_follow_each_other(client: Client, shelf: Shelf) -> None:
    _, headers, _ = client.ask("POST", client.here("blobs/uploads/"))
    where = headers["Location"]
    _, headers, _ = client.ask("PATCH", where, b"first ", Content_Range="0-5")
    assert headers["Range"] == "0-5"
    assert client.ask("GET", where)[:2][0] == 204
    assert client.ask("PATCH", where, b"gap", Content_Range="9-11")[0] == 416
    _, headers, _ = client.ask("PATCH", where, b"second", Content_Range="6-11")
    assert client.ask("PUT", f"{where}?digest={digest(b'first second')}")[0] == 201
    assert list(shelf.blobs.values()) == [b"first second"]


def test_a_mount_is_answered_with_an_upload(client: Client, shelf: Shelf) -> None:
    shelf.blobs[digest(b"a")] = b"a"
    path = client.here(f"blobs/uploads/?mount={digest(b'a')}&from=other/repository")
    status, headers, _ = client.ask("POST", path)
    assert status == 202
    assert client.ask("DELETE", headers["Location"])[0] == 204
    assert client.ask("PATCH", headers["Location"], b"a")[0] == 404


def test_bytes_that_are_not_what_the_digest_says_are_refused(client: Client, shelf: Shelf) -> None:
    _, headers, _ = client.ask("POST", client.here("blobs/uploads/"))
    status, _, body = client.ask("PUT", f"{headers['Location']}?digest={digest(b'other')}", b"this")
    assert status == 400
    assert b"DIGEST_INVALID" in body
    assert client.ask("PUT", client.here(f"manifests/{digest(b'other')}"), b"{}")[0] == 400
    assert client.ask("PUT", client.here("manifests/load"), b"no json")[0] == 400
    assert client.ask("PUT", client.here("manifests/load"), b"[" * 100_000)[0] == 400
    assert not shelf.blobs
    assert not shelf.manifests


def test_manifests_are_taken_and_never_known_before(client: Client, shelf: Shelf) -> None:
    assert client.ask("HEAD", client.here("manifests/load"))[0] == 404
    assert client.push_manifest(b'{"a": 1}', media_type="application/vnd.oci.image.index.v1+json") == 201
    assert shelf.manifests == [("application/vnd.oci.image.index.v1+json", b'{"a": 1}')]
    assert client.ask("PUT", client.here("manifests/load"), b" " * (5 << 20))[0] == 413


def test_nothing_answers_outside_the_secret_path(client: Client, endpoint: PushEndpoint) -> None:
    for path in ("/", "/v2/_catalog", f"/v2/other/blobs/{digest(b'')}", f"/v2/secret/1/blobs/{digest(b'')}"):
        assert client.ask("GET", path)[0] == 404
    for method in ("POST", "PUT"):
        assert client.ask(method, "/v2/guessed/blobs/uploads/")[0] == 404
    assert client.ask("GET", client.here("manifests/load"))[0] == 405
    endpoint.shut(PATH)
    assert client.ask("POST", client.here("blobs/uploads/"))[0] == 404


def test_who_has_had_enough_is_heard(client: Client, shelf: Shelf) -> None:
    shelf.bound = 1000
    _, headers, _ = client.ask("POST", client.here("blobs/uploads/"))
    status, _, body = client.ask("PATCH", headers["Location"], b"x" * 2000)
    assert status == 403
    assert b"that is enough" in body


def test_what_is_no_http_does_no_harm(client: Client, endpoint: PushEndpoint) -> None:
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=5) as connection:
        connection.sendall(bytes.fromhex("16030100eb010000e70303") + bytes(200) + b"\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=5) as connection:
        connection.sendall(f"POST {client.here('blobs/uploads/')} HTTP/1.1\r\nContent-Length: 99\r\n\r\n".encode())
    assert client.ask("GET", "/v2/")[0] == 200
    assert not endpoint.bug


@pytest.mark.parametrize(
    ("sent", "answer"),
    [(b"", b" 500 "), (b"8\r\nhal", b" 500 "), (b"no number\r\n", b" 400 "), (b"4\r\nhalf\r\n", b" 500 ")],
)
def test_a_body_that_breaks_off_is_no_blob(
    client: Client, endpoint: PushEndpoint, shelf: Shelf, sent: bytes, answer: bytes
) -> None:
    _, headers, _ = client.ask("POST", client.here("blobs/uploads/"))
    request = f"PATCH {headers['Location']} HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=5) as connection:
        connection.sendall(request.encode() + sent)
        connection.shutdown(socket.SHUT_WR)
        assert answer in connection.recv(100)
    assert shelf.blobs == {}
    client.push_blob(b"another")


def test_a_port_that_is_taken_is_told(endpoint: PushEndpoint) -> None:
    with pytest.raises(OSError, match="in use"):
        PushEndpoint(endpoint.port)


@pytest.mark.parametrize(
    "request_text",
    [
        "GET //[ HTTP/1.1\r\n\r\n",
        "GET\r\n\r\n",
        "\x16\x03\x01\x02\r\n\r\n",
        "PUT /v2/{here}/manifests/load HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        "PUT /v2/{here}/manifests/load HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "PUT /v2/{here}/manifests/load HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n",
        "PUT /v2/{here}/manifests/load HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + "5" * 5000,
        "PUT /v2/{here}/manifests/load HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + "a: b\r\n" * 200,
        "PUT /v2/%zz/manifests/load HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_and_no_bug(endpoint: PushEndpoint, shelf: Shelf, request_text: str) -> None:
    endpoint.open(PATH, shelf)
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=5) as connection:
        connection.sendall(request_text.replace("{here}", PATH).encode("latin-1"))
        assert connection.recv(1 << 16).startswith(b"HTTP/1.") or request_text == "GET\r\n\r\n"
    assert not shelf.manifests


def test_connections_that_say_nothing_do_not_add_up(client: Client, endpoint: PushEndpoint) -> None:
    client.ask("HEAD", client.here(f"blobs/{digest(b'x')}"))
    before = threading.active_count()
    idle = [socket.create_connection(("127.0.0.1", endpoint.port), timeout=5) for _ in range(80)]
    try:
        assert idle[0].recv(1) == b""  # the oldest gave way
        await_true(lambda: threading.active_count() - before <= 40)
        client.push_blob(b"the engine's connection goes on")
    finally:
        for connection in idle:
            connection.close()


def drip(connection: socket.socket, over: threading.Event) -> None:
    """Say a little again and again, as a program may that means something else."""
    with contextlib.suppress(OSError):
        connection.sendall(b"GET /v2/ HTTP/1.1\r\nX-Long: ")
        while not over.wait(0.05):
            connection.sendall(b"x")


def test_strangers_that_drip_neither_stay_nor_keep_the_engine_out(shelf: Shelf) -> None:
    endpoint = PushEndpoint(0, unidentified_seconds=1.0)
    over = threading.Event()
    strangers = [socket.create_connection(("127.0.0.1", endpoint.port), timeout=20) for _ in range(32)]
    dripping = [threading.Thread(target=drip, args=(connection, over)) for connection in strangers]
    for thread in dripping:
        thread.start()
    try:
        client = Client(endpoint.open(PATH, shelf))
        client.push_blob(b"served beside them")
        for connection in strangers:
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
        client.push_blob(b"the engine stays")
        client.close()
    finally:
        over.set()
        for connection, thread in zip(strangers, dripping, strict=True):
            thread.join()
            connection.close()
        endpoint.close()
    assert endpoint.bug is None
    assert len(shelf.blobs) == 2
