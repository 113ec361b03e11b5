"""Files in which devenv records something: what is there when they were cut short or cannot be written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from devenv.adapters.engine import service as engine_service
from devenv.adapters.files.paths import host_state_dir
from devenv.adapters.files.records import read_record, remembered, write_whole
from devenv.adapters.tools.versions import VersionMemory
from devenv.errors import DamagedFileError


@pytest.mark.parametrize("text", ["", '{"packages": ["doc', "[]", "null", '{"packages": "docker.io"}', "{}", "\xff"])
def test_a_damaged_record_is_told_with_what_can_be_done(own_home: Path, text: str) -> None:
    del own_home
    file = host_state_dir("engine") / "changes.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(DamagedFileError, match=f"{file} is damaged") as caught:
        engine_service.changes()
    assert caught.value.hint.endswith(f"rm {file}")
    assert caught.value.context["cause"]


@pytest.mark.parametrize("text", ["", '{"packages": ["doc', "[]", '{"packages": "docker.io"}', "\xff"])
def test_what_can_be_done_without_is_nothing_where_it_is_damaged(tmp_path: Path, text: str) -> None:
    file = tmp_path / "record"
    file.write_text(text, encoding="latin-1")
    assert remembered(file, packages=list) == {}
    assert remembered(tmp_path, packages=list) == {}, "a folder is in its place"
    write_whole(file, '{"packages": ["docker.io"]}')
    assert remembered(file, packages=list) == {"packages": ["docker.io"]}


def test_what_is_recorded_is_read_and_a_missing_file_says_nothing(own_home: Path) -> None:
    del own_home
    assert engine_service.changes() == []
    write_whole(host_state_dir("engine") / "changes.json", '{"packages": ["docker.io"]}')
    assert "installed docker.io" in engine_service.changes()[0].what


def test_in_a_folder_that_is_none_there_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    assert read_record(tmp_path / "state" / "engines.json") == {}


def test_a_file_that_cannot_be_written_is_named_and_not_its_draft(tmp_path: Path) -> None:
    file = tmp_path / "no such folder" / "devenv.lock"
    with pytest.raises(OSError, match="lock") as caught:
        write_whole(file, "")
    assert caught.value.filename == str(file)


def test_a_key_that_nobody_asked_for_is_no_damage(tmp_path: Path) -> None:
    write_whole(tmp_path / "record", '{"packages": [], "engine": "id"}')
    assert read_record(tmp_path / "record", packages=list) == {"packages": [], "engine": "id"}


def test_versions_are_told_where_nothing_can_be_remembered(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    assert VersionMemory(blocked / "versions.json").version("python", Path(sys.executable))
