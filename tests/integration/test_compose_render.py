"""Compose files of the shapes that public projects have, all the way to what Helm makes of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.programs import require_tool
from support.rendered_charts import WORKLOADS, pod_spec

from devenv.adapters.files.paths import data_root
from devenv.spec.load import load_workspace
from devenv.workflows.render import RenderRequest, render_stacks

Json = dict[str, Any]
Objects = dict[tuple[str, str], Json]
PROJECTS = Path(__file__).parent / "compose_projects"
NAMES = sorted(path.name for path in PROJECTS.iterdir())


@pytest.fixture
def rendered(tmp_path: Path) -> Callable[..., Objects]:
    """The objects of a project's services, by kind and name."""
    require_tool("helm")
    require_tool("kubectl")

    def render(name: str, more: str = "") -> Objects:
        root = Path(shutil.copytree(PROJECTS / name, tmp_path / name))
        (root / "devenv.yaml").write_text(
            f"project: shop\nimports: {{compose: compose.yaml{more}}}\n", encoding="utf-8"
        )
        project = load_workspace(root, data_root=data_root()).project
        stacks = tuple(project.services) + tuple(project.databases)
        found = render_stacks(RenderRequest(root, stacks), print)
        return {(item["kind"], item["metadata"]["name"]): item for stack in found for item in stack.objects}

    return render


def container(objects: Objects, kind: str, name: str) -> Json:
    (found,) = pod_spec(objects[kind, name])["containers"]
    return dict(found)


def env(one: Json) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in one.get("env", ())}


def ports(objects: Objects, name: str) -> list[int]:
    return [port["port"] for port in objects["Service", name]["spec"]["ports"]]


def hosts(objects: Objects) -> set[str]:
    return {
        route["match"]
        for (kind, _), item in objects.items()
        if kind == "IngressRoute"
        for route in item["spec"]["routes"]
    }


def mounts(one: Json) -> dict[str, str]:
    return {mount["mountPath"]: mount["name"] for mount in one.get("volumeMounts", ())}


def claims(workload: Json) -> Iterator[str]:
    for volume in pod_spec(workload).get("volumes", ()):
        if claim := volume.get("persistentVolumeClaim"):
            yield claim["claimName"]


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_mounted_or_claimed_is_there(name: str, rendered: Callable[..., Objects]) -> None:
    objects = rendered(name)
    workloads = [item for (kind, _), item in objects.items() if kind in WORKLOADS]

    assert workloads
    for item in workloads:
        spec = pod_spec(item)
        assert set(claims(item)) <= {made for kind, made in objects if kind == "PersistentVolumeClaim"}
        for one in spec["containers"]:
            assert set(mounts(one).values()) <= {volume["name"] for volume in spec["volumes"]}
            # As in Compose: what the image says holds, unless the file says otherwise.
            assert "capabilities" not in one["securityContext"]


def test_flask_and_redis(rendered: Callable[..., Objects]) -> None:
    objects = rendered("flask-redis")

    web = container(objects, "Deployment", "web")
    assert env(web) == {"FLASK_DEBUG": "true"}
    assert mounts(web) == {"/var/log": "volume-var-log"}
    assert web["readinessProbe"]["tcpSocket"] == {"port": "http"}
    assert (ports(objects, "web"), ports(objects, "redis")) == ([5000], [6379])
    assert hosts(objects) == {"Host(`web.shop.localhost`)"}


def test_django_with_celery_behind_nginx(rendered: Callable[..., Objects]) -> None:
    objects = rendered("django")

    web = container(objects, "Deployment", "web")
    assert web["args"][:2] == ["gunicorn", "shop.wsgi:application"]
    assert env(web)["DATABASE_URL"] == "postgres://shop:secret@db:5432/shopdb"
    assert env(web)["CELERY_BROKER_URL"] == "redis://redis-cache:6379/0"
    assert {"abc$def"} <= {*env(web).values()}
    assert objects["Job", "migrate"]["metadata"]["annotations"]["helm.sh/hook"] == "post-install,post-upgrade"
    assert container(objects, "Job", "migrate")["args"] == ["python", "manage.py", "migrate"]
    assert objects["Deployment", "celery-worker"]["spec"]["replicas"] == 2
    assert (
        list(claims(objects["Deployment", "nginx"])) == list(claims(objects["Deployment", "web"])) == ["web-app-static"]
    )
    (config,) = (item for (kind, _), item in objects.items() if kind == "ConfigMap")
    assert list(config["data"].values()) == ["server { location / { proxy_pass http://web:8000; } }\n"]
    assert ports(objects, "nginx") == [80, 443]
    assert hosts(objects) == {"Host(`nginx.shop.localhost`)"}


