"""Copies of a service for tests: each with an address and a database of its own, and gone afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.environment import Project
from support.loopback import answer_at, good_answer
from support.waiting import await_true

from devenv.errors import WorkloadError
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.clones import clone_pool
from devenv.workflows.databases.deployed import Deployment, reach
from devenv.workflows.service_copy import CopyRequest, copy_service

pytestmark = pytest.mark.e2e
STACK = "alt-backend"
ALL = "pods,services,secrets,ingressroutes,ingresses,networkpolicies"
READY_SECONDS = 15.0
"""Five times what is aimed at: this machine runs other tests as well."""


@pytest.fixture
def deployment(inside: Project) -> Iterator[Deployment]:
    with reach(inside.root, silent_session()) as reached:
        yield reached


def copies(environment: Project) -> list[str]:
    return environment.kubectl("get", ALL, "--all-namespaces", "-l", "devenv.io/copy", "-o", "name").split()


def items(url: str) -> list[str]:
    return [item["name"] for item in json.loads(good_answer(f"{url}/items"))]


def test_copies_beside_each_other_work_on_databases_of_their_own(inside: Project, deployment: Deployment) -> None:
    status = inside.status()
    original = next(link["url"] for link in status["endpoints"] if link["stack"] == STACK).rstrip("/")
    before, meeting = items(original), threading.Barrier(2)

    def use(name: str) -> tuple[float, list[str], list[str]]:
        with pool.database() as own:
            began = time.monotonic()
            request = CopyRequest(STACK, databases={"postgres": own}, resources={"alt-events": "alt-audit"})
            with copy_service(deployment, request) as made:
                seconds = time.monotonic() - began
                status, _ = answer_at(f"{made.url}/items", "POST", json.dumps({"name": name}))
                assert status == 201
                assert json.loads(good_answer(f"{made.url}/"))["queue"]["name"] == "alt-audit"
                meeting.wait(60)
                assert (
                    inside.kubectl("get", "pod", made.pod, "-n", made.namespace, "-o", "jsonpath={.spec}").count(
                        own.name
                    )
                    == 0
                )
                assert any("listens" in entry.message for entry in made.logs())
                assert name not in items(original)
                return seconds, items(made.url), [made.host]

    with clone_pool(inside.root, "postgres", size=2) as pool, ThreadPoolExecutor(2) as threads:
        (first_seconds, first, first_host), (second_seconds, second, second_host) = threads.map(use, ("one", "two"))
    assert (first, second) == ([*before, "one"], [*before, "two"])
    assert first_host != second_host
    assert max(first_seconds, second_seconds) < READY_SECONDS
    await_true(lambda: not copies(inside))
    after = inside.status()
    assert after["stacks"] == status["stacks"]


def test_a_copy_that_cannot_start_says_why_with_its_last_lines(inside: Project, deployment: Deployment) -> None:
    with (
        pytest.raises(WorkloadError, match="ends with status 1") as failed,
        copy_service(deployment, CopyRequest(STACK, environment={"QUEUE": None})),
    ):
        pass
    assert "environment variables are not set: QUEUE" in failed.value.context["last log lines"]
    assert inside.status()["ready"] is True
    await_true(lambda: not copies(inside))


def test_what_a_killed_test_left_goes_with_the_next_copy(inside: Project, deployment: Deployment) -> None:
    program = [sys.executable, "-m", "support.left_copy", str(inside.root)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as killed:
        assert killed.stdout
        pod = killed.stdout.readline().strip()
        killed.kill()
    assert f"pod/{pod}" in copies(inside)
    with copy_service(deployment, CopyRequest(STACK)):
        await_true(lambda: not [name for name in copies(inside) if pod in name])
    await_true(lambda: not copies(inside))
