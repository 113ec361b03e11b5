"""`devenv up` from nothing to an application that answers, and what a second `up` does."""

from __future__ import annotations

import json
import ssl
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.environment import Project, Result, run
from support.loopback import good_answer

from devenv.runtime.doctor.catalogue import MACHINE

pytestmark = pytest.mark.e2e


def fetch(url: str, *, context: ssl.SSLContext | None = None) -> dict[str, Any]:
    """The JSON at a URL."""
    parsed: dict[str, Any] = json.loads(good_answer(url, context=context))
    return parsed


def test_up_from_nothing_reports_its_longest_chain(first_up: Result) -> None:
    finished = first_up.last("run-finished")
    assert finished["failed"] == 0
    assert finished["succeeded"] > 10
    assert finished["chain"][0]
    assert 0 < finished["chain_seconds"] <= finished["seconds"]


def test_application_answers_over_http_with_everything_behind_it(environment: Project) -> None:
    answer = fetch(environment.endpoint("api"))
    assert answer["database"]["items"] >= 1
    assert answer["queue"]["message_id"]
    assert answer["bucket"]["key"]


def test_application_answers_over_https_with_the_local_certificate(environment: Project) -> None:
    ca = environment.devenv("certificate").stdout.strip()
    url = environment.endpoint("api-tls")
    assert url.startswith("https://")
    assert fetch(url, context=ssl.create_default_context(cafile=ca))["database"]["items"] >= 1


def test_ports_are_bound_to_the_loopback_only(environment: Project) -> None:
    bindings = run(["docker", "ps", "--filter", f"name=devenv-{environment.name}", "--format", "{{.Ports}}"])
    published = [p for p in bindings.replace(",", "\n").split() if "->" in p]
    assert published
    assert all(p.startswith("127.0.0.1:") for p in published)


def test_containers_are_not_asked_each_second_for_what_nobody_reads(environment: Project) -> None:
    taken = run(["docker", "exec", f"devenv-{environment.name}-control-plane", "containerd", "config", "dump"])
    assert tomllib.loads(taken)["plugins"]["io.containerd.cri.v1.runtime"]["stats_collect_period"] == "1h"


def test_second_up_changes_nothing_and_says_so(environment: Project) -> None:
    result = environment.devenv("up", "--yes", "--json")
    plan = result.last("plan-made")
    assert plan["steps"] == []
    assert set(plan["unchanged"]) == {s["name"] for s in environment.status()["stacks"]}
    spoken = environment.devenv("up", "--yes")
    assert "nothing to do" in (spoken.stdout + spoken.stderr).lower()


def test_status_is_ready_and_complete(environment: Project) -> None:
    result = environment.devenv("status", "--json")
    report = json.loads(result.stdout)
    assert report["project"] == environment.name
    assert report["cluster"]["state"] == "running"
    assert len(report["cluster"]["nodes"]) == 1
    assert {"traefik", "localstack", "external-secrets", "postgres", "alt-backend"} <= {
        s["name"] for s in report["stacks"]
    }
    for stack in report["stacks"]:
        assert {"name", "layer", "namespace", "state", "ready", "version"} <= stack.keys()
        assert stack["ready"] is True
        assert stack["state"] == "ready"
    for each in report["endpoints"]:
        assert {"name", "stack", "url"} <= each.keys()


def test_the_doctor_looks_at_all_of_it_and_finds_nothing_wrong_with_it(environment: Project) -> None:
    report = environment.report("doctor")
    assert report["project"] == environment.name
    of_the_machine = {kind.id for _, check in MACHINE for kind in check.kinds}
    assert [found for found in report["findings"] if found["id"] not in of_the_machine] == []


def test_status_hides_credentials_unless_asked(environment: Project) -> None:
    hidden = environment.devenv("status").stdout
    shown = environment.devenv("status", "--credentials").stdout
    password = environment.kubectl(
        "-n",
        "alt-database",
        "get",
        "secret",
        "postgres",
        "-o",
        "go-template={{.data.password | base64decode}}",
    )
    assert password in shown
    assert password not in hidden


def test_default_kubeconfig_is_untouched(environment: Project) -> None:
    own = Path(environment.devenv("kubeconfig").stdout.strip())
    assert own.stat().st_mode & 0o077 == 0
    default = Path.home() / ".kube" / "config"
    assert not default.exists() or f"devenv-{environment.name}" not in default.read_text()
