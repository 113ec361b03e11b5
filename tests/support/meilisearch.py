"""A small HTTP server that answers as Meilisearch's API is documented to.

It stands for a foreign server that cannot be had from package registries: what it does was read in Meilisearch's
reference of version 1.41, not seen. Tasks are worked off one after the other by a thread, some time after they were
enqueued; errors have Meilisearch's codes.
"""

from __future__ import annotations

import json
import queue
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
_DEFAULT_SETTINGS: Json = {"searchableAttributes": ["*"], "filterableAttributes": [], "embedders": {}}
_UID = re.compile(r"[A-Za-z0-9_-]{1,400}")


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def index_not_found(uid: str) -> ApiError:
    return ApiError(404, "index_not_found", f"Index `{uid}` not found.")


class Index:
    """An index's content, which swaps exchange."""

    def __init__(self, primary_key: str | None) -> None:
        self.primary_key = primary_key
        self.settings: Json = dict(_DEFAULT_SETTINGS)
        self.documents: dict[str, Json] = {}


class MeilisearchDouble:
    """Serves on loopback while the block runs."""

    def __init__(self, master_key: str) -> None:
        self.key = master_key
        self.indexes: dict[str, Index] = {}
        self.tasks: list[Json] = []
        self.swaps = 0
        self.lock = threading.RLock()
        self._waiting: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._worker = threading.Thread(target=self._work)
        outer = self

        class Handler(_Handler):
            server_of = outer

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._http.server_port
        self._listener = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._worker.start()
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._listener.join()
        self._waiting.put(None)
        self._worker.join()

    def enqueue(self, kind: str, uid: str | None, action: Callable[[], None]) -> Json:
        with self.lock:
            task: Json = {"uid": len(self.tasks), "indexUid": uid, "status": "enqueued", "type": kind, "error": None}
            self.tasks.append(task)

        def run() -> None:
            with self.lock:
                try:
                    action()
                    task["status"] = "succeeded"
                except ApiError as error:
                    task["status"] = "failed"
                    task["error"] = {"message": str(error), "code": error.code}

        self._waiting.put(run)
        return {"taskUid": task["uid"], "indexUid": uid, "status": "enqueued", "type": kind}

    def _work(self) -> None:
        while (action := self._waiting.get()) is not None:
            action()

    def index(self, uid: str) -> Index:
        if uid not in self.indexes:
            raise index_not_found(uid)
        return self.indexes[uid]

    def create(self, uid: str, primary_key: str | None) -> None:
        if not _UID.fullmatch(uid):
            raise ApiError(400, "invalid_index_uid", f"`{uid}` is not a valid index uid.")
        if uid in self.indexes:
            raise ApiError(409, "index_already_exists", f"Index `{uid}` already exists.")
        self.indexes[uid] = Index(primary_key)

    def drop(self, uid: str) -> None:
        self.index(uid)
        del self.indexes[uid]

    def document(self, uid: str, key: str) -> Json:
        if key not in self.index(uid).documents:
            raise ApiError(404, "document_not_found", f"Document `{key}` not found.")
        return self.index(uid).documents[key]

    def remove(self, uid: str, key: str) -> None:
        self.index(uid).documents.pop(key, None)

    def put(self, uid: str, documents: list[Json], primary_key: str | None) -> None:
        index = self.indexes.setdefault(uid, Index(primary_key))
        key = index.primary_key = index.primary_key or primary_key or "id"
        for document in documents:
            if key not in document:
                raise ApiError(400, "missing_document_id", f"Document doesn't have a `{key}` attribute.")
            index.documents[str(document[key])] = document

    def swap(self, pairs: list[list[str]]) -> None:
        for uid in (uid for pair in pairs for uid in pair):
            self.index(uid)
        for one, other in pairs:
            self.indexes[one], self.indexes[other] = self.indexes[other], self.indexes[one]
        self.swaps += 1


class _Handler(BaseHTTPRequestHandler):
    server_of: MeilisearchDouble
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Head and body in one packet: two wait for each other's acknowledgement."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = 202
        try:
            self._authorize()
            with self.server_of.lock:
                found = self._route(json.loads(body) if body else None)
            status = 200 if "taskUid" not in found else 202
        except ApiError as error:
            status, found = error.status, {"message": str(error), "code": error.code, "type": "invalid_request"}
        content = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _authorize(self) -> None:
        given = self.headers.get("Authorization")
        if given is None:
            raise ApiError(401, "missing_authorization_header", "The Authorization header is missing.")
        if given != f"Bearer {self.server_of.key}":
            raise ApiError(403, "invalid_api_key", "The provided API key is invalid.")

    def _route(self, body: Any) -> Json:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query))
        parts = url.path.strip("/").split("/")
        found = self._read(parts, query) if self.command == "GET" else self._enqueue(parts, query, body)
        if found is None:
            raise ApiError(404, "not_found", self.path)
        return found

    def _read(self, parts: list[str], query: dict[str, str]) -> Json | None:
        server = self.server_of
        found: Json | None = None
        match parts:
            case ["indexes"]:
                rows = [{"uid": uid, "primaryKey": index.primary_key} for uid, index in sorted(server.indexes.items())]
                found = page(rows, query)
            case "indexes", uid, "settings":
                found = server.index(uid).settings
            case "indexes", uid, "documents":
                found = page(list(server.index(uid).documents.values()), query)
            case "indexes", uid, "documents", key:
                found = server.document(uid, key)
            case "tasks", number:
                found = dict(server.tasks[int(number)])
            case ["stats"]:
                sizes = {uid: len(json.dumps(index.documents)) for uid, index in server.indexes.items()}
                found = {"indexes": {uid: {"rawDocumentDbSize": size} for uid, size in sizes.items()}}
        return found

    def _enqueue(self, parts: list[str], query: dict[str, str], body: Any) -> Json | None:
        server = self.server_of
        found: Json | None = None
        match self.command, *parts:
            case "POST", "indexes":
                key = body["primaryKey"]
                found = server.enqueue("indexCreation", body["uid"], lambda: server.create(body["uid"], key))
            case "DELETE", "indexes", uid:
                found = server.enqueue("indexDeletion", uid, lambda: server.drop(uid))
            case "PATCH", "indexes", uid, "settings":
                found = server.enqueue("settingsUpdate", uid, lambda: server.index(uid).settings.update(body))
            case "POST", "indexes", uid, "documents":
                key = query.get("primaryKey")
                found = server.enqueue("documentAdditionOrUpdate", uid, lambda: server.put(uid, body, key))
            case "DELETE", "indexes", uid, "documents", key:
                found = server.enqueue("documentDeletion", uid, lambda: server.remove(uid, key))
            case "POST", "swap-indexes":
                found = server.enqueue("indexSwap", None, lambda: server.swap([pair["indexes"] for pair in body]))
        return found


def page(rows: list[Json], query: dict[str, str]) -> Json:
    offset, limit = int(query.get("offset", 0)), int(query.get("limit", 20))
    return {"results": rows[offset : offset + limit], "offset": offset, "limit": limit, "total": len(rows)}
