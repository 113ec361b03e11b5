"""The engine in this process: one connection per request, or one per session, all on the same data.

chdb runs queries of several connections at the same time; what a connection has set (`USE`, `SET`, temporary tables)
is its own. So a request without a session gets a new connection, which takes half a millisecond.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chdb import _chdb

from clickhouse_http.failures import SESSION_IS_LOCKED, SESSION_NOT_FOUND, refused
from clickhouse_http.request import Request


@dataclass
class _Session:
    connection: Any
    expires: float
    busy: threading.Lock = field(default_factory=threading.Lock)


class Engine:
    """The data in one folder. There can be one such object per folder and per process."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        # As long as this one is open, the others need not load the tables again.
        self._first = _chdb.connect(self._folder)
        self._sessions: dict[tuple[str, str], _Session] = {}
        self._sessions_lock = threading.Lock()

    def close(self) -> None:
        """Close all connections; the engine then writes what it has not yet written."""
        with self._sessions_lock:
            for session in self._sessions.values():
                session.connection.close()
            self._sessions.clear()
        self._first.close()

    def ask(self, sql: str) -> str:
        """The answer to a query of this program's own, as text."""
        with self._lent() as connection:
            return str(connection.query(sql, "TabSeparatedRaw").bytes().decode()).strip()

    @contextmanager
    def connection(self, request: Request) -> Iterator[Any]:
        """The connection for a request, with its settings and its database."""
        with self._session(request) if request.session else self._lent() as connection:
            # The engine's own defaults are those of a program for files on a desk.
            for settings in (request.account.settings, request.settings):
                for name, value in sorted(settings.items(), key=lambda item: item[0] == "readonly"):
                    connection.query(f"SET {name} = {quoted(value)}", "Null")
            if request.database:
                connection.query(f"USE {identifier(request.database)}", "Null")
            yield connection

    @contextmanager
    def _lent(self) -> Iterator[Any]:
        connection = _chdb.connect(self._folder)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _session(self, request: Request) -> Iterator[Any]:
        session = self._find(request)
        if not session.busy.acquire(blocking=False):
            raise refused(
                SESSION_IS_LOCKED, "SESSION_IS_LOCKED", f"Session {request.session} is locked by a concurrent client."
            )
        try:
            yield session.connection
        finally:
            session.expires = time.monotonic() + request.session_seconds
            session.busy.release()

    def _find(self, request: Request) -> _Session:
        key = request.account.user, request.session
        with self._sessions_lock:
            now = time.monotonic()
            for name, session in list(self._sessions.items()):
                if session.expires < now and not session.busy.locked():
                    self._sessions.pop(name).connection.close()
            found = self._sessions.get(key)
            if found is None and request.session_must_exist:
                raise refused(SESSION_NOT_FOUND, "SESSION_NOT_FOUND", f"Session {request.session} not found")
            if found is None:
                found = _Session(_chdb.connect(self._folder), now + request.session_seconds)
                self._sessions[key] = found
            return found


def quoted(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def identifier(name: str) -> str:
    """A name as it can stand in a statement whatever it holds."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
