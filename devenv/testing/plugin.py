"""The pytest plugin: options, the marker, fixtures.

Every run of pytest in an environment that has devenv imports this module, most of them for nothing: what is heavy is
imported by what a test asks for. What the fixtures do is written in `fixtures`; a run's processes share a `SharedRun`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from devenv.testing.settings import add_options, settings_of
from devenv.testing.shared_run import RUN, SharedRun, run_of

if TYPE_CHECKING:
    import httpx2

    from devenv.localstack.own import OwnAccount
    from devenv.logs.entries import LogEntry
    from devenv.testing.aws import Bucket, Queue, Secrets, Table, Topic
    from devenv.testing.databases import ClickHouseDatabase, MysqlDatabase, PostgresDatabase
    from devenv.testing.environment import Environment
    from devenv.testing.stores import NatsAccount, RedisDatabase
    from devenv.workflows.service_copy import ServiceCopy

_WORKER_INPUT = "devenv_run"
MARKER = (
    "devenv(postgres=…, mysql=…, …, scope='test', empty=False): which stack's database or which seed a test's own is "
    "like, for how long it is the same one (test, class, module or session), and whether databases are empty, as "
    "migrations find them"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    settings_of(config)
    told = getattr(config, "workerinput", {}).get(_WORKER_INPUT)
    if told:
        from pathlib import Path

        config.stash[RUN] = SharedRun(Path(told))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist what all of them share."""
    node.workerinput[_WORKER_INPUT] = str(run_of(node.config).folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Why there is no environment, once: each test that needs it says but what failed."""
    outcome = config.stash[RUN].outcome if RUN in config.stash else None
    if outcome and outcome.failure:
        terminalreporter.section("the environment is not up")
        terminalreporter.write_line(outcome.failure)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take down what was brought up for this run, once all of its processes are over."""
    if RUN not in config.stash or hasattr(config, "workerinput"):
        return
    run = config.stash[RUN]
    if run.brought_up:
        from devenv.testing.fixtures import end_environment

        end_environment(settings_of(config))
    run.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and report.when != "teardown":
        from devenv.testing.held import HELD

        if HELD in item.stash:
            from devenv.testing.report import explain

            explain(item, report, settings_of(item.config))
    return report


@pytest.fixture(scope="session")
def devenv(request: pytest.FixtureRequest) -> Iterator[Environment]:
    """The environment, which all tests of the run share: `devenv.url("api")`, `devenv.postgres()`."""
    settings = settings_of(request.config)
    if settings.mode == "off":
        pytest.skip("--devenv=off")
    from devenv.testing.fixtures import opened

    with opened(request.config, run_of(request.config), settings) as environment:
        yield environment


@pytest.fixture
def devenv_postgres(request: pytest.FixtureRequest, devenv: Environment) -> PostgresDatabase:
    """A PostgreSQL database of this test's own, migrated and seeded: `.url`, `.client`, `.connect()`."""
    own: PostgresDatabase = _own(request, devenv, "postgres")
    return own


@pytest.fixture
def devenv_mysql(request: pytest.FixtureRequest, devenv: Environment) -> MysqlDatabase:
    """A MySQL or MariaDB schema of this test's own, migrated and seeded: `.url`, `.client`, `.connect()`."""
    own: MysqlDatabase = _own(request, devenv, "mysql")
    return own


@pytest.fixture
def devenv_clickhouse(request: pytest.FixtureRequest, devenv: Environment) -> ClickHouseDatabase:
    """A ClickHouse database of this test's own, migrated and seeded: `.url`, `.rows(…)`, `.client`."""
    own: ClickHouseDatabase = _own(request, devenv, "clickhouse")
    return own


@pytest.fixture
def devenv_redis(request: pytest.FixtureRequest, devenv: Environment) -> RedisDatabase:
    """A logical database of this test's own, seeded: `.url`, `.client`."""
    own: RedisDatabase = _own(request, devenv, "redis")
    return own


@pytest.fixture
def devenv_nats(request: pytest.FixtureRequest, devenv: Environment) -> NatsAccount:
    """An account of this test's own with the seeded streams: `.url`, `await ….connect()`."""
    own: NatsAccount = _own(request, devenv, "nats")
    return own


@pytest.fixture
def devenv_aws(request: pytest.FixtureRequest, devenv: Environment) -> OwnAccount:
    """An AWS account of this test's own, which the following share: `.client("sqs")`, `.variables`."""
    own: OwnAccount = _own(request, devenv, "aws")
    return own


@pytest.fixture
def devenv_s3(request: pytest.FixtureRequest, devenv: Environment) -> Bucket:
    """A bucket of this test's own: `.name`, `.client`, `.get(…)`, `.put(…)`."""
    own: Bucket = _own(request, devenv, "s3")
    return own


@pytest.fixture
def devenv_sqs(request: pytest.FixtureRequest, devenv: Environment) -> Queue:
    """A queue of this test's own: `.url`, `.client`, `.send(…)`, `.receive()`."""
    own: Queue = _own(request, devenv, "sqs")
    return own


@pytest.fixture
def devenv_sns(request: pytest.FixtureRequest, devenv: Environment) -> Topic:
    """A topic of this test's own: `.arn`, `.client`, `.publish(…)`, `.subscribe(…)`."""
    own: Topic = _own(request, devenv, "sns")
    return own


@pytest.fixture
def devenv_dynamodb(request: pytest.FixtureRequest, devenv: Environment) -> Table:
    """A table of this test's own: `.name`, `.client`."""
    own: Table = _own(request, devenv, "dynamodb")
    return own


@pytest.fixture
def devenv_secrets(request: pytest.FixtureRequest, devenv: Environment) -> Secrets:
    """The seeded secrets, for this test alone: `.client`, `.get(…)`, `.put(…)`."""
    own: Secrets = _own(request, devenv, "secrets")
    return own


@pytest.fixture
def devenv_http(request: pytest.FixtureRequest, devenv: Environment) -> Callable[[str], httpx2.Client]:
    """Clients on services through Traefik, with the local CA trusted: `devenv_http("backend").get("/items")`."""
    from devenv.testing.held import http_clients

    return http_clients(request, devenv)


@pytest.fixture
def devenv_service(request: pytest.FixtureRequest, devenv: Environment) -> Callable[..., ServiceCopy]:
    """Copies of services on what this test has: `devenv_service("alt-backend").url`."""
    from devenv.testing.held import services

    return services(request, devenv)


@pytest.fixture
def devenv_logs(request: pytest.FixtureRequest, devenv: Environment) -> Callable[[str], list[LogEntry]]:
    """What a stack has logged since this test began: `devenv_logs("alt-backend")`."""
    from devenv.testing.held import logs

    return logs(request, devenv)


def _own(request: pytest.FixtureRequest, environment: Environment, kind: str) -> Any:
    from devenv.testing.held import own

    return own(request, environment, kind)
