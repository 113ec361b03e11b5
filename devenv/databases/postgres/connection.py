"""Connections to a server, and its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from devenv.databases.address import Address
from devenv.errors import DatabaseError

_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 600


def connect(address: Address, database: str) -> psycopg.Connection:
    """A connection in autocommit mode; raises DatabaseError in the server's words."""
    try:
        return psycopg.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            dbname=database,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="devenv",
            client_encoding="utf-8",
            # The way there is this machine: neither the user's certificates nor their Kerberos ticket are for it.
            sslmode="disable",
            gssencmode="disable",
            options=f"-c statement_timeout={_STATEMENT_SECONDS}s",
        )
    except psycopg.Error as error:
        raise DatabaseError(
            f"connect to PostgreSQL database {database} failed",
            context={"address": f"{address.host}:{address.port}", "user": address.user, "cause": str(error).strip()},
            hint="devenv status --credentials",
        ) from error


@contextmanager
def translate_errors(what: str) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except psycopg.Error as error:
        raise DatabaseError(f"{what} failed", context={"cause": str(error).strip()}, hint="devenv status") from error
