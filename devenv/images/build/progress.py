"""BuildKit's plain progress, understood: what is being done, and which step failed with which last lines."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

_LINE = re.compile(r"^#(?P<id>\d+) (?P<rest>.*)$")
_OUTPUT = re.compile(r"^(?:\d+\.\d+|\|) ?(?P<text>.*)$")
_VERTEX = re.compile(r"^\[(?P<place>[^\]]+)\] (?P<what>.+)$")
_INTERNAL = "internal"
_FLAGS = re.compile(r"^(?:--\S+\s+)+")
_SHELL_SETUP = re.compile(r"^(?:set -\S+(?: -o \w+)?|export [^&;]*|\w+=\S+)\s*(?:&&|;)\s*")
_LAST_LINES = 20
_WIDTH = 60


@dataclass
class _Vertex:
    name: str
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))


class BuildProgress:
    """Fed with lines; reports short messages, and the failing step at the end."""

    def __init__(self) -> None:
        self._vertices: dict[str, _Vertex] = {}
        self._failed: str | None = None
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    def feed(self, line: str) -> str | None:
        """Take one line; returns a message when another step has begun: `[build 3/7] go build`."""
        if line.strip():
            self._last.append(line)
        match = _LINE.match(line)
        if not match:
            return None
        number, rest = match["id"], match["rest"]
        if number not in self._vertices:
            return self._begin(number, rest)
        vertex = self._vertices[number]
        if rest.startswith("ERROR"):
            self._failed = self._failed or number
            vertex.lines.append(rest.removeprefix("ERROR:").removeprefix("ERROR").strip())
        elif output := _OUTPUT.match(rest):
            vertex.lines.append(output["text"])
        return None

    def failure(self) -> tuple[str, tuple[str, ...]]:
        """The step that failed and its last lines; the last lines of all where no step is named."""
        if self._failed is None:
            return "", tuple(self._last)
        vertex = self._vertices[self._failed]
        return vertex.name, tuple(vertex.lines) or tuple(self._last)

    def _begin(self, number: str, name: str) -> str | None:
        self._vertices[number] = _Vertex(name)
        vertex = _VERTEX.match(name)
        if not vertex or vertex["place"] == _INTERNAL:
            return None
        return f"[{vertex['place']}] {_short(vertex['what'])}"


def _short(instruction: str) -> str:
    """`RUN --mount=… go build -o x .` as `go build -o x .`, cut where it is long."""
    text = instruction
    if text.startswith("RUN "):
        text = _FLAGS.sub("", text.removeprefix("RUN ").strip())
        while (shorter := _SHELL_SETUP.sub("", text)) != text:
            text = shorter
    text = " ".join(text.split())
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
