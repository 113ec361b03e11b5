"""A ClickHouse server in a container, for what needs the server and no cluster."""

from __future__ import annotations

import io
import os
import tarfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import docker.errors
import httpx2

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.databases.address import Address
from devenv.databases.clickhouse.server import Server, identifier
from support.images import provide
from support.waiting import await_answer

PASSWORD = "für-this-test-🔑"  # noqa: S105 -- of a server that lives as long as the test
READER_PASSWORD = "who-reads-🔎"  # noqa: S105 -- likewise
_READER = data_root() / "stacks" / "charts" / "clickhouse" / "users" / "reader.xml"
_QUERIES, _METRICS = 8123, 9363
_PUBLISHED: Mapping[str, int | list[int] | tuple[str, int] | None] = {
    f"{port}/tcp": ("127.0.0.1", 0) for port in (_QUERIES, _METRICS)
}
"""On any free port."""
_CONFIGURATION = (
    f"<clickhouse><prometheus><endpoint>/metrics</endpoint><port>{_METRICS}</port></prometheus></clickhouse>"
)
_DEFINITIONS = """
SELECT name, engine, create_table_query AS definition FROM system.tables
WHERE database = {database:String} AND NOT startsWith(name, '.inner') ORDER BY name
"""
_UNREADABLE = {"Set", "Null", "Dictionary"}


class ClickHouseContainer:
    """A server with an empty database `shop`, and the migrations Job's program beside it."""

    def __init__(self, engine: Engine, image: str, migrate_image: str, labels: dict[str, str]) -> None:
        self._engine = engine
        self._migrate_image = migrate_image
        self._labels = labels
        self._environment = {"CLICKHOUSE_USER": "shop", "CLICKHOUSE_PASSWORD": PASSWORD}
        # A network of its own: an engine need not have the default bridge.
        self._network = f"devenv-test-{uuid.uuid4().hex[:12]}"
        engine.networks.create(self._network, labels)
        self._container = engine.client.containers.create(
            image,
            environment={
                **self._environment,
                "CLICKHOUSE_DB": "shop",
                "CLICKHOUSE_READER_PASSWORD": READER_PASSWORD,
            },
            network=self._network,
            ports=_PUBLISHED,
            labels=labels,
        )
        self._container.put_archive("/etc/clickhouse-server/config.d", _archive("devenv.xml", _CONFIGURATION))
        self._container.put_archive("/etc/clickhouse-server/users.d", _archive(_READER.name, _READER.read_text()))
        self._container.start()

    @property
    def address(self) -> Address:
        """Where it answers; another port after a restart."""
        return Address("clickhouse", "127.0.0.1", self._port(_QUERIES), "shop", "shop", PASSWORD)

    @property
    def reader(self) -> Address:
        """The same, as the account that can only read."""
        return replace(self.address, user="reader", password=READER_PASSWORD)

    @property
    def metrics(self) -> str:
        """The URL of its metrics."""
        return f"http://127.0.0.1:{self._port(_METRICS)}/metrics"

    def _port(self, inside: int) -> int:
        (running,) = self._engine.containers.list(self._labels)
        (port,) = (port for _, port, container_port in running.ports if container_port == inside)
        return port

    def await_answer(self) -> None:
        """Return when it answers."""
        await_answer(
            lambda: httpx2.get(f"http://127.0.0.1:{self.address.port}/ping", trust_env=False), httpx2.TransportError
        )

    @property
    def network(self) -> str:
        """The network in which others reach it at its `name`."""
        return self._network

    @property
    def name(self) -> str:
        """What others in its network call it."""
        return str(self._container.short_id)

    @property
    def collecting(self) -> dict[str, str]:
        """What tells a log collector in its network where it is."""
        return {
            "CLICKHOUSE_URL": f"http://{self.name}:{_QUERIES}",
            "CLICKHOUSE_USER": "shop",
            "CLICKHOUSE_PASSWORD": PASSWORD,
            "CLICKHOUSE_READER_PASSWORD": READER_PASSWORD,
            "RETENTION_DAYS": "3",
        }

    def hold_to(self, cores: str) -> None:
        """Let it use some of the processor's cores only: `1,2`."""
        self._container.update(cpuset_cpus=cores)

    def kill(self) -> None:
        """As when a pod is killed; its volume stays."""
        self._container.kill()

    def start(self) -> None:
        """Have it answer again, on the same volume."""
        self._container.start()
        self.await_answer()

    def kill_and_start(self) -> None:
        """As when a pod is killed and comes back on the same volume."""
        self.kill()
        self.start()

    def migrate(self, folder: Path) -> tuple[int, str]:
        """Run the Job's program on a folder; its exit status and what it said."""
        try:
            said = self._engine.client.containers.run(
                self._migrate_image,
                command=["--database=shop", "--pristine=shop_pristine"],
                environment={**self._environment, "CLICKHOUSE_HOST": "127.0.0.1"},
                network_mode=f"container:{self._container.id}",
                user=f"{os.getuid()}:{os.getgid()}",  # the test's files are its own
                volumes=[f"{folder}:/migrations:ro"],
                stderr=True,
                remove=True,
            )
        except docker.errors.ContainerError as error:
            return error.exit_status, str(error)
        return 0, said.decode()

    def client(self, *arguments: str) -> str:
        """Run `clickhouse-client` beside the server."""
        done = self._container.exec_run(["clickhouse-client", *arguments])
        assert isinstance(done.output, bytes)
        assert done.exit_code == 0, done.output
        return done.output.decode()

    def remove(self) -> None:
        """End it, with its volume and its network."""
        self._container.remove(force=True, v=True)
        self._engine.networks.remove(self._network)


@contextmanager
def clickhouse_server(engine: Engine, labels: dict[str, str]) -> Iterator[ClickHouseContainer]:
    """A server of the image that is built here; lives as long as the block."""
    images = provide("clickhouse", engine), provide("clickhouse-migrate", engine)
    container = ClickHouseContainer(engine, *images, labels)
    try:
        container.await_answer()
        yield container
    finally:
        container.remove()


def _archive(name: str, content: str) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as made:
        file = tarfile.TarInfo(name)
        file.size, file.mode = len(content), 0o644
        made.addfile(file, io.BytesIO(content.encode()))
    return archive.getvalue()


def empty(address: Address) -> None:
    """Make the live database anew, and drop all that devenv keeps beside it."""
    with closing(Server(address)) as server:
        server.drop([f"{address.name}_{copy}" for copy in ("spare", "unseeded", "pristine")])
        server.drop([address.name])
        server.create(address.name)


def fingerprint(address: Address, name: str) -> dict[str, tuple[str, bytes]]:
    """Everything in a database that a reset must bring back: each object's definition, and what it holds."""
    with closing(Server(address)) as server:
        return {
            row["name"]: (row["definition"], _rows(server, name, row))
            for row in server.rows(_DEFINITIONS, database=name)
        }


def _rows(server: Server, database: str, row: dict[str, str]) -> bytes:
    if row["engine"] in _UNREADABLE:
        return b""
    table = f"{identifier(database)}.{identifier(row['name'])}"
    # What engines that sum or replace will merge some time later counts as merged.
    query = f"SELECT * FROM {table} ORDER BY ALL SETTINGS final = 1 FORMAT JSONCompactEachRow"  # noqa: S608 -- quoted
    return server.execute(query)
