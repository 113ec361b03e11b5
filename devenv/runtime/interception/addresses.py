"""Addresses of the cluster in a service's variables, and what stands for each on this machine. Pure.

A service knows others by names that mean something in pods alone: `postgres.shop-database:5432`, `http://cache`, a host
in one variable and its port in another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from devenv.adapters.kubernetes.json_objects import Json
from devenv.runtime.service_copies.routes import backends, scheme_of

_USUAL: Mapping[str, int] = {
    "http": 80,
    "ws": 80,
    "https": 443,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "redis": 6379,
    "amqp": 5672,
    "nats": 4222,
    "mongodb": 27017,
    "clickhouse": 9000,
}
"""The port of a URL that names none, by its scheme; of `postgresql+asyncpg` the first word."""
_HTTP = "http"
_HOST_ALONE = re.compile(r"Host\([^()]*\)")
_HOST_WORDS = re.compile(r"HOST(?:NAME)?|ADDR(?:ESS)?|SERVER", re.IGNORECASE)
_SCHEME = r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^\s/@]*@)?|(?P<key>\bhost=)|(?<![\w.-]))"
_PORT_KEY = re.compile(r"\bport=(?P<port>\d+)")
"""As clients of PostgreSQL may be told it: `host=db port=5432 dbname=shop`."""


@dataclass(frozen=True, slots=True)
class Place:
    """A TCP port of a Service."""

    namespace: str
    service: str
    port: int

    def __str__(self) -> str:
        return f"{self.service}.{self.namespace}:{self.port}"

    @classmethod
    def of(cls, text: str) -> Place:
        """The one that is written so."""
        host, _, port = text.rpartition(":")
        service, _, namespace = host.partition(".")
        return cls(namespace, service, int(port))


@dataclass(frozen=True, slots=True)
class Ways:
    """What leads to places of the cluster from this machine."""

    ports: Mapping[Place, int] = field(default_factory=dict)
    """Ports of 127.0.0.1, for whatever is spoken."""
    origins: Mapping[Place, str] = field(default_factory=dict)
    """Host name and port behind Traefik, for HTTP alone: `cache.shop.localhost:8080`."""


def published_places(services: Iterable[Json], published: Mapping[int, int]) -> dict[Place, int]:
    """The places that ports of this machine lead to by themselves.

    Args:
        services: those of the cluster.
        published: port on the nodes to port on this machine.
    """
    return {
        Place(service["metadata"]["namespace"], service["metadata"]["name"], port["port"]): published[port["nodePort"]]
        for service in services
        for port in service["spec"].get("ports") or ()
        if port.get("nodePort") in published
    }


def places_behind_traefik(services: Iterable[Json], routes: Iterable[Json], http_port: int) -> dict[Place, str]:
    """The places that a host name leads to, whatever is asked of it.

    A route that looks at the path, or changes what is asked on its way, is not the same as the Service behind it.

    Args:
        services: those of the cluster.
        routes: its IngressRoutes and Ingresses.
        http_port: Traefik's port for HTTP on this machine.
    """
    by_key = {(s["metadata"]["namespace"], s["metadata"]["name"]): s for s in services}
    found: dict[Place, str] = {}
    for host, namespace, name, port in backends(filter(_is_plain, routes)):
        for each in by_key.get((namespace, name), {"spec": {}})["spec"].get("ports") or ():
            if port in (each.get("name"), each["port"]):
                found.setdefault(Place(namespace, name, each["port"]), f"{host}:{http_port}")
    return found


def _is_plain(route: Json) -> bool:
    if scheme_of(route) != _HTTP:
        return False
    spec = route["spec"]
    if route["kind"] == "Ingress":
        paths = [path for rule in spec.get("rules") or () for path in (rule.get("http") or {}).get("paths") or ()]
        return all(path.get("path", "/") == "/" for path in paths)
    rules = spec.get("routes") or ()
    return all(_HOST_ALONE.fullmatch(rule["match"]) and not rule.get("middlewares") for rule in rules)


@dataclass(frozen=True, slots=True)
class Translated:
    """Variables as this machine is to have them."""

    values: Mapping[str, str]
    missing: tuple[Place, ...]
    """Places that nothing leads to: variables with them are as they were."""
    elsewhere: Mapping[str, tuple[Place, int]]
    """Variables that name a host alone where another port of this machine leads there: no variable tells that."""


def translate(
    variables: Mapping[str, str], services: Iterable[Json], namespace: str, ways: Ways, host: str
) -> Translated:
    """Put what leads there from this machine into the place of the cluster's addresses.

    Args:
        variables: of a container.
        services: those of the cluster.
        namespace: the container's, where a Service's name alone is enough.
        ways: what leads where.
        host: of this machine, that the ways' ports are of.
    """
    return _Translation(variables, list(services), namespace, ways, host).run()


class _Translation:
    """One call's work."""

    def __init__(
        self, variables: Mapping[str, str], services: list[Json], namespace: str, ways: Ways, host: str
    ) -> None:
        self._variables, self._ways, self._host = variables, ways, host
        self._ports = {
            (s["metadata"]["namespace"], s["metadata"]["name"]): tuple(_tcp_ports(s))
            for s in services
            if s["spec"].get("type") != "ExternalName"
        }
        self._namespace = namespace
        self._pattern = _mentions(self._ports, namespace)
        self._values: dict[str, str] = {}
        self._missing: dict[Place, None] = {}
        self._elsewhere: dict[str, tuple[Place, int]] = {}

    def run(self) -> Translated:
        values = dict(self._variables)
        if self._pattern:
            for name, text in self._variables.items():
                values[name] = self._pattern.sub(partial(self._replaced, name), text)
        return Translated({**values, **self._values}, tuple(self._missing), self._elsewhere)

    def _replaced(self, name: str, found: re.Match[str]) -> str:
        """What stands for a mention; the mention itself where nothing does."""
        service = found["service"], found["namespace"]
        key = (service[1] or self._namespace, service[0])
        port, sibling = self._port(found, name, key)
        if port is None or port not in self._ports[key]:
            return found[0]
        place = Place(*key, port)
        scheme = (found["scheme"] or "").partition("+")[0]
        if (origin := self._ways.origins.get(place)) and scheme == _HTTP:
            return found[0][: found.start("service") - found.start()] + origin
        local = self._ways.ports.get(place)
        if local is None:
            self._missing[place] = None
            return found[0]
        return self._led(found, name, place, local, sibling)

    def _led(self, found: re.Match[str], name: str, place: Place, local: int, sibling: str) -> str:
        before = found[0][: found.start("service") - found.start()]
        if found["port"] or found["scheme"]:
            return f"{before}{self._host}:{local}"
        if found["key"] and _PORT_KEY.search(found.string):
            # Two words of the text change, and only one of them is found here.
            text = _PORT_KEY.sub(f"port={local}", found.string)
            self._values[name] = text.replace(found[0], f"{before}{self._host}")
        elif sibling:
            self._values[sibling] = str(local)
        elif local != place.port:
            self._elsewhere[name] = (place, local)
        return f"{before}{self._host}"

    def _port(self, found: re.Match[str], name: str, key: tuple[str, str]) -> tuple[int | None, str]:
        """The port that is meant, None where nothing is an address; and the variable that has it beside."""
        if found["port"]:
            return int(found["port"][1:]), ""
        only = self._ports[key][0] if len(self._ports[key]) == 1 else None
        if found["scheme"]:
            return _USUAL.get(found["scheme"].partition("+")[0].lower(), only), ""
        if found["key"]:
            told = _PORT_KEY.search(found.string)
            return (int(told["port"]) if told else only), ""
        if found[0] != found.string or not (found["namespace"] or _HOST_WORDS.search(name)):
            return None, ""
        sibling = _HOST_WORDS.sub("PORT", name)
        told_beside = self._variables.get(sibling, "")
        if sibling != name and told_beside.isdecimal() and int(told_beside) in self._ports[key]:
            return int(told_beside), sibling
        return only, ""


def _mentions(ports: Iterable[tuple[str, str]], namespace: str) -> re.Pattern[str] | None:
    """Finds names of Services where they may be addresses: alone only those of the namespace."""
    known = sorted(set(ports), key=lambda key: -len(key[1]))
    if not known:
        return None
    short = sorted({name for where, name in known if where == namespace}, key=len, reverse=True)
    full = "|".join(rf"{re.escape(name)}\.{re.escape(where)}" for where, name in known)
    alone = "|".join(map(re.escape, short)) or r"(?!)"
    names = rf"(?=(?:{full})(?:\.svc|[^\w.-]|$)|(?:{alone})(?:[^\w.-]|$))"
    service = r"(?P<service>[a-z0-9-]+)(?:\.(?P<namespace>[a-z0-9-]+)(?:\.svc(?:\.cluster\.local)?)?)?"
    return re.compile(rf"{_SCHEME}{names}{service}(?P<port>:\d+)?(?![\w-]|\.\w)", re.IGNORECASE)


def _tcp_ports(service: Json) -> Iterator[int]:
    for port in service["spec"].get("ports") or ():
        if port.get("protocol", "TCP") == "TCP":
            yield int(port["port"])
