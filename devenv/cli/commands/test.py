"""`devenv test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import Directory

Command = Annotated[
    list[str],
    typer.Argument(metavar="-- COMMAND", help="The tests' own command, behind two dashes.", show_default=False),
]
Workers = Annotated[
    int,
    typer.Option(
        "--workers",
        "-n",
        min=1,
        max=64,
        help="So many sets, numbered: POSTGRES_URL_1, POSTGRES_URL_2 … DATABASE_URL_1 …",
    ),
]
Main = Annotated[
    str, typer.Option("--database", "-d", metavar="STACK", help="Whose address DATABASE_URL is.", show_default=False)
]
Empty = Annotated[
    bool, typer.Option("--empty", help="Databases as migrations find them, for tests that run their own.")
]


def run_tests(
    context: typer.Context,
    command: Command,
    *,
    directory: Directory = Path(),
    workers: Workers = 1,
    database: Main = "",
    empty: Empty = False,
) -> None:
    """Run tests, in any language, on databases of their own.

    The command gets each database of the environment, migrated and seeded, as <STACK>_URL (POSTGRES_URL,
    AUTH_POSTGRES_URL, REDIS_URL …), the usual one as DATABASE_URL as well, and an AWS account in LocalStack of its own
    as AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID …. All are gone when it ends. Its exit status is passed on.

    Examples: `devenv test -- go test ./...`, `devenv test --workers 4 -- npx jest`.
    """
    import os

    from devenv.adapters.process import run_in_foreground
    from devenv.testing.environment import Environment
    from devenv.testing.variables import over, sets

    environ: dict[str, str] = context.obj or dict(os.environ)
    with (
        Environment.running(directory) as environment,
        sets(environment, workers, database=database, empty=empty) as own,
    ):
        status = run_in_foreground(command, over(environ, own))
    raise typer.Exit(status)
