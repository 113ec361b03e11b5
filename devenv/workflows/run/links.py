"""Addresses of what runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def links(workspace: Workspace, stacks: Sequence[str], facts: ProjectFacts) -> tuple[tuple[str, str], ...]:
    """The same as pairs of name and URL."""
    return tuple((link.name, link.url) for link in endpoints(workspace, stacks, facts))
