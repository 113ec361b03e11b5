"""`devenv open`: the address of the start page, or of an endpoint by its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.plan.names import Names
from devenv.workflows.access.locations import project_locations
from devenv.workflows.observed import observe_project
from devenv.workflows.run.links import named_link
from devenv.workflows.start_page import provide_page, ticket_for


@dataclass(frozen=True, slots=True)
class Opened:
    """Where something answers."""

    url: str
    """For a person: of the start page with the token."""
    for_browser: str
    """For the command that starts a browser, which everybody on the machine can see."""


def open_page(directory: Path, *, in_browser: bool) -> Opened:
    """The start page of the project in or above a folder, whose server is started where it does not run.

    Raises:
        ClusterError: there is no cluster to show, or it is another folder's.
        PortTakenError: its port is held by another process.
        PageError: it does not start.
    """
    locations = project_locations(directory)
    page = provide_page(locations)
    root = f"http://{Names(locations.project).domain}:{page.port}/"
    return Opened(f"{root}#token={page.token}", f"{root}#ticket={ticket_for(page)}" if in_browser else "")


def find_endpoint(directory: Path, name: str) -> Opened:
    """An endpoint by its own name, its stack's, or `stack/name`; raises UsageError for one that is not there."""
    url = named_link(observe_project(directory).endpoints, name).url
    return Opened(url, url)
