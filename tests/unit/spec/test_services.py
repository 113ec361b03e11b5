"""What services of devenv.yaml come to as stacks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.services import load, write_project

from devenv.spec.services.values import slug
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import LoadedStack, Workspace

REPOSITORY = Path(__file__).parents[3]


def stack_of(root: Path, service: str, more: str = "") -> LoadedStack:
    """The stack of one service."""
    return load(root, f"project: shop\nseeds: [seeds.yaml]\nservices:\n  api: {service}\n{more}").stacks["api"]


def written(spec: StackSpec) -> dict[str, Any]:
    dumped: dict[str, Any] = spec.model_dump(mode="json", exclude_defaults=True)
    return dumped


def test_two_lines_make_a_stack_with_a_host(tmp_path: Path) -> None:
    assert written(stack_of(tmp_path, "{build: api, port: 8080}").spec) == {
        "name": "api",
        "layer": "06-application",
        "summary": "Service, built from api",
        "namespace": "shop-apps",
        "version": "1",
        "needs": ["traefik"],
        "sources": [{"chart": {"builtin": "service"}}],
        "images": {"api": {"reference": "image", "build": {"context": "api"}}},
        "values": {"ports": [{"name": "http", "port": 8080, "host": "api.{domain}"}], "health": {"tcp": True}},
        "endpoints": [{"name": "api", "host": "api"}],
    }


@pytest.mark.parametrize("folder", ["node", "etcd"])
def test_its_image_never_takes_the_place_of_one_that_clusters_are_made_of(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    assert list(stack_of(tmp_path, f"{{build: {folder}}}").spec.images) == [f"shop-{folder}"]


def test_what_it_does_not_say_is_left_to_the_chart(tmp_path: Path) -> None:
    stack = stack_of(tmp_path, "{build: api}")

    assert stack.spec.values == {}
    assert stack.spec.needs == ("namespaces",)
    assert (stack.root, stack.builtin, dict(stack.profile_values)) == (tmp_path, False, {})


def test_it_is_chosen_with_all_that_it_refers_to(everything: Workspace) -> None:
    assert everything.stacks["api"].spec.needs == (
        "traefik",
        "nats",
        "migrate",
        "shop",
        "redis",
        "localstack",
        "feed",
        "external-secrets-config",
    )
    assert {"api", "feed", "worker", "nightly", "migrate", "web", "shop", "order-book", "redis", "nats"} <= set(
        everything.selected
    )


def test_what_is_secret_is_in_no_value(everything: Workspace) -> None:
    values = everything.stacks["api"].spec.values
    env = {entry["name"]: entry for entry in values["env"]}

    assert env["LEVEL"] == {"name": "LEVEL", "value": "debug"}
    assert env["COUNT"]["value"] == "3"
    assert env["DATABASE_URL"] == {"name": "DATABASE_URL", "secret": "DATABASE_URL"}
    assert values["secrets"]["DATABASE_URL"] == {
        "secret": "shop-database/shop",
        "template": "postgresql://{username}:{password}@shop.shop-database:5432/shop",
    }
    assert values["secrets"]["CACHE_URL"]["template"] == "redis://{username}:{password}@redis.shop-database:6379/0"
    assert values["secrets"]["PASSWORD"] == {"secret": "shop-database/shop", "key": "password"}
    assert values["secrets"]["TOKEN"] == {"secret": "shop/api", "key": "token"}
    assert values["secrets"]["KEY"] == {"secret": "shop/key"}
    assert values["secrets"]["proxy.TOKEN"] == {"secret": "shop/api", "key": "user"}
    assert env["DATABASE_HOST"]["value"] == "shop.shop-database"
    assert env["JDBC_URL"]["value"] == "jdbc:postgresql://shop.shop-database:5432/shop"


def test_what_is_of_aws_brings_what_its_libraries_look_for(everything: Workspace) -> None:
    env = {entry["name"]: entry.get("value") for entry in everything.stacks["api"].spec.values["env"]}

    assert env["QUEUE_URL"] == "http://localstack.localstack:4566/000000000000/shop-events"
    assert env["TOPIC"] == "arn:aws:sns:us-east-1:000000000000:shop-news"
    assert (env["BUCKET"], env["TABLE"]) == ("shop-objects", "shop-sessions")
    assert env["AWS"] == env["AWS_ENDPOINT_URL"] == "http://localstack.localstack:4566"
    assert env["AWS_REGION"] == "us-east-1"
    assert "env" not in everything.stacks["feed"].spec.values


def test_what_a_service_says_of_them_itself_counts(tmp_path: Path) -> None:
    values = stack_of(tmp_path, "{build: api, env: {AWS_REGION: eu-west-1, Q: {queue: shop-events}}}").spec.values

    assert [entry["value"] for entry in values["env"] if entry["name"] == "AWS_REGION"] == ["eu-west-1"]


def test_services_find_each_other(everything: Workspace) -> None:
    env = {entry["name"]: entry.get("value") for entry in everything.stacks["api"].spec.values["env"]}
    (worker,) = everything.stacks["worker"].spec.values["env"]

    assert env["FEED"] == "feed.shop-apps:7000"
    assert worker["value"] == "http://api.shop-apps:8080"


def test_each_port_may_have_a_host(everything: Workspace) -> None:
    spec = everything.stacks["api"].spec

    assert spec.values["ports"] == [
        {"name": "http", "port": 8080, "host": "api.{domain}"},
        {"name": "admin", "port": 9000, "host": "desk.{domain}"},
        {"name": "feed", "port": 9090, "protocol": "grpc", "host": "feed.{domain}"},
        {"name": "line", "port": 9999, "protocol": "tcp"},
    ]
    endpoints = [(endpoint.name, endpoint.host) for endpoint in spec.endpoints]
    assert endpoints == [("api", "api"), ("api-admin", "desk"), ("api-feed", "feed")]
    assert everything.stacks["feed"].spec.endpoints == ()
    assert everything.stacks["web"].spec.endpoints[0].host == "www"


@pytest.mark.parametrize(
    ("health", "value"),
    [
        ("/healthz", {"path": "/healthz"}),
        ("{path: /healthz, starts_within: 10m}", {"path": "/healthz", "startSeconds": 600}),
        ("{tcp: true}", {"tcp": True}),
        ("{grpc: true}", {"grpc": True}),
        ("{exec: [test, -f, /ready]}", {"exec": ["test", "-f", "/ready"]}),
        ("false", None),
    ],
)
def test_health(tmp_path: Path, health: str, value: object) -> None:
    stack = stack_of(tmp_path, f"{{build: api, port: 80, health: {health}}}")

    assert stack.spec.values.get("health") == value


def test_services_of_one_folder_share_its_image(everything: Workspace) -> None:
    assert set(everything.project.images) == {"api-runtime", "worker"}
    assert everything.project.images["api-runtime"].target == "runtime"
    users = [name for name, stack in everything.stacks.items() if "worker" in stack.spec.images]
    assert sorted(users) == ["django", "feed", "migrate", "nightly", "node", "worker"]


def test_an_image_goes_to_each_container_that_is_made_of_it(everything: Workspace) -> None:
    images = {
        name: image.model_dump(exclude_defaults=True) for name, image in everything.stacks["api"].spec.images.items()
    }

    assert images["api-runtime"]["reference"] == "image"
    assert images["api-runtime"]["also"] == ({"reference": "images.proxy"},)
    assert images["busybox-1-37"] == {"reference": "images.wait", "upstream": "docker.io/library/busybox:1.37"}


def test_a_reference_is_an_image_that_the_engine_pulls(everything: Workspace) -> None:
    assert everything.versions.images["nginx-1-27"].upstream == "docker.io/library/nginx:1.27"


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("redis", "redis"),
        ("own", "own"),
        ("nginx", "nginx-latest"),
        ("ghcr.io/shop/api:1.2", "ghcr-io-shop-api-1-2"),
        ("localhost:5000/x", "localhost-5000-x-latest"),
    ],
)
def test_names_of_images_that_are_named(tmp_path: Path, image: str, name: str) -> None:
    stack = stack_of(tmp_path, f'{{image: "{image}"}}', "images: {own: {context: worker}}\n")

    assert list(stack.spec.images) == [name]


def test_a_folder_that_is_called_like_an_image_of_devenv_is_another_image(tmp_path: Path) -> None:
    write_project(tmp_path, "")
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    workspace = load(tmp_path, "project: shop\nservices: {api: {build: postgres}, all: {build: worker}}\n")

    assert set(workspace.project.images) == {"shop-postgres", "worker"}


def test_what_runs_before_another_is_a_job_with_its_variables(everything: Workspace) -> None:
    values = everything.stacks["migrate"].spec.values
    env = {entry["name"]: entry for entry in values["env"]}

    assert (values["workload"], values["deadlineSeconds"]) == ("Job", 600)
    assert env["DATABASE_URL"] == {"name": "DATABASE_URL", "secret": "DATABASE_URL"}
    # It runs before them.
    assert "FEED" not in env
    assert everything.stacks["migrate"].spec.summary == "Job before api, built from worker"
    assert everything.stacks["migrate"].spec.needs == (
        "namespaces",
        "shop",
        "redis",
        "localstack",
        "external-secrets-config",
    )


def test_a_schedule_makes_a_cron_job(everything: Workspace) -> None:
    values = everything.stacks["nightly"].spec.values

    assert (values["workload"], values["schedule"]) == ("CronJob", "0 3 * * mon-fri")


def test_files_are_mounted_one_by_one(everything: Workspace) -> None:
    spec = everything.stacks["api"].spec

    assert {file["path"]: file for file in spec.values["files"]} == {
        "/etc/api.yaml": {"key": slug("/etc/api.yaml"), "path": "/etc/api.yaml"},
        "/etc/rules/a.txt": {"key": slug("/etc/rules/a.txt"), "path": "/etc/rules/a.txt"},
        "/etc/rules/more/b.txt": {"key": slug("/etc/rules/more/b.txt"), "path": "/etc/rules/more/b.txt"},
        "/etc/note": {"key": "etc-note", "path": "/etc/note", "text": "for {project}"},
        "/run/token": {"key": "run-token", "path": "/run/token", "secret": "files..run-token"},
    }
    assert spec.files[f"texts.{slug('/etc/rules/more/b.txt')}"] == "config/rules/more/b.txt"


def test_different_paths_have_different_names() -> None:
    paths = ["/a/b", "/a-b", "/a.b", "/A/b", "/a/b/", "/ä", "/" + "x" * 80, "/" + "x" * 81]

    assert len({slug(path) for path in paths}) == len(paths)
    assert slug("/etc/app") == "etc-app"


def test_volumes_are_kept_or_not(everything: Workspace) -> None:
    assert everything.stacks["api"].spec.values["volumes"] == [
        {"name": "data", "path": "/data", "size": "1Gi"},
        {"name": "cache", "path": "/cache"},
    ]


def test_a_profile_changes_what_it_says(everything: Workspace) -> None:
    base = everything.stacks["api"].spec.values
    profiles = everything.stacks["api"].profile_values

    assert set(profiles) == {"staging", "prod"}
    assert profiles["prod"] == {"command": ["serve"], "args": []}
    staging = profiles["staging"]
    assert staging["replicas"] == 3
    assert staging["resources"] == {"limits": {"cpu": "3"}}
    assert [entry["name"] for entry in staging["env"]] == [entry["name"] for entry in base["env"]]
    assert {"name": "LEVEL", "value": "info"} in staging["env"]


def test_what_only_a_profile_refers_to_is_there_under_all(tmp_path: Path) -> None:
    stack = stack_of(tmp_path, "{build: api, profiles: {prod: {env: {U: {database: redis}}}}}")

    assert "redis" in stack.spec.needs
    assert "env" not in stack.spec.values
    assert stack.profile_values["prod"]["secrets"]["U"]["template"].endswith("@redis.shop-database:6379/0")


def test_names_of_namespaces_follow_the_prefix(tmp_path: Path) -> None:
    text = "project: two\nnamespace_prefix: alt\nservices: {api: {build: api, port: 80, env: {U: {database: db}}}}\n"
    workspace = load(tmp_path, f"{text}databases: {{db: {{engine: postgres}}}}\n")

    assert [workspace.stacks[name].spec.namespace for name in ("api", "db")] == ["alt-apps", "alt-database"]
    assert "alt-database/db" in workspace.stacks["api"].spec.values["secrets"]["U"].values()
    assert "alt-database/db" in {secret.name for secret in workspace.seeds.secrets}


def test_a_service_may_be_given_values_of_its_chart(tmp_path: Path) -> None:
    workspace = load(
        tmp_path,
        "project: shop\nservices: {api: {build: api}}\nstacks: [{name: api, values: {storageClassName: fast}}]\n",
    )

    assert workspace.chosen_values("api") == {"storageClassName": "fast"}


def test_what_the_documentation_shows_is_correct(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs" / "services.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(shown) == 4

    for number, block in enumerate(shown):
        project = {"project": "shop", "databases": {"shop": {"engine": "postgres"}}, **yaml.safe_load(block)}
        root = tmp_path / str(number)
        root.mkdir()
        assert load(root, yaml.safe_dump(project)).selected
    for migrations in re.findall(r"`migrations: (\{.*?\})`", text):
        root = tmp_path / str(len(list(tmp_path.iterdir())))
        root.mkdir()
        database = {"engine": "postgres", "migrations": yaml.safe_load(migrations)}
        stack = load(root, yaml.safe_dump({"project": "shop", "databases": {"shop": database}})).stacks["shop"]
        assert stack.spec.values["migrations"]["command"] == database["migrations"]["command"]
