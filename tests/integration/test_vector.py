"""Vector in the collector's place, which cannot be run here: its configurations, and its rows in a real ClickHouse."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field
from support.clickhouse_server import ClickHouseContainer, clickhouse_server
from support.log_collector import answering_collector
from support.programs import require_tool
from support.waiting import await_answer
from vrl_python import VRLRuntime

from devenv.adapters.charts.helm import ChartRelease, Helm
from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.adapters.kubernetes.manifests import documents
from devenv.errors import CommandFailedError
from devenv.logs.entries import LogQuery
from devenv.logs.stored import read_stored

Json = dict[str, Any]
CHART = data_root() / "stacks/03-observability/logs/chart"


class Strict(BaseModel):
    """A part of https://vector.dev/docs/reference/configuration/, with the fields that are used of it."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Api(Strict):
    enabled: bool
    address: str = Field(pattern=r"^[\d.]+:8686$")


class Pods(Strict):
    type: Literal["kubernetes_logs"]
    glob_minimum_cooldown_ms: int
    insert_namespace_fields: bool


class Reduce(Strict):
    type: Literal["reduce"]
    inputs: list[Literal["pods"]]
    group_by: list[str]
    starts_when: str
    ends_when: str
    merge_strategies: dict[str, Literal["concat_newline"]]
    expire_after_ms: int
    flush_period_ms: int


class Acknowledgements(Strict):
    enabled: bool


class DiskBuffer(Strict):
    type: Literal["disk"]
    max_size: int = Field(ge=268_435_488)
    when_full: Literal["block"]


class ToAggregator(Strict):
    type: Literal["vector"]
    inputs: list[Literal["entries"]]
    address: str = Field(pattern=r"^[a-z.-]+:\d+$")
    compression: bool
    acknowledgements: Acknowledgements
    buffer: DiskBuffer


class Agent(Strict):
    data_dir: str
    api: Api
    sources: dict[Literal["pods"], Pods]
    transforms: dict[Literal["entries"], Reduce]
    sinks: dict[str, ToAggregator]


class DirectorySecrets(Strict):
    type: Literal["directory"]
    path: str
    remove_trailing_whitespace: bool


class FromAgents(Strict):
    type: Literal["vector"]
    address: str = Field(pattern=r"^0\.0\.0\.0:\d+$")


class Remap(Strict):
    type: Literal["remap"]
    inputs: list[Literal["agents"]]
    file: str
    drop_on_error: bool


class BasicLogin(Strict):
    strategy: Literal["basic"]
    user: str
    password: str


class Batch(Strict):
    timeout_secs: int


class AsyncInserts(Strict):
    enabled: bool


class QuerySettings(Strict):
    async_insert_settings: AsyncInserts


class ToClickHouse(Strict):
    type: Literal["clickhouse"]
    inputs: list[Literal["rows"]]
    endpoint: str
    database: str
    table: str
    auth: BasicLogin
    batch: Batch
    query_settings: QuerySettings
    acknowledgements: Acknowledgements


class Aggregator(Strict):
    data_dir: str
    api: Api
    secret: dict[str, DirectorySecrets]
    sources: dict[Literal["agents"], FromAgents]
    transforms: dict[Literal["rows"], Remap]
    sinks: dict[str, ToClickHouse]


def rendered(scratch: Path, **values: Any) -> dict[tuple[str, str], Json]:
    helm = Helm(require_tool("helm"), scratch / "kubeconfig")
    text = helm.template(ChartRelease("logs", "logs", str(CHART), json.dumps({"collector": "vector", **values})))
    return {(item["kind"], item["metadata"]["name"]): item for item in documents(text)}


@pytest.fixture
def made(tmp_path: Path) -> dict[tuple[str, str], Json]:
    return rendered(tmp_path)


def container(made: dict[tuple[str, str], Json], kind: str, name: str) -> Json:
    (found,) = made[kind, name]["spec"]["template"]["spec"]["containers"]
    return dict(found)


def mounts(container: Json) -> set[str]:
    return {mount["mountPath"] for mount in container["volumeMounts"]}


