"""The ports of the specification, and who holds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devenv.adapters.host.ports import holder
from devenv.errors import PortTakenError
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity
from devenv.runtime.host.ports import taken, wanted_ports

TAKEN = Kind(
    PortTakenError.code,
    Severity.ERROR,
    "A port of the specification is taken",
    "`devenv up` ends with the error `port-taken`",
    "`cluster.ports` of devenv.yaml names ports of 127.0.0.1. While the project's cluster does not run, whoever "
    "holds one of them is in its way. Of a process of another user only that one can be told. With `auto` the next "
    "free port is taken.",
)
PRIVILEGED = Kind(
    "port-privileged",
    Severity.ERROR,
    "A port of the specification is root's alone",
    "a rootless engine cannot open it",
    "Below `net.ipv4.ip_unprivileged_port_start` (1024, as a rule) only root opens ports: "
    "[Docker on rootless mode](https://docs.docker.com/engine/security/rootless/tips/#exposing-privileged-ports).",
)
_FIRST_FREE_FOR_ALL = 1024


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A port that is wanted."""

    name: str
    """What it is for: `http`."""
    port: int
    held_by: str
    """Empty where it is free."""
    rootless: bool
    """Whether the engine is."""


def observe(subject: Subject) -> tuple[PortFacts, ...]:
    project = subject.project
    if not project or project.cluster.get().state is ClusterState.RUNNING:
        return ()
    rootless = subject.version.get().rootless
    wanted = wanted_ports(project.workspace.project.cluster.ports)
    return tuple(PortFacts(name, port, str(holder(port) or ""), rootless) for name, port in wanted.items())


def judge(facts: tuple[PortFacts, ...]) -> Iterator[Finding]:
    for port in facts:
        if port.held_by:
            error = taken(port.name, port.port, port.held_by)
            yield TAKEN.found(f"{error.message} by {port.held_by}", error.hint)
        if port.rootless and port.port < _FIRST_FREE_FOR_ALL:
            remedy = f"set cluster.ports.{port.name}: auto in devenv.yaml"
            yield PRIVILEGED.found(f"port {port.port} for {port.name}, and the engine is rootless", remedy)


CHECK = Check("the ports", observe, judge, (TAKEN, PRIVILEGED))
