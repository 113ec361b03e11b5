"""What changes, and only that; what comes back; what an interruption leaves."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from support.environment import Project
from support.interruption import interrupt_at

pytestmark = pytest.mark.e2e


def revisions(project: Project) -> dict[str, int]:
    """Current revision of every release."""
    listed = json.loads(project.kubectl("get", "secrets", "-A", "-l", "owner=helm", "-o", "json"))
    found: dict[str, int] = {}
    for item in listed["items"]:
        labels = item["metadata"]["labels"]
        found[labels["name"]] = max(found.get(labels["name"], 0), int(labels["version"]))
    return found


def set_value(project: Project, stack: str, values: dict[str, Any]) -> None:
    spec = project.spec
    for choice in spec["stacks"]:
        if choice["name"] == stack:
            choice["values"] = values
    project.write_spec(spec)


def test_changed_value_upgrades_one_release_only(environment: Project) -> None:
    before = revisions(environment)
    set_value(environment, "alt-backend", {"replicas": 2})
    result = environment.devenv("up", "--yes", "--json")
    after = revisions(environment)
    assert {n for n in after if after[n] != before[n]} == {"alt-backend"}
    assert {s["key"].split("/")[0] for s in result.last("plan-made")["steps"]} <= {"install", "ready", "hook"}
    replicas = environment.kubectl(
        "-n", "alt-apps", "get", "deploy", "alt-backend", "-o", "jsonpath={.status.readyReplicas}"
    )
    assert replicas == "2"


def test_secrets_are_back_after_localstack_restarts(environment: Project) -> None:
    before = environment.kubectl("-n", "alt-database", "get", "secret", "postgres", "-o", "jsonpath={.data.password}")
    environment.kubectl("-n", "localstack", "delete", "pod", "-l", "app.kubernetes.io/name=localstack", "--wait")
    environment.kubectl("-n", "localstack", "rollout", "status", "deploy/localstack", "--timeout=120s")
    environment.kubectl("-n", "alt-database", "delete", "secret", "postgres")
    environment.kubectl("-n", "alt-database", "wait", "secret/postgres", "--for=create", "--timeout=60s")
    after = environment.kubectl("-n", "alt-database", "get", "secret", "postgres", "-o", "jsonpath={.data.password}")
    assert after == before


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_up_goes_on_after_it_was_stopped(environment: Project, sent: signal.Signals, status: int) -> None:
    memory = {signal.SIGINT: "80Mi", signal.SIGKILL: "96Mi"}[sent]
    set_value(environment, "alt-backend", {"replicas": 1, "resources": {"limits": {"memory": memory}}})
    process = environment.start("up", "--yes", "--json")
    interrupt_at(process, "install/alt-backend", sent)
    assert process.returncode == status
    environment.devenv("up", "--yes", "--json")
    assert environment.devenv("status", "--json").status == 0
    assert environment.devenv("up", "--yes", "--json").last("plan-made")["steps"] == []


def test_stack_removed_by_hand_comes_back(environment: Project) -> None:
    environment.kubectl("-n", "alt-apps", "delete", "deploy", "alt-backend")
    assert environment.devenv("status", "--json", expect=1).status == 1
    environment.devenv("up", "--yes")
    assert environment.devenv("status", "--json").status == 0
