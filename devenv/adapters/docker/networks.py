"""Networks in the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import Any

import docker
from docker.errors import NotFound

from devenv.adapters.docker.at_once import each
from devenv.adapters.docker.connection import translate_errors
from devenv.adapters.docker.labels import as_filter
from devenv.errors import ClusterError

_BRIDGE = "com.docker.network.bridge.name"


@dataclass(frozen=True, slots=True)
class NetworkInfo:
    """A network as the engine lists it."""

    name: str
    labels: Mapping[str, str]
    subnets: tuple[IPv4Network, ...]
    device: str
    """The bridge that leads to it on the engine's host."""


class Networks:
    """What the engine can do with networks: `Engine.networks`."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client

    def labels(self, name: str) -> Mapping[str, str] | None:
        """The labels of a network, or None when there is none of exactly this name."""
        with translate_errors(f"inspect network {name}", ClusterError):
            for found in self._client.api.networks(names=[name]):
                if found["Name"] == name:
                    return dict(found.get("Labels") or {})
        return None

    def labelled(self, labels: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
        """The networks with these labels, and all labels of each; an empty value means any value."""
        with translate_errors("list the networks", ClusterError):
            found = self._client.api.networks(filters={"label": as_filter(labels)})
        return {str(entry["Name"]): dict(entry.get("Labels") or {}) for entry in found}

    def list(self) -> Sequence[NetworkInfo]:
        """All networks, by name."""
        with translate_errors("list the networks", ClusterError):
            listed = self._client.api.networks()
        return sorted((_info(entry) for entry in listed), key=lambda network: network.name)

    def create(self, name: str, labels: Mapping[str, str]) -> None:
        """Create a bridge network unless one of this name exists."""
        if self.labels(name) is None:
            with translate_errors(f"create network {name}", ClusterError):
                self._client.api.create_network(name, driver="bridge", labels=dict(labels), check_duplicate=True)

    def attach(self, name: str, containers: Iterable[str]) -> None:
        """Attach stopped containers to a network, also those that still name a former one that was called so."""

        def attach(container: str) -> None:
            if name in self._client.api.inspect_container(container)["NetworkSettings"]["Networks"]:
                self._client.api.disconnect_container_from_network(container, name, force=True)
            self._client.api.connect_container_to_network(container, name)

        each(containers, attach, f"attach container {{}} to network {name}")

    def detach(self, name: str, containers: Iterable[str]) -> None:
        """Detach containers from a network; returns when what led to them is taken down, their ports too."""
        each(
            containers,
            lambda container: self._client.api.disconnect_container_from_network(container, name, force=True),
            f"detach container {{}} from network {name}",
        )

    def remove(self, name: str) -> None:
        """Remove a network; an absent one is fine."""
        with translate_errors(f"remove network {name}", ClusterError):
            try:
                self._client.api.remove_network(name)
            except NotFound:
                return  # absent is what is wanted


def _info(entry: Mapping[str, Any]) -> NetworkInfo:
    configured = [part.get("Subnet") for part in (entry.get("IPAM") or {}).get("Config") or ()]
    subnets = [ip_network(text, strict=False) for text in configured if text]
    return NetworkInfo(
        name=entry["Name"],
        labels=dict(entry.get("Labels") or {}),
        subnets=tuple(subnet for subnet in subnets if isinstance(subnet, IPv4Network)),
        device=str((entry.get("Options") or {}).get(_BRIDGE) or f"br-{entry['Id'][:12]}"),
    )
