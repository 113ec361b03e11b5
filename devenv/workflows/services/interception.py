"""What an interception will be, decided before anything is changed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devenv.adapters.host.ports import first_free
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.surroundings import Surroundings
from devenv.runtime.interception.addresses import Place
from devenv.runtime.interception.pod_template import FIRST_CONTROL, Interception
from devenv.runtime.interception.ports import Route, chosen_routes, own_places, service_ports, with_own_port
from devenv.runtime.service_copies.routes import leading_to
from devenv.workflows.services.borrowing import Service
from devenv.workflows.services.choice import choose_container
from devenv.workflows.services.forward import Pods, near
from devenv.workflows.services.service_variables import look_out, surroundings_of

IMAGE = "interceptor"
"""Its name in the catalogue."""


@dataclass(frozen=True, slots=True)
class InterceptRequest:
    """What the user asked for."""

    directory: Path
    stack: str
    ports: tuple[str, ...] = ()
    """`3000`, `grpc=3001`; the service's own numbers where none is given."""
    workload: str = ""
    container: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """A port of this machine that leads to a Service which the process needs."""

    place: Place
    local: int
    pods: Pods
    target: int | str
    """The pods' port, by its number or name."""


@dataclass(frozen=True, slots=True)
class PlannedInterception:
    """All that is decided."""

    interception: Interception
    routes: Sequence[Route]
    idle: Sequence[str]
    """Ports of the service at which nobody answers meanwhile."""
    control: int
    """The port of this machine that leads to the interceptor."""
    forwards: Sequence[Forward]
    variables: Mapping[str, str] = field(repr=False)
    """For the process."""
    notes: Sequence[str]
    """What it will not find."""

    @property
    def addresses(self) -> dict[str, int]:
        """The places that the forwards lead to, for others who ask for the service's variables."""
        return {str(forward.place): forward.local for forward in self.forwards}


def plan_interception(service: Service, template: Json, request: InterceptRequest) -> PlannedInterception:
    """Decide it.

    Args:
        service: the service.
        template: of its pods, as it was applied.
        request: what the user asked for.

    Raises:
        UsageError: there is no such container or port.
        NotInterceptableError: nothing comes to it.
    """
    around = surroundings_of(service.deployment, service.workload)
    container = choose_container(template["spec"], request.container)
    leading = _leading(around, template)
    known = service_ports(template["spec"], container, leading)
    routes = chosen_routes(request.ports, known, request.stack)
    outlook = look_out(service.deployment, around, template, container).by_names_known_here()
    own = own_places(leading, routes)
    missing = outlook.translated(own).missing
    forwards = list(_forwards(around, leading, missing, [route.local for route in routes]))
    found = outlook.translated({**own, **{forward.place: forward.local for forward in forwards}})
    numbers = [route.port.number for route in routes]
    taken = [*(route.local for route in routes), *(forward.local for forward in forwards)]
    image = service.deployment.environment.catalogue[IMAGE].own or ""
    return PlannedInterception(
        interception=Interception(container["name"], image, numbers, secrets.token_hex(16)),
        routes=routes,
        idle=[port.name for port in known if port.number not in numbers],
        control=first_free(FIRST_CONTROL, avoid=taken),
        forwards=forwards,
        variables=with_own_port(found.values, routes),
        notes=list(outlook.notes(found)),
    )


def _leading(around: Surroundings, template: Json) -> list[Json]:
    namespace = around.workload["metadata"]["namespace"]
    near_by = [service for service in around.services if service["metadata"]["namespace"] == namespace]
    return leading_to(template.get("metadata", {}).get("labels") or {}, near_by)


def _forwards(
    around: Surroundings, own: Sequence[Json], missing: Sequence[Place], taken: Sequence[int]
) -> Iterator[Forward]:
    """A port for each place that nothing else leads to; none for the service itself, whose pod is not its own now."""
    known = {(s["metadata"]["namespace"], s["metadata"]["name"]): s for s in around.services if s not in own}
    avoided = list(taken)
    for place in missing:
        service = known.get((place.namespace, place.service), {"spec": {}})
        if service["spec"].get("selector"):
            port = next(each for each in service["spec"]["ports"] if each["port"] == place.port)
            local = near(place.port, avoided)
            avoided.append(local)
            yield Forward(place, local, Pods.behind(service), port.get("targetPort") or place.port)
