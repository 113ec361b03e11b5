"""The profile that was brought up last is recorded in the cluster, and is read back with everything else of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from support.plain_cluster import cluster_at

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.runtime.observe.cluster import ask_cluster

STATE = "/api/v1/namespaces/devenv-system/configmaps/devenv-state"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster whose API server keeps the record, and has nothing else."""
    record: dict[str, Any] = {"metadata": {"name": "devenv-state"}, "data": {}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(record if self.path == STATE else {"items": []})

        def do_PATCH(self) -> None:
            change = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            record["metadata"].setdefault("annotations", {}).update(change["metadata"]["annotations"])
            self._answer(record)

        def _answer(self, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    with cluster_at(server.server_port, tmp_path) as cluster:
        yield cluster
    server.shutdown()
    server.server_close()


def test_the_profile_that_is_up_is_known_to_the_next_command(cluster: Cluster) -> None:
    assert ask_cluster(cluster, ()).profile == ""
    cluster.note_profile("staging")
    assert ask_cluster(cluster, ()).profile == "staging"
