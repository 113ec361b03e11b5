"""`devenv db`: what is done with databases beyond resetting them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Databases, Directory, NoWait

app = typer.Typer(
    help="Snapshots, migrations, shells and addresses of the databases.",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Database = Annotated[
    list[str] | None,
    typer.Option(
        "--database",
        "-d",
        metavar="NAME",
        help="Only this one, by its stack's name; repeatable.",
        autocompletion=completion.databases,
    ),
]
SnapshotName = Annotated[
    str, typer.Argument(metavar="NAME", help="What the state is called.", autocompletion=completion.snapshots)
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Agree to what is lost by it, without being asked.")]


@app.command("snapshot")
def snapshot(
    name: SnapshotName,
    *,
    directory: Directory = Path(),
    database: Database = None,
    yes: Yes = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Keep the present state of one or all databases under a name.

    Kept in the servers themselves, until `devenv db rm` or `devenv down`; a state of the same name is replaced, after
    you were asked on a terminal.

    Example: `devenv db snapshot before_import`.
    """
    from devenv.cli import wiring
    from devenv.workflows import db

    request = db.DatabaseRequest(directory, tuple(database or ()))
    with wiring.run_session("db snapshot", wait=not no_wait) as session:
        databases = db.save(request, name, session, agreed=yes)
    _report("saved as", name, databases, as_json=as_json)


@app.command("restore")
def restore(
    name: SnapshotName,
    *,
    directory: Directory = Path(),
    database: Database = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace the present data without asking.")] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Return to a named state; without --database, in all databases that have it.

    Example: `devenv db restore before_import --yes`.
    """
    from devenv.cli import wiring
    from devenv.workflows import db

    request = db.DatabaseRequest(directory, tuple(database or ()))
    with wiring.run_session("db restore", wait=not no_wait) as session:
        databases = db.restore(request, name, session, agreed=yes)
    _report("restored from", name, databases, as_json=as_json)


@app.command("list")
def list_(*, directory: Directory = Path(), database: Database = None, as_json: AsJson = False) -> None:
    """List the named states, oldest first."""
    import json

    from devenv.cli import wiring
    from devenv.ui.tables import print_table
    from devenv.workflows import db

    with wiring.run_session("db") as session:
        rows = db.list_snapshots(db.DatabaseRequest(directory, tuple(database or ())), session)
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=2))
        return
    cells = [
        (
            row.database,
            row.snapshot.name,
            f"{row.snapshot.taken:%Y-%m-%d %H:%M:%S}",
            f"{row.snapshot.size_bytes / 1e6:.1f}",
        )
        for row in rows
    ]
    print_table(("database", "snapshot", "taken (utc)", "MB"), cells)


@app.command("rm")
def remove(
    name: SnapshotName,
    *,
    directory: Directory = Path(),
    database: Database = None,
    yes: Yes = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Drop a named state, after asking on a terminal; without --database, in all databases that have it."""
    from devenv.cli import wiring
    from devenv.workflows import db

    request = db.DatabaseRequest(directory, tuple(database or ()))
    with wiring.run_session("db rm", wait=not no_wait) as session:
        databases = db.remove(request, name, session, agreed=yes)
    _report("removed", name, databases, as_json=as_json)


@app.command("migrate")
def migrate(
    names: Databases = None,
    *,
    directory: Directory = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Agree to everything that would be asked.")] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
) -> None:
    """Apply pending migrations to the live data, which stays.

    Installs the databases' stacks where something changed, as `devenv up --only` does. A migration that fails leaves
    the database as it was; its statement, file and line are reported. With --json, events are printed as JSON lines
    (docs/events.md).
    """
    from devenv.cli import wiring
    from devenv.workflows import db

    with wiring.run_session("db migrate", as_json=as_json, wait=not no_wait) as session:
        db.migrate(db.DatabaseRequest(directory, tuple(names or ())), session, agreed=yes)


@app.command("hash")
def hash_(names: Databases = None, *, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Write the checksums of migration files anew, after adding or changing one.

    Atlas refuses a folder whose atlas.sum does not fit its files. Needs no cluster.
    """
    import json

    from devenv.cli import wiring
    from devenv.workflows import db

    with wiring.run_session("db") as session:
        changed = db.write_checksums(directory, tuple(names or ()), session)
    if as_json:
        rows = [{"database": name, "written": differed} for name, differed in changed.items()]
        typer.echo(json.dumps(rows, indent=2))
        return
    for name, differed in changed.items():
        typer.echo(f"{name}: atlas.sum {'written' if differed else 'is up to date'}", err=True)


@app.command("status")
def status(names: Databases = None, *, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Show which migrations are applied, pending, drifted, failed or lost.

    Drifted: the file is not the one that was applied. Lost: applied, and its file is gone. Exit status 1 when a
    migration is anything but applied.
    """
    import json

    from devenv.cli import wiring
    from devenv.ui.tables import print_table
    from devenv.workflows import db

    with wiring.run_session("db") as session:
        found = db.migration_status(db.DatabaseRequest(directory, tuple(names or ())), session)
    rows = [(name, row.version, row.name, row.state.value) for name, migrations in found.items() for row in migrations]
    keys = ("database", "version", "name", "state")
    if as_json:
        typer.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2))
    else:
        print_table(keys, rows)
    if any(state != "applied" for *_, state in rows):
        raise typer.Exit(1)


@app.command("shell")
def shell(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The database, by its stack's name.", autocompletion=completion.databases),
    ],
    *,
    directory: Directory = Path(),
) -> None:
    """Open the database's own shell, in its container: psql, mysql, clickhouse-client, redis-cli.

    Examples: `devenv db shell postgres`, `devenv db shell mysql < report.sql`.
    """
    from devenv.cli import wiring
    from devenv.cli.verbatim import become, on_terminal
    from devenv.workflows import db

    with wiring.run_session("db") as session:
        call = db.shell(directory, name, session, on_terminal=on_terminal())
    become(call)


@app.command("url")
def url(names: Databases = None, *, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Print where databases answer on this machine, with user and password.

    Example: `psql "$(devenv db url postgres)"`.
    """
    import json

    from devenv.cli import wiring
    from devenv.workflows import db

    with wiring.run_session("db") as session:
        urls = db.url(db.DatabaseRequest(directory, tuple(names or ())), session)
    if as_json:
        typer.echo(json.dumps(urls, indent=2))
    else:
        for address in urls.values():
            typer.echo(address)


def _report(what: str, name: str, databases: list[str], *, as_json: bool) -> None:
    """Tell of which databases a state was saved, restored or removed."""
    import json

    if as_json:
        typer.echo(json.dumps({"name": name, "databases": databases}, indent=2))
    else:
        typer.echo(f"{what} {name}: {', '.join(databases) or 'nothing, no database is deployed'}", err=True)
