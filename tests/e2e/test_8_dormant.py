"""An environment that is stopped gives everything back but its data, and is as it was once it is started."""

from __future__ import annotations

import json

import pytest
from support.databases import address_of
from support.environment import Project, run
from support.redis_server import client

pytestmark = pytest.mark.e2e
KEPT = "CREATE TABLE kept_over_a_stop (id int); INSERT INTO kept_over_a_stop VALUES (7);"


def state_of(project: Project) -> str:
    return run(["docker", "inspect", "-f", "{{.State.Status}}", f"devenv-{project.name}-control-plane"]).strip()


def test_stop_frees_everything_but_the_data_and_start_brings_it_back(environment: Project) -> None:
    environment.devenv("db", "shell", "postgres", script=KEPT)
    address = address_of(environment, "redis")
    with client(address) as connection:
        # Redis has it in memory alone until it saves.
        connection.set("kept", "over a stop")

    stopped = environment.devenv("stop", "--json")
    assert stopped.seconds < 60
    assert "its data kept" in stopped.last("noted")["message"]
    assert state_of(environment) == "exited"
    (row,) = [
        row for row in json.loads(environment.devenv("list", "--json").stdout) if row["project"] == environment.name
    ]
    assert (row["state"], row["memory_bytes"], row["ports"], row["folder_gone"]) == ("stopped", 0, [], False)
    status = environment.status()
    assert (status["cluster"]["state"], {stack["state"] for stack in status["stacks"]}) == ("stopped", {"unknown"})
    for command in (("db", "url"), ("kubectl", "get", "pods"), ("env",), ("secrets", "list")):
        assert "hint: devenv start" in environment.devenv(*command, expect=1).stderr
    assert "stopped already" in environment.devenv("stop").stderr

    started = environment.devenv("start", "--json")
    assert started.seconds < 300
    awaited = {step["key"] for step in started.of_type("plan-made")[-1]["steps"]}
    assert {"ready/postgres", "ready/redis", "ready/alt-backend"} <= awaited
    assert environment.status()["ready"]
    assert "7" in environment.devenv("db", "shell", "postgres", script="SELECT id FROM kept_over_a_stop;").stdout
    with client(address_of(environment, "redis")) as connection:
        assert connection.get("kept") == b"over a stop"
    # Nothing was changed: there is nothing to do for `up`, and nothing to wait for.
    assert environment.devenv("up", "--yes", "--json").last("plan-made")["steps"] == []
    assert environment.devenv("start", "--json").last("plan-made")["steps"] == []
    environment.devenv("reset-db", "postgres", "redis", "--yes")
