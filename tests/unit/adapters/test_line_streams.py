"""Answers that go on, line by line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from support.http_server import Server
from support.plain_cluster import cluster_at

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.errors import ApiRefusedError, ApiUnreachableError

PATH = (
    "/api/v1/namespaces/shop/pods/api/log?container=main&follow=true&timestamps=true&sinceTime=2026-11-29T10%3A00%3A00Z"
)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def cluster(server: Server, tmp_path: Path) -> Iterator[Cluster]:
    with cluster_at(int(server.url.rpartition(":")[2]), tmp_path) as cluster:
        yield cluster


def lines(cluster: Cluster) -> Iterator[str]:
    return iter(cluster.follow_log("shop", "api", "main", "2026-11-29T10:00:00Z"))


def test_only_a_line_feed_ends_a_line_and_the_last_one_needs_none(server: Server, cluster: Cluster) -> None:
    server.serve(PATH, "one\u2028still\x85one\rone\n\ntwo".encode())
    assert list(lines(cluster)) == ["one\u2028still\x85one\rone", "", "two"]


def test_a_line_comes_as_soon_as_it_is_whole(server: Server, cluster: Cluster) -> None:
    seen = threading.Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for part in (b"fir", b"st\nsec"):
            request.wfile.write(part)
            request.wfile.flush()
        assert seen.wait(10)
        request.wfile.write(b"ond\n")

    server.answers[PATH] = answer
    coming = lines(cluster)
    assert next(coming) == "first"
    seen.set()
    assert list(coming) == ["second"]


def test_an_answer_that_breaks_off_is_told_and_one_that_is_refused_too(server: Server, cluster: Cluster) -> None:
    server.serve(PATH, b"one\n", length=100)
    coming = lines(cluster)
    assert next(coming) == "one"
    with pytest.raises(ApiUnreachableError):
        next(coming)
    del server.answers[PATH]
    with pytest.raises(ApiRefusedError):
        lines(cluster)


def test_another_thread_ends_it(server: Server, cluster: Cluster) -> None:
    over = threading.Event()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(b"one\n")
        request.wfile.flush()
        over.wait(10)

    server.answers[PATH] = answer
    stream = cluster.follow_log("shop", "api", "main", "2026-11-29T10:00:00Z")
    coming = iter(stream)
    assert next(coming) == "one"
    threading.Timer(0.05, stream.end).start()
    assert list(coming) == []
    over.set()
