"""The pytest plugin, the Python API and `devenv test` on the environment that is up."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psycopg
import pytest
from support.databases import address_of, clones
from support.environment import Project
from support.suites import Suite, examples, output, suite

from devenv import Environment

DOCS = Path(__file__).parents[2] / "docs"
pytestmark = pytest.mark.e2e
POSTGRES = """
import psycopg
import pytest

def count(database):
    return database.client.execute("SELECT count(*) FROM items").fetchone()[0]

@pytest.mark.parametrize("number", range(6))
def test_each_has_its_own(devenv_postgres, number):
    assert count(devenv_postgres) == 1
    devenv_postgres.client.execute("INSERT INTO items (name) VALUES ('mine')")
    assert count(devenv_postgres) == 2

def test_others_see_nothing_of_it(devenv, devenv_postgres):
    devenv_postgres.client.execute("DELETE FROM items")
    with devenv.postgres() as other:
        assert count(other) == 1
        assert other.name != devenv_postgres.name

def test_a_connection_that_is_hung_on_to(devenv_postgres):
    global hung
    hung = psycopg.connect(devenv_postgres.url)
    hung.execute("SELECT 1")

@pytest.mark.devenv(scope="class")
class TestOneForAClass:
    def test_writes(self, devenv_postgres):
        devenv_postgres.client.execute("DELETE FROM items")

    def test_finds_what_was_written(self, devenv_postgres):
        assert count(devenv_postgres) == 0

@pytest.fixture(scope="module")
def shared(devenv):
    with devenv.postgres() as database:
        yield database

@pytest.mark.parametrize("expected", [1, 2])
def test_of_a_module(shared, expected):
    assert count(shared) == expected
    shared.client.execute("INSERT INTO items (name) VALUES ('one more')")

