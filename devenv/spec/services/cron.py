"""Schedules as Kubernetes takes them for a CronJob: the five fields of cron, or one of its words. Pure.

The grammar is that of `ParseStandard` in github.com/robfig/cron v3, which the API server asks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_WORDS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_EVERY = re.compile(r"@every (?:[0-9]+(?:\.[0-9]+)?(?:ms|[hms]))+")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?P<first>\*|\?|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Field:
    what: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """What a number or a name stands for; None where it is neither, or out of range."""
        if text.lower() in self.names:
            return self.low + self.names.index(text.lower())
        return int(text) if text.isdecimal() and self.low <= int(text) <= self.high else None


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)


def require_schedule(text: Any) -> Any:
    """The schedule itself; raises ValueError with what is wrong with it."""
    if not isinstance(text, str):
        raise ValueError('a schedule such as "0 3 * * *" is expected')  # noqa: TRY004 -- pydantic takes ValueError alone
    if text in _WORDS or _EVERY.fullmatch(text):
        return text
    if text.startswith("@"):
        raise ValueError(f"one of {', '.join(_WORDS)} and @every 1h30m, or five fields, is expected")
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError('a schedule of five fields is expected, such as "0 3 * * *" for each day at 3:00')
    for field, part in zip(_FIELDS, parts, strict=True):
        if not all(_fits(field, each) for each in part.split(",")):
            raise ValueError(f"the {field.what} of a schedule is {field.low} to {field.high}, a range, a step or *")
    return text


def _fits(field: _Field, text: str) -> bool:
    match = _PART.fullmatch(text)
    if match is None or match["step"] == "0":
        return False
    if match["first"] in ("*", "?"):
        return match["last"] is None
    first = field.number(match["first"])
    last = field.number(match["last"]) if match["last"] else first
    return first is not None and last is not None and first <= last
