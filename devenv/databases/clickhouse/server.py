"""The server behind its HTTP interface: statements, their answers and their errors.

Responsible for single statements. What they are for is decided by its callers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import httpx2

from devenv.databases.address import Address
from devenv.errors import DatabaseError

_CONNECT_SECONDS = 10.0
_STATEMENT_SECONDS = 600.0
_CODE = "X-ClickHouse-Exception-Code"
AUTHENTICATION_FAILED = 516


class StatementError(DatabaseError):
    """The server refused a statement; the code is its own."""

    def __init__(self, message: str, *, number: int, context: Mapping[str, str], hint: str) -> None:
        super().__init__(message, context=context, hint=hint)
        self.number = number
        """ClickHouse's number of the error: 60 is UNKNOWN_TABLE."""

    @property
    def cause(self) -> str:
        """What the server said."""
        return self.context["cause"]


class Server:
    """A client of one server; threads may share it."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client = httpx2.Client(
            base_url=f"http://{address.host}:{address.port}",
            # Headers of ClickHouse's own hold ASCII only.
            auth=(address.user.encode(), address.password.encode()),
            timeout=httpx2.Timeout(_STATEMENT_SECONDS, connect=_CONNECT_SECONDS),
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def execute(self, statement: str, *, database: str = "", **settings: str) -> bytes:
        """Run one statement; returns the answer's bytes.

        Raises:
            StatementError: the server refused it.
            DatabaseError: the server does not answer.
        """
        parameters = {**settings, **({"database": database} if database else {})}
        try:
            answer = self._client.post("/", params=parameters, content=statement.encode())
        except httpx2.TransportError as error:
            raise DatabaseError(
                "ClickHouse does not answer",
                context={"address": f"{self.address.host}:{self.address.port}", "cause": str(error)},
                hint="devenv status",
            ) from error
        if answer.status_code != HTTPStatus.OK:
            raise self._refused(answer, statement)
        return answer.content

    def rows(self, query: str, **values: str) -> list[dict[str, Any]]:
        """The rows of a query; `values` stand for `{name:Type}` in it."""
        text = self.execute(
            f"{query} FORMAT JSONEachRow",
            output_format_json_quote_64bit_integers="0",
            **{f"param_{name}": _escaped(value) for name, value in values.items()},
        )
        return [json.loads(line) for line in text.splitlines()]

    def databases(self, prefix: str) -> dict[str, str]:
        """The databases whose names begin so, with their comments."""
        found = self.rows(
            "SELECT name, comment FROM system.databases WHERE startsWith(name, {prefix:String}) ORDER BY name",
            prefix=prefix,
        )
        return {row["name"]: row["comment"] for row in found}

    def comment(self, database: str) -> str | None:
        """A database's comment; None when there is no such database."""
        return self.databases(database).get(database)

    def describe(self, database: str, comment: str) -> None:
        """Set a database's comment."""
        self.execute(f"ALTER DATABASE {identifier(database)} MODIFY COMMENT {literal(comment)}")

    def create(self, database: str) -> None:
        """Make an empty database."""
        self.execute(f"CREATE DATABASE {identifier(database)} ENGINE = Atomic")

    def drop(self, databases: Sequence[str]) -> None:
        """Remove databases, whatever depends on what; those that are absent are fine."""
        for database in databases:
            # Not SYNC: that waits for queries that still read the tables.
            self.execute(f"DROP DATABASE IF EXISTS {identifier(database)}", check_table_dependencies="0")

    def _refused(self, answer: httpx2.Response, statement: str) -> StatementError:
        number = int(answer.headers.get(_CODE, "0"))
        login = number == AUTHENTICATION_FAILED
        message = "ClickHouse refused the login" if login else "ClickHouse refused a statement"
        context = {"cause": answer.text.strip()}
        if login:
            context["user"] = self.address.user
        else:
            context["statement"] = statement
        return StatementError(
            message,
            number=number,
            context=context,
            hint="devenv status --credentials" if login else "devenv status",
        )


def identifier(name: str) -> str:
    """A name as it stands in a statement, whatever it holds."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _escaped(value: str) -> str:
    """As parameters of a query are read: in the form of tab-separated values."""
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
