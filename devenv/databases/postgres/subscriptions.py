"""Subscriptions to other servers' publications. They are the server's, each bound to one of its databases.

A copy of a database has none, and a database that has some cannot be dropped. As with pg_dump, they are made anew
without connecting, and stay disabled: whether what the publisher sends still fits the tables is not ours to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from devenv.databases.address import Address
from devenv.databases.postgres.connection import connect

_ANY = "SELECT EXISTS (SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = %s)"
_READ = """
SELECT to_jsonb(s) || jsonb_build_object('owner', pg_get_userbyid(s.subowner),
                                         'comment', obj_description(s.oid, 'pg_subscription'))
FROM pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY s.subname
"""
_OPTIONS = {
    "subbinary": "binary",
    "substream": "streaming",
    "subdisableonerr": "disable_on_error",
    "subsynccommit": "synchronous_commit",
    "subpasswordrequired": "password_required",
    "subrunasowner": "run_as_owner",
    "suborigin": "origin",
    "subfailover": "failover",
}
"""Column to option, as far as the server's version has them."""
_STREAMING = {"f": "off", "t": "on", "p": "parallel"}

Subscription = dict[str, Any]
"""A row of pg_subscription, with its owner's name and its comment."""


def has_subscriptions(connection: psycopg.Connection, database: str) -> bool:
    """Whether a database of the server has any."""
    return connection.execute(_ANY, (database,)).fetchone() == (True,)


def hand_over_subscriptions(address: Address, source: str, target: str) -> None:
    """Make those of one database in another, disabled, and stop them in the first. Idempotent."""
    with connect(address, source) as connection:
        found: list[Subscription] = [row[0] for row in connection.execute(_READ)]
        with connect(address, target) as other:
            present = {row[0]["subname"] for row in other.execute(_READ)}
            for subscription in found:
                if subscription["subname"] not in present:
                    other.execute(sql.SQL("; ").join(_making(subscription)))
        for subscription in found:
            connection.execute(_altered(subscription, "DISABLE"))


def drop_subscriptions(address: Address, database: str) -> None:
    """Remove those of one database, leaving the publisher and its slots alone."""
    with connect(address, database) as connection:
        for (subscription,) in connection.execute(_READ).fetchall():
            connection.execute(_altered(subscription, "DISABLE"))
            connection.execute(_altered(subscription, "SET (slot_name = NONE)"))
            connection.execute(sql.SQL("DROP SUBSCRIPTION {}").format(sql.Identifier(subscription["subname"])))


def _altered(subscription: Subscription, how: str) -> sql.Composed:
    return sql.SQL("ALTER SUBSCRIPTION {} {}").format(sql.Identifier(subscription["subname"]), sql.SQL(how))


def _making(subscription: Subscription) -> Iterator[sql.Composed]:
    name = sql.Identifier(subscription["subname"])
    publications = sql.SQL(", ").join(map(sql.Identifier, subscription["subpublications"]))
    yield sql.SQL("CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH ({})").format(
        name, subscription["subconninfo"], publications, sql.SQL(", ").join(_options(subscription))
    )
    yield sql.SQL("ALTER SUBSCRIPTION {} OWNER TO {}").format(name, sql.Identifier(subscription["owner"]))
    yield sql.SQL("COMMENT ON SUBSCRIPTION {} IS {}").format(name, sql.Literal(subscription["comment"]))


def _options(subscription: Subscription) -> Iterator[sql.Composable]:
    yield sql.SQL("connect = false")
    slot = subscription["subslotname"]
    yield sql.SQL("slot_name = {}").format(sql.SQL("NONE") if slot is None else sql.Literal(slot))
    if subscription["subtwophasestate"] != "d":
        yield sql.SQL("two_phase = on")
    for column, option in _OPTIONS.items():
        if column in subscription:
            value = subscription[column]
            text = _STREAMING.get(value, value) if column == "substream" else value
            yield sql.SQL("{} = {}").format(sql.SQL(option), sql.Literal(str(text).lower()))
