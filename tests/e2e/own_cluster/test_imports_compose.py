"""The example with a Compose file: brought up as it is, with devenv's own database in the place of its own.

In the environment in which products of the tests take each other's place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environment import Project, Result, copy_of_example, in_its_place
from support.http_clients import answer
from support.waiting import await_true

pytestmark = pytest.mark.e2e

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "compose"
SIGNATURE = hashlib.sha256((EXAMPLE / "signing_key.txt").read_bytes() + b"tea").hexdigest()[:12]


@pytest.fixture(scope="module")
def market(place: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with in_its_place(copy_of_example(EXAMPLE, place, tmp_path_factory)) as made:
        yield made


@pytest.fixture(scope="module")
def up(market: Project) -> Result:
    return market.devenv("up", "--adopt", "--yes", "--json")


def compose(market: Project, *args: str) -> str:
    """Kubectl in the namespace of the import."""
    return market.kubectl("--namespace", f"{market.name}-compose", *args)


def proxy(market: Project) -> str:
    return {endpoint["name"]: str(endpoint["url"]) for endpoint in market.status()["endpoints"]}["proxy"]


def test_a_product_runs_as_its_compose_file_says(market: Project, up: Result) -> None:
    assert up.last("run-finished")["succeeded"]
    url = proxy(market)

    assert answer(url, "orders", form={"good": "tea"}).json() == {"good": "tea"}
    await_true(lambda: answer(url, "orders").json() == [{"good": "tea", "signature": SIGNATURE}])
    assert json.loads(compose(market, "get", "deploy", "worker", "--output", "json"))["status"]["readyReplicas"] == 2


def test_what_is_not_carried_over_is_told(up: Result) -> None:
    told = [event["message"] for event in up.of_type("noted") if event["message"].startswith("compose.yaml:")]

    assert [line.partition(": ")[2].partition(":")[0] for line in told] == [
        "services.api.healthcheck",
        "services.cache.image",
        "services.cache.command",
        "services.db.image",
    ]


def test_a_second_time_there_is_nothing_to_do(market: Project, up: Result) -> None:
    assert up.status == 0
    assert market.devenv("up", "--json").of_type("step-started") == []


def test_who_knew_no_password_needs_none(market: Project, up: Result) -> None:
    assert up.status == 0
    assert market.spec["imports"]["databases"] == "built-in"
    assert market.devenv("db", "shell", "cache", script="SCARD goods\n").stdout.strip() == "2"


def test_the_database_is_devenvs_own(market: Project, up: Result) -> None:
    assert up.status == 0
    select = "SELECT good FROM orders;\n"
    assert "tea" in market.devenv("db", "shell", "db", script=select).stdout

    market.devenv("reset-db", "db", "--yes")

    assert answer(proxy(market), "orders").json() == []


def test_a_changed_compose_file_changes_what_it_says(market: Project, up: Result) -> None:
    assert up.status == 0
    file = market.root / "compose.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("replicas: 2", "replicas: 1"), encoding="utf-8")

    again = market.devenv("up", "--json")

    stacks = {event["key"].partition("/")[2] for event in again.of_type("step-started")}
    assert "worker" in stacks
    assert not {"api", "proxy", "cache", "db", "stock"} & stacks
    assert json.loads(compose(market, "get", "deploy", "worker", "--output", "json"))["spec"]["replicas"] == 1
