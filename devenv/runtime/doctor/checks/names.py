"""Names below localhost: whether this system's resolver leads them here, and how quickly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devenv.adapters.host.resolver import Resolution, how_to_resolve, resolve
from devenv.plan.names import Names
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Fix, Kind, Severity
from devenv.spec.workspace import Workspace

_SECONDS = 1.0
_SLOW_SECONDS = 0.2
_HOSTS = "/etc/hosts"
_MODULE = "sudo apt-get install libnss-myhostname"
_ANY = "any.localhost"
"""Stands for the names of a project, where there is none."""

UNRESOLVED = Kind(
    "names-unresolved",
    Severity.WARNING,
    "Names below localhost are not known to the system's resolver",
    "curl and browsers reach the endpoints by themselves (RFC 6761); programs in Python, Java or Go do not",
    "The names of the project's endpoints are looked up as any program does it (getaddrinfo). With "
    "libnss-myhostname or systemd-resolved all of them resolve; a line in /etc/hosts is good for the names that it "
    "has. `--fix` appends that line.",
)
SLOW = Kind(
    "names-slow",
    Severity.WARNING,
    "Looking up a name takes long",
    "each new connection to an endpoint waits that long first, and tests with it",
    f"A name below localhost should take no time. One that takes more than {_SLOW_SECONDS:g} s has been asked of a "
    "name server that is slow, or is not there (a VPN that is down). The same remedies help as for names that are "
    "not known.",
)


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What the resolver said."""

    asked: tuple[Resolution, ...]
    root: bool
    """Whether this user may change /etc/hosts."""


def observe(subject: Subject) -> NameFacts:
    hosts = _host_names(subject.project.workspace) if subject.project else [_ANY]
    return NameFacts(tuple(resolve(hosts, _SECONDS)), subject.root)


def _host_names(workspace: Workspace) -> list[str]:
    """The names of the project's endpoints; its domain where it has none."""
    domain = Names(workspace.project.project).domain
    endpoints = [endpoint for name in workspace.selected for endpoint in workspace.stacks[name].spec.endpoints]
    return sorted({f"{endpoint.host}.{domain}" for endpoint in endpoints}) or [domain]


def judge(facts: NameFacts) -> Iterator[Finding]:
    slow = [asked for asked in facts.asked if asked.seconds is None or asked.seconds > _SLOW_SECONDS]
    unknown = [asked for asked in facts.asked if not asked.is_loopback and asked not in slow]
    hosts = [asked.host for asked in facts.asked]
    if slow:
        longest = max(_SECONDS if asked.seconds is None else asked.seconds for asked in slow)
        more = " or more" if any(asked.seconds is None for asked in slow) else ""
        summary = f"{slow[0].host} takes {longest:.1f} s{more}"
        yield _mended(SLOW, facts, f"{summary}, as do {len(slow) - 1} others" if slow[1:] else summary, hosts)
    if unknown:
        names = [asked.host for asked in unknown]
        yield _mended(UNRESOLVED, facts, f"{', '.join(names)} do{'es' * (len(names) == 1)} not lead here", names)


def _mended(kind: Kind, facts: NameFacts, summary: str, hosts: list[str]) -> Finding:
    if hosts == [_ANY]:
        return kind.found(summary, _MODULE)
    remedy = how_to_resolve(hosts)
    if not facts.root:
        return kind.found(summary, remedy)
    line = f"127.0.0.1 {' '.join(hosts)} # devenv doctor"
    append = ("sh", "-c", f"echo '{line}' >>{_HOSTS}")
    fix = Fix(f"Append a line to {_HOSTS}: {line}", (append,), f"sed -i '/# devenv doctor$/d' {_HOSTS}")
    return kind.found(summary, remedy, fix=fix)


CHECK = Check("the resolver", observe, judge, (UNRESOLVED, SLOW))
