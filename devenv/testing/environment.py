"""The Python API: an environment that runs, and what of it somebody has for themselves.

Responsible for handing out and taking back. Everything that is handed out is new, migrated and seeded, and gone when
its block ends; whoever wants more than one asks again. What one kind takes is imported when it is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO, TypeVar

import httpx2

from devenv.adapters.files.leases import Lease
from devenv.adapters.through_traefik import async_client, client
from devenv.databases.address import Address
from devenv.databases.clones import ClonePool
from devenv.errors import UsageError
from devenv.logs.entries import LogEntry, LogQuery
from devenv.logs.kubelet import read_kubelets
from devenv.runtime.host.ports import http_ports
from devenv.spec.stack import DatabaseEngine
from devenv.testing.bringing import Wanted, bring_up, take_down, told
from devenv.testing.databases import ClickHouseDatabase, Keep, MysqlDatabase, OwnDatabase, PostgresDatabase
from devenv.workflows.access.locations import local_ca_certificate
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.clones import pool_of
from devenv.workflows.databases.deployed import Deployed, Deployment, reach
from devenv.workflows.logs import labels_of
from devenv.workflows.run.links import Link, named_link, reached

if TYPE_CHECKING:
    from devenv.localstack import LocalStack
    from devenv.localstack.own import OwnAccount
    from devenv.testing.aws import AwsResource, Bucket, Queue, Secrets, Table, Topic
    from devenv.testing.stores import NatsAccount, RedisDatabase
    from devenv.workflows.service_copy import ServiceCopy

Owned = TypeVar("Owned", bound=OwnDatabase)
Kind = Callable[[str, Address, Keep], Owned]
Resource = TypeVar("Resource", "Bucket", "Queue", "Topic", "Table", "Secrets")

_READY = 2
"""Clones of a database that wait, once one was asked for: a worker runs one test at a time."""


class Environment:
    """One project's environment, for as long as it is used. Threads may share it."""

    def __init__(self, deployment: Deployment, leaving: ExitStack) -> None:
        """See `running` and `up`."""
        self._deployment = deployment
        self._leaving = leaving
        self._lock = threading.RLock()
        self._pools: dict[tuple[str, bool], ClonePool] = {}
        """By stack, and whether they are of empty databases."""
        self._localstack: LocalStack | None = None
        self._free_accounts: list[OwnAccount] = []

    @classmethod
    def running(cls, directory: Path | str = ".") -> Self:
        """The environment of the project in or above a folder.

        Raises:
            ClusterError: it does not run; `up` brings it up.
            SpecError: with every problem of the specification.
            EngineUnavailableError: no container engine answers.
        """
        with ExitStack() as stack:
            deployment = stack.enter_context(reach(Path(directory), silent_session()))
            return cls(deployment, stack.pop_all())

    @classmethod
    def up(
        cls,
        directory: Path | str = ".",
        *,
        only: Sequence[str] = (),
        profile: str | None = None,
        fresh: bool = False,
        progress: TextIO | None = None,
    ) -> Self:
        """The same, brought up where it does not run or lacks a stack. It stays up: `down` takes it away.

        Args:
            directory: where devenv.yaml is looked for, there and above.
            only: stacks, which come with what they need; all when empty.
            profile: whose values the stacks get; of a running environment it is not changed.
            fresh: take away one that is there first; refused where a database holds more than its seeds.
            progress: gets a line for each step.

        Raises:
            RunFailedError: steps failed.
            UsageError: what is there would be lost, and nobody agreed to that.
            DevenvError: whatever `devenv up` raises.
        """
        with told("up", progress) as session:
            bring_up(Wanted(Path(directory), tuple(only), profile), session, fresh=fresh)
        return cls.running(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take back what was handed out and prepared. The environment stays as it is."""
        self._leaving.close()

    def down(self, *, progress: TextIO | None = None) -> None:
        """Take the environment away, with all of its data."""
        self.close()
        with told("down", progress) as session:
            take_down(self.directory, session)

    @property
    def project(self) -> str:
        return self._deployment.environment.names.project

    @property
    def directory(self) -> Path:
        """The folder with devenv.yaml."""
        return self._deployment.environment.workspace.root

    @property
    def deployment(self) -> Deployment:
        """For devenv's own modules."""
        return self._deployment

    def postgres(self, stack: str = "", *, empty: bool = False) -> AbstractContextManager[PostgresDatabase]:
        """A database of one's own, migrated and seeded.

        Args:
            stack: like which one, where there are several.
            empty: as migrations find it, for those who run their own.
        """
        return self._clone("postgres", stack, PostgresDatabase, empty=empty)

    def mysql(self, stack: str = "", *, empty: bool = False) -> AbstractContextManager[MysqlDatabase]:
        """The same of MySQL."""
        return self._clone("mysql", stack, MysqlDatabase, empty=empty)

    def clickhouse(self, stack: str = "", *, empty: bool = False) -> AbstractContextManager[ClickHouseDatabase]:
        """The same of ClickHouse."""
        return self._clone("clickhouse", stack, ClickHouseDatabase, empty=empty)

    def redis(self, stack: str = "", *, empty: bool = False) -> AbstractContextManager[RedisDatabase]:
        """A logical database of one's own, with the seeds of database 0."""
        from devenv.databases.redis.own import own_database
        from devenv.testing.stores import RedisDatabase

        return self._leased("redis", stack, partial(own_database, empty=empty), RedisDatabase)

    def nats(self, stack: str = "", *, empty: bool = False) -> AbstractContextManager[NatsAccount]:
        """An account of one's own, with the seeded streams."""
        from devenv.databases.nats.own import own_account
        from devenv.testing.stores import NatsAccount

        return self._leased("nats", stack, partial(own_account, empty=empty), NatsAccount)

    @contextmanager
    def aws(self) -> Iterator[OwnAccount]:
        """An AWS account of one's own in LocalStack, empty: its clients and variables."""
        with self._lock:
            account = self._free_accounts.pop() if self._free_accounts else self._new_account()
        try:
            yield account
        finally:
            if not account.keep:
                account.empty()
                self._free_accounts.append(account)

    def s3(self, seed: str = "", *, account: OwnAccount | None = None) -> AbstractContextManager[Bucket]:
        """A bucket of one's own: like a seeded one, or empty. `account` has several things in one."""
        from devenv.testing.aws import Bucket

        return self._resource(Bucket, seed, account)

    def sqs(self, seed: str = "", *, account: OwnAccount | None = None) -> AbstractContextManager[Queue]:
        """A queue: like a seeded one, or a plain one."""
        from devenv.testing.aws import Queue

        return self._resource(Queue, seed, account)

    def sns(self, seed: str = "", *, account: OwnAccount | None = None) -> AbstractContextManager[Topic]:
        """A topic: like a seeded one, with its queues, or a plain one."""
        from devenv.testing.aws import Topic

        return self._resource(Topic, seed, account)

    def dynamodb(self, seed: str = "", *, account: OwnAccount | None = None) -> AbstractContextManager[Table]:
        """A table: like a seeded one, with its items, or a plain one."""
        from devenv.testing.aws import Table

        return self._resource(Table, seed, account)

    def secrets(self, seed: str = "", *, account: OwnAccount | None = None) -> AbstractContextManager[Secrets]:
        """The seeded secrets, or one, to be read and changed by nobody else."""
        from devenv.testing.aws import Secrets

        return self._resource(Secrets, seed, account)

    def url(self, endpoint: str) -> str:
        """Where an endpoint answers on this machine, by its own name, its stack's, or `stack/name`."""
        return self.endpoint(endpoint).url

    def endpoint(self, name: str) -> Link:
        """The same with the stack that it belongs to."""
        return named_link(self.endpoints, name)

    def http(self, endpoint: str) -> httpx2.Client:
        """A client on an endpoint or URL, which the caller closes; reaches it whatever this system resolves."""
        url = endpoint if "://" in endpoint else self.url(endpoint)
        return client(url, local_ca_certificate())

    def http_async(self, endpoint: str) -> httpx2.AsyncClient:
        """The same for asynchronous code."""
        url = endpoint if "://" in endpoint else self.url(endpoint)
        return async_client(url, local_ca_certificate())

    def logs(self, stack: str, *, since: datetime) -> list[LogEntry]:
        """What the pods of a stack wrote since then, oldest first, as the kubelets have it."""
        query = LogQuery(since=since, stacks=labels_of(self._deployment, [stack]))
        found = read_kubelets(self._deployment.environment.cluster, query).entries
        # A kubelet is asked by the second.
        return [entry for entry in found if entry.timestamp >= f"{since:%Y-%m-%dT%H:%M:%S.%f}"]

    def service(
        self,
        stack: str,
        *,
        databases: Sequence[OwnDatabase] = (),
        offered: Sequence[OwnDatabase] = (),
        resources: Sequence[AwsResource] = (),
        environment: Mapping[str, str | None] | None = None,
        workload: str = "",
    ) -> AbstractContextManager[ServiceCopy]:
        """A copy of a stack's service with a pod and a host name of its own, on one's own data.

        Args:
            stack: whose service.
            databases: take the place of those of their stacks; refused where the service has no use for one.
            offered: the same, where the service has a use for them.
            resources: take the place of the seeded ones that they are like, in their account.
            environment: variables over everything else; None takes one away.
            workload: which one is meant, where the stack has several.

        Raises:
            UsageError: no variable of the service leads to one of the databases, or it is not clear which is meant.
            WorkloadError: the copy cannot become ready; the message has why.
        """
        from devenv.workflows.service_copy import CopyRequest, copy_service

        accounts = {resource.account.id: resource.account for resource in resources}
        request = CopyRequest(
            stack,
            environment={**{k: v for a in accounts.values() for k, v in a.login.items()}, **(environment or {})},
            databases={database.stack: database.address for database in databases},
            offered={database.stack: database.address for database in offered},
            resources={r.seed: r.name for r in resources if r.seed and r.seed != r.name},
            workload=workload,
        )
        return copy_service(self._deployment, request)

    def find(self, engine: DatabaseEngine, stack: str = "") -> Deployed:
        """A database of an engine: the one of this stack, or the only one, or the stack called like the engine.

        Raises:
            UsageError: there is none, or there are several and none is called so.
            DatabaseError: it is not ready.
        """
        known = [d.name for d in self._deployment.choose(()) if d.spec.engine == engine]
        chosen = stack or preferred(engine, known)
        if chosen not in known:
            raise UsageError(
                f"no {engine} database {chosen} is deployed" if stack else f"which {engine} database is not said",
                hint=f"one of {', '.join(known)}" if known else f"devenv up --only {chosen}",
            )
        (deployed,) = self._deployment.choose([chosen])
        return deployed

    @property
    def databases(self) -> dict[str, DatabaseEngine]:
        """The stacks whose databases somebody may have for themselves, and the engine of each."""
        found = self._deployment.choose(())
        return {deployed.name: deployed.spec.engine for deployed in found if deployed.spec.engine in self._lending}

    def own(self, engine: DatabaseEngine, stack: str, *, empty: bool = False) -> AbstractContextManager[OwnDatabase]:
        """A database of one's own, of any engine that can be had."""
        return self._lending[engine](stack, empty=empty)

    @property
    def _lending(self) -> Mapping[DatabaseEngine, Callable[..., AbstractContextManager[OwnDatabase]]]:
        return {
            "postgres": self.postgres,
            "mysql": self.mysql,
            "clickhouse": self.clickhouse,
            "redis": self.redis,
            "nats": self.nats,
        }

    @property
    def has_aws(self) -> bool:
        """Whether LocalStack is deployed."""
        return self._deployment.seeded(()) is not None

    @cached_property
    def endpoints(self) -> list[Link]:
        """What answers on this machine."""
        environment, records = self._deployment.environment, self._deployment.facts.records
        installed = [name for name in environment.workspace.selected if name in records]
        return reached(environment.workspace, installed, http_ports(environment.containers()))

    @contextmanager
    def _clone(self, engine: DatabaseEngine, stack: str, kind: Kind[Owned], *, empty: bool) -> Iterator[Owned]:
        deployed = self.find(engine, stack)
        pool = self._pool(deployed, empty=empty)
        with pool.database() as address, kind(deployed.name, address, pool.keep) as own:
            yield own

    @contextmanager
    def _leased(
        self,
        engine: DatabaseEngine,
        stack: str,
        take: Callable[[Address], AbstractContextManager[tuple[Address, Lease]]],
        kind: Kind[Owned],
    ) -> Iterator[Owned]:
        deployed = self.find(engine, stack)
        with (
            take(self._deployment.address(deployed)) as (address, lease),
            kind(deployed.name, address, partial(_kept, lease)) as own,
        ):
            yield own

    @contextmanager
    def _resource(
        self, kind: Callable[[OwnAccount, str], Resource], seed: str, account: OwnAccount | None
    ) -> Iterator[Resource]:
        with nullcontext(account) if account else self.aws() as own:
            yield kind(own, seed)

    def _pool(self, deployed: Deployed, *, empty: bool) -> ClonePool:
        with self._lock:
            if (deployed.name, empty) not in self._pools:
                pool = pool_of(self._deployment, deployed, size=_READY, empty=empty)
                self._pools[deployed.name, empty] = self._leaving.enter_context(pool)
            return self._pools[deployed.name, empty]

    def _new_account(self) -> OwnAccount:
        from devenv.localstack.own import own_account
        from devenv.runtime.steps.localstack import local_stack

        environment = self._deployment.environment
        if self._localstack is None:
            self._localstack = local_stack(environment)
        return self._leaving.enter_context(own_account(self._localstack))


def _kept(lease: Lease, address: Address) -> Address:
    lease.keep = True
    return address


def preferred(engine: DatabaseEngine, names: Sequence[str]) -> str:
    """The database that is meant where none is named; the engine's own name where that is not clear."""
    return names[0] if len(names) == 1 else str(engine)
