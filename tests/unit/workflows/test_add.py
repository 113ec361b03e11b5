"""Stacks are added to devenv.yaml, and nothing else of it changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import devenv

from devenv.adapters.files.paths import data_root
from devenv.errors import SpecError, UsageError
from devenv.spec.load import load_workspace
from devenv.workflows.add import ENGINES, add

BUILT_IN = sorted({file.parent.name for file in (data_root() / "stacks").glob("*/*/stack.yaml")} - {*ENGINES})


def write(folder: Path, text: str) -> Path:
    file = folder / "devenv.yaml"
    file.write_bytes(text.encode())
    return file


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_stack_of_devenv_can_be_added(tmp_path: Path, name: str) -> None:
    file = write(tmp_path, "project: shop\nservices: {web: {image: nginx}}\n")

    (stack,) = add(tmp_path, [name], data_root()).stacks

    assert stack.new
    assert stack.summary
    assert file.read_text().endswith(f"stacks:\n  - name: {name}\n")
    selected = load_workspace(tmp_path, data_root=data_root()).selected
    assert {name, *stack.needs} <= set(selected)


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_becomes_a_database_of_the_projects_own(tmp_path: Path, engine: str) -> None:
    file = write(tmp_path, "project: shop\nservices: {web: {image: nginx}}\n")

    (made,) = add(tmp_path, [engine], data_root()).stacks

    assert (made.name, made.new, made.variable) == (f"shop-{engine}", True, f"{engine.upper()}_URL")
    assert file.read_text().endswith(f"databases:\n  shop-{engine}: {{engine: {engine}}}\n")
    workspace = load_workspace(tmp_path, data_root=data_root())
    assert {made.name, *made.needs} <= set(workspace.selected)
    assert engine not in workspace.selected


def test_a_database_is_called_as_one_likes(tmp_path: Path) -> None:
    file = write(tmp_path, "project: shop\ndatabases: {shop: {engine: postgres}} # ours\n")

    done = add(tmp_path, ["mysql", "monitoring"], data_root(), called="orders")

    assert [each.name for each in done.stacks] == ["orders", "monitoring"]
    assert file.read_text() == (
        "project: shop\ndatabases: {shop: {engine: postgres}, orders: {engine: mysql}} # ours\n"
        "stacks:\n  - name: monitoring\n"
    )
    for names in (["monitoring"], ["redis", "nats"]):
        with pytest.raises(UsageError, match="--name names one database"):
            add(tmp_path, names, data_root(), called="more")
    with pytest.raises(UsageError, match="shop is a database of postgres already"):
        add(tmp_path, ["mysql"], data_root(), called="shop")


def test_an_engine_whose_stack_is_listed_stays_that(tmp_path: Path) -> None:
    file = write(tmp_path, "project: shop\nstacks: [{name: postgres}]\n")

    (made,) = add(tmp_path, ["postgres"], data_root()).stacks

    assert (made.name, made.new) == ("postgres", False)
    assert file.read_text() == "project: shop\nstacks: [{name: postgres}]\n"


def test_comments_order_and_the_rest_stay(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "# the shop\r\nstacks: # ours\r\n# the store\r\n- name: redis # first\r\n  values: {a: 1}\r\n\r\n"
        "project: 'shop' # name\r\n",
    )

    add(tmp_path, ["logs", "monitoring", "logs"], data_root())

    assert file.read_bytes().decode() == (
        "# the shop\r\nstacks: # ours\r\n# the store\r\n- name: redis # first\r\n  values: {a: 1}\r\n"
        "- name: logs\r\n- name: monitoring\r\n\r\nproject: 'shop' # name\r\n"
    )


def test_a_list_in_brackets_stays_one(tmp_path: Path) -> None:
    file = write(tmp_path, "project: shop\nstacks: [{name: redis}] # all\n")

    add(tmp_path, ["logs"], data_root())

    assert file.read_text() == "project: shop\nstacks: [{name: redis}, {name: logs}] # all\n"


def test_it_tells_what_a_stack_brings(tmp_path: Path) -> None:
    write(tmp_path, "project: shop\nstacks: [{name: namespaces}]\ncluster: {ports: {http: 8000}}\n")

    done = devenv("add", "redis", "monitoring", cwd=tmp_path)

    assert done.status == 0
    assert "  comes with: external-secrets, localstack, external-secrets-config, traefik\n" in done.stdout
    assert "  in a service: env: {REDIS_URL: {database: shop-redis}}\n" in done.stdout
    assert "  opens: http://prometheus.shop.localhost:8000/, http://alertmanager.shop.localhost:8000/\n" in done.stdout
    assert "next: devenv up" in done.stderr


def test_what_is_there_already_is_told_and_left(tmp_path: Path) -> None:
    file = write(tmp_path, "project: shop\nstacks: [{name: redis}]\n")

    done = devenv("add", "redis", "--json", cwd=tmp_path)

    (stack,) = json.loads(done.stdout)["stacks"]
    assert (stack["name"], stack["added"], stack["env"]) == ("redis", False, {"REDIS_URL": {"database": "redis"}})
    assert file.read_text() == "project: shop\nstacks: [{name: redis}]\n"
    assert "is in devenv.yaml already" in devenv("add", "redis", cwd=tmp_path).stdout


def test_what_it_writes_into_a_service_is_taken(tmp_path: Path) -> None:
    file = write(tmp_path, "project: shop\nstacks: [{name: redis}]\n")

    added = add(tmp_path, ["nats", "mysql", "clickhouse"], data_root()).stacks
    env = ", ".join(f"{each.variable}: {{database: {each.name}}}" for each in added)
    file.write_text(f"{file.read_text()}services: {{web: {{image: nginx, env: {{{env}}}}}}}\n")

    assert {each.name for each in added} <= set(load_workspace(tmp_path, data_root=data_root()).selected)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("postgers", "there is no stack postgers", "did you mean postgres?"),
        ("../redis", "there is no stack ../redis", "did you mean redis?"),
        ("web", "web is a service or database of devenv.yaml", ""),
        ("--", "there is no stack --", "stacks: "),
    ],
)
def test_what_is_no_stack_changes_nothing(tmp_path: Path, name: str, message: str, hint: str) -> None:
    file = write(tmp_path, "project: shop\nservices: {web: {image: nginx}}\n")

    with pytest.raises(UsageError, match=message) as raised:
        add(tmp_path, ["redis", name], data_root())

    assert raised.value.hint.startswith(hint)
    assert file.read_text() == "project: shop\nservices: {web: {image: nginx}}\n"


def test_a_file_that_cannot_be_changed_by_lines_is_left(tmp_path: Path) -> None:
    text = "{project: shop, stacks: [{name: redis}]}\n"
    file = write(tmp_path, text)

    with pytest.raises(UsageError, match="line by line") as raised:
        add(tmp_path, ["nats", "logs"], data_root())

    assert raised.value.hint == "add to it: databases: {shop-nats: {engine: nats}}, stacks: [{name: logs}]"
    assert file.read_text() == text


def test_what_would_be_wrong_with_it_is_not_written(tmp_path: Path) -> None:
    # The service's host is the one of the stack's dashboard.
    text = "project: shop\nservices: {web: {image: nginx, port: 80, host: prometheus}}\n"
    file = write(tmp_path, text)

    with pytest.raises(SpecError):
        add(tmp_path, ["monitoring"], data_root())

    assert file.read_text() == text


def test_a_wrong_project_is_told_first(tmp_path: Path) -> None:
    write(tmp_path, "project: shop\nstacks: [{name: rediss}]\n")

    with pytest.raises(SpecError):
        add(tmp_path, ["nats"], data_root())
