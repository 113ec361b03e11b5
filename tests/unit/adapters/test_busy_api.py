"""An API server that is busy is asked again when it says so, and no longer than the question may take."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from support.http_server import Server
from support.plain_cluster import cluster_at

from devenv.errors import ApiRefusedError

PATH = "/api/v1/query"


def refusing(status: int, times: int, after: str = "0") -> Server:
    """Refuses so many times with a status and Retry-After, then answers."""
    server = Server()
    left = [times]

    def answer(request: BaseHTTPRequestHandler) -> None:
        left[0] -= 1
        body = b'{"message": "storage is (re)initializing"}' if left[0] >= 0 else b'{"kind": "Here"}'
        request.send_response(status if left[0] >= 0 else 200)
        if after:
            request.send_header("Retry-After", after)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    server.answers[PATH] = answer
    return server


def port(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_it_is_asked_again_until_it_answers(status: int, tmp_path: Path) -> None:
    with refusing(status, 3) as server, cluster_at(port(server), tmp_path) as cluster:
        assert cluster.ask(PATH[1:], timeout=5) == {"kind": "Here"}
    assert server.asked == [PATH] * 4


def test_one_that_does_not_say_when_is_not_asked_again(tmp_path: Path) -> None:
    refused = pytest.raises(ApiRefusedError, match=r"storage is \(re\)initializing")
    with refusing(503, 1, after="") as server, cluster_at(port(server), tmp_path) as cluster, refused:
        cluster.ask(PATH[1:], timeout=5)
    assert server.asked == [PATH]


def test_what_is_refused_for_good_is_not_asked_again(tmp_path: Path) -> None:
    with refusing(403, 1) as server, cluster_at(port(server), tmp_path) as cluster, pytest.raises(ApiRefusedError):
        cluster.ask(PATH[1:], timeout=5)
    assert server.asked == [PATH]


def test_nobody_waits_longer_than_the_question_may_take(tmp_path: Path) -> None:
    with refusing(429, 99, after="1") as server, cluster_at(port(server), tmp_path) as cluster:
        began = time.monotonic()
        with pytest.raises(ApiRefusedError):
            cluster.ask(PATH[1:], timeout=0.5)
        assert time.monotonic() - began < 1
    assert server.asked == [PATH]
