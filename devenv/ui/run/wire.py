"""The wire format of events: each event as JSON-ready data, documented in `docs/events.md`.

Responsible for names and shapes that programs rely on. `VERSION` grows when old readers would break.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from devenv.errors import DevenvError
from devenv.events import Event, RunFinished

VERSION = 1
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")
_THOUSANDTHS = 3


def type_name(event_type: type[Event]) -> str:
    """The name on the wire: `StepStarted` is `step-started`."""
    return _WORD_START.sub("-", event_type.__name__).lower()


def as_wire(event: Event) -> dict[str, Any]:
    """The event as JSON-ready data, its type first."""
    fields = {f.name: _plain(getattr(event, f.name)) for f in dataclasses.fields(event)}
    if isinstance(event, RunFinished):
        fields["links"] = [{"name": name, "url": url} for name, url in event.links]
    return {"type": type_name(type(event)), **fields}


def _plain(value: Any) -> Any:
    match value:
        case DevenvError():
            return value.as_dict()
        case float():
            return round(value, _THOUSANDTHS)
        case tuple() | list():
            return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value
