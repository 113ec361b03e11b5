"""`devenv logs` for people and for programs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from devenv.ui.wording import clean

if TYPE_CHECKING:
    from devenv.logs.entries import FoundLogs, LogEntry

_STYLES = {"warning": "yellow", "error": "red", "fatal": "bold red", "debug": "dim", "trace": "dim"}


def logs_as_json(found: FoundLogs) -> str:
    """A JSON list, oldest first."""
    return json.dumps([asdict(entry) for entry in found.entries], indent=2, ensure_ascii=False)


def print_logs(found: FoundLogs) -> None:
    """Print each line with its time and its container before it; what follows it in a stack trace is below."""
    console = Console(highlight=False, soft_wrap=True)
    for entry in found.entries:
        console.print(_line(entry))
    if not found.entries:
        print("no line was found", file=sys.stderr)  # noqa: T201 -- not of the data
    elif not found.complete:
        told = f"the newest {len(found.entries)} lines; there are more: --limit, or a shorter --since"
        print(told, file=sys.stderr)  # noqa: T201 -- not of the data


def _line(entry: LogEntry) -> Text:
    # 2026-11-29T10:00:00.123456789Z: milliseconds are what people read.
    line = Text(f"{entry.timestamp[:23].replace('T', ' ')} ", style="dim")
    line.append(f"{entry.namespace}/{entry.pod}/{entry.container} ", style="cyan")
    line.append(clean(entry.message), style=_STYLES.get(entry.level, "default"))
    return line
