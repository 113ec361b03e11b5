"""Redis resets and snapshots, on a real server."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from redis.exceptions import WatchError
from support.images import provide
from support.lost_marks_contract import assert_only_what_is_nobodys_gives_way
from support.redis_server import client, content, empty, redis_server
from support.resets import kill_while_resetting, reset_at_once
from support.snapshot_contract import assert_snapshots_come_back_and_go

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.redis.layout import CONTROL, LIVE_CONTENT, TESTS, TESTS_COUNT
from devenv.databases.redis.own import own_database
from devenv.errors import DatabaseError

pytestmark = pytest.mark.engine
CONTENT = "hash-of-seeds"
SEEDS = r"""# One command per line.
SET greeting "hello\nworld"
HSET user:1 name alt age 3
SET session:1 open EX 1000
XADD events 1-1 kind created
XGROUP CREATE events workers 0
XREADGROUP GROUP workers one COUNT 1 STREAMS events >
SELECT 3
RPUSH list a b c
FUNCTION LOAD "#!lua name=seeded\nredis.register_function('one', function() return 1 end)"
"""


@pytest.fixture(scope="module")
def server(engine: Engine, labels: dict[str, str]) -> Iterator[Address]:
    with redis_server(engine, provide("redis", engine), labels) as address:
        yield address


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases of this test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "01_seeds.redis"
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


def spoil(server: Address) -> None:
    with client(server) as connection, client(server, 3) as other:
        connection.delete("greeting")
        connection.set("session:1", "closed")
        connection.hset("user:1", "age", "4")
        connection.xack("events", "workers", "1-1")
        connection.set("surplus", "x")
        connection.function_flush()
        other.rpush("list", "d")


def test_a_reset_brings_back_the_seeded_state(database: Database, server: Address) -> None:
    seeded = content(server)
    assert {key for _, key in seeded} == {b"greeting", b"user:1", b"session:1", b"events", b"list"}
    spoil(server)
    database.reset()
    assert content(server) == seeded
    with client(server) as connection:
        assert connection.get("greeting") == b"hello\nworld"
        assert connection.fcall("one", 0) == 1
        assert 990 < connection.ttl("session:1") <= 1000


@pytest.mark.parametrize("lost", ["mark", "everything"])
def test_live_data_without_a_mark_gives_way_only_where_it_is_nobodys(
    database: Database, server: Address, seed: Path, lost: str
) -> None:
    def lose() -> None:
        with client(server, CONTROL) as control:
            if lost == "mark":
                control.delete(LIVE_CONTENT)
            else:
                control.flushall()

    def use() -> None:
        with client(server) as connection:
            connection.set("mine", "1")

    def prepare() -> bool:
        return database.prepare(CONTENT, [seed])

    # Of seeds that are applied again, times in streams are others.
    assert_only_what_is_nobodys_gives_way(prepare, lambda: set(content(server)), lose, use)


def test_functions_of_a_user_count_as_touched(database: Database, server: Address) -> None:
    assert not database.touched()
    with client(server) as connection:
        connection.function_load("#!lua name=mine\nredis.register_function('two', function() return 2 end)")
    assert database.touched()


def test_times_to_live_begin_anew_with_each_reset(database: Database, server: Address) -> None:
    database.reset()
    with client(server) as connection:
        connection.expire("session:1", 5)
        database.reset()
        assert connection.ttl("session:1") > 990


def test_live_data_is_left_alone_by_what_up_does(database: Database, server: Address, seed: Path) -> None:
    spoil(server)
    spoiled = content(server)
    database.prepare(CONTENT, [seed])
    assert content(server) == spoiled
    seed.write_text("SET other 1\n")
    database.prepare("changed", [seed])
    assert content(server) == spoiled
    assert database.pristine() == "changed"
    database.reset()
    assert {key for _, key in content(server)} == {b"other"}


def test_clients_keep_their_connections_and_see_all_or_nothing(database: Database, server: Address) -> None:
    stop = threading.Event()
    seen: set[tuple[bytes | None, ...]] = set()

    def look() -> None:
        with client(server) as connection:
            while not stop.is_set():
                seen.add(tuple(connection.mget("greeting", "surplus")))

    with ThreadPoolExecutor(1) as threads:
        looking = threads.submit(look)
        for _ in range(50):
            spoil(server)
            database.reset()
        stop.set()
        looking.result()
    # Between the two there is what `spoil` itself does one after the other.
    assert seen <= {(b"hello\nworld", None), (None, None), (None, b"x")}


def await_blocked(connection: redis.Redis) -> None:
    """The server tells nobody that a client began to wait: it is asked."""
    while connection.info("clients")["blocked_clients"] == 0:
        threading.Event().wait(0.01)


def test_transactions_and_blocked_clients_meet_the_new_state(database: Database, server: Address) -> None:
    with client(server) as connection, connection.pipeline() as transaction, ThreadPoolExecutor(1) as threads:
        spoil(server)
        transaction.watch("surplus")
        transaction.multi()
        transaction.set("surplus", "y")
        with client(server, 3) as other:
            other.delete("list")
            blocked = threads.submit(client(server, 3).blpop, ["list"], 20)
            await_blocked(other)
        database.reset()
        assert blocked.result() == [b"list", b"a"] or blocked.result() == (b"list", b"a")
        with pytest.raises(WatchError):
            transaction.execute()
        assert connection.get("surplus") is None


def test_many_at_once_wait_for_each_other(database: Database, server: Address) -> None:
    seeded = content(server)
    spoil(server)
    reset_at_once(server, 16)
    database.reset()
    assert content(server) == seeded


@pytest.mark.parametrize("delay", [0.001, 0.004, 0.01, 0.02, 0.05])
def test_one_that_is_killed_is_made_up_for(database: Database, server: Address, delay: float) -> None:
    seeded = content(server)
    kill_while_resetting(server, delay, f"database.prepare({CONTENT!r}, [])")
    spoil(server)
    database.reset()
    assert content(server) == seeded


def test_snapshots_come_back_and_go(database: Database, server: Address) -> None:
    def change() -> None:
        with client(server) as connection:
            connection.set("kept", "x")

    assert_snapshots_come_back_and_go(database, lambda: content(server), change, lambda: spoil(server))


def test_a_seed_that_is_refused_is_named_and_touches_no_live_data(
    database: Database, server: Address, seed: Path
) -> None:
    before = content(server)
    for line, said in [
        ("HSET greeting field value", "WRONGTYPE"),
        ("FLUSHALL", "flushall has no place in a seed file"),
        ("COPY greeting other DB 20", "copy has no place in a seed file"),
        ("SELECT 16", "from 0 to 15"),
        ('SET a "b', "does not close"),
        ("NOSUCHCOMMAND", "unknown command"),
    ]:
        seed.write_text(f"SET greeting hello\n{line}\n")
        with pytest.raises(DatabaseError) as caught:
            database.prepare("changed", [seed])
        assert caught.value.message.startswith(f"seed {seed.name}, line 2: "), caught.value.message
        assert said in caught.value.message
        assert content(server) == before
        assert database.pristine() == CONTENT


def test_what_cannot_be_reached_is_told(engine: Engine, labels: dict[str, str], server: Address) -> None:
    with (
        pytest.raises(DatabaseError, match="refuses the login"),
        open_database(replace(server, password=uuid.uuid4().hex)),
    ):
        pass
    with pytest.raises(DatabaseError, match="does not answer"), open_database(replace(server, port=1)):
        pass
    with (
        redis_server(engine, provide("redis", engine), {**labels, "devenv.io/size": "small"}, databases=16) as small,
        pytest.raises(DatabaseError, match="too few logical databases") as caught,
        open_database(small),
    ):
        pass
    assert "databases 33" in caught.value.hint


def test_without_a_pristine_state_there_is_nothing_to_return_to(database: Database, server: Address) -> None:
    empty(server)
    database.make_spare()
    assert content(server) == {}
    assert database.pristine() == ""
    with pytest.raises(DatabaseError, match="no pristine state"):
        database.reset()


@pytest.mark.usefixtures("own_state")
def test_a_test_has_a_database_with_the_seeds_that_nobody_else_sees(database: Database, server: Address) -> None:
    before = content(server)
    with own_database(server) as (mine, _), own_database(server) as (other, lease):
        assert {mine.name, other.name} == {str(TESTS), str(TESTS + 1)}
        with client(server, int(mine.name)) as first, client(server, int(other.name)) as second:
            assert set(first.scan_iter()) == {b"greeting", b"user:1", b"session:1", b"events"}
            assert 990 < first.ttl("session:1") <= 1000
            assert first.xinfo_groups("events")[0]["name"] == b"workers"
            first.set("mine", "x")
            assert second.get("mine") is None
            database.reset()
            assert first.get("mine") == b"x"
        lease.keep = True
    assert content(server) == before
    with client(server, TESTS) as emptied, client(server, TESTS + 1) as kept:
        assert (emptied.dbsize(), kept.dbsize()) == (0, 4)
    with own_database(server), own_database(server, empty=True) as (next_one, _):
        assert next_one.name == str(TESTS + 2)  # what is kept is given away last
        with client(server, TESTS + 2) as without_seeds:
            assert without_seeds.dbsize() == 0


@pytest.mark.usefixtures("own_state")
def test_a_server_with_too_few_databases_for_tests_says_so_and_loses_nothing(
    engine: Engine, labels: dict[str, str], seed: Path
) -> None:
    image, own_labels = provide("redis", engine), {**labels, "devenv.io/size": "few"}
    with redis_server(engine, image, own_labels, databases=TESTS) as few, open_database(few) as database:
        database.prepare(CONTENT, [seed])
        with pytest.raises(DatabaseError, match="no logical databases for tests") as told, own_database(few):
            pass
        assert f"`databases {TESTS + TESTS_COUNT}`" in told.value.hint
        assert database.pristine() == CONTENT
