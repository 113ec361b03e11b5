"""`devenv logs` for people and for programs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING
from zlib import crc32

from rich.console import Console
from rich.text import Text

from devenv.logs.lines import LEVEL_KEYS, fields_of
from devenv.ui.wording import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devenv.events import Logged
    from devenv.logs.entries import FoundLogs, LogEntry

_COLOURS = ("cyan", "green", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta", "bright_blue")
_SAYING = ("message", "msg", "event")
"""Fields of a JSON line that hold its message."""
_TOLD_ALREADY = (*LEVEL_KEYS, "time", "ts", "timestamp", "@timestamp")
_STYLES = {"warning": "yellow", "error": "red", "fatal": "bold red", "debug": "dim", "trace": "dim"}


def logs_as_json(found: FoundLogs) -> str:
    """A JSON list, oldest first."""
    return json.dumps([asdict(entry) for entry in found.entries], indent=2, ensure_ascii=False)


def print_logs(found: FoundLogs) -> None:
    """Print each line with its time and its container before it; what follows it in a stack trace is below."""
    console = Console(highlight=False, soft_wrap=True)
    for entry in found.entries:
        console.print(line_of(entry))
    if not found.entries:
        print("no line was found", file=sys.stderr)  # noqa: T201 -- not of the data
    elif not found.complete:
        told = f"the newest {len(found.entries)} lines; there are more: --limit, or a shorter --since"
        print(told, file=sys.stderr)  # noqa: T201 -- not of the data


def print_entries(entries: Iterable[LogEntry], *, as_json: bool) -> None:
    """Print each as it comes, until Ctrl-C, which is how it is meant to end."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        for entry in entries:
            if as_json:
                print(json.dumps(asdict(entry), ensure_ascii=False), flush=True)  # noqa: T201 -- the data
            else:
                console.print(line_of(entry))
    except KeyboardInterrupt:
        return


def line_of(entry: LogEntry | Logged) -> Text:
    """A line for people: when, where, what."""
    # 2026-11-29T10:00:00.123456789Z: milliseconds are what people read.
    line = Text(f"{entry.timestamp[:23].replace('T', ' ')} ", style="dim")
    where = "/".join(filter(None, (entry.namespace, entry.pod, entry.container)))
    line.append(f"{where} ", style=_colour(entry.stack or entry.pod))
    message = clean(_readable(entry)) if entry.container else f"({clean(entry.message)})"
    line.append(message, style=_STYLES.get(entry.level, "default"))
    return line


def _readable(entry: LogEntry | Logged) -> str:
    """What a line says; of a JSON object first its message, then its other fields."""
    fields = fields_of(entry.message)
    said = next((key for key in _SAYING if fields.get(key)), "")
    if not said:
        return entry.message
    others = (f"{key}={value}" for key, value in fields.items() if key not in {said, *_TOLD_ALREADY})
    return "  ".join((fields[said], *others))


def _colour(name: str) -> str:
    """The same one for a stack in every run."""
    return _COLOURS[crc32(name.encode()) % len(_COLOURS)]
