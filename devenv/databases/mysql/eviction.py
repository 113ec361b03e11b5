"""Statements that need a schema's tables for themselves, whoever uses them.

Clients that merely are connected are left in peace. A statement that changes tables waits for those transactions that
have touched them; a second connection watches it, and ends the transactions' clients while it waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pymysql

from devenv.databases.address import Address
from devenv.databases.mysql.server import WAITS, Server

_POLL_SECONDS = 0.01
_LOOK_SECONDS = 0.11
"""Between two looks at the transactions, doubled each time. The server renews what it tells of them only when nobody
has read it for 0.1 s (MySQL 5.7 reference manual, 14.16.2.3; MariaDB kept that): whoever looks more often, or in turns
with another, sees the same for ever."""
_PATIENCE_SECONDS = 2.0
"""After this, clients go too whose locks are no transaction's: LOCK TABLES, a cursor left open."""
_IN_TRANSACTION = (
    "SELECT p.id FROM information_schema.processlist p"
    " JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id"
    # Without a schema of their own: a transaction that names the schema in its statements, idle between two of them.
    " WHERE p.id <> %s AND (p.db = %s OR p.db IS NULL AND p.command = 'Sleep')"
)
_CONNECTED = "SELECT id FROM information_schema.processlist WHERE id <> %s AND db = %s"
_GONE = (1094, 1095)
"""No such thread; a thread of another user, which takes a privilege that the user may lack."""


@contextmanager
def evicting(server: Server, schema: str, waiting: int | None = None) -> Iterator[None]:
    """While the block runs, end the clients that its statements wait for. Errors are the driver's.

    Args:
        server: the connection that the block uses.
        schema: whose clients those are.
        waiting: the connection whose statements wait, when it is another one.
    """
    done = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix=f"clients of {schema}") as pool:
        watching = pool.submit(_watch, server.address, schema, waiting or server.id, done)
        try:
            yield
        finally:
            done.set()
        watching.result()


def _watch(address: Address, schema: str, waiting: int, done: threading.Event) -> None:
    watching = Server(address)
    try:
        waits_since, next_look, pause = 0.0, 0.0, _LOOK_SECONDS
        while not done.wait(_POLL_SECONDS):
            now = time.monotonic()
            if not watching.execute(WAITS, (waiting,)):
                waits_since, next_look, pause = 0.0, 0.0, _LOOK_SECONDS
                continue
            waits_since = waits_since or now
            late = now - waits_since > _PATIENCE_SECONDS
            if now < next_look and not late:
                continue
            next_look, pause = now + pause, 2 * pause
            for (client,) in watching.execute(_CONNECTED if late else _IN_TRANSACTION, (waiting, schema)):
                _end(watching, int(client))
    finally:
        watching.close()


def _end(server: Server, client: int) -> None:
    try:
        server.execute(f"KILL CONNECTION {client}")
    except pymysql.Error as error:
        if error.args[0] not in _GONE:
            raise
