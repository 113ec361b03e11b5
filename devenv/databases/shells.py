"""The shell of each engine, as it is run in the database's container.

Passwords are read there from where the container has them: they are in no argument and leave it never.
"""

from __future__ import annotations

from devenv.spec.stack import Database


def shell_command(database: Database) -> list[str]:
    """The program and its arguments."""
    match database.engine:
        case "postgres":
            return ["psql", "--username", database.user, "--dbname", database.name]
        case "mysql":
            login = 'MYSQL_PWD=$(cat "$MYSQL_PASSWORD_FILE") exec mysql --user="$1" "$2"'
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
