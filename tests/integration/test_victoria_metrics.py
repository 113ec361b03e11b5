"""VictoriaMetrics takes what Prometheus takes: configurations, rules, what dashboards ask, what runs push."""

from __future__ import annotations

import io
import re
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from docker.models.containers import Container
from support.dashboards import BUILTIN, queries, variable_matchers
from support.images import provide
from support.programs import missing
from support.waiting import await_answer, await_true

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.adapters.kubernetes.prometheus import as_datadog
from devenv.images.build.modules import Module
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.steps import StartCluster
from devenv.runtime.run.scheduler import RunReport, TaskResult, TaskState
from devenv.spec.catalogue import load_versions
from devenv.workflows.run.telemetry import as_otlp

pytestmark = pytest.mark.engine
OPERATOR = "github.com/prometheus-operator/prometheus-operator"
RULES = data_root() / "stacks/03-observability/monitoring/chart/rules"
TESTS = sorted(RULES.parents[1].glob("rules-tests/*.yaml"))
REFUSED_BY_PROMETHEUS_TOO = ("missing `target_label` for `action=replace`", "failed to find any PEM data")
"""What upstream's tests have in place of relabelings and certificates."""


@contextmanager
def container(
    engine: Engine, image: str, arguments: list[str], files: Mapping[str, str], **options: Any
) -> Iterator[Container]:
    """A container of an image of the catalogue, with files, not yet started."""
    made = engine.client.containers.create(provide(image, engine), arguments, **options)
    try:
        made.put_archive("/", _archive(files))
        yield made
    finally:
        engine.containers.remove([str(made.name)])


def run(made: Container, seconds: float) -> tuple[int, str]:
    """Start a container, and wait for its end: its status and what it said."""
    made.start()
    status = made.wait(timeout=seconds)["StatusCode"]
    return status, made.logs().decode()


def test_every_configuration_that_the_operator_writes_is_taken(engine: Engine, labels: dict[str, str]) -> None:
    """Those that its own tests expect, all in one: what VictoriaMetrics does not know is left out, and no job is."""
    pinned = load_versions().modules[OPERATOR]
    module = Module(OPERATOR, pinned.version, pinned.sum)
    if not module.cached:
        missing(f"module {OPERATOR} in the cache; devenv up brings it there")
    read = [yaml.safe_load(f.read_text()) for f in sorted(module.folder.glob("pkg/prometheus/testdata/*.golden"))]
    jobs = [
        job | {"job_name": f"{number}/{job['job_name']}"}
        for number, whole in enumerate(read)
        if isinstance(whole, dict)
        for job in whole.get("scrape_configs") or ()
    ]
    assert len(jobs) > 200
    arguments = ["-promscrape.config=/all.yaml", "-promscrape.config.dryRun", "-promscrape.config.strictParse=false"]
    text = yaml.safe_dump({"global": {"scrape_interval": "30s"}, "scrape_configs": jobs})
    with container(
        engine, "victoria-metrics", arguments, {"all.yaml": text}, network_mode="none", labels=labels
    ) as made:
        status, said = run(made, 60)
    assert status == 0, said
    skipped = [line for line in said.splitlines() if "skipping" in line]
    assert [line for line in skipped if not any(reason in line for reason in REFUSED_BY_PROMETHEUS_TOO)] == []


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.stem)
def test_rules_fire_when_they_do_in_prometheus(test: Path, engine: Engine, labels: dict[str, str]) -> None:
    """The tests of promtool, as vmalert-tool names their parts."""
    # Series are texts; to YAML, 0x40 alone is a number.
    tests = yaml.safe_load(re.sub(r"values: ([^}\n]+)", r'values: "\1"', test.read_text()))
    for group in tests["tests"]:
        asked = group.pop("promql_expr_test", [])
        # ALERTS have the label here in spite of the flag, which alerts heed.
        group["metricsql_expr_test"] = [q | {"expr": f'label_del({q["expr"]}, "alertgroup")'} for q in asked]
    arguments = [
        "unittest",
        f"--files=/rules-tests/{test.name}",
        "--disableAlertgroupLabel",
        "--external.url=http://none",
    ]
    files = {f"chart/rules/{file.name}": file.read_text() for file in RULES.glob("*.yaml")}
    files[f"rules-tests/{test.name}"] = yaml.safe_dump(tests)
    options = {"network_mode": "none", "tmpfs": {"/tmp": "mode=1777"}, "labels": labels}  # noqa: S108 -- its series
    with container(engine, "vmalert-tool", arguments, files, **options) as made:
        status, said = run(made, 300)
    assert status == 0, said
    assert "SUCCESS" in said


def test_rules_and_all_that_dashboards_ask_are_expressions_of_its_language(
    engine: Engine, labels: dict[str, str]
) -> None:
    asked = [text for file in BUILTIN for text in (*queries(file).values(), *variable_matchers(file))]
    rules = [{"record": f"query:{index}", "expr": text} for index, text in enumerate(asked)]
    files = {f"rules/{file.name}": file.read_text() for file in RULES.glob("*.yaml")}
    files["rules/queries.yaml"] = yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]})
    arguments = ["-dryRun", "-rule=/rules/*.yaml"]
    with container(engine, "vmalert", arguments, files, network_mode="none", labels=labels) as made:
        status, said = run(made, 60)
    assert status == 0, said


def test_what_a_run_pushes_becomes_the_series_that_prometheus_makes_of_it(
    engine: Engine, labels: dict[str, str]
) -> None:
    step = StartCluster("shop")
    plan = Plan.of("shop", "shop", [PlanNode(step, frozenset(), "stopped")])
    report = RunReport({step.key: TaskResult(TaskState.SUCCEEDED, 0.0, 1.5)}, (step.key,), 1.5, 2.5)
    arguments = ["-storageDataPath=/data", "-search.latencyOffset=0s"]
    options: dict[str, Any] = {
        "ports": {"8428/tcp": ("127.0.0.1", 0)},
        "tmpfs": {"/data": "mode=1777"},
        "labels": labels,
    }
    with container(engine, "victoria-metrics", arguments, {}, **options) as made:
        made.start()
        made.reload()
        published = made.ports["8428/tcp"]
        assert published
        client = httpx2.Client(base_url=f"http://127.0.0.1:{published[0]['HostPort']}", trust_env=False)
        await_answer(lambda: client.get("/health").raise_for_status(), httpx2.HTTPError)
        pushed = as_datadog(as_otlp(plan, report, "up", time.time_ns()))
        client.post("/datadog/api/v2/series", json=pushed).raise_for_status()

        def told() -> dict[str, str]:
            found = client.get("/api/v1/query", params={"query": '{job="devenv"}'}).json()["data"]["result"]
            return {series["metric"]["__name__"]: series["value"][1] for series in found}

        await_true(lambda: len(told()) == 2)
        assert told() == {"devenv_run_duration_seconds": "2.5", "devenv_step_duration_seconds": "1.5"}


def _archive(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()
