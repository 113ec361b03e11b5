"""The shell of an engine with text beyond ASCII, as callers and containers of any locale have it."""

from __future__ import annotations

from devenv.databases.facts import shell_command
from devenv.databases.inside import Execute
from devenv.spec.stack import Database, DatabaseEngine

TEXT = "größe 🔑"
LOCALES = ("C", "C.UTF-8", "de_DE.ISO-8859-1")


def said_by_shell(execute: Execute, engine: DatabaseEngine, script: str) -> set[str]:
    """What the shell of database and user `shop` prints when it reads a script, in each locale."""
    spec = Database(
        engine=engine,
        workload="statefulset/shop",
        name="shop",
        user="shop",
        secret="shop",  # noqa: S106 -- a name
        node_port=30432,
    )
    said = set()
    for locale in LOCALES:
        command = ["env", f"LANG={locale}", f"LC_ALL={locale}", *shell_command(spec)]
        ended = execute(command, script.encode())
        assert ended.status == 0, ended.stderr
        said.add(ended.stdout)
    return said
