"""Seed files, divided into statements as the server does it."""

from __future__ import annotations

import uuid
from pathlib import Path

from devenv.databases.clickhouse.script import statements
from devenv.databases.clickhouse.server import Server, StatementError
from devenv.databases.statements import seed_failed, seed_text


def apply_seed(server: Server, database: str, path: Path) -> None:
    """Apply a file to a database, in a session of its own: what it sets is not for the next one.

    Raises:
        DatabaseError: a statement was refused, reported with file and line.
    """
    session = uuid.uuid4().hex
    for statement in statements(seed_text(path)):
        try:
            server.execute(statement.text, database=database, session_id=session)
        except StatementError as error:
            raise seed_failed(path, statement.line, statement.text, error.cause) from error
