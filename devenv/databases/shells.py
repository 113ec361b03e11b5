"""The shell of each engine, as it is run in the database's container.

Text goes in and comes out as UTF-8, whatever locale the container or the caller has.
Passwords are read there from where the container has them: they are in no argument and leave it never.
"""

from __future__ import annotations

from devenv.spec.stack import Database


def shell_command(database: Database) -> list[str]:
    """The program and its arguments."""
    match database.engine:
        case "postgres":
            return ["env", "PGCLIENTENCODING=UTF8", "psql", "--username", database.user, "--dbname", database.name]
        case "mysql":
            login = (
                'MYSQL_PWD=$(cat "$MYSQL_PASSWORD_FILE") exec mysql --default-character-set=utf8mb4 --user="$1" "$2"'
            )
            return ["sh", "-c", login, "sh", database.user, database.name]
        case "clickhouse":
            # It takes CLICKHOUSE_PASSWORD from the environment by itself.
            return ["clickhouse-client", "--user", database.user, "--database", database.name]
        case "redis":
            return [
                "sh",
                "-c",
                'REDISCLI_AUTH=$(cat "$REDIS_PASSWORD_FILE") exec redis-cli --user "$1"',
                "sh",
                database.user,
            ]
        case "nats" | "meilisearch":
            return ["sh"]
