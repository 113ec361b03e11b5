"""An API server of lists and watches over HTTP, whose objects a test changes. It knows nothing of what they mean."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from devenv.adapters.kubernetes.watch import PATHS

Json = dict[str, Any]


class SmallApi:
    """Serves objects by kind; each change goes to those who watch."""

    def __init__(self, objects: Mapping[str, tuple[Json, ...]]) -> None:
        self._objects = {PATHS[kind]: {i["metadata"]["uid"]: i for i in items} for kind, items in objects.items()}
        self._lock = threading.Lock()
        self._version = 1
        self.logs: dict[str, str] = {}
        """By the path of the pod's log."""
        self.applied: dict[str, Json] = {}
        """What was sent to be applied, by path."""
        self._told: list[tuple[int, str, Json]] = []
        """Version, path and event of each change: who watches is told those since the list that they have."""
        self._watchers: list[tuple[str, queue.SimpleQueue[Json | None]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                path, query = parts.path.strip("/"), parse_qs(parts.query)
                if "watch" in query:
                    self._stream(path, int(query["resourceVersion"][0]))
                else:
                    self._send(*outer._answer(path))

            def do_PATCH(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.applied[urlsplit(self.path).path.strip("/")] = body
                self._send(200, json.dumps(body).encode())

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _stream(self, path: str, since: int) -> None:
                changes = outer._changes(path, since)
                self.send_response(200)
                self.end_headers()
                while (event := changes.get()) is not None:
                    self.wfile.write(json.dumps(event).encode() + b"\n")

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._thread.start()

    def kubeconfig(self, folder: Path) -> Path:
        """Write the way to it."""
        server = f"http://127.0.0.1:{self._http.server_port}"
        document = {
            "clusters": [{"name": "small", "cluster": {"server": server}}],
            "contexts": [{"name": "small", "context": {"cluster": "small", "user": "small"}}],
            "users": [{"name": "small", "user": {}}],
            "current-context": "small",
        }
        file = folder / "kubeconfig"
        file.write_text(yaml.safe_dump(document))
        return file

    def put(self, kind: str, item: Json) -> None:
        """Create or change an object."""
        with self._lock:
            self._version += 1
            path, uid = PATHS[kind], item["metadata"]["uid"]
            change = "MODIFIED" if uid in self._objects[path] else "ADDED"
            told = {**item, "metadata": {**item["metadata"], "resourceVersion": str(self._version)}}
            self._objects[path][uid] = told
            event: Json = {"type": change, "object": told}
            self._told.append((self._version, path, event))
            for watched, changes in self._watchers:
                if watched == path:
                    changes.put(event)

    def close(self) -> None:
        """End all watches and the server."""
        with self._lock:
            for _, changes in self._watchers:
                changes.put(None)
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _changes(self, path: str, since: int) -> queue.SimpleQueue[Json | None]:
        """Those of a path after a version, and then those that come; None at the end."""
        changes: queue.SimpleQueue[Json | None] = queue.SimpleQueue()
        with self._lock:
            for version, changed, missed in self._told:
                if changed == path and version > since:
                    changes.put(missed)
            self._watchers.append((path, changes))
        return changes

    def _answer(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        if path in self.logs:
            return 200, self.logs[path].encode()
        if path in self._objects:
            return 200, json.dumps(self._list(path)).encode()
        return 404, json.dumps({"kind": "Status", "message": f"nothing at {path}"}).encode()

    def _list(self, path: str) -> Json:
        with self._lock:
            items = list(self._objects[path].values())
            return {"metadata": {"resourceVersion": str(self._version)}, "items": items}


@contextmanager
def small_api(objects: Mapping[str, tuple[Json, ...]]) -> Iterator[SmallApi]:
    """One that goes with the test."""
    api = SmallApi(objects)
    try:
        yield api
    finally:
        api.close()
