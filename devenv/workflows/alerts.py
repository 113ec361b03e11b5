"""`devenv alerts`: what fires now, as Alertmanager tells it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from devenv.adapters.alertmanager import Alert, firing_alerts
from devenv.errors import ClusterError
from devenv.workflows.observed import observe_project
from devenv.workflows.run.links import Link

ENDPOINT = "alertmanager"
"""The name of the endpoint that is asked, whichever stack has it."""
_TIMEOUT_SECONDS = 5.0
_SHORT_TIMEOUT_SECONDS = 0.5
"""Where the answer is one line of many."""


def read_alerts(directory: Path) -> tuple[Alert, ...]:
    """The alerts that fire in the project in or above a folder, worst first.

    Raises:
        ClusterError: there is no Alertmanager, or it does not answer.
        SpecError: with every problem of the specification.
        EngineUnavailableError: no engine answers.
    """
    observed = observe_project(directory)
    alerts = alerts_at(observed.endpoints, timeout=_TIMEOUT_SECONDS)
    if alerts is None:
        raise ClusterError(
            f"{observed.names.project} has no Alertmanager that runs",
            hint="name the stack monitoring in devenv.yaml, then: devenv up",
        )
    return alerts


def count_alerts(endpoints: Sequence[Link]) -> int | None:
    """How many alerts fire; None where no Alertmanager is there or answers at once."""
    try:
        alerts = alerts_at(endpoints, timeout=_SHORT_TIMEOUT_SECONDS)
    except ClusterError:
        return None
    return None if alerts is None else len(alerts)


def alerts_at(endpoints: Sequence[Link], *, timeout: float) -> tuple[Alert, ...] | None:
    """The alerts that fire; None where none of the endpoints is Alertmanager's. Raises ClusterError."""
    found = next((urlsplit(link.url) for link in endpoints if link.name == ENDPOINT and link.url[:5] == "http:"), None)
    if found is None or found.hostname is None:
        return None
    return firing_alerts(found.hostname, found.port or 80, timeout=timeout)
