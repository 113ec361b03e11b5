"""Addresses of what runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devenv.errors import UsageError
from devenv.spec.read.wording import name_hint
from devenv.spec.render import ProjectFacts, endpoint_url
from devenv.spec.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Link:
    """One address."""

    name: str
    stack: str
    url: str


def endpoints(workspace: Workspace, stacks: Sequence[str], facts: ProjectFacts) -> list[Link]:
    """The addresses of the named stacks, in their order."""
    return [
        Link(endpoint.name, name, endpoint_url(endpoint, facts))
        for name in stacks
        for endpoint in workspace.stacks[name].spec.endpoints
    ]


def reached(workspace: Workspace, stacks: Sequence[str], ports: tuple[int, int] | None) -> list[Link]:
    """The same, by the ports on this machine for HTTP and HTTPS; none while there are no ports."""
    return endpoints(workspace, stacks, ProjectFacts.of(workspace.project, *ports)) if ports else []


def pairs(found: Sequence[Link]) -> tuple[tuple[str, str], ...]:
    """Addresses as pairs of name and URL."""
    return tuple((link.name, link.url) for link in found)


def named_link(found: Sequence[Link], name: str) -> Link:
    """One address by its own name, its stack's, or `stack/name`; raises UsageError for one that is not there."""
    meant = [link for link in found if name in (link.name, f"{link.stack}/{link.name}")]
    meant = meant or [link for link in found if name == link.stack]
    if len(meant) == 1:
        return meant[0]
    several = [f"{link.stack}/{link.name}" for link in meant]
    if several:
        raise UsageError(f"{name} may be {' or '.join(several)}", hint=f"devenv open {several[0]}")
    raise UsageError(f"no endpoint {name} answers", hint=name_hint(name, [link.name for link in found], "endpoints"))
