"""Resets and clones against what they replace, in one run on one cluster.

Compared are, for a PostgreSQL of 200 tables and 50 MB made by 200 migrations: uninstalling and reinstalling it,
replaying its migrations over one connection, `devenv reset-db`, and the reset alone. Then clones for tests: how long 1,
4 and 16 clients wait for one, while each of their tests lasts a tenth of a second. Run it as
`python benchmarks/databases.py`; with `--write` its table goes into docs/databases.md.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from database_project import STACK, make_project
from machine import describe_machine, write_table

from devenv.adapters.toolchain import Toolchain
from devenv.databases.clones import ClonePool
from devenv.databases.database import Address
from devenv.databases.postgres import Postgres
from devenv.databases.postgres.server import Server, connect
from devenv.workflows.deployed import Deployment, reach
from devenv.workflows.session import silent_session

DOCS = Path(__file__).resolve().parents[1] / "docs" / "databases.md"
ROUNDS = 10
CLIENTS = (1, 4, 16)
TAKES = 20
TEST_SECONDS = 0.1
SMALL = b"CREATE TABLE items (id serial PRIMARY KEY, name text); INSERT INTO items (name) VALUES ('one');"


@dataclass(frozen=True)
class Row:
    """One figure."""

    what: str
    seconds: float
    p99: float | None = None


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/databases.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder:
        project = Path(folder)
        migrations = make_project(project)
        devenv(project, "down")
        devenv(project, "up")
        try:
            rows = [*resets(project, migrations), *clones(project)]
        finally:
            devenv(project, "down")
    table = render(rows)
    print(table)
    if wanted.write:
        write_table(DOCS, "databases", f"{describe_machine()}\n\n{table}")


def resets(project: Path, migrations: Path) -> list[Row]:
    """Reinstalling, replaying, and the ways to reset."""
    with reach(project, silent_session()) as deployment:
        reinstalled = seconds_of(lambda: reinstall(project, deployment))
        address = address_of(deployment)
    replayed = seconds_of(lambda: replay(address, migrations))
    devenv(project, "reset-db", "--yes")
    command = statistics.median(seconds_of(lambda: devenv(project, "reset-db", "--yes")) for _ in range(ROUNDS))
    with Postgres.connect(address) as database:
        content = database.pristine()
        ready, cold = [], []
        for _ in range(ROUNDS):
            database.prepare(content, [])
            ready.append(seconds_of(database.reset))
            cold.append(seconds_of(database.reset))
    return [
        Row("uninstall, drop the volume, `devenv up`", reinstalled),
        Row("replay 200 migrations over one connection", replayed),
        Row("`devenv reset-db`, the whole command", command),
        Row("the reset alone, without a spare", statistics.median(cold)),
        Row("the reset alone, with a spare ready", statistics.median(ready)),
    ]


def reinstall(project: Path, deployment: Deployment) -> None:
    """What people do without devenv."""
    environment = deployment.environment
    namespace = environment.workspace.stacks[STACK].spec.namespace
    kubeconfig = str(environment.kubeconfig)
    program = environment.programs["kubectl"]
    helm = Toolchain(environment.workspace.versions.tools).locate("helm").path
    call(str(helm), "--kubeconfig", kubeconfig, "uninstall", STACK, "--namespace", namespace, "--wait")
    call(str(program), "--kubeconfig", kubeconfig, "delete", "pvc", "--all", "--namespace", namespace, "--wait")
    devenv(project, "up")


def replay(address: Address, migrations: Path) -> None:
    """The files one after the other into an empty database: the least that any migration tool does."""
    server = Server(address)
    server.drop("replayed")
    server.create("replayed")
    with connect(address, "replayed") as connection:
        for file in sorted(migrations.glob("*.sql")):
            connection.execute(file.read_bytes())
    server.drop("replayed")
    server.close()


def clones(project: Path) -> list[Row]:
    """How long a test waits for its database."""
    with reach(project, silent_session()) as deployment:
        large = address_of(deployment)
    small = small_database(large)
    rows = []
    for name, address in (("small schema", small), ("200 tables, 50 MB", large)):
        with Postgres.connect(address) as database:
            times = []
            for number in range(ROUNDS):
                clone = f"{address.name}_clone_0_{number}"
                times.append(seconds_of(lambda clone=clone: database.clone(clone)))  # type: ignore[misc]
                database.drop(clone)
        rows.append(Row(f"clone, cold, {name}", statistics.median(times), max(times)))
        for clients in CLIENTS:
            waits = waits_of(address, clients)
            p99 = statistics.quantiles(waits, n=100)[-1]
            rows.append(Row(f"clone, warm pool, {name}, clients: {clients}", statistics.median(waits), p99))
    return rows


def waits_of(address: Address, clients: int) -> list[float]:
    """Seconds that each of a number of clients waits for each of its clones."""
    with ClonePool(lambda: Postgres.connect(address), address.name, size=2 * clients) as pool:
        taken = [pool.take() for _ in range(clients)]  # so that the pool is warm
        for clone in taken:
            pool.give_back(clone)

        def test(_: int) -> list[float]:
            waits = []
            for _ in range(TAKES):
                began = time.monotonic()
                clone = pool.take()
                waits.append(time.monotonic() - began)
                with psycopg.connect(clone.url) as connection:
                    connection.execute("SELECT 1")
                    threading.Event().wait(TEST_SECONDS)  # the test's own work
                pool.give_back(clone)
            return waits

        with ThreadPoolExecutor(clients) as threads:
            return [wait for waits in threads.map(test, range(clients)) for wait in waits]


def small_database(address: Address) -> Address:
    """Another database on the same server, with a schema of one table."""
    small = replace(address, name="small")
    server = Server(address)
    with Postgres.connect(small) as database:
        database.empty()
        server.create("small_pristine")
        with connect(small, "small_pristine") as connection:
            connection.execute(SMALL)
        database.prepare("benchmark", [])
    server.close()
    return small


def address_of(deployment: Deployment) -> Address:
    """Where the measured database answers."""
    (deployed,) = deployment.choose([STACK])
    return deployment.address(deployed)


def render(rows: Sequence[Row]) -> str:
    """A table with the ratio of each reset to a reinstallation."""
    reinstalled = rows[0].seconds
    lines = ["| what | seconds | p99 | reinstalling takes |", "| --- | --- | --- | --- |"]
    for row in rows:
        p99 = "" if row.p99 is None else f"{row.p99:.3f}"
        ratio = f"{reinstalled / row.seconds:.0f} times as long" if row.p99 is None else ""
        lines.append(f"| {row.what} | {row.seconds:.3f} | {p99} | {ratio} |")
    return "\n".join(lines)


def seconds_of(work: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def devenv(project: Path, *arguments: str) -> None:
    """Run devenv on the project."""
    call(sys.executable, "-m", "devenv", *arguments, "--directory", str(project))


def call(*command: str) -> None:
    """Run a program; what it printed is shown when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
