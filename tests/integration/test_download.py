"""Downloads from a real HTTP server on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from support.http_server import Server
from support.loopback import free_port

from devenv.adapters.tools.download import download, fetch_text, published_checksum
from devenv.errors import ChecksumError, DownloadError, InterruptedRunError

BODY = bytes(range(256)) * 20_000
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server() as server:
        yield server


SILENCE = b"(silence)"
"""At the end of an answer: the connection stays open."""


@pytest.fixture
def raw_answers(server: Server) -> Iterator[Callable[[bytes], str]]:
    """Gives an address whose server sends the bytes to whoever comes, whatever is asked, and hangs up."""
    del server  # for its environment without proxies
    with ExitStack() as stack:

        def serve(answer: bytes) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            threading.Thread(target=_answer_all, args=(listener, answer), daemon=True).start()
            return f"http://127.0.0.1:{listener.getsockname()[1]}/tool"

        yield serve


def _answer_all(listener: socket.socket, answer: bytes) -> None:
    silent = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # the test is over
        connection.recv(65536)
        connection.sendall(answer.removesuffix(SILENCE))
        if answer.endswith(SILENCE):
            silent.append(connection)
        else:
            connection.close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "tool"


def test_a_verified_file_arrives_with_progress(server: Server, target: Path) -> None:
    gate = threading.Event()

    def slowly(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(BODY)))
        request.end_headers()
        half = len(BODY) // 2
        request.wfile.write(BODY[:half])
        gate.wait(0.7)
        request.wfile.write(BODY[half:])

    server.answers["/tool"] = slowly
    reported: list[str] = []
    download(f"{server.url}/tool", target, sha256=SHA, on_progress=reported.append)
    assert target.read_bytes() == BODY
    assert reported
    assert reported[0].endswith("of 4.9 MiB")


def test_another_file_than_the_expected_one_is_refused_and_leaves_nothing(server: Server, target: Path) -> None:
    url = server.serve("/tool", b"something else")
    with pytest.raises(ChecksumError) as caught:
        download(url, target, sha256=SHA)
    assert caught.value.context["expected SHA-256"] == SHA
    assert list(target.parent.iterdir()) == []


def test_a_file_that_is_not_there_is_told_with_the_answer(server: Server, target: Path) -> None:
    with pytest.raises(DownloadError, match="answers 404 Not here"):
        download(f"{server.url}/tool", target, sha256=SHA)


def test_a_short_body_is_refused(server: Server, target: Path) -> None:
    url = server.serve("/tool", BODY[:1000], length=len(BODY))
    with pytest.raises(DownloadError, match=r"ended after 1000 of 5120000 bytes|broke off"):
        download(url, target, sha256=SHA)
    assert not target.exists()


@pytest.mark.parametrize(
    ("answer", "reported"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "ended after 4 of 100 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a number\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "broke off"),
        (b"HTTP/1.1 2", "cannot be reached"),
        (b"", "cannot be reached"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be reached"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n", "cannot be reached"),
        (b"HTTP/1.1 302 Found\r\nLocation: /tool\r\nContent-Length: 0\r\n\r\n", "answers 302"),
    ],
)
def test_whatever_a_server_answers_a_cut_body_is_never_taken(
    raw_answers: Callable[[bytes], str], target: Path, answer: bytes, reported: str
) -> None:
    url = raw_answers(answer)
    with pytest.raises(DownloadError, match=reported):
        download(url, target, sha256=SHA)
    assert list(target.parent.iterdir()) == []
    with pytest.raises(DownloadError, match=reported):
        fetch_text(url)


def test_a_senseless_length_is_left_aside(raw_answers: Callable[[bytes], str], target: Path) -> None:
    download(raw_answers(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + BODY), target, sha256=SHA)
    assert target.read_bytes() == BODY


def test_a_server_that_is_silent_after_its_first_bytes_is_left(
    raw_answers: Callable[[bytes], str], target: Path
) -> None:
    url = raw_answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf" + SILENCE)
    with pytest.raises(DownloadError, match="broke off") as caught:
        download(url, target, sha256=SHA, patience=0.3)
    assert caught.value.context["cause"].startswith("4 bytes in")


def test_a_server_that_brings_next_to_nothing_is_left(server: Server, target: Path) -> None:
    left = threading.Event()

    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while not left.wait(0.05):
                request.wfile.write(b"x")
        except OSError:
            pass  # the other side has gone, which is what the test is about

    server.answers["/tool"] = trickle
    with pytest.raises(DownloadError, match="broke off") as caught:
        download(f"{server.url}/tool", target, sha256=SHA, patience=0.5)
    left.set()
    assert "bytes in" in caught.value.context["cause"]


def test_a_text_without_end_is_not_read_to_it(server: Server) -> None:
    url = server.serve("/sums", b"x" * (3 << 20))
    with pytest.raises(DownloadError, match="larger than a text file"):
        fetch_text(url)


def test_an_old_file_stays_when_the_new_one_cannot_be_had(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.write_text("old")
    with pytest.raises(ChecksumError):
        download(server.serve("/tool", b"x"), target, sha256=SHA)
    assert target.read_text() == "old"


def test_leftovers_of_killed_runs_are_removed(server: Server, target: Path) -> None:
    target.parent.mkdir()
    left = target.parent / ".tool.4999999.partial"
    left.write_text("half")
    download(server.serve("/tool", BODY), target, sha256=SHA)
    assert [path.name for path in target.parent.iterdir()] == ["tool"]


def test_a_closed_port_counts_as_unreachable_at_once(target: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/tool"
    began = time.monotonic()
    with pytest.raises(DownloadError, match="cannot be reached") as caught:
        download(url, target, sha256=SHA)
    assert time.monotonic() - began < 3
    assert "refused" in caught.value.context["cause"]


def test_a_server_that_does_not_accept_counts_as_unreachable_after_two_seconds(target: Path) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for connection in waiting:
            connection.settimeout(0)
            connection.connect_ex(address)
        began = time.monotonic()
        with pytest.raises(DownloadError, match="cannot be reached"):
            download(f"http://127.0.0.1:{address[1]}/t", target, sha256=SHA)
        assert 1.5 < time.monotonic() - began < 4
        for connection in waiting:
            connection.close()


HEADERS, HANDSHAKE, BODY_AFTER_HEAD = "headers", "handshake", "body"


@pytest.fixture
def dripping(server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that says a byte each 50 ms, and never all of what it is asked for."""
    del server  # for its environment without proxies
    begin = {
        HEADERS: b"HTTP/1.1 200 OK\r\nX-Long: ",
        HANDSHAKE: bytes.fromhex("1603034000"),  # a record of 16 KiB, the longest that may be
        BODY_AFTER_HEAD: b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
    }[request.param]
    over = threading.Event()

    def drip() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(begin)
                while not over.wait(0.05):
                    connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        scheme = "https" if request.param == HANDSHAKE else "http"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/tool"
        thread.join(10)
        assert not thread.is_alive(), "the connection was not ended"
        over.set()


