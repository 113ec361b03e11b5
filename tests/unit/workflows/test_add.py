"""Stacks are added to devenv.yaml, and nothing else of it changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import devenv

from devenv.adapters.files.paths import data_root
from devenv.errors import SpecError, UsageError
from devenv.spec.load import load_workspace
from devenv.workflows.add import add

BUILT_IN = sorted(file.parent.name for file in (data_root() / "stacks").glob("*/*/stack.yaml"))


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


def test_comments_order_and_the_rest_stay(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "# the shop\r\nstacks: # ours\r\n# the store\r\n- name: redis # first\r\n  values: {a: 1}\r\n\r\n"
        "project: 'shop' # name\r\n",
    )

    add(tmp_path, ["nats", "mysql", "nats"], data_root())

    assert file.read_bytes().decode() == (
        "# the shop\r\nstacks: # ours\r\n# the store\r\n- name: redis # first\r\n  values: {a: 1}\r\n"
        "- name: nats\r\n- name: mysql\r\n\r\nproject: 'shop' # name\r\n"
    )


def test_a_list_in_brackets_stays_one(tmp_path: Path) -> None:
    file = write(tmp_path, "project: shop\nstacks: [{name: redis}] # all\n")

    add(tmp_path, ["nats"], data_root())

    assert file.read_text() == "project: shop\nstacks: [{name: redis}, {name: nats}] # all\n"


def test_it_tells_what_a_stack_brings(tmp_path: Path) -> None:
    write(tmp_path, "project: shop\nstacks: [{name: namespaces}]\ncluster: {ports: {http: 8000}}\n")

    done = devenv("add", "redis", "monitoring", cwd=tmp_path)

    assert done.status == 0
    assert "  comes with: external-secrets, localstack, external-secrets-config, traefik\n" in done.stdout
    assert "  in a service: env: {REDIS_URL: {database: redis}}\n" in done.stdout
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
    env = "{" + ", ".join(f"{n.upper()}_URL: {{database: {n}}}" for n in ("redis", "nats", "mysql", "clickhouse")) + "}"

    add(tmp_path, ["nats", "mysql", "clickhouse"], data_root())
    file.write_text(f"{file.read_text()}services: {{web: {{image: nginx, env: {env}}}}}\n")

    assert {"redis", "nats", "mysql", "clickhouse"} <= set(load_workspace(tmp_path, data_root=data_root()).selected)


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
        add(tmp_path, ["nats", "mysql"], data_root())

    assert raised.value.hint == "add to it: stacks: [{name: nats}, {name: mysql}]"
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
