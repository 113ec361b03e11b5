"""Networks of the engine and of clusters against the machine's routes, as VPNs set them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from devenv.adapters.docker import NetworkInfo
from devenv.adapters.host.routes import Route, observe_routes
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity

CLASH = Kind(
    "subnet-clash",
    Severity.WARNING,
    "A network of the engine is also somewhere else",
    "either containers or what the route leads to (a VPN, as a rule) cannot be reached",
    "The engine chooses subnets that no route leads to when it makes a network; a VPN that comes up later may lead "
    "to the same. Remove the network while nothing uses it, with the VPN up, and it gets another; or name pools "
    'that your company does not use in /etc/docker/daemon.json: `"default-address-pools": [{"base": '
    '"10.213.0.0/16", "size": 24}]`.',
)
POD_CLASH = Kind(
    "pod-subnet-clash",
    Severity.WARNING,
    "Pods have addresses that are also somewhere else",
    "pods cannot reach what the route leads to: databases of the company, say",
    "Inside of a cluster `networking.podSubnet` and `networking.serviceSubnet` of kind's configuration are the "
    "pods' own (10.244.0.0/16 and 10.96.0.0/16 unless `cluster.config` of devenv.yaml has a file with others). A "
    "cluster keeps them for as long as it lives.",
)
POOLS = Kind(
    "address-pools",
    Severity.WARNING,
    "The engine has few subnets left",
    "a network cannot be made: `could not find an available, non-overlapping IPv4 address pool`",
    "Each network takes a subnet of the engine's pools, 31 by default, and none that a route leads to: a VPN that "
    "routes all of 172.16.0.0/12 takes half of them. `docker network prune` removes networks without containers; "
    'smaller pools make more of them: `"default-address-pools": [{"base": "10.213.0.0/16", "size": 24}]` in '
    "/etc/docker/daemon.json.",
)
_FEW = 2
_BUILT_IN = (("172.17.0.0/16", 16), ("172.18.0.0/16", 16), ("172.19.0.0/16", 16), ("172.20.0.0/14", 16))
_BUILT_IN_MORE = (("172.24.0.0/14", 16), ("172.28.0.0/14", 16), ("192.168.0.0/16", 20))
"""Docker's own pools: moby's daemon/libnetwork/ipamutils/utils.go."""
_ENGINES_OWN = ("br-", "docker", "veth", "podman")
_MOST_SUBNETS = 4096
_INSIDE = {"podSubnet": "10.244.0.0/16", "serviceSubnet": "10.96.0.0/16"}
"""What kind takes where its configuration does not say."""


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """Networks and routes."""

    networks: tuple[NetworkInfo, ...]
    routes: tuple[Route, ...]
    """None are known where the engine is in a machine of its own."""
    pools: tuple[tuple[str, int], ...]
    """Of the engine; empty where it has Docker's own."""
    inside: tuple[IPv4Network, ...]
    """Of pods and services."""


def observe(subject: Subject) -> NetworkFacts:
    engine, version = subject.engine.get(), subject.version.get()
    here = engine.is_local and subject.host.system == "linux"
    return NetworkFacts(
        tuple(engine.networks.list()), observe_routes() if here else (), version.address_pools, tuple(_inside(subject))
    )


def judge(facts: NetworkFacts) -> Iterator[Finding]:
    for network in facts.networks:
        if others := _clashes(network, facts.routes):
            routes = ", ".join(f"{route.network} by {route.device}" for route in others)
            subnets = ", ".join(str(subnet) for subnet in network.subnets)
            remedy = f"docker network rm {network.name}    # while nothing uses it, and with the VPN up"
            yield CLASH.found(f"network {network.name} has {subnets}, and a route leads to {routes}", remedy)
    for subnet in facts.inside:
        if elsewhere := [route for route in facts.routes if _is_foreign(route) and route.network.overlaps(subnet)]:
            told = ", ".join(f"{route.network} by {route.device}" for route in elsewhere)
            remedy = (
                "choose others in the file that cluster.config names: networking.podSubnet, networking.serviceSubnet"
            )
            yield POD_CLASH.found(f"pods and services have {subnet}, and a route leads to {told}", remedy)
    left = subnets_left(facts)
    if facts.routes and left <= _FEW:
        severity = Severity.WARNING if left else Severity.ERROR
        summary = (
            f"{left or 'no'} subnet{'s' * (left != 1)} left for networks of the engine, which has {len(facts.networks)}"
        )
        yield POOLS.found(summary, "docker network prune", severity=severity)


def subnets_left(facts: NetworkFacts) -> int:
    """How many networks the engine can still make."""
    used = [*(subnet for network in facts.networks for subnet in network.subnets), *(r.network for r in facts.routes)]
    return sum(not any(subnet.overlaps(other) for other in used) for subnet in _subnets(facts.pools))


def _subnets(pools: Iterable[tuple[str, int]]) -> Iterator[IPv4Network]:
    """All that the pools are divided into, as far as they are of IPv4; not more than need be counted."""
    count = 0
    for base, size in tuple(pools) or (*_BUILT_IN, *_BUILT_IN_MORE):
        if ":" in base:
            continue
        for subnet in IPv4Network(base, strict=False).subnets(new_prefix=size):
            count += 1
            if count > _MOST_SUBNETS:
                return
            yield subnet


def _clashes(network: NetworkInfo, routes: Iterable[Route]) -> list[Route]:
    """Routes to a network's addresses that are not its own."""
    own = {network.device, "docker0"} if network.name == "bridge" else {network.device}
    return [
        route
        for route in routes
        if route.device not in own and any(route.network.overlaps(subnet) for subnet in network.subnets)
    ]


def _is_foreign(route: Route) -> bool:
    return not route.device.startswith(_ENGINES_OWN)


def _inside(subject: Subject) -> Iterator[IPv4Network]:
    """The subnets of pods and services, by kind's configuration."""
    if not subject.project:
        return
    networking = subject.project.environment.get().kind_file.get("networking") or {}
    for name, default in _INSIDE.items():
        for part in str(networking.get(name) or default).split(","):
            if ":" not in part:
                yield IPv4Network(part.strip(), strict=False)


CHECK = Check("the networks", observe, judge, (CLASH, POD_CLASH, POOLS), before_up=True)