def test_the_configurations_are_what_vector_documents_and_fit_each_other(made: dict[tuple[str, str], Json]) -> None:
    agent = Agent.model_validate(yaml.safe_load(made["ConfigMap", "logs-agent"]["data"]["vector.yaml"]))
    files = made["ConfigMap", "logs-aggregator"]["data"]
    aggregator = Aggregator.model_validate(yaml.safe_load(files["vector.yaml"]))

    port = aggregator.sources["agents"].address.partition(":")[2]
    assert agent.sinks["aggregator"].address == f"logs-aggregator.logs:{port}"
    (service,) = made["Service", "logs-aggregator"]["spec"]["ports"]
    assert str(service["port"]) == port
    assert agent.data_dir in mounts(container(made, "DaemonSet", "logs-agent"))
    inside = mounts(container(made, "Deployment", "logs-aggregator"))
    assert {aggregator.data_dir, aggregator.secret["clickhouse"].path} <= inside
    program = Path(aggregator.transforms["rows"].file)
    assert str(program.parent) in inside
    assert files[program.name].strip() == (CHART / "vector/entry.vrl").read_text().strip()
    keys = set(re.findall(r"SECRET\[clickhouse\.(\w+)\]", files["vector.yaml"]))
    brought = {entry["secretKey"] for entry in made["ExternalSecret", "logs"]["spec"]["data"]}
    assert keys == brought - {"reader_password"} == {"username", "password"}


def test_the_agent_may_ask_for_what_it_labels_lines_with_and_the_page_is_answered(
    made: dict[tuple[str, str], Json],
) -> None:
    (rule,) = made["ClusterRole", "logs"]["rules"]
    assert rule == {"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["list", "watch"]}
    pod = made["Deployment", "logs-aggregator"]["spec"]["template"]
    assert made["Service", "logs"]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    (answering,) = pod["spec"]["initContainers"]
    assert answering["restartPolicy"] == "Always"
    assert {"name": "COLLECT", "value": "false"} in answering["env"]
    assert ("DaemonSet", "logs") not in made


@pytest.mark.parametrize("values", [{"engine": "victoria-logs"}, {"spool": {"mebibytes": 100}}])
def test_what_it_is_not_set_up_for_is_refused(tmp_path: Path, values: Json) -> None:
    with pytest.raises(CommandFailedError):
        rendered(tmp_path, **values)


@pytest.fixture
def server(engine: Engine, labels: dict[str, str]) -> Iterator[ClickHouseContainer]:
    with clickhouse_server(engine, labels) as found:
        yield found


@pytest.mark.engine
def test_rows_are_taken_by_the_table_once_and_found(
    engine: Engine, server: ClickHouseContainer, made: dict[tuple[str, str], Json]
) -> None:
    now = datetime.now(UTC)
    event = {
        "file": "/var/log/pods/shop_api-0_6f0c/api/0.log",
        "stream": "stdout",
        "kubernetes": {"pod_labels": {"devenv.io/stack": "api"}, "pod_node_name": "node-1"},
    }
    program = made["ConfigMap", "logs-aggregator"]["data"]["entry.vrl"]
    lines = ['{"level":"error","msg":"für \U0001f511","http":{"status":500}}', 'INFO it\'s "on" \\']
    rows = [
        VRLRuntime.run(
            f'.timestamp = parse_timestamp!(.timestamp, "%+")\n{program}',
            {**event, "message": line, "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{number:09d}Z"},
            "UTC",
        ).processed_event
        for number, line in enumerate(lines, 123)
    ]
    with answering_collector(engine, server) as page:
        await_answer(lambda: httpx2.get(f"{page}/healthz", trust_env=False).raise_for_status(), httpx2.HTTPError)
        # As its sink asks: https://github.com/vectordotdev/vector/blob/master/src/sinks/clickhouse/service.rs
        asked = {
            "input_format_import_nested_json": "1",
            "async_insert": "0",
            "query": "INSERT INTO {database:Identifier}.{table:Identifier} FORMAT JSONEachRow",
            "param_database": "logs",
            "param_table": "lines",
        }
        address = server.address
        sent = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
        for _ in range(2):  # the second time as when an answer was lost
            httpx2.post(
                f"http://127.0.0.1:{address.port}/",
                params=asked,
                content=sent,
                headers={"Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"},
                auth=(address.user.encode(), address.password.encode()),
                trust_env=False,
            ).raise_for_status()
        query = LogQuery(since=now - timedelta(minutes=1), stacks=frozenset({"api"}))
        entries = read_stored(address, query).entries
        assert [(entry.message, entry.level) for entry in entries] == [(lines[0], "error"), (lines[1], "info")]
        assert entries[0].fields == {"level": "error", "msg": "für \U0001f511", "http.status": "500"}
        assert entries[0].timestamp.endswith(".000000123Z")
        form = {"stack": "api", "search": "FÜR"}
        (row,) = httpx2.get(f"{page}/api/logs", params=form, trust_env=False).raise_for_status().json()
        assert (row["pod"], row["level"]) == ("api-0", "error")
