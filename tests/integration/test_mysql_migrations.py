"""The chart's Job on a real server with real Flyway: what is carried arrives, runs, and stays out of live data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker.errors
import pymysql
import pytest
from support.images import provide
from support.mysql_server import empty, mysql_server, query

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.engines import open_database
from devenv.databases.flyway import flyway_hint
from devenv.databases.migrations import MigrationState, compare, migration_files
from devenv.errors import DatabaseError
from devenv.runtime.observe.carried_folders import carry, packed

pytestmark = pytest.mark.engine
CHART = Path(__file__).resolve().parents[2] / "stacks/charts/mysql"
PASSWORD = "p@ss:/w#rd?1%25&\"x'y\\z $(id) `\u00fc \u043a\u043b\u044e\u0447"  # noqa: S105 -- of this server alone
TEXT = "a\u2028b\u0085c\r\nd\re \t {{ .Values.x }} ${name} \U0001f511"
TABLES = {"tables/items.sql": "\ufeff    CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(80));\n"}
FILES = {
    "V001__items.sql": "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(80));\n",
    "R__item_names.sql": "CREATE OR REPLACE VIEW item_names AS SELECT name FROM items;\n",
    "2027/V1_1__gr\u00f6\u00dfe two words.sql": f"    -- indented\r\nINSERT INTO items VALUES (1, '{TEXT}');\r\n",
    "V002__bom.sql": "\ufeffINSERT INTO items VALUES (2, 'b');",
}


class Job:
    """The containers of the chart's Job, one after the other."""

    def __init__(self, engine: Engine, server: str, folder: Path) -> None:
        self._client = engine.client
        self._images = {name: provide(name, engine) for name in ("mysql", "flyway")}
        self._server = server
        self._runs = folder

    def run(self, migrations: Path, schema: Path, *options: str) -> str:
        """All that it does; returns its log, as far as it came."""
        # What the containers' user has written, another one cannot remove.
        self._runs.mkdir(exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(dir=self._runs))
        for name in ("files", "work", "packed/migrations", "packed/schema"):
            (self._folder / name).mkdir(parents=True)
            (self._folder / name).chmod(0o777)
        for name, folder in (("migrations", migrations), ("schema", schema)):
            for number, part in enumerate(packed(carry("mysql", folder, "0123456789"))):
                (self._folder / "packed" / name / f"{number:04}").write_bytes(part)
        steps = [
            ("flyway", "unpack.sh"),
            ("mysql", "schemas.sh", "new:shop_pristine", "baseline:shop_pristine", "baseline:shop"),
            ("flyway", "migrate.sh", "shop_pristine", *options),
            ("flyway", "migrate.sh", "shop", *options),
        ]
        log = ""
        for image, script, *arguments in steps:
            try:
                log += self._step(self._images[image], [f"/scripts/{script}", *arguments])
            except docker.errors.ContainerError as error:
                said = self._folder / "work" / "log"
                log += said.read_text(encoding="utf-8") if said.exists() else str(error)
                return f"{log}\nfailed: {script} {' '.join(arguments)}"
        return log

    def _step(self, image: str, command: list[str]) -> str:
        mounts = {"/scripts": CHART / "scripts", "/packed": self._folder / "packed", "/files": self._folder / "files"}
        output: bytes = self._client.containers.run(
            image,
            command,
            entrypoint="sh",
            remove=True,
            user="65532:65532",
            network_mode=f"container:{self._server}",
            environment={
                "LC_ALL": "C.UTF-8",
                "MYSQL_HOST": "127.0.0.1",
                "MYSQL_DATABASE": "shop",
                "BASELINE_VERSION": "001",
                "WORK": "/work",
                "MYSQL_USER": "shop",
                "MYSQL_PASSWORD": PASSWORD,
                "ROOT_PASSWORD": f"root-{PASSWORD}",
                "ACCOUNTS": "reporting",
                "PRIVILEGES_reporting": "SELECT, SHOW VIEW",
                "PASSWORD_reporting": PASSWORD,
                "FLYWAY_USER": "shop",
                "FLYWAY_PASSWORD": PASSWORD,
            },
            volumes={str(path): {"bind": inside, "mode": "rw"} for inside, path in mounts.items()}
            | {str(self._folder / "work"): {"bind": "/work", "mode": "rw"}},
        )
        return output.decode()


