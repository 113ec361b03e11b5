"""The cluster's Prometheus behind the API server's proxy, which is there before Traefik is and where Traefik is not.

Responsible for pushing and asking; what is told and what the answers mean is the callers'. Nobody waits long for it: it
may be starting, stopped or not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from devenv.adapters.kubernetes.json_objects import Json
from devenv.errors import ApiRefusedError, ApiUnreachableError
from devenv.spec.monitors import MONITORING, PROMETHEUS

if TYPE_CHECKING:
    from devenv.adapters.kubernetes.cluster import Cluster

_SERVER = f"api/v1/namespaces/{MONITORING}/services/prometheus:http/proxy"
_UNITS = {"s": "seconds"}
_SECONDS = 0.5


def push(metrics: Json, cluster: Callable[[], Cluster], *, engine: str = PROMETHEUS) -> None:
    """Hand metrics to it: within half a second, or not at all.

    Args:
        metrics: as a request of OpenTelemetry's.
        cluster: where it runs.
        engine: `prometheus`, or `victoria-metrics` in its place.
    """
    # VictoriaMetrics takes OpenTelemetry's form as protobuf only, and as JSON that of Datadog.
    if engine == PROMETHEUS:
        path, body = "api/v1/otlp/v1/metrics", metrics
    else:
        path, body = "datadog/api/v2/series", as_datadog(metrics)
    try:
        cluster().post(f"{_SERVER}/{path}", body, timeout=_SECONDS)
    except (ApiRefusedError, ApiUnreachableError):
        # Before monitoring is up, and where it is not well, there is nobody to tell; the run has told its own end.
        return


def as_datadog(request: Json) -> Json:
    """A request of OpenTelemetry's metrics in Datadog's form, with the names that Prometheus gives these.

    https://docs.victoriametrics.com/victoriametrics/integrations/datadog/
    """
    return {
        "series": [
            {
                "metric": f"{metric['name'].replace('.', '_')}_{_UNITS[metric['unit']]}",
                "points": [{"timestamp": int(point["timeUnixNano"]) // 10**9, "value": point["asDouble"]}],
                "tags": [f"job:{job}", *(f"{a['key']}:{a['value']['stringValue']}" for a in point["attributes"])],
            }
            for resource in request["resourceMetrics"]
            for job in [resource["resource"]["attributes"][0]["value"]["stringValue"]]
            for scope in resource["scopeMetrics"]
            for metric in scope["metrics"]
            for point in metric["gauge"]["dataPoints"]
        ]
    }


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
        answer = cluster.ask(f"{_SERVER}/api/v1/query", timeout=_SECONDS, query=named)
    except (ApiRefusedError, ApiUnreachableError):
        return {}
    found = answer.get("data", {}).get("result", ())
    return {series["metric"]["name"]: float(series["value"][1]) for series in found}
