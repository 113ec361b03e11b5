"""Downloads from a real HTTP server on loopback."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from support.http_server import Server

from devenv.adapters.download import download, published_checksum
from devenv.errors import ChecksumError, DownloadError, InterruptedRunError

BODY = bytes(range(256)) * 20_000
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server() as server:
        yield server


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
    checksum = server.serve("/tool.sha256", f"{SHA}  tool\n".encode())
    told: list[str] = []
    assert download(f"{server.url}/tool", target, checksum_url=checksum, on_progress=told.append) == SHA
    assert target.read_bytes() == BODY
    assert told
    assert told[0].endswith("of 4.9 MiB")


def test_another_file_than_the_published_one_is_refused_and_leaves_nothing(server: Server, target: Path) -> None:
    url = server.serve("/tool", b"something else")
    with pytest.raises(ChecksumError) as caught:
        download(url, target, checksum_url=server.serve("/sums", f"{SHA} *tool".encode()))
    assert caught.value.context["expected SHA-256"] == SHA
    assert list(target.parent.iterdir()) == []


def test_a_file_that_is_not_there_is_told_with_the_answer(server: Server, target: Path) -> None:
    with pytest.raises(DownloadError, match="answers 404 Not here"):
        download(f"{server.url}/tool", target, checksum_url=server.serve("/sums", SHA.encode()))


def test_a_short_body_is_refused(server: Server, target: Path) -> None:
    url = server.serve("/tool", BODY[:1000], length=len(BODY))
    with pytest.raises(DownloadError, match=r"ended after 1000 of 5120000 bytes|broke off"):
        download(url, target, checksum_url=server.serve("/sums", SHA.encode()))
    assert not target.exists()


def test_an_old_file_stays_when_the_new_one_cannot_be_had(server: Server, target: Path) -> None:
    target.parent.mkdir()
    target.write_text("old")
    with pytest.raises(ChecksumError):
        download(server.serve("/tool", b"x"), target, checksum_url=server.serve("/sums", SHA.encode()))
    assert target.read_text() == "old"


def test_leftovers_of_killed_runs_are_removed(server: Server, target: Path) -> None:
    target.parent.mkdir()
    left = target.parent / ".tool.4999999.partial"
    left.write_text("half")
    download(server.serve("/tool", BODY), target, checksum_url=server.serve("/sums", SHA.encode()))
    assert [path.name for path in target.parent.iterdir()] == ["tool"]


def test_a_closed_port_counts_as_unreachable_at_once(target: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/tool"
    began = time.monotonic()
    with pytest.raises(DownloadError, match="cannot be reached") as caught:
        download(url, target, checksum_url=url)
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
            download(f"http://127.0.0.1:{address[1]}/t", target, checksum_url=f"http://127.0.0.1:{address[1]}/s")
        assert 1.5 < time.monotonic() - began < 4
        for connection in waiting:
            connection.close()


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
        download(f"{server.url}/tool", target, checksum_url=server.serve("/sums", SHA.encode()), cancel=cancel)
    assert list(target.parent.iterdir()) == []


def test_redirects_are_followed(server: Server, target: Path) -> None:
    final = server.serve("/real", BODY)

    def redirect(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", final)
        request.end_headers()

    server.answers["/tool"] = redirect
    download(f"{server.url}/tool", target, checksum_url=server.serve("/sums", f"{SHA}  tool".encode()))
    assert target.read_bytes() == BODY


def test_a_proxy_of_the_environment_is_used(server: Server, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.serve("http://tools.invalid/tool", BODY)
    server.serve("http://tools.invalid/sums", SHA.encode())
    download("http://tools.invalid/tool", target, checksum_url="http://tools.invalid/sums")
    assert server.asked == ["http://tools.invalid/sums", "http://tools.invalid/tool"]


def test_only_web_addresses_are_opened(target: Path) -> None:
    with pytest.raises(DownloadError, match="not a web address"):
        download("file:///etc/passwd", target, checksum_url="file:///etc/hostname")


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