@pytest.mark.anyio
async def test_asynchronous(devenv_postgres):
    async with await psycopg.AsyncConnection.connect(devenv_postgres.url) as connection:
        await connection.execute("SELECT 1")

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""
UNITTEST = """
import unittest
import pytest

class TestItems(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _database(self, devenv_postgres):
        self.database = devenv_postgres

    def test_is_seeded(self):
        self.assertEqual(self.database.client.execute("SELECT count(*) FROM items").fetchone(), (1,))
"""
AWS = """
import pytest
from botocore.exceptions import ClientError

def test_a_bucket(devenv_s3):
    devenv_s3.put("mine.txt", b"text")
    assert (devenv_s3.keys(), devenv_s3.get("mine.txt")) == (["mine.txt"], b"text")

@pytest.mark.devenv(s3="alt-objects", sqs="alt-events", dynamodb="alt-sessions", sns="alt-news")
def test_like_the_seeded_ones(devenv, devenv_s3, devenv_sqs, devenv_dynamodb, devenv_sns):
    assert devenv_s3.keys() == ["readme.txt"]
    assert devenv_sqs.name == "alt-events"
    assert devenv_sqs.receive() == []
    devenv_sqs.send("hello")
    assert devenv_sqs.receive() == ["hello"]
    items = devenv_dynamodb.client.scan(TableName=devenv_dynamodb.name)["Items"]
    assert [item["id"] for item in items] == [{"S": "first"}]
    devenv_dynamodb.client.put_item(TableName=devenv_dynamodb.name, Item={"id": {"S": "mine"}})
    with devenv.sqs("alt-audit", account=devenv_sns.account) as audit:
        devenv_sns.publish("news")
        assert audit.receive(wait=5) == ["news"]

@pytest.mark.devenv(dynamodb="alt-sessions")
def test_others_find_the_seeds_alone(devenv_dynamodb, devenv_sqs, devenv_sns):
    assert devenv_dynamodb.client.scan(TableName=devenv_dynamodb.name)["Count"] == 1
    devenv_sns.subscribe(devenv_sqs)
    devenv_sns.publish("to the queue of this test")
    assert devenv_sqs.receive(wait=5) == ["to the queue of this test"]

def test_secrets(devenv_secrets):
    assert "hello from Secrets Manager" in devenv_secrets.get("alt-apps/alt-backend")
    devenv_secrets.put("alt-apps/alt-backend", "changed")
    devenv_secrets.put("new", "one")
    assert devenv_secrets.get("new") == "one"

def test_secrets_are_as_seeded_again(devenv_secrets):
    assert "hello from Secrets Manager" in devenv_secrets.get("alt-apps/alt-backend")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        devenv_secrets.get("new")
"""
SERVICES = """
import pytest
from devenv.testing.eventually import eventually

@pytest.mark.parametrize("endpoint", ["api", "api-tls"])
def test_a_service_is_reached(devenv_http, endpoint):
    client = devenv_http(endpoint)
    assert str(client.base_url).startswith("https" if endpoint == "api-tls" else "http:")
    assert client.get("/items").json()[0]["name"] == "the first item"

def test_what_it_logs_is_read(devenv_http, devenv_logs):
    assert devenv_http("api").post("/items", json={"name": ""}).status_code == 400
    eventually(lambda: isinstance(devenv_logs("alt-backend"), list))
"""
FAILING = """
import pytest

def test_fails(devenv_postgres, devenv_http):
    devenv_http("api").get("/items")
    devenv_postgres.client.execute("INSERT INTO items (name) VALUES ('left behind')")
    assert devenv_postgres.client.execute("SELECT count(*) FROM items").fetchone() == (7,)

@pytest.mark.devenv(postgres="kratos")
def test_of_no_database(devenv_postgres):
    pass

@pytest.mark.devenv(postgress="postgres")
def test_of_no_kind(devenv_postgres):
    pass

@pytest.mark.devenv(empty="yes")
def test_of_no_truth(devenv_postgres):
    pass

def test_passes(devenv_postgres):
    pass
"""
ALL_ENGINES = """
import asyncio
import json
import pytest

@pytest.mark.devenv(postgres="auth-postgres")
def test_another_stack(devenv_postgres):
    assert devenv_postgres.stack == "auth-postgres"
    devenv_postgres.client.execute("CREATE TABLE mine (n int)")

@pytest.mark.devenv(empty=True)
def test_as_migrations_find_them(devenv, devenv_postgres, devenv_mysql, devenv_clickhouse, devenv_redis, devenv_nats):
    assert devenv_postgres.client.execute("SELECT to_regclass('items')").fetchone() == (None,)
    with devenv_mysql.client.cursor() as cursor:
        assert cursor.execute("SHOW TABLES") == 0
    assert devenv_clickhouse.rows("SHOW TABLES") == []
    assert devenv_redis.client.dbsize() == 0
    async def streams():
        async with await devenv_nats.connect() as connection:
            return await connection.jetstream().streams_info()
    assert asyncio.run(streams()) == []
    with devenv.postgres() as migrated:
        assert migrated.client.execute("SELECT count(*) FROM items").fetchone() == (1,)

@pytest.mark.parametrize("number", [1, 2])
def test_mysql(devenv_mysql, number):
    with devenv_mysql.client.cursor() as cursor:
        cursor.execute("CREATE TABLE mine (n int)")

@pytest.mark.parametrize("number", [1, 2])
def test_clickhouse(devenv_clickhouse, number):
    devenv_clickhouse.client.post("/", content="CREATE TABLE mine (n Int32) ENGINE = MergeTree ORDER BY n")
    assert devenv_clickhouse.rows("SELECT database() AS name") == [{"name": devenv_clickhouse.name}]

@pytest.mark.parametrize("number", [1, 2])
def test_redis(devenv, devenv_redis, number):
    assert devenv_redis.client.get("mine") is None
    devenv_redis.client.set("mine", "value")
    with devenv.redis() as other:
        assert other.client.get("mine") is None

@pytest.mark.parametrize("number", [1, 2])
def test_nats(devenv_nats, number):
    async def publish():
        connection = await devenv_nats.connect()
        try:
            jetstream = connection.jetstream()
            await jetstream.add_stream(name="MINE", subjects=["mine.>"])
            return (await jetstream.publish("mine.one", b"1")).seq
        finally:
            await connection.close()
    assert asyncio.run(publish()) == 1
"""
ALEMBIC = {
    "env.py": """
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
""",
    "versions/0001_orders.py": """
from alembic import op

revision, down_revision = "0001", None

def upgrade():
    op.execute("CREATE TABLE orders (id int PRIMARY KEY)")
""",
    "versions/0002_state.py": """
from alembic import op

revision, down_revision = "0002", "0001"

def upgrade():
    op.execute("ALTER TABLE orders ADD state text NOT NULL DEFAULT 'new'")
""",
}
SET = """
import os, psycopg, sys
names = ["DATABASE_URL", "DATABASE_URL_1", "DATABASE_URL_2", "POSTGRES_URL_2"]
print(*(os.environ[name] for name in names), os.environ["AWS_ACCESS_KEY_ID_2"], os.environ.get("AWS_PROFILE"))
with psycopg.connect(os.environ["DATABASE_URL_2"]) as connection:
    print(connection.execute("SELECT count(*) FROM items").fetchone()[0])
sys.exit(7)
"""