def test_node_and_mysql_with_a_secret_in_a_file(rendered: Callable[..., Objects]) -> None:
    objects = rendered("node-mysql")

    database = container(objects, "Deployment", "db")
    assert mounts(database)["/run/secrets/db-password"] == "secrets"
    assert "db-57xsl" not in str(objects)
    assert objects["ExternalSecret", "db"]["spec"]["data"][0]["remoteRef"] == {"key": "compose/db-password"}
    assert database["startupProbe"]["exec"]["command"][2].startswith('mysqladmin ping -h 127.0.0.1 --password="$(cat')
    assert database["args"] == ["--mysql-native-password=ON"]
    frontend = container(objects, "Deployment", "frontend")
    assert frontend["readinessProbe"]["httpGet"]["path"] == "/"
    backend = container(objects, "Deployment", "backend")
    assert set(mounts(backend)) == {
        "/run/secrets/service",
        "/run/secrets/db-password",
        "/code/package.json",
        "/opt/app/node_modules",
    }


def test_go_and_postgres_with_jobs_before_it(rendered: Callable[..., Objects]) -> None:
    objects = rendered("go-postgres")

    api = container(objects, "Deployment", "api")
    assert (api["command"], api.get("args")) == (["/api", "--listen=:8080"], None)
    assert api["securityContext"] == {"readOnlyRootFilesystem": True}
    assert pod_spec(objects["Deployment", "api"])["securityContext"]["runAsUser"] == 10001
    assert api["readinessProbe"]["httpGet"]["path"] == "/healthz"
    assert {"/tmp", "/var/cache"} <= set(mounts(api))  # noqa: S108 -- in the pod
    assert {kind for kind, name in objects if name in ("migrate", "seed")} == {"Job"}
    assert container(objects, "Job", "migrate")["image"] == api["image"]
    assert "DATABASE_URL" not in env(container(objects, "Job", "migrate"))
    assert mounts(container(objects, "Deployment", "db"))["/docker-entrypoint-initdb.d/001_extensions.sql"] == "texts"


def test_the_same_with_the_database_of_devenv_has_the_credentials_that_the_file_says(
    rendered: Callable[..., Objects],
) -> None:
    objects = rendered("go-postgres", ", databases: built-in")

    server = container(objects, "StatefulSet", "db")
    assert env(server)["POSTGRES_DB"] == "shop"
    assert objects["Service", "db"]["metadata"]["namespace"] == objects["Deployment", "api"]["metadata"]["namespace"]
    assert ports(objects, "db") == [5432]


def test_a_monorepo_with_bases_in_other_files(rendered: Callable[..., Objects]) -> None:
    objects = rendered("monorepo")

    api, worker = (container(objects, "Deployment", name) for name in ("api", "worker"))
    assert env(api) == {
        "LOG_LEVEL": "debug",
        "MQ_URL": "amqp://mq:5672",
        "NODE_ENV": "development",
        "DATABASE_URL": "postgres://app:app@postgres-main/app",
    }
    assert (api["workingDir"], api["resources"]["limits"]["memory"]) == ("/repo", "768Mi")
    assert (worker["args"], objects["Deployment", "worker"]["spec"]["replicas"]) == (["node", "worker.js"], 2)
    assert api["image"] == worker["image"] != container(objects, "Deployment", "web")["image"]
    assert ports(objects, "mq") == [5672, 15672]
    assert "Host(`mq.shop.localhost`)" in hosts(objects)
    assert ("Deployment", "storybook") not in objects
