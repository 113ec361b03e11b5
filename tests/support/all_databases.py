"""Every database of the end-to-end environment, and LocalStack: what they hold, and how that is spoiled."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import psycopg

from devenv.databases.address import Address
from devenv.databases.clickhouse.server import Server
from devenv.databases.nats.account import Account
from devenv.localstack.program import Clients
from support import clickhouse_server, localstack_server, mysql_server, nats_server, postgres_server, redis_server
from support.databases import address_of
from support.environment import Project

_CONTENTS: dict[str, Callable[[Address], Any]] = {
    "postgres": lambda address: postgres_server.fingerprint(address, address.name),
    "auth-postgres": lambda address: postgres_server.fingerprint(address, address.name),
    "kratos-postgres": lambda address: postgres_server.fingerprint(address, address.name),
    "mysql": lambda address: mysql_server.fingerprint(address, address.name),
    "clickhouse": lambda address: clickhouse_server.fingerprint(address, address.name),
    "redis": redis_server.content,
    "nats": nats_server.content,
}


def contents(environment: Project) -> dict[str, Any]:
    """Schema and rows of every database, by the stack's name; this process must find the environment's state."""
    found = {name: read(address_of(environment, name)) for name, read in _CONTENTS.items()}
    return {**found, "localstack": localstack_server.content(_aws(environment))}


def differing(before: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is not as before, by the stack's name, so that a failure shows no more than that."""
    return {name: (before.get(name), now.get(name)) for name in before | now if before.get(name) != now.get(name)}


def spoil(environment: Project) -> None:
    """Write to every database what a reset must take back, and take away what it must bring back."""
    with psycopg.connect(address_of(environment, "postgres").url) as connection:
        connection.execute("DELETE FROM items")
        connection.execute("CREATE TABLE surplus (id int)")
    with psycopg.connect(address_of(environment, "auth-postgres").url) as connection:
        connection.execute("INSERT INTO users (identity_id, email) VALUES (gen_random_uuid(), 'surplus@example.org')")
    with psycopg.connect(address_of(environment, "kratos-postgres").url) as connection:
        connection.execute("CREATE TABLE surplus (id int)")
    mysql_server.query(
        address_of(environment, "mysql"),
        "DELETE FROM order_lines; CREATE TABLE surplus (id int); DROP TRIGGER orders_updated; COMMIT",
    )
    _spoil_clickhouse(address_of(environment, "clickhouse"))
    with redis_server.client(address_of(environment, "redis")) as client:
        client.delete("greeting")
        client.set("surplus", "x")
    nats_server.as_application(address_of(environment, "nats"), _spoil_nats)
    _aws(environment).client("s3").put_object(Bucket="alt-objects", Key="surplus", Body=b"x")


def _aws(environment: Project) -> Clients:
    return localstack_server.clients_of(localstack_server.localstack_of(environment))


def _spoil_clickhouse(address: Address) -> None:
    server = Server(address)
    try:
        server.execute("TRUNCATE TABLE events", database=address.name)
        server.execute(
            f"INSERT INTO events (id, kind) VALUES ('{uuid.uuid4()}', 'surplus')",  # noqa: S608 -- a number of our own
            database=address.name,
        )
    finally:
        server.close()


async def _spoil_nats(live: Account) -> None:
    await live.jetstream.publish("alt.events.created", b"surplus")
    await live.delete_stream("KV_alt-settings")
