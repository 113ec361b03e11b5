"""NATS' seed files."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.databases.nats.seeding import aging
from devenv.databases.nats.seeds import read_seeds
from devenv.errors import SpecError

GOOD = """
streams:
  - name: events
    subjects: [e.>]
    messages: [{subject: e.a, value: {id: 1}}, {subject: e.b, text: hello}, {subject: e.c}]
  - {name: jobs, subjects: [jobs], config: {max_age: 60000000000}}
"""


def test_files_are_read_in_their_order(tmp_path: Path) -> None:
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text(GOOD)
    second.write_text("key_values: [{bucket: settings, entries: {a: b}}]\n")
    seeds = read_seeds([first, second])
    assert [stream.name for stream in seeds.streams] == ["events", "jobs"]
    assert [message.data for message in seeds.streams[0].messages] == [b'{"id": 1}', b"hello", b"null"]
    assert seeds.key_values[0].entries == {"a": "b"}
    assert list(aging(seeds)) == ["jobs"]


def test_every_problem_of_every_file_is_told_with_its_line(tmp_path: Path) -> None:
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text("streams:\n  - name: a.b\n    messages: [{subject: x, text: a, value: 1}]\n")
    second.write_text("key_value: []\n")
    with pytest.raises(SpecError) as caught:
        read_seeds([first, second])
    assert [(problem.file, problem.line) for problem in caught.value.problems] == [(first, 2), (first, 3), (second, 1)]
