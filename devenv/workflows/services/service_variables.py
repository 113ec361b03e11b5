"""The variables of a service as a process of this machine is to have them: `devenv env NAME`, `devenv intercept`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.adapters.host.resolver import how_to_resolve, unresolved
from devenv.adapters.kubernetes.cluster import Workload
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.surroundings import Surroundings, read_surroundings, read_texts
from devenv.adapters.process import is_over
from devenv.runtime.borrowing.record import BorrowRecord, as_applied
from devenv.runtime.host.ports import http_ports, published_ports
from devenv.runtime.interception.addresses import (
    Place,
    Translated,
    Ways,
    places_behind_traefik,
    published_places,
    translate,
)
from devenv.runtime.interception.variables import ContainerVariables, PodFacts, container_variables
from devenv.runtime.service_copies.variables import sources
from devenv.spec.project import LOOPBACK
from devenv.spec.read.discover import PROJECT_FILE
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import Deployment, reach
from devenv.workflows.services.choice import choose_container, choose_workload
from devenv.workflows.variables import FOREIGN, Variable, Variables


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """Whose variables are asked for."""

    directory: Path
    stack: str
    workload: str = ""
    container: str = ""


@dataclass(frozen=True, slots=True)
class ServiceOutlook:
    """A container's variables, and what is known of the addresses in them."""

    around: Surroundings
    known: ContainerVariables
    ways: Ways
    """What leads somewhere by itself."""

    def translated(self, ports: Mapping[Place, int]) -> Translated:
        """The variables with addresses of this machine, by these ports too."""
        ways = Ways({**self.ways.ports, **ports}, self.ways.origins)
        namespace = self.around.workload["metadata"]["namespace"]
        return translate(self.known.values, self.around.services, namespace, ways, LOOPBACK)

    def by_names_known_here(self) -> ServiceOutlook:
        """Without the host names that this system's resolver does not know."""
        unknown = unresolved({_host(origin) for origin in self.ways.origins.values()})
        origins = {place: origin for place, origin in self.ways.origins.items() if _host(origin) not in unknown}
        return replace(self, ways=Ways(self.ways.ports, origins))

    def notes(self, found: Translated) -> Iterator[str]:
        """What a process with these variables does not find here."""
        if found.missing:
            yield f"only pods reach {', '.join(map(str, found.missing))}"
        for name, (place, local) in found.elsewhere.items():
            yield f"{name} names {place} without its port, which is {local} here"
        if self.known.left_out:
            yield f"only pods have {', '.join(self.known.left_out)}"


def read_service_variables(request: ServiceRequest, session: Session) -> Variables:
    """The variables of a service that runs, passwords included.

    While a `devenv intercept` has it, they lead where the ports lead that this one holds open.

    Raises:
        UsageError: there is no such stack, workload or container, or it is not clear which is meant.
        ClusterError: the stack is not installed, or the cluster does not run.
    """
    with reach(request.directory, session) as deployment:
        found = choose_workload(deployment, request.stack, request.workload)
        around = surroundings_of(deployment, found)
        template, ports = as_applied(around.workload)["spec"]["template"], _ports_of_holder(around.workload)
        container = choose_container(template["spec"], request.container)
        outlook = look_out(deployment, around, template, container)
        translated = outlook.translated(ports)
        notes = [*outlook.notes(translated), *_names(outlook.ways, translated)]
        if translated.missing:
            notes.append(f"devenv intercept {request.stack} leads there as long as it runs")
        given = tuple(Variable(name, value, name in outlook.known.secret) for name, value in translated.values.items())
        environment = deployment.environment
        sources_of = (environment.workspace.root / PROJECT_FILE, environment.kubeconfig)
        foreign = FOREIGN if any(name.startswith("AWS_") for name in translated.values) else ()
        kept = tuple(name for name in foreign if name not in translated.values)
        return Variables(given, kept, sources_of, tuple(notes))


def surroundings_of(deployment: Deployment, found: Workload) -> Surroundings:
    """A workload and what is around it."""
    return read_surroundings(deployment.environment.cluster.objects, found.kind, found.namespace, found.name)


def look_out(deployment: Deployment, around: Surroundings, template: Json, container: Json) -> ServiceOutlook:
    """Read what the variables of a container are.

    Args:
        deployment: the environment.
        around: the workload and what is around it.
        template: of its pods, as it was applied.
        container: of the template.
    """
    meta, store = around.workload["metadata"], deployment.environment.cluster.objects
    data = read_texts(store, meta["namespace"], sources({"containers": [container]}))
    facts = PodFacts(meta["name"], meta["namespace"], template)
    nodes = deployment.environment.containers()
    http = http_ports(nodes)
    ways = Ways(
        published_places(around.services, published_ports(nodes)),
        places_behind_traefik(around.services, around.routes, http[0]) if http else {},
    )
    return ServiceOutlook(around, container_variables(container, data, facts), ways)


def _ports_of_holder(workload: Json) -> Mapping[Place, int]:
    """What the ports lead to that a `devenv intercept` of the workload holds open."""
    record = BorrowRecord.of(workload)
    if record is None or is_over(record.process):
        return {}
    return {Place.of(text): port for text, port in record.addresses.items()}


def _names(ways: Ways, found: Translated) -> Sequence[str]:
    """Names below localhost in the variables that this system's resolver does not know."""
    used = {origin for origin in ways.origins.values() if any(origin in value for value in found.values.values())}
    unknown = unresolved({_host(origin) for origin in used})
    if not unknown:
        return ()
    return [f"this system's resolver does not know {', '.join(unknown)}: {how_to_resolve(unknown)}"]


def _host(origin: str) -> str:
    return origin.partition(":")[0]
