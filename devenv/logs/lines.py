"""From lines to entries: which lines belong together, how bad they are, and what fields they have.

The log collector does the same in Go (`stacks/03-observability/logs/images/log-collector`: traces.go, levels.go);
testdata/lines.json beside it tests both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_LONGEST_PAUSE = timedelta(seconds=2)
_LEVEL_WITHIN = 200
_MOST_FIELDS = 100
_COLOURS = re.compile("\x1b\\[[0-9;]*m")
_CONTINUING = re.compile(
    r"$|[ \t}\])]|Caused by\b|Suppressed: |Traceback \(most recent call last\)|During handling of the above exception"
    r"|The above exception was the direct cause|\.\.\. \d+ (more|common frames)"
)
_PYTHON = "Traceback (most recent call last)"
_GO = ("panic: ", "fatal error: ", "goroutine ")
_GO_CALL = re.compile(r"goroutine \d+ \[|created by |\[signal |exit status \d|[\w./*()\[\]{}…-]+\(.*\)$", re.ASCII)

_LEVELS = {
    "trace": ("trace", "10"),
    "debug": ("debug", "dbg", "20"),
    "info": ("info", "information", "notice", "30"),
    "warning": ("warn", "warning", "40"),
    "error": ("error", "err", "severe", "50"),
    "fatal": ("fatal", "critical", "panic", "emerg", "alert", "60"),
}
_LEVEL_OF = {name: level for level, names in _LEVELS.items() for name in names}
LEVEL_KEYS = ("level", "severity", "lvl", "levelname", "log.level")
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:")
_KLOG_LEVELS = {"I": "info", "W": "warning", "E": "error", "F": "fatal"}
_NAMED = re.compile(r"\b(?:level|lvl|severity)=[\"']?([a-z]+)", re.IGNORECASE)
_IN_WORDS = re.compile(
    r"\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|PANIC)\b"
    r"|\[(trace|debug|info|notice|warn|warning|error|fatal|critical|emerg|alert)\]",
    re.ASCII,
)


@dataclass(slots=True)
class _Open:
    """An entry that the next line may belong to."""

    stamp: str
    last: datetime
    text: str
    python: bool = False
    golang: bool = False

    def takes(self, text: str) -> bool:
        """Whether a line belongs to it; remembers what that says about the next."""
        if text and _is_object(self.text.rstrip("\n")):
            return False
        if _CONTINUING.match(text):
            self.python = self.python or text.startswith(_PYTHON)
            return True
        if self.golang:
            return _GO_CALL.match(text) is not None
        if self.python:
            self.python = False
            return True
        if text.startswith("goroutine ") and "panic: " in self.text:
            self.golang = True
            return True
        return False


def join(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Timestamps (RFC 3339) and texts of lines, with those of one stack trace as one."""
    there: _Open | None = None
    for stamp, line in lines:
        text, at = line.removesuffix("\r"), moment(stamp)
        if there and at - there.last <= _LONGEST_PAUSE and there.takes(text):
            there.text += f"\n{text}"
            there.last = at
            continue
        if there:
            yield there.stamp, plain(there.text)
        there = _Open(stamp, at, text, python=text.startswith(_PYTHON), golang=text.startswith(_GO))
    if there:
        yield there.stamp, plain(there.text)


def moment(stamp: str) -> datetime:
    """An RFC 3339 timestamp, to the microsecond."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", stamp))


def stamp_in_utc(stamp: str) -> str:
    """An RFC 3339 timestamp in UTC with nine digits."""
    digits = re.search(r"\.(\d+)", stamp)
    fraction = (digits[1] if digits else "").ljust(9, "0")[:9]
    return f"{moment(stamp).astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{fraction}Z"


def fields_of(text: str) -> dict[str, str]:
    """The fields of a JSON object as texts; none for anything else."""
    if not _is_object(text):
        return {}
    try:
        found = json.loads(text, parse_float=_Number, parse_int=_Number)
    except ValueError:
        return {}
    return dict(list(_flat(found, ""))[:_MOST_FIELDS])


def _is_object(text: str) -> bool:
    """Whether a text may be a whole JSON object."""
    return text.startswith("{") and text.endswith("}")


class _Number(str):
    """As it was written; within a list it is no text."""

    __slots__ = ()


def _flat(found: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in found.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield prefix + key, str(value)
        else:
            yield prefix + key, "" if value is None else _compact(value)


def _compact(value: Any) -> str:
    """A value within a list as JSON, numbers as they were written."""
    match value:
        case _Number():
            return str(value)
        case list():
            return f"[{','.join(map(_compact, value))}]"
        case dict():
            return "{" + ",".join(f"{_compact(key)}:{_compact(value[key])}" for key in sorted(value)) + "}"
        case _:
            return json.dumps(value, ensure_ascii=False)


def level_of(text: str, fields: Mapping[str, str]) -> str:
    """How bad an entry is; empty where it does not say."""
    for key in LEVEL_KEYS:
        if key in fields:
            return _LEVEL_OF.get(fields[key].lower(), "")
    if fields:
        return ""
    told = _level_of_line(text)
    # Python writes it below a line that need not say how bad it is.
    return "error" if told in {"", "info", "debug"} and f"\n{_PYTHON}" in text else told


def _level_of_line(text: str) -> str:
    head = text[:_LEVEL_WITHIN].partition("\n")[0]
    if found := _KLOG.match(head):
        return _KLOG_LEVELS[found[1]]
    if found := _NAMED.search(head):
        return _LEVEL_OF.get(found[1].lower(), "")
    if head.startswith(_PYTHON):
        return "error"
    if head.startswith(_GO[:2]):
        return "fatal"
    found = _IN_WORDS.search(head)
    return _LEVEL_OF[(found[1] or found[2]).lower()] if found else ""


def plain(text: str) -> str:
    """A line without colours, and without blanks at its end."""
    return _COLOURS.sub("", text.rstrip(" \t\n"))
