"""The wire format of events: each event as JSON-ready data, documented in `docs/events.md`.

Responsible for names and shapes that programs rely on. `VERSION` grows when old readers would break.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, get_args

from devenv.errors import DevenvError, InterruptedRunError
from devenv.events import Event, PlanMade, PlannedStep, RunFinished, StepFailed, WatchMember, WatchStarted

VERSION = 1
_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")
_THOUSANDTHS = 3


def type_name(event_type: type[Event]) -> str:
    """The name on the wire: `StepStarted` is `step-started`."""
    return _WORD_START.sub("-", event_type.__name__).lower()


_TYPES: Mapping[str, type[Event]] = {type_name(event): event for event in get_args(Event)}


def as_wire(event: Event) -> dict[str, Any]:
    """The event as JSON-ready data, its type first."""
    fields = {f.name: _plain(getattr(event, f.name)) for f in dataclasses.fields(event)}
    if isinstance(event, RunFinished):
        fields["links"] = [{"name": name, "url": url} for name, url in event.links]
    return {"type": type_name(type(event)), **fields}


def from_wire(data: Mapping[str, Any]) -> Event | None:
    """The event of which this is what `as_wire` has made; None for a type that is no event's.

    An error comes back with its code, but as no more than a `DevenvError`.
    """
    kind = _TYPES.get(data["type"])
    if kind is None:
        return None
    fields = {f.name: _tupled(data[f.name]) for f in dataclasses.fields(kind) if f.name in data}
    if kind is PlanMade:
        fields["steps"] = tuple(PlannedStep(**_fields(step)) for step in data["steps"])
    elif kind is WatchStarted:
        fields["members"] = tuple(WatchMember(**_fields(member)) for member in data["members"])
    elif kind is RunFinished:
        fields["links"] = tuple((link["name"], link["url"]) for link in data["links"])
    elif kind is StepFailed:
        fields["error"] = _error(data["error"])
    return kind(**fields)


class _ToldError(DevenvError):
    """An error of another process, of whose kind the code alone is known."""

    def __init__(self, code: str, message: str, *, context: Mapping[str, str], hint: str) -> None:
        super().__init__(message, context=context, hint=hint)
        self.__dict__["code"] = code


def _error(data: Mapping[str, Any]) -> DevenvError:
    message, facts = data["message"], {"context": data["context"], "hint": data["hint"]}
    if data["code"] == InterruptedRunError.code:
        return InterruptedRunError(message, **facts)
    return _ToldError(data["code"], message, **facts)


def _fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _tupled(value) for name, value in data.items()}


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


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