@pytest.mark.parametrize("dripping", [HEADERS, HANDSHAKE, BODY_AFTER_HEAD], indirect=True)
def test_an_answer_that_drips_is_left_after_the_patience(dripping: str, target: Path) -> None:
    began = time.monotonic()
    with pytest.raises(DownloadError, match=r"cannot be reached|broke off"):
        download(dripping, target, sha256=SHA, patience=0.5)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("dripping", [HEADERS, HANDSHAKE, BODY_AFTER_HEAD], indirect=True)
def test_a_stop_is_heard_whatever_is_waited_for(dripping: str, target: Path) -> None:
    cancel = threading.Event()
    timer = threading.Timer(0.5, cancel.set)
    timer.start()
    began = time.monotonic()
    with pytest.raises(InterruptedRunError):
        download(dripping, target, sha256=SHA, cancel=cancel)
    assert time.monotonic() - began < 10
    timer.join()


def test_cancel_stops_between_two_reads(server: Server, target: Path) -> None:
    cancel = threading.Event()

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(b"x" * 10_000)
                cancel.set()
        except OSError:
            pass  # the other side has gone, which is what the test is about

    server.answers["/tool"] = endless
    with pytest.raises(InterruptedRunError):
        download(f"{server.url}/tool", target, sha256=SHA, cancel=cancel)
    assert list(target.parent.iterdir()) == []


def test_redirects_are_followed(server: Server, target: Path) -> None:
    final = server.serve("/real", BODY)

    def redirect(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", final)
        request.end_headers()

    server.answers["/tool"] = redirect
    download(f"{server.url}/tool", target, sha256=SHA)
    assert target.read_bytes() == BODY


def test_a_proxy_of_the_environment_is_used(server: Server, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.serve("http://tools.invalid/tool", BODY)
    download("http://tools.invalid/tool", target, sha256=SHA)
    assert server.asked == ["http://tools.invalid/tool"]


def test_only_web_addresses_are_opened(target: Path) -> None:
    with pytest.raises(DownloadError, match="not a web address"):
        download("file:///etc/passwd", target, sha256=SHA)


@pytest.mark.parametrize(
    "text",
    [SHA, f"{SHA}\n", f"{SHA.upper()}  tool", f"{SHA} *tool\n", f"{'0' * 64}  other\n{SHA}  ./bin/tool\n"],
)
def test_checksum_files_of_all_usual_forms_are_read(text: str) -> None:
    assert published_checksum(text, "tool", origin="x") == SHA


@pytest.mark.parametrize("text", ["", "\n", "<html>sign in</html>", f"{SHA}  other", f"{SHA}\n{SHA}", "abc  tool"])
def test_what_holds_no_checksum_of_the_file_is_told(text: str) -> None:
    with pytest.raises(DownloadError, match="no checksum of tool in http://x"):
        published_checksum(text, "tool", origin="http://x")
