"""NATS resets and snapshots, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.images import provide
from support.lost_marks_contract import assert_only_what_is_nobodys_gives_way
from support.nats_server import as_application, content, empty, nats_server
from support.resets import kill_while_resetting, reset_at_once
from support.snapshot_contract import assert_snapshots_come_back_and_go

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.nats.account import STATES_USER, Account
from devenv.databases.nats.own import own_account
from devenv.databases.nats.states import INDEX_BUCKET
from devenv.errors import DatabaseError, SpecError

pytestmark = pytest.mark.engine
CONTENT = "hash-of-seeds"
SEEDS = """
streams:
  - name: events
    subjects: [events.>]
    consumers: [{name: workers, config: {filter_subject: events.created}}]
    messages:
      - {subject: events.created, value: {id: 1}}
      - {subject: events.created, text: hello, headers: {Source: seeds}}
  - name: jobs
    subjects: [jobs]
    config: {retention: workqueue, storage: memory}
    messages: [{subject: jobs, text: a}]
key_values:
  - {bucket: settings, history: 3, entries: {greeting: hello, colour: blue}}
object_stores:
  - bucket: files
    objects: [{name: readme.txt, text: some text}]
"""
PUBLISH = 'database.copies._server.run(database.copies._server.live.jetstream.publish("events.created", b"x"))'
"""So that there is something to reset."""


@pytest.fixture(scope="module")
def server(engine: Engine, labels: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with nats_server(engine, provide("nats", engine), labels, tmp_path_factory.mktemp("nats")) as address:
        yield address


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "01_seeds.yaml"
    path.write_text(SEEDS)
    return path


@pytest.fixture
def database(server: Address, seed: Path) -> Iterator[Database]:
    """A server as `up` leaves it."""
    empty(server)
    with open_database(server) as database:
        for snapshot in database.snapshots.list():
            database.snapshots.remove(snapshot.name)
        database.prepare(CONTENT, [seed])
        yield database


@pytest.mark.parametrize("lost", ["mark", "streams"])
def test_live_data_without_a_mark_gives_way_only_where_it_is_nobodys(
    database: Database, server: Address, seed: Path, lost: str
) -> None:
    async def forget(states: Account) -> None:
        await (await states.jetstream.key_value(INDEX_BUCKET)).purge("live-prepared")

    async def delete_all(live: Account) -> None:
        for name in await live.streams():
            await live.delete_stream(name)

    async def publish(live: Account) -> None:
        await live.jetstream.add_stream(name="mine", subjects=["mine"])

    def lose() -> None:
        as_application(replace(server, user=STATES_USER), forget)
        if lost == "streams":
            as_application(server, delete_all)

    def prepare() -> bool:
        return database.prepare(CONTENT, [seed])

    assert_only_what_is_nobodys_gives_way(
        prepare, lambda: content(server), lose, lambda: as_application(server, publish)
    )


async def _spoil(live: Account) -> None:
    jetstream = live.jetstream
    await jetstream.publish("events.created", b"surplus")
    pull = await jetstream.pull_subscribe("events.created", durable="workers", stream="events")
    for message in await pull.fetch(1):
        await message.ack()
    await jetstream.delete_object_store("files")
    await jetstream.add_stream(name="surplus", subjects=["surplus"])
    await (await jetstream.key_value("settings")).put("greeting", b"changed")


def spoil(server: Address) -> None:
    as_application(server, _spoil)


def test_a_reset_brings_back_the_seeded_state(database: Database, server: Address) -> None:
    seeded = content(server)
    assert set(seeded) == {"events", "jobs", "KV_settings", "OBJ_files"}
    spoil(server)
    assert content(server) != seeded
    database.reset()
    assert content(server) == seeded

    async def look(live: Account) -> tuple[bytes | None, bytes | None]:
        bucket = await live.jetstream.key_value("settings")
        store = await live.jetstream.object_store("files")
        return (await bucket.get("greeting")).value, (await store.get("readme.txt")).data

    assert as_application(server, look) == (b"hello", b"some text")


def test_streams_that_are_as_seeded_are_not_touched(database: Database, server: Address) -> None:
    async def created(live: Account) -> dict[str, str]:
        return {name: stream["created"] for name, stream in (await live.streams()).items()}

    before = as_application(server, created)

    async def publish(live: Account) -> None:
        await live.jetstream.publish("events.created", b"surplus")
        await live.request(
            "CONSUMER.CREATE.jobs",
            {"stream_name": "jobs", "config": {"ack_policy": "explicit", "deliver_policy": "all"}},
        )

    as_application(server, publish)
    database.reset()
    after = as_application(server, created)
    assert {name for name in before if after[name] != before[name]} == {"events"}
    assert as_application(server, lambda live: live.consumers("jobs")) == {}


def test_messages_that_expire_are_published_anew(database: Database, server: Address, seed: Path) -> None:
    text = "streams: [{name: short, subjects: [short], config: {max_age: 2000000000}, messages: [{subject: short}]}]\n"
    seed.write_text(text)
    database.prepare("expiring", [seed])

    async def count(live: Account) -> int:
        messages: int = (await live.streams())["short"]["state"]["messages"]
        return messages

    async def until_expired(live: Account) -> None:
        while await count(live):  # noqa: ASYNC110 -- the server tells nobody that a message expired
            await asyncio.sleep(0.1)

    database.reset()
    as_application(server, until_expired)
    database.reset()
    assert as_application(server, count) == 1


def test_live_data_is_left_alone_by_what_up_does(database: Database, server: Address, seed: Path) -> None:
    spoil(server)
    spoiled = content(server)
    seed.write_text("streams: [{name: other, subjects: [other]}]\n")
    database.prepare("changed", [seed])
    assert content(server) == spoiled
    assert database.pristine() == "changed"
    database.reset()
    assert set(content(server)) == {"other"}


@pytest.mark.usefixtures("database")
def test_a_subscriber_goes_on_after_a_reset(server: Address) -> None:
    async def consume(live: Account) -> list[bytes]:
        pull = await live.jetstream.pull_subscribe("events.created", durable="workers", stream="events")
        first = await pull.fetch(1)
        await live.jetstream.publish("events.created", b"surplus")
        await asyncio.to_thread(reset)
        again = await pull.fetch(2, timeout=10)
        return [message.data for message in (*first, *again)]

    def reset() -> None:
        with open_database(server) as another:
            another.reset()

    assert as_application(server, consume) == [b'{"id": 1}', b'{"id": 1}', b"hello"]


@pytest.mark.usefixtures("database")
def test_many_at_once_wait_for_each_other(server: Address) -> None:
    seeded = content(server)
    spoil(server)
    reset_at_once(server, 12)
    assert content(server) == seeded


@pytest.mark.parametrize("delay", [0.01, 0.03, 0.06, 0.1, 0.2])
def test_one_that_is_killed_is_made_up_for(database: Database, server: Address, delay: float) -> None:
    seeded = content(server)
    kill_while_resetting(server, delay, PUBLISH)
    database.reset()
    assert content(server) == seeded


def test_snapshots_come_back_and_go(database: Database, server: Address) -> None:
    async def publish(live: Account) -> None:
        await live.jetstream.publish("events.created", b"kept")

    assert_snapshots_come_back_and_go(
        database,
        lambda: content(server),
        lambda: as_application(server, publish),
        lambda: spoil(server),
    )


def test_a_state_that_is_removed_takes_nothing_from_others(database: Database, server: Address, seed: Path) -> None:
    database.snapshots.save("before")
    database.snapshots.remove("before")
    as_application(server, _spoil)
    spoiled = content(server)
    database.snapshots.save("spoiled")
    database.reset()
    database.prepare(CONTENT, [seed])
    database.snapshots.restore("spoiled")
    assert content(server) == spoiled
    database.snapshots.remove("spoiled")


def test_seeds_that_are_refused_touch_no_live_data(database: Database, server: Address, seed: Path) -> None:
    before = content(server)
    seed.write_text("streams: [{name: bad, subjects: [bad], config: {retention: forever}}]\n")
    with pytest.raises(DatabaseError) as caught:
        database.prepare("changed", [seed])
    assert "STREAM.CREATE.bad" in caught.value.context["cause"]
    seed.write_text("stream: []\n")
    with pytest.raises(SpecError):
        database.prepare("changed", [seed])
    assert content(server) == before
    assert database.pristine() == CONTENT


@pytest.mark.usefixtures("database")
def test_what_cannot_be_reached_is_told(server: Address) -> None:
    with pytest.raises(DatabaseError, match="refuses the login of alt"), open_database(replace(server, password="")):
        pass
    with pytest.raises(DatabaseError, match="does not answer"), open_database(replace(server, port=1)):
        pass
    with (
        open_database(replace(server, user="plain")) as without,
        pytest.raises(DatabaseError, match="reset NATS failed"),
    ):
        without.reset()


def test_without_a_pristine_state_there_is_nothing_to_return_to(database: Database, server: Address) -> None:
    empty(server)
    assert content(server) == {}
    assert database.pristine() == ""
    with pytest.raises(DatabaseError, match="no pristine state"):
        database.reset()


def test_a_test_has_an_account_with_the_seeds_that_nobody_else_sees(
    database: Database, server: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert database.pristine() == CONTENT
    seeded = content(server)
    with own_account(server) as (mine, _), own_account(server) as (other, lease):
        assert {name: stream["messages"] for name, stream in content(mine).items()} == {
            name: stream["messages"] for name, stream in seeded.items()
        }
        as_application(mine, _spoil)
        assert "surplus" in content(mine)
        assert "surplus" not in content(other)
        lease.keep = True
    assert content(server) == seeded
    assert content(mine) == {}
    assert content(other).keys() == seeded.keys()
    with own_account(server, empty=True) as (without_seeds, _):
        assert content(without_seeds) == {}
