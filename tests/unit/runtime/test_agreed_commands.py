"""Commands of this machine are asked for once in a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.runtime.agreed_commands import agree, not_agreed


def test_what_was_agreed_to_once_is_not_asked_for_again(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert not_agreed(state, ["make a", "make b"]) == ["make a", "make b"]
    agree(state, ["make a"])
    assert not_agreed(state, ["make a", "make b"]) == ["make b"]
    agree(state, ["make b"])
    assert not_agreed(state, ["make a", "make b"]) == []


@pytest.mark.parametrize("text", ["make", "", '{"commands": "make"}', '{"commands": [{}, 1]}'])
def test_a_damaged_record_agrees_to_nothing_and_the_next_answer_is_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / "agreed-commands.json").write_text(text)
    assert not_agreed(tmp_path, ["make"]) == ["make"]
    agree(tmp_path, ["make"])
    assert not_agreed(tmp_path, ["make", "other"]) == ["other"]