@pytest.fixture(scope="module")
def home() -> str:
    """Asked for before pytester takes it away."""
    return os.environ["HOME"]


@pytest.fixture
def tests(home: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, inside: Project) -> Suite:
    return suite(pytester, monkeypatch, inside.root, home)


@pytest.mark.parametrize("workers", [0, 2])
def test_each_test_has_a_database_of_its_own(tests: Suite, inside: Project, workers: int) -> None:
    tests.pytester.makepyfile(test_postgres=POSTGRES, test_unittest=UNITTEST)
    result = tests.run("--devenv=require", "-p", "anyio", workers=workers)
    result.assert_outcomes(passed=14)
    assert clones(inside) == []  # the one with the connection too


def test_each_test_has_its_own_of_aws_and_services_are_reached(tests: Suite) -> None:
    tests.pytester.makepyfile(test_aws=AWS, test_services=SERVICES)
    tests.run("--devenv=require").assert_outcomes(passed=8)


def test_what_the_documentation_shows_works(tests: Suite) -> None:
    shown = examples(DOCS / "testing.md")
    tests.pytester.makepyfile(**shown)
    tests.pytester.makefile(".ini", alembic="[alembic]\nscript_location = migrations\n")
    for name, text in ALEMBIC.items():
        file = tests.pytester.path / "migrations" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    result = tests.run("--devenv=require", "-p", "anyio")
    assert len(shown) == 10
    result.assert_outcomes(passed=16)


def test_a_report_tells_what_a_failed_test_had(tests: Suite, inside: Project) -> None:
    tests.pytester.makepyfile(FAILING)
    result = tests.run("--devenv=require", "--devenv-keep-failed")
    result.assert_outcomes(passed=1, failed=1, errors=3)
    told = output(result)
    assert "no postgres database kratos is deployed" in told
    assert "the marker devenv knows no postgress" in told
    assert "did you mean postgres?" in told
    assert "empty='yes' is neither True nor False" in told
    assert "devenv: containers of alt-backend" in told
    assert "running, ready, 0 restarts" in told
    assert "devenv: logs of postgres since the test began" in told
    (kept,) = {word for word in told.split() if "_kept_" in word and word.startswith("postgresql://")}
    with Environment.running(inside.root) as environment, environment.postgres():
        """Another pool leaves it as it is."""
    with psycopg.connect(kept) as connection:
        assert connection.execute("SELECT count(*) FROM items WHERE name = 'left behind'").fetchone() == (1,)
    address = address_of(inside, "postgres")
    with psycopg.connect(address.url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{kept.rpartition("/")[2]}"'.encode())


def test_every_engine_gives_a_test_its_own(tests: Suite) -> None:
    tests.pytester.makepyfile(ALL_ENGINES)
    tests.run("--devenv=require").assert_outcomes(passed=10)


def test_a_command_gets_numbered_sets_and_its_status_is_passed_on(inside: Project) -> None:
    done = inside.devenv("test", "--workers", "2", "--", sys.executable, "-c", SET, expect=7)
    addresses, items = done.stdout.splitlines()
    first, numbered, second, by_stack, account, profile = addresses.split()
    assert (first, second, profile) == (numbered, by_stack, "None")
    assert first != second
    assert account.startswith("7")
    assert items == "1"
    assert clones(inside) == []


def test_a_command_gets_databases_as_migrations_find_them(inside: Project) -> None:
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    program = f"import os, psycopg; print(psycopg.connect(os.environ['DATABASE_URL']).execute({tables!r}).fetchone())"
    assert inside.devenv("test", "--empty", "--", sys.executable, "-c", program).stdout == "(0,)\n"
    assert clones(inside) == []


def test_the_api_in_a_script(inside: Project) -> None:
    with Environment.running(inside.root) as environment:
        assert environment.project == inside.name
        assert environment.url("alt-backend/api") == environment.endpoint("api").url
        with environment.postgres() as database, environment.sqs() as queue:
            assert database.client.execute("SELECT 1").fetchone() == (1,)
            queue.send("one")
            assert queue.receive() == ["one"]
