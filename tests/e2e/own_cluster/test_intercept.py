"""`devenv intercept`: a process of this machine in the place of a service, and the service as it was afterwards.

In the environment in which products of the tests take each other's place.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest
from support import local_api
from support.borrowed import services_as_asked_for, state_of
from support.dev_loop import Dev
from support.environment import Project, copy_of_example, in_its_place
from support.http_clients import answer
from support.http_server import Server
from support.loopback import free_port
from support.waiting import await_true

pytestmark = pytest.mark.e2e

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "shop"
HERE = "from this machine"


@pytest.fixture(scope="module")
def up(place: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The API with its database, and the page that asks it by its name in the cluster."""
    with in_its_place(copy_of_example(EXAMPLE, place, tmp_path_factory)) as made:
        spec = made.spec
        for left_out, of in (("stock", "services"), ("goods", "databases")):
            del spec[of][left_out]
        spec["services"]["api"]["env"] = {"DATABASE_URL": {"database": "orders"}, "SITE_AT": "site:3000"}
        spec["services"]["api"]["replicas"] = 2
        spec["services"]["tick"] = {**spec["services"]["api"], "schedule": "0 3 * * *", "command": ["date"]}
        for key in ("port", "health", "replicas"):
            del spec["services"]["tick"][key]
        made.write_spec(spec)
        made.devenv("up", "--adopt", "--yes", "--json")
        yield made


@pytest.fixture(scope="module")
def urls(up: Project) -> dict[str, str]:
    return {endpoint["stack"]: endpoint["url"] for endpoint in up.status()["endpoints"]}


def text(url: str, path: str) -> str:
    """What is answered, be it an error: a service that is replaced answers late."""
    try:
        return answer(url, path).text
    except httpx2.HTTPError as error:
        return str(error)


def nothing_to_put_right(project: Project) -> bool:
    """Whether nothing was changed by hand, as far as anybody can tell."""
    return not project.devenv("up", "--verify", "--json").last("plan-made")["steps"]


def test_a_process_here_answers_for_the_service_with_its_variables(up: Project, urls: dict[str, str]) -> None:
    before = services_as_asked_for(up)
    local = str(free_port())
    running = up.start("intercept", "api", "--port", local, "--", sys.executable, local_api.__file__, local)
    try:
        # Through Traefik, from another pod by the service's name, and from here to what only pods reach.
        await_true(lambda: HERE in text(urls["api"], "orders") or running.poll() is not None, 120)
        assert HERE in text(urls["api"], "orders")
        assert f"<li>0: {HERE}</li>" in text(urls["site"], "")
        assert f"<li>0: {HERE}</li>" in text(urls["api"], "site")

        # Whoever comes meanwhile leaves it alone.
        assert state_of(up, "api")[0] == "intercepted"
        assert up.devenv("up", "--json").last("plan-made")["steps"] == []
        refused = up.devenv("debug", "api", "--json", expect=1).last("error")["error"]
        assert (refused["code"], refused["context"]) == ("already-intercepted", {"process": str(running.pid)})

        running.send_signal(signal.SIGTERM)
        assert running.wait(120) == 128 + signal.SIGTERM
    finally:
        running.kill()
    assert services_as_asked_for(up) == before
    assert nothing_to_put_right(up)
    assert text(urls["api"], "orders") == "[]\n"


def test_what_a_killed_one_has_left_the_next_up_takes_back(up: Project, urls: dict[str, str]) -> None:
    before = services_as_asked_for(up)
    with Server() as server:
        server.serve("/orders", b'[{"id": 7, "good": "written down"}]')
        local = server.url.rpartition(":")[2]
        session = Dev(up.start("intercept", "api", "--port", f"http={local}", "--json"))
        try:
            ports = session.until("intercept-started")["ports"]
            assert ports == [{"name": "http", "port": 8000, "local": int(local)}]
            assert "written down" in text(urls["api"], "orders")

            variables = json.loads(up.devenv("env", "api", "--format", "json").stdout)
            with psycopg.connect(variables["DATABASE_URL"], connect_timeout=10) as database:
                assert database.execute("SELECT count(*) FROM orders").fetchone() == (0,)
            host, _, port = variables["SITE_AT"].rpartition(":")
            assert "<li>7: written down</li>" in httpx2.get(f"http://{host}:{port}/", timeout=20).text
        finally:
            session.process.kill()
            session.process.wait()
    assert "devenv up takes it back" in state_of(up, "api")[1]

    (step,) = up.devenv("up", "--json").last("plan-made")["steps"]
    assert (step["key"], step["reason"]) == ("ready/api", "left intercepted")
    assert services_as_asked_for(up) == before
    assert nothing_to_put_right(up)


def test_what_finds_nobody_is_told_once_and_ctrl_c_gives_the_service_back(up: Project, urls: dict[str, str]) -> None:
    before = services_as_asked_for(up)
    session = Dev(up.start("intercept", "api", "--port", str(free_port()), "--json"))
    try:
        session.until("intercept-started")
        for _ in range(3):
            assert HERE not in text(urls["api"], "orders")
        told = session.until("noted", containing="nobody listens")
        assert told["level"] == "warning"
        session.process.send_signal(signal.SIGINT)
        assert session.process.wait(120) == 0
    finally:
        session.process.kill()
    assert services_as_asked_for(up) == before
    variables = up.devenv("env", "api", "--format", "json")
    assert json.loads(variables.stdout)["SITE_AT"] == "site:3000"
    assert "only pods reach site" in variables.stderr


def test_what_cannot_be_intercepted_is_told_and_nothing_is_changed(up: Project) -> None:
    before = services_as_asked_for(up)

    def refused(*arguments: str, status: int = 2) -> str:
        return str(up.devenv("intercept", *arguments, "--json", expect=status).last("error")["error"]["message"])

    assert "pie is no stack" in refused("pie")
    assert "nothing of stack tick goes on running" in refused("tick", status=1)
    assert refused("api", "--port", "grpc=3000") == "api has no port grpc"
    assert refused("api", "--port", "65536") == "65536 is no port of this machine"
    assert services_as_asked_for(up) == before
