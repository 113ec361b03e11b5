"""Clones of the pristine database: made in few round trips, since tests wait for them."""

from __future__ import annotations

from devenv.databases.postgres.server import Server

_NAMES = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY datname"
_LEASE = "SELECT pg_advisory_lock(hashtextextended('devenv/clones/' || %s, 0))"
_IS_LEASED = """
SELECT EXISTS (
  SELECT FROM pg_locks
  WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32 | objid::bigint) = hashtextextended('devenv/clones/' || %s, 0)
)
"""
"""Not by trying to take it: whoever holds it could."""


class PostgresCloning:
    """See `devenv.databases.database.Cloning`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.address.name
        self._size_bytes = 0
        """Of the first clone: looking at each takes as long as a tenth of making it."""

    def clone(self, name: str, *, empty: bool) -> int:
        if empty:
            self._server.make_empty(name, like=self._name)
        else:
            self._server.clone(f"{self._name}_pristine", name, like=self._name)
        self._size_bytes = self._size_bytes or self._server.size(name)
        return self._size_bytes

    def drop(self, name: str) -> None:
        self._server.drop(name)

    def clones(self, prefix: str) -> list[str]:
        return [name for (name,) in self._server.connection.execute(_NAMES, (prefix,))]

    def keep(self, name: str, kept: str) -> None:
        self._server.rename(name, kept)

    def lease(self, key: str) -> None:
        self._server.connection.execute(_LEASE, (key,))

    def is_leased(self, key: str) -> bool:
        return self._server.connection.execute(_IS_LEASED, (key,)).fetchone() == (True,)
