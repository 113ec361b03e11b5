"""A ClickHouse server behind its HTTP interface, as the client and the migrations see it."""

from __future__ import annotations

import base64
import http.client
import os
from dataclasses import dataclass
from urllib.parse import urlencode

_SECONDS = 600


class QueryError(Exception):
    """The server refused a query, or did not answer; the text is its own."""


@dataclass(frozen=True)
class Remote:
    """Where a server answers, and as whom."""

    host: str
    port: int
    user: str
    password: str
    database: str = ""

    @classmethod
    def from_environment(cls, database: str = "") -> Remote:
        """CLICKHOUSE_HOST, CLICKHOUSE_HTTP_PORT, CLICKHOUSE_USER, CLICKHOUSE_PASSWORD."""
        return cls(
            os.environ.get("CLICKHOUSE_HOST", "127.0.0.1"),
            int(os.environ.get("CLICKHOUSE_HTTP_PORT", "8123")),
            os.environ.get("CLICKHOUSE_USER") or "default",
            os.environ.get("CLICKHOUSE_PASSWORD", ""),
            database,
        )

    def query(self, sql: str, **parameters: str) -> bytes:
        """The answer to one statement; raises QueryError."""
        if self.database:
            parameters["database"] = self.database
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            connection.request("POST", "/?" + urlencode(parameters), body=sql.encode(), headers=headers)
            response = connection.getresponse()
            body = response.read()
        except OSError as error:
            raise QueryError(f"{self.host}:{self.port} does not answer: {error}") from error
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise QueryError(body.decode(errors="replace").strip())
        return body
