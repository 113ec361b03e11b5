"""Which ports of a service come to this machine, and to which of its ports. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.errors import NotInterceptableError, UsageError
from devenv.runtime.interception.addresses import Place
from devenv.spec.read.wording import name_hint

_HIGHEST = 65535


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A TCP port of a container."""

    number: int
    names: tuple[str, ...]
    """By which people may call it: those of its Services and its own, and the numbers that its Services have for it."""

    @property
    def name(self) -> str:
        """One word for it."""
        return next((name for name in self.names if not name.isdecimal()), str(self.number))


@dataclass(frozen=True, slots=True)
class Route:
    """What comes to a port of the service goes to one of this machine."""

    port: ServicePort
    local: int


def service_ports(spec: Json, container: Json, services: Iterable[Json]) -> list[ServicePort]:
    """The ports of a container: those that Services lead to, then those that it declares beside.

    Args:
        spec: of its pod.
        container: one of the pod's.
        services: those that lead to the pod.
    """
    found: dict[int, list[str]] = {}
    declared = {each["name"]: list(_declared(each)) for each in spec["containers"]}
    others = {number for name, ports in declared.items() if name != container["name"] for number, _ in ports}
    own = declared[container["name"]]
    for port in (port for service in services for port in service["spec"].get("ports") or () if _is_tcp(port)):
        target = port.get("targetPort") or port["port"]
        number = target if isinstance(target, int) else next((n for n, name in own if name == target), None)
        if number is not None and number not in others:
            found.setdefault(number, []).extend(filter(None, (port.get("name"), str(port["port"]))))
    for number, name in own:
        found.setdefault(number, []).extend([name] if name else [])
    return [ServicePort(number, tuple(dict.fromkeys([*names, str(number)]))) for number, names in found.items()]


def _declared(container: Json) -> Iterator[tuple[int, str]]:
    for port in container.get("ports") or ():
        if _is_tcp(port):
            yield int(port["containerPort"]), port.get("name", "")


def _is_tcp(port: Json) -> bool:
    return bool(port.get("protocol", "TCP") == "TCP")


def chosen_routes(asked: Sequence[str], ports: Sequence[ServicePort], stack: str) -> list[Route]:
    """Where what comes to each port goes to.

    Args:
        asked: as they were typed: `3000` for the first port, `grpc=3001` or `9000=3001` for another one. Where nothing
            was, each port goes to the same number here.
        ports: of the service.
        stack: for messages.

    Raises:
        NotInterceptableError: the service has no port.
        UsageError: one is no port, or the service has none of that name, or one is asked for twice.
    """
    if not ports:
        raise NotInterceptableError(
            f"nothing comes to {stack}: no Service leads to it, and its container declares no port",
            hint=f"give it a port in devenv.yaml: services: {{{stack}: {{port: 8080}}}}",
        )
    if not asked:
        return [Route(port, port.number) for port in ports]
    found: dict[int, Route] = {}
    for text in asked:
        named, _, local = text.rpartition("=")
        port = _named(named, ports, stack) if named else ports[0]
        if port.number in found:
            raise UsageError(f"port {port.name} of {stack} is asked for twice", hint=f"--port {port.name}=PORT, once")
        found[port.number] = Route(port, _local(local, text))
    return list(found.values())


def _named(name: str, ports: Sequence[ServicePort], stack: str) -> ServicePort:
    for port in ports:
        if name in port.names:
            return port
    known = [port.name for port in ports]
    raise UsageError(f"{stack} has no port {name}", hint=name_hint(name, known, "ports"))


def _local(text: str, asked: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _HIGHEST:
        raise UsageError(f"{asked} is no port of this machine", hint="--port 3000, or --port NAME=3000; 1 to 65535")
    return int(text)


def own_places(services: Iterable[Json], routes: Iterable[Route]) -> dict[Place, int]:
    """The ports of Services that lead to the service itself, each with that of this machine.

    Args:
        services: those that lead to its pod.
        routes: what comes to this machine.
    """
    return {
        Place(service["metadata"]["namespace"], service["metadata"]["name"], port["port"]): route.local
        for service in services
        for port in service["spec"].get("ports") or ()
        for route in routes
        if _is_tcp(port) and str(port["port"]) in route.port.names
    }


def with_own_port(values: Mapping[str, str], routes: Iterable[Route]) -> dict[str, str]:
    """Variables in which PORT, where it says where the service listens, says where its process here is expected to."""
    moved = {str(route.port.number): str(route.local) for route in routes}
    return {name: moved.get(value, value) if name == "PORT" else value for name, value in values.items()}
