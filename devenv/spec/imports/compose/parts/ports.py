"""Ports of a service: what is published, exposed, or known otherwise, as devenv.yaml has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.spec.imports.compose.draft import ServiceDraft, node_of, text_of
from devenv.spec.imports.compose.parts.known_images import GRPC_PORTS, TCP_PORTS
from devenv.spec.yaml.positions import Node

_SHORT = re.compile(
    r"(?:(?:\[[0-9a-fA-F:]+\]|(?:[0-9]+\.){3}[0-9]+):)?(?:(?P<host>[0-9]+(?:-[0-9]+)?)?:)?"
    r"(?P<port>[0-9]+(?:-[0-9]+)?)(?:/(?P<protocol>\w+))?"
)
_MOST = 2**16 - 1
_LARGEST_RANGE = 50


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """One port that Compose would open on this machine."""

    port: int
    """In the container."""
    host: int | None
    """On this machine; any free one where it is None."""
    protocol: str
    app_protocol: str
    node: Node
    index: int


def published_ports(draft: ServiceDraft, *, tell: bool = True) -> list[PublishedPort]:
    """The entries of `ports`, ranges one by one; what is wrong with them is told once."""
    found: list[PublishedPort] = []
    for index, node in enumerate(draft.items("ports")):
        ports = list(_published(node, index))
        if ports:
            found += ports
        elif tell:
            hint = "write HOST:CONTAINER, such as 8080:80"
            draft.problem(("ports", index), f"a port from 1 to 65535 is expected, found {_said(node)}", hint)
    return found


def _said(node: Node) -> str:
    return text_of(node) if not isinstance(node.value, Mapping | list) else "a mapping without one"


def _published(node: Node, index: int) -> Iterator[PublishedPort]:
    if isinstance(node.value, Mapping):
        parts = {key: text_of(child) for key, child in node.value.items() if child.value is not None}
        text = f"{parts.get('published', '')}:{parts.get('target', '')}".removeprefix(":")
        protocol, app = parts.get("protocol", "tcp"), parts.get("app_protocol", "")
        match = _SHORT.fullmatch(text)
    else:
        match = _SHORT.fullmatch(text_of(node).strip())
        protocol, app = (match["protocol"] if match else None) or "tcp", ""
    if match is None:
        return
    ports, hosts = _range(match["port"]), _range(match["host"] or "")
    if len(hosts) != len(ports):  # one of several, whichever is free
        hosts = []
    for place, port in enumerate(ports):
        yield PublishedPort(port, hosts[place] if hosts else None, protocol.lower(), app.lower(), node, index)


def _range(text: str) -> list[int]:
    first, _, last = text.partition("-")
    if not first:
        return []
    low, high = int(first), int(last or first)
    return list(range(low, high + 1)) if 1 <= low <= high <= _MOST and high - low < _LARGEST_RANGE else []


@dataclass(slots=True)
class Ports:
    """The ports of a service as they come together: what is said first counts."""

    name: str
    """Of the service, here."""
    made: dict[str, Node]
    numbers: set[int]

    @classmethod
    def of(cls, name: str) -> Ports:
        return cls(name, {}, set())

    def publish(self, port: PublishedPort) -> str:
        """Add a port that is reached from this machine; returns what is spoken on it."""
        kind = "grpc" if port.port in GRPC_PORTS or port.app_protocol in ("grpc", "h2c") else "http"
        if port.port in TCP_PORTS or port.app_protocol == "tcp":
            kind = "tcp"
        if port.port not in self.numbers:
            first = not any(child.child("host") for child in self.made.values())
            host = self.name if first else f"{self.name}-{port.port}"
            self._add(kind, port.port, {"host": host} if kind != "tcp" else {}, port.node)
        return kind

    def open(self, number: int, source: Node) -> None:
        """Add a port that is reached in the cluster alone."""
        if number not in self.numbers and 1 <= number <= _MOST:
            kind = "tcp" if number in TCP_PORTS else "http"
            self._add(kind, number, {} if kind == "tcp" else {"host": False}, source)

    def _add(self, kind: str, number: int, more: dict[str, Any], source: Node) -> None:
        self.numbers.add(number)
        name = kind if kind not in self.made else f"{kind}-{number}"
        value = {"port": number, **({"protocol": kind} if kind != "http" else {}), **more}
        self.made[name] = node_of(value, source)