@pytest.fixture(scope="module")
def server(engine: Engine, labels: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    folder = tmp_path_factory.mktemp("credentials")
    with mysql_server(engine, provide("mysql", engine), labels, folder, PASSWORD) as address:
        yield address


@pytest.fixture
def job(engine: Engine, labels: dict[str, str], server: Address, tmp_path: Path) -> Job:
    empty(server)
    (container,) = engine.containers.list(labels)
    return Job(engine, container.name, tmp_path / "job")


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def test_every_file_arrives_and_runs_and_is_told_as_applied(job: Job, server: Address, tmp_path: Path) -> None:
    migrations = lay_out(tmp_path / "migrations", FILES)
    log = job.run(migrations, lay_out(tmp_path / "schema", TABLES), "-placeholderReplacement=false")

    assert "failed:" not in log
    for name in ("shop_pristine", "shop"):
        assert query(server, "SELECT name FROM item_names ORDER BY 1", name) == [(TEXT,), ("b",)]
    with open_database(server) as database:
        rows = compare(migration_files(migrations, "mysql"), database.applied(), repeatable=True)
    assert [(row.version, row.state) for row in rows] == [
        (version, MigrationState.APPLIED) for version in ("001", "1.1", "002", "")
    ]


def test_no_statement_on_the_pristine_copy_reaches_live_data(job: Job, server: Address, tmp_path: Path) -> None:
    query(server, "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(80)); INSERT INTO items VALUES (7, 'live')")
    reach = "SET @s = concat('DELETE FROM ', 'shop.items');\nPREPARE p FROM @s;\nEXECUTE p;\n"
    migrations = lay_out(tmp_path / "migrations", FILES | {"V003__reach out.sql": reach})
    log = job.run(
        migrations,
        lay_out(tmp_path / "schema", TABLES),
        "-placeholderReplacement=true",
        "-placeholders.name=Ada",
    )

    assert log.endswith("failed: migrate.sh shop_pristine -placeholderReplacement=true -placeholders.name=Ada")
    assert query(server, "SELECT * FROM items") == [(7, "live")]
    replaced = TEXT.replace("${name}", "Ada")
    assert query(server, "SELECT name FROM items WHERE id = 1", "shop_pristine") == [(replaced,)]


def test_no_statement_of_a_seed_reaches_live_data(job: Job, server: Address, tmp_path: Path) -> None:
    job.run(
        lay_out(tmp_path / "migrations", FILES), lay_out(tmp_path / "schema", TABLES), "-placeholderReplacement=false"
    )
    good, bad = tmp_path / "1.sql", tmp_path / "2.sql"
    good.write_text(
        "INSERT INTO items VALUES (3, 'c'); CREATE TRIGGER t AFTER INSERT ON items FOR EACH ROW SET @x = 1;"
    )
    bad.write_text("SET @s = concat('DELETE FROM ', 'shop.items');\nPREPARE p FROM @s;\n")
    with open_database(server) as database:
        with pytest.raises(DatabaseError, match=r"seed 2.sql, line 2: 1142 DELETE command denied"):
            database.prepare("seeded", [good, bad])
        assert query(server, "SELECT count(*) FROM items") == [(2,)]
        database.prepare("seeded", [good], fresh=True)
        database.reset()
        assert query(server, "SELECT count(*) FROM items") == [(3,)]
    definer = "SELECT definer FROM information_schema.triggers WHERE trigger_schema = 'shop'"
    assert query(server, definer) == [("shop@%",)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE USER IF NOT EXISTS crm IDENTIFIED BY 'x'",
        "GRANT SELECT ON items TO nobody",
        "GRANT SELECT ON items TO reporting",
    ],
)
def test_a_migration_about_accounts_fails_with_what_helps(
    job: Job, server: Address, tmp_path: Path, statement: str
) -> None:
    migrations = lay_out(tmp_path / "migrations", FILES | {"V003__rights.sql": f"{statement};\n"})
    log = job.run(migrations, lay_out(tmp_path / "schema", TABLES), "-placeholderReplacement=false")
    assert "failed: migrate.sh shop_pristine" in log
    assert "V003__rights.sql" in log
    assert "value accounts" in flyway_hint(log, "mysql")
    # Made by the Job, before any migration, with rights on the live database alone.
    reporting = replace(server, user="reporting")
    assert query(reporting, "SELECT count(*) FROM items") == [(0,)]
    for beyond in ("DELETE FROM items", "SELECT * FROM shop_pristine.items"):
        with pytest.raises(pymysql.OperationalError, match="denied"):
            query(reporting, beyond)


def test_a_migration_that_is_gone_or_another_one_is_told_with_what_helps(job: Job, tmp_path: Path) -> None:
    schema = lay_out(tmp_path / "schema", TABLES)
    later = {"V003__b.sql": "CREATE TABLE b (n INT);\n", "V004__c.sql": "CREATE TABLE c (n INT);\n"}
    assert "failed:" not in job.run(lay_out(tmp_path / "all", FILES | later), schema, "-placeholderReplacement=false")
    less = lay_out(tmp_path / "less", FILES | {"V004__c.sql": later["V004__c.sql"]})
    log = job.run(less, schema, "-placeholderReplacement=false")
    assert "failed: migrate.sh shop -" in log
    assert flyway_hint(log, "mysql").startswith("bring back the migration of version 003, or")
    other = lay_out(tmp_path / "other", FILES | later | {"V003__b.sql": "CREATE TABLE b (n BIGINT);\n"})
    log = job.run(other, schema, "-placeholderReplacement=false")
    assert flyway_hint(log, "mysql").startswith("make the migration of version 003 again what it was, or")
