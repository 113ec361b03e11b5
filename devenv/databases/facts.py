"""What is known of each engine without its driver."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.spec.stack import Database, DatabaseEngine

SHELLS: Mapping[DatabaseEngine, tuple[str, ...]] = {
    "postgres": ("env", "PGCLIENTENCODING=UTF8", "psql", "--username", "{user}", "--dbname", "{name}"),
    "mysql": (
        *("sh", "-c"),
        'MYSQL_PWD=$(cat "$MYSQL_PASSWORD_FILE") exec mysql --default-character-set=utf8mb4 --user="$1" "$2"',
        *("sh", "{user}", "{name}"),
    ),
    # Its client takes CLICKHOUSE_PASSWORD from the environment by itself.
    "clickhouse": ("clickhouse-client", "--user", "{user}", "--database", "{name}"),
    "meilisearch": ("sh",),
    "redis": ("sh", "-c", 'REDISCLI_AUTH=$(cat "$REDIS_PASSWORD_FILE") exec redis-cli --user "$1"', "sh", "{user}"),
    "nats": ("sh",),
}
"""The engine's own shell, as it is run in the database's container; `{user}` and `{name}` stand for the database's.

Text goes in and comes out as UTF-8, whatever locale the container or the caller has. Passwords are read there from
where the container has them: they are in no argument and leave it never.
"""


def shell_command(database: Database) -> list[str]:
    """The program that is a database's shell, and its arguments."""
    values = {"{user}": database.user, "{name}": database.name}
    return [values.get(word, word) for word in SHELLS[database.engine]]
