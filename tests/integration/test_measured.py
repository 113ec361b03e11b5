"""What monitoring has measured of a pod that failed, asked of a real Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.images import provide
from support.plain_cluster import cluster_at
from support.server_container import server_container
from support.waiting import await_true

from devenv.adapters.docker import Engine
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.prometheus import push
from devenv.errors import ApiRefusedError, ApiUnreachableError
from devenv.runtime.diagnosis.measured import measured

pytestmark = pytest.mark.engine
PROXY = "/api/v1/namespaces/monitoring/services/prometheus:http/proxy"
"""Where the API server has it; here Prometheus itself answers there."""
MIB = 2**20


@pytest.fixture(scope="module")
def cluster(engine: Engine, labels: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    arguments = [
        "--config.file=/dev/null",
        "--storage.tsdb.path=/data",
        "--web.enable-otlp-receiver",
        f"--web.route-prefix={PROXY}",
    ]
    image = provide("prometheus", engine)
    options = {"command": arguments, "user": "0", "tmpfs": {"/data": ""}}
    with server_container(engine, image, labels, 9090, **options) as port:
        yield cluster_at(port, tmp_path_factory.mktemp("kubeconfig"))


def sample(name: str, values: list[float], **labels: str) -> Json:
    """A series whose values are 20 s apart, the last one of now."""
    now = time.time_ns()
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in labels.items()]
    points = [
        {"asDouble": value, "timeUnixNano": str(now - age * 20 * 10**9), "attributes": attributes}
        for age, value in zip(reversed(range(len(values))), values, strict=True)
    ]
    return {"name": name, "gauge": {"dataPoints": points}}


def test_limits_that_were_nearly_reached_are_told_and_others_are_not(cluster: Cluster) -> None:
    api = {"namespace": "shop", "pod": "api-1", "container": "api"}
    idle = {"namespace": "shop", "pod": "idle-1", "container": "idle"}
    metrics = [
        sample("container_memory_working_set_bytes", [10 * MIB, 126 * MIB, 20 * MIB], **api),
        sample("container_spec_memory_limit_bytes", [128 * MIB] * 3, **api),
        sample("container_cpu_cfs_throttled_periods_total", [0, 150, 300], **api),
        sample("container_cpu_cfs_periods_total", [0, 200, 400], **api),
        sample("container_memory_working_set_bytes", [10 * MIB] * 3, **idle),
        sample("container_spec_memory_limit_bytes", [128 * MIB] * 3, **idle),
        sample("container_cpu_cfs_throttled_periods_total", [0, 0, 0], **idle),
        sample("container_cpu_cfs_periods_total", [0, 200, 400], **idle),
    ]
    told = {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}

    def ready() -> bool:
        try:
            cluster.post(f"{PROXY[1:]}/api/v1/otlp/v1/metrics", told, timeout=5)
        except (ApiRefusedError, ApiUnreachableError):
            return False
        return True

    await_true(ready, 30)
    near = "memory up to 126 of its 128 MiB; held back by its limit of processor time in 75% of the periods"
    assert measured(cluster, "shop/pod/api-1 container api") == near
    assert measured(cluster, "shop/pod/api-1") == near
    assert measured(cluster, "shop/pod/idle-1") == ""

    disk = sample("mountpoint:filesystem_available:ratio", [0.04])
    push({"resourceMetrics": [{"scopeMetrics": [{"metrics": [disk]}]}]}, lambda: cluster)
    assert measured(cluster, "shop/pod/idle-1") == "4% of the node's disk left"
    assert measured(cluster, "shop/persistentvolumeclaim/data") == ""


def test_nothing_is_said_where_nobody_answers(tmp_path: Path) -> None:
    assert measured(cluster_at(9, tmp_path), "shop/pod/api-1") == ""
