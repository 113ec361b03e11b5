"""How lines are printed."""

from __future__ import annotations

import json

import pytest

from devenv.logs.entries import FoundLogs, LogEntry
from devenv.ui.logs_view import logs_as_json, print_entries, print_logs

STAMP = "2026-11-29T10:00:00.123456789Z"
LONG = "x" * 300
ENTRIES = (
    LogEntry(STAMP, "shop", "api-0", "api", "node-1", "api", "error", "[bold]it failed\n  at main\x1b[2J", {"a": "1"}),
    LogEntry(STAMP, "shop", "api-0", "api", "node-1", "api", "", LONG),
)


def test_a_line_has_its_time_and_its_container_and_cannot_control_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_logs(FoundLogs(ENTRIES, complete=True))
    printed = capsys.readouterr()
    assert printed.out == (
        "2026-11-29 10:00:00.123 shop/api-0/api [bold]it failed\n  at main\n"
        f"2026-11-29 10:00:00.123 shop/api-0/api {LONG}\n"
    )
    assert printed.err == ""


def test_a_json_line_is_shown_as_its_message_and_its_other_fields(capsys: pytest.CaptureFixture[str]) -> None:
    text = '{"ts":"now","level":"info","msg":"paid","order":{"id":7}}'
    print_logs(FoundLogs((LogEntry(STAMP, "shop", "api-0", "api", "", "api", "info", text),), complete=True))
    assert capsys.readouterr().out == "2026-11-29 10:00:00.123 shop/api-0/api paid  order.id=7\n"


def test_followed_lines_come_one_by_one_with_what_is_said_of_the_pod(capsys: pytest.CaptureFixture[str]) -> None:
    said = LogEntry(STAMP, "shop", "api-0", "", "node-1", "api", "warning", "it was started again")
    print_entries([ENTRIES[1], said], as_json=False)
    assert capsys.readouterr().out.splitlines()[1] == "2026-11-29 10:00:00.123 shop/api-0 (it was started again)"
    print_entries([said], as_json=True)
    assert json.loads(capsys.readouterr().out)["message"] == "it was started again"


def test_it_is_told_that_there_are_more_or_none(capsys: pytest.CaptureFixture[str]) -> None:
    print_logs(FoundLogs(ENTRIES, complete=False))
    assert "the newest 2 lines; there are more: --limit" in capsys.readouterr().err
    print_logs(FoundLogs((), complete=True))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "no line was found\n")


def test_json_has_all_that_is_known() -> None:
    (first, _) = json.loads(logs_as_json(FoundLogs(ENTRIES, complete=True)))
    assert first == {
        "timestamp": STAMP,
        "namespace": "shop",
        "pod": "api-0",
        "container": "api",
        "node": "node-1",
        "stack": "api",
        "level": "error",
        "message": "[bold]it failed\n  at main\x1b[2J",
        "fields": {"a": "1"},
    }
