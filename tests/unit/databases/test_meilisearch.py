"""Resets and snapshots of Meilisearch, against a server that behaves as its API is documented to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from support.meilisearch import MeilisearchDouble

from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.meilisearch.server import Server
from devenv.databases.meilisearch.sets import IndexSets
from devenv.errors import DatabaseError, SnapshotError

KEY = "a-master-key-of-32-characters-xx"
ITEMS = {
    "primaryKey": "id",
    "settings": {"filterableAttributes": ["kind"]},
    "documents": [{"id": number, "kind": "light"} for number in range(1200)],
}
State = dict[str, tuple[str | None, str, str]]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MeilisearchDouble]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with MeilisearchDouble(KEY) as double:
        yield double


def address(server: MeilisearchDouble, key: str = KEY) -> Address:
    return Address("meilisearch", "127.0.0.1", server.port, "alt", "master", key)


@pytest.fixture
def database(server: MeilisearchDouble) -> Iterator[Database]:
    with open_database(address(server)) as database:
        yield database


@pytest.fixture
def seeds(tmp_path: Path) -> list[Path]:
    items, notes = tmp_path / "items.json", tmp_path / "notes.json"
    items.write_text(json.dumps(ITEMS))
    notes.write_text('{"documents": [{"id": 1}]}')
    return [items, notes]


def live(server: MeilisearchDouble) -> State:
    """What applications see."""
    with server.lock:
        return {
            uid: (index.primary_key, json.dumps(index.settings), json.dumps(index.documents))
            for uid, index in server.indexes.items()
            if not uid.startswith("alt_devenv-")
        }


def write(server: MeilisearchDouble) -> None:
    with server.lock:
        server.put("items", [{"id": 1, "kind": "changed"}, {"id": 9999}], None)
        server.index("items").settings["filterableAttributes"] = ["other"]
        server.indexes.pop("notes", None)
        server.put("extra", [{"id": 1}], "id")


def test_seeds_make_indexes_with_settings_and_documents(
    server: MeilisearchDouble, database: Database, seeds: list[Path]
) -> None:
    assert database.pristine() == ""
    database.prepare("one", seeds)
    assert database.pristine() == "one"
    assert live(server).keys() == {"items", "notes"}
    assert json.loads(live(server)["items"][1])["filterableAttributes"] == ["kind"]
    assert len(json.loads(live(server)["items"][2])) == len(ITEMS["documents"])


def test_a_reset_brings_back_the_seeded_state_with_one_swap(
    server: MeilisearchDouble, database: Database, seeds: list[Path]
) -> None:
    database.prepare("one", seeds)
    seeded = live(server)
    for spare_is_ready in (True, False, True):
        if spare_is_ready:
            database.make_spare()
        write(server)
        assert live(server) != seeded
        swaps = server.swaps
        database.reset()
        assert live(server) == seeded, spare_is_ready
        assert server.swaps == swaps + 1


def test_prepare_leaves_live_data_alone_that_was_prepared_before(
    server: MeilisearchDouble, database: Database, seeds: list[Path]
) -> None:
    database.prepare("one", seeds)
    write(server)
    written = live(server)
    database.prepare("one", seeds)
    database.prepare("two", seeds[:1])
    assert live(server) == written
    database.reset()
    assert live(server).keys() == {"items"}


def test_a_spare_that_was_swapped_away_is_never_used_again(
    server: MeilisearchDouble, database: Database, seeds: list[Path]
) -> None:
    """The process may end right after the swap: the spare set then holds what was live."""
    database.prepare("one", seeds)
    seeded = live(server)
    write(server)
    with closing(Server(address(server))) as client:
        IndexSets(client, "alt").set_note("spare", "")
    server.swap([["items", "alt_devenv-spare-items"]])
    write(server)
    database.reset()
    assert live(server) == seeded


def test_two_resets_at_once_both_end_well(server: MeilisearchDouble, database: Database, seeds: list[Path]) -> None:
    database.prepare("one", seeds)
    seeded = live(server)
    write(server)

    def reset(_: int) -> None:
        with open_database(address(server)) as another:
            another.reset()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(reset, range(3)))
    assert live(server) == seeded


def test_states_can_be_kept_and_returned_to(server: MeilisearchDouble, database: Database, seeds: list[Path]) -> None:
    database.prepare("one", seeds)
    seeded = live(server)
    write(server)
    written = live(server)
    assert database.snapshots.list() == ()
    database.snapshots.save("written")
    database.snapshots.save("written")
    database.reset()
    database.snapshots.save("seeded")
    assert [snapshot.name for snapshot in database.snapshots.list()] == ["written", "seeded"]
    assert all(snapshot.size_bytes > 0 for snapshot in database.snapshots.list())
    database.snapshots.restore("written")
    assert live(server) == written
    database.snapshots.restore("seeded")
    assert live(server) == seeded
    database.snapshots.remove("written")
    with pytest.raises(SnapshotError, match="no snapshot written"):
        database.snapshots.restore("written")
    database.snapshots.remove("seeded")
    with server.lock:
        assert not [uid for uid in server.indexes if "snapshot" in uid or "restoring" in uid]


def test_an_emptied_server_has_nothing_to_return_to(
    server: MeilisearchDouble, database: Database, seeds: list[Path]
) -> None:
    database.prepare("one", seeds)
    with server.lock:
        server.indexes.clear()
    with pytest.raises(DatabaseError, match="no pristine state"):
        database.reset()
    database.prepare("one", seeds)
    assert live(server).keys() == {"items", "notes"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"documents": [\n{"id": 1},\n]}', "seed items.json, line 3: Illegal trailing comma"),
        ("", "seed items.json, line 1: Expecting value"),
        ('{"documents": ["\u2028",\n x]}', "seed items.json, line 2: Expecting value"),
        ('{"document": []}', "seed items.json, line 1: document: Extra inputs are not permitted"),
        ('{"primaryKey": "id", "documents": [{"name": 1}]}', "seed items.json, line 1: Document doesn't have a `id`"),
    ],
)
def test_a_seed_that_cannot_be_applied_is_told_with_its_file(
    database: Database, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "items.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DatabaseError) as raised:
        database.prepare("one", [path])
    if "trailing comma" in message:  # Python words it in its own way in each version
        assert raised.value.message.startswith("seed items.json, line ")
    else:
        assert raised.value.message.startswith(message)
    assert database.pristine() == ""


def test_a_wrong_key_and_a_server_that_is_not_there_are_told(server: MeilisearchDouble) -> None:
    wrong = open_database(address(server, "another key"))
    with pytest.raises(DatabaseError, match="refused the login") as refused, wrong:
        pass
    assert refused.value.hint == "devenv status --credentials"
    nowhere = open_database(Address("meilisearch", "127.0.0.1", 1, "alt", "master", KEY))
    with pytest.raises(DatabaseError, match="does not answer"), nowhere:
        pass
