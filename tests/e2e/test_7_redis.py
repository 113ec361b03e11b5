"""Redis in the environment that is up."""

from __future__ import annotations

import json

import pytest
import redis
from support.databases import address_of, restart
from support.environment import Project
from support.redis_server import client, content

from devenv.databases.address import Address

pytestmark = pytest.mark.e2e


@pytest.fixture
def address(environment: Project) -> Address:
    return address_of(environment, "redis")


def test_a_reset_brings_back_the_seeds_and_clients_stay(environment: Project, address: Address) -> None:
    environment.devenv("reset-db", "redis", "--yes")
    seeded = content(address)
    assert {key for _, key in seeded} == {b"greeting", b"features:items", b"events"}
    with client(address) as connection:
        connection.flushdb()
        connection.set("surplus", "x")
        number = connection.client_id()
        done = environment.devenv("reset-db", "redis", "--yes", "--json")
        assert connection.client_id() == number
    (row,) = json.loads(done.stdout)
    assert (row["name"], row["engine"], row["how"]) == ("redis", "redis", "pristine")
    assert content(address) == seeded


def test_snapshots_go_there_and_back(environment: Project, address: Address) -> None:
    with client(address) as connection:
        connection.set("kept", "x")
        environment.devenv("db", "snapshot", "with_kept", "--database", "redis")
        environment.devenv("reset-db", "redis", "--yes")
        assert connection.get("kept") is None
        environment.devenv("db", "restore", "with_kept", "--yes")
        assert connection.get("kept") == b"x"
    environment.devenv("db", "rm", "with_kept")


def test_a_pod_restart_keeps_data_and_the_pristine_state(environment: Project, address: Address) -> None:
    with client(address) as connection:
        connection.set("surplus", "x")
    restart(environment, "alt-database", "redis")
    with client(address) as connection:
        assert connection.get("surplus") == b"x"
    environment.devenv("reset-db", "redis", "--yes")
    assert (0, b"surplus") not in content(address)


def test_a_volume_that_was_deleted_is_missed_and_its_seeds_come_back(environment: Project, address: Address) -> None:
    environment.devenv("reset-db", "redis", "--yes")
    seeded = content(address)
    where = ("-n", "alt-database")
    environment.kubectl(*where, "delete", "pvc", "data-redis-0", "--wait=false")
    restart(environment, "alt-database", "redis")

    states = {stack["name"]: stack["reason"] for stack in environment.status()["stacks"] if stack["reason"]}
    assert states == {"redis": "volume claim alt-database/data-redis-0 removed"}
    environment.devenv("up", "--yes")
    assert content(address_of(environment, "redis")) == seeded
    assert environment.devenv("up", "--yes", "--json").last("plan-made")["steps"] == []


def test_a_wrong_password_is_refused(address: Address) -> None:
    with (
        redis.Redis(host=address.host, port=address.port, password="wrong") as connection,  # noqa: S106 -- a wrong one
        pytest.raises(redis.AuthenticationError),
    ):
        connection.ping()
    with redis.Redis(host=address.host, port=address.port) as connection, pytest.raises(redis.AuthenticationError):
        connection.ping()
