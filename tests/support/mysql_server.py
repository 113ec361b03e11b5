"""A MySQL or MariaDB server in a container, for what needs the server and no cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.mysql.eviction import evicting
from devenv.databases.mysql.server import Server, connect, quoted
from support.server_container import server_container
from support.waiting import await_answer

PASSWORD = "für-this-test-🔑"  # noqa: S105 -- of a server that lives as long as the test
SCRIPTS = Path(__file__).resolve().parents[2] / "stacks/charts/mysql/scripts"
SETTINGS = (
    "skip-log-bin",
    "innodb-flush-method=nosync",
    "innodb-flush-log-at-trx-commit=0",
    "innodb-doublewrite=0",
    "loose-debug-no-sync=1",
    "performance-schema=0",
)
_PROGRAMS = """
SELECT 'trigger', trigger_name, concat_ws(' ', event_object_table, action_timing, event_manipulation, action_statement)
FROM information_schema.triggers WHERE trigger_schema = %(name)s
UNION ALL SELECT routine_type, routine_name, routine_definition
FROM information_schema.routines WHERE routine_schema = %(name)s
UNION ALL SELECT 'view', table_name, view_definition FROM information_schema.views WHERE table_schema = %(name)s
ORDER BY 1, 2
"""


@contextmanager
def mysql_server(
    engine: Engine, image: str, labels: dict[str, str], folder: Path, password: str = PASSWORD
) -> Iterator[Address]:
    """The address of a server with an empty database `shop`; `folder` receives what it logs in with."""
    for name, text in {"username": "shop", "root-password": f"root-{password}", "password": password}.items():
        (folder / name).write_text(text, encoding="utf-8")
    folder.chmod(0o755)
    options = {
        "command": [f"--{setting}" for setting in SETTINGS],
        "environment": {
            "CREDENTIALS": "/credentials",
            "MYSQL_ROOT_PASSWORD_FILE": "/credentials/root-password",
            "MYSQL_USER": "shop",
            "MYSQL_PASSWORD_FILE": "/credentials/password",
            "MYSQL_DATABASE": "shop",
        },
        "volumes": {
            str(folder): {"bind": "/credentials", "mode": "ro"},
            str(SCRIPTS / "grants.sh"): {"bind": "/docker-entrypoint-initdb.d/grants.sh", "mode": "ro"},
            str(SCRIPTS / "finish.sh"): {"bind": "/scripts/finish.sh", "mode": "ro"},
        },
    }
    with server_container(engine, image, labels, 3306, **options) as port:
        address = Address("mysql", "127.0.0.1", port, "shop", "shop", password)
        await_answer(lambda: _greet(address), pymysql.Error, OSError)
        yield address


def _greet(address: Address) -> None:
    pymysql.connect(
        host=address.host, port=address.port, user=address.user, password=address.password.encode(), connect_timeout=2
    ).close()


def query(address: Address, statement: str, name: str | None = None) -> list[tuple[Any, ...]]:
    """The rows of a statement, or of the last of several, by a client of its own."""
    with closing(connect(address, name or address.name)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall()
        while cursor.nextset():
            rows = cursor.fetchall()
        return list(rows)


def empty(address: Address) -> None:
    """Make the live schema anew, and drop all that devenv keeps beside it."""
    with closing(Server(address)) as server:
        for copy in ("pristine", "unseeded", "spare", "old", "devenv"):
            server.drop(f"{address.name}_{copy}")
        with evicting(server, address.name):
            server.drop(address.name)
        server.execute(f"CREATE DATABASE {quoted(address.name)}")


def fingerprint(address: Address, name: str) -> list[tuple[str, ...]]:
    """Everything in a database that a reset must bring back: definitions, numbers to come, and rows, as text."""
    with closing(connect(address, name)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW FULL TABLES WHERE table_type = 'BASE TABLE'")
        found: list[tuple[str, ...]] = []
        for table in sorted(row[0] for row in cursor.fetchall()):
            cursor.execute(f"SHOW CREATE TABLE {quoted(table)}")
            found += [tuple(map(str, row)) for row in cursor.fetchall()]
            cursor.execute(f"SELECT * FROM {quoted(table)}")  # noqa: S608 -- a quoted name
            found.append((table, *sorted(map(str, cursor.fetchall()))))
        cursor.execute(_PROGRAMS, {"name": name})
        return found + [tuple(map(str, row)) for row in cursor.fetchall()]
