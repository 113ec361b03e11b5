"""What monitoring has measured of a pod that failed, asked of a real server of each engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.images import provide
from support.plain_cluster import cluster_at
from support.server_container import server_container
from support.waiting import await_answer, await_true

from devenv.adapters.docker import Engine
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.runtime.diagnosis.measured import measured

pytestmark = pytest.mark.engine
PROXY = "/api/v1/namespaces/monitoring/services/prometheus:http/proxy"
"""Where the API server has it; here the server itself answers there."""
MIB = 2**20
EVERY = 20
"""Seconds between two values."""
ENGINES: Mapping[str, tuple[int, list[str]]] = {
    "prometheus": (
        9090,
        [
            "--config.file=/dev/null",
            "--storage.tsdb.path=/data",
            "--web.enable-otlp-receiver",
            f"--web.route-prefix={PROXY}",
        ],
    ),
    "victoria-metrics": (8428, ["-storageDataPath=/data", "-search.latencyOffset=0s", f"-http.pathPrefix={PROXY}"]),
}


@dataclass(frozen=True)
class Series:
    """One series, whose last value is of now."""

    name: str
    values: Sequence[float]
    labels: Mapping[str, str]

    @property
    def at(self) -> list[int]:
        """The times of its values, in milliseconds."""
        now = time.time_ns() // 10**6
        return [now - age * EVERY * 1000 for age in reversed(range(len(self.values)))]


class Server:
    """One of the engines, with what it was told."""

    def __init__(self, name: str, port: int, folder: Path) -> None:
        self._name = name
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{port}{PROXY}", trust_env=False, timeout=5)
        self.cluster: Cluster = cluster_at(port, folder)
        await_answer(
            lambda: self._http.get("/api/v1/query", params={"query": "1"}).raise_for_status(), httpx2.HTTPError
        )

    def tell(self, *series: Series) -> None:
        """Take series, and wait until they are found."""
        if self._name == "prometheus":
            metrics = [{"name": one.name, "gauge": {"dataPoints": _points(one)}} for one in series]
            body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}
            self._http.post("/api/v1/otlp/v1/metrics", json=body).raise_for_status()
        else:
            lines = [
                json.dumps({"metric": {"__name__": s.name, **s.labels}, "values": s.values, "timestamps": s.at})
                for s in series
            ]
            self._http.post("/api/v1/import", content="\n".join(lines)).raise_for_status()
        for one in series:
            await_true(lambda asked=one.name: bool(self._found(asked)), 30)  # type: ignore[misc]

    def _found(self, name: str) -> Any:
        return self._http.get("/api/v1/query", params={"query": name}).raise_for_status().json()["data"]["result"]


def _points(series: Series) -> list[dict[str, Any]]:
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in series.labels.items()]
    return [
        {"asDouble": value, "timeUnixNano": str(at * 10**6), "attributes": attributes}
        for at, value in zip(series.at, series.values, strict=True)
    ]


@pytest.fixture(params=ENGINES)
def server(request: pytest.FixtureRequest, engine: Engine, labels: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    port, arguments = ENGINES[request.param]
    image = provide(request.param, engine)
    options = {"command": arguments, "user": "0", "tmpfs": {"/data": ""}}
    with server_container(engine, image, labels, port, **options) as published:
        yield Server(request.param, published, tmp_path)


def test_limits_that_were_nearly_reached_are_told_and_others_are_not(server: Server) -> None:
    api = {"namespace": "shop", "pod": "api-1", "container": "api"}
    idle = {"namespace": "shop", "pod": "idle-1", "container": "idle"}
    job = {"namespace": "shop", "pod": "migrate-x7k2p", "container": "flyway"}
    server.tell(
        Series("container_memory_working_set_bytes", [10 * MIB, 126 * MIB, 20 * MIB], api),
        Series("container_spec_memory_limit_bytes", [128 * MIB] * 3, api),
        Series("container_cpu_cfs_throttled_periods_total", [0, 150, 300], api),
        Series("container_cpu_cfs_periods_total", [0, 200, 400], api),
        Series("container_memory_working_set_bytes", [10 * MIB] * 3, idle),
        Series("container_spec_memory_limit_bytes", [128 * MIB] * 3, idle),
        Series("container_cpu_cfs_throttled_periods_total", [0, 0, 0], idle),
        Series("container_cpu_cfs_periods_total", [0, 200, 400], idle),
        Series("container_memory_working_set_bytes", [60 * MIB], job),
        Series("container_spec_memory_limit_bytes", [64 * MIB], job),
    )
    near = "memory up to 126 of its 128 MiB; held back by its limit of processor time in 75% of the periods"
    assert measured(server.cluster, "shop/pod/api-1 container api") == near
    assert measured(server.cluster, "shop/pod/api-1") == near
    assert measured(server.cluster, "shop/pod/idle-1") == ""
    assert measured(server.cluster, "shop/job/migrate") == "memory up to 60 of its 64 MiB"
    assert measured(server.cluster, "shop/job/migrat") == ""

    server.tell(
        Series("node_vmstat_oom_kill", [7, 7, 9], {}),
        Series("mountpoint:filesystem_available:ratio", [0.04], {}),
        Series("node_memory_MemAvailable_bytes", [500 * MIB, 30 * MIB, 400 * MIB], {}),
        Series("node_memory_MemTotal_bytes", [1000 * MIB] * 3, {}),
    )
    node = "the kernel killed 2 processes of the machine for their memory; 4% of the node's disk left; "
    node += "3% of the node's memory left"
    assert measured(server.cluster, "shop/pod/idle-1") == node
    assert measured(server.cluster, "shop/persistentvolumeclaim/data") == ""


def test_nothing_is_said_where_nobody_answers(tmp_path: Path) -> None:
    assert measured(cluster_at(9, tmp_path), "shop/pod/api-1") == ""
