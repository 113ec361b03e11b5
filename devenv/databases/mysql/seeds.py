"""Seed files, applied as the `mysql` client would."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pymysql

from devenv.databases.address import Address
from devenv.databases.mysql.script import statements
from devenv.databases.mysql.server import connect, error_text
from devenv.databases.statements import seed_failed, seed_text


def apply_seed(address: Address, schema: str, path: Path) -> None:
    """Apply a file to a schema, in a session of its own: what it sets is not for the next one.

    Raises:
        DatabaseError: a statement was refused, reported with file and line.
    """
    with closing(connect(address, schema)) as session, session.cursor() as cursor:
        for statement in statements(seed_text(path)):
            try:
                cursor.execute(statement.text)
                while cursor.nextset():
                    pass
            except pymysql.Error as error:
                raise seed_failed(path, statement.line, statement.text, error_text(error)) from error
        session.commit()
