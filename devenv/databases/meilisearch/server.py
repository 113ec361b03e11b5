"""The server behind its HTTP API: indexes, documents, tasks.

Responsible for single operations on indexes. Writes are tasks that the server works off one after the other; every
method here returns when its tasks have succeeded.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import httpx2

from devenv.databases.address import Address
from devenv.errors import DatabaseError

Json = dict[str, Any]

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 60.0
_TASK_SECONDS = 600.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.25
_PAGE = 1000
_LOGIN_ERRORS = {"invalid_api_key", "missing_authorization_header"}
INDEX_NOT_FOUND = "index_not_found"
DOCUMENT_NOT_FOUND = "document_not_found"


class RefusedError(DatabaseError):
    """The server refused a request or failed at a task; `kind` is its own code."""

    def __init__(self, message: str, kind: str, *, context: Mapping[str, str], hint: str) -> None:
        super().__init__(message, context=context, hint=hint)
        self.kind = kind


class Server:
    """A client of one server."""

    def __init__(self, address: Address) -> None:
        self.address = address
        if not address.password.isascii():
            raise DatabaseError(
                "Meilisearch's key holds a letter beyond ASCII, which no HTTP header can carry",
                hint="give the secret another password, then: devenv up",
            )
        self._client = httpx2.Client(
            base_url=f"http://{address.host}:{address.port}",
            headers={"Authorization": f"Bearer {address.password}"},
            timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def indexes(self, prefix: str = "") -> dict[str, str | None]:
        """The indexes whose names begin so, each with its primary key."""
        found = {item["uid"]: item["primaryKey"] for item in self._pages("/indexes")}
        return {uid: key for uid, key in found.items() if uid.startswith(prefix)}

    def sizes(self) -> dict[str, int]:
        """Bytes of documents in each index."""
        return {uid: int(stats["rawDocumentDbSize"]) for uid, stats in self._send("GET", "/stats")["indexes"].items()}

    def settings(self, uid: str) -> Json:
        """An index's settings, all of them."""
        return self._send("GET", f"/indexes/{uid}/settings")

    def documents(self, uid: str, *, with_vectors: bool) -> Iterator[Json]:
        """An index's documents."""
        return self._pages(f"/indexes/{uid}/documents", retrieveVectors=str(with_vectors).lower())

    def document(self, uid: str, key: str) -> Json | None:
        """One document; None when it or the index is absent."""
        try:
            return self._send("GET", f"/indexes/{uid}/documents/{key}")
        except RefusedError as error:
            if error.kind in (INDEX_NOT_FOUND, DOCUMENT_NOT_FOUND):
                return None
            raise

    def put_documents(self, uid: str, documents: Sequence[Json], primary_key: str | None) -> None:
        """Add documents or replace those of the same key; makes the index when it is absent."""
        query = f"?primaryKey={primary_key}" if primary_key else ""
        path = f"/indexes/{uid}/documents{query}"
        parts = (documents[start : start + _PAGE] for start in range(0, len(documents), _PAGE))
        self._await(self._send("POST", path, list(part)) for part in parts)

    def remove_document(self, uid: str, key: str) -> None:
        """Remove one document; one that is absent is fine."""
        self._await([self._send("DELETE", f"/indexes/{uid}/documents/{key}")])

    def create(self, uid: str, primary_key: str | None, settings: Json) -> None:
        """Make an index with settings."""
        made = self._send("POST", "/indexes", {"uid": uid, "primaryKey": primary_key})
        self._await([made, self._send("PATCH", f"/indexes/{uid}/settings", settings)])

    def drop(self, uids: Iterable[str]) -> None:
        """Remove indexes."""
        self._await(self._send("DELETE", f"/indexes/{uid}") for uid in uids)

    def swap(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Give each index of a pair the other's documents and settings: all pairs or none, in one moment."""
        if pairs:
            self._await([self._send("POST", "/swap-indexes", [{"indexes": list(pair)} for pair in pairs])])

    def _pages(self, path: str, **parameters: str) -> Iterator[Json]:
        offset = 0
        while True:
            page = self._send("GET", path, limit=str(_PAGE), offset=str(offset), **parameters)
            yield from page["results"]
            offset += _PAGE
            if offset >= page["total"]:
                return

    def _await(self, enqueued: Iterable[Json]) -> None:
        for uid in [str(task["taskUid"]) for task in enqueued]:
            task = self._ended(uid)
            if task["status"] != "succeeded":
                error = task.get("error") or {}
                raise RefusedError(
                    f"Meilisearch's task {task['type']} {task['status']}",
                    error.get("code", ""),
                    context={"cause": error.get("message", ""), "index": str(task.get("indexUid") or "")},
                    hint="devenv status",
                )

    def _ended(self, uid: str) -> Json:
        """A task that is done. The API has no call that waits for one: it has to be asked again."""
        deadline = time.monotonic() + _TASK_SECONDS
        pause = _FIRST_PAUSE
        while True:
            task = self._send("GET", f"/tasks/{uid}")
            if task["status"] in ("succeeded", "failed", "canceled"):
                return task
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"Meilisearch did not end task {uid} within {_TASK_SECONDS:g} s", hint="devenv status"
                )
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _send(self, method: str, path: str, body: object = None, **parameters: str) -> Json:
        try:
            answer = self._client.request(method, path, params=parameters or None, json=body)
        except httpx2.TransportError as error:
            raise DatabaseError(
                "Meilisearch does not answer",
                context={"address": f"{self.address.host}:{self.address.port}", "cause": str(error)},
                hint="devenv status",
            ) from error
        if answer.is_error:
            raise self._refused(answer, f"{method} {path}")
        found: Json = answer.json()
        return found

    def _refused(self, answer: httpx2.Response, request: str) -> RefusedError:
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        body: Json = answer.json() if is_json else {"message": answer.text}
        kind = str(body.get("code", ""))
        login = kind in _LOGIN_ERRORS
        return RefusedError(
            "Meilisearch refused the login" if login else "Meilisearch refused a request",
            kind,
            context={"cause": str(body.get("message", "")), "request": request},
            hint="devenv status --credentials" if login else "devenv status",
        )
