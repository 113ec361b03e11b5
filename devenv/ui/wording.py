"""How times, amounts and foreign text are worded, the same in every sink.

Responsible for pure text. It knows no terminal.
"""

from __future__ import annotations

import re

from devenv.events import DebuggerStarted, InterceptStarted, RoundFinished, Synced

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MINUTE = 60
_HOUR = 3600


def duration(seconds: float) -> str:
    """Seconds as people say them: `0.4s`, `12.3s`, `2m 05s`, `1h 02m`."""
    tenths = round(max(seconds, 0.0), 1)
    if tenths < _MINUTE:
        return f"{tenths:.1f}s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02d}s"
    minutes = round(seconds / _MINUTE)
    return f"{minutes // _MINUTE}h {minutes % _MINUTE:02d}m"


def outcome_line(event: RoundFinished | Synced | DebuggerStarted | InterceptStarted) -> str:
    """What a command that goes on has reached, on one line."""
    if isinstance(event, DebuggerStarted):
        return f"{event.stack} runs under {event.debugger}, which answers at {event.host}:{event.port}"
    if isinstance(event, InterceptStarted):
        ports = ", ".join(f"{each.name} to {event.host}:{each.local}" for each in event.ports)
        return f"what comes to {event.stack} goes to this machine: {ports}"
    if isinstance(event, Synced):
        what = f"{count(event.files, 'file')}, {count(event.containers, 'container')}"
        if event.again:
            return f"{event.image} synced again ({what} that started since)"
        return f"{event.image} synced {event.seconds:.2f}s after the save ({what})"
    parts = ", ".join(f"{name} {getattr(event, name):.1f}s" for name in ("build", "load", "rollout"))
    how = "ready" if event.succeeded else "failed"
    return f"{', '.join(event.images)} {how} {event.seconds:.1f}s after the save ({parts})"


def count(amount: int, noun: str) -> str:
    """An amount with its noun: `1 step`, `2 steps`."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def clean(text: str) -> str:
    """Foreign text without escapes and control characters; of a rewritten line the last state stays."""
    unescaped = _ESCAPES.sub("", text)
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in unescaped.split("\n"))
    return "\n".join(_CONTROLS.sub("", line) for line in lines)


def one_line(text: str) -> str:
    """Foreign text on a single line."""
    return " ".join(clean(text).split())
