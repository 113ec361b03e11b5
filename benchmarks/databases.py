"""Resets and clones against what they replace, in one run on one cluster.

Compared are, for a PostgreSQL and a MySQL of 200 tables and 50 MB made by 200 migrations: uninstalling and reinstalling
the database, replaying its migrations over one connection, `devenv reset-db`, and the reset alone; then `devenv
reset-db` of all databases and LocalStack. At last clones for tests (`clones.py`). Run it as `python
benchmarks/databases.py`; with `--write` its tables go into docs/databases.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from clones import Clones, measure_clones, render_clones
from database_project import AWS, MYSQL, OTHERS, POSTGRES, make_project
from machine import describe_machine, devenv, run, seconds_of, write_table
from psycopg import sql

from devenv.adapters.tools.toolchain import Toolchain
from devenv.databases.address import Address
from devenv.databases.engines import open_database
from devenv.databases.mysql.server import Server as MySQLServer
from devenv.databases.mysql.server import connect as connect_to_mysql
from devenv.databases.postgres.connection import connect as connect_to_postgres
from devenv.databases.postgres.server import Server as PostgresServer
from devenv.databases.spares import make
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.deployed import Deployment, reach

DOCS = Path(__file__).resolve().parents[1] / "docs" / "databases.md"
ROUNDS = 10
SMALL = b"CREATE TABLE items (id serial PRIMARY KEY, name text); INSERT INTO items (name) VALUES ('one');"


@dataclass(frozen=True)
class Resets:
    """Seconds of each way to bring one database back."""

    stack: str
    reinstalled: float
    replayed: float
    command: float
    """Of `devenv reset-db`, when the spare is ready that the command before has left to make."""
    command_at_once: float
    """The same, right after another one."""
    without_spare: float
    with_spare: float


@dataclass(frozen=True)
class Everything:
    """`devenv reset-db` of many."""

    seconds: float
    parts: dict[str, float]
    """Database to the seconds of its reset, with the time that it took to connect."""


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/databases.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder:
        project = Path(folder)
        migrations = make_project(project)
        devenv(project, "down", "--adopt", "--yes")
        try:
            devenv(project, "up", "--yes")
            resets = []
            for stack, files in migrations.items():
                resets.append(measure_resets(project, stack, files))
                print(resets[-1])
            everything = [measure_everything(project, OTHERS), measure_everything(project, ())]
            print(everything)
            clones = measure_all_clones(project)
        finally:
            devenv(project, "down", "--adopt", "--yes")
        text = "\n\n".join(
            [describe_machine(), render_resets(resets), render_everything(everything), render_clones(clones)]
        )
    print(text)
    if wanted.write:
        write_table(DOCS, "databases", text)


def measure_resets(project: Path, stack: str, migrations: Path) -> Resets:
    """Reinstalling, replaying, and the ways to reset."""
    with reach(project, silent_session()) as deployment:
        reinstalled = seconds_of(lambda: reinstall(project, deployment, stack))
        address = address_of(deployment, stack)
    with replaying(address) as target:
        replayed = seconds_of(lambda: replay(target, migrations))
    with open_database(address) as database:
        by_command, at_once, ready, cold = [], [], [], []
        for _ in range(ROUNDS):
            database.make_spare()
            by_command.append(seconds_of(lambda: devenv(project, "reset-db", stack, "--yes")))
            at_once.append(seconds_of(lambda: devenv(project, "reset-db", stack, "--yes")))
        for _ in range(ROUNDS):
            database.make_spare()
            ready.append(seconds_of(database.reset))
            cold.append(seconds_of(database.reset))
    medians = (statistics.median(seconds) for seconds in (by_command, at_once, cold, ready))
    return Resets(stack, reinstalled, replayed, *medians)


def reinstall(project: Path, deployment: Deployment, stack: str) -> None:
    """What people do without devenv: uninstall, drop the volume, install."""
    environment = deployment.environment
    namespace = environment.workspace.stacks[stack].spec.namespace
    kubectl = str(deployment.toolbox.program("kubectl"))
    helm = str(Toolchain(environment.workspace.versions.tools).locate("helm").path)
    cluster = ["--kubeconfig", str(environment.kubeconfig), "--namespace", namespace]
    run([helm, *cluster, "uninstall", stack, "--wait"])
    run([kubectl, *cluster, "delete", "pvc", "--selector", f"app.kubernetes.io/instance={stack}", "--wait"])
    devenv(project, "up", "--yes")


@contextmanager
def replaying(address: Address) -> Iterator[Address]:
    """An empty database for the length of a block."""
    target = replace(address, name=f"{address.name}_replayed")
    if address.engine == "postgres":
        with closing(PostgresServer(address)) as server:
            server.connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(target.name)))
            yield target
            server.drop(target.name)
    else:
        with closing(MySQLServer(address)) as server:
            server.execute(f"CREATE DATABASE {target.name}")
            yield target
            server.drop(target.name)


def replay(address: Address, migrations: Path) -> None:
    """The files one after the other into an empty database: the least that any migration tool does."""
    scripts = [file.read_bytes() for file in sorted(migrations.glob("*.sql"))]
    if address.engine == "postgres":
        with connect_to_postgres(address, address.name) as connection:
            for script in scripts:
                connection.execute(script)
    else:
        with closing(connect_to_mysql(address, address.name)) as client, client.cursor() as cursor:
            for script in scripts:
                cursor.execute(script.decode())
                while cursor.nextset():
                    pass


def measure_everything(project: Path, names: Sequence[str]) -> Everything:
    """The named databases, or all, at once, with their spares; the parts are those of the run in the middle."""
    runs = []
    with reach(project, silent_session()) as deployment:
        databases = deployment.choose([name for name in names if name != AWS])
        addresses = [deployment.address(deployed) for deployed in databases]
    for _ in range(ROUNDS):
        if problems := make(addresses):
            raise AssertionError(problems)
        began = time.monotonic()
        rows = json.loads(devenv(project, "reset-db", *names, "--yes", "--json"))
        runs.append((time.monotonic() - began, {row["name"]: row["seconds"] for row in rows}))
    return Everything(*sorted(runs, key=lambda run: run[0])[len(runs) // 2])


def measure_all_clones(project: Path) -> list[Clones]:
    """How long a test waits for its database, of a small and of a large one."""
    with reach(project, silent_session()) as deployment:
        large = address_of(deployment, POSTGRES)
    measured = (("small schema", small_database(large)), ("200 tables, 50 MB", large))
    return [measure_clones(name, address) for name, address in measured]


def small_database(address: Address) -> Address:
    """Another database on the same server, with a schema of one table."""
    small = replace(address, name="small")
    with closing(PostgresServer(address)) as server, open_database(small) as database:
        for name in ("small", "small_pristine"):
            server.drop(name)
            server.connection.execute(f"CREATE DATABASE {name}".encode())
        with connect_to_postgres(small, "small_pristine") as connection:
            connection.execute(SMALL)
        database.prepare("benchmark", [])
    return small


def address_of(deployment: Deployment, stack: str) -> Address:
    """Where a measured database answers."""
    (deployed,) = deployment.choose([stack])
    return deployment.address(deployed)


def render_resets(measured: Sequence[Resets]) -> str:
    """A table with the ratio of each way to a reinstallation."""
    ways = {
        "uninstall, drop the volume, `devenv up`": "reinstalled",
        "replay 200 migrations over one connection": "replayed",
        "`devenv reset-db NAME`, the whole command": "command",
        "the same right after another one": "command_at_once",
        "the reset alone, without a spare": "without_spare",
        "the reset alone, with a spare ready": "with_spare",
    }
    titles = {POSTGRES: "PostgreSQL", MYSQL: "MySQL"}
    heads = [f"{titles[one.stack]}, s | reinstalling takes" for one in measured]
    lines = [f"| 200 tables, 50 MB | {' | '.join(heads)} |", f"| --- |{' --- |' * 2 * len(measured)}"]
    for what, field in ways.items():
        cells = [
            f"{getattr(one, field):.3f} | {one.reinstalled / getattr(one, field):.0f} times as long" for one in measured
        ]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    return "\n".join(lines)


def render_everything(measured: Sequence[Everything]) -> str:
    """A line for each."""
    lines = []
    for one in measured:
        parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in one.parts.items())
        lines.append(f"- {one.seconds:.2f} s: {parts}")
    return "`devenv reset-db` of many at once, the whole command, spares being ready:\n\n" + "\n".join(lines)


if __name__ == "__main__":
    main()
