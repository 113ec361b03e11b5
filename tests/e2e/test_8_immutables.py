"""What Kubernetes does not let be changed gives way, and takes no data with it unless people agree to that."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from support.all_databases import contents, differing, spoil
from support.changing_stack import NAME, find, run, set_values, uid, write_stack
from support.environment import Project, Result
from support.interruption import interrupt_at

pytestmark = pytest.mark.e2e


def titles(result: Result) -> set[str]:
    return {step["title"] for step in result.last("plan-made")["steps"]}


def kept(environment: Project) -> dict[str, Any]:
    """What the databases hold; LocalStack keeps its data in memory, and says so."""
    return {name: content for name, content in contents(environment).items() if name != "localstack"}


def test_profiles_are_switched_and_no_database_loses_anything(inside: Project) -> None:
    spoil(inside)
    before = kept(inside)
    staging = inside.devenv("up", "--profile", "staging", "--yes", "--json")
    assert {
        "Grow claim data-postgres-0 from 1Gi to 2Gi",
        "Replace statefulset postgres: its pods go on",
        "Replace statefulset clickhouse: its pods go on",
        "Replace statefulset mysql: its pods go on",
        "Replace statefulset nats: its pods go on",
        "Replace statefulset redis: its pods go on",
    } <= titles(staging)
    assert differing(before, kept(inside)) == {}
    # The commands that have no profile of their own stay in the one that is up.
    inside.devenv("db", "migrate", "postgres")
    assert inside.devenv("diff", "postgres").stdout == "no differences\n"
    assert json.loads(inside.devenv("up", "--plan", "--json", "--profile", "staging").stdout)["steps"] == []
    for profile in ("prod", "dev"):
        inside.devenv("up", "--profile", profile, "--yes", "--json")
        assert differing(before, kept(inside)) == {}
    sizes = inside.kubectl(
        "-n", "alt-database", "get", "pvc", "data-postgres-0", "-o", "jsonpath={.spec.resources} {.status.capacity}"
    )
    assert sizes.count("5Gi") == 2, "a claim that has grown stays so"
    assert inside.devenv("up", "--yes", "--json").last("plan-made")["steps"] == []
    inside.devenv("reset-db", "--yes")


@pytest.fixture(scope="module")
def changing(project: Project, first_up: Result) -> Iterator[Project]:
    """The project with the stack, installed, and data in both of its volumes; afterwards it is as before."""
    assert first_up.status == 0
    spec = project.spec
    write_stack(project)
    project.devenv("up", "--yes")
    run(project, "store-0", "echo kept > /data/file")
    run(project, "deploy/web", "echo kept > /files/file")
    yield project
    project.write_spec(spec)
    shutil.rmtree(project.root / "stacks" / "06-application")
    project.devenv("prune", "--yes")
    project.kubectl("delete", "namespace", NAME, "--wait=false")


def test_all_kinds_give_way_even_when_the_run_is_killed_in_between(changing: Project) -> None:
    store = uid(changing, "pod", "store-0")
    set_values(changing, size="2Gi", files="2Gi", label="second", greeting="again", role="edit", headless=True)
    planned = changing.devenv("up", "--plan").stdout
    assert "Replace statefulset store: its pods go on (volume data 1Gi -> 2Gi)" in planned
    assert "loses" not in planned

    process = changing.start("up", "--json")
    interrupt_at(process, f"install/{NAME}", signal.SIGKILL)
    result = changing.devenv("up", "--json")

    assert not [title for title in titles(result) if title.startswith("Replace statefulset")], "it was done before"
    assert uid(changing, "pod", "store-0") == store
    assert run(changing, "store-0", "cat /data/file") == "kept"
    assert run(changing, "deploy/web", "cat /files/file") == "kept"
    for name in ("data-store-0", "files"):
        assert find(changing, "pvc", name)["spec"]["resources"]["requests"]["storage"] == "2Gi"
    assert find(changing, "pvc", "data-store-0")["status"]["capacity"]["storage"] == "2Gi"
    assert find(changing, "configmap", "settings")["data"]["greeting"] == "again"
    assert find(changing, "rolebinding", "reader")["roleRef"]["name"] == "edit"
    assert find(changing, "service", "web")["spec"]["clusterIP"] == "None"
    assert changing.kubectl("-n", NAME, "logs", "job/once").strip() == "again"
    assert changing.devenv("up", "--json").last("plan-made")["steps"] == []


def test_a_failure_brings_the_former_object_back_with_its_pods_and_data(changing: Project) -> None:
    command = changing.spec["stacks"][-1]["values"]["command"]
    set_values(changing, size="3Gi", command="exit 3")
    failed = changing.devenv("up", "--json", expect=1).last("step-failed")["error"]
    assert (failed["code"], failed["context"]["cause"]) == ("workload-failed", "crash-loop")
    assert "rollback" not in failed["context"]
    template = find(changing, "statefulset", "store")["spec"]["volumeClaimTemplates"][0]
    assert template["spec"]["resources"]["requests"]["storage"] == "2Gi"
    set_values(changing, size="2Gi", command=command)
    changing.devenv("up")
    assert run(changing, "store-0", "cat /data/file") == "kept"


def test_a_loss_is_named_and_takes_consent(changing: Project) -> None:
    files = uid(changing, "pvc", "files")
    set_values(changing, files="1Gi")
    assert "Replace persistentvolumeclaim files (2Gi -> 1Gi) — loses" in changing.devenv("up", "--plan").stdout
    refused = changing.devenv("up", expect=2)
    assert "everything that claim files holds" in refused.stderr
    assert uid(changing, "pvc", "files") == files

    changing.devenv("up", "--yes")
    assert uid(changing, "pvc", "files") != files
    assert run(changing, "deploy/web", "ls /files") == ""
    assert run(changing, "store-0", "cat /data/file") == "kept"
