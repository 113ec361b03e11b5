"""What belongs to no step as a styled line, the same above the live tree and in the view of `devenv dev`.

Responsible for pure text.
"""

from __future__ import annotations

from rich.text import Text

from devenv.events import DebuggerStarted, Event, InterceptStarted, Logged, Noted, RoundFinished, Synced
from devenv.ui.wording import clean, outcome_line

_LEVEL_STYLES = {"info": "", "warning": "yellow"}


def styled_line(event: Event) -> Text | None:
    """The line, or the two of a note with a hint; None for events that are shown otherwise."""
    match event:
        case Noted():
            return _note(event)
        case Logged():
            from devenv.ui.logs_view import line_of  # noqa: PLC0415 -- only `devenv dev` has such events

            return line_of(event)
        case RoundFinished() | Synced() | DebuggerStarted() | InterceptStarted():
            failed = isinstance(event, RoundFinished) and not event.succeeded
            return Text(outcome_line(event), style="bold red" if failed else "bold green")
    return None


def _note(event: Noted) -> Text:
    prefix = "" if event.level == "info" else f"{event.level}: "
    hint = f"\nhint: {clean(event.hint)}" if event.hint else ""
    return Text(f"{prefix}{clean(event.message)}{hint}", style=_LEVEL_STYLES.get(event.level, ""))
