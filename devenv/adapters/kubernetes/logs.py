"""The logs of containers, as the API server passes them on from the kubelets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from devenv.adapters.kubernetes.api import TIMEOUT, Api
from devenv.adapters.kubernetes.streams import LineStream
from devenv.errors import ApiRefusedError

_WHOLE_SECONDS = 60.0
"""For a whole log, which may be long."""


def path(namespace: str, pod: str) -> str:
    """Where the API server has the log of a pod."""
    return f"api/v1/namespaces/{namespace}/pods/{pod}/log"


def last_lines(api: Api, of_pod: str, container: str, *, previous: bool, lines: int) -> tuple[str, ...]:
    """The last lines of a container's log; empty when there is none (any more)."""
    query = {"container": container, "previous": str(previous).lower(), "tailLines": str(lines)}
    return tuple(_text(api, of_pod, query, TIMEOUT).splitlines())


def stamped_lines(
    api: Api, of_pod: str, container: str, *, previous: bool, since: datetime, lines: int
) -> tuple[str, ...]:
    """The last lines of a container's log since a time, each with its time before it; empty when there is none."""
    query = {"container": container, "previous": str(previous).lower(), "timestamps": "true"}
    query |= {"sinceTime": f"{since:%Y-%m-%dT%H:%M:%SZ}", "tailLines": str(lines)}
    text = _text(api, of_pod, query, _WHOLE_SECONDS)
    # Not splitlines(), which takes other characters for ends of lines too.
    return tuple(text.split("\n")) if text else ()


def coming_lines(api: Api, of_pod: str, container: str, since: str) -> LineStream:
    """A container's log, each line with its time before it, until the container ends.

    Args:
        api: of the cluster.
        of_pod: the log's path.
        container: one that has begun.
        since: RFC 3339, whose second alone counts.

    Raises:
        ApiRefusedError: there is no such container, or it has not begun.
        ApiUnreachableError: as reading the lines does.
    """
    return api.open_lines(of_pod, container=container, follow="true", timestamps="true", sinceTime=since)


def _text(api: Api, of_pod: str, query: Mapping[str, str], timeout: float) -> str:
    try:
        return api.text(of_pod, timeout=timeout, **query)
    except ApiRefusedError:
        return ""
