"""Which lines belong together, how bad they are, and what fields they have: as the log collector has it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devenv.adapters.files.paths import data_root
from devenv.logs.lines import fields_of, join, level_of, stamp_in_utc

CASES: list[dict[str, Any]] = json.loads(
    (data_root() / "stacks/03-observability/logs/images/log-collector/testdata/lines.json").read_text(encoding="utf-8")
)
AT = "2026-11-29T10:00:00.1Z"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_lines_become_the_entries_that_the_collector_makes_of_them(case: dict[str, Any]) -> None:
    found = []
    for _, text in join((AT, line) for line in case["lines"]):
        fields = fields_of(text)
        found.append({"message": text, "level": level_of(text, fields), **({"fields": fields} if fields else {})})
    assert found == case["entries"]


def test_a_line_much_later_belongs_to_nothing_before() -> None:
    lines = [(AT, "one"), ("2026-11-29T10:00:02.1Z", " two"), ("2026-11-29T10:00:04.2Z", " three")]
    assert list(join(lines)) == [(AT, "one\n two"), ("2026-11-29T10:00:04.2Z", " three")]


def test_times_are_in_utc_with_nine_digits() -> None:
    assert stamp_in_utc("2026-11-29T10:00:00Z") == "2026-11-29T10:00:00.000000000Z"
    assert stamp_in_utc("2026-11-29T10:00:00.123456789Z") == "2026-11-29T10:00:00.123456789Z"
    assert stamp_in_utc("2026-11-29T12:00:00.5+02:00") == "2026-11-29T10:00:00.500000000Z"
