"""The WSGI application: paths, headers, errors."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from clickhouse_http.accounts import Account
from clickhouse_http.answers import Answer, answer
from clickhouse_http.engine import Engine
from clickhouse_http.failures import RefusedError, from_engine
from clickhouse_http.metrics import MetricsEndpoint, metrics
from clickhouse_http.query import CONTENT_TYPES
from clickhouse_http.request import read_request

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_OK = b"Ok.\n"


class Application:
    """Answers `/` with queries, and `/ping` and `/replicas_status` to all who ask; at the port for metrics, these."""

    def __init__(
        self, engine: Engine, accounts: Sequence[Account], host_name: str, told: MetricsEndpoint | None = None
    ) -> None:
        self._engine = engine
        self._accounts = accounts
        self._host_name = host_name
        self._told = told
        self._timezone = engine.ask("SELECT timezone()")

    def __call__(self, environ: Mapping[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ.get("PATH_INFO", "/")
        if self._told and environ["SERVER_PORT"] == str(self._told.port):
            return self._metrics(start) if path == self._told.path else self._unknown(start, path)
        if path in ("/ping", "/replicas_status"):
            return self._text(start, "200 OK", _OK)
        if path != "/":
            return self._unknown(start, path)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD", "POST"):
            return self._text(start, "501 Not Implemented", b"GET, HEAD and POST only\n")
        if environ["REQUEST_METHOD"] != "POST" and "query=" not in environ.get("QUERY_STRING", ""):
            return self._text(start, "200 OK", _OK)
        return self._query(environ, start)

    def _unknown(self, start: StartResponse, path: str) -> Iterable[bytes]:
        return self._text(start, "404 Not Found", f"There is no handle {path}\n".encode())

    def _metrics(self, start: StartResponse) -> Iterable[bytes]:
        body = metrics(self._engine)
        start(
            "200 OK", [("Content-Type", "text/plain; version=0.0.4; charset=UTF-8"), ("Content-Length", str(len(body)))]
        )
        return iter([body])

    def _query(self, environ: Mapping[str, Any], start: StartResponse) -> Iterable[bytes]:
        lent = ExitStack()
        try:
            try:
                request = read_request(environ, self._accounts)
                found = answer(lent.enter_context(self._engine.connection(request)), request)
            except RuntimeError as error:
                raise from_engine(error) from error
        except RefusedError as error:
            lent.close()
            return self._text(
                start, error.status, error.text.encode(), ("X-ClickHouse-Exception-Code", str(error.code))
            )
        except BaseException:
            lent.close()
            raise
        headers = self._headers(environ, CONTENT_TYPES.get(found.format, "text/plain; charset=UTF-8"))
        headers += [("X-ClickHouse-Format", found.format), ("X-ClickHouse-Timezone", self._timezone)]
        if found.length is not None:
            headers += [("Content-Length", str(found.length)), ("X-ClickHouse-Summary", found.summary)]
        start("200 OK", headers)
        return _Sent(found, lent)

    def _headers(self, environ: Mapping[str, Any], content_type: str) -> list[tuple[str, str]]:
        asked = [part.partition("=")[2] for part in environ.get("QUERY_STRING", "").split("&")
                 if part.startswith("query_id=")]  # fmt: skip
        return [
            ("Content-Type", content_type),
            ("X-ClickHouse-Server-Display-Name", self._host_name),
            ("X-ClickHouse-Query-Id", asked[0] if asked else str(uuid.uuid4())),
        ]

    def _text(self, start: StartResponse, status: str, body: bytes, *headers: tuple[str, str]) -> Iterable[bytes]:
        start(
            status,
            [
                ("Content-Type", "text/plain; charset=UTF-8"),
                ("X-ClickHouse-Server-Display-Name", self._host_name),
                ("Content-Length", str(len(body))),
                *headers,
            ],
        )
        return iter([body])


class _Sent:
    """The pieces of an answer; the connection goes back when they are sent or the client is gone."""

    def __init__(self, found: Answer, lent: ExitStack) -> None:
        self._pieces = found.pieces
        self._lent = lent

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """Called by the WSGI server, whatever happened."""
        with self._lent:
            if isinstance(self._pieces, Generator):
                self._pieces.close()
