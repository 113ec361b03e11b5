"""A service of the environment once more, for one test: with a host name of its own, on the test's own data.

Responsible for making, awaiting and removing; what a copy is made of is decided in `devenv.runtime.service_copies`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from devenv.adapters.docker import ContainerInfo
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.objects import is_true
from devenv.adapters.kubernetes.surroundings import (
    Surroundings,
    create_all,
    read_surroundings,
    read_texts,
)
from devenv.adapters.traefik import unrouted
from devenv.databases.address import Address
from devenv.errors import NotReadyError, UsageError
from devenv.logs.entries import LogEntry, LogQuery
from devenv.logs.kubelet import read_kubelets
from devenv.runtime.borrowing.record import as_applied
from devenv.runtime.host.ports import http_ports, published_ports
from devenv.runtime.service_copies.addresses import inside, places, translated
from devenv.runtime.service_copies.assembly import Assembled, Wishes, assemble
from devenv.runtime.service_copies.files import file_sources
from devenv.runtime.service_copies.pointing import Target
from devenv.runtime.service_copies.routes import Hosts
from devenv.runtime.service_copies.variables import sources
from devenv.spec.render import ProjectFacts, endpoint_url, origin_of
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.deployed import Deployment, reach
from devenv.workflows.services.beside import Awaited, await_pod, identity_beside, swept, take_away
from devenv.workflows.services.choice import choose_workload

_ROUTE_SECONDS = 10.0
_QUESTION_SECONDS = 5.0
_PAUSE = 0.03
"""Seconds between two questions to Traefik, which tells nobody by itself."""


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """Which service, and what shall be different."""

    stack: str
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """Variables of every container; None takes one away. Addresses of this machine are put into the words of pods."""
    databases: Mapping[str, Address] = field(default_factory=dict)
    """By stack, the databases that take the place of the environment's: variables that lead to these are found."""
    offered: Mapping[str, Address] = field(default_factory=dict)
    """The same of databases that the service need not use: nothing is said of those that it does not."""
    resources: Mapping[str, str] = field(default_factory=dict)
    """Names of queues, buckets … of the environment, to those that take their place: found in the same way."""
    workload: str = ""
    """`deployment/api`, or its name alone; needed where the stack has several."""
    seconds: float = 60.0
    """After which a copy that is not ready counts as failed."""


@dataclass(frozen=True, slots=True)
class ServiceCopy:
    """A copy that is ready."""

    pod: str
    namespace: str
    made: datetime
    _cluster: Cluster = field(repr=False)
    host: str = ""
    """`backend-3f2a9c.alt.localhost`; empty where no Service leads to it."""
    url: str = ""
    """`http://backend-3f2a9c.alt.localhost:8080`; empty as well."""
    urls: tuple[str, ...] = ()
    """Every way in: one for each host name of the original."""

    def logs(self) -> tuple[LogEntry, ...]:
        """What it has written until now, oldest first; raises ApiUnreachableError."""
        query = LogQuery(self.made, namespaces=frozenset({self.namespace}), pod=self.pod)
        return read_kubelets(self._cluster, query).entries


@contextmanager
def service_copy(
    directory: Path,
    stack: str,
    *,
    environment: Mapping[str, str | None] | None = None,
    databases: Mapping[str, Address] | None = None,
    resources: Mapping[str, str] | None = None,
    workload: str | None = None,
) -> Iterator[ServiceCopy]:
    """A copy of a stack's service in the project in or above a folder; see `copy_service` and CopyRequest."""
    request = CopyRequest(stack, environment or {}, databases or {}, resources=resources or {}, workload=workload or "")
    with reach(directory, silent_session()) as deployment, copy_service(deployment, request) as made:
        yield made


