"""NATS in the environment that is up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.databases import address_of, restart
from support.environment import Project
from support.nats_server import as_application, content

from devenv.databases.address import Address
from devenv.databases.nats.account import Account
from devenv.errors import DatabaseError

pytestmark = pytest.mark.e2e


@pytest.fixture
def address(environment: Project) -> Address:
    return address_of(environment, "nats")


async def _spoil(live: Account) -> None:
    await live.jetstream.publish("alt.events.created", b"surplus")
    await live.jetstream.add_stream(name="surplus", subjects=["surplus"])
    await live.delete_stream("KV_alt-settings")


def test_a_reset_brings_back_the_seeds(environment: Project, address: Address) -> None:
    environment.devenv("reset-db", "nats", "--yes")
    seeded = content(address)
    assert set(seeded) == {"alt-events", "KV_alt-settings"}
    as_application(address, _spoil)
    done = environment.devenv("reset-db", "nats", "--yes", "--json")
    (row,) = json.loads(done.stdout)
    assert (row["name"], row["engine"], row["how"]) == ("nats", "nats", "pristine")
    assert content(address) == seeded


def test_snapshots_go_there_and_back(environment: Project, address: Address) -> None:
    as_application(address, _spoil)
    spoiled = content(address)
    environment.devenv("db", "snapshot", "spoiled", "--database", "nats")
    environment.devenv("reset-db", "nats", "--yes")
    assert content(address) != spoiled
    environment.devenv("db", "restore", "spoiled", "--yes")
    assert content(address) == spoiled
    environment.devenv("db", "rm", "spoiled")


def test_a_pod_restart_keeps_streams_and_the_pristine_state(environment: Project, address: Address) -> None:
    before = content(address)
    restart(environment, "nats-system", "nats")
    assert content(address) == before
    environment.devenv("reset-db", "nats", "--yes")
    assert set(content(address)) == {"alt-events", "KV_alt-settings"}


def test_a_wrong_password_is_refused(address: Address) -> None:
    with pytest.raises(DatabaseError, match="refuses the login of alt"):
        content(replace(address, password=""))
