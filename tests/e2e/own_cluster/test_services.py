"""Services and databases without a chart: the example of three, from nothing to URLs, and what else they may say.

In the environment in which products of the tests take each other's place.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from support.environment import Project, Result, copy_of_example, in_its_place
from support.http_clients import answer
from support.waiting import await_true

pytestmark = pytest.mark.e2e

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "shop"
API = {"context": "api", "bases": {"DEBIAN": "debian-trixie"}}
TOKEN = "s3cr+t/ &ü"  # noqa: S105 -- made up
RUNS_AS = 65532
CONNECT = "import os, psycopg; c = psycopg.connect(os.environ['DATABASE_URL']); "
COUNT = "print(c.execute('SELECT count(*) FROM orders').fetchone())"
CREATE = "c.execute('CREATE TABLE IF NOT EXISTS late (id int)'); c.commit()"
MORE: dict[str, Any] = {
    "api": {
        "build": API,
        "port": 8000,
        "health": "/healthz",
        "before": ["check"],
        "env": {
            "DATABASE_URL": {"database": "orders"},
            "STOCK_URL": {"service": "stock"},
            "TOKEN": {"secret": "shop/api", "key": "token"},
            "QUEUE_URL": {"queue": "shop-events"},
            "ROWS_URL": {"database": "rows"},
            "BUS_URL": {"database": "bus"},
        },
        "files": {
            "/etc/api/rules": "conf",
            "/etc/api/note": {"text": "for {project}"},
            "/run/token": {"secret": "shop/key"},
        },
        "volumes": {"/data": "64Mi", "/cache": "empty"},
        "init": {"prepare": {"build": API, "command": ["sh", "-c", "echo prepared > /data/prepared"]}},
        "sidecars": {"beside": {"build": API, "command": ["sh", "-c", "date > /cache/date; exec sleep infinity"]}},
        "profiles": {"staging": {"replicas": 2}},
    },
    "check": {"build": API, "command": ["python3", "-c", CONNECT + COUNT]},
    "tick": {"build": API, "command": ["date"], "schedule": "0 3 * * *"},
}
LATE = {
    "engine": "postgres",
    "seeds": "late",
    "migrations": {"build": API, "command": ["python3", "-c", CONNECT + CREATE]},
}


MIGRATE = (
    'MYSQL_PWD=$MYSQL_PASSWORD mysql --host "$MYSQL_HOST" --user "$MYSQL_USER" "$MYSQL_DATABASE"'
    " --execute 'CREATE TABLE IF NOT EXISTS made (id int)'"
)
OTHERS = {
    "rows": {"engine": "mysql", "migrations": "rows", "seeds": "late", "name": "late", "password": TOKEN},
    "more": {
        "engine": "mysql",
        "migrations": {
            "image": "mysql",
            "command": ["sh", "-c", MIGRATE],
        },
    },
    "bus": {"engine": "nats"},
}
"""Databases of other engines."""


@pytest.fixture(scope="module")
def shop(place: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with in_its_place(copy_of_example(EXAMPLE, place, tmp_path_factory)) as made:
        yield made


@pytest.fixture(scope="module")
def up(shop: Project) -> Result:
    return shop.devenv("up", "--adopt", "--yes", "--json")


def apps(shop: Project, *args: str) -> str:
    """Kubectl in the namespace of services."""
    return shop.kubectl("--namespace", f"{shop.name}-apps", *args)


def urls(shop: Project) -> dict[str, str]:
    return {endpoint["name"]: endpoint["url"] for endpoint in shop.status()["endpoints"]}


def test_twenty_lines_bring_three_services_up(shop: Project, up: Result) -> None:
    lines = (EXAMPLE / "devenv.yaml").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line.strip() and not line.startswith("#")]) <= 20
    assert up.last("run-finished")["succeeded"]

    found = urls(shop)
    assert answer(found["stock"], "goods").json() == [{"name": "coffee", "amount": 7}, {"name": "tea", "amount": 12}]
    assert answer(found["api"], "orders", form={"good": "tea"}).json() == {"id": 1, "good": "tea"}
    assert "<li>1: tea</li>" in answer(found["site"], "").text


def test_a_second_time_there_is_nothing_to_do(shop: Project, up: Result) -> None:
    assert up.status == 0
    assert shop.devenv("up", "--json").of_type("step-started") == []


def test_they_run_without_privileges_and_their_passwords_are_nowhere(shop: Project, up: Result) -> None:
    assert apps(shop, "exec", "deploy/api", "--", "id", "-u").strip() == str(RUNS_AS)
    secret = json.loads(
        shop.kubectl("--namespace", f"{shop.name}-database", "get", "secret", "orders", "--output", "json")
    )
    password = base64.b64decode(secret["data"]["password"]).decode()
    logs = [path.read_text(errors="replace") for path in Path(shop.env["XDG_STATE_HOME"]).rglob("*.log")]
    releases = shop.devenv("helm", "get", "values", "--all", "--namespace", f"{shop.name}-apps", "api").stdout
    deployment = apps(shop, "get", "deploy", "api", "--output", "yaml")
    assert len(password) == 24
    assert logs
    assert not [text for text in (*logs, releases, deployment, up.stdout, up.stderr) if password in text]


def test_a_database_goes_back_to_its_migrations(shop: Project, up: Result) -> None:
    assert up.status == 0
    assert answer(urls(shop)["api"], "orders").json() == [{"id": 1, "good": "tea"}]

    shop.devenv("reset-db", "orders", "--yes")

    assert answer(urls(shop)["api"], "orders").json() == []
    rows = json.loads(shop.devenv("db", "status", "--json").stdout)
    assert {row["state"] for row in rows} == {"applied"}


@pytest.fixture(scope="module")
def more(shop: Project, up: Result) -> Result:
    """The same with what else a service may say, and with a database that comes to the running cluster."""
    assert up.status == 0
    (shop.root / "conf").mkdir()
    (shop.root / "conf" / "a.txt").write_text("a {project}\n", encoding="utf-8")
    (shop.root / "late").mkdir()
    (shop.root / "late" / "1.sql").write_text("INSERT INTO late VALUES (7);\n", encoding="utf-8")
    seeds = {
        "secrets": [
            {"name": "shop/api", "value": {"token": TOKEN, "user": "me"}},
            {"name": "shop/key", "value": "abc"},
        ],
        "queues": [{"name": "shop-events"}],
    }
    (shop.root / "seeds.yaml").write_text(yaml.safe_dump(seeds), encoding="utf-8")
    spec = shop.spec
    services = {**spec["services"], **MORE}
    (shop.root / "rows").mkdir()
    (shop.root / "rows" / "V1__late.sql").write_text("CREATE TABLE late (id int);\n", encoding="utf-8")
    databases = {**spec["databases"], "late": LATE, **OTHERS}
    shop.write_spec({**spec, "seeds": ["seeds.yaml"], "services": services, "databases": databases})
    return shop.devenv("up", "--yes", "--json")


def test_what_else_a_service_may_say(shop: Project, more: Result) -> None:
    assert more.last("run-finished")["succeeded"]

    def inside(*command: str) -> str:
        return shop.kubectl(
            "--namespace", f"{shop.name}-apps", "exec", "deploy/api", "--container", "api", "--", *command
        )

    assert inside("cat", "/etc/api/rules/a.txt") == "a {project}\n"
    assert inside("cat", "/etc/api/note", "/run/token", "/data/prepared") == f"for {shop.name}abcprepared\n"
    assert inside("printenv", "TOKEN") == f"{TOKEN}\n"
    assert inside("printenv", "QUEUE_URL").startswith("http://localstack.localstack:4566/")
    assert (
        inside("printenv", "ROWS_URL").strip()
        == f"mysql://late:{quote(TOKEN, safe='')}@rows.{shop.name}-database:3306/late"
    )
    assert re.fullmatch(rf"nats://bus:\w+@bus.{shop.name}-database:4222", inside("printenv", "BUS_URL").strip())
    assert inside("cat", "/cache/date")
    assert apps(shop, "logs", "job/check") == "(0,)\n"
    cron = json.loads(apps(shop, "get", "cronjob", "tick", "--output", "json"))
    assert cron["spec"]["schedule"] == "0 3 * * *"


def test_a_program_migrates_a_database_that_comes_later(shop: Project, more: Result) -> None:
    assert more.status == 0
    select = "SELECT id FROM late;\n"
    assert "7" in shop.devenv("db", "shell", "late", script=select).stdout

    shop.devenv("db", "shell", "late", script="DROP TABLE late;\n")
    shop.devenv("reset-db", "late", "--yes")

    assert "7" in shop.devenv("db", "shell", "late", script=select).stdout


def test_databases_of_other_engines_have_their_migrations_and_seeds(shop: Project, more: Result) -> None:
    assert more.status == 0
    shop.devenv("db", "shell", "rows", script="DELETE FROM late;\n")
    shop.devenv("reset-db", "rows", "more", "bus", "--yes")

    assert "7" in shop.devenv("db", "shell", "rows", script="SELECT id FROM late;\n").stdout
    assert "made" in shop.devenv("db", "shell", "more", script="SHOW TABLES;\n").stdout


def test_what_is_ejected_is_as_it_was(shop: Project, more: Result) -> None:
    assert more.status == 0
    for name in ("check", "api", "tick", "orders", "late", "rows", "more", "bus"):
        files = shop.devenv("eject", name).stdout.split()
        assert any(file.endswith(f"{name}/stack.yaml") for file in files)

    assert shop.devenv("up", "--json").of_type("step-started") == []
    assert set(shop.spec["services"]) == {"stock", "site"}


def test_what_devenv_yaml_no_longer_names_is_told_and_goes_when_asked(shop: Project, more: Result) -> None:
    assert more.status == 0
    spec = shop.spec
    kept = [stack for stack in spec["stacks"] if stack["name"] not in ("tick", "late")]
    # In the place of the former database, and at its port.
    databases = {**spec.get("databases", {}), "fresh": {"engine": "postgres"}}
    shop.write_spec({**spec, "stacks": kept, "databases": databases})
    said = "late, tick are in the cluster and no longer in devenv.yaml"
    assert said in shop.devenv("up", "--plan").stderr
    assert f"{said}: devenv prune" in shop.status()["notes"]

    refused = shop.devenv("prune", "--json", expect=2).last("error")["error"]
    assert (refused["code"], "data-late-0" in refused["message"]) == ("data-loss", True)
    planned = shop.devenv("prune", "--plan", "--json").last("plan-made")["steps"]
    assert {step["key"]: bool(step["loses"]) for step in planned} == {"uninstall/late": True, "uninstall/tick": False}

    shop.devenv("prune", "tick")
    assert "cronjob" not in apps(shop, "get", "cronjobs", "--output", "name")
    shop.devenv("prune", "--yes")

    def left() -> list[str]:
        what = ("get", "all,pvc,secret,configmap", "--output", "name")
        found = shop.kubectl("--namespace", f"{shop.name}-database", *what).split()
        return [name for name in found if "/late" in name or "-late-" in name]

    await_true(lambda: not left(), 60)
    assert "nothing to prune" in shop.devenv("prune").stderr
    up = shop.devenv("up", "--json")
    assert "ready/fresh" in {event["key"] for event in up.of_type("step-succeeded")}
    assert not [event for event in up.of_type("noted") if "no longer" in event["message"]]