@contextmanager
def copy_service(deployment: Deployment, request: CopyRequest) -> Iterator[ServiceCopy]:
    """A copy of a service for the length of a block, ready when the block begins.

    What copies have left whose processes were killed is removed beside it.

    Raises:
        UsageError: there is no such stack or workload, or not clear which is meant; or no variable leads to a database.
        ClusterError: the stack is not installed; the API server refuses an object.
        WorkloadError: the copy cannot become ready, for a reason that is told with the last lines of its log.
        NotReadyError: it did not within its time.
    """
    store = deployment.environment.cluster.objects
    found = choose_workload(deployment, request.stack, request.workload)
    around = read_surroundings(store, found.kind, found.namespace, found.name)
    around = replace(around, workload=as_applied(around.workload))
    identity = identity_beside(deployment, found)
    spec = around.workload["spec"]["template"]["spec"]
    data = read_texts(store, found.namespace, sources(spec) | file_sources(spec))
    nodes = deployment.environment.containers()
    assembled = assemble(
        around, data, _wishes(deployment, around, request, nodes), Hosts(identity, deployment.environment.names.domain)
    )
    made = datetime.now(UTC)
    try:
        if assembled.secret:
            store.create(assembled.secret)
        create_all(store, assembled.objects)
        with swept(store):
            await_pod(
                deployment,
                Awaited(request.stack, found, identity, lambda pod: is_true(pod, "Ready"), request.seconds),
            )
            ready = _await_routes(
                deployment,
                assembled,
                http_ports(nodes),
                ServiceCopy(assembled.pod, found.namespace, made, deployment.environment.cluster),
            )
        yield ready
    finally:
        take_away(store, (*assembled.objects, *([assembled.secret] if assembled.secret else ())))


def _wishes(
    deployment: Deployment, around: Surroundings, request: CopyRequest, nodes: Sequence[ContainerInfo]
) -> Wishes:
    """What is asked for, in the words of pods."""
    published, http = published_ports(nodes), http_ports(nodes)
    known = places(around.services, around.routes, published, http) if http else {}
    environment = {
        name: value if value is None else translated(value, known) for name, value in request.environment.items()
    }
    return Wishes(environment, _targets(deployment, around, request), request.resources)


def _targets(deployment: Deployment, around: Surroundings, request: CopyRequest) -> list[Target]:
    """Every database of the environment where the test has one of its own."""
    asked = {**request.offered, **request.databases}
    if not asked:
        return []
    deployment.choose(list(asked))
    targets = []
    for deployed in deployment.choose(()):
        own, spec = asked.get(deployed.name), deployed.spec
        # Of one that stays, what tells it from others is enough: it takes a question to know the login.
        live = deployment.address(deployed) if own else Address(spec.engine, "", 0, spec.name, spec.user, "")
        within = inside(live, spec.node_port, around.services)
        if own and (within is None or (own.host, own.port) != (live.host, live.port)):
            raise UsageError(
                f"{own.name} at {own.host}:{own.port} is no database of stack {deployed.name}, which pods could reach",
                hint=f"devenv db url {deployed.name}",
            )
        if within:
            mine = replace(own, host=within.host, port=within.port) if own else None
            targets.append(Target(deployed.name, within, mine, deployed.name in request.databases))
    return targets


def _await_routes(
    deployment: Deployment, assembled: Assembled, ports: tuple[int, int] | None, made: ServiceCopy
) -> ServiceCopy:
    """The copy with its addresses, once Traefik leads to the pod, as far as it can be asked."""
    if not ports or not assembled.addresses:
        return made
    facts = ProjectFacts.of(deployment.environment.workspace.project, *ports)
    if dashboard := _dashboard(deployment, facts):
        _await_traefik(dashboard, [host for _, host in assembled.addresses])
    urls = tuple(origin_of(scheme, host, facts) for scheme, host in assembled.addresses)
    return replace(made, host=assembled.addresses[0][1], url=urls[0], urls=urls)


def _await_traefik(dashboard: str, hosts: list[str]) -> None:
    end = time.monotonic() + _ROUTE_SECONDS
    while problem := unrouted(dashboard, hosts, timeout=_QUESTION_SECONDS):
        if time.monotonic() > end:
            raise NotReadyError(problem, hint="devenv logs --stack traefik")
        time.sleep(_PAUSE)


def _dashboard(deployment: Deployment, facts: ProjectFacts) -> str:
    """Where Traefik's own API answers; empty where the project has another way in than devenv's."""
    spec = deployment.environment.workspace.stacks["traefik"].spec
    found = [endpoint for endpoint in spec.endpoints if endpoint.name == "dashboard"]
    return endpoint_url(found[0], facts) if found and spec.name in deployment.facts.records else ""
