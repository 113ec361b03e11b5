from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from support.pushing import Client

from devenv.images.push.address import PushPlace
from devenv.images.push.blob_spool import Blob

pytestmark = pytest.mark.usefixtures("own_home")


class Nobody:
    def size_of(self, digest: str) -> int | None:  # noqa: ARG002 (the receiver's interface)
        return None

    def begin(self) -> Blob:
        return Blob(keep=False)

    def write(self, blob: Blob, chunk: bytes) -> None:
        blob.write(chunk)

    def take_blob(self, digest: str, blob: Blob) -> None: ...

    def take_manifest(self, data: bytes, media_type: str) -> None: ...


def address(home: Path) -> Path:
    return home / ".local/state/devenv/_host/push/address.json"


def test_the_same_place_is_used_again(own_home: Path) -> None:
    with PushPlace().receiving(Nobody()) as (_, first):
        pass
    place = PushPlace()
    for _ in range(2):
        with place.receiving(Nobody()) as (_, again):
            assert again == first
    assert stat.S_IMODE(address(own_home).stat().st_mode) == 0o600
    assert len(first.split("/")[1]) == 32


def test_pushes_at_once_have_a_path_each_and_one_port() -> None:
    place = PushPlace()
    with place.receiving(Nobody()) as (one, first), place.receiving(Nobody()) as (other, second):
        assert one is other
        assert first != second
        assert first.rpartition("/")[0] == second.rpartition("/")[0]


def test_nothing_listens_when_nothing_is_pushed() -> None:
    with PushPlace().receiving(Nobody()) as (_, repository):
        assert Client(repository).ask("GET", "/v2/")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        Client(repository).ask("GET", "/v2/")


def test_another_run_takes_another_port_and_leaves_the_kept_one(own_home: Path) -> None:
    with PushPlace().receiving(Nobody()) as (_, first):
        kept = address(own_home).read_text()
        with PushPlace().receiving(Nobody()) as (_, second):
            assert first.partition("/")[2] == second.partition("/")[2]
            assert first != second
    assert address(own_home).read_text() == kept


@pytest.mark.parametrize("content", ["", "{}", '{"port": "x", "token": 1}', "[1]"])
def test_what_cannot_be_read_is_made_anew(own_home: Path, content: str) -> None:
    address(own_home).parent.mkdir(parents=True)
    address(own_home).write_text(content)
    with PushPlace().receiving(Nobody()) as (_, repository):
        assert Client(repository).ask("GET", "/v2/")[0] == 200


@pytest.mark.parametrize(
    "kept", ["", "[]", "\0", '{"port": 99999, "token": "a"}', '{"port": -1, "token": 1}', '{"port": 1e999}']
)
def test_a_damaged_record_of_the_place_is_made_anew(own_home: Path, kept: str) -> None:
    file = address(own_home)
    file.parent.mkdir(parents=True)
    file.write_text(kept)
    with PushPlace().receiving(Nobody()) as (_, repository):
        assert len(repository.split("/")[1]) == 32
    assert 0 < json.loads(file.read_text())["port"] < 65536
