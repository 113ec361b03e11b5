"""The host ports of a cluster: those that it has, else those of the specification, else free ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from devenv.adapters.docker import ContainerInfo
from devenv.adapters.host import ports as host
from devenv.errors import PortTakenError
from devenv.plan.kind_config import HTTP_NODE_PORT, HTTPS_NODE_PORT
from devenv.spec.database_engines import ADDRESSES
from devenv.spec.project import Ports
from devenv.spec.render import ProjectFacts
from devenv.spec.services.databases import SPARE_NODE_PORTS
from devenv.spec.stack import Database

PREFERRED_HTTP, PREFERRED_HTTPS = 8080, 8443
_SPARE_PORT = 15432
"""Where the ports begin of databases that come later."""
_REFUSED = re.compile(r"127\.0\.0\.1:(?P<port>\d+)\b[^\n]*(?:already allocated|address already in use)")
"""As Docker says it of a container that has the port, and of another program."""
_ONLY_ANEW = (
    "; only a cluster that is made anew, without this one's data, can have other ports: devenv down, then: devenv up"
)


def choose_ports(
    wanted: Ports,
    containers: Sequence[ContainerInfo],
    claims: host.PortClaims | None = None,
    *,
    asleep: bool = False,
) -> tuple[int, int]:
    """HTTP and HTTPS port on the host. A cluster keeps its ports for as long as it lives.

    Those of a cluster that is yet to be made are claimed: images may have to be built first. One that is `asleep` has
    ports that show when it runs again: no others can be chosen for it, and what they may be is no reason to refuse.

    Raises:
        PortTakenError: a port of the specification is held by another process.
    """
    if published := http_ports(containers):
        return published
    if asleep:
        pairs = ((wanted.http, PREFERRED_HTTP), (wanted.https, PREFERRED_HTTPS))
        http, https = (port if isinstance(port, int) else preferred for port, preferred in pairs)
        return http, https
    http = _free(wanted.http, PREFERRED_HTTP, "http", set(), claims)
    return http, _free(wanted.https, PREFERRED_HTTPS, "https", {http}, claims)


def other_ports(wanted: Ports, facts: ProjectFacts) -> str:
    """Which ports the specification asks for and a cluster has not, in words; empty where it has those."""
    pairs = (("http", wanted.http, facts.http_port), ("https", wanted.https, facts.https_port))
    found = [f"{port} for {name} instead of {asked}" for name, asked, port in pairs if asked not in ("auto", port)]
    return f"the cluster was made with other ports than the specification asks for: {', '.join(found)}" if found else ""


def require_ports(cause: str, what: str, *, made: bool) -> None:
    """Raise PortTakenError where the engine says that it could not open a port of the host.

    Args:
        cause: what it says.
        what: whose port it is: `cluster devenv-alt`.
        made: the cluster is there, and its ports cannot be changed any more.
    """
    if found := _REFUSED.search(cause):
        port = int(found["port"])
        raise PortTakenError(
            f"port {port}, which is {what}'s, is taken",
            context={"held by": str(host.holder(port) or "unknown"), "cause": found[0]},
            hint=f"end that process, or docker stop what publishes it: docker ps; then: devenv up{_ONLY_ANEW * made}",
        )


def published_ports(containers: Iterable[ContainerInfo]) -> dict[int, int]:
    """Port on the nodes to port on the host, for the nodes that run."""
    return {inside: outside for container in containers for _, outside, inside in container.ports}


def http_ports(containers: Sequence[ContainerInfo]) -> tuple[int, int] | None:
    """HTTP and HTTPS port of a running cluster; None where there is none."""
    published = published_ports(containers)
    if HTTP_NODE_PORT in published and HTTPS_NODE_PORT in published:
        return published[HTTP_NODE_PORT], published[HTTPS_NODE_PORT]
    return None


def choose_database_ports(
    databases: Iterable[Database],
    containers: Sequence[ContainerInfo],
    *,
    avoid: Iterable[int] = (),
    claims: host.PortClaims | None = None,
) -> dict[int, int]:
    """Port on the nodes to port on the host, for databases. A cluster keeps its ports for as long as it lives.

    One that is yet to be made gets some beside, for databases that `devenv.yaml` names later.
    """
    wanted = sorted(databases, key=lambda database: database.node_port)
    if containers:
        published = published_ports(containers)
        return {d.node_port: published[d.node_port] for d in wanted if d.node_port in published}
    preferred = {database.node_port: ADDRESSES[database.engine].port for database in wanted}
    preferred |= {port: _SPARE_PORT for port in SPARE_NODE_PORTS if port not in preferred}
    taken = set(avoid)
    chosen: dict[int, int] = {}
    for inside, first in preferred.items():
        chosen[inside] = host.first_free(first, avoid=taken, claims=claims)
        taken.add(chosen[inside])
    return chosen


def wanted_ports(ports: Ports) -> dict[str, int]:
    """The ports of a cluster that the specification names, by what they are for."""
    pairs = (("http", ports.http), ("https", ports.https))
    return {name: port for name, port in pairs if isinstance(port, int)}


def taken(name: str, port: int, held_by: str) -> PortTakenError:
    """The error for a port of the specification that somebody holds."""
    return PortTakenError(
        f"port {port}, which devenv.yaml wants for {name}, is taken",
        context={"held by": held_by},
        hint=f"end that process, or set cluster.ports.{name}: auto in devenv.yaml",
    )


def _free(wanted: int | str, preferred: int, name: str, avoid: set[int], claims: host.PortClaims | None) -> int:
    if not isinstance(wanted, int):
        return host.first_free(preferred, avoid=avoid, claims=claims)
    is_claimed = claims is not None and not claims.take(wanted)
    if is_claimed or not host.is_free(wanted):
        claimant = "another run of devenv, for the cluster that it makes" if is_claimed else "unknown"
        raise taken(name, wanted, str(host.holder(wanted) or claimant))
    return wanted
