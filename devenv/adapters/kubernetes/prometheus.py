"""The cluster's Prometheus behind the API server's proxy, which is there before Traefik is and where Traefik is not.

Responsible for pushing and asking; what is told and what the answers mean is the callers'. Nobody waits long for it: it
may be starting, stopped or not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from devenv.adapters.kubernetes.json_objects import Json
from devenv.errors import ApiRefusedError, ApiUnreachableError

if TYPE_CHECKING:
    from devenv.adapters.kubernetes.cluster import Cluster

MONITORING = "monitoring"
"""The stack, and its namespace."""
_API = f"api/v1/namespaces/{MONITORING}/services/prometheus:http/proxy/api/v1"
_SECONDS = 0.5


def push(metrics: Json, cluster: Callable[[], Cluster]) -> None:
    """Hand metrics to its receiver of OpenTelemetry's: within half a second, or not at all."""
    try:
        cluster().post(f"{_API}/otlp/v1/metrics", metrics, timeout=_SECONDS)
    except (ApiRefusedError, ApiUnreachableError):
        # Before monitoring is up, and where it is not well, there is nobody to tell; the run has told its own end.
        return


def ask(cluster: Cluster, expressions: Mapping[str, str]) -> dict[str, float]:
    """The value of each expression that gives exactly one series, by its name; nothing where nobody answers at once.

    Args:
        cluster: where it runs.
        expressions: PromQL by names of the caller's.
    """
    named = " or ".join(
        f'label_replace(sum({expression}), "name", "{name}", "", "")' for name, expression in expressions.items()
    )
    try:
        answer = cluster.ask(f"{_API}/query", timeout=_SECONDS, query=named)
    except (ApiRefusedError, ApiUnreachableError):
        return {}
    found = answer.get("data", {}).get("result", ())
    return {series["metric"]["name"]: float(series["value"][1]) for series in found}
