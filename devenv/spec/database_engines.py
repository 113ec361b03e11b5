"""How each database engine is reached: what every address of it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from devenv.spec.stack import DatabaseEngine


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """What the addresses of an engine have in common."""

    port: int
    """Where its clients look first."""
    scheme: str
    """Of its URLs."""
    jdbc: str = ""
    """What begins its URLs in Java; empty where none is usual."""
    names_database: bool = True
    """Whether its URLs end with the database's name."""

    def url(self, login: str, host: str, port: int, name: str) -> str:
        """As the engine's clients take it: `postgresql://alt:…@127.0.0.1:5432/alt`.

        Args:
            login: user and password, quoted, with a colon between them.
            host: where it answers.
            port: there.
            name: of the database.
        """
        return f"{self.scheme}://{login}@{host}:{port}" + (f"/{quote(name, safe='')}" if self.names_database else "")


ADDRESSES: Mapping[DatabaseEngine, EngineAddress] = {
    "postgres": EngineAddress(5432, "postgresql", "jdbc:postgresql"),
    "mysql": EngineAddress(3306, "mysql", "jdbc:mysql"),
    "clickhouse": EngineAddress(8123, "http", "jdbc:clickhouse"),
    "meilisearch": EngineAddress(7700, "http"),
    "redis": EngineAddress(6379, "redis"),
    "nats": EngineAddress(4222, "nats", names_database=False),
}
