"""What Vector makes of lines, by its own language: its conditions and its program, in VRL's compiler and runtime.

The cases are those of the log collector; where Vector's answer is another one, it stands here.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from vrl_python import VRLRuntime

from devenv.adapters.files.paths import data_root

STACK = data_root() / "stacks/03-observability/logs"
CASES: list[dict[str, Any]] = json.loads((STACK / "images/log-collector/testdata/lines.json").read_text("utf-8"))
PROGRAM = (STACK / "chart/vector/entry.vrl").read_text("utf-8")
AGENT = yaml.safe_load(re.sub(r"\{\{.*?\}\}", "1", (STACK / "chart/vector/agent.yaml").read_text("utf-8")))
EVENT = {
    "file": "/var/log/pods/shop_api-0_6f0c/api/3.log",
    "stream": "stderr",
    "timestamp": "2026-11-29T10:00:00.123456789Z",
    "kubernetes": {"pod_labels": {"app.kubernetes.io/instance": "api"}, "pod_node_name": "node-1"},
}
OTHERWISE = {
    # Without looking back, an exception looks like the end of a traceback.
    "a stack trace of Java": [
        {
            "message": "2026-11-29 10:00:00 ERROR com.example.Shop - it failed\njava.lang.IllegalStateException: no\n"
            "\tat com.example.Shop.sell(Shop.java:12)\n\tat com.example.Shop.main(Shop.java:3)\n"
            "Caused by: java.io.IOException: gone\n\t... 2 more",
            "level": "error",
        },
        {"message": "2026-11-29 10:00:01 INFO com.example.Shop - on", "level": "info"},
    ]
}
NUMBERS = {"1.50": "1.5", "2.50": "2.5"}
"""Numbers are read as such, and written anew."""


def run(program: str, event: dict[str, Any]) -> Any:
    """What VRL makes of an event."""
    return VRLRuntime.run(program, event, "UTC")


def holds(condition: str, text: str) -> bool:
    found = run(condition, {"message": text}).runtime_result
    assert isinstance(found, bool)
    return found


def reduced(lines: list[str]) -> list[str]:
    """The messages that the transform `reduce` makes of lines: as its reference tells its conditions."""
    reduce = AGENT["transforms"]["entries"]
    assert reduce["merge_strategies"] == {"message": "concat_newline"}
    entries: list[list[str]] = []
    open_ = False
    for line in lines:
        if not open_ or holds(reduce["starts_when"], line):
            entries.append([])
        entries[-1].append(line)
        open_ = not holds(reduce["ends_when"], line)
    return ["\n".join(entry) for entry in entries]


def row(text: str, **event: Any) -> dict[str, Any]:
    # JSON, by which events come here, has no times.
    made = run(f'.timestamp = parse_timestamp!(.timestamp, "%+")\n{PROGRAM}', {**EVENT, "message": text, **event})
    found: dict[str, Any] = made.processed_event
    return found


def shorter(value: str) -> str:
    for written, again in NUMBERS.items():
        value = value.replace(written, again)
    return value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_lines_become_the_rows_that_the_collector_makes_of_them(case: dict[str, Any]) -> None:
    rows = [row(text) for text in reduced(case["lines"])]

    expected = OTHERWISE.get(case["what"], case["entries"])
    assert [(r["message"], r["level"]) for r in rows] == [(e["message"], e["level"]) for e in expected]
    fields = [{name: shorter(value) for name, value in e.get("fields", {}).items()} for e in expected]
    assert [r["fields"] for r in rows] == fields


def test_a_row_tells_whose_it_is_and_is_the_same_row_when_it_is_sent_again() -> None:
    found = row("ERROR no")
    offset = found.pop("offset")
    assert found == {
        "timestamp": "2026-11-29 10:00:00.123456789",
        "namespace": "shop",
        "pod": "api-0",
        "container": "api",
        "node": "node-1",
        "stack": "api",
        "stream": "stderr",
        "level": "error",
        "message": "ERROR no",
        "fields": {},
        "pod_uid": "6f0c",
        "restart": 3,
    }
    assert row("ERROR no")["offset"] == offset != row("ERROR yes")["offset"]
    assert 0 <= offset < 2**64


def test_a_pod_that_is_gone_is_known_by_its_file_and_devenvs_label_comes_first() -> None:
    gone = row("a", kubernetes=None)
    assert (gone["namespace"], gone["pod"], gone["stack"], gone["node"]) == ("shop", "api-0", "", "")
    both = {"devenv.io/stack": "shop", "app.kubernetes.io/instance": "api"}
    assert row("a", kubernetes={"pod_labels": both})["stack"] == "shop"


def test_an_object_has_a_hundred_fields_at_most() -> None:
    assert len(row(json.dumps({f"key{i}": i for i in range(150)}))["fields"]) == 100


@pytest.mark.parametrize("event", [{"message": ""}, {"message": "a", "file": "/var/log/other"}])
def test_blank_lines_and_what_no_pod_wrote_are_dropped(event: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError):
        run(PROGRAM, {**EVENT, **event})
